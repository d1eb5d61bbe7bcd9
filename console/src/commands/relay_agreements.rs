//! `relay agreements`: who may be referred to whom for people's records. One operator puts an agreement forward, another
//! approves it.

use std::process::ExitCode;

use serde_json::json;

use super::output::answer;
use crate::desk::relay_front::Front;

/// One act.
#[derive(Debug, clap::Subcommand)]
pub(super) enum AgreementsCommand {
    /// List every edition of every agreement.
    List,
    /// Put an agreement forward; another operator approves it.
    Propose {
        #[command(flatten)]
        which: Which,
        /// The provider's entity id.
        #[arg(long)]
        provider: String,
        /// Where the provider is asked (https, /wsf/records).
        #[arg(long)]
        address: String,
        /// What it is, for people.
        #[arg(long)]
        about: String,
        /// The last day on which it holds (YYYY-MM-DD): by then the provider's check sheet is renewed.
        #[arg(long, value_name = "DAY")]
        until: String,
    },
    /// Approve an edition that another operator put forward.
    Approve {
        #[command(flatten)]
        which: Which,
        /// Which edition.
        #[arg(long)]
        edition: i32,
        /// Where the provider is asked, as the provider told you: another in the edition is not approved.
        #[arg(long)]
        address: String,
        /// The last day of its check sheet (YYYY-MM-DD): another in the edition is not approved.
        #[arg(long, value_name = "DAY")]
        until: String,
    },
    /// Refer nobody for now, at once.
    Suspend {
        #[command(flatten)]
        which: Which,
        /// Why: it is recorded.
        #[arg(long)]
        reason: String,
    },
    /// Refer again.
    Resume {
        #[command(flatten)]
        which: Which,
    },
}

/// Which agreement.
#[derive(Debug, clap::Args)]
pub(super) struct Which {
    /// The entity id of the service that asks.
    #[arg(long)]
    asker: String,
    /// What is asked for: the URI of the service.
    #[arg(long = "type", value_name = "URI")]
    service_type: String,
}

/// Does it, and lists the agreements as they stand then.
///
/// # Errors
/// What the front refused, with its reason.
pub(super) async fn run(front: &Front, command: &AgreementsCommand) -> anyhow::Result<ExitCode> {
    match command {
        AgreementsCommand::List => {}
        AgreementsCommand::Propose {
            which,
            provider,
            address,
            about,
            until,
        } => {
            let terms = json!({
                "asker": which.asker, "service_type": which.service_type, "provider": provider,
                "address": address, "about": about, "until": until,
            });
            front.change_agreement("", &terms).await?;
        }
        AgreementsCommand::Approve {
            which,
            edition,
            address,
            until,
        } => {
            let what = json!({
                "asker": which.asker, "service_type": which.service_type, "edition": edition,
                "address": address, "until": until,
            });
            front.change_agreement("/approve", &what).await?;
        }
        AgreementsCommand::Suspend { which, reason } => {
            let what = json!({ "asker": which.asker, "service_type": which.service_type, "because": reason });
            front.change_agreement("/suspend", &what).await?;
        }
        AgreementsCommand::Resume { which } => {
            let what = json!({ "asker": which.asker, "service_type": which.service_type, "because": null });
            front.change_agreement("/suspend", &what).await?;
        }
    }
    for one in front.agreements().await? {
        let approved = one.approved_by.as_deref().unwrap_or("-");
        let suspended = one.suspended.as_deref().unwrap_or("-");
        answer!(
            "{} → {}  {}  #{}  {}  {}  {}  {} / {approved}  {suspended}",
            one.asker,
            one.provider,
            one.service_type,
            one.edition,
            one.address,
            one.about,
            one.until,
            one.proposed_by
        );
    }
    Ok(ExitCode::SUCCESS)
}

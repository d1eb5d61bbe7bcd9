//! `madoguchi audit verify`: checks that no recorded act was changed behind the program's back.

use std::process::ExitCode;

use serde_json::json;

use super::output::answer;
use super::{Setting, database::Records};

/// What can be asked of the trail.
#[derive(Debug, clap::Subcommand)]
pub enum AuditCommand {
    /// Check that no recorded act was changed.
    Verify(VerifyOptions),
    /// List every act that can be recorded: what it means, who may do it, whether another clerk agrees (Markdown).
    Acts,
}

/// How to tell it.
#[derive(Debug, clap::Args)]
pub struct VerifyOptions {
    /// One line of JSON.
    #[arg(long)]
    json: bool,
}

/// Checks: exit code 1 when an event was changed.
///
/// # Errors
/// When the database cannot be reached.
pub fn run(setting: &Setting, asked: &AuditCommand) -> anyhow::Result<ExitCode> {
    match asked {
        AuditCommand::Verify(options) => verify(setting, options),
        AuditCommand::Acts => {
            answer!("{}", issuance::acts::manual::table().trim_end());
            Ok(ExitCode::SUCCESS)
        }
    }
}

fn verify(setting: &Setting, options: &VerifyOptions) -> anyhow::Result<ExitCode> {
    let lang = setting.lang;
    let Records { runtime, office } = Records::open(&setting.config()?)?;
    let check = runtime.block_on(office.verify_audit())?;
    let good = check.broken.is_empty();
    if options.json {
        answer!(
            "{}",
            json!({ "checked": check.checked, "broken": check.broken, "ok": good })
        );
    } else if good {
        answer!(
            "{}",
            lang.pick(
                format!("✓ 監査記録 {} 件。書き換えられたものはありません。", check.checked),
                format!("✓ {} recorded acts; none was changed.", check.checked),
            )
        );
    } else {
        let places: Vec<String> = check.broken.iter().map(ToString::to_string).collect();
        answer!(
            "{}",
            lang.pick(
                format!(
                    "✗ 監査記録 {} 件のうち、書き換えられたもの {} 件: {}。データベースに触れられる人を調べてください。",
                    check.checked,
                    check.broken.len(),
                    places.join(", ")
                ),
                format!(
                    "✗ {} of {} recorded acts were changed: {}. Look into who can touch the database.",
                    check.broken.len(),
                    check.checked,
                    places.join(", ")
                ),
            )
        );
    }
    Ok(if good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

//! `madoguchi relay`: the relay's operators at work. They are not the city: everything goes through the front's
//! administration under the operator's own card, and no office database is opened.

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::{Context as _, bail};
use card::{CardError, Sharing};
use relay_core::clock::{Clock as _, SystemClock};
use secrecy::SecretString;
use serde_json::json;

use super::{
    Setting,
    output::{answer, notice},
    relay_agreements::{self, AgreementsCommand},
    relay_register::Registration,
    relay_words as words,
    staff::hidden,
};
use crate::{
    config::{Proof, RelayOperator, secrets},
    desk::{
        self, operators,
        relay_front::{Front, FrontTrouble, metadata_sha256, only_entity},
    },
    tui::facts::relay::{FrontState, Partner, ShownName},
};

/// What an operator asks of the front.
#[derive(Debug, clap::Args)]
pub struct Options {
    /// File with the staff card's password (first line); it is asked for otherwise.
    #[arg(long, global = true, value_name = "FILE")]
    password_file: Option<PathBuf>,
    /// Lines in reading order instead of a painted screen, for screen readers.
    #[arg(long)]
    plain: bool,
    /// The mouse too.
    #[arg(long)]
    mouse: bool,
    /// Without a command the operators' screen opens.
    #[command(subcommand)]
    command: Option<RelayCommand>,
}

impl Options {
    /// Whether the operators' screen is asked for.
    pub const fn is_screen(&self) -> bool {
        self.command.is_none()
    }
}

/// What an operator can do.
#[derive(Debug, clap::Subcommand)]
enum RelayCommand {
    /// List the partners: how each stands, when its metadata expire, what comes next.
    Partners(Shown),
    /// Bring a service in: says what is missing, asks for it, does it and goes on; two operators run it in turn.
    Register(Register),
    /// List the cards for trials, or name one by the number that the page shows on which it was refused.
    TrialCards(TrialCards),
    /// Put a partner's metadata forward; another operator approves them.
    Propose(Propose),
    /// Approve metadata that another operator put forward, having compared their fingerprint.
    Approve(Approve),
    /// Put a partner on trial again: only cards named for trials sign in there.
    Trial(Which),
    /// Record what the service showed at the trial's two visits.
    Tried(Tried),
    /// Switch a partner on; its trial must have shown what it must.
    On(Which),
    /// Switch a partner off, at once.
    Off(Because),
    /// Let a service go on without single logout: a decision that is recorded.
    WithoutLogout(Because),
    /// Set how long assertions and sessions last for a partner, and how far its clock may be off.
    Lifetimes(Lifetimes),
    /// Set what is taken from a partner beyond the profile, all of it; without --take, nothing.
    Exceptions(Exceptions),
    /// Who may be referred to whom for people's records.
    #[command(subcommand)]
    Agreements(AgreementsCommand),
    /// Say how the front stands: blind half, offices, clock.
    State(Shown),
    /// List the services that do not know yet that sessions are over: how many, since when, when they are told again.
    Untold(Shown),
    /// Show what happened at the front, newest first.
    Audit(Audit),
    /// Show which messages the front refused, counted by the hour, newest first.
    Refusals(Back),
}

/// How to tell it.
#[derive(Debug, clap::Args)]
struct Shown {
    /// One line of JSON.
    #[arg(long)]
    json: bool,
}

/// Which metadata.
#[derive(Debug, clap::Args)]
struct Propose {
    /// The metadata, as the partner gave them.
    file: PathBuf,
    /// Which entity of the file is meant, where it has several.
    #[arg(long, value_name = "ENTITY")]
    entity: Option<String>,
    /// An identity provider that sign-ins are passed on to, not a service.
    #[arg(long)]
    provider: bool,
}

/// Which service.
#[derive(Debug, clap::Args)]
struct Register {
    /// The metadata, as the service gave them.
    file: PathBuf,
    /// Which entity of the file is meant, where it has several.
    #[arg(long, value_name = "ENTITY")]
    entity: Option<String>,
}

/// Which cards.
#[derive(Debug, clap::Args)]
struct TrialCards {
    /// Name this card for trials, for thirty days.
    #[arg(long, value_name = "NUMBER", conflicts_with = "withdraw")]
    name: Option<String>,
    /// This card is none any more.
    #[arg(long, value_name = "NUMBER")]
    withdraw: Option<String>,
}

/// Which edition.
#[derive(Debug, clap::Args)]
struct Approve {
    /// The partner's entity id.
    entity: String,
    /// SHA-256 of the metadata, got from the partner by another way than the file.
    #[arg(long, value_name = "SHA256")]
    fingerprint: String,
}

/// Which partner.
#[derive(Debug, clap::Args)]
struct Which {
    /// The partner's entity id.
    entity: String,
}

/// What was seen.
#[derive(Debug, clap::Args)]
struct Tried {
    /// The partner's entity id.
    entity: String,
    /// The service showed the same name at both visits, another at each (right where it asks for transient ones), or none.
    #[arg(long, value_name = "same-name|other-name|empty-name")]
    shown: Shows,
}

/// What a service showed of the person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Shows {
    /// The same at both visits.
    #[value(name = "same-name")]
    Same,
    /// Another at each.
    #[value(name = "other-name")]
    Other,
    /// Nothing.
    #[value(name = "empty-name")]
    Empty,
}

impl From<Shows> for ShownName {
    fn from(shows: Shows) -> Self {
        match shows {
            Shows::Same => Self::Same,
            Shows::Other => Self::Another,
            Shows::Empty => Self::Empty,
        }
    }
}

/// Which partner, and why.
#[derive(Debug, clap::Args)]
struct Because {
    /// The partner's entity id.
    entity: String,
    /// Why, in words for the trail.
    #[arg(long, value_name = "WORDS")]
    reason: String,
}

/// Seconds; what is not named stays.
#[derive(Debug, clap::Args)]
struct Lifetimes {
    /// The partner's entity id.
    entity: String,
    /// How long an assertion lasts (30 to 600).
    #[arg(long, value_name = "SECONDS")]
    assertion: Option<i32>,
    /// How long a session at the service lasts (60 to 43200).
    #[arg(long, value_name = "SECONDS")]
    session: Option<i32>,
    /// How far its clock may be off (0 to 300).
    #[arg(long, value_name = "SECONDS")]
    skew: Option<i32>,
}

/// Which.
#[derive(Debug, clap::Args)]
struct Exceptions {
    /// The partner's entity id.
    entity: String,
    /// An exception by its name in the implementation profile; may be said again.
    #[arg(long, value_name = "NAME")]
    take: Vec<String>,
    /// Why, in words for the trail.
    #[arg(long, value_name = "WORDS")]
    reason: String,
}

/// How much.
#[derive(Debug, clap::Args)]
struct Audit {
    /// How many minutes back.
    #[arg(long, value_name = "N", default_value_t = 60)]
    minutes: u32,
    /// An event a line, as JSON.
    #[arg(long)]
    json: bool,
}

/// How far back.
#[derive(Debug, clap::Args)]
struct Back {
    /// How many hours back.
    #[arg(long, value_name = "N", default_value_t = 24)]
    hours: u32,
    /// A line for each hour, partner and rule, as JSON.
    #[arg(long)]
    json: bool,
}

/// Does what is asked: exit code 1 when the front refuses or does not answer, and for `state` when something is down.
///
/// # Errors
/// What is missing, or what the front said.
pub fn run(setting: &Setting, options: &Options) -> anyhow::Result<ExitCode> {
    let (operator, _) = RelayOperator::load(&setting.config_file)?;
    let lang = setting.lang;
    let Some(command) = &options.command else {
        return operators::run(
            operator,
            &desk::Options {
                lang,
                wishes: desk::Wishes {
                    plain: options.plain,
                    mouse: options.mouse,
                    ..desk::Wishes::default()
                },
            },
        );
    };
    let front = match &operator.proof {
        Proof::Files { certificate, key } => Front::by_files(&operator, certificate, key)?,
        Proof::Card { reader } => {
            let chip = super::card::open(reader, Sharing::Exclusive, lang)?;
            let password = password(setting, options)?;
            Front::by_card(&operator, chip, &password).map_err(|error| match error.downcast_ref::<CardError>() {
                Some(refused) => anyhow::anyhow!(words::card(refused, lang)),
                None => error,
            })?
        }
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let done = runtime.block_on(Asking { front: &front, setting }.carry_out(command));
    done.map_err(|error| match error.downcast_ref::<FrontTrouble>() {
        Some(trouble) => anyhow::anyhow!(words::trouble(trouble, lang)),
        None => error,
    })
}

fn password(setting: &Setting, options: &Options) -> anyhow::Result<SecretString> {
    match &options.password_file {
        Some(file) => Ok(secrets::line(file)?),
        None => hidden(setting.lang.pick(
            "中継の運用者の職員カードのパスワード: ",
            "password of the operator's staff card: ",
        )),
    }
}

struct Asking<'a> {
    front: &'a Front,
    setting: &'a Setting,
}

impl Asking<'_> {
    async fn carry_out(&self, command: &RelayCommand) -> anyhow::Result<ExitCode> {
        match command {
            RelayCommand::Partners(shown) => self.partners(shown).await,
            RelayCommand::Register(register) => self.register(register).await,
            RelayCommand::TrialCards(cards) => self.trial_cards(cards).await,
            RelayCommand::Agreements(command) => relay_agreements::run(self.front, command).await,
            RelayCommand::Propose(propose) => self.propose(propose).await,
            RelayCommand::Approve(approve) => self.approve(approve).await,
            RelayCommand::Trial(which) => {
                self.front.trial(&which.entity).await?;
                self.tell(&which.entity).await
            }
            RelayCommand::Tried(tried) => {
                self.front.sign_in_tried(&tried.entity, tried.shown.into()).await?;
                self.tell(&tried.entity).await
            }
            RelayCommand::On(which) => {
                self.front.on(&which.entity).await?;
                self.tell(&which.entity).await
            }
            RelayCommand::Off(because) => {
                self.front.off(&because.entity, self.reason(&because.reason)?).await?;
                self.tell(&because.entity).await
            }
            RelayCommand::WithoutLogout(because) => {
                let reason = self.reason(&because.reason)?;
                self.front.without_logout(&because.entity, reason).await?;
                self.tell(&because.entity).await
            }
            RelayCommand::Lifetimes(set) => {
                let now = self.partner(&set.entity).await?;
                let seconds = [
                    set.assertion.unwrap_or(now.assertion_seconds),
                    set.session.unwrap_or(now.session_seconds),
                    set.skew.unwrap_or(now.skew_seconds),
                ];
                self.front.lifetimes(&set.entity, seconds).await?;
                self.tell(&set.entity).await
            }
            RelayCommand::Exceptions(set) => {
                let reason = self.reason(&set.reason)?;
                self.front.exceptions(&set.entity, &set.take, reason).await?;
                self.tell(&set.entity).await
            }
            RelayCommand::State(shown) => self.state(shown).await,
            RelayCommand::Untold(shown) => self.untold(shown).await,
            RelayCommand::Audit(audit) => self.audit(audit).await,
            RelayCommand::Refusals(back) => self.refusals(back).await,
        }
    }

    async fn partners(&self, shown: &Shown) -> anyhow::Result<ExitCode> {
        let now = SystemClock.now();
        let partners = self.front.partners().await?;
        if shown.json {
            let partners = partners
                .iter()
                .map(|partner| {
                    let mut told = serde_json::to_value(partner)?;
                    told["days_left"] = json!(partner.days_left(now));
                    told["next"] = json!(partner.next(now).as_str());
                    Ok(told)
                })
                .collect::<Result<Vec<_>, serde_json::Error>>()?;
            answer!("{}", json!(partners));
        } else {
            let lang = self.setting.lang;
            for partner in &partners {
                answer!("{}", words::partner(partner, now, lang));
            }
            if partners.is_empty() {
                answer!("{}", lang.pick("連携先はまだありません。", "There is no partner yet."));
            }
        }
        Ok(ExitCode::SUCCESS)
    }

    async fn propose(&self, propose: &Propose) -> anyhow::Result<ExitCode> {
        let lang = self.setting.lang;
        let (entity, metadata) = self.metadata(&propose.file, propose.entity.as_deref())?;
        let proposed = self.front.propose(&entity, propose.provider, metadata).await?;
        answer!(
            "{}",
            json!({
                "entity_id": entity,
                "edition": proposed.edition,
                "sha256": proposed.sha256,
                "logout_heard": proposed.logout_heard,
            })
        );
        if let Some(warning) = proposed.logout_heard.and_then(|heard| words::logout_heard(heard, lang)) {
            notice!("⚠ {warning}");
        }
        notice!(
            "{}",
            lang.pick(
                "もう一人の運用者が、連携先に別の経路で確かめた指紋で承認します(relay approve)。",
                "Another operator approves it by the fingerprint got from the partner another way (relay approve)."
            )
        );
        Ok(ExitCode::SUCCESS)
    }

    /// The metadata in `file`, and which entity of them is meant.
    fn metadata(&self, file: &Path, entity: Option<&str>) -> anyhow::Result<(String, String)> {
        let metadata = std::fs::read_to_string(file).with_context(|| file.display().to_string())?;
        let entity = match entity {
            Some(entity) => entity.to_owned(),
            None => match only_entity(&metadata) {
                Some(entity) => entity,
                None => bail!(self.setting.lang.pick(
                    "どの実体か決まりません。--entity で entityID を示してください。",
                    "the file does not name just one entity; say which with --entity",
                )),
            },
        };
        Ok((entity, metadata))
    }

    async fn register(&self, register: &Register) -> anyhow::Result<ExitCode> {
        let (entity, metadata) = self.metadata(&register.file, register.entity.as_deref())?;
        let registration = Registration {
            front: self.front,
            lang: self.setting.lang,
            entity,
            sha256: metadata_sha256(&metadata),
            metadata,
        };
        registration.run().await?;
        Ok(ExitCode::SUCCESS)
    }

    async fn trial_cards(&self, cards: &TrialCards) -> anyhow::Result<ExitCode> {
        if let Some(number) = &cards.name {
            self.front.name_trial_card(number).await?;
        }
        if let Some(number) = &cards.withdraw {
            self.front.withdraw_trial_card(number).await?;
        }
        for card in self.front.trial_cards().await? {
            answer!("{}  {}  {}", card.sha256, words::moment(card.until), card.named_by);
        }
        Ok(ExitCode::SUCCESS)
    }

    async fn approve(&self, approve: &Approve) -> anyhow::Result<ExitCode> {
        let lang = self.setting.lang;
        let fingerprint = compact(&approve.fingerprint);
        let Some(waiting) = self.partner(&approve.entity).await?.waiting else {
            bail!(lang.pick(
                "承認を待つメタデータはありません。",
                "there are no metadata waiting for approval",
            ));
        };
        if waiting.sha256 != fingerprint {
            bail!(lang.pick(
                format!(
                    "指紋が違います。承認を待つ第{}版は {} です。連携先に確かめてください。",
                    waiting.edition, waiting.sha256
                ),
                format!(
                    "the fingerprint is another: edition {} that waits has {}; ask the partner",
                    waiting.edition, waiting.sha256
                ),
            ));
        }
        self.front
            .approve(&approve.entity, waiting.edition, &fingerprint)
            .await?;
        self.tell(&approve.entity).await
    }

    async fn state(&self, shown: &Shown) -> anyhow::Result<ExitCode> {
        let state = self.front.state().await?;
        if shown.json {
            answer!("{}", serde_json::to_string(&state)?);
        } else {
            answer!("{}", words::state(&state, self.setting.lang));
        }
        let FrontState {
            blind_half,
            database_clock_ahead_ms,
            ..
        } = state;
        Ok(match blind_half && database_clock_ahead_ms.is_some() {
            true => ExitCode::SUCCESS,
            false => ExitCode::FAILURE,
        })
    }

    async fn untold(&self, shown: &Shown) -> anyhow::Result<ExitCode> {
        let lang = self.setting.lang;
        let untold = self.front.untold().await?;
        if shown.json {
            answer!("{}", serde_json::to_string(&untold)?);
            return Ok(ExitCode::SUCCESS);
        }
        for service in &untold {
            answer!("{}", words::untold(service, lang));
        }
        if untold.is_empty() {
            answer!(
                "{}",
                lang.pick(
                    "どのサービスにも、ログアウトの知らせは届いています。",
                    "Every service knows of every logout."
                )
            );
        }
        Ok(ExitCode::SUCCESS)
    }

    async fn audit(&self, audit: &Audit) -> anyhow::Result<ExitCode> {
        for event in self.front.audit(audit.minutes).await? {
            if audit.json {
                let mut told = serde_json::to_value(&event)?;
                told["at"] = json!(words::moment(event.at));
                answer!("{told}");
            } else {
                answer!("{}", words::event(&event));
            }
        }
        Ok(ExitCode::SUCCESS)
    }

    async fn refusals(&self, back: &Back) -> anyhow::Result<ExitCode> {
        for refusals in self.front.refusals(back.hours).await? {
            if back.json {
                let mut told = serde_json::to_value(&refusals)?;
                told["hour"] = json!(words::moment(refusals.hour));
                answer!("{told}");
            } else {
                answer!("{}", words::refusals(&refusals));
            }
        }
        Ok(ExitCode::SUCCESS)
    }

    /// A reason too short tells an auditor nothing (as in `issuance::identity`).
    fn reason<'b>(&self, words: &'b str) -> anyhow::Result<&'b str> {
        let reason = words.trim();
        if reason.chars().count() < 4 {
            bail!(self.setting.lang.pick(
                "理由は4文字以上で書いてください。監査記録に残ります。",
                "give a reason of at least four characters; it goes into the trail",
            ));
        }
        Ok(reason)
    }

    async fn partner(&self, entity: &str) -> Result<Partner, FrontTrouble> {
        let partners = self.front.partners().await?;
        let found = partners.into_iter().find(|partner| partner.entity_id == entity);
        found.ok_or_else(|| FrontTrouble::Refused {
            code: "partner.not_found".into(),
            title: "there is no such partner".into(),
            trace: String::new(),
        })
    }

    /// Tells how the partner now stands.
    async fn tell(&self, entity: &str) -> anyhow::Result<ExitCode> {
        let partner = self.partner(entity).await?;
        answer!("{}", words::partner(&partner, SystemClock.now(), self.setting.lang));
        Ok(ExitCode::SUCCESS)
    }
}

/// A fingerprint as people copy it: with colons, spaces, capitals.
pub(super) fn compact(fingerprint: &str) -> String {
    fingerprint
        .chars()
        .filter(|letter| !matches!(letter, ':' | ' '))
        .map(|letter| letter.to_ascii_lowercase())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fingerprint_is_taken_as_people_copy_it() {
        assert_eq!(compact("0A:1b 2C"), "0a1b2c");
    }
}

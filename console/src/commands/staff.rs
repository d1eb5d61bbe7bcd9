//! `madoguchi staff`: the office's own people and their cards, kept by an administrator with their own card.
//!
//! The first administrator is made on the console's screen, or here while nobody is registered. From then on each of
//! these commands asks for an administrator's card and password, and is recorded under their name.

use std::{
    collections::BTreeSet,
    io::{BufRead, IsTerminal, Write, stderr, stdin},
    path::PathBuf,
    process::ExitCode,
};

use anyhow::{Context, bail};
use aws_lc_rs::digest::{SHA256, digest};
use card::{CardError, Chip, IssuerMaster, KeySlot, PinPolicy, PinSlot, Sharing, TransportError, Tries};
use issuance::{
    authority::{Authorities, Passphrase, Profile, Trust},
    staff::{Role, StaffId},
};
use office::{Act, DisableReason, SessionId, StaffRefusal};
use relay_core::{
    chance::{OsChance, draw},
    clock::{Clock, JST, SystemClock},
};
use secrecy::SecretString;
use serde_json::json;
use zeroize::Zeroizing;

use super::output::{answer, notice};
use super::{
    Setting, card as card_command,
    database::{Records, act},
    words::Lang,
};
use crate::{
    config::{Config, secrets},
    enrolment::{EnrolmentDesk, NotEnrolled, Person, enrol},
};

/// What can be done with staff.
#[derive(Debug, clap::Subcommand)]
pub enum StaffCommand {
    /// Register someone and make their staff card from the blank in the staff reader.
    Add(AddOptions),
    /// Make someone another staff card: theirs is lost, broken, or its password blocked or forgotten. The old one is no
    /// longer good.
    ReplaceCard(ReplaceOptions),
    /// List everyone registered.
    List(ListOptions),
    /// Give someone other roles; what is not named is taken away. Nobody changes their own.
    Roles(RolesOptions),
    /// Take someone's right to log in; their card is no longer good.
    Disable(DisableOptions),
}

/// Whom to register.
#[derive(Debug, clap::Args)]
pub struct AddOptions {
    /// Staff number: 1 to 32 letters, digits and hyphens.
    number: String,
    /// Name, as shown on screens and slips.
    name: String,
    /// Roles, separated by commas: reception, verification, issuing, handover, protected_address, administration.
    #[arg(long, value_delimiter = ',', required = true, value_name = "ROLE")]
    roles: Vec<Role>,
    /// File with the card's first password in its first line (asked for otherwise).
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
}

/// Whose card.
#[derive(Debug, clap::Args)]
pub struct ReplaceOptions {
    /// Staff number.
    number: String,
    /// File with the card's first password in its first line (asked for otherwise).
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
}

/// How to list.
#[derive(Debug, clap::Args)]
pub struct ListOptions {
    /// One line of JSON.
    #[arg(long)]
    json: bool,
}

/// Whose roles, and which.
#[derive(Debug, clap::Args)]
pub struct RolesOptions {
    /// Staff number.
    number: String,
    /// Every role from now on, separated by commas.
    #[arg(long, value_delimiter = ',', required = true, value_name = "ROLE")]
    roles: Vec<Role>,
}

/// Whose right ends.
#[derive(Debug, clap::Args)]
pub struct DisableOptions {
    /// Staff number.
    number: String,
    /// Why: left, lost_card or suspended.
    #[arg(long, default_value = "left", value_name = "REASON")]
    reason: DisableReason,
}

/// Does what was asked.
///
/// # Errors
/// When the card, the database or the right for it is missing.
pub fn run(setting: &Setting, asked: &StaffCommand) -> anyhow::Result<ExitCode> {
    let config = setting.config()?;
    match asked {
        StaffCommand::Add(options) => add(setting.lang, &config, options),
        StaffCommand::ReplaceCard(options) => replace_card(setting.lang, &config, options),
        StaffCommand::List(options) => list(setting.lang, &config, options),
        StaffCommand::Roles(options) => roles(setting.lang, &config, options),
        StaffCommand::Disable(options) => disable(setting.lang, &config, options),
    }
}

fn add(lang: Lang, config: &Config, options: &AddOptions) -> anyhow::Result<ExitCode> {
    let records = Records::open(config)?;
    if number_to_id(lang, &records, &options.number).is_ok() {
        bail!(lang.pick(
            format!(
                "職員番号 {0} はもう登録されています。カードを作り直すなら `madoguchi staff replace-card {0}`、役割を変えるなら `madoguchi staff roles {0}` です。",
                options.number
            ),
            format!(
                "the staff number {0} is registered already: `madoguchi staff replace-card {0}` makes another card, `madoguchi staff roles {0}` changes the roles.",
                options.number
            ),
        ));
    }
    enrol_with(lang, config, &records, options)
}

fn replace_card(lang: Lang, config: &Config, options: &ReplaceOptions) -> anyhow::Result<ExitCode> {
    let records = Records::open(config)?;
    let id = number_to_id(lang, &records, &options.number)?;
    let staff = records.runtime.block_on(records.office.staff())?;
    let known = staff.into_iter().find(|known| known.staff.id == id);
    let known = known.context("the register of staff changed meanwhile")?.staff;
    let person = AddOptions {
        number: known.number,
        name: known.name,
        roles: known.roles.into_iter().collect(),
        password_file: options.password_file.clone(),
    };
    enrol_with(lang, config, &records, &person)
}

/// Makes the staff card and registers it, by an administrator's leave. Somebody registered before keeps their roles; their
/// old card is superseded.
fn enrol_with(lang: Lang, config: &Config, records: &Records, options: &AddOptions) -> anyhow::Result<ExitCode> {
    let passphrase = Passphrase::read(&config.authority.passphrase_file)?;
    let authorities = Authorities::open(&config.authority.folder, &passphrase)?;
    let master = IssuerMaster::read(&config.card.master_file)?;
    let first = records.runtime.block_on(records.office.is_first_run())?;
    if first && !options.roles.contains(&Role::Administration) {
        bail!(lang.pick(
            "最初の職員には管理者(administration)の役割が要ります。",
            "the first member of the staff needs the role administration.",
        ));
    }
    let session = match first {
        true => None,
        false => Some(AdministratorSession::begin(lang, config, records, &authorities.trust)?),
    };
    let password = new_password(lang, options)?;
    wait_for(lang.pick(
        "職員用読取機に白カードを差して、Enter を押してください。",
        "Put a blank into the staff reader and press Enter.",
    ))?;
    let roles: BTreeSet<Role> = options.roles.iter().copied().collect();
    let person = Person {
        number: &options.number,
        name: &options.name,
        roles: &roles,
        password: &password,
    };
    let mut desk = EnrolmentDesk {
        office: &records.office,
        runtime: records.runtime.handle(),
        authorities: &authorities,
        master: &master,
        clock: &SystemClock,
        chance: &mut OsChance,
        act: &|| act_of(session.as_ref()),
    };
    let mut unopened = None;
    let mut open = || {
        let opened = card_command::open(&config.card.staff_reader, Sharing::Exclusive, lang);
        opened.map(Chip::into_transport).map_err(|error| {
            unopened = Some(error);
            CardError::Transport(TransportError::Removed)
        })
    };
    let enrolled =
        enrol(&mut open, person, &mut desk).map_err(|error| unopened.take().unwrap_or_else(|| told(error, lang)));
    drop(password);
    if let Some(session) = session {
        session.end(records)?;
    }
    answer!(
        "{}",
        match enrolled?.found {
            false => lang.pick(
                format!("✓ 職員 {} のカードができました。", options.number),
                format!("✓ the card of {} is made.", options.number),
            ),
            true => lang.pick(
                format!("✓ できあがっていた職員 {} のカードを登録しました。", options.number),
                format!("✓ the finished card of {} is registered.", options.number),
            ),
        }
    );
    Ok(ExitCode::SUCCESS)
}

/// Why nobody was enrolled, as a sentence.
fn told(error: NotEnrolled, lang: Lang) -> anyhow::Error {
    match error {
        NotEnrolled::Card(error) => anyhow::anyhow!(card_command::words(&error, lang)),
        NotEnrolled::NotBlank => anyhow::anyhow!(lang.pick(
            "白カードではありません。白カードを差してください。",
            "the card is not blank; put in a blank.",
        )),
        NotEnrolled::NotSigned => anyhow::anyhow!(lang.pick(
            "カードの署名が証明書と合いません。このカードは使えません。",
            "the card's signature does not fit its certificate; this card is no good.",
        )),
        error => error.into(),
    }
}

fn list(lang: Lang, config: &Config, options: &ListOptions) -> anyhow::Result<ExitCode> {
    let records = Records::open(config)?;
    let staff = records.runtime.block_on(records.office.staff())?;
    if options.json {
        let list: Vec<_> = staff
            .iter()
            .map(|record| {
                json!({
                    "number": record.staff.number,
                    "name": record.staff.name,
                    "roles": record.staff.roles.iter().map(|role| role.as_str()).collect::<Vec<_>>(),
                    "card": record.certificate.as_ref().map(hex::encode),
                    "disabled": record.disabled.map(|(_, reason)| reason.as_str()),
                })
            })
            .collect();
        answer!("{}", json!({ "staff": list }));
        return Ok(ExitCode::SUCCESS);
    }
    for record in &staff {
        let roles: Vec<&str> = record.staff.roles.iter().map(|role| role.as_str()).collect();
        let standing = match &record.disabled {
            Some((since, reason)) => format!("✗ {} {}", since.to_offset(JST).date(), reason.as_str()),
            None if record.certificate.is_none() => lang.pick("△ カードなし", "△ no card").to_owned(),
            None => "✓".to_owned(),
        };
        answer!(
            "{}  {}  {}  {standing}",
            record.staff.number,
            record.staff.name,
            roles.join(",")
        );
    }
    Ok(ExitCode::SUCCESS)
}

fn roles(lang: Lang, config: &Config, options: &RolesOptions) -> anyhow::Result<ExitCode> {
    let records = Records::open(config)?;
    let trust = Trust::open(&config.authority.folder)?;
    let id = number_to_id(lang, &records, &options.number)?;
    let session = AdministratorSession::begin(lang, config, &records, &trust)?;
    let roles: BTreeSet<Role> = options.roles.iter().copied().collect();
    let act = act_of(Some(&session));
    let changed = records.office.change_roles(&act, id, &roles);
    let outcome = records.runtime.block_on(changed);
    session.end(&records)?;
    match outcome {
        Err(error) if error.is(&StaffRefusal::OwnRoles) => bail!(lang.pick(
            "自分の役割は自分で変えられません。もう一人の管理者に頼んでください。",
            "nobody changes their own roles: another administrator does.",
        )),
        Err(error) if error.is(&StaffRefusal::LastAdministrator) => bail!(lang.pick(
            "管理者が一人もいなくなります。先に別の職員を管理者にしてください。",
            "nobody would be left who can administer: make somebody else an administrator first.",
        )),
        outcome => outcome?,
    }
    let names: Vec<String> = roles.iter().map(ToString::to_string).collect();
    answer!(
        "{}",
        lang.pick(
            format!(
                "✓ 職員 {} の役割: {}。開いている画面では次の操作から変わります。",
                options.number,
                names.join("、")
            ),
            format!(
                "✓ {} has the roles {} from the next thing done on.",
                options.number,
                names.join(", ")
            ),
        )
    );
    Ok(ExitCode::SUCCESS)
}

fn disable(lang: Lang, config: &Config, options: &DisableOptions) -> anyhow::Result<ExitCode> {
    let records = Records::open(config)?;
    let trust = Trust::open(&config.authority.folder)?;
    let id = number_to_id(lang, &records, &options.number)?;
    let session = AdministratorSession::begin(lang, config, &records, &trust)?;
    let outcome = records.runtime.block_on(
        records
            .office
            .disable_staff(&act_of(Some(&session)), id, options.reason),
    );
    session.end(&records)?;
    outcome?;
    answer!(
        "{}",
        lang.pick(
            format!("✓ 職員 {} は、もう画面を開けません。", options.number),
            format!("✓ {} can no longer log in.", options.number),
        )
    );
    Ok(ExitCode::SUCCESS)
}

fn number_to_id(lang: Lang, records: &Records, number: &str) -> anyhow::Result<StaffId> {
    let staff = records.runtime.block_on(records.office.staff())?;
    staff
        .iter()
        .find(|record| record.staff.number == number)
        .map(|record| record.staff.id)
        .with_context(|| {
            lang.pick(
                format!("職員番号 {number} の職員はいません。`madoguchi staff list` で確かめてください。"),
                format!("nobody has the staff number {number}; see `madoguchi staff list`."),
            )
        })
}

/// An administrator at this command, by their card.
struct AdministratorSession(SessionId);

impl AdministratorSession {
    /// Asks for the card and its password, has the card sign a challenge, and begins a session.
    fn begin(lang: Lang, config: &Config, records: &Records, trust: &Trust) -> anyhow::Result<Self> {
        wait_for(lang.pick(
            "職員用読取機に管理者の職員カードを差して、Enter を押してください。",
            "Put an administrator's card into the staff reader and press Enter.",
        ))?;
        let mut chip = card_command::open(&config.card.staff_reader, Sharing::Exclusive, lang)?;
        let told = |error: CardError| anyhow::anyhow!(card_command::words(&error, lang));
        let left = match chip.tries_left(PinSlot::Holder).map_err(told)? {
            Tries::Left(left) => left,
            Tries::Blocked => bail!(told(CardError::PinBlocked)),
            Tries::NotSet => bail!(told(CardError::PinNotSet)),
        };
        let password = hidden(&lang.pick(
            format!("職員カードのパスワード(試行残り {left} 回): "),
            format!("password of the staff card ({left} tries left): "),
        ))?;
        chip.verify_pin(PinSlot::Holder, &password).map_err(told)?;
        let certificate = chip.read_certificate(KeySlot::Authentication).map_err(told)?;
        let profile = Profile::StaffAuthentication;
        // Whether the certificate is still good is the registration's word, asked with the login.
        let verified = trust.verify_chain(&certificate, profile, SystemClock.now(), &|_| false)?;
        let mut challenge = b"madoguchi staff command 1\n".to_vec();
        challenge.extend(draw::<32>(&mut OsChance));
        let mut hash = [0; 32];
        hash.copy_from_slice(digest(&SHA256, &challenge).as_ref());
        let signature = chip.sign(KeySlot::Authentication, &hash).map_err(told)?;
        if !verified.signed(&challenge, &signature) {
            bail!(lang.pick(
                "カードの署名が証明書と合いません。このカードは使えません。",
                "the card's signature does not fit its certificate; this card is no good.",
            ));
        }
        let desk = format!("{}/madoguchi", config.desk.name);
        let begun = records
            .runtime
            .block_on(records.office.log_in(&act("staff"), &desk, &verified.serial().0))?;
        // Registered by its serial, it must say of itself whose it is: a registration mixed up lets nobody in.
        if begun.staff.number != verified.number() {
            let session = Self(begun.session);
            session.end(records)?;
            bail!(lang.pick(
                "カードの職員番号が登録と合いません。このカードは使えません。",
                "the staff number on the card is not the registered one; this card is no good.",
            ));
        }
        if !begun.staff.may(Role::Administration) {
            let session = Self(begun.session);
            session.end(records)?;
            bail!(lang.pick(
                "管理者(administration)の役割がありません。",
                "this card's holder does not have the role administration.",
            ));
        }
        Ok(Self(begun.session))
    }

    fn end(self, records: &Records) -> anyhow::Result<()> {
        Ok(records.runtime.block_on(records.office.log_out(&act_of(Some(&self))))?)
    }
}

/// A fresh act of the administrator, or of the command itself while nobody is registered.
fn act_of(session: Option<&AdministratorSession>) -> Act {
    let fresh = act("setup");
    match session {
        Some(session) => Act::of(session.0, fresh.id),
        None => fresh,
    }
}

fn new_password(lang: Lang, options: &AddOptions) -> anyhow::Result<SecretString> {
    if let Some(file) = &options.password_file {
        return Ok(secrets::line(file)?);
    }
    loop {
        let first = hidden(lang.pick(
            "新しい職員カードのパスワード(英数字8〜16文字): ",
            "password for the new card (8 to 16 letters and digits): ",
        ))?;
        let again = hidden(lang.pick("もう一度: ", "again: "))?;
        if !same(&first, &again) {
            notice!("{}", lang.pick("二つが違います。", "The two differ."));
        } else if PinPolicy::STAFF.allows(&first) {
            return Ok(first);
        } else {
            notice!(
                "{}",
                lang.pick("英数字8〜16文字にしてください。", "Use 8 to 16 letters and digits.")
            );
        }
    }
}

fn same(one: &SecretString, other: &SecretString) -> bool {
    use secrecy::ExposeSecret;
    one.expose_secret() == other.expose_secret()
}

fn wait_for(what: &str) -> anyhow::Result<()> {
    let _ = write!(stderr(), "{what} ");
    let mut line = String::new();
    stdin().lock().read_line(&mut line)?;
    Ok(())
}

/// A line typed without being shown. A script may hand it in on standard input.
pub(super) fn hidden(what: &str) -> anyhow::Result<SecretString> {
    use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};
    let _ = write!(stderr(), "{what}");
    let input = stdin();
    let mut line = Zeroizing::new(String::with_capacity(256));
    if !input.is_terminal() {
        input.lock().read_line(&mut line)?;
    } else {
        let shown = tcgetattr(&input)?;
        let mut silent = shown.clone();
        silent.local_modes &= !LocalModes::ECHO;
        tcsetattr(&input, OptionalActions::Flush, &silent)?;
        let read = input.lock().read_line(&mut line);
        tcsetattr(&input, OptionalActions::Now, &shown)?;
        notice!();
        read?;
    }
    Ok(SecretString::from(line.trim_end_matches(['\r', '\n']).to_owned()))
}

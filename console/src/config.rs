//! The one configuration file, `madoguchi.toml`, read as every program of the house reads its own ([`settings`]).

use std::{
    io,
    path::{Path, PathBuf},
    time::Duration,
};

pub use settings::{ConfigError, Fault, Mistake, secrets};
use settings::{Document, Section};

use crate::commands::words::Lang;

mod authority;
mod backup;
mod calendar;
mod demo;
mod paper;
mod relay_operator;
mod roster;
mod trail;

pub use authority::Authority;
pub use backup::Backup;
pub use calendar::{ClosedDays, NotOpened};
pub use demo::Demo;
pub use paper::Paper;
pub use relay_operator::{Proof, RelayOperator};
pub use roster::Roster;
pub use trail::Trail;

/// Name of the configuration file.
pub const FILE_NAME: &str = "madoguchi.toml";

/// The configuration of one desk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// The file it was read from.
    pub file: PathBuf,
    /// The city hall, as printed on notices.
    pub city: City,
    pub database: Database,
    /// Keys that seal personal columns.
    pub seal: Seal,
    pub authority: Authority,
    /// The card issuer's master key and the desk's two readers.
    pub card: Card,
    pub desk: Desk,
    /// The office's own rules.
    pub rules: Rules,
    pub paper: Paper,
    pub roster: Roster,
    /// The days on which the counter is closed.
    pub calendar: ClosedDays,
    pub log: Log,
    /// The audit trail's heads.
    pub trail: Trail,
    pub backup: Backup,
    /// The relay's front; present where the city is joined to a relay, and may speak to it.
    pub relay: Option<Relay>,
    /// A set-up that was restored from a copy: nothing is said to the relay until `madoguchi rejoin-relay`.
    pub relay_on_hold: bool,
    /// The front's administration; present where the relay's operators work.
    pub relay_operator: Option<RelayOperator>,
    /// Present in demonstration set-ups only.
    pub demo: Option<Demo>,
}

/// `[city]`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct City {
    /// 市区町村名
    pub name: String,
    /// 全国地方公共団体コード, six digits with its check digit.
    pub code: String,
    /// 発行課, the sender on notices.
    pub office_name: String,
    pub address: String,
    /// The office's postal code, `NNN-NNNN`.
    pub postal_code: String,
    /// The office's telephone, as printed.
    pub phone: String,
    /// Opening hours on notices, a line each.
    pub hours: Vec<String>,
    /// What the card is called on notices.
    pub card_name: String,
}

/// `[database]`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Database {
    /// Folder of PostgreSQL's Unix socket.
    pub host: PathBuf,
    /// Port: part of the socket's name.
    pub port: u16,
    pub name: String,
    pub user: String,
    /// File holding the role's password.
    pub password_file: PathBuf,
}

/// `[seal]`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seal {
    /// File of the sealing keys ([`secrets::SealKeys`]).
    pub keys_file: PathBuf,
}

/// `[card]`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Card {
    /// File holding the issuer's master key, 32 bytes in hex.
    pub master_file: PathBuf,
    /// PC/SC name of the reader for staff cards.
    pub staff_reader: String,
    /// PC/SC name of the reader for residents' cards.
    pub resident_reader: String,
}

/// `[desk]`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Desk {
    /// The desk's name, as shown and as written in the audit trail.
    pub name: String,
    /// Time without a key until the screen locks.
    pub idle_lock: Duration,
}

/// `[rules]`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rules {
    /// Whether making a card takes two people.
    pub making_by_two: bool,
    /// Who confirms what is seen at the handover.
    pub handover_sights: HandoverSights,
    /// Days within which a second application of one person counts as a duplicate even after the first was closed.
    pub duplicate_window_days: u16,
    /// Days after which a card stopped on the telephone may be used again unless its holder confirmed it in person.
    pub telephone_stop_days: u16,
}

/// Who confirms what is seen at the handover.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HandoverSights {
    /// Two clerks, once each.
    TwoClerks,
    OneClerkTwice,
}

/// `[log]`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Log {
    /// The log, one JSON object a line.
    pub file: PathBuf,
    /// `error`, `warn`, `info`, `debug` or `trace`.
    pub level: String,
    /// Megabytes after which the file is put aside.
    pub megabytes: u16,
    /// Files put aside that are kept; older ones are removed.
    pub keep: u16,
}

/// `[relay]`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Relay {
    /// Where the front takes registrations: `https://…/registry/envelopes`.
    pub intake_url: String,
    /// The front's name in envelopes.
    pub front: String,
    /// This office's name in envelopes.
    pub office: String,
    /// The authorities believed for the front's certificate, PEM.
    pub roots_file: PathBuf,
    /// The certificate shown to the front, PEM.
    pub certificate_file: PathBuf,
    /// File holding its key, PEM.
    pub key_file: PathBuf,
    /// File holding the key that signs envelopes: P-256, PKCS#8, in base64url.
    pub envelope_key_file: PathBuf,
    /// File holding the registrar's secret.
    pub registrar_file: PathBuf,
    /// The pseudonyms' global public key.
    pub global_key_file: PathBuf,
    /// The public key with which the relay vouches for the heads of this office's trail, where it does.
    pub witness_key_file: Option<PathBuf>,
}

/// Opening hours unless the configuration says otherwise: those of most city halls.
const HOURS: [&str; 1] = ["月曜日から金曜日 午前8時30分から午後5時15分まで(祝日・年末年始を除く)"];

const NOT_A_CITY_CODE: Fault = Fault::other(
    "は検査数字の合う6桁の地方公共団体コードでなければなりません。",
    " must be a six-digit municipality code whose check digit fits",
);
const NOT_A_POSTAL_CODE: Fault = Fault::other(
    "は 123-4567 の形の郵便番号でなければなりません。",
    " must be a postal code like 123-4567",
);
const SAME_READER: Fault = Fault::other(
    "が staff_reader と同じです。職員用と住民用の読取機は別にしてください。",
    " is the same as staff_reader; staff and residents need a reader each",
);

/// Why there is no configuration, and for one that was never made how to make it.
pub fn words(error: &ConfigError, lang: Lang) -> String {
    match error {
        ConfigError::Unreadable { file, reason } if reason.kind() == io::ErrorKind::NotFound => lang
            .pick(
                "設定ファイル {} がありません。`make demo`(実演)か `madoguchi setup` で作るか、--config で場所を示してください。",
                "There is no configuration file {}. Make one with `make demo` or `madoguchi setup`, or say where it is with --config.",
            )
            .replace("{}", &file.display().to_string()),
        _ => lang.of(error.words()),
    }
}

impl Config {
    /// Reads and checks `file`.
    ///
    /// # Errors
    /// When it cannot be read, or with every mistake in it.
    pub fn load(file: &Path) -> Result<Self, ConfigError> {
        settings::load(file, |document| Self::read(document, file))
    }

    /// Checks `text` as if it stood in `file`, whose folder is where relative paths start.
    ///
    /// # Errors
    /// Every mistake, by line.
    pub fn parse(text: &str, file: &Path) -> Result<Self, Vec<Mistake>> {
        settings::parse(text, file, |document| Self::read(document, file))
    }

    fn read(document: &mut Document<'_>, file: &Path) -> Self {
        let city = document.section("city", |city| City {
            name: city.text("name"),
            code: city.checked("code", NOT_A_CITY_CODE, is_city_code),
            office_name: city.text("office_name"),
            address: city.text("address"),
            postal_code: city.checked("postal_code", NOT_A_POSTAL_CODE, is_postal_code),
            phone: city.text("phone"),
            hours: city.lines_or("hours", &HOURS),
            card_name: city.text_or("card_name", "市民カード"),
        });
        let database = document.section("database", |database| Database {
            host: database.path("host"),
            port: database.number_or("port", 1..=65_535, 5432),
            name: database.text("name"),
            user: database.text("user"),
            password_file: database.path("password_file"),
        });
        let seal = document.section("seal", |seal| Seal {
            keys_file: seal.path("keys_file"),
        });
        let authority = document.section("authority", Authority::read);
        let card = document.section("card", |card| {
            let read = Card {
                master_file: card.path("master_file"),
                staff_reader: card.text("staff_reader"),
                resident_reader: card.text("resident_reader"),
            };
            // One reader for both would let a resident's card take the clerk's place.
            if !read.staff_reader.is_empty() && read.staff_reader == read.resident_reader {
                card.mistake("resident_reader", SAME_READER);
            }
            read
        });
        let desk = document.section("desk", |desk| Desk {
            name: desk.text("name"),
            idle_lock: idle_lock(desk, 15),
        });
        let rules = document.optional("rules", |rules| Rules {
            making_by_two: rules.flag_or("making_by_two", false),
            handover_sights: rules.one_of_or(
                "handover_sights",
                &[
                    ("two_clerks", HandoverSights::TwoClerks),
                    ("one_clerk_twice", HandoverSights::OneClerkTwice),
                ],
            ),
            duplicate_window_days: rules.number_or("duplicate_window_days", 0..=3650, 90),
            telephone_stop_days: rules.number_or("telephone_stop_days", 1..=90, 14),
        });
        let paper = document.section("paper", Paper::read);
        let roster = document.optional("roster", Roster::read);
        let calendar = document.optional("calendar", ClosedDays::read);
        let log = document.section("log", Log::read);
        let trail = document.optional("trail", Trail::read);
        let backup = document.optional("backup", Backup::read);
        let mut relay_on_hold = false;
        let relay = document.if_present("relay", |relay| {
            relay_on_hold = relay.flag_or("on_hold", false);
            Relay::read(relay)
        });
        let operator = document.if_present("relay_operator", RelayOperator::read);
        relay_on_hold |= operator.as_ref().is_some_and(|operator| operator.on_hold);
        let demo = document.if_present("demo", Demo::read);
        Self {
            file: file.to_owned(),
            city,
            database,
            seal,
            authority,
            card,
            desk,
            rules,
            paper,
            roster,
            calendar,
            log,
            trail,
            backup,
            // What nobody can see, nobody speaks to.
            relay: relay.filter(|_| !relay_on_hold),
            relay_on_hold,
            relay_operator: operator.filter(|_| !relay_on_hold),
            demo,
        }
    }

    /// The secret files named here, each with its key, for checking all at once.
    pub fn secret_files(&self) -> Vec<(&'static str, &Path)> {
        let mut files: Vec<(&'static str, &Path)> = vec![
            ("database.password_file", &self.database.password_file),
            ("seal.keys_file", &self.seal.keys_file),
            ("authority.passphrase_file", &self.authority.passphrase_file),
            ("card.master_file", &self.card.master_file),
            ("trail.key_file", &self.trail.key_file),
        ];
        if let Some(relay) = &self.relay {
            files.extend([
                ("relay.key_file", relay.key_file.as_path()),
                ("relay.envelope_key_file", &relay.envelope_key_file),
                ("relay.registrar_file", &relay.registrar_file),
            ]);
        }
        if let Some(RelayOperator {
            proof: Proof::Files { key, .. },
            ..
        }) = &self.relay_operator
        {
            files.push(("relay_operator.key_file", key));
        }
        files
    }
}

impl Relay {
    fn read(relay: &mut Section<'_>) -> Self {
        Self {
            intake_url: relay.checked("intake_url", Fault::NotHttps, |url| url.starts_with("https://")),
            front: relay.text_or("front", "relay-front"),
            office: relay.text("office"),
            roots_file: relay.path("roots_file"),
            certificate_file: relay.path("certificate_file"),
            key_file: relay.path("key_file"),
            envelope_key_file: relay.path("envelope_key_file"),
            registrar_file: relay.path("registrar_file"),
            global_key_file: relay.path("global_key_file"),
            witness_key_file: relay.path_if_present("witness_key_file"),
        }
    }
}

impl Log {
    fn read(log: &mut Section<'_>) -> Self {
        Self {
            file: log.path("file"),
            level: log
                .one_of_or(
                    "level",
                    &[
                        ("info", "info"),
                        ("error", "error"),
                        ("warn", "warn"),
                        ("debug", "debug"),
                        ("trace", "trace"),
                    ],
                )
                .to_owned(),
            megabytes: log.number_or("megabytes", 1..=1024, 10),
            keep: log.number_or("keep", 1..=3650, 30),
        }
    }
}

/// 全国地方公共団体コード: five digits and a check digit, eleven less the weighted sum (6 5 4 3 2) modulo eleven,
/// its last figure (総務省「全国地方公共団体コード仕様」).
fn is_city_code(code: &str) -> bool {
    let digits: Vec<u32> = code.chars().filter_map(|c| c.to_digit(10)).collect();
    if code.len() != 6 || digits.len() != 6 {
        return false;
    }
    let sum: u32 = digits
        .iter()
        .zip([6, 5, 4, 3, 2])
        .map(|(digit, weight)| digit * weight)
        .sum();
    (11 - sum % 11) % 10 == digits[5]
}

/// Minutes, or seconds where a minute is long: a screen in a corridor that people pass.
fn idle_lock(desk: &mut Section<'_>, usual: u16) -> Duration {
    let minutes = desk.number_or::<u16>("idle_lock_minutes", 1..=240, usual);
    match desk.number_or::<u16>("idle_lock_seconds", 5..=59, 0) {
        0 => Duration::from_secs(60 * u64::from(minutes)),
        seconds => Duration::from_secs(u64::from(seconds)),
    }
}

fn is_postal_code(code: &str) -> bool {
    let bytes = code.as_bytes();
    bytes.len() == 8
        && bytes
            .iter()
            .enumerate()
            .all(|(at, byte)| if at == 3 { *byte == b'-' } else { byte.is_ascii_digit() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    pub(super) const GOOD: &str = r#"
[city]
name = "汐見市"
code = "429996"
office_name = "汐見市役所 市民課"
address = "汐見市港町一丁目1番1号"
postal_code = "859-0001"
phone = "0950-00-0000"
[database]
host = "postgres"
name = "office"
user = "madoguchi"
password_file = "secrets/database"
[seal]
keys_file = "secrets/seal.toml"
[authority]
folder = "authority"
passphrase_file = "secrets/authority"
[card]
master_file = "secrets/card-master"
staff_reader = "Reader 0"
resident_reader = "Reader 1"
[desk]
name = "3"
[paper]
folder = "paper"
[log]
file = "log/madoguchi.log"
"#;

    pub(super) fn parse(text: &str) -> Result<Config, Vec<Mistake>> {
        Config::parse(text, Path::new("/etc/madoguchi/madoguchi.toml"))
    }

    #[test]
    fn a_plain_file_is_taken_with_the_defaults_filled_in() {
        let config = parse(GOOD).unwrap();
        assert_eq!(config.database.host, Path::new("/etc/madoguchi/postgres"));
        assert_eq!(config.desk.idle_lock, Duration::from_secs(15 * 60));
        assert_eq!(config.rules.handover_sights, HandoverSights::TwoClerks);
        assert_eq!(config.log.level, "info");
        assert!(config.demo.is_none());
    }

    #[test]
    fn a_screen_that_people_pass_locks_after_seconds() {
        let with = |line: &str| parse(&GOOD.replace("name = \"3\"", &format!("name = \"3\"\n{line}")));
        let locks_after = |line: &str| with(line).unwrap().desk.idle_lock;
        assert_eq!(locks_after("idle_lock_minutes = 2"), Duration::from_secs(120));
        assert_eq!(locks_after("idle_lock_seconds = 30"), Duration::from_secs(30));
        let mistakes = with("idle_lock_seconds = 0").unwrap_err();
        assert_eq!(mistakes[0].fault, Fault::OutOfRange { least: 5, most: 59 });
    }

    #[test]
    fn every_mistake_is_told_at_once_each_with_its_line() {
        let bad = GOOD
            .replace("code = \"429996\"", "code = \"429995\"")
            .replace("name = \"3\"", "nmae = \"3\"\nidle_lock_minutes = 0")
            .replace("resident_reader = \"Reader 1\"", "resident_reader = \"Reader 0\"")
            .replace("[paper]", "[papre]");
        let mistakes = parse(&bad).unwrap_err();
        let told: Vec<_> = mistakes
            .iter()
            .map(|mistake| (mistake.line, mistake.key.as_str(), mistake.fault.clone()))
            .collect();
        let line = |part: &str| bad.lines().position(|line| line.contains(part)).unwrap() + 1;
        assert!(told.contains(&(line("code ="), "city.code", NOT_A_CITY_CODE)));
        assert!(told.contains(&(
            line("nmae"),
            "desk.nmae",
            Fault::Unknown {
                near: Some("name".into())
            }
        )));
        assert!(told.contains(&(line("[desk]"), "desk.name", Fault::Missing)));
        assert!(told.contains(&(
            line("idle_lock"),
            "desk.idle_lock_minutes",
            Fault::OutOfRange { least: 1, most: 240 }
        )));
        assert!(told.contains(&(line("resident_reader"), "card.resident_reader", SAME_READER)));
        assert!(told.contains(&(
            line("[papre]"),
            "papre",
            Fault::Unknown {
                near: Some("paper".into())
            }
        )));
        assert!(
            told.iter()
                .any(|(_, key, fault)| *key == "paper" && *fault == Fault::Missing)
        );
        assert!(told.is_sorted_by_key(|(line, ..)| *line));
    }

    #[test]
    fn a_wrong_type_and_a_broken_line_are_told_in_words() {
        let mistakes = parse(&GOOD.replace("name = \"3\"", "name = 3")).unwrap_err();
        assert_eq!(mistakes.len(), 1);
        assert!(mistakes[0].words().ja.contains("desk.name"));
        let mistakes = parse(&GOOD.replace("name = \"3\"", "name = \"3")).unwrap_err();
        assert!(mistakes.iter().any(|mistake| matches!(mistake.fault, Fault::Syntax(_))));
    }

    #[test]
    fn headers_of_another_systems_roster_can_be_mapped() {
        let with = |line: &str| parse(&format!("{GOOD}[roster.headers]\n{line}\n"));
        let headers = with("\"宛名番号\" = \"住民番号\"").unwrap().roster.headers;
        assert_eq!(BTreeMap::from(headers)["宛名番号"], "住民番号");
        let mistakes = with("\"あて名\" = \"住民番号\"").unwrap_err();
        assert!(matches!(&mistakes[0].fault, Fault::Other { .. }), "{mistakes:?}");
    }

    #[test]
    fn a_name_that_is_not_what_it_looks_like_is_refused() {
        for unseen in ["汐\u{202e}見市", "汐見市\u{200b}", "\u{3164}"] {
            let mistakes = parse(&GOOD.replacen("汐見市", unseen, 1)).unwrap_err();
            let told: Vec<_> = mistakes.iter().map(|mistake| mistake.key.as_str()).collect();
            assert_eq!(told, ["city.name"], "{}", unseen.escape_unicode());
        }
        // A selector behind its ideograph is the city's own letter.
        assert!(parse(&GOOD.replacen("汐見市", "葛\u{e0100}城市", 1)).is_ok());
    }

    #[test]
    fn city_codes_are_checked_by_their_last_digit() {
        for real in ["131016", "011002", "401005", "271004"] {
            assert!(is_city_code(real), "{real}");
        }
        for bad in ["131015", "13101", "1310166", "13101x", ""] {
            assert!(!is_city_code(bad), "{bad}");
        }
    }
}

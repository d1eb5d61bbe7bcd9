//! `[relay_operator]`: how an operator of the relay reaches the front's administration. The relay is another
//! organisation than the city: its machine's file may hold this section and nothing of an office.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use settings::{ConfigError, Fault, Section};

use super::{Demo, Log};

const ON_HOLD: Fault = Fault::other(
    "が true です。控えから戻した一式で、まだ中継と連絡しません。元の一式が動かないことを確かめて `madoguchi rejoin-relay` としてください。",
    " is true: this was restored from a copy and does not speak to the relay yet. Make sure that the old set-up works no more, then `madoguchi rejoin-relay`",
);

/// `[relay_operator]`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RelayOperator {
    /// The front's administration: `https://…`.
    pub admin_url: String,
    /// The authorities believed for the front's certificate, PEM.
    pub roots_file: PathBuf,
    /// How the operator shows who they are.
    pub proof: Proof,
    /// Time without a key before the screen locks. Ten minutes unless it is written otherwise: what is done here
    /// concerns every resident of every city joined.
    pub idle_lock: Duration,
    /// On a set-up that was restored from a copy: nothing is said to the front until `madoguchi rejoin-relay`.
    pub on_hold: bool,
    /// Only in a demonstration: its tray of virtual cards (F12).
    pub demo: Option<Demo>,
}

/// How an operator shows the front who they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Proof {
    /// By the staff card in this PC/SC reader: the rule.
    Card { reader: String },
    /// By a certificate and its key in files, for a machine without a reader: a rehearsal, a demonstration, a job that
    /// watches the expiry of metadata. Whoever has the file is the operator, which no card allows.
    Files {
        /// PEM file of the certificate.
        certificate: PathBuf,
        /// PEM file of the key, its owner's alone.
        key: PathBuf,
    },
}

impl RelayOperator {
    /// Reads `file`, of which only this section, `[log]` and a demonstration's `[demo]` matter here.
    ///
    /// # Errors
    /// [`ConfigError`]
    pub fn load(file: &Path) -> Result<(Self, Option<Log>), ConfigError> {
        settings::load(file, |document| {
            let mut operator = document.section("relay_operator", |section| {
                let operator = Self::read(section);
                if operator.on_hold {
                    section.mistake("on_hold", ON_HOLD);
                }
                operator
            });
            operator.demo = document.if_present("demo", Demo::read);
            let log = document.if_present("log", Log::read);
            document.leave_the_rest();
            (operator, log)
        })
    }

    pub(super) fn read(section: &mut Section<'_>) -> Self {
        let admin_url = section.checked("admin_url", Fault::NotHttps, |url| url.starts_with("https://"));
        let roots_file = section.path("roots_file");
        let reader = section.text_or("reader", "-");
        let proof = if reader == "-" {
            Proof::Files {
                certificate: section.path("certificate_file"),
                key: section.path("key_file"),
            }
        } else {
            Proof::Card { reader }
        };
        Self {
            admin_url: admin_url.trim_end_matches('/').to_owned(),
            roots_file,
            proof,
            idle_lock: super::idle_lock(section, 10),
            on_hold: section.flag_or("on_hold", false),
            demo: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(text: &str) -> Result<RelayOperator, ConfigError> {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("madoguchi.toml");
        std::fs::write(&file, text).unwrap();
        RelayOperator::load(&file).map(|(operator, _)| operator)
    }

    const CARD: &str = "[relay_operator]\nadmin_url = \"https://relay.example:8447/\"\nroots_file = \"web.pem\"\n\
                        reader = \"Reader 0\"\n";

    #[test]
    fn an_operators_machine_needs_nothing_of_an_office() {
        let operator = load(CARD).unwrap();
        assert_eq!(operator.admin_url, "https://relay.example:8447");
        assert!(matches!(operator.proof, Proof::Card { reader } if reader == "Reader 0"));
        // Beside an office's own sections it is read alike: in a demonstration both are one machine.
        assert!(load(&format!("[city]\nname = \"汐見市\"\n{CARD}")).is_ok());
    }

    #[test]
    fn the_screen_locks_after_the_time_that_is_written_and_a_demonstration_has_its_tray() {
        let operator = load(CARD).unwrap();
        assert_eq!(operator.idle_lock, Duration::from_secs(600));
        assert_eq!(operator.demo, None);
        let soon = load(&format!("{CARD}idle_lock_minutes = 3\n")).unwrap();
        assert_eq!(soon.idle_lock, Duration::from_secs(180));
        let demo = "[demo]\ntray_socket = \"run/tray\"\nendpoints_file = \"endpoints.json\"\n";
        let demo = load(&format!("{CARD}{demo}")).unwrap().demo.unwrap();
        assert!(demo.tray_socket.ends_with("run/tray"));
    }

    #[test]
    fn a_card_or_two_files_never_both_and_never_neither() {
        let files = "certificate_file = \"hama.pem\"\nkey_file = \"hama.key\"\n";
        let without = CARD.replace("reader = \"Reader 0\"\n", "");
        assert!(matches!(
            load(&format!("{without}{files}")).unwrap().proof,
            Proof::Files { .. }
        ));
        for (text, key) in [
            (without.clone(), "relay_operator.certificate_file"),
            (format!("{CARD}{files}"), "relay_operator.certificate_file"),
            (CARD.replace("https", "http"), "relay_operator.admin_url"),
            (String::new(), "relay_operator"),
        ] {
            let Err(ConfigError::Mistaken { mistakes, .. }) = load(&text) else {
                panic!("taken: {text}");
            };
            assert!(mistakes.iter().any(|mistake| mistake.key == key), "{key}: {mistakes:?}");
        }
    }
}

//! The relay's operators at work, who are not the city: by certificate files and by a staff card, at a real front with
//! its own database and a real blind half. Their machines have no office.

use std::{fs, path::Path, process::Command};

use serde_json::Value;

use super::shell::{Answer, Shell, with_a_card_service_and_a_relay};

pub const LIBRARY: &str = "https://library.shiomi.example/saml";
pub const MY_PAGE: &str = "https://my-page.shiomi.example/saml";

/// A machine of the relay: its file holds one section and nothing of an office.
pub struct Operator<'s> {
    shell: &'s Shell,
    pub config: String,
}

impl<'s> Operator<'s> {
    pub fn with(shell: &'s Shell, name: &str, proof: &str) -> Self {
        let admin = shell.endpoints()["relay"]["relay_admin"].as_str().unwrap().to_owned();
        let file = shell.home().join(format!("operator-{name}.toml"));
        let text = format!("[relay_operator]\nadmin_url = \"{admin}\"\nroots_file = \"relay/web.pem\"\n{proof}\n");
        fs::write(&file, text).unwrap();
        Self {
            shell,
            config: file.display().to_string(),
        }
    }

    pub fn with_files(shell: &'s Shell, name: &str) -> Self {
        let folder = "relay/relay/operators";
        let proof = format!("certificate_file = \"{folder}/{name}.pem\"\nkey_file = \"{folder}/{name}.key\"");
        Self::with(shell, name, &proof)
    }

    fn asks(&self, words: &[&str]) -> Answer {
        self.shell
            .run("relay", &[words, &["--config", &self.config, "--lang", "ja"]].concat())
    }

    /// The command with `lines` for what it asks.
    fn answers(&self, words: &[&str], lines: &str) -> Answer {
        self.shell.run_answering(
            "relay",
            &[words, &["--config", &self.config, "--lang", "ja"]].concat(),
            lines,
        )
    }

    pub fn does(&self, words: &[&str]) -> Answer {
        let answer = self.asks(words);
        assert_eq!(answer.code, 0, "{words:?}\n{}{}", answer.stdout, answer.stderr);
        answer
    }

    fn is_refused(&self, words: &[&str], why: &str) {
        let answer = self.asks(words);
        assert_eq!(answer.code, 1, "{words:?}\n{}{}", answer.stdout, answer.stderr);
        assert!(answer.stderr.contains(why), "{words:?}: {why}\n{}", answer.stderr);
    }

    pub fn partner(&self, entity: &str) -> Value {
        let partners = self.does(&["partners", "--json"]).json();
        let found = partners
            .as_array()
            .unwrap()
            .iter()
            .find(|one| one["entity_id"] == entity);
        found.unwrap_or_else(|| panic!("{entity} in {partners}")).clone()
    }
}

/// Metadata of a library's service: My Page's under another name, which is a service like any other to the front.
pub fn library_metadata(shell: &Shell) -> String {
    let endpoints = shell.endpoints();
    let told = Command::new("curl")
        .args(["--silent", "--fail", "--cacert"])
        .arg(shell.home().join("relay/web.pem"))
        .arg(format!(
            "{}/saml/metadata",
            endpoints["relay"]["my_page"].as_str().unwrap()
        ))
        .output()
        .unwrap();
    assert!(told.status.success());
    let file = shell.home().join("library.xml");
    fs::write(&file, String::from_utf8(told.stdout).unwrap().replace(MY_PAGE, LIBRARY)).unwrap();
    file.display().to_string()
}

#[test]
fn a_service_is_registered_by_two_tried_and_switched_without_any_office() {
    with_a_card_service_and_a_relay(
        "set_up::relay_operators::a_service_is_registered_by_two_tried_and_switched_without_any_office",
        |shell| {
            shell.must("setup --demo --relay --rows", &["60"]);
            let (hama, iso) = (Operator::with_files(shell, "hama"), Operator::with_files(shell, "iso"));
            let state = hama.does(&["state", "--json"]).json();
            assert_eq!(state["blind_half"], true, "{state}");
            assert_eq!(hama.partner(MY_PAGE)["next"], "in_service");

            let proposed = hama.does(&["propose", &library_metadata(shell)]).json();
            let sha256 = proposed["sha256"].as_str().unwrap();
            assert_eq!(proposed["entity_id"], LIBRARY);
            hama.is_refused(&["approve", LIBRARY, "--fingerprint", sha256], "もう一人の運用者");
            iso.is_refused(
                &["approve", LIBRARY, "--fingerprint", &"0a".repeat(32)],
                "指紋が違います",
            );
            iso.does(&["approve", LIBRARY, "--fingerprint", &sha256.to_uppercase()]);
            let partner = hama.partner(LIBRARY);
            assert_eq!(
                (&partner["state"], &partner["days_left"]),
                (&"trial".into(), &29.into())
            );
            assert_eq!(partner["current"]["approved_by"], "iso");

            // A service that gets an empty name is told so and stays off.
            hama.is_refused(&["on", LIBRARY], "試しのログインがまだ");
            hama.does(&["tried", LIBRARY, "--shown", "empty-name"]);
            hama.is_refused(&["on", LIBRARY], "空の NameID");
            hama.does(&["tried", LIBRARY, "--shown", "same-name"]);
            hama.is_refused(&["on", LIBRARY], "試しのログアウトがまだ");
            // It goes on without single logout only by words that stay.
            hama.is_refused(&["without-logout", LIBRARY, "--reason", "-"], "4文字以上");
            hama.does(&["without-logout", LIBRARY, "--reason", "先方の改修は来春"]);
            hama.does(&["on", LIBRARY]);
            assert_eq!(hama.partner(LIBRARY)["next"], "in_service");
            let off = iso.does(&["off", LIBRARY, "--reason", "鍵が漏れた"]);
            assert!(
                off.stdout.contains("停止中") && off.stdout.contains("鍵が漏れた"),
                "{}",
                off.stdout
            );
            iso.is_refused(&["off", "https://nobody.example", "--reason", "鍵が漏れた"], "連携先");

            // Who is nobody's operator is counted, and shown by the hour.
            let wrong = Operator::with(
                shell,
                "office",
                "certificate_file = \"relay/office/tls.pem\"\nkey_file = \"relay/office/tls.key\"",
            );
            assert_eq!(wrong.asks(&["state"]).code, 1);
            let refused = hama.does(&["refusals", "--json"]).json();
            assert_eq!(
                (&refused["rule"], &refused["partner"], &refused["count"]),
                (&"operator.unknown".into(), &"unknown".into(), &1.into())
            );
            let trail = hama.does(&["audit"]).stdout;
            for line in [
                "partner.proposed",
                "partner.approved",
                "words=先方の改修は来春",
                "reason=鍵が漏れた",
            ] {
                assert!(trail.contains(line), "{line} in {trail}");
            }
        },
    );
}

#[test]
fn one_command_run_by_two_brings_a_service_in_and_says_what_is_missing_at_each_step() {
    with_a_card_service_and_a_relay(
        "set_up::relay_operators::one_command_run_by_two_brings_a_service_in_and_says_what_is_missing_at_each_step",
        |shell| {
            shell.must("setup --demo --relay --rows", &["60"]);
            let (hama, iso) = (Operator::with_files(shell, "hama"), Operator::with_files(shell, "iso"));
            let file = library_metadata(shell);
            let sha256 = |answer: &Answer| {
                let (_, rest) = answer.stderr.split_once("指紋は ").unwrap();
                rest.split(' ').next().unwrap().to_owned()
            };
            let proposed = hama.answers(&["register", &file], "");
            let fingerprint = sha256(&proposed);
            assert!(
                proposed.stderr.contains("もう一人の運用者が同じ命令"),
                "{}",
                proposed.stderr
            );
            let wrong = iso.answers(&["register", &file], &"0a".repeat(32));
            assert!(
                wrong.code == 1 && wrong.stderr.contains("指紋が違います"),
                "{}",
                wrong.stderr
            );
            // Approved; then it asks for a card, by the number that the page shows, and for what was seen.
            let number = "0b".repeat(32);
            let tried = iso.answers(&["register", &file], &format!("{fingerprint}\n{number}\ny\n\n"));
            assert!(
                tried.stderr.contains("試験用のカードがまだありません"),
                "{}",
                tried.stderr
            );
            assert!(
                tried.stderr.contains("LogoutRequest がまだ届いていません"),
                "{}",
                tried.stderr
            );
            let partner = hama.partner(LIBRARY);
            assert_eq!(
                (&partner["sign_in"], &partner["state"]),
                (&"named".into(), &"trial".into())
            );
            assert!(hama.does(&["trial-cards"]).stdout.contains(&number));
            // Nobody is switched on unasked.
            hama.does(&["without-logout", LIBRARY, "--reason", "先方の改修は来春"]);
            hama.answers(&["register", &file], "\n");
            assert_eq!(hama.partner(LIBRARY)["state"], "trial");
            hama.answers(&["register", &file], "y\n");
            assert_eq!(hama.partner(LIBRARY)["next"], "in_service");
        },
    );
}

#[test]
fn a_staff_card_is_the_key_to_the_front_and_nothing_else_is() {
    with_a_card_service_and_a_relay(
        "set_up::relay_operators::a_staff_card_is_the_key_to_the_front_and_nothing_else_is",
        |shell| {
            shell.must("setup --demo --relay --rows", &["60"]);
            let password = shell.home().join("password");
            write_secret(&password, &shell.password("0004"));
            let password = password.display().to_string();
            let tanaka = Operator::with(shell, "tanaka", "reader = \"Virtual PCD 00 00\"");
            let state = ["state", "--password-file", &password];
            tanaka.is_refused(&state, "カードがありません");
            shell.tray("insert 0 staff-0004");
            shell.wait_for_card();

            // The front believes the authority of the cards; the person it does not know yet, and says how it would.
            admit(shell, None);
            let unknown = tanaka.asks(&state);
            assert_eq!(unknown.code, 1);
            let fingerprint = unknown.stderr.split('"').nth(1).unwrap().split(' ').nth(1).unwrap();
            assert_eq!(fingerprint.len(), 64, "{}", unknown.stderr);
            admit(shell, Some(&format!("tanaka {fingerprint}")));

            assert!(tanaka.does(&state).stdout.contains("目隠し側  ● 動いています"));
            tanaka.does(&["off", MY_PAGE, "--reason", "点検のため", "--password-file", &password]);
            let trail = tanaka.does(&["audit", "--password-file", &password]).stdout;
            let switched = trail.lines().find(|line| line.contains("点検のため")).unwrap();
            assert!(switched.contains("tanaka"), "{switched}");

            let wrong = shell.home().join("wrong");
            write_secret(&wrong, "Wrong2026");
            tanaka.is_refused(&["state", "--password-file", &wrong.display().to_string()], "あと 4 回");
        },
    );
}

fn write_secret(file: &Path, line: &str) {
    use std::os::unix::fs::PermissionsExt as _;
    fs::write(file, line).unwrap();
    fs::set_permissions(file, fs::Permissions::from_mode(0o600)).unwrap();
}

/// The front's keeper has it believe the authority of the staff cards, and know one more operator.
pub fn admit(shell: &Shell, known: Option<&str>) {
    let folder = shell.home().join("relay/relay");
    let believed = ["relay/web.pem", "authority/staff/certificate.pem"]
        .map(|name| fs::read_to_string(shell.home().join(name)).unwrap())
        .concat();
    fs::write(folder.join("operators.pem"), believed).unwrap();
    let config = fs::read_to_string(folder.join("relay.toml")).unwrap();
    let (before, operators) = config.split_once("[operators]\n").unwrap();
    let mut operators = operators.replacen("web.pem", "operators.pem", 1);
    if let Some(known) = known {
        operators = operators.replacen("known = [", &format!("known = [\"{known}\", "), 1);
    }
    begin_anew_with(shell, &format!("{before}[operators]\n{operators}"));
}

/// The front's keeper changes its configuration and starts it again.
fn begin_anew_with(shell: &Shell, config: &str) {
    fs::write(shell.home().join("relay/relay/relay.toml"), config).unwrap();
    let program = Path::new(env!("CARGO_BIN_EXE_madoguchi")).with_file_name("madoguchi-demo-relay");
    for command in ["down", "up"] {
        let told = Command::new(&program)
            .arg("--home")
            .arg(shell.home())
            .arg(command)
            .output()
            .unwrap();
        assert!(told.status.success(), "{}", String::from_utf8_lossy(&told.stderr));
    }
}

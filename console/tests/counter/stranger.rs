//! A service that nobody here wrote is brought in by the commands of the manual, as they stand there, and tried with the card
//! of a resident: a catalogue on pysaml2, which hears of logouts by the browser only and names people in clear when it sends
//! one.

use std::{
    fs,
    io::{BufRead as _, BufReader},
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use serde_json::Value;
use tokio::runtime::Runtime;

use crate::{
    chromium::{Chromium, DESK},
    my_page::a_card_is_handed_over,
    shell::{Shell, Talk, with_a_card_service_and_a_relay},
};

const PIN: &str = "2751";
const MANUAL: &str = include_str!("../../../manuals/administrator/relay-operators.md");

/// The catalogue at work, and what its people tell by telephone.
struct Library {
    process: Child,
    folder: PathBuf,
    address: String,
}

impl Library {
    fn open(shell: &Shell) -> Self {
        let folder = shell.home().join("library");
        fs::create_dir(&folder).unwrap();
        let relay = &shell.endpoints()["relay"];
        let metadata = folder.join("relay.xml");
        let fetched = Command::new("curl")
            .args(["--silent", "--fail", "--cacert"])
            .arg(relay["authority"].as_str().unwrap())
            .arg("--output")
            .arg(&metadata)
            .arg(format!("{}/saml/metadata", relay["relay"].as_str().unwrap()))
            .status()
            .unwrap();
        assert!(fetched.success());
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut process = Command::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/counter/library.py"))
            .arg(&folder)
            .arg(port.to_string())
            .arg(&metadata)
            .arg("https://relay.shiomi.example/saml")
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut said = String::new();
        BufReader::new(process.stdout.take().unwrap())
            .read_line(&mut said)
            .unwrap();
        assert_eq!(said.trim(), "listening");
        Self {
            process,
            folder,
            address: format!("http://localhost:{port}"),
        }
    }

    /// SHA-256 in hex of what `command` prints for the library's own people.
    fn told(&self, command: &str) -> String {
        let said = Command::new("sh")
            .args(["-c", command])
            .current_dir(&self.folder)
            .output()
            .unwrap();
        let said = String::from_utf8(said.stdout).unwrap();
        let hash = said.split(['=', ' ']).find(|word| word.trim().len() >= 64).unwrap();
        hash.trim().to_owned()
    }
}

impl Drop for Library {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The manual's commands: the block that begins with the first proposal.
fn commands() -> Vec<&'static str> {
    let block = MANUAL
        .split("```")
        .find(|block| block.trim_start().starts_with("madoguchi-blind pin propose"));
    block
        .expect("the manual has a block of commands")
        .trim()
        .lines()
        .collect()
}

/// `line` as somebody types it in `folder`, where their keys are in `home`.
fn typed(line: &str, folder: &Path, home: &Path) -> Command {
    let programs = Path::new(env!("CARGO_BIN_EXE_madoguchi")).parent().unwrap();
    let path = format!("{}:{}", programs.display(), std::env::var("PATH").unwrap());
    let mut command = Command::new("sh");
    command
        .args(["-c", line])
        .current_dir(folder)
        .env("PATH", path)
        .env("HOME", home)
        .env("MADOGUCHI_HOME", folder)
        .env("LANG", "C.UTF-8")
        .env_remove("MADOGUCHI_LANG")
        .env_remove("MADOGUCHI_LOG");
    command
}

/// The machine of one of the relay's operators, with the file that the library sent.
fn machine(shell: &Shell, name: &str, metadata: &Path) -> PathBuf {
    let folder = shell.home().join(format!("machine-{name}"));
    fs::create_dir(&folder).unwrap();
    let relay = shell.home().join("relay");
    let operators = relay.join("relay/operators");
    let admin = shell.endpoints()["relay"]["relay_admin"].as_str().unwrap().to_owned();
    let config = format!(
        "[relay_operator]\nadmin_url = {admin:?}\nroots_file = {:?}\ncertificate_file = {:?}\nkey_file = {:?}\n",
        relay.join("web.pem"),
        operators.join(format!("{name}.pem")),
        operators.join(format!("{name}.key")),
    );
    fs::write(folder.join("madoguchi.toml"), config).unwrap();
    fs::copy(metadata, folder.join("library.xml")).unwrap();
    folder
}

/// A resident whose card lies in the desk's reader, at the catalogue.
struct Visitor<'l> {
    browser: Chromium,
    library: &'l Library,
}

impl Visitor<'_> {
    async fn shows_the_card(&self) {
        self.browser.goto(&format!("{}/login", self.library.address)).await;
        self.browser.click("main a.button[href*='/bridge']").await;
        self.browser.find("#pin").await.send_keys(PIN).await.unwrap();
        self.browser.click("button[type=submit]").await;
    }

    /// The number of a card that is none for trials, as the page says it.
    async fn number(&self) -> String {
        self.shows_the_card().await;
        self.browser.says("このサービスは試験中で").await;
        let script = "return Array.from(document.querySelectorAll('code'), one => one.textContent.trim())\n\
                      .find(text => /^[0-9a-f]{64}$/.test(text)) || ''";
        match self.browser.evaluate(script).await {
            Value::String(number) if !number.is_empty() => number,
            other => panic!("{other}: {}", self.browser.text().await),
        }
    }

    /// Signs in; the name that the catalogue shows.
    async fn name(&self) -> String {
        self.shows_the_card().await;
        let on = format!("form[action^='{}'] button", self.library.address);
        self.browser.click(&on).await;
        self.browser.find("#name").await.text().await.unwrap()
    }

    async fn leaves(&self) {
        self.browser.click("#out").await;
        self.browser.says("out of the catalogue").await;
    }
}

#[test]
fn a_catalogue_on_pysaml2_is_brought_in_by_the_six_commands_of_the_manual() {
    let name = "stranger::a_catalogue_on_pysaml2_is_brought_in_by_the_six_commands_of_the_manual";
    with_a_card_service_and_a_relay(name, |shell| {
        let _counter = a_card_is_handed_over(shell);
        let library = Library::open(shell);
        let metadata = library.folder.join("library.xml");
        let certificate = library.told("openssl x509 -noout -fingerprint -sha256 -in certificate.pem");
        let fingerprint = library.told("sha256sum library.xml");

        let commands = commands();
        assert_eq!(commands.len(), 6, "{commands:?}");
        let blind = shell.home().join("relay/blind");
        fs::copy(&metadata, blind.join("library.xml")).unwrap();
        for line in &commands[..3] {
            let line = line.replace("証明書の指紋", &certificate);
            let done = typed(&line, &blind, &blind.join("operators")).output().unwrap();
            assert!(
                done.status.success(),
                "{line}: {}",
                String::from_utf8_lossy(&done.stderr)
            );
        }
        let (hama, iso) = (machine(shell, "hama", &metadata), machine(shell, "iso", &metadata));
        // Said before anything is decided: this one hears of a pulled card from nobody.
        let mut first = Talk::with(typed(commands[3], &hama, &hama));
        first.waits_for("カードを抜いても止めても、サービスのログインは残る");
        first.waits_for("もう一人の運用者");
        assert_eq!(first.ends(), 0);
        let mut second = Talk::with(typed(commands[4], &iso, &iso));
        second.after("指紋(SHA-256)", &fingerprint);
        second.after("試験用のカードがまだありません", "");
        assert_eq!(second.ends(), 0);

        let runtime = Runtime::new().unwrap();
        runtime.block_on(async {
            let authority = fs::read_to_string(shell.home().join("relay/web.pem")).unwrap();
            let visitor = Visitor {
                browser: Chromium::open(&authority, DESK, None).await,
                library: &library,
            };
            let mut last = Talk::with(typed(commands[5], &hama, &hama));
            last.waits_for("断る画面に、カードの番号が出ます");
            last.answer(&visitor.number().await);
            last.waits_for("2度ログインして");
            let seen = visitor.name().await;
            assert_eq!(seen.len(), 43, "a name of the profile's: {seen}");
            assert_eq!(visitor.name().await, seen);
            last.answer("y");
            last.waits_for("ログアウトしてください");
            visitor.leaves().await;
            last.answer("");
            // It names the person in clear: what that means is said, and going on without is a decision with a reason.
            last.after("そのわけ", "pysaml2 は平文で送る");
            last.after("稼働させますか", "y");
            assert_eq!(last.ends(), 0);
            // In service: anybody's card, and the same name.
            assert_eq!(visitor.name().await, seen);
            visitor.browser.close().await;
        });
        let listed = typed("madoguchi relay partners --json", &hama, &hama).output().unwrap();
        let listed: Value = serde_json::from_slice(&listed.stdout).unwrap();
        let known = listed.as_array().unwrap().iter();
        let ours = known
            .into_iter()
            .find(|one| one["entity_id"].as_str().unwrap().starts_with(&library.address));
        let ours = ours.expect("it is registered");
        assert_eq!(
            (&ours["next"], &ours["sign_in"], &ours["logout"]),
            (&"in_service".into(), &"named".into(), &"without".into()),
            "{ours:#}"
        );
    });
}

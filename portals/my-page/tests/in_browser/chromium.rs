//! A headless Chromium with a profile of its own: its authorities and client certificate in an NSS database. The counter's
//! stories open one too: nothing here names a portal.

use std::{
    fs,
    io::{BufRead as _, BufReader},
    path::{Path, PathBuf},
    process::{Child, ChildStdout, Command, Stdio},
    time::{Duration, Instant},
};

use fantoccini::{Client, ClientBuilder, Locator, elements::Element};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};

/// Selects a client certificate without asking wherever the relay's name asks for one: a person would be shown a choice
/// of one.
pub const POLICY: &str = r#"{"AutoSelectCertificateForUrls":["{\"pattern\":\"https://relay.localhost\",\"filter\":{}}","{\"pattern\":\"https://localhost\",\"filter\":{}}"]}"#;

/// Longer than a page takes on a busy machine; only a failing test waits for it.
const LONG: Duration = Duration::from_secs(40);

/// How a browser is set up.
#[derive(Clone, Copy)]
pub struct Look {
    pub width: u32,
    pub height: u32,
    /// The browser's own text size; 16 is usual.
    pub text: u32,
    pub scripts: bool,
    pub dark: bool,
    pub language: &'static str,
}

pub const DESK: Look = Look {
    width: 1280,
    height: 900,
    text: 16,
    scripts: true,
    dark: false,
    language: "ja",
};

pub struct Chromium {
    pub client: Client,
    _driver: Driver,
    _folder: tempfile::TempDir,
}

/// Ends with its test, however that ends.
struct Driver {
    process: Child,
    /// The profile's folder, which only this driver's browser has in its command line.
    home: PathBuf,
    /// Kept open: a driver that cannot write ends.
    _said: BufReader<ChildStdout>,
}

/// How often a driver may end before it says its port. It looks for one that is free for IPv4 and IPv6 both and ends when
/// somebody took the one it found ("IPv4 port not available"): that is outside our hands, and said each time.
const STARTS: usize = 5;

impl Driver {
    fn start(home: &Path) -> (Self, u16) {
        for start in 1..=STARTS {
            let mut process = Command::new("chromedriver")
                // It takes a free port itself and says which: between asking for one and telling it, another could take it.
                .arg("--port=0")
                .env("HOME", home)
                .env("XDG_CONFIG_HOME", home.join("config"))
                .env("XDG_CACHE_HOME", home.join("cache"))
                .stdout(Stdio::piped())
                .stderr(Stdio::null())
                .spawn()
                .expect("chromedriver runs");
            let mut said = BufReader::new(process.stdout.take().expect("its standard output is piped"));
            let port = port_said(&mut said);
            let driver = Self {
                process,
                _said: said,
                home: home.to_owned(),
            };
            match port {
                Ok(port) => return (driver, port),
                Err(words) => eprintln!("chromedriver ended at start {start} of {STARTS}: {words}"),
            }
        }
        panic!("chromedriver did not start in {STARTS} tries");
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
        // A driver that is killed leaves its browser behind.
        let home = self.home.display().to_string();
        let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
        for process in processes {
            let line = fs::read(process.path().join("cmdline")).unwrap_or_default();
            if String::from_utf8_lossy(&line).contains(&home) {
                let _ = Command::new("kill").arg("-KILL").arg(process.file_name()).output();
            }
        }
    }
}

impl Chromium {
    /// One that believes `authority` (PEM); with a client certificate and its key (PEM) if there is one.
    pub async fn open(authority: &str, look: Look, card: Option<(&str, &str)>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let home = folder.path();
        let database = home.join(".pki/nssdb");
        fs::create_dir_all(&database).unwrap();
        let nss = format!("sql:{}", database.display());
        run("certutil", &["-d", &nss, "-N", "--empty-password"]);
        let pem = file(home, "authority.pem", authority);
        run(
            "certutil",
            &["-d", &nss, "-A", "-n", "authority", "-t", "CT,C,C", "-a", "-i", &pem],
        );
        if let Some((certificate, key)) = card {
            let (certificate, key) = (file(home, "card.pem", certificate), file(home, "card.key", key));
            let bundle = home.join("card.p12").display().to_string();
            run(
                "openssl",
                &[
                    "pkcs12",
                    "-export",
                    "-in",
                    &certificate,
                    "-inkey",
                    &key,
                    "-out",
                    &bundle,
                    "-passout",
                    "pass:tide",
                ],
            );
            run("pk12util", &["-d", &nss, "-i", &bundle, "-W", "tide"]);
        }
        let (driver, port) = Driver::start(home);
        let client = connect(port, home, look).await;
        Self {
            client,
            _driver: driver,
            _folder: folder,
        }
    }

    pub async fn goto(&self, url: &str) {
        self.client.goto(url).await.unwrap();
    }

    /// The element that `css` finds, once it is there.
    pub async fn find(&self, css: &str) -> Element {
        match self.client.wait().at_most(LONG).for_element(Locator::Css(css)).await {
            Ok(element) => element,
            Err(error) => panic!("no {css} ({error}) on {}:\n{}", self.url().await, self.text().await),
        }
    }

    pub async fn click(&self, css: &str) {
        self.find(css).await.click().await.unwrap();
    }

    /// The name by which My Page knows whoever is signed in, from its own page; the browser is back at the first one after.
    pub async fn own_name(&self) -> String {
        self.find("form[action='/log-out']").await;
        let here = self.url().await;
        let origin = here.split('/').take(3).collect::<Vec<_>>().join("/");
        self.goto(&format!("{origin}/me")).await;
        let name = self.find("dd code").await.text().await.unwrap();
        self.goto(&format!("{origin}/")).await;
        self.find("form[action='/log-out']").await;
        name
    }

    /// Waits until the page says `words`.
    pub async fn says(&self, words: &str) {
        let until = Instant::now() + LONG;
        while !self.text().await.contains(words) {
            assert!(
                Instant::now() < until,
                "no {words:?} on {}:\n{}",
                self.url().await,
                self.text().await
            );
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// What a reader reads; empty while a page is on its way.
    pub async fn text(&self) -> String {
        match self.client.find(Locator::Css("body")).await {
            Ok(body) => body.text().await.unwrap_or_default(),
            Err(_) => String::new(),
        }
    }

    pub async fn url(&self) -> String {
        self.client.current_url().await.map(String::from).unwrap_or_default()
    }

    pub async fn evaluate(&self, script: &str) -> Value {
        self.client.execute(script, Vec::new()).await.unwrap()
    }

    /// Presses a key where the focus is.
    pub async fn press(&self, key: &str) {
        self.client
            .active_element()
            .await
            .unwrap()
            .send_keys(key)
            .await
            .unwrap();
    }

    /// Keeps a picture, where somebody wants them.
    pub async fn picture(&self, name: &str) {
        let Some(folder) = std::env::var_os("MADOGUCHI_PICTURES").map(PathBuf::from) else {
            return;
        };
        fs::create_dir_all(&folder).unwrap();
        let picture = self.client.screenshot().await.unwrap();
        fs::write(folder.join(format!("{name}.png")), picture).unwrap();
    }

    pub async fn close(self) {
        let _ = self.client.clone().close().await;
    }
}

/// The port that the driver says it took: "ChromeDriver was started successfully on port 41773."
/// The port that a driver says it took, or all it said before it ended.
fn port_said(said: &mut BufReader<ChildStdout>) -> Result<u16, String> {
    let mut all = String::new();
    loop {
        let begins = all.len();
        let read = said.read_line(&mut all).expect("chromedriver says something");
        let port = all[begins..]
            .trim_end()
            .strip_suffix('.')
            .and_then(|line| line.split("successfully on port ").nth(1));
        match port.and_then(|port| port.parse().ok()) {
            Some(port) => return Ok(port),
            None if read == 0 => return Err(all),
            None => {}
        }
    }
}

async fn connect(port: u16, home: &Path, look: Look) -> Client {
    let size = format!("--window-size={},{}", look.width, look.height);
    let profile = format!("--user-data-dir={}", home.join("profile").display());
    let language = format!("--lang={}", look.language);
    let mut arguments = vec![
        "--headless=new",
        // Chromium's own sandbox needs what this namespace may not give; the pages are ours.
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--hide-scrollbars",
        &size,
        &profile,
        &language,
    ];
    if look.dark {
        arguments.push("--force-dark-mode");
    }
    let mut options = json!({
        "args": arguments,
        "prefs": {
            "webkit.webprefs.default_font_size": look.text,
            "intl.accept_languages": look.language,
            "profile.managed_default_content_settings.javascript": if look.scripts { 1 } else { 2 },
        },
    });
    if look.width < 500 {
        // A window is never so narrow; a telephone's screen is.
        let metrics = json!({ "width": look.width, "height": look.height, "pixelRatio": 1.0 });
        options["mobileEmulation"] = json!({ "deviceMetrics": metrics });
    }
    let Value::Object(capabilities) = json!({ "browserName": "chrome", "goog:chromeOptions": options }) else {
        unreachable!("an object was written");
    };
    let until = Instant::now() + LONG;
    loop {
        let mut builder = ClientBuilder::new(HttpConnector::new());
        match builder
            .capabilities(capabilities.clone())
            .connect(&format!("http://127.0.0.1:{port}"))
            .await
        {
            Ok(client) => return client,
            Err(error) => assert!(Instant::now() < until, "no browser: {error}"),
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

fn file(folder: &Path, name: &str, content: &str) -> String {
    let path = folder.join(name);
    fs::write(&path, content).unwrap();
    path.display().to_string()
}

fn run(program: &str, arguments: &[&str]) {
    let ended = Command::new(program)
        .args(arguments)
        .output()
        .unwrap_or_else(|error| panic!("{program}: {error}"));
    assert!(
        ended.status.success(),
        "{program} {arguments:?}: {}",
        String::from_utf8_lossy(&ended.stderr)
    );
}

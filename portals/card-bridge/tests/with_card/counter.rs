//! A desk with a virtual reader, the bridge beside it, a made-up front that is told of pulled cards, and a browser of
//! the simplest kind.

use std::{
    collections::HashSet,
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use axum::{Router, extract::State, http::StatusCode, routing::post};
use base64::{Engine, engine::general_purpose::STANDARD};
use card::{
    Chip, IssuerMaster, KeyRule, KeySlot, Monitor, PinSlot, ReaderChange, Readers, RsaPublicKey, Sharing, StopMonitor,
    profile::{Profile, ResidentProfile, StaffProfile},
};
use card_bridge::{
    Started,
    config::{Config, Eligibility},
};
use portal_kit::{
    config::Log,
    listener::{Listener, Stop, Stopper},
    tls,
};
use portal_testing::Authority;
use relay_core::{chance::OsChance, clock::SystemClock};
use secrecy::SecretString;
use tokio::runtime::Runtime;
use virtual_card::tray::Tray;

pub const READER: &str = "Virtual PCD 00 00";
/// Whose page may have patients' cards sign.
pub const CLINIC: &str = "https://clinic.example:8443";
/// Longer than any of it takes on a slow machine; only a failing test waits for it.
const LONG: Duration = Duration::from_secs(20);

pub struct Counter {
    pub runtime: Runtime,
    pub front: Front,
    pub bridge: SocketAddr,
    authority: Authority,
    tray: Tray,
    seen: std::sync::mpsc::Receiver<ReaderChange>,
    monitor: StopMonitor,
    config: Config,
    bridge_stop: Stopper,
    bridge_ended: Option<tokio::task::JoinHandle<()>>,
    front_at: SocketAddr,
    front_stop: Option<(Stopper, tokio::task::JoinHandle<()>)>,
    _folder: tempfile::TempDir,
}

/// What the made-up front was told.
#[derive(Clone)]
pub struct Front {
    pub origin: String,
    known: Arc<Mutex<HashSet<String>>>,
    told: Arc<Mutex<Vec<(String, Instant)>>>,
    pulled: Arc<Mutex<Vec<(String, Duration, Instant)>>>,
}

impl Front {
    /// The browser has brought an answer with this token.
    pub fn knows(&self, token: &str) {
        self.known.lock().unwrap().insert(token.to_owned());
    }

    /// When it was told that this token's card is gone.
    pub fn told_of(&self, token: &str) -> Option<Instant> {
        let told = self.told.lock().unwrap();
        told.iter().find(|(gone, _)| gone == token).map(|(_, at)| *at)
    }

    pub fn wait_to_be_told(&self, token: &str) -> Instant {
        until("the front was told", || self.told_of(token))
    }

    /// How often it was told that the card with this certificate was pulled.
    pub fn times_told_of_card(&self, certificate: &[u8]) -> usize {
        let certificate = STANDARD.encode(certificate);
        let pulled = self.pulled.lock().unwrap();
        pulled.iter().filter(|(told, ..)| *told == certificate).count()
    }

    /// Until it was told so a second time.
    pub fn wait_to_be_told_again_of_card(&self, certificate: &[u8]) {
        until("the front was told again", || {
            (self.times_told_of_card(certificate) > 1).then_some(())
        });
    }

    /// When it was told so first, and how long before the card was pulled as the bridge has it.
    pub fn wait_to_be_told_of_card(&self, certificate: &[u8]) -> (Instant, Duration) {
        let certificate = STANDARD.encode(certificate);
        until("the front was told of the card", || {
            let pulled = self.pulled.lock().unwrap();
            let (_, ago, at) = pulled.iter().find(|(told, ..)| *told == certificate)?;
            Some((*at, *ago))
        })
    }
}

/// What `look` sees once it sees it.
fn until<T>(what: &str, look: impl Fn() -> Option<T>) -> T {
    let until = Instant::now() + LONG;
    loop {
        match look() {
            Some(seen) => return seen,
            None => assert!(Instant::now() < until, "{what}"),
        }
        std::thread::sleep(Duration::from_millis(10));
    }
}

async fn pulled(State(front): State<Front>, form: axum::Form<Vec<(String, String)>>) -> StatusCode {
    let [(first, certificate), (second, ago)] = form.0.as_slice() else {
        return StatusCode::BAD_REQUEST;
    };
    assert_eq!((first.as_str(), second.as_str()), ("certificate", "ago"));
    let ago = Duration::from_millis(ago.parse().unwrap());
    let word = (certificate.clone(), ago, Instant::now());
    front.pulled.lock().unwrap().push(word);
    StatusCode::NO_CONTENT
}

async fn gone(State(front): State<Front>, form: axum::Form<Vec<(String, String)>>) -> StatusCode {
    let [(name, token)] = form.0.as_slice() else {
        return StatusCode::BAD_REQUEST;
    };
    if name != "gone" || !front.known.lock().unwrap().contains(token) {
        return StatusCode::NOT_FOUND;
    }
    front.told.lock().unwrap().push((token.clone(), Instant::now()));
    StatusCode::NO_CONTENT
}

impl Counter {
    pub fn open() -> Self {
        let runtime = Runtime::new().unwrap();
        let folder = tempfile::tempdir().unwrap();
        let authority = Authority::new("relay");
        let loopback: SocketAddr = "127.0.0.1:0".parse().unwrap();
        let listener = Listener::bind(loopback, authority.server(&["127.0.0.1"]).for_anyone());
        let listener = runtime.block_on(listener).unwrap();
        let front_at = listener.address();
        let front = Front {
            origin: format!("https://{front_at}"),
            known: Arc::default(),
            told: Arc::default(),
            pulled: Arc::default(),
        };
        let front_stop = runtime.block_on(async { serve(listener, &front) });
        let authorities = folder.path().join("front.pem");
        std::fs::write(&authorities, authority.pem()).unwrap();
        let config = Config {
            address: loopback,
            origins: vec![url::Url::parse(&front.origin).unwrap().origin()],
            authorities,
            reader: Some(READER.to_owned()),
            eligibility: Some(Eligibility {
                origin: url::Url::parse(CLINIC).unwrap().origin(),
                reader: None,
            }),
            every_card: true,
            owed_file: Some(folder.path().join("owed.json")),
            city: None,
            contact: None,
            log: Log {
                json: true,
                level: "trace",
            },
        };
        let addresses = ["127.0.0.1:35963".to_owned(), "127.0.0.1:35964".to_owned()];
        let tray = Tray::open(folder.path(), master(), OsChance, &addresses).unwrap();
        let (monitor, stop_monitor) = Monitor::new();
        let (tell, seen) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            monitor.run(&mut |event| {
                if event.reader == READER {
                    let _closed = tell.send(event.change);
                }
            });
        });
        let (bridge_stop, stop) = Stopper::new();
        let (bridge, ended) = runtime.block_on(async { begin(&config, stop).await });
        let counter = Self {
            runtime,
            front,
            bridge,
            authority,
            tray,
            seen,
            monitor: stop_monitor,
            config,
            bridge_stop,
            bridge_ended: Some(ended),
            front_at,
            front_stop: Some(front_stop),
            _folder: folder,
        };
        counter.wait_for(|change| *change == ReaderChange::ReaderAdded);
        counter
    }

    pub fn end_the_bridge(&mut self) {
        self.bridge_stop.stop();
        if let Some(ended) = self.bridge_ended.take() {
            self.runtime.block_on(ended).unwrap();
        }
    }

    pub fn begin_the_bridge(&mut self) {
        let (stopper, stop) = Stopper::new();
        let (bridge, ended) = self.runtime.block_on(async { begin(&self.config, stop).await });
        (self.bridge, self.bridge_stop, self.bridge_ended) = (bridge, stopper, Some(ended));
    }

    /// The bridge looks into every reader from now on.
    pub fn any_reader(&mut self) {
        self.end_the_bridge();
        self.config.reader = None;
        self.begin_the_bridge();
    }

    /// Until the bridge watches the card with this certificate: it has written so.
    pub fn wait_to_be_watched(&self, certificate: &[u8]) {
        let certificate = STANDARD.encode(certificate);
        let file = self.config.owed_file.as_ref().unwrap();
        until("the card is watched", || {
            let written = std::fs::read(file).ok()?;
            let words: Vec<serde_json::Value> = serde_json::from_slice(&written).unwrap();
            let watched = words
                .iter()
                .any(|owed| owed["word"]["said"]["certificate"] == certificate && owed["pulled_at"].is_null());
            watched.then_some(())
        });
    }

    /// The bridge as a program of its own, with the same configuration; killed when it is let go.
    pub fn begin_a_bridge_that_will_be_killed(&self) -> Killed {
        let folder = self.config.authorities.parent().unwrap();
        let file = folder.join("card-bridge.toml");
        let text = format!(
            "[bridge]\naddress = \"127.0.0.1:0\"\n[front]\norigins = [\"{}\"]\nauthorities = \"front.pem\"\n\
             [watch]\nevery_card = true\nowed_file = \"owed.json\"\n",
            self.front.origin
        );
        std::fs::write(&file, text).unwrap();
        let program = env!("CARGO_BIN_EXE_madoguchi-card-bridge");
        let mut program = std::process::Command::new(program);
        Killed(program.arg("--config").arg(file).spawn().unwrap())
    }

    /// Until the card in the reader is noticed.
    pub fn wait_to_be_inserted(&self) {
        self.wait_for(|change| matches!(change, ReaderChange::Inserted { .. }));
    }

    pub fn front_goes_away(&mut self) {
        let (stopper, serving) = self.front_stop.take().unwrap();
        stopper.stop();
        self.runtime.block_on(serving).unwrap();
    }

    pub fn front_comes_back(&mut self) {
        let listener = Listener::bind(self.front_at, self.authority.server(&["127.0.0.1"]).for_anyone());
        let listener = self.runtime.block_on(listener).unwrap();
        let front = &self.front;
        self.front_stop = Some(self.runtime.block_on(async { serve(listener, front) }));
    }

    pub fn insert(&self, card: &str) {
        self.ask(&format!("insert 0 {card}"));
        self.wait_to_be_inserted();
    }

    /// The card in the reader is taken over into the other one.
    pub fn move_to_the_other_reader(&self, card: &str) {
        self.pull_and_wait();
        self.ask(&format!("insert 1 {card}"));
    }

    pub fn pull_from_the_other_reader(&self) {
        self.ask("remove 1");
    }

    /// Takes the card out; returns at once.
    pub fn pull(&self) {
        self.ask("remove 0");
    }

    pub fn pull_and_wait(&self) {
        self.pull();
        self.wait_for(|change| *change == ReaderChange::Removed);
    }

    fn ask(&self, request: &str) -> Vec<Vec<String>> {
        let reply = self.tray.request(request);
        reply.unwrap_or_else(|error| panic!("{request}: {error}")).rows
    }

    fn wait_for(&self, wanted: impl Fn(&ReaderChange) -> bool) {
        let until = Instant::now() + LONG;
        loop {
            let left = until.saturating_duration_since(Instant::now());
            let change = self.seen.recv_timeout(left).expect("the reader notices it");
            if wanted(&change) {
                return;
            }
        }
    }

    /// A blank put into the reader.
    pub fn insert_blank(&self) -> String {
        let name = self.ask("new")[0][0].clone();
        self.insert(&name);
        name
    }

    /// A resident's card in the reader, with its PIN if there is to be one.
    pub fn insert_resident(&self, pin: Option<&str>) -> Made {
        self.make(pin, |serial, keys, certificates| {
            assert_eq!(keys.len(), 2);
            Profile::resident(&ResidentProfile {
                serial,
                authentication: &certificates[0],
                eligibility: &certificates[1],
            })
        })
    }

    /// A staff card in the reader.
    pub fn insert_staff(&self, password: &str) -> Made {
        self.make(Some(password), |serial, _, certificates| {
            Profile::staff(&StaffProfile {
                serial,
                authentication: &certificates[0],
            })
        })
    }

    fn make(
        &self,
        pin: Option<&str>,
        profile: impl FnOnce(&card::ChipSerial, &[RsaPublicKey], &[Vec<u8>]) -> Profile,
    ) -> Made {
        let card = self.insert_blank();
        let transport = Readers::connect().unwrap().card(READER, Sharing::Exclusive).unwrap();
        let chip = Chip::select(transport).unwrap();
        let serial = chip.serial().clone();
        let mut issuer = chip.personalise(&master(), &mut OsChance).unwrap();
        let staff = pin.is_some_and(|pin| pin.len() > 4);
        let slots: &[(KeySlot, KeyRule)] = match staff {
            true => &[(KeySlot::Authentication, KeyRule::Pin(PinSlot::Holder))],
            false => &[
                (KeySlot::Authentication, KeyRule::Pin(PinSlot::Holder)),
                (KeySlot::Eligibility, KeyRule::Free),
            ],
        };
        let keys: Vec<RsaPublicKey> = slots
            .iter()
            .map(|(slot, rule)| issuer.generate_key(*slot, *rule).unwrap())
            .collect();
        let certificates: Vec<Vec<u8>> = keys
            .iter()
            .map(|key| self.authority.client_with_key("2f6d1c", &key.spki_der()).to_vec())
            .collect();
        let profile = profile(&serial, &keys, &certificates);
        issuer.write(&profile, &mut |_, _| {}).unwrap();
        issuer.close().unwrap();
        if let Some(pin) = pin {
            issuer
                .set_initial_pin(PinSlot::Holder, &SecretString::from(pin))
                .unwrap();
        }
        Made {
            card,
            key: keys[0].clone(),
            keys: keys.clone(),
            certificate: certificates[0].clone(),
            certificates,
        }
    }

    /// What a browser does at the bridge: follows redirects by hand, so that each step can be looked at.
    pub fn browser(&self) -> Browser<'_> {
        Browser {
            counter: self,
            client: self.client(),
        }
    }

    /// What sends its requests.
    pub fn client(&self) -> reqwest::Client {
        reqwest::Client::builder()
            // Not used for anything: pages of the bridge come over plain HTTP. A client without any is not to be had.
            .use_preconfigured_tls(tls::client(self.authority.roots(), None).unwrap())
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .build()
            .unwrap()
    }
}

impl Drop for Counter {
    fn drop(&mut self) {
        let _not_in = self.tray.request("remove 1");
        if self.tray.request("remove 0").is_ok() {
            // The reader must be seen empty before the next counter opens.
            self.wait_for(|change| *change == ReaderChange::Removed);
        }
        self.end_the_bridge();
        self.monitor.stop();
    }
}

fn serve(listener: Listener, front: &Front) -> (Stopper, tokio::task::JoinHandle<()>) {
    let routes = Router::new()
        .route("/card/gone", post(gone))
        .route("/card/pulled", post(pulled))
        .with_state(front.clone());
    let (stopper, stop) = Stopper::new();
    (stopper, tokio::spawn(listener.serve(routes, stop)))
}

async fn begin(config: &Config, stop: Stop) -> (SocketAddr, tokio::task::JoinHandle<()>) {
    let started = Started::new(
        config,
        Arc::new(SystemClock),
        relay_core::chance::SharedChance::of_the_system(),
    )
    .await
    .unwrap();
    (started.address(), tokio::spawn(started.run(stop)))
}

/// A bridge that is given no time to say anything.
pub struct Killed(std::process::Child);

impl Drop for Killed {
    fn drop(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

pub struct Made {
    /// Its name in the tray.
    pub card: String,
    pub key: RsaPublicKey,
    pub keys: Vec<RsaPublicKey>,
    /// Of its authentication key.
    pub certificate: Vec<u8>,
    /// Of all its keys.
    pub certificates: Vec<Vec<u8>>,
}

pub fn master() -> IssuerMaster {
    IssuerMaster::new([0x5a; 32])
}

pub struct Browser<'c> {
    counter: &'c Counter,
    client: reqwest::Client,
}

/// An answer: its status, where it leads, its text.
pub struct Seen {
    pub status: u16,
    pub location: String,
    pub text: String,
    pub policy: String,
}

impl Seen {
    /// The value of a hidden field.
    pub fn field(&self, name: &str) -> String {
        let (_, rest) = self
            .text
            .split_once(&format!("name=\"{name}\" value=\""))
            .unwrap_or_else(|| panic!("no field {name} in {}", self.text));
        let value = rest.split('"').next().unwrap();
        // Base64's plus sign is the one letter that a template escapes in these.
        value.replace("&#43;", "+").replace("&#61;", "=")
    }
}

impl Browser<'_> {
    pub fn get(&self, target: &str) -> Seen {
        self.get_with(target, &[])
    }

    pub fn get_with(&self, target: &str, headers: &[(&str, &str)]) -> Seen {
        self.send(self.client.get(self.url(target)), headers)
    }

    pub fn post(&self, target: &str, body: &str, headers: &[(&str, &str)]) -> Seen {
        let request = self
            .client
            .post(self.url(target))
            .header("content-type", "application/x-www-form-urlencoded")
            .body(body.to_owned());
        self.send(request, headers)
    }

    /// From the front's link to the page that asks for the PIN; its address.
    pub fn follow_the_link(&self, challenge: &str) -> String {
        let seen = self.get(&self.link(challenge, &self.counter.front.origin));
        assert_eq!(seen.status, 303, "{}", seen.text);
        seen.location
    }

    pub fn link(&self, challenge: &str, origin: &str) -> String {
        let query = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("challenge", challenge)
            .append_pair("return", &format!("{origin}/sign-in/bridge?t=1"))
            .finish();
        format!("/sign?{query}")
    }

    /// Types the PIN; the page it leads to.
    pub fn type_pin(&self, ask: &str, pin: &str) -> Seen {
        let sent = self.post(ask, &format!("pin={pin}"), &[("sec-fetch-site", "same-origin")]);
        assert_eq!(sent.status, 303, "{}", sent.text);
        self.get(&sent.location)
    }

    fn url(&self, target: &str) -> String {
        format!("http://{}{target}", self.counter.bridge)
    }

    fn send(&self, mut request: reqwest::RequestBuilder, headers: &[(&str, &str)]) -> Seen {
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.counter.runtime.block_on(async {
            let answer = request.send().await.unwrap();
            let header = |name: &str| {
                let value = answer.headers().get(name);
                value
                    .map(|value| value.to_str().unwrap().to_owned())
                    .unwrap_or_default()
            };
            let (location, policy) = (header("location"), header("content-security-policy"));
            Seen {
                status: answer.status().as_u16(),
                location,
                policy,
                text: answer.text().await.unwrap(),
            }
        })
    }
}

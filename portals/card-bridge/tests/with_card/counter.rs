//! A desk with a virtual reader, the bridge beside it, a made-up front that is told of pulled cards, and a browser of
//! the simplest kind.

use std::{
    collections::HashSet,
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use axum::{Router, extract::State, http::StatusCode, routing::post};
use card::{
    Chip, IssuerMaster, KeyRule, KeySlot, Monitor, PinSlot, ReaderChange, Readers, RsaPublicKey, Sharing, StopMonitor,
    profile::{Profile, ResidentProfile, StaffProfile},
};
use card_bridge::{Started, config::Config};
use portal_kit::{
    config::Log,
    listener::{Listener, Stop, Stopper},
    testing::Authority,
    tls,
};
use relay_core::{chance::OsChance, clock::SystemClock};
use secrecy::SecretString;
use tokio::runtime::Runtime;
use virtual_card::tray::Tray;

pub const READER: &str = "Virtual PCD 00 00";
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
    bridge_stop: Stopper,
    bridge_ended: Option<tokio::task::JoinHandle<()>>,
    _front_stop: Stopper,
    _folder: tempfile::TempDir,
}

/// What the made-up front was told.
#[derive(Clone)]
pub struct Front {
    pub origin: String,
    known: Arc<Mutex<HashSet<String>>>,
    told: Arc<Mutex<Vec<(String, Instant)>>>,
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
        let until = Instant::now() + LONG;
        loop {
            match self.told_of(token) {
                Some(at) => return at,
                None => assert!(Instant::now() < until, "the front was not told"),
            }
            std::thread::sleep(Duration::from_millis(10));
        }
    }
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
        let (front, front_stop) = runtime.block_on(async {
            let listener = Listener::bind(loopback, authority.server(&["127.0.0.1"]).for_anyone())
                .await
                .unwrap();
            let front = Front {
                origin: format!("https://{}", listener.address()),
                known: Arc::default(),
                told: Arc::default(),
            };
            let routes = Router::new().route("/card/gone", post(gone)).with_state(front.clone());
            let (stopper, stop) = Stopper::new();
            tokio::spawn(listener.serve(routes, stop));
            (front, stopper)
        });
        let authorities = folder.path().join("front.pem");
        std::fs::write(&authorities, authority.pem()).unwrap();
        let config = Config {
            address: loopback,
            origins: vec![url::Url::parse(&front.origin).unwrap().origin()],
            authorities,
            reader: Some(READER.to_owned()),
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
            bridge_stop,
            bridge_ended: Some(ended),
            _front_stop: front_stop,
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

    pub fn insert(&self, card: &str) {
        self.ask(&format!("insert 0 {card}"));
        self.wait_for(|change| matches!(change, ReaderChange::Inserted { .. }));
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
    pub fn insert_blank(&self) {
        let name = self.ask("new")[0][0].clone();
        self.insert(&name);
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
        self.insert_blank();
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
            key: keys[0].clone(),
            certificate: certificates[0].clone(),
        }
    }

    /// What a browser does at the bridge: follows redirects by hand, so that each step can be looked at.
    pub fn browser(&self) -> Browser<'_> {
        Browser {
            counter: self,
            client: reqwest::Client::builder()
                // Not used for anything: pages of the bridge come over plain HTTP. A client without any is not to be had.
                .use_preconfigured_tls(tls::client(self.authority.roots(), None).unwrap())
                .redirect(reqwest::redirect::Policy::none())
                .no_proxy()
                .build()
                .unwrap(),
        }
    }
}

impl Drop for Counter {
    fn drop(&mut self) {
        if self.tray.request("remove 0").is_ok() {
            // The reader must be seen empty before the next counter opens.
            self.wait_for(|change| *change == ReaderChange::Removed);
        }
        self.end_the_bridge();
        self.monitor.stop();
    }
}

async fn begin(config: &Config, stop: Stop) -> (SocketAddr, tokio::task::JoinHandle<()>) {
    let started = Started::new(config, Arc::new(SystemClock)).await.unwrap();
    (started.address(), tokio::spawn(started.run(stop)))
}

pub struct Made {
    pub key: RsaPublicKey,
    pub certificate: Vec<u8>,
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

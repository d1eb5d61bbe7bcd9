//! A clinic's portal at a relay that takes workers' cards, with a receptionist signed in at its desk.

use std::{fs, net::SocketAddr, path::PathBuf, sync::Arc};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use eligibility::{Clinic, Config, PORTAL};
use portal_kit::listener::Stopper;
use provider_records_testing::TestProvider;
use relay_core::{
    chance::SharedChance,
    clock::SystemClock,
    eligibility::{Challenge, card_text},
    registration::CardUse,
};
use relay_testing::{
    Answer, Browser, CardAuthority, Relay, TestCard,
    portal::{Files, KnownRelay},
};
use uuid::Uuid;

pub const CLINIC: &str = "https://shiokaze.clinic.example/saml";

pub struct Desk {
    pub address: String,
    pub database: TestProvider,
    pub browser: Browser,
    /// Where the clinic's own system asks.
    pub fhir: Option<SocketAddr>,
    /// Of its configuration.
    pub folder: PathBuf,
    _files: Files,
    stopper: Stopper,
}

impl Drop for Desk {
    fn drop(&mut self) {
        self.stopper.stop();
    }
}

/// A patient's second key: no PIN.
pub async fn eligibility_card(relay: &Relay, person: Uuid) -> TestCard {
    let card = relay.cards.eligibility();
    relay
        .register_person(person, &card.certificate, CardUse::Eligibility)
        .await;
    card
}

/// Makes `relay` take the cards of workers too, as its operators configure it.
pub async fn take_workers(relay: &mut Relay) -> CardAuthority {
    let workers = CardAuthority::new("workers");
    fs::write(relay.path().join("workers.pem"), workers.pem()).unwrap();
    relay
        .reconfigure("[cards]\n", "[cards]\nworkers = \"workers.pem\"\n")
        .await;
    workers
}

impl Desk {
    /// The clinic's portal in service at `relay`; a worker of `workers` signed in.
    pub async fn open(relay: &mut Relay, workers: &CardAuthority) -> Self {
        Self::open_with(relay, workers, "").await
    }

    /// The same with `more` in its configuration.
    pub async fn open_with(relay: &mut Relay, workers: &CardAuthority, more: &str) -> Self {
        let card = workers.worker();
        relay.register(&card.certificate, CardUse::Authentication).await;
        let desk = Self::closed(relay, &card, more).await;
        let signed_in = desk.sign_in(relay).await;
        assert_eq!(signed_in.status, 303, "{}", signed_in.body);
        desk
    }

    /// The same before anybody signed in, with `more` in its `[clinic]`.
    pub async fn closed(relay: &mut Relay, card: &TestCard, more: &str) -> Self {
        let known = KnownRelay::of(relay).await;
        let database = provider_records_testing::open(11).await.expect("a database is made");
        let files = Files::write((&PORTAL, CLINIC, "localhost"), &relay.authority, &database, &known);
        let file = files.folder.path().join("clinic.toml");
        let text = format!(
            "[clinic]\nname = \"しおかぜ内科クリニック 受付1\"\ncode = \"4212345678\"\nbridge = \"http://127.0.0.1:47100\"\n\
             service = \"{}\"\ncovers = [\"汐見市国民健康保険\"]\n{more}",
            files.file(&PORTAL).display()
        );
        fs::write(&file, text).unwrap();
        portal_testing::secret(&files.folder.path().join("fhir-token"), "a-token-of-this-desk\n").unwrap();
        for name in ["res", "work"] {
            fs::create_dir(files.folder.path().join(name)).unwrap();
        }
        let config = Config::load(&file).unwrap_or_else(|error| panic!("{error}"));
        let clinic = Clinic::load(config, Arc::new(SystemClock), SharedChance::of_the_system());
        let clinic = clinic.unwrap_or_else(|error| panic!("{error}"));
        let metadata = clinic.service().metadata().expect("metadata are written");
        let started = clinic.listen().await.unwrap_or_else(|error| panic!("{error}"));
        let (stopper, stop) = Stopper::new();
        let fhir = started.fhir_address();
        tokio::spawn(started.run(stop));
        let encryption = fs::read_to_string(files.folder.path().join("encryption.pem")).unwrap();
        relay.join_metadata(CLINIC, &metadata, &encryption).await;
        Self {
            address: files.address.clone(),
            database,
            browser: Browser::with_card(relay, card),
            fhir,
            folder: files.folder.path().to_owned(),
            _files: files,
            stopper,
        }
    }

    /// From the link to the answer of the relay.
    pub async fn sign_in(&self, relay: &Relay) -> Answer {
        let sent = self.browser.get(&self.at("/sign-in?to=/")).await;
        let asked = self.browser.begin(&sent.location.expect("sent to the relay")).await;
        let answered: Answer = match asked.link("/card/", relay) {
            Some(card) => self.browser.get(&card).await,
            None => asked,
        };
        match answered.fields().contains_key("SAMLResponse") {
            true => self.browser.press(&answered).await,
            false => answered,
        }
    }

    pub fn at(&self, path: &str) -> String {
        format!("{}{path}", self.address)
    }

    /// What the desk's script asks for: a challenge, or the trouble that there is none.
    pub async fn challenge(&self) -> Result<Challenge, String> {
        let answer = self.browser.post(&self.at("/challenge"), &[]).await;
        serde_json::from_str(&answer.body).map_err(|_| answer.body)
    }

    /// `card` laid down: signed by the bridge, brought by the page's form; the screen that follows.
    pub async fn lay_down(&self, card: &TestCard) -> String {
        let challenge = self.challenge().await.unwrap_or_else(|body| panic!("{body}"));
        let signature = card.sign(&card_text(&challenge.origin, &challenge.challenge));
        self.bring(&challenge, &card.certificate, &signature).await
    }

    /// What a signature brings to the screen.
    pub async fn bring(&self, challenge: &Challenge, certificate: &[u8], signature: &[u8]) -> String {
        let page = self.browser.get(&self.at("/")).await;
        let token = page.body.split("name=\"token\" value=\"").last();
        let token = token
            .and_then(|rest| rest.split('"').next())
            .expect("a token")
            .to_owned();
        let (certificate, signature) = (STANDARD.encode(certificate), STANDARD.encode(signature));
        let fields = [
            ("token", token.as_str()),
            ("challenge", &challenge.challenge),
            ("proof", &challenge.proof),
            ("certificate", &certificate),
            ("signature", &signature),
        ];
        let sent = self.browser.post(&self.at("/check"), &fields).await;
        assert_eq!(sent.status, 303, "{}", sent.body);
        self.browser.get(&self.at(&sent.location.unwrap())).await.body
    }
}

/// Which of the answers stands on the screen, and its word.
pub fn verdict(screen: &str) -> (String, String) {
    let between = |from: &str, to: &str| {
        let rest = screen.split(from).nth(1).unwrap_or_else(|| panic!("{from}: {screen}"));
        rest.split(to).next().unwrap().to_owned()
    };
    (
        between("data-verdict=\"", "\""),
        between("</svg><span>", "</span></h1>"),
    )
}

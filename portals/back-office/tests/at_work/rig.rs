//! A relay, My Page, and providers as their operators set them up.

use std::{fs, sync::Arc};

use back_office::{Config, Office, import};
use back_office_records::{LinkReport, NewLoad, Signed, Terms as Agreed, migrations};
use my_page::MY_PAGE;
use portal_kit::{listener::Stopper, operators::OperatorKey};
use provider_records_testing::TestProvider;
use relay_core::{
    chance::SharedChance,
    clock::{Clock as _, SystemClock},
};
use relay_records::front::Terms;
use relay_testing::{
    Answer, Browser, Relay, TestCard, TestPortal,
    portal::{Files, KnownRelay},
};
use secrecy::ExposeSecret as _;
use store::testing::{Recipe, TestDatabase};
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

pub const PAGE: &str = "https://my-page.shiomi.example/saml";
/// Whoever asks in these tests.
const ASKERS: [&str; 3] = [
    PAGE,
    "https://school.example/saml",
    "https://shiokaze.clinic.example/saml",
];
/// What the owner of the insurance records hands over.
pub const COVERAGE: &str = "person,kana,born,insurer-number,insurer-name,symbol,number,branch,valid-from,valid-until,ended-because,share,card-until,certificate\n\
    100-01,ウミノ ナギサ,1950-01-02,429996,汐見市国民健康保険,汐,100,01,2024-04-01,,,3,2027-08-01,一般\n\
    100-01,ウミノ ナギサ,1950-01-02,429996,汐見市国民健康保険,汐,88,01,2015-04-01,2023-03-31,社会保険に加入,3,,一般\n\
    200-01,イソベ ミオ,1980-05-06,429996,汐見市国民健康保険,汐,200,01,2020-04-01,2025-03-31,社会保険に加入,3,,一般\n";
const USER: &str = "back_office_under_test";

/// A provider, running.
pub struct Provider {
    pub entity: String,
    pub office: Arc<Office>,
    pub database: TestDatabase,
    pub service_database: TestProvider,
    pub files: Files,
    /// Of this provider, and of whoever asks it.
    pub signers: [OperatorKey; 2],
    stopper: Stopper,
}

impl Drop for Provider {
    fn drop(&mut self) {
        self.stopper.stop();
    }
}

impl Provider {
    /// The provider of records of `kind`, in service at `relay`.
    pub async fn start(relay: &mut Relay, kind: &str) -> Self {
        let known = KnownRelay::of(relay).await;
        let entity = format!("https://{kind}.shiomi.example/saml");
        let service_database = provider_records_testing::open(9).await.expect("a database is made");
        let at = (&MY_PAGE, entity.as_str(), "localhost");
        let files = Files::write(at, &relay.authority, &service_database, &known);
        let database = store::testing::database(&Recipe {
            name: "back_office",
            runner: migrations(),
            owner: "back_office_under_test_owner",
            users: &[USER],
        })
        .await
        .expect("a database is made");
        let folder = files.folder.path();
        let door = database.door(USER);
        portal_testing::secret(&folder.join("records-password"), door.password.expose_secret()).unwrap();
        let signers = ["ours", "theirs"].map(|name| OperatorKey::generate(name).unwrap());
        let file = folder.join("back-office.toml");
        let text = format!(
            "[office]\ncode = \"{kind}\"\nname_ja = \"汐見市 {kind} 課\"\nname_en = \"Shiomi {kind}\"\n\
             service = \"{}\"\nschema = \"{kind}\"\n[records]\nhost = \"{}\"\nport = {}\nname = \"{}\"\n\
             user = \"{USER}\"\npassword_file = \"records-password\"\n[seal]\nkeys_file = \"seal.toml\"\n\
             [agreements]\nprovider = [\"{}\"]\naskers = {{ {} }}\n",
            files.file(&MY_PAGE).display(),
            door.host,
            door.port,
            door.database,
            signers[0].operator().to_text(),
            ASKERS
                .map(|asker| format!("\"{asker}\" = \"{}\"", signers[1].operator().to_text()))
                .join(", "),
        );
        fs::write(&file, text).unwrap();
        let config = Config::load(&file).unwrap_or_else(|error| panic!("{error}"));
        let office = Office::load(&config, Arc::new(SystemClock), SharedChance::of_the_system());
        let office = Arc::new(office.unwrap_or_else(|error| panic!("{error}")));
        let started = Arc::clone(&office)
            .listen()
            .await
            .unwrap_or_else(|error| panic!("{error}"));
        let (stopper, stop) = Stopper::new();
        let metadata = office.service().metadata().expect("metadata are written");
        tokio::spawn(started.run(stop));
        let encryption = fs::read_to_string(folder.join("encryption.pem")).unwrap();
        relay.join_metadata(&entity, &metadata, &encryption).await;
        Self {
            entity,
            office,
            database,
            service_database,
            files,
            signers,
            stopper,
        }
    }

    /// Where it is asked.
    pub fn address(&self) -> String {
        format!("{}{}", self.files.address, back_office::PATH)
    }

    /// Stops answering.
    pub fn stop(&self) {
        self.stopper.stop();
    }

    /// Takes over `csv`, as of an hour ago.
    pub async fn take_over(&self, csv: &str) {
        self.take_over_as_of(csv, SystemClock.now() - Duration::HOUR).await;
    }

    pub async fn take_over_as_of(&self, csv: &str, as_of: OffsetDateTime) {
        let rows = csv::Reader::from_reader(csv.as_bytes()).records().count();
        let read =
            import::read(self.office.schema(), csv.as_bytes(), Some(rows)).unwrap_or_else(|error| panic!("{error}"));
        let load = NewLoad {
            kind: &self.office.schema().kind,
            as_of,
            by: "test",
            sha256: read.sha256,
            records: &read.records,
        };
        let records = self.office.records();
        let last = records.difference(&load).await.unwrap().last.map(|last| last.id);
        records.take_over(&load, last, SystemClock.now()).await.unwrap();
    }

    /// Links everybody whose kana name `known` has, as an office does: by a list that goes out and comes back.
    pub async fn link(&self, relay: &Relay, known: &[(&str, Uuid)]) -> LinkReport {
        let rows = self.office.records().begin_linking().await.unwrap();
        let matched: Vec<_> = rows
            .iter()
            .filter_map(|row| {
                let (_, person) = known.iter().find(|(kana, _)| *kana == row.identity.kana)?;
                Some((row.row, *person))
            })
            .collect();
        let mut lines = Vec::new();
        for (row, name) in relay.link(&self.entity, &matched).await.names {
            lines.push((Some(row), "found", name));
        }
        for row in rows
            .iter()
            .filter(|row| matched.iter().all(|(found, _)| *found != row.row))
        {
            lines.push((Some(row.row), "nobody", String::new()));
        }
        self.answer(&lines).await
    }

    /// The name here of `person`, sealed to this provider, as the roster's office is given it.
    pub async fn sealed_name(&self, relay: &Relay, person: Uuid) -> String {
        let named = relay.link(&self.entity, &[(Uuid::nil(), person)]).await;
        named.names.into_iter().next().expect("a name").1
    }

    /// Takes a list back with `lines`: row, result, sealed name.
    pub async fn answer(&self, lines: &[(Option<Uuid>, &str, String)]) -> LinkReport {
        let mut answer = String::from("row,result,name\n");
        for (row, result, name) in lines {
            let row = row.map(|row| row.to_string()).unwrap_or_default();
            answer.push_str(&format!("{row},{result},\"{}\"\n", name.replace('"', "\"\"")));
        }
        answer.push_str(&relay_core::list::end_line(lines.len()));
        self.office.take_links(answer.as_bytes(), "test").await.unwrap()
    }

    /// Both sides agree that `asker` is given everything for the person's own view.
    pub async fn agree(&self, relay: &Relay, asker: &str) {
        self.agree_for(relay, asker, "own-view").await;
    }

    /// The same for another `purpose`.
    pub async fn agree_for(&self, relay: &Relay, asker: &str, purpose: &str) {
        let records = self.office.records();
        let today = SystemClock.now().date();
        let kind = self.office.schema().kind.clone();
        let agreed = Agreed {
            asker: asker.to_owned(),
            asker_name: if asker == PAGE {
                "マイページ"
            } else {
                "しおかぜ内科クリニック"
            }
            .to_owned(),
            kind: kind.clone(),
            purposes: vec![purpose.to_owned()],
            items: vec!["*".to_owned()],
            fresh_hours: 24,
            responsible: "国保年金課".to_owned(),
            policy: "2026-04".to_owned(),
            checked_until: today + Duration::days(30),
        };
        let edition = records.next_edition(asker, &kind).await.unwrap();
        let sign = |key: &OperatorKey| Signed {
            by: key.operator().name().to_owned(),
            signature: key.sign(agreed.words(edition).as_bytes()),
        };
        let [ours, theirs] = &self.signers;
        records.propose(edition, &agreed, &sign(ours)).await.unwrap();
        let which = (asker, kind.as_str(), edition);
        records.approve(which, &sign(theirs)).await.unwrap();
        let terms = Terms {
            asker: asker.to_owned(),
            service_type: self.office.schema().service_type.clone(),
            provider: self.entity.clone(),
            address: self.address(),
            about: "資格".to_owned(),
            until: today + Duration::days(30),
        };
        let now = SystemClock.now();
        let edition = relay.records.propose_agreement("hama", &terms, now).await.unwrap();
        let which = (asker, terms.service_type.as_str(), edition);
        relay.records.approve_agreement("iso", which, now).await.unwrap();
    }
}

/// My Page in service at `relay`.
pub async fn my_page(relay: &mut Relay) -> TestPortal {
    let known = KnownRelay::of(relay).await;
    let page = TestPortal::start((&MY_PAGE, PAGE, "localhost"), &relay.authority, &known).await;
    relay.join_metadata(PAGE, &page.metadata, &page.encryption).await;
    page
}

/// A resident with a card.
pub struct Resident {
    pub person: Uuid,
    pub card: TestCard,
}

pub async fn resident(relay: &Relay, number: u128) -> Resident {
    let person = Uuid::from_u128(0x5eed_0000_0000_4000_8000_0000_0000_0000 + number);
    let card = relay.cards.authentication();
    relay
        .register_person(
            person,
            &card.certificate,
            relay_core::registration::CardUse::Authentication,
        )
        .await;
    Resident { person, card }
}

/// Signed in at My Page.
pub async fn sign_in(relay: &Relay, page: &TestPortal, card: &TestCard) -> Browser {
    let browser = Browser::with_card(relay, card);
    let sent = browser.get(&page.at("/sign-in?to=/")).await;
    let asked = browser.begin(&sent.location.expect("sent to the relay")).await;
    let answered: Answer = match asked.link("/card/", relay) {
        Some(card) => browser.get(&card).await,
        None => asked,
    };
    let back = browser.press(&answered).await;
    assert_eq!(back.status, 303, "{}", back.body);
    browser
}

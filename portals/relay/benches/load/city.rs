//! A city's registrations at the front: thousands of cards that sign in, among as many other rows as the city has
//! people.

use std::net::{IpAddr, Ipv4Addr};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use relay_core::{
    chance::{Chance, OsChance, draw},
    pseudonym::PolymorphicPseudonym,
    seal::Place,
};
use relay_records::front::FrontError;
use relay_saml::fingerprint;
use relay_testing::{FrontProcess, Relay, TestCard, TestService};
use store::{Isolation, Store, StoreError, Type, testing::LoneCluster};
use time::OffsetDateTime;
use uuid::Uuid;

/// The service that everybody signs in at.
const CLINIC: &str = "https://clinic.example/saml";
/// How many people sign in, each of another row; the others are only there.
const VISITORS: usize = 2_000;
/// RSA keys are slow to make: so many, in turn.
const KEYS: usize = 8;
/// Rows in one transaction of the filling.
const TOGETHER: usize = 50_000;

/// A relay whose front has so many registrations.
pub struct City {
    pub persons: usize,
    pub relay: Relay,
    pub clinic: TestService,
    pub visitors: Vec<Visitor>,
    pub front: FrontProcess,
}

/// Somebody with a card.
pub struct Visitor {
    pub card: TestCard,
    /// The certificate as the bridge posts it.
    pub certificate: String,
    /// Where the requests come from: the front gives each address its allowance.
    pub address: IpAddr,
}

impl City {
    /// A city of `persons`, its records in `cluster`, both halves running as processes.
    pub async fn start(cluster: &LoneCluster, persons: usize) -> Self {
        let mut relay = Relay::start_wholly_on(cluster).await;
        let clinic = TestService::start(&relay, CLINIC).await;
        relay.join(&clinic).await;
        // The office is known as a sender once it has sent something.
        relay.card().await;
        let visitors = visitors(&relay, VISITORS.min(persons));
        fill(&relay, &visitors, persons).await.expect("a city can be filled in");
        relay.front_database.vacuum().expect("the filled table is tidied");
        relay.stop_front().await;
        let front = FrontProcess::start(&relay).await;
        Self {
            persons,
            relay,
            clinic,
            visitors,
            front,
        }
    }
}

fn visitors(relay: &Relay, count: usize) -> Vec<Visitor> {
    let keys: Vec<_> = (0..KEYS).map(|_| relay.cards.authentication()).collect();
    (0..count)
        .map(|number| {
            let card = relay.cards.another_with_the_key_of(&keys[number % KEYS]);
            let [high, low] = u16::try_from(number).unwrap_or_default().to_be_bytes();
            Visitor {
                certificate: STANDARD.encode(&card.certificate),
                card,
                address: IpAddr::V4(Ipv4Addr::new(127, 16, high, low)),
            }
        })
        .collect()
}

/// Writes the visitors' rows spread evenly among the others'. All ciphertexts are good ones, so that the table can be
/// rotated too; the others' are some thousand different ones over and over, each sealed to its own row.
async fn fill(relay: &Relay, visitors: &[Visitor], persons: usize) -> Result<(), FrontError> {
    let store = Store::new(&relay.front_database.superuser());
    let some: Vec<_> = (0..1_000).map(|_| relay.pseudonym_of(fresh())).collect();
    let every = persons / visitors.len();
    for from in (0..persons).step_by(TOGETHER) {
        let rows: Vec<_> = (from..persons.min(from + TOGETHER))
            .map(|at| match visitors.get(at / every).filter(|_| at % every == 0) {
                Some(visitor) => row(fingerprint(&visitor.card.certificate), &relay.pseudonym_of(fresh())),
                None => row(draw(&mut OsChance), &some[at % some.len()]),
            })
            .collect();
        copy(&store, &rows).await?;
    }
    Ok(())
}

/// Registration, the certificate's hash, the sealed ciphertext.
type Row = (Uuid, [u8; 32], Vec<u8>);

fn row(certificate_sha256: [u8; 32], pseudonym: &PolymorphicPseudonym) -> Row {
    let registration = fresh();
    let place = Place {
        table: "front.holder",
        row: registration.as_bytes(),
        column: "pseudonym",
    };
    let sealed =
        relay_records_testing::front::sealer().seal(place, pseudonym.as_bytes(), &mut OsChance as &mut dyn Chance);
    (registration, certificate_sha256, sealed)
}

async fn copy(store: &Store, rows: &[Row]) -> Result<(), StoreError> {
    let sql = "COPY front.holder (registration, sender, certificate_sha256, use, state, pseudonym, edition, since)
        FROM STDIN BINARY";
    let types = &[
        Type::UUID,
        Type::TEXT,
        Type::BYTEA,
        Type::TEXT,
        Type::TEXT,
        Type::BYTEA,
        Type::INT4,
        Type::TIMESTAMPTZ,
    ];
    let patience = std::time::Duration::from_secs(120);
    store
        .run_as("fill", Isolation::RepeatableRead, patience, |tx| async move {
            let mut writer = std::pin::pin!(tx.copy_in(sql, types).await?);
            let since = OffsetDateTime::now_utc().truncate_to_hour();
            for (registration, certificate, sealed) in rows {
                let certificate = certificate.as_slice();
                tx.answered(writer.as_mut().write(&[
                    registration,
                    &"shiomi-office",
                    &certificate,
                    &"authentication",
                    &"active",
                    sealed,
                    &1_i32,
                    &since,
                ]))
                .await?;
            }
            tx.answered(writer.as_mut().finish()).await.map(drop)
        })
        .await
}

fn fresh() -> Uuid {
    Uuid::from_bytes(draw(&mut OsChance))
}

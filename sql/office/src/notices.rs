//! Notices on paper: facts handed in for a run, the ledger of wishes, and everyone whom a run looks at.

mod bundles;
mod facts;
mod refusal;
mod runs;
mod wishes;

use std::{collections::HashMap, time::Duration};

use issuance::{
    case::ResidentId,
    notice::{
        Addressee,
        handed_in::Facts,
        recipients::Candidate,
        template::{Fact, Recipients, Source, Template, Value},
    },
};
use serde::{Deserialize, Serialize};
use store::{Isolation, Row, Tx};
use uuid::Uuid;

pub use bundles::{Bundle, BundleMade, Printing, Sending};
pub use facts::{FactsImport, FactsToImport};
pub use refusal::NoticeRefusal;
pub use runs::{NewRun, NoticeRun, PostedLetter, Sent, Unset, UnsetLetter};
pub use wishes::Wish;

use crate::{Office, OfficeError, roster};

const FACTS: &str = "office.notice_fact";
const WISHES: &str = "office.notice_wish";

/// Everyone a notice's run looks at.
pub struct Population {
    pub people: Vec<Candidate>,
    /// The file whose facts they have; `None` where the notice needs none, or none was taken in.
    pub import: Option<i64>,
}

/// A place to send to, as it is sealed.
#[derive(Serialize, Deserialize)]
struct Place {
    name: String,
    postal_code: String,
    address_lines: Vec<String>,
}

/// Rows opened by one thread at a time.
const SHARE: usize = 4_000;

impl Office {
    /// Everyone, with what the newest file for `template` says of them and what they wish of letters.
    ///
    /// # Errors
    /// [`OfficeError`]
    pub async fn notice_population(&self, template: &Template) -> Result<Population, OfficeError> {
        let kind = template.name.as_str();
        let from_file = template.recipients == Recipients::File;
        let waiting = template.recipients == Recipients::CardsWaiting;
        let (rows, import, facts, wishes, cards) = self
            .store
            .run_as(
                "notice_population",
                Isolation::RepeatableRead,
                Duration::from_secs(60),
                |tx| async move {
                    let import = match from_file {
                        true => newest_import(&tx, kind).await?,
                        false => None,
                    };
                    let rows = tx
                        .query(
                            "-- notice_population\n\
                             SELECT p.id, p.identity, p.residence, p.gone_at IS NOT NULL AS gone,\n\
                             EXISTS (SELECT FROM office.notice_letter l WHERE l.resident = p.id AND l.returned_at IS NOT NULL\n\
                             AND l.returned_import >= p.changed_by) AS returned FROM office.resident p ORDER BY p.id",
                            &[],
                        )
                        .await?;
                    let facts = tx
                        .query(
                            "-- notice_facts\nSELECT resident, facts FROM office.notice_fact WHERE import = $1",
                            &[&import],
                        )
                        .await?;
                    let wishes = tx
                        .query(
                            "-- notice_wishes\n\
                             SELECT id, resident, wish, place FROM office.notice_wish\n\
                             WHERE ended_at IS NULL AND (kind IS NULL OR kind = $1) ORDER BY kind NULLS FIRST",
                            &[&kind],
                        )
                        .await?;
                    let cards = match waiting {
                        true => cards_waiting(&tx).await?,
                        false => Vec::new(),
                    };
                    Ok::<_, OfficeError>((rows, import, facts, wishes, cards))
                },
            )
            .await?;
        let sealed: HashMap<Uuid, &[u8]> = facts.iter().map(|row| (row.get(0), row.get(1))).collect();
        let open = |rows: &[Row]| -> Result<Vec<Candidate>, OfficeError> {
            rows.iter().map(|row| self.candidate(row, import, &sealed)).collect()
        };
        let open = &open;
        // Opening ninety thousand rows is what this takes its time for: on every core there is.
        let shares = std::thread::scope(|scope| {
            let threads: Vec<_> = rows
                .chunks(SHARE.max(rows.len().div_ceil(8)))
                .map(|share| scope.spawn(move || open(share)))
                .collect();
            let joined = threads
                .into_iter()
                .map(|thread| thread.join().unwrap_or(Err(OfficeError::Unreadable(FACTS))));
            joined.collect::<Result<Vec<_>, _>>()
        })?;
        let mut people: Vec<Candidate> = shares.into_iter().flatten().collect();
        let places: HashMap<Uuid, usize> = people.iter().enumerate().map(|(at, one)| (one.id.uuid(), at)).collect();
        for row in &wishes {
            let Some(at) = places.get(&row.get::<_, Uuid>("resident")) else {
                continue;
            };
            match row.get("wish") {
                "no_paper" => people[*at].no_paper = true,
                // The last is the one for this notice alone.
                _ => people[*at].send_to = Some(self.place(row.get("id"), row.get("place"))?),
            }
        }
        for row in &cards {
            let Some(at) = places.get(&row.get::<_, Uuid>("resident")) else {
                continue;
            };
            let number = format!("{}-{:06}", row.get::<_, i16>("year"), row.get::<_, i32>("serial"));
            people[*at].facts = Some(from_records(template, &number));
        }
        Ok(Population { people, import })
    }

    fn candidate(
        &self,
        row: &Row,
        import: Option<i64>,
        sealed: &HashMap<Uuid, &[u8]>,
    ) -> Result<Candidate, OfficeError> {
        let id: Uuid = row.get("id");
        let resident = roster::resident(
            self.open_identity(id, row.get("identity"))?,
            self.open_residence(id, row.get("residence"))?,
        )?;
        let facts = match (sealed.get(&id), import) {
            (Some(sealed), Some(import)) => Some(self.open_facts(import, id, sealed)?),
            _ => None,
        };
        Ok(Candidate {
            id: ResidentId::from_uuid(id),
            resident,
            gone: row.get("gone"),
            no_paper: false,
            send_to: None,
            returned: row.get("returned"),
            facts,
        })
    }

    fn open_facts(&self, import: i64, resident: Uuid, sealed: &[u8]) -> Result<Facts, OfficeError> {
        self.open_value(FACTS, resident, &facts::column(import), sealed)
    }

    fn place(&self, id: Uuid, sealed: &[u8]) -> Result<Addressee, OfficeError> {
        let place: Place = self.open_value(WISHES, id, "place", sealed)?;
        Ok(Addressee {
            postal_code: place.postal_code,
            address_lines: place.address_lines,
            name: place.name,
        })
    }
}

/// Cases whose card is made and waits at the counter.
async fn cards_waiting(tx: &Tx) -> Result<Vec<Row>, OfficeError> {
    Ok(tx
        .query(
            "-- cards_waiting\n\
             SELECT resident, year, serial FROM office.card_case\n\
             WHERE state = 'made' AND closed_at IS NULL AND delivery IS DISTINCT FROM 'restricted_post' ORDER BY year, serial",
            &[],
        )
        .await?)
}

/// The facts that a letter takes from the records of a card: `case`, its case's number.
fn from_records(template: &Template, case: &str) -> Facts {
    let fact = |fact: &Fact| match (&fact.source, fact.name.as_str()) {
        (Source::Records, "case") => Value::Text(case.to_owned()),
        _ => Value::Text(String::new()),
    };
    Facts {
        facts: template.facts.iter().map(fact).collect(),
        rows: Vec::new(),
    }
}

/// The newest file taken in for `kind`.
async fn newest_import(tx: &Tx, kind: &str) -> Result<Option<i64>, OfficeError> {
    let row = tx
        .query_one(
            "-- newest_notice_import\nSELECT max(number) FROM office.notice_import WHERE kind = $1",
            &[&kind],
        )
        .await?;
    Ok(row.get(0))
}

//! Matching a provider's list with the roster, for linking its records to persons (参考C3). Only ids leave this crate.

use std::collections::HashMap;

use issuance::{
    acts::{AuditAct as _, RecordsLinkWithdrawn, RecordsMatched},
    case::ResidentId,
    era::WrittenDate,
    name::search_form,
};
use serde_json::json;
use uuid::Uuid;

use crate::{Act, Office, OfficeError, act::About};

/// Whom a line of a list may be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alike {
    /// The person's id, from which the registrar makes the origin.
    pub person: Uuid,
    /// Which origin of the person counts: one more each time a wrong link was mended.
    pub edition: u32,
}

/// What the roster says to one line of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Match {
    /// Exactly one resident, whom no other line of the list is.
    Found(Alike),
    Nobody,
    /// Several residents have this name and birthday.
    Several(Vec<Alike>),
    /// One resident, whom another line of the list is too: a person has to say which line is meant, or that both are.
    Doubled(Alike),
}

/// Which origin counts: one more than the cards' registrations were mended.
const EDITION: &str = "coalesce((SELECT max(g.edition) FROM office.registration g\n\
     JOIN office.card k ON k.id = g.card WHERE k.resident = r.id), 0)";

impl Office {
    /// What the roster says to each of `lines`, a reading of a name and a birthday.
    ///
    /// # Errors
    /// [`OfficeError`]
    pub async fn match_residents(&self, lines: &[(String, WrittenDate)]) -> Result<Vec<Match>, OfficeError> {
        let indexes: Vec<Vec<u8>> = lines
            .iter()
            .map(|(kana, born)| self.likeness_of(&search_form(kana), born).to_vec())
            .collect();
        let indexes = &indexes;
        self.read("match_residents", |tx| async move {
            let rows = tx
                .query(
                    &format!(
                        "-- match_residents\nSELECT r.likeness_index, r.id, {EDITION}\n\
                         FROM office.resident r WHERE r.likeness_index = ANY ($1) AND r.gone_at IS NULL"
                    ),
                    &[indexes],
                )
                .await?;
            let mut residents: HashMap<Vec<u8>, Vec<Alike>> = HashMap::new();
            for row in &rows {
                residents.entry(row.get(0)).or_default().push(Alike {
                    person: row.get(1),
                    edition: row.get::<_, i32>(2).unsigned_abs(),
                });
            }
            let mut lines_of: HashMap<&[u8], u32> = HashMap::new();
            for index in indexes {
                *lines_of.entry(index).or_default() += 1;
            }
            let matched = indexes.iter().map(|index| {
                let alike = residents.get(index).map_or(&[][..], Vec::as_slice);
                match alike {
                    [] => Match::Nobody,
                    [one] if lines_of.get(index.as_slice()).is_some_and(|lines| *lines > 1) => {
                        Match::Doubled(one.clone())
                    }
                    [one] => Match::Found(one.clone()),
                    several => Match::Several(several.to_vec()),
                }
            });
            Ok(matched.collect())
        })
        .await
    }

    /// The resident with 宛名番号 `number`, as links are made for; whoever moved away too, whose links may still be wrong.
    ///
    /// # Errors
    /// [`OfficeError::NotFound`]
    pub async fn person_of_number(&self, number: &str) -> Result<Alike, OfficeError> {
        let index = self.number_index(number);
        self.read("person_of_number", |tx| async move {
            let row = tx
                .query_opt(
                    &format!(
                        "-- person_of_number\nSELECT r.id, {EDITION} FROM office.resident r WHERE r.number_index = $1"
                    ),
                    &[&index.as_slice()],
                )
                .await?;
            let row = row.ok_or(OfficeError::NotFound("resident"))?;
            Ok(Alike {
                person: row.get(0),
                edition: row.get::<_, i32>(1).unsigned_abs(),
            })
        })
        .await
    }

    /// Records that a provider's list was matched and its answer made.
    ///
    /// # Errors
    /// [`OfficeError`]; then the answer must not be given out.
    pub async fn records_matched(&self, act: &Act, matched: &RecordsMatched) -> Result<(), OfficeError> {
        let about = About::content(json!([matched.provider, matched.answer]));
        self.act("records_matched", RecordsMatched::ROW, about, act, |tx, doing| {
            let matched = matched.clone();
            async move { self.record(&tx, &doing, json!({}), matched).await }
        })
        .await
    }

    /// Records that the link of a person's records at `provider` is taken back, and why.
    ///
    /// # Errors
    /// [`OfficeError`]; then the answer must not be given out.
    pub async fn withdraw_records_link(
        &self,
        act: &Act,
        person: Uuid,
        (provider, words): (&str, &str),
    ) -> Result<(), OfficeError> {
        let about = About::content(json!([provider, person]));
        let row = RecordsLinkWithdrawn::ROW;
        self.act("withdraw_records_link", row, about, act, |tx, doing| async move {
            let details = RecordsLinkWithdrawn {
                provider: provider.to_owned(),
                words: self.seal_words(&doing, words),
            };
            let subjects = json!({ "resident": ResidentId::from_uuid(person) });
            self.record(&tx, &doing, subjects, details).await
        })
        .await
    }
}

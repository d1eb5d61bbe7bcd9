//! The journal of a case: who did what, when, in order. It is read from the audit trail, so there is one truth.

use std::collections::HashMap;

use issuance::{case::CaseId, staff::StaffId};
use relay_core::audit::Outcome;
use serde_json::{Map, Value};
use time::OffsetDateTime;

use crate::{Office, OfficeError};

/// One line of a journal.
#[derive(Clone, PartialEq)]
pub struct JournalEntry {
    pub at: OffsetDateTime,
    /// Who, by name; a process by its own name.
    pub who: String,
    pub desk: Option<String>,
    /// What ([`issuance::acts::ActRow::name`]).
    pub act: String,
    pub outcome: Outcome,
    /// Facts, fit to show.
    pub details: Map<String, Value>,
    /// The clerk's own words, where there are any.
    pub words: Option<String>,
}

impl std::fmt::Debug for JournalEntry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "JournalEntry({} {} {})", self.at, self.act, self.outcome.as_str())
    }
}

impl Office {
    /// The journal of `case`, oldest first.
    ///
    /// # Errors
    /// [`OfficeError`]
    pub async fn journal(&self, case: CaseId) -> Result<Vec<JournalEntry>, OfficeError> {
        let names: HashMap<String, String> = self
            .staff()
            .await?
            .into_iter()
            .map(|record| (record.staff.id.to_string(), record.staff.name))
            .collect();
        let named = |id: &str| names.get(id).cloned();
        // Whatever fact of an act is a colleague's id is shown by name, alone or among several.
        let by_name = |fact: &mut Value| {
            let one = |id: &mut Value| {
                if let Some(name) = id.as_str().and_then(named) {
                    *id = Value::String(name);
                }
            };
            match fact {
                Value::Array(several) => several.iter_mut().for_each(one),
                fact => one(fact),
            }
        };
        self.audit(case)
            .await?
            .into_iter()
            .map(|recorded| {
                let words = self.open_words(&recorded.event)?;
                let mut details = recorded.event.details;
                details.remove("words");
                details.values_mut().for_each(by_name);
                if let Some(staff) = recorded
                    .event
                    .subjects
                    .get("staff")
                    .and_then(Value::as_str)
                    .and_then(named)
                {
                    details.insert("staff".to_owned(), Value::String(staff));
                }
                Ok(JournalEntry {
                    at: recorded.event.at,
                    who: named(&recorded.event.actor).unwrap_or(recorded.event.actor),
                    desk: recorded.event.desk,
                    act: recorded.event.act,
                    outcome: recorded.event.outcome,
                    details,
                    words,
                })
            })
            .collect()
    }

    /// The name of someone, for a line that shows who.
    ///
    /// # Errors
    /// [`OfficeError::NotFound`]
    pub async fn name_of_staff(&self, staff: StaffId) -> Result<String, OfficeError> {
        self.read("name_of_staff", |tx| async move { self.staff_name(&tx, staff).await })
            .await
    }
}

//! Sealing of columns: every personal value is bound to its table, row and column.

use issuance::acts::SealedWords;
use relay_core::{audit::AuditEvent, seal::Place};
use serde::{Serialize, de::DeserializeOwned};
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::{Office, OfficeError, act::Doing};

impl Office {
    /// `text` sealed to a column of a row.
    pub(crate) fn seal(&self, table: &str, row: Uuid, column: &str, plain: &[u8]) -> Vec<u8> {
        let place = Place {
            table,
            row: row.as_bytes(),
            column,
        };
        self.shared.sealer.seal(place, plain, &mut **self.chance())
    }

    /// What was sealed to a column of a row.
    pub(crate) fn open(
        &self,
        table: &str,
        row: Uuid,
        column: &str,
        sealed: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, OfficeError> {
        let place = Place {
            table,
            row: row.as_bytes(),
            column,
        };
        Ok(self.shared.sealer.open(place, sealed)?)
    }

    /// Text from a sealed column.
    pub(crate) fn open_text(
        &self,
        table: &'static str,
        row: Uuid,
        column: &str,
        sealed: &[u8],
    ) -> Result<String, OfficeError> {
        let plain = self.open(table, row, column, sealed)?;
        std::str::from_utf8(&plain)
            .map(str::to_owned)
            .map_err(|_| OfficeError::Unreadable(table))
    }

    /// A clerk's own words inside an event of the trail: sealed to the act, in hex. They may name someone.
    pub(crate) fn seal_words(&self, doing: &Doing, words: &str) -> SealedWords {
        SealedWords(hex::encode(self.seal(
            "office.audit_event",
            doing.act,
            "words",
            words.as_bytes(),
        )))
    }

    /// The words of an event, where it has any.
    pub(crate) fn open_words(&self, event: &AuditEvent) -> Result<Option<String>, OfficeError> {
        let Some(sealed) = event.details.get("words").and_then(|words| words.as_str()) else {
            return Ok(None);
        };
        let sealed = hex::decode(sealed).map_err(|_| OfficeError::Unreadable("office.audit_event"))?;
        self.open_text("office.audit_event", event.id, "words", &sealed)
            .map(Some)
    }

    /// A value sealed as JSON.
    pub(crate) fn seal_value<T: Serialize>(
        &self,
        table: &'static str,
        row: Uuid,
        column: &str,
        value: &T,
    ) -> Result<Vec<u8>, OfficeError> {
        let plain = Zeroizing::new(serde_json::to_vec(value).map_err(|_| OfficeError::Unreadable(table))?);
        Ok(self.seal(table, row, column, &plain))
    }

    /// A value from a column sealed as JSON.
    pub(crate) fn open_value<T: DeserializeOwned>(
        &self,
        table: &'static str,
        row: Uuid,
        column: &str,
        sealed: &[u8],
    ) -> Result<T, OfficeError> {
        let plain = self.open(table, row, column, sealed)?;
        // The error's own words could quote the value.
        serde_json::from_slice(&plain).map_err(|_| OfficeError::Unreadable(table))
    }
}

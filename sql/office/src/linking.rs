//! Matching a provider's list with the roster, for linking its records to persons (参考C3). Only ids leave this crate.

use std::collections::HashMap;

use issuance::{era::WrittenDate, name::search_form};
use uuid::Uuid;

use crate::{Office, OfficeError};

/// Whom a line of a list may be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alike {
    /// The person's id, from which the registrar makes the origin.
    pub person: Uuid,
    /// Which origin of the person counts: one more each time a wrong link was mended.
    pub edition: u32,
}

impl Office {
    /// For each of `lines`, a reading of a name and a birthday, the residents that have both: none, one, or several.
    ///
    /// # Errors
    /// [`OfficeError`]
    pub async fn residents_alike(&self, lines: &[(String, WrittenDate)]) -> Result<Vec<Vec<Alike>>, OfficeError> {
        let indexes: Vec<Vec<u8>> = lines
            .iter()
            .map(|(kana, born)| self.likeness_of(&search_form(kana), born).to_vec())
            .collect();
        let indexes = &indexes;
        self.read("residents_alike", |tx| async move {
            let rows = tx
                .query(
                    "-- residents_alike\n\
                     SELECT r.likeness_index, r.id, coalesce((SELECT max(g.edition) FROM office.registration g\n\
                     JOIN office.card k ON k.id = g.card WHERE k.resident = r.id), 0)\n\
                     FROM office.resident r WHERE r.likeness_index = ANY ($1) AND r.gone_at IS NULL",
                    &[indexes],
                )
                .await?;
            let mut found: HashMap<Vec<u8>, Vec<Alike>> = HashMap::new();
            for row in &rows {
                found.entry(row.get(0)).or_default().push(Alike {
                    person: row.get(1),
                    edition: row.get::<_, i32>(2).unsigned_abs(),
                });
            }
            Ok(indexes
                .iter()
                .map(|index| found.get(index).cloned().unwrap_or_default())
                .collect())
        })
        .await
    }
}

//! Copies of the whole set-up, in the trail: who has one has everything, sealed, and a set-up that is one lacks what came after.

use issuance::acts::{AuditAct as _, BackupMade, BackupRestored};
use serde_json::json;

use crate::{Act, Office, OfficeError, act::About};

impl Office {
    /// Records that a copy is about to be made, so that it is on record whatever becomes of it.
    ///
    /// # Errors
    /// [`OfficeError`]
    pub async fn backup_made(&self, act: &Act, made: &BackupMade) -> Result<(), OfficeError> {
        let about = About::content(json!([made.file, made.keys]));
        self.act("backup_made", BackupMade::ROW, about, act, |tx, doing| async move {
            self.record(&tx, &doing, json!({}), made.clone()).await
        })
        .await
    }

    /// Records that these records are a copy's.
    ///
    /// # Errors
    /// [`OfficeError`]
    pub async fn backup_restored(&self, act: &Act, of: &str) -> Result<(), OfficeError> {
        let about = About::content(json!([of]));
        self.act(
            "backup_restored",
            BackupRestored::ROW,
            about,
            act,
            |tx, doing| async move {
                self.record(&tx, &doing, json!({}), BackupRestored { of: of.to_owned() })
                    .await
            },
        )
        .await
    }
}

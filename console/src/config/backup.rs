//! `[backup]`: where copies of the whole set-up go, who can open them, and how old the newest may be.

use std::path::PathBuf;

use settings::{Fault, Section};

const NOT_A_RECIPIENT: Fault = Fault::other(
    "は age の公開鍵(age1… で始まる)の並びでなければなりません。`madoguchi backup new-key` が作ります。",
    " must be a list of age public keys (age1…); `madoguchi backup new-key` makes one",
);

/// `[backup]`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Backup {
    /// Best on another disk than the records: the folder of another machine.
    pub folder: PathBuf,
    /// Public keys (age, X25519): a copy is made without anybody there, and opened only where the secret key is.
    pub recipients: Vec<String>,
    /// Days after which the newest copy is too old.
    pub days: u16,
}

impl Backup {
    pub(super) fn read(backup: &mut Section<'_>) -> Self {
        let recipients = backup.lines_or("recipients", &[]);
        if recipients
            .iter()
            .any(|recipient| recipient.parse::<age::x25519::Recipient>().is_err())
        {
            backup.mistake("recipients", NOT_A_RECIPIENT);
        }
        Self {
            folder: backup.path_or("folder", "backup"),
            recipients,
            days: backup.number_or("days", 1..=365, 2),
        }
    }
}

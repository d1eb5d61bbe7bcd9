//! Signed heads of a trail's tree: what is kept outside the database, so that nobody who can write to it can take back
//! what was recorded.
//!
//! A head is a checkpoint (C2SP tlog-checkpoint) in a signed note (C2SP signed-note) under an Ed25519 key: origin, size,
//! root, and two lines of ours, the last event's number and the moment. Other tools read it too.

use ed25519_dalek::SigningKey;
use signed_note::{
    Note, Signer as _, StandardSigner, StandardVerifier, VerifierList, key_id, new_ed25519_verifier_key,
};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};
use tlog_tiles::Checkpoint;
use zeroize::Zeroizing;

use super::tree::Hash;

/// The algorithm's number in keys (C2SP signed-note).
const ED25519: u8 = 1;

/// A tree's head.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TreeHead {
    /// Which trail; the name of its key.
    pub origin: String,
    /// Events in the tree.
    pub size: u64,
    pub root: Hash,
    /// The number of the event placed last.
    pub last: i64,
    pub at: OffsetDateTime,
}

/// Why a head is not believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum HeadError {
    #[error("this is no key for a trail's heads")]
    Key,
    #[error("this is no signed head of a trail")]
    Malformed,
    #[error("the head is signed by another key")]
    OtherKey,
    #[error("the head's signature is wrong: it was changed after it was signed")]
    Signature,
}

/// The key that signs heads.
pub struct HeadKey(StandardSigner);

impl HeadKey {
    /// The text of a fresh key called `name` (no spaces, no plus), to be kept in a secret file, and of its public half.
    pub fn fresh(name: &str, seed: &Hash) -> (Zeroizing<String>, String) {
        let key = SigningKey::from_bytes(seed);
        let public = key.verifying_key();
        let id = key_id(name, &[&[ED25519], public.as_bytes().as_slice()].concat());
        let secret = Zeroizing::new([&[ED25519], seed.as_slice()].concat());
        let secret = Zeroizing::new(base64(&secret));
        let text = Zeroizing::new(format!("PRIVATE+KEY+{name}+{id:08x}+{}\n", *secret));
        (text, new_ed25519_verifier_key(name, &public))
    }

    /// # Errors
    /// [`HeadError::Key`]
    pub fn from_text(text: &str) -> Result<Self, HeadError> {
        StandardSigner::new(text.trim()).map(Self).map_err(|_| HeadError::Key)
    }

    /// The trail's name.
    pub fn name(&self) -> &str {
        self.0.name()
    }

    /// `head` as a signed note; its origin is the key's name.
    ///
    /// # Errors
    /// [`HeadError::Key`] when the key signs nothing.
    pub fn sign(&self, head: &TreeHead) -> Result<String, HeadError> {
        let at = head.at.format(&Rfc3339).map_err(|_| HeadError::Malformed)?;
        let lines = format!("last {}\nat {at}\n", head.last);
        let checkpoint = Checkpoint::new(self.name(), head.size, tlog_tiles::Hash(head.root), &lines)
            .map_err(|_| HeadError::Malformed)?;
        let mut note = Note::new(&checkpoint.to_bytes(), &[]).map_err(|_| HeadError::Malformed)?;
        note.add_sigs(&[&self.0]).map_err(|_| HeadError::Key)?;
        String::from_utf8(note.to_bytes()).map_err(|_| HeadError::Malformed)
    }
}

/// The public half, which believes heads. Kept as text: what is made of it cannot go from thread to thread.
#[derive(Debug, Clone)]
pub struct HeadVerifier(String);

impl HeadVerifier {
    /// # Errors
    /// [`HeadError::Key`]
    pub fn from_text(text: &str) -> Result<Self, HeadError> {
        let text = text.trim();
        match StandardVerifier::new(text) {
            Ok(_) => Ok(Self(text.to_owned())),
            Err(_) => Err(HeadError::Key),
        }
    }

    /// The trail's name.
    pub fn name(&self) -> &str {
        self.0.split('+').next().unwrap_or_default()
    }

    /// The head in `note`.
    ///
    /// # Errors
    /// [`HeadError`]
    pub fn open(&self, note: &str) -> Result<TreeHead, HeadError> {
        let note = Note::from_bytes(note.as_bytes()).map_err(|_| HeadError::Malformed)?;
        let checkpoint = read(note.text())?;
        let known = StandardVerifier::new(&self.0).map_err(|_| HeadError::Key)?;
        match note.verify(&VerifierList::new(vec![Box::new(known)])) {
            Ok((verified, _)) if verified.is_empty() => Err(HeadError::OtherKey),
            Ok(_) => Ok(checkpoint),
            Err(signed_note::NoteError::UnverifiedNote) => Err(HeadError::OtherKey),
            Err(_) => Err(HeadError::Signature),
        }
    }
}

fn read(text: &[u8]) -> Result<TreeHead, HeadError> {
    let malformed = || HeadError::Malformed;
    let checkpoint =
        Checkpoint::from_reader(&mut std::io::Cursor::new(text), false).map_err(|_| HeadError::Malformed)?;
    let line = |name: &str| {
        let mut lines = checkpoint.extension().lines();
        lines.find_map(|line| line.strip_prefix(name)?.strip_prefix(' '))
    };
    let last = line("last").and_then(|last| last.parse().ok()).ok_or_else(malformed)?;
    let at = line("at").and_then(|at| OffsetDateTime::parse(at, &Rfc3339).ok());
    Ok(TreeHead {
        origin: checkpoint.origin().to_owned(),
        size: checkpoint.size(),
        root: checkpoint.hash().0,
        last,
        at: at.ok_or_else(malformed)?,
    })
}

/// The notes of a file in which heads were written one after another, a blank line between them.
pub fn notes(text: &str) -> Vec<String> {
    let mut notes: Vec<String> = Vec::new();
    let mut signed = true;
    for line in text.split_inclusive('\n') {
        let signature = line.starts_with('\u{2014}');
        if signed && !signature {
            if line.trim().is_empty() {
                continue;
            }
            notes.push(String::new());
            signed = false;
        }
        signed |= signature;
        if let Some(note) = notes.last_mut() {
            note.push_str(line);
        }
    }
    notes
}

fn base64(bytes: &[u8]) -> String {
    // The alphabet and padding of RFC 4648 §4, as signed notes have it.
    use base64::prelude::*;
    BASE64_STANDARD.encode(bytes)
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    fn head(size: u64) -> TreeHead {
        TreeHead {
            origin: "office.131016".into(),
            size,
            root: [size as u8; 32],
            last: 40 + size as i64,
            at: datetime!(2026-11-30 08:00:00 UTC),
        }
    }

    fn pair(seed: u8) -> (HeadKey, HeadVerifier) {
        let (secret, public) = HeadKey::fresh("office.131016", &[seed; 32]);
        (
            HeadKey::from_text(&secret).unwrap(),
            HeadVerifier::from_text(&public).unwrap(),
        )
    }

    #[test]
    fn a_head_is_read_as_it_was_signed() {
        let (key, verifier) = pair(1);
        let note = key.sign(&head(3)).unwrap();
        assert_eq!(verifier.open(&note), Ok(head(3)));
        assert!(note.starts_with("office.131016\n3\n"), "{note}");
        assert!(note.len() < 400, "it fits a QR code: {}", note.len());
    }

    #[test]
    fn a_head_signed_by_another_key_is_refused() {
        let (_, verifier) = pair(1);
        let note = pair(2).0.sign(&head(3)).unwrap();
        assert_eq!(verifier.open(&note), Err(HeadError::OtherKey));
    }

    #[test]
    fn a_head_changed_after_it_was_signed_is_refused() {
        let (key, verifier) = pair(1);
        let note = key.sign(&head(3)).unwrap().replacen("\n3\n", "\n2\n", 1);
        assert_eq!(verifier.open(&note), Err(HeadError::Signature));
        assert_eq!(verifier.open("office.131016\n3\n"), Err(HeadError::Malformed));
    }

    #[test]
    fn heads_kept_in_one_file_are_found_again() {
        let (key, verifier) = pair(1);
        let kept: Vec<String> = (1..4).map(|size| key.sign(&head(size)).unwrap()).collect();
        let read: Vec<u64> = notes(&kept.join("\n"))
            .iter()
            .map(|note| verifier.open(note).unwrap().size)
            .collect();
        assert_eq!(read, [1, 2, 3]);
        assert_eq!(notes(&kept.concat()).len(), 3);
        assert!(notes("").is_empty());
    }
}

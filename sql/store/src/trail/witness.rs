//! A second party that vouches for a trail's heads: it takes a head only with the proof that it continues the last one it
//! took, keeps it, and answers with its own signature (C2SP tlog-witness, tlog-cosignature).
//!
//! Whoever has the database, the key and every file of heads in one house can write another history. A witness is in
//! another house: a history that does not continue what it has seen gets no signature, and is on record there.

use std::{cmp::Ordering, fmt::Write as _};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};
use signed_note::key_id;
use time::OffsetDateTime;
use zeroize::Zeroizing;

use super::{
    head::{HeadError, HeadVerifier, TreeHead},
    tree::{Hash, only_added},
};

/// The media type of a size that a witness says it has.
pub const SIZE_TYPE: &str = "text/x.tlog.size";
/// The algorithm's number in keys of timestamped cosignatures (C2SP tlog-cosignature).
const COSIGNATURE: u8 = 4;
/// A consistency proof has no more hashes (C2SP tlog-witness).
const LONGEST_PROOF: usize = 63;

/// A head that a witness is asked to vouch for: the body of `add-checkpoint`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Submission {
    /// The size of the head that the witness has.
    pub old: u64,
    /// That the head continues it (RFC 6962 §2.1.2); empty when `old` is 0 or the same.
    pub proof: Vec<Hash>,
    /// The head, a signed note.
    pub note: String,
}

impl Submission {
    /// As it goes over the line.
    pub fn to_text(&self) -> String {
        let mut text = format!("old {}\n", self.old);
        for hash in &self.proof {
            text.push_str(&STANDARD.encode(hash));
            text.push('\n');
        }
        text + "\n" + &self.note
    }

    /// # Errors
    /// [`HeadError::Malformed`]
    pub fn read(text: &str) -> Result<Self, HeadError> {
        let (lines, note) = text.split_once("\n\n").ok_or(HeadError::Malformed)?;
        let mut lines = lines.split('\n');
        let old = lines.next().and_then(|line| line.strip_prefix("old "));
        let old = old.and_then(size).ok_or(HeadError::Malformed)?;
        let proof: Option<Vec<Hash>> = lines.map(|line| STANDARD.decode(line).ok()?.try_into().ok()).collect();
        let proof = proof.filter(|proof| proof.len() <= LONGEST_PROOF);
        Ok(Self {
            old,
            proof: proof.ok_or(HeadError::Malformed)?,
            note: note.to_owned(),
        })
    }
}

/// The size in an answer of a witness that has another one.
pub fn size(text: &str) -> Option<u64> {
    let size = text.parse().ok()?;
    (text == format!("{size}")).then_some(size)
}

/// Why a witness does not vouch for a head. Each has an HTTP status of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotWitnessed {
    #[error("this is no submission of a head")]
    Malformed,
    #[error("no trail of this name is witnessed here")]
    UnknownOrigin,
    #[error("the head is not signed by the trail's key")]
    NotSigned,
    #[error("the head is smaller than what it is said to continue")]
    Shrunk,
    #[error("the head taken last has {0} events")]
    OtherSize(u64),
    #[error("the head does not continue the one taken last: another history")]
    OtherHistory,
}

impl NotWitnessed {
    /// C2SP tlog-witness, `add-checkpoint`.
    pub const fn status(self) -> u16 {
        match self {
            Self::Malformed | Self::Shrunk => 400,
            Self::UnknownOrigin => 404,
            Self::NotSigned => 403,
            Self::OtherSize(_) => 409,
            Self::OtherHistory => 422,
        }
    }
}

/// The head of `submission`, when it is signed by the trail's key and continues `last`, the one taken before.
///
/// # Errors
/// [`NotWitnessed`]
pub fn continues(
    submission: &Submission,
    trail: &HeadVerifier,
    last: Option<&TreeHead>,
) -> Result<TreeHead, NotWitnessed> {
    let head = trail.open(&submission.note).map_err(|error| match error {
        HeadError::OtherKey | HeadError::Signature => NotWitnessed::NotSigned,
        HeadError::Malformed | HeadError::Key => NotWitnessed::Malformed,
    })?;
    let (had, root) = last.map_or((0, None), |last| (last.size, Some(&last.root)));
    if head.size < submission.old {
        return Err(NotWitnessed::Shrunk);
    }
    if submission.old != had {
        return Err(NotWitnessed::OtherSize(had));
    }
    let is_same_history = match (root, head.size.cmp(&had)) {
        (None, _) => submission.proof.is_empty(),
        (Some(root), Ordering::Equal) if *root != head.root => return Err(NotWitnessed::OtherSize(had)),
        (Some(_), Ordering::Equal) => submission.proof.is_empty(),
        (Some(root), _) => only_added(&submission.proof, (had, root), (head.size, &head.root)),
    };
    is_same_history.then_some(head).ok_or(NotWitnessed::OtherHistory)
}

/// The key with which a witness vouches.
pub struct WitnessKey {
    name: String,
    key: SigningKey,
}

impl WitnessKey {
    /// The text of a fresh key called `name` (no spaces, no plus), to be kept in a secret file, and of its public half.
    pub fn fresh(name: &str, seed: &Hash) -> (Zeroizing<String>, String) {
        let public = SigningKey::from_bytes(seed).verifying_key();
        let secret = Zeroizing::new([&[COSIGNATURE], seed.as_slice()].concat());
        let secret = Zeroizing::new(STANDARD.encode(&*secret));
        let id = id_of(name, &public);
        let text = Zeroizing::new(format!("PRIVATE+KEY+{name}+{id:08x}+{}\n", *secret));
        (text, format!("{name}+{id:08x}+{}", STANDARD.encode(tagged(&public))))
    }

    /// # Errors
    /// [`HeadError::Key`]
    pub fn from_text(text: &str) -> Result<Self, HeadError> {
        let text = text.trim().strip_prefix("PRIVATE+KEY+").ok_or(HeadError::Key)?;
        let (name, id, seed) = parts(text)?;
        let key = SigningKey::from_bytes(&seed);
        match id == id_of(name, &key.verifying_key()) {
            true => Ok(Self {
                name: name.to_owned(),
                key,
            }),
            false => Err(HeadError::Key),
        }
    }

    /// The line that says that `note` was seen at `at` and continued what was seen before.
    ///
    /// # Errors
    /// [`HeadError::Malformed`]
    pub fn cosign(&self, note: &str, at: OffsetDateTime) -> Result<String, HeadError> {
        let seconds = at.unix_timestamp().unsigned_abs();
        let signature = self.key.sign(&signed(note, seconds)?);
        let id = id_of(&self.name, &self.key.verifying_key()).to_be_bytes();
        let bytes = [&id[..], &seconds.to_be_bytes(), &signature.to_bytes()].concat();
        Ok(format!("\u{2014} {} {}\n", self.name, STANDARD.encode(bytes)))
    }
}

/// The public half of a witness's key, which believes its lines.
#[derive(Debug, Clone)]
pub struct WitnessVerifier {
    name: String,
    key: VerifyingKey,
}

impl WitnessVerifier {
    /// # Errors
    /// [`HeadError::Key`]
    pub fn from_text(text: &str) -> Result<Self, HeadError> {
        let (name, id, public) = parts(text.trim())?;
        let key = VerifyingKey::from_bytes(&public).map_err(|_| HeadError::Key)?;
        match id == id_of(name, &key) {
            true => Ok(Self {
                name: name.to_owned(),
                key,
            }),
            false => Err(HeadError::Key),
        }
    }

    /// When the witness vouched for `note` by one of `lines`; lines of others say nothing.
    pub fn seen(&self, note: &str, lines: &str) -> Option<OffsetDateTime> {
        lines.lines().find_map(|line| {
            let (name, bytes) = line.strip_prefix("\u{2014} ")?.split_once(' ')?;
            let bytes = STANDARD.decode(bytes).ok()?;
            let (id, rest) = bytes.split_first_chunk::<4>()?;
            let (seconds, signature) = rest.split_first_chunk::<8>()?;
            if name != self.name || u32::from_be_bytes(*id) != id_of(name, &self.key) {
                return None;
            }
            let seconds = u64::from_be_bytes(*seconds);
            let signature = Signature::from_slice(signature).ok()?;
            self.key.verify_strict(&signed(note, seconds).ok()?, &signature).ok()?;
            OffsetDateTime::from_unix_timestamp(i64::try_from(seconds).ok()?).ok()
        })
    }
}

/// What a cosignature signs: the moment, and the whole text of the head.
fn signed(note: &str, seconds: u64) -> Result<Vec<u8>, HeadError> {
    let (text, _) = note.split_once("\n\n").ok_or(HeadError::Malformed)?;
    let mut message = format!("cosignature/v1\ntime {seconds}\n");
    writeln!(message, "{text}").map_err(|_| HeadError::Malformed)?;
    Ok(message.into_bytes())
}

fn tagged(key: &VerifyingKey) -> Vec<u8> {
    [&[COSIGNATURE], key.as_bytes().as_slice()].concat()
}

fn id_of(name: &str, key: &VerifyingKey) -> u32 {
    key_id(name, &tagged(key))
}

fn parts(text: &str) -> Result<(&str, u32, Hash), HeadError> {
    let mut parts = text.splitn(3, '+');
    let (Some(name), Some(id), Some(key)) = (parts.next(), parts.next(), parts.next()) else {
        return Err(HeadError::Key);
    };
    let id = u32::from_str_radix(id, 16).map_err(|_| HeadError::Key)?;
    let key = STANDARD.decode(key).map_err(|_| HeadError::Key)?;
    let (COSIGNATURE, key) = key.split_first().map(|(tag, key)| (*tag, key)).ok_or(HeadError::Key)? else {
        return Err(HeadError::Key);
    };
    Ok((name, id, key.try_into().map_err(|_| HeadError::Key)?))
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;
    use crate::trail::{
        head::HeadKey,
        tree::{Tree, leaf},
    };

    const NOW: OffsetDateTime = datetime!(2026-12-01 9:00 UTC);

    fn tree(leaves: u8, other: Option<i64>) -> Tree {
        let mut tree = Tree::default();
        for seq in 1..=i64::from(leaves) {
            let content = if Some(seq) == other { [9; 32] } else { [1; 32] };
            tree.push(&leaf(seq, &content)).unwrap();
        }
        tree
    }

    fn head(tree: &Tree) -> TreeHead {
        TreeHead {
            origin: "office.shiomi".into(),
            size: tree.size(),
            root: tree.root_at(tree.size()).unwrap(),
            last: 1,
            at: NOW,
        }
    }

    #[test]
    fn a_head_is_vouched_for_when_it_continues_the_last_one_and_never_otherwise() {
        let (secret, public) = HeadKey::fresh("office.shiomi", &[5; 32]);
        let (key, trail) = (
            HeadKey::from_text(&secret).unwrap(),
            HeadVerifier::from_text(&public).unwrap(),
        );
        let last = head(&tree(5, None));
        let submission = |tree: &Tree, old: u64| {
            let proof = match old == 0 || old == tree.size() {
                true => Vec::new(),
                false => tree.prove_consistency(old, tree.size()).unwrap(),
            };
            let note = key.sign(&head(tree)).unwrap();
            Submission { old, proof, note }
        };
        let good = submission(&tree(9, None), 5);
        assert_eq!(Submission::read(&good.to_text()), Ok(good.clone()));
        assert_eq!(continues(&good, &trail, Some(&last)).unwrap().size, 9);
        assert_eq!(continues(&submission(&tree(5, None), 0), &trail, None).unwrap().size, 5);
        assert!(continues(&submission(&tree(5, None), 5), &trail, Some(&last)).is_ok());

        let refused = [
            // An event of the past was exchanged; one was cut off and another put in its place.
            (submission(&tree(9, Some(2)), 5), NotWitnessed::OtherHistory),
            (submission(&tree(5, Some(5)), 5), NotWitnessed::OtherSize(5)),
            // The newest events were cut off.
            (submission(&tree(4, None), 4), NotWitnessed::OtherSize(5)),
            (submission(&tree(9, None), 0), NotWitnessed::OtherSize(5)),
            (
                Submission {
                    old: 9,
                    ..submission(&tree(5, None), 0)
                },
                NotWitnessed::Shrunk,
            ),
            (
                Submission {
                    proof: Vec::new(),
                    ..good.clone()
                },
                NotWitnessed::OtherHistory,
            ),
        ];
        for (submission, reason) in refused {
            assert_eq!(continues(&submission, &trail, Some(&last)), Err(reason));
        }
        let (_, other) = HeadKey::fresh("office.shiomi", &[6; 32]);
        let other = HeadVerifier::from_text(&other).unwrap();
        assert_eq!(continues(&good, &other, Some(&last)), Err(NotWitnessed::NotSigned));
        for text in [
            "",
            "old 1\n",
            "old 01\n\nx",
            "old 5\nnot base64\n\nx",
            "new 5\n\nx",
            &"old 5\n".repeat(80),
        ] {
            assert!(Submission::read(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_witnesss_line_is_believed_for_its_head_alone() {
        let (secret, public) = WitnessKey::fresh("relay.shiomi.example", &[7; 32]);
        let (key, witness) = (
            WitnessKey::from_text(&secret).unwrap(),
            WitnessVerifier::from_text(&public).unwrap(),
        );
        let (trail, _) = HeadKey::fresh("office.shiomi", &[5; 32]);
        let trail = HeadKey::from_text(&trail).unwrap();
        let [note, other] = [5, 6].map(|size| trail.sign(&head(&tree(size, None))).unwrap());
        let line = key.cosign(&note, NOW).unwrap();
        assert_eq!(witness.seen(&note, &line), Some(NOW));
        let among = format!("\u{2014} somebody.example AAAA\nnonsense\n{line}");
        assert_eq!(witness.seen(&note, &among), Some(NOW));
        assert_eq!(witness.seen(&other, &line), None);
        let (_, stranger) = WitnessKey::fresh("relay.shiomi.example", &[8; 32]);
        let stranger = WitnessVerifier::from_text(&stranger).unwrap();
        assert_eq!(stranger.seen(&note, &line), None);
        assert!(HeadVerifier::from_text(&public).is_err(), "no key for heads");
    }
}

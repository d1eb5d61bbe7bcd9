//! The tree over a trail (RFC 6962 §2.1): a leaf for each event, in the order in which one sealer placed them.
//!
//! Places have no holes, as the events' own numbers do: a transaction that was rolled back takes its number with it. The
//! leaf binds an event's number to its content, so that neither can be exchanged for another's.

use std::collections::BTreeMap;

use tlog_tiles::{
    Error, HashReader, check_record, check_tree, prove_record, prove_tree, record_hash, stored_hash_index,
    stored_hashes_for_record_hash, sub_tree_index, tree_hash,
};

/// SHA-256.
pub type Hash = [u8; 32];

/// The hash of the leaf of event `seq`, whose content hashes to `content`.
pub fn leaf(seq: i64, content: &Hash) -> Hash {
    record_hash(&[seq.to_be_bytes().as_slice(), content].concat()).0
}

/// What was kept of a tree is not what its size needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("what is kept of the trail's tree does not fit its size")]
pub struct BrokenTree;

impl From<Error> for BrokenTree {
    fn from(_: Error) -> Self {
        Self
    }
}

/// The right edge of a tree: as many hashes as its size has ones in binary, which is all that going on needs.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Frontier {
    size: u64,
    hashes: BTreeMap<u64, Hash>,
}

impl Frontier {
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// Takes the next leaf.
    ///
    /// # Errors
    /// [`BrokenTree`]
    pub fn push(&mut self, leaf: &Hash) -> Result<(), BrokenTree> {
        let first = stored_hash_index(0, self.size);
        let fresh = stored_hashes_for_record_hash(self.size, tlog_tiles::Hash(*leaf), self)?;
        self.hashes.extend((first..).zip(fresh.into_iter().map(|hash| hash.0)));
        self.size += 1;
        let needed = sub_tree_index(0, self.size, Vec::new());
        self.hashes.retain(|index, _| needed.contains(index));
        Ok(())
    }

    /// # Errors
    /// [`BrokenTree`]
    pub fn root(&self) -> Result<Hash, BrokenTree> {
        Ok(tree_hash(self.size, self)?.0)
    }

    /// The hashes one after another, as they are kept.
    pub fn to_bytes(&self) -> Vec<u8> {
        self.hashes.values().flatten().copied().collect()
    }

    /// # Errors
    /// [`BrokenTree`] when there are not as many hashes as a tree of `size` has.
    pub fn from_bytes(size: u64, bytes: &[u8]) -> Result<Self, BrokenTree> {
        let mut needed = match size {
            0 => Vec::new(),
            _ => sub_tree_index(0, size, Vec::new()),
        };
        needed.sort_unstable();
        let (hashes, rest) = bytes.as_chunks::<32>();
        if !rest.is_empty() || hashes.len() != needed.len() {
            return Err(BrokenTree);
        }
        Ok(Self {
            size,
            hashes: needed.into_iter().zip(hashes.iter().copied()).collect(),
        })
    }
}

impl HashReader for Frontier {
    fn read_hashes(&self, indexes: &[u64]) -> Result<Vec<tlog_tiles::Hash>, Error> {
        let one = |index: &u64| self.hashes.get(index).map(|hash| tlog_tiles::Hash(*hash));
        indexes
            .iter()
            .map(|index| one(index).ok_or(Error::InvalidProof))
            .collect()
    }
}

/// A whole tree in memory, for proofs: 64 bytes an event.
#[derive(Debug, Clone, Default)]
pub struct Tree {
    size: u64,
    hashes: Vec<Hash>,
}

impl Tree {
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// Takes the next leaf.
    ///
    /// # Errors
    /// [`BrokenTree`]
    pub fn push(&mut self, leaf: &Hash) -> Result<(), BrokenTree> {
        let fresh = stored_hashes_for_record_hash(self.size, tlog_tiles::Hash(*leaf), self)?;
        self.hashes.extend(fresh.into_iter().map(|hash| hash.0));
        self.size += 1;
        Ok(())
    }

    /// The root when the tree had `size` leaves.
    ///
    /// # Errors
    /// [`BrokenTree`] when it never had so many.
    pub fn root_at(&self, size: u64) -> Result<Hash, BrokenTree> {
        Ok(tree_hash(size, self)?.0)
    }

    /// That the leaf at `place` is in the tree of `size` leaves (RFC 6962 §2.1.1).
    ///
    /// # Errors
    /// [`BrokenTree`] when it is not.
    pub fn prove_inclusion(&self, size: u64, place: u64) -> Result<Vec<Hash>, BrokenTree> {
        let proof = prove_record(size, place, self)?;
        Ok(proof.into_iter().map(|hash| hash.0).collect())
    }

    /// That the tree of `new` leaves begins with the tree of `old` (RFC 6962 §2.1.2).
    ///
    /// # Errors
    /// [`BrokenTree`] when it never had so many, or `old` is none or more than `new`.
    pub fn prove_consistency(&self, old: u64, new: u64) -> Result<Vec<Hash>, BrokenTree> {
        let proof = prove_tree(new, old, self)?;
        Ok(proof.into_iter().map(|hash| hash.0).collect())
    }
}

impl HashReader for Tree {
    fn read_hashes(&self, indexes: &[u64]) -> Result<Vec<tlog_tiles::Hash>, Error> {
        let one = |index: &u64| {
            self.hashes
                .get(usize::try_from(*index).ok()?)
                .map(|hash| tlog_tiles::Hash(*hash))
        };
        indexes
            .iter()
            .map(|index| one(index).ok_or(Error::InvalidProof))
            .collect()
    }
}

/// Whether `proof` shows that `leaf` stands at `place` of the tree of `size` leaves with this `root`.
pub fn includes(proof: &[Hash], (size, root): (u64, &Hash), (place, leaf): (u64, &Hash)) -> bool {
    let proof = proof.iter().map(|hash| tlog_tiles::Hash(*hash)).collect();
    check_record(&proof, size, tlog_tiles::Hash(*root), place, tlog_tiles::Hash(*leaf)).is_ok()
}

/// Whether `proof` shows that the tree `new` (size and root) only added to the tree `old`.
pub fn only_added(proof: &[Hash], old: (u64, &Hash), new: (u64, &Hash)) -> bool {
    let proof = proof.iter().map(|hash| tlog_tiles::Hash(*hash)).collect();
    check_tree(&proof, new.0, tlog_tiles::Hash(*new.1), old.0, tlog_tiles::Hash(*old.1)).is_ok()
}

#[cfg(test)]
mod tests {
    use ct_merkle::mem_backed_tree::MemoryBackedTree;

    use super::*;

    fn content(place: u64) -> Hash {
        let mut content = [7; 32];
        content[..8].copy_from_slice(&place.to_be_bytes());
        content
    }

    fn grown(size: u64) -> (Frontier, Tree) {
        let (mut frontier, mut tree) = (Frontier::default(), Tree::default());
        for place in 0..size {
            let leaf = leaf(place as i64, &content(place));
            frontier.push(&leaf).unwrap();
            tree.push(&leaf).unwrap();
        }
        (frontier, tree)
    }

    #[test]
    fn another_hand_builds_the_same_tree() {
        let mut theirs = MemoryBackedTree::<sha2::Sha256, Vec<u8>>::new();
        let (mut frontier, mut tree) = (Frontier::default(), Tree::default());
        for place in 0..200_u64 {
            theirs.push([(place as i64).to_be_bytes().as_slice(), &content(place)].concat());
            let leaf = leaf(place as i64, &content(place));
            frontier.push(&leaf).unwrap();
            tree.push(&leaf).unwrap();
            let root = frontier.root().unwrap();
            assert_eq!(root.as_slice(), theirs.root().as_bytes().as_slice(), "{place}");
            assert_eq!(tree.root_at(place + 1).unwrap(), root);
        }
        let ours = tree.prove_inclusion(200, 77).unwrap().concat();
        assert_eq!(ours, theirs.prove_inclusion(77).as_bytes());
        let ours = tree.prove_consistency(123, 200).unwrap().concat();
        assert_eq!(ours, theirs.prove_consistency(77).as_bytes());
    }

    #[test]
    fn a_frontier_goes_on_where_it_was_kept() {
        for size in [0, 1, 2, 3, 7, 8, 100] {
            let (frontier, _) = grown(size);
            let mut kept = Frontier::from_bytes(size, &frontier.to_bytes()).unwrap();
            assert_eq!(kept, frontier);
            kept.push(&leaf(size as i64, &content(size))).unwrap();
            assert_eq!(kept.root().unwrap(), grown(size + 1).0.root().unwrap(), "{size}");
            let bytes = frontier.to_bytes();
            assert!(Frontier::from_bytes(size, &[bytes.as_slice(), &[0; 32]].concat()).is_err());
            assert!(size == 0 || Frontier::from_bytes(size, &bytes[32..]).is_err());
        }
    }

    #[test]
    fn a_proof_of_one_event_proves_no_other() {
        let (frontier, tree) = grown(50);
        let root = frontier.root().unwrap();
        let proof = tree.prove_inclusion(50, 20).unwrap();
        assert!(includes(&proof, (50, &root), (20, &leaf(20, &content(20)))));
        assert!(!includes(&proof, (50, &root), (21, &leaf(20, &content(20)))));
        assert!(!includes(&proof, (50, &root), (20, &leaf(21, &content(20)))));
        assert!(!includes(&proof, (50, &root), (20, &leaf(20, &content(21)))));
    }

    #[test]
    fn a_tree_from_which_something_was_taken_is_not_consistent_with_the_one_before() {
        let (frontier, tree) = grown(50);
        let (old, new) = (tree.root_at(30).unwrap(), frontier.root().unwrap());
        let proof = tree.prove_consistency(30, 50).unwrap();
        assert!(only_added(&proof, (30, &old), (50, &new)));
        let mut without = Tree::default();
        for place in (0..51).filter(|place| *place != 10) {
            without.push(&leaf(place, &content(place as u64))).unwrap();
        }
        let proof = without.prove_consistency(30, 50).unwrap();
        assert!(!only_added(&proof, (30, &old), (50, &without.root_at(50).unwrap())));
    }
}

//! Refusals: a module's own reasons for not doing what was asked, each with the name of its rule and the key of its words.
//!
//! A new refusal is a variant of its module's enum and its words; neither the office's one error nor the edge of the
//! console changes. What shows it asks for the key and the facts ([`Refusal::word_key`], [`Refusal::facts`]).

use std::{any::Any, error::Error};

use issuance::staff::Role;
use time::OffsetDateTime;

use crate::OfficeError;

/// A reason for not doing what was asked. Nothing of a resident is in it, nor in its [`std::fmt::Display`].
pub trait Refusal: Error + Any + Send + Sync {
    /// The rule's name in the audit trail; `None` for the everyday, which is not recorded.
    fn rule(&self) -> Option<&'static str>;

    /// The key of what the person who asked is told: what happened, to what, and what they can do (`refused-…`).
    fn word_key(&self) -> &'static str;

    /// What is put into the words.
    fn facts(&self) -> Vec<(&'static str, Fact)> {
        Vec::new()
    }

    /// Whether the person can go on at once, with something else or a moment later; otherwise they are stopped.
    fn is_passing(&self) -> bool {
        false
    }
}

/// A fact of a refusal, written in the reader's language where it is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fact {
    /// As it is: a number, a place, a colleague's name.
    Text(String),
    Moment(OffsetDateTime),
    /// The word for a role.
    Role(Role),
}

impl<R: Refusal> From<R> for OfficeError {
    fn from(refusal: R) -> Self {
        Self::Refused(Box::new(refusal))
    }
}

impl OfficeError {
    /// The refusal, when it is one of module `R`.
    pub fn refused_as<R: Refusal>(&self) -> Option<&R> {
        match self {
            Self::Refused(refusal) => {
                let refusal: &dyn Any = refusal.as_ref();
                refusal.downcast_ref()
            }
            _ => None,
        }
    }

    /// Whether it was refused for this reason.
    pub fn is<R: Refusal + PartialEq>(&self, refusal: &R) -> bool {
        self.refused_as::<R>() == Some(refusal)
    }
}

/// One refusal of each kind, for the test that none is without words.
pub fn every() -> Vec<Box<dyn Refusal>> {
    let modules = [
        crate::staff::StaffRefusal::every(),
        crate::outbox::OutboxRefusal::every(),
        crate::cases::OpeningRefusal::every(),
        crate::cases::ApprovalRefusal::every(),
        crate::cases::HandoverRefusal::every(),
        crate::cases::CustodyRefusal::every(),
        crate::registration::HolderRefusal::every(),
        crate::parcels::ParcelRefusal::every(),
        crate::stock_taking::StockRefusal::every(),
        crate::roster::UndoRefused::every(),
    ];
    modules.into_iter().flatten().collect()
}

#[cfg(test)]
mod tests {
    use std::{any::TypeId, collections::BTreeSet, fs, path::Path};

    use super::*;

    /// How many modules say why they refuse.
    fn modules(folder: &Path) -> usize {
        let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        entries
            .map(|path| match path.is_dir() {
                true => modules(&path),
                false => fs::read_to_string(&path).unwrap().matches("\nimpl Refusal for").count(),
            })
            .sum()
    }

    #[test]
    fn no_module_refuses_without_being_looked_at_for_its_words() {
        let looked_at: BTreeSet<TypeId> = every()
            .iter()
            .map(|refusal| {
                let refusal: &dyn Any = refusal.as_ref();
                refusal.type_id()
            })
            .collect();
        let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
        assert_eq!(looked_at.len(), modules(&src), "a module is missing in `every`");
    }
}

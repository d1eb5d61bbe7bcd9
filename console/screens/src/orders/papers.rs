//! Papers of a case, and its place in the shelf.

use issuance::case::ShelfPlace;

use super::cases::{CaseAt, CaseNow};
use crate::{
    facts::{CaseView, Paper, Printed},
    order::{Order, Reply},
};

/// What to do with a paper that is kept and no longer says what is registered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reprint {
    Ask,
    /// Print it again as it was.
    AsItWas,
    /// Print it anew; the one before is no longer good.
    Anew,
}

/// Print a paper of the case, or print it again from what is kept.
#[derive(Debug)]
pub struct Print {
    pub case: CaseAt,
    pub paper: Paper,
    /// What to do when the one that is kept names the person otherwise than they are registered now.
    pub reprint: Reprint,
}

impl Order for Print {
    type Reply = PrintEnd;
}

/// What became of a print.
#[derive(Debug)]
pub enum PrintEnd {
    /// The paper, and the case as it now stands.
    Printed(Printed, Box<CaseView>),
    /// Nothing was printed yet: the paper that is kept names the person otherwise than they are registered now.
    Outdated(Paper),
}

impl Reply for PrintEnd {
    fn case(&self) -> Option<&CaseView> {
        match self {
            Self::Printed(_, case) => Some(case),
            Self::Outdated(_) => None,
        }
    }
}

/// Put the card in the shelf.
#[derive(Debug)]
pub struct Shelve {
    pub case: CaseAt,
    pub place: ShelfPlace,
}

impl Order for Shelve {
    type Reply = CaseNow;
}

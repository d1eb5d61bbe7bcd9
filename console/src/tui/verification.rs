//! A finished identity verification, as it is handed to the desk: every fact and every exception.

use std::collections::BTreeMap;

use time::Date;

use super::facts::Fact;

/// What was seen at the counter. [`super::effect::Order::SaveVerification`] is only ever sent with one in which
/// every fact is answered and every answer that is not plain agreement has its exception.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verification {
    /// The resident's own documents, in the order seen.
    pub documents: Vec<DocumentSeen>,
    /// Each of the four facts.
    pub facts: BTreeMap<Fact, FactSeen>,
    /// The agent's documents and powers, where an agent came.
    pub agent: Option<AgentSeen>,
    /// Every exception, each with its reason.
    pub exceptions: Vec<Exception>,
}

/// One document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DocumentSeen {
    /// Its kind's code in the table of documents.
    pub kind: String,
    /// Its number as normalised; only the last four characters are kept in the records.
    pub number: String,
    /// Until when it is good; `None` for kinds that do not expire.
    pub expires: Option<Date>,
}

/// How a fact compared with the roster.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FactSeen {
    /// The document says the same.
    Agrees,
    /// The document says otherwise: needs an exception.
    Differs,
    /// The document does not say: another one must, or it needs an exception.
    NotShown,
}

/// An agent as verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AgentSeen {
    /// Their own documents.
    pub documents: Vec<DocumentSeen>,
    /// The code of what proves their power (戸籍, 委任状, …) in the table of powers.
    pub power: String,
    /// Whether the resident came too.
    pub resident_present: bool,
}

/// Something outside the table that was let pass.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exception {
    /// What it is about.
    pub about: ExceptionAbout,
    /// Why, in the clerk's words.
    pub reason: String,
}

/// What an exception is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ExceptionAbout {
    /// The documents do not fulfil the table.
    Documents,
    /// A fact differs or is not shown.
    Fact(Fact),
    /// The agent's power is proved otherwise than the table says.
    AgentPower,
}

//! Asking a provider for a person's records (ID-WSF 2.0 data services template 2.1), and what it answers.
//!
//! The template puts its elements into the service's own namespace. The services of this house share one: a set of records
//! of one kind, each record a list of named items, whose names and forms the kind's schema says.

use std::fmt;

use relay_core::chance::Chance;
use time::OffsetDateTime;

use super::{Envelope, FaultStatus, Header, Reference, Strictness, discovery::once, envelope::message_id, token};
use crate::{
    DecryptionKeys, Peer, Refusal,
    document::{Node, instant},
    message::EntityId,
    names::ns,
    send::{Unwritable, instant as written},
    take::Here,
    verified::{Covered, Verified, covered},
    writer::{Element, Space},
};

const ASK: &str = "urn:madoguchi:records:2026-12:Query";
const ANSWER: &str = "urn:madoguchi:records:2026-12:QueryResponse";
/// The one item of a query.
const ITEM: &str = "i1";
/// The longest of the short texts in a query.
const LONGEST: usize = 64;

/// What is asked of a provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordsQuery {
    pub sender: EntityId,
    pub id: String,
    /// Which kind of records.
    pub kind: String,
    /// What for.
    pub purpose: String,
}

/// A query with what its token says, believed.
#[derive(Debug)]
pub struct Asked {
    pub query: RecordsQuery,
    pub token: token::TokenSeen,
}

impl RecordsQuery {
    /// A query of `sender` for records of `kind`.
    pub fn new(sender: &EntityId, kind: &str, purpose: &str, chance: &mut dyn Chance) -> Self {
        Self {
            sender: sender.clone(),
            id: message_id(chance),
            kind: kind.to_owned(),
            purpose: purpose.to_owned(),
        }
    }

    /// As it is sent to the provider that `reference` names.
    ///
    /// # Errors
    /// [`Unwritable`] when the token is not one that was written by the relay.
    pub fn write(&self, reference: &Reference, now: OffsetDateTime) -> Result<String, Unwritable> {
        let item = Element::new(Space::Records, "QueryItem")
            .attribute("itemID", ITEM)
            .attribute("objectType", self.kind.as_str())
            .child(Element::new(Space::Records, "Select").text("/rec:Records"));
        let body = Element::new(Space::Records, "Query")
            .attribute("purpose", self.purpose.as_str())
            .child(item);
        let header = Header {
            sender: self.sender.clone(),
            id: self.id.clone(),
            relates_to: None,
            to: Some(reference.address.clone()),
            action: Some(ASK),
            created: now,
        };
        header.write(Some(&reference.token), body)
    }

    /// The query in `bytes`, as it came to `here` on a connection that showed `certificate`: its token is of `relay`, for
    /// this provider and this sender, of this hour, and its name opens with `keys`.
    ///
    /// # Errors
    /// [`Refusal`]
    pub fn take(
        bytes: &[u8],
        here: &Here<'_>,
        relay: &Peer,
        keys: &DecryptionKeys,
        certificate: &[u8],
        strictness: Strictness,
    ) -> Result<Verified<Asked>, Refusal> {
        let envelope = Envelope::open(bytes)?;
        let header = envelope.request(ASK, here, strictness)?;
        let assertion = envelope.security()?.needs(ns::ASSERTION, "Assertion")?;
        // Only the token may be signed: what the connection carries is believed by the key that TLS proved.
        let proof: Covered = covered(envelope.document(), &[assertion], relay.keys())?;
        if !proof.has(assertion) {
            return Err(Refusal::Unsigned("the token"));
        }
        let token = token::read(assertion, relay, keys, here)?;
        if token.holder.entity != header.sender {
            return Err(Refusal::Sender);
        }
        if !token.holder.certificates.iter().any(|held| held == certificate) {
            return Err(Refusal::HolderOfKey);
        }
        let body = envelope.body()?;
        let query = read_query(body, &header)?;
        Ok(Verified::new(Asked { query, token }, once(&header, here), &proof))
    }
}

fn read_query(body: Node<'_>, header: &Header) -> Result<RecordsQuery, Refusal> {
    if !body.is(ns::RECORDS, "Query") {
        return Err(Refusal::WrongMessage("Query"));
    }
    let short = |text: &str| {
        let plain = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        (plain && (1..=LONGEST).contains(&text.len())).then(|| text.to_owned())
    };
    let item = body.needs(ns::RECORDS, "QueryItem")?;
    Ok(RecordsQuery {
        sender: header.sender.clone(),
        id: header.id.clone(),
        kind: short(item.needs_attribute("objectType")?).ok_or(Refusal::Malformed("objectType"))?,
        purpose: short(body.needs_attribute("purpose")?).ok_or(Refusal::Malformed("purpose"))?,
    })
}

/// What an answer says before any of its figures. Five different things: none is another's weaker form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Standing {
    /// 有効: there is what was asked for, and it holds today.
    Valid,
    /// 無効: there was, and it holds no more.
    Ended,
    /// 該当なし: this provider has nothing of the person.
    Absent,
    /// 複数該当: several hold at once; none is chosen.
    Several,
    /// 不明: it can't be told now.
    Unknown,
}

impl Standing {
    /// All five.
    pub const ALL: [Self; 5] = [Self::Valid, Self::Ended, Self::Absent, Self::Several, Self::Unknown];

    /// As written.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Valid => "valid",
            Self::Ended => "ended",
            Self::Absent => "absent",
            Self::Several => "several",
            Self::Unknown => "unknown",
        }
    }

    /// The standing written `text`.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|standing| standing.as_str() == text)
    }
}

/// One record: items by their names, in the schema's order. `Debug` shows no value.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Record(pub Vec<(String, String)>);

impl Record {
    /// The value of an item; empty texts are none.
    pub fn get(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().find(|(known, value)| known == name && !value.is_empty());
        found.map(|(_, value)| value.as_str())
    }
}

impl fmt::Debug for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Record({} items)", self.0.len())
    }
}

/// A provider's answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordSet {
    pub kind: String,
    pub standing: Standing,
    /// How things stood then; none where the provider has nothing yet.
    pub as_of: Option<OffsetDateTime>,
    /// When it should have been younger: it is older than the provider promised.
    pub overdue: bool,
    /// Made up for a trial.
    pub dummy: bool,
    /// Whose data they are, for people.
    pub source: String,
    pub records: Vec<Record>,
}

impl RecordSet {
    /// As it answers `request`.
    ///
    /// # Errors
    /// [`Unwritable`]
    pub fn write(
        &self,
        sender: &EntityId,
        request: &str,
        now: OffsetDateTime,
        chance: &mut dyn Chance,
    ) -> Result<String, Unwritable> {
        let rec = |local: &'static str| Element::new(Space::Records, local);
        let records = self.records.iter().map(|record| {
            let items = record
                .0
                .iter()
                .map(|(name, value)| rec("Item").attribute("name", name.as_str()).text(value.as_str()));
            rec("Record").children(items)
        });
        let truth = |truth: bool| truth.then_some("true");
        let set = rec("Records")
            .attribute("kind", self.kind.as_str())
            .attribute("standing", self.standing.as_str())
            .attribute("source", self.source.as_str())
            .attribute_if("asOf", self.as_of.map(written))
            .attribute_if("overdue", truth(self.overdue))
            .attribute_if("dummy", truth(self.dummy))
            .children(records);
        let body = rec("QueryResponse")
            .child(rec("Status").attribute("code", "OK"))
            .child(rec("Data").attribute("itemIDRef", ITEM).child(set));
        let header = Header {
            sender: sender.clone(),
            id: message_id(chance),
            relates_to: Some(request.to_owned()),
            to: None,
            action: Some(ANSWER),
            created: now,
        };
        header.write(None, body)
    }

    /// The answer of `from` to `query`.
    ///
    /// # Errors
    /// [`Refusal`]; [`Refusal::Fault`] for a fault or a status that is none of success.
    pub fn read(bytes: &[u8], query: &RecordsQuery, from: &EntityId) -> Result<Self, Refusal> {
        let envelope = Envelope::open(bytes)?;
        let body = envelope.body()?;
        envelope.answers(&query.id, from)?;
        if !body.is(ns::RECORDS, "QueryResponse") {
            return Err(Refusal::WrongMessage("QueryResponse"));
        }
        if body.needs(ns::RECORDS, "Status")?.attribute("code") != Some("OK") {
            return Err(Refusal::Fault(FaultStatus::Unavailable));
        }
        let set = body.needs(ns::RECORDS, "Data")?.needs(ns::RECORDS, "Records")?;
        let kind = set.needs_attribute("kind")?;
        if kind != query.kind {
            return Err(Refusal::WrongMessage("Records of the kind that was asked for"));
        }
        let as_of = set.attribute("asOf");
        Ok(Self {
            kind: kind.to_owned(),
            standing: Standing::parse(set.needs_attribute("standing")?).ok_or(Refusal::Malformed("standing"))?,
            as_of: as_of.map(|text| instant(text, "asOf")).transpose()?,
            overdue: set.flag("overdue")?,
            dummy: set.flag("dummy")?,
            source: set.attribute("source").unwrap_or_default().to_owned(),
            records: set.all(ns::RECORDS, "Record").map(record).collect::<Result<_, _>>()?,
        })
    }
}

fn record(node: Node<'_>) -> Result<Record, Refusal> {
    let items = node.all(ns::RECORDS, "Item").map(|item| {
        let name = item.needs_attribute("name")?.to_owned();
        Ok((name, item.text("Item")?.into_owned()))
    });
    Ok(Record(items.collect::<Result<_, Refusal>>()?))
}

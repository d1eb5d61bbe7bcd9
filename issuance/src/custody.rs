//! Where a card is: a ledger of transfers that is only ever added to, and the one table of what may be moved where.
//!
//! A new kind of place (contractor, school) is a line of [`PlaceKind::ALL`] with what is true of it, and its
//! ways are lines of [`TRANSFERS`]; the database's `place_kind` and `transfer_rule` hold the same, which a test compares.
//! No state of an application or of a card's life is named here, and none of theirs names a place.

use serde::{Deserialize, Serialize};
use time::Date;

use crate::{
    case::ShelfPlace,
    machine::NotNow,
    parcel::TrackingNumber,
    staff::Role::{self, Administration, Handover, Issuing, Reception, Verification},
};

/// What kind of place a card can be at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PlaceKind {
    /// 在庫: blanks. Where every card comes from.
    Stock,
    /// A desk's card reader.
    Reader,
    /// A desk's locked drawer.
    Drawer,
    /// A place of the locked shelf, which holds one card.
    Shelf,
    /// 発送箱: in its closed envelope, until the post office takes it.
    Outgoing,
    /// In the post, under its 引受番号 and the day it was accepted: numbers come round again.
    Post,
    /// 返戻箱: in an envelope that came back.
    Returned,
    Holder,
    /// Nowhere any more: destroyed before two people.
    Destroyed,
    Lost,
}

/// What is true of every place of a kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PlaceRule {
    /// The kind's name, as stored.
    pub name: &'static str,
    /// Whether there are several, told apart by a name: a desk's, a shelf label.
    pub named: bool,
    /// Whether each holds one card and no more.
    pub holds_one: bool,
}

impl PlaceKind {
    /// Every kind.
    pub const ALL: [Self; 10] = [
        Self::Stock,
        Self::Reader,
        Self::Drawer,
        Self::Shelf,
        Self::Outgoing,
        Self::Post,
        Self::Returned,
        Self::Holder,
        Self::Destroyed,
        Self::Lost,
    ];

    /// What is true of every place of the kind.
    pub const fn rule(self) -> PlaceRule {
        // A reader holds one card, but one that was put aside without a word must not keep the next from being made.
        let (name, named, holds_one) = match self {
            Self::Stock => ("stock", false, false),
            Self::Reader => ("reader", true, false),
            Self::Drawer => ("drawer", true, false),
            Self::Shelf => ("shelf", true, true),
            Self::Outgoing => ("outgoing", false, false),
            Self::Post => ("post", true, true),
            Self::Returned => ("returned", false, false),
            Self::Holder => ("holder", false, false),
            Self::Destroyed => ("destroyed", false, false),
            Self::Lost => ("lost", false, false),
        };
        PlaceRule { name, named, holds_one }
    }

    /// As stored.
    pub const fn as_str(self) -> &'static str {
        self.rule().name
    }

    /// The kind with this name.
    pub fn read(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }
}

/// What shows that a card was moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Evidence {
    /// The chip's serial, read in the reader.
    ChipRead,
    /// The journal of the making: every step is done.
    MakingDone,
    /// The place's label, scanned or typed.
    PlaceScanned,
    /// The recorded handover with its two looks.
    Handover,
    /// The letter's QR and the chip agreed as the envelope was closed, and two people looked.
    EnvelopeClosed,
    /// The post office took it: the count of envelopes agreed.
    Accepted,
    /// The carrier's word, from its file or typed.
    Carrier,
    /// The number on an envelope that came back, scanned or typed.
    EnvelopeScanned,
    /// What the holder says, with how it was made sure that it is they; recorded in the trail.
    HolderSays,
    /// A clerk's words, sealed in the trail.
    Words,
}

impl Evidence {
    /// Every kind of it.
    pub const ALL: [Self; 10] = [
        Self::ChipRead,
        Self::MakingDone,
        Self::PlaceScanned,
        Self::Handover,
        Self::EnvelopeClosed,
        Self::Accepted,
        Self::Carrier,
        Self::EnvelopeScanned,
        Self::HolderSays,
        Self::Words,
    ];

    /// As stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ChipRead => "chip_read",
            Self::MakingDone => "making_done",
            Self::PlaceScanned => "place_scanned",
            Self::Handover => "handover",
            Self::EnvelopeClosed => "envelope_closed",
            Self::Accepted => "accepted",
            Self::Carrier => "carrier",
            Self::EnvelopeScanned => "envelope_scanned",
            Self::HolderSays => "holder_says",
            Self::Words => "words",
        }
    }
}

/// A way that cards may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TransferRule {
    /// From a place of this kind.
    pub from: PlaceKind,
    /// To a place of this kind.
    pub to: PlaceKind,
    pub evidence: Evidence,
    /// Moved by someone with one of these roles.
    pub roles: &'static [Role],
    /// Whether a second person must have seen it. (A handover brings its own two looks.)
    pub two_people: bool,
}

const fn way(from: PlaceKind, to: PlaceKind, evidence: Evidence, roles: &'static [Role]) -> TransferRule {
    TransferRule {
        from,
        to,
        evidence,
        roles,
        two_people: false,
    }
}

const fn by_two(from: PlaceKind, to: PlaceKind, evidence: Evidence, roles: &'static [Role]) -> TransferRule {
    TransferRule {
        two_people: true,
        ..way(from, to, evidence, roles)
    }
}

/// Every way there is.
pub const TRANSFERS: [TransferRule; 27] = {
    use Evidence::{
        Accepted, Carrier, ChipRead, EnvelopeClosed, EnvelopeScanned, HolderSays, MakingDone, PlaceScanned, Words,
    };
    use PlaceKind as At;
    const MAKERS: &[Role] = &[Issuing];
    const KEEPERS: &[Role] = &[Issuing, Handover];
    const EVERYBODY: &[Role] = &[Reception, Verification, Issuing, Handover];
    [
        way(At::Stock, At::Reader, ChipRead, MAKERS),
        // The making goes on at another desk.
        way(At::Reader, At::Reader, ChipRead, MAKERS),
        way(At::Reader, At::Drawer, MakingDone, MAKERS),
        // Given up: it leaves the reader, or frees its place of the shelf.
        way(At::Reader, At::Drawer, Words, KEEPERS),
        way(At::Shelf, At::Drawer, Words, KEEPERS),
        way(At::Drawer, At::Shelf, PlaceScanned, KEEPERS),
        way(At::Shelf, At::Shelf, PlaceScanned, KEEPERS),
        way(At::Shelf, At::Holder, Evidence::Handover, &[Handover]),
        // By post: closing the envelope brings its own two looks.
        way(At::Drawer, At::Outgoing, EnvelopeClosed, KEEPERS),
        way(At::Shelf, At::Outgoing, EnvelopeClosed, KEEPERS),
        // Taken out again: the number was wrong, or the holder comes to the counter after all.
        way(At::Outgoing, At::Drawer, Words, KEEPERS),
        way(At::Outgoing, At::Post, Accepted, KEEPERS),
        way(At::Post, At::Holder, Carrier, KEEPERS),
        way(At::Post, At::Returned, EnvelopeScanned, KEEPERS),
        way(At::Returned, At::Drawer, Words, KEEPERS),
        way(At::Holder, At::Lost, HolderSays, EVERYBODY),
        way(At::Lost, At::Holder, HolderSays, &[Verification, Issuing]),
        // Brought back, or found and brought in.
        way(At::Holder, At::Drawer, Words, KEEPERS),
        way(At::Lost, At::Drawer, Words, KEEPERS),
        // Its holder came for it: the chip is read once more before two.
        by_two(At::Drawer, At::Holder, ChipRead, KEEPERS),
        by_two(At::Drawer, At::Destroyed, Words, KEEPERS),
        // Missing at a stock-taking.
        by_two(At::Drawer, At::Lost, Words, &[Issuing, Handover, Administration]),
        by_two(At::Shelf, At::Lost, Words, &[Issuing, Handover, Administration]),
        by_two(At::Outgoing, At::Lost, Words, &[Issuing, Handover, Administration]),
        by_two(At::Post, At::Lost, Words, &[Issuing, Handover, Administration]),
        by_two(At::Returned, At::Lost, Words, &[Issuing, Handover, Administration]),
        // Missed in the post, and come back after all.
        way(At::Lost, At::Returned, EnvelopeScanned, KEEPERS),
    ]
};

/// Where a card is.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Custody {
    kind: PlaceKind,
    name: Option<String>,
}

impl Custody {
    /// The stock.
    pub const STOCK: Self = Self::nameless(PlaceKind::Stock);
    /// The holder's hand.
    pub const HOLDER: Self = Self::nameless(PlaceKind::Holder);
    /// The box of envelopes that wait for the post office.
    pub const OUTGOING: Self = Self::nameless(PlaceKind::Outgoing);
    /// The box of envelopes that came back.
    pub const RETURNED: Self = Self::nameless(PlaceKind::Returned);
    /// Destroyed.
    pub const DESTROYED: Self = Self::nameless(PlaceKind::Destroyed);
    /// Lost.
    pub const LOST: Self = Self::nameless(PlaceKind::Lost);

    const fn nameless(kind: PlaceKind) -> Self {
        Self { kind, name: None }
    }

    /// The reader of a desk.
    pub fn reader(desk: &str) -> Self {
        Self::named(PlaceKind::Reader, desk)
    }

    /// The drawer of a desk.
    pub fn drawer(desk: &str) -> Self {
        Self::named(PlaceKind::Drawer, desk)
    }

    /// A place of the shelf.
    pub fn shelf(place: &ShelfPlace) -> Self {
        Self::named(PlaceKind::Shelf, place.as_str())
    }

    /// In the post, under a number and the day it was accepted.
    pub fn post(number: &TrackingNumber, accepted_on: Date) -> Self {
        Self::named(PlaceKind::Post, &format!("{}/{accepted_on}", number.as_str()))
    }

    fn named(kind: PlaceKind, name: &str) -> Self {
        Self {
            kind,
            name: Some(name.to_owned()),
        }
    }

    /// A place as stored; `None` for a kind that is not known, or a name too many or too few.
    pub fn read(kind: &str, name: Option<String>) -> Option<Self> {
        let kind = PlaceKind::read(kind)?;
        (kind.rule().named == name.is_some()).then_some(Self { kind, name })
    }

    /// What kind of place it is.
    pub const fn kind(&self) -> PlaceKind {
        self.kind
    }

    /// Which of its kind.
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// The place of the shelf, when it lies there.
    pub fn shelf_place(&self) -> Option<ShelfPlace> {
        match self.kind {
            PlaceKind::Shelf => self.name.as_deref().and_then(ShelfPlace::parse),
            _ => None,
        }
    }

    /// The ways that lead on from here.
    pub fn allows(&self) -> impl Iterator<Item = &'static TransferRule> + use<> {
        let here = self.kind;
        TRANSFERS.iter().filter(move |way| way.from == here)
    }

    /// The ways on from here that a clerk's own words open, outside the course of a case. An envelope has acts of its own.
    pub fn by_words(&self) -> impl Iterator<Item = &'static TransferRule> + use<> {
        let enclosed = matches!(self.kind, PlaceKind::Outgoing | PlaceKind::Post | PlaceKind::Returned);
        self.allows()
            .filter(move |way| !enclosed && way.evidence == Evidence::Words)
    }

    /// The place after a transfer, and the way it took.
    ///
    /// # Errors
    /// [`NotNow`] when no way leads there on such evidence.
    pub fn after(&self, to: &Self, evidence: Evidence) -> Result<(Self, &'static TransferRule), NotNow> {
        let way = self.allows().find(|way| way.to == to.kind && way.evidence == evidence);
        way.map(|way| (to.clone(), way)).ok_or(NotNow {
            state: self.kind.as_str(),
            event: evidence.as_str(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(kind: PlaceKind) -> Custody {
        Custody::read(kind.as_str(), kind.rule().named.then(|| "A-1".to_owned())).unwrap()
    }

    #[test]
    fn every_place_answers_every_transfer() {
        let mut taken = 0;
        for from in PlaceKind::ALL {
            for to in PlaceKind::ALL {
                for evidence in Evidence::ALL {
                    let lines: Vec<_> = TRANSFERS
                        .iter()
                        .filter(|way| (way.from, way.to, way.evidence) == (from, to, evidence))
                        .collect();
                    assert!(lines.len() <= 1, "two ways {from:?} → {to:?} on {evidence:?}");
                    match at(from).after(&at(to), evidence) {
                        Ok((there, way)) => {
                            assert_eq!((there, Some(&way)), (at(to), lines.first()));
                            taken += 1;
                        }
                        Err(refused) => assert_eq!((refused.state, lines.len()), (from.as_str(), 0)),
                    }
                }
            }
        }
        assert_eq!(taken, TRANSFERS.len());
    }

    #[test]
    fn every_card_comes_from_the_stock_and_what_is_destroyed_is_never_seen_again() {
        assert!(TRANSFERS.iter().all(|way| way.to != PlaceKind::Stock));
        assert_eq!(Custody::DESTROYED.allows().count(), 0);
        for kind in PlaceKind::ALL {
            let reached = kind == PlaceKind::Stock || TRANSFERS.iter().any(|way| way.to == kind);
            assert!(reached, "no way leads to {kind:?}");
        }
        assert!(TRANSFERS.iter().all(|way| !way.roles.is_empty()));
    }

    #[test]
    fn a_card_is_in_the_post_only_in_an_envelope_that_the_post_office_took() {
        let into = |kind| {
            let ways = TRANSFERS.iter().filter(move |way| way.to == kind);
            ways.map(|way| (way.from, way.evidence)).collect::<Vec<_>>()
        };
        assert_eq!(into(PlaceKind::Post), [(PlaceKind::Outgoing, Evidence::Accepted)]);
        assert!(
            into(PlaceKind::Outgoing)
                .iter()
                .all(|(_, evidence)| *evidence == Evidence::EnvelopeClosed)
        );
    }

    #[test]
    fn only_a_handover_or_the_post_puts_a_card_of_ours_into_somebodys_hand() {
        let ways = TRANSFERS.iter().filter(|way| way.to == PlaceKind::Holder);
        let ways: Vec<_> = ways.map(|way| (way.from, way.evidence)).collect();
        assert_eq!(
            ways,
            [
                (PlaceKind::Shelf, Evidence::Handover),
                (PlaceKind::Post, Evidence::Carrier),
                (PlaceKind::Lost, Evidence::HolderSays),
                (PlaceKind::Drawer, Evidence::ChipRead)
            ]
        );
    }

    #[test]
    fn what_the_office_loses_destroys_or_gives_back_two_people_have_seen() {
        for way in TRANSFERS.iter().filter(|way| way.from != PlaceKind::Holder) {
            let grave = matches!(way.to, PlaceKind::Lost | PlaceKind::Destroyed);
            let given_back = (way.from, way.to) == (PlaceKind::Drawer, PlaceKind::Holder);
            assert_eq!(way.two_people, grave || given_back, "{:?} → {:?}", way.from, way.to);
        }
    }

    #[test]
    fn nobody_takes_a_card_out_of_an_envelope_by_words_alone() {
        for kind in [PlaceKind::Outgoing, PlaceKind::Post, PlaceKind::Returned] {
            assert_eq!(at(kind).by_words().count(), 0, "{kind:?}");
        }
        let drawer: Vec<_> = at(PlaceKind::Drawer).by_words().map(|way| way.to).collect();
        assert_eq!(drawer, [PlaceKind::Destroyed, PlaceKind::Lost]);
    }

    #[test]
    fn a_place_has_a_name_exactly_where_there_are_several() {
        assert_eq!(Custody::read("shelf", None), None);
        assert_eq!(Custody::read("holder", Some("A-1".into())), None);
        assert_eq!(Custody::read("attic", None), None);
        assert_eq!(at(PlaceKind::Shelf).shelf_place(), ShelfPlace::parse("A-1"));
        assert_eq!(at(PlaceKind::Drawer).shelf_place(), None);
    }
}

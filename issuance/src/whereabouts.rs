//! What a clerk's words may do with a card where it is, outside the course of its case: found and put away, missed,
//! destroyed. Its place and its life, which know nothing of one another, decide it together; the office's verb and the
//! screen that offers it ask here.

use crate::{
    custody::{Custody, PlaceKind, TransferRule},
    lifecycle::Lifecycle,
    machine::{Machine as _, NotNow},
};

/// Why a card is not moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stays {
    /// What may be used is in its holder's hand: it is stopped first.
    StillActive,
    /// What is not over is not destroyed.
    NotOver,
    /// No way leads there: by the ledger, or because its case goes on with it where it is.
    NoWay(NotNow),
}

/// The way that a card takes from `from` to `to` on a clerk's words.
///
/// # Errors
/// [`Stays`]
pub fn by_words(from: &Custody, life: Lifecycle, to: PlaceKind) -> Result<&'static TransferRule, Stays> {
    if life == Lifecycle::Active {
        return Err(Stays::StillActive);
    }
    if to == PlaceKind::Destroyed && !life.is_over() {
        return Err(Stays::NotOver);
    }
    // What its case still waits for leaves the reader and the shelf by the case's own acts.
    let is_awaited = to == PlaceKind::Drawer && matches!(from.kind(), PlaceKind::Reader | PlaceKind::Shelf);
    let way = from
        .by_words()
        .find(|way| way.to == to && (!is_awaited || life.is_over()));
    way.ok_or(Stays::NoWay(NotNow {
        state: from.kind().as_str(),
        event: "words",
    }))
}

/// Whether a card can be given back to its holder: it was handed over, is stopped and lies in a drawer of the office.
pub fn may_be_given_back(from: &Custody, life: Lifecycle) -> bool {
    from.kind() == PlaceKind::Drawer && life == Lifecycle::Suspended
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIVES: [Lifecycle; 7] = [
        Lifecycle::Making,
        Lifecycle::Made,
        Lifecycle::Active,
        Lifecycle::Suspended,
        Lifecycle::Revoked,
        Lifecycle::Expired,
        Lifecycle::Damaged,
    ];

    #[test]
    fn every_place_life_and_goal_has_one_answer_and_it_is_a_way_of_the_ledger() {
        for kind in PlaceKind::ALL {
            let from = Custody::read(kind.as_str(), kind.rule().named.then(|| "A-1".to_owned())).unwrap();
            for life in LIVES {
                for to in PlaceKind::ALL {
                    match by_words(&from, life, to) {
                        Ok(way) => {
                            assert_eq!((way.from, way.to), (kind, to));
                            assert!(life != Lifecycle::Active, "{kind:?} → {to:?}");
                            assert!(to != PlaceKind::Destroyed || life.is_over(), "{life:?}");
                            let grave = matches!(to, PlaceKind::Destroyed)
                                || to == PlaceKind::Lost && kind != PlaceKind::Holder;
                            assert_eq!(way.two_people, grave, "{kind:?} → {to:?}");
                        }
                        Err(Stays::StillActive) => assert_eq!(life, Lifecycle::Active),
                        Err(Stays::NotOver) => assert!(!life.is_over() && to == PlaceKind::Destroyed),
                        Err(Stays::NoWay(no)) => assert_eq!(no.state, kind.as_str()),
                    }
                }
                assert!(!may_be_given_back(&from, life) || kind == PlaceKind::Drawer);
            }
        }
    }

    #[test]
    fn a_card_that_its_case_waits_for_leaves_shelf_and_reader_by_the_cases_acts_alone() {
        let shelf = Custody::read("shelf", Some("A-1".into())).unwrap();
        for from in [shelf, Custody::reader("窓口1")] {
            assert!(by_words(&from, Lifecycle::Made, PlaceKind::Drawer).is_err());
            assert!(by_words(&from, Lifecycle::Damaged, PlaceKind::Drawer).is_ok());
        }
    }
}

//! A trail compared with its tree and with the heads that were kept elsewhere.
//!
//! The same check serves a database and a file that was exported from one: both give the placed events in the order of
//! their places. What it finds is named by the events' numbers, as far as they can still be known.

use relay_core::audit::AuditEvent;

use super::{
    head::TreeHead,
    tree::{BrokenTree, Frontier, Hash, leaf},
};

/// A place of the tree, with what is kept of its event.
#[derive(Debug, Clone, PartialEq)]
pub struct Placed {
    pub place: u64,
    pub seq: i64,
    /// The leaf's hash as it was placed.
    pub leaf: Hash,
    /// `None` when there is no such event any more.
    pub event: Option<Written>,
}

/// An event with what its hash was made with.
#[derive(Debug, Clone, PartialEq)]
pub struct Written {
    pub event: AuditEvent,
    pub salt: [u8; 16],
    /// As it was written beside the event.
    pub hash: Hash,
}

impl Written {
    /// Whether the event is what was hashed when it was written.
    pub fn is_intact(&self) -> bool {
        self.event.content_hash(&self.salt) == self.hash
    }
}

/// What does not fit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    /// The event's content is not what was recorded.
    Changed { seq: i64 },
    /// The event was placed and is there no more.
    Missing { seq: i64 },
    /// There is no record of the places from `first` to `last`; the events before and after them are known.
    NoPlace {
        first: u64,
        last: u64,
        after: Option<i64>,
        before: i64,
    },
    /// A head knows more events than there are: those after number `after`, up to `last`, were cut off.
    CutOff { after: i64, last: i64, events: u64 },
    /// Between two heads something was changed, taken out or put in: after number `after`, up to `last`.
    Rewritten { after: i64, last: i64 },
    /// Two heads of the same size do not agree: somebody signed two histories.
    TwoHistories { size: u64 },
    /// The event was recorded a while ago and was never placed: nobody seals, or it was put in behind their back.
    Unsealed { seq: i64 },
}

/// What a check found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Report {
    pub events: u64,
    pub heads: usize,
    /// The size of the largest of them.
    pub sealed: u64,
    /// Events too young to be placed.
    pub waiting: u64,
    pub findings: Vec<Finding>,
}

impl Report {
    pub fn is_good(&self) -> bool {
        self.findings.is_empty()
    }
}

/// A check under way.
pub struct Check {
    heads: std::iter::Peekable<std::vec::IntoIter<TreeHead>>,
    frontier: Frontier,
    /// Number of the event placed last.
    last: Option<i64>,
    /// Number up to which the last head that fitted vouches.
    vouched: i64,
    /// Once a place is lost or a head does not fit, later heads cannot.
    torn: bool,
    report: Report,
}

impl Check {
    /// Compares with `heads`, whose signatures were checked.
    pub fn new(mut heads: Vec<TreeHead>) -> Self {
        heads.sort_by_key(|head| (head.size, head.root));
        heads.dedup_by(|one, other| (one.size, one.root) == (other.size, other.root));
        let two = heads.windows(2).filter(|pair| pair[0].size == pair[1].size);
        let findings = two.map(|pair| Finding::TwoHistories { size: pair[0].size }).collect();
        Self {
            report: Report {
                heads: heads.len(),
                sealed: heads.last().map_or(0, |head| head.size),
                findings,
                ..Report::default()
            },
            heads: heads.into_iter().peekable(),
            frontier: Frontier::default(),
            last: None,
            vouched: 0,
            torn: false,
        }
    }

    /// Takes the next placed event, in order of the places.
    ///
    /// # Errors
    /// [`BrokenTree`] only when the tree cannot be computed at all.
    pub fn take(&mut self, placed: &Placed) -> Result<(), BrokenTree> {
        let next = self.frontier.size();
        if placed.place != next && !self.torn {
            self.torn = true;
            self.report.findings.push(Finding::NoPlace {
                first: next,
                last: placed.place.saturating_sub(1),
                after: self.last,
                before: placed.seq,
            });
        }
        match &placed.event {
            None => self.report.findings.push(Finding::Missing { seq: placed.seq }),
            Some(written) => {
                self.report.events += 1;
                if !written.is_intact() || leaf(placed.seq, &written.hash) != placed.leaf {
                    self.report.findings.push(Finding::Changed { seq: placed.seq });
                }
            }
        }
        self.last = Some(placed.seq);
        if self.torn {
            return Ok(());
        }
        self.frontier.push(&placed.leaf)?;
        while let Some(head) = self.heads.next_if(|head| head.size <= self.frontier.size()) {
            if head.size == 0 || self.frontier.root()? == head.root {
                self.vouched = self.vouched.max(head.last);
            } else if !self.torn {
                self.torn = true;
                self.report.findings.push(Finding::Rewritten {
                    after: self.vouched,
                    last: head.last,
                });
            }
        }
        Ok(())
    }

    /// Takes an event that stands in the trail and not in the tree; `late` when it should have been placed long ago.
    pub fn take_unplaced(&mut self, seq: i64, written: &Written, late: bool) {
        self.report.events += 1;
        if !written.is_intact() {
            self.report.findings.push(Finding::Changed { seq });
        }
        match late {
            true => self.report.findings.push(Finding::Unsealed { seq }),
            false => self.report.waiting += 1,
        }
    }

    /// What was found.
    pub fn finish(mut self) -> Report {
        let size = self.frontier.size();
        if let Some(head) = self.heads.last().filter(|head| !self.torn && head.size > size) {
            self.report.findings.push(Finding::CutOff {
                after: self.last.unwrap_or(0),
                last: head.last,
                events: head.size - size,
            });
        }
        self.report
    }
}

#[cfg(test)]
mod tests {
    use relay_core::audit::Outcome;
    use serde_json::Map;
    use time::macros::datetime;
    use uuid::Uuid;

    use super::*;
    use crate::trail::tree::Tree;

    fn written(seq: i64) -> Written {
        let event = AuditEvent {
            id: Uuid::from_u128(seq as u128),
            at: datetime!(2026-11-30 08:00:00 UTC),
            actor: "import".into(),
            desk: None,
            act: "roster.imported".into(),
            subjects: Map::new(),
            outcome: Outcome::Done,
            details: Map::new(),
        };
        let salt = [9; 16];
        Written {
            hash: event.content_hash(&salt),
            event,
            salt,
        }
    }

    /// Events 1, 3, 5 …: numbers have gaps, places do not.
    fn trail(events: u64) -> Vec<Placed> {
        (0..events)
            .map(|place| {
                let seq = 2 * place as i64 + 1;
                let written = written(seq);
                Placed {
                    place,
                    seq,
                    leaf: leaf(seq, &written.hash),
                    event: Some(written),
                }
            })
            .collect()
    }

    fn heads(trail: &[Placed], sizes: &[usize]) -> Vec<TreeHead> {
        let mut tree = Tree::default();
        trail.iter().for_each(|placed| tree.push(&placed.leaf).unwrap());
        let head = |size: usize| TreeHead {
            origin: "office".into(),
            size: size as u64,
            root: tree.root_at(size as u64).unwrap(),
            last: trail[size - 1].seq,
            at: datetime!(2026-11-30 08:00:00 UTC),
        };
        sizes.iter().map(|size| head(*size)).collect()
    }

    fn check(trail: &[Placed], heads: Vec<TreeHead>) -> Vec<Finding> {
        let mut check = Check::new(heads);
        trail.iter().for_each(|placed| check.take(placed).unwrap());
        check.finish().findings
    }

    #[test]
    fn a_trail_as_it_was_written_fits_every_head() {
        let trail = trail(20);
        assert!(check(&trail, heads(&trail, &[1, 7, 13, 20])).is_empty());
    }

    #[test]
    fn newest_events_cut_off_are_counted_and_told_from_which_number_on() {
        let trail = trail(20);
        let kept = heads(&trail, &[7, 20]);
        let cut = Finding::CutOff {
            after: 33,
            last: 39,
            events: 3,
        };
        assert_eq!(check(&trail[..17], kept), [cut]);
        assert_eq!(
            check(&[], heads(&trail, &[20])),
            [Finding::CutOff {
                after: 0,
                last: 39,
                events: 20
            }]
        );
    }

    #[test]
    fn an_event_taken_from_the_middle_is_named() {
        let whole = trail(20);
        let mut trail = whole.clone();
        trail[9].event = None;
        assert_eq!(check(&trail, heads(&whole, &[20])), [Finding::Missing { seq: 19 }]);
        // Its place taken out with it.
        trail.remove(9);
        let no_place = Finding::NoPlace {
            first: 9,
            last: 9,
            after: Some(17),
            before: 21,
        };
        assert_eq!(check(&trail, heads(&whole, &[20])), [no_place]);
        // And the places closed up behind it: between which heads it was.
        for (place, placed) in trail.iter_mut().enumerate() {
            placed.place = place as u64;
        }
        let rewritten = Finding::Rewritten { after: 17, last: 23 };
        assert_eq!(check(&trail, heads(&whole, &[9, 12, 20])), [rewritten]);
    }

    #[test]
    fn an_event_changed_is_named_and_one_hashed_anew_does_not_fit_the_heads() {
        let whole = trail(20);
        let mut trail = whole.clone();
        let changed = trail[4].event.as_mut().unwrap();
        changed.event.actor = "somebody else".into();
        assert_eq!(check(&trail, heads(&whole, &[20])), [Finding::Changed { seq: 9 }]);
        let changed = trail[4].event.as_mut().unwrap();
        changed.hash = changed.event.content_hash(&changed.salt);
        trail[4].leaf = leaf(9, &changed.hash);
        assert_eq!(
            check(&trail, heads(&whole, &[4, 20])),
            [Finding::Rewritten { after: 7, last: 39 }]
        );
    }

    #[test]
    fn two_signed_histories_are_told_apart() {
        let trail = trail(5);
        let mut kept = heads(&trail, &[5, 5]);
        kept[1].root = [0; 32];
        assert!(check(&trail, kept).contains(&Finding::TwoHistories { size: 5 }));
    }
}

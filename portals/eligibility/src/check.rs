//! What came of a card at the desk: one of five answers about the insurance, or a trouble that says nothing about it.

use std::sync::atomic::AtomicBool;

use portal_service::{NotAnswered, eligibility::NotChecked};
use relay_core::clock::JST;
use relay_saml::wsf::{Record, RecordSet, Standing};
use time::{Date, OffsetDateTime, macros::format_description};

/// A card that was laid down.
#[derive(Debug)]
pub struct Check {
    /// From 1 at each desk and day.
    pub number: usize,
    /// Of this portal alone: nothing of the patient is in it.
    pub id: String,
    pub at: OffsetDateTime,
    pub outcome: Outcome,
    /// Its answer file could not be put where the clinic's software picks it up.
    pub not_put: AtomicBool,
}

/// What came of it.
#[derive(Debug)]
pub enum Outcome {
    /// The insurer answered.
    Answered(RecordSet),
    /// The insurer was asked and gave no answer that could be taken: nothing can be said of the insurance.
    Silent,
    /// The card, the desk or the relay: the insurer was not asked, by this code.
    Trouble(String),
}

/// The five answers, kept apart (DOMAIN 5.5: QualificationValidity), and what is none of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    Valid,
    /// Whether a newer entitlement is known.
    Ended {
        newer: bool,
    },
    Absent,
    Several,
    Unknown,
    /// Nothing was asked about the insurance.
    None,
}

impl Verdict {
    /// As keys of words and classes are made.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Valid => "valid",
            Self::Ended { .. } => "ended",
            Self::Absent => "absent",
            Self::Several => "several",
            Self::Unknown => "unknown",
            Self::None => "trouble",
        }
    }
}

impl From<Result<RecordSet, NotChecked>> for Outcome {
    fn from(answer: Result<RecordSet, NotChecked>) -> Self {
        let reason = match answer {
            Ok(set) => return Self::Answered(set),
            Err(reason) => reason,
        };
        tracing::warn!(%reason, "a card led to no answer");
        let code = match reason {
            NotChecked::Refused(code) => code,
            NotChecked::Relay(NotAnswered::NotSet) => "not-set".to_owned(),
            NotChecked::Relay(_) => "relay-gone".to_owned(),
            NotChecked::Provider(NotAnswered::Suspended) => "suspended".to_owned(),
            NotChecked::Provider(NotAnswered::NotAgreed) => "not-agreed".to_owned(),
            NotChecked::Provider(NotAnswered::NoConsent) => "no-consent".to_owned(),
            NotChecked::Provider(_) => return Self::Silent,
        };
        Self::Trouble(code)
    }
}

impl Check {
    /// Which of the five it is.
    pub fn verdict(&self) -> Verdict {
        let set = match &self.outcome {
            Outcome::Answered(set) => set,
            Outcome::Silent => return Verdict::Unknown,
            Outcome::Trouble(_) => return Verdict::None,
        };
        match set.standing {
            Standing::Valid => Verdict::Valid,
            Standing::Ended => Verdict::Ended {
                newer: self.newer().is_some(),
            },
            Standing::Absent => Verdict::Absent,
            Standing::Several => Verdict::Several,
            Standing::Unknown => Verdict::Unknown,
        }
    }

    /// What the insurer answered.
    pub fn set(&self) -> Option<&RecordSet> {
        match &self.outcome {
            Outcome::Answered(set) => Some(set),
            Outcome::Silent | Outcome::Trouble(_) => None,
        }
    }

    /// The one record that is meant: of several none is chosen.
    pub fn record(&self) -> Option<&Record> {
        match self.verdict() {
            Verdict::Valid => self.holding().next(),
            Verdict::Ended { .. } => self.past().max_by_key(|record| record.get("valid-until").and_then(day)),
            Verdict::Absent | Verdict::Several | Verdict::Unknown | Verdict::None => None,
        }
    }

    /// The records that hold on the day of the check.
    pub fn holding(&self) -> impl Iterator<Item = &Record> {
        let today = self.day();
        self.records().filter(move |record| {
            from(record).is_some_and(|from| from <= today) && until(record).is_none_or(|until| today <= until)
        })
    }

    /// The record that begins to hold later, where the last one is over.
    pub fn newer(&self) -> Option<&Record> {
        let today = self.day();
        let later = self
            .records()
            .filter(|record| from(record).is_some_and(|from| today < from));
        later.min_by_key(|record| from(record))
    }

    /// What a patient pays at the counter, in tenths: of an insurance that holds, and of no other answer.
    pub fn share(&self) -> Option<&str> {
        match self.verdict() {
            Verdict::Valid => self.record()?.get("share"),
            _ => None,
        }
    }

    fn past(&self) -> impl Iterator<Item = &Record> {
        let today = self.day();
        self.records()
            .filter(move |record| until(record).is_some_and(|until| until < today))
    }

    fn records(&self) -> impl Iterator<Item = &Record> {
        self.set().into_iter().flat_map(|set| &set.records)
    }

    /// The day of the check, in Japan.
    pub fn day(&self) -> Date {
        self.at.to_offset(JST).date()
    }
}

fn from(record: &Record) -> Option<Date> {
    record.get("valid-from").and_then(day)
}

fn until(record: &Record) -> Option<Date> {
    record.get("valid-until").and_then(day)
}

/// The day written `text`.
pub fn day(text: &str) -> Option<Date> {
    Date::parse(text, format_description!("[year]-[month]-[day]")).ok()
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use time::macros::datetime;

    pub(crate) const NOW: OffsetDateTime = datetime!(2026-12-01 10:24 +9);

    pub(crate) fn record(items: &[(&str, &str)]) -> Record {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        Record(items.iter().map(owned).collect())
    }

    pub(crate) fn answered(standing: Standing, records: Vec<Record>) -> Check {
        Check {
            number: 1,
            id: "20261201102400001".to_owned(),
            at: NOW,
            outcome: Outcome::Answered(RecordSet {
                kind: "coverage".to_owned(),
                standing,
                as_of: Some(NOW),
                overdue: false,
                dummy: false,
                source: "汐見市 国保年金課".to_owned(),
                records,
            }),
            not_put: AtomicBool::new(false),
        }
    }

    pub(crate) fn period(from: &str, until: &str) -> Record {
        record(&[
            ("insurer-number", "429996"),
            ("insurer-name", "汐見市国民健康保険"),
            ("symbol", "汐国"),
            ("number", "1042937"),
            ("branch", "02"),
            ("valid-from", from),
            ("valid-until", until),
            ("share", "3"),
        ])
    }

    #[test]
    fn no_ratio_stands_beside_any_answer_but_a_valid_one() {
        let now = period("2020-04-01", "");
        let valid = answered(Standing::Valid, vec![now.clone()]);
        assert_eq!((valid.verdict(), valid.share()), (Verdict::Valid, Some("3")));
        let ended = answered(Standing::Ended, vec![period("2020-04-01", "2026-10-31")]);
        assert_eq!((ended.verdict().code(), ended.share()), ("ended", None));
        assert_eq!(ended.record().unwrap().get("valid-until"), Some("2026-10-31"));
        for standing in [Standing::Several, Standing::Unknown, Standing::Absent] {
            let check = answered(standing, vec![now.clone()]);
            assert_eq!(check.share(), None);
            assert!(check.record().is_none());
        }
    }

    #[test]
    fn an_ended_insurance_says_when_a_newer_one_is_known() {
        let gap = vec![period("2020-04-01", "2026-10-31"), period("2026-12-15", "")];
        let check = answered(Standing::Ended, gap);
        assert_eq!(check.verdict(), Verdict::Ended { newer: true });
        assert_eq!(check.newer().unwrap().get("valid-from"), Some("2026-12-15"));
        assert_eq!(check.record().unwrap().get("valid-until"), Some("2026-10-31"));
    }

    #[test]
    fn who_gives_no_answer_makes_the_insurance_unknown_and_a_card_that_is_refused_says_nothing_of_it() {
        let outcome = |reason| Outcome::from(Err(reason));
        let verdict = |outcome| {
            let check = Check {
                number: 1,
                id: String::new(),
                at: NOW,
                outcome,
                not_put: AtomicBool::new(false),
            };
            check.verdict()
        };
        let slow = outcome(NotChecked::Provider(NotAnswered::Slow));
        assert_eq!(verdict(slow), Verdict::Unknown);
        let relay = outcome(NotChecked::Relay(NotAnswered::Slow));
        assert!(matches!(&relay, Outcome::Trouble(code) if code == "relay-gone"));
        assert_eq!(verdict(relay), Verdict::None);
        assert_eq!(
            verdict(outcome(NotChecked::Refused("card-revoked".into()))),
            Verdict::None
        );
    }
}

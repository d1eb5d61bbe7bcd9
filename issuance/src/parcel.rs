//! 本人限定受取郵便: an envelope with one card on its way to the one person who may take it, followed until it is
//! received or back.
//!
//! The carrier tells what happened in whatever it writes into its file; statuses are skipped and come late, so that a
//! parcel may go on to any later state and never back. What the table does not have is told with its line.

use std::fmt;

use relay_core::id::Id;
use serde::{Deserialize, Serialize};
use time::{Date, Duration};

use crate::{
    calendar::{Calendar, LastDay},
    check_digit::{self, NumberKind, Verdict},
    identity::{Bar, VerificationRecord, Way},
    machine::{Machine, Move},
};

/// How long the post office keeps what only the addressee can take, from the day its arrival notice was delivered
/// (日本郵便, 本人限定受取: 通知書の配達日から10日間).
pub const STORAGE: Duration = Duration::days(10);

/// 引受番号, as on the sticker: 11 digits (12 where the sticker is a parcel's), the last a check digit by 7.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TrackingNumber(String);

/// A number that is none of the post office's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotATrackingNumber {
    /// Not 11 or 12 digits.
    #[error("a tracking number has 11 digits, a parcel's 12; {typed} were typed")]
    Length { typed: usize },
    /// The check digit is wrong. Modulo 7 cannot see 0 for 7, 1 for 8 or 2 for 9.
    #[error("the check digit of the tracking number is wrong")]
    CheckDigit {
        /// What was probably meant, one digit or one swap away.
        candidates: Vec<String>,
    },
}

impl TrackingNumber {
    /// Reads a number as typed or scanned: with or without hyphens, however wide.
    ///
    /// # Errors
    /// [`NotATrackingNumber`]
    pub fn parse(text: &str) -> Result<Self, NotATrackingNumber> {
        let number = check_digit::plain(text);
        let kind = match number.chars().count() {
            11 => NumberKind::RegisteredPost,
            12 => NumberKind::Parcel,
            typed => return Err(NotATrackingNumber::Length { typed }),
        };
        match check_digit::check(kind, &number) {
            Verdict::Valid => Ok(Self(number)),
            Verdict::WrongCheckDigit => {
                let mut candidates = check_digit::candidates(kind, &number);
                // A seventh of all numbers is right: the one that differs in its check digit alone comes first.
                let body = &number[..number.len() - 1];
                candidates.sort_by_key(|near| !near.starts_with(body));
                Err(NotATrackingNumber::CheckDigit { candidates })
            }
            _ => Err(NotATrackingNumber::Length {
                typed: number.chars().filter(char::is_ascii_digit).count(),
            }),
        }
    }

    /// The digits alone.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// As on the sticker: `131-12-38385-2`, `1234-5678-9013`.
impl fmt::Display for TrackingNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let n = &self.0;
        match n.len() {
            11 => write!(f, "{}-{}-{}-{}", &n[..3], &n[3..5], &n[5..10], &n[10..]),
            _ => write!(f, "{}-{}-{}", &n[..4], &n[4..8], &n[8..]),
        }
    }
}

/// The three kinds of 本人限定受取. Which documents the post office asks for differs; so does what the sender is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ParcelKind {
    /// 基本型: at the post office's counter only.
    Basic,
    /// 特例型: also delivered to the addressee; one document.
    Special,
    /// 特定事項伝達型: one document with a photograph, the name to the letter; the sender is told what was seen.
    Specified,
}

impl ParcelKind {
    /// Every kind.
    pub const ALL: [Self; 3] = [Self::Basic, Self::Special, Self::Specified];

    /// As stored, and as the key of its words.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Basic => "basic",
            Self::Special => "special",
            Self::Specified => "specified",
        }
    }

    /// The kind with this name.
    pub fn read(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }
}

/// The kinds by which the card of somebody who was verified so may go; empty where it may not go by post at all: their
/// documents were enough only because they were to come once more. A document with a photograph together with the PIN set
/// at the counter is as good as two (申請時来庁).
pub fn open_kinds(verified: &VerificationRecord) -> Vec<ParcelKind> {
    let Some(way) = verified.parties.first().map(|party| party.way) else {
        return Vec::new();
    };
    if way != Way::OneA && !Bar::ThenPost.ways().contains(&way) {
        return Vec::new();
    }
    // The post office asks for a document with a photograph and takes nothing else.
    let has_photograph = matches!(way, Way::OneA | Way::OneAAndPin | Way::TwoA | Way::AAndB);
    ParcelKind::ALL
        .into_iter()
        .filter(|kind| *kind != ParcelKind::Specified || has_photograph)
        .collect()
}

/// Where an envelope stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ParcelState {
    /// 差出準備: closed, in the office's box.
    Prepared,
    /// 差出(引受)
    Posted,
    /// 輸送中
    UnderWay,
    /// 配達局に到着
    Arrived,
    /// 到着通知書を配達
    Notified,
    /// 受取方法を受付: the addressee said where and when.
    Claimed,
    /// 保管満了: nobody came.
    StorageOver,
    /// 返送中
    ComingBack,
    /// 返戻: back in the office.
    Returned,
    /// 本人受領
    Delivered,
    /// 亡失: missed in the post.
    Missing,
    /// 差出取りやめ: opened again before it was posted.
    Withdrawn,
    /// 開封: one that came back was opened, and its card goes on by another way.
    Opened,
}

/// What happens to an envelope.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ParcelEvent {
    /// 引受
    Accepted,
    /// 中継・通過
    MovedOn,
    /// 到着
    Arrived,
    /// 到着通知書の配達
    Notified,
    /// 配達希望受付
    Claimed,
    /// お届け済み・窓口でお渡し
    Delivered,
    /// 保管期間満了
    StorageOver,
    /// 差出人に返送
    SentBack,
    /// The envelope lies in the office again.
    CameBack,
    /// 調査の結果、所在不明
    Missed,
    /// Opened before it was posted.
    Withdrawn,
    /// Opened after it came back.
    Opened,
}

impl ParcelEvent {
    /// What the carrier can say of an envelope on its way, in the order in which it happens.
    pub const BY_CARRIER: [Self; 7] = [
        Self::MovedOn,
        Self::Arrived,
        Self::Notified,
        Self::Claimed,
        Self::Delivered,
        Self::StorageOver,
        Self::SentBack,
    ];

    /// As stored, and as the key of its words.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::MovedOn => "moved_on",
            Self::Arrived => "arrived",
            Self::Notified => "notified",
            Self::Claimed => "claimed",
            Self::Delivered => "delivered",
            Self::StorageOver => "storage_over",
            Self::SentBack => "sent_back",
            Self::CameBack => "came_back",
            Self::Missed => "missed",
            Self::Withdrawn => "withdrawn",
            Self::Opened => "opened",
        }
    }

    /// The event with this name.
    pub fn read(name: &str) -> Option<Self> {
        ParcelState::EVENTS.iter().copied().find(|event| event.as_str() == name)
    }

    /// The event that a status of the carrier's tracking stands for, as the carrier writes it. 持ち出し中, ご不在 and 保管
    /// say nothing that the office follows beyond the arrival.
    pub fn of_carrier(status: &str) -> Option<Self> {
        let status = status.trim();
        Some(match status {
            "引受" => Self::Accepted,
            "中継" | "通過" | "転送" => Self::MovedOn,
            "到着" | "保管" | "持ち出し中" | "ご不在のため持ち戻り" => Self::Arrived,
            "到着通知" | "到着通知書配達" => Self::Notified,
            "配達希望受付" => Self::Claimed,
            "お届け先にお届け済み" | "お届け済み" | "窓口でお渡し" => Self::Delivered,
            "保管期間満了" | "保管期間経過" => Self::StorageOver,
            "差出人に返送" => Self::SentBack,
            _ => return None,
        })
    }
}

impl ParcelState {
    /// Whether it is out of the office's hand: the carrier is asked.
    pub const fn is_on_its_way(self) -> bool {
        matches!(
            self,
            Self::Posted
                | Self::UnderWay
                | Self::Arrived
                | Self::Notified
                | Self::Claimed
                | Self::StorageOver
                | Self::ComingBack
        )
    }
}

impl Machine for ParcelState {
    type Event = ParcelEvent;
    const NAME: &'static str = "parcel";
    const STATES: &'static [Self] = &[
        Self::Prepared,
        Self::Posted,
        Self::UnderWay,
        Self::Arrived,
        Self::Notified,
        Self::Claimed,
        Self::StorageOver,
        Self::ComingBack,
        Self::Returned,
        Self::Delivered,
        Self::Missing,
        Self::Withdrawn,
        Self::Opened,
    ];
    const EVENTS: &'static [ParcelEvent] = &[
        ParcelEvent::Accepted,
        ParcelEvent::MovedOn,
        ParcelEvent::Arrived,
        ParcelEvent::Notified,
        ParcelEvent::Claimed,
        ParcelEvent::Delivered,
        ParcelEvent::StorageOver,
        ParcelEvent::SentBack,
        ParcelEvent::CameBack,
        ParcelEvent::Missed,
        ParcelEvent::Withdrawn,
        ParcelEvent::Opened,
    ];
    const BEGINS: &'static [Self] = &[Self::Prepared];
    const MOVES: &'static [Move<Self>] = {
        use ParcelEvent as By;
        &[
            (Self::Prepared, By::Accepted, Self::Posted),
            (Self::Prepared, By::Withdrawn, Self::Withdrawn),
            (Self::Prepared, By::Missed, Self::Missing),
            (Self::Posted, By::MovedOn, Self::UnderWay),
            (Self::Posted, By::Arrived, Self::Arrived),
            (Self::Posted, By::Notified, Self::Notified),
            (Self::Posted, By::Claimed, Self::Claimed),
            (Self::Posted, By::Delivered, Self::Delivered),
            (Self::Posted, By::SentBack, Self::ComingBack),
            (Self::Posted, By::CameBack, Self::Returned),
            (Self::Posted, By::Missed, Self::Missing),
            (Self::UnderWay, By::MovedOn, Self::UnderWay),
            (Self::UnderWay, By::Arrived, Self::Arrived),
            (Self::UnderWay, By::Notified, Self::Notified),
            (Self::UnderWay, By::Claimed, Self::Claimed),
            (Self::UnderWay, By::Delivered, Self::Delivered),
            (Self::UnderWay, By::SentBack, Self::ComingBack),
            (Self::UnderWay, By::CameBack, Self::Returned),
            (Self::UnderWay, By::Missed, Self::Missing),
            (Self::Arrived, By::Arrived, Self::Arrived),
            (Self::Arrived, By::Notified, Self::Notified),
            (Self::Arrived, By::Claimed, Self::Claimed),
            (Self::Arrived, By::Delivered, Self::Delivered),
            (Self::Arrived, By::StorageOver, Self::StorageOver),
            (Self::Arrived, By::SentBack, Self::ComingBack),
            (Self::Arrived, By::CameBack, Self::Returned),
            (Self::Arrived, By::Missed, Self::Missing),
            (Self::Notified, By::Claimed, Self::Claimed),
            (Self::Notified, By::Delivered, Self::Delivered),
            (Self::Notified, By::StorageOver, Self::StorageOver),
            (Self::Notified, By::SentBack, Self::ComingBack),
            (Self::Notified, By::CameBack, Self::Returned),
            (Self::Notified, By::Missed, Self::Missing),
            (Self::Claimed, By::Delivered, Self::Delivered),
            (Self::Claimed, By::StorageOver, Self::StorageOver),
            (Self::Claimed, By::SentBack, Self::ComingBack),
            (Self::Claimed, By::CameBack, Self::Returned),
            (Self::Claimed, By::Missed, Self::Missing),
            // Somebody came at the last moment.
            (Self::StorageOver, By::Delivered, Self::Delivered),
            (Self::StorageOver, By::SentBack, Self::ComingBack),
            (Self::StorageOver, By::CameBack, Self::Returned),
            (Self::StorageOver, By::Missed, Self::Missing),
            (Self::ComingBack, By::CameBack, Self::Returned),
            (Self::ComingBack, By::Missed, Self::Missing),
            (Self::Missing, By::CameBack, Self::Returned),
            (Self::Returned, By::Opened, Self::Opened),
            (Self::Returned, By::Missed, Self::Missing),
        ]
    };

    fn as_str(self) -> &'static str {
        match self {
            Self::Prepared => "prepared",
            Self::Posted => "posted",
            Self::UnderWay => "under_way",
            Self::Arrived => "arrived",
            Self::Notified => "notified",
            Self::Claimed => "claimed",
            Self::StorageOver => "storage_over",
            Self::ComingBack => "coming_back",
            Self::Returned => "returned",
            Self::Delivered => "delivered",
            Self::Missing => "missing",
            Self::Withdrawn => "withdrawn",
            Self::Opened => "opened",
        }
    }

    fn event_name(event: ParcelEvent) -> &'static str {
        event.as_str()
    }
}

/// Kind of [`ParcelId`].
pub enum ParcelIdKind {}
/// An envelope.
pub type ParcelId = Id<ParcelIdKind>;

/// An envelope, as recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parcel {
    pub id: ParcelId,
    pub kind: ParcelKind,
    pub number: TrackingNumber,
    pub state: ParcelState,
    /// 引受日
    pub accepted_on: Option<Date>,
    /// The day on which its arrival notice was delivered.
    pub notified_on: Option<Date>,
    /// Why it came back.
    pub reason: Option<ReturnReason>,
}

impl Parcel {
    /// The last day on which the post office still has it, once its arrival notice was delivered.
    pub fn kept_until(&self, calendar: &Calendar) -> Option<LastDay> {
        self.notified_on
            .filter(|_| matches!(self.state, ParcelState::Notified | ParcelState::Claimed))
            .map(|day| kept_until(day, calendar))
    }
}

/// Why an envelope came back (還付事由), as stamped on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReturnReason {
    /// 保管期間経過
    StorageOver,
    /// あて所に尋ねあたりません
    Unknown,
    /// 転居先不明
    Moved,
    /// 受取拒絶
    Refused,
    /// 受取人死亡
    Died,
    Other,
}

impl ReturnReason {
    /// Every reason, the likeliest first.
    pub const ALL: [Self; 6] = [
        Self::StorageOver,
        Self::Unknown,
        Self::Moved,
        Self::Refused,
        Self::Died,
        Self::Other,
    ];

    /// As stored, and as the key of its words.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::StorageOver => "storage_over",
            Self::Unknown => "unknown",
            Self::Moved => "moved",
            Self::Refused => "refused",
            Self::Died => "died",
            Self::Other => "other",
        }
    }

    /// The reason with this name.
    pub fn read(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.as_str() == name)
    }
}

/// The last day on which the post office still has it, counted from the day the arrival notice was delivered.
pub fn kept_until(notified_on: Date, calendar: &Calendar) -> LastDay {
    calendar.last_day(notified_on.saturating_add(STORAGE))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use time::macros::date;

    use super::*;
    use crate::machine::rules::a_total_machine;

    #[test]
    fn every_state_answers_every_event() {
        a_total_machine::<ParcelState>();
    }

    #[test]
    fn what_is_received_withdrawn_or_opened_goes_nowhere_any_more() {
        for over in [ParcelState::Delivered, ParcelState::Withdrawn, ParcelState::Opened] {
            assert!(over.is_over(), "{over:?}");
        }
        // Whatever is on its way can be received, come back or be missed.
        for state in ParcelState::STATES.iter().filter(|state| state.is_on_its_way()) {
            assert!(state.after(ParcelEvent::CameBack).is_ok(), "{state:?}");
            assert!(state.after(ParcelEvent::Missed).is_ok(), "{state:?}");
            assert_eq!(
                state.after(ParcelEvent::Delivered).is_ok(),
                *state != ParcelState::ComingBack
            );
        }
    }

    #[test]
    fn a_number_is_read_however_it_is_written() {
        for text in [
            "131-12-38385-2",
            "13112383852",
            "１３１－１２－３８３８５－２",
            " 131 12 38385 2 ",
        ] {
            let number = TrackingNumber::parse(text).unwrap();
            assert_eq!(
                (number.as_str(), number.to_string().as_str()),
                ("13112383852", "131-12-38385-2")
            );
        }
    }

    #[test]
    fn a_mistyped_number_is_answered_with_what_was_probably_meant() {
        let Err(NotATrackingNumber::CheckDigit { candidates }) = TrackingNumber::parse("131-12-38385-3") else {
            panic!("taken");
        };
        assert_eq!(candidates[0], "13112383852");
        assert_eq!(
            TrackingNumber::parse("131-12-3838"),
            Err(NotATrackingNumber::Length { typed: 9 })
        );
        assert!(TrackingNumber::parse("1311238385a").is_err());
        // What modulo 7 cannot see.
        assert!(TrackingNumber::parse("831-12-38385-2").is_ok());
    }

    #[test]
    fn the_post_office_keeps_it_ten_days_and_to_an_open_one() {
        let calendar = Calendar::default();
        // Friday the 11th; the 21st is a Monday and open.
        assert_eq!(kept_until(date!(2026 - 12 - 11), &calendar).day, date!(2026 - 12 - 21));
        // The 3rd of January is closed, and the 4th is a Monday.
        assert_eq!(kept_until(date!(2026 - 12 - 24), &calendar).day, date!(2027 - 01 - 04));
    }

    #[test]
    fn the_carriers_own_words_are_known() {
        for (status, event) in [
            ("引受", Some(ParcelEvent::Accepted)),
            ("中継", Some(ParcelEvent::MovedOn)),
            ("ご不在のため持ち戻り", Some(ParcelEvent::Arrived)),
            ("窓口でお渡し", Some(ParcelEvent::Delivered)),
            ("差出人に返送", Some(ParcelEvent::SentBack)),
            ("調査中", None),
            ("", None),
        ] {
            assert_eq!(ParcelEvent::of_carrier(status), event, "{status}");
        }
    }

    proptest! {
        #[test]
        fn no_text_is_taken_for_a_number_but_digits_with_the_right_last_one(text in "[0-9 -]{0,16}") {
            if let Ok(number) = TrackingNumber::parse(&text) {
                let digits: Vec<u64> = number.as_str().bytes().map(|byte| u64::from(byte - b'0')).collect();
                let (last, body) = digits.split_last().unwrap();
                prop_assert_eq!(body.iter().fold(0, |sum, digit| (sum * 10 + digit) % 7), *last);
            }
        }
    }
}

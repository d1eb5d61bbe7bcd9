//! 交付: notice, shelf and chip must agree before a card leaves the office's hand.
//!
//! Every real mix-up at a counter was "two cases open" or "compared by one person": here the notice the resident brings,
//! the place the card was taken from, and the serial read from the chip itself are each compared with the record, and
//! two looks are asked for. Only [`check`] makes a [`HandoverChecked`], and handing over uses it up.

use std::{collections::BTreeSet, fmt, str::FromStr};

use aws_lc_rs::constant_time::verify_slices_are_equal;
use relay_core::chance::{Chance, draw};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::{
    case::{CardId, CaseId, CaseNumber, HandoverChecked, ShelfPlace},
    staff::StaffId,
};

pub mod by_hand;

/// The secret printed in the notice's QR: 130 random bits as 26 characters of base32 (RFC 4648, no padding). Whoever
/// brings it has the letter that went to the registered address.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct NoticeToken(String);

/// Text that is not a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a notice token of 26 characters A–Z, 2–7")]
pub struct NotAToken;

const BASE32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

impl NoticeToken {
    /// Characters of a token.
    pub const LENGTH: usize = 26;

    /// A new token.
    pub fn new(chance: &mut dyn Chance) -> Self {
        // One byte a character: five bits of each are used, so every character is equally likely.
        let bytes: [u8; Self::LENGTH] = draw(chance);
        Self(
            bytes
                .iter()
                .map(|byte| char::from(BASE32[usize::from(byte & 31)]))
                .collect(),
        )
    }

    /// The token as printed.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it is the same, in a time that does not tell how much of it is.
    pub fn is(&self, other: &Self) -> bool {
        verify_slices_are_equal(self.0.as_bytes(), other.0.as_bytes()).is_ok()
    }
}

impl FromStr for NoticeToken {
    type Err = NotAToken;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        // Typed by hand when the QR is spoilt, 0 and 1 stand for the letters they look like: neither is in the alphabet.
        let token: String = text
            .chars()
            .map(|c| match c.to_ascii_uppercase() {
                '0' => 'O',
                '1' => 'I',
                c => c,
            })
            .collect();
        let fits = token.len() == Self::LENGTH && token.bytes().all(|byte| BASE32.contains(&byte));
        if fits { Ok(Self(token)) } else { Err(NotAToken) }
    }
}

impl TryFrom<String> for NoticeToken {
    type Error = NotAToken;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<NoticeToken> for String {
    fn from(token: NoticeToken) -> Self {
        token.0
    }
}

/// Quiet: the token opens a handover.
impl fmt::Debug for NoticeToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("NoticeToken(…)")
    }
}

/// What the notice's QR says: `MDG1-2026-000352-<token>`. Plain ASCII, so that every scanner types it right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoticeCode {
    pub case: CaseNumber,
    pub token: NoticeToken,
}

/// Text that is not a notice's code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotANotice {
    /// Another code: a parcel's, a clinic's.
    #[error("not the code of one of our delivery notices")]
    Foreign,
    /// Ours, of a later make.
    #[error("a delivery notice of a version this program does not know")]
    OtherVersion,
    /// Ours, but cut short or misread.
    #[error("the code of a delivery notice, but incomplete; scan it again")]
    Damaged,
}

impl fmt::Display for NoticeCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MDG1-{}-{}", self.case, self.token.as_str())
    }
}

impl FromStr for NoticeCode {
    type Err = NotANotice;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim();
        // The longest code is short; what a scanner types beyond it is not ours.
        if text.len() > 64 || !text.is_ascii() {
            return Err(NotANotice::Foreign);
        }
        let text = text.to_ascii_uppercase();
        let Some(rest) = text.strip_prefix("MDG1-") else {
            let version = text.strip_prefix("MDG").and_then(|rest| rest.split_once('-'));
            let is_other = version.is_some_and(|(version, _)| version.parse::<u16>().is_ok());
            return Err(if is_other {
                NotANotice::OtherVersion
            } else {
                NotANotice::Foreign
            });
        };
        let (case, token) = rest.rsplit_once('-').ok_or(NotANotice::Damaged)?;
        Ok(Self {
            case: case.parse().map_err(|_| NotANotice::Damaged)?,
            token: token.parse().map_err(|_| NotANotice::Damaged)?,
        })
    }
}

/// What the records say of the case.
#[derive(Debug, Clone)]
pub struct Recorded {
    pub case: CaseId,
    pub number: CaseNumber,
    /// The card to be given.
    pub card: CardId,
    /// The chip bound to the case.
    pub chip: Vec<u8>,
    /// Where the card was put; `None` of one that goes into an envelope.
    pub shelf: Option<ShelfPlace>,
    /// The token of the notice last printed.
    pub token: NoticeToken,
    /// Whether the PIN was set.
    pub pin_set: bool,
}

/// What is on the counter.
#[derive(Debug, Clone)]
pub struct OnCounter {
    /// The code scanned from the notice.
    pub notice: NoticeCode,
    /// The place the card was taken from; `None` where none is asked for.
    pub shelf: Option<ShelfPlace>,
    /// The serial read from the chip now; empty when it could not be read.
    pub chip: Vec<u8>,
    /// Whether the card itself says that its PIN is set.
    pub pin_set: bool,
}

impl OnCounter {
    /// The card with `chip`, taken from `shelf`, beside the notice.
    pub fn new(notice: &NoticeCode, shelf: &ShelfPlace, chip: &[u8], pin_set: bool) -> Self {
        Self {
            notice: notice.clone(),
            shelf: Some(shelf.clone()),
            chip: chip.to_vec(),
            pin_set,
        }
    }
}

/// What is on the counter, and who looked at card and person, and when, in order.
#[derive(Debug, Clone)]
pub struct Found {
    pub counter: OnCounter,
    pub sights: Vec<SightConfirmed>,
}

/// One look at card and person, confirmed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct SightConfirmed {
    pub by: StaffId,
    pub at: OffsetDateTime,
}

/// What a clerk confirms with their own eyes at the handover.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sight {
    /// The person before me is the person of the case.
    Person,
    /// The name on the notice, on the screen and said by the person agree.
    Name,
    /// The card in my hand is the one in the reader.
    Card,
}

impl Sight {
    /// Every sight, in the order confirmed: a look that leaves one out is none.
    pub const ALL: [Self; 3] = [Self::Person, Self::Name, Self::Card];
}

/// Who must look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SightRule {
    TwoClerks,
    /// One clerk, twice; how long apart is the counter's matter.
    OneClerkTwice,
}

/// One thing that does not agree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum Mismatch {
    /// The notice is of another case.
    #[error("the notice is of another case")]
    OtherCase,
    /// The token is not the one last printed: an older notice, or a forged one.
    #[error("the notice is not the one last printed for this case")]
    OtherToken,
    /// The card was taken from another place.
    #[error("the card was taken from another place of the shelf")]
    OtherShelf,
    /// The chip is another card's.
    #[error("the chip is not the one made for this case")]
    OtherChip,
    /// No PIN was set.
    #[error("the PIN is not set")]
    PinNotSet,
    /// Fewer looks than the rule asks, or looks by the wrong people.
    #[error("the sights the rule asks for are not confirmed")]
    SightsMissing,
}

impl Mismatch {
    /// As stored, and as the key of its words.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::OtherCase => "other_case",
            Self::OtherToken => "other_token",
            Self::OtherShelf => "other_shelf",
            Self::OtherChip => "other_chip",
            Self::PinNotSet => "pin_not_set",
            Self::SightsMissing => "sights_missing",
        }
    }

    /// Whether the card must go back to its shelf with an incident; the others can be put right at the counter.
    pub const fn is_incident(self) -> bool {
        matches!(
            self,
            Self::OtherCase | Self::OtherToken | Self::OtherShelf | Self::OtherChip
        )
    }
}

/// Why the card is not handed over: everything that does not agree.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the card is not handed over: {}", .mismatches.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
pub struct HandoverRefused {
    /// Never empty, in the order checked.
    pub mismatches: Vec<Mismatch>,
}

impl HandoverRefused {
    /// Whether the card must go back to its shelf with an incident.
    pub fn is_incident(&self) -> bool {
        self.mismatches.iter().any(|mismatch| mismatch.is_incident())
    }
}

/// Lays what is on the counter beside the record: everything that is compared, and whether it agrees. Who has looked is
/// another question.
pub fn compare(recorded: &Recorded, counter: &OnCounter) -> [(Mismatch, bool); 5] {
    // An empty serial is a chip that was not read, whatever the record says.
    let is_chip = !counter.chip.is_empty() && counter.chip == recorded.chip;
    [
        (Mismatch::OtherCase, counter.notice.case == recorded.number),
        (Mismatch::OtherToken, counter.notice.token.is(&recorded.token)),
        (Mismatch::OtherShelf, counter.shelf == recorded.shelf),
        (Mismatch::OtherChip, is_chip),
        // The record may have missed what was done to the card, and the card what was recorded: both must say it.
        (Mismatch::PinNotSet, recorded.pin_set && counter.pin_set),
    ]
}

/// Checks that everything agrees.
///
/// # Errors
/// [`HandoverRefused`] with every mismatch.
pub fn check(recorded: &Recorded, found: &Found, rule: SightRule) -> Result<HandoverChecked, HandoverRefused> {
    let looked = (Mismatch::SightsMissing, sights_suffice(&found.sights, rule));
    let mismatches: Vec<_> = compare(recorded, &found.counter)
        .into_iter()
        .chain([looked])
        .filter_map(|(mismatch, agrees)| (!agrees).then_some(mismatch))
        .collect();
    if mismatches.is_empty() {
        Ok(HandoverChecked {
            case: recorded.case,
            card: recorded.card,
        })
    } else {
        Err(HandoverRefused { mismatches })
    }
}

fn sights_suffice(sights: &[SightConfirmed], rule: SightRule) -> bool {
    let clerks: BTreeSet<_> = sights.iter().map(|sight| sight.by).collect();
    match rule {
        SightRule::TwoClerks => clerks.len() >= 2,
        // One look recorded twice in the same instant is one look. Two clerks are never too many.
        SightRule::OneClerkTwice => {
            let moments: BTreeSet<_> = sights.iter().map(|sight| sight.at).collect();
            clerks.len() >= 2 || moments.len() >= 2
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use relay_core::chance::SeededChance;
    use time::{Duration, macros::datetime};

    const NOON: OffsetDateTime = datetime!(2026-11-22 12:00 +9);

    struct Counter {
        recorded: Recorded,
        found: Found,
        clerks: [StaffId; 2],
    }

    fn counter() -> Counter {
        let mut chance = SeededChance::new(1);
        let token = NoticeToken::new(&mut chance);
        let number = CaseNumber {
            year: 2026,
            serial: 352,
        };
        let clerks = [StaffId::new(&mut chance), StaffId::new(&mut chance)];
        let shelf = ShelfPlace::parse("A-12").unwrap();
        let chip = vec![0x8b, 0x42, 0x19, 0xf0];
        Counter {
            recorded: Recorded {
                case: CaseId::new(&mut chance),
                number,
                card: CardId::new(&mut chance),
                chip: chip.clone(),
                shelf: Some(shelf.clone()),
                token: token.clone(),
                pin_set: true,
            },
            found: Found {
                counter: OnCounter::new(&NoticeCode { case: number, token }, &shelf, &chip, true),
                sights: vec![sight(clerks[0], 0), sight(clerks[1], 5)],
            },
            clerks,
        }
    }

    fn sight(by: StaffId, after: i64) -> SightConfirmed {
        SightConfirmed {
            by,
            at: NOON + Duration::seconds(after),
        }
    }

    fn refused(counter: &Counter) -> Vec<Mismatch> {
        check(&counter.recorded, &counter.found, SightRule::TwoClerks)
            .unwrap_err()
            .mismatches
    }

    #[test]
    fn when_everything_agrees_the_card_may_be_handed_over() {
        let counter = counter();
        let checked = check(&counter.recorded, &counter.found, SightRule::TwoClerks).unwrap();
        assert_eq!(checked.case(), counter.recorded.case);
        assert_eq!(checked.card(), counter.recorded.card);
    }

    #[test]
    fn each_thing_that_does_not_agree_is_named() {
        let mut other = counter();
        other.found.counter.notice.case.serial = 353;
        assert_eq!(refused(&other), [Mismatch::OtherCase]);

        let mut other = counter();
        other.found.counter.notice.token = NoticeToken::new(&mut SeededChance::new(2));
        assert_eq!(refused(&other), [Mismatch::OtherToken]);

        let mut other = counter();
        other.found.counter.shelf = ShelfPlace::parse("A-21");
        assert_eq!(refused(&other), [Mismatch::OtherShelf]);

        let mut other = counter();
        other.found.counter.chip[3] ^= 1;
        assert_eq!(refused(&other), [Mismatch::OtherChip]);

        let mut other = counter();
        other.recorded.pin_set = false;
        assert_eq!(refused(&other), [Mismatch::PinNotSet]);

        // The record says that it is set, the card that lies there that it is not.
        let mut other = counter();
        other.found.counter.pin_set = false;
        assert_eq!(refused(&other), [Mismatch::PinNotSet]);
    }

    #[test]
    fn all_that_does_not_agree_is_named_at_once() {
        let mut all = counter();
        all.found.counter.shelf = ShelfPlace::parse("B-1");
        all.found.counter.chip = Vec::new();
        all.found.sights.clear();
        assert_eq!(
            refused(&all),
            [Mismatch::OtherShelf, Mismatch::OtherChip, Mismatch::SightsMissing]
        );
        assert!(
            check(&all.recorded, &all.found, SightRule::TwoClerks)
                .unwrap_err()
                .is_incident()
        );
    }

    #[test]
    fn a_chip_that_was_not_read_never_agrees() {
        let mut unread = counter();
        unread.found.counter.chip = Vec::new();
        unread.recorded.chip = Vec::new();
        assert_eq!(refused(&unread), [Mismatch::OtherChip]);
    }

    #[test]
    fn the_same_clerk_twice_is_enough_only_where_the_office_says_so() {
        let mut alone = counter();
        alone.found.sights = vec![sight(alone.clerks[0], 0), sight(alone.clerks[0], 5)];
        assert_eq!(refused(&alone), [Mismatch::SightsMissing]);
        assert!(check(&alone.recorded, &alone.found, SightRule::OneClerkTwice).is_ok());
        alone.found.sights = vec![sight(alone.clerks[0], 0), sight(alone.clerks[0], 0)];
        assert!(check(&alone.recorded, &alone.found, SightRule::OneClerkTwice).is_err());
        alone.found.sights.pop();
        assert!(check(&alone.recorded, &alone.found, SightRule::OneClerkTwice).is_err());
    }

    #[test]
    fn missing_sights_and_a_missing_pin_are_no_incidents() {
        assert!(!Mismatch::SightsMissing.is_incident() && !Mismatch::PinNotSet.is_incident());
    }

    #[test]
    fn the_code_of_a_notice_is_read_back_from_any_scanner() {
        let code = counter().found.counter.notice;
        let text = code.to_string();
        assert!(text.starts_with("MDG1-2026-000352-") && text.len() == 43 && text.is_ascii());
        assert_eq!(text.parse::<NoticeCode>().unwrap(), code);
        assert_eq!(
            format!(" {}\r\n", text.to_lowercase()).parse::<NoticeCode>().unwrap(),
            code
        );
    }

    #[test]
    fn other_codes_and_spoilt_ones_are_told_apart() {
        let read = |text: &str| text.parse::<NoticeCode>().unwrap_err();
        assert_eq!(read("13112383852"), NotANotice::Foreign);
        assert_eq!(read("https://example.jp/MDG1-"), NotANotice::Foreign);
        assert_eq!(read("交付通知書"), NotANotice::Foreign);
        assert_eq!(
            read("MDG2-2026-000352-AAAAAAAAAAAAAAAAAAAAAAAAAA"),
            NotANotice::OtherVersion
        );
        assert_eq!(read("MDG1-2026-000352"), NotANotice::Damaged);
        assert_eq!(read("MDG1-2026-000352-AAAAAAAAAAAAAAAAAAAAAAAAA"), NotANotice::Damaged);
        assert_eq!(read("MDG1-2026-000352-AAAAAAAAAAAAAAAAAAAAAAAAA8"), NotANotice::Damaged);
        assert_eq!(read(&"M".repeat(5000)), NotANotice::Foreign);
    }

    #[test]
    fn a_token_shows_itself_only_where_it_is_printed() {
        let token = counter().recorded.token;
        assert_eq!(format!("{token:?}"), "NoticeToken(…)");
        let stored = serde_json::to_string(&token).unwrap();
        assert_eq!(serde_json::from_str::<NoticeToken>(&stored).unwrap(), token);
        assert!(serde_json::from_str::<NoticeToken>("\"short\"").is_err());
    }

    proptest! {
        #[test]
        fn nothing_scanned_can_break_the_reader(text in "\\PC{0,80}") {
            let _ = text.parse::<NoticeCode>();
            let _ = format!("MDG1-{text}").parse::<NoticeCode>();
        }

        #[test]
        fn any_two_tokens_differ(one in any::<u64>(), other in any::<u64>()) {
            prop_assume!(one != other);
            let token = |seed| NoticeToken::new(&mut SeededChance::new(seed));
            prop_assert!(!token(one).is(&token(other)));
        }
    }
}

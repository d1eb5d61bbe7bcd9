//! Telling a scanner from a clerk: a scanner types `MDG1-…` faster than any hand and ends with Enter.
//!
//! Keys that may be the beginning of a scan are held back for a moment; when they turn out to be typing they go on
//! in order, none lost. A scanner slower than that is known by what it types: nobody types the prefix of our codes for
//! anything else, so that what follows it is no key of any screen either, and Enter at its end opens nothing but the scan.
//!
//! A code of somebody else's (a parcel's, a shop's) is known by its shape: many digits faster than a hand, and Enter. It is
//! text where a field shows what is typed; anywhere else its digits are no keys, its Enter opens nothing, and no try of a
//! password is spent on it.

use time::{Duration, OffsetDateTime};

use super::{
    key::{Key, KeyPress},
    keymap::narrow,
};

/// What every notice's and form's QR begins with.
pub const PREFIX: &str = "MDG1-";
/// The longest gap between two characters of a burst. Keyboard-wedge scanners send a character every 1–10 ms; over
/// ssh they may come in clumps, and no one types at 60 ms a key for a whole code.
const GAP: Duration = Duration::milliseconds(60);
/// A payload longer than this is no payload of ours.
const LONGEST: usize = 200;
/// A payload has something behind the prefix.
const SHORTEST: usize = PREFIX.len() + 4;

/// The longest gap between two characters of a slow scanner, and of a hand that types a code letter by letter.
const SLOW_GAP: Duration = Duration::seconds(2);

/// Digits of the shortest foreign code (EAN-8).
const FOREIGN_DIGITS: usize = 8;
/// The longest gap between two characters of a slow scanner with a foreign code: whoever answers questions by digits reads
/// between them.
const FOREIGN_GAP: Duration = Duration::milliseconds(150);

/// What a key would do now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Typing {
    /// It acts on the screen.
    Keys,
    /// It is text that a field shows.
    Text,
    /// It is a character of a password.
    Secret,
}

/// Characters in a row that may be a foreign code.
#[derive(Debug, Clone, Default)]
struct Row {
    /// Digits held back, until it is clear that a hand typed them.
    held: Vec<KeyPress>,
    length: usize,
    digits: usize,
    last: Option<OffsetDateTime>,
    /// Whether some gap was longer than a fast scanner's.
    is_slow: bool,
}

impl Row {
    /// Counts the next key; whether it ends a foreign code.
    fn ends_with(&mut self, press: KeyPress, typing: Typing) -> bool {
        let gap = self.last.map_or(Duration::ZERO, |last| press.at - last);
        if typing == Typing::Text || gap > FOREIGN_GAP {
            self.forget();
        }
        match press.key {
            Key::Char(letter) if typing != Typing::Text && is_code_letter(narrow(letter)) => {
                self.is_slow |= self.length > 0 && gap > GAP;
                self.length += 1;
                self.digits += usize::from(narrow(letter).is_ascii_digit());
                self.last = Some(press.at);
                false
            }
            key => {
                let is_one = key == Key::Enter
                    && self.digits >= FOREIGN_DIGITS
                    && (typing == Typing::Keys || !self.is_slow && gap <= GAP && self.digits == self.length);
                self.forget();
                is_one
            }
        }
    }

    fn forget(&mut self) {
        (self.length, self.digits, self.last, self.is_slow) = (0, 0, None, false);
    }
}

const fn is_code_letter(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || letter == '-'
}

/// Keys held back as a possible scan.
#[derive(Debug, Clone, Default)]
pub struct Burst {
    held: Vec<KeyPress>,
    row: Row,
    /// How much of the prefix the keys given on spell, the last of them when.
    spelled: usize,
    last: Option<OffsetDateTime>,
    /// The payload of a slow scan, once its prefix was spelled.
    slow: Option<String>,
}

/// What came of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Heard {
    /// These are ordinary keys, in order (none, when they are still held).
    Keys(Vec<KeyPress>),
    /// A whole payload, upper case, and the keys that ended it, where that was not Enter.
    Scan { payload: String, then: Vec<KeyPress> },
    /// A slow scan begins: these keys came before it, and this many letters given on already were its own.
    Slow { keys: Vec<KeyPress>, letters: usize },
    /// A code that is not one of ours ended; none of its keys counts that has not acted already.
    Foreign,
}

impl Burst {
    /// Takes the next key, which would do `typing` now.
    pub fn hear(&mut self, press: KeyPress, typing: Typing) -> Heard {
        if let Some(heard) = self.hear_slow(press) {
            self.row = Row::default();
            return heard;
        }
        if self.row.ends_with(press, typing) && !self.is_payload() {
            self.row.held.clear();
            return Heard::Foreign;
        }
        let mut keys = Vec::new();
        let is_digit = matches!(press.key, Key::Char(letter) if narrow(letter).is_ascii_digit());
        let may_be_foreign = typing == Typing::Keys && is_digit && self.held.is_empty();
        if !may_be_foreign || self.row.held.last().is_some_and(|last| press.at - last.at > GAP) {
            keys.append(&mut self.row.held);
        }
        if may_be_foreign {
            self.row.held.push(press);
            return self.give(keys);
        }
        if self.held.last().is_some_and(|last| press.at - last.at > GAP) {
            keys.append(&mut self.held);
        }
        match press.key {
            Key::Enter if self.is_payload() => {
                let payload = self.text();
                self.held.clear();
                return Heard::Scan {
                    payload,
                    then: Vec::new(),
                };
            }
            Key::Char(letter) if self.goes_on_with(letter) => self.held.push(press),
            _ => {
                keys.append(&mut self.held);
                // The key that broke one burst may begin the next.
                match press.key {
                    Key::Char(letter) if self.goes_on_with(letter) => self.held.push(press),
                    _ => keys.push(press),
                }
            }
        }
        self.give(keys)
    }

    /// Gives held keys back when the burst has stopped; a slow scan that nothing ended has ended by itself.
    pub fn tick(&mut self, now: OffsetDateTime) -> Heard {
        if self.last.is_some_and(|last| now - last > SLOW_GAP)
            && let Some(payload) = self.slow.take()
        {
            return ended(payload, Vec::new());
        }
        let mut keys = Vec::new();
        for held in [&mut self.row.held, &mut self.held] {
            if held.last().is_some_and(|last| now - last.at > GAP) {
                keys.append(held);
            }
        }
        self.give(keys)
    }

    /// Whether keys are held, so that a tick is wanted soon.
    pub fn is_holding(&self) -> bool {
        !self.held.is_empty() || !self.row.held.is_empty() || self.slow.is_some()
    }

    /// Whether a slow scan is under way.
    pub const fn is_scanning(&self) -> bool {
        self.slow.is_some()
    }

    /// What becomes of a key while a slow scan is under way; `None` where none is.
    fn hear_slow(&mut self, press: KeyPress) -> Option<Heard> {
        let payload = self.slow.as_mut()?;
        let is_late = self
            .last
            .replace(press.at)
            .is_some_and(|last| press.at - last > SLOW_GAP);
        Some(match press.key {
            Key::Char(letter) if !is_late && payload.len() < LONGEST && is_payload_letter(narrow(letter)) => {
                payload.push(narrow(letter).to_ascii_uppercase());
                Heard::Keys(Vec::new())
            }
            key => {
                let payload = self.slow.take().unwrap_or_default();
                match key {
                    Key::Enter if !is_late => Heard::Scan {
                        payload,
                        then: Vec::new(),
                    },
                    // Whoever gives up what is being scanned gives up that alone.
                    Key::Esc if !is_late => Heard::Keys(Vec::new()),
                    _ => ended(payload, vec![press]),
                }
            }
        })
    }

    /// Gives keys on, unless they spell the prefix to its end: then they are a scanner's.
    fn give(&mut self, keys: Vec<KeyPress>) -> Heard {
        let mut given = Vec::new();
        for (at, press) in keys.iter().enumerate() {
            let is_late = self
                .last
                .replace(press.at)
                .is_some_and(|last| press.at - last > SLOW_GAP);
            let spelled = if is_late { 0 } else { self.spelled };
            self.spelled = [spelled, 0]
                .into_iter()
                .find(|spelled| is_letter_of_prefix(press.key, *spelled))
                .map_or(0, |spelled| spelled + 1);
            given.push(*press);
            if self.spelled == PREFIX.len() {
                self.spelled = 0;
                let own = given.len().min(PREFIX.len());
                given.truncate(given.len() - own);
                let letters = PREFIX.len() - own;
                self.slow = Some(PREFIX.to_owned());
                let mut rest = keys[at + 1..].iter();
                while let Some(press) = rest.next() {
                    match self.hear_slow(*press) {
                        Some(Heard::Keys(_)) => {}
                        // What broke a burst ended the scan with it.
                        Some(heard) if letters == 0 && given.is_empty() => return heard,
                        _ => given.extend([*press].into_iter().chain(rest.by_ref().copied())),
                    }
                }
                return Heard::Slow { keys: given, letters };
            }
        }
        Heard::Keys(given)
    }

    fn text(&self) -> String {
        self.held
            .iter()
            .filter_map(|press| match press.key {
                Key::Char(letter) => Some(narrow(letter).to_ascii_uppercase()),
                _ => None,
            })
            .collect()
    }

    fn is_payload(&self) -> bool {
        self.held.len() >= SHORTEST && self.text().starts_with(PREFIX)
    }

    fn goes_on_with(&self, letter: char) -> bool {
        // A wedge scanner types through the input method: what is left on makes its letters full-width.
        let letter = narrow(letter).to_ascii_uppercase();
        match PREFIX.chars().nth(self.held.len()) {
            Some(expected) => letter == expected,
            None => self.held.len() < LONGEST && is_payload_letter(letter),
        }
    }
}

/// A slow scan that ended without Enter: what is long enough to be a code is one.
fn ended(payload: String, then: Vec<KeyPress>) -> Heard {
    match payload.len() >= SHORTEST {
        true => Heard::Scan { payload, then },
        false => Heard::Keys(then),
    }
}

fn is_letter_of_prefix(key: Key, at: usize) -> bool {
    matches!(key, Key::Char(letter) if PREFIX.chars().nth(at) == Some(narrow(letter).to_ascii_uppercase()))
}

/// The payload in pasted text, when it is one.
pub fn pasted(text: &str) -> Option<String> {
    let text: String = text.trim().chars().map(narrow).collect();
    let text = text.to_ascii_uppercase();
    let fits = text.starts_with(PREFIX) && (SHORTEST..=LONGEST).contains(&text.len());
    (fits && text.chars().all(is_payload_letter)).then_some(text)
}

const fn is_payload_letter(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || matches!(letter, '-' | '.' | '_' | ':' | '/' | '+' | '=' | '$' | '%' | '*')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::StepId;
    use time::macros::datetime;

    fn press(key: Key, millisecond: i64) -> KeyPress {
        KeyPress {
            key,
            at: datetime!(2026-11-22 0:14 UTC) + Duration::milliseconds(millisecond),
            seen: StepId(1),
        }
    }

    fn type_all(burst: &mut Burst, text: &str, gap: i64) -> (Vec<Key>, Option<String>) {
        let mut keys = Vec::new();
        for (at, letter) in text.chars().enumerate() {
            let key = if letter == '\n' { Key::Enter } else { Key::Char(letter) };
            match burst.hear(press(key, at as i64 * gap), Typing::Text) {
                Heard::Keys(heard) => keys.extend(heard.into_iter().map(|press| press.key)),
                Heard::Scan { payload, .. } => return (keys, Some(payload)),
                Heard::Foreign => panic!("it is text"),
                Heard::Slow { keys: before, letters } => {
                    keys.extend(before.into_iter().map(|press| press.key));
                    keys.truncate(keys.len() - letters);
                }
            }
        }
        (keys, None)
    }

    #[test]
    fn a_fast_burst_is_a_scan_and_types_nothing() {
        let (keys, scan) = type_all(&mut Burst::default(), "mdg1-7K3QW9-X\n", 5);
        assert_eq!((keys, scan.as_deref()), (vec![], Some("MDG1-7K3QW9-X")));
    }

    #[test]
    fn a_scan_through_an_input_method_left_on_is_a_scan() {
        let (keys, scan) = type_all(&mut Burst::default(), "ＭＤＧ１－7K3QW9-X\n", 5);
        assert_eq!((keys, scan.as_deref()), (vec![], Some("MDG1-7K3QW9-X")));
        assert_eq!(pasted("ＭＤＧ１－７Ｋ３ＱＷ９").as_deref(), Some("MDG1-7K3QW9"));
    }

    #[test]
    fn a_slow_scanner_is_known_by_what_it_types_and_types_nothing() {
        for gap in [1, 59, 61, 100, 300, 1500] {
            let (keys, scan) = type_all(&mut Burst::default(), "mdg1-7K3QW9-X\n", gap);
            assert_eq!((keys, scan.as_deref()), (vec![], Some("MDG1-7K3QW9-X")), "{gap} ms");
        }
        // What was typed before it stays typed.
        let (keys, scan) = type_all(&mut Burst::default(), "1mmdg1-7K3QW9-X\n", 150);
        assert_eq!(
            (keys, scan.as_deref()),
            (vec![Key::Char('1'), Key::Char('m')], Some("MDG1-7K3QW9-X"))
        );
    }

    #[test]
    fn a_scanner_that_stalls_in_its_midst_loses_no_letter_of_the_code() {
        for stall in 1.."mdg1-7K3QW9-X".len() {
            let mut burst = Burst::default();
            let mut keys = 0;
            let mut scan = None;
            for (at, letter) in "mdg1-7K3QW9-X\n".chars().enumerate() {
                let key = if letter == '\n' { Key::Enter } else { Key::Char(letter) };
                let late = if at >= stall { 400 } else { 0 };
                let moment = press(key, at as i64 * 5 + late);
                let heard = [burst.tick(moment.at), burst.hear(moment, Typing::Text)];
                for heard in heard {
                    match heard {
                        Heard::Keys(given) => keys += given.len(),
                        Heard::Slow { keys: given, letters } => keys = keys + given.len() - letters,
                        Heard::Scan { payload, .. } => scan = Some(payload),
                        Heard::Foreign => panic!("it is ours"),
                    }
                }
            }
            assert_eq!((keys, scan.as_deref()), (0, Some("MDG1-7K3QW9-X")), "stalls at {stall}");
        }
    }

    #[test]
    fn a_slow_scan_without_an_end_ends_by_itself_and_leaves_the_keys_to_the_clerk() {
        let scan = |payload: &str, then: &[KeyPress]| Heard::Scan {
            payload: payload.into(),
            then: then.to_vec(),
        };
        let scans = |burst: &mut Burst| type_all(burst, "mdg1-7K3QW9", 100);
        let mut burst = Burst::default();
        scans(&mut burst);
        assert_eq!(
            burst.tick(press(Key::Enter, 1500).at),
            Heard::Keys(vec![]),
            "more may come"
        );
        assert_eq!(burst.tick(press(Key::Enter, 9000).at), scan("MDG1-7K3QW9", &[]));
        let (enter, escape) = (press(Key::Enter, 60_000), press(Key::Esc, 1100));
        assert_eq!(
            burst.hear(enter, Typing::Text),
            Heard::Keys(vec![enter]),
            "it has ended"
        );

        // Another key ends it too, and is heard; Esc gives it up.
        scans(&mut burst);
        let help = press(Key::F(1), 1100);
        assert_eq!(burst.hear(help, Typing::Text), scan("MDG1-7K3QW9", &[help]));
        scans(&mut burst);
        assert_eq!(burst.hear(escape, Typing::Text), Heard::Keys(vec![]));
        // A fast one that a key breaks off is known as well.
        let mut burst = Burst::default();
        type_all(&mut burst, "mdg1-7K3QW9", 2);
        let help = press(Key::F(1), 30);
        assert_eq!(burst.hear(help, Typing::Text), scan("MDG1-7K3QW9", &[help]));
    }

    #[test]
    fn a_name_that_begins_with_m_loses_no_letter() {
        for name in ["mori", "mdori", "mm", "MDG2-", "mdmdg1"] {
            let mut burst = Burst::default();
            let (mut keys, scan) = type_all(&mut burst, name, 10);
            if let Heard::Keys(given) = burst.tick(datetime!(2026-11-22 0:15 UTC)) {
                keys.extend(given.into_iter().map(|press| press.key));
            }
            assert_eq!(scan, None);
            assert_eq!(keys, name.chars().map(Key::Char).collect::<Vec<_>>(), "{name}");
        }
    }

    #[test]
    fn a_pasted_payload_is_a_scan_too() {
        assert_eq!(pasted(" MDG1-7K3QW9-X\r\n").as_deref(), Some("MDG1-7K3QW9-X"));
        assert_eq!(pasted("MDG1-"), None);
        assert_eq!(pasted("山口"), None);
    }

    /// What a code ended by Enter comes to where a key would do `typing`: the keys given, and whether it was foreign.
    fn code(text: &str, gap: i64, typing: Typing) -> (String, bool) {
        let mut burst = Burst::default();
        let mut given = Vec::new();
        let mut is_foreign = false;
        let keys = text.chars().map(Key::Char).chain([Key::Enter]);
        for (at, key) in keys.enumerate() {
            match burst.hear(press(key, at as i64 * gap), typing) {
                Heard::Keys(keys) => given.extend(keys),
                Heard::Foreign => is_foreign = true,
                other => panic!("{other:?}"),
            }
        }
        if let Heard::Keys(keys) = burst.tick(press(Key::Enter, 60_000).at) {
            given.extend(keys);
        }
        let given = given.iter().map(|press| match press.key {
            Key::Char(letter) => letter,
            _ => '⏎',
        });
        (given.collect(), is_foreign)
    }

    #[test]
    fn a_foreign_code_is_no_key_of_any_screen_and_no_try_of_a_password() {
        for text in ["4901234567894", "49012345", "４９０１２３４５６７８９４"] {
            for gap in [0, 5, 60] {
                assert_eq!(code(text, gap, Typing::Keys), (String::new(), true), "{text} {gap}");
                let (_, is_foreign) = code(text, gap, Typing::Secret);
                assert!(is_foreign, "{text} {gap}");
            }
            // A slow scanner's digits can't be told from a hand's; its Enter opens nothing, and the last one goes with it.
            let given: String = text.chars().take(text.chars().count() - 1).collect();
            assert_eq!(code(text, 100, Typing::Keys), (given, true));
        }
        // A parcel's code begins and ends with letters.
        assert!(code("A123456789012A", 5, Typing::Keys).1);
    }

    #[test]
    fn what_a_hand_types_is_no_foreign_code() {
        for (text, gap, typing) in [
            // Questions answered by digits, somebody's password of digits, a word of both, a parcel's number in its field.
            ("12112111", 200, Typing::Keys),
            ("12345678", 100, Typing::Secret),
            ("kame2026kame", 5, Typing::Secret),
            ("123456789012", 5, Typing::Text),
            ("1234567", 5, Typing::Keys),
        ] {
            assert_eq!(code(text, gap, typing), (format!("{text}⏎"), false), "{text}");
        }
    }
}

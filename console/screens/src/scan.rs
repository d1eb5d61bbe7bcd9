//! Telling a scanner from a clerk: a scanner types `MDG1-…` faster than any hand and ends with Enter.
//!
//! Keys that may be the beginning of a scan are held back for a moment; when they turn out to be typing they go on
//! in order, none lost.

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

/// Keys held back as a possible scan.
#[derive(Debug, Clone, Default)]
pub struct Burst {
    held: Vec<KeyPress>,
}

/// What came of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Heard {
    /// These are ordinary keys, in order (none, when they are still held).
    Keys(Vec<KeyPress>),
    /// A whole payload, upper case. Keys typed just before it come first.
    Scan(String),
}

impl Burst {
    /// Takes the next key.
    pub fn hear(&mut self, press: KeyPress) -> Heard {
        let too_slow = self.held.last().is_some_and(|last| press.at - last.at > GAP);
        let mut keys = if too_slow {
            std::mem::take(&mut self.held)
        } else {
            Vec::new()
        };
        match press.key {
            Key::Enter if self.is_payload() => {
                let payload = self.text();
                self.held.clear();
                return Heard::Scan(payload);
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
        Heard::Keys(keys)
    }

    /// Gives held keys back when the burst has stopped.
    pub fn tick(&mut self, now: OffsetDateTime) -> Vec<KeyPress> {
        match self.held.last() {
            Some(last) if now - last.at > GAP => std::mem::take(&mut self.held),
            _ => Vec::new(),
        }
    }

    /// Whether keys are held, so that a tick is wanted soon.
    pub fn is_holding(&self) -> bool {
        !self.held.is_empty()
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
            match burst.hear(press(key, at as i64 * gap)) {
                Heard::Keys(heard) => keys.extend(heard.into_iter().map(|press| press.key)),
                Heard::Scan(payload) => return (keys, Some(payload)),
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
    fn a_clerk_typing_the_same_letters_types_them() {
        let (keys, scan) = type_all(&mut Burst::default(), "mdg1-7K3QW9-X\n", 150);
        assert_eq!(scan, None);
        assert_eq!(keys.len(), "mdg1-7K3QW9-X\n".len());
    }

    #[test]
    fn a_name_that_begins_with_m_loses_no_letter() {
        for name in ["mori", "mdori", "mm", "MDG2-", "mdmdg1"] {
            let mut burst = Burst::default();
            let (mut keys, scan) = type_all(&mut burst, name, 10);
            keys.extend(
                burst
                    .tick(datetime!(2026-11-22 0:15 UTC))
                    .into_iter()
                    .map(|press| press.key),
            );
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
}

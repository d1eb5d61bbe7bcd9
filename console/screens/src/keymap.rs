//! Which key means what, and in which words: a table stands beside each screen. The help line, F1 and the update all read
//! the table of the screen in front, and then the one of everywhere.

use super::key::Key;

/// What a key means. These are known to several screens; what belongs to one is [`Intent::Own`], a constant beside its
/// keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Intent {
    /// The row or field above.
    Up,
    /// The row or field below.
    Down,
    /// The choice at the left.
    Left,
    /// The choice at the right.
    Right,
    PageUp,
    PageDown,
    Confirm,
    Back,
    Toggle,
    /// The queue of this number, or the answer of this number.
    Digit(u8),
    /// The answer yes, where a question is answered so.
    Yes,
    No,
    /// さがす.
    Search,
    New,
    Submit,
    Refresh,
    /// Show the masked address.
    Reveal,
    Journal,
    /// Whether a card that was handed over may be used.
    Standing,
    /// Take over a case that another desk holds.
    TakeOver,
    Stop,
    Help,
    Language,
    Tray,
    Lock,
    LogOut,
    Quit,
    Own(&'static str),
}

/// One key of a table.
#[derive(Debug, Clone, Copy)]
pub struct Binding {
    pub key: Key,
    /// What it means there.
    pub intent: Intent,
    /// The word for it.
    pub word: &'static str,
    /// Whether the help line names it (F1 names all).
    pub line: bool,
    /// How much it is missed where the help line is too short.
    pub missed: Missed,
}

/// The keys of a screen, or of a part of one that has keys of its own.
#[derive(Debug)]
pub struct KeyTable {
    pub name: &'static str,
    /// Whether the screen is the clerk's: in front of the resident lie no keys of the office, one of which shows the
    /// demonstration's passwords.
    pub is_the_clerks: bool,
    /// The keys, as the help line names them.
    pub rows: &'static [Binding],
}

impl PartialEq for KeyTable {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

/// A key that the help line names.
pub const fn row(key: Key, intent: Intent, word: &'static str) -> Binding {
    Binding {
        key,
        intent,
        word,
        line: true,
        missed: missed(intent),
    }
}

/// A key for F1 only: the same thing by another key, or known to everyone.
pub const fn also(key: Key, intent: Intent, word: &'static str) -> Binding {
    Binding {
        line: false,
        ..row(key, intent, word)
    }
}

/// A key for what can be looked at from here, beside what the screen is for.
pub const fn besides(key: Key, intent: Intent, word: &'static str) -> Binding {
    Binding {
        missed: Missed::Besides,
        ..row(key, intent, word)
    }
}

/// A key that leads out: without it one is stuck.
pub const fn out(key: Key, intent: Intent, word: &'static str) -> Binding {
    Binding {
        missed: Missed::OnAndOut,
        ..row(key, intent, word)
    }
}

/// The keys that answer the question under the pointer, and move on to the next one: the number that the screen writes
/// before the answer, or yes and no.
pub mod answer {
    use super::{Binding, Intent, Key::Char, also};

    pub const FIRST: Binding = number('1', 1);
    pub const SECOND: Binding = number('2', 2);
    pub const THIRD: Binding = number('3', 3);
    pub const FOURTH: Binding = number('4', 4);
    pub const FIFTH: Binding = number('5', 5);
    pub const SIXTH: Binding = number('6', 6);
    pub const SEVENTH: Binding = number('7', 7);
    pub const EIGHTH: Binding = number('8', 8);
    pub const YES: Binding = also(Char('y'), Intent::Yes, "key-answer-yes");
    pub const NO: Binding = also(Char('n'), Intent::No, "key-answer-no");

    const fn number(key: char, number: u8) -> Binding {
        also(Char(key), Intent::Digit(number), "key-answer-number")
    }
}

use Key::{Char, Ctrl, Down, Enter, Esc, F, PageDown, PageUp, Up};

/// What holds on every screen.
pub static EVERYWHERE: KeyTable = KeyTable {
    name: "everywhere",
    is_the_clerks: true,
    rows: &[
        row(F(1), Intent::Help, "key-help"),
        row(F(10), Intent::Language, "key-language"),
        row(F(12), Intent::Tray, "key-tray"),
        also(Ctrl('l'), Intent::Lock, "key-lock"),
        also(Ctrl('d'), Intent::LogOut, "key-log-out"),
        also(Ctrl('q'), Intent::Quit, "key-quit"),
        also(Ctrl('c'), Intent::Quit, "key-quit"),
    ],
};

/// Text to be read and scrolled.
pub static READING: KeyTable = KeyTable {
    name: "reading",
    is_the_clerks: true,
    rows: &[
        row(Down, Intent::Down, "key-scroll"),
        also(Up, Intent::Up, "key-scroll"),
        row(PageDown, Intent::PageDown, "key-page"),
        also(PageUp, Intent::PageUp, "key-page"),
        also(F(5), Intent::Refresh, "key-look-again"),
        row(Esc, Intent::Back, "key-back"),
    ],
};

/// Text that the resident reads: no key of the office lies beside it.
pub static READING_FACING: KeyTable = KeyTable {
    name: "reading.facing",
    is_the_clerks: false,
    rows: &[
        row(Esc, Intent::Back, "key-back"),
        also(Enter, Intent::Back, "key-back"),
        row(F(10), Intent::Language, "key-language"),
    ],
};

/// A question with yes and no.
pub static QUESTION: KeyTable = KeyTable {
    name: "question",
    is_the_clerks: true,
    rows: &[
        row(Enter, Intent::Confirm, "key-yes"),
        also(Char('y'), Intent::Confirm, "key-yes"),
        row(Esc, Intent::Back, "key-no"),
        also(Char('n'), Intent::Back, "key-no"),
    ],
};

/// A reason is asked for.
pub static REASON: KeyTable = KeyTable {
    name: "reason",
    is_the_clerks: true,
    rows: &[
        row(Enter, Intent::Confirm, "key-decide"),
        row(Esc, Intent::Back, "key-back"),
    ],
};

/// What `key` means by `table`; its own rows come before those of everywhere.
pub fn intent(table: &KeyTable, key: Key) -> Option<Intent> {
    // Letters mean the same in either case and either width: neither CapsLock nor an input method left on is a reason to
    // be ignored.
    let key = match key {
        Key::Char(letter) => Key::Char(narrow(letter).to_ascii_lowercase()),
        other => other,
    };
    bindings(table).find(|row| row.key == key).map(|binding| binding.intent)
}

/// How much a key is missed on a help line that is too short for all: what stands last here goes first. F1 names every
/// key, so nothing is out of reach as long as it stands there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Missed {
    /// It tells all the others: it never goes.
    TellsAll,
    /// On, and out: without them one is stuck.
    OnAndOut,
    /// What this screen is for.
    Here,
    /// What holds on every screen.
    Everywhere,
    /// What can be looked at from here.
    Besides,
    /// Moving about: known to everyone, and the pointer shows that there is something to choose.
    Moving,
}

const fn missed(intent: Intent) -> Missed {
    match intent {
        Intent::Help => Missed::TellsAll,
        Intent::Confirm | Intent::Back | Intent::Stop | Intent::Submit | Intent::Lock => Missed::OnAndOut,
        Intent::Language | Intent::Tray => Missed::Everywhere,
        Intent::Journal | Intent::Reveal | Intent::Refresh | Intent::LogOut => Missed::Besides,
        Intent::Up | Intent::Down | Intent::Left | Intent::Right | Intent::PageUp | Intent::PageDown => Missed::Moving,
        _ => Missed::Here,
    }
}

/// The rows that hold by `table`, everywhere's last.
pub fn bindings(table: &KeyTable) -> impl Iterator<Item = &'static Binding> {
    let everywhere = EVERYWHERE.rows.iter().filter(|_| table.is_the_clerks);
    table.rows.iter().chain(everywhere)
}

/// A full-width letter, digit or space as the key that was pressed.
pub fn narrow(letter: char) -> char {
    match letter {
        '\u{3000}' => ' ',
        '\u{FF01}'..='\u{FF5E}' => char::from_u32(letter as u32 - 0xFEE0).unwrap_or(letter),
        other => other,
    }
}

/// How a key is written.
pub fn name(key: Key) -> String {
    match key {
        Key::Char(' ') => "Space".into(),
        Key::Char(letter) => letter.to_string(),
        Key::Ctrl(letter) => format!("Ctrl+{}", letter.to_ascii_uppercase()),
        Key::F(number) => format!("F{number}"),
        Key::Up => "↑".into(),
        Key::Down => "↓".into(),
        Key::Left => "←".into(),
        Key::Right => "→".into(),
        Key::PageUp => "PgUp".into(),
        Key::PageDown => "PgDn".into(),
        Key::BackTab => "Shift+Tab".into(),
        Key::Backspace => "BS".into(),
        other => format!("{other:?}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::screens::{EVERY_TABLE, case, handover, pin, today};
    use std::collections::BTreeSet;

    #[test]
    fn no_key_means_two_things_in_one_place() {
        for table in EVERY_TABLE {
            let mut seen = BTreeSet::new();
            for binding in table.rows {
                assert!(seen.insert(binding.key), "{}: {binding:?}", table.name);
            }
        }
        let names: BTreeSet<_> = EVERY_TABLE.iter().map(|table| table.name).collect();
        assert_eq!(names.len(), EVERY_TABLE.len());
    }

    #[test]
    fn every_place_can_be_left() {
        for table in EVERY_TABLE {
            let has_no_way_back = ["login.first_run", "everywhere"].contains(&table.name);
            assert!(has_no_way_back || intent(table, Key::Esc).is_some(), "{}", table.name);
            // The resident has help of their own, while the PIN is asked for.
            let has_help = table.is_the_clerks || table == &pin::keys::FACING;
            let help = has_help.then_some(Intent::Help);
            assert_eq!(intent(table, Key::F(1)), help, "{}", table.name);
        }
    }

    #[test]
    fn a_key_is_the_same_key_with_the_input_method_left_on() {
        assert_eq!(intent(&today::keys::KEYS, Key::Char('２')), Some(Intent::Digit(2)));
        assert_eq!(intent(&today::keys::KEYS, Key::Char('／')), Some(Intent::Search));
        assert_eq!(intent(&case::keys::KEYS, Key::Char('Ｊ')), Some(Intent::Journal));
        assert_eq!(
            intent(&handover::keys::LOOK, Key::Char('\u{3000}')),
            Some(Intent::Toggle)
        );
    }
}

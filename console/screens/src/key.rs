//! Keys as the screens know them, free of any terminal library.

use time::OffsetDateTime;

/// One key. Terminals tell little of modifiers, so only what every terminal tells is here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Key {
    /// A printable character as the terminal composed it.
    Char(char),
    /// Control with a letter, lower case.
    Ctrl(char),
    /// A function key, `F(1)` to `F(12)`.
    F(u8),
    /// Enter, also the end of a scanner's burst.
    Enter,
    Esc,
    Tab,
    BackTab,
    Backspace,
    Delete,
    Insert,
    Up,
    Down,
    Left,
    Right,
    Home,
    End,
    PageUp,
    PageDown,
}

/// The step that stood on the screen: grows with every change of what Enter would mean. A key that was pressed
/// while an older step was painted cannot commit a newer one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct StepId(pub u64);

/// A key with what was on the screen when it was pressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyPress {
    pub key: Key,
    /// When it arrived: a scanner's burst is told from typing by its speed.
    pub at: OffsetDateTime,
    /// the step that stood on the screen as of the last painted frame.
    pub seen: StepId,
}

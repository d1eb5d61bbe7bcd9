//! A field for one line of text: by grapheme and by cell, with full-width digits taken for what they are.

use std::fmt;

use relay_core::letters::without_unseen_behind;
use unicode_normalization::UnicodeNormalization;
use unicode_segmentation::UnicodeSegmentation;
use zeroize::Zeroize;

use super::{glyphs::Glyphs, key::Key, text};

/// What a field takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Takes {
    /// Any text of one line.
    #[default]
    Text,
    /// Numbers and codes: width folded (NFKC), letters upper case.
    Code,
    /// Digits alone, width folded.
    Digits,
    /// A password: ASCII letters and digits, shown as dots.
    Password,
    /// A PIN: digits, shown as dots.
    Pin,
}

/// What became of a text that was typed or pasted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Inserted {
    /// All of it that such a field takes.
    All,
    /// None of it: with it the field would hold more characters than this.
    TooLong { limit: usize },
    /// None of it: the field takes no such characters.
    Nothing,
}

/// A field for text. Its text may be personal or secret: `Debug` says nothing, and it is wiped when dropped.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Input {
    text: String,
    /// Byte offset of the cursor, always between two graphemes.
    cursor: usize,
    takes: Takes,
    limit: usize,
}

impl Drop for Input {
    fn drop(&mut self) {
        self.text.zeroize();
    }
}

impl fmt::Debug for Input {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Input(..)")
    }
}

impl Input {
    /// An empty field that takes at most `limit` characters.
    pub fn new(takes: Takes, limit: usize) -> Self {
        Self {
            text: String::with_capacity(limit.min(256)),
            cursor: 0,
            takes,
            limit,
        }
    }

    /// The text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Characters in it.
    pub fn len(&self) -> usize {
        self.text.graphemes(true).count()
    }

    /// Whether it is empty.
    pub fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// Whether what stands in it is shown as dots.
    pub const fn is_secret(&self) -> bool {
        matches!(self.takes, Takes::Password | Takes::Pin)
    }

    /// Empties and wipes it.
    pub fn clear(&mut self) {
        self.text.zeroize();
        self.cursor = 0;
    }

    /// Replaces the text; the cursor goes to the end.
    pub fn set(&mut self, text: &str) {
        self.clear();
        self.insert(text);
    }

    /// Whether nothing more fits behind what stands in it.
    pub fn is_full(&self) -> bool {
        self.len() >= self.limit
    }

    /// Types or pastes `text` at the cursor: checked the same way, whole graphemes only, up to the limit.
    pub fn insert(&mut self, text: &str) -> Inserted {
        let mut fitting = self.fitting(text);
        let mut merged = String::with_capacity(self.text.len() + fitting.len());
        merged.push_str(&self.text[..self.cursor]);
        merged.push_str(&fitting);
        let mut cursor = merged.len();
        merged.push_str(&self.text[self.cursor..]);
        let inserted = match fitting.is_empty() {
            true => Inserted::Nothing,
            false if merged.graphemes(true).count() > self.limit => Inserted::TooLong { limit: self.limit },
            false => Inserted::All,
        };
        fitting.zeroize();
        if inserted == Inserted::All {
            // A combining mark may have joined what stood before it: the cursor goes to the next boundary.
            while !is_boundary(&merged, cursor) {
                cursor += 1;
            }
            self.text.zeroize();
            self.text = merged;
            self.cursor = cursor;
        } else {
            merged.zeroize();
        }
        inserted
    }

    /// Edits by `key`; false for keys that are none of the field's business.
    pub fn key(&mut self, key: Key) -> bool {
        match key {
            Key::Char(letter) => {
                let mut buffer = [0; 4];
                self.insert(letter.encode_utf8(&mut buffer));
                buffer.zeroize();
            }
            Key::Backspace => {
                let before = self.before();
                self.text.replace_range(before..self.cursor, "");
                self.cursor = before;
            }
            Key::Delete => {
                let after = self.after();
                self.text.replace_range(self.cursor..after, "");
            }
            Key::Left => self.cursor = self.before(),
            Key::Right => self.cursor = self.after(),
            Key::Home => self.cursor = 0,
            Key::End => self.cursor = self.text.len(),
            Key::Ctrl('u') => self.clear(),
            _ => return false,
        }
        true
    }

    /// What is shown in `cells`, filled with spaces, and the cell of the cursor within it. A text too long for the
    /// room is shown around the cursor.
    pub fn shown(&self, cells: usize, glyphs: &Glyphs) -> (String, usize) {
        let secret = self.is_secret();
        let draw = |grapheme: &str| {
            if secret {
                glyphs.dot.to_owned()
            } else {
                text::drawable(grapheme)
            }
        };
        let pieces: Vec<(String, usize)> = self
            .text
            .graphemes(true)
            .map(|grapheme| {
                let drawn = draw(grapheme);
                let wide = text::width(&drawn, glyphs.ambiguous);
                (drawn, wide)
            })
            .collect();
        let at = self.text[..self.cursor].graphemes(true).count();
        // One cell is kept for the cursor behind the last character.
        let room = cells.saturating_sub(1);
        let mut first = 0;
        while pieces[first..at].iter().map(|piece| piece.1).sum::<usize>() > room {
            first += 1;
        }
        let column = pieces[first..at].iter().map(|piece| piece.1).sum();
        let rest: String = pieces[first..].iter().map(|piece| piece.0.as_str()).collect();
        (text::fit(&rest, cells, "", glyphs.ambiguous), column)
    }

    /// What the field takes of `text`.
    fn fitting(&self, text: &str) -> String {
        match self.takes {
            // A selector comes behind its ideograph as a key of its own.
            Takes::Text => without_unseen_behind(self.text[..self.cursor].chars().next_back(), text)
                .chars()
                .map(|letter| if letter == '\n' || letter == '\t' { ' ' } else { letter })
                .filter(|letter| !letter.is_control())
                .collect(),
            Takes::Code => text
                .nfkc()
                .filter(|letter| !letter.is_control())
                // An input method left on makes a hyphen's key one of these.
                .map(|letter| match letter {
                    'ー' | '−' | '‐' | '‑' | '–' | '—' => '-',
                    letter => letter.to_ascii_uppercase(),
                })
                .collect(),
            Takes::Digits | Takes::Pin => text.nfkc().filter(char::is_ascii_digit).collect(),
            Takes::Password => text.nfkc().filter(char::is_ascii_graphic).collect(),
        }
    }

    fn before(&self) -> usize {
        self.text[..self.cursor]
            .grapheme_indices(true)
            .next_back()
            .map_or(0, |(at, _)| at)
    }

    fn after(&self) -> usize {
        self.text[self.cursor..]
            .graphemes(true)
            .next()
            .map_or(self.cursor, |grapheme| self.cursor + grapheme.len())
    }
}

fn is_boundary(text: &str, at: usize) -> bool {
    at >= text.len() || (text.is_char_boundary(at) && text.grapheme_indices(true).any(|(begin, _)| begin == at))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Ambiguous;

    fn typed(takes: Takes, text: &str) -> Input {
        let mut input = Input::new(takes, 40);
        for letter in text.chars() {
            input.key(Key::Char(letter));
        }
        input
    }

    #[test]
    fn backspace_takes_a_whole_character_with_its_variation_selector() {
        let mut name = typed(Takes::Text, "葛\u{E0100}");
        name.key(Key::Backspace);
        assert!(name.is_empty());
        let mut name = typed(Takes::Text, "𠮷野");
        name.key(Key::Left);
        name.key(Key::Backspace);
        assert_eq!(name.text(), "野");
    }

    #[test]
    fn the_cursor_stands_where_the_input_method_should_compose() {
        let glyphs = Glyphs::default();
        let mut name = typed(Takes::Text, "山口");
        assert_eq!(name.shown(10, &glyphs), ("山口      ".to_owned(), 4));
        name.key(Key::Left);
        assert_eq!(name.shown(10, &glyphs).1, 2);
        let long = typed(Takes::Text, "山口恵子と山口太郎");
        let (shown, column) = long.shown(8, &glyphs);
        assert_eq!(column, 6);
        assert_eq!(text::width(&shown, Ambiguous::Narrow), 8);
        assert_eq!(shown, "口太郎  ");
    }

    #[test]
    fn full_width_digits_are_digits() {
        assert_eq!(typed(Takes::Digits, "１２3a４").text(), "1234");
        assert_eq!(typed(Takes::Code, "ａｂ－１２").text(), "AB-12");
        assert_eq!(typed(Takes::Code, "Ａー１２").text(), "A-12");
    }

    #[test]
    fn a_paste_is_checked_like_typing() {
        let mut pin = Input::new(Takes::Pin, 4);
        assert_eq!(pin.insert("１２ 34\n"), Inserted::All);
        assert_eq!(pin.text(), "1234");
        assert_eq!(pin.insert("5"), Inserted::TooLong { limit: 4 });
        let mut text = Input::new(Takes::Text, 40);
        text.insert("一行目\n二行目\u{1b}[31m");
        assert_eq!(text.text(), "一行目 二行目[31m");
    }

    #[test]
    fn a_secret_is_neither_drawn_nor_debugged() {
        let pin = typed(Takes::Pin, "4962");
        assert_eq!(pin.shown(6, &Glyphs::default()).0, "●●●●  ");
        assert!(!format!("{pin:?}").contains("4962"));
    }

    #[test]
    fn a_combining_mark_joins_the_letter_before_it() {
        let mut name = typed(Takes::Text, "e");
        name.insert("\u{301}");
        assert_eq!(name.len(), 1);
        name.key(Key::Backspace);
        assert!(name.is_empty());
    }

    proptest::proptest! {
        #[test]
        fn no_sequence_of_keys_breaks_a_field(keys in proptest::collection::vec(
            proptest::prop_oneof![
                proptest::prelude::any::<char>().prop_map(Key::Char),
                proptest::sample::select(vec![Key::Backspace, Key::Delete, Key::Left, Key::Right, Key::Home, Key::End]),
            ], 0..60), cells in 0usize..20) {
            let mut input = Input::new(Takes::Text, 20);
            for key in keys {
                input.key(key);
                let (shown, column) = input.shown(cells, &Glyphs::default());
                proptest::prop_assert!(column <= cells);
                proptest::prop_assert!(text::width(&shown, Ambiguous::Narrow) <= cells);
            }
        }
    }
    use proptest::strategy::Strategy;

    #[test]
    fn what_nobody_sees_is_not_typed_and_a_selector_behind_its_ideograph_is() {
        let mut input = Input::new(Takes::Text, 40);
        input.insert("山\u{202e}口\u{200b}\u{3164} 葛");
        input.key(Key::Char('\u{e0100}'));
        input.key(Key::Char('\u{200d}'));
        assert_eq!(input.text(), "山口 葛\u{e0100}");
        assert_eq!(input.insert("\u{2066}\u{00ad}"), Inserted::Nothing);
    }
}

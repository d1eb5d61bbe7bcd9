//! Characters that nobody sees: they change what a text is, or the order in which it is read, and not what it looks like.
//!
//! Known by their property in the Unicode Character Database (Default_Ignorable_Code_Point, Bidi_Control, and the line
//! separators, whose general categories are Zl and Zp), so that a later Unicode version's are known too. A variation
//! selector behind an ideograph is lawful: it chooses the letter's own form (葛󠄀). Every door that takes text from outside
//! asks here: roster, keys, paste, configuration, metadata.

use std::borrow::Cow;

use icu_properties::{
    CodePointSetData,
    props::{BidiControl, DefaultIgnorableCodePoint, Ideographic, VariationSelector},
};

/// What an unseen character does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Unseen {
    /// It takes no room: U+200B, U+00AD, U+3164, tags, a variation selector behind nothing it could vary.
    Invisible,
    /// It changes the order in which what follows is shown: U+202E, U+2066–U+2069, U+200E, U+061C.
    Direction,
    /// It ends a line where none can be: U+2028, U+2029.
    LineEnd,
}

/// The unseen characters of `text`, with their places in bytes.
pub fn unseen(text: &str) -> impl Iterator<Item = (usize, char, Unseen)> + '_ {
    unseen_behind(None, text)
}

fn unseen_behind(before: Option<char>, text: &str) -> impl Iterator<Item = (usize, char, Unseen)> + '_ {
    let mut before = before;
    text.char_indices().filter_map(move |(at, c)| {
        let found = judge(c, before);
        // A selector behind a selector varies nothing.
        before = Some(c);
        found.map(|unseen| (at, c, unseen))
    })
}

/// Whether `text` holds a character that nobody sees.
pub fn has_unseen(text: &str) -> bool {
    // Letters below U+00AD, and the dashes, spaces and letters of nearly every text, are told without a look-up.
    !text.is_ascii() && unseen(text).next().is_some()
}

/// `text` without them.
pub fn without_unseen(text: &str) -> Cow<'_, str> {
    without_unseen_behind(None, text)
}

/// What is typed behind `before`, without them: an input method sends an ideograph and its selector one after the other.
pub fn without_unseen_behind(before: Option<char>, text: &str) -> Cow<'_, str> {
    if unseen_behind(before, text).next().is_none() {
        return Cow::Borrowed(text);
    }
    let mut kept = String::with_capacity(text.len());
    let mut from = 0;
    for (at, c, _) in unseen_behind(before, text) {
        kept.push_str(&text[from..at]);
        from = at + c.len_utf8();
    }
    kept.push_str(&text[from..]);
    Cow::Owned(kept)
}

/// Whether nobody sees `c` by itself: for keys, and for forms in which a letter's own shape does not count.
pub fn is_unseen(c: char) -> bool {
    judge(c, None).is_some()
}

fn judge(c: char, before: Option<char>) -> Option<Unseen> {
    // Kana and the block of common ideographs hold none: nearly every letter asked about is told without a look-up.
    if c.is_ascii() || matches!(c, '\u{3041}'..='\u{30ff}' | '\u{4e00}'..='\u{9fff}') {
        return None;
    }
    if matches!(c, '\u{2028}' | '\u{2029}') {
        return Some(Unseen::LineEnd);
    }
    if CodePointSetData::new::<BidiControl>().contains(c) {
        return Some(Unseen::Direction);
    }
    if !CodePointSetData::new::<DefaultIgnorableCodePoint>().contains(c) {
        return None;
    }
    let varies = CodePointSetData::new::<VariationSelector>().contains(c)
        && before.is_some_and(|before| CodePointSetData::new::<Ideographic>().contains(before));
    (!varies).then_some(Unseen::Invisible)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn characters_nobody_sees_are_known_by_their_property() {
        for c in [
            '\u{200b}',
            '\u{00ad}',
            '\u{3164}',
            '\u{ffa0}',
            '\u{115f}',
            '\u{034f}',
            '\u{feff}',
            '\u{e0041}',
            '\u{180e}',
            '\u{200d}',
            '\u{2060}',
            '\u{fe0f}',
        ] {
            let text = format!("A{c}B");
            assert_eq!(
                unseen(&text).next(),
                Some((1, c, Unseen::Invisible)),
                "U+{:04X}",
                c as u32
            );
            assert_eq!(without_unseen(&text), "AB");
        }
        for c in ['\u{202e}', '\u{2066}', '\u{2069}', '\u{200e}', '\u{200f}', '\u{061c}'] {
            assert_eq!(unseen(&format!("山{c}口")).next(), Some((3, c, Unseen::Direction)));
        }
        assert_eq!(unseen("山\u{2028}口").next(), Some((3, '\u{2028}', Unseen::LineEnd)));
    }

    #[test]
    fn a_selector_behind_an_ideograph_is_a_letter_of_its_own_form() {
        for lawful in [
            "葛\u{e0100}城",
            "辻\u{e0101}",
            "𠮷野",
            "神\u{fe00}",
            "山口 ヨシロウ",
            "Nguyễn Thị Ánh",
            "ﾔﾏｸﾞﾁ",
            "",
        ] {
            assert!(!has_unseen(lawful), "{lawful}");
        }
        for astray in ["\u{e0100}葛", "カ\u{e0100}", "葛\u{e0100}\u{e0101}", "3\u{fe0f}"] {
            assert!(has_unseen(astray), "{}", astray.escape_unicode());
        }
    }

    proptest! {
        #[test]
        fn what_is_left_is_seen_and_nothing_else_is_taken(text in "[A-Za-z山口葛ー\u{e0100}\u{200b}\u{202e}\u{3164} ]{0,20}") {
            let left = without_unseen(&text);
            let seen = |text: &str| -> String {
                text.chars().filter(|c| !matches!(c, '\u{200b}' | '\u{202e}' | '\u{3164}' | '\u{e0100}')).collect()
            };
            prop_assert_eq!(seen(&left), seen(&text));
            let unseen_left = left.contains(['\u{200b}', '\u{202e}', '\u{3164}']);
            prop_assert!(!unseen_left);
        }
    }
}

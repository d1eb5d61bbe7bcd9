//! Reading a screen in English: whatever Japanese is left on it must be somebody's data.
//!
//! The stories in a terminal read by it too (`console/tests/counter`).

/// Fails when `screen` says something in Japanese that is no piece of `data`.
#[track_caller]
pub fn is_english_but_for(data: &[impl AsRef<str>], screen: &str) {
    let left = japanese_beside(data, screen);
    assert!(left.is_empty(), "{left:?} is left in\n{screen}");
}

/// The Japanese words of `screen` that are no pieces of `data`: names are cut in a narrow column and wrapped in a wide
/// one, and of a long reason only the end stands in its field.
fn japanese_beside<'s>(data: &[impl AsRef<str>], screen: &'s str) -> Vec<&'s str> {
    screen
        .split(|letter| !is_japanese(letter))
        .filter(|word| !word.is_empty() && !data.iter().any(|one| one.as_ref().contains(word)))
        .collect()
}

/// Kana, the ideographs in use and the punctuation that goes with them (Unicode blocks 3000 to 30FF, 4E00 to 9FFF,
/// FF00 to FF60). Symbols in either language are the geta mark (U+3013, a character the terminal cannot draw) and the dot
/// before a step not yet done (U+30FB).
const fn is_japanese(letter: char) -> bool {
    matches!(letter,
        '\u{3000}'..='\u{3012}' | '\u{3014}'..='\u{30fa}' | '\u{30fc}'..='\u{30ff}'
        | '\u{4e00}'..='\u{9fff}' | '\u{ff01}'..='\u{ff60}')
}

#[test]
fn what_is_no_data_is_found() {
    let data = ["山口 恵", "汐見市みなと町"];
    let left = |screen| japanese_beside(&data, screen);
    assert!(left("Name 山口 恵  Address 汐見市み…").is_empty());
    assert_eq!(left("Name 山口 恵  Good until 令和12年"), ["令和", "年"]);
    assert_eq!(left("The key\u{ff08}s\u{ff09}"), ["\u{ff08}", "\u{ff09}"]);
}

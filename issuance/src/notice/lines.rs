//! Breaking Japanese text into lines (禁則処理).
//!
//! Rules after W3C "Requirements for Japanese Text Layout" §3.1.7 (what may not begin a line, 行頭禁則), §3.1.8 (what
//! may not end one, 行末禁則) and §3.1.10 (a word or number in Latin letters is not torn apart). No squeezing and no hanging: on a letter with
//! ragged right margins a shorter line is the plainer choice.

use std::ops::Range;

use super::glyphs::Glyph;

/// 行頭禁則文字: may not stand at the beginning of a line.
const NOT_FIRST: &str =
    "、。,.,.・:;:;?!?!」』)〕]}〉》】)]}〟’”ーゝゞ々〻ヽヾ゛゜ぁぃぅぇぉっゃゅょゎァィゥェォッャュョヮヵヶ%%‰℃…‥〜~";

/// 行末禁則文字: may not stand at the end of a line.
const NOT_LAST: &str = "「『(〔[{〈《【([{〝‘“〒¥¥$£№";

/// The lines of `glyphs` that fit into `width` (thousandths of the type size); spaces at breaks are dropped.
///
/// `None` when not even one character fits into a line.
pub(super) fn wrap(glyphs: &[Glyph], width: u32) -> Option<Vec<Range<usize>>> {
    let mut lines = Vec::new();
    let mut start = 0;
    loop {
        while start < glyphs.len() && !lines.is_empty() && is_space(&glyphs[start]) {
            start += 1;
        }
        if start == glyphs.len() {
            return Some(lines);
        }
        let mut used = 0;
        let fitting = glyphs[start..]
            .iter()
            .take_while(|glyph| {
                used += glyph.advance;
                used <= width || is_space(glyph)
            })
            .count();
        if fitting == 0 {
            return None;
        }
        let end = match start + fitting {
            end if end == glyphs.len() => end,
            end => break_before(glyphs, start, end),
        };
        let spaces = glyphs[start..end]
            .iter()
            .rev()
            .take_while(|glyph| is_space(glyph))
            .count();
        lines.push(start..end - spaces);
        start = end;
    }
}

/// The last good place to break in `start..=end`: a rule-abiding one, else one that only tears a word, else the edge.
fn break_before(glyphs: &[Glyph], start: usize, end: usize) -> usize {
    let places = || (start + 1..=end).rev();
    places()
        .find(|&at| may_break(&glyphs[at - 1], &glyphs[at], true))
        .or_else(|| places().find(|&at| may_break(&glyphs[at - 1], &glyphs[at], false)))
        .unwrap_or(end)
}

fn may_break(before: &Glyph, after: &Glyph, keep_words: bool) -> bool {
    if NOT_FIRST.contains(after.base) || NOT_LAST.contains(before.base) {
        return false;
    }
    if is_space(before) || is_space(after) {
        return true;
    }
    !(keep_words && is_word(before.base) && is_word(after.base))
}

const fn is_word(c: char) -> bool {
    c.is_ascii_graphic() || matches!(c, '\u{C0}'..='\u{24F}')
}

const fn is_space(glyph: &Glyph) -> bool {
    matches!(glyph.base, ' ' | '\u{3000}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::notice::font::FontKey;

    fn set(text: &str) -> Vec<Glyph> {
        let glyph = |base: char| Glyph {
            font: FontKey::Gothic,
            number: 1,
            base,
            selector: None,
            advance: if base.is_ascii() { 500 } else { 1000 },
        };
        text.chars().map(glyph).collect()
    }

    fn lines(text: &str, width: u32) -> Vec<String> {
        let glyphs = set(text);
        let line = |range: Range<usize>| glyphs[range].iter().map(|glyph| glyph.base).collect();
        wrap(&glyphs, width).unwrap().into_iter().map(line).collect()
    }

    #[test]
    fn a_full_stop_takes_the_character_before_it_along() {
        assert_eq!(lines("窓口へどうぞ。次", 6000), ["窓口へどう", "ぞ。次"]);
    }

    #[test]
    fn an_opening_bracket_goes_to_the_next_line() {
        assert_eq!(lines("案内状「通知」", 4000), ["案内状", "「通知」"]);
    }

    #[test]
    fn a_case_number_is_not_torn() {
        assert_eq!(lines("番号は2026-000352です", 6000), ["番号は", "2026-000352", "です"]);
    }

    #[test]
    fn a_word_longer_than_the_line_is_torn_rather_than_refused() {
        assert_eq!(lines("ABCDEFGH", 2000), ["ABCD", "EFGH"]);
    }

    #[test]
    fn spaces_vanish_at_a_break() {
        assert_eq!(lines("MARIA SANTOS", 3000), ["MARIA", "SANTOS"]);
    }

    #[test]
    fn a_line_narrower_than_a_character_is_refused() {
        assert_eq!(wrap(&set("字"), 900), None);
    }
}

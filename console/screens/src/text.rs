//! Text as cells: widths, cutting, padding, wrapping, and what stands for characters a terminal cannot draw.
//!
//! Widths follow UAX #11. What it calls ambiguous (→ ○ … and box drawing) is one cell wide on some terminals and
//! two on others; which, is measured at the start and handed in as [`Ambiguous`].

use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

/// How wide the terminal draws characters of ambiguous width.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Ambiguous {
    #[default]
    Narrow,
    /// Two cells, as many Japanese terminals do.
    Wide,
}

/// Cells of one grapheme. The sound marks of half-width kana (ﾞ ﾟ) are a cell each wherever they stand, though Unicode
/// calls them extenders: this is the one place that counts them, and what is painted is told the width found here.
pub fn grapheme_width(grapheme: &str, ambiguous: Ambiguous) -> usize {
    let unmarked = grapheme.trim_end_matches(HALF_WIDTH_MARKS);
    let marks = (grapheme.len() - unmarked.len()) / HALF_WIDTH_MARKS[0].len_utf8();
    let letters = match ambiguous {
        Ambiguous::Narrow => unmarked.width(),
        Ambiguous::Wide => unmarked.width_cjk(),
    };
    letters.min(2) + marks
}

/// ﾞ and ﾟ
pub const HALF_WIDTH_MARKS: [char; 2] = ['\u{ff9e}', '\u{ff9f}'];

/// Cells of a text on one line.
pub fn width(text: &str, ambiguous: Ambiguous) -> usize {
    text.graphemes(true).map(|g| grapheme_width(g, ambiguous)).sum()
}

/// The text as it can be drawn: variation selectors dropped and characters of private use replaced by 〓, each
/// marked with ※ (JIS X 0208 has 〓 for just this); control characters are left out.
pub fn drawable(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for grapheme in text.graphemes(true) {
        let mut reduced = false;
        for letter in grapheme.chars() {
            match letter {
                '\u{FE00}'..='\u{FE0F}' | '\u{E0100}'..='\u{E01EF}' => reduced = true,
                '\u{E000}'..='\u{F8FF}' | '\u{F0000}'..='\u{10FFFD}' => {
                    out.push('\u{3013}');
                    reduced = true;
                }
                letter if letter.is_control() => {}
                letter => out.push(letter),
            }
        }
        if reduced {
            out.push('※');
        }
    }
    out
}

/// The code points of every character that [`drawable`] reduces, for the detail view: `葛+U+E0100`.
pub fn reduced_characters(text: &str) -> Vec<String> {
    text.graphemes(true)
        .filter(|grapheme| drawable(grapheme) != **grapheme)
        .map(|grapheme| {
            let points: Vec<_> = grapheme
                .chars()
                .map(|letter| format!("U+{:04X}", letter as u32))
                .collect();
            points.join("+")
        })
        .collect()
}

/// The longest beginning of `text` that fits in `cells`; ends with `ellipsis` when something was cut.
pub fn cut(text: &str, cells: usize, ellipsis: &str, ambiguous: Ambiguous) -> String {
    if width(text, ambiguous) <= cells {
        return text.to_owned();
    }
    let ellipsis = if width(ellipsis, ambiguous) <= cells {
        ellipsis
    } else {
        ""
    };
    let room = cells - width(ellipsis, ambiguous);
    let mut out = String::new();
    let mut used = 0;
    for grapheme in text.graphemes(true) {
        let wide = grapheme_width(grapheme, ambiguous);
        if used + wide > room {
            break;
        }
        out.push_str(grapheme);
        used += wide;
    }
    out.push_str(ellipsis);
    out
}

/// `text` cut or filled with spaces to exactly `cells`.
pub fn fit(text: &str, cells: usize, ellipsis: &str, ambiguous: Ambiguous) -> String {
    let mut out = cut(text, cells, ellipsis, ambiguous);
    out.extend(std::iter::repeat_n(' ', cells.saturating_sub(width(&out, ambiguous))));
    out
}

/// As [`fit`], with the text at the right.
pub fn fit_right(text: &str, cells: usize, ellipsis: &str, ambiguous: Ambiguous) -> String {
    let cut = cut(text, cells, ellipsis, ambiguous);
    let room = cells.saturating_sub(width(&cut, ambiguous));
    format!("{}{cut}", " ".repeat(room))
}

/// Characters that must not begin a line (JIS X 4051 行頭禁則, those that occur here).
const NOT_AT_THE_BEGINNING: &str = "。、．，・：；？！」』）】〕〉》ーぁぃぅぇぉっゃゅょァィゥェォッャュョ)]!?,.:;";
/// Characters that must not end a line (行末禁則).
const NOT_AT_THE_END: &str = "「『（【〔〈《([";

/// `text` in lines of at most `cells`: between words where there are spaces, anywhere in Japanese, with 禁則.
pub fn wrap(text: &str, cells: usize, ambiguous: Ambiguous) -> Vec<String> {
    let mut lines = Vec::new();
    for paragraph in text.split('\n') {
        wrap_paragraph(paragraph, cells.max(2), ambiguous, &mut lines);
    }
    lines
}

fn wrap_paragraph(text: &str, cells: usize, ambiguous: Ambiguous, lines: &mut Vec<String>) {
    let graphemes: Vec<&str> = text.graphemes(true).collect();
    let mut begin = 0;
    while begin < graphemes.len() {
        let mut used = 0;
        let mut end = begin;
        while end < graphemes.len() {
            let wide = grapheme_width(graphemes[end], ambiguous);
            if used + wide > cells {
                break;
            }
            used += wide;
            end += 1;
        }
        if end < graphemes.len() {
            end = break_before(&graphemes, begin, end);
        }
        lines.push(graphemes[begin..end].concat().trim_end().to_owned());
        begin = end;
        while begin < graphemes.len() && graphemes[begin] == " " {
            begin += 1;
        }
    }
    if graphemes.is_empty() {
        lines.push(String::new());
    }
}

/// The last place at or before `end` where a line may break.
fn break_before(graphemes: &[&str], begin: usize, end: usize) -> usize {
    let latin = |g: &str| {
        g.chars()
            .all(|c| c.is_ascii_graphic() || ('\u{C0}'..'\u{250}').contains(&c))
    };
    let allowed = |at: usize| {
        let (before, after) = (graphemes[at - 1], graphemes[at]);
        let inside_word = latin(before) && latin(after);
        !inside_word && !NOT_AT_THE_BEGINNING.contains(after) && !NOT_AT_THE_END.contains(before)
    };
    (begin + 1..=end).rev().find(|&at| allowed(at)).unwrap_or(end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kanji_are_two_wide_and_variation_selectors_take_no_room() {
        assert_eq!(width("山口", Ambiguous::Narrow), 4);
        assert_eq!(width("𠮷", Ambiguous::Narrow), 2);
        assert_eq!(width("葛\u{E0100}", Ambiguous::Narrow), 2);
        assert_eq!(width("→", Ambiguous::Narrow), 1);
        assert_eq!(width("→", Ambiguous::Wide), 2);
        assert_eq!(width("Nguyễn", Ambiguous::Narrow), 6);
        assert_eq!(width("e\u{301}", Ambiguous::Narrow), 1);
    }

    #[test]
    fn a_gaiji_is_shown_reduced_and_marked() {
        assert_eq!(drawable("葛\u{E0100}飾"), "葛※飾");
        assert_eq!(drawable("\u{E123}田"), "〓※田");
        assert_eq!(drawable("髙\u{7}橋"), "髙橋");
        assert_eq!(reduced_characters("葛\u{E0100}飾"), ["U+845B+U+E0100"]);
    }

    #[test]
    fn a_cut_never_splits_a_wide_character() {
        assert_eq!(cut("山口恵子", 5, "…", Ambiguous::Narrow), "山口…");
        assert_eq!(cut("山口恵子", 6, "…", Ambiguous::Narrow), "山口…");
        assert_eq!(fit("山口恵子", 6, "…", Ambiguous::Narrow), "山口… ");
        assert_eq!(fit_right("12", 4, "…", Ambiguous::Narrow), "  12");
        assert_eq!(cut("山", 1, "…", Ambiguous::Narrow), "…");
        assert_eq!(cut("山", 1, "…", Ambiguous::Wide), "");
    }

    #[test]
    fn lines_break_by_the_rules_of_japanese_and_between_english_words() {
        assert_eq!(
            wrap("カードを抜いてください。続けます", 22, Ambiguous::Narrow),
            ["カードを抜いてくださ", "い。続けます"]
        );
        assert_eq!(
            wrap("Put the card back in", 10, Ambiguous::Narrow),
            ["Put the", "card back", "in"]
        );
        assert_eq!(wrap("", 10, Ambiguous::Narrow), [""]);
        assert_eq!(wrap("abcdefghij", 4, Ambiguous::Narrow), ["abcd", "efgh", "ij"]);
    }
}

//! Names as they are found and compared. A name is kept and shown as written; beside it stands a search form in which
//! spelling differences that mean nothing at a counter are gone.
//!
//! Finding must be generous, handing over must not: two names with one search form are "the same but for variant
//! characters" ([`Likeness::Variant`]), which a clerk is told, never simply the same.

use std::borrow::Cow;

use relay_core::letters::{is_unseen, without_unseen};
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::{compose, decompose_canonical, is_combining_mark};

mod variants;

/// The form by which names, readings and parts of addresses are looked up.
///
/// NFKC; variation selectors dropped; old and variant characters by table (髙 高, 﨑 崎, 邊 邉 辺 …); 々 written out;
/// ヽ and ヾ too (ミスヾ ミスズ); hiragana as katakana, small kana large, ヴ row as バ row, ヂ ヅ ヲ ヰ ヱ as ジ ズ オ イ エ; long marks after kana
/// dropped; Latin letters capital and without marks (Nguyễn NGUYEN); spaces, middle dots and apostrophes dropped.
/// Applying it twice changes nothing.
pub fn search_form(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    // Left out before folding too: what they kept apart must not join only when folded again.
    let kept = text.chars().filter(|c| !means_nothing(*c)).map(|c| match c {
        '゛' => '\u{3099}',
        '゜' => '\u{309a}',
        c => c,
    });
    for c in kept.nfkc() {
        match c {
            c if means_nothing(c) => {}
            'ー' | '-' | '‐' | '‑' | '–' | '—' | '―' | '−' | '~' | '〜' => {
                // After kana it is a long mark; anywhere else (1-2-3, Anne-Marie) a dash.
                if !out.chars().next_back().is_some_and(is_katakana) {
                    out.push('-');
                }
            }
            '々' | '〻' | '仝' => match out.chars().next_back() {
                Some(repeated) => out.push(repeated),
                None => out.push('々'),
            },
            'ヽ' | 'ゝ' => repeat(&mut out, c, |repeated| repeated),
            'ヾ' | 'ゞ' => repeat(&mut out, c, |repeated| {
                compose(repeated, '\u{3099}').unwrap_or(repeated)
            }),
            'ぁ'..='ゖ' => push_katakana(&mut out, char::from_u32(c as u32 + 0x60).unwrap_or(c)),
            'ァ'..='ヺ' => push_katakana(&mut out, c),
            c if c.is_ascii() => out.push(c.to_ascii_uppercase()),
            // A voicing mark that found no kana to join.
            '\u{3099}' | '\u{309a}' => {}
            c if (c as u32) < 0x2e80 => push_letter(&mut out, c),
            c => out.push(variants::modern(c)),
        }
    }
    out
}

/// How alike two writings of a name are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Likeness {
    /// The same, but for spaces and width.
    Same,
    /// The same in search form only: old or variant characters, small kana, accents differ.
    Variant,
    Different,
}

/// Compares two writings of a name.
pub fn compare(one: &str, other: &str) -> Likeness {
    let (plain_one, plain_other) = (plain(one), plain(other));
    if plain_one.is_empty() || plain_other.is_empty() {
        return Likeness::Different;
    }
    if plain_one == plain_other {
        return Likeness::Same;
    }
    let (one, other) = (search_form(one), search_form(other));
    if !one.is_empty() && one == other {
        Likeness::Variant
    } else {
        Likeness::Different
    }
}

/// Width and spaces do not tell two writings apart; a compatibility ideograph (神 U+FA19) is a letter of its own beside the
/// unified one, as it is on paper, though NFKC makes them one.
fn plain(text: &str) -> String {
    let seen = without_unseen(text);
    let mut out = String::with_capacity(text.len());
    for part in seen.split_inclusive(is_compatibility_ideograph) {
        let (rest, letter) = match part.char_indices().next_back() {
            Some((at, c)) if is_compatibility_ideograph(c) => part.split_at(at),
            _ => (part, ""),
        };
        out.extend(rest.nfkc().filter(|c| !c.is_whitespace()));
        out.push_str(letter);
    }
    out
}

/// Whether Unicode decomposes `c` to another ideograph; the twelve unified ones of that block (﨑) it does not.
fn is_compatibility_ideograph(c: char) -> bool {
    let mut other = false;
    if matches!(c, '\u{f900}'..='\u{faff}' | '\u{2f800}'..='\u{2fa1f}') {
        decompose_canonical(c, |part| other |= part != c);
    }
    other
}

/// The text for a screen that cannot show variants: selectors dropped (葛󠄀 is shown as 葛). When it differs from the
/// original the screen marks it with ※.
pub fn without_selectors(text: &str) -> Cow<'_, str> {
    if text.chars().any(is_variation_selector) {
        Cow::Owned(text.chars().filter(|c| !is_variation_selector(*c)).collect())
    } else {
        Cow::Borrowed(text)
    }
}

/// Whether `c` only chooses the shape of the character before it (VS1–VS16, and VS17–VS256 of the IVD).
pub const fn is_variation_selector(c: char) -> bool {
    matches!(c, '\u{fe00}'..='\u{fe0f}' | '\u{e0100}'..='\u{e01ef}')
}

/// What is left out of a search form wherever it stands.
fn means_nothing(c: char) -> bool {
    c.is_whitespace()
        || c.is_control()
        || matches!(c, '・' | '·' | '\'' | '’' | '‘' | '.' | ',' | '、' | '。' | '=' | '゠')
        || is_unseen(c)
}

const fn is_katakana(c: char) -> bool {
    matches!(c, 'ァ'..='ヺ')
}

/// Writes an iteration mark out; one that repeats nothing stays.
fn repeat(out: &mut String, mark: char, as_it: impl Fn(char) -> char) {
    match out.chars().next_back().filter(|c| is_katakana(*c)) {
        Some(repeated) => push_katakana(out, as_it(repeated)),
        None => out.push(mark),
    }
}

/// Pushes katakana in its large form; a vowel after ヴ has been folded into it: ヴィ → ビ.
fn push_katakana(out: &mut String, c: char) {
    if let Some(voiced) = after_vu(out, c) {
        out.pop();
        out.push(voiced);
        return;
    }
    out.push(match c {
        'ァ' => 'ア',
        'ィ' | 'ヰ' => 'イ',
        'ゥ' => 'ウ',
        'ェ' | 'ヱ' => 'エ',
        'ォ' | 'ヲ' => 'オ',
        'ッ' => 'ツ',
        'ャ' => 'ヤ',
        'ュ' => 'ユ',
        'ョ' => 'ヨ',
        'ヮ' => 'ワ',
        'ヵ' => 'カ',
        'ヶ' => 'ケ',
        'ヂ' => 'ジ',
        'ヅ' => 'ズ',
        'ヴ' => 'ブ',
        'ヷ' => 'バ',
        'ヸ' => 'ビ',
        'ヹ' => 'ベ',
        'ヺ' => 'ボ',
        c => c,
    });
}

/// ヴァ バ, ヴィ ビ, ヴェ ベ, ヴォ ボ: ブ with a small vowel behind it is the same sound, so it is taken the same way.
fn after_vu(out: &str, c: char) -> Option<char> {
    if !out.ends_with('ブ') {
        return None;
    }
    match c {
        'ァ' => Some('バ'),
        'ィ' => Some('ビ'),
        'ェ' => Some('ベ'),
        'ォ' => Some('ボ'),
        _ => None,
    }
}

/// Pushes a letter of a western script, capital and without its marks.
fn push_letter(out: &mut String, c: char) {
    decompose_canonical(c, |part| match part {
        part if is_combining_mark(part) || means_nothing(part) => {}
        // Letters with a stroke and joined ones: Unicode takes none of them apart.
        'đ' | 'Đ' | 'ð' | 'Ð' => out.push('D'),
        'ø' | 'Ø' => out.push('O'),
        'ł' | 'Ł' => out.push('L'),
        'ı' => out.push('I'),
        'æ' | 'Æ' => out.push_str("AE"),
        'œ' | 'Œ' => out.push_str("OE"),
        'þ' | 'Þ' => out.push_str("TH"),
        part => out.extend(part.to_uppercase()),
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn found(one: &str, other: &str) {
        assert_eq!(search_form(one), search_form(other), "{one} / {other}");
    }

    #[test]
    fn old_and_variant_characters_are_found_by_the_common_ones() {
        found("髙﨑 壽美惠", "高崎寿美恵");
        found("渡邊", "渡辺");
        found("渡邉", "渡辺");
        found("齋藤", "斎藤");
        found("齊藤", "斉藤");
        found("濱田", "浜田");
        found("廣澤 櫻", "広沢桜");
        found("𠮷野家", "吉野家");
    }

    #[test]
    fn saito_with_one_character_is_not_found_by_the_other() {
        assert_ne!(search_form("斉藤"), search_form("斎藤"));
    }

    #[test]
    fn a_variation_selector_does_not_hide_a_name() {
        found("葛\u{e0100}城", "葛城");
        found("辻\u{e0101}", "辻");
        assert_eq!(without_selectors("葛\u{e0100}城"), "葛城");
    }

    #[test]
    fn readings_are_found_in_hiragana_half_width_and_with_small_kana() {
        found("ﾔﾏｸﾞﾁ ﾖｼﾛｳ", "やまぐち よしろう");
        found("キョウコ", "キヨウコ");
        found("ヴィクトル", "ビクトル");
        found("ヴー", "ブ");
        found("グエン・ティ・アン", "グエンテイアン");
        found("ジョー", "ジヨ");
        found("みつ゛", "ミヅ");
    }

    #[test]
    fn iteration_marks_and_double_hyphens_of_lawful_readings_are_found_as_they_are_said() {
        found("ミスヾ", "ミスズ");
        found("いすゞ", "イスズ");
        found("ナヽ", "ナナ");
        found("ジャン＝ポール", "ジャンポール");
        found("ジャン゠ポール", "ジャン・ポール");
        found("ナ\u{30fd}\u{3099}", "ナヾ");
    }

    #[test]
    fn characters_nobody_sees_neither_hide_a_name_nor_tell_two_apart() {
        found("山\u{200b}口\u{202e} \u{3164}", "山口");
        assert_eq!(compare("山\u{00ad}口", "山口"), Likeness::Same);
    }

    #[test]
    fn a_compatibility_ideograph_is_the_same_name_in_another_letter() {
        for (compatibility, unified) in [("\u{fa19}田", "神田"), ("\u{fa10}本", "塚本"), ("海\u{fa45}", "海海")]
        {
            assert_eq!(compare(compatibility, unified), Likeness::Variant, "{compatibility}");
            assert_eq!(compare(unified, compatibility), Likeness::Variant, "{compatibility}");
            assert_eq!(compare(compatibility, compatibility), Likeness::Same);
        }
        // One of the twelve that stand in that block and are letters in their own right.
        assert_eq!(compare("山﨑", "山崎"), Likeness::Variant);
        assert_eq!(compare("ﾔﾏｸﾞﾁ", "ヤマグチ"), Likeness::Same);
        assert_eq!(compare("葛\u{e0100}城", "葛城"), Likeness::Variant);
    }

    #[test]
    fn latin_names_are_found_without_their_marks() {
        found("Nguyễn Thị Ánh", "NGUYEN THI ANH");
        found("Đặng", "dang");
        found("O’Brien", "OBRIEN");
        found("José", "Jose\u{301}");
        found("Ｍｕｌｌｅｒ", "müller");
        found("Ǽrø", "aero");
    }

    #[test]
    fn folding_any_one_character_twice_changes_nothing() {
        for c in (0..=0x3_ffff).filter_map(char::from_u32) {
            let once = search_form(&c.to_string());
            assert_eq!(search_form(&once), once, "{c} (U+{:04X})", c as u32);
        }
    }

    #[test]
    fn a_repeated_character_is_written_out() {
        found("佐々木", "佐佐木");
    }

    #[test]
    fn dashes_of_an_address_stay_and_long_marks_of_a_reading_go() {
        found("汐見１－２－３", "汐見1-2-3");
        found("汐見1−2‐3", "汐見1-2-3");
        found("コーポ汐見", "コポ汐見");
    }

    #[test]
    fn names_are_the_same_but_for_variants_only_when_said_so() {
        assert_eq!(compare("山田 太郎", "山田　太郎"), Likeness::Same);
        assert_eq!(compare("髙橋 一", "高橋 一"), Likeness::Variant);
        assert_eq!(compare("高橋 一", "高橋 二"), Likeness::Different);
        assert_eq!(compare("", ""), Likeness::Different);
        assert_eq!(compare("・", "."), Likeness::Different);
    }

    proptest! {
        #[test]
        fn folding_twice_changes_nothing(text in "\\PC{0,24}") {
            let once = search_form(&text);
            prop_assert_eq!(search_form(&once), once);
        }

        #[test]
        fn folding_kana_twice_changes_nothing(text in "[ぁ-ゖァ-ヺーヴ々-]{0,12}") {
            let once = search_form(&text);
            prop_assert_eq!(search_form(&once), once);
        }
    }
}

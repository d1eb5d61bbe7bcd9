//! The customer barcode (カスタマバーコード): postal code and address as 67 bars that the post's sorting machines read.
//!
//! After 日本郵便「郵便番号・バーコードマニュアル」: which characters of an address are taken, how they are coded, and how large the
//! bars are. The whole of its worked examples are tests; `zint` draws the same bars.

use unicode_normalization::UnicodeNormalization as _;

/// One bar, by how far it reaches above and below the middle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bar {
    /// ロングバー, full height.
    Full,
    /// セミロングバー(上)
    Ascender,
    /// セミロングバー(下)
    Descender,
    /// タイミングバー, the middle third.
    Timing,
}

/// Characters of the address part.
const ADDRESS: usize = 13;
/// Bars in a whole code: start, 7 + 13 characters and the check digit of three bars each, stop.
pub const BARS: usize = 2 + 3 * (7 + ADDRESS + 1) + 2;
/// Bar to bar, at scale 1, in millimetres.
pub const PITCH: f32 = 1.2;
/// A bar's width at scale 1, in millimetres.
pub const WIDTH: f32 = 0.6;
/// A long bar's height at scale 1, in millimetres.
pub const HEIGHT: f32 = 3.6;
/// White on all sides, whatever the scale, in millimetres; also from a window's edge.
pub const QUIET: f32 = 2.0;
/// The least scale that the post takes (8 ポイント).
pub const LEAST_SCALE: f32 = 0.8;
/// The largest (11.5 ポイント).
pub const LARGEST_SCALE: f32 = 1.15;

/// The whole code's width at `scale`, without the white on its sides, in millimetres.
pub fn width(scale: f32) -> f32 {
    ((BARS - 1) as f32 * PITCH + WIDTH) * scale
}

/// The values 0–9 are digits, 10 is the hyphen, 11–18 are the control codes CC1–CC8.
const HYPHEN: u8 = 10;
const CC1: u8 = 11;
/// CC4 fills what an address leaves empty.
const FILL: u8 = 14;
/// The sum of all values with the check digit is a multiple of this.
const MODULUS: u32 = 19;

/// The three bars of each value.
const PATTERNS: [&[u8; 3]; 19] = [
    b"FTT", b"FFT", b"FDA", b"DFA", b"FAD", b"FTF", b"DAF", b"AFD", b"ADF", b"TFF", // 0 to 9
    b"TFT", // hyphen
    b"DAT", b"DTA", b"ADT", b"TDA", b"ATD", b"TAD", b"TTF", b"FFF", // CC1 to CC8
];

/// A postal code that is not seven digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a customer barcode needs a postal code of seven digits")]
pub struct NoPostalCode;

/// The bars for a postal code (seven digits, dashes allowed) and an address: everything after the town, with building and room.
///
/// # Errors
/// [`NoPostalCode`]
pub fn bars(postal_code: &str, address: &str) -> Result<Vec<Bar>, NoPostalCode> {
    let (values, check) = values(postal_code, address)?;
    let bar = |letter: &u8| match letter {
        b'F' => Bar::Full,
        b'A' => Bar::Ascender,
        b'D' => Bar::Descender,
        _ => Bar::Timing,
    };
    let middle = values
        .iter()
        .chain([&check])
        .flat_map(|value| PATTERNS[usize::from(*value)]);
    Ok(b"FD".iter().chain(middle).chain(b"DF").map(bar).collect())
}

/// The 20 values and the check digit.
fn values(postal_code: &str, address: &str) -> Result<(Vec<u8>, u8), NoPostalCode> {
    let mut values: Vec<u8> = postal_code
        .bytes()
        .filter(u8::is_ascii_digit)
        .map(|digit| digit - b'0')
        .collect();
    let other = postal_code.chars().any(|c| !c.is_ascii_digit() && c != '-');
    if values.len() != 7 || other {
        return Err(NoPostalCode);
    }
    for c in extract(address).chars() {
        match c {
            '0'..='9' => values.push(c as u8 - b'0'),
            '-' => values.push(HYPHEN),
            // A letter is a control code and a digit: A–J, K–T, U–Z.
            _ => {
                let place = c as u8 - b'A';
                values.extend([CC1 + place / 10, place % 10]);
            }
        }
    }
    // Where a letter's two characters straddle the end, its control code stays.
    values.resize(7 + ADDRESS, FILL);
    let sum: u32 = values.iter().map(|value| u32::from(*value)).sum();
    let check = (MODULUS - sum % MODULUS) % MODULUS;
    Ok((values, check as u8))
}

/// What the post codes of an address: digits, hyphens, single letters.
pub fn extract(address: &str) -> String {
    let folded: String = address.nfkc().flat_map(char::to_uppercase).collect();
    let kept: Vec<char> = folded
        .chars()
        .filter(|c| !matches!(c, '&' | '/' | '・' | '.'))
        .collect();
    let digits = kanji_numerals(&kept);
    let mut out = String::new();
    for (at, c) in digits.iter().copied().enumerate() {
        let alone = |c: char| c.is_ascii_uppercase();
        let neighbour = |at: Option<usize>| at.and_then(|at| digits.get(at)).copied().is_some_and(alone);
        let next = match c {
            '0'..='9' => c,
            // A storey: 1F is no room but a separator.
            'F' if at > 0 && digits[at - 1].is_ascii_digit() && !neighbour(Some(at + 1)) => '-',
            // Words in Latin letters are no room; a letter alone is.
            c if alone(c) && !neighbour(Some(at + 1)) && !neighbour(at.checked_sub(1)) => c,
            _ => '-',
        };
        if next == '-' && out.ends_with('-') {
            continue;
        }
        out.push(next);
    }
    no_hyphen_beside_a_letter(out.trim_matches('-'))
}

fn no_hyphen_beside_a_letter(text: &str) -> String {
    let all: Vec<char> = text.chars().collect();
    let letter = |at: Option<usize>| at.and_then(|at| all.get(at)).is_some_and(char::is_ascii_uppercase);
    all.iter()
        .enumerate()
        .filter(|(at, c)| **c != '-' || !(letter(at.checked_sub(1)) || letter(Some(at + 1))))
        .map(|(_, c)| *c)
        .collect()
}

/// Kanji numerals before these words are digits: 十一丁目 is 11.
const COUNTED: [&str; 9] = ["丁目", "丁", "番地", "番", "号", "地割", "線", "の", "ノ"];

fn kanji_numerals(text: &[char]) -> Vec<char> {
    let mut out = Vec::with_capacity(text.len());
    let mut at = 0;
    while at < text.len() {
        let run = text[at..].iter().take_while(|c| NUMERALS.contains(**c)).count();
        let counted = COUNTED.iter().any(|word| {
            let mut rest = text[at + run..].iter();
            word.chars().all(|c| rest.next() == Some(&c))
        });
        match (run, counted) {
            (0, _) => out.push(text[at]),
            (_, true) => out.extend(number(&text[at..at + run]).to_string().chars()),
            (_, false) => out.extend(&text[at..at + run]),
        }
        at += run.max(1);
    }
    out
}

const NUMERALS: &str = "〇一二三四五六七八九十百千";

fn number(numerals: &[char]) -> u32 {
    let digit = |c: char| "〇一二三四五六七八九".chars().position(|n| n == c).unwrap_or(0) as u32;
    if !numerals.iter().any(|c| matches!(c, '十' | '百' | '千')) {
        return numerals.iter().fold(0, |sum, c| (sum * 10 + digit(*c)) % 1_000_000);
    }
    let (mut sum, mut pending) = (0, 0);
    for c in numerals {
        let unit = match c {
            '十' => 10,
            '百' => 100,
            '千' => 1000,
            c => {
                pending = digit(*c);
                continue;
            }
        };
        sum += pending.max(1) * unit;
        pending = 0;
    }
    sum + pending
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The manual's worked examples: postal code, address after the town, what is coded of it, the check digit's value.
    const EXAMPLES: [(&str, &str, &str, u8); 5] = [
        ("263-0023", "3丁目30-8 郵便ビル403号", "3-30-8-403", 5),
        ("273-0102", "東3丁目-20-5 郵便・A&bコーポB604号", "3-20-5B604", 0),
        ("198-0036", "十一丁目六番地一号 郵便タワー601", "11-6-1-601", 18),
        ("650-0046", "9丁目7-6 郵便シティA棟1F1号", "9-7-6A1-1", 5),
        ("910-0067", "3丁目80-25 J1ビル2-B", "3-80-25J1-2B", 9),
    ];

    #[test]
    fn the_worked_examples_of_the_manual_come_out_as_printed_there() {
        for (code, address, coded, check) in EXAMPLES {
            assert_eq!(extract(address), coded, "{address}");
            assert_eq!(values(code, address).unwrap().1, check, "{address}");
        }
    }

    #[test]
    fn a_letter_at_the_edge_keeps_its_control_code() {
        let (values, _) = values("910-0067", "3丁目80-25 J1ビル2-B").unwrap();
        assert_eq!(values.len(), 20);
        assert_eq!(values[19], CC1);
    }

    #[test]
    fn numerals_are_numbers_only_where_they_count() {
        assert_eq!(extract("三田二十三番地の四番"), "23-4");
        assert_eq!(extract("第百五十番 八千代荘二〇一号"), "150-201");
    }

    #[test]
    fn what_is_no_postal_code_has_no_bars() {
        for wrong in ["", "123-456", "123-45678", "SW1A 1AA"] {
            assert_eq!(bars(wrong, "1-1"), Err(NoPostalCode), "{wrong}");
        }
    }

    #[test]
    fn an_address_without_numbers_is_filled_up() {
        let bars = bars("859-9900", "").unwrap();
        assert_eq!(bars.len(), BARS);
        assert!((width(1.0) - 79.8).abs() < 0.01);
    }

    /// Another hand's bars for the same characters (Debian's `zint`), which pads and checks by itself. It takes no letter whose
    /// two characters straddle the end: the fifth example is the manual's word alone.
    #[test]
    fn zint_draws_the_same_bars() {
        for (code, address, coded, _) in &EXAMPLES[..4] {
            let data = format!("{}{coded}", code.replace('-', ""));
            let said = std::process::Command::new("zint")
                .args(["-b", "76", "--dump", "-d", &data])
                .output()
                .expect("zint is installed");
            let dump = String::from_utf8_lossy(&said.stdout);
            assert!(said.status.success(), "{}", String::from_utf8_lossy(&said.stderr));
            assert_eq!(drawn(&dump), bars(code, address).unwrap(), "{address}: {dump}");
        }
    }

    /// `--dump` is three rows of hexadecimal digits: a bit a module, upper, middle, lower third.
    fn drawn(dump: &str) -> Vec<Bar> {
        let rows: Vec<Vec<bool>> = dump
            .lines()
            .map(|line| {
                line.chars()
                    .filter_map(|c| c.to_digit(16))
                    .flat_map(|nibble| (0..4).rev().map(move |bit| nibble >> bit & 1 == 1))
                    .collect()
            })
            .collect();
        (0..BARS)
            .map(|bar| match (rows[0][2 * bar], rows[2][2 * bar]) {
                (true, true) => Bar::Full,
                (true, false) => Bar::Ascender,
                (false, true) => Bar::Descender,
                (false, false) => Bar::Timing,
            })
            .collect()
    }
}

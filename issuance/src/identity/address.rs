//! Addresses compared by what they are made of: town, lot, building, room. Glued together 3-2-3 and 1号 would read like
//! 3-2-31.

use unicode_normalization::UnicodeNormalization;

use super::Comparison;
use crate::name::search_form;

/// An address taken apart. Each part in one spelling.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct Parts {
    /// City and town, without prefecture, 大字 and 字.
    town: String,
    /// 3丁目2番3号 as 3, 2, 3.
    lot: Vec<u32>,
    /// 方書 without the room.
    building: String,
    /// Digits or a letter.
    room: String,
}

/// Stands between two numbers that were written apart: 3-2-3 101.
const APART: char = '\u{1}';
/// What ends a number of a lot, the longer before the shorter.
const UNITS: [&str; 10] = [
    "丁目",
    "番地の",
    "番地ノ",
    "番地",
    "番の",
    "番ノ",
    "番",
    "号",
    "の",
    "ノ",
];
/// A number before one of these belongs to the town's name: 北1条, 三番町, 第2区.
const OF_A_TOWN: [&str; 6] = ["条", "線", "番町", "区", "軒", "号線"];

/// Compares what a document reads with the register's address and its building. A document may leave out the building,
/// or the room; what it does show must be the same.
pub(super) fn compare(text: &str, address: &str, building: Option<&str>) -> Comparison {
    if text.trim().is_empty() || address.trim().is_empty() {
        return Comparison::CannotTell;
    }
    let agrees = |fold: fn(&str) -> String| {
        let read = Parts::of(text, None, fold);
        read.is_shown_by(&Parts::of(address, building, fold))
    };
    if agrees(plain) {
        Comparison::Match
    } else if agrees(search_form) {
        Comparison::MatchByVariant
    } else {
        Comparison::Differs
    }
}

/// Letters as written, width aside.
fn plain(text: &str) -> String {
    text.nfkc().filter(|c| !c.is_whitespace()).collect()
}

impl Parts {
    fn of(address: &str, building: Option<&str>, fold: fn(&str) -> String) -> Self {
        let text = spelt(address);
        let (town, rest) = before_the_lot(without_prefecture(&text));
        let (lot, rest) = lot_of(rest);
        let beside = building.map(spelt).unwrap_or_default();
        // A building written behind the lot, and the column of its own, are one name.
        let (building, room) = match (rest.is_empty(), beside.is_empty()) {
            (_, true) => building_of(rest),
            (true, false) => building_of(&beside),
            (false, false) => {
                let (name, room) = building_of(&beside);
                (format!("{rest}{name}"), room)
            }
        };
        let town: String = town.chars().filter(|c| *c != APART).collect();
        Self {
            town: fold(&town.replace("大字", "").replace('字', "")),
            lot,
            building: fold(&building.replace(APART, "")),
            room: fold(&room),
        }
    }

    /// Whether the register shows everything that `self` reads.
    fn is_shown_by(&self, registered: &Self) -> bool {
        if self.town != registered.town {
            return false;
        }
        // 3-2-3-101: the room behind the lot, the building left out.
        let with_room = |parts: &Self| -> Vec<u32> {
            let room = parts.room.parse().ok();
            parts.lot.iter().copied().chain(room).collect()
        };
        if self.building.is_empty() && self.room.is_empty() && !registered.room.is_empty() {
            return self.lot == registered.lot || self.lot == with_room(registered);
        }
        let building = self.building.is_empty() || self.building == registered.building;
        let room = self.room.is_empty() || self.room == registered.room;
        self.lot == registered.lot && building && room
    }
}

/// One spelling: widths folded, dashes between numbers alike, kanji numerals of a lot as digits, and a space kept only
/// where it keeps two numbers apart.
fn spelt(text: &str) -> String {
    let folded: Vec<char> = text.nfkc().collect();
    let is_dash = |c: char| matches!(c, '-' | '−' | '‐' | '‑' | '–' | '—' | '―' | 'ー' | '~' | '〜');
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    while at < folded.len() {
        let c = folded[at];
        let after_digit = out.ends_with(|c: char| c.is_ascii_digit());
        if let Some((number, length)) = kanji_number(&folded[at..], &out) {
            out.push_str(&number.to_string());
            at += length;
            continue;
        }
        if c.is_whitespace() {
            let next = folded[at..].iter().find(|c| !c.is_whitespace());
            if after_digit && next.is_some_and(char::is_ascii_digit) {
                out.push(APART);
            }
        } else if is_dash(c) && (after_digit || out.ends_with(|c: char| UNITS.iter().any(|unit| unit.ends_with(c)))) {
            out.push('-');
        } else {
            out.push(c);
        }
        at += 1;
    }
    out
}

/// 三丁目, 十二番地, 三の二, 三-二: the number and how many characters it takes. A numeral that begins a name (三好町,
/// 一番町, 四ノ宮) is none.
fn kanji_number(text: &[char], before: &str) -> Option<(u32, usize)> {
    let digit = |c: char| "〇一二三四五六七八九".chars().position(|digit| digit == c);
    let length = text
        .iter()
        .take_while(|c| matches!(c, '十' | '百') || digit(**c).is_some())
        .count();
    if !(1..=5).contains(&length) {
        return None;
    }
    let rest: String = text[length..].iter().take(3).collect();
    if OF_A_TOWN.iter().any(|word| rest.starts_with(word)) {
        return None;
    }
    let is_number = |c: char| c.is_ascii_digit() || c == '十' || digit(c).is_some();
    let joined = rest.starts_with(['-', '−', '‐', 'の', 'ノ']) && rest.chars().nth(1).is_some_and(is_number);
    // The last number of 三-二: nothing follows that would make it a name.
    let behind_the_no = before
        .strip_suffix(['の', 'ノ'])
        .and_then(|rest| rest.chars().next_back());
    let ends =
        before.ends_with('-') || behind_the_no.is_some_and(|c| is_number(c) || matches!(c, '地' | '番' | '目' | '号'));
    let counts = ["丁目", "番", "号"].iter().any(|unit| rest.starts_with(unit));
    if !(counts || joined || ends) {
        return None;
    }
    let positional = text[..length].iter().all(|c| digit(*c).is_some());
    let (mut sum, mut ones) = (0u32, 0u32);
    for c in &text[..length] {
        match (digit(*c), *c) {
            (Some(value), _) if positional => ones = ones * 10 + value as u32,
            (Some(value), _) => ones = value as u32,
            (None, '百') => (sum, ones) = (sum + ones.max(1) * 100, 0),
            (None, _) => (sum, ones) = (sum + ones.max(1) * 10, 0),
        }
    }
    Some((sum + ones, length))
}

/// The town, and what begins with the first number of the lot.
fn before_the_lot(text: &str) -> (&str, &str) {
    let mut from = 0;
    while let Some(at) = text[from..].find(|c: char| c.is_ascii_digit()).map(|at| from + at) {
        let after = text[at..].trim_start_matches(|c: char| c.is_ascii_digit());
        if !OF_A_TOWN.iter().any(|word| after.starts_with(word)) {
            return text.split_at(at);
        }
        from = text.len() - after.len();
    }
    (text, "")
}

/// The numbers of the lot, and what follows them.
fn lot_of(text: &str) -> (Vec<u32>, &str) {
    let mut lot = Vec::new();
    let mut rest = text;
    loop {
        let after = rest.trim_start_matches(|c: char| c.is_ascii_digit());
        let Ok(number) = rest[..rest.len() - after.len()].parse() else {
            return (lot, rest);
        };
        // 101号室 behind the lot is a room: it has no place among the numbers.
        if !lot.is_empty() && (after.starts_with("号室") || after.starts_with("号棟")) {
            return (lot, rest);
        }
        lot.push(number);
        let unit = UNITS.iter().find(|unit| after.starts_with(**unit));
        let behind = unit.map_or(after, |unit| &after[unit.len()..]);
        let behind = behind.strip_prefix('-').unwrap_or(behind);
        if after.len() == behind.len() {
            return (lot, after.trim_start_matches(APART));
        }
        // After 号 the lot is told: what follows is a building or a room.
        if unit == Some(&"号") || !behind.starts_with(|c: char| c.is_ascii_digit()) {
            return (lot, behind.trim_start_matches(APART));
        }
        rest = behind;
    }
}

/// The building's name and the room: コーポ汐見101号室.
fn building_of(text: &str) -> (String, String) {
    let bare = ["号室", "号", "室"].iter().find_map(|unit| text.strip_suffix(unit));
    let (text, told) = (bare.unwrap_or(text), bare.is_some());
    let name = text.trim_end_matches(|c: char| c.is_ascii_digit());
    let mut room = &text[name.len()..];
    let mut name = name;
    // A号室
    if room.is_empty() && told && name.ends_with(|c: char| c.is_ascii_alphabetic()) {
        (name, room) = name.split_at(name.len() - 1);
    }
    let name = name.trim_end_matches(['-', APART]);
    (name.to_owned(), room.trim_start_matches('0').to_owned())
}

fn without_prefecture(text: &str) -> &str {
    for (at, c) in text.char_indices().skip(2).take(2) {
        let prefecture = &text[..at + c.len_utf8()];
        let is_one = c == '県' || matches!(prefecture, "東京都" | "北海道" | "京都府" | "大阪府");
        if is_one && prefecture.chars().count() < text.chars().count() {
            return &text[prefecture.len()..];
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(address: &str, building: Option<&str>, same: &[&str], other: &[&str]) {
        for text in same {
            assert_eq!(compare(text, address, building), Comparison::Match, "{text}");
        }
        for text in other {
            assert_eq!(compare(text, address, building), Comparison::Differs, "{text}");
        }
    }

    #[test]
    fn a_room_is_never_a_part_of_the_lot() {
        with(
            "汐見市港町3-2-3",
            Some("1号"),
            &[
                "汐見市港町3-2-3",
                "汐見市港町3-2-3 1号",
                "汐見市港町3-2-3-1",
                "汐見市港町3丁目2番3号 1号室",
            ],
            &[
                "汐見市港町3-2-31",
                "汐見市港町3-2-3 2号",
                "汐見市港町3-23-1",
                "汐見市港町3-2-31号",
            ],
        );
        with(
            "汐見市港町3-2-31",
            None,
            &["汐見市港町3-2-31"],
            &["汐見市港町3-2-3 1号"],
        );
        with(
            "汐見市港町3-2",
            Some("31"),
            &["汐見市港町3-2 31号"],
            &["汐見市港町3-23", "汐見市港町32 31"],
        );
    }

    #[test]
    fn numerals_in_kanji_and_full_width_are_numbers_in_a_lot_and_letters_in_a_name() {
        with(
            "汐見市港町三丁目十二番地の三",
            Some("コーポ汐見 一〇一"),
            &[
                "汐見市港町3-12-3",
                "汐見市港町３丁目１２番３号",
                "汐見市港町三丁目12番地3",
                "汐見市港町三-十二-三",
            ],
            &["汐見市港町3-12-4", "汐見市港町3-1-23"],
        );
        with("汐見市三好町2-1", None, &["汐見市三好町二丁目1番"], &["汐見市3好町2-1"]);
        with(
            "汐見市一番町5",
            None,
            &["汐見市一番町五番地", "汐見市一番町5番"],
            &["汐見市1-5"],
        );
        with("汐見市北1条西2丁目3", None, &["汐見市北1条西2-3"], &["汐見市北1条西23"]);
        with("汐見市四ノ宮8", None, &["汐見市四ノ宮八番地"], &["汐見市4-8"]);
    }

    #[test]
    fn oaza_and_aza_are_left_out_or_written() {
        with(
            "汐見市大字港字浜123番地",
            None,
            &["汐見市港浜123", "汐見市大字港浜123番地", "長崎県汐見市大字港字浜123"],
            &["汐見市大字港字浜124"],
        );
    }

    #[test]
    fn a_building_may_be_left_out_and_what_is_shown_of_it_must_be_the_same() {
        with(
            "汐見市港町3-2-3",
            Some("メゾン汐見B-201号室"),
            &[
                "汐見市港町3-2-3",
                "汐見市港町3-2-3メゾン汐見B-201",
                "汐見市港町3-2-3 メゾン汐見B201号",
                "汐見市港町3-2-3 メゾン汐見B",
                "汐見市港町3-2-3-201",
                "汐見市港町3-2-3 0201号室",
            ],
            &[
                "汐見市港町3-2-3 メゾン汐見A-201",
                "汐見市港町3-2-3 メゾン汐見B-202",
                "汐見市港町3-2",
            ],
        );
        // The register knows of no building: one on the document is another place.
        with(
            "汐見市港町3-2-3",
            None,
            &["汐見市港町3-2-3"],
            &["汐見市港町3-2-3 コーポ汐見"],
        );
        with(
            "汐見市港町3-2-3 コーポ汐見",
            Some("101"),
            &["汐見市港町3-2-3コーポ汐見101号"],
            &["汐見市港町3-2-3コーポ汐見102"],
        );
    }

    #[test]
    fn variants_in_a_town_are_said_to_be_variants() {
        assert_eq!(
            compare("汐見市髙浜町1-2", "汐見市高浜町1-2", None),
            Comparison::MatchByVariant
        );
        assert_eq!(compare("", "汐見市高浜町1-2", None), Comparison::CannotTell);
        assert_eq!(compare("汐見市高浜町1-2", " ", None), Comparison::CannotTell);
    }

    proptest::proptest! {
        #[test]
        fn an_address_is_itself_and_nothing_breaks_it(text in "[汐見市港町字三十一0-9０-９の号番地丁目A-C ー-]{1,20}") {
            let compared = compare(&text, &text, None);
            let expected = if text.trim().is_empty() { Comparison::CannotTell } else { Comparison::Match };
            proptest::prop_assert_eq!(compared, expected);
        }
    }
}

//! The insurer's numbers beside those that the clinic has written: compared as they are meant, shown as they are written.
//!
//! What a keyboard makes of one number differs: full and half width, four letters that look like a hyphen, blanks, zeros in
//! front (DOMAIN 5.4). None of these makes another number.

/// The numbers that are compared, in the order of the paper card.
pub const FIELDS: [&str; 4] = ["insurer-number", "symbol", "number", "branch"];

/// How a field of the clinic's stands to the insurer's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Likeness {
    /// Letter for letter.
    Same,
    /// Written otherwise, and the same number.
    Meant,
    Differs,
    /// The clinic has written nothing, or the insurer has nothing.
    Lacking,
}

impl Likeness {
    /// As keys of words and classes are made.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Same => "same",
            Self::Meant => "meant",
            Self::Differs => "differs",
            Self::Lacking => "lacking",
        }
    }
}

/// How `ours`, which the clinic has written, stands to the insurer's `theirs`.
pub fn compare(ours: &str, theirs: &str) -> Likeness {
    let (meant, wanted) = (meant(ours), meant(theirs));
    if ours == theirs && !meant.is_empty() {
        Likeness::Same
    } else if meant.is_empty() || wanted.is_empty() {
        // A branch that neither has is no difference.
        Likeness::Lacking
    } else if meant == wanted {
        Likeness::Meant
    } else {
        Likeness::Differs
    }
}

/// The number as it is meant: half width, without hyphens, blanks and zeros in front.
fn meant(text: &str) -> String {
    let plain: String = text.chars().filter_map(plain).collect();
    let short = plain.trim_start_matches('0');
    match short.is_empty() && !plain.is_empty() {
        true => "0".to_owned(),
        false => short.to_owned(),
    }
}

fn plain(letter: char) -> Option<char> {
    match letter {
        // Hyphen-minus, hyphens and dashes, minus, the full-width hyphen, the mark of long vowels in both widths.
        '-' | '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{FF0D}' | '\u{30FC}' | '\u{FF70}' => None,
        letter if letter.is_whitespace() => None,
        '\u{FF01}'..='\u{FF5E}' => char::from_u32(letter as u32 - 0xFEE0).map(|letter| letter.to_ascii_uppercase()),
        letter => Some(letter.to_ascii_uppercase()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn widths_hyphens_blanks_and_zeros_make_no_other_number() {
        for written in [
            "104-2937",
            "104\u{FF0D}2937",
            "104\u{2212}2937",
            "104\u{30FC}2937",
            "104\u{2010}2937",
            "１０４２９３７",
            "0001042937",
            " 104 2937 ",
            "１０４－２９３７",
            "\u{3000}1042937",
        ] {
            assert_eq!(compare(written, "1042937"), Likeness::Meant, "{written}");
        }
        assert_eq!(compare("1042937", "1042937"), Likeness::Same);
        assert_eq!(compare("2", "02"), Likeness::Meant);
        assert_eq!(compare("00", "0"), Likeness::Meant);
        assert_eq!(compare("汐　国", "汐国"), Likeness::Meant);
    }

    #[test]
    fn another_number_is_another_and_nothing_is_no_difference() {
        assert_eq!(compare("1042973", "1042937"), Likeness::Differs);
        assert_eq!(compare("10429370", "1042937"), Likeness::Differs);
        assert_eq!(compare("汐園", "汐国"), Likeness::Differs);
        assert_eq!(compare("", "02"), Likeness::Lacking);
        assert_eq!(compare("-", ""), Likeness::Lacking);
    }
}

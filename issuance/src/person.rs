//! A resident as the roster knows them.

use std::fmt;

use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;

use crate::era::{Birthday, WrittenDate};

/// 性別, as the register holds it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sex {
    /// 男
    Male,
    /// 女
    Female,
    /// その他
    Other,
    /// 不明 or not recorded.
    Unknown,
}

impl Sex {
    /// Reads the forms in use in rosters: 男 女 その他 不明, the codes of JIS X 0303 (0 不明 1 男 2 女 9 適用不能), M F,
    /// and the English words. `None` for anything else.
    pub fn read(text: &str) -> Option<Self> {
        let folded: String = text.nfkc().filter(|c| !c.is_whitespace()).collect();
        Some(match folded.to_ascii_uppercase().as_str() {
            "男" | "男性" | "1" | "M" | "MALE" => Self::Male,
            "女" | "女性" | "2" | "F" | "FEMALE" => Self::Female,
            "その他" | "3" | "X" | "OTHER" => Self::Other,
            "不明" | "不詳" | "0" | "9" | "-" | "空欄" | "UNKNOWN" => Self::Unknown,
            _ => return None,
        })
    }

    /// 男, 女, その他, 不明
    pub const fn kanji(self) -> &'static str {
        match self {
            Self::Male => "男",
            Self::Female => "女",
            Self::Other => "その他",
            Self::Unknown => "不明",
        }
    }
}

/// One row of the roster. Every text is as written there (IVS and surrogate pairs included), only trimmed; for
/// comparing and finding there is [`crate::name::search_form`].
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resident {
    /// 宛名番号: the city's own number of a person.
    pub number: String,
    /// 世帯番号
    pub household: String,
    /// 氏名
    pub name: String,
    /// フリガナ
    pub kana: String,
    /// 通称名, of foreign residents.
    pub alias: Option<String>,
    /// 生年月日
    pub birthday: Birthday,
    /// 性別
    pub sex: Sex,
    /// 続柄, to the head of the household (世帯主).
    pub relation: String,
    /// 郵便番号, seven digits without a dash; empty when the roster has none.
    pub postal_code: String,
    /// 住所
    pub address: String,
    /// 方書: building and room.
    pub building: Option<String>,
    /// 電話番号, as written.
    pub phone: Option<String>,
    /// 異動年月日
    pub changed_on: Option<WrittenDate>,
    /// 異動事由
    pub change_reason: Option<String>,
    /// 支援措置: the address is shown only to roles that may see it.
    pub protected: bool,
}

impl Resident {
    /// Whether the person is the head of the household.
    pub fn is_head(&self) -> bool {
        self.relation == "世帯主" || self.relation == "本人"
    }

    /// Address and building on one line.
    pub fn full_address(&self) -> String {
        match &self.building {
            Some(building) => format!("{} {building}", self.address),
            None => self.address.clone(),
        }
    }
}

/// Quiet: a resident must not reach a log through `{:?}`.
impl fmt::Debug for Resident {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Resident(…)")
    }
}

/// Another person of a resident's household. Quiet in logs.
#[derive(Clone, PartialEq, Eq)]
pub struct HouseholdMember {
    /// 氏名
    pub name: String,
    /// フリガナ
    pub kana: String,
    /// 続柄, to the head of the household.
    pub relation: String,
    pub birthday: Birthday,
    /// 電話番号; left out wherever the address is.
    pub phone: Option<String>,
}

impl fmt::Debug for HouseholdMember {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HouseholdMember(…)")
    }
}

impl HouseholdMember {
    /// Whether the register shows by both relations that this is a parent of whoever has `relation` in the same household:
    /// the head of the head's child, the wife of the wife's child. Whether the wife is the mother of the head's child it
    /// does not say (住民基本台帳事務処理要領 第2-1-(2)-エ-(オ)).
    pub fn is_shown_as_parent_of(&self, relation: &str) -> bool {
        let folded = |text: &str| text.nfkc().collect::<String>().trim().to_owned();
        let (whose, child) = match folded(relation).split_once('の') {
            Some((whose, child)) => (whose.to_owned(), child.to_owned()),
            None => ("世帯主".to_owned(), folded(relation)),
        };
        let is_child = ["子", "養子"].contains(&child.as_str()) || child.ends_with(['男', '女']);
        is_child && ["世帯主", "妻", "夫"].contains(&whose.as_str()) && folded(&self.relation) == whose
    }
}

/// Whether `text` can be a Japanese phone number: 10 or 11 digits from 0, or `+` and a country's number; dashes,
/// brackets and spaces stand where they like.
pub fn is_phone_number(text: &str) -> bool {
    let folded: String = text
        .nfkc()
        .filter(|c| !c.is_whitespace() && !matches!(c, '-' | '(' | ')' | 'ー' | '−' | '‐' | '―'))
        .collect();
    let (digits, lengths) = match folded.strip_prefix('+') {
        Some(foreign) => (foreign, 8..=15),
        None if folded.starts_with('0') => (folded.as_str(), 10..=11),
        None => return false,
    };
    lengths.contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sex_is_read_in_words_and_codes_of_any_width() {
        for (text, sex) in [
            ("男", Sex::Male),
            (" １", Sex::Male),
            ("女性", Sex::Female),
            ("ｆ", Sex::Female),
            ("その他", Sex::Other),
            ("９", Sex::Unknown),
        ] {
            assert_eq!(Sex::read(text), Some(sex), "{text}");
        }
        assert_eq!(Sex::read(""), None);
        assert_eq!(Sex::read("男女"), None);
    }

    #[test]
    fn a_phone_number_has_ten_or_eleven_digits_however_they_are_set() {
        for good in [
            "0957-00-1234",
            "０９０－００００－１２３４",
            "(0957)001234",
            "+81 957 00 1234",
        ] {
            assert!(is_phone_number(good), "{good}");
        }
        for bad in ["", "957-00-1234", "0957-00-12", "0957-00-123x", "+", "090-0000-12345"] {
            assert!(!is_phone_number(bad), "{bad}");
        }
    }

    #[test]
    fn the_register_shows_the_head_as_parent_of_the_heads_child_and_of_no_other() {
        let member = |relation: &str| HouseholdMember {
            name: String::new(),
            kana: String::new(),
            relation: relation.into(),
            birthday: Birthday::unknown(),
            phone: None,
        };
        for (parent, child, is_shown) in [
            ("世帯主", "子", true),
            ("世帯主", "長女", true),
            ("妻", "妻の子", true),
            ("妻", "子", false),
            ("世帯主", "妻の子", false),
            ("子", "子の子", false),
            ("世帯主", "妻", false),
            ("世帯主", "母", false),
        ] {
            assert_eq!(
                member(parent).is_shown_as_parent_of(child),
                is_shown,
                "{parent}, {child}"
            );
        }
    }
}

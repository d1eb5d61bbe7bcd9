//! The four facts (氏名・生年月日・性別・住所) of a document against the register, one by one.

use std::fmt;

use super::{Shows, address};
use crate::{
    application::AgentPerson,
    era::Birthday,
    name::{self, Likeness},
    person::{Resident, Sex},
};
use serde::{Deserialize, Serialize};

/// One of the four facts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fact {
    /// 氏名
    Name,
    /// 生年月日
    Birthday,
    /// 性別
    Sex,
    /// 住所
    Address,
}

impl Fact {
    /// All four, in the order asked.
    pub const ALL: [Self; 4] = [Self::Name, Self::Birthday, Self::Sex, Self::Address];

    /// As stored, and as the key of its words.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Birthday => "birthday",
            Self::Sex => "sex",
            Self::Address => "address",
        }
    }
}

/// What the clerk saw of one fact on a document.
#[derive(Clone, PartialEq, Eq, Default)]
pub enum Sight {
    #[default]
    NotLooked,
    /// The clerk laid it beside the register and it is the same.
    AsRegistered,
    /// The clerk laid it beside the register and it is not the same.
    NotAsRegistered,
    /// It reads so; compared here.
    Reads(String),
    /// The document does not show it.
    NotShown,
    /// It can't be read.
    Unreadable,
}

/// What the clerk saw of the four facts on one document.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Sights {
    /// 氏名
    pub name: Sight,
    /// 生年月日
    pub birthday: Sight,
    /// 性別
    pub sex: Sight,
    /// 住所
    pub address: Sight,
}

/// Quiet: what a document reads is personal.
impl fmt::Debug for Sights {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sights(…)")
    }
}

/// How a fact compares.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Comparison {
    Match,
    /// The same but for old or variant characters: the clerk looks twice.
    MatchByVariant,
    /// It is the registered alias (通称名).
    MatchByAlias,
    Differs,
    /// The document does not show it.
    NotShown,
    /// Unreadable, unknown in the register, or not looked at yet.
    CannotTell,
}

impl Comparison {
    /// Whether the fact agrees.
    pub const fn agrees(self) -> bool {
        matches!(self, Self::Match | Self::MatchByVariant | Self::MatchByAlias)
    }

    /// As stored, and as the key of its words.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Match => "match",
            Self::MatchByVariant => "match_by_variant",
            Self::MatchByAlias => "match_by_alias",
            Self::Differs => "differs",
            Self::NotShown => "not_shown",
            Self::CannotTell => "cannot_tell",
        }
    }
}

/// The four facts compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct FourFacts {
    /// 氏名
    pub name: Comparison,
    /// 生年月日
    pub birthday: Comparison,
    /// 性別
    pub sex: Comparison,
    /// 住所
    pub address: Comparison,
}

impl FourFacts {
    /// How one fact compares.
    pub const fn of(&self, fact: Fact) -> Comparison {
        match fact {
            Fact::Name => self.name,
            Fact::Birthday => self.birthday,
            Fact::Sex => self.sex,
            Fact::Address => self.address,
        }
    }
}

/// What documents are compared with: the register's facts of the resident, or what the application says of the one
/// acting for them.
#[derive(Clone)]
pub struct Registered<'a> {
    name: &'a str,
    alias: Option<&'a str>,
    birthday: &'a Birthday,
    sex: Option<Sex>,
    address: &'a str,
    building: Option<&'a str>,
}

impl<'a> From<&'a Resident> for Registered<'a> {
    fn from(resident: &'a Resident) -> Self {
        Self {
            name: &resident.name,
            alias: resident.alias.as_deref(),
            birthday: &resident.birthday,
            sex: Some(resident.sex),
            address: &resident.address,
            building: resident.building.as_deref(),
        }
    }
}

impl<'a> From<&'a AgentPerson> for Registered<'a> {
    fn from(person: &'a AgentPerson) -> Self {
        Self {
            name: &person.name,
            alias: None,
            birthday: &person.birthday,
            sex: None,
            address: &person.address,
            building: None,
        }
    }
}

/// Compares what was seen on a document that can show `shows`.
pub fn compare(sights: &Sights, shows: Shows, registered: &Registered<'_>) -> FourFacts {
    let judge = |sight: &Sight, can_show: bool, read: &dyn Fn(&str) -> Comparison| match sight {
        // What a kind of document does not certify is not taken from it, whatever is pencilled there.
        _ if !can_show => Comparison::NotShown,
        Sight::AsRegistered => Comparison::Match,
        Sight::NotAsRegistered => Comparison::Differs,
        Sight::NotShown => Comparison::NotShown,
        Sight::NotLooked | Sight::Unreadable => Comparison::CannotTell,
        Sight::Reads(text) if text.trim().is_empty() => Comparison::CannotTell,
        Sight::Reads(text) => read(text),
    };
    FourFacts {
        name: judge(&sights.name, shows.name, &|text| compare_names(text, registered)),
        birthday: judge(&sights.birthday, shows.birthday, &|text| {
            compare_birthdays(text, registered.birthday)
        }),
        sex: judge(&sights.sex, shows.sex, &|text| compare_sexes(text, registered.sex)),
        address: judge(&sights.address, shows.address, &|text| {
            address::compare(text, registered.address, registered.building)
        }),
    }
}

fn compare_names(text: &str, registered: &Registered<'_>) -> Comparison {
    match name::compare(text, registered.name) {
        Likeness::Same => return Comparison::Match,
        Likeness::Variant => return Comparison::MatchByVariant,
        Likeness::Different => {}
    }
    let alias = registered.alias.map(|alias| name::compare(text, alias));
    if matches!(alias, Some(Likeness::Same | Likeness::Variant)) {
        Comparison::MatchByAlias
    } else {
        Comparison::Differs
    }
}

fn compare_birthdays(text: &str, registered: &Birthday) -> Comparison {
    match Birthday::read_as_registered(text)
        .ok()
        .and_then(|read| read.says_the_same(registered))
    {
        Some(true) => Comparison::Match,
        Some(false) => Comparison::Differs,
        None => Comparison::CannotTell,
    }
}

fn compare_sexes(text: &str, registered: Option<Sex>) -> Comparison {
    match (Sex::read(text), registered) {
        (Some(Sex::Unknown) | None, _) | (_, Some(Sex::Unknown) | None) => Comparison::CannotTell,
        (Some(read), Some(registered)) if read == registered => Comparison::Match,
        _ => Comparison::Differs,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: Shows = Shows {
        name: true,
        birthday: true,
        sex: true,
        address: true,
    };

    fn registered(birthday: &Birthday) -> Registered<'_> {
        Registered {
            name: "髙橋 恵子",
            alias: Some("グエン 恵子"),
            birthday,
            sex: Some(Sex::Female),
            address: "汐見市港町三丁目2番地の3",
            building: Some("コーポ汐見 101号"),
        }
    }

    fn reads(text: &str) -> Sight {
        Sight::Reads(text.into())
    }

    fn one(sights: Sights) -> FourFacts {
        let birthday = Birthday::read("昭和45年3月1日").unwrap();
        compare(&sights, ALL, &registered(&birthday))
    }

    #[test]
    fn a_name_in_other_characters_agrees_but_is_said_to_be_a_variant() {
        let name = |text: &str| {
            one(Sights {
                name: reads(text),
                ..Sights::default()
            })
            .name
        };
        assert_eq!(name("髙橋　恵子"), Comparison::Match);
        assert_eq!(name("高橋恵子"), Comparison::MatchByVariant);
        assert_eq!(name("髙橋 惠子"), Comparison::MatchByVariant);
        assert_eq!(name("グエン恵子"), Comparison::MatchByAlias);
        assert_eq!(name("髙橋 恵美"), Comparison::Differs);
        assert_eq!(name("  "), Comparison::CannotTell);
    }

    #[test]
    fn a_birthday_is_compared_as_a_day_and_not_as_a_text() {
        let birthday = |text: &str| {
            one(Sights {
                birthday: reads(text),
                ..Sights::default()
            })
            .birthday
        };
        assert_eq!(birthday("1970-03-01"), Comparison::Match);
        assert_eq!(birthday("S45.3.1"), Comparison::Match);
        assert_eq!(birthday("昭和45年3月2日"), Comparison::Differs);
        assert_eq!(birthday("昭和45年"), Comparison::CannotTell);
        assert_eq!(birthday("きのう"), Comparison::CannotTell);
    }

    #[test]
    fn an_address_agrees_however_its_numbers_are_written_and_with_or_without_its_building() {
        let address = |text: &str| {
            one(Sights {
                address: reads(text),
                ..Sights::default()
            })
            .address
        };
        for same in [
            "汐見市港町三丁目2番地の3",
            "汐見市港町３－２－３",
            "長崎県汐見市港町3丁目2番3号",
            "汐見市港町3-2-3 コーポ汐見 101号",
            "汐見市港町3丁目2-3コーポ汐見101",
        ] {
            assert_eq!(address(same), Comparison::Match, "{same}");
        }
        for other in [
            "汐見市港町3-2-4",
            "汐見市港町32-3",
            "汐見市港町3-2",
            "汐見市西町3-2-3",
            "汐見市港町3-2-3 102号",
        ] {
            assert_eq!(address(other), Comparison::Differs, "{other}");
        }
        assert_eq!(address(""), Comparison::CannotTell);
    }

    #[test]
    fn what_a_document_does_not_certify_is_not_taken_from_it() {
        let birthday = Birthday::unknown();
        let shows = Shows { address: false, ..ALL };
        let sights = Sights {
            address: Sight::AsRegistered,
            sex: reads("女"),
            ..Sights::default()
        };
        let facts = compare(&sights, shows, &registered(&birthday));
        assert_eq!(facts.address, Comparison::NotShown);
        assert_eq!(facts.sex, Comparison::Match);
        assert_eq!(facts.name, Comparison::CannotTell);
    }
}

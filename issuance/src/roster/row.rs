//! One record of the file becomes one resident, or one reject.

use std::{borrow::Cow, fmt};

use relay_core::letters::{has_unseen, without_unseen};
use unicode_normalization::UnicodeNormalization;

use super::{
    Column, Reading, Reason, Reject, RosterRow,
    completeness::{Ending, is_number},
    reject::restored,
};
use crate::{
    check_digit,
    era::{DateWarning, WrittenDate},
    person::{Resident, Sex, is_phone_number},
};

/// Longest name, reading or address, in characters. The longest registered names of foreign residents stay below it.
const LONGEST: usize = 200;

/// Something in a row that was taken which the office should look at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RowNote {
    /// A private-use character (外字) whose shape only the city's own font knows.
    PrivateUse(Column),
    /// ● 〓 � or ? in a name: a character was lost before it came here.
    Placeholder(Column),
    /// A character that nobody sees was left out.
    Unseen(Column),
    /// No reading: the person is not found by kana.
    NoKana,
    /// A letter that is unusual in a reading.
    OddKana(char),
    /// The phone number can't be one.
    OddPhone,
    /// X was read as その他.
    SexX,
    /// 0時0分 behind a date was left out.
    Midnight(Column),
    /// The birthday was read with a warning.
    Birthday(DateWarning),
}

impl RowNote {
    /// The kind, as a program counts it.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::PrivateUse(_) => "private_use",
            Self::Placeholder(_) => "placeholder",
            Self::Unseen(_) => "unseen_character",
            Self::NoKana => "no_reading",
            Self::OddKana(_) => "odd_reading",
            Self::OddPhone => "odd_phone",
            Self::SexX => "sex_x",
            Self::Midnight(_) => "time_left_out",
            Self::Birthday(DateWarning::OldForm) => "era_converted",
            Self::Birthday(DateWarning::Lunar) => "birthday_lunar",
            Self::Birthday(DateWarning::Approximate) => "birthday_approximate",
            Self::Birthday(DateWarning::Partial) => "birthday_partly_unknown",
            Self::Birthday(DateWarning::NoSuchDay) => "birthday_not_in_calendar",
        }
    }

    /// The column it is about.
    pub const fn column(&self) -> Column {
        match self {
            Self::PrivateUse(column) | Self::Placeholder(column) | Self::Unseen(column) | Self::Midnight(column) => {
                *column
            }
            Self::NoKana | Self::OddKana(_) => Column::Kana,
            Self::OddPhone => Column::Phone,
            Self::SexX => Column::Sex,
            Self::Birthday(_) => Column::Birthday,
        }
    }

    /// The note as a clerk reads it; no value, at most one letter of it.
    pub fn in_japanese(&self) -> String {
        match self {
            Self::PrivateUse(_) => "外字(私用領域の文字)があります".into(),
            Self::Placeholder(_) => "●・〓・?など、失われた文字の跡があります".into(),
            Self::Unseen(_) => "見えない文字を除きました".into(),
            Self::NoKana => "空です(カナでは見つかりません)".into(),
            Self::OddKana(letter) => format!("読みに珍しい文字「{letter}」(U+{:04X})があります", u32::from(*letter)),
            Self::OddPhone => "電話番号の形ではありません".into(),
            Self::SexX => "X を「その他」としました".into(),
            Self::Midnight(_) => "日付の後の0時0分を除きました".into(),
            Self::Birthday(DateWarning::OldForm) => "終わった元号で書かれています(換算しました)".into(),
            Self::Birthday(DateWarning::Lunar) => "明治6年より前です(旧暦)".into(),
            Self::Birthday(DateWarning::Approximate) => "「頃」です".into(),
            Self::Birthday(DateWarning::Partial) => "一部が不詳です".into(),
            Self::Birthday(DateWarning::NoSuchDay) => "暦にない日です(そのまま取り込みました)".into(),
        }
    }
}

/// The note as a reader of English reads it; no value, at most one letter of it.
impl fmt::Display for RowNote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::PrivateUse(_) => f.write_str("holds a private-use character (gaiji)"),
            Self::Placeholder(_) => f.write_str("holds what stands for a lost character (●, 〓, ?)"),
            Self::Unseen(_) => f.write_str("held a character that nobody sees; it was left out"),
            Self::NoKana => f.write_str("is empty: the person is not found by kana"),
            Self::OddKana(letter) => write!(f, "holds an unusual letter {letter:?} (U+{:04X})", u32::from(*letter)),
            Self::OddPhone => f.write_str("is not a telephone number"),
            Self::SexX => f.write_str("X was read as other"),
            Self::Midnight(_) => f.write_str("held a time, 0:00, which was left out"),
            Self::Birthday(DateWarning::OldForm) => f.write_str("is written in an era that had ended; converted"),
            Self::Birthday(DateWarning::Lunar) => f.write_str("lies before 1873 (lunar calendar)"),
            Self::Birthday(DateWarning::Approximate) => f.write_str("is approximate"),
            Self::Birthday(DateWarning::Partial) => f.write_str("is partly unknown"),
            Self::Birthday(DateWarning::NoSuchDay) => f.write_str("is a day the calendar does not have; kept as it is"),
        }
    }
}

pub(super) fn resident(line: u64, record: &csv::StringRecord, reading: &Reading) -> Result<RosterRow, Reject> {
    let row = Row { line, record, reading };
    row.resident()
        .map_err(|(column, reason)| Reject {
            line,
            column,
            place: column.and_then(|column| reading.layout.place(column)),
            reason,
            original: (0..record.len()).map(|place| row.cell(place).to_owned()).collect(),
        })
        .map(|resident| RosterRow {
            line,
            notes: row.notes(&resident),
            resident,
        })
}

type Wrong = (Option<Column>, Reason);

struct Row<'a> {
    line: u64,
    record: &'a csv::StringRecord,
    reading: &'a Reading,
}

impl Row<'_> {
    fn resident(&self) -> Result<Resident, Wrong> {
        let (expected, found) = (self.reading.layout.header.len(), self.record.len());
        if expected != found {
            return Err((None, Reason::FieldCount { expected, found }));
        }
        Ok(Resident {
            number: self.number()?,
            household: self.text(Column::Household)?.into_owned(),
            name: self.needed(Column::Name)?.into_owned(),
            kana: self.kana()?,
            alias: self.optional(Column::Alias)?,
            birthday: self.date(Column::Birthday, &self.needed(Column::Birthday)?)?,
            sex: Sex::read(&self.needed(Column::Sex)?).ok_or((Some(Column::Sex), Reason::NotASex))?,
            relation: self.text(Column::Relation)?.into_owned(),
            postal_code: self.postal_code()?,
            address: self.needed(Column::Address)?.into_owned(),
            building: self.optional(Column::Building)?,
            phone: self.optional(Column::Phone)?,
            changed_on: match &*self.text(Column::ChangedOn)? {
                "" => None,
                text => Some(self.date(Column::ChangedOn, text)?),
            },
            change_reason: self.optional(Column::ChangeReason)?,
            protected: self.flag(Column::Protected)?,
        })
    }

    /// A cell as it stood before it went into a file of rejects.
    fn cell(&self, place: usize) -> &str {
        let cell = self.record.get(place).unwrap_or("");
        match self.reading.layout.is_of_rejects() {
            true => restored(cell),
            false => cell,
        }
    }

    /// The column's cell as it stands; empty when the file has no such column.
    fn raw(&self, column: Column) -> &str {
        self.reading
            .layout
            .place(column)
            .map_or("", |place| self.cell(place - 1))
    }

    /// The field without what nobody sees in it, trimmed.
    fn text(&self, column: Column) -> Result<Cow<'_, str>, Wrong> {
        let text = match without_unseen(self.raw(column)) {
            Cow::Borrowed(text) => Cow::Borrowed(text.trim()),
            Cow::Owned(text) => Cow::Owned(text.trim().to_owned()),
        };
        if text.contains('\u{fffd}') {
            return Err((Some(column), Reason::Undecodable));
        }
        if text.chars().any(char::is_control) {
            return Err((Some(column), Reason::Unprintable));
        }
        // Bytes first: counting characters is only needed for what is suspiciously long.
        if text.len() > LONGEST && text.chars().count() > LONGEST {
            return Err((Some(column), Reason::TooLong(LONGEST)));
        }
        Ok(text)
    }

    fn needed(&self, column: Column) -> Result<Cow<'_, str>, Wrong> {
        match self.text(column)? {
            text if text.is_empty() => Err((Some(column), Reason::Missing)),
            text => Ok(text),
        }
    }

    fn optional(&self, column: Column) -> Result<Option<String>, Wrong> {
        let text = self.text(column)?;
        Ok((!text.is_empty()).then(|| text.into_owned()))
    }

    fn number(&self) -> Result<String, Wrong> {
        let wrong = |reason| (Some(Column::Number), reason);
        let number = check_digit::plain(&self.needed(Column::Number)?);
        if !is_number(&number) {
            return Err(wrong(Reason::NotANumber));
        }
        if let Some(lines) = self.reading.doubles.get(&number) {
            let other = lines
                .iter()
                .copied()
                .find(|line| *line != self.line)
                .unwrap_or(self.line);
            return Err(wrong(Reason::DuplicateNumber { other }));
        }
        Ok(number)
    }

    /// Whatever the register can hold is taken; only what is no reading in any script is refused.
    fn kana(&self) -> Result<String, Wrong> {
        let kana = self.text(Column::Kana)?;
        match kana.nfkc().find(|c| is_of_a_name(*c)) {
            Some(letter) => Err((Some(Column::Kana), Reason::NotKana(letter))),
            None => Ok(kana.into_owned()),
        }
    }

    fn date(&self, column: Column, text: &str) -> Result<WrittenDate, Wrong> {
        let day = match time_of_day(text) {
            None => text,
            Some((day, true)) => day,
            Some((_, false)) => return Err((Some(column), Reason::TimeOfDay)),
        };
        let date = WrittenDate::read_as_registered(day).map_err(|wrong| (Some(column), Reason::Date(wrong)))?;
        // Only what must lie in the future is refused: 「令和8年」 may well be a birthday of this year.
        if date.span().is_some_and(|(first, _)| first > self.reading.today) {
            return Err((Some(column), Reason::InTheFuture));
        }
        Ok(date)
    }

    fn postal_code(&self) -> Result<String, Wrong> {
        let code = check_digit::plain(&self.text(Column::PostalCode)?);
        if code.is_empty() || check_digit::check(check_digit::NumberKind::PostalCode, &code).is_acceptable() {
            Ok(code)
        } else {
            Err((Some(Column::PostalCode), Reason::NotAPostalCode))
        }
    }

    fn flag(&self, column: Column) -> Result<bool, Wrong> {
        // The last field of a file without a last line end may have lost what stood in it: 支援措置 must not be lost so.
        let may_be_cut = self.line == self.reading.last_line && self.reading.ending == Ending::Field;
        let is_last = self.reading.layout.place(column) == Some(self.record.len());
        if may_be_cut && is_last && self.text(column)?.is_empty() {
            return Err((Some(column), Reason::MayBeCut));
        }
        let folded: String = self.text(column)?.nfkc().collect();
        match folded.to_ascii_uppercase().as_str() {
            "1" | "有" | "有り" | "あり" | "○" | "◯" | "〇" | "対象" | "該当" | "Y" | "YES" | "TRUE" => {
                Ok(true)
            }
            "" | "0" | "無" | "無し" | "なし" | "×" | "-" | "非対象" | "非該当" | "N" | "NO" | "FALSE" => {
                Ok(false)
            }
            _ => Err((Some(column), Reason::NotAFlag)),
        }
    }

    /// What the office should look at of a row that was taken.
    fn notes(&self, resident: &Resident) -> Vec<RowNote> {
        let private = |c: char| matches!(c as u32, 0xe000..=0xf8ff | 0xf0000..=0x10ffff);
        let texts = [
            (Column::Name, resident.name.as_str()),
            (Column::Alias, resident.alias.as_deref().unwrap_or("")),
            (Column::Address, resident.address.as_str()),
            (Column::Building, resident.building.as_deref().unwrap_or("")),
        ];
        let mut notes = Vec::new();
        for (column, text) in texts {
            if text.chars().any(private) {
                notes.push(RowNote::PrivateUse(column));
            }
            if text.contains(['●', '〓', '?', '？', '■', '□']) {
                notes.push(RowNote::Placeholder(column));
            }
        }
        let unseen = Column::ALL.into_iter().filter(|column| has_unseen(self.raw(*column)));
        notes.extend(unseen.map(RowNote::Unseen));
        if resident.kana.is_empty() {
            notes.push(RowNote::NoKana);
        }
        notes.extend(
            resident
                .kana
                .nfkc()
                .find(|c| is_odd_in_a_reading(*c))
                .map(RowNote::OddKana),
        );
        if resident.phone.as_deref().is_some_and(|phone| !is_phone_number(phone)) {
            notes.push(RowNote::OddPhone);
        }
        if matches!(self.raw(Column::Sex).trim(), "X" | "x" | "Ｘ" | "ｘ") {
            notes.push(RowNote::SexX);
        }
        let timed = [Column::Birthday, Column::ChangedOn]
            .into_iter()
            .filter(|column| time_of_day(self.raw(*column).trim()).is_some());
        notes.extend(timed.map(RowNote::Midnight));
        notes.extend(resident.birthday.warnings().into_iter().map(RowNote::Birthday));
        notes
    }
}

/// Letters in which names are written and never read: ideographs, Hangul and their like.
fn is_of_a_name(c: char) -> bool {
    let kana = matches!(c, '\u{3041}'..='\u{30ff}' | '\u{31f0}'..='\u{31ff}' | '\u{1b000}'..='\u{1b16f}' | '々');
    c == '々' || (c.is_alphabetic() && (c as u32) >= 0x2e80 && !kana)
}

/// What neither kana nor Latin readings usually hold. Iteration marks (ミスヾ) and double hyphens (ジャン゠ポール) are usual.
fn is_odd_in_a_reading(c: char) -> bool {
    let kana = matches!(c, 'ぁ'..='ゖ' | '゛'..='ゟ' | '゠'..='ヿ' | '\u{3099}' | '\u{309a}');
    let beside = matches!(c, '-' | '‐' | '−' | '=' | '\'' | '’' | '.' | ',' | '(' | ')') || c.is_whitespace();
    let latin = (c.is_alphabetic() && (c as u32) < 0x2e80) || ('\u{300}'..='\u{36f}').contains(&c);
    !(kana || beside || latin)
}

/// A date with a time behind it (1970/03/01 0:00:00): the date, and whether the time is midnight.
fn time_of_day(text: &str) -> Option<(&str, bool)> {
    let (day, time) = text.split_once([' ', 'T', '　'])?;
    let numbers: Vec<_> = time.trim().trim_end_matches('Z').split([':', '.']).collect();
    let is_time = (2..=4).contains(&numbers.len())
        && numbers
            .iter()
            .all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()));
    let is_day = day.starts_with(|c: char| c.is_ascii_digit()) && !day.contains(':');
    let midnight = numbers.iter().all(|part| part.bytes().all(|byte| byte == b'0'));
    (is_time && is_day && time.contains(':')).then_some((day, midnight))
}

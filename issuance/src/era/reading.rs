//! Reading a date in any form in use at the counter.
//!
//! The text is folded first (NFKC, spaces out, one dash), the words for "unknown" and "about" are taken off, then
//! an era, then either bare digits or parts with separators. The form decides; nothing is guessed.

use unicode_normalization::UnicodeNormalization;

use super::{DateError, Era, WrittenDate, calendar_day, days_within};

/// Longest text looked at; 「昭和二十年十二月三十一日頃(推定)」 is 17 characters.
const LONGEST: usize = 48;

/// Ways to write "unknown". Taken off they leave the bare names of the parts (昭和20年月日不詳 → 昭和20年月日), which
/// [`named_parts`] then takes for unknown.
const UNKNOWN: [&str; 2] = ["以下不詳", "不詳"];

/// Ways to write "about". 旬 and the seasons narrow a month or a year, but not to anything that can be computed with.
const ABOUT: [&str; 13] = [
    "上旬", "中旬", "下旬", "初旬", "ごろ", "推定", "頃", "約", "末", "春", "夏", "秋", "冬",
];

pub(super) fn read(text: &str) -> Result<WrittenDate, DateError> {
    let read = parse(text)?;
    possible(&read)?;
    Ok(read)
}

pub(super) fn read_as_registered(text: &str) -> Result<WrittenDate, DateError> {
    let read = parse(text)?;
    match possible(&read) {
        // A month has 31 days at most, whatever the calendar says of this one.
        Err(DateError::NoSuchDay)
            if read.day.is_some_and(|day| day <= 31) && read.month.is_some_and(|month| month <= 12) =>
        {
            let whole_month = WrittenDate {
                day: None,
                ..read.clone()
            };
            possible(&whole_month)?;
            Ok(read)
        }
        judged => judged.map(|()| read),
    }
}

fn parse(text: &str) -> Result<WrittenDate, DateError> {
    if text.chars().count() > LONGEST {
        return Err(DateError::NotADate);
    }
    let original = text.trim().to_owned();
    let mut rest = fold(text);
    if rest.is_empty() {
        return Err(DateError::Empty);
    }
    let approximate = take_off(&mut rest, &ABOUT);
    let unknown = take_off(&mut rest, &UNKNOWN);
    for ending in ["生まれ", "生れ", "生"] {
        if let Some(shorter) = rest.strip_suffix(ending) {
            rest = shorter.to_owned();
        }
    }
    let rest = rest.strip_prefix('生').unwrap_or(&rest);
    let (written_era, rest) = take_era(rest)?;
    let (year, month, day, coded_era) = if rest.is_empty() {
        if !unknown {
            return Err(DateError::NotADate);
        }
        (None, None, None, None)
    } else if rest.bytes().all(|byte| byte.is_ascii_digit()) {
        bare_digits(written_era, &rest)?
    } else {
        let (year, month, day) = parts(&rest, unknown)?;
        (year, month, day, None)
    };
    let written = written_era.or(coded_era);
    let mut read = WrittenDate {
        year: known(year),
        month: known(month).map(small).transpose()?,
        day: known(day).map(small).transpose()?,
        written_era: written,
        approximate,
        original,
    };
    // With an era code beside a western year (EYYYYMMDD) the year is western already.
    if let (Some(era), Some(of_era), None) = (written, read.year, coded_era.filter(|_| rest.len() == 9)) {
        read.year = Some(era.western(of_era));
    }
    // A year within an era must be written small: 昭和1945年 is a slip of the hand.
    if written_era.is_some() && known(year).is_some_and(|year| year > 200) {
        return Err(DateError::EraDisagrees);
    }
    Ok(read)
}

/// One spelling: NFKC (full-width digits, ㍼, Kangxi 月), no spaces or brackets, capital letters, one dash,
/// kanji numerals as digits.
fn fold(text: &str) -> String {
    let folded: String = text
        .nfkc()
        .filter(|c| !c.is_whitespace() && !matches!(c, '(' | ')' | '〔' | '〕' | '[' | ']' | '「' | '」'))
        .map(|c| match c {
            '−' | '–' | '—' | '‐' | '‑' | 'ー' | '―' => '-',
            '・' | '。' | '、' | ',' => '.',
            '?' | '*' => '0',
            c => c.to_ascii_uppercase(),
        })
        .collect();
    let folded = folded.replace("XX", "00").replace("不明", "不詳");
    kanji_numerals(folded.strip_prefix("西暦").unwrap_or(&folded))
}

/// 四十五 → 45, 一九七〇 → 1970. Digits stand as they are; anything else passes.
fn kanji_numerals(text: &str) -> String {
    let value = |c: char| "〇一二三四五六七八九".chars().position(|digit| digit == c);
    let mut out = String::with_capacity(text.len());
    let mut run: Vec<char> = Vec::new();
    let flush = |run: &mut Vec<char>, out: &mut String| {
        if run.is_empty() {
            return;
        }
        if run.contains(&'十') {
            let mut sum = 0;
            let mut ones = None;
            for c in run.iter() {
                match value(*c) {
                    Some(digit) => ones = Some(ones.unwrap_or(0) * 10 + digit),
                    None => sum += ones.take().unwrap_or(1) * 10,
                }
            }
            out.push_str(&(sum + ones.unwrap_or(0)).to_string());
        } else {
            out.extend(run.iter().filter_map(|c| value(*c)).map(|digit| digit.to_string()));
        }
        run.clear();
    };
    for c in text.chars() {
        let c = match c {
            '零' => '〇',
            '壱' => '一',
            '弐' => '二',
            '参' => '三',
            '拾' => '十',
            c => c,
        };
        if c == '十' || value(c).is_some() {
            run.push(c);
        } else {
            flush(&mut run, &mut out);
            out.push(c);
        }
    }
    flush(&mut run, &mut out);
    out
}

/// Takes every word of `words` off; whether there was one.
fn take_off(text: &mut String, words: &[&str]) -> bool {
    let before = text.len();
    for word in words {
        if text.contains(word) {
            *text = text.replace(word, "");
        }
    }
    text.len() != before
}

fn take_era(text: &str) -> Result<(Option<Era>, String), DateError> {
    for era in Era::ALL {
        for name in [era.kanji(), era.short()] {
            if let Some(rest) = text.strip_prefix(name) {
                return Ok((Some(era), rest.to_owned()));
            }
        }
        if let Some(rest) = text.strip_prefix(era.letter())
            && rest.starts_with(|c: char| c.is_ascii_digit() || c == '元')
        {
            return Ok((Some(era), rest.to_owned()));
        }
    }
    let before_meiji = ["慶応", "慶應", "元治", "文久", "万延", "安政"];
    if before_meiji.iter().any(|era| text.starts_with(era)) {
        return Err(DateError::OutOfRange);
    }
    Ok((None, text.to_owned()))
}

type Parts = (Option<i32>, Option<i32>, Option<i32>, Option<Era>);

fn bare_digits(era: Option<Era>, digits: &str) -> Result<Parts, DateError> {
    let number = |range: std::ops::Range<usize>| digits[range].parse::<i32>().ok();
    match (era, digits.len()) {
        (Some(_), 1 | 2) => Ok((number(0..digits.len()), None, None, None)),
        (Some(_), 6) => Ok((number(0..2), number(2..4), number(4..6), None)),
        (None, 4) => Ok((number(0..4), None, None, None)),
        (None, 8) => Ok((number(0..4), number(4..6), number(6..8), None)),
        // 3450301: the seven digits of the office's own systems, era code first.
        (None, 7) => {
            let era = era_of_code(&digits[..1])?;
            Ok((number(1..3), number(3..5), number(5..7), Some(era)))
        }
        // 319700301: EYYYYMMDD, as in the four facts of a JPKI certificate; 0 is an unknown era.
        (None, 9) => {
            let (year, month, day) = (number(1..5), number(5..7), number(7..9));
            if digits.starts_with('0') {
                return Ok((year, month, day, None));
            }
            let era = era_of_code(&digits[..1])?;
            let within = known(year).is_none_or(|year| {
                let first = era.first_day().year();
                let last = era.last_day().map_or(i32::MAX, |day| day.year());
                (first..=last).contains(&year)
            });
            if within {
                Ok((year, month, day, Some(era)))
            } else {
                Err(DateError::EraDisagrees)
            }
        }
        (_, 3..=6) => Err(DateError::Ambiguous),
        _ => Err(DateError::NotADate),
    }
}

fn era_of_code(code: &str) -> Result<Era, DateError> {
    let code = code.parse::<u8>().map_err(|_| DateError::NotADate)?;
    Era::ALL
        .into_iter()
        .find(|era| era.code() == code)
        .ok_or(DateError::NotADate)
}

type Numbers = (Option<i32>, Option<i32>, Option<i32>);

/// Parts with separators: 45年3月1日, 45.3.1, 1970-3-1, 1970/03.
fn parts(text: &str, unknown: bool) -> Result<Numbers, DateError> {
    if text.contains(['年', '月', '日']) {
        return named_parts(text, unknown);
    }
    let separator = ['-', '/', '.']
        .into_iter()
        .find(|separator| text.contains(*separator))
        .ok_or(DateError::NotADate)?;
    let mut numbers = text.split(separator).map(|part| number(part, 4));
    let mut next = || numbers.next().transpose();
    let (year, month, day) = (next()?, next()?, next()?);
    if numbers.next().is_some() {
        return Err(DateError::NotADate);
    }
    Ok((year, month, day))
}

fn named_parts(text: &str, unknown: bool) -> Result<Numbers, DateError> {
    // A name without its number is a part said to be unknown, or a form that was not filled in.
    let names_alone = text.starts_with('年') || text.contains("年月") || text.contains("月日") || text.contains("年日");
    if names_alone && !unknown {
        return Err(DateError::NotADate);
    }
    let (year, rest) = before(text, '年', 4)?;
    let (month, rest) = before(rest, '月', 2)?;
    let (day, rest) = before(rest, '日', 2)?;
    // What stands behind the last named part was not read: 「3月1」 has lost its 日.
    if !rest.is_empty() || (year.is_none() && !text.starts_with('年')) {
        return Err(DateError::NotADate);
    }
    Ok((year, month, day))
}

/// The number before `name`, and what follows; nothing when `name` does not occur or no number stands before it.
fn before(text: &str, name: char, digits: usize) -> Result<(Option<i32>, &str), DateError> {
    match text.split_once(name) {
        Some(("", rest)) => Ok((None, rest)),
        Some((part, rest)) => Ok((Some(number(part, digits)?), rest)),
        None => Ok((None, text)),
    }
}

fn number(part: &str, digits: usize) -> Result<i32, DateError> {
    if part == "元" {
        return Ok(1);
    }
    let fits = (1..=digits).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit());
    if fits {
        part.parse().map_err(|_| DateError::NotADate)
    } else {
        Err(DateError::NotADate)
    }
}

/// Zero is how files write an unknown part.
fn known(part: Option<i32>) -> Option<i32> {
    part.filter(|number| *number != 0)
}

fn small(part: i32) -> Result<u8, DateError> {
    u8::try_from(part).map_err(|_| DateError::NoSuchDay)
}

/// Whether the parts are possible together.
fn possible(date: &WrittenDate) -> Result<(), DateError> {
    if date.month.is_none() && date.day.is_some() {
        return Err(DateError::DayWithoutMonth);
    }
    if date.month.is_some_and(|month| !(1..=12).contains(&month)) {
        return Err(DateError::NoSuchDay);
    }
    let Some(year) = date.year else {
        // Without its year a month has its greatest length.
        let exists = match (date.month, date.day) {
            (Some(month), Some(day)) => calendar_day(2000, month, day).is_some(),
            _ => true,
        };
        return if exists { Ok(()) } else { Err(DateError::NoSuchDay) };
    };
    if !(1868..=2199).contains(&year) {
        return Err(DateError::OutOfRange);
    }
    if date.is_lunar() {
        return lunar_possible(year, date.month, date.day);
    }
    if let (Some(month), Some(day)) = (date.month, date.day)
        && calendar_day(year, month, day).is_none()
    {
        return Err(DateError::NoSuchDay);
    }
    let (first, last) = days_within(year, date.month, date.day).ok_or(DateError::NoSuchDay)?;
    if last < Era::Meiji.first_day() {
        return Err(DateError::OutOfRange);
    }
    if let Some(era) = date.written_era {
        if last < era.first_day() {
            return Err(DateError::EraNotYet(era));
        }
        if era.last_day().is_some_and(|end| first.year() > end.year() + 30) {
            return Err(DateError::EraLongOver(era));
        }
    }
    Ok(())
}

/// Lunar months have 29 or 30 days, and the last lunar month, 明治5年12月, had two.
fn lunar_possible(year: i32, month: Option<u8>, day: Option<u8>) -> Result<(), DateError> {
    let longest = if year == 1872 && month == Some(12) { 2 } else { 30 };
    match day {
        Some(day) if !(1..=longest).contains(&day) => Err(DateError::NoSuchDay),
        _ => Ok(()),
    }
}

//! The carrier's file of statuses, as a spreadsheet or its tracking site writes it: columns in any order, known by their
//! headings; UTF-8 or CP932.

use encoding_rs::SHIFT_JIS;
use issuance::{
    era::WrittenDate,
    parcel::{ParcelEvent, TrackingNumber},
};
use office::parcels::CarrierLine;

use crate::tui::orders::parcels::{OddLine, OddWhy};

/// Headings by which the columns are known.
const NUMBER: [&str; 4] = ["お問い合わせ番号", "引受番号", "追跡番号", "number"];
const STATUS: [&str; 4] = ["配達状況", "状態", "ステータス", "status"];
const DAY: [&str; 4] = ["状態発生日", "年月日", "日付", "date"];

/// The lines that can be read, and those that cannot with why. A file without the three headings is one odd line.
pub fn read(bytes: &[u8]) -> (Vec<CarrierLine>, Vec<OddLine>) {
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text.trim_start_matches('\u{feff}').to_owned(),
        Err(_) => SHIFT_JIS.decode_without_bom_handling(bytes).0.into_owned(),
    };
    let mut rows = csv::ReaderBuilder::new().flexible(true).from_reader(text.as_bytes());
    let headings = rows.headers().cloned().unwrap_or_default();
    let column = |names: [&str; 4]| {
        headings
            .iter()
            .position(|heading| names.contains(&heading.trim().to_lowercase().as_str()))
    };
    let (Some(number), Some(status), Some(day)) = (column(NUMBER), column(STATUS), column(DAY)) else {
        let why = OddWhy::NoColumns(headings.iter().collect::<Vec<_>>().join(", "));
        return (Vec::new(), vec![odd(1, why)]);
    };
    let (mut lines, mut odd_lines) = (Vec::new(), Vec::new());
    for (at, row) in rows.records().enumerate() {
        let (line, row) = match row {
            Ok(row) => (row.position().map_or(at + 2, |position| position.line() as usize), row),
            Err(_) => {
                odd_lines.push(odd(at + 2, OddWhy::NotANumber));
                continue;
            }
        };
        let cell = |column: usize| row.get(column).unwrap_or_default().trim();
        match line_of(cell(number), cell(status), cell(day)) {
            Ok((number, event, on)) => lines.push(CarrierLine {
                line,
                number,
                event,
                on,
            }),
            Err(why) => odd_lines.push(odd(line, why)),
        }
    }
    if text.matches('"').count() % 2 == 1 {
        // The rest of the file would be one cell: what came before it is read, and that more is missing is told.
        odd_lines.push(odd(text.lines().count(), OddWhy::CutShort));
    }
    (lines, odd_lines)
}

const fn odd(line: usize, why: OddWhy) -> OddLine {
    OddLine { line, case: None, why }
}

fn line_of(number: &str, status: &str, day: &str) -> Result<(TrackingNumber, ParcelEvent, time::Date), OddWhy> {
    let number = TrackingNumber::parse(number).map_err(|_| OddWhy::NotANumber)?;
    let event = ParcelEvent::of_carrier(status).ok_or_else(|| OddWhy::NotAStatus(status.to_owned()))?;
    // A tracking site adds the time of day.
    let day = day.split_whitespace().next().unwrap_or_default();
    let on = WrittenDate::read(day)
        .ok()
        .and_then(|day| day.date())
        .ok_or(OddWhy::NotADay)?;
    Ok((number, event, on))
}

#[cfg(test)]
mod tests {
    use time::macros::date;

    use super::*;

    const FILE: &str = "状態発生日,お問い合わせ番号,取扱局,配達状況\n\
        2026/12/01 9:30,131-12-38385-2,本局,引受\n\
        R8.12.2,13112383852,本局,窓口でお渡し\n\
        2026/12/02,131-12-38385-3,本局,到着\n\
        2026/12/02,131-12-38385-2,本局,調査中\n\
        きのう,131-12-38385-2,本局,到着\n";

    fn is_read(bytes: &[u8]) {
        let (lines, odd) = read(bytes);
        let told: Vec<_> = lines.iter().map(|line| (line.line, line.event, line.on)).collect();
        assert_eq!(
            told,
            [
                (2, ParcelEvent::Accepted, date!(2026 - 12 - 01)),
                (3, ParcelEvent::Delivered, date!(2026 - 12 - 02)),
            ]
        );
        let odd: Vec<_> = odd.into_iter().map(|odd| (odd.line, odd.why)).collect();
        assert_eq!(
            odd,
            [
                (4, OddWhy::NotANumber),
                (5, OddWhy::NotAStatus("調査中".into())),
                (6, OddWhy::NotADay),
            ]
        );
    }

    #[test]
    fn columns_are_known_by_their_headings_in_both_encodings() {
        is_read(FILE.as_bytes());
        is_read(format!("\u{feff}{FILE}").as_bytes());
        is_read(&SHIFT_JIS.encode(FILE).0);
    }

    #[test]
    fn a_file_that_ends_in_the_middle_of_a_cell_is_told_as_cut_short() {
        let cut = FILE.replace("きのう,131-12-38385-2", "2026/12/03,\"131-12-38");
        let (lines, odd) = read(cut.as_bytes());
        assert_eq!(lines.len(), 2);
        assert_eq!(odd.last().map(|odd| (odd.line, &odd.why)), Some((6, &OddWhy::CutShort)));
    }

    #[test]
    fn a_file_of_something_else_is_told_with_its_headings() {
        for other in ["", "氏名,住所\n山口,本町\n", "\u{0}\u{1}"] {
            let (lines, odd) = read(other.as_bytes());
            assert!(lines.is_empty(), "{other}");
            assert!(matches!(odd[0].why, OddWhy::NoColumns(_)));
        }
    }
}

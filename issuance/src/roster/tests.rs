use proptest::prelude::*;
use time::macros::date;

use super::*;
use crate::era::DateError;

const TODAY: Date = date!(2026 - 11 - 22);
const HEADER: &str = "宛名番号,世帯番号,氏名,フリガナ,通称名,生年月日,性別,続柄,郵便番号,住所,方書,電話番号,異動年月日,異動事由,支援措置";
const ROW: &str = "0000000101,0000000011,山口 𠮷郎,ヤマグチ ヨシロウ,,昭和45年3月1日,男,世帯主,000-0101,汐見市港町1-2-3,コーポ汐見 101,0957-00-0101,平成30年4月1日,転入,0";

fn file(rows: &[&str]) -> Vec<u8> {
    let mut text = HEADER.to_owned();
    for row in rows {
        text.push_str("\r\n");
        text.push_str(row);
    }
    text.into_bytes()
}

fn open(bytes: &[u8]) -> Result<Reading, Unreadable> {
    read(bytes, &HeaderMap::default(), TODAY)
}

fn rows(bytes: &[u8]) -> Vec<Result<RosterRow, Reject>> {
    open(bytes).unwrap().rows().collect()
}

/// The row with one field changed.
fn with(column: Column, value: &str) -> String {
    let mut fields: Vec<&str> = ROW.split(',').collect();
    fields[column as usize] = value;
    fields.join(",")
}

fn rejected(column: Column, value: &str) -> Reason {
    let reject = rows(&file(&[&with(column, value)])).remove(0).unwrap_err();
    assert_eq!((reject.line, reject.column), (2, Some(column)));
    assert_eq!(reject.place, Some(column as usize + 1));
    reject.reason
}

#[test]
fn a_row_becomes_a_resident_with_every_text_as_written() {
    let row = rows(&file(&[ROW])).remove(0).unwrap();
    let resident = row.resident;
    assert_eq!(row.line, 2);
    assert_eq!(resident.number, "0000000101");
    assert_eq!(resident.name, "山口 𠮷郎");
    assert_eq!(resident.birthday.original(), "昭和45年3月1日");
    assert_eq!(resident.birthday.date(), Some(date!(1970 - 03 - 01)));
    assert_eq!(resident.postal_code, "0000101");
    assert_eq!(resident.building.as_deref(), Some("コーポ汐見 101"));
    assert_eq!(resident.alias, None);
    assert_eq!(resident.changed_on.unwrap().date(), Some(date!(2018 - 04 - 01)));
    assert!(!resident.protected);
    assert!(row.notes.is_empty());
}

#[test]
fn the_same_file_is_read_in_utf_8_with_bom_and_in_cp932() {
    let row = ROW.replace('𠮷', "吉");
    let plain = file(&[&row]);
    let text = String::from_utf8(plain.clone()).unwrap();
    let bom = [b"\xef\xbb\xbf".as_slice(), &plain].concat();
    let (cp932, _, lossy) = encoding_rs::SHIFT_JIS.encode(&text);
    assert!(!lossy);
    let expected = rows(&plain);
    assert_eq!(rows(&bom), expected);
    assert_eq!(rows(&cp932), expected);
    assert_eq!(open(&cp932).unwrap().encoding(), Encoding::Cp932);
    assert_eq!(open(&bom).unwrap().encoding(), Encoding::Utf8);
}

#[test]
fn the_letters_that_windows_adds_to_shift_jis_are_read() {
    let row = with(Column::Name, "髙﨑 ①");
    let text = format!("{HEADER}\n{row}\n");
    let (cp932, _, lossy) = encoding_rs::SHIFT_JIS.encode(&text);
    assert!(!lossy);
    assert_eq!(rows(&cp932)[0].as_ref().unwrap().resident.name, "髙﨑 ①");
}

#[test]
fn a_selector_and_a_surrogate_pair_come_through() {
    let row = rows(&file(&[&with(Column::Name, "葛\u{e0100}城 𠮷子")]))
        .remove(0)
        .unwrap();
    assert_eq!(row.resident.name, "葛\u{e0100}城 𠮷子");
}

#[test]
fn columns_may_stand_in_any_order_under_names_of_the_citys_own_with_others_between() {
    let names = [("宛名番号", "住民コード"), ("支援措置", "ＤＶ等支援")];
    let map = names.map(|(ours, theirs)| (ours.to_owned(), theirs.to_owned()));
    let map = HeaderMap::try_from(std::collections::BTreeMap::from(map)).unwrap();
    let text = "DV等支援,備考,生年月日,住民コード,世帯番号, 氏名 ,フリガナ,性別,続柄,郵便番号,住所\n\
                1,x,1945-00-00,A-1,1,山口 花,ヤマグチ ハナ,2,妻,,汐見市港町1\n";
    let reading = read(text.as_bytes(), &map, TODAY).unwrap();
    assert_eq!(reading.ignored(), ["備考"]);
    let row = reading.rows().next().unwrap().unwrap();
    assert_eq!(row.resident.number, "A1");
    assert!(row.resident.protected);
    assert_eq!(row.resident.birthday.western(), "1945-00-00");
    assert_eq!(row.notes, [RowNote::Birthday(crate::era::DateWarning::Partial)]);
}

#[test]
fn tabs_part_columns_as_well() {
    let text = format!("{HEADER}\n{ROW}\n").replace(',', "\t");
    assert!(rows(text.as_bytes())[0].is_ok());
}

#[test]
fn a_mapping_of_unknown_columns_or_of_two_to_one_name_is_refused() {
    let map = |names: &[(&str, &str)]| {
        HeaderMap::try_from(
            names
                .iter()
                .map(|(a, b)| (a.to_string(), b.to_string()))
                .collect::<std::collections::BTreeMap<_, _>>(),
        )
    };
    assert_eq!(map(&[("番号", "x")]), Err(HeaderMapError::NoSuchColumn("番号".into())));
    assert!(matches!(
        map(&[("氏名", "フリガナ")]),
        Err(HeaderMapError::NotUnique(_))
    ));
    assert!(matches!(map(&[("氏名", " ")]), Err(HeaderMapError::NotUnique(_))));
    assert!(map(&[("氏名", "漢字氏名"), ("フリガナ", "氏名")]).is_ok());
}

#[test]
fn each_wrong_field_is_rejected_with_its_line_column_and_reason() {
    assert_eq!(rejected(Column::Number, ""), Reason::Missing);
    assert_eq!(rejected(Column::Number, "123456789012345678901"), Reason::NotANumber);
    assert_eq!(rejected(Column::Number, "一二三"), Reason::NotANumber);
    assert_eq!(rejected(Column::Name, "　"), Reason::Missing);
    assert_eq!(rejected(Column::Name, "山\u{7}口"), Reason::Unprintable);
    assert_eq!(rejected(Column::Name, &"山".repeat(201)), Reason::TooLong(200));
    assert_eq!(rejected(Column::Kana, "ヤマ口 ハナ"), Reason::NotKana('口'));
    assert_eq!(rejected(Column::Birthday, "1970/03/01 9:00"), Reason::TimeOfDay);
    assert_eq!(rejected(Column::Birthday, ""), Reason::Missing);
    assert_eq!(
        rejected(Column::Birthday, "昭和45年2月32日"),
        Reason::Date(DateError::NoSuchDay)
    );
    assert_eq!(rejected(Column::Birthday, "450301"), Reason::Date(DateError::Ambiguous));
    assert_eq!(rejected(Column::Birthday, "2026-11-23"), Reason::InTheFuture);
    assert_eq!(rejected(Column::Sex, "男女"), Reason::NotASex);
    assert_eq!(rejected(Column::PostalCode, "856-868"), Reason::NotAPostalCode);
    assert_eq!(rejected(Column::Address, ""), Reason::Missing);
    assert_eq!(rejected(Column::ChangedOn, "いつか"), Reason::Date(DateError::NotADate));
    assert_eq!(rejected(Column::Protected, "たぶん"), Reason::NotAFlag);
}

#[test]
fn lines_are_counted_over_quoted_line_ends_and_empty_lines() {
    let quoted = with(Column::Building, "\"コーポ\n汐見\"");
    let bytes = file(&[ROW, &quoted, "", &with(Column::Sex, "?")]);
    let found = rows(&bytes);
    let lines: Vec<u64> = found
        .iter()
        .map(|row| row.as_ref().map_or_else(|reject| reject.line, |row| row.line))
        .collect();
    assert_eq!(lines, [2, 3, 6]);
}

#[test]
fn a_row_of_the_wrong_length_is_rejected_and_the_next_one_taken() {
    let found = rows(&file(&["1,2,3", &format!("{ROW},extra"), ROW]));
    assert_eq!(
        found[0].as_ref().unwrap_err().reason,
        Reason::FieldCount { expected: 15, found: 3 }
    );
    assert_eq!(
        found[1].as_ref().unwrap_err().reason,
        Reason::FieldCount {
            expected: 15,
            found: 16
        }
    );
    assert!(found[2].is_ok());
}

#[test]
fn of_a_number_that_stands_twice_neither_row_is_taken_and_each_names_the_other() {
    let found = rows(&file(&[
        ROW,
        &with(Column::Number, "7"),
        &with(Column::Number, "００００－０００１０１"),
    ]));
    assert_eq!(
        found[0].as_ref().unwrap_err().reason,
        Reason::DuplicateNumber { other: 4 }
    );
    assert!(found[1].is_ok());
    assert_eq!(
        found[2].as_ref().unwrap_err().reason,
        Reason::DuplicateNumber { other: 2 }
    );
}

#[test]
fn a_broken_byte_rejects_its_row_and_no_other() {
    let mut bytes = file(&[ROW, &with(Column::Number, "7")]);
    let at = bytes.windows(3).position(|window| window == "山".as_bytes()).unwrap();
    bytes[at] = 0xff;
    let found = rows(&bytes);
    assert_eq!(found[0].as_ref().unwrap_err().reason, Reason::Undecodable);
    assert_eq!(found[0].as_ref().unwrap_err().column, Some(Column::Name));
    assert!(found[1].is_ok());
}

#[test]
fn what_is_wrong_with_the_whole_file_is_said_before_any_row() {
    assert_eq!(open(b"").unwrap_err(), Unreadable::Empty);
    assert_eq!(open(b"\xef\xbb\xbf\r\n \n").unwrap_err(), Unreadable::Empty);
    assert_eq!(open(HEADER.as_bytes()).unwrap_err(), Unreadable::NoRows);
    let utf16: Vec<u8> = HEADER.encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert_eq!(open(&utf16).unwrap_err(), Unreadable::NotText);
    assert_eq!(open(b"PK\x03\x04\x14\0\0\0").unwrap_err(), Unreadable::NotText);
    assert_eq!(
        open(HEADER.replace(",支援措置", "").replace("氏名,", "").as_bytes()).unwrap_err(),
        Unreadable::MissingColumns(vec![Column::Name, Column::Protected])
    );
    assert_eq!(
        open(format!("{HEADER},氏 名\n").as_bytes()).unwrap_err(),
        Unreadable::DuplicateHeader(Column::Name)
    );
}

#[test]
fn an_open_quote_does_not_swallow_the_file_unnoticed() {
    let open_quote = with(Column::Building, "\"コーポ");
    let mut all = vec![ROW, open_quote.as_str()];
    all.extend(std::iter::repeat_n(ROW, 30));
    assert_eq!(open(&file(&all)).unwrap_err(), Unreadable::UnclosedQuote { line: 3 });
}

#[test]
fn a_file_whose_numbers_are_individual_numbers_is_refused_whole() {
    let right = |body: u64| {
        (0..10)
            .map(|digit| format!("{body:011}{digit}"))
            .find(|number| {
                check_digit::check(check_digit::NumberKind::IndividualNumber, number) == check_digit::Verdict::Valid
            })
            .unwrap()
    };
    let all: Vec<String> = (0..25)
        .map(|at| with(Column::Number, &right(12_345_678_901 + at * 37)))
        .collect();
    let all: Vec<&str> = all.iter().map(String::as_str).collect();
    assert_eq!(open(&file(&all)).unwrap_err(), Unreadable::ForbiddenNumbers);
    assert!(open(&file(&all[..5])).is_ok(), "five may fit by chance");
}

#[test]
fn odd_things_that_do_not_stop_a_row_are_noted() {
    let note = |column, value: &str| rows(&file(&[&with(column, value)])).remove(0).unwrap().notes;
    assert_eq!(note(Column::Name, "山口 \u{e001}"), [RowNote::PrivateUse(Column::Name)]);
    assert_eq!(note(Column::Name, "山口 ●子"), [RowNote::Placeholder(Column::Name)]);
    assert_eq!(note(Column::Kana, ""), [RowNote::NoKana]);
    assert_eq!(note(Column::Phone, "なし"), [RowNote::OddPhone]);
    assert_eq!(note(Column::Birthday, "昭和20年頃").len(), 2);
}

#[test]
fn rejects_can_be_corrected_in_their_file_and_imported_again() {
    let reading = open(&file(&[&with(Column::Sex, "?"), &with(Column::Number, "7")])).map(|reading| {
        let rejects: Vec<_> = reading.rows().filter_map(Result::err).collect();
        let mut out = Vec::new();
        let mut writer = RejectWriter::new(&mut out, reading.header()).unwrap();
        for reject in &rejects {
            writer.write(reject, &reject.reason.in_japanese()).unwrap();
        }
        writer.finish().unwrap();
        String::from_utf8(out).unwrap()
    });
    let text = reading.unwrap();
    assert!(text.starts_with("\u{feff}行,項目,理由,宛名番号,"));
    assert!(text.contains("\r\n2,性別,"));
    let corrected = text.replace(",?,", ",女,");
    assert_eq!(rows(corrected.as_bytes()).into_iter().filter(Result::is_ok).count(), 1);
}

#[test]
fn a_file_that_was_cut_short_is_told_as_such() {
    let whole = file(&[ROW, &with(Column::Number, "7")]);
    let cut = |bytes: usize| open(&whole[..whole.len() - bytes]).unwrap_err();
    // Within the last line, within a letter of it, within a quote.
    assert_eq!(cut(20), Unreadable::CutShort { line: 3 });
    let within_a_letter = (1..40)
        .find(|bytes| std::str::from_utf8(&whole[..whole.len() - bytes]).is_err())
        .unwrap();
    assert_eq!(cut(within_a_letter), Unreadable::CutShort { line: 3 });
    let quoted = file(&[ROW, &with(Column::Building, "\"コーポ\n汐見\"")]);
    let at = quoted.len() - 50;
    assert_eq!(open(&quoted[..at]).unwrap_err(), Unreadable::UnclosedQuote { line: 3 });
    // A row of the wrong length behind which the line ends is a reject like any other.
    let ended = [whole.as_slice(), b"\r\n1,2,3\r\n"].concat();
    assert_eq!(rows(&ended).len(), 3);
    // Nothing after the last comma and no line end: 支援措置 may have stood there.
    let bare = file(&[&with(Column::Protected, "")]);
    assert_eq!(rows(&bare)[0].as_ref().unwrap_err().reason, Reason::MayBeCut);
    let ended = [bare.as_slice(), b"\n"].concat();
    assert!(rows(&ended)[0].is_ok());
}

#[test]
fn whom_a_rejected_row_can_name_is_known() {
    let seen = |row: &str| {
        let bytes = [file(&[row]).as_slice(), b"\n"].concat();
        let reading = open(&bytes).unwrap();
        let reject = reading.rows().next().unwrap().unwrap_err();
        reading.seen(&reject)
    };
    let of = |numbers: &[&str], certain| SeenRow {
        numbers: numbers.iter().map(|number| number.to_string()).collect(),
        certain,
    };
    assert_eq!(seen(&with(Column::Sex, "?")), of(&["0000000101"], true));
    assert_eq!(seen("０００１,x"), of(&["0001"], false));
    assert!(!seen(&with(Column::Number, "?")).certain);
    // A row that swallowed its neighbours: each of them may be in it.
    let swallowed = with(
        Column::Building,
        &format!("\"コーポ\n{}\n{ROW}\"", with(Column::Number, "77")),
    );
    let seen = seen(&swallowed);
    assert!(!seen.certain && seen.numbers.contains(&"77".to_owned()), "{seen:?}");
}

#[test]
fn cp932_under_a_header_in_ascii_is_told_by_the_whole_file() {
    let names = [
        "number",
        "household",
        "name",
        "kana",
        "alias",
        "born",
        "sex",
        "relation",
        "zip",
        "address",
        "building",
        "phone",
        "changed",
        "reason",
        "protected",
    ];
    let map: std::collections::BTreeMap<_, _> = Column::ALL
        .into_iter()
        .zip(names)
        .map(|(column, name)| (column.header().to_owned(), name.to_owned()))
        .collect();
    let map = HeaderMap::try_from(map).unwrap();
    let text = format!("{}\n{}\n", names.join(","), ROW.replace('𠮷', "吉"));
    let (cp932, _, lossy) = encoding_rs::SHIFT_JIS.encode(&text);
    assert!(!lossy);
    let reading = read(&cp932, &map, TODAY).unwrap();
    assert_eq!(reading.encoding(), Encoding::Cp932);
    assert_eq!(reading.rows().next().unwrap().unwrap().resident.name, "山口 吉郎");
    assert_eq!(read(text.as_bytes(), &map, TODAY).unwrap().encoding(), Encoding::Utf8);
    // One broken byte does not make another encoding of it.
    let mut broken = text.into_bytes();
    let at = broken.windows(3).position(|window| window == "港".as_bytes()).unwrap();
    broken[at] = 0xff;
    assert_eq!(read(&broken, &map, TODAY).unwrap().encoding(), Encoding::Utf8);
}

#[test]
fn characters_nobody_sees_are_left_out_and_said() {
    let row = |column, value: &str| rows(&file(&[&with(column, value)])).remove(0);
    let taken = row(Column::Name, "山\u{200b}口\u{202e} \u{3164}葛\u{e0100}子\u{2028}").unwrap();
    assert_eq!(taken.resident.name, "山口 葛\u{e0100}子");
    assert_eq!(taken.notes, [RowNote::Unseen(Column::Name)]);
    // An empty name is an empty name, and one number is one number.
    assert_eq!(
        row(Column::Name, "\u{3164}\u{200b}").unwrap_err().reason,
        Reason::Missing
    );
    let twice = rows(&file(&[ROW, &with(Column::Number, "00000001\u{200b}01")]));
    assert!(
        twice
            .iter()
            .all(|row| matches!(row.as_ref().unwrap_err().reason, Reason::DuplicateNumber { .. }))
    );
    let header = HEADER.replace("氏名", "氏\u{200b}名");
    assert!(open(format!("{header}\n{ROW}\n").as_bytes()).is_ok());
}

#[test]
fn lawful_readings_are_taken_and_odd_ones_are_said_with_the_letter() {
    let row = |value: &str| rows(&file(&[&with(Column::Kana, value)])).remove(0).unwrap();
    for lawful in [
        "ミスヾ",
        "イスヽ",
        "ジャン＝ポール",
        "ジャン゠ポール",
        "ﾔﾏｸﾞﾁ",
        "ヿ",
        "Müller-Lüdenscheidt",
        "オブライエン（カナ）",
    ] {
        let taken = row(lawful);
        assert_eq!(
            (taken.resident.kana.as_str(), taken.notes.len()),
            (lawful, 0),
            "{lawful}"
        );
    }
    assert_eq!(row("ヤマグチ２").notes, [RowNote::OddKana('2')]);
    assert!(RowNote::OddKana('2').in_japanese().contains("「2」(U+0032)"));
}

#[test]
fn a_birthday_that_the_calendar_does_not_have_is_a_persons_all_the_same() {
    let row = rows(&file(&[&with(Column::Birthday, "昭和20年2月30日")]))
        .remove(0)
        .unwrap();
    assert_eq!(row.resident.birthday.original(), "昭和20年2月30日");
    assert_eq!(row.notes, [RowNote::Birthday(crate::era::DateWarning::NoSuchDay)]);
}

#[test]
fn what_was_noticed_has_a_kind_for_each_thing_the_office_can_act_on() {
    let note = |column, value: &str| rows(&file(&[&with(column, value)])).remove(0).unwrap().notes;
    let kinds = |column, value: &str| note(column, value).iter().map(RowNote::kind).collect::<Vec<_>>();
    assert_eq!(kinds(Column::Birthday, "昭和70年3月1日"), ["era_converted"]);
    assert_eq!(kinds(Column::Sex, "Ｘ"), ["sex_x"]);
    assert_eq!(kinds(Column::Sex, "その他"), [] as [&str; 0]);
    assert_eq!(kinds(Column::Birthday, "1970/03/01 0:00:00"), ["time_left_out"]);
    let midnight = rows(&file(&[&with(Column::Birthday, "1970-03-01T00:00:00.000Z")]))
        .remove(0)
        .unwrap();
    assert_eq!(midnight.resident.birthday.original(), "1970-03-01");
}

#[test]
fn a_reject_file_comes_back_through_a_spreadsheet_with_every_cell_as_it_was() {
    let formula = with(Column::ChangeReason, "\"=HYPERLINK(\"\"http://x.invalid\"\")\"");
    let formula = formula.replace(",男,", ",?,");
    let reading = open(&file(&[&formula])).unwrap();
    let reject = reading.rows().next().unwrap().unwrap_err();
    let mut out = Vec::new();
    let mut writer = RejectWriter::new(&mut out, reading.header()).unwrap();
    writer.write(&reject, "?").unwrap();
    writer.finish().unwrap();
    let text = String::from_utf8(out).unwrap();
    assert!(
        text.contains("'=HYPERLINK") && text.contains("'0000000101") && text.contains("'000-0101"),
        "{text}"
    );
    let back = rows(text.replace(",?,世帯主", ",男,世帯主").as_bytes());
    let resident = &back[0].as_ref().unwrap().resident;
    assert_eq!(
        resident.change_reason.as_deref(),
        Some("=HYPERLINK(\"http://x.invalid\")")
    );
    assert_eq!(
        (resident.number.as_str(), resident.household.as_str()),
        ("0000000101", "0000000011")
    );
    // In a roster that is no reject file an apostrophe is the register's own.
    let own = rows(&file(&[&with(Column::Building, "'=1")])).remove(0).unwrap();
    assert_eq!(own.resident.building.as_deref(), Some("'=1"));
}

#[test]
fn neither_display_nor_debug_of_a_reject_repeats_a_value() {
    let reject = rows(&file(&[&with(Column::Birthday, "カナリア")]))
        .remove(0)
        .unwrap_err();
    for shown in [
        format!("{reject}"),
        format!("{reject:?}"),
        reject.in_japanese(),
        format!("{:?}", reject.reason),
    ] {
        assert!(!shown.contains("カナリア") && !shown.contains("山口"), "{shown}");
    }
}

proptest! {
    #[test]
    fn no_bytes_can_break_the_reader(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        if let Ok(reading) = open(&bytes) {
            prop_assert_eq!(reading.rows().count(), reading.len());
        }
    }

    #[test]
    fn no_bytes_after_a_good_header_can_break_it_either(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let mut file = file(&[ROW]);
        file.extend(b"\n");
        file.extend(&bytes);
        if let Ok(reading) = open(&file) {
            prop_assert_eq!(reading.rows().count(), reading.len());
        }
    }

    #[test]
    fn no_field_can_break_a_row(value in "\\PC{0,30}", column in 0usize..15) {
        let mut fields: Vec<&str> = ROW.split(',').collect();
        let quoted = format!("\"{}\"", value.replace('"', "\"\""));
        fields[column] = &quoted;
        for row in rows(&file(&[&fields.join(",")])) {
            let _ = row.map_err(|reject| reject.to_string());
        }
    }
}

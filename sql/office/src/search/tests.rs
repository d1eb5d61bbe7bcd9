//! Searching a handful of made-up people, each there for a reason.

use issuance::{
    era::WrittenDate,
    person::{Resident, Sex},
};

use super::{
    SearchIndex,
    build::{Builder, Entry, address_form},
};
use crate::roster::{identity_of, residence_of};

fn person(number: &str, name: &str, kana: &str, born: &str, address: &str) -> Resident {
    Resident {
        number: number.into(),
        household: "900".into(),
        name: name.into(),
        kana: kana.into(),
        alias: None,
        birthday: WrittenDate::read(born).unwrap(),
        sex: Sex::Female,
        relation: "世帯主".into(),
        postal_code: "8560000".into(),
        address: address.into(),
        building: None,
        phone: None,
        changed_on: None,
        change_reason: None,
        protected: false,
    }
}

fn index() -> SearchIndex {
    let mut residents = vec![
        person(
            "0000001001",
            "山口 𠮷郎",
            "ヤマグチ ヨシロウ",
            "昭和45年3月1日",
            "汐見市本町1丁目2番3号",
        ),
        person(
            "0000001002",
            "山口 さくら",
            "ヤマグチ サクラ",
            "1970-03-15",
            "汐見市本町1丁目2番3号",
        ),
        person(
            "0000001003",
            "小山 口子",
            "コヤマ クチコ",
            "昭和20年頃",
            "汐見市港町5番地",
        ),
        person(
            "0000001004",
            "山口 さくら",
            "ヤマグチ サクラ",
            "平成2年1月8日",
            "汐見市浜3丁目4番",
        ),
        person(
            "0000001005",
            "渡邉 葛󠄀子",
            "ワタナベ カツコ",
            "1945-00-00",
            "汐見市山口10番地",
        ),
        person(
            "0000001970",
            "Nguyễn Anh",
            "グエン アン",
            "1995-12-31",
            "汐見市港町5番地",
        ),
    ];
    residents[5].alias = Some("青木 杏".into());
    residents[0].phone = Some("0957-00-1234".into());
    let mut hidden = person(
        "0000001999",
        "秘田 隠子",
        "ヒダ カクコ",
        "1980-01-01",
        "汐見市内緒町9丁目",
    );
    hidden.protected = true;
    hidden.phone = Some("090-0000-1234".into());
    hidden.household = "901".into();
    residents.push(hidden);
    // Nobody set the mark for the child who lives there too.
    let mut child = person(
        "0000002008",
        "秘田 望",
        "ヒダ ノゾミ",
        "2015-05-05",
        "汐見市内緒町9丁目",
    );
    child.household = "901".into();
    residents.push(child);
    let mut builder = Builder::with_room_for(0);
    for (at, resident) in residents.iter().enumerate() {
        let entry = Entry::of(identity_of(resident), residence_of(resident), false).unwrap();
        builder.push(uuid::Uuid::from_u128(at as u128 + 1), entry);
    }
    builder.finish(1)
}

fn names(typed: &str) -> Vec<String> {
    index()
        .search(typed, 10)
        .hits
        .into_iter()
        .map(|hit| hit.number[6..].to_owned())
        .collect()
}

#[test]
fn a_reading_is_found_in_any_kana_and_width() {
    for typed in ["ヤマグチ サ", "やまぐち さくら", "ﾔﾏｸﾞﾁ ｻｸﾗ", "やまぐちさくら"] {
        assert_eq!(names(typed), ["1002", "1004"], "{typed}");
    }
}

#[test]
fn a_name_is_found_by_its_variant_characters() {
    assert_eq!(names("吉郎"), ["1001"]);
    assert_eq!(names("渡辺"), ["1005"]);
    assert_eq!(names("葛子"), ["1005"]);
    assert_eq!(names("nguyen"), ["1970"]);
    assert_eq!(names("青木"), ["1970"]);
}

#[test]
fn a_birthday_is_found_in_any_form_and_by_its_year_or_month() {
    for typed in [
        "S45.3.1",
        "昭和45年3月1日",
        "昭和45年 3月 1日",
        "19700301",
        "1970-03-01",
    ] {
        assert_eq!(names(typed), ["1001"], "{typed}");
    }
    assert_eq!(names("197003"), ["1002", "1001"]);
    // 1970 ends a number too, but begins none: four digits are a year.
    assert_eq!(names("1970"), ["1002", "1001"]);
    // Unknown months and days are found by what is known.
    assert_eq!(names("1945"), ["1003", "1005"]);
}

#[test]
fn an_address_is_found_however_its_numbers_are_written() {
    for typed in ["本町1-2-3", "本町１丁目２番３号", "本町1丁目2-3"] {
        assert_eq!(names(typed), ["1002", "1001"], "{typed}");
    }
    assert_eq!(address_form("港町5番地"), "港町5");
    assert_eq!(address_form("中央2番町3番4-501号室"), "中央2町3-4-501室");
}

#[test]
fn a_number_is_found_from_its_beginning_and_the_whole_number_comes_first() {
    assert_eq!(names("0000001003"), ["1003"]);
    assert_eq!(names("000000100").len(), 5);
}

#[test]
fn every_term_must_fit() {
    assert_eq!(names("山口 本町"), ["1002", "1001"]);
    assert_eq!(names("さくら 平成2"), ["1004"]);
    assert_eq!(names("さくら 港町"), Vec::<String>::new());
}

#[test]
fn names_that_begin_so_come_before_those_that_contain_it_and_before_addresses() {
    assert_eq!(names("山口"), ["1002", "1004", "1001", "1003", "1005"]);
    let found = index().search("山口", 2);
    assert_eq!((found.hits.len(), found.total), (2, 5));
}

#[test]
fn people_of_one_name_are_marked() {
    let namesakes: Vec<u16> = index()
        .search("やまぐち", 10)
        .hits
        .iter()
        .map(|hit| hit.namesakes)
        .collect();
    assert_eq!(namesakes, [1, 1, 0]);
}

#[test]
fn a_protected_address_is_neither_found_nor_shown() {
    assert!(names("内緒町").is_empty());
    let found = index().search("ひだ", 10);
    assert_eq!(found.hits.len(), 2);
    assert!(
        found.hits.iter().all(|hit| hit.address.is_none()),
        "nor that of the same household"
    );
    assert!(!format!("{found:?}").contains("秘田"));
}

#[test]
fn no_hit_runs_over_from_one_person_into_the_next() {
    // The end of one number and the beginning of another's reading stand side by side in memory.
    for typed in ["1002ヤマ", "\u{1}ヤマ", "\u{4}", "1003ワタ", ""] {
        let control_free: String = typed.chars().filter(|c| !c.is_control()).collect();
        let by_name = !control_free.is_empty() && "ヤマグチ".starts_with(&control_free);
        assert_eq!(!names(typed).is_empty(), by_name, "{typed:?}");
    }
}

#[test]
fn an_index_taken_apart_and_built_again_is_the_same() {
    let index = index();
    let mut builder = Builder::with_room_for(index.len());
    for row in (0..index.len()).rev() {
        builder.push(index.ids[row], index.entry(row));
    }
    let again = builder.finish(2);
    for typed in ["山口", "1945", "港町", "さくら"] {
        assert_eq!(index.search(typed, 10).hits, again.search(typed, 10).hits, "{typed}");
    }
}

#[test]
fn an_empty_index_answers_with_nobody() {
    assert_eq!(SearchIndex::empty().search("山口", 10).total, 0);
}

#[test]
fn a_surname_and_a_reading_typed_in_one_go_find_the_person() {
    assert_eq!(names("山口よしろう"), ["1001"]);
    assert_eq!(names("ヤマグチ𠮷郎"), ["1001"]);
    assert_eq!(names("山口ｻｸﾗ"), ["1002", "1004"]);
    assert!(names("山口かつこ").is_empty());
}

#[test]
fn a_phone_number_is_found_however_it_is_set_and_nobodys_who_is_kept_back() {
    for typed in [
        "0957-00-1234",
        "0957001234",
        "（0957）00-1234",
        "０９５７００",
        "001234",
    ] {
        assert_eq!(names(typed), ["1001"], "{typed}");
    }
    assert!(names("090-0000-1234").is_empty());
    // Four digits are a year, or stand in too many numbers.
    assert!(names("1234").is_empty());
}

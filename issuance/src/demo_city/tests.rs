use std::collections::{BTreeMap, BTreeSet};

use time::macros::date;

use super::*;
use crate::{
    era::age::{Answer, is_adult, is_under_15},
    roster::{self, Encoding, HeaderMap},
};

const TODAY: Date = date!(2026 - 11 - 22);

fn city(rows: usize) -> Vec<Resident> {
    residents(1, rows, TODAY).collect()
}

#[test]
fn one_seed_gives_one_city_and_another_gives_another() {
    assert_eq!(city(2_000), city(2_000));
    let other: Vec<_> = residents(2, 2_000, TODAY).collect();
    assert_ne!(city(2_000)[20..], other[20..]);
    assert_eq!(city(12), other[..12], "the people of the manuals stay");
}

#[test]
fn no_number_is_given_twice() {
    let city = city(20_000);
    let numbers: BTreeSet<_> = city.iter().map(|resident| &resident.number).collect();
    assert_eq!(numbers.len(), city.len());
}

#[test]
fn every_household_has_one_head_and_every_child_under_15_a_grown_up() {
    // Whole households only: the last may be cut short.
    let city = city(20_000);
    let mut households: BTreeMap<&str, Vec<&Resident>> = BTreeMap::new();
    for resident in &city {
        households.entry(&resident.household).or_default().push(resident);
    }
    households.remove(city.last().unwrap().household.as_str());
    let mut children = 0;
    for members in households.values() {
        assert_eq!(members.iter().filter(|member| member.is_head()).count(), 1);
        let grown_up = members
            .iter()
            .any(|member| is_adult(&member.birthday, TODAY) == Answer::Yes);
        for member in members {
            if is_under_15(&member.birthday, TODAY) == Answer::Yes {
                children += 1;
                assert!(grown_up, "a child alone in {}", member.household);
            }
            assert!(member.birthday.span().is_none_or(|(first, _)| first <= TODAY));
            assert_eq!(member.protected, members[0].protected);
        }
    }
    assert!((1_000..6_000).contains(&children), "{children} children in 20,000");
}

#[test]
fn the_city_holds_what_makes_registers_hard() {
    let city = city(20_000);
    let some = |test: &dyn Fn(&Resident) -> bool| city.iter().filter(|resident| test(resident)).count();
    assert!(some(&|r| r.name.contains('𠮷')) > 5);
    assert!(some(&|r| r.name.contains("葛\u{e0100}")) >= 1);
    assert!(some(&|r| r.alias.is_some()) > 20);
    assert!(some(&|r| r.name.chars().count() > 40) >= 2);
    assert!(some(&|r| r.protected) > 10);
    assert!(some(&|r| !r.birthday.is_whole()) > 3);
    assert!(some(&|r| r.building.is_some()) > 4_000);
    let mut names: BTreeMap<&str, usize> = BTreeMap::new();
    for resident in &city {
        *names.entry(&resident.name).or_default() += 1;
    }
    assert!(names.values().any(|count| *count >= 5), "nobody shares a name");
    assert!(names.len() > 8_000, "only {} different names", names.len());
}

#[test]
fn telephones_lie_in_ranges_that_are_not_given_out() {
    for resident in city(5_000) {
        if let Some(phone) = resident.phone {
            assert!(
                phone.starts_with("0957-00-") || phone[3..].starts_with("-0000-"),
                "{phone}"
            );
        }
    }
}

#[test]
fn the_file_is_read_back_as_the_city_it_was_made_from() {
    let mut file = Vec::new();
    let written = write_csv(&mut file, residents(1, 3_000, TODAY), Encoding::Utf8).unwrap();
    assert_eq!((written.rows, written.reduced), (3_000, 0));
    let reading = roster::read(&file, &HeaderMap::default(), TODAY).unwrap();
    let read: Vec<_> = reading.rows().map(|row| row.unwrap().resident).collect();
    assert_eq!(read, city(3_000));
}

#[test]
fn what_cp932_lacks_is_reduced_and_counted() {
    let mut file = Vec::new();
    let written = write_csv(&mut file, residents(1, 3_000, TODAY), Encoding::Cp932).unwrap();
    assert!(written.reduced > 3);
    let reading = roster::read(&file, &HeaderMap::default(), TODAY).unwrap();
    assert_eq!(reading.encoding(), Encoding::Cp932);
    let read: Vec<_> = reading.rows().map(|row| row.unwrap().resident).collect();
    assert_eq!(read[0].name, "山口 吉郎");
    assert_eq!(read[6].name, "Nguyen Anh");
    assert_eq!(read[7].name, "葛城 壽美惠");
    assert_eq!(read[8].name, "髙﨑 邊廣");
    assert_eq!(read.len(), 3_000);
}

#[test]
fn a_roster_of_90_000_is_read_whole() {
    let mut file = Vec::new();
    write_csv(&mut file, residents(1, 90_000, TODAY), Encoding::Cp932).unwrap();
    let reading = roster::read(&file, &HeaderMap::default(), TODAY).unwrap();
    assert_eq!(reading.len(), 90_000);
    let mut line = 1;
    for row in reading.rows() {
        line += 1;
        assert_eq!(row.unwrap().line, line);
    }
    assert_eq!(line, 90_001);
}

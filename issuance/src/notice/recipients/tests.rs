use std::collections::BTreeSet;

use relay_core::{chance::SeededChance, id::Id};
use time::macros::date;

use super::*;
use crate::{demo_city, notice::template::builtin};

const TODAY: Date = date!(2026 - 11 - 22);

fn city(rows: usize) -> Vec<Candidate> {
    let mut chance = SeededChance::new(7);
    demo_city::residents(1, rows, TODAY)
        .map(|resident| Candidate {
            id: Id::new(&mut chance),
            resident,
            gone: false,
            no_paper: false,
            send_to: None,
            returned: false,
            facts: Some(Facts::default()),
        })
        .collect()
}

fn household_letters(people: &[Candidate]) -> Plan {
    let kinds = builtin().unwrap();
    plan(kinds.find("medical-expenses").unwrap(), people, TODAY)
}

/// A household of the city in which nobody is under support measures, with a child.
fn family(people: &[Candidate]) -> Vec<usize> {
    let rules = Rules { people, today: TODAY };
    let child = (0..people.len())
        .find(|at| rules.is_child(*at) && !people[*at].resident.protected)
        .unwrap();
    let number = &people[child].resident.household;
    (0..people.len())
        .filter(|at| people[*at].resident.household == *number)
        .collect()
}

#[test]
fn everyone_is_in_exactly_one_letter_or_left_out_for_exactly_one_reason() {
    let mut people = city(5_000);
    for (at, person) in people.iter_mut().enumerate() {
        person.gone = at % 53 == 0;
        person.no_paper = at % 31 == 0;
        person.returned = at % 97 == 0;
        if at % 89 == 0 {
            person.resident.postal_code.clear();
        }
        if at % 61 == 0 {
            person.resident.change_reason = Some("死亡".into());
        }
        person.facts = person.facts.take().filter(|_| at % 3 != 0);
    }
    let kinds = builtin().unwrap();
    for template in kinds.iter() {
        let plan = plan(template, &people, TODAY);
        let mut seen = BTreeSet::new();
        let about = plan.letters.iter().flat_map(|letter| &letter.about);
        for at in about.chain(plan.excluded.iter().map(|(at, _)| at)) {
            assert!(seen.insert(*at), "{}: {at} twice", template.name);
        }
        let population = (0..people.len()).filter(|at| in_population(template.recipients, &people[*at], TODAY));
        assert!(
            population.eq(seen),
            "{}: somebody is left out without a reason",
            template.name
        );
    }
}

#[test]
fn a_household_has_one_letter_to_its_head_and_a_child_none_of_its_own() {
    let people = city(2_000);
    let family = family(&people);
    let plan = household_letters(&people);
    let letters: Vec<_> = plan
        .letters
        .iter()
        .filter(|letter| family.contains(&letter.about[0]))
        .collect();
    assert_eq!(letters.len(), 1);
    assert_eq!(letters[0].about, family);
    assert!(people[letters[0].to].resident.is_head());
}

#[test]
fn under_support_measures_each_gets_their_own_and_nobody_learns_anothers_address() {
    let mut people = city(2_000);
    let family = family(&people);
    let victim = *family.iter().find(|at| !people[**at].resident.is_head()).unwrap();
    people[victim].resident.protected = true;
    people[victim].resident.address = "汐見市別の町9丁目".into();
    let plan = household_letters(&people);
    for letter in plan.letters.iter().filter(|letter| family.contains(&letter.about[0])) {
        assert_eq!(letter.about.len(), 1);
        let reader = &people[letter.to].resident;
        assert_eq!(people[letter.about[0]].resident.protected, reader.protected);
        let kinds = builtin().unwrap();
        let written = super::letter(kinds.find("medical-expenses").unwrap(), &people, letter, &Said::new());
        let shows = written.to.address_lines.iter().any(|line| line.contains("別の町"));
        assert_eq!(shows, reader.protected);
    }
}

#[test]
fn a_child_under_support_measures_with_no_guardian_under_them_is_left_out_rather_than_shown() {
    let mut people = city(2_000);
    let family = family(&people);
    let rules = Rules {
        people: &people,
        today: TODAY,
    };
    let child = *family.iter().find(|at| rules.is_child(**at)).unwrap();
    people[child].resident.protected = true;
    let plan = household_letters(&people);
    assert!(plan.excluded.contains(&(child, Excluded::NoGuardian)));
}

#[test]
fn the_dead_the_gone_and_those_who_want_no_paper_are_stopped_each_by_name() {
    let mut people = city(400);
    let single = |people: &[Candidate], nth: usize| {
        let alone = |at: &usize| {
            let number = &people[*at].resident.household;
            !people[*at].resident.protected && people.iter().filter(|p| p.resident.household == *number).count() == 1
        };
        (20..people.len()).filter(alone).nth(nth).unwrap()
    };
    let at: Vec<usize> = (0..6).map(|nth| single(&people, nth)).collect();
    people[at[0]].resident.change_reason = Some("死亡".into());
    people[at[1]].resident.change_reason = Some("転出".into());
    people[at[2]].gone = true;
    people[at[3]].no_paper = true;
    people[at[4]].resident.address.clear();
    people[at[5]].returned = true;
    let plan = household_letters(&people);
    let reasons = [
        Excluded::Deceased,
        Excluded::MovedOut,
        Excluded::Gone,
        Excluded::NoPaperWanted,
        Excluded::NoAddress,
        Excluded::Returned,
    ];
    for (at, reason) in at.into_iter().zip(reasons) {
        assert!(plan.excluded.contains(&(at, reason)), "{reason:?}");
    }
}

#[test]
fn whoever_is_reached_elsewhere_gets_it_there() {
    let mut people = city(400);
    let elsewhere = Addressee {
        postal_code: "859-9999".into(),
        address_lines: vec!["汐見市丘の上1番地".into()],
        name: "後見 人子".into(),
    };
    people[30].send_to = Some(elsewhere.clone());
    people[30].facts = Some(Facts::default());
    let kinds = builtin().unwrap();
    let template = kinds.find("medical-expenses").unwrap();
    let mut rules = Plan::default();
    Rules {
        people: &people,
        today: TODAY,
    }
    .one(30, &[30], &mut rules);
    assert_eq!(
        super::letter(template, &people, &rules.letters[0], &Said::new()).to,
        elsewhere
    );
}

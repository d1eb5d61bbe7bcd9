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

fn elsewhere() -> Addressee {
    Addressee {
        postal_code: "859-9999".into(),
        address_lines: vec!["汐見市丘の上1番地".into()],
        name: "後見 人子".into(),
    }
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
        person.gone = at.is_multiple_of(53);
        person.no_paper = at.is_multiple_of(31);
        person.returned = at.is_multiple_of(97);
        if at.is_multiple_of(89) {
            person.resident.postal_code.clear();
        }
        if at.is_multiple_of(61) {
            person.resident.change_reason = Some("死亡".into());
        }
        person.facts = person.facts.take().filter(|_| !at.is_multiple_of(3));
        person.send_to = at.is_multiple_of(41).then(elsewhere);
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

/// Of each letter that says something of one of `family`: whom it is about, and whether it goes elsewhere.
fn letters_of(people: &[Candidate], family: &[usize]) -> Vec<(Vec<usize>, bool)> {
    let kinds = builtin().unwrap();
    let template = kinds.find("medical-expenses").unwrap();
    let plan = household_letters(people);
    let theirs = plan.letters.iter().filter(|letter| family.contains(&letter.about[0]));
    theirs
        .map(|letter| {
            let to = super::letter(template, people, letter, &Said::new()).to;
            (letter.about.clone(), to == elsewhere())
        })
        .collect()
}

#[test]
fn whoever_is_reached_elsewhere_gets_their_own_there_and_the_households_letter_says_nothing_of_them() {
    let people = city(2_000);
    let family = family(&people);
    let rules = Rules {
        people: &people,
        today: TODAY,
    };
    let grown: Vec<usize> = family.iter().copied().filter(|at| !rules.is_child(*at)).collect();
    assert!(grown.len() > 1, "a couple with a child");
    // Whoever it is, the head of the household or not, a grown-up or a child.
    for away in &family {
        let mut people = city(2_000);
        people[*away].send_to = Some(elsewhere());
        let rest: Vec<usize> = family.iter().copied().filter(|at| at != away).collect();
        let mut letters = letters_of(&people, &family);
        letters.sort_by_key(|(_, there)| *there);
        assert_eq!(letters, [(rest, false), (vec![*away], true)], "{away}");
    }
}

#[test]
fn a_childs_letter_does_not_follow_its_parent_into_an_institution() {
    let mut people = city(2_000);
    let family = family(&people);
    let children: Vec<usize> = {
        let rules = Rules {
            people: &people,
            today: TODAY,
        };
        family.iter().copied().filter(|at| rules.is_child(*at)).collect()
    };
    for at in family.iter().filter(|at| !children.contains(at)) {
        people[*at].send_to = Some(elsewhere());
    }
    let kinds = builtin().unwrap();
    for name in ["medical-expenses", "eligibility"] {
        let plan = plan(kinds.find(name).unwrap(), &people, TODAY);
        for child in &children {
            assert!(plan.excluded.contains(&(*child, Excluded::NoGuardian)), "{name}");
        }
    }
}

#[test]
fn a_households_letter_holds_only_those_who_live_where_it_goes() {
    let mut people = city(2_000);
    let family = family(&people);
    let student = *family
        .iter()
        .find(|at| {
            let rules = Rules {
                people: &people,
                today: TODAY,
            };
            !people[**at].resident.is_head() && !rules.is_child(**at)
        })
        .unwrap();
    people[student].resident.address = "汐見市学生寮1番地".into();
    let rest: Vec<usize> = family.iter().copied().filter(|at| *at != student).collect();
    let about: Vec<_> = letters_of(&people, &family)
        .into_iter()
        .map(|(about, _)| about)
        .collect();
    assert!(about.contains(&rest) && about.contains(&vec![student]), "{about:?}");
}

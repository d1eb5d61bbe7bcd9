use std::collections::BTreeSet;

use relay_core::{chance::SeededChance, id::Id};

use super::*;
use crate::case::{CardId, PostPlace, ShelfPlace};

fn every_state() -> Vec<CaseState> {
    let card: CardId = Id::new(&mut SeededChance::new(1));
    let shelf = ShelfPlace::parse("A-12").unwrap();
    vec![
        CaseState::Applied,
        CaseState::Verified,
        CaseState::Making { card },
        CaseState::Made { card },
        CaseState::Shelved { card, shelf },
        CaseState::ByPost {
            card,
            at: PostPlace::Outgoing,
        },
        CaseState::ByPost {
            card,
            at: PostPlace::InPost,
        },
        CaseState::ByPost {
            card,
            at: PostPlace::Returned,
        },
        CaseState::HandedOver { card },
        CaseState::Cancelled { reason: String::new() },
    ]
}

#[test]
fn no_two_acts_share_a_name_and_each_names_a_thing_and_what_was_done() {
    let names: BTreeSet<&str> = ALL.iter().map(|row| row.name).collect();
    assert_eq!(names.len(), ALL.len());
    for name in names {
        let (thing, done) = name.split_once('.').unwrap_or_else(|| panic!("{name}"));
        let plain = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
        assert!(plain(thing) && plain(done), "{name}");
    }
}

#[test]
fn every_act_tells_the_auditor_what_it_means_and_where_it_is_offered() {
    for row in ALL.iter().copied() {
        assert!(row.meaning.japanese.ends_with('。'), "{}", row.name);
        assert!(row.meaning.english.ends_with('.'), "{}", row.name);
        let (Offered::Screen(said) | Offered::Command(said) | Offered::Nowhere(said)) = row.offered;
        assert!(!said.is_empty(), "{} is offered nowhere and does not say why", row.name);
    }
}

#[test]
fn an_act_that_needs_a_second_clerk_is_none_that_anyone_may_do() {
    for row in ALL.iter().copied() {
        assert!(row.second == Second::None || !row.roles().is_empty(), "{}", row.name);
    }
}

#[test]
fn every_act_on_a_case_or_a_card_can_be_done_at_some_time_and_not_at_all_times_unless_it_says_so() {
    for row in ALL.iter().copied() {
        let cases = every_state().iter().filter(|state| row.suits_case(state)).count();
        let cards = CardStanding::ALL.iter().filter(|card| row.suits_card(**card)).count();
        match row.stage {
            Stage::Office => assert_eq!(cases + cards, 0, "{}", row.name),
            Stage::AnyCase => assert_eq!(cases, every_state().len(), "{}", row.name),
            Stage::Case(_) => assert!((1..every_state().len()).contains(&cases), "{}", row.name),
            Stage::Card(_) => assert!(cards > 0, "{}", row.name),
        }
    }
}

#[test]
fn a_closed_case_takes_nothing_more() {
    let closed = every_state().into_iter().filter(CaseState::is_closed);
    for state in closed {
        for row in ALL.iter().copied().filter(|row| matches!(row.stage, Stage::Case(_))) {
            assert!(
                !row.suits_case(&state),
                "{} of a case that is {}",
                row.name,
                state.name()
            );
        }
    }
}

#[test]
fn the_facts_of_an_act_are_read_as_they_were_written() {
    let suspended = CardSuspended {
        checked: crate::standing::HolderCheck::CalledBack,
        words: SealedWords("00".into()),
    };
    let written = serde_json::to_value(&suspended).unwrap();
    assert_eq!(written, serde_json::json!({ "checked": "called_back", "words": "00" }));
    assert_eq!(serde_json::from_value::<CardSuspended>(written).unwrap(), suspended);
    // As the trail kept it before there were types for it.
    let before = serde_json::json!({ "exceptions": 0, "approved_by": [] });
    assert!(serde_json::from_value::<CaseVerified>(before).is_ok());
    assert_eq!(serde_json::to_value(CaseClaimed {}).unwrap(), serde_json::json!({}));
}

#[test]
fn a_purpose_is_read_as_it_is_stored() {
    for purpose in SecondPurpose::ALL {
        assert_eq!(purpose.as_str().parse(), Ok(purpose));
        assert_eq!(serde_json::to_value(purpose).unwrap(), purpose.as_str());
    }
}

#[test]
fn the_auditors_manual_lists_the_acts_as_their_rows_say() {
    let manual = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../manuals/auditor/README.md");
    let manual = std::fs::read_to_string(manual).unwrap();
    let listed = manual
        .split_once("<!-- acts: made by `madoguchi audit acts` -->\n")
        .and_then(|(_, rest)| rest.split_once("<!-- end of acts -->"));
    let listed = listed.map(|(listed, _)| listed);
    let made = manual::table();
    assert!(listed == Some(made.as_str()), "put this between the two marks:\n{made}");
}

//! What the joiner tries finds people: each way does where somebody was careless in just that way, and none does where
//! nobody was.

use std::fmt::Write as _;

use relay_core::chance::{Chance, SeededChance, draw};
use time::{Duration, OffsetDateTime, format_description::well_known::Rfc3339, macros::datetime};

use super::{
    kept::{Kept, Records, SERVICES, Visit, places},
    shuffled,
    ways::{WAYS, by_being_told},
};

const PERSONS: usize = 40;
const BEGAN: OffsetDateTime = datetime!(2026-11-22 9:00:00.137_511 UTC);

/// Two services' records of people who came to each in sessions of their own and left it at another moment. What stands at
/// one place in both is the same person's, until [`put`] puts them in the order of the visits.
fn scene(chance: &mut SeededChance) -> Records {
    let mut records: Records = Default::default();
    let random = |chance: &mut SeededChance| i64::from(u16::from_be_bytes(draw(chance)));
    for _ in 0..PERSONS {
        for visits in &mut records {
            let at = BEGAN + Duration::milliseconds(random(chance) * 50);
            visits.push(Visit {
                asked: at - Duration::milliseconds(400),
                at,
                name: hex::encode(draw::<16>(chance)),
                shown: at - Duration::seconds(random(chance)),
                over: Some(BEGAN + Duration::HOUR * 2 + Duration::milliseconds(random(chance) * 50)),
            });
        }
    }
    records
}

/// The records as services keep them, in the order of the visits, and who is who.
fn put(mut records: Records) -> (Records, Vec<[String; 2]>) {
    let truth = (0..PERSONS).map(|person| [0, 1].map(|which: usize| records[which][person].name.clone()));
    let truth = truth.collect();
    for visits in &mut records {
        visits.sort_by_key(|visit| visit.at);
    }
    (records, truth)
}

fn found(way: &str, records: Records, kept: &str) -> usize {
    let (records, truth) = put(records);
    let (_, tried) = WAYS
        .iter()
        .find(|(name, _)| *name == way)
        .expect("it is one of the ways");
    super::right(&tried(&records, &Kept::read(kept)), &truth)
}

fn moment(at: OffsetDateTime) -> String {
    at.format(&Rfc3339).expect("a moment is written")
}

fn token(what: &str, person: usize, which: usize) -> String {
    hex::encode(&relay_saml::fingerprint(format!("{what} {person} {which}").as_bytes())[..16])
}

/// One row for each visit, in the order of `by`.
fn rows(records: &Records, by: impl Fn(&Visit) -> Vec<u8>, row: impl Fn(&Visit, usize, usize) -> String) -> String {
    let mut all: Vec<_> = places(records).collect();
    all.sort_by_cached_key(|(which, person)| by(&records[*which][*person]));
    all.iter().fold(String::new(), |mut kept, (which, person)| {
        let row = row(&records[*which][*person], *person, *which);
        let _ = writeln!(kept, "INSERT INTO careless.{row};");
        kept
    })
}

/// An order that says nothing.
fn anyhow(visit: &Visit) -> Vec<u8> {
    visit.name.clone().into_bytes()
}

fn as_they_came(visit: &Visit) -> Vec<u8> {
    visit.at.unix_timestamp_nanos().to_be_bytes().to_vec()
}

/// A trail in which a visit and the leaving after it have a name in common.
fn trail(records: &Records) -> String {
    rows(records, anyhow, |visit, person, which| {
        let (at, name) = (
            moment(visit.at - Duration::MILLISECOND),
            token("session", person, which),
        );
        format!(
            "trail VALUES ('{at}', 'sign_in.answered', '{}', '{name}')",
            SERVICES[which]
        )
    })
}

#[test]
fn each_way_finds_people_where_somebody_was_careless_in_just_that_way() {
    let mut chance = SeededChance::new(5);
    let scene = scene(&mut chance);
    for (way, _) in WAYS {
        let clean = rows(&scene, anyhow, |_, person, which| {
            format!("trail VALUES ('{}')", token("nothing", person, which))
        });
        let by_chance = found(way, scene.clone(), &(clean + &trail(&scene)));
        assert!(by_chance < super::BY_CHANCE, "{way}: {by_chance} with nothing to go by");
        let mut records = scene.clone();
        let kept = careless(way, &mut records, &mut chance);
        let right = found(way, records, &kept);
        assert!(right > PERSONS * 3 / 4, "{way}: {right} of {PERSONS}");
    }
    let mut records = scene;
    tell_both_at_once(&mut records);
    let (records, truth) = put(records);
    assert_eq!(super::right(&by_being_told(&records), &truth), PERSONS);
}

fn tell_both_at_once(records: &mut Records) {
    with_both(records, |clinic, school| {
        school.over = clinic.over.map(|at| at + Duration::milliseconds(3));
    });
}

/// `change` made to the second visit of each person.
fn with_both([clinic, school]: &mut Records, change: impl Fn(&Visit, &mut Visit)) {
    for (one, other) in clinic.iter().zip(school) {
        change(one, other);
    }
}

/// Makes the records, or what is kept beside them, such that `way` finds people.
fn careless(way: &str, records: &mut Records, chance: &mut dyn Chance) -> String {
    let order = shuffled(PERSONS, 17).into_iter().filter(|(_, which)| *which == 0);
    let order: Vec<usize> = order.map(|(person, _)| person).collect();
    match way {
        "the order of pseudonyms" => {
            for (rank, person) in order.into_iter().enumerate() {
                for visits in &mut *records {
                    visits[person].name = format!("{rank:03}{}", hex::encode(draw::<8>(chance)));
                }
            }
            String::new()
        }
        "the order of visits" => {
            for (rank, person) in (0_i32..).zip(order) {
                for visits in &mut *records {
                    visits[person].at = BEGAN + Duration::MINUTE * rank;
                }
            }
            String::new()
        }
        "the nearest in time" => {
            with_both(records, |clinic, school| {
                school.at = clinic.at + Duration::milliseconds(20)
            });
            String::new()
        }
        "when the card was shown" => {
            with_both(records, |clinic, school| school.shown = clinic.shown);
            String::new()
        }
        "the order of being told late" => {
            for (rank, person) in (0_i32..).zip(order) {
                records[0][person].over = Some(BEGAN + Duration::SECOND * rank);
                records[1][person].over = Some(BEGAN + Duration::HOUR + Duration::SECOND * rank);
            }
            String::new()
        }
        "what rows of the same moment share" => rows(records, anyhow, |visit, person, which| {
            let at = moment(visit.at - Duration::MILLISECOND);
            format!(
                "trail VALUES ('{at}', '{}', '{}')",
                SERVICES[which],
                token("person", person, 0)
            )
        }),
        "what rows of the moment of asking share" => rows(records, anyhow, |visit, person, _| {
            let at = moment(visit.asked + Duration::MILLISECOND);
            format!("procedure VALUES ('{at}', '{}')", token("browser", person, 0))
        }),
        "what rows in the same order share" => rows(records, as_they_came, |_, person, which| {
            format!("trail VALUES ('{}', '{}')", SERVICES[which], token("person", person, 0))
        }),
        "what rows of leaving share" => {
            trail(records)
                + &rows(records, anyhow, |_, person, which| {
                    let (name, trace) = (token("session", person, which), token("trace", person, 0));
                    format!("leaving VALUES ('{}', '{name}', 'trace={trace}')", SERVICES[which])
                })
        }
        "which rows of leaving are neighbours" => {
            tell_both_at_once(records);
            let left = |visit: &Visit| {
                visit
                    .over
                    .map_or(0, OffsetDateTime::unix_timestamp_nanos)
                    .to_be_bytes()
                    .to_vec()
            };
            trail(records)
                + &rows(records, left, |_, person, which| {
                    format!(
                        "leaving VALUES ('{}', '{}')",
                        SERVICES[which],
                        token("session", person, which)
                    )
                })
        }
        "which rows of leaving are of one moment" => {
            // Nothing names anybody: the services know to the moment whom they were told of.
            tell_both_at_once(records);
            rows(records, anyhow, |visit, _, which| {
                let at = visit.over.map(moment).unwrap_or_default();
                format!("log VALUES ('{at}', '{}')", SERVICES[which])
            })
        }
        other => panic!("nobody was ever careless so that {other} finds people"),
    }
}

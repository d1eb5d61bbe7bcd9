//! The joiner (名寄せ): somebody with two services' own records and everything that one party of the relay keeps, its
//! database and all its logs, wants to know which of the clinic's patients is which of the school's parents.
//!
//! The persons are canaries: the test knows the answer, the joiner does not. The services keep the moment of every visit
//! to the microsecond, and when the assertion said that the card was shown. The joiner tries equality, the order of rows
//! and the times in them, and follows whatever two rows have in common. What this joiner can do is seen where it is given
//! a trail that names a person alike beside both services, and where it has both halves' secrets: there it finds people.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use relay::testing::{Browser, FrontProcess, Relay, TestService};
use relay_core::{
    chance::{Chance as _, SeededChance},
    pseudonym::{BlindHalf, BlindSecret, Domain, FrontHalf, FrontSecret, Service},
    registration::CardUse,
    saml::fingerprint,
};
use time::{Duration, OffsetDateTime, format_description::well_known::Rfc3339};

use crate::{CLINIC, SCHOOL, name, relay_with_two};

const PERSONS: usize = 20;
/// By chance one of a shuffled row is right on average; this many or more in eight of a hundred thousand such tests.
const BY_CHANCE: usize = 7;

/// A visit as a service writes it down: when it was, who it was, when the card had been shown.
type Visit = (OffsetDateTime, String, OffsetDateTime);
/// For each of the clinic's people one of the school's.
type Guess = HashMap<String, String>;

#[tokio::test(flavor = "multi_thread")]
async fn nobody_matches_two_services_records_by_what_one_party_keeps_and_both_secrets_together_do() {
    let (mut relay, clinic, school) = relay_with_two().await;
    let key = relay.cards.authentication();
    let mut cards = Vec::new();
    for _ in 0..PERSONS {
        let card = relay.cards.another_with_the_key_of(&key);
        relay.register(&card.certificate, CardUse::Authentication).await;
        cards.push(card);
    }
    relay.stop_front().await;
    let front = FrontProcess::start(&relay).await;

    // Everybody goes to both, in an order that has nothing to do with who they are: half of them in one session, the
    // others from another browser each time.
    let browsers: Vec<_> = cards.iter().map(|card| Browser::with_card(&relay, card)).collect();
    let mut visits: [Vec<Visit>; 2] = Default::default();
    let mut truth: Vec<[String; 2]> = vec![Default::default(); PERSONS];
    for (person, which) in shuffled() {
        let service: &TestService = [&clinic, &school][which];
        let other = Browser::with_card(&relay, &cards[person]);
        let browser = if person % 2 == 0 { &browsers[person] } else { &other };
        let assertion = browser.sign_in(&relay, service).await;
        let name = name(&assertion).value.clone();
        let shown = assertion.authentication.unwrap().at;
        visits[which].push((OffsetDateTime::now_utc(), name.clone(), shown));
        truth[person][which] = name;
    }
    let dump = |of: &store::testing::TestDatabase| String::from_utf8(of.dump().unwrap()).unwrap();
    let going_on = dump(&relay.front_database);
    assert!(going_on.contains("INSERT INTO front.participant"));
    // The day after: what is only needed while a session goes on is gone.
    let later = OffsetDateTime::now_utc() + Duration::hours(10);
    relay.records.sweep(later).await.unwrap();
    let front = dump(&relay.front_database) + &front.stop();
    let blind = dump(&relay.blind_database) + &relay.blind_log();

    for (whose, kept) in [
        ("no party", ""),
        ("the front while sessions go on", &going_on),
        ("the front", &front),
        ("the blind half", &blind),
    ] {
        assert!(
            truth.iter().flatten().all(|name| !kept.contains(name.as_str())),
            "a pseudonym stands in what {whose} keeps"
        );
        for (how, guess) in tried(&visits, kept) {
            let right = right(&guess, &truth);
            assert!(
                right < BY_CHANCE,
                "{how}, with what {whose} keeps: {right} of {PERSONS}"
            );
        }
    }
    // What is tried can tell: a trail in which a person is called the same beside both services gives everybody away.
    let careless = going_on + &careless_trail(&visits, &truth);
    let best = tried(&visits, &careless)
        .iter()
        .map(|(_, guess)| right(guess, &truth))
        .max();
    assert!(best > Some(PERSONS / 2), "this joiner finds nobody anywhere: {best:?}");
    assert_eq!(right(&by_both_secrets(&relay, &cards).await, &truth), PERSONS);
}

/// Rows as a trail would hold them that keeps one keyed name for each registration.
fn careless_trail(visits: &[Vec<Visit>; 2], truth: &[[String; 2]]) -> String {
    let row = |(which, at): (usize, usize)| {
        let (time, name, _) = &visits[which][at];
        let person = truth.iter().position(|names| names[which] == *name)?;
        let named = hex::encode(&fingerprint(format!("person {person}").as_bytes())[..16]);
        let time = (*time - Duration::milliseconds(1)).format(&Rfc3339).ok()?;
        let service = [CLINIC, SCHOOL][which];
        Some(format!(
            "\nINSERT INTO careless.trail VALUES ('{time}', '{service}', '{named}');"
        ))
    };
    places(visits).filter_map(row).collect()
}

/// Each person at each service once, in a shuffled order.
fn shuffled() -> Vec<(usize, usize)> {
    let mut chance = SeededChance::new(11);
    let mut order: Vec<_> = (0..PERSONS).flat_map(|person| [(person, 0), (person, 1)]).collect();
    order.sort_by_cached_key(|_| chance.bytes::<8>());
    order
}

fn right(guess: &Guess, truth: &[[String; 2]]) -> usize {
    truth
        .iter()
        .filter(|[clinic, school]| guess.get(clinic) == Some(school))
        .count()
}

/// All that the joiner tries.
fn tried(visits: &[Vec<Visit>; 2], kept: &str) -> Vec<(&'static str, Guess)> {
    let lines: Vec<Line> = kept
        .lines()
        .map(Line::read)
        .filter(|line| !line.words.is_empty())
        .collect();
    vec![
        ("the order of pseudonyms", by_rank(visits, true)),
        ("the order of visits", by_rank(visits, false)),
        ("the nearest in time", by_nearest(visits)),
        ("when the card was shown", by_instant(visits)),
        ("what rows of the same moment share", by_shared(visits, &lines, by_time)),
        ("what rows in the same order share", by_shared(visits, &lines, by_order)),
    ]
}

/// A row of a dump, or a line of a log.
struct Line<'t> {
    /// Which table it is of; a log line's is nothing.
    table: &'t str,
    text: &'t str,
    times: Vec<OffsetDateTime>,
    /// What could name somebody: ids, hashes, tokens.
    words: BTreeSet<&'t str>,
}

impl<'t> Line<'t> {
    fn read(text: &'t str) -> Self {
        let table = text
            .strip_prefix("INSERT INTO ")
            .and_then(|rest| rest.split(' ').next())
            .unwrap_or_default();
        let pieces = text.split(['\'', '"', ',', '(', ')', '{', '}', '=', '\\']);
        let mut times = Vec::new();
        let mut words = BTreeSet::new();
        for piece in pieces.flat_map(|piece| [piece].into_iter().chain(piece.split(' '))) {
            let piece = piece.trim();
            // As PostgreSQL writes it, and as the log does.
            let moment = piece.replacen(' ', "T", 1).replace("+00", "Z");
            match OffsetDateTime::parse(&moment, &Rfc3339) {
                Ok(time) => times.push(time),
                Err(_) if piece.len() >= 16 && piece.bytes().any(|byte| byte.is_ascii_digit()) => {
                    words.insert(piece.trim_start_matches('x'));
                }
                Err(_) => {}
            }
        }
        Self {
            table,
            text,
            times,
            words,
        }
    }
}

/// The lines that belong to each visit, by service and place in its records.
type Belonging<'l, 't> = BTreeMap<(usize, usize), Vec<&'l Line<'t>>>;

/// Lines of a moment belong to the visit that was written down next; a line that names a service, to that service's.
fn by_time<'l, 't>(visits: &[Vec<Visit>; 2], lines: &'l [Line<'t>]) -> Belonging<'l, 't> {
    let mut found = Belonging::new();
    for line in lines {
        let named = [CLINIC, SCHOOL].iter().position(|entity| line.text.contains(entity));
        for time in &line.times {
            let next = places(visits)
                .filter(|(which, _)| named.is_none_or(|named| named == *which))
                .filter(|(which, at)| visits[*which][*at].0 >= *time)
                .min_by_key(|(which, at)| visits[*which][*at].0);
            if let Some(place) = next {
                found.entry(place).or_default().push(line);
            }
        }
    }
    found
}

/// A table with as many rows as there were visits, or as one service had, holds them in their order.
fn by_order<'l, 't>(visits: &[Vec<Visit>; 2], lines: &'l [Line<'t>]) -> Belonging<'l, 't> {
    let mut found = Belonging::new();
    let mut all: Vec<_> = places(visits).collect();
    all.sort_by_key(|(which, at)| visits[*which][*at].0);
    let tables: BTreeSet<_> = lines.iter().map(|line| line.table).collect();
    for table in tables {
        let rows: Vec<_> = lines.iter().filter(|line| line.table == table).collect();
        if rows.len() == all.len() {
            for (place, row) in all.iter().zip(&rows) {
                found.entry(*place).or_default().push(*row);
            }
        }
        for (which, entity) in [CLINIC, SCHOOL].iter().enumerate() {
            let own: Vec<_> = rows.iter().filter(|row| row.text.contains(entity)).collect();
            if own.len() == visits[which].len() {
                for (at, row) in own.into_iter().enumerate() {
                    found.entry((which, at)).or_default().push(*row);
                }
            }
        }
    }
    found
}

fn places(visits: &[Vec<Visit>; 2]) -> impl Iterator<Item = (usize, usize)> {
    let counts = [visits[0].len(), visits[1].len()];
    (0..2).flat_map(move |which| (0..counts[which]).map(move |at| (which, at)))
}

/// Two visits whose lines share what few others have are one person's; lines that have such a thing in common with a
/// visit's lines count as its own.
fn by_shared<'l, 't>(
    visits: &[Vec<Visit>; 2],
    lines: &'l [Line<'t>],
    belonging: impl Fn(&[Vec<Visit>; 2], &'l [Line<'t>]) -> Belonging<'l, 't>,
) -> Guess {
    let mut holders: HashMap<&str, Vec<&Line<'_>>> = HashMap::new();
    for line in lines {
        for word in &line.words {
            holders.entry(word).or_default().push(line);
        }
    }
    let rare = |word: &str| holders.get(word).is_some_and(|lines| lines.len() <= 8);
    let mut words: BTreeMap<(usize, usize), BTreeSet<&str>> = BTreeMap::new();
    for (place, own) in belonging(visits, lines) {
        let mut all: BTreeSet<&str> = own.iter().flat_map(|line| line.words.iter().copied()).collect();
        let next: Vec<_> = all
            .iter()
            .filter(|word| rare(word))
            .flat_map(|word| &holders[word])
            .collect();
        all.extend(next.iter().flat_map(|line| line.words.iter().copied()));
        words.insert(place, all);
    }
    let mut spread: HashMap<&str, f64> = HashMap::new();
    for word in words.values().flatten() {
        *spread.entry(word).or_default() += 1.0;
    }
    let alike = |one: &(usize, usize), other: &(usize, usize)| -> f64 {
        let (Some(one), Some(other)) = (words.get(one), words.get(other)) else {
            return 0.0;
        };
        one.intersection(other).map(|word| 1.0 / spread[word]).sum()
    };
    let mut guess = Guess::new();
    for (at, (_, name, _)) in visits[0].iter().enumerate() {
        let best = (0..visits[1].len()).max_by(|one, other| {
            let (one, other) = (alike(&(0, at), &(1, *one)), alike(&(0, at), &(1, *other)));
            one.total_cmp(&other)
        });
        if let Some(best) = best {
            guess.insert(name.clone(), visits[1][best].1.clone());
        }
    }
    guess
}

fn by_rank(visits: &[Vec<Visit>; 2], sorted: bool) -> Guess {
    let [clinic, school] = visits.clone().map(|visits| {
        let mut names: Vec<_> = visits.into_iter().map(|(_, name, _)| name).collect();
        if sorted {
            names.sort();
        }
        names
    });
    clinic.into_iter().zip(school).collect()
}

fn by_nearest([clinic, school]: &[Vec<Visit>; 2]) -> Guess {
    let nearest = |time: OffsetDateTime| school.iter().min_by_key(|(other, ..)| (*other - time).abs());
    clinic
        .iter()
        .filter_map(|(time, name, _)| Some((name.clone(), nearest(*time)?.1.clone())))
        .collect()
}

/// Two services of one session are told the same of when the card was shown; the second one roughly.
fn by_instant([clinic, school]: &[Vec<Visit>; 2]) -> Guess {
    let alike = |one: OffsetDateTime, other: OffsetDateTime| {
        let roughly = |at: OffsetDateTime| at.unix_timestamp() / relay::sign_in::GRAIN.whole_seconds();
        u8::from(one == other) * 2 + u8::from(roughly(one) == roughly(other))
    };
    clinic
        .iter()
        .filter_map(|(_, name, shown)| {
            let best = school.iter().max_by_key(|(_, _, other)| alike(*shown, *other))?;
            Some((name.clone(), best.1.clone()))
        })
        .collect()
}

/// What the two halves could do if they put their secrets together.
async fn by_both_secrets(relay: &Relay, cards: &[relay::testing::TestCard]) -> Guess {
    let secret = |name: &str| std::fs::read_to_string(relay.path().join("secrets").join(name)).unwrap();
    let front = FrontHalf::new(&FrontSecret::from_text(&secret("front-1")).unwrap());
    let mut blind = BlindHalf::new(BlindSecret::from_text(&secret("blind-1")).unwrap());
    let domain = Domain::new("429996").unwrap();
    let services = [CLINIC, SCHOOL].map(|entity| Service::new(&domain, entity).unwrap());
    for service in &services {
        blind
            .accept_share(service.clone(), front.service_share(service))
            .unwrap();
    }
    let chance = &mut SeededChance::new(1);
    let mut guess = Guess::new();
    for card in cards {
        let holder = relay.records.holder(&fingerprint(&card.certificate)).await.unwrap();
        let stored = holder.unwrap().pseudonym;
        let [clinic, school] = services.each_ref().map(|service| {
            let half = front.half(&stored, service, chance).unwrap();
            blind
                .finish(&half, service, chance)
                .unwrap()
                .unwrap()
                .expose()
                .to_string()
        });
        guess.insert(clinic, school);
    }
    guess
}

//! All that the joiner tries: equality, order and time, of visits and of leaving.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use time::{Duration, OffsetDateTime};

use super::kept::{Belonging, Kept, Place, Records, Visit, by_asking, by_order, by_time};

/// For each of the clinic's people one of the school's.
pub type Guess = HashMap<String, String>;
/// A way to guess.
pub type Way = fn(&Records, &Kept<'_>) -> Guess;

/// What is tried with what one party keeps, and must find nobody.
pub const WAYS: [(&str, Way); 11] = [
    ("the order of pseudonyms", |records, _| by_rank(records, true)),
    ("the order of visits", |records, _| by_rank(records, false)),
    ("the nearest in time", |records, _| by_nearest(records)),
    ("when the card was shown", |records, _| by_instant(records)),
    ("the order of being told late", |records, _| by_late_order(records)),
    ("what rows of the same moment share", |records, kept| {
        by_shared(records, kept, by_time)
    }),
    ("what rows of the moment of asking share", |records, kept| {
        by_shared(records, kept, by_asking)
    }),
    ("what rows in the same order share", |records, kept| {
        by_shared(records, kept, by_order)
    }),
    ("what rows of leaving share", |records, kept| {
        by_leaving(records, kept, alike)
    }),
    ("which rows of leaving are neighbours", |records, kept| {
        by_leaving(records, kept, neighbours)
    }),
    ("which rows of leaving are of one moment", |records, kept| {
        by_leaving(records, kept, of_one_moment)
    }),
];

/// What two services find without the relay, because both hear at once that a session is over (decision 10, "Time").
pub fn by_being_told(records: &Records) -> Guess {
    let told = |visit: &Visit| visit.over.unwrap_or(OffsetDateTime::UNIX_EPOCH);
    guess(records, |one, other| {
        let apart = (told(one) - told(other)).abs();
        (one.over.is_some() && apart < Duration::SECOND).then(|| nearness(apart))
    })
}

/// The best of the school's visits for each of the clinic's, where `alike` finds one at all.
fn guess(records: &Records, alike: impl Fn(&Visit, &Visit) -> Option<f64>) -> Guess {
    guess_by_place(records, |one, other| {
        alike(&records[one.0][one.1], &records[other.0][other.1])
    })
}

fn guess_by_place(records: &Records, alike: impl Fn(Place, Place) -> Option<f64>) -> Guess {
    let best = |one: usize| {
        (0..records[1].len())
            .filter_map(|other| Some((other, alike((0, one), (1, other))?)))
            .max_by(|(_, one), (_, other)| one.total_cmp(other))
    };
    (0..records[0].len())
        .filter_map(|one| {
            let (other, _) = best(one)?;
            Some((records[0][one].name.clone(), records[1][other].name.clone()))
        })
        .collect()
}

fn nearness(apart: Duration) -> f64 {
    1.0 / (1.0 + apart.as_seconds_f64().abs() * 1_000.0)
}

fn by_rank(records: &Records, sorted: bool) -> Guess {
    let [clinic, school] = records.each_ref().map(|visits| {
        let mut names: Vec<_> = visits.iter().map(|visit| visit.name.clone()).collect();
        if sorted {
            names.sort();
        }
        names
    });
    clinic.into_iter().zip(school).collect()
}

fn by_nearest(records: &Records) -> Guess {
    guess(records, |one, other| Some(nearness(one.at - other.at)))
}

/// Two services of one session are told the same of when the card was shown; the second one roughly.
fn by_instant(records: &Records) -> Guess {
    let roughly = |at: OffsetDateTime| at.unix_timestamp() / relay::sign_in::GRAIN.whole_seconds();
    guess(records, |one, other| {
        let alike = u8::from(one.shown == other.shown) * 2 + u8::from(roughly(one.shown) == roughly(other.shown));
        Some(f64::from(alike))
    })
}

/// Who left the clinic while nobody left the school comes there later, in the same order.
fn by_late_order(records: &Records) -> Guess {
    let over = |which: usize| {
        let told = records[which]
            .iter()
            .filter_map(|visit| Some((visit.over?, &visit.name)));
        told.collect::<BTreeMap<_, _>>()
    };
    let (clinic, school) = (over(0), over(1));
    let alone = |at: &OffsetDateTime, others: &BTreeMap<OffsetDateTime, &String>| {
        let near = Duration::milliseconds(250);
        others.range(*at - near..*at + near).next().is_none()
    };
    let early = clinic.iter().filter(|(at, _)| alone(at, &school));
    let late = school.iter().filter(|(at, _)| alone(at, &clinic));
    early
        .zip(late)
        .map(|((_, one), (_, other))| ((*one).clone(), (*other).clone()))
        .collect()
}

/// Two visits whose lines share what few others have are one person's; lines that have such a thing in common with a
/// visit's lines count as its own.
fn by_shared(records: &Records, kept: &Kept<'_>, belonging: fn(&Records, &Kept<'_>) -> Belonging) -> Guess {
    let mut words: BTreeMap<Place, BTreeSet<&str>> = BTreeMap::new();
    for (place, own) in belonging(records, kept) {
        let lines = kept.with_theirs(&own);
        let theirs = lines.iter().flat_map(|line| kept.lines[*line].words.iter().copied());
        words.insert(place, theirs.collect());
    }
    let mut spread: HashMap<&str, f64> = HashMap::new();
    for word in words.values().flatten() {
        *spread.entry(word).or_default() += 1.0;
    }
    guess_by_place(records, |one, other| {
        let (one, other) = (words.get(&one)?, words.get(&other)?);
        Some(one.intersection(other).map(|word| 1.0 / spread[word]).sum())
    })
}

/// Two visits are one person's if the lines that tell of their leaving belong together, by `together`.
fn by_leaving(records: &Records, kept: &Kept<'_>, together: fn(&Kept<'_>, usize, usize) -> Option<f64>) -> Guess {
    let mut of_visits = by_time(records, kept);
    // By the moment a line of leaving says itself, it would be the next visitor's.
    for lines in of_visits.values_mut() {
        lines.retain(|line| kept.lines[*line].of_a_visit);
    }
    let leaving: BTreeMap<Place, BTreeSet<usize>> = super::kept::places(records)
        .map(|place| {
            let of_visit = of_visits.remove(&place).unwrap_or_default();
            (place, kept.leaving_of(records, place, &of_visit))
        })
        .collect();
    guess_by_place(records, |one, other| {
        let pairs = leaving[&one]
            .iter()
            .flat_map(|one| leaving[&other].iter().map(move |other| (*one, *other)));
        pairs
            .filter_map(|(one, other)| together(kept, one, other))
            .max_by(f64::total_cmp)
    })
}

/// They share a word, or a moment to the last digit.
fn alike(kept: &Kept<'_>, one: usize, other: usize) -> Option<f64> {
    let (one, other) = (&kept.lines[one], &kept.lines[other]);
    let moment = one
        .times
        .iter()
        .any(|time| time.nanosecond() != 0 && other.times.contains(time));
    let shared = one.words.intersection(&other.words).filter(|word| kept.rare(word));
    let score = shared.map(|word| 1.0 / kept.holding[word].len() as f64).sum::<f64>() + f64::from(u8::from(moment));
    (score > 0.0).then_some(score)
}

/// One follows the other in their table; first the clinic's, as their names do.
fn neighbours(kept: &Kept<'_>, one: usize, other: usize) -> Option<f64> {
    let (one, other) = (&kept.lines[one], &kept.lines[other]);
    let apart = one.row.abs_diff(other.row);
    let after = f64::from(u8::from(other.row > one.row));
    (one.table == other.table && apart <= 2).then(|| (1.0 + after) / apart.max(1) as f64)
}

fn of_one_moment(kept: &Kept<'_>, one: usize, other: usize) -> Option<f64> {
    let (one, other) = (&kept.lines[one], &kept.lines[other]);
    let pairs = one
        .times
        .iter()
        .flat_map(|time| other.times.iter().map(|other| *time - *other));
    // Two hours that are the same say nothing.
    let coarse = |time: &OffsetDateTime| time.unix_timestamp() % 3_600 == 0 && time.nanosecond() == 0;
    if one.times.iter().chain(&other.times).all(coarse) {
        return None;
    }
    let apart = pairs.map(Duration::abs).min()?;
    (apart < Duration::milliseconds(250)).then(|| nearness(apart))
}

//! What the joiner has in hand: two services' own records, and the rows and lines that one party kept, taken apart.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use time::{Duration, OffsetDateTime, format_description::well_known::Rfc3339};

use crate::{CLINIC, SCHOOL};

pub const SERVICES: [&str; 2] = [CLINIC, SCHOOL];
/// What more lines than this have in common names nobody.
pub const RARE: usize = 8;
/// What a service is told and what the front writes of it lie no further apart.
const CLOSE: Duration = Duration::milliseconds(100);

/// A visit as a service writes it down.
#[derive(Debug, Clone)]
pub struct Visit {
    /// When it sent the person to the relay.
    pub asked: OffsetDateTime,
    /// When they came back.
    pub at: OffsetDateTime,
    pub name: String,
    /// When the card had been shown, as it was told.
    pub shown: OffsetDateTime,
    /// When the session was over there.
    pub over: Option<OffsetDateTime>,
}

/// The clinic's visits and the school's, each in the order in which they came back.
pub type Records = [Vec<Visit>; 2];
/// A visit: at which service, and the how-manieth.
pub type Place = (usize, usize);

/// Every visit.
pub fn places(records: &Records) -> impl Iterator<Item = Place> + use<> {
    let counts = [records[0].len(), records[1].len()];
    (0..2).flat_map(move |which| (0..counts[which]).map(move |at| (which, at)))
}

/// A row of a dump, or a line of a log.
pub struct Line<'t> {
    /// Which table it is of; a log line's is nothing.
    pub table: &'t str,
    /// The how-manieth row of its table.
    pub row: usize,
    /// Which service alone it names.
    pub names: Option<usize>,
    /// Whether it tells of a visit.
    pub of_a_visit: bool,
    pub times: Vec<OffsetDateTime>,
    /// What could name somebody: ids, hashes, tokens.
    pub words: BTreeSet<&'t str>,
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
        let named: Vec<_> = (0..2).filter(|which| text.contains(SERVICES[*which])).collect();
        Self {
            table,
            row: 0,
            names: named.first().copied().filter(|_| named.len() == 1),
            of_a_visit: text.contains("sign_in."),
            times,
            words,
        }
    }
}

/// All lines of `kept` that say anything, and what few of them have in common.
pub struct Kept<'t> {
    pub lines: Vec<Line<'t>>,
    /// Which lines hold a word.
    pub holding: HashMap<&'t str, Vec<usize>>,
}

impl<'t> Kept<'t> {
    pub fn read(kept: &'t str) -> Self {
        let mut rows: HashMap<&str, usize> = HashMap::new();
        let mut lines = Vec::new();
        let mut holding: HashMap<&str, Vec<usize>> = HashMap::new();
        for text in kept.lines() {
            let mut line = Line::read(text);
            if line.words.is_empty() && line.names.is_none() {
                continue;
            }
            let row = rows.entry(line.table).or_default();
            line.row = *row;
            *row += 1;
            for word in &line.words {
                holding.entry(word).or_default().push(lines.len());
            }
            lines.push(line);
        }
        Self { lines, holding }
    }

    pub fn rare(&self, word: &str) -> bool {
        self.holding.get(word).is_some_and(|lines| lines.len() <= RARE)
    }

    /// The lines that share a rare word with one of `lines`, those included.
    pub fn with_theirs(&self, lines: &BTreeSet<usize>) -> BTreeSet<usize> {
        let words = lines.iter().flat_map(|line| &self.lines[*line].words);
        let others = words
            .filter(|word| self.rare(word))
            .flat_map(|word| &self.holding[word]);
        others.chain(lines).copied().collect()
    }

    /// Lines that tell of somebody's leaving `which`, as far as can be seen from outside.
    pub fn of_leaving(&self, which: usize) -> impl Iterator<Item = usize> {
        (0..self.lines.len()).filter(move |line| {
            let line = &self.lines[*line];
            line.names == Some(which) && !line.of_a_visit && !line.table.starts_with("front.partner")
        })
    }

    /// Lines of leaving that are `place`'s: they share something with the lines of the visit, or are the nearest of their
    /// table to the moment in which the service was told.
    pub fn leaving_of(&self, records: &Records, place: Place, of_visit: &BTreeSet<usize>) -> BTreeSet<usize> {
        let theirs = self.with_theirs(of_visit);
        let mut by_table: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for line in self.of_leaving(place.0) {
            by_table.entry(self.lines[line].table).or_default().push(line);
        }
        let apart = |line: &usize| {
            let over = records[place.0][place.1].over?;
            let apart = self.lines[*line].times.iter().map(|time| (*time - over).abs()).min()?;
            (apart < CLOSE).then_some(apart)
        };
        let mut found = BTreeSet::new();
        for lines in by_table.into_values() {
            let own = lines.iter().copied().filter(|line| theirs.contains(line));
            let nearest = lines.iter().filter_map(|line| Some((apart(line)?, *line))).min();
            found.extend(own.chain(nearest.map(|(_, line)| line)));
        }
        found
    }
}

/// The lines that belong to each visit.
pub type Belonging = BTreeMap<Place, BTreeSet<usize>>;

/// Lines of a moment belong to the visit that was written down next; a line that names a service, to that service's.
pub fn by_time(records: &Records, kept: &Kept<'_>) -> Belonging {
    let mut found = Belonging::new();
    for (at, line) in kept.lines.iter().enumerate() {
        for time in &line.times {
            let next = places(records)
                .filter(|(which, _)| line.names.is_none_or(|named| named == *which))
                .filter(|(which, at)| records[*which][*at].at >= *time)
                .min_by_key(|(which, at)| records[*which][*at].at);
            if let Some(place) = next {
                found.entry(place).or_default().insert(at);
            }
        }
    }
    found
}

/// Lines of a moment belong to the visit whose person had been sent to the relay last.
pub fn by_asking(records: &Records, kept: &Kept<'_>) -> Belonging {
    let mut found = Belonging::new();
    for (at, line) in kept.lines.iter().enumerate() {
        for time in &line.times {
            let last = places(records)
                .filter(|(which, at)| records[*which][*at].asked <= *time)
                .max_by_key(|(which, at)| records[*which][*at].asked);
            if let Some((which, visit)) = last.filter(|(which, at)| *time - records[*which][*at].asked < CLOSE * 10) {
                found.entry((which, visit)).or_default().insert(at);
            }
        }
    }
    found
}

/// A table with as many rows as there were visits, or as one service had, holds them in their order.
pub fn by_order(records: &Records, kept: &Kept<'_>) -> Belonging {
    let mut found = Belonging::new();
    let mut all: Vec<_> = places(records).collect();
    all.sort_by_key(|(which, at)| records[*which][*at].at);
    let tables: BTreeSet<_> = kept.lines.iter().map(|line| line.table).collect();
    for table in tables {
        let rows: Vec<_> = (0..kept.lines.len())
            .filter(|line| kept.lines[*line].table == table)
            .collect();
        if rows.len() == all.len() {
            for (place, row) in all.iter().zip(&rows) {
                found.entry(*place).or_default().insert(*row);
            }
        }
        for (which, visits) in records.iter().enumerate() {
            let own = rows.iter().filter(|row| kept.lines[**row].names == Some(which));
            let own: Vec<_> = own.copied().collect();
            if own.len() == visits.len() {
                for (at, row) in own.into_iter().enumerate() {
                    found.entry((which, at)).or_default().insert(row);
                }
            }
        }
    }
    found
}

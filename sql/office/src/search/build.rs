//! Building the index: parts are appended to a few long buffers, then put in the order of readings.

use std::{
    collections::{HashMap, HashSet},
    hash::{DefaultHasher, Hash, Hasher},
};

use issuance::{era::WrittenDate, name::search_form, person::Sex};
use uuid::Uuid;

use super::{HIDDEN, Marks, Person, Places, SearchIndex, span};
use crate::{
    OfficeError,
    roster::{Identity, Residence},
};

/// One resident on the way into an index.
pub(super) struct Entry {
    text: String,
    shown: String,
    phone: String,
    place: Option<Place>,
    household: u64,
    born: u32,
    sex: Sex,
    gone: bool,
}

struct Place {
    search: String,
    shown: String,
}

impl Entry {
    pub(super) fn of(identity: Identity, residence: Residence, gone: bool) -> Result<Self, OfficeError> {
        let born =
            WrittenDate::read_as_registered(&identity.6).map_err(|_| OfficeError::Unreadable(crate::roster::TABLE))?;
        let alias = identity.5.unwrap_or_default();
        let mut text = String::new();
        let parts = [
            (Marks::KANA, search_form(&identity.4)),
            (Marks::NAME, search_form(&identity.3)),
            (Marks::ALIAS, search_form(&alias)),
            (Marks::NUMBER, search_form(&identity.1)),
        ];
        for (mark, part) in parts {
            text.push(mark);
            text.push_str(&part);
        }
        // Tabs separate; a tab inside a value would shift what is shown.
        let shown = [&identity.3, &identity.4, &alias, &identity.6, &identity.1].map(|part| part.replace('\t', " "));
        let place = (!residence.5).then(|| {
            let shown = match &residence.3 {
                Some(building) => format!("{} {building}", residence.2),
                None => residence.2.clone(),
            };
            Place {
                search: address_form(&shown),
                shown,
            }
        });
        Ok(Self {
            text,
            shown: shown.join("\t"),
            phone: residence.4.as_deref().map(phone_form).unwrap_or_default(),
            place,
            household: household_of(&identity.2),
            born: packed(born.year(), born.month(), born.day()),
            sex: identity.7,
            gone,
        })
    }
}

impl SearchIndex {
    /// An entry taken out again, for building the next index without opening anything.
    pub(super) fn entry(&self, row: usize) -> Entry {
        let person = self.people[row];
        Entry {
            text: span(&self.text, &self.text_starts, row).to_owned(),
            shown: span(&self.shown, &self.shown_starts, row).to_owned(),
            phone: span(&self.phones, &self.phone_starts, row).to_owned(),
            place: (person.place != HIDDEN).then(|| {
                let place = person.place as usize;
                Place {
                    search: span(&self.places.search, &self.places.search_starts, place).to_owned(),
                    shown: span(&self.places.shown, &self.places.shown_starts, place).to_owned(),
                }
            }),
            household: person.household,
            born: person.born,
            sex: person.sex,
            gone: person.gone,
        }
    }
}

fn household_of(number: &str) -> u64 {
    if number.is_empty() {
        return 0;
    }
    let mut hasher = DefaultHasher::new();
    number.hash(&mut hasher);
    hasher.finish()
}

/// A birthday as `yyyymmdd`, zero where a part is not known.
pub(super) fn packed(year: Option<i32>, month: Option<u8>, day: Option<u8>) -> u32 {
    let year = year.and_then(|year| u32::try_from(year).ok()).unwrap_or(0);
    year * 10_000 + u32::from(month.unwrap_or(0)) * 100 + u32::from(day.unwrap_or(0))
}

/// A phone number's digits: what is set between them is typed as one likes.
pub(super) fn phone_form(text: &str) -> String {
    search_form(text).chars().filter(char::is_ascii_digit).collect()
}

/// Addresses are typed 1-2-3 and written 1丁目2番3号: in search form both are 1-2-3.
pub(super) fn address_form(text: &str) -> String {
    let form = search_form(text);
    let mut out = String::with_capacity(form.len());
    let mut rest = form.as_str();
    while let Some(c) = rest.chars().next() {
        let after_digit = out.ends_with(|c: char| c.is_ascii_digit());
        let unit = ["丁目", "番地ノ", "番地", "番", "号"]
            .into_iter()
            .find(|unit| after_digit && rest.starts_with(unit));
        match unit {
            Some(unit) => {
                rest = &rest[unit.len()..];
                // Only between numbers: 3号棟 and 2番町 keep the number and lose nothing that is typed.
                if rest.starts_with(|c: char| c.is_ascii_digit()) {
                    out.push('-');
                }
            }
            None => {
                out.push(c);
                rest = &rest[c.len_utf8()..];
            }
        }
    }
    out
}

/// Collects entries; [`Builder::finish`] sorts them.
pub(super) struct Builder {
    index: SearchIndex,
    known_places: HashMap<String, u32>,
}

impl Builder {
    pub(super) fn with_room_for(residents: usize) -> Self {
        let starts = |rows: usize| {
            let mut starts = Vec::with_capacity(rows + 1);
            starts.push(0);
            starts
        };
        let text = String::with_capacity(residents * 64);
        Self {
            index: SearchIndex {
                through: -1,
                ids: Vec::with_capacity(residents),
                text,
                text_starts: starts(residents),
                shown: String::with_capacity(residents * 80),
                shown_starts: starts(residents),
                phones: String::new(),
                phone_starts: starts(residents),
                places: Places {
                    search_starts: starts(0),
                    shown_starts: starts(0),
                    ..Places::default()
                },
                people: Vec::with_capacity(residents),
            },
            known_places: HashMap::new(),
        }
    }

    pub(super) fn push(&mut self, id: Uuid, entry: Entry) {
        let place = entry.place.map_or(HIDDEN, |place| self.place(place));
        let index = &mut self.index;
        index.ids.push(id);
        append(&mut index.text, &mut index.text_starts, &entry.text);
        append(&mut index.shown, &mut index.shown_starts, &entry.shown);
        append(&mut index.phones, &mut index.phone_starts, &entry.phone);
        index.people.push(Person {
            place,
            sheltered: place == HIDDEN,
            household: entry.household,
            born: entry.born,
            namesakes: 0,
            sex: entry.sex,
            gone: entry.gone,
        });
    }

    fn place(&mut self, place: Place) -> u32 {
        if let Some(known) = self.known_places.get(&place.shown) {
            return *known;
        }
        let places = &mut self.index.places;
        append(&mut places.search, &mut places.search_starts, &place.search);
        append(&mut places.shown, &mut places.shown_starts, &place.shown);
        let number = (places.shown_starts.len() - 2) as u32;
        self.known_places.insert(place.shown, number);
        number
    }

    /// The index, in order of readings, then birthdays: the order in which hits of one rank are shown.
    pub(super) fn finish(self, through: i64) -> SearchIndex {
        drop(self.known_places);
        let unsorted = self.index;
        let text = |row: &u32| span(&unsorted.text, &unsorted.text_starts, *row as usize);
        let mut order: Vec<u32> = (0..unsorted.ids.len() as u32).collect();
        order.sort_unstable_by(|a, b| {
            let born = |row: &u32| unsorted.people[*row as usize].born;
            (text(a), born(a), unsorted.ids[*a as usize]).cmp(&(text(b), born(b), unsorted.ids[*b as usize]))
        });
        // Who is gone lives with nobody here any more.
        let protected = unsorted
            .people
            .iter()
            .filter(|person| person.place == HIDDEN && !person.gone);
        let households: HashSet<u64> = protected.map(|person| person.household).filter(|it| *it != 0).collect();
        let mut names: HashMap<&str, u16> = HashMap::new();
        for row in order.iter().filter(|row| !unsorted.people[**row as usize].gone) {
            let count = names.entry(name_of(text(row))).or_insert(0);
            *count = count.saturating_add(1);
        }
        let mut sorted = SearchIndex {
            through,
            ids: Vec::with_capacity(order.len()),
            text: String::with_capacity(unsorted.text.len()),
            text_starts: Vec::with_capacity(order.len() + 1),
            shown: String::with_capacity(unsorted.shown.len()),
            shown_starts: Vec::with_capacity(order.len() + 1),
            phones: String::with_capacity(unsorted.phones.len()),
            phone_starts: Vec::with_capacity(order.len() + 1),
            places: Places::default(),
            people: Vec::with_capacity(order.len()),
        };
        sorted.text_starts.push(0);
        sorted.shown_starts.push(0);
        sorted.phone_starts.push(0);
        for row in &order {
            let at = *row as usize;
            sorted.ids.push(unsorted.ids[at]);
            append(&mut sorted.text, &mut sorted.text_starts, text(row));
            let shown = span(&unsorted.shown, &unsorted.shown_starts, at);
            append(&mut sorted.shown, &mut sorted.shown_starts, shown);
            let phone = span(&unsorted.phones, &unsorted.phone_starts, at);
            append(&mut sorted.phones, &mut sorted.phone_starts, phone);
            let person = unsorted.people[at];
            let others = u16::from(!person.gone);
            let namesakes = names.get(name_of(text(row))).map_or(0, |count| count - others);
            sorted.people.push(Person {
                namesakes,
                sheltered: person.place == HIDDEN || households.contains(&person.household),
                ..person
            });
        }
        drop(names);
        sorted.places = unsorted.places;
        sorted.places.search.shrink_to_fit();
        sorted.places.shown.shrink_to_fit();
        sorted.places.search_starts.shrink_to_fit();
        sorted.places.shown_starts.shrink_to_fit();
        sorted
    }
}

fn append(buffer: &mut String, starts: &mut Vec<u32>, part: &str) {
    buffer.push_str(part);
    // 4 GiB of names would be some fifty million people; a city's roster is far below.
    starts.push(u32::try_from(buffer.len()).unwrap_or(u32::MAX));
}

/// The name within a resident's text.
fn name_of(text: &str) -> &str {
    let from = text.find(Marks::NAME).map_or(0, |at| at + Marks::NAME.len_utf8());
    let to = text[from..].find(Marks::ALIAS).map_or(text.len(), |at| from + at);
    &text[from..to]
}

//! Finding a resident as one types: the whole roster lies opened in memory, in the form in which it is searched.
//!
//! Loaded once when the console starts; after an import only what changed is read. The index never leaves the
//! process. The address of a person under support measures is not in it: it is neither found by nor shown. Nor is that of
//! anyone in their household: it would be the same address.

mod build;
mod query;

use std::{fmt, ops::Range, time::Duration};

use issuance::{case::ResidentId, era::WrittenDate, person::Sex};
use store::Isolation;
use uuid::Uuid;

use self::build::{Builder, Entry};
use crate::{Office, OfficeError, roster::Progress};

/// The roster in searchable form. Made by [`Office::search_index`], never changed; a refresh makes a new one.
pub struct SearchIndex {
    /// The import up to which it is complete.
    through: i64,
    ids: Vec<Uuid>,
    /// For each resident reading, name, alias and number in search form, each behind its mark ([`Marks`]).
    text: String,
    text_starts: Vec<u32>,
    /// For each resident what is shown: name, reading, alias, birthday as written; separated by tabs.
    shown: String,
    shown_starts: Vec<u32>,
    /// For each resident the digits of the phone number; empty where the roster has none.
    phones: String,
    phone_starts: Vec<u32>,
    places: Places,
    people: Vec<Person>,
}

/// What is small enough to lie in a table.
#[derive(Clone, Copy)]
struct Person {
    /// Row in [`Places`]; [`HIDDEN`] under support measures.
    place: u32,
    /// Whether the place is kept back: they, or someone of their household, are under support measures.
    sheltered: bool,
    /// 世帯番号, hashed; zero where there is none. Two households of one hash would only shelter more than they must.
    household: u64,
    /// Birthday as `yyyymmdd`; a part that is not known is zero.
    born: u32,
    /// How many others have the same name in search form.
    namesakes: u16,
    sex: Sex,
    /// Whether the roster has them no more.
    gone: bool,
}

/// Addresses, each kept once however many live there.
#[derive(Default)]
struct Places {
    search: String,
    search_starts: Vec<u32>,
    shown: String,
    shown_starts: Vec<u32>,
}

/// The place of a person under support measures.
const HIDDEN: u32 = u32::MAX;

/// What stands before each part of a resident's text. Control characters: nothing typed can contain them.
struct Marks;

impl Marks {
    const KANA: char = '\u{1}';
    const NAME: char = '\u{2}';
    const ALIAS: char = '\u{3}';
    const NUMBER: char = '\u{4}';
}

/// What a search found.
#[derive(Debug, Clone, Default)]
pub struct Found {
    /// The best hits, best first.
    pub hits: Vec<Hit>,
    /// How many there are in all.
    pub total: usize,
}

/// One resident found. Quiet in logs.
#[derive(Clone, PartialEq, Eq)]
pub struct Hit {
    pub id: ResidentId,
    /// 宛名番号
    pub number: String,
    /// Name as in the roster.
    pub name: String,
    /// フリガナ
    pub kana: String,
    /// 通称名
    pub alias: Option<String>,
    /// 生年月日, as written in the roster.
    pub birthday: String,
    /// 性別
    pub sex: Sex,
    /// Address and building; `None` when someone of the household is under support measures.
    pub address: Option<String>,
    /// How many others have the same name, in search form.
    pub namesakes: u16,
    /// Whether the roster has them no more: moved away, or died.
    pub gone: bool,
}

impl Hit {
    /// The birthday, read.
    pub fn born(&self) -> Option<WrittenDate> {
        WrittenDate::read_as_registered(&self.birthday).ok()
    }
}

impl fmt::Debug for Hit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Hit({})", self.id)
    }
}

impl fmt::Debug for SearchIndex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "SearchIndex({} residents through import {})",
            self.len(),
            self.through
        )
    }
}

/// Rows read and opened at a time.
const CHUNK: i64 = 4_000;

impl Office {
    /// Loads the whole roster for searching.
    ///
    /// # Errors
    /// [`OfficeError`]; a roster changed under the reading is read again by [`Office::refresh_index`].
    pub async fn search_index(&self, progress: Progress<'_>) -> Result<SearchIndex, OfficeError> {
        let through = self.last_import().await?;
        let total = self
            .read("count_residents", |tx| async move {
                let row = tx
                    .query_one("-- count_residents\nSELECT count(*) FROM office.resident", &[])
                    .await?;
                Ok(usize::try_from(row.get::<_, i64>(0)).unwrap_or(0))
            })
            .await?;
        let mut builder = Builder::with_room_for(total);
        self.read_entries(-1, total, progress, |id, entry| builder.push(id, entry))
            .await?;
        Ok(builder.finish(through))
    }

    /// A newer index when the roster changed since `index` was made; `None` when it did not.
    ///
    /// # Errors
    /// [`OfficeError`]
    pub async fn refresh_index(&self, index: &SearchIndex) -> Result<Option<SearchIndex>, OfficeError> {
        let through = self.last_import().await?;
        if through == index.through {
            return Ok(None);
        }
        let mut changed = std::collections::HashMap::new();
        for id in self.taken_out_since(index.through).await? {
            changed.insert(id, None);
        }
        self.read_entries(index.through, 0, &|_, _| {}, |id, entry| {
            changed.insert(id, Some(entry));
        })
        .await?;
        let mut builder = Builder::with_room_for(index.len() + changed.len());
        for row in 0..index.len() {
            if !changed.contains_key(&index.ids[row]) {
                builder.push(index.ids[row], index.entry(row));
            }
        }
        for (id, entry) in changed {
            if let Some(entry) = entry {
                builder.push(id, entry);
            }
        }
        Ok(Some(builder.finish(through)))
    }

    /// Residents who were taken out after import `since`, because the import that had added them was undone.
    async fn taken_out_since(&self, since: i64) -> Result<Vec<Uuid>, OfficeError> {
        self.read("taken_out_since", |tx| async move {
            let rows = tx
                .query(
                    "-- taken_out_since\n\
                     SELECT c.resident FROM office.roster_import i\n\
                     JOIN office.roster_change c ON c.import = i.undoes AND c.kind = 'added' WHERE i.number > $1",
                    &[&since],
                )
                .await?;
            Ok(rows.iter().map(|row| row.get(0)).collect())
        })
        .await
    }

    /// Whose case has the number `typed`, or whose card the chip serial or certificate serial (hexadecimal): what stands
    /// on papers and cards, without a name. Nobody when it is neither.
    ///
    /// # Errors
    /// [`OfficeError`]
    pub async fn residents_by_record(&self, typed: &str) -> Result<Vec<ResidentId>, OfficeError> {
        let number = query::case_number(typed);
        let serial = query::card_serial(typed);
        if number.is_none() && serial.is_none() {
            return Ok(Vec::new());
        }
        let (year, running) = number.map_or((None, None), |number| {
            (i16::try_from(number.year).ok(), i32::try_from(number.serial).ok())
        });
        let serial = &serial;
        self.read("residents_by_record", |tx| async move {
            let rows = tx
                .query(
                    "-- residents_by_record\n\
                     SELECT resident FROM office.card_case WHERE year = $1 AND serial = $2\n\
                     UNION SELECT resident FROM office.card WHERE chip = $3\n\
                     UNION SELECT k.resident FROM office.certificate c JOIN office.card k ON k.id = c.card WHERE c.serial = $3",
                    &[&year, &running, serial],
                )
                .await?;
            Ok(rows.iter().map(|row| ResidentId::from_uuid(row.get(0))).collect())
        })
        .await
    }

    /// Reads residents changed after import `since`, opened.
    async fn read_entries(
        &self,
        since: i64,
        total: usize,
        progress: Progress<'_>,
        mut take: impl FnMut(Uuid, Entry),
    ) -> Result<(), OfficeError> {
        let mut after = Uuid::nil();
        let mut done = 0;
        loop {
            let rows = self
                .store
                .run_as(
                    "read_entries",
                    Isolation::RepeatableRead,
                    Duration::from_secs(30),
                    |tx| async move {
                        Ok::<_, OfficeError>(
                            tx.query(
                                "-- read_entries\n\
                             SELECT id, identity, residence, gone_at IS NOT NULL AS gone FROM office.resident\n\
                             WHERE id > $1 AND changed_by > $2 ORDER BY id LIMIT $3",
                                &[&after, &since, &CHUNK],
                            )
                            .await?,
                        )
                    },
                )
                .await?;
            let Some(last) = rows.last() else {
                progress(total, total);
                return Ok(());
            };
            after = last.get("id");
            for row in &rows {
                let id: Uuid = row.get("id");
                let identity = self.open_identity(id, row.get("identity"))?;
                let residence = self.open_residence(id, row.get("residence"))?;
                take(id, Entry::of(identity, residence, row.get("gone"))?);
            }
            done += rows.len();
            progress(done.min(total), total);
            tokio::task::yield_now().await;
        }
    }
}

impl SearchIndex {
    /// An index of nobody, while the real one loads.
    pub fn empty() -> Self {
        Builder::with_room_for(0).finish(-1)
    }

    /// Residents in it, those who are gone too.
    pub fn len(&self) -> usize {
        self.ids.len()
    }

    /// Whether nobody is in it.
    pub fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }

    /// The import up to which it is complete.
    pub const fn through(&self) -> i64 {
        self.through
    }

    /// Bytes it takes in memory.
    pub fn bytes(&self) -> usize {
        let words = |starts: &Vec<u32>| starts.capacity() * size_of::<u32>();
        self.ids.capacity() * size_of::<Uuid>()
            + self.people.capacity() * size_of::<Person>()
            + [
                &self.text,
                &self.shown,
                &self.phones,
                &self.places.search,
                &self.places.shown,
            ]
            .map(String::capacity)
            .iter()
            .sum::<usize>()
            + words(&self.text_starts)
            + words(&self.shown_starts)
            + words(&self.phone_starts)
            + words(&self.places.search_starts)
            + words(&self.places.shown_starts)
    }

    /// The residents who match every term of `typed`, the best `limit` of them. A term is a part of a reading (in any
    /// kana), of a name, of an alias, of an address; the beginning of a 宛名番号; a birthday in any form, or its year or
    /// year and month; a phone number from five digits on. A surname and a given name may stand without a space between
    /// them, each in its own script (山口よしろう). Those whose name begins with the first term come first, those who are gone last.
    pub fn search(&self, typed: &str, limit: usize) -> Found {
        query::search(self, typed, limit)
    }

    /// These residents as a search shows them; whom the index does not know yet is left out.
    pub fn hits_of(&self, residents: &[ResidentId]) -> Vec<Hit> {
        let wanted: std::collections::HashSet<Uuid> = residents.iter().map(|id| id.uuid()).collect();
        let rows = self.ids.iter().enumerate().filter(|(_, id)| wanted.contains(id));
        rows.map(|(row, _)| self.hit(row)).collect()
    }

    fn hit(&self, row: usize) -> Hit {
        let person = self.people[row];
        let mut shown = span(&self.shown, &self.shown_starts, row).split('\t');
        let mut next = || shown.next().unwrap_or_default().to_owned();
        let (name, kana, alias, birthday, number) = (next(), next(), next(), next(), next());
        Hit {
            id: ResidentId::from_uuid(self.ids[row]),
            number,
            name,
            kana,
            alias: (!alias.is_empty()).then_some(alias),
            birthday,
            sex: person.sex,
            address: (!person.sheltered)
                .then(|| self.places.shown(person.place).map(str::to_owned))
                .flatten(),
            namesakes: person.namesakes,
            gone: person.gone,
        }
    }
}

impl Places {
    fn shown(&self, place: u32) -> Option<&str> {
        (place != HIDDEN).then(|| span(&self.shown, &self.shown_starts, place as usize))
    }
}

/// Part `row` of a buffer whose parts begin at `starts`; there is one start more than parts.
fn span<'a>(buffer: &'a str, starts: &[u32], row: usize) -> &'a str {
    &buffer[range(starts, row)]
}

fn range(starts: &[u32], row: usize) -> Range<usize> {
    starts[row] as usize..starts[row + 1] as usize
}

#[cfg(test)]
mod tests;

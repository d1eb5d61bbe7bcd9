//! What fronts are still to be told, in a file: a helper that is started anew tells what the one before could not, and
//! counts what that one watched as pulled.
//!
//! The file holds tokens and certificates of cards that are in a reader, or whose pull a front has not heard; nobody but
//! the helper's own account reads it, and what is settled is gone from it. Without a file all of it ends with the helper.

use std::{
    collections::BTreeMap,
    fs, io,
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use relay_core::clock::Clock;
use serde::{Deserialize, Serialize};
use url::Origin;

use crate::telling::{Pulled, Word};

/// Names a word while this helper runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key(u64);

/// What is owed to fronts.
pub struct Owed {
    file: Option<PathBuf>,
    clock: Arc<dyn Clock>,
    debts: Mutex<Debts>,
}

#[derive(Default)]
struct Debts {
    next: u64,
    words: BTreeMap<Key, Debt>,
}

/// A word as it stands in the file.
#[derive(Clone, Serialize, Deserialize)]
struct Debt {
    word: Word,
    /// When the card was pulled, in milliseconds of the clock; none: it was in when this was written.
    pulled_at: Option<i64>,
}

/// A word that an earlier run of the helper left.
pub struct Left {
    /// Its name from now on.
    pub key: Key,
    pub word: Word,
    /// When its card was pulled; of one that was in when the helper ended, now.
    pub pulled: Pulled,
}

impl Owed {
    /// What `file` says is owed to `fronts`; words for others are dropped, and so is a file that cannot be read: a helper
    /// that does not start would watch nothing at all.
    pub fn open(file: Option<PathBuf>, fronts: &[Origin], clock: Arc<dyn Clock>) -> Self {
        let written = file.as_deref().map(read).unwrap_or_default();
        let mut debts = Debts::default();
        for debt in written.into_iter().filter(|debt| debt.word.is_for(fronts)) {
            debts.add(debt);
        }
        Self {
            file,
            clock,
            debts: Mutex::new(debts),
        }
    }

    /// What stands in it: asked once, when the helper begins.
    pub fn left(&self) -> Vec<Left> {
        let now = self.now();
        self.change(|debts| {
            let left = debts.words.iter_mut().map(|(key, debt)| {
                let pulled_at = *debt.pulled_at.get_or_insert(now);
                // A clock set back makes no pull of the future.
                let before = u64::try_from(now - pulled_at).unwrap_or(0);
                Left {
                    key: *key,
                    word: debt.word.clone(),
                    pulled: Pulled::before_now(Duration::from_millis(before)),
                }
            });
            left.collect()
        })
    }

    /// A card is watched for which `word` will be due.
    pub fn watched(&self, word: &Word) -> Key {
        let debt = Debt {
            word: word.clone(),
            pulled_at: None,
        };
        self.change(|debts| debts.add(debt))
    }

    /// The card is gone, and the word is due.
    pub fn pulled(&self, key: Key) {
        let now = self.now();
        self.change(|debts| {
            if let Some(debt) = debts.words.get_mut(&key) {
                debt.pulled_at = Some(now);
            }
        });
    }

    /// The front has heard it, or nothing is owed any more.
    pub fn settled(&self, key: Key) {
        self.change(|debts| debts.words.remove(&key));
    }

    fn now(&self) -> i64 {
        i64::try_from(self.clock.now().unix_timestamp_nanos() / 1_000_000).unwrap_or(0)
    }

    fn change<R>(&self, change: impl FnOnce(&mut Debts) -> R) -> R {
        let mut debts = self.debts.lock().unwrap_or_else(PoisonError::into_inner);
        let changed = change(&mut debts);
        if let Some(file) = &self.file
            && let Err(error) = write(file, &debts)
        {
            tracing::warn!(%error, file = %file.display(), "what fronts are to be told cannot be kept");
        }
        changed
    }
}

impl Debts {
    fn add(&mut self, debt: Debt) -> Key {
        let key = Key(self.next);
        self.next += 1;
        self.words.insert(key, debt);
        key
    }
}

fn read(file: &Path) -> Vec<Debt> {
    let text = match fs::read(file) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Vec::new(),
        Err(error) => {
            tracing::warn!(%error, file = %file.display(), "what was left untold cannot be read");
            return Vec::new();
        }
    };
    serde_json::from_slice(&text).unwrap_or_else(|_| {
        tracing::warn!(file = %file.display(), "what was left untold cannot be read: it is no list of words");
        Vec::new()
    })
}

/// Whole or not at all: a helper that is killed while it writes leaves the list as it was.
fn write(file: &Path, debts: &Debts) -> io::Result<()> {
    let words: Vec<&Debt> = debts.words.values().collect();
    let text = serde_json::to_vec(&words).map_err(io::Error::other)?;
    let next = file.with_extension("new");
    // A file left there by somebody else would keep its own mode.
    match fs::remove_file(&next) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut kept = fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&next)?;
    io::Write::write_all(&mut kept, &text)?;
    fs::rename(&next, file)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use relay_core::clock::HandClock;
    use time::macros::datetime;

    use super::*;
    use crate::telling::Said;

    fn front() -> Origin {
        url::Url::parse("https://relay.example").unwrap().origin()
    }

    fn word(token: &str) -> Word {
        Word::new(&front(), Said::Token(token.to_owned()))
    }

    #[test]
    fn what_a_helper_leaves_untold_the_next_one_knows_with_its_age_and_what_is_settled_is_gone() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("owed.json");
        let clock = HandClock::at(datetime!(2026-11-22 9:00 UTC));
        let open = || Owed::open(Some(file.clone()), &[front()], Arc::new(clock.clone()));
        let owed = open();
        let (pulled, settled) = (owed.watched(&word("pulled")), owed.watched(&word("settled")));
        owed.watched(&word("still in"));
        owed.watched(&Word::new(
            &url::Url::parse("https://other.example").unwrap().origin(),
            Said::Token("of a front that is not served any more".to_owned()),
        ));
        owed.pulled(pulled);
        owed.settled(settled);
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        clock.advance(time::Duration::minutes(3));
        let owed = open();
        let left = owed.left();
        let ages: Vec<(Word, u64)> = left
            .iter()
            .map(|left| (left.word.clone(), left.pulled.ago().as_secs() / 60))
            .collect();
        assert!(ages == [(word("pulled"), 3), (word("still in"), 0)]);
        left.iter().for_each(|left| owed.settled(left.key));
        assert!(open().left().is_empty());
    }

    #[test]
    fn a_file_that_holds_something_else_stops_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("owed.json");
        fs::write(&file, "[{").unwrap();
        let clock = Arc::new(HandClock::at(datetime!(2026-11-22 9:00 UTC)));
        let owed = Owed::open(Some(file), &[front()], clock);
        assert!(owed.left().is_empty());
        owed.watched(&word("next"));
    }
}

//! A tray of cards beside vpcd's readers: many cards as files in a folder, one at most in each slot, moved by hand
//! over a Unix socket.
//!
//! # The control protocol
//! Text in UTF-8 over a Unix stream socket; any number of requests on one connection, one after the other. A request
//! is one line, words between spaces. An answer is a first line `OK` or `ERR` with words for a human behind, then
//! rows, if any, with fields between tabs, then always one blank line.
//!
//! | request | what it does | rows |
//! |---|---|---|
//! | `list` | all cards by name | name, chip serial in hex, `blank`/`personalising`/`closed`, slot or `-`; `-` and `unreadable` for a broken file |
//! | `status` | all slots | slot, reader's address, card or `-`, `empty`/`waiting`/`connected`/`dead`, fault or `-` |
//! | `new [NAME]` | a fresh blank from the maker | name, serial, life, `-` |
//! | `insert SLOT CARD` | puts the card into the slot's reader | |
//! | `remove SLOT` | takes it out, whatever it is doing | |
//! | `hold SLOT INS [N]` | before the Nth command (default: next) of instruction INS (hex) the card stalls | |
//! | `go SLOT` | the stalled card goes on, or the hold is lifted | |
//! | `cut SLOT after N apdus` | power fails when the command after N more arrives | |
//! | `cut SLOT after N bytes` | power fails after N more bytes are written to the chip's memory | |
//! | `cut SLOT answer N` | the Nth command from now is carried out, its answer never arrives | |
//! | `cut SLOT off` | takes the cut back | |
//! | `stop` | ends the tray, all cards out | |
//!
//! A slot's fault reads `hold D6 2` (before the second D6 from now), `stalled D6` once that command waits, and `cut …`
//! as it was asked for with what is left to go; two of them with a comma between.
//!
//! Slots are numbered from 0 in the order of the readers ("Virtual PCD 00 00", "00 01"). `waiting` is a card whose
//! reader is not there (pcscd is down); it goes in by itself when pcscd is back. `dead` is a card that lost power by
//! `cut`: to its reader it is gone; `remove` and `insert` bring it back. An `insert` is answered at once; the reader
//! notices the card within half a second, or one when another was taken out just before.
//!
//! ```text
//! > list
//! OK 2 cards
//! blank-1⇥8b4219f00c77a1d35e60⇥blank⇥-
//! staff-1⇥04b1c2d3e4f5a6b7c8d9⇥closed⇥0
//!
//! > insert 1 blank-1
//! OK blank-1 is in slot 1
//!
//! > insert 1 staff-1
//! ERR slot 1 holds blank-1; remove it first
//!
//! ```
//!
//! vpcd, the driver behind the readers, listens on every interface of its machine: a tray belongs on a developer's
//! machine or under `scripts/with-pcscd`, whose network is private, and never beside a city's data.

mod control;
mod slot;

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

use card::{ChipLife, IssuerMaster};
use relay_core::chance::Chance;

pub use control::{ask, serve};

use crate::{CardFileError, Cut, VirtualCard};
use slot::{Hold, Slot};

/// The ending of a card's file.
const ENDING: &str = "card";

/// Cards in a folder and the slots they go into.
pub struct Tray {
    folder: PathBuf,
    master: IssuerMaster,
    chance: Mutex<Box<dyn Chance>>,
    slots: Vec<Slot>,
}

/// What the tray answers: words, and rows of fields.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Reply {
    /// Words for a human.
    pub words: String,
    /// Rows of fields, as the table above says.
    pub rows: Vec<Vec<String>>,
}

/// Why the tray did not do what was asked, in words for a human.
#[derive(Debug, thiserror::Error)]
pub enum TrayError {
    /// The request is none of the table's.
    #[error("not a request: {0}; see `virtual-card help`")]
    NotARequest(String),
    #[error("there is no slot {0}")]
    NoSlot(String),
    /// The slot is taken.
    #[error("slot {slot} holds {card}; remove it first")]
    SlotTaken {
        slot: usize,
        /// The card in it.
        card: String,
    },
    /// The slot is empty.
    #[error("slot {0} is empty")]
    SlotEmpty(usize),
    /// The card is in another slot.
    #[error("{card} is in slot {slot}; remove it first")]
    CardTaken { card: String, slot: usize },
    /// No card of that name, or no name for a card.
    #[error("there is no card {0}")]
    NoCard(String),
    /// The name can't be a card's.
    #[error("a card's name has 1–40 of a–z, A–Z, 0–9, `-`, `_`, `.` and begins with a letter or digit")]
    BadName,
    /// There is a card of that name.
    #[error("there is a card {0} already")]
    NameTaken(String),
    /// A card's file cannot be used.
    #[error(transparent)]
    CardFile(#[from] CardFileError),
    /// The folder cannot be used.
    #[error("the folder of cards {folder}: {source}")]
    Folder {
        folder: String,
        /// What the file system said.
        source: io::Error,
    },
}

impl Tray {
    /// A tray over `folder` (made when missing) whose slots are the readers at `addresses` (vpcd's, `host:port`).
    /// Blanks come with keys derived from `master`; their serials are drawn from `chance`.
    ///
    /// # Errors
    /// [`TrayError::Folder`].
    pub fn open(
        folder: &Path,
        master: IssuerMaster,
        chance: impl Chance + 'static,
        addresses: &[String],
    ) -> Result<Self, TrayError> {
        fs::create_dir_all(folder).map_err(|source| TrayError::Folder {
            folder: folder.display().to_string(),
            source,
        })?;
        Ok(Self {
            folder: folder.to_owned(),
            master,
            chance: Mutex::new(Box::new(chance)),
            slots: addresses.iter().map(|address| Slot::start(address.clone())).collect(),
        })
    }

    /// Does what a line of the protocol asks for; `stop` is the server's matter and unknown here.
    ///
    /// # Errors
    /// [`TrayError`], whose words are what follows `ERR`.
    pub fn request(&self, line: &str) -> Result<Reply, TrayError> {
        let words: Vec<&str> = line.split_whitespace().collect();
        let unknown = || TrayError::NotARequest(line.trim().to_owned());
        let number = |word: &str| word.parse::<usize>().map_err(|_| unknown());
        match words[..] {
            ["list"] => self.list(),
            ["status"] => Ok(self.status()),
            ["new"] => self.new_card(None),
            ["new", name] => self.new_card(Some(name)),
            ["insert", slot, card] => self.insert(slot, card),
            ["remove", slot] => {
                let (number, slot) = self.slot(slot)?;
                let card = slot.remove().ok_or(TrayError::SlotEmpty(number))?;
                Ok(words_only(format!("{card} is out of slot {number}")))
            }
            ["hold", slot, ins] => self.hold(slot, ins, 1).ok_or_else(unknown)?,
            ["hold", slot, ins, count] => self.hold(slot, ins, number(count)?).ok_or_else(unknown)?,
            ["go", slot] => {
                let (number, slot) = self.slot(slot)?;
                slot.hold(None);
                Ok(words_only(format!("slot {number} goes on")))
            }
            ["cut", slot, "after", count, "apdus"] => self.cut(slot, Some(Cut::AfterCommands(number(count)?))),
            ["cut", slot, "after", count, "bytes"] => self.cut(slot, Some(Cut::AfterBytes(number(count)?))),
            ["cut", slot, "answer", count] => self.cut(slot, Some(Cut::InsteadOfAnswer(number(count)?))),
            ["cut", slot, "off"] => self.cut(slot, None),
            _ => Err(unknown()),
        }
    }

    fn list(&self) -> Result<Reply, TrayError> {
        let mut names = self.names()?;
        names.sort();
        let mut rows = Vec::with_capacity(names.len());
        for name in names {
            let slot = self.slots.iter().position(|slot| slot.holds(&name));
            // A card in a slot writes its file before it answers: the file is always what the card is.
            rows.push(match VirtualCard::open(&self.file(&name)) {
                Ok(card) => row(&name, &card, slot),
                Err(error) => {
                    tracing::warn!(%error, "left out of the tray");
                    vec![name, "-".to_owned(), "unreadable".to_owned(), "-".to_owned()]
                }
            });
        }
        Ok(Reply {
            words: format!("{} cards", rows.len()),
            rows,
        })
    }

    fn status(&self) -> Reply {
        let rows: Vec<_> = self
            .slots
            .iter()
            .enumerate()
            .map(|(number, slot)| {
                let look = slot.look();
                vec![
                    number.to_string(),
                    slot.address().to_owned(),
                    look.card.unwrap_or_else(|| "-".to_owned()),
                    look.state.to_owned(),
                    look.fault.unwrap_or_else(|| "-".to_owned()),
                ]
            })
            .collect();
        Reply {
            words: format!("{} slots", rows.len()),
            rows,
        }
    }

    fn new_card(&self, name: Option<&str>) -> Result<Reply, TrayError> {
        let names = self.names()?;
        let name = match name {
            Some(name) if !proper_name(name) => return Err(TrayError::BadName),
            Some(name) if names.iter().any(|known| known == name) => {
                return Err(TrayError::NameTaken(name.to_owned()));
            }
            Some(name) => name.to_owned(),
            None => (1..)
                .map(|number| format!("blank-{number}"))
                .find(|name| !names.contains(name))
                .ok_or(TrayError::BadName)?,
        };
        let mut chance = self.chance.lock().unwrap_or_else(PoisonError::into_inner);
        let card = VirtualCard::blank(&self.master, &mut **chance).keep_at(self.file(&name))?;
        Ok(Reply {
            words: format!("{name} is in the tray"),
            rows: vec![row(&name, &card, None)],
        })
    }

    fn insert(&self, slot: &str, name: &str) -> Result<Reply, TrayError> {
        let (number, slot) = self.slot(slot)?;
        if !proper_name(name) || !self.file(name).exists() {
            return Err(TrayError::NoCard(name.to_owned()));
        }
        if let Some(card) = slot.look().card {
            return Err(TrayError::SlotTaken { slot: number, card });
        }
        if let Some(other) = self.slots.iter().position(|slot| slot.holds(name)) {
            return Err(TrayError::CardTaken {
                card: name.to_owned(),
                slot: other,
            });
        }
        slot.insert(name, VirtualCard::open(&self.file(name))?);
        Ok(words_only(format!("{name} is in slot {number}")))
    }

    /// `None` when the instruction or the count is no number.
    fn hold(&self, slot: &str, ins: &str, count: usize) -> Option<Result<Reply, TrayError>> {
        let ins = u8::from_str_radix(ins, 16).ok()?;
        let before = count.checked_sub(1)?;
        Some(self.slot(slot).and_then(|(number, slot)| {
            slot.look().card.ok_or(TrayError::SlotEmpty(number))?;
            slot.hold(Some(Hold {
                ins,
                before,
                stalled: false,
            }));
            Ok(words_only(format!("slot {number} will stall before {ins:02X}")))
        }))
    }

    fn cut(&self, slot: &str, cut: Option<Cut>) -> Result<Reply, TrayError> {
        let (number, slot) = self.slot(slot)?;
        if !slot.cut(cut) {
            return Err(TrayError::SlotEmpty(number));
        }
        Ok(words_only(match cut {
            Some(_) => format!("slot {number} will lose power"),
            None => format!("slot {number} keeps its power"),
        }))
    }

    fn slot(&self, word: &str) -> Result<(usize, &Slot), TrayError> {
        word.parse()
            .ok()
            .and_then(|number: usize| Some((number, self.slots.get(number)?)))
            .ok_or_else(|| TrayError::NoSlot(word.to_owned()))
    }

    fn names(&self) -> Result<Vec<String>, TrayError> {
        let folder_error = |source| TrayError::Folder {
            folder: self.folder.display().to_string(),
            source,
        };
        let mut names = Vec::new();
        for entry in fs::read_dir(&self.folder).map_err(folder_error)? {
            let path = entry.map_err(folder_error)?.path();
            if path.extension().is_some_and(|ending| ending == ENDING)
                && let Some(name) = path.file_stem().and_then(|name| name.to_str())
            {
                names.push(name.to_owned());
            }
        }
        Ok(names)
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.join(format!("{name}.{ENDING}"))
    }
}

fn row(name: &str, card: &VirtualCard, slot: Option<usize>) -> Vec<String> {
    let life = match card.life() {
        ChipLife::Blank => "blank",
        ChipLife::Personalising => "personalising",
        ChipLife::Closed => "closed",
    };
    vec![
        name.to_owned(),
        card.serial().hex(),
        life.to_owned(),
        slot.map_or_else(|| "-".to_owned(), |slot| slot.to_string()),
    ]
}

fn words_only(words: String) -> Reply {
    Reply {
        words,
        rows: Vec::new(),
    }
}

/// Names become file names and travel in the protocol: no separators, no spaces, no dots in front.
fn proper_name(name: &str) -> bool {
    (1..=40).contains(&name.len())
        && name.starts_with(|first: char| first.is_ascii_alphanumeric())
        && name
            .chars()
            .all(|one| one.is_ascii_alphanumeric() || matches!(one, '-' | '_' | '.'))
}

#[cfg(test)]
mod tests {
    use relay_core::chance::SeededChance;

    use super::*;

    fn tray(folder: &Path) -> Tray {
        // A port where nothing listens: cards wait for their reader.
        let nowhere = ["127.0.0.1:9".to_owned(), "127.0.0.1:9".to_owned()];
        Tray::open(folder, IssuerMaster::new([1; 32]), SeededChance::new(1), &nowhere).unwrap()
    }

    fn error(tray: &Tray, line: &str) -> String {
        tray.request(line).unwrap_err().to_string()
    }

    #[test]
    fn cards_are_made_listed_and_moved_and_survive_the_tray() {
        let folder = tempfile::tempdir().unwrap();
        let first = tray(folder.path());
        assert_eq!(first.request("list").unwrap().words, "0 cards");
        first.request("new").unwrap();
        let made = first.request("new staff-1").unwrap();
        assert_eq!(made.rows[0][0], "staff-1");
        assert_eq!(error(&first, "new staff-1"), "there is a card staff-1 already");
        first.request("insert 0 staff-1").unwrap();
        assert_eq!(
            error(&first, "insert 0 blank-1"),
            "slot 0 holds staff-1; remove it first"
        );
        assert_eq!(
            error(&first, "insert 1 staff-1"),
            "staff-1 is in slot 0; remove it first"
        );
        let list = first.request("list").unwrap();
        assert_eq!(list.rows[0][0], "blank-1");
        assert_eq!(
            list.rows[1],
            [made.rows[0][..3].to_vec(), vec!["0".to_owned()]].concat()
        );
        assert_eq!(first.request("status").unwrap().rows[0][2..4], ["staff-1", "waiting"]);
        first.request("cut 0 after 3 bytes").unwrap();
        first.request("hold 0 d6 2").unwrap();
        assert_eq!(
            first.request("status").unwrap().rows[0][4],
            "hold D6 2, cut after 3 bytes"
        );
        first.request("remove 0").unwrap();
        assert_eq!(error(&first, "remove 0"), "slot 0 is empty");
        assert_eq!(error(&first, "cut 0 after 1 apdus"), "slot 0 is empty");
        drop(first);
        fs::write(folder.path().join("torn.card"), "{").unwrap();
        let second = tray(folder.path());
        let list = second.request("list").unwrap();
        assert_eq!(list.rows.len(), 3);
        assert_eq!(list.rows[2], ["torn", "-", "unreadable", "-"]);
        assert!(second.request("insert 0 torn").is_err());
    }

    #[test]
    fn what_is_no_request_or_no_name_is_told_so() {
        let folder = tempfile::tempdir().unwrap();
        let tray = tray(folder.path());
        for line in [
            "",
            "insert",
            "insert 0",
            "hold 0 zz",
            "hold 0 d6 0",
            "cut 0 after x bytes",
            "fly 0",
        ] {
            assert!(error(&tray, line).starts_with("not a request"), "{line}");
        }
        for name in ["../staff", ".hidden", "a/b", &"a".repeat(41), "職員"] {
            assert!(
                matches!(tray.request(&format!("new {name}")), Err(TrayError::BadName)),
                "{name}"
            );
            assert!(
                matches!(tray.request(&format!("insert 0 {name}")), Err(TrayError::NoCard(_))),
                "{name}"
            );
        }
        assert_eq!(error(&tray, "remove 2"), "there is no slot 2");
    }
}

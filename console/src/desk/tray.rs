//! The demonstration's tray of virtual cards, asked over its Unix socket in lines of text.
//!
//! The protocol is the tray's own (`virtual-card help`): a request is a line; an answer is a first line `OK` or `ERR`
//! with words, rows with tabs between fields, an empty line. The console links nothing of the virtual card.

use std::{collections::BTreeMap, io, path::Path, time::Duration};

use serde::Deserialize;
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::UnixStream,
    time::timeout,
};

use super::{trouble, work::Desk};
use crate::{
    config::Demo,
    tui::{
        facts::{Reader, Tray, TrayCard, TrayCardIs, TraySlot},
        fault::Fault,
        orders::tray::{NoticeScanned, TrayHands, TrayScanNotice},
    },
};

/// The tray lies on this machine: one that does not answer at once is not there.
const PATIENCE: Duration = Duration::from_secs(3);

/// The part of `endpoints.json` that the tray's panel shows.
#[derive(Deserialize)]
struct Endpoints {
    tray: Slots,
    #[serde(default)]
    staff: Vec<Person>,
}

#[derive(Deserialize)]
struct Slots {
    slots: Numbers,
}

#[derive(Deserialize)]
struct Numbers {
    staff: u8,
    resident: u8,
}

#[derive(Deserialize)]
struct Person {
    name: String,
    card: String,
    password: String,
}

/// What hands do at a demonstration's tray, for whichever desk is asked.
///
/// # Errors
/// [`Fault::NotFound`] where this is no demonstration; the tray's own refusals.
pub async fn hands(demo: Option<&Demo>, hands: TrayHands) -> Result<Tray, Fault> {
    let demo = demo.ok_or(Fault::NotFound)?;
    match hands {
        TrayHands::Look => load(demo).await,
        TrayHands::Insert { slot, card } => insert(demo, slot, &card).await,
        TrayHands::Remove { slot } => told(demo, &format!("remove {slot}")).await,
        TrayHands::New => told(demo, "new").await,
    }
}

/// Slots, cards and the demo staff's passwords.
async fn load(demo: &Demo) -> Result<Tray, Fault> {
    let endpoints = endpoints(demo).map_err(|error| trouble::other(&error))?;
    let slots = ask(&demo.tray_socket, "status").await?;
    let cards = ask(&demo.tray_socket, "list").await?;
    Ok(tray(&endpoints, &slots, &cards))
}

/// Puts a card into a slot, as hands do: what is in the slot comes out first, and so does the card elsewhere.
async fn insert(demo: &Demo, slot: u8, card: &str) -> Result<Tray, Fault> {
    let socket = &demo.tray_socket;
    for row in ask(socket, "status").await? {
        if let [number, _, held, ..] = row.as_slice()
            && held != "-"
            && (*number == slot.to_string() || held == card)
        {
            ask(socket, &format!("remove {number}")).await?;
        }
    }
    told(demo, &format!("insert {slot} {card}")).await
}

async fn told(demo: &Demo, request: &str) -> Result<Tray, Fault> {
    ask(&demo.tray_socket, request).await?;
    load(demo).await
}

impl Desk {
    /// What a scanner reads from the notice of `case`: a demonstration has neither the sheet nor a scanner. Only where
    /// the configuration says that this is one.
    pub async fn tray_scan_notice(self, TrayScanNotice(case): TrayScanNotice) -> Result<NoticeScanned, Fault> {
        if self.config.demo.is_none() {
            return Err(Fault::NotFound);
        }
        let notice = self.office.notice(case).await.map_err(|error| self.fault(&error))?;
        let notice = notice.ok_or(Fault::NotFound)?;
        Ok(NoticeScanned(notice.to_string()))
    }
}

fn endpoints(demo: &Demo) -> io::Result<Endpoints> {
    let text = std::fs::read(&demo.endpoints_file)?;
    serde_json::from_slice(&text).map_err(io::Error::other)
}

/// One request and the rows of its answer.
async fn ask(socket: &Path, request: &str) -> Result<Vec<Vec<String>>, Fault> {
    let answer = timeout(PATIENCE, exchange(socket, request)).await;
    let failed = |error: io::Error| trouble::other(&format_args!("the tray: {error}"));
    answer
        .map_err(|_| failed(io::ErrorKind::TimedOut.into()))?
        .map_err(failed)
}

async fn exchange(socket: &Path, request: &str) -> io::Result<Vec<Vec<String>>> {
    let mut stream = UnixStream::connect(socket).await?;
    stream.write_all(format!("{request}\n").as_bytes()).await?;
    let mut lines = BufReader::new(stream).lines();
    let first = lines.next_line().await?.unwrap_or_default();
    if first != "OK" && !first.starts_with("OK ") {
        return Err(io::Error::other(first));
    }
    let mut rows = Vec::new();
    while let Some(line) = lines.next_line().await? {
        if line.is_empty() {
            break;
        }
        rows.push(line.split('\t').map(str::to_owned).collect());
    }
    Ok(rows)
}

/// What the panel shows. Rows of `status`: slot, address, card or `-`, state, fault; of `list`: name, chip serial,
/// life, slot or `-`.
fn tray(endpoints: &Endpoints, slots: &[Vec<String>], cards: &[Vec<String>]) -> Tray {
    let staff: BTreeMap<&str, &Person> = endpoints
        .staff
        .iter()
        .map(|person| (person.card.as_str(), person))
        .collect();
    let numbers = &endpoints.tray.slots;
    let slots = slots
        .iter()
        .filter_map(|row| {
            let number: u8 = row.first()?.parse().ok()?;
            let reader = match number {
                _ if number == numbers.staff => Reader::Staff,
                _ if number == numbers.resident => Reader::Resident,
                _ => return None,
            };
            Some(TraySlot {
                number,
                reader,
                card: row.get(2).filter(|card| *card != "-").cloned(),
            })
        })
        .collect();
    let mut cards: Vec<_> = cards
        .iter()
        .filter_map(|row| {
            let (name, chip, life) = (row.first()?, row.get(1)?, row.get(2)?);
            let person = staff.get(name.as_str());
            Some(TrayCard {
                name: name.clone(),
                about: match person {
                    Some(person) => TrayCardIs::Staff(person.name.clone()),
                    None => of_life(life),
                },
                password: person.map(|person| person.password.clone()),
                chip: chip.clone(),
            })
        })
        .collect();
    // What a newcomer needs first stands first: a clerk's card to log in with, then cards in use, then the blanks.
    cards.sort_by_key(|card| (card.password.is_none(), card.about == TrayCardIs::Blank));
    Tray { slots, cards }
}

fn of_life(life: &str) -> TrayCardIs {
    match life {
        "blank" => TrayCardIs::Blank,
        "personalising" => TrayCardIs::BeingMade,
        "closed" => TrayCardIs::Resident,
        _ => TrayCardIs::Unreadable,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(text: &str) -> Vec<Vec<String>> {
        text.lines()
            .map(|line| line.split('\t').map(str::to_owned).collect())
            .collect()
    }

    #[test]
    fn a_newcomer_sees_whose_card_is_where_and_which_are_blank() {
        let endpoints: Endpoints = serde_json::from_str(
            r#"{"tray":{"slots":{"staff":0,"resident":1}},
                "staff":[{"name":"佐藤 恵","card":"staff-1","password":"tide8rock2"}]}"#,
        )
        .unwrap();
        let slots = rows("0\t127.0.0.1:35963\tstaff-1\tconnected\t-\n1\t127.0.0.1:35964\t-\tempty\t-");
        let cards = rows("blank-01\t8b42\tblank\t-\nstaff-1\t04b1\tclosed\t0");
        let tray = tray(&endpoints, &slots, &cards);
        assert_eq!(tray.slots[0].card.as_deref(), Some("staff-1"));
        assert_eq!((tray.slots[1].reader, &tray.slots[1].card), (Reader::Resident, &None));
        assert_eq!(tray.cards[0].about, TrayCardIs::Staff("佐藤 恵".into()));
        assert_eq!(tray.cards[0].password.as_deref(), Some("tide8rock2"));
        assert_eq!(
            (&tray.cards[1].about, &tray.cards[1].password),
            (&TrayCardIs::Blank, &None)
        );
    }
}

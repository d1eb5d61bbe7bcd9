//! The tray of a demonstration: what hands do at a real desk.

use std::collections::BTreeSet;

use super::{Outcome, Setting, Steps, services::ask_tray};
use crate::{commands::words::Lang, config::Demo};

/// The tray's slot for the staff reader (`Virtual PCD 00 00`).
pub(super) const STAFF_SLOT: u8 = 0;
/// The tray's slot for the residents' reader (`Virtual PCD 00 01`).
pub(super) const RESIDENT_SLOT: u8 = 1;
/// Blanks laid out: enough for a day of trying.
const BLANKS: usize = 20;

/// The cards on the tray, by name.
pub(super) fn cards(demo: &Demo) -> anyhow::Result<BTreeSet<String>> {
    let rows = ask_tray(&demo.tray_socket, "list")?;
    // Name, chip serial, life, slot.
    Ok(rows.into_iter().filter_map(|row| row.into_iter().next()).collect())
}

/// Takes whatever card is in `slot` out.
pub(super) fn empty(demo: &Demo, slot: u8) -> anyhow::Result<()> {
    let rows = ask_tray(&demo.tray_socket, "status")?;
    // Slot, reader's address, card or `-`, state, fault.
    let card = rows.get(usize::from(slot)).and_then(|row| row.get(2));
    if card.is_some_and(|card| card != "-") {
        ask_tray(&demo.tray_socket, &format!("remove {slot}"))?;
    }
    Ok(())
}

/// Throws a card away: one that was left half made is worth nothing.
pub(super) fn throw_away(setting: &Setting, demo: &Demo, card: &str) -> anyhow::Result<()> {
    for slot in [STAFF_SLOT, RESIDENT_SLOT] {
        empty(demo, slot)?;
    }
    match std::fs::remove_file(setting.home.tray().join(format!("{card}.card"))) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error.into()),
        _ => Ok(()),
    }
}

/// Lays blanks out until there are twenty by name, used ones counted.
pub(super) fn lay_out_blanks(demo: &Demo, lang: Lang, steps: &Steps) -> anyhow::Result<Vec<String>> {
    let names: Vec<String> = (1..=BLANKS).map(|number| format!("blank-{number:02}")).collect();
    steps.step(lang.pick("白カードを並べる", "lay out blank cards"), |_| {
        let there = cards(demo)?;
        let mut laid = false;
        for name in names.iter().filter(|name| !there.contains(*name)) {
            ask_tray(&demo.tray_socket, &format!("new {name}"))?;
            laid = true;
        }
        anyhow::Ok(if laid { Outcome::Done } else { Outcome::Already })
    })?;
    Ok(names)
}

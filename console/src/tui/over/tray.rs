//! F12, demo only: the tray of virtual cards. What hands do at a real counter, keys do here.

use crate::tui::{
    common::{Common, Go},
    effect::{JobId, Order},
    event::Reply,
    facts::{self, Reader},
    fault::Fault,
    keymap::{Intent, Place},
    page::{Line, Page, Pen, Span, span},
    screen::Screen,
    theme::Meaning,
};

/// The tray.
#[derive(Debug, Default)]
pub struct Tray {
    tray: facts::Tray,
    chosen: usize,
    asking: Option<JobId>,
}

impl Tray {
    fn ask(&mut self, order: Order, common: &mut Common) {
        if self.asking.is_none() {
            self.asking = Some(common.order(order));
        }
    }

    /// Puts the chosen card into a reader, or pulls it when it is there; another card there is pulled by the tray.
    fn put(&mut self, reader: Reader, common: &mut Common) {
        let Some(card) = self.tray.cards.get(self.chosen) else {
            return;
        };
        let Some(slot) = self.tray.slots.iter().find(|slot| slot.reader == reader) else {
            return;
        };
        let order = if slot.card.as_deref() == Some(card.name.as_str()) {
            Order::TrayRemove { slot: slot.number }
        } else {
            Order::TrayInsert {
                slot: slot.number,
                card: card.name.clone(),
            }
        };
        self.ask(order, common);
    }
}

impl Screen for Tray {
    fn place(&self) -> Place {
        Place::Tray
    }

    fn shown(&mut self, common: &mut Common) {
        self.ask(Order::LoadTray, common);
    }

    fn act(&mut self, intent: Intent, common: &mut Common) {
        match intent {
            Intent::Up => self.chosen = self.chosen.saturating_sub(1),
            Intent::Down => self.chosen = (self.chosen + 1).min(self.tray.cards.len().saturating_sub(1)),
            Intent::Digit(1) => self.put(Reader::Staff, common),
            Intent::Digit(2) => self.put(Reader::Resident, common),
            Intent::Confirm => {
                // A card with a password is a staff card.
                let is_staff = self
                    .tray
                    .cards
                    .get(self.chosen)
                    .is_some_and(|card| card.password.is_some());
                self.put(if is_staff { Reader::Staff } else { Reader::Resident }, common);
            }
            Intent::NewCard => self.ask(Order::TrayNew, common),
            Intent::Back => common.go(Go::CloseOver),
            _ => {}
        }
    }

    fn reply(&mut self, job: JobId, reply: &Result<Reply, Fault>, common: &mut Common) {
        if self.asking != Some(job) {
            return;
        }
        self.asking = None;
        match reply {
            Ok(Reply::Tray(tray)) => {
                self.tray = tray.clone();
                self.chosen = self.chosen.min(self.tray.cards.len().saturating_sub(1));
            }
            Ok(_) => {}
            Err(fault) => common.tell_fault(fault),
        }
    }

    fn view(&self, _common: &Common, pen: &Pen<'_>) -> Page {
        let mut page = Page::titled(pen.say("title-tray"));
        page.paragraph(pen, 0, &pen.say("tray-about"), Meaning::Quiet);
        for slot in &self.tray.slots {
            let reader = match slot.reader {
                Reader::Staff => "tray-staff-reader",
                Reader::Resident => "tray-resident-reader",
            };
            let (text, meaning) = match &slot.card {
                Some(card) => (card.clone(), Meaning::Strong),
                None => (pen.say("tray-empty"), Meaning::Quiet),
            };
            page.fact(pen, 20, &pen.say(reader), &text, meaning);
        }
        page.gap();
        let rows: Vec<Vec<Span>> = self.tray.cards.iter().map(|card| self.row(card, pen)).collect();
        let height = pen.height.saturating_sub(page.body.len()).max(1);
        let lines = pen.table(pen.width, &[12, 6, 22], &rows, self.chosen, height);
        page.body.extend(lines);
        if self.tray.cards.is_empty() {
            page.line(Line::of(pen.say("loading-now"), Meaning::Waiting));
        }
        page
    }
}

impl Tray {
    fn row(&self, card: &facts::TrayCard, pen: &Pen<'_>) -> Vec<Span> {
        let slot = self
            .tray
            .slots
            .iter()
            .find(|slot| slot.card.as_deref() == Some(card.name.as_str()));
        let place = match slot.map(|slot| slot.reader) {
            Some(Reader::Staff) => pen.say("status-staff"),
            Some(Reader::Resident) => pen.say("status-resident"),
            None => String::new(),
        };
        let password = card.password.as_ref().map_or_else(String::new, |password| {
            pen.say_with("tray-password", &[("password", password.as_str().into())])
        });
        vec![
            span(card.name.clone(), Meaning::Strong),
            span(place, Meaning::Done),
            span(card.about.clone(), Meaning::Plain),
            span(password, Meaning::Accent),
        ]
    }
}

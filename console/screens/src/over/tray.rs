//! F12, demo only: the tray of virtual cards. What hands do at a real counter, keys do here.

pub mod keys;

use issuance::case::CaseState;

use crate::{
    common::{Common, Go},
    facts::{self, Reader},
    fault::Fault,
    keymap::{self, Intent, KeyTable},
    orders::tray::{NoticeScanned, TrayHands, TrayScanNotice},
    page::{Line, Page, Pen, Span, span},
    screen::Screen,
    screens::{login, making},
    theme::Meaning,
};

/// The tray.
#[derive(Debug)]
pub struct Tray {
    /// Where it was asked for: the card wanted there is chosen to begin with.
    place: &'static KeyTable,
    tray: facts::Tray,
    chosen: usize,
    /// The cards were shown once: from then on the choice is the person's.
    is_laid_out: bool,
}

impl Tray {
    /// The tray, with the card chosen that the work at `place` wants.
    pub fn for_work_at(place: &'static KeyTable) -> Self {
        Self {
            place,
            tray: facts::Tray::default(),
            chosen: 0,
            is_laid_out: false,
        }
    }

    /// The place of the card wanted: the open case's own where it has one, a blank where one is to be made.
    fn wanted(&self, common: &Common) -> usize {
        let hex = |chip: &str| chip.replace(' ', "").to_ascii_lowercase();
        let case = common.open.as_ref();
        let own = case.and_then(|case| case.card.as_ref()).map(|card| hex(&card.chip));
        let place_of = |fits: &dyn Fn(&facts::TrayCard) -> bool| self.tray.cards.iter().position(fits);
        let own = own.and_then(|own| place_of(&|card| hex(&card.chip) == own));
        let at_a_card =
            case.is_some() && ![&keymap::REASON, &login::keys::PASSWORD, &login::keys::FIRST_RUN].contains(&self.place);
        // Also from the case's own page, where making is the next step: the hand that is quick takes no clerk's card.
        let is_to_be_made = case.is_some_and(|case| matches!(case.state, CaseState::Verified)) && at_a_card;
        let wants_a_blank = is_to_be_made || [&making::keys::KEYS, &login::keys::FIRST_RUN].contains(&self.place);
        let blank = || match wants_a_blank {
            true => place_of(&|card| card.about == facts::TrayCardIs::Blank),
            false => None,
        };
        own.filter(|_| at_a_card).or_else(blank).unwrap_or(0)
    }

    /// There is a notice to be held under the scanner.
    fn has_notice(common: &Common) -> bool {
        common.session.is_some() && common.open.as_ref().is_some_and(|case| case.notice_printed.is_some())
    }

    fn ask(hands: TrayHands, common: &mut Common) {
        if !common.is_asking::<TrayHands>() {
            common.start(hands, Self::laid_out);
        }
    }

    fn laid_out(&mut self, tray: Result<facts::Tray, Fault>, common: &mut Common) {
        match tray {
            Ok(tray) => {
                self.tray = tray;
                self.chosen = self.chosen.min(self.tray.cards.len().saturating_sub(1));
                if !std::mem::replace(&mut self.is_laid_out, true) {
                    self.chosen = self.wanted(common);
                }
            }
            Err(fault) => common.tell_fault(&fault),
        }
    }

    fn scanned_notice(&mut self, notice: Result<NoticeScanned, Fault>, common: &mut Common) {
        match notice {
            Ok(NoticeScanned(payload)) => common.go(Go::Scanned(payload)),
            Err(fault) => common.tell_fault(&fault),
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
            TrayHands::Remove { slot: slot.number }
        } else {
            TrayHands::Insert {
                slot: slot.number,
                card: card.name.clone(),
            }
        };
        Self::ask(order, common);
    }
}

impl Screen for Tray {
    fn keys(&self) -> &'static KeyTable {
        &keys::KEYS
    }

    fn shown(&mut self, common: &mut Common) {
        Self::ask(TrayHands::Look, common);
    }

    fn can(&self, intent: Intent, common: &Common) -> bool {
        match intent {
            keys::SCAN_NOTICE => Self::has_notice(common),
            _ => true,
        }
    }

    fn act(&mut self, intent: Intent, common: &mut Common) {
        match intent {
            keys::SCAN_NOTICE if !common.is_asking::<TrayScanNotice>() => {
                if let Some(case) = common.open.as_ref().map(|case| case.id) {
                    common.start(TrayScanNotice(case), Self::scanned_notice);
                }
            }
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
            keys::NEW_CARD => Self::ask(TrayHands::New, common),
            Intent::Back => common.go(Go::CloseOver),
            _ => {}
        }
    }

    fn view(&self, common: &Common, pen: &Pen<'_>) -> Page {
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
        if Self::has_notice(common) {
            let case = common
                .open
                .as_ref()
                .map_or_else(String::new, |case| case.number.to_string());
            let words = pen.say_with("tray-notice", &[("case", case.into())]);
            page.fact(pen, 20, &pen.say("tray-scanner"), &words, Meaning::Plain);
        }
        page.gap();
        let rows: Vec<Vec<Span>> = self.tray.cards.iter().map(|card| self.row(card, pen)).collect();
        let height = pen.height.saturating_sub(page.body.len()).max(1);
        page.list(pen, &[12, 8, 22], &rows, self.chosen, height);
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
        let about = match &card.about {
            facts::TrayCardIs::Staff(name) => name.clone(),
            facts::TrayCardIs::Blank => pen.say("tray-blank"),
            facts::TrayCardIs::BeingMade => pen.say("tray-being-made"),
            facts::TrayCardIs::Resident => pen.say("tray-resident-card"),
            facts::TrayCardIs::Unreadable => pen.say("tray-unreadable"),
        };
        vec![
            span(card.name.clone(), Meaning::Strong),
            span(place, Meaning::Done),
            span(about, Meaning::Plain),
            span(password, Meaning::Accent),
        ]
    }
}

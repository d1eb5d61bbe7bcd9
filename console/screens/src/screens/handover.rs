//! 交付: notice, shelf and chip must agree; then two sights. What does not agree can only go back to its shelf.

pub mod keys;
mod view;

use issuance::{
    case::{CaseState, ShelfPlace},
    handover::{
        NoticeCode,
        by_hand::{self, Misread},
    },
};
use time::OffsetDateTime;

use crate::{
    common::{Common, Go, Told},
    facts::{Agreement, Incident, Reader, ReaderState, Sight, Sights, StaffShown},
    fault::Fault,
    input::{Input, Takes},
    keymap::{Intent, KeyTable},
    orders::{
        cases::CaseNow,
        handover::{Agreements, CheckHandover, ConfirmSight, HandOver, ReturnToShelf},
        staff::SecondPurpose,
    },
    over,
    page::{Page, Pen},
    screen::Screen,
    screens::shown::{case_title, who},
    theme::Meaning,
};
use view::{misread_words, sight_word};

/// What a scanned notice begins with; anything else is a code typed by hand.
const SCANNED: &str = crate::scan::PREFIX;

/// Where the handover stands.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Stage {
    /// Notice, shelf place, card.
    Gather,
    /// Everything agrees: what is confirmed by whom. 1 or 2.
    Look(u8),
    /// Something does not agree.
    Mismatch,
    /// The card is in the resident's hand.
    Over,
    /// The card went back.
    Returned,
}

/// A handover.
#[derive(Debug)]
pub struct Handover {
    stage: Stage,
    notice: Input,
    shelf: Input,
    /// 0 notice, 1 shelf.
    at: usize,
    agreements: Vec<Agreement>,
    seen: [bool; 3],
    row: usize,
    /// Who looked first, and when.
    first: Option<(String, OffsetDateTime)>,
    second: Option<StaffShown>,
    /// A place that differs from the recorded one and was typed once: it is compared only when it is typed to be so again.
    doubted: Option<ShelfPlace>,
    /// Both looks are recorded: what is left is to hand over.
    looked: bool,
    /// The records do not take the return from here: the case must be opened anew.
    unwritable: bool,
}

impl Handover {
    /// A new one: nothing is taken from an earlier attempt.
    pub fn new() -> Self {
        Self {
            stage: Stage::Gather,
            notice: Input::new(Takes::Code, 64),
            shelf: Input::new(Takes::Code, 12),
            at: 0,
            agreements: Vec::new(),
            seen: [false; 3],
            row: 0,
            first: None,
            second: None,
            doubted: None,
            looked: false,
            unwritable: false,
        }
    }

    /// A new one whose notice was just scanned: the shelf is next.
    pub fn with_notice(payload: &str) -> Self {
        let mut handover = Self::new();
        handover.notice.set(payload);
        handover.at = 1;
        handover
    }

    /// What was scanned; or what was typed by hand, as a scanner would have read it. What is typed names no case: it is
    /// taken for the open one's, and the records compare it.
    fn payload(&self, common: &Common) -> Result<String, Misread> {
        let text = self.notice.text();
        if text.starts_with(SCANNED) {
            return Ok(text.to_owned());
        }
        let token = by_hand::read(text)?;
        let case = common.open.as_ref().map(|case| case.number);
        Ok(case.map_or_else(String::new, |case| NoticeCode { case, token }.to_string()))
    }

    /// Whether the notice's field is filled in; says where it is not as printed.
    fn has_notice(&mut self, common: &mut Common) -> bool {
        match self.payload(common) {
            Ok(_) => return true,
            Err(_) if self.notice.is_empty() => common.tell(Meaning::NeedsYou, "handover-scan"),
            Err(misread) => {
                let (key, facts) = misread_words(misread);
                let facts = facts.into_iter().map(|(name, fact)| (name, Told::Text(fact)));
                common.tell_with(Meaning::NeedsYou, key, facts.collect());
            }
        }
        self.at = 0;
        false
    }

    /// Back to what is compared; what was compared and looked at so far is worth nothing.
    fn gather_again(&mut self, common: &mut Common) {
        self.stage = Stage::Gather;
        self.agreements.clear();
        self.seen = [false; 3];
        self.row = 0;
        self.first = None;
        self.second = None;
        self.looked = false;
        common.next_step();
    }

    fn check(&mut self, common: &mut Common) {
        if !self.has_notice(common) {
            return;
        }
        let Some(shelf) = ShelfPlace::parse(self.shelf.text()) else {
            self.at = 1;
            return common.tell(Meaning::NeedsYou, "shelf-not-a-place");
        };
        if !matches!(common.resident_reader, ReaderState::Card(_)) {
            return common.tell(Meaning::NeedsYou, "handover-insert");
        }
        // A slip of the finger is no incident. Where the card should lie is not said: it is read off the shelf again.
        let recorded = common.open.as_ref().map(|case| &case.state);
        let differs = matches!(recorded, Some(CaseState::Shelved { shelf: place, .. }) if *place != shelf);
        if differs && self.doubted.as_ref() != Some(&shelf) {
            self.doubted = Some(shelf);
            self.at = 1;
            return common.tell(Meaning::NeedsYou, "handover-shelf-again");
        }
        if let (Some(case), Ok(notice)) = (common.case_at(), self.payload(common)) {
            common.ask(CheckHandover { case, notice, shelf }, Self::checked);
        }
    }

    fn confirm_sights(&mut self, time: u8, common: &mut Common) {
        if self.seen.contains(&false) {
            return common.tell(Meaning::NeedsYou, "handover-look");
        }
        if let Some(case) = common.case_at() {
            let sights = Sight::ALL.to_vec();
            common.ask(ConfirmSight { case, time, sights }, Self::sight_confirmed);
        }
    }

    /// Ticks what stands under the pointer, and says what was confirmed by it; the pointer stays.
    fn tick(&mut self, common: &mut Common) {
        let Some(sight) = Sight::ALL.get(self.row) else { return };
        let ticked = &mut self.seen[self.row];
        *ticked = !*ticked;
        let (meaning, key) = match (*ticked, self.seen.iter().filter(|seen| !**seen).count()) {
            (false, _) => (Meaning::NeedsYou, "handover-unticked"),
            (true, 0) => (Meaning::Done, "handover-ticked-all"),
            (true, _) => (Meaning::Done, "handover-ticked"),
        };
        let left = self.seen.iter().filter(|seen| !**seen).count().to_string();
        let facts = vec![("sight", Told::Word(sight_word(*sight))), ("left", Told::Text(left))];
        common.tell_with(meaning, key, facts);
    }

    /// The first sight is recorded: the second one begins anew, with nothing ticked.
    fn second_look(&mut self, common: &mut Common) {
        self.seen = [false; 3];
        self.row = 0;
        self.first = common
            .session
            .as_ref()
            .map(|session| (session.staff.name.clone(), common.now));
        self.stage = Stage::Look(2);
        common.next_step();
        if common.setup.sights == Sights::TwoClerks && self.second.is_none() {
            common.go(Go::Over(Box::new(over::Second::to(SecondPurpose::Handover))));
        }
    }

    fn hand_over(&mut self, common: &mut Common) {
        let (Some(case), Some(shelf)) = (common.case_at(), ShelfPlace::parse(self.shelf.text())) else {
            return;
        };
        if let Ok(notice) = self.payload(common) {
            common.ask(HandOver { case, notice, shelf }, Self::handed_over);
        }
    }

    fn checked(&mut self, compared: Result<Agreements, Fault>, common: &mut Common) {
        common.next_step();
        let Agreements(agreements) = match compared {
            Ok(compared) => compared,
            Err(fault) => return self.failed(&fault, common),
        };
        let agrees = !agreements.is_empty() && agreements.iter().all(|agreement| agreement.agrees);
        self.agreements = agreements;
        self.stage = if agrees { Stage::Look(1) } else { Stage::Mismatch };
        self.seen = [false; 3];
        self.row = 0;
        if !agrees {
            common.tell(Meaning::Stop, "handover-mismatch");
        }
    }

    fn sight_confirmed(&mut self, confirmed: Result<(), Fault>, common: &mut Common) {
        common.next_step();
        match (confirmed, &self.stage) {
            (Err(fault), _) => self.failed(&fault, common),
            (Ok(()), Stage::Look(1)) => self.second_look(common),
            (Ok(()), _) => {
                self.looked = true;
                self.hand_over(common);
            }
        }
    }

    fn handed_over(&mut self, case: Result<CaseNow, Fault>, common: &mut Common) {
        common.next_step();
        match case {
            Ok(_) => self.is_over(common),
            Err(fault) => self.failed(&fault, common),
        }
    }

    fn returned(&mut self, case: Result<CaseNow, Fault>, common: &mut Common) {
        common.next_step();
        match case {
            Ok(_) => {
                self.stage = Stage::Returned;
                common.tell(Meaning::NeedsYou, "handover-returned");
            }
            Err(fault) => self.failed(&fault, common),
        }
    }

    fn failed(&mut self, fault: &Fault, common: &mut Common) {
        self.unwritable = self.stage == Stage::Mismatch && *fault != Fault::DatabaseDown;
        common.tell_fault(fault);
    }

    fn is_over(&mut self, common: &mut Common) {
        self.stage = Stage::Over;
        common.next_step();
        common.tell(Meaning::Done, "handover-done");
    }
}

fn is_asking(common: &Common) -> bool {
    common.is_asking::<CheckHandover>()
        || common.is_asking::<ConfirmSight>()
        || common.is_asking::<HandOver>()
        || common.is_asking::<ReturnToShelf>()
}

impl Screen for Handover {
    fn keys(&self) -> &'static KeyTable {
        match self.stage {
            Stage::Gather => &keys::GATHER,
            _ => &keys::LOOK,
        }
    }

    fn field(&mut self) -> Option<&mut Input> {
        match (&self.stage, self.at) {
            (Stage::Gather, 0) => Some(&mut self.notice),
            (Stage::Gather, _) => Some(&mut self.shelf),
            _ => None,
        }
    }

    fn takes_text(&self) -> bool {
        self.stage == Stage::Gather
    }

    fn can(&self, intent: Intent, _common: &Common) -> bool {
        match (intent, &self.stage) {
            (Intent::Toggle | Intent::Yes | Intent::Up | Intent::Down, stage) => {
                matches!(stage, Stage::Look(_) | Stage::Gather)
            }
            (keys::RETURN_TO_SHELF, stage) => matches!(stage, Stage::Look(_) | Stage::Mismatch),
            // Nothing can be confirmed where something does not agree, and nobody leaves without writing it down.
            (Intent::Confirm, stage) => *stage != Stage::Mismatch,
            (Intent::Back, stage) => *stage != Stage::Mismatch || self.unwritable,
            _ => true,
        }
    }

    fn scanned(&mut self, payload: &str, common: &mut Common) -> bool {
        match self.stage {
            Stage::Gather => {}
            Stage::Look(_) | Stage::Mismatch => return true,
            // This case is done with: the next one is opened by its notice, as anywhere.
            Stage::Over | Stage::Returned => return false,
        }
        self.notice.set(payload);
        self.at = 1;
        common.message = None;
        true
    }

    fn reader(&mut self, reader: Reader, _state: ReaderState, common: &mut Common) {
        // Another card may lie there now: what was compared is worth nothing.
        if reader == Reader::Resident && matches!(self.stage, Stage::Look(_)) && !is_asking(common) {
            self.gather_again(common);
            common.tell(Meaning::NeedsYou, "handover-card-moved");
        }
    }

    fn act(&mut self, intent: Intent, common: &mut Common) {
        match (intent, &self.stage) {
            (Intent::Up, Stage::Gather) => self.at = 0,
            (Intent::Down, Stage::Gather) => self.at = 1,
            (Intent::Confirm, Stage::Gather) if self.at == 0 => self.at = usize::from(self.has_notice(common)),
            (Intent::Confirm, Stage::Gather) => self.check(common),
            (Intent::Up, Stage::Look(_)) => self.row = self.row.saturating_sub(1),
            (Intent::Down, Stage::Look(_)) => self.row = (self.row + 1).min(Sight::ALL.len() - 1),
            (Intent::Toggle, Stage::Look(_)) => self.tick(common),
            (Intent::Yes, Stage::Look(_)) => {
                if !self.seen[self.row] {
                    self.tick(common);
                }
                self.row = (self.row + 1).min(Sight::ALL.len() - 1);
            }
            (Intent::Confirm, Stage::Look(2)) if common.setup.sights == Sights::TwoClerks && self.second.is_none() => {
                common.go(Go::Over(Box::new(over::Second::to(SecondPurpose::Handover))));
            }
            // The database went away between the last look and the handover.
            (Intent::Confirm, Stage::Look(_)) if self.looked => self.hand_over(common),
            (Intent::Confirm, Stage::Look(time)) => {
                let time = *time;
                self.confirm_sights(time, common);
            }
            (keys::RETURN_TO_SHELF, Stage::Look(_) | Stage::Mismatch) => {
                common.go(Go::Over(Box::new(over::Reason::about("handover-return-about"))));
            }
            // What was scanned and typed stays; who looked so far looks anew, at what is compared anew.
            (Intent::Back, Stage::Look(_)) if !is_asking(common) => {
                self.gather_again(common);
                self.at = 1;
            }
            (Intent::Confirm, Stage::Over | Stage::Returned) | (Intent::Back, _) => common.go(Go::Case),
            _ => {}
        }
    }

    fn approved(&mut self, purpose: SecondPurpose, who: &StaffShown, _common: &mut Common) {
        if purpose == SecondPurpose::Handover {
            self.second = Some(who.clone());
        }
    }

    fn reasoned(&mut self, reason: &str, common: &mut Common) {
        let Some(case) = common.case_at() else { return };
        let mismatched = self
            .agreements
            .iter()
            .filter(|agreement| !agreement.agrees)
            .map(|agreement| agreement.what)
            .collect();
        self.stage = Stage::Mismatch;
        let note = reason.to_owned();
        let incident = Incident { mismatched, note };
        common.ask(ReturnToShelf { case, incident }, Self::returned);
    }

    fn case_reloaded(&mut self, common: &mut Common) {
        // The answer was lost, but the card was handed over: the records say so when they can be asked again.
        let state = common.open.as_ref().map(|case| &case.state);
        if matches!(self.stage, Stage::Look(_)) && matches!(state, Some(CaseState::HandedOver { .. })) {
            self.is_over(common);
        }
    }

    fn view(&self, common: &Common, pen: &Pen<'_>) -> Page {
        let case = common.open.as_deref();
        let mut page = Page::titled(case_title(pen, "title-handover", case));
        let Some(case) = case else { return page };
        match self.stage {
            Stage::Gather => self.gather(common, pen, &mut page),
            Stage::Look(time) => {
                who(&mut page, &case.resident, pen);
                page.gap();
                self.table(pen, &mut page);
                page.gap();
                self.sights(time, common, pen, &mut page);
            }
            Stage::Mismatch => {
                self.table(pen, &mut page);
                page.gap();
                self.about_notice(pen, &mut page);
                page.paragraph(pen, 0, &pen.say("handover-only-return"), Meaning::Stop);
            }
            Stage::Over => {
                page.gap();
                page.paragraph(pen, 2, &pen.say("handover-over"), Meaning::Done);
                page.gap();
                page.paragraph(pen, 2, &pen.say("handover-sign"), Meaning::NeedsYou);
            }
            Stage::Returned => {
                page.gap();
                page.paragraph(pen, 2, &pen.say("handover-is-back"), Meaning::NeedsYou);
            }
        }
        page
    }
}

impl Default for Handover {
    fn default() -> Self {
        Self::new()
    }
}

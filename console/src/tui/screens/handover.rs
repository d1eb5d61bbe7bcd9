//! 交付: notice, shelf and chip must agree; then two sights. What does not agree can only go back to its shelf.

use issuance::{
    case::{CaseNumber, CaseState, ShelfPlace},
    handover::{
        NoticeCode,
        by_hand::{self, Misread},
    },
};
use time::OffsetDateTime;

use crate::tui::{
    common::{Common, Go, Told},
    effect::{JobId, Order, SecondPurpose},
    event::Reply,
    facts::{Agreement, Compared, Incident, Reader, ReaderState, Sight, Sights, StaffShown},
    fault::Fault,
    frame::moment,
    input::{Input, Takes},
    keymap::{Intent, Place},
    over,
    page::{Line, Page, Pen},
    screen::Screen,
    screens::shown::{case_title, who},
    theme::Meaning,
};

/// What a scanned notice begins with; anything else is a code typed by hand.
const SCANNED: &str = crate::tui::scan::PREFIX;

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
    asking: Option<JobId>,
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
            asking: None,
            looked: false,
            unwritable: false,
        }
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
        if let (Some(case), Ok(notice)) = (common.case_at(), self.payload(common)) {
            self.asking = Some(common.order_for_case(Order::CheckHandover { case, notice, shelf }));
        }
    }

    fn confirm_sights(&mut self, time: u8, common: &mut Common) {
        if self.seen.contains(&false) {
            return common.tell(Meaning::NeedsYou, "handover-look");
        }
        if let Some(case) = common.case_at() {
            self.asking = Some(common.order_for_case(Order::ConfirmSight {
                case,
                time,
                sights: Sight::ALL.to_vec(),
            }));
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
            self.asking = Some(common.order_for_case(Order::HandOver { case, notice, shelf }));
        }
    }

    fn answered(&mut self, reply: &Reply, common: &mut Common) {
        match (reply, &self.stage) {
            (Reply::Agreements(agreements), Stage::Gather) => {
                let agrees = !agreements.is_empty() && agreements.iter().all(|agreement| agreement.agrees);
                self.agreements = agreements.clone();
                self.stage = if agrees { Stage::Look(1) } else { Stage::Mismatch };
                self.seen = [false; 3];
                self.row = 0;
                if !agrees {
                    common.tell(Meaning::Stop, "handover-mismatch");
                }
            }
            (Reply::Done, Stage::Look(1)) => self.second_look(common),
            (Reply::Done, Stage::Look(_)) => {
                self.looked = true;
                self.hand_over(common);
            }
            (Reply::Case(_), Stage::Look(_)) => self.is_over(common),
            (Reply::Case(_), Stage::Mismatch) => {
                self.stage = Stage::Returned;
                common.tell(Meaning::NeedsYou, "handover-returned");
            }
            _ => {}
        }
    }

    fn is_over(&mut self, common: &mut Common) {
        self.stage = Stage::Over;
        common.next_step();
        common.tell(Meaning::Done, "handover-done");
    }
}

impl Screen for Handover {
    fn place(&self) -> Place {
        match self.stage {
            Stage::Gather => Place::Handover,
            _ => Place::Sights,
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

    fn is_busy(&self) -> bool {
        self.asking.is_some()
    }

    fn can(&self, intent: Intent, _common: &Common) -> bool {
        match (intent, &self.stage) {
            (Intent::Toggle | Intent::Up | Intent::Down, stage) => matches!(stage, Stage::Look(_) | Stage::Gather),
            (Intent::ReturnToShelf, stage) => matches!(stage, Stage::Look(_) | Stage::Mismatch),
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
        if reader == Reader::Resident && matches!(self.stage, Stage::Look(_)) && self.asking.is_none() {
            self.stage = Stage::Gather;
            self.agreements.clear();
            self.first = None;
            self.second = None;
            self.looked = false;
            common.next_step();
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
            (Intent::Confirm, Stage::Look(2)) if common.setup.sights == Sights::TwoClerks && self.second.is_none() => {
                common.go(Go::Over(Box::new(over::Second::to(SecondPurpose::Handover))));
            }
            // The database went away between the last look and the handover.
            (Intent::Confirm, Stage::Look(_)) if self.looked => self.hand_over(common),
            (Intent::Confirm, Stage::Look(time)) => {
                let time = *time;
                self.confirm_sights(time, common);
            }
            (Intent::ReturnToShelf, Stage::Look(_) | Stage::Mismatch) => {
                common.go(Go::Over(Box::new(over::Reason::about("handover-return-about"))));
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
        self.asking = Some(common.order_for_case(Order::ReturnToShelf {
            case,
            incident: Incident {
                mismatched,
                note: reason.to_owned(),
            },
        }));
    }

    fn reply(&mut self, job: JobId, reply: &Result<Reply, Fault>, common: &mut Common) {
        if self.asking != Some(job) {
            // Its answer was lost, but it was handed over: the records say so when they can be asked again.
            if let Ok(Reply::Case(case)) = reply
                && matches!(self.stage, Stage::Look(_))
                && matches!(case.state, CaseState::HandedOver { .. })
            {
                self.is_over(common);
            }
            return;
        }
        self.asking = None;
        common.next_step();
        match reply {
            Ok(reply) => self.answered(reply, common),
            Err(fault) => {
                self.unwritable = self.stage == Stage::Mismatch && *fault != Fault::DatabaseDown;
                common.tell_fault(fault);
            }
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

impl Handover {
    fn gather(&self, common: &Common, pen: &Pen<'_>, page: &mut Page) {
        page.paragraph(pen, 0, &pen.say("handover-about"), Meaning::Plain);
        page.gap();
        page.input(
            pen,
            18,
            &pen.say("handover-notice"),
            &self.notice,
            pen.width,
            self.at == 0,
        );
        self.typed_so_far(common, pen, page);
        page.input(pen, 18, &pen.say("handover-shelf"), &self.shelf, 16, self.at == 1);
        let (words, meaning) = match common.resident_reader {
            ReaderState::Card(_) => ("handover-card-in", Meaning::Done),
            _ => ("handover-insert", Meaning::NeedsYou),
        };
        page.fact(pen, 18, &pen.say("handover-card"), &pen.say(words), meaning);
        if self.asking.is_some() {
            page.gap();
            page.paragraph(pen, 2, &pen.say("handover-checking"), Meaning::Waiting);
        }
    }

    /// What the check of the typed code says, while it is typed.
    fn typed_so_far(&self, common: &Common, pen: &Pen<'_>, page: &mut Page) {
        if self.notice.is_empty() {
            return;
        }
        let is_scanned = self.notice.text().starts_with(SCANNED);
        let (symbol, words, meaning) = match self.payload(common) {
            Ok(payload) if is_scanned => match another_case(&payload, common) {
                Some(other) => {
                    let facts = [("case", other.to_string().into())];
                    let words = pen.say_with("handover-notice-of-another", &facts);
                    (pen.glyphs.stop, words, Meaning::Stop)
                }
                None => return,
            },
            Ok(_) => (pen.glyphs.done, pen.say("handover-typed"), Meaning::Done),
            Err(misread) => {
                let (key, facts) = misread_words(misread);
                let facts: Vec<_> = facts.into_iter().map(|(name, fact)| (name, fact.into())).collect();
                match misread {
                    Misread::Unfinished { .. } => (pen.glyphs.todo, pen.say_with(key, &facts), Meaning::Waiting),
                    _ => (pen.glyphs.stop, pen.say_with(key, &facts), Meaning::Stop),
                }
            }
        };
        page.paragraph(pen, 22, &format!("{symbol}{words}"), meaning);
    }

    /// Who looks now.
    fn looker(&self, time: u8, common: &Common, pen: &Pen<'_>) -> String {
        let first = common
            .session
            .as_ref()
            .map_or("", |session| session.staff.name.as_str());
        let said = |key: &str, name: &str| pen.say_with(key, &[("name", name.to_owned().into())]);
        match (time, common.setup.sights, &self.second) {
            (1, Sights::TwoClerks, _) => said("handover-looks-first", first),
            (_, Sights::TwoClerks, Some(second)) => said("handover-looks-second", &second.name),
            (_, Sights::TwoClerks, None) => pen.say("handover-looks-nobody"),
            (1, Sights::OneClerkTwice, _) => said("handover-looks-once", first),
            (_, Sights::OneClerkTwice, _) => said("handover-looks-again", first),
        }
    }

    /// What was compared, records against what was found.
    fn table(&self, pen: &Pen<'_>, page: &mut Page) {
        let quiet = |key: &str, cells: usize| pen.fit(&pen.say(key), cells);
        let column = pen.width.saturating_sub(24) / 2;
        page.line(
            Line::of("  ", Meaning::Plain)
                .and(quiet("handover-compared", 14), Meaning::Quiet)
                .and("  ", Meaning::Plain)
                .and(quiet("handover-expected", column), Meaning::Quiet)
                .and("  ", Meaning::Plain)
                .and(quiet("handover-found", column), Meaning::Quiet),
        );
        for agreement in &self.agreements {
            let (symbol, meaning) = if agreement.agrees {
                (pen.glyphs.done, Meaning::Done)
            } else {
                (pen.glyphs.stop, Meaning::Stop)
            };
            let (expected, found) = match agreement.what {
                Compared::Pin => (pen.say("compared-pin-set"), pen.say(pin_word(agreement.agrees))),
                _ => (agreement.expected.clone(), agreement.found.clone()),
            };
            page.line(
                Line::of(symbol, meaning)
                    .and(quiet(compared_word(agreement.what), 14), meaning)
                    .and("  ", Meaning::Plain)
                    .and(pen.fit(&expected, column), Meaning::Plain)
                    .and("  ", Meaning::Plain)
                    .and(pen.fit(&found, column), meaning),
            );
        }
    }

    /// Whose notice it is that does not agree.
    fn about_notice(&self, pen: &Pen<'_>, page: &mut Page) {
        let differing = self.agreements.iter().filter(|agreement| !agreement.agrees);
        for agreement in differing {
            let key = match agreement.what {
                Compared::CaseOfNotice => "handover-notice-of",
                Compared::EarlierNotice => "handover-notice-earlier",
                Compared::Notice => "handover-notice-of-nobody",
                Compared::Shelf | Compared::Chip | Compared::Pin => continue,
            };
            let words = pen.say_with(key, &[("case", agreement.found.as_str().into())]);
            page.paragraph(pen, 0, &words, Meaning::Stop);
        }
    }

    fn sights(&self, time: u8, common: &Common, pen: &Pen<'_>, page: &mut Page) {
        let heading = |time: u8| pen.say_with("handover-sights", &[("time", time.to_string().into())]);
        if let (2, Some((name, at))) = (time, &self.first) {
            page.line(
                Line::of(pen.glyphs.done, Meaning::Done)
                    .and(heading(1), Meaning::Done)
                    .and("  ", Meaning::Plain)
                    .and(name, Meaning::Plain)
                    .and("  ", Meaning::Plain)
                    .and(moment(pen, *at), Meaning::Quiet),
            );
        }
        page.line(
            Line::of(pen.glyphs.arrow, Meaning::Accent)
                .and(heading(time), Meaning::Accent)
                .and("  ", Meaning::Plain)
                .and(self.looker(time, common, pen), Meaning::Strong),
        );
        for (at, sight) in Sight::ALL.into_iter().enumerate() {
            let here = at == self.row;
            let tick = pen.glyphs.ticked[usize::from(!self.seen[at])];
            let line = Line::of(if here { pen.glyphs.here } else { "  " }, Meaning::Accent)
                .and(tick, if self.seen[at] { Meaning::Done } else { Meaning::Plain })
                .and(" ", Meaning::Plain)
                .and(
                    pen.say(sight_word(sight)),
                    if here { Meaning::Strong } else { Meaning::Plain },
                );
            if here {
                page.focus = page.body.len();
            }
            page.line(line);
        }
    }
}

/// Which other case than the open one a scanned code names: seen before anything is taken from a shelf.
fn another_case(payload: &str, common: &Common) -> Option<CaseNumber> {
    let code: NoticeCode = payload.parse().ok()?;
    let open = common.open.as_ref()?;
    (code.case != open.number).then_some(code.case)
}

/// What is wrong with a code typed by hand, or what is still to come, and the facts of it.
fn misread_words(misread: Misread) -> (&'static str, Vec<(&'static str, String)>) {
    match misread {
        Misread::Unfinished { groups, typed } => (
            "handover-code-unfinished",
            vec![
                ("groups", groups.to_string()),
                ("left", by_hand::TYPED.saturating_sub(typed).to_string()),
            ],
        ),
        Misread::Character { group, found } => (
            "handover-code-character",
            vec![("group", group.to_string()), ("character", found.to_string())],
        ),
        Misread::Group { group } => ("handover-code-group", vec![("group", group.to_string())]),
        Misread::TooLong => ("handover-code-too-long", Vec::new()),
    }
}

const fn compared_word(what: Compared) -> &'static str {
    match what {
        Compared::Notice | Compared::EarlierNotice | Compared::CaseOfNotice => "compared-notice",
        Compared::Shelf => "compared-shelf",
        Compared::Chip => "compared-chip",
        Compared::Pin => "compared-pin",
    }
}

const fn pin_word(is_set: bool) -> &'static str {
    if is_set {
        "compared-pin-set"
    } else {
        "compared-pin-not-set"
    }
}

const fn sight_word(sight: Sight) -> &'static str {
    match sight {
        Sight::Person => "sight-person",
        Sight::Name => "sight-name",
        Sight::Card => "sight-card",
    }
}

impl Default for Handover {
    fn default() -> Self {
        Self::new()
    }
}

//! 発行: a progress line a step with its time; what pulling the card means now; a stop that says what it leaves.

pub mod keys;

use std::{collections::BTreeMap, time::Duration};

use issuance::{case::CaseState, records::Step};
use time::OffsetDateTime;

use crate::{
    common::{Common, Go, Told},
    event::MakingProgress,
    facts::{CardView, CaseView, ChipKnown, ChipView, MakingEnd, Reader, ReaderState, StaffShown},
    fault::Fault,
    keymap::{Intent, KeyTable},
    order::JobId,
    orders::{
        cards::{CancelMaking, ReadChip, StartMaking},
        staff::SecondPurpose,
    },
    over,
    page::{Line, Page, Pen},
    screen::Screen,
    screens::shown::{case_title, chip_word},
    theme::Meaning,
};

/// Cells of a progress bar.
const BAR: usize = 20;

/// How the making ended.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Ended {
    Made,
    Stopped(Fault),
    Damaged,
}

/// The step that goes on.
#[derive(Debug)]
struct Current {
    step: Step,
    since: OffsetDateTime,
    /// Done of total, where the step tells.
    fraction: Option<(u64, u64)>,
}

/// Making a card.
#[derive(Debug)]
pub struct Making {
    chip: Option<ChipView>,
    running: Option<JobId>,
    /// What the chip says once it is bound.
    bound: Option<String>,
    done: BTreeMap<Step, Duration>,
    current: Option<Current>,
    safe_to_stop: bool,
    stopping: bool,
    second: Option<StaffShown>,
    ended: Option<Ended>,
    /// Enter was pressed while the card was being read: it holds for the begun card alone.
    when_read: bool,
}

impl Making {
    /// The making of this case's card, or where it stood.
    pub fn new(case: &CaseView) -> Self {
        Self {
            chip: None,
            running: None,
            bound: None,
            done: case
                .card
                .as_ref()
                .map(|card| card.done.iter().copied().collect())
                .unwrap_or_default(),
            current: None,
            safe_to_stop: true,
            stopping: false,
            second: None,
            ended: None,
            when_read: false,
        }
    }

    fn look(&mut self, common: &mut Common) {
        if self.running.is_some() {
            return;
        }
        self.chip = None;
        self.when_read = false;
        common.forget::<ReadChip>();
        if matches!(common.resident_reader, ReaderState::Card(_)) {
            common.load(ReadChip, Self::chip_read);
        }
    }

    fn chip_read(&mut self, chip: Result<ChipView, Fault>, common: &mut Common) {
        match chip {
            Ok(chip) => {
                // The card that the page asks for lies there: Enter goes on with it, as it did before it was read.
                let is_awaited = chip.known == ChipKnown::ThisCaseUnfinished
                    && begun(common).is_some_and(|card| card.chip == chip.serial);
                let goes_on = std::mem::take(&mut self.when_read) && is_awaited;
                self.chip = Some(chip);
                if !is_awaited {
                    common.next_choice();
                }
                if goes_on {
                    common.message = None;
                    self.start(common);
                }
            }
            // The page asks for the card already; why the making stopped is the better message.
            Err(Fault::NoCard) => {}
            Err(fault) => common.tell_fault(&fault),
        }
    }

    fn ended(&mut self, ended: Result<MakingEnd, Fault>, common: &mut Common) {
        self.running = None;
        self.current = None;
        self.stopping = false;
        // From here on what counts is the card that lies there now.
        let was_bound = self.bound.take().is_some();
        // The agreement is used up with the binding: another card is agreed to anew. Before that it holds.
        let holds = match &ended {
            Ok(MakingEnd::Stopped { why, .. }) | Err(why) => *why != Fault::AgreementGone,
            Ok(_) => false,
        };
        self.second = self.second.take().filter(|_| holds && !was_bound);
        common.next_step();
        match ended {
            Ok(MakingEnd::Made(case)) => {
                common.open = Some(case);
                self.ended = Some(Ended::Made);
                if let Some(chip) = &mut self.chip {
                    chip.known = ChipKnown::ThisCase;
                }
                common.tell(Meaning::Done, "making-made");
            }
            Ok(MakingEnd::Damaged { case, .. }) => {
                common.open = Some(case);
                self.ended = Some(Ended::Damaged);
                self.done.clear();
                common.tell(Meaning::Stop, "making-damaged");
                self.look(common);
            }
            Ok(MakingEnd::Stopped { why, .. }) | Err(why) => {
                common.tell_fault(&why);
                self.ended = Some(Ended::Stopped(why));
                self.look(common);
            }
        }
    }

    fn start(&mut self, common: &mut Common) {
        let Some(chip) = &self.chip else {
            return self.ask_for_card(common);
        };
        if !matches!(chip.known, ChipKnown::Blank | ChipKnown::ThisCaseUnfinished) {
            return common.tell(Meaning::Stop, chip_word(chip.known).0);
        }
        // Two agree to one card; going on with it is what they agreed to.
        let is_new = chip.known == ChipKnown::Blank;
        if common.setup.making_by_two && is_new && self.second.is_none() {
            return common.go(Go::Over(Box::new(over::Second::to(SecondPurpose::Making))));
        }
        if let Some(case) = common.case_at() {
            self.ended = None;
            self.stopping = false;
            self.running = Some(common.start(StartMaking { case }, Self::ended));
            common.next_step();
        }
    }

    /// Which card is wanted; one that lies there already is being read.
    fn ask_for_card(&mut self, common: &mut Common) {
        if common.is_asking::<ReadChip>() {
            self.when_read = true;
            return common.tell(Meaning::Waiting, "making-reading");
        }
        match begun(common).map(|card| card.chip.clone()) {
            Some(chip) => common.tell_with(
                Meaning::NeedsYou,
                "making-insert-again",
                vec![("chip", Told::Text(chip))],
            ),
            None => common.tell(Meaning::NeedsYou, "making-insert"),
        }
    }

    fn stop(&mut self, common: &mut Common) {
        if let Some(making) = self.running
            && !self.stopping
        {
            self.stopping = true;
            common.tell_desk(CancelMaking { making });
        }
    }
}

impl Screen for Making {
    fn keys(&self) -> &'static KeyTable {
        if self.running.is_some() {
            &keys::RUNS
        } else {
            &keys::KEYS
        }
    }

    fn can_leave(&self) -> bool {
        self.running.is_none()
    }

    fn can(&self, intent: Intent, _common: &Common) -> bool {
        match intent {
            Intent::Confirm => self.running.is_none(),
            Intent::Refresh => self.running.is_none() && self.ended != Some(Ended::Made),
            Intent::Stop => self.running.is_some() && !self.stopping,
            _ => true,
        }
    }

    fn shown(&mut self, common: &mut Common) {
        self.look(common);
    }

    fn reader(&mut self, reader: Reader, _state: ReaderState, common: &mut Common) {
        if reader == Reader::Resident && self.ended != Some(Ended::Made) {
            self.look(common);
        }
    }

    fn queues_changed(&mut self, common: &mut Common) {
        // Also told when the database is back: what could not be asked about the card then is asked now.
        if self.chip.is_none() && !common.is_asking::<ReadChip>() && self.ended != Some(Ended::Made) {
            self.look(common);
        }
    }

    fn act(&mut self, intent: Intent, common: &mut Common) {
        match intent {
            Intent::Confirm if self.ended == Some(Ended::Made) => common.go(Go::Next),
            Intent::Confirm => self.start(common),
            Intent::Refresh => self.look(common),
            Intent::Stop => self.stop(common),
            Intent::Back => common.go(Go::Case),
            _ => {}
        }
    }

    fn approved(&mut self, purpose: SecondPurpose, who: &StaffShown, common: &mut Common) {
        if purpose == SecondPurpose::Making {
            self.second = Some(who.clone());
            self.start(common);
        }
    }

    fn making(&mut self, progress: &MakingProgress, common: &mut Common) {
        match progress {
            MakingProgress::Bound { chip } => self.bound = Some(chip.clone()),
            MakingProgress::Started { step, safe_to_stop } => {
                self.current = Some(Current {
                    step: *step,
                    since: common.now,
                    fraction: None,
                });
                self.safe_to_stop = *safe_to_stop;
            }
            MakingProgress::Fraction { step, done, total } => {
                if let Some(current) = self.current.as_mut().filter(|current| current.step == *step) {
                    current.fraction = Some((*done, *total));
                }
            }
            MakingProgress::Finished { step, took } => {
                self.done.insert(*step, *took);
                self.current = None;
            }
        }
    }

    fn view(&self, common: &Common, pen: &Pen<'_>) -> Page {
        let mut page = Page::titled(case_title(pen, "title-making", common.open.as_deref()));
        self.chip_line(common, pen, &mut page);
        page.gap();
        for step in Step::ALL {
            page.line(self.step_line(step, common, pen));
        }
        page.gap();
        let (symbol, words, meaning) = self.what_now(common);
        let symbol = match symbol {
            Meaning::Done => pen.glyphs.done,
            Meaning::Stop => pen.glyphs.stop,
            Meaning::NeedsYou => pen.glyphs.warn,
            _ => pen.glyphs.arrow,
        };
        page.paragraph(pen, 1, &format!("{symbol}{}", pen.say(words)), meaning);
        if let Some(second) = &self.second {
            let facts = [("name", second.name.as_str().into())];
            page.paragraph(pen, 1, &pen.say_with("making-second", &facts), Meaning::Quiet);
        }
        if pen.side > 0 {
            page.side = pen.aside(&pen.say("making-about"), Meaning::Quiet);
        }
        page
    }
}

impl Making {
    fn chip_line(&self, common: &Common, pen: &Pen<'_>, page: &mut Page) {
        let bound = self.bound.clone().or_else(|| {
            let card = common.open.as_ref()?.card.as_ref()?;
            self.running.is_some().then(|| card.chip.clone())
        });
        if let Some(chip) = bound {
            let words = pen.say_with("making-bound", &[("chip", chip.into())]);
            return page.paragraph(pen, 0, &words, Meaning::Plain);
        }
        match (&self.chip, common.resident_reader) {
            (Some(chip), _) => {
                let (word, meaning) = chip_word(chip.known);
                let words = pen.say_with("making-chip", &[("chip", chip.serial.as_str().into())]);
                page.paragraph(pen, 0, &words, Meaning::Plain);
                page.paragraph(pen, 0, &pen.say(word), meaning);
            }
            (None, _) if common.is_asking::<ReadChip>() => {
                page.paragraph(pen, 0, &pen.say("making-reading"), Meaning::Waiting)
            }
            (None, _) => {
                let words = match begun(common) {
                    Some(card) => pen.say_with("making-insert-again", &[("chip", card.chip.as_str().into())]),
                    None => pen.say("making-insert"),
                };
                page.paragraph(pen, 0, &words, Meaning::NeedsYou);
            }
        }
    }

    fn step_line(&self, step: Step, common: &Common, pen: &Pen<'_>) -> Line {
        let word = pen.fit(&pen.say(step_word(step)), 30);
        if let Some(current) = self.current.as_ref().filter(|current| current.step == step) {
            let line = Line::of("  ", Meaning::Plain)
                .and(pen.glyphs.here, Meaning::Accent)
                .and(word, Meaning::Strong);
            let line = match current.fraction {
                Some((done, total)) if total > 0 => {
                    let full = (done.min(total) as usize * BAR) / total as usize;
                    let bar = format!(
                        "{}{}",
                        pen.glyphs.bar[0].repeat(full),
                        pen.glyphs.bar[1].repeat(BAR - full)
                    );
                    line.and(bar, Meaning::Accent).and("  ", Meaning::Plain)
                }
                _ => line,
            };
            let running = (common.now - current.since).whole_seconds().max(0).to_string();
            return line.and(
                pen.say_with("making-running", &[("seconds", running.into())]),
                Meaning::Waiting,
            );
        }
        match self.done.get(&step) {
            Some(took) => {
                let seconds = format!("{:.2}", took.as_secs_f64());
                Line::of("  ", Meaning::Plain)
                    .and(pen.glyphs.done, Meaning::Done)
                    .and(word, Meaning::Plain)
                    .and(pen.fit_right(&seconds, 7), Meaning::Plain)
                    .and(pen.say("in-seconds"), Meaning::Quiet)
            }
            None => Line::of("  ", Meaning::Plain)
                .and(pen.glyphs.todo, Meaning::Quiet)
                .and(word, Meaning::Quiet),
        }
    }

    /// What stands now, in physical terms: what happens when the card is pulled, or what to do next.
    fn what_now(&self, common: &Common) -> (Meaning, &'static str, Meaning) {
        match (&self.ended, self.running) {
            (_, Some(_)) if self.stopping => (Meaning::Waiting, "making-stopping", Meaning::Waiting),
            (_, Some(_)) if self.safe_to_stop => (Meaning::NeedsYou, "making-pull-resumes", Meaning::NeedsYou),
            (_, Some(_)) => (Meaning::NeedsYou, "making-pull-risky", Meaning::NeedsYou),
            (Some(Ended::Made), None) => (Meaning::Done, "making-next", Meaning::Done),
            (Some(Ended::Stopped(_)), None) if begun(common).is_some() => {
                (Meaning::NeedsYou, "making-resume", Meaning::NeedsYou)
            }
            (Some(Ended::Damaged), None) => (Meaning::Stop, "making-new-blank", Meaning::Stop),
            (None, None) if !self.done.is_empty() => (Meaning::NeedsYou, "making-resume", Meaning::NeedsYou),
            (_, None) if common.setup.making_by_two && self.second.is_none() => {
                (Meaning::Plain, "making-ready-two", Meaning::Plain)
            }
            (_, None) => (Meaning::Plain, "making-ready", Meaning::Plain),
        }
    }
}

/// The card that the open case's making has begun, if any.
fn begun(common: &Common) -> Option<&CardView> {
    let case = common.open.as_ref()?;
    match case.state {
        CaseState::Making { .. } => case.card.as_ref(),
        _ => None,
    }
}

/// The words for a step.
pub const fn step_word(step: Step) -> &'static str {
    match step {
        Step::Select => "making-select",
        Step::Authenticate => "making-authenticate",
        Step::GenerateAuthenticationKey => "making-generate-authentication-key",
        Step::GenerateEligibilityKey => "making-generate-eligibility-key",
        Step::ProvePossession => "making-prove-possession",
        Step::IssueCertificates => "making-issue-certificates",
        Step::Write => "making-write",
        Step::ReadBack => "making-read-back",
        Step::Verify => "making-verify",
        Step::Close => "making-close",
    }
}

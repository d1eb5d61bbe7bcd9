//! The resident chooses a PIN: a screen turned to them, with nothing on it but what is theirs, and dots for digits.

pub mod keys;

use issuance::pin;
use secrecy::SecretString;
use uuid::Uuid;

use crate::{
    common::{Common, Go},
    facts::{CaseView, ChipKnown, ChipView, Language, Reader, ReaderState, Tries},
    fault::{Fault, weak_word},
    input::{Input, Takes},
    keymap::{Intent, KeyTable},
    orders::{
        cards::{ChangePin, PinRight, ReadChip, SetPin, SetPinAgain, SetPinByPermission, VerifyPin},
        cases::CaseNow,
    },
    page::{Line, Page, Pen},
    screen::Screen,
    screens::{login::tries, shown::chip_word},
    theme::Meaning,
};

/// The words for two PINs that are not the same.
const DIFFERS: &str = "pin-differs";

/// Where the resident stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// The clerk turns the screen; the card must be in the reader.
    Ready,
    /// The present one, of which the card makes sure.
    Old,
    First,
    Again,
    /// A PIN is set already: the resident tries it.
    Check,
    /// The card takes it.
    Setting,
    /// It is set; the screen goes back to the clerk.
    Set,
    /// It was right; the screen goes back to the clerk.
    Right,
}

/// The resident's PIN.
#[derive(Debug)]
pub struct Pin {
    stage: Stage,
    old: Input,
    first: Input,
    again: Input,
    /// Why the last one was not taken.
    why: Option<&'static str>,
    chip: Option<ChipView>,
    /// Whether the card sets or tries it now.
    setting: bool,
    /// Whether it is set over one that is recorded.
    again_over: bool,
    /// Leave to set it anew after the handover.
    permission: Option<Uuid>,
    /// Whether its holder, who knows the present one, changes it after the handover.
    changing: bool,
    /// The clerk's language, while the resident may choose another.
    office_language: Option<Language>,
}

impl Pin {
    /// For this case's card.
    pub fn new(_case: &CaseView) -> Self {
        Self::empty()
    }

    fn empty() -> Self {
        Self {
            stage: Stage::Ready,
            old: Input::new(Takes::Pin, pin::LENGTH),
            first: Input::new(Takes::Pin, pin::LENGTH),
            again: Input::new(Takes::Pin, pin::LENGTH),
            why: None,
            chip: None,
            setting: false,
            again_over: false,
            permission: None,
            changing: false,
            office_language: None,
        }
    }

    /// The screen is turned to the resident.
    fn turn_over(&mut self, stage: Stage, common: &mut Common) {
        self.office_language.get_or_insert(common.language);
        self.stage = stage;
        common.next_step();
    }

    /// The screen is the clerk's again, in the clerk's language.
    const fn turn_back(&mut self, common: &mut Common) {
        if let Some(language) = self.office_language.take() {
            common.language = language;
        }
    }

    /// For a card that was handed over, by the leave just given.
    pub fn by_permission(permission: Uuid) -> Self {
        Self {
            permission: Some(permission),
            ..Self::empty()
        }
    }

    /// For a card that was handed over, whose holder knows the present one.
    pub fn to_change() -> Self {
        Self {
            changing: true,
            ..Self::empty()
        }
    }

    /// Whether the records say that a PIN is set. One that only the card knows of was cut off before it was recorded:
    /// nobody relies on it, the first one is set over it.
    fn is_recorded(common: &Common) -> bool {
        let card = common.open.as_ref().and_then(|case| case.card.as_ref());
        card.is_some_and(|card| card.pin_set)
    }

    fn choose(&mut self, again_over: bool, common: &mut Common) {
        self.again_over = again_over;
        self.turn_over(Stage::First, common);
    }

    fn begin_again(&mut self, why: Option<&'static str>) {
        self.first.clear();
        self.again.clear();
        self.why = why;
        if matches!(self.stage, Stage::Again | Stage::Setting) {
            self.stage = Stage::First;
        }
    }

    fn look(&mut self, common: &mut Common) {
        self.chip = None;
        common.forget::<ReadChip>();
        if matches!(common.resident_reader, ReaderState::Card(_)) {
            common.load(ReadChip, Self::chip_read);
        }
    }

    fn chip_read(&mut self, chip: Result<ChipView, Fault>, common: &mut Common) {
        match chip {
            Ok(chip) => self.chip = Some(chip),
            // The page asks for the card already; that it was pulled is the better message.
            Err(Fault::NoCard) => {}
            Err(fault) => common.tell_fault(&fault),
        }
    }

    fn set(&mut self, case: Result<CaseNow, Fault>, common: &mut Common) {
        self.setting = false;
        common.next_step();
        match case {
            Ok(_) => {
                self.stage = Stage::Set;
                self.old.clear();
                common.tell(Meaning::Done, if self.changing { "pin-changed" } else { "pin-set" });
            }
            Err(Fault::WrongPin { tries_left }) if self.changing => {
                self.tries_are(tries_left);
                self.begin_again(Some("pin-wrong"));
                self.old.clear();
                self.stage = Stage::Old;
                if tries_left == 0 {
                    self.locked(common);
                }
            }
            Err(Fault::PinWeak(weak)) => self.begin_again(Some(weak_word(weak))),
            Err(fault) => self.failed(&fault, common),
        }
    }

    fn tried(&mut self, tried: Result<PinRight, Fault>, common: &mut Common) {
        self.setting = false;
        common.next_step();
        match tried {
            Ok(PinRight) => self.stage = Stage::Right,
            Err(Fault::WrongPin { tries_left }) if self.stage == Stage::Check => {
                self.tries_are(tries_left);
                self.begin_again(Some("pin-wrong"));
                if tries_left == 0 {
                    self.locked(common);
                }
            }
            Err(fault) => self.failed(&fault, common),
        }
    }

    const fn tries_are(&mut self, left: u8) {
        if let Some(chip) = &mut self.chip {
            chip.pin = if left == 0 { Tries::Blocked } else { Tries::Left(left) };
        }
    }

    /// The last try was wrong: the clerk goes on.
    fn locked(&mut self, common: &mut Common) {
        self.stage = Stage::Ready;
        self.turn_back(common);
        common.tell_fault(&Fault::PinBlocked);
    }

    fn failed(&mut self, fault: &Fault, common: &mut Common) {
        self.begin_again(None);
        self.old.clear();
        self.stage = Stage::Ready;
        self.turn_back(common);
        common.tell_fault(fault);
        self.look(common);
    }

    fn confirm(&mut self, common: &mut Common) {
        match self.stage {
            Stage::Ready => match &self.chip {
                Some(chip) if chip.known == ChipKnown::ThisCase && self.permission.is_some() => {
                    self.choose(true, common);
                }
                Some(chip) if chip.known == ChipKnown::ThisCase && self.changing => match chip.pin {
                    Tries::Blocked => common.tell_fault(&Fault::PinBlocked),
                    _ => self.turn_over(Stage::Old, common),
                },
                Some(chip) if chip.known == ChipKnown::ThisCase && !Self::is_recorded(common) => {
                    self.choose(false, common);
                }
                Some(chip) if chip.known == ChipKnown::ThisCase && chip.pin == Tries::Blocked => {
                    common.tell_fault(&Fault::PinBlocked);
                }
                Some(chip) if chip.known == ChipKnown::ThisCase => self.turn_over(Stage::Check, common),
                Some(_) => common.tell_fault(&Fault::WrongChip),
                None if common.is_asking::<ReadChip>() => common.tell(Meaning::Waiting, "making-reading"),
                None => common.tell_fault(&Fault::NoCard),
            },
            Stage::Old if self.old.len() < pin::LENGTH => self.why = Some("weak-not-four-digits"),
            Stage::Old => {
                self.why = None;
                self.stage = Stage::First;
                common.next_step();
            }
            Stage::First if self.changing && self.first.text() == self.old.text() => {
                self.begin_again(Some("pin-same"));
                common.next_step();
            }
            Stage::First => self.check_first(common),
            Stage::Again if self.again.text() != self.first.text() => {
                self.begin_again(Some(DIFFERS));
                common.next_step();
            }
            Stage::Again => {
                if let Some(case) = common.case_at() {
                    let pin = SecretString::from(self.first.text());
                    self.first.clear();
                    self.again.clear();
                    self.stage = Stage::Setting;
                    self.setting = true;
                    if self.changing {
                        let old = SecretString::from(self.old.text());
                        common.ask(ChangePin { case, old, new: pin }, Self::set);
                    } else if let Some(permission) = self.permission {
                        common.ask(SetPinByPermission { case, permission, pin }, Self::set);
                    } else if self.again_over {
                        common.ask(SetPinAgain { case, pin }, Self::set);
                    } else {
                        common.ask(SetPin { case, pin }, Self::set);
                    }
                }
            }
            Stage::Check if self.first.len() < pin::LENGTH => self.why = Some("weak-not-four-digits"),
            Stage::Check => {
                let pin = SecretString::from(self.first.text());
                self.first.clear();
                self.setting = true;
                common.ask(VerifyPin { pin }, Self::tried);
            }
            Stage::Setting => {}
            Stage::Set if self.permission.is_none() && !self.changing => {
                self.turn_back(common);
                common.go(Go::Next);
            }
            // Whoever tried a PIN has come to no further step by it.
            Stage::Set | Stage::Right => self.leave(common),
        }
    }

    fn leave(&mut self, common: &mut Common) {
        self.turn_back(common);
        common.go(Go::Case);
    }

    fn check_first(&mut self, common: &mut Common) {
        let Some(case) = &common.open else { return };
        let typed = SecretString::from(self.first.text());
        match pin::check(&typed, &case.resident.person) {
            Ok(_) => {
                self.why = None;
                self.stage = Stage::Again;
            }
            Err(weak) => self.begin_again(Some(weak_word(weak))),
        }
        common.next_step();
    }
}

impl Screen for Pin {
    fn keys(&self) -> &'static KeyTable {
        if self.stage == Stage::Ready {
            &keys::KEYS
        } else {
            &keys::FACING
        }
    }

    fn field(&mut self) -> Option<&mut Input> {
        match self.stage {
            Stage::Old => Some(&mut self.old),
            Stage::First | Stage::Check => Some(&mut self.first),
            Stage::Again => Some(&mut self.again),
            _ => None,
        }
    }

    fn takes_text(&self) -> bool {
        matches!(self.stage, Stage::Old | Stage::First | Stage::Again | Stage::Check) && !self.setting
    }

    fn typed(&mut self, _common: &mut Common) {
        self.why = None;
    }

    fn can(&self, intent: Intent, common: &Common) -> bool {
        match intent {
            keys::PIN_AGAIN => {
                let is_ours = |chip: &ChipView| chip.known == ChipKnown::ThisCase && chip.pin != Tries::NotSet;
                self.permission.is_none()
                    && !self.changing
                    && self.stage == Stage::Ready
                    && self.chip.as_ref().is_some_and(is_ours)
                    && Self::is_recorded(common)
            }
            _ => true,
        }
    }

    fn can_leave(&self) -> bool {
        !self.setting
    }

    fn scanned(&mut self, _payload: &str, _common: &mut Common) -> bool {
        // A scan must not open anyone's case in front of the resident.
        true
    }

    fn shown(&mut self, common: &mut Common) {
        self.look(common);
    }

    fn reader(&mut self, reader: Reader, _state: ReaderState, common: &mut Common) {
        if reader == Reader::Resident && !self.setting && !matches!(self.stage, Stage::Set | Stage::Right) {
            self.begin_again(None);
            self.old.clear();
            self.stage = Stage::Ready;
            self.turn_back(common);
            common.next_step();
            self.look(common);
        }
    }

    fn queues_changed(&mut self, common: &mut Common) {
        // Also told when the database is back: what could not be asked about the card then is asked now.
        if self.stage == Stage::Ready && self.chip.is_none() && !common.is_asking::<ReadChip>() {
            self.look(common);
        }
    }

    fn act(&mut self, intent: Intent, common: &mut Common) {
        match intent {
            Intent::Confirm => self.confirm(common),
            keys::PIN_AGAIN => self.choose(true, common),
            Intent::Back if !self.setting => self.leave(common),
            _ => {}
        }
    }

    fn view(&self, common: &Common, pen: &Pen<'_>) -> Page {
        let mut page = Page::titled(pen.say(if self.changing { "title-pin-change" } else { "title-pin" }));
        page.resident_facing = self.stage != Stage::Ready;
        match self.stage {
            Stage::Ready => self.ready(common, pen, &mut page),
            Stage::Old => self.entry(pen, &mut page, "pin-old", &self.old),
            Stage::First if self.changing => self.entry(pen, &mut page, "pin-new", &self.first),
            Stage::First => self.entry(pen, &mut page, "pin-first", &self.first),
            Stage::Again => self.entry(pen, &mut page, "pin-again", &self.again),
            Stage::Check if self.setting => said(pen, &mut page, "pin-checking", Meaning::Waiting),
            Stage::Check => self.entry(pen, &mut page, "pin-check", &self.first),
            Stage::Setting => said(pen, &mut page, "pin-setting", Meaning::Waiting),
            Stage::Right => {
                said(pen, &mut page, "pin-right", Meaning::Done);
                page.gap();
                said(pen, &mut page, "pin-hand-back", Meaning::Plain);
            }
            Stage::Set => {
                said(pen, &mut page, "pin-thanks", Meaning::Done);
                page.gap();
                said(pen, &mut page, "pin-hand-back", Meaning::Plain);
            }
        }
        page
    }
}

impl Pin {
    /// For the clerk, before the screen is turned.
    fn ready(&self, common: &Common, pen: &Pen<'_>, page: &mut Page) {
        page.gap();
        page.paragraph(pen, 2, &pen.say("pin-ready"), Meaning::Strong);
        page.gap();
        let (words, meaning) = match (&self.chip, common.resident_reader) {
            (Some(chip), _) if chip.known == ChipKnown::ThisCase && self.permission.is_some() => {
                let left = tries(pen, chip.pin).0;
                (
                    pen.say_with("pin-card-allowed", &[("tries", left.into())]),
                    Meaning::Done,
                )
            }
            (Some(chip), _) if chip.known == ChipKnown::ThisCase && self.changing && chip.pin != Tries::Blocked => {
                let left = tries(pen, chip.pin).0;
                (
                    pen.say_with("pin-change-ready", &[("tries", left.into())]),
                    Meaning::Done,
                )
            }
            (Some(chip), _) if chip.known == ChipKnown::ThisCase && !Self::is_recorded(common) => {
                (pen.say("pin-card-ready"), Meaning::Done)
            }
            (Some(chip), _) if chip.known == ChipKnown::ThisCase && chip.pin == Tries::Blocked => {
                (pen.say("pin-card-blocked"), Meaning::Stop)
            }
            (Some(chip), _) if chip.known == ChipKnown::ThisCase => {
                let left = tries(pen, chip.pin).0;
                (pen.say_with("pin-card-set", &[("tries", left.into())]), Meaning::Done)
            }
            (Some(chip), _) => (pen.say(chip_word(chip.known).0), Meaning::Stop),
            (None, ReaderState::Card(_)) => (pen.say("making-reading"), Meaning::Waiting),
            (None, _) => (pen.say("pin-insert"), Meaning::NeedsYou),
        };
        page.paragraph(pen, 2, &words, meaning);
    }

    /// For the resident: large, plain, dots.
    fn entry(&self, pen: &Pen<'_>, page: &mut Page, key: &str, input: &Input) {
        said(pen, page, key, Meaning::Strong);
        page.gap();
        let typed = input.len();
        let [flat, upright, top_left, top_right, bottom_left, bottom_right, ..] = pen.glyphs.border;
        let row = |cell: &dyn Fn(usize) -> String| {
            let cells: Vec<String> = (0..pin::LENGTH).map(cell).collect();
            Line::of(cells.join("  "), Meaning::Strong)
        };
        page.line(row(&|_| format!("{top_left}{}{top_right}", flat.repeat(5))));
        // Where the next digit goes: a box is seven cells and two apart, its middle the fourth.
        page.cursor = Some((page.body.len(), typed.min(pin::LENGTH - 1) * 9 + 3));
        page.line(row(&|at| {
            let dot = if at < typed { pen.glyphs.dot } else { " " };
            format!("{upright}  {dot}  {upright}")
        }));
        page.line(row(&|_| format!("{bottom_left}{}{bottom_right}", flat.repeat(5))));
        page.gap();
        if matches!(self.stage, Stage::Check | Stage::Old) {
            return self.check_words(pen, page);
        }
        match self.why {
            Some(why) => {
                let words = format!("{}{}", pen.glyphs.warn, pen.say(why));
                page.paragraph(pen, 0, &words, Meaning::NeedsYou);
                // Two that differ are both good: only what is refused must be another.
                if why != DIFFERS {
                    said(pen, page, "pin-choose-another", Meaning::Plain);
                }
            }
            None => said(pen, page, "pin-rules", Meaning::Plain),
        }
        page.gap();
        said(pen, page, "pin-tries", Meaning::Quiet);
    }

    /// The tries left, before the PIN is entered.
    fn check_words(&self, pen: &Pen<'_>, page: &mut Page) {
        if let Some(why) = self.why {
            let words = format!("{}{}", pen.glyphs.warn, pen.say(why));
            page.paragraph(pen, 0, &words, Meaning::NeedsYou);
        }
        if let Some(Tries::Left(left)) = self.chip.as_ref().map(|chip| chip.pin) {
            let words = pen.say_with("pin-tries-left", &[("tries", left.to_string().into())]);
            page.paragraph(pen, 0, &words, Meaning::Plain);
        }
    }
}

fn said(pen: &Pen<'_>, page: &mut Page, key: &str, meaning: Meaning) {
    page.paragraph(pen, 0, &pen.say(key), meaning);
}

//! A card after its handover: whether it may be used, and what the relay knows of it. From here it is stopped, let be
//! used again, ended, or its link mended; and what the relay refused is told it again or closed.

mod form;
pub mod keys;
pub mod told;

use issuance::{
    acts::{
        ActRow, AuditAct, CardPinAllowed, CardPinChanged, CardRelinked, CardResumed, CardRevoked, CardStopConfirmed,
        CardSuspended, OutboxClosed, OutboxSentAnew,
    },
    staff::Role,
    standing::CardStanding,
};

use crate::{
    common::{Common, Go},
    facts::{CaseView, GivenCard, StaffShown},
    fault::Fault,
    frame::moment,
    input::Input,
    keymap::{Intent, KeyTable},
    orders::{
        cards::{AllowPinReset, PinAllowed},
        given_card::{
            CloseRefused, ConfirmStop, LoadStanding, RelinkCard, ResumeCard, RevokeCard, SendRefusedAnew, SuspendCard,
        },
        staff::SecondPurpose,
    },
    over,
    page::{Line, Page, Pen},
    screen::Screen,
    screens::{
        pin::Pin,
        shown::{self, case_title, next_line},
    },
    theme::Meaning,
};
use form::{Choice, Form};

/// Cells of the labels.
const LABEL: usize = 16;

/// What can be done to a card after its handover.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Act {
    /// 一時停止.
    Suspend,
    /// 再開.
    Resume,
    /// 来庁確認: a stop by telephone stays.
    ConfirmStop,
    /// 暗証番号の決め直し: for its holder at the counter.
    ResetPin,
    /// 暗証番号の変更: its holder knows the present one, and the card asks for it.
    ChangePin,
    /// 失効.
    Revoke,
    /// 結び直し.
    Relink,
    /// Tell the relay again what it refused.
    SendAnew,
    /// Leave unsaid what the relay refused.
    CloseRefused,
}

impl Act {
    const ALL: [(Intent, Self); 9] = [
        (keys::SUSPEND, Self::Suspend),
        (keys::RESUME, Self::Resume),
        (keys::CONFIRM_STOP, Self::ConfirmStop),
        (keys::RESET_PIN, Self::ResetPin),
        (keys::CHANGE_PIN, Self::ChangePin),
        (keys::REVOKE, Self::Revoke),
        (keys::RELINK, Self::Relink),
        (keys::SEND_ANEW, Self::SendAnew),
        (keys::CLOSE_REFUSED, Self::CloseRefused),
    ];

    /// What the office says of the act.
    const fn row(self) -> &'static ActRow {
        match self {
            Self::Suspend => CardSuspended::ROW,
            Self::Resume => CardResumed::ROW,
            Self::ConfirmStop => CardStopConfirmed::ROW,
            Self::ResetPin => CardPinAllowed::ROW,
            Self::ChangePin => CardPinChanged::ROW,
            Self::Revoke => CardRevoked::ROW,
            Self::Relink => CardRelinked::ROW,
            Self::SendAnew => OutboxSentAnew::ROW,
            Self::CloseRefused => OutboxClosed::ROW,
        }
    }

    /// Whether it can be done to a card that stands so.
    fn suits(self, card: &GivenCard) -> bool {
        self.row().suits_card(card.standing)
            && match self {
                Self::SendAnew | Self::CloseRefused => !card.told.refused.is_empty(),
                Self::ConfirmStop => card.stop_until.is_some(),
                _ => true,
            }
    }

    /// For what a second clerk is asked, where one is.
    const fn second(self) -> Option<SecondPurpose> {
        self.row().second()
    }

    /// Whether it is in force only once the relay knows of it.
    const fn tells_the_relay(self) -> bool {
        matches!(
            self,
            Self::Suspend | Self::Resume | Self::Revoke | Self::Relink | Self::SendAnew
        )
    }

    /// What is said once it is done: what happens next.
    const fn done(self) -> (&'static str, Meaning) {
        match self {
            Self::Suspend => ("standing-suspended", Meaning::NeedsYou),
            Self::Resume => ("standing-resumed", Meaning::Done),
            Self::ConfirmStop => ("standing-stop-confirmed", Meaning::Done),
            Self::ResetPin => ("standing-pin-allowed", Meaning::Done),
            Self::ChangePin => ("pin-changed", Meaning::Done),
            Self::Revoke => ("standing-revoked", Meaning::NeedsYou),
            Self::Relink => ("standing-relinked", Meaning::Done),
            Self::SendAnew => ("standing-sent-anew", Meaning::Done),
            Self::CloseRefused => ("standing-refused-closed", Meaning::Done),
        }
    }
}

/// Whether the case's card was handed over: only then is there anything to stop.
pub fn has_given_card(case: &CaseView) -> bool {
    matches!(case.state, issuance::case::CaseState::HandedOver { .. })
}

/// The screen.
#[derive(Debug, Default)]
pub struct Standing {
    card: Option<GivenCard>,
    form: Option<Form>,
    /// What is under way.
    doing: Option<Act>,
}

impl Standing {
    fn load(&mut self, common: &mut Common) {
        if let Some(case) = common.open.as_ref().map(|case| case.id) {
            common.load(LoadStanding(case), Self::loaded);
        }
    }

    /// What Enter begins.
    const fn likely(&self) -> Option<Act> {
        match &self.card {
            // What the relay believes of the card is wrong until this is settled.
            Some(card) if !card.told.refused.is_empty() => Some(Act::SendAnew),
            Some(card) => match card.standing {
                CardStanding::Active => Some(Act::Suspend),
                CardStanding::Suspended => Some(Act::Resume),
                CardStanding::Revoked => None,
            },
            None => None,
        }
    }

    fn meant(&self, intent: Intent) -> Option<Act> {
        if intent == Intent::Confirm {
            return self.likely();
        }
        let act = Act::ALL.iter().find(|(of, _)| *of == intent).map(|(_, act)| *act)?;
        let card = self.card.as_ref()?;
        act.suits(card).then_some(act)
    }

    fn commit(&mut self, common: &mut Common) {
        let (Some(form), Some(case)) = (&self.form, common.open.as_ref().map(|case| case.id)) else {
            return;
        };
        let (words, done) = (form.asked.note(), Self::done);
        let act = form.act;
        match (act, form.asked.chosen()) {
            (Act::Suspend, Some(Choice::Check(check))) => common.ask(SuspendCard { case, check, words }, done),
            (Act::Resume, Some(Choice::Check(check))) => common.ask(ResumeCard { case, check, words }, done),
            (Act::ConfirmStop, Some(Choice::Check(check))) => common.ask(ConfirmStop { case, check, words }, done),
            (Act::ResetPin, Some(Choice::Check(check))) => match common.case_at() {
                Some(case) => common.ask(AllowPinReset { case, check }, Self::pin_allowed),
                None => return,
            },
            (Act::Revoke, Some(Choice::Reason(reason))) => common.ask(RevokeCard { case, reason, words }, done),
            (Act::Relink, None) => common.ask(RelinkCard { case, words }, done),
            (Act::SendAnew, None) => common.ask(SendRefusedAnew { case, words }, done),
            (Act::CloseRefused, None) => common.ask(CloseRefused { case, words }, done),
            _ => return,
        };
        self.doing = Some(act);
    }

    fn loaded(&mut self, card: Result<GivenCard, Fault>, common: &mut Common) {
        match card {
            Ok(card) => {
                let before = self.likely();
                self.card = Some(card);
                if self.likely() != before {
                    // What Enter means here is another thing now.
                    common.next_choice();
                }
            }
            Err(fault) => common.tell_fault(&fault),
        }
    }

    fn pin_allowed(&mut self, allowed: Result<PinAllowed, Fault>, common: &mut Common) {
        common.next_step();
        self.doing = None;
        match allowed {
            Ok(PinAllowed(permission)) => {
                self.form = None;
                common.tell(Meaning::Done, "standing-pin-allowed");
                common.go(Go::To(Box::new(Pin::by_permission(permission))));
            }
            Err(fault) => common.tell_fault(&fault),
        }
    }

    fn done(&mut self, card: Result<GivenCard, Fault>, common: &mut Common) {
        common.next_step();
        match (card, self.doing.take()) {
            (Ok(card), act) => {
                self.card = Some(card);
                self.form = None;
                // The case's page says how the card stands.
                common.reload_case();
                match act {
                    Some(act) if act.tells_the_relay() && told::is_held_up(common) => {
                        common.tell(Meaning::Stop, "standing-held-up");
                    }
                    Some(act) => {
                        let (words, meaning) = act.done();
                        common.tell(meaning, words);
                    }
                    None => {}
                }
            }
            (Err(fault), _) => {
                common.tell_fault(&fault);
                // Somebody else may have been quicker: what was typed stays, the card is shown as it is now.
                self.load(common);
            }
        }
    }
}

impl Screen for Standing {
    fn keys(&self) -> &'static KeyTable {
        match self.form {
            Some(_) => &keys::FORM,
            None => &keys::KEYS,
        }
    }

    fn field(&mut self) -> Option<&mut Input> {
        self.form.as_mut()?.asked.field()
    }

    fn takes_text(&self) -> bool {
        self.form.as_ref().is_some_and(|form| form.asked.takes_text())
    }

    fn shown(&mut self, common: &mut Common) {
        self.load(common);
    }

    fn queues_changed(&mut self, common: &mut Common) {
        // The outbox moved, here or at another desk: what the relay was told is shown as it is.
        if self.doing.is_none() && !common.is_asking::<LoadStanding>() {
            self.load(common);
        }
    }

    fn typed(&mut self, _common: &mut Common) {
        if let Some(form) = &mut self.form {
            form.asked.typed();
        }
    }

    fn can(&self, intent: Intent, _common: &Common) -> bool {
        match (&self.form, intent) {
            (Some(form), Intent::Up | Intent::Down | Intent::Digit(_)) => form.asked.has_choices(),
            (Some(_), _) | (None, Intent::Back | Intent::Journal) => true,
            (None, intent) => self.meant(intent).is_some(),
        }
    }

    fn lacks(&self, intent: Intent, common: &Common) -> Option<Role> {
        match &self.form {
            Some(_) => None,
            None => common.lacking(self.meant(intent)?.row().roles()),
        }
    }

    fn act(&mut self, intent: Intent, common: &mut Common) {
        let Some(form) = &mut self.form else {
            return match intent {
                Intent::Back => common.go(Go::Case),
                Intent::Journal => common.go(Go::To(Box::new(super::journal::Journal::default()))),
                intent => {
                    if let Some(act) = self.meant(intent) {
                        common.next_step();
                        match act {
                            // Nothing is asked of the clerk: the card asks its holder.
                            Act::ChangePin => common.go(Go::To(Box::new(Pin::to_change()))),
                            act => self.form = Some(Form::of(act)),
                        }
                    }
                }
            };
        };
        if form.asked.moves(intent) {
            return;
        }
        match intent {
            Intent::Back => {
                common.next_step();
                self.form = None;
            }
            Intent::Confirm => match (form.asked.lacking(), form.act.second()) {
                (Some(words), _) => common.tell(Meaning::NeedsYou, words),
                (None, Some(purpose)) => common.go(Go::Over(Box::new(over::Second::to(purpose)))),
                (None, None) => self.commit(common),
            },
            _ => {}
        }
    }

    fn approved(&mut self, purpose: SecondPurpose, _who: &StaffShown, common: &mut Common) {
        if self.form.as_ref().and_then(|form| form.act.second()) == Some(purpose) {
            self.commit(common);
        }
    }

    fn view(&self, common: &Common, pen: &Pen<'_>) -> Page {
        let case = common.open.as_deref();
        if let Some(form) = &self.form {
            return form.view(case, pen);
        }
        let mut page = Page::titled(case_title(pen, "title-standing", case));
        let Some(case) = case else { return page };
        shown::who(&mut page, &case.resident, pen);
        page.gap();
        let Some(card) = &self.card else {
            page.line(Line::of(pen.say("loading-now"), Meaning::Waiting));
            return page;
        };
        let (symbol, word, about, meaning) = standing_words(card.standing, pen);
        let untold = untold_words(told::is_waiting(card, common), pen);
        let state = format!("{symbol}{}{untold}", pen.say(word));
        page.fact(pen, LABEL, &pen.say("standing-state"), &state, meaning);
        let since = format!("{}  {}", moment(pen, card.since), card.by);
        page.fact(pen, LABEL, &pen.say("standing-since"), &since, Meaning::Plain);
        if let Some(until) = card.stop_until {
            let until = pen.say_with("standing-stop-until", &[("until", moment(pen, until).into())]);
            page.fact(pen, LABEL, &pen.say("standing-stop"), &until, Meaning::NeedsYou);
        }
        page.fact(pen, LABEL, &pen.say("standing-chip"), &card.chip, Meaning::Plain);
        let (told, told_meaning) = told::words(card, common, pen);
        page.fact(pen, LABEL, &pen.say("standing-relay"), &told, told_meaning);
        told::refused(&mut page, card, pen);
        // While something is refused that is what the page is about.
        if card.told.refused.is_empty() {
            page.gap();
            // What is recorded here is in force where cards are used only once the relay knows it.
            let about = if told::is_waiting(card, common) {
                "standing-untold-about"
            } else {
                about
            };
            page.paragraph(pen, 0, &pen.say(about), Meaning::Plain);
        }
        page.gap();
        page.focus = page.body.len();
        match self.likely() {
            Some(act) => {
                let word = match act {
                    Act::Resume => "standing-next-resume",
                    Act::SendAnew => "standing-next-send-anew",
                    _ => "standing-next-suspend",
                };
                page.line(next_line(pen, word, common.lacking(act.row().roles())));
            }
            None => page.paragraph(pen, 0, &pen.say("standing-next-none"), Meaning::Quiet),
        }
        page
    }
}

/// What is said behind the word while the relay is still to be told: the card is treated as before.
pub fn untold_words(is_untold: bool, pen: &Pen<'_>) -> String {
    match is_untold {
        true => pen.say("standing-untold"),
        false => String::new(),
    }
}

/// Symbol, word and what it means for the resident.
pub fn standing_words(standing: CardStanding, pen: &Pen<'_>) -> (&'static str, &'static str, &'static str, Meaning) {
    match standing {
        CardStanding::Active => (
            pen.glyphs.done,
            "standing-active",
            "standing-active-about",
            Meaning::Done,
        ),
        CardStanding::Suspended => (
            pen.glyphs.warn,
            "standing-is-suspended",
            "standing-suspended-about",
            Meaning::NeedsYou,
        ),
        CardStanding::Revoked => (
            pen.glyphs.stop,
            "standing-is-revoked",
            "standing-revoked-about",
            Meaning::Stop,
        ),
    }
}

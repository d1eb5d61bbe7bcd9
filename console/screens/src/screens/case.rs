//! A case: where it stands, what was done, what is next. Enter does the next step.

pub mod keys;
mod steps;

use issuance::{
    acts::{
        ActRow, AddressSeen, AuditAct, CardBound, CardDamaged, CardPinSet, CaseCancelled, CaseHandedOver, CaseShelved,
        CaseVerified,
    },
    case::CaseState,
    handover::NoticeCode,
    staff::Role,
};

use crate::{
    common::{Common, Go},
    facts::{CaseView, Problem, ResidentView, StaffShown},
    fault::Fault,
    frame::moment,
    keymap::{Intent, KeyTable},
    orders::{
        cards::GiveUpCard,
        cases::{CancelCase, CaseNow, CloseIncident},
        queues::RevealAddress,
        staff::SecondPurpose,
    },
    over,
    page::{Line, Page, Pen},
    screen::Screen,
    screens::{
        card_show::CardShow,
        custody::Whereabouts,
        handover::Handover,
        journal::Journal,
        making::Making,
        papers::Papers,
        parcel::Parcel,
        pin::Pin,
        shelf::Shelf,
        shown::{self, LABEL, case_title, problem_words, resident_facts, state_word},
        standing::{self, Standing},
    },
    theme::Meaning,
};

/// The case's own screen.
#[derive(Debug, Default)]
pub struct Case {
    /// For what a reason was asked, and what is said when it is done.
    reason_for: Option<Intent>,
    /// How the incident ended, in the first clerk's words, while the second clerk is asked.
    ending: String,
}

/// What is next for a case.
pub fn next(case: &CaseView) -> Intent {
    let pin_set = case.card.as_ref().is_some_and(|card| card.pin_set);
    match &case.state {
        CaseState::Applied | CaseState::Verified if case.problem == Some(Problem::ApplicantGone) => keys::CANCEL_CASE,
        CaseState::Making { .. } | CaseState::Made { .. } | CaseState::Shelved { .. }
            if matches!(case.problem, Some(Problem::ApplicantGone | Problem::CardMissing)) =>
        {
            keys::GIVE_UP_CARD
        }
        CaseState::Applied => keys::VERIFY,
        CaseState::Verified | CaseState::Making { .. } => keys::MAKE,
        CaseState::Made { .. } | CaseState::Shelved { .. } if !pin_set => keys::PIN,
        // A letter that told of the other way is no longer good, wherever the card lies.
        CaseState::Made { .. } | CaseState::Shelved { .. } if case.notice_printed.is_none() => keys::PAPERS,
        CaseState::Made { .. } | CaseState::Shelved { .. } if case.goes_by_post() => keys::PARCEL,
        CaseState::Made { .. } => keys::SHELF,
        // Nothing is handed over before it is settled.
        CaseState::Shelved { .. } if !case.incidents.is_empty() => keys::CLOSE_INCIDENT,
        CaseState::Shelved { .. } => keys::HANDOVER,
        CaseState::ByPost { .. } => keys::PARCEL,
        CaseState::HandedOver { .. } if case.problem.is_some() => Intent::Standing,
        CaseState::HandedOver { .. } | CaseState::Cancelled { .. } => Intent::Journal,
    }
}

/// The screen of what is next, where there is one and the person logged in may do it.
pub fn next_screen(case: &CaseView, common: &Common) -> Option<Box<dyn Screen>> {
    let next = next(case);
    if common.lacking(roles(next)).is_some() {
        return None;
    }
    screen_of(next, case)
}

fn screen_of(step: Intent, case: &CaseView) -> Option<Box<dyn Screen>> {
    Some(match step {
        keys::MAKE => Box::new(Making::new(case)),
        keys::PIN => Box::new(Pin::new(case)),
        keys::PAPERS => Box::new(Papers::new(case)),
        keys::SHELF => Box::new(Shelf::new(case)),
        keys::HANDOVER => Box::new(Handover::new()),
        keys::PARCEL => Box::new(Parcel::new(case)),
        _ => return None,
    })
}

/// Whether the case's state allows a step. Nothing else opens a step's screen.
fn allows(case: &CaseView, intent: Intent) -> bool {
    let pin_set = case.card.as_ref().is_some_and(|card| card.pin_set);
    match intent {
        keys::HANDOVER => CaseHandedOver::ROW.suits_case(&case.state) && pin_set && case.incidents.is_empty(),
        keys::CLOSE_INCIDENT => !case.incidents.is_empty(),
        Intent::Standing => standing::has_given_card(case),
        keys::PARCEL => !case.state.is_closed(),
        keys::CUSTODY => !matches!(case.state, CaseState::Applied),
        intent => act_of(intent).is_none_or(|row| row.suits_case(&case.state)),
    }
}

/// The act that a step leads to, where not everyone may do it.
fn act_of(intent: Intent) -> Option<&'static ActRow> {
    Some(match intent {
        keys::VERIFY => CaseVerified::ROW,
        keys::MAKE => CardBound::ROW,
        keys::PIN => CardPinSet::ROW,
        keys::SHELF => CaseShelved::ROW,
        keys::GIVE_UP_CARD => CardDamaged::ROW,
        keys::HANDOVER => CaseHandedOver::ROW,
        keys::CANCEL_CASE => CaseCancelled::ROW,
        _ => return None,
    })
}

/// The roles of which a step needs one, the likeliest first.
fn roles(intent: Intent) -> &'static [Role] {
    act_of(intent).map_or(&[], ActRow::roles)
}

impl Case {
    fn cancelled(&mut self, case: Result<CaseNow, Fault>, common: &mut Common) {
        changed(case, None, common);
    }

    fn incident_closed(&mut self, case: Result<CaseNow, Fault>, common: &mut Common) {
        changed(case, Some((Meaning::Done, "incident-closed")), common);
    }

    fn given_up(&mut self, case: Result<CaseNow, Fault>, common: &mut Common) {
        changed(case, Some((Meaning::NeedsYou, "card-given-up")), common);
    }

    fn revealed(&mut self, resident: Result<ResidentView, Fault>, common: &mut Common) {
        revealed(resident, common);
    }
}

/// The masked address of the open case's resident is shown, or is not.
pub fn revealed(resident: Result<ResidentView, Fault>, common: &mut Common) {
    match (resident, &mut common.open) {
        (Ok(resident), Some(case)) if resident.id == case.resident.id => {
            case.resident = resident;
            common.tell(Meaning::NeedsYou, "address-revealed");
        }
        (Err(fault), _) => common.tell_fault(&fault),
        _ => {}
    }
}

/// The case stands elsewhere now, or does not: the likely next thing may be another.
fn changed(case: Result<CaseNow, Fault>, done: Option<(Meaning, &'static str)>, common: &mut Common) {
    common.next_step();
    match (case, done) {
        (Err(fault), _) => common.tell_fault(&fault),
        (Ok(_), Some((meaning, words))) => common.tell(meaning, words),
        (Ok(_), None) => {}
    }
}

impl Screen for Case {
    fn keys(&self) -> &'static KeyTable {
        &keys::KEYS
    }

    fn shown(&mut self, common: &mut Common) {
        let toward = common.toward.take();
        if toward == Some(Intent::Standing) && common.open.as_deref().is_some_and(standing::has_given_card) {
            common.go(Go::To(Box::new(Standing::default())));
        }
    }

    fn can(&self, intent: Intent, common: &Common) -> bool {
        let Some(case) = &common.open else {
            return matches!(intent, keys::CLOSE_CASE);
        };
        match intent {
            Intent::Reveal => case.resident.masked,
            intent => allows(case, intent),
        }
    }

    fn lacks(&self, intent: Intent, common: &Common) -> Option<Role> {
        let case = common.open.as_ref()?;
        match intent {
            Intent::Reveal if case.resident.masked && !case.resident.may_reveal => {
                AddressSeen::ROW.roles().first().copied()
            }
            Intent::Confirm => common.lacking(roles(next(case))),
            intent if allows(case, intent) => common.lacking(roles(intent)),
            _ => None,
        }
    }

    fn queues_changed(&mut self, common: &mut Common) {
        // Until the relay is told, the page says so; the outbox moved.
        if common.open.as_deref().is_some_and(|case| case.is_untold) {
            common.reload_case();
        }
    }

    fn act(&mut self, intent: Intent, common: &mut Common) {
        let Some(case) = common.open.clone() else {
            return common.go(Go::Home);
        };
        let intent = if intent == Intent::Confirm { next(&case) } else { intent };
        self.reason_for = Some(intent);
        if let Some(screen) = screen_of(intent, &case) {
            return common.go(Go::To(screen));
        }
        match intent {
            keys::VERIFY => common.go(Go::Verification),
            Intent::Journal => common.go(Go::To(Box::new(Journal::default()))),
            Intent::Standing => common.go(Go::To(Box::new(Standing::default()))),
            keys::CARD_SHOW => common.go(Go::To(Box::new(CardShow::default()))),
            keys::CUSTODY => common.go(Go::To(Box::new(Whereabouts::default()))),
            keys::CANCEL_CASE => common.go(Go::Over(Box::new(over::Reason::about("cancel-case-about")))),
            keys::CLOSE_INCIDENT => common.go(Go::Over(Box::new(over::Reason::about("close-incident-about")))),
            keys::GIVE_UP_CARD => common.go(Go::Over(Box::new(over::Question::give_up_card()))),
            Intent::Reveal => {
                common.load(RevealAddress(case.resident.id), Self::revealed);
            }
            keys::CLOSE_CASE => {
                common.close_case();
                common.go(Go::Home);
            }
            _ => {}
        }
    }

    fn scanned(&mut self, payload: &str, common: &mut Common) -> bool {
        let Some(case) = &common.open else { return false };
        let is_own = payload.parse::<NoticeCode>().is_ok_and(|code| code.case == case.number);
        let is_next = next(case) == keys::HANDOVER && common.lacking(roles(keys::HANDOVER)).is_none();
        // Who brings the notice of the open case has come for its card.
        if is_own && is_next {
            common.go(Go::To(Box::new(Handover::with_notice(payload))));
        }
        is_own && is_next
    }

    fn reasoned(&mut self, reason: &str, common: &mut Common) {
        let Some(case) = common.case_at() else { return };
        let reason = reason.to_owned();
        match self.reason_for {
            Some(keys::CANCEL_CASE) => {
                common.ask(CancelCase { case, reason }, Self::cancelled);
            }
            Some(keys::CLOSE_INCIDENT) => {
                self.ending = reason;
                common.go(Go::Over(Box::new(over::Second::to(SecondPurpose::Incident))));
            }
            Some(keys::GIVE_UP_CARD) => {
                common.ask(GiveUpCard { case, reason }, Self::given_up);
            }
            _ => {}
        }
    }

    fn approved(&mut self, purpose: SecondPurpose, _who: &StaffShown, common: &mut Common) {
        if let (SecondPurpose::Incident, Some(case)) = (purpose, common.case_at()) {
            let ending = std::mem::take(&mut self.ending);
            common.ask(CloseIncident { case, ending }, Self::incident_closed);
        }
    }

    fn view(&self, common: &Common, pen: &Pen<'_>) -> Page {
        let case = common.open.as_deref();
        let mut page = Page::titled(case_title(pen, "title-case", case));
        let Some(case) = case else { return page };
        resident_facts(&mut page, &case.resident, pen);
        page.gap();
        let room = if pen.side > 0 { pen.side } else { pen.width };
        let path = steps::lines(case, pen, room);
        let next_line = next_line(case, self.lacks(Intent::Confirm, common), pen);
        if pen.side > 0 {
            page.side = path;
            application(&mut page, case, pen);
        } else {
            page.body.extend(path);
        }
        for (words, meaning) in steps::since(case, common, pen) {
            page.paragraph(pen, 0, &words, meaning);
        }
        if let Some(problem) = case.problem {
            let (what, todo) = problem_words(problem);
            let words = format!(
                "{}{}  {}{}",
                pen.glyphs.stop,
                pen.say(what),
                pen.glyphs.arrow,
                pen.say(todo)
            );
            page.paragraph(pen, 0, &words, Meaning::Stop);
        }
        for incident in &case.incidents {
            let words = format!("{}  {}  {}", moment(pen, incident.at), incident.who, incident.note);
            page.paragraph(pen, 2, &words, Meaning::Quiet);
        }
        page.gap();
        page.focus = page.body.len();
        page.line(next_line);
        page
    }
}

/// What Enter does.
fn next_line(case: &CaseView, lacking: Option<Role>, pen: &Pen<'_>) -> Line {
    let word = match next(case) {
        keys::VERIFY => "case-next-verify",
        keys::MAKE if matches!(case.state, CaseState::Making { .. }) => "case-next-resume",
        keys::MAKE => "case-next-make",
        keys::PIN => "case-next-pin",
        keys::PAPERS => "case-next-papers",
        keys::SHELF => "case-next-shelf",
        keys::HANDOVER => "case-next-handover",
        keys::PARCEL => "case-next-parcel",
        keys::CLOSE_INCIDENT => "case-next-incident",
        keys::GIVE_UP_CARD => "case-next-give-up",
        keys::CANCEL_CASE => "case-next-cancel",
        Intent::Standing => "case-next-standing",
        _ => "case-next-journal",
    };
    let (state, meaning) = state_word(&case.state);
    let mut line = Line::of(pen.say(state), meaning).and("  ", Meaning::Plain);
    line.spans.extend(shown::next_line(pen, word, lacking).spans);
    line
}

/// What was applied for, on wide screens.
fn application(page: &mut Page, case: &CaseView, pen: &Pen<'_>) {
    let application = &case.application;
    let (who, delivery) = steps::applied_words(case, pen);
    page.fact(pen, LABEL, &pen.say("field-applicant"), &who, Meaning::Plain);
    page.fact(pen, LABEL, &pen.say("field-delivery"), &delivery, Meaning::Plain);
    let agreed: Vec<String> = issuance::application::Service::ALL
        .into_iter()
        .filter(|service| application.consents_to(*service))
        .map(|service| pen.say(super::application::service_word(service)))
        .collect();
    page.fact(
        pen,
        LABEL,
        &pen.say("field-consents"),
        &agreed.join(&pen.say("list-comma")),
        Meaning::Plain,
    );
    if !application.notes().is_empty() {
        page.fact(pen, LABEL, &pen.say("field-notes"), application.notes(), Meaning::Plain);
    }
}

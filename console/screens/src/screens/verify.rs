//! 本人確認: documents on the counter, the four facts of each, powers, exceptions, and a review of all of it.
//!
//! Nothing here decides whether a person is verified: `issuance::identity::verify` does, and only what it gives can be
//! recorded. The screens gather a [`Visit`] and say at every moment what still stands in its way.

mod document;
pub mod keys;
mod view;
mod words;

use issuance::{
    acts::{AddressSeen, AuditAct},
    application::Applicant,
    case::CaseId,
    identity::{Beside, DOCUMENTS, DocumentRule, Exception, NotVerified, Party, Verification, Visit, verify},
    staff::{Role, StaffId},
};

use time::Date;

use self::document::Laid;
use crate::{
    common::{Common, Go, Kept},
    facts::{CaseView, ResidentView, StaffShown},
    fault::Fault,
    input::{Input, Takes},
    keymap::{Intent, KeyTable},
    orders::{
        cases::{CaseNow, SaveVerification},
        queues::RevealAddress,
        staff::SecondPurpose,
    },
    over,
    page::{Page, Pen},
    screen::Screen,
    screens::{case, shown::case_title},
    theme::Meaning,
};

/// Where the clerk is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum At {
    /// What lies on the counter.
    Counter,
    /// Which document is laid down.
    Choose(Party),
    /// One document: number, dates, photograph, facts.
    Document(Party, usize),
    /// Everything that was seen.
    Review,
}

/// A row of the counter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Row {
    Laid(Party, usize),
    Add(Party),
    Attends,
    Evidence,
    Letter,
    Inquiry,
    Review,
}

/// An identity verification under way.
#[derive(Debug)]
pub struct Verify {
    case: CaseId,
    /// Whether somebody acts for the resident, and shows documents too.
    is_acted_for: bool,
    /// With which hold of the case the exceptions were agreed to; a new hold asks for them anew.
    claim: u64,
    at: At,
    row: usize,
    /// What narrows the list of documents.
    wanted: Input,
    resident: Vec<Laid>,
    acting: Vec<Laid>,
    resident_attends: bool,
    evidence_seen: bool,
    letter_seen: bool,
    inquiry_reply: bool,
    exceptions: Vec<Exception>,
    /// The exception for which a reason and the second clerk are asked.
    asked: Option<(Party, issuance::identity::Fact, String)>,
    saved: bool,
}

impl Verify {
    /// A new one: nothing seen yet.
    pub fn begin(case: &CaseView) -> Self {
        Self {
            case: case.id,
            is_acted_for: case.application.applicant().acting_for_resident().is_some(),
            claim: 0,
            at: At::Counter,
            row: 0,
            wanted: Input::new(Takes::Text, 30),
            resident: Vec::new(),
            acting: Vec::new(),
            resident_attends: !matches!(case.application.applicant(), Applicant::Agent { .. }),
            evidence_seen: false,
            letter_seen: false,
            inquiry_reply: false,
            exceptions: Vec::new(),
            asked: None,
            saved: false,
        }
    }

    fn documents(&self, party: Party) -> &Vec<Laid> {
        match party {
            Party::Resident => &self.resident,
            Party::Acting => &self.acting,
        }
    }

    fn documents_mut(&mut self, party: Party) -> &mut Vec<Laid> {
        match party {
            Party::Resident => &mut self.resident,
            Party::Acting => &mut self.acting,
        }
    }

    /// Whose document is added in the row of the counter under the pointer, where one is.
    fn adds_for(&self) -> Option<Party> {
        let of_acting = self.resident.len() + 1 + self.acting.len();
        match self.row {
            row if row == self.resident.len() => Some(Party::Resident),
            row if row == of_acting && self.is_acted_for => Some(Party::Acting),
            _ => None,
        }
    }

    fn rows(&self, case: &CaseView) -> Vec<Row> {
        let laid = |party| (0..self.documents(party).len()).map(move |at| Row::Laid(party, at));
        let mut rows: Vec<Row> = laid(Party::Resident).collect();
        rows.push(Row::Add(Party::Resident));
        let applicant = case.application.applicant();
        if self.is_acted_for {
            rows.extend(laid(Party::Acting));
            rows.push(Row::Add(Party::Acting));
            rows.push(Row::Evidence);
        }
        if matches!(applicant, Applicant::Agent { .. }) {
            rows.push(Row::Letter);
        } else {
            rows.push(Row::Attends);
        }
        rows.extend([Row::Inquiry, Row::Review]);
        rows
    }

    fn visit(&self, clerk: StaffId) -> Visit {
        let presented = |laid: &Vec<Laid>| laid.iter().map(Laid::presented).collect();
        Visit {
            clerk,
            resident_attends: self.resident_attends,
            resident_documents: presented(&self.resident),
            acting_documents: presented(&self.acting),
            evidence_seen: self.evidence_seen,
            letter_seen: self.letter_seen,
            beside: Beside {
                inquiry_reply: self.inquiry_reply,
                pin_entered: false,
            },
            exceptions: self.exceptions.clone(),
        }
    }

    /// What the rules say of everything seen so far.
    fn outcome(&self, case: &CaseView, common: &Common) -> Option<Result<Verification, NotVerified>> {
        let clerk = common.session.as_ref()?.staff.id;
        let today = today(common);
        Some(verify(
            &self.visit(clerk),
            &case.resident.person,
            &case.application,
            today,
            &common.setup.calendar,
        ))
    }

    fn move_to(&mut self, at: At, common: &mut Common) {
        self.at = at;
        self.row = 0;
        self.wanted.clear();
        common.next_step();
    }

    /// From a document's end to what is likely next: the review where nothing is lacking, the counter otherwise.
    fn finish_document(&mut self, case: &CaseView, common: &mut Common) {
        match self.outcome(case, common) {
            Some(Ok(_)) => self.move_to(At::Review, common),
            _ => self.return_to_counter(common),
        }
    }

    /// Back on the counter, on the row of the document one comes from.
    fn return_to_counter(&mut self, common: &mut Common) {
        let from = self.at;
        self.move_to(At::Counter, common);
        if let Some(case) = &common.open {
            let rows = self.rows(case);
            let is_enough = matches!(self.outcome(case, common), Some(Ok(_)));
            let wanted = match from {
                // The likely next thing: the review when nothing is lacking, another document otherwise.
                At::Document(party, _) | At::Choose(party) if !is_enough => Row::Add(party),
                _ => Row::Review,
            };
            self.row = rows.iter().position(|row| *row == wanted).unwrap_or(0);
        }
    }

    fn save(&mut self, common: &mut Common) {
        let Some(case) = common.open.clone() else { return };
        if let (Some(Ok(verification)), Some(at)) = (self.outcome(&case, common), common.case_at()) {
            let verification = Box::new(verification);
            common.ask(SaveVerification { case: at, verification }, Self::was_saved);
        }
    }

    fn was_saved(&mut self, case: Result<CaseNow, Fault>, common: &mut Common) {
        common.next_step();
        match case {
            Ok(_) => {
                self.saved = true;
                common.tell(Meaning::Done, "verify-saved");
                common.go(Go::Case);
            }
            Err(fault) => common.tell_fault(&fault),
        }
    }

    fn revealed(&mut self, resident: Result<ResidentView, Fault>, common: &mut Common) {
        case::revealed(resident, common);
    }
}

impl Screen for Verify {
    fn keys(&self) -> &'static KeyTable {
        if self.at == At::Review {
            &keys::REVIEW
        } else {
            &keys::KEYS
        }
    }

    fn field(&mut self) -> Option<&mut Input> {
        let row = self.row;
        match self.at {
            At::Document(party, at) => self.documents_mut(party).get_mut(at)?.field(row),
            At::Choose(_) => Some(&mut self.wanted),
            At::Counter if self.adds_for().is_some() => Some(&mut self.wanted),
            _ => None,
        }
    }

    fn takes_text(&self) -> bool {
        match self.at {
            At::Document(party, at) => self.documents(party).get(at).is_some_and(|laid| laid.is_text(self.row)),
            At::Choose(_) => true,
            // Whoever types where a document is added has begun to say which.
            At::Counter => self.adds_for().is_some(),
            At::Review => false,
        }
    }

    fn kept_as(&self, _common: &Common) -> Option<Kept> {
        (!self.saved).then_some(Kept::Verification(self.case))
    }

    fn shown(&mut self, common: &mut Common) {
        if self.claim != common.claim {
            self.claim = common.claim;
            if !self.exceptions.is_empty() {
                self.exceptions.clear();
                common.tell(Meaning::NeedsYou, "verify-exceptions-again");
            }
        }
    }

    fn can(&self, intent: Intent, common: &Common) -> bool {
        let Some(case) = common.open.as_deref() else {
            return intent == Intent::Back;
        };
        match (intent, self.at) {
            (Intent::Reveal, _) => case.resident.masked,
            (Intent::Confirm, At::Review) => {
                self.has_been_read(case, common) && matches!(self.outcome(case, common), Some(Ok(_)))
            }
            (keys::EXCEPTION, At::Document(party, at)) => self.excusable(party, at, case).is_some(),
            (keys::EXCEPTION, _) => false,
            (keys::REMOVE, At::Counter) => matches!(self.rows(case).get(self.row), Some(Row::Laid(..))),
            (keys::REMOVE, _) => false,
            (Intent::Toggle | Intent::Left | Intent::Right | Intent::Yes | Intent::No, At::Counter) => matches!(
                self.rows(case).get(self.row),
                Some(Row::Attends | Row::Evidence | Row::Letter | Row::Inquiry)
            ),
            (
                Intent::Toggle | Intent::Left | Intent::Right | Intent::Digit(_) | Intent::Yes | Intent::No,
                At::Document(party, at),
            ) => !self.takes_text() && !self.documents(party).get(at).is_some_and(|laid| laid.is_end(self.row)),
            (Intent::Toggle | Intent::Left | Intent::Right | Intent::Digit(_) | Intent::Yes | Intent::No, _) => false,
            (Intent::PageUp | Intent::PageDown, at) => matches!(at, At::Choose(_)),
            _ => true,
        }
    }

    fn says(&self, intent: Intent, common: &Common) -> Option<&'static str> {
        if intent != Intent::Confirm {
            return None;
        }
        match self.at {
            At::Choose(_) => Some("key-choose"),
            At::Document(party, at) => {
                let laid = self.documents(party).get(at)?;
                laid.is_end(self.row).then_some("key-done")
            }
            At::Counter => match self.rows(common.open.as_deref()?).get(self.row)? {
                Row::Laid(..) | Row::Add(_) | Row::Review => Some("key-open"),
                _ => None,
            },
            At::Review => None,
        }
    }

    fn lacks(&self, intent: Intent, common: &Common) -> Option<Role> {
        let resident = &common.open.as_ref()?.resident;
        let needs = intent == Intent::Reveal && resident.masked && !resident.may_reveal;
        AddressSeen::ROW.roles().first().copied().filter(|_| needs)
    }

    fn act(&mut self, intent: Intent, common: &mut Common) {
        let Some(case) = common.open.clone() else {
            return common.go(Go::Home);
        };
        if intent == Intent::Reveal {
            common.load(RevealAddress(case.resident.id), Self::revealed);
            return;
        }
        match self.at {
            At::Counter => self.act_at_counter(intent, &case, common),
            At::Choose(party) => self.act_at_choice(intent, party, common),
            At::Document(party, at) => self.act_at_document(intent, party, at, &case, common),
            At::Review => match intent {
                Intent::Confirm => self.save(common),
                Intent::Up => self.row = self.row.saturating_sub(1),
                Intent::Down => self.row = (self.row + 1).min(self.review_count()),
                Intent::Back => self.return_to_counter(common),
                _ => {}
            },
        }
    }

    fn typed(&mut self, common: &mut Common) {
        match (self.at, self.adds_for()) {
            (At::Choose(_), _) => self.row = 0,
            (At::Counter, Some(party)) if !self.wanted.is_empty() => {
                self.at = At::Choose(party);
                self.row = 0;
                common.next_step();
            }
            _ => {}
        }
    }

    fn reasoned(&mut self, reason: &str, common: &mut Common) {
        if let Some((_, _, words)) = &mut self.asked {
            *words = reason.to_owned();
            common.go(Go::Over(Box::new(over::Second::to(
                SecondPurpose::VerificationException,
            ))));
        }
    }

    fn approved(&mut self, purpose: SecondPurpose, who: &StaffShown, common: &mut Common) {
        if purpose != SecondPurpose::VerificationException {
            return;
        }
        if let Some((party, fact, reason)) = self.asked.take() {
            self.exceptions.retain(|one| (one.party, one.fact) != (party, fact));
            self.exceptions.push(Exception {
                party,
                fact,
                reason,
                second: who.id,
            });
            common.tell(Meaning::NeedsYou, "verify-exception-noted");
        }
    }

    fn view(&self, common: &Common, pen: &Pen<'_>) -> Page {
        let case = common.open.as_deref();
        let mut page = Page::titled(case_title(pen, "title-verify", case));
        let Some(case) = case else { return page };
        match self.at {
            At::Counter => self.counter(case, common, pen, &mut page),
            At::Choose(_) => self.choice(common, pen, &mut page),
            At::Document(party, at) => {
                if let Some(laid) = self.documents(party).get(at) {
                    let on = (today(common), &*common.setup.calendar);
                    laid.view(party, self.row, case, &self.exceptions, on, pen, &mut page);
                }
            }
            At::Review => self.review(case, common, pen, &mut page),
        }
        page
    }
}

impl Verify {
    fn act_at_counter(&mut self, intent: Intent, case: &CaseView, common: &mut Common) {
        let rows = self.rows(case);
        let row = rows.get(self.row).copied().unwrap_or(Row::Review);
        match (intent, row) {
            (Intent::Up, _) => self.row = self.row.saturating_sub(1),
            (Intent::Down, _) => self.row = (self.row + 1).min(rows.len() - 1),
            (Intent::Back, _) => common.go(Go::Back),
            (Intent::Confirm, Row::Laid(party, at)) => self.move_to(At::Document(party, at), common),
            (Intent::Confirm, Row::Add(party)) => self.move_to(At::Choose(party), common),
            (Intent::Confirm, Row::Review) => self.move_to(At::Review, common),
            (keys::REMOVE, Row::Laid(party, at)) => {
                self.documents_mut(party).remove(at);
                // What was agreed to was agreed to in sight of this document.
                self.exceptions.retain(|one| one.party != party);
                common.next_step();
            }
            (Intent::Confirm | Intent::Toggle | Intent::Left | Intent::Right, row) => {
                if let Some(ticked) = self.tick(row) {
                    *ticked = !*ticked;
                }
            }
            (Intent::Yes | Intent::No, row) => {
                if let Some(ticked) = self.tick(row) {
                    *ticked = intent == Intent::Yes;
                    self.row = (self.row + 1).min(rows.len() - 1);
                }
            }
            _ => {}
        }
    }

    /// What a row of the counter ticks, where it ticks something.
    const fn tick(&mut self, row: Row) -> Option<&mut bool> {
        Some(match row {
            Row::Attends => &mut self.resident_attends,
            Row::Evidence => &mut self.evidence_seen,
            Row::Letter => &mut self.letter_seen,
            Row::Inquiry => &mut self.inquiry_reply,
            Row::Laid(..) | Row::Add(_) | Row::Review => return None,
        })
    }

    fn act_at_choice(&mut self, intent: Intent, party: Party, common: &mut Common) {
        let choices = self.choices(common);
        let last = choices.len().saturating_sub(1);
        match intent {
            Intent::Up => self.row = self.row.saturating_sub(1),
            Intent::Down => self.row = (self.row + 1).min(last),
            Intent::PageUp => self.row = self.row.saturating_sub(10),
            Intent::PageDown => self.row = (self.row + 10).min(last),
            Intent::Confirm => {
                let Some(rule) = choices.get(self.row.min(last)) else {
                    return common.tell(Meaning::NeedsYou, "verify-no-such-document");
                };
                self.documents_mut(party).push(Laid::new(rule.document));
                let at = self.documents(party).len() - 1;
                self.move_to(At::Document(party, at), common);
            }
            Intent::Back => self.return_to_counter(common),
            _ => {}
        }
    }

    /// The documents that what was typed leaves, those that count no more last.
    fn choices(&self, common: &Common) -> Vec<&'static DocumentRule> {
        let mut left: Vec<_> = DOCUMENTS
            .iter()
            .filter(|rule| words::is_meant(rule, self.wanted.text()))
            .collect();
        let today = today(common);
        left.sort_by_key(|rule| has_ended(rule, today));
        left
    }

    /// What the review goes through: documents and exceptions, one by one.
    fn review_count(&self) -> usize {
        self.resident.len() + self.acting.len() + self.exceptions.len()
    }

    /// Whether every line of the review stood on the screen: it surely fits, or the pointer went to its end.
    fn has_been_read(&self, case: &CaseView, common: &Common) -> bool {
        self.row >= self.review_count() || self.surely_fits(case, common)
    }

    /// Whether the review fits on the screen whatever the words' length: counted generously, for nothing here knows how
    /// wide the terminal draws.
    fn surely_fits(&self, case: &CaseView, common: &Common) -> bool {
        let (columns, lines) = (usize::from(common.size.0), usize::from(common.size.1));
        let width = columns.saturating_sub(6).max(20);
        let lines_of = |letters: usize| (letters * 2).div_ceil(width).max(1);
        let person = &case.resident.person;
        let name = 1 + lines_of(person.name.chars().count()) + lines_of(person.kana.chars().count());
        let reasons = self
            .exceptions
            .iter()
            .map(|one| lines_of(one.reason.chars().count() + 20));
        let parties = 1 + usize::from(!self.acting.is_empty());
        let documents = (self.resident.len() + self.acting.len()) * (2 + lines_of(4 * 14));
        let needed = name + 1 + 2 * parties + 2 + documents + reasons.sum::<usize>();
        needed + if common.message.is_some() { 10 } else { 6 } <= lines
    }

    fn act_at_document(&mut self, intent: Intent, party: Party, at: usize, case: &CaseView, common: &mut Common) {
        let row = self.row;
        let masked = party == Party::Resident && case.resident.masked;
        let Some(laid) = self.documents_mut(party).get_mut(at) else {
            return self.return_to_counter(common);
        };
        let last = laid.row_count() - 1;
        match intent {
            Intent::Up => self.row = row.saturating_sub(1),
            Intent::Down => self.row = (row + 1).min(last),
            Intent::Confirm if row == last => self.finish_document(case, common),
            Intent::Confirm if laid.is_text(row) => self.row = laid.next_wanting(row),
            Intent::Confirm => self.row = row + 1,
            Intent::Toggle | Intent::Right | Intent::Left => {
                let turned = laid.turn(row, if intent == Intent::Left { -1 } else { 1 }, masked);
                self.turned(party, turned, common);
            }
            Intent::Digit(_) | Intent::Yes | Intent::No => {
                let number = match intent {
                    Intent::Digit(number) => usize::from(number),
                    Intent::Yes => 1,
                    _ => 2,
                };
                if let Some(turned) = laid.answer(row, number, masked) {
                    if turned != document::Turned::Masked {
                        self.row = laid.next_wanting(row);
                    }
                    self.turned(party, turned, common);
                }
            }
            keys::EXCEPTION => {
                if let Some(fact) = self.excusable(party, at, case) {
                    self.asked = Some((party, fact, String::new()));
                    common.go(Go::Over(Box::new(over::Reason::about("verify-exception-about"))));
                }
            }
            Intent::Back => self.return_to_counter(common),
            _ => {}
        }
    }

    /// An answer changed: what was agreed to because of the one before is agreed to no more.
    fn turned(&mut self, party: Party, turned: document::Turned, common: &mut Common) {
        match turned {
            document::Turned::Fact(fact) => self.exceptions.retain(|one| (one.party, one.fact) != (party, fact)),
            document::Turned::Masked => common.tell(Meaning::NeedsYou, "verify-address-masked"),
            document::Turned::Other => {}
        }
    }

    /// The fact under the cursor, when it does not agree and could be let pass with a reason and a second clerk.
    fn excusable(&self, party: Party, at: usize, case: &CaseView) -> Option<issuance::identity::Fact> {
        let laid = self.documents(party).get(at)?;
        let fact = laid.fact_at(self.row)?;
        laid.is_excusable(fact, party, case).then_some(fact)
    }
}

fn today(common: &Common) -> Date {
    common.now.to_offset(relay_core::clock::JST).date()
}

/// Whether a kind of document counts no more: none is issued, and the last ones ran out.
fn has_ended(rule: &DocumentRule, today: Date) -> bool {
    rule.accepted_until.is_some_and(|until| until < today)
}

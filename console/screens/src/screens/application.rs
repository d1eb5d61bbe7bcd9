//! 申請: the form at the counter. It becomes an application only through `issuance`'s own check.

pub mod keys;
mod values;

pub use values::{evidence_word, standing_word};

use issuance::{
    application::{Field, FieldError, Service, Wrong},
    case::CaseNumber,
};

use time::Date;

use self::values::Values;
use crate::{
    common::{Common, Go, Kept, Told},
    facts::{InTheWay, ResidentView},
    fault::Fault,
    input::Input,
    keymap::{Intent, KeyTable},
    orders::queues::{SubmitApplication, Submitted},
    over,
    page::{Line, Page, Pen},
    screen::Screen,
    screens::shown::{protected_words, relation, state_word, who},
    theme::Meaning,
};

/// Cells of the labels.
const LABEL: usize = 22;

/// A row of the form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Row {
    Field(Field),
    /// Who of the household acts for the resident.
    Member,
    Submit,
}

/// An application under way.
#[derive(Debug)]
pub struct Application {
    resident: ResidentView,
    values: Values,
    at: usize,
    errors: Vec<FieldError>,
    submitted: bool,
    in_the_way: Option<InTheWay>,
    /// The clerk goes on in spite of the duplicates.
    despite: Option<String>,
}

impl Application {
    /// A new form for this resident.
    pub fn begin(resident: ResidentView, today: Date) -> Self {
        Self {
            values: Values::of(&resident, today),
            resident,
            at: 0,
            errors: Vec::new(),
            submitted: false,
            in_the_way: None,
            despite: None,
        }
    }

    fn rows(&self) -> Vec<Row> {
        let mut rows: Vec<Row> = self.values.fields().into_iter().map(Row::Field).collect();
        if !self.values.members().is_empty() {
            // Right behind the question who applies.
            rows.insert(1, Row::Member);
        }
        rows.push(Row::Submit);
        rows
    }

    fn row(&self) -> Row {
        self.rows().get(self.at).copied().unwrap_or(Row::Submit)
    }

    fn error(&self, field: Field) -> Option<Wrong> {
        self.errors
            .iter()
            .find(|error| error.field == field)
            .map(|error| error.wrong)
    }

    /// The change made may have answered what was wrong.
    fn changed(&mut self) {
        match self.row() {
            Row::Field(field) => self.errors.retain(|error| error.field != field),
            Row::Member => self.errors.clear(),
            Row::Submit => {}
        }
    }

    /// Takes an answer and moves on to the next question that has none, or to the button: what may stay empty is
    /// written by whoever has something to write.
    fn answer(&mut self, at: usize) {
        let is_taken = match self.row() {
            Row::Field(field) => self.values.answer(field, at),
            Row::Member => self.values.take_member(at),
            Row::Submit => false,
        };
        if !is_taken {
            return;
        }
        self.changed();
        let wants = |row: &Row| match row {
            Row::Field(field) => self.values.wants(*field),
            Row::Member => self.values.member().is_none(),
            Row::Submit => true,
        };
        let rows = self.rows();
        let mut wanting = rows.iter().enumerate().skip(self.at + 1).filter(|(_, row)| wants(row));
        self.at = wanting.next().map_or(rows.len() - 1, |(at, _)| at);
    }

    /// Records that may be the same person are let pass with a reason; the person's own case or card is not.
    const fn asks_for_a_reason(&self) -> bool {
        matches!(self.in_the_way, Some(InTheWay::Similar { .. })) && self.despite.is_none()
    }

    fn answered(&mut self, became: Result<Submitted, Fault>, common: &mut Common) {
        common.next_step();
        match became {
            Ok(Submitted::Case(_)) => self.submitted = true,
            Ok(Submitted::InTheWay(in_the_way)) => {
                let of = |case: &CaseNumber| vec![("case", Told::Text(case.to_string()))];
                let (key, facts) = match &in_the_way {
                    InTheWay::OwnCase(case) => ("application-own-case", of(case)),
                    InTheWay::OwnCard(case) => ("application-own-card", of(case)),
                    InTheWay::Similar { .. } => ("application-similar", Vec::new()),
                };
                self.in_the_way = Some(in_the_way);
                self.despite = None;
                common.tell_with(Meaning::NeedsYou, key, facts);
            }
            // `Common` has said why; the form stands as it was.
            Err(_) => {}
        }
    }

    fn submit(&mut self, common: &mut Common) {
        let today = common.now.to_offset(relay_core::clock::JST).date();
        match self.values.form().check(&self.resident.person, today) {
            Ok(application) => {
                self.errors.clear();
                let order = SubmitApplication {
                    resident: self.resident.id,
                    application: Box::new(application),
                    despite_duplicate: self.despite.clone(),
                };
                common.open_or(order, Self::answered);
            }
            Err(errors) => {
                let count = errors.len().to_string();
                self.errors = errors;
                let rows = self.rows();
                let wrong = |row: &Row| matches!(row, Row::Field(field) if self.error(*field).is_some());
                self.at = rows.iter().position(wrong).unwrap_or(self.at);
                common.tell_with(
                    Meaning::NeedsYou,
                    "application-wrong",
                    vec![("count", crate::common::Told::Text(count))],
                );
            }
        }
    }
}

impl Screen for Application {
    fn keys(&self) -> &'static KeyTable {
        &keys::KEYS
    }

    fn field(&mut self) -> Option<&mut Input> {
        match self.row() {
            Row::Field(field) => self.values.input_mut(field),
            Row::Member | Row::Submit => None,
        }
    }

    fn takes_text(&self) -> bool {
        matches!(self.row(), Row::Field(field) if self.values.input(field).is_some())
    }

    fn typed(&mut self, _common: &mut Common) {
        self.changed();
    }

    fn kept_as(&self, _common: &Common) -> Option<Kept> {
        (!self.submitted).then_some(Kept::Application(self.resident.id))
    }

    fn can(&self, intent: Intent, _common: &Common) -> bool {
        match intent {
            Intent::Toggle => !self.takes_text() && self.row() != Row::Submit,
            // Where the button is, Enter says that it takes the application; F2 leads nowhere else.
            Intent::Submit => self.row() != Row::Submit,
            _ => true,
        }
    }

    fn says(&self, intent: Intent, _common: &Common) -> Option<&'static str> {
        (intent == Intent::Confirm && self.row() == Row::Submit).then_some("key-take-application")
    }

    fn act(&mut self, intent: Intent, common: &mut Common) {
        let last = self.rows().len() - 1;
        match (intent, self.row()) {
            (Intent::Up, _) => self.at = self.at.saturating_sub(1),
            (Intent::Down, _) => self.at = (self.at + 1).min(last),
            (Intent::Toggle | Intent::Right, Row::Field(field)) => {
                self.values.turn(field, 1);
                self.changed();
            }
            (Intent::Left, Row::Field(field)) => {
                self.values.turn(field, -1);
                self.changed();
            }
            (Intent::Toggle | Intent::Right | Intent::Left, Row::Member) => {
                let count = self.values.members().len() + 1;
                let by = if intent == Intent::Left { count - 1 } else { 1 };
                self.values
                    .take_member(self.values.member().map_or(0, |at| (at + by) % count));
                self.changed();
            }
            (Intent::Digit(number), _) => self.answer(usize::from(number) - 1),
            (Intent::Yes, Row::Field(field)) if Values::is_yes_or_no(field) => self.answer(0),
            (Intent::No, Row::Field(field)) if Values::is_yes_or_no(field) => self.answer(1),
            (Intent::Confirm, Row::Field(_) | Row::Member) => self.at = (self.at + 1).min(last),
            (Intent::Confirm, Row::Submit) if self.asks_for_a_reason() => {
                common.go(Go::Over(Box::new(over::Reason::about("application-despite"))));
            }
            (Intent::Confirm, Row::Submit) => self.submit(common),
            (Intent::Submit, _) => self.at = last,
            (Intent::Back, _) => common.go(Go::Back),
            _ => {}
        }
    }

    fn reasoned(&mut self, reason: &str, common: &mut Common) {
        self.despite = Some(reason.to_owned());
        self.submit(common);
    }

    fn view(&self, _common: &Common, pen: &Pen<'_>) -> Page {
        let mut page = Page::titled(pen.say("title-application"));
        who(&mut page, &self.resident, pen);
        if self.resident.person.protected {
            page.line(Line::of(protected_words(pen), Meaning::NeedsYou));
        }
        page.gap();
        // Beside the form there is room on a wide screen only: here what is asked stands above it, in two lines kept for it.
        if pen.side == 0 {
            let above = page.body.len();
            if let Row::Field(Field::Consent(service)) = self.row() {
                page.paragraph(pen, 2, &pen.say(consent_about(service)), Meaning::Accent);
            }
            page.body.resize(page.body.len().max(above + 2), Line::gap());
        }
        for (at, row) in self.rows().into_iter().enumerate() {
            let here = at == self.at;
            if here {
                page.focus = page.body.len();
            }
            match row {
                Row::Field(field) => self.field_lines(field, here, pen, &mut page),
                Row::Member => self.member_lines(here, pen, &mut page),
                Row::Submit => self.submit_lines(here, pen, &mut page),
            }
        }
        if pen.side > 0 {
            page.side = self.aside(pen);
        }
        page
    }
}

impl Application {
    fn field_lines(&self, field: Field, here: bool, pen: &Pen<'_>, page: &mut Page) {
        let label = pen.say(field_word(field));
        match self.values.input(field) {
            Some(input) => page.input(pen, LABEL, &label, input, pen.width, here),
            None => {
                let words = self.values.choices(field).into_iter().map(|word| pen.say(word));
                let chosen = self.values.chosen(field);
                choice_lines(&label, words.collect(), chosen, here, pen, page);
            }
        }
        if let Some(wrong) = self.error(field) {
            let words = format!("{}{}", pen.glyphs.stop, pen.say(wrong_word(wrong)));
            page.paragraph(pen, LABEL + 4, &words, Meaning::Stop);
        }
    }

    /// Who of the household it is: by name, and what tells two of one name apart.
    fn member_lines(&self, here: bool, pen: &Pen<'_>, page: &mut Page) {
        let members = self.values.members().iter().map(|member| {
            let facts = [
                ("name", member.name.as_str().into()),
                ("relation", relation(pen, &member.relation).into()),
                ("birthday", pen.written(&member.birthday).into()),
            ];
            pen.say_with("field-member-one", &facts)
        });
        let words = members.chain([pen.say("field-member-other")]).collect();
        choice_lines(&pen.say("field-member"), words, self.values.member(), here, pen, page);
    }

    fn submit_lines(&self, here: bool, pen: &Pen<'_>, page: &mut Page) {
        page.gap();
        if let Some(InTheWay::Similar { first, others }) = &self.in_the_way {
            page.line(Line::of(pen.say("application-similar-rows"), Meaning::NeedsYou));
            for record in [first].into_iter().chain(others) {
                let cases = record
                    .cases
                    .iter()
                    .map(|(number, state)| format!("{number} {}", pen.say(state_word(state).0)));
                let cases: Vec<String> = cases.collect();
                let cases = match cases.is_empty() {
                    true => pen.say("application-similar-no-case"),
                    false => cases.join(&pen.say("list-comma")),
                };
                page.line(
                    Line::of("  ", Meaning::Plain)
                        .and(&record.name, Meaning::Strong)
                        .and("  ", Meaning::Plain)
                        .and(cases, Meaning::Plain),
                );
            }
        }
        if here {
            page.focus = page.body.len() + 1;
        }
        let pointer = if here { pen.glyphs.here } else { "  " };
        let meaning = if here { Meaning::Chosen } else { Meaning::Strong };
        page.line(
            Line::of(pointer, Meaning::Accent)
                .and("[ ", meaning)
                .and(pen.say("application-submit"), meaning)
                .and(" ]", meaning),
        );
    }

    fn aside(&self, pen: &Pen<'_>) -> Vec<Line> {
        let mut lines = pen.aside(&pen.say("application-consent-text"), Meaning::Quiet);
        if let Row::Field(Field::Consent(service)) = self.row() {
            lines.push(Line::gap());
            lines.push(Line::of(pen.say(service_word(service)), Meaning::Strong));
            lines.extend(pen.aside(&pen.say(consent_about(service)), Meaning::Plain));
        }
        lines
    }
}

/// A question's answers, numbered where the pointer is. Of those that do not fit beside the label only the one taken
/// stands there, and all of them below it while the question is asked.
fn choice_lines(label: &str, words: Vec<String>, chosen: Option<usize>, here: bool, pen: &Pen<'_>, page: &mut Page) {
    let answer = |(at, word): (usize, &String)| {
        let taken = chosen == Some(at);
        let meaning = if taken { Meaning::Strong } else { Meaning::Quiet };
        let number = if here { format!("{} ", at + 1) } else { String::new() };
        Line::of(number, Meaning::Accent)
            .and(pen.glyphs.chosen[usize::from(!taken)], meaning)
            .and(" ", Meaning::Plain)
            .and(word, meaning)
    };
    let label = pen.label(LABEL, label, here);
    let answers: Vec<Line> = words.iter().enumerate().map(answer).collect();
    let mut line = label.clone();
    for answer in answers.clone() {
        line.spans.extend(answer.and("  ", Meaning::Plain).spans);
    }
    if words.len() <= 3 && line.width(pen.ambiguous()) <= pen.width + 2 {
        return page.line(line);
    }
    page.line(match chosen.and_then(|at| words.get(at)) {
        Some(word) => label
            .and(format!("{} ", pen.glyphs.chosen[0]), Meaning::Strong)
            .and(word, Meaning::Strong),
        None => label,
    });
    if here {
        page.pieces(pen, 4, answers);
    }
}

/// The words for a service.
pub const fn service_word(service: Service) -> &'static str {
    match service {
        Service::Eligibility => "service-eligibility",
        Service::HealthCheckup => "service-health-checkup",
        Service::MedicalExpenses => "service-medical-expenses",
        Service::Pension => "service-pension",
        Service::Children => "service-children",
    }
}

/// What consent to a service means.
const fn consent_about(service: Service) -> &'static str {
    match service {
        Service::Eligibility => "consent-eligibility-about",
        Service::HealthCheckup => "consent-health-checkup-about",
        Service::MedicalExpenses => "consent-medical-expenses-about",
        Service::Pension => "consent-pension-about",
        Service::Children => "consent-children-about",
    }
}

const fn field_word(field: Field) -> &'static str {
    match field {
        Field::Applicant => "field-applicant",
        Field::AgentName => "field-agent-name",
        Field::AgentKana => "field-agent-kana",
        Field::AgentBirthday => "field-agent-birthday",
        Field::AgentAddress => "field-agent-address",
        Field::AgentPhone => "field-agent-phone",
        Field::GuardianBasis => "field-guardian-basis",
        Field::GuardianEvidence => "field-guardian-evidence",
        Field::AgentReason => "field-agent-reason",
        Field::AgentEvidence => "field-agent-evidence",
        Field::LetterOfAuthority => "field-letter",
        Field::AdultWard => "field-adult-ward",
        Field::Consent(service) => service_word(service),
        Field::ConsentTextVersion => "field-consents",
        Field::Delivery => "field-delivery",
        Field::PaperNotices => "field-paper-notices",
        Field::Notes => "field-notes",
    }
}

const fn wrong_word(wrong: Wrong) -> &'static str {
    match wrong {
        Wrong::Missing => "wrong-missing",
        Wrong::NotAnswered => "wrong-not-answered",
        Wrong::TooLong(_) => "wrong-too-long",
        Wrong::Unprintable => "wrong-unprintable",
        Wrong::Date(_) => "wrong-not-a-date",
        Wrong::InTheFuture => "wrong-in-the-future",
        Wrong::NotAPhoneNumber => "wrong-not-a-phone-number",
        Wrong::Under15NeedsGuardian => "wrong-under15-needs-guardian",
        Wrong::WardNeedsGuardian => "wrong-ward-needs-guardian",
        Wrong::NoGuardianNeeded => "wrong-no-guardian-needed",
        Wrong::BasisDoesNotFit => "wrong-basis-does-not-fit",
        Wrong::EvidenceDoesNotShowIt => "wrong-evidence-does-not-show-it",
        Wrong::ReasonNotAllowed => "wrong-reason-not-allowed",
        Wrong::TooYoung => "wrong-too-young",
        Wrong::IsTheResident => "wrong-is-the-resident",
        Wrong::ProtectedNeedsThePerson => "wrong-protected-needs-the-person",
        Wrong::OnlyForAdults => "wrong-only-for-adults",
    }
}

//! 申請: the form at the counter. It becomes an application only through `issuance`'s own check.

pub mod keys;
mod values;

pub use values::{evidence_word, standing_word};

use issuance::{
    application::{Field, FieldError, Service, Wrong},
    case::CaseNumber,
};

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
    screens::shown::{protected_words, state_word, who},
    theme::Meaning,
};

/// Cells of the labels.
const LABEL: usize = 22;

/// A row of the form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Row {
    Field(Field),
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
    pub fn begin(resident: ResidentView) -> Self {
        Self {
            resident,
            values: Values::default(),
            at: 0,
            errors: Vec::new(),
            submitted: false,
            in_the_way: None,
            despite: None,
        }
    }

    fn rows(&self) -> Vec<Row> {
        let mut rows: Vec<Row> = self.values.fields().into_iter().map(Row::Field).collect();
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
        if let Row::Field(field) = self.row() {
            self.errors.retain(|error| error.field != field);
        }
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
            Row::Submit => None,
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
            (Intent::Confirm, Row::Field(_)) => self.at = (self.at + 1).min(last),
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
        for (at, row) in self.rows().into_iter().enumerate() {
            let here = at == self.at;
            if here {
                page.focus = page.body.len();
            }
            match row {
                Row::Field(field) => self.field_lines(field, here, pen, &mut page),
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
                let mut line = pen.label(LABEL, &label, here);
                let chosen = self.values.chosen(field);
                for (at, word) in self.values.choices(field).into_iter().enumerate() {
                    let taken = chosen == Some(at);
                    // Long lists show what is chosen; short ones show every choice.
                    if self.values.choices(field).len() > 3 && !taken && chosen.is_some() {
                        continue;
                    }
                    if self.values.choices(field).len() > 3 && chosen.is_none() && at > 0 {
                        continue;
                    }
                    let symbol = pen.glyphs.chosen[usize::from(!taken)];
                    let meaning = if taken { Meaning::Strong } else { Meaning::Quiet };
                    line = line
                        .and(symbol, meaning)
                        .and(" ", Meaning::Plain)
                        .and(pen.say(word), meaning)
                        .and("  ", Meaning::Plain);
                }
                if self.values.choices(field).len() > 3 {
                    let facts = [
                        ("at", chosen.map_or(0, |at| at + 1).to_string().into()),
                        ("count", self.values.choices(field).len().to_string().into()),
                    ];
                    line = line.and(pen.say_with("queue-place", &facts), Meaning::Quiet);
                }
                page.line(line);
            }
        }
        if let Some(wrong) = self.error(field) {
            let words = format!("{}{}", pen.glyphs.stop, pen.say(wrong_word(wrong)));
            page.paragraph(pen, LABEL + 4, &words, Meaning::Stop);
        }
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

//! One document on the counter: what is typed and seen of it, answered as it is typed.

use issuance::{
    calendar::Calendar,
    check_digit::{self, Verdict},
    era::WrittenDate,
    identity::{
        Class, Comparison, Document, DocumentRule, Exception, ExpiryRule, Fact, FourFacts, Grace, NotCounted,
        NumberRule, Party, Presented, Registered, Sight, Sights, check_document, facts,
    },
};
use time::Date;

use super::words;
use crate::{
    facts::CaseView,
    input::{Input, Takes},
    page::{Line, Page, Pen},
    screens::shown::{address, sex},
    text,
    theme::Meaning,
};

/// Cells of the labels.
const LABEL: usize = 14;

/// A row of the form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Row {
    Number,
    Issued,
    Expires,
    Original,
    Photo,
    Renewal,
    Fact(Fact),
    Done,
}

/// What changing a row changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turned {
    /// How a fact was seen.
    Fact(Fact),
    /// Nothing: the address is masked and can't be compared.
    Masked,
    Other,
}

/// A document laid down.
#[derive(Debug)]
pub struct Laid {
    document: Document,
    number: Input,
    issued: Input,
    expires: Input,
    original: bool,
    photo: Option<bool>,
    /// It bears no photograph, as some of its kind lawfully do.
    bare: bool,
    renewal_applied: bool,
    seen: [Seen; 4],
}

/// How the clerk saw a fact.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Seen {
    #[default]
    NotLooked,
    Same,
    Different,
    NotShown,
    Unreadable,
}

const SEEN: [Seen; 5] = [
    Seen::NotLooked,
    Seen::Same,
    Seen::Different,
    Seen::NotShown,
    Seen::Unreadable,
];

impl Laid {
    /// A document just laid down, nothing looked at.
    pub fn new(document: Document) -> Self {
        Self {
            document,
            number: Input::new(Takes::Code, 30),
            issued: Input::new(Takes::Text, 24),
            expires: Input::new(Takes::Text, 24),
            original: true,
            photo: None,
            bare: false,
            renewal_applied: false,
            seen: [Seen::NotLooked; 4],
        }
    }

    /// Which.
    pub const fn document(&self) -> Document {
        self.document
    }

    /// As the rules take it.
    pub fn presented(&self) -> Presented {
        let sight = |fact: Fact| match self.seen[fact as usize] {
            Seen::NotLooked => Sight::NotLooked,
            Seen::Same => Sight::AsRegistered,
            Seen::Different => Sight::NotAsRegistered,
            Seen::NotShown => Sight::NotShown,
            Seen::Unreadable => Sight::Unreadable,
        };
        Presented {
            document: self.document,
            number: self.number.text().to_owned(),
            issued_on: WrittenDate::read(self.issued.text()).ok(),
            expires_on: self.expiry(),
            is_original: self.original,
            bears_photo: !self.bare,
            photo_agrees: self.photo,
            renewal_applied: self.renewal_applied,
            sights: Sights {
                name: sight(Fact::Name),
                birthday: sight(Fact::Birthday),
                sex: sight(Fact::Sex),
                address: sight(Fact::Address),
            },
        }
    }

    /// How many rows the form has; the last one leaves it.
    pub fn row_count(&self) -> usize {
        self.rows().len()
    }

    /// Whether the row is a field for text.
    pub fn is_text(&self, row: usize) -> bool {
        matches!(self.rows().get(row), Some(Row::Number | Row::Issued | Row::Expires))
    }

    /// Whether the row leaves the form.
    pub fn is_end(&self, row: usize) -> bool {
        self.rows().get(row) == Some(&Row::Done)
    }

    /// The row's field for text.
    pub fn field(&mut self, row: usize) -> Option<&mut Input> {
        match self.rows().get(row)? {
            Row::Number => Some(&mut self.number),
            Row::Issued => Some(&mut self.issued),
            Row::Expires => Some(&mut self.expires),
            _ => None,
        }
    }

    /// The row's fact.
    pub fn fact_at(&self, row: usize) -> Option<Fact> {
        match self.rows().get(row)? {
            Row::Fact(fact) => Some(*fact),
            _ => None,
        }
    }

    /// The next answer of a row, or the one before. What can't be compared because it is masked is not answered.
    pub fn turn(&mut self, row: usize, by: isize, masked: bool) -> Turned {
        match self.rows().get(row) {
            Some(Row::Original) => self.original = !self.original,
            Some(Row::Photo) => {
                // Not said, the same, different, and none on it where that is lawful.
                let answers = [(None, false), (Some(true), false), (Some(false), false), (None, true)];
                let of = if self.rule().without_photo.is_some() { 4 } else { 3 };
                let at = answers.iter().position(|answer| *answer == (self.photo, self.bare));
                let next = (at.unwrap_or(0) as isize + by.signum()).rem_euclid(of);
                (self.photo, self.bare) = answers[next as usize];
            }
            Some(Row::Renewal) => self.renewal_applied = !self.renewal_applied,
            Some(Row::Fact(fact)) => {
                let at = SEEN
                    .iter()
                    .position(|seen| *seen == self.seen[*fact as usize])
                    .unwrap_or(0);
                let next = SEEN[(at as isize + by).rem_euclid(SEEN.len() as isize) as usize];
                if masked && *fact == Fact::Address && matches!(next, Seen::Same | Seen::Different) {
                    return Turned::Masked;
                }
                self.seen[*fact as usize] = next;
                return Turned::Fact(*fact);
            }
            _ => {}
        }
        Turned::Other
    }

    /// Whether a fact does not agree and an exception could be made for it.
    pub fn is_excusable(&self, fact: Fact, party: Party, case: &CaseView) -> bool {
        let looked = self.seen[fact as usize] != Seen::NotLooked;
        let compared = self.compared(party, case).of(fact);
        looked && matches!(compared, Comparison::Differs | Comparison::CannotTell)
    }

    fn rule(&self) -> &'static DocumentRule {
        self.document.rule()
    }

    fn expiry(&self) -> Option<WrittenDate> {
        WrittenDate::read(self.expires.text()).ok()
    }

    fn compared(&self, party: Party, case: &CaseView) -> FourFacts {
        let shows = self.rule().shows;
        let sights = self.presented().sights;
        match (party, case.application.applicant().acting_for_resident()) {
            (Party::Acting, Some(person)) => facts::compare(&sights, shows, &Registered::from(person)),
            _ => facts::compare(&sights, shows, &Registered::from(&case.resident.person)),
        }
    }

    fn rows(&self) -> Vec<Row> {
        let rule = self.rule();
        let mut rows = Vec::new();
        if rule.number != NumberRule::NotAsked {
            rows.push(Row::Number);
        }
        if rule.issued_from.is_some() {
            rows.push(Row::Issued);
        }
        if rule.expiry != ExpiryRule::Never {
            rows.push(Row::Expires);
        }
        rows.push(Row::Original);
        if rule.photo && matches!(rule.class, Class::A | Class::Special) {
            rows.push(Row::Photo);
        }
        if matches!(rule.grace, Grace::Application { .. }) {
            rows.push(Row::Renewal);
        }
        let shows = [rule.shows.name, rule.shows.birthday, rule.shows.sex, rule.shows.address];
        rows.extend(
            Fact::ALL
                .into_iter()
                .zip(shows)
                .filter(|(_, shown)| *shown)
                .map(|(fact, _)| Row::Fact(fact)),
        );
        rows.push(Row::Done);
        rows
    }
}

impl Laid {
    /// The form.
    #[expect(
        clippy::too_many_arguments,
        reason = "what is compared comes from three places, and it is drawn once"
    )]
    pub fn view(
        &self,
        party: Party,
        row: usize,
        case: &CaseView,
        exceptions: &[Exception],
        (today, calendar): (Date, &Calendar),
        pen: &Pen<'_>,
        page: &mut Page,
    ) {
        page.line(
            Line::of(words::document(self.rule(), pen), Meaning::Strong)
                .and("  ", Meaning::Plain)
                .and(pen.say(words::class(self.presented().class())), Meaning::Accent)
                .and("  ", Meaning::Plain)
                .and(pen.say(words::party(party)), Meaning::Quiet),
        );
        page.gap();
        let compared = self.compared(party, case);
        for (at, kind) in self.rows().into_iter().enumerate() {
            let here = at == row;
            if here {
                page.focus = page.body.len();
            }
            match kind {
                Row::Number => {
                    page.input(pen, LABEL, &pen.say("document-number"), &self.number, 24, here);
                    self.number_lines(pen, page);
                }
                Row::Issued => {
                    page.input(pen, LABEL, &pen.say("document-issued"), &self.issued, 24, here);
                    date_line(&self.issued, None, pen, page);
                    if let Err(why @ NotCounted::IssuedInFuture { .. }) =
                        check_document(&self.presented(), today, calendar)
                    {
                        let words = format!("{}{}", pen.glyphs.stop, words::not_counted(&why, pen));
                        page.paragraph(pen, LABEL + 4, &words, Meaning::Stop);
                    }
                }
                Row::Expires => {
                    page.input(pen, LABEL, &pen.say("document-expires"), &self.expires, 24, here);
                    match check_document(&self.presented(), today, calendar) {
                        Ok(Some(good)) => {
                            date_line(&self.expires, None, pen, page);
                            let words = format!("{}{}", pen.glyphs.done, words::still_good(&good, pen));
                            page.paragraph(pen, LABEL + 4, &words, Meaning::Done);
                        }
                        _ => date_line(&self.expires, Some(today), pen, page),
                    }
                }
                Row::Original => page.line(choice(
                    pen,
                    &pen.say("document-original"),
                    here,
                    &[("original-yes", self.original), ("original-no", !self.original)],
                )),
                Row::Photo => {
                    let answers = [
                        ("photo-same", self.photo == Some(true)),
                        ("photo-different", self.photo == Some(false)),
                        ("photo-none", self.bare),
                    ];
                    let of = if self.rule().without_photo.is_some() { 3 } else { 2 };
                    page.line(choice(pen, &pen.say("document-photo"), here, &answers[..of]));
                }
                Row::Renewal => page.line(choice(
                    pen,
                    &pen.say("document-renewal"),
                    here,
                    &[
                        ("renewal-yes", self.renewal_applied),
                        ("renewal-no", !self.renewal_applied),
                    ],
                )),
                Row::Fact(fact) => {
                    let excused = exceptions.iter().any(|one| one.party == party && one.fact == fact);
                    self.fact_line(fact, compared.of(fact), excused, party, here, case, pen, page);
                }
                Row::Done => {
                    let meaning = if here { Meaning::Strong } else { Meaning::Plain };
                    page.gap();
                    page.line(
                        Line::of(if here { pen.glyphs.here } else { "  " }, Meaning::Accent)
                            .and("[ ", meaning)
                            .and(pen.say("document-done"), meaning)
                            .and(" ]", meaning),
                    );
                }
            }
        }
        let answers = pen.aside(&pen.say("document-how"), Meaning::Quiet);
        if pen.side > 0 {
            page.side = answers;
        }
    }

    /// What the number's check says, with the numbers that were probably meant.
    fn number_lines(&self, pen: &Pen<'_>, page: &mut Page) {
        let NumberRule::Kept(kind) = self.rule().number else {
            return;
        };
        if self.number.is_empty() {
            return;
        }
        let indent = LABEL + 4;
        let (symbol, words, meaning) = match check_digit::check(kind, self.number.text()) {
            Verdict::Valid => (pen.glyphs.done, pen.say("number-valid"), Meaning::Done),
            Verdict::ShapeOnly => (pen.glyphs.done, pen.say("number-shape"), Meaning::Done),
            Verdict::Doubtful => (pen.glyphs.warn, pen.say("number-doubtful"), Meaning::NeedsYou),
            Verdict::WrongCheckDigit => (pen.glyphs.stop, pen.say("number-wrong"), Meaning::Stop),
            Verdict::WrongLength { expected, typed } => {
                let facts = [
                    ("expected", expected.to_string().into()),
                    ("typed", typed.to_string().into()),
                ];
                (pen.glyphs.todo, pen.say_with("number-length", &facts), Meaning::Waiting)
            }
            Verdict::WrongCharacter { position } => {
                let facts = [("position", position.to_string().into())];
                (pen.glyphs.stop, pen.say_with("number-character", &facts), Meaning::Stop)
            }
        };
        page.paragraph(pen, indent, &format!("{symbol}{words}"), meaning);
        let near = check_digit::candidates(kind, self.number.text());
        if !near.is_empty() {
            let some: Vec<String> = near.iter().take(3).cloned().collect();
            let facts = [
                ("candidates", some.join("  ").into()),
                ("more", near.len().saturating_sub(3).to_string().into()),
            ];
            page.paragraph(
                pen,
                indent,
                &pen.say_with("number-candidates", &facts),
                Meaning::NeedsYou,
            );
        }
    }

    #[expect(clippy::too_many_arguments, reason = "one row of the form, drawn once")]
    fn fact_line(
        &self,
        fact: Fact,
        compared: Comparison,
        excused: bool,
        party: Party,
        here: bool,
        case: &CaseView,
        pen: &Pen<'_>,
        page: &mut Page,
    ) {
        let (symbol, word, meaning) = match (self.seen[fact as usize], compared) {
            (Seen::NotLooked, _) => (pen.glyphs.todo, "fact-not-looked", Meaning::Waiting),
            (Seen::Same, _) => (pen.glyphs.done, "fact-same", Meaning::Done),
            (Seen::Different, _) => (pen.glyphs.stop, "fact-different", Meaning::Stop),
            (Seen::NotShown, _) => (pen.glyphs.todo, "fact-not-shown", Meaning::Quiet),
            (Seen::Unreadable, _) => (pen.glyphs.warn, "fact-unreadable", Meaning::NeedsYou),
        };
        let register = match (party, case.application.applicant().acting_for_resident(), fact) {
            (Party::Acting, Some(person), Fact::Name) => person.name.clone(),
            (Party::Acting, Some(person), Fact::Birthday) => pen.written(&person.birthday),
            (Party::Acting, Some(person), Fact::Address) => person.address.clone(),
            (Party::Acting, _, _) => String::new(),
            (Party::Resident, _, Fact::Name) => match &case.resident.person.alias {
                Some(alias) => {
                    let alias = pen.say_with("resident-alias", &[("alias", alias.as_str().into())]);
                    format!("{}  {alias}", case.resident.person.name)
                }
                None => case.resident.person.name.clone(),
            },
            (Party::Resident, _, Fact::Birthday) => pen.written(&case.resident.person.birthday),
            (Party::Resident, _, Fact::Sex) => sex(pen, case.resident.person.sex),
            (Party::Resident, _, Fact::Address) => address(&case.resident, pen).0,
        };
        let mut line = pen
            .label(LABEL, &pen.say(words::fact(fact)), here)
            .and(symbol, meaning)
            .and(pen.fit(&pen.say(word), 12), meaning)
            .and(" ", Meaning::Plain);
        if excused {
            line = line
                .and(pen.say("fact-excused"), Meaning::NeedsYou)
                .and(" ", Meaning::Plain);
        }
        // What is compared is never cut: a long address goes on below.
        let left = line.width(pen.ambiguous());
        let room = pen.width.saturating_sub(left).max(12);
        for (row, piece) in text::wrap(&text::drawable(&register), room, pen.ambiguous())
            .into_iter()
            .enumerate()
        {
            let before = if row == 0 {
                line.clone()
            } else {
                Line::default().up_to(left, pen.ambiguous())
            };
            page.line(before.and(piece, Meaning::Plain));
        }
    }
}

/// A date as it was understood, in era and western terms; expired ones say so.
fn date_line(input: &Input, today: Option<Date>, pen: &Pen<'_>, page: &mut Page) {
    if input.is_empty() {
        return;
    }
    let (symbol, words, meaning) = match WrittenDate::read(input.text()) {
        Err(_) => (pen.glyphs.todo, pen.say("date-not-read"), Meaning::Waiting),
        Ok(date) => {
            let facts = [("date", pen.both_calendars(&date).into())];
            let expired = today.zip(date.span()).is_some_and(|(today, (_, last))| last < today);
            if expired {
                (pen.glyphs.stop, pen.say_with("date-expired", &facts), Meaning::Stop)
            } else {
                (pen.glyphs.done, pen.say_with("date-read", &facts), Meaning::Done)
            }
        }
    };
    page.paragraph(pen, LABEL + 4, &format!("{symbol}{words}"), meaning);
}

fn choice(pen: &Pen<'_>, label: &str, here: bool, answers: &[(&'static str, bool)]) -> Line {
    let mut line = pen.label(LABEL, label, here);
    for (word, taken) in answers {
        let meaning = if *taken { Meaning::Strong } else { Meaning::Quiet };
        line = line
            .and(pen.glyphs.chosen[usize::from(!taken)], meaning)
            .and(" ", Meaning::Plain)
            .and(pen.say(word), meaning)
            .and("  ", Meaning::Plain);
    }
    line
}

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

/// The answers to how a fact was seen, with their words.
const SEEN: [(Seen, &str); 4] = [
    (Seen::Same, "fact-same"),
    (Seen::Different, "fact-different"),
    (Seen::NotShown, "fact-not-shown"),
    (Seen::Unreadable, "fact-unreadable"),
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

    /// The next row that still wants an answer, or the one that leaves the form.
    pub fn next_wanting(&self, row: usize) -> usize {
        let rows = self.rows();
        let wants = |kind: &Row| match kind {
            Row::Number => self.number.is_empty(),
            Row::Issued => self.issued.is_empty(),
            Row::Expires => self.expires.is_empty(),
            Row::Done => true,
            kind => self.chosen(*kind).is_none(),
        };
        let after = rows.iter().enumerate().skip(row + 1);
        let mut wanting = after.filter(|(_, kind)| wants(kind));
        wanting.next().map_or(rows.len() - 1, |(at, _)| at)
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

    /// The next answer of a row, or the one before; behind the last one stands that nothing is said yet, where that is so
    /// at first. What can't be compared because it is masked is not answered.
    pub fn turn(&mut self, row: usize, by: isize, masked: bool) -> Turned {
        let Some(kind) = self.rows().get(row).copied() else {
            return Turned::Other;
        };
        let answers = self.answers(kind).len() as isize;
        let unsaid = isize::from(matches!(kind, Row::Photo | Row::Fact(_)));
        if answers == 0 {
            return Turned::Other;
        }
        // Unsaid is place 0, the answers follow it.
        let stands = self.chosen(kind).map_or(0, |at| at as isize + unsaid);
        let next = (stands + by).rem_euclid(answers + unsaid) - unsaid;
        self.take(kind, usize::try_from(next).ok(), masked)
    }

    /// Takes the answer of this number, from 1; `None` where the row has no such answer.
    pub fn answer(&mut self, row: usize, number: usize, masked: bool) -> Option<Turned> {
        let kind = self.rows().get(row).copied()?;
        let at = number.checked_sub(1).filter(|at| *at < self.answers(kind).len())?;
        Some(self.take(kind, Some(at), masked))
    }

    fn take(&mut self, kind: Row, at: Option<usize>, masked: bool) -> Turned {
        match kind {
            Row::Original => self.original = at == Some(0),
            Row::Photo => {
                // The same, different, and none on it where that is lawful.
                self.photo = at.filter(|at| *at < 2).map(|at| at == 0);
                self.bare = at == Some(2);
            }
            Row::Renewal => self.renewal_applied = at == Some(0),
            Row::Fact(fact) => {
                let seen = at.map_or(Seen::NotLooked, |at| SEEN[at].0);
                if masked && fact == Fact::Address && matches!(seen, Seen::Same | Seen::Different) {
                    return Turned::Masked;
                }
                self.seen[fact as usize] = seen;
                return Turned::Fact(fact);
            }
            Row::Number | Row::Issued | Row::Expires | Row::Done => {}
        }
        Turned::Other
    }

    /// The words of a row's answers, in the order of their numbers.
    fn answers(&self, kind: Row) -> Vec<&'static str> {
        match kind {
            Row::Original => vec!["original-yes", "original-no"],
            Row::Photo => {
                let of = if self.rule().without_photo.is_some() { 3 } else { 2 };
                ["photo-same", "photo-different", "photo-none"][..of].to_vec()
            }
            Row::Renewal => vec!["renewal-yes", "renewal-no"],
            Row::Fact(_) => SEEN.map(|(_, word)| word).to_vec(),
            Row::Number | Row::Issued | Row::Expires | Row::Done => Vec::new(),
        }
    }

    /// Which answer of a row is taken; `None` while nothing is said.
    fn chosen(&self, kind: Row) -> Option<usize> {
        match kind {
            Row::Original => Some(usize::from(!self.original)),
            Row::Photo if self.bare => Some(2),
            Row::Photo => self.photo.map(|same| usize::from(!same)),
            Row::Renewal => Some(usize::from(!self.renewal_applied)),
            Row::Fact(fact) => SEEN.iter().position(|(seen, _)| *seen == self.seen[fact as usize]),
            Row::Number | Row::Issued | Row::Expires | Row::Done => None,
        }
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
        page.line(self.numbers(row, pen));
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
                Row::Original => page.line(self.choice(kind, "document-original", here, pen)),
                Row::Photo => page.line(self.choice(kind, "document-photo", here, pen)),
                Row::Renewal => page.line(self.choice(kind, "document-renewal", here, pen)),
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

    /// A question with its answers, numbered where the pointer is.
    fn choice(&self, kind: Row, label: &str, here: bool, pen: &Pen<'_>) -> Line {
        let mut line = pen.label(LABEL, &pen.say(label), here);
        for (at, word) in self.answers(kind).into_iter().enumerate() {
            let taken = self.chosen(kind) == Some(at);
            let meaning = if taken { Meaning::Strong } else { Meaning::Quiet };
            let number = if here { format!("{} ", at + 1) } else { String::new() };
            line = line
                .and(number, Meaning::Accent)
                .and(pen.glyphs.chosen[usize::from(!taken)], meaning)
                .and(" ", Meaning::Plain)
                .and(pen.say(word), meaning)
                .and("  ", Meaning::Plain);
        }
        line
    }

    /// The numbers of the answers to how a fact was seen, while one is asked for; an empty line otherwise.
    fn numbers(&self, row: usize, pen: &Pen<'_>) -> Line {
        let Some(Row::Fact(_)) = self.rows().get(row) else {
            return Line::gap();
        };
        let mut line = Line::of("  ", Meaning::Plain);
        for (at, (_, word)) in SEEN.iter().enumerate() {
            line = line
                .and(format!("{} ", at + 1), Meaning::Accent)
                .and(pen.say(word), Meaning::Quiet)
                .and("   ", Meaning::Plain);
        }
        line
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

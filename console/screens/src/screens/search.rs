//! さがす: the roster narrows as one types; people of one name stand side by side.

pub mod keys;

use crate::{
    common::{Common, Go},
    facts::{Address, Found, Language, ResidentRow, ResidentView},
    fault::Fault,
    input::{Input, Takes},
    keymap::{Intent, KeyTable},
    orders::queues::{self, OpenResident},
    page::{Line, Page, Pen, Span, span},
    screen::Screen,
    screens::{
        resident::Resident,
        shown::{birthday_written, protected_words, sex_written},
    },
    theme::Meaning,
};

/// Lines kept for the chosen person below the list on narrow screens.
const DETAIL: usize = 5;

/// The search.
#[derive(Debug)]
pub struct Search {
    text: Input,
    found: Found,
    chosen: usize,
    is_searching: bool,
    /// Enter was pressed before the hits for this text came: a single hit opens by itself.
    wanted: bool,
}

impl Default for Search {
    fn default() -> Self {
        Self {
            text: Input::new(Takes::Text, 60),
            found: Found::default(),
            chosen: 0,
            is_searching: false,
            wanted: false,
        }
    }
}

impl Search {
    fn row(&self) -> Option<&ResidentRow> {
        self.found.rows.get(self.chosen)
    }

    fn is_current(&self) -> bool {
        !self.is_searching && self.found.text == self.text.text()
    }

    fn open(&mut self, common: &mut Common) {
        if let Some(row) = self.row() {
            common.ask(OpenResident(row.id), Self::opened);
        }
    }

    fn opened(&mut self, resident: Result<ResidentView, Fault>, common: &mut Common) {
        match resident {
            Ok(resident) => common.go(Go::To(Box::new(Resident::new(resident)))),
            Err(fault) => common.tell_fault(&fault),
        }
    }

    fn found(&mut self, found: Result<Found, Fault>, common: &mut Common) {
        self.is_searching = false;
        match found {
            // A search is forgotten when the field is emptied.
            Ok(_) if self.text.text().trim().is_empty() => {}
            Ok(found) => {
                self.found = found;
                self.chosen = 0;
                // Other people stand where the old ones stood: an Enter meant for those must not open these.
                common.next_choice();
                if std::mem::take(&mut self.wanted) && self.found.rows.len() == 1 {
                    self.open(common);
                }
            }
            Err(fault) => common.tell_fault(&fault),
        }
    }
}

impl Search {
    /// What is said where nobody was found: most who type a reading in Latin letters have the keyboard in the other state.
    fn nobody(&self) -> &'static str {
        let text = self.text.text();
        let is_latin = |letter: char| letter.is_ascii_alphabetic() || letter == ' ';
        if text.chars().all(is_latin) {
            "search-nobody-latin"
        } else {
            "search-nobody"
        }
    }
}

impl Screen for Search {
    fn keys(&self) -> &'static KeyTable {
        &keys::KEYS
    }

    fn field(&mut self) -> Option<&mut Input> {
        Some(&mut self.text)
    }

    fn takes_text(&self) -> bool {
        true
    }

    fn can(&self, intent: Intent, _common: &Common) -> bool {
        match intent {
            Intent::Up | Intent::Down | Intent::PageUp | Intent::PageDown => self.found.rows.len() > 1,
            // While a search is under way Enter opens the one it finds.
            Intent::Confirm => !self.found.rows.is_empty() || !self.is_current(),
            _ => true,
        }
    }

    fn shown(&mut self, common: &mut Common) {
        // Another person's rows have no place beside an open case.
        common.close_case();
    }

    fn typed(&mut self, common: &mut Common) {
        self.wanted = false;
        if self.text.text().trim().is_empty() {
            self.is_searching = false;
            self.found = Found::default();
            self.chosen = 0;
        } else {
            let text = self.text.text().to_owned();
            self.is_searching = true;
            common.load(queues::Search { text }, Self::found);
        }
    }

    fn act(&mut self, intent: Intent, common: &mut Common) {
        let last = self.found.rows.len().saturating_sub(1);
        match intent {
            Intent::Up => self.chosen = self.chosen.saturating_sub(1),
            Intent::Down => self.chosen = (self.chosen + 1).min(last),
            Intent::PageUp => self.chosen = self.chosen.saturating_sub(8),
            Intent::PageDown => self.chosen = (self.chosen + 8).min(last),
            Intent::Confirm if self.is_current() => self.open(common),
            Intent::Confirm => self.wanted = true,
            Intent::Back => common.go(Go::Back),
            _ => {}
        }
    }

    fn view(&self, _common: &Common, pen: &Pen<'_>) -> Page {
        let mut page = Page::titled(pen.say("title-search"));
        page.input(pen, 8, &pen.say("search-field"), &self.text, pen.width, true);
        let count = match (self.text.is_empty(), self.is_searching && self.found.rows.is_empty()) {
            (true, _) => Line::of(pen.say("search-hint"), Meaning::Quiet),
            (_, true) => Line::of(pen.say("loading-now"), Meaning::Waiting),
            _ if self.found.rows.is_empty() => Line::of(pen.say(self.nobody()), Meaning::NeedsYou),
            _ => {
                let facts = [
                    ("shown", self.found.rows.len().to_string().into()),
                    ("total", self.found.total.to_string().into()),
                ];
                Line::of(pen.say_with("search-count", &facts), Meaning::Quiet)
            }
        };
        page.paragraph(pen, 2, &count.text(), count.spans[0].meaning);
        let below = if pen.side > 0 { 0 } else { DETAIL + 1 };
        let height = pen.height.saturating_sub(page.body.len() + below).max(1);
        let rows: Vec<Vec<Span>> = self.found.rows.iter().map(|row| spans(row, pen)).collect();
        page.list(pen, &columns(&self.found.rows, pen), &rows, self.chosen, height);
        if let Some(row) = self.row() {
            if pen.side > 0 {
                page.side = detail(row, pen, pen.side);
            } else {
                page.body
                    .resize(page.body.len().max(pen.height.saturating_sub(below)), Line::gap());
                page.gap();
                page.body.extend(detail(row, pen, pen.width).into_iter().take(DETAIL));
            }
        }
        page.focus = 0;
        page
    }
}

/// Name and reading get the room that they need, the address what is left of it: that is read in full below, and people of
/// one name are told apart by their readings and birthdays first.
fn columns(rows: &[ResidentRow], pen: &Pen<'_>) -> [usize; 4] {
    const ADDRESS: usize = 8;
    let sex = if pen.language == Language::Japanese { 2 } else { 6 };
    let widest = |of: &dyn Fn(&ResidentRow) -> String| rows.iter().map(|row| pen.cells(&of(row))).max().unwrap_or(0);
    let birthday = widest(&|row| birthday_written(pen, &row.birthday));
    // The pointer, and two cells between the columns.
    let room = pen.width.saturating_sub(2 + 4 * 2 + birthday + sex + ADDRESS);
    let name = widest(&|row| name_span(row, pen).text).clamp(8, (room / 2).clamp(8, 20));
    let kana = widest(&|row| row.kana.clone()).clamp(8, room.saturating_sub(name).max(8));
    [name, kana, birthday, sex]
}

fn name_span(row: &ResidentRow, pen: &Pen<'_>) -> Span {
    match row.gone {
        true => span(
            format!("{}{}", pen.say("search-gone-mark"), row.name),
            Meaning::NeedsYou,
        ),
        false => span(row.name.clone(), Meaning::Strong),
    }
}

fn spans(row: &ResidentRow, pen: &Pen<'_>) -> Vec<Span> {
    let address = match &row.address {
        Address::Shown { address, .. } => span(address.clone(), Meaning::Plain),
        Address::Masked => span(pen.say("address-masked-short"), Meaning::NeedsYou),
    };
    vec![
        name_span(row, pen),
        span(row.kana.clone(), Meaning::Quiet),
        span(birthday_written(pen, &row.birthday), Meaning::Plain),
        span(sex_written(pen, &row.sex), Meaning::Plain),
        address,
    ]
}

/// The chosen person: what tells them from others of the same name comes first.
fn detail(row: &ResidentRow, pen: &Pen<'_>, width: usize) -> Vec<Line> {
    let mut name = Line::of(&row.name, Meaning::Strong)
        .and("  ", Meaning::Plain)
        .and(&row.kana, Meaning::Quiet);
    if let Some(alias) = &row.alias {
        let alias = pen.say_with("resident-alias", &[("alias", alias.as_str().into())]);
        name = name.and("  ", Meaning::Plain).and(alias, Meaning::Quiet);
    }
    let mut lines = vec![name];
    if row.same_name > 0 {
        let words = pen.say_with("search-same-name", &[("count", row.same_name.to_string().into())]);
        lines.push(Line::of(pen.glyphs.warn, Meaning::NeedsYou).and(words, Meaning::NeedsYou));
    }
    if row.gone {
        lines.push(Line::of(pen.say("search-gone"), Meaning::NeedsYou));
    }
    if row.protected {
        lines.push(Line::of(protected_words(pen), Meaning::NeedsYou));
    }
    let birthday = format!(
        "{}  {}",
        birthday_written(pen, &row.birthday),
        sex_written(pen, &row.sex)
    );
    lines.extend(pen.fact(width, 10, &pen.say("fact-birthday"), &birthday, Meaning::Plain));
    let (address, meaning) = match &row.address {
        Address::Shown {
            postal_code,
            address,
            building,
        } => {
            let building = building.as_deref().unwrap_or_default();
            (format!("{postal_code}  {address} {building}"), Meaning::Plain)
        }
        Address::Masked => (pen.say("address-masked"), Meaning::NeedsYou),
    };
    lines.extend(pen.fact(width, 10, &pen.say("fact-address"), address.trim(), meaning));
    lines.extend(pen.fact(width, 10, &pen.say("resident-number"), &row.number, Meaning::Plain));
    if let Some(case) = &row.open_case {
        let words = pen.say_with("search-open-case", &[("case", case.to_string().into())]);
        lines.push(Line::of("  ", Meaning::Plain).and(words, Meaning::Waiting));
    }
    lines
}

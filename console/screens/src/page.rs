//! A page: what a screen shows, as lines of text with meanings. The painter puts it in a frame on a terminal, the
//! plain mode reads it out line by line; both draw the same page.

use std::borrow::Cow;

use issuance::era::WrittenDate;
use time::Date;

use super::{
    facts::Language,
    glyphs::Glyphs,
    input::Input,
    text::{self, Ambiguous},
    theme::Meaning,
    words::Words,
};

/// A piece of text with one meaning.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Span {
    pub text: String,
    pub meaning: Meaning,
}

/// One line.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Line {
    /// Its pieces, from the left.
    pub spans: Vec<Span>,
}

/// What a screen shows.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Page {
    pub title: String,
    pub body: Vec<Line>,
    /// The second column of wide terminals; read after the body.
    pub side: Vec<Line>,
    /// Where the cursor stands: line of the body, cell.
    pub cursor: Option<(usize, usize)>,
    /// The line of the body that must stay in view.
    pub focus: usize,
    /// Rows of a list above and below those shown.
    pub beyond: Option<(usize, usize)>,
    /// Shown to the resident: no frame, no status, nothing else.
    pub resident_facing: bool,
}

impl Line {
    /// An empty line.
    pub fn gap() -> Self {
        Self::default()
    }

    /// A line of one meaning.
    pub fn of(text: impl AsRef<str>, meaning: Meaning) -> Self {
        Self::default().and(text, meaning)
    }

    /// The line with a piece added.
    #[must_use]
    pub fn and(mut self, text: impl AsRef<str>, meaning: Meaning) -> Self {
        self.spans.push(Span {
            text: text::drawable(text.as_ref()),
            meaning,
        });
        self
    }

    /// Cells.
    pub fn width(&self, ambiguous: Ambiguous) -> usize {
        self.spans.iter().map(|span| text::width(&span.text, ambiguous)).sum()
    }

    /// The text alone.
    pub fn text(&self) -> String {
        self.spans.iter().map(|span| span.text.as_str()).collect()
    }

    /// The line with spaces up to `cells`, so that what follows begins there.
    #[must_use]
    pub fn up_to(self, cells: usize, ambiguous: Ambiguous) -> Self {
        let room = cells.saturating_sub(self.width(ambiguous));
        if room == 0 {
            return self;
        }
        self.and(" ".repeat(room), Meaning::Plain)
    }

    /// The whole line as the chosen row, filled to `cells`.
    #[must_use]
    pub fn chosen(mut self, cells: usize, ambiguous: Ambiguous) -> Self {
        self = self.up_to(cells, ambiguous);
        for span in &mut self.spans {
            span.meaning = Meaning::Chosen;
        }
        self
    }
}

impl Page {
    /// A page with a title.
    pub fn titled(title: String) -> Self {
        Self {
            title,
            ..Self::default()
        }
    }

    /// Adds a line.
    pub fn line(&mut self, line: Line) {
        self.body.push(line);
    }

    /// Adds an empty line.
    pub fn gap(&mut self) {
        self.body.push(Line::gap());
    }

    /// Adds text, wrapped, each line with `indent` cells before it.
    pub fn paragraph(&mut self, pen: &Pen<'_>, indent: usize, words: &str, meaning: Meaning) {
        for piece in text::wrap(
            &text::drawable(words),
            pen.width.saturating_sub(indent),
            pen.ambiguous(),
        ) {
            self.body
                .push(Line::of(" ".repeat(indent), Meaning::Plain).and(piece, meaning));
        }
    }

    /// Adds a list's rows, as many as fit around the chosen one, and notes how many more there are.
    pub fn list(&mut self, pen: &Pen<'_>, columns: &[usize], rows: &[Vec<Span>], chosen: usize, height: usize) {
        let first = window(rows.len(), chosen, height);
        let below = rows.len().saturating_sub(first + height);
        self.beyond = (first + below > 0).then_some((first, below));
        self.body.extend(pen.table(pen.width, columns, rows, chosen, height));
    }

    /// Adds pieces side by side, as many on a line as fit, each line with `indent` cells before it.
    pub fn pieces(&mut self, pen: &Pen<'_>, indent: usize, pieces: Vec<Line>) {
        let start = || Line::of(" ".repeat(indent), Meaning::Plain);
        let mut line = start();
        for piece in pieces {
            let is_begun = line.spans.len() > 1;
            let gap = if is_begun { 3 } else { 0 };
            if is_begun && line.width(pen.ambiguous()) + gap + piece.width(pen.ambiguous()) > pen.width {
                self.body.push(std::mem::replace(&mut line, start()));
            } else if is_begun {
                line = line.and(" ".repeat(gap), Meaning::Plain);
            }
            line.spans.extend(piece.spans);
        }
        if line.spans.len() > 1 {
            self.body.push(line);
        }
    }

    /// Adds a line of a symbol (or two cells of room) and words; words too long for the line wrap under themselves.
    pub fn point(&mut self, pen: &Pen<'_>, line: &Line) {
        let [symbol, words] = line.spans.as_slice() else {
            self.body.push(line.clone());
            return;
        };
        let left = text::width(&symbol.text, pen.ambiguous());
        let room = pen.width.saturating_sub(left);
        for (row, piece) in text::wrap(&words.text, room, pen.ambiguous()).into_iter().enumerate() {
            let before = if row == 0 {
                symbol.text.clone()
            } else {
                " ".repeat(left)
            };
            self.body
                .push(Line::of(before, symbol.meaning).and(piece, words.meaning));
        }
    }

    /// Adds `label  value`; the label fills `label_cells`. Long values wrap under themselves.
    pub fn fact(&mut self, pen: &Pen<'_>, label_cells: usize, label: &str, value: &str, meaning: Meaning) {
        self.body
            .extend(pen.fact(pen.width, label_cells, label, value, meaning));
    }

    /// Adds `label  [input]` and sets the cursor there when the input has it.
    pub fn input(&mut self, pen: &Pen<'_>, label_cells: usize, label: &str, input: &Input, cells: usize, here: bool) {
        let line = pen.label(label_cells, label, here);
        let left = line.width(pen.ambiguous());
        let cells = cells.min(pen.width.saturating_sub(left)).max(1);
        let (shown, column) = input.shown(cells, pen.glyphs);
        let meaning = if here { Meaning::InputHere } else { Meaning::Input };
        if here {
            self.cursor = Some((self.body.len(), left + column));
            self.focus = self.body.len();
        }
        self.body.push(line.and(shown, meaning));
    }
}

/// What a view writes with: words in a language, symbols, and the room there is.
#[derive(Clone, Copy)]
pub struct Pen<'a> {
    pub words: &'a Words,
    pub language: Language,
    pub glyphs: &'a Glyphs,
    /// Today, in Japan: what is of another year is written with its year.
    pub today: Date,
    /// Cells of the main column.
    pub width: usize,
    /// Lines of the body.
    pub height: usize,
    /// Cells of the second column, 0 on narrow terminals.
    pub side: usize,
}

impl Pen<'_> {
    /// Words without facts.
    pub fn say(&self, key: &str) -> String {
        self.words.say(self.language, key, &[])
    }

    /// Words with facts.
    pub fn say_with(&self, key: &str, facts: &[(&'static str, Cow<'_, str>)]) -> String {
        self.words.say(self.language, key, facts)
    }

    /// A day as the reader's language writes it.
    pub fn day(&self, day: Date) -> String {
        match self.language {
            Language::Japanese => issuance::era::wareki(day),
            Language::English => day.to_string(),
        }
    }

    /// A date that may lack parts, as a birthday of the roster.
    pub fn written(&self, date: &WrittenDate) -> String {
        match self.language {
            Language::Japanese => date.wareki(),
            Language::English => date.in_english(),
        }
    }

    /// A date just typed, as it was understood, in both calendars: 令和12年3月1日(2030-03-01), 2030-03-01 (R12).
    pub fn both_calendars(&self, date: &WrittenDate) -> String {
        match self.language {
            Language::Japanese => format!("{}({})", date.wareki(), date.western()),
            Language::English => date.in_english(),
        }
    }

    /// How the terminal draws ambiguous characters.
    pub const fn ambiguous(&self) -> Ambiguous {
        self.glyphs.ambiguous
    }

    /// `text` in exactly `cells`.
    pub fn fit(&self, text: &str, cells: usize) -> String {
        text::fit(&text::drawable(text), cells, self.glyphs.ellipsis, self.ambiguous())
    }

    /// `text` at the right of `cells`.
    pub fn fit_right(&self, text: &str, cells: usize) -> String {
        text::fit_right(text, cells, self.glyphs.ellipsis, self.ambiguous())
    }

    /// Cells of a text.
    pub fn cells(&self, text: &str) -> usize {
        text::width(&text::drawable(text), self.ambiguous())
    }

    /// A field's label with the pointer before it when the field is chosen.
    pub fn label(&self, cells: usize, label: &str, here: bool) -> Line {
        let pointer = if here { self.glyphs.here } else { "  " };
        let meaning = if here { Meaning::Accent } else { Meaning::Quiet };
        Line::of(pointer, Meaning::Accent)
            .and(self.fit(label, cells), meaning)
            .and("  ", Meaning::Plain)
    }

    /// `label  value` as lines of `width` cells.
    pub fn fact(&self, width: usize, label_cells: usize, label: &str, value: &str, meaning: Meaning) -> Vec<Line> {
        let room = width.saturating_sub(label_cells + 4).max(4);
        text::wrap(&text::drawable(value), room, self.ambiguous())
            .into_iter()
            .enumerate()
            .map(|(row, piece)| {
                self.label(label_cells, if row == 0 { label } else { "" }, false)
                    .and(piece, meaning)
            })
            .collect()
    }

    /// Text wrapped to the second column.
    pub fn aside(&self, words: &str, meaning: Meaning) -> Vec<Line> {
        text::wrap(&text::drawable(words), self.side.max(4), self.ambiguous())
            .into_iter()
            .map(|piece| Line::of(piece, meaning))
            .collect()
    }

    /// A table's rows: columns of fixed cells, the one after them takes what is left. The chosen row is marked by pointer and
    /// meaning; only as many rows as `height` are given, around the chosen one.
    pub fn table(
        &self,
        width: usize,
        columns: &[usize],
        rows: &[Vec<Span>],
        chosen: usize,
        height: usize,
    ) -> Vec<Line> {
        let first = window(rows.len(), chosen, height);
        rows.iter()
            .enumerate()
            .skip(first)
            .take(height)
            .map(|(at, cells)| {
                let here = at == chosen;
                let mut line = Line::of(if here { self.glyphs.here } else { "  " }, Meaning::Accent);
                for (column, span) in cells.iter().enumerate() {
                    let used = line.width(self.ambiguous());
                    let left = width.saturating_sub(used);
                    let room = columns.get(column).map_or(left, |cells| left.min(*cells));
                    line = line.and(self.fit(&span.text, room), span.meaning);
                    if column + 1 < cells.len() && line.width(self.ambiguous()) + 2 <= width {
                        line = line.and("  ", Meaning::Plain);
                    }
                }
                if here {
                    line.chosen(width, self.ambiguous())
                } else {
                    line
                }
            })
            .collect()
    }
}

/// A span, for tables.
pub fn span(text: impl Into<String>, meaning: Meaning) -> Span {
    Span {
        text: text.into(),
        meaning,
    }
}

/// The first of `count` rows to show so that `chosen` is among the `height` shown.
pub fn window(count: usize, chosen: usize, height: usize) -> usize {
    if height == 0 || count <= height {
        return 0;
    }
    chosen.saturating_sub(height / 2).min(count - height)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_chosen_row_is_always_among_those_shown() {
        for count in 0..30 {
            for chosen in 0..count {
                for height in 1..12 {
                    let first = window(count, chosen, height);
                    assert!(first <= chosen && chosen < first + height, "{count} {chosen} {height}");
                    assert!(count <= height || first + height <= count);
                }
            }
        }
    }
}

//! One answer out of a few and a note in the clerk's words: what is asked before something is done to a card. Nothing is
//! chosen beforehand: what is recorded was said by somebody. The pointer stands at one of the two: an answer by its number
//! moves on to the note, as does whatever is typed once there is an answer.

use crate::{
    input::{Input, Takes},
    keymap::Intent,
    page::{Line, Page, Pen},
    theme::Meaning,
};

/// A note shorter than this tells an auditor nothing (as in `over::Reason`).
const SHORTEST: usize = 4;

/// The form: answers with their words, the one chosen, the note.
#[derive(Debug)]
pub struct ChoiceForm<T> {
    choices: Vec<(T, &'static str)>,
    chosen: Option<usize>,
    note: Option<Input>,
    /// Whether the pointer stands at the note.
    at_note: bool,
}

impl<T: Copy> ChoiceForm<T> {
    /// Empty; without `choices` it asks for the note alone.
    pub fn of(choices: Vec<(T, &'static str)>) -> Self {
        Self {
            at_note: choices.is_empty(),
            choices,
            chosen: None,
            note: Some(Input::new(Takes::Text, 120)),
        }
    }

    /// Without a note: the answer says all there is.
    pub fn without_note(choices: Vec<(T, &'static str)>) -> Self {
        Self {
            note: None,
            ..Self::of(choices)
        }
    }

    /// Where text goes.
    pub const fn field(&mut self) -> Option<&mut Input> {
        self.note.as_mut()
    }

    /// Whether what is typed is text: before there is an answer, digits are one.
    pub const fn takes_text(&self) -> bool {
        self.note.is_some() && (self.at_note || self.chosen.is_some())
    }

    /// Something was typed: the pointer is where it stands.
    pub const fn typed(&mut self) {
        self.at_note = true;
    }

    /// The note.
    pub fn note(&self) -> String {
        self.note
            .as_ref()
            .map_or_else(String::new, |note| note.text().trim().to_owned())
    }

    /// Whether there is anything to choose.
    pub const fn has_choices(&self) -> bool {
        !self.choices.is_empty()
    }

    /// What was chosen.
    pub fn chosen(&self) -> Option<T> {
        self.choices.get(self.chosen?).map(|(choice, _)| *choice)
    }

    /// Takes an answer by its number, or moves the pointer; false for a key that does neither.
    pub fn moves(&mut self, intent: Intent) -> bool {
        let last = self.choices.len().saturating_sub(1);
        let has_note = self.note.is_some();
        match intent {
            Intent::Digit(number) if (1..=self.choices.len()).contains(&usize::from(number)) => {
                self.chosen = Some(usize::from(number) - 1);
                self.at_note = has_note;
            }
            Intent::Up if self.at_note && self.chosen.is_some() => self.at_note = false,
            Intent::Down if has_note && self.chosen == Some(last) => self.at_note = true,
            Intent::Up | Intent::Down if self.at_note => {}
            Intent::Up => self.choose(self.chosen.map_or(last, |at| at.saturating_sub(1))),
            Intent::Down => self.choose(self.chosen.map_or(0, |at| (at + 1).min(last))),
            Intent::Confirm => {
                // What may be lacking now is the note.
                self.at_note |= has_note && self.chosen.is_some();
                return false;
            }
            _ => return false,
        }
        true
    }

    const fn choose(&mut self, at: usize) {
        self.chosen = Some(at);
        self.at_note = false;
    }

    /// What is still missing, in the words that ask for it.
    pub fn lacking(&self) -> Option<&'static str> {
        if self.has_choices() && self.chosen().is_none() {
            Some("standing-choose-first")
        } else if self.note.is_some() && self.note().chars().count() < SHORTEST {
            Some("reason-too-short")
        } else {
            None
        }
    }

    /// Adds the answers under the words of `ask`, and the note's field.
    pub fn view(&self, page: &mut Page, pen: &Pen<'_>, ask: &str) {
        if self.has_choices() {
            page.line(Line::of(pen.say(ask), Meaning::Accent));
            for (at, (_, word)) in self.choices.iter().enumerate() {
                let taken = self.chosen == Some(at);
                let symbol = pen.glyphs.chosen[usize::from(!taken)];
                let meaning = if taken { Meaning::Strong } else { Meaning::Plain };
                let here = taken && !self.at_note;
                let line = Line::of(if here { pen.glyphs.here } else { "  " }, Meaning::Accent)
                    .and(format!("{} ", at + 1), Meaning::Accent)
                    .and(format!("{symbol} "), meaning)
                    .and(pen.say(word), meaning);
                page.line(line);
            }
            page.gap();
        }
        if let Some(note) = &self.note {
            page.input(pen, 8, &pen.say("standing-note"), note, pen.width, self.at_note);
            page.gap();
        }
    }
}

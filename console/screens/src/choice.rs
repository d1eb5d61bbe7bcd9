//! One answer out of a few and a note in the clerk's words: what is asked before something is done to a card. Nothing is
//! chosen beforehand: what is recorded was said by somebody.

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
}

impl<T: Copy> ChoiceForm<T> {
    /// Empty; without `choices` it asks for the note alone.
    pub fn of(choices: Vec<(T, &'static str)>) -> Self {
        Self {
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

    /// Whether a note is asked for.
    pub const fn has_note(&self) -> bool {
        self.note.is_some()
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

    /// Moves the choice; false for a key that moves nothing.
    pub fn moves(&mut self, intent: Intent) -> bool {
        let last = self.choices.len().saturating_sub(1);
        self.chosen = match intent {
            Intent::Up => Some(self.chosen.map_or(last, |at| at.saturating_sub(1))),
            Intent::Down => Some(self.chosen.map_or(0, |at| (at + 1).min(last))),
            _ => return false,
        };
        true
    }

    /// What is still missing, in the words that ask for it.
    pub fn lacking(&self) -> Option<&'static str> {
        if self.has_choices() && self.chosen().is_none() {
            Some("standing-choose-first")
        } else if self.has_note() && self.note().chars().count() < SHORTEST {
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
                let line = Line::of(if taken { pen.glyphs.here } else { "  " }, Meaning::Accent)
                    .and(format!("{symbol} "), meaning)
                    .and(pen.say(word), meaning);
                page.line(line);
            }
            page.gap();
        }
        if let Some(note) = &self.note {
            page.input(pen, 8, &pen.say("standing-note"), note, pen.width, true);
            page.gap();
        }
    }
}

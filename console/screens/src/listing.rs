//! A list on a screen: its rows once they have come, the chosen one, and the keys that move the choice.

use crate::{
    common::Common,
    fault::Fault,
    keymap::Intent,
    page::{Line, Page, Pen, Span},
    theme::Meaning,
};

/// Rows that PageUp and PageDown move by.
const LEAP: usize = 10;

/// Rows of which one is chosen. Until the first have come the list says that it is loading.
#[derive(Debug)]
pub struct Listing<T> {
    rows: Option<Vec<T>>,
    at: usize,
    has_failed: bool,
}

impl<T> Default for Listing<T> {
    fn default() -> Self {
        Self {
            rows: None,
            at: 0,
            has_failed: false,
        }
    }
}

/// Where the choice is once new rows have come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stays {
    /// On the same thing as before, wherever that is now.
    OnTheSame,
    /// Nothing was chosen before and nothing is now.
    OnNothing,
    /// On another thing: keys pressed over the old one are not for it.
    Elsewhere,
}

impl<T> Listing<T> {
    /// The rows, none before they have come.
    pub fn rows(&self) -> &[T] {
        self.rows.as_deref().unwrap_or_default()
    }

    /// The chosen row.
    pub fn chosen(&self) -> Option<&T> {
        self.rows().get(self.at)
    }

    /// Where the choice stands.
    pub const fn at(&self) -> usize {
        self.at
    }

    /// Whether there is more than one row to choose from.
    pub fn has_choice(&self) -> bool {
        self.rows().len() > 1
    }

    /// Puts the choice on a row, or on the last.
    pub fn choose(&mut self, at: usize) {
        self.at = at.min(self.rows().len().saturating_sub(1));
    }

    /// Forgets the rows: others are being loaded.
    pub fn clear(&mut self) {
        *self = Self::default();
    }

    /// The rows could not be loaded. Those that came before stay: they are as old as they are.
    pub const fn fail(&mut self) {
        self.has_failed = true;
    }

    /// New rows. The choice stays on the thing it was on, by `is_same`: a clerk's finger is on a thing, not on a line.
    pub fn set(&mut self, rows: Vec<T>, is_same: impl Fn(&T, &T) -> bool) -> Stays {
        self.has_failed = false;
        let at = match self.chosen() {
            Some(chosen) => rows.iter().position(|row| is_same(row, chosen)),
            None if rows.is_empty() => {
                self.rows = Some(rows);
                return Stays::OnNothing;
            }
            None => None,
        };
        self.rows = Some(rows);
        self.choose(at.unwrap_or(self.at));
        match at {
            Some(_) => Stays::OnTheSame,
            None => Stays::Elsewhere,
        }
    }

    /// As [`Self::set`] with what an order brought; where it brought none, who asked is told why. Gives whether rows came.
    pub fn come(&mut self, rows: Result<Vec<T>, Fault>, common: &mut Common, is_same: impl Fn(&T, &T) -> bool) -> bool {
        match rows {
            Ok(rows) => {
                self.set(rows, is_same);
                true
            }
            Err(fault) => {
                self.fail();
                common.tell_fault(&fault);
                false
            }
        }
    }

    /// Moves the choice; false for a key that moves nothing.
    pub fn moves(&mut self, intent: Intent) -> bool {
        let at = match intent {
            Intent::Up => self.at.saturating_sub(1),
            Intent::Down => self.at + 1,
            Intent::PageUp => self.at.saturating_sub(LEAP),
            Intent::PageDown => self.at + LEAP,
            _ => return false,
        };
        self.choose(at);
        true
    }

    /// Adds the rows to `page`, as many as fit into `height` around the chosen one; the words of `empty` where there are
    /// none, and that they are loading before they have come. Gives whether there are rows.
    pub fn view(
        &self,
        page: &mut Page,
        pen: &Pen<'_>,
        (columns, height): (&[usize], usize),
        empty: &str,
        row: impl Fn(&T) -> Vec<Span>,
    ) -> bool {
        let Some(rows) = &self.rows else {
            let (words, meaning) = match self.has_failed {
                true => ("list-not-loaded", Meaning::NeedsYou),
                false => ("loading-now", Meaning::Waiting),
            };
            page.line(Line::of(pen.say(words), meaning));
            return false;
        };
        if rows.is_empty() {
            page.line(Line::of(empty, Meaning::Quiet));
            return false;
        }
        let spans: Vec<Vec<Span>> = rows.iter().map(row).collect();
        page.focus = page.body.len();
        page.list(pen, columns, &spans, self.at, height.max(1));
        true
    }

    /// As [`Self::view`], with the chosen row in full below: what `detail` says of it takes at least `least` lines, so that
    /// the list does not jump while one moves through it, and at most half of the page.
    pub fn view_in_full(
        &self,
        page: &mut Page,
        pen: &Pen<'_>,
        (columns, least): (&[usize], usize),
        empty: &str,
        row: impl Fn(&T) -> Vec<Span>,
        detail: impl Fn(&T, &mut Page),
    ) {
        let mut below = Page::default();
        if let Some(chosen) = self.chosen() {
            detail(chosen, &mut below);
        }
        let lines = below.body.len().clamp(least, (pen.height / 2).max(least)) + 1;
        let height = pen.height.saturating_sub(page.body.len() + lines);
        if self.view(page, pen, (columns, height), empty, row) {
            page.gap();
            page.body.extend(below.body);
            page.focus = page.body.len().saturating_sub(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(rows: &[u8]) -> Listing<u8> {
        let mut listing = Listing::default();
        listing.set(rows.to_vec(), u8::eq);
        listing
    }

    #[test]
    fn the_choice_stays_on_its_thing_while_others_come_and_go() {
        let mut listing = of(&[1, 2, 3]);
        listing.moves(Intent::Down);
        assert_eq!(listing.set(vec![9, 8, 2], u8::eq), Stays::OnTheSame);
        assert_eq!(listing.chosen(), Some(&2));
        assert_eq!(listing.set(vec![7], u8::eq), Stays::Elsewhere);
        assert_eq!(listing.chosen(), Some(&7));
        assert_eq!(listing.set(vec![], u8::eq), Stays::Elsewhere);
        assert_eq!(listing.set(vec![], u8::eq), Stays::OnNothing);
        assert_eq!(listing.chosen(), None);
    }

    #[test]
    fn no_key_moves_the_choice_off_the_list() {
        let mut listing = of(&[1, 2, 3]);
        for intent in [Intent::PageDown, Intent::Down, Intent::PageUp, Intent::Up] {
            assert!(listing.moves(intent) && listing.chosen().is_some());
        }
        assert!(!listing.moves(Intent::Confirm));
        let mut empty = of(&[]);
        assert!(empty.moves(Intent::Down) && empty.chosen().is_none());
    }
}

//! The mouse, for those who like it (`--mouse`). It does nothing that a key does not do: a click becomes the keys that
//! would have led there, so that every rule about keys holds for it too.
//!
//! A click on a key of the help line presses it; on a row or field, the pointer goes there; on a queue, it opens. The
//! wheel goes up and down. Nothing is committed by a click elsewhere than on the help line.

use time::OffsetDateTime;

use super::{
    State,
    frame::{Frame, WIDE, frame},
    glyphs::Glyphs,
    key::{Key, KeyPress, StepId},
    keymap::{self, Intent},
    order::Effect,
    page::Line,
    paint::first_line,
    pressed,
    theme::Meaning,
    words::Words,
};

/// Rows a turn of the wheel goes.
const WHEEL: usize = 3;

/// What the mouse did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mouse {
    /// A press of the left button.
    Click { column: u16, line: u16 },
    /// The wheel turned away from the hand.
    WheelUp,
    /// The wheel turned towards the hand.
    WheelDown,
}

/// What stands on the screen, for finding what was clicked.
pub struct Sight<'a> {
    pub words: &'a Words,
    pub glyphs: &'a Glyphs,
    /// The step that was painted last.
    pub seen: StepId,
    pub at: OffsetDateTime,
}

/// The state after the mouse did something, and what is to be done.
pub fn point(state: &mut State, mouse: Mouse, sight: &Sight<'_>) -> Vec<Effect> {
    let mut hand = Hand {
        state,
        sight,
        effects: Vec::new(),
    };
    match mouse {
        Mouse::WheelUp => hand.wheel(Key::Up),
        Mouse::WheelDown => hand.wheel(Key::Down),
        Mouse::Click { column, line } => hand.click(usize::from(column), usize::from(line)),
    }
    hand.effects
}

struct Hand<'s, 'a> {
    state: &'s mut State,
    sight: &'s Sight<'a>,
    effects: Vec<Effect>,
}

impl Hand<'_, '_> {
    fn press(&mut self, key: Key) {
        let press = KeyPress {
            key,
            at: self.sight.at,
            seen: self.sight.seen,
        };
        self.effects.extend(pressed(self.state, press));
    }

    fn wheel(&mut self, key: Key) {
        for _ in 0..WHEEL {
            self.press(key);
        }
    }

    fn frame(&self) -> Frame {
        frame(self.state, self.sight.words, self.sight.glyphs, self.state.size())
    }

    fn click(&mut self, column: usize, line: usize) {
        // The hand aimed at what was painted before.
        if self.sight.seen < self.state.step() {
            return;
        }
        let frame = self.frame();
        let (width, height) = (usize::from(self.state.size().0), usize::from(self.state.size().1));
        let help = height.saturating_sub(if frame.page.resident_facing { 1 } else { 2 });
        if line == help {
            // The frame's left border, and the cell beside it.
            let cell = column.checked_sub(2);
            let key = frame
                .keys
                .iter()
                .find(|(cells, _)| cell.is_some_and(|cell| cells.contains(&cell)));
            if let Some((_, key)) = key {
                self.press(*key);
            }
            return;
        }
        if frame.page.resident_facing || column < 2 {
            return;
        }
        let rows = height.saturating_sub(6 + frame.message.len());
        let inner = width.saturating_sub(4);
        let main = match frame.page.side.is_empty() || width < usize::from(WIDE) {
            true => inner,
            false => inner - inner * 2 / 5 - 3,
        };
        let Some(row) = line.checked_sub(3).filter(|row| *row < rows && column < main + 2) else {
            return;
        };
        let clicked = first_line(frame.page.body.len(), frame.page.focus, rows) + row;
        if let Some(line) = frame.page.body.get(clicked) {
            match self.queue_of(line) {
                Some(digit) => self.press(digit),
                None => self.go_to(clicked, &frame),
            }
        }
    }

    /// The digit of a queue's line, where digits open queues.
    fn queue_of(&self, line: &Line) -> Option<Key> {
        let text = row_text(line);
        let mut letters = text.chars();
        let key = Key::Char(letters.next().filter(char::is_ascii_digit)?);
        let opens = matches!(keymap::intent(self.state.front().keys(), key), Some(Intent::Digit(_)));
        (opens && !self.state.front().takes_text() && letters.next() == Some(' ')).then_some(key)
    }

    /// Moves the pointer to line `clicked` of the page. Where that is no row, the pointer goes back to where it stood.
    fn go_to(&mut self, clicked: usize, before: &Frame) {
        let wanted = row_text(&before.page.body[clicked]);
        let Some(mut stands) = self.pointer(before).filter(|stands| *stands != clicked) else {
            return;
        };
        let (there, back) = match clicked > stands {
            true => (Key::Down, Key::Up),
            false => (Key::Up, Key::Down),
        };
        for pressed in 1..=clicked.abs_diff(stands) {
            self.press(there);
            let frame = self.frame();
            let Some(now) = self.pointer(&frame) else { return };
            // A long table scrolls under its pointer: the row is known by its text then.
            let scrolled = frame.page.body.get(clicked).is_none_or(|line| row_text(line) != wanted);
            let is_there = match scrolled {
                true => row_text(&frame.page.body[now]) == wanted,
                false => now == clicked,
            };
            if is_there {
                return;
            }
            let passed = match there {
                Key::Down => now > clicked,
                _ => now < clicked,
            };
            if !scrolled && (passed || now == stands) {
                let moved = pressed - usize::from(now == stands);
                return (0..moved).for_each(|_| self.press(back));
            }
            stands = now;
        }
    }

    /// The line of the page with the pointer: the chosen row of a table before anything else.
    fn pointer(&self, frame: &Frame) -> Option<usize> {
        let here = self.sight.glyphs.here;
        let points = |line: &Line| line.spans.first().is_some_and(|span| span.text == here);
        let chosen = |line: &Line| points(line) && line.spans.iter().all(|span| span.meaning == Meaning::Chosen);
        let body = &frame.page.body;
        body.iter().position(chosen).or_else(|| body.iter().position(points))
    }
}

/// What a row says without its pointer.
fn row_text(line: &Line) -> String {
    line.spans.iter().skip(1).map(|span| span.text.as_str()).collect()
}

//! F1: what the place one comes from is for, and every key that works there and everywhere. In front of the resident it
//! explains to them, and names no key of the office.

use crate::{
    common::{Common, Go},
    keymap::{self, Intent, KeyTable},
    page::{Line, Page, Pen},
    screen::Screen,
    theme::Meaning,
};

/// The keys of one place.
#[derive(Debug)]
pub struct Help {
    place: &'static KeyTable,
    demo: bool,
    first: usize,
}

impl Help {
    /// About the keys of `place`.
    pub const fn about(place: &'static KeyTable, demo: bool) -> Self {
        Self { place, demo, first: 0 }
    }
}

impl Screen for Help {
    fn keys(&self) -> &'static KeyTable {
        match self.place.is_the_clerks {
            true => &keymap::READING,
            false => &keymap::READING_FACING,
        }
    }

    fn can(&self, intent: Intent, _common: &Common) -> bool {
        intent != Intent::Refresh
    }

    fn act(&mut self, intent: Intent, common: &mut Common) {
        match intent {
            Intent::Up => self.first = self.first.saturating_sub(1),
            Intent::Down => self.first += 1,
            Intent::PageUp => self.first = self.first.saturating_sub(10),
            Intent::PageDown => self.first += 10,
            Intent::Back => common.go(Go::CloseOver),
            _ => {}
        }
    }

    fn view(&self, common: &Common, pen: &Pen<'_>) -> Page {
        let mut page = Page::titled(pen.say("title-help"));
        let about = pen.say(&about_key(self.place));
        if !self.place.is_the_clerks {
            page.resident_facing = true;
            // Narrow enough to be read at a glance.
            let width = pen.width.min(66);
            // Lines break between words, which only whoever wrote them knows: `|` is one, `||` a gap.
            for paragraph in about.split("||") {
                for line in paragraph.split('|') {
                    page.paragraph(&Pen { width, ..*pen }, 0, line.trim(), Meaning::Plain);
                }
                page.gap();
            }
            return page;
        }
        let wrapped = |words: &str, meaning| {
            crate::text::wrap(words, pen.width, pen.ambiguous())
                .into_iter()
                .map(move |piece| Line::of(piece, meaning))
        };
        let mut lines: Vec<Line> = wrapped(&about, Meaning::Plain).collect();
        lines.push(Line::gap());
        lines.push(Line::of(pen.say("help-here"), Meaning::Accent));
        let mut always = vec![Line::gap(), Line::of(pen.say("help-everywhere"), Meaning::Accent)];
        for binding in keymap::bindings(self.place) {
            if binding.intent == Intent::Tray && !self.demo {
                continue;
            }
            let line = Line::of("  ", Meaning::Plain)
                .and(pen.fit(&keymap::name(binding.key), 12), Meaning::Accent)
                .and(pen.say(binding.word), Meaning::Plain);
            let is_of_here = self.place.rows.iter().any(|row| std::ptr::eq(row, binding));
            if is_of_here { &mut lines } else { &mut always }.push(line);
        }
        lines.extend(always);
        // No paper of an office is scanned by the relay's operators.
        if common.setup.relay.is_none() {
            lines.push(Line::gap());
            lines.extend(wrapped(&pen.say("help-scanner"), Meaning::Quiet));
        }
        let last = lines.len().saturating_sub(1);
        page.body = lines;
        // The line that must be seen is the last of the window asked for.
        page.focus = if self.first == 0 {
            0
        } else {
            (self.first + pen.height).saturating_sub(2).min(last)
        };
        page
    }
}

/// The key of the words that say what a place is for: `about-` and the table's name with dashes.
pub fn about_key(place: &KeyTable) -> String {
    format!("about-{}", place.name.replace(['.', '_'], "-"))
}

//! The journal of a case: who did what, when, where, and how it ended.

mod sentences;

use relay_core::audit::Outcome;

use crate::{
    common::{Common, Go},
    facts::JournalLine,
    fault::Fault,
    frame::moment,
    keymap::{self, Intent, KeyTable},
    orders::cases::{self, LoadJournal},
    page::{Line, Page, Pen, Span, span},
    screen::Screen,
    screens::shown::{case_title, gone_words},
    theme::Meaning,
};

/// Lines kept for the chosen line's facts, so that the list does not jump while one moves through it.
const DETAIL: usize = 4;

/// A case's journal.
#[derive(Debug, Default)]
pub struct Journal {
    lines: Option<Vec<JournalLine>>,
    at: usize,
}

impl Journal {
    fn loaded(&mut self, journal: Result<cases::Journal, Fault>, common: &mut Common) {
        match journal {
            Ok(cases::Journal(lines)) => {
                self.at = lines.len().saturating_sub(1);
                self.lines = Some(lines);
            }
            Err(fault) => common.tell_fault(&fault),
        }
    }
}

impl Screen for Journal {
    fn keys(&self) -> &'static KeyTable {
        &keymap::READING
    }

    fn shown(&mut self, common: &mut Common) {
        if let Some(case) = &common.open {
            let case = case.id;
            common.load(LoadJournal(case), Self::loaded);
        }
    }

    fn act(&mut self, intent: Intent, common: &mut Common) {
        let last = self.lines.as_ref().map_or(0, |lines| lines.len().saturating_sub(1));
        match intent {
            Intent::Up => self.at = self.at.saturating_sub(1),
            Intent::Down => self.at = (self.at + 1).min(last),
            Intent::PageUp => self.at = self.at.saturating_sub(10),
            Intent::PageDown => self.at = (self.at + 10).min(last),
            Intent::Refresh => self.shown(common),
            Intent::Back => common.go(Go::Case),
            _ => {}
        }
    }

    fn view(&self, common: &Common, pen: &Pen<'_>) -> Page {
        let mut page = Page::titled(case_title(pen, "title-journal", common.open.as_deref()));
        let Some(lines) = &self.lines else {
            page.line(Line::of(pen.say("loading-now"), Meaning::Waiting));
            return page;
        };
        if lines.is_empty() {
            page.line(Line::of(pen.say("journal-empty"), Meaning::Quiet));
            return page;
        }
        let rows: Vec<Vec<Span>> = lines.iter().map(|line| row(line, pen)).collect();
        if let Some(gone) = common.open.as_ref().and_then(|case| gone_words(&case.resident, pen)) {
            page.paragraph(pen, 0, &gone, Meaning::NeedsYou);
        }
        let at = self.at.min(lines.len() - 1);
        let mut detail = Page::default();
        // The chosen line in full: its act is never cut here.
        detail.paragraph(pen, 0, &sentences::act(&lines[at], pen), Meaning::Accent);
        for fact in sentences::facts(&lines[at], pen) {
            detail.paragraph(pen, 2, &fact, Meaning::Plain);
        }
        let below = detail.body.len().clamp(DETAIL, (pen.height / 2).max(DETAIL)) + 1;
        let height = pen.height.saturating_sub(page.body.len() + below).max(1);
        page.list(pen, &[16, 34, 12], &rows, at, height);
        page.gap();
        page.body.extend(detail.body);
        page.focus = page.body.len().saturating_sub(1);
        page
    }
}

fn row(line: &JournalLine, pen: &Pen<'_>) -> Vec<Span> {
    let (symbol, meaning) = match line.outcome {
        Outcome::Done => ("", Meaning::Plain),
        Outcome::Refused | Outcome::Failed => (pen.glyphs.stop, Meaning::Stop),
    };
    vec![
        span(moment(pen, line.at), Meaning::Quiet),
        span(format!("{symbol}{}", sentences::act(line, pen)), meaning),
        span(line.who.clone(), Meaning::Plain),
        span(line.desk.clone().unwrap_or_default(), Meaning::Quiet),
    ]
}

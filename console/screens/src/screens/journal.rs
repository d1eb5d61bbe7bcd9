//! The journal of a case: who did what, when, where, and how it ended.

mod sentences;

use relay_core::audit::Outcome;

use crate::{
    common::{Common, Go},
    facts::JournalLine,
    fault::Fault,
    frame::moment,
    keymap::{self, Intent, KeyTable},
    listing::Listing,
    orders::cases::{self, LoadJournal},
    page::{Page, Pen, Span, span},
    screen::Screen,
    screens::shown::{case_title, gone_words},
    theme::Meaning,
};

/// Lines kept for the chosen line's facts, so that the list does not jump while one moves through it.
const DETAIL: usize = 4;

/// A case's journal.
#[derive(Debug, Default)]
pub struct Journal {
    lines: Listing<JournalLine>,
}

impl Journal {
    fn loaded(&mut self, journal: Result<cases::Journal, Fault>, common: &mut Common) {
        let lines = journal.map(|cases::Journal(lines)| lines);
        if self.lines.come(lines, common, |_, _| false) {
            self.lines.choose(usize::MAX);
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
        if self.lines.moves(intent) {
            return;
        }
        match intent {
            Intent::Refresh => self.shown(common),
            Intent::Back => common.go(Go::Case),
            _ => {}
        }
    }

    fn view(&self, common: &Common, pen: &Pen<'_>) -> Page {
        let mut page = Page::titled(case_title(pen, "title-journal", common.open.as_deref()));
        if let Some(gone) = common.open.as_ref().and_then(|case| gone_words(&case.resident, pen)) {
            page.paragraph(pen, 0, &gone, Meaning::NeedsYou);
        }
        let empty = pen.say("journal-empty");
        let row = |line: &JournalLine| row(line, pen);
        self.lines
            .view_in_full(&mut page, pen, (&[16, 34, 12], DETAIL), &empty, row, |line, detail| {
                // The chosen line in full: its act is never cut here.
                detail.paragraph(pen, 0, &sentences::act(line, pen), Meaning::Accent);
                for fact in sentences::facts(line, pen) {
                    detail.paragraph(pen, 2, &fact, Meaning::Plain);
                }
            });
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

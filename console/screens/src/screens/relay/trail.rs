//! What happened at the front in the last day, newest first, by the auditor's own codes.

use relay_core::audit::Outcome;

use crate::{
    common::{Common, Go},
    facts::relay::TrailLine,
    fault::Fault,
    frame::moment,
    keymap::{self, Intent, KeyTable},
    listing::Listing,
    orders::relay::LookAtTrail,
    page::{Page, Pen, Span, span},
    screen::Screen,
    theme::Meaning,
};

/// The trail.
#[derive(Debug, Default)]
pub struct Trail {
    lines: Listing<TrailLine>,
}

impl Trail {
    fn loaded(&mut self, lines: Result<Vec<TrailLine>, Fault>, common: &mut Common) {
        if self.lines.come(lines, common, |_, _| false) {
            self.lines.choose(0);
        }
    }
}

impl Screen for Trail {
    fn keys(&self) -> &'static KeyTable {
        &keymap::READING
    }

    fn shown(&mut self, common: &mut Common) {
        common.load(LookAtTrail, Self::loaded);
    }

    fn act(&mut self, intent: Intent, common: &mut Common) {
        if self.lines.moves(intent) {
            return;
        }
        match intent {
            Intent::Refresh => self.shown(common),
            Intent::Back => common.go(Go::Back),
            _ => {}
        }
    }

    fn view(&self, _common: &Common, pen: &Pen<'_>) -> Page {
        let mut page = Page::titled(pen.say("title-trail"));
        let empty = pen.say("trail-empty");
        let row = |line: &TrailLine| row(line, pen);
        self.lines
            .view_in_full(&mut page, pen, (&[14, 12, 24], 3), &empty, row, |line, detail| {
                detail.paragraph(pen, 0, &line.about, Meaning::Plain);
            });
        page
    }
}

fn row(line: &TrailLine, pen: &Pen<'_>) -> Vec<Span> {
    let (symbol, meaning) = match line.outcome {
        Outcome::Done => ("", Meaning::Plain),
        Outcome::Refused | Outcome::Failed => (pen.glyphs.stop, Meaning::Stop),
    };
    vec![
        span(moment(pen, line.at), Meaning::Quiet),
        span(line.actor.clone(), Meaning::Plain),
        span(format!("{symbol}{}", line.act), meaning),
        span(line.about.clone(), Meaning::Quiet),
    ]
}

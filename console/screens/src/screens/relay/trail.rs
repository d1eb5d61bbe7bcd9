//! What happened at the front in the last day, newest first, by the auditor's own codes.

use relay_core::audit::Outcome;

use crate::{
    common::{Common, Go},
    facts::relay::{FrontAnswer, FrontOrder, TrailLine},
    fault::Fault,
    frame::moment,
    keymap::{self, Intent, KeyTable},
    orders::relay::LookAtFront,
    page::{Line, Page, Pen, Span, span},
    screen::Screen,
    theme::Meaning,
};

/// The trail.
#[derive(Debug, Default)]
pub struct Trail {
    lines: Option<Vec<TrailLine>>,
    at: usize,
}

impl Trail {
    fn loaded(&mut self, answer: Result<FrontAnswer, Fault>, common: &mut Common) {
        match answer {
            Ok(FrontAnswer::Trail(lines)) => {
                self.at = 0;
                self.lines = Some(lines);
            }
            Ok(_) => {}
            Err(fault) => common.tell_fault(&fault),
        }
    }
}

impl Screen for Trail {
    fn keys(&self) -> &'static KeyTable {
        &keymap::READING
    }

    fn shown(&mut self, common: &mut Common) {
        common.load(LookAtFront(FrontOrder::Trail), Self::loaded);
    }

    fn act(&mut self, intent: Intent, common: &mut Common) {
        let last = self.lines.as_ref().map_or(0, |lines| lines.len().saturating_sub(1));
        match intent {
            Intent::Up => self.at = self.at.saturating_sub(1),
            Intent::Down => self.at = (self.at + 1).min(last),
            Intent::PageUp => self.at = self.at.saturating_sub(10),
            Intent::PageDown => self.at = (self.at + 10).min(last),
            Intent::Refresh => self.shown(common),
            Intent::Back => common.go(Go::Back),
            _ => {}
        }
    }

    fn view(&self, _common: &Common, pen: &Pen<'_>) -> Page {
        let mut page = Page::titled(pen.say("title-trail"));
        let Some(lines) = &self.lines else {
            page.line(Line::of(pen.say("loading-now"), Meaning::Waiting));
            return page;
        };
        if lines.is_empty() {
            page.line(Line::of(pen.say("trail-empty"), Meaning::Quiet));
            return page;
        }
        let rows: Vec<Vec<Span>> = lines.iter().map(|line| row(line, pen)).collect();
        let at = self.at.min(lines.len() - 1);
        let mut detail = Page::default();
        detail.paragraph(pen, 0, &lines[at].about, Meaning::Plain);
        let below = detail.body.len().clamp(3, (pen.height / 2).max(3)) + 1;
        page.list(pen, &[14, 12, 24], &rows, at, pen.height.saturating_sub(below).max(1));
        page.gap();
        page.body.extend(detail.body);
        page.focus = page.body.len().saturating_sub(1);
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

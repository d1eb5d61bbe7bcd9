//! Services that do not know yet that sessions are over: how many, since when, when they are told again. Nothing says
//! whose sessions they were.

use crate::{
    common::{Common, Go},
    facts::relay::{FrontAnswer, FrontOrder, Untold as Service},
    fault::Fault,
    frame::moment,
    keymap::{self, Intent, KeyTable},
    orders::relay::LookAtFront,
    page::{Line, Page, Pen, Span, span},
    screen::Screen,
    theme::Meaning,
};

/// The list.
#[derive(Debug, Default)]
pub struct Untold {
    services: Option<Vec<Service>>,
    at: usize,
}

impl Untold {
    fn loaded(&mut self, answer: Result<FrontAnswer, Fault>, common: &mut Common) {
        match answer {
            Ok(FrontAnswer::Untold(services)) => {
                self.at = self.at.min(services.len().saturating_sub(1));
                self.services = Some(services);
            }
            Ok(_) => {}
            Err(fault) => common.tell_fault(&fault),
        }
    }
}

impl Screen for Untold {
    fn keys(&self) -> &'static KeyTable {
        &keymap::READING
    }

    fn shown(&mut self, common: &mut Common) {
        common.load(LookAtFront(FrontOrder::Untold), Self::loaded);
    }

    fn act(&mut self, intent: Intent, common: &mut Common) {
        let last = self.services.as_ref().map_or(0, |all| all.len().saturating_sub(1));
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

    fn view(&self, common: &Common, pen: &Pen<'_>) -> Page {
        let mut page = Page::titled(pen.say("title-untold"));
        let Some(services) = &self.services else {
            let words = match common.is_asking::<LookAtFront>() {
                true => ("loading-now", Meaning::Waiting),
                false => ("untold-unknown", Meaning::Quiet),
            };
            page.line(Line::of(pen.say(words.0), words.1));
            return page;
        };
        if services.is_empty() {
            page.line(Line::of(pen.say("untold-none"), Meaning::Done));
            return page;
        }
        page.paragraph(pen, 0, &pen.say("untold-about"), Meaning::Quiet);
        page.gap();
        let rows: Vec<Vec<Span>> = services.iter().map(|one| row(one, pen)).collect();
        let widest = |column: usize| {
            let cells = rows.iter().map(|row| pen.cells(&row[column].text));
            cells.max().unwrap_or(0)
        };
        let name = (pen.width * 2 / 5).clamp(24, 60);
        let widths = [name, widest(1)];
        let mut detail = Page::default();
        detail.paragraph(pen, 0, &about(&services[self.at], pen), Meaning::Plain);
        let below = detail.body.len() + 1;
        let above = page.body.len();
        let height = pen.height.saturating_sub(above + below).max(1);
        page.list(pen, &widths, &rows, self.at, height);
        page.gap();
        page.body.extend(detail.body);
        page.focus = page.body.len().saturating_sub(1);
        page
    }
}

fn row(service: &Service, pen: &Pen<'_>) -> Vec<Span> {
    let count = |key: &str, count: i64| match count {
        0 => String::new(),
        count => pen.say_with(key, &[("count", count.to_string().into())]),
    };
    let (waiting, meaning) = match service.waiting {
        0 => (String::new(), Meaning::Quiet),
        many => (
            format!("{}{}", pen.glyphs.warn, count("untold-waiting", many)),
            Meaning::NeedsYou,
        ),
    };
    let given_up = match service.given_up {
        0 => String::new(),
        many => format!("{}{}", pen.glyphs.stop, count("untold-given-up", many)),
    };
    vec![
        span(service.entity_id.clone(), Meaning::Strong),
        span(waiting, meaning),
        span(given_up, Meaning::Stop),
    ]
}

/// Since when, how often, and when again; and what a keeper does.
fn about(service: &Service, pen: &Pen<'_>) -> String {
    let at = |at: Option<time::OffsetDateTime>| at.map_or_else(|| "-".to_owned(), |at| moment(pen, at));
    let facts = [
        ("since", at(service.since).into()),
        ("next", at(service.next).into()),
        ("tries", service.tries.to_string().into()),
    ];
    match service.waiting {
        0 => pen.say("untold-given-up-about"),
        _ => pen.say_with("untold-waiting-about", &facts),
    }
}

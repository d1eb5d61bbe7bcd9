//! Services that do not know yet that sessions are over: how many, since when, when they are told again. Nothing says
//! whose sessions they were.

use crate::{
    common::{Common, Go},
    facts::relay::Untold as Service,
    fault::Fault,
    frame::moment,
    keymap::{self, Intent, KeyTable},
    listing::Listing,
    orders::relay::LookAtUntold,
    page::{Page, Pen, Span, span},
    screen::Screen,
    theme::Meaning,
};

/// The list.
#[derive(Debug, Default)]
pub struct Untold {
    services: Listing<Service>,
}

impl Untold {
    fn loaded(&mut self, services: Result<Vec<Service>, Fault>, common: &mut Common) {
        self.services
            .come(services, common, |one, other| one.entity_id == other.entity_id);
    }
}

impl Screen for Untold {
    fn keys(&self) -> &'static KeyTable {
        &keymap::READING
    }

    fn shown(&mut self, common: &mut Common) {
        common.load(LookAtUntold, Self::loaded);
    }

    fn act(&mut self, intent: Intent, common: &mut Common) {
        if self.services.moves(intent) {
            return;
        }
        match intent {
            Intent::Refresh => self.shown(common),
            Intent::Back => common.go(Go::Back),
            _ => {}
        }
    }

    fn view(&self, _common: &Common, pen: &Pen<'_>) -> Page {
        let mut page = Page::titled(pen.say("title-untold"));
        if self.services.chosen().is_some() {
            page.paragraph(pen, 0, &pen.say("untold-about"), Meaning::Quiet);
            page.gap();
        }
        let waiting = self.services.rows().iter().map(|one| pen.cells(&row(one, pen)[1].text));
        let columns = [(pen.width * 2 / 5).clamp(24, 60), waiting.max().unwrap_or(0)];
        let empty = pen.say("untold-none");
        let row = |service: &Service| row(service, pen);
        self.services
            .view_in_full(&mut page, pen, (&columns, 1), &empty, row, |service, detail| {
                detail.paragraph(pen, 0, &about(service, pen), Meaning::Plain);
            });
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

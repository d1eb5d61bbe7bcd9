//! 保管: the card goes into the shelf, at a place that is typed or scanned.

pub mod keys;

use issuance::case::{CaseState, ShelfPlace};

use crate::{
    common::{Common, Go, Told},
    facts::CaseView,
    fault::Fault,
    input::{Input, Takes},
    keymap::{Intent, KeyTable},
    orders::{cases::CaseNow, papers::Shelve},
    page::{Page, Pen},
    screen::Screen,
    screens::shown::case_title,
    theme::Meaning,
};

/// Into the shelf.
#[derive(Debug)]
pub struct Shelf {
    place: Input,
}

impl Shelf {
    /// With the place it has, when it has one.
    pub fn new(case: &CaseView) -> Self {
        let mut place = Input::new(Takes::Code, 12);
        if let CaseState::Shelved { shelf, .. } = &case.state {
            place.set(shelf.as_str());
        }
        Self { place }
    }

    fn shelved(&mut self, case: Result<CaseNow, Fault>, common: &mut Common) {
        match case {
            Ok(_) => {
                let place = Told::Text(self.place.text().to_owned());
                common.tell_with(Meaning::Done, "shelf-done", vec![("place", place)]);
                common.go(Go::Case);
            }
            Err(fault) => common.tell_fault(&fault),
        }
    }
}

impl Screen for Shelf {
    fn keys(&self) -> &'static KeyTable {
        &keys::KEYS
    }

    fn field(&mut self) -> Option<&mut Input> {
        Some(&mut self.place)
    }

    fn takes_text(&self) -> bool {
        true
    }

    fn act(&mut self, intent: Intent, common: &mut Common) {
        match intent {
            Intent::Confirm => match (ShelfPlace::parse(self.place.text()), common.case_at()) {
                (Some(place), Some(case)) => {
                    common.ask(Shelve { case, place }, Self::shelved);
                }
                (None, _) => common.tell(Meaning::NeedsYou, "shelf-not-a-place"),
                (_, None) => {}
            },
            Intent::Back => common.go(Go::Case),
            _ => {}
        }
    }

    fn view(&self, common: &Common, pen: &Pen<'_>) -> Page {
        let mut page = Page::titled(case_title(pen, "title-shelf", common.open.as_deref()));
        page.gap();
        page.paragraph(pen, 2, &pen.say("shelf-about"), Meaning::Plain);
        page.gap();
        page.input(pen, 12, &pen.say("shelf-field"), &self.place, 16, true);
        page.gap();
        page.paragraph(pen, 4, &pen.say("shelf-hint"), Meaning::Quiet);
        page
    }
}

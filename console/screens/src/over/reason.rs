//! A reason in the clerk's own words, for what the rules do not foresee.

use crate::{
    common::{Common, Go},
    input::{Input, Takes},
    keymap::{self, Intent, KeyTable},
    page::{Page, Pen},
    screen::Screen,
    theme::Meaning,
};

/// A reason shorter than this tells an auditor nothing (as in `issuance::identity`).
const SHORTEST: usize = 4;

/// Asks for a reason.
#[derive(Debug)]
pub struct Reason {
    /// The words that say for what.
    about: &'static str,
    text: Input,
}

impl Reason {
    /// Asks with these words.
    pub fn about(about: &'static str) -> Self {
        Self {
            about,
            text: Input::new(Takes::Text, 120),
        }
    }
}

impl Screen for Reason {
    fn keys(&self) -> &'static KeyTable {
        &keymap::REASON
    }

    fn field(&mut self) -> Option<&mut Input> {
        Some(&mut self.text)
    }

    fn takes_text(&self) -> bool {
        true
    }

    fn act(&mut self, intent: Intent, common: &mut Common) {
        match intent {
            Intent::Confirm if self.text.text().trim().chars().count() < SHORTEST => {
                common.tell(Meaning::NeedsYou, "reason-too-short");
            }
            Intent::Confirm => common.go(Go::Reasoned(self.text.text().trim().to_owned())),
            Intent::Back => common.go(Go::CloseOver),
            _ => {}
        }
    }

    fn view(&self, _common: &Common, pen: &Pen<'_>) -> Page {
        let mut page = Page::titled(pen.say("title-reason"));
        page.gap();
        page.paragraph(pen, 2, &pen.say(self.about), Meaning::Strong);
        page.gap();
        page.input(pen, 8, &pen.say("reason-field"), &self.text, pen.width, true);
        page.gap();
        page.paragraph(pen, 2, &pen.say("reason-recorded"), Meaning::Quiet);
        page
    }
}

//! Yes or no, for what can't be taken back.

use crate::{
    common::{Common, Go},
    keymap::{self, Intent, KeyTable},
    over::Reason,
    page::{Line, Page, Pen},
    screen::Screen,
    theme::Meaning,
};

/// What is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum About {
    Quit,
    LogOut,
    GiveUpCard,
}

/// A question.
#[derive(Debug)]
pub struct Question {
    about: About,
}

impl Question {
    /// Leave the program?
    pub const fn quit() -> Self {
        Self { about: About::Quit }
    }

    /// Give the card up? Then why is asked.
    pub const fn give_up_card() -> Self {
        Self {
            about: About::GiveUpCard,
        }
    }

    /// End the session?
    pub const fn log_out() -> Self {
        Self { about: About::LogOut }
    }
}

impl Screen for Question {
    fn keys(&self) -> &'static KeyTable {
        &keymap::QUESTION
    }

    fn act(&mut self, intent: Intent, common: &mut Common) {
        match (intent, self.about) {
            (Intent::Confirm, About::LogOut) => common.go(Go::LogOut),
            (Intent::Confirm, About::Quit) => common.go(Go::Quit),
            (Intent::Confirm, About::GiveUpCard) => {
                common.go(Go::CloseOver);
                common.go(Go::Over(Box::new(Reason::about("give-up-card-reason"))));
            }
            (Intent::Back, _) => common.go(Go::CloseOver),
            _ => {}
        }
    }

    fn view(&self, common: &Common, pen: &Pen<'_>) -> Page {
        let (title, about) = match self.about {
            About::Quit => ("title-quit", "quit-about"),
            About::LogOut => ("title-log-out", "log-out-about"),
            About::GiveUpCard => ("title-give-up-card", "give-up-card-about"),
        };
        let mut page = Page::titled(pen.say(title));
        page.gap();
        page.paragraph(pen, 2, &pen.say(about), Meaning::Strong);
        if self.about != About::GiveUpCard
            && let Some(case) = &common.open
        {
            page.gap();
            let facts = [("case", case.number.to_string().into())];
            page.paragraph(pen, 2, &pen.say_with("quit-open-case", &facts), Meaning::Plain);
        }
        page.gap();
        for (key, word) in [("Enter", "key-yes"), ("Esc", "key-no")] {
            page.line(
                Line::of("  ", Meaning::Plain)
                    .and(pen.fit(key, 8), Meaning::Accent)
                    .and(pen.say(word), Meaning::Plain),
            );
        }
        page
    }
}

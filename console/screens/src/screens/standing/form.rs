//! What is asked before a card is stopped, let be used again, ended or linked anew: how the clerk made sure of the
//! holder or why it ends, and a note. Nothing is chosen beforehand: what is recorded was said by somebody.

use issuance::standing::HolderCheck;
use relay_core::registration::RevocationReason;

use crate::{
    facts::CaseView,
    input::{Input, Takes},
    page::{Line, Page, Pen},
    screens::shown::{self, case_title},
    theme::Meaning,
};

use super::Act;

/// A note shorter than this tells an auditor nothing (as in `over::Reason`).
const SHORTEST: usize = 4;

/// Reasons a card may be ended for, the likeliest first.
const REASONS: [Choice; 4] = [
    Choice::Reason(RevocationReason::KeyCompromise),
    Choice::Reason(RevocationReason::CessationOfOperation),
    Choice::Reason(RevocationReason::Superseded),
    Choice::Reason(RevocationReason::PrivilegeWithdrawn),
];

/// One of the things to choose from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Choice {
    /// How the holder was made sure of.
    Check(HolderCheck),
    /// Why the card ends.
    Reason(RevocationReason),
}

impl Choice {
    const fn word(self) -> &'static str {
        match self {
            Self::Check(HolderCheck::Questions) => "check-questions",
            Self::Check(HolderCheck::CalledBack) => "check-called-back",
            Self::Check(HolderCheck::Document) => "check-document",
            Self::Check(HolderCheck::TwoDocuments) => "check-two-documents",
            Self::Check(HolderCheck::Unconfirmed) => "check-unconfirmed",
            Self::Reason(RevocationReason::KeyCompromise) => "ending-lost",
            Self::Reason(RevocationReason::CessationOfOperation) => "ending-gone",
            Self::Reason(RevocationReason::Superseded) => "ending-replaced",
            Self::Reason(RevocationReason::PrivilegeWithdrawn) => "ending-withdrawn",
        }
    }
}

/// The form of one act.
#[derive(Debug)]
pub struct Form {
    /// Which.
    pub act: Act,
    choices: Vec<Choice>,
    chosen: Option<usize>,
    words: Input,
}

impl Form {
    /// Empty.
    pub fn of(act: Act) -> Self {
        let choices = match act {
            Act::Suspend => HolderCheck::TO_SUSPEND.map(Choice::Check).to_vec(),
            Act::Resume => HolderCheck::TO_RESUME.map(Choice::Check).to_vec(),
            Act::Revoke => REASONS.to_vec(),
            Act::Relink | Act::SendAnew | Act::CloseRefused => Vec::new(),
        };
        Self {
            act,
            choices,
            chosen: None,
            words: Input::new(Takes::Text, 120),
        }
    }

    /// Where text goes.
    pub const fn field(&mut self) -> &mut Input {
        &mut self.words
    }

    /// The note.
    pub fn words(&self) -> String {
        self.words.text().trim().to_owned()
    }

    /// Whether there is anything to choose.
    pub fn has_choices(&self) -> bool {
        !self.choices.is_empty()
    }

    /// What was chosen.
    pub fn chosen(&self) -> Option<Choice> {
        self.choices.get(self.chosen?).copied()
    }

    /// The choice above.
    pub fn up(&mut self) {
        self.chosen = Some(
            self.chosen
                .map_or(self.choices.len().saturating_sub(1), |at| at.saturating_sub(1)),
        );
    }

    /// The choice below; the first one, when none is taken yet.
    pub fn down(&mut self) {
        let last = self.choices.len().saturating_sub(1);
        self.chosen = Some(self.chosen.map_or(0, |at| (at + 1).min(last)));
    }

    /// What is still missing, in the words that ask for it.
    pub fn lacking(&self) -> Option<&'static str> {
        if self.has_choices() && self.chosen().is_none() {
            Some("standing-choose-first")
        } else if self.words().chars().count() < SHORTEST {
            Some("reason-too-short")
        } else {
            None
        }
    }

    /// What it shows.
    pub fn view(&self, case: Option<&CaseView>, pen: &Pen<'_>) -> Page {
        let (title, about, ask) = match self.act {
            Act::Suspend => ("title-suspend", "suspend-about", "suspend-how"),
            Act::Resume => ("title-resume", "resume-about", "resume-how"),
            Act::Revoke => ("title-revoke", "revoke-about", "revoke-why"),
            Act::Relink => ("title-relink", "relink-about", ""),
            Act::SendAnew => ("title-send-anew", "send-anew-about", ""),
            Act::CloseRefused => ("title-close-refused", "close-refused-about", ""),
        };
        let mut page = Page::titled(case_title(pen, title, case));
        if let Some(case) = case {
            shown::who(&mut page, &case.resident, pen);
        }
        page.gap();
        page.paragraph(pen, 0, &pen.say(about), Meaning::Strong);
        page.gap();
        if self.has_choices() {
            page.line(Line::of(pen.say(ask), Meaning::Accent));
            for (at, choice) in self.choices.iter().enumerate() {
                let taken = self.chosen == Some(at);
                let symbol = pen.glyphs.chosen[usize::from(!taken)];
                let meaning = if taken { Meaning::Strong } else { Meaning::Plain };
                let line = Line::of(if taken { pen.glyphs.here } else { "  " }, Meaning::Accent)
                    .and(format!("{symbol} "), meaning)
                    .and(pen.say(choice.word()), meaning);
                page.line(line);
            }
            page.gap();
        }
        page.input(pen, 8, &pen.say("standing-note"), &self.words, pen.width, true);
        page.gap();
        let after = match self.act {
            Act::Suspend | Act::Resume | Act::SendAnew => "standing-recorded",
            Act::CloseRefused => "standing-recorded-only",
            Act::Revoke | Act::Relink => "standing-recorded-by-two",
        };
        page.paragraph(pen, 2, &pen.say(after), Meaning::Quiet);
        page
    }
}

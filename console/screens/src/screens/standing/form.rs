//! What is asked before a card is stopped, let be used again, ended or linked anew: how the clerk made sure of the
//! holder or why it ends, and a note.

use issuance::standing::HolderCheck;
use relay_core::registration::RevocationReason;

use crate::{
    choice::ChoiceForm,
    facts::CaseView,
    page::{Page, Pen},
    screens::shown::{self, case_title},
    theme::Meaning,
};

use super::Act;

/// Reasons a card may be ended for, the likeliest first.
const REASONS: [RevocationReason; 4] = [
    RevocationReason::KeyCompromise,
    RevocationReason::CessationOfOperation,
    RevocationReason::Superseded,
    RevocationReason::PrivilegeWithdrawn,
];

/// One of the things to choose from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Choice {
    /// How the holder was made sure of.
    Check(HolderCheck),
    /// Why the card ends.
    Reason(RevocationReason),
}

/// How the holder was made sure of, with the words for it.
pub const fn check(check: HolderCheck) -> (Choice, &'static str) {
    let word = match check {
        HolderCheck::Questions => "check-questions",
        HolderCheck::CalledBack => "check-called-back",
        HolderCheck::Document => "check-document",
        HolderCheck::TwoDocuments => "check-two-documents",
        HolderCheck::Unconfirmed => "check-unconfirmed",
    };
    (Choice::Check(check), word)
}

const fn reason(reason: RevocationReason) -> (Choice, &'static str) {
    let word = match reason {
        RevocationReason::KeyCompromise => "ending-lost",
        RevocationReason::CessationOfOperation => "ending-gone",
        RevocationReason::Superseded => "ending-replaced",
        RevocationReason::PrivilegeWithdrawn => "ending-withdrawn",
    };
    (Choice::Reason(reason), word)
}

/// The form of one act.
#[derive(Debug)]
pub struct Form {
    pub act: Act,
    pub asked: ChoiceForm<Choice>,
}

impl Form {
    /// Empty.
    pub fn of(act: Act) -> Self {
        let choices = match act {
            Act::Suspend => HolderCheck::TO_SUSPEND.map(check).to_vec(),
            Act::Resume | Act::ConfirmStop => HolderCheck::TO_RESUME.map(check).to_vec(),
            Act::ResetPin => HolderCheck::TO_RESUME.map(check).to_vec(),
            Act::Revoke => REASONS.map(reason).to_vec(),
            Act::ChangePin | Act::Relink | Act::SendAnew | Act::CloseRefused => Vec::new(),
        };
        Self {
            act,
            asked: match act {
                Act::ResetPin => ChoiceForm::without_note(choices),
                _ => ChoiceForm::of(choices),
            },
        }
    }

    /// What it shows.
    pub fn view(&self, case: Option<&CaseView>, pen: &Pen<'_>) -> Page {
        let (title, about, ask) = match self.act {
            Act::Suspend => ("title-suspend", "suspend-about", "suspend-how"),
            Act::Resume => ("title-resume", "resume-about", "resume-how"),
            Act::ConfirmStop => ("title-confirm-stop", "confirm-stop-about", "resume-how"),
            Act::ResetPin => ("title-reset-pin", "reset-pin-about", "resume-how"),
            Act::ChangePin => ("title-pin-change", "pin-change-ready", ""),
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
        self.asked.view(&mut page, pen, ask);
        let after = match self.act {
            Act::Suspend | Act::Resume | Act::ConfirmStop | Act::SendAnew => "standing-recorded",
            Act::ResetPin | Act::ChangePin | Act::CloseRefused => "standing-recorded-only",
            Act::Revoke | Act::Relink => "standing-recorded-by-two",
        };
        page.paragraph(pen, 2, &pen.say(after), Meaning::Quiet);
        page
    }
}

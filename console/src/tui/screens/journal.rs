//! The journal of a case: who did what, when, where, and how it ended.

use issuance::records::Step;
use relay_core::audit::Outcome;

use crate::tui::{
    common::{Common, Go},
    effect::{JobId, Order},
    event::Reply,
    facts::JournalLine,
    fault::Fault,
    frame::moment,
    keymap::{Intent, Place},
    page::{Line, Page, Pen, Span, span, window},
    screen::Screen,
    screens::{making::step_word, shown::case_title},
    theme::Meaning,
};

/// A case's journal.
#[derive(Debug, Default)]
pub struct Journal {
    lines: Option<Vec<JournalLine>>,
    at: usize,
    loading: Option<JobId>,
}

impl Screen for Journal {
    fn place(&self) -> Place {
        Place::Reading
    }

    fn shown(&mut self, common: &mut Common) {
        if let Some(case) = &common.open {
            let case = case.id;
            self.loading = Some(common.order_for_case(Order::LoadJournal(case)));
        }
    }

    fn act(&mut self, intent: Intent, common: &mut Common) {
        let last = self.lines.as_ref().map_or(0, |lines| lines.len().saturating_sub(1));
        match intent {
            Intent::Up => self.at = self.at.saturating_sub(1),
            Intent::Down => self.at = (self.at + 1).min(last),
            Intent::PageUp => self.at = self.at.saturating_sub(10),
            Intent::PageDown => self.at = (self.at + 10).min(last),
            Intent::Refresh => self.shown(common),
            Intent::Back => common.go(Go::Case),
            _ => {}
        }
    }

    fn reply(&mut self, job: JobId, reply: &Result<Reply, Fault>, common: &mut Common) {
        if self.loading != Some(job) {
            return;
        }
        self.loading = None;
        match reply {
            Ok(Reply::Journal(lines)) => {
                self.at = lines.len().saturating_sub(1);
                self.lines = Some(lines.clone());
            }
            Ok(_) => {}
            Err(fault) => common.tell_fault(fault),
        }
    }

    fn view(&self, common: &Common, pen: &Pen<'_>) -> Page {
        let mut page = Page::titled(case_title(pen, "title-journal", common.open.as_deref()));
        let Some(lines) = &self.lines else {
            page.line(Line::of(pen.say("loading-now"), Meaning::Waiting));
            return page;
        };
        if lines.is_empty() {
            page.line(Line::of(pen.say("journal-empty"), Meaning::Quiet));
            return page;
        }
        let rows: Vec<Vec<Span>> = lines.iter().map(|line| row(line, pen)).collect();
        let height = pen.height.saturating_sub(2).max(1);
        let first = window(rows.len(), self.at, height);
        page.body
            .extend(pen.table(pen.width, &[14, 34, 14], &rows, self.at, height));
        page.gap();
        let chosen = &lines[self.at.min(lines.len() - 1)];
        let detail = format!("{}  {}", chosen.act, chosen.detail);
        page.paragraph(pen, 2, detail.trim(), Meaning::Quiet);
        page.focus = self.at - first;
        page
    }
}

fn row(line: &JournalLine, pen: &Pen<'_>) -> Vec<Span> {
    let meaning = match line.outcome {
        Outcome::Done => Meaning::Plain,
        Outcome::Refused | Outcome::Failed => Meaning::Stop,
    };
    let outcome = match line.outcome {
        Outcome::Done => String::new(),
        Outcome::Refused => format!("{}{}: ", pen.glyphs.stop, pen.say("outcome-refused")),
        Outcome::Failed => format!("{}{}: ", pen.glyphs.stop, pen.say("outcome-failed")),
    };
    let words = match act_word(&line.act) {
        Some(key) => match step_of(&line.detail) {
            Some(step) => format!("{}: {}", pen.say(key), pen.say(step_word(step))),
            None => pen.say(key),
        },
        // An act this console has no words for yet is shown by its name in the trail, never left out.
        None => line.act.clone(),
    };
    vec![
        span(moment(pen, line.at), Meaning::Quiet),
        span(format!("{outcome}{words}"), meaning),
        span(line.who.clone(), Meaning::Plain),
        span(line.desk.clone().unwrap_or_default(), Meaning::Quiet),
    ]
}

/// The making's step that a line's details name.
fn step_of(detail: &str) -> Option<Step> {
    let name = detail.split_whitespace().find_map(|fact| fact.strip_prefix("step="))?;
    Step::ALL.into_iter().find(|step| step.as_str() == name)
}

/// The words for an act of the audit trail.
fn act_word(act: &str) -> Option<&'static str> {
    ACTS.iter().find(|(name, _)| *name == act).map(|(_, key)| *key)
}

/// The acts of a case, by their names in the audit trail (`sql/office` records them).
const ACTS: &[(&str, &str)] = &[
    ("case.applied", "act-case-applied"),
    ("case.claimed", "act-case-opened"),
    ("case.released", "act-case-closed"),
    ("case.lease_broken", "act-case-lease-broken"),
    ("case.verified", "act-case-verified"),
    ("case.approved", "act-second-clerk"),
    ("case.cancelled", "act-case-cancelled"),
    ("case.shelved", "act-case-shelved"),
    ("case.handover_looked", "act-handover-looked"),
    ("case.handed_over", "act-case-handed-over"),
    ("incident.opened", "act-incident-opened"),
    ("incident.closed", "act-incident-closed"),
    ("card.bound", "act-card-bound"),
    ("card.key_kept", "act-card-key-kept"),
    ("card.step_done", "act-card-step-done"),
    ("card.serial_reserved", "act-card-serial-reserved"),
    ("card.certificate_kept", "act-card-certificate-kept"),
    ("card.made", "act-card-made"),
    ("card.damaged", "act-card-damaged"),
    ("card.pin_set", "act-card-pin-set"),
    ("card.pin_reset_begun", "act-card-pin-reset-begun"),
    ("card.pin_reset", "act-card-pin-reset"),
    ("card.suspended", "act-card-suspended"),
    ("card.resumed", "act-card-resumed"),
    ("card.revoked", "act-card-revoked"),
    ("card.relinked", "act-card-relinked"),
    ("notice.issued", "act-notice-issued"),
    ("paper.printed", "act-paper-printed"),
    ("resident.address_seen", "act-address-shown"),
];

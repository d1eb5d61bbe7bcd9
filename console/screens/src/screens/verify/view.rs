//! The pages of the identity verification.

use issuance::identity::{DocumentRecord, NotVerified, Party, Verification};

use super::{Row, Verify, has_ended, today, words};
use crate::{
    common::Common,
    facts::CaseView,
    page::{Line, Page, Pen, Span, span},
    screens::shown::name,
    theme::Meaning,
};

impl Verify {
    pub(super) fn counter(&self, case: &CaseView, common: &Common, pen: &Pen<'_>, page: &mut Page) {
        name(page, &case.resident, pen);
        let outcome = self.outcome(case, common);
        let judged = judged(outcome.as_ref());
        let mut heading = None;
        for (at, row) in self.rows(case).into_iter().enumerate() {
            let here = at == self.row;
            let of = match row {
                Row::Laid(party, _) | Row::Add(party) => Some(party),
                _ => None,
            };
            if of != heading {
                heading = of;
                match of {
                    Some(party) => page.line(Line::of(pen.say(words::party(party)), Meaning::Accent)),
                    None => page.gap(),
                }
            }
            if here {
                page.focus = page.body.len();
            }
            page.line(self.row_line(row, here, &judged, case, pen));
        }
        page.gap();
        let standing = words::standing(outcome.as_ref(), pen);
        if pen.side > 0 {
            for line in standing {
                let meaning = line.spans.first().map_or(Meaning::Plain, |span| span.meaning);
                page.side.extend(pen.aside(&line.text(), meaning));
            }
        } else {
            for line in standing {
                page.point(pen, &line);
            }
        }
    }

    fn row_line(
        &self,
        row: Row,
        here: bool,
        judged: &[(Party, DocumentRecord)],
        case: &CaseView,
        pen: &Pen<'_>,
    ) -> Line {
        let pointer = Line::of(if here { pen.glyphs.here } else { "  " }, Meaning::Accent);
        let strong = if here { Meaning::Strong } else { Meaning::Plain };
        let tick = |on: bool, words: String| {
            pointer
                .clone()
                .and(
                    pen.glyphs.ticked[usize::from(!on)],
                    if on { Meaning::Done } else { Meaning::Plain },
                )
                .and(" ", Meaning::Plain)
                .and(words, strong)
        };
        match row {
            Row::Laid(party, at) => {
                let rule = self.documents(party)[at].document().rule();
                let record = judged.iter().filter(|(whose, _)| *whose == party).nth(at);
                let (symbol, words, meaning) = match record.map(|(_, record)| &record.not_counted) {
                    Some(None) => (pen.glyphs.done, pen.say("document-counts"), Meaning::Done),
                    Some(Some(why)) => (pen.glyphs.stop, words::not_counted(why, pen), Meaning::Stop),
                    None => (pen.glyphs.todo, String::new(), Meaning::Quiet),
                };
                pointer
                    .and(pen.fit(&words::document(rule, pen), 28), strong)
                    .and("  ", Meaning::Plain)
                    .and(symbol, meaning)
                    .and(words, meaning)
            }
            Row::Add(_) => pointer.and(pen.say("verify-add"), strong),
            Row::Attends => tick(self.resident_attends, pen.say("verify-attends")),
            Row::Evidence => {
                let what = words::evidence(case.application.applicant(), pen);
                tick(
                    self.evidence_seen,
                    pen.say_with("verify-evidence", &[("what", what.into())]),
                )
            }
            Row::Letter => tick(self.letter_seen, pen.say("verify-letter")),
            Row::Inquiry => tick(self.inquiry_reply, pen.say("verify-inquiry")),
            Row::Review => pointer
                .and("[ ", strong)
                .and(pen.say("verify-to-review"), strong)
                .and(" ]", strong),
        }
    }

    pub(super) fn choice(&self, common: &Common, pen: &Pen<'_>, page: &mut Page) {
        page.paragraph(pen, 0, &pen.say("verify-choose"), Meaning::Plain);
        page.input(pen, 10, &pen.say("verify-wanted"), &self.wanted, 30, true);
        let today = today(common);
        let rows: Vec<Vec<Span>> = self
            .choices(common)
            .into_iter()
            .map(|rule| {
                let ended = rule.accepted_until.filter(|_| has_ended(rule, today));
                let (class, name) = match ended {
                    Some(_) => (Meaning::Quiet, Meaning::Quiet),
                    None => (Meaning::Accent, Meaning::Plain),
                };
                let why = ended.map_or_else(String::new, |until| {
                    let day = pen.day(until);
                    let words = pen.say_with("document-ended", &[("day", day.into())]);
                    format!("{}{words}", pen.glyphs.stop)
                });
                vec![
                    span(pen.say(words::class(rule.class)), class),
                    span(words::document(rule, pen), name),
                    span(why, Meaning::NeedsYou),
                ]
            })
            .collect();
        if rows.is_empty() {
            page.paragraph(pen, 2, &pen.say("verify-no-such-document"), Meaning::NeedsYou);
        }
        let height = pen.height.saturating_sub(page.body.len()).max(1);
        let chosen = self.row.min(rows.len().saturating_sub(1));
        page.list(pen, &[14, 30], &rows, chosen, height);
    }

    pub(super) fn review(&self, case: &CaseView, common: &Common, pen: &Pen<'_>, page: &mut Page) {
        name(page, &case.resident, pen);
        let outcome = self.outcome(case, common);
        for line in words::standing(outcome.as_ref(), pen) {
            page.point(pen, &line);
        }
        let is_read = self.has_been_read(case, common);
        if is_read {
            page.gap();
        } else {
            let words = format!("{}{}", pen.glyphs.warn, pen.say("review-read-on"));
            page.paragraph(pen, 0, &words, Meaning::NeedsYou);
        }
        let mut item = 0;
        // The end of what the pointer has come to is in view: nothing is passed unseen.
        let mut passed = |page: &mut Page| {
            if item <= self.row && !is_read {
                page.focus = page.body.len().saturating_sub(1);
            }
            item += 1;
        };
        for (party, record) in judged(outcome.as_ref()) {
            words::record(party, &record, pen, page);
            passed(page);
        }
        page.gap();
        if self.exceptions.is_empty() {
            page.line(Line::of(pen.say("review-no-exception"), Meaning::Quiet));
        }
        for exception in &self.exceptions {
            let facts = [
                ("fact", pen.say(words::fact(exception.fact)).into()),
                ("reason", exception.reason.as_str().into()),
            ];
            let words = pen.say_with("review-exception", &facts);
            page.point(
                pen,
                &Line::of(pen.glyphs.warn, Meaning::NeedsYou).and(words, Meaning::NeedsYou),
            );
            passed(page);
        }
        if is_read && self.row > 0 {
            page.focus = page.body.len().saturating_sub(1);
        }
    }
}

/// Every document as the rules judged it, in the order laid down.
fn judged(outcome: Option<&Result<Verification, NotVerified>>) -> Vec<(Party, DocumentRecord)> {
    match outcome {
        Some(Ok(verification)) => verification
            .record()
            .parties
            .iter()
            .flat_map(|party| party.documents.iter().map(|record| (party.party, record.clone())))
            .collect(),
        Some(Err(refused)) => refused.documents.clone(),
        None => Vec::new(),
    }
}

//! The pages of the identity verification.

use issuance::identity::{DOCUMENTS, DocumentRecord, NotVerified, Party, Verification};

use super::{Row, Verify, words};
use crate::tui::{
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

    pub(super) fn choice(&self, pen: &Pen<'_>, page: &mut Page) {
        page.paragraph(pen, 0, &pen.say("verify-choose"), Meaning::Plain);
        let rows: Vec<Vec<Span>> = DOCUMENTS
            .iter()
            .map(|rule| {
                vec![
                    span(pen.say(words::class(rule.class)), Meaning::Accent),
                    span(words::document(rule, pen), Meaning::Plain),
                ]
            })
            .collect();
        let height = pen.height.saturating_sub(page.body.len()).max(1);
        let lines = pen.table(pen.width, &[14], &rows, self.row, height);
        page.body.extend(lines);
    }

    pub(super) fn review(&self, case: &CaseView, common: &Common, pen: &Pen<'_>, page: &mut Page) {
        name(page, &case.resident, pen);
        let mut lines = words::standing(self.outcome(case, common).as_ref(), pen);
        lines.push(Line::gap());
        let outcome = self.outcome(case, common);
        for (party, record) in judged(outcome.as_ref()) {
            lines.extend(words::record(party, &record, pen));
        }
        lines.push(Line::gap());
        if self.exceptions.is_empty() {
            lines.push(Line::of(pen.say("review-no-exception"), Meaning::Quiet));
        }
        for exception in &self.exceptions {
            let facts = [
                ("fact", pen.say(words::fact(exception.fact)).into()),
                ("reason", exception.reason.as_str().into()),
            ];
            let words = pen.say_with("review-exception", &facts);
            lines.push(Line::of(pen.glyphs.warn, Meaning::NeedsYou).and(words, Meaning::NeedsYou));
        }
        let first = self.row.min(lines.len().saturating_sub(1));
        for line in lines.into_iter().skip(first) {
            page.point(pen, &line);
        }
        page.focus = 0;
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

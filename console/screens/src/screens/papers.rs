//! Papers of a case: application form, delivery notice, receipt slip; printed, or printed again from what is kept.

pub mod keys;

use crate::{
    common::{Common, Go, Told},
    facts::{CaseView, Paper},
    fault::Fault,
    frame::moment,
    keymap::{Intent, KeyTable},
    orders::papers::{Print, PrintEnd, Reprint},
    page::{Page, Pen, Span, span},
    screen::Screen,
    screens::shown::case_title,
    theme::Meaning,
};

/// The papers in the order they are needed.
const PAPERS: [Paper; 3] = [Paper::Application, Paper::Notice, Paper::Receipt];

/// The papers of a case.
#[derive(Debug)]
pub struct Papers {
    chosen: usize,
    /// The answer chosen so far to whether an outdated paper is printed anew.
    outdated: Option<Reprint>,
    /// The file of the notice, while the receipt that belongs to it is printed.
    notice: Option<String>,
    /// What was wanted is printed: Enter goes on.
    is_done: bool,
}

impl Papers {
    /// The papers, with the one that is due chosen.
    pub fn new(case: &CaseView) -> Self {
        let chosen = match (&case.card, case.notice_printed, case.receipt_printed) {
            (None, ..) => 0,
            (Some(_), None, _) => 1,
            (Some(_), Some(_), _) => 2,
        };
        Self {
            chosen,
            outdated: None,
            notice: None,
            is_done: false,
        }
    }

    /// A notice names the card that waits; without a card there is none.
    fn can_print(paper: Paper, common: &Common) -> bool {
        let has_card = common.open.as_ref().is_some_and(|case| {
            case.state.card().is_some() && !matches!(case.state, issuance::case::CaseState::Making { .. })
        });
        paper == Paper::Application || has_card
    }
}

impl Papers {
    fn print(&self, reprint: Reprint, common: &mut Common) {
        if let Some(case) = common.case_at() {
            let paper = PAPERS[self.chosen];
            common.ask(Print { case, paper, reprint }, Self::printed);
        }
    }

    fn printed(&mut self, end: Result<PrintEnd, Fault>, common: &mut Common) {
        match end {
            // Notice and receipt belong together: who prints the one needs the other. Who gets it by post signs there.
            Ok(PrintEnd::Printed(printed, case))
                if printed.paper == Paper::Notice && case.receipt_printed.is_none() && !case.goes_by_post() =>
            {
                self.chosen = 2;
                self.notice = Some(printed.file);
                self.print(Reprint::Ask, common);
            }
            Ok(PrintEnd::Printed(printed, _)) => {
                // Enter goes on from here, also one pressed while it was printing: nothing is printed twice by it.
                self.is_done = true;
                let paper = ("paper", Told::Word(paper_word(printed.paper)));
                let pages = ("pages", Told::Text(printed.pages.to_string()));
                let file = ("file", Told::Text(printed.file));
                match (self.notice.take(), printed.again) {
                    (Some(notice), _) => {
                        let facts = vec![("notice", Told::Text(notice)), file];
                        common.tell_with(Meaning::Done, "papers-printed-both", facts);
                    }
                    (None, true) => common.tell_with(Meaning::Done, "papers-printed-again", vec![paper, file, pages]),
                    (None, false) => common.tell_with(Meaning::Done, "papers-printed", vec![paper, file, pages]),
                }
            }
            Ok(PrintEnd::Outdated(_)) => {
                common.next_step();
                self.outdated = Some(Reprint::Anew);
            }
            Err(fault) => {
                common.next_step();
                self.notice = None;
                common.tell_fault(&fault);
            }
        }
    }
}

impl Screen for Papers {
    fn keys(&self) -> &'static KeyTable {
        &keys::KEYS
    }

    fn can(&self, intent: Intent, common: &Common) -> bool {
        intent != Intent::Confirm || self.is_done || Self::can_print(PAPERS[self.chosen], common)
    }

    fn says(&self, intent: Intent, _common: &Common) -> Option<&'static str> {
        (intent == Intent::Confirm && self.is_done).then_some("key-likely")
    }

    fn act(&mut self, intent: Intent, common: &mut Common) {
        match (intent, self.outdated) {
            (Intent::Up, Some(_)) => return self.outdated = Some(Reprint::Anew),
            (Intent::Down, Some(_)) => return self.outdated = Some(Reprint::AsItWas),
            (Intent::Back, Some(_)) => return self.outdated = None,
            _ => {}
        }
        match intent {
            Intent::Up | Intent::Down => {
                // Looking for another paper: Enter prints again.
                if std::mem::take(&mut self.is_done) {
                    common.next_step();
                }
                self.chosen = match intent {
                    Intent::Up => self.chosen.saturating_sub(1),
                    _ => (self.chosen + 1).min(PAPERS.len() - 1),
                };
            }
            Intent::Confirm if self.is_done => common.go(Go::Next),
            Intent::Confirm => {
                let reprint = self.outdated.take().unwrap_or(Reprint::Ask);
                self.print(reprint, common);
            }
            Intent::Back => common.go(Go::Case),
            _ => {}
        }
    }

    fn view(&self, common: &Common, pen: &Pen<'_>) -> Page {
        let case = common.open.as_deref();
        let mut page = Page::titled(case_title(pen, "title-papers", case));
        page.gap();
        let Some(case) = case else { return page };
        let printed = |at: Option<_>| match at {
            Some(at) => span(
                pen.say_with("papers-at", &[("at", moment(pen, at).into())]),
                Meaning::Done,
            ),
            None => span(pen.say("papers-not-yet"), Meaning::Quiet),
        };
        let rows: Vec<Vec<Span>> = PAPERS
            .into_iter()
            .map(|paper| {
                let state = match paper {
                    _ if !Self::can_print(paper, common) => span(pen.say("papers-after-making"), Meaning::Quiet),
                    Paper::Application => span(String::new(), Meaning::Quiet),
                    Paper::Notice => printed(case.notice_printed),
                    Paper::Receipt => printed(case.receipt_printed),
                };
                vec![span(pen.say(paper_word(paper)), Meaning::Strong), state]
            })
            .collect();
        let lines = pen.table(pen.width, &[28], &rows, self.chosen, rows.len());
        page.body.extend(lines);
        page.gap();
        let about = match PAPERS[self.chosen] {
            Paper::Notice if case.goes_by_post() => "paper-letter-about",
            paper => paper_about(paper),
        };
        page.paragraph(pen, 2, &pen.say(about), Meaning::Quiet);
        if let Some(answer) = self.outdated {
            page.gap();
            page.paragraph(pen, 2, &pen.say("papers-outdated"), Meaning::NeedsYou);
            let answers = ["papers-outdated-anew", "papers-outdated-as-it-was"];
            let rows: Vec<Vec<Span>> = answers
                .into_iter()
                .map(|key| vec![span(pen.say(key), Meaning::Strong)])
                .collect();
            let lines = pen.table(
                pen.width,
                &[],
                &rows,
                usize::from(answer == Reprint::AsItWas),
                rows.len(),
            );
            page.body.extend(lines);
        }
        if common.is_asking::<Print>() {
            page.gap();
            page.paragraph(pen, 2, &pen.say("papers-printing"), Meaning::Waiting);
        }
        page
    }
}

const fn paper_word(paper: Paper) -> &'static str {
    match paper {
        Paper::Application => "paper-application",
        Paper::Notice => "paper-notice",
        Paper::Receipt => "paper-receipt",
    }
}

const fn paper_about(paper: Paper) -> &'static str {
    match paper {
        Paper::Application => "paper-application-about",
        Paper::Notice => "paper-notice-about",
        Paper::Receipt => "paper-receipt-about",
    }
}

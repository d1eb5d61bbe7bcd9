//! One resident: their facts, their household, their cases. From here an application begins.

pub mod keys;

use issuance::{
    acts::{AddressSeen, AuditAct, CardStoppedByTelephone, CaseApplied},
    case::{CaseId, CaseState},
    staff::Role,
    standing::CardStanding,
};

use crate::{
    common::{Common, Go},
    facts::{CaseRow, ResidentView},
    fault::Fault,
    frame::moment,
    keymap::{Intent, KeyTable},
    orders::queues::RevealAddress,
    over,
    page::{Line, Page, Pen, Span, span},
    screen::Screen,
    screens::{
        shown::{self, next_line, resident_facts, state_word},
        standing::{standing_words, untold_words},
        telephone_stop::TelephoneStop,
    },
    theme::Meaning,
};

/// A resident.
#[derive(Debug)]
pub struct Resident {
    view: ResidentView,
    chosen: usize,
}

impl Resident {
    /// The screen of a resident just looked up.
    pub fn new(view: ResidentView) -> Self {
        // The case under way is what the clerk most likely wants.
        let chosen = view.cases.iter().position(|case| !case.state.is_closed()).unwrap_or(0);
        Self { view, chosen }
    }

    fn revealed(&mut self, view: Result<ResidentView, Fault>, common: &mut Common) {
        match view {
            Ok(view) if view.id == self.view.id => {
                self.view = view;
                common.tell(Meaning::NeedsYou, "address-revealed");
            }
            Ok(_) => {}
            Err(fault) => common.tell_fault(&fault),
        }
    }

    /// The case in which the person was last given a card.
    fn case_of_card(&self) -> Option<CaseId> {
        let given = |case: &&CaseRow| matches!(case.state, CaseState::HandedOver { .. });
        self.view.cases.iter().find(given).map(|case| case.id)
    }

    /// The case whose card can be stopped: one that may be used.
    fn case_to_stop(&self) -> Option<CaseId> {
        let suits = |standing| CardStoppedByTelephone::ROW.suits_card(standing);
        let mut cases = self.view.cases.iter();
        cases.find(|case| case.standing.is_some_and(suits)).map(|case| case.id)
    }

    fn has_case(&self) -> bool {
        !self.view.cases.is_empty()
    }
}

impl Screen for Resident {
    fn keys(&self) -> &'static KeyTable {
        &keys::KEYS
    }

    fn shown(&mut self, common: &mut Common) {
        common.close_case();
    }

    fn can(&self, intent: Intent, common: &Common) -> bool {
        match intent {
            Intent::TakeOver => common.held.is_some(),
            Intent::Reveal => self.view.masked,
            Intent::Standing => self.case_of_card().is_some(),
            keys::STOP => self.case_to_stop().is_some(),
            Intent::Up | Intent::Down => self.view.cases.len() > 1,
            _ => true,
        }
    }

    fn lacks(&self, intent: Intent, common: &Common) -> Option<Role> {
        match intent {
            Intent::Reveal if self.view.masked && !self.view.may_reveal => AddressSeen::ROW.roles().first().copied(),
            Intent::New => common.lacking(CaseApplied::ROW.roles()),
            keys::STOP => common.lacking(CardStoppedByTelephone::ROW.roles()),
            Intent::Confirm if !self.has_case() => common.lacking(CaseApplied::ROW.roles()),
            _ => None,
        }
    }

    fn act(&mut self, intent: Intent, common: &mut Common) {
        match intent {
            Intent::Up => self.chosen = self.chosen.saturating_sub(1),
            Intent::Down => self.chosen = (self.chosen + 1).min(self.view.cases.len().saturating_sub(1)),
            Intent::Confirm if self.has_case() => {
                if let Some(case) = self.view.cases.get(self.chosen) {
                    common.open_case(case.id);
                }
            }
            Intent::Standing => {
                if let Some(case) = self.case_of_card() {
                    common.open_case(case);
                    common.toward = Some(Intent::Standing);
                }
            }
            keys::STOP => {
                if let Some(case) = self.case_to_stop() {
                    let stop = TelephoneStop::of(&self.view, case);
                    common.go(Go::To(Box::new(stop)));
                }
            }
            Intent::Confirm | Intent::New => common.go(Go::Application(Box::new(self.view.clone()))),
            Intent::Reveal if !common.is_asking::<RevealAddress>() => {
                common.load(RevealAddress(self.view.id), Self::revealed);
            }
            Intent::TakeOver => common.go(Go::Over(Box::new(over::Reason::about("take-over-about")))),
            Intent::Back => common.go(Go::Back),
            _ => {}
        }
    }

    fn reasoned(&mut self, reason: &str, common: &mut Common) {
        common.take_over(reason);
    }

    fn view(&self, common: &Common, pen: &Pen<'_>) -> Page {
        let mut page = Page::titled(pen.say("title-resident"));
        resident_facts(&mut page, &self.view, pen);
        page.gap();
        if self.view.cases.is_empty() {
            page.paragraph(pen, 2, &pen.say("resident-no-case"), Meaning::Quiet);
        } else {
            page.line(Line::of(pen.say("resident-cases"), Meaning::Accent));
            let rows: Vec<Vec<Span>> = self
                .view
                .cases
                .iter()
                .map(|case| {
                    let (state, meaning) = where_it_stands(case, common, pen);
                    vec![
                        span(case.number.to_string(), Meaning::Strong),
                        span(state, meaning),
                        span(moment(pen, case.since), Meaning::Quiet),
                    ]
                })
                .collect();
            let first = page.body.len();
            let lines = pen.table(pen.width, &[11, 24], &rows, self.chosen, rows.len());
            page.body.extend(lines);
            page.focus = first + self.chosen;
        }
        page.gap();
        let next = if self.has_case() {
            "resident-next-open"
        } else {
            "resident-next-apply"
        };
        page.line(next_line(pen, next, self.lacks(Intent::Confirm, common)));
        if pen.side > 0 {
            page.side = household(&self.view, pen);
        }
        page
    }
}

/// Where a case stands; of a card that was handed over and may not be used now, that before all.
fn where_it_stands(case: &CaseRow, common: &Common, pen: &Pen<'_>) -> (String, Meaning) {
    let (state, meaning) = state_word(&case.state);
    match case.standing {
        None | Some(CardStanding::Active) => (pen.say(state), meaning),
        Some(standing) => {
            let (symbol, word, _, meaning) = standing_words(standing, pen);
            let untold = untold_words(case.is_untold && common.relay.is_some(), pen);
            (format!("{symbol}{}{untold}", pen.say(word)), meaning)
        }
    }
}

fn household(view: &ResidentView, pen: &Pen<'_>) -> Vec<Line> {
    let mut lines = vec![Line::of(pen.say("resident-household-members"), Meaning::Accent)];
    let members: Vec<_> = view
        .household_members
        .iter()
        .map(|member| (&member.name, shown::relation(pen, &member.relation)))
        .collect();
    let relations = members
        .iter()
        .map(|(_, relation)| pen.cells(relation))
        .max()
        .unwrap_or(0);
    let room = pen.side.saturating_sub(relations + 2).clamp(12, 24);
    for (name, relation) in members {
        lines.push(
            Line::of(pen.fit(name, room), Meaning::Plain)
                .and("  ", Meaning::Plain)
                .and(relation, Meaning::Quiet),
        );
    }
    if view.household_members.is_empty() {
        lines.push(Line::of(pen.say("resident-lives-alone"), Meaning::Quiet));
    }
    lines
}

//! The list of federation partners: how each stands, until when, and what comes next. The relay's own health stands
//! above it.

use crate::{
    common::{Common, Go},
    facts::relay::{FrontOrder, Partner, Standing},
    fault::Fault,
    keymap::{Intent, KeyTable},
    orders::relay::{Front, LookAtPartners},
    over,
    page::{Line, Page, Pen, Span, span},
    screen::Screen,
    theme::Meaning,
};

use super::{
    Asking, keys,
    partner::One,
    register::Register,
    trail::Trail,
    untold::Untold,
    wording::{expiry, health_lines, next_words, standing},
};

/// The first screen of an operator.
#[derive(Debug, Default)]
pub struct Partners {
    /// The partner under the pointer, by its name: a list that is read anew moves nothing under the operator's finger.
    pointed: Option<String>,
    asking: Asking,
    /// The partner a reason is being asked for.
    switching: Option<String>,
}

impl Partners {
    fn at(&self, common: &Common) -> usize {
        let pointed = |partner: &Partner| Some(&partner.entity_id) == self.pointed.as_ref();
        let all = common.front.partners.as_deref().unwrap_or_default();
        all.iter().position(pointed).unwrap_or(0)
    }

    fn chosen<'c>(&self, common: &'c Common) -> Option<&'c Partner> {
        common.front.partners.as_ref()?.get(self.at(common))
    }

    /// The pointer goes to the row `at`, or to the last one.
    fn point(&mut self, at: usize, common: &Common) {
        let all = common.front.partners.as_deref().unwrap_or_default();
        let partner = all.get(at).or(all.last());
        self.pointed = partner.map(|partner| partner.entity_id.clone());
    }
}

impl Partners {
    fn loaded(&mut self, answer: Result<Vec<Partner>, Fault>, common: &mut Common) {
        self.keep_pointing(common);
        if let Err(fault) = answer {
            common.tell_fault(&fault);
        }
    }

    fn answered(&mut self, answer: Result<Vec<Partner>, Fault>, common: &mut Common) {
        self.asking.is_over();
        self.keep_pointing(common);
        match (answer, self.switching.take()) {
            (Err(fault), _) => common.tell_fault(&fault),
            (Ok(_), Some(_)) => common.tell(Meaning::Done, "partner-switched-off"),
            (Ok(_), None) => {}
        }
    }

    /// The list may be another now.
    fn keep_pointing(&mut self, common: &mut Common) {
        let at = self.at(common);
        let before = self.pointed.clone();
        self.point(at, common);
        if before.is_some() && self.pointed != before {
            // What was under the pointer is gone: keys pressed over it are not for another.
            common.next_step();
        }
    }
}

impl Screen for Partners {
    fn keys(&self) -> &'static KeyTable {
        match self.asking.is_on() {
            true => &keys::WAITS,
            false => &keys::PARTNERS,
        }
    }

    fn shown(&mut self, common: &mut Common) {
        common.load(LookAtPartners, Self::loaded);
    }

    fn can(&self, intent: Intent, common: &Common) -> bool {
        let count = common.front.partners.as_ref().map_or(0, Vec::len);
        match intent {
            Intent::Up | Intent::Down | Intent::PageUp | Intent::PageDown => count > 1,
            Intent::Confirm => count > 0,
            keys::SWITCH_OFF => self
                .chosen(common)
                .is_some_and(|partner| matches!(partner.state, Standing::On | Standing::Trial)),
            _ => true,
        }
    }

    fn act(&mut self, intent: Intent, common: &mut Common) {
        let at = self.at(common);
        match intent {
            Intent::Up => self.point(at.saturating_sub(1), common),
            Intent::Down => self.point(at + 1, common),
            Intent::PageUp => self.point(at.saturating_sub(10), common),
            Intent::PageDown => self.point(at + 10, common),
            Intent::Confirm => {
                if let Some(partner) = self.chosen(common) {
                    let one = One::of(partner.entity_id.clone());
                    common.go(Go::To(Box::new(one)));
                }
            }
            keys::REGISTER => common.go(Go::To(Box::new(Register::default()))),
            Intent::Journal => common.go(Go::To(Box::new(Trail::default()))),
            keys::UNTOLD => common.go(Go::To(Box::new(Untold::default()))),
            keys::SWITCH_OFF => {
                self.switching = self.chosen(common).map(|partner| partner.entity_id.clone());
                common.go(Go::Over(Box::new(over::Reason::about("switch-off-about"))));
            }
            Intent::Refresh => self.asking.begin(Front(FrontOrder::Partners), common, Self::answered),
            Intent::Back => common.tell(Meaning::Quiet, "first-screen"),
            Intent::Stop => self.asking.give_up(common),
            _ => {}
        }
    }

    fn reasoned(&mut self, reason: &str, common: &mut Common) {
        if let Some(entity) = self.switching.clone() {
            let reason = reason.to_owned();
            self.asking
                .begin(Front(FrontOrder::Off { entity, reason }), common, Self::answered);
        }
    }

    fn view(&self, common: &Common, pen: &Pen<'_>) -> Page {
        let mut page = Page::titled(pen.say("title-partners"));
        health_lines(&mut page, common, pen);
        page.gap();
        let Some(partners) = &common.front.partners else {
            let words = match common.is_asking::<LookAtPartners>() {
                true => ("loading-now", Meaning::Waiting),
                false => ("partners-unknown", Meaning::Quiet),
            };
            page.line(Line::of(pen.say(words.0), words.1));
            self.asking.view(&mut page, common, pen);
            return page;
        };
        if partners.is_empty() {
            page.paragraph(pen, 0, &pen.say("partners-none"), Meaning::Quiet);
        }
        let rows: Vec<Vec<Span>> = partners.iter().map(|partner| row(partner, common, pen)).collect();
        let above = page.body.len();
        let height = pen.height.saturating_sub(above + 3).max(1);
        let name = (pen.width * 2 / 5).clamp(24, 60);
        let states = rows.iter().map(|row| pen.cells(&row[1].text)).max().unwrap_or(0);
        let until = rows.iter().map(|row| pen.cells(&row[2].text)).max().unwrap_or(0);
        let at = self.at(common);
        page.list(pen, &[name, states, until], &rows, at, height);
        page.focus = above + at.min(height);
        self.asking.view(&mut page, common, pen);
        page
    }
}

fn row(partner: &Partner, common: &Common, pen: &Pen<'_>) -> Vec<Span> {
    let (state, meaning) = standing(partner, pen);
    let (until, until_meaning) = expiry(partner, common.now, pen);
    let (next, _) = next_words(partner.next(common.now));
    vec![
        span(partner.entity_id.clone(), Meaning::Strong),
        span(state, meaning),
        span(until, until_meaning),
        span(pen.say(next), Meaning::Plain),
    ]
}

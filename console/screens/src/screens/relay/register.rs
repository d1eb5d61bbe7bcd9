//! A partner's metadata put forward from a file: the front reads them and refuses what it cannot take; what it took is
//! shown by its fingerprint, which another operator compares by another way.

use crate::{
    common::{Common, Go},
    facts::relay::{Kind, Proposed},
    fault::Fault,
    input::{Input, Takes},
    keymap::{Intent, KeyTable},
    orders::relay::Propose,
    page::{Line, Page, Pen},
    screen::Screen,
    theme::Meaning,
};

use super::{Asking, keys, wording::groups};

/// The form, and what came of it.
#[derive(Debug)]
pub struct Register {
    file: Input,
    entity: Input,
    kind: Kind,
    /// 0 the file, 1 what it is, 2 the entity.
    at: usize,
    asking: Asking,
    /// Whose metadata the front took, and their fingerprint.
    taken: Option<(String, String)>,
}

impl Default for Register {
    fn default() -> Self {
        Self {
            file: Input::new(Takes::Text, 200),
            entity: Input::new(Takes::Text, 200),
            kind: Kind::Service,
            at: 0,
            asking: Asking::default(),
            taken: None,
        }
    }
}

impl Register {
    /// Beginning with the name of a partner that is known: new metadata for it.
    pub fn anew(entity: &str, kind: Kind) -> Self {
        let mut form = Self {
            kind,
            ..Self::default()
        };
        form.entity.set(entity);
        form
    }
}

impl Register {
    fn answered(&mut self, answer: Result<Proposed, Fault>, common: &mut Common) {
        self.asking.is_over();
        common.next_step();
        match answer {
            Ok(Proposed { entity, sha256, .. }) => {
                self.taken = Some((entity, sha256));
                common.tell(Meaning::Done, "register-taken");
            }
            Err(fault) => common.tell_fault(&fault),
        }
    }
}

impl Screen for Register {
    fn keys(&self) -> &'static KeyTable {
        match self.asking.is_on() {
            true => &keys::WAITS,
            false => &keys::FORM,
        }
    }

    fn field(&mut self) -> Option<&mut Input> {
        match (self.at, &self.taken) {
            (0, None) => Some(&mut self.file),
            (2, None) => Some(&mut self.entity),
            _ => None,
        }
    }

    fn takes_text(&self) -> bool {
        self.taken.is_none() && self.at != 1
    }

    fn can(&self, intent: Intent, _common: &Common) -> bool {
        match intent {
            Intent::Toggle => self.taken.is_none() && self.at == 1,
            Intent::Up | Intent::Down => self.taken.is_none(),
            _ => true,
        }
    }

    fn act(&mut self, intent: Intent, common: &mut Common) {
        match intent {
            Intent::Stop => self.asking.give_up(common),
            Intent::Back | Intent::Confirm if self.taken.is_some() => common.go(Go::Back),
            Intent::Back => common.go(Go::Back),
            Intent::Up => self.at = self.at.saturating_sub(1),
            Intent::Down => self.at = (self.at + 1).min(2),
            Intent::Toggle => {
                self.kind = match self.kind {
                    Kind::Service => Kind::Provider,
                    Kind::Provider => Kind::Service,
                };
            }
            Intent::Confirm if self.file.text().trim().is_empty() => {
                self.at = 0;
                common.tell(Meaning::NeedsYou, "register-file-first");
            }
            Intent::Confirm => {
                let entity = self.entity.text().trim();
                let order = Propose {
                    file: self.file.text().trim().to_owned(),
                    entity: (!entity.is_empty()).then(|| entity.to_owned()),
                    kind: self.kind,
                };
                self.asking.begin(order, common, Self::answered);
            }
            _ => {}
        }
    }

    fn view(&self, common: &Common, pen: &Pen<'_>) -> Page {
        let mut page = Page::titled(pen.say("title-register"));
        page.gap();
        if let Some((entity, sha256)) = &self.taken {
            page.paragraph(pen, 2, entity, Meaning::Strong);
            page.gap();
            page.paragraph(pen, 2, &pen.say("register-fingerprint"), Meaning::Plain);
            fingerprint(&mut page, &groups(sha256));
            page.gap();
            page.paragraph(pen, 2, &pen.say("register-next"), Meaning::NeedsYou);
            return page;
        }
        page.paragraph(pen, 2, &pen.say("register-about"), Meaning::Plain);
        page.gap();
        page.input(pen, 14, &pen.say("register-file"), &self.file, pen.width, self.at == 0);
        let choices: Vec<String> = [(Kind::Service, "partner-service"), (Kind::Provider, "partner-provider")]
            .into_iter()
            .map(|(kind, word)| {
                format!(
                    "{} {}",
                    pen.glyphs.chosen[usize::from(self.kind != kind)],
                    pen.say(word)
                )
            })
            .collect();
        if self.at == 1 {
            page.focus = page.body.len();
        }
        page.line(
            pen.label(14, &pen.say("register-kind"), self.at == 1)
                .and(choices.join("  "), Meaning::Plain),
        );
        page.input(
            pen,
            14,
            &pen.say("register-entity"),
            &self.entity,
            pen.width,
            self.at == 2,
        );
        page.gap();
        page.paragraph(pen, 2, &pen.say("register-entity-about"), Meaning::Quiet);
        self.asking.view(&mut page, common, pen);
        page
    }
}

/// A fingerprint on two lines, as it is read aloud.
pub fn fingerprint(page: &mut Page, groups: &[String]) {
    for line in groups.chunks(4) {
        page.line(Line::of("    ", Meaning::Plain).and(line.join("  "), Meaning::Strong));
    }
}

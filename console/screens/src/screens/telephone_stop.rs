//! A card stopped while its holder is on the telephone. No case is opened: the caller waits for nobody's desk. The stop
//! ends by itself unless the holder confirms it in person.

pub mod keys;

use issuance::{acts::AuditAct as _, acts::CardStoppedByTelephone, case::CaseId, staff::Role, standing::HolderCheck};
use time::OffsetDateTime;

use crate::{
    choice::ChoiceForm,
    common::{Common, Go, Told},
    facts::ResidentView,
    fault::Fault,
    frame::moment,
    input::Input,
    keymap::{Intent, KeyTable},
    orders::given_card::{StopByTelephone, StoppedUntil},
    page::{Page, Pen},
    screen::Screen,
    screens::{shown, standing::told},
    theme::Meaning,
};

/// How a caller can be made sure of.
const CHECKS: [(HolderCheck, &str); 3] = [
    (HolderCheck::Questions, "check-questions"),
    (HolderCheck::CalledBack, "check-called-back"),
    (HolderCheck::Unconfirmed, "check-unconfirmed"),
];

/// The screen.
#[derive(Debug)]
pub struct TelephoneStop {
    resident: ResidentView,
    case: CaseId,
    asked: ChoiceForm<HolderCheck>,
    until: Option<OffsetDateTime>,
}

impl TelephoneStop {
    /// Of this resident's card, handed over in `case`.
    pub fn of(resident: &ResidentView, case: CaseId) -> Self {
        Self {
            resident: resident.clone(),
            case,
            asked: ChoiceForm::of(CHECKS.to_vec()),
            until: None,
        }
    }

    fn stopped(&mut self, stopped: Result<StoppedUntil, Fault>, common: &mut Common) {
        common.next_step();
        match stopped {
            Ok(StoppedUntil(until)) => {
                self.until = Some(until);
                let (meaning, words) = if told::is_held_up(common) {
                    (Meaning::Stop, "telephone-stop-held-up")
                } else {
                    (Meaning::Done, "telephone-stop-done")
                };
                common.tell_with(meaning, words, vec![("until", Told::Moment(until))]);
            }
            Err(fault) => common.tell_fault(&fault),
        }
    }
}

impl Screen for TelephoneStop {
    fn keys(&self) -> &'static KeyTable {
        &keys::KEYS
    }

    fn field(&mut self) -> Option<&mut Input> {
        match self.until {
            None => self.asked.field(),
            Some(_) => None,
        }
    }

    fn takes_text(&self) -> bool {
        self.until.is_none() && self.asked.takes_text()
    }

    fn typed(&mut self, _common: &mut Common) {
        self.asked.typed();
    }

    fn can(&self, intent: Intent, _common: &Common) -> bool {
        self.until.is_none() || matches!(intent, Intent::Confirm | Intent::Back)
    }

    fn lacks(&self, intent: Intent, common: &Common) -> Option<Role> {
        match intent {
            Intent::Confirm => common.lacking(CardStoppedByTelephone::ROW.roles()),
            _ => None,
        }
    }

    fn act(&mut self, intent: Intent, common: &mut Common) {
        if self.until.is_none() && self.asked.moves(intent) {
            return;
        }
        match (intent, self.until) {
            (Intent::Back, _) | (Intent::Confirm, Some(_)) => common.go(Go::Back),
            (Intent::Confirm, None) => match (self.asked.lacking(), self.asked.chosen()) {
                (Some(words), _) => common.tell(Meaning::NeedsYou, words),
                (None, Some(check)) => {
                    let (case, words) = (self.case, self.asked.note());
                    common.ask(StopByTelephone { case, check, words }, Self::stopped);
                }
                (None, None) => {}
            },
            _ => {}
        }
    }

    fn view(&self, _common: &Common, pen: &Pen<'_>) -> Page {
        let mut page = Page::titled(pen.say("title-telephone-stop"));
        shown::who(&mut page, &self.resident, pen);
        page.gap();
        if let Some(until) = self.until {
            let words = pen.say_with("telephone-stop-tell", &[("until", moment(pen, until).into())]);
            page.paragraph(pen, 2, &words, Meaning::NeedsYou);
            return page;
        }
        page.paragraph(pen, 0, &pen.say("telephone-stop-about"), Meaning::Strong);
        page.gap();
        page.paragraph(pen, 0, &pen.say("telephone-stop-ask"), Meaning::Accent);
        page.paragraph(pen, 2, &pen.say("telephone-stop-questions"), Meaning::Plain);
        page.gap();
        self.asked.view(&mut page, pen, "telephone-stop-how");
        page
    }
}

//! The second clerk: another staff card in the staff reader, with its own password. The first clerk's card may be
//! away meanwhile and must come back afterwards.

use secrecy::SecretString;

use crate::{
    common::{Common, Go},
    facts::{Reader, ReaderState, StaffCard, StaffShown, Tries},
    fault::Fault,
    input::{Input, Takes},
    keymap::{self, Intent, KeyTable},
    orders::staff::{ReadStaffCard, SecondClerk, SecondPurpose},
    page::{Page, Pen},
    screen::Screen,
    screens::login::tries,
    theme::Meaning,
};

/// Asks for the second clerk.
#[derive(Debug)]
pub struct Second {
    purpose: SecondPurpose,
    card: Option<StaffCard>,
    /// Enter was pressed while the card was being read: it holds for the card that lies there.
    when_read: bool,
    password: Input,
    /// The first clerk's card was taken away and has not come back.
    is_first_away: bool,
    /// Who agreed; the first clerk's card is awaited.
    agreed: Option<StaffShown>,
    /// Nobody is to agree any more; the first clerk's card is awaited.
    is_given_up: bool,
}

impl Second {
    /// For this purpose.
    pub fn to(purpose: SecondPurpose) -> Self {
        Self {
            purpose,
            card: None,
            when_read: false,
            password: Input::new(Takes::Password, 16),
            is_first_away: false,
            agreed: None,
            is_given_up: false,
        }
    }

    /// Whether the first clerk's card is all that is awaited.
    const fn awaits_first(&self) -> bool {
        self.agreed.is_some() || self.is_given_up
    }

    fn is_first_clerk(&self, common: &Common) -> bool {
        let first = common.session.as_ref().map(|session| session.staff.id);
        self.card
            .as_ref()
            .and_then(|card| card.staff.as_ref())
            .is_some_and(|staff| Some(staff.id) == first)
    }

    fn look(&mut self, common: &mut Common) {
        self.card = None;
        self.when_read = false;
        if matches!(common.staff_reader, ReaderState::Card(_)) {
            common.load(ReadStaffCard, Self::card_read);
        }
    }

    fn card_read(&mut self, card: Result<StaffCard, Fault>, common: &mut Common) {
        match card {
            Ok(card) => self.card = Some(card),
            Err(fault) => common.tell_fault(&fault),
        }
        self.is_first_away &= !self.is_first_clerk(common);
        if self.is_given_up && !self.is_first_away {
            common.go(Go::CloseOver);
        } else if self.is_first_clerk(common)
            && let Some(who) = self.agreed.take()
        {
            common.go(Go::Approved(self.purpose, who));
        } else if std::mem::take(&mut self.when_read) && self.card.is_some() {
            common.message = None;
            self.act(Intent::Confirm, common);
        }
    }

    fn answered(&mut self, who: Result<StaffShown, Fault>, common: &mut Common) {
        match who {
            Ok(who) => {
                self.agreed = Some(who);
                common.next_step();
            }
            Err(fault) => {
                common.tell_fault(&fault);
                self.look(common);
            }
        }
    }
}

impl Screen for Second {
    fn keys(&self) -> &'static KeyTable {
        &keymap::REASON
    }

    fn field(&mut self) -> Option<&mut Input> {
        Some(&mut self.password)
    }

    fn takes_text(&self) -> bool {
        !self.awaits_first()
    }

    fn staff_card_may_be_away(&self) -> bool {
        true
    }

    fn shown(&mut self, common: &mut Common) {
        self.look(common);
    }

    fn reader(&mut self, reader: Reader, _state: ReaderState, common: &mut Common) {
        // Whatever happened at the reader, the card that lay there is gone until it is read again.
        self.is_first_away |= reader == Reader::Staff;
        if reader == Reader::Staff && !common.is_asking::<SecondClerk>() {
            self.password.clear();
            self.look(common);
        }
    }

    fn queues_changed(&mut self, common: &mut Common) {
        // The records are back: whose card came meanwhile is asked again.
        if self.card.is_none() && !common.is_asking::<ReadStaffCard>() && !common.is_asking::<SecondClerk>() {
            self.look(common);
        }
    }

    fn act(&mut self, intent: Intent, common: &mut Common) {
        match intent {
            // Nobody works on in the name of a clerk whose card is gone, whoever's card lies there now: it is waited for, and
            // costs no password when it comes back.
            Intent::Back if self.is_first_away => {
                self.is_given_up = true;
                self.agreed = None;
                self.password.clear();
                common.next_step();
                common.tell(Meaning::NeedsYou, "second-return-card");
            }
            Intent::Back => common.go(Go::CloseOver),
            Intent::Confirm if self.awaits_first() => common.tell(Meaning::NeedsYou, "second-return-card"),
            Intent::Confirm => match &self.card {
                None if common.is_asking::<ReadStaffCard>() => {
                    self.when_read = true;
                    common.tell(Meaning::Waiting, "login-reading");
                }
                None => common.tell(Meaning::NeedsYou, "second-insert"),
                Some(_) if self.is_first_clerk(common) => common.tell_fault(&Fault::SamePerson),
                Some(card) if card.staff.is_none() => common.tell_fault(&Fault::StaffUnknown),
                Some(card) if card.tries == Tries::Blocked => common.tell_fault(&Fault::PasswordBlocked),
                Some(_) if !(8..=16).contains(&self.password.len()) => {
                    common.tell(Meaning::NeedsYou, "login-password-length");
                }
                Some(_) => {
                    let password = SecretString::from(self.password.text());
                    self.password.clear();
                    let purpose = self.purpose;
                    common.ask(SecondClerk { purpose, password }, Self::answered);
                }
            },
            _ => {}
        }
    }

    fn view(&self, common: &Common, pen: &Pen<'_>) -> Page {
        let mut page = Page::titled(pen.say("title-second"));
        page.gap();
        let about = match self.purpose {
            SecondPurpose::VerificationException => "second-for-exception",
            SecondPurpose::Making => "second-for-making",
            SecondPurpose::Handover => "second-for-handover",
            SecondPurpose::Revocation => "second-for-revocation",
            SecondPurpose::Relink => "second-for-relink",
            SecondPurpose::Custody => "second-for-custody",
            SecondPurpose::Incident => "second-for-incident",
            SecondPurpose::Envelope => "second-for-envelope",
        };
        page.paragraph(pen, 2, &pen.say(about), Meaning::Strong);
        page.gap();
        if let Some(who) = &self.agreed {
            let facts = [("name", who.name.as_str().into())];
            page.paragraph(pen, 2, &pen.say_with("second-agreed", &facts), Meaning::Done);
            page.gap();
            page.paragraph(pen, 2, &pen.say("second-return-card"), Meaning::NeedsYou);
            return page;
        }
        if self.is_given_up {
            page.paragraph(pen, 2, &pen.say("second-given-up"), Meaning::Plain);
            page.gap();
            page.paragraph(pen, 2, &pen.say("second-return-card"), Meaning::NeedsYou);
            return page;
        }
        let label = pen.say("staff-card");
        match &self.card {
            None if common.is_asking::<ReadStaffCard>() => {
                page.fact(pen, 20, &label, &pen.say("login-reading"), Meaning::Waiting)
            }
            None => page.fact(pen, 20, &label, &pen.say("second-insert"), Meaning::NeedsYou),
            Some(card) => {
                let shown = match &card.staff {
                    Some(_) if self.is_first_clerk(common) => (pen.say("second-insert"), Meaning::NeedsYou),
                    Some(staff) => (format!("{}  {}", staff.number, staff.name), Meaning::Strong),
                    None => (pen.say("fault-staff-unknown"), Meaning::Stop),
                };
                page.fact(pen, 20, &label, &shown.0, shown.1);
                if !self.is_first_clerk(common) {
                    let (words, meaning) = tries(pen, card.tries);
                    page.fact(pen, 20, &pen.say("label-tries"), &words, meaning);
                }
            }
        }
        page.gap();
        page.input(pen, 20, &pen.say("staff-password"), &self.password, 20, true);
        page.gap();
        page.paragraph(pen, 2, &pen.say("second-grace"), Meaning::Quiet);
        page
    }
}

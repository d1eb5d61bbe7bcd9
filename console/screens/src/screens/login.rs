//! Login by staff card and password, the lock, and the first run's administrator.

pub mod keys;

use secrecy::SecretString;

use crate::{
    common::{Common, Go, Locked},
    facts::{Reader, ReaderState, Session, StaffCard, Tries, relay::OperatorsBy},
    fault::Fault,
    input::{Input, Takes},
    keymap::{Intent, KeyTable},
    orders::staff::{self, CreateAdministrator, ReadStaffCard, Unlock},
    page::{Line, Page, Pen},
    screen::Screen,
    theme::Meaning,
};

/// Shortest and longest password of a staff card (the card's own policy).
const PASSWORD: std::ops::RangeInclusive<usize> = 8..=16;

/// What is known of the card in the staff reader.
#[derive(Debug)]
enum Card {
    None,
    Reading,
    Seen(StaffCard),
    Failed(Fault),
}

/// The first administrator, as typed.
#[derive(Debug)]
struct FirstRun {
    number: Input,
    name: Input,
    again: Input,
    /// 0 number, 1 name, 2 password, 3 again.
    at: usize,
}

/// Login, or the lock over what stays behind it.
#[derive(Debug)]
pub struct Login {
    locked: Option<Locked>,
    first_run: Option<FirstRun>,
    card: Card,
    password: Input,
    /// Enter was pressed while the card was being read: it holds for the card that lies there.
    when_read: bool,
}

impl Login {
    /// The first screen.
    pub fn at_start(common: &Common) -> Self {
        let first_run = common.setup.first_run.then(|| FirstRun {
            number: Input::new(Takes::Code, 12),
            name: Input::new(Takes::Text, 30),
            again: Input::new(Takes::Password, 16),
            at: 0,
        });
        Self {
            first_run,
            ..Self::bare(None)
        }
    }

    /// The lock.
    pub fn locked(_common: &Common, why: Locked) -> Self {
        Self::bare(Some(why))
    }

    fn bare(locked: Option<Locked>) -> Self {
        Self {
            locked,
            first_run: None,
            card: Card::None,
            password: Input::new(Takes::Password, 16),
            when_read: false,
        }
    }

    fn look(&mut self, common: &mut Common) {
        self.when_read = false;
        if matches!(common.staff_reader, ReaderState::Card(_)) {
            self.card = Card::Reading;
            common.load(ReadStaffCard, Self::card_read);
        } else {
            self.card = Card::None;
        }
    }

    fn is_blocked(&self) -> bool {
        matches!(&self.card, Card::Seen(card) if card.tries == Tries::Blocked)
    }

    fn enter(&mut self, common: &mut Common) {
        match &self.card {
            Card::None => return common.tell(Meaning::NeedsYou, "login-insert-card"),
            Card::Reading => {
                self.when_read = true;
                return common.tell(Meaning::Waiting, "login-reading");
            }
            Card::Failed(fault) => return common.tell_fault(fault),
            Card::Seen(_) if self.is_blocked() => return common.tell_fault(&Fault::PasswordBlocked),
            Card::Seen(_) => {}
        }
        if !PASSWORD.contains(&self.password.len()) && !is_by_files(common) {
            // A try is worth more than a word: what can't be right never reaches the card. Nor does it with the next
            // characters behind it: dots don't show that something stands there already.
            self.password.clear();
            return common.tell(Meaning::NeedsYou, "login-password-length");
        }
        let password = SecretString::from(self.password.text());
        match (&self.first_run, self.locked) {
            (Some(form), _) => {
                let [number, name] = [form.number.text().trim(), form.name.text().trim()];
                if number.is_empty() || name.is_empty() {
                    return common.tell(Meaning::NeedsYou, "first-run-missing");
                }
                if form.again.text() != self.password.text() {
                    return common.tell(Meaning::Stop, "first-run-differs");
                }
                let (number, name) = (number.to_owned(), name.to_owned());
                let administrator = CreateAdministrator { number, name, password };
                common.ask(administrator, Self::entered);
            }
            (None, Some(_)) => {
                common.ask(Unlock { password }, Self::entered);
            }
            (None, None) => {
                common.ask(staff::Login { password }, Self::entered);
            }
        }
        self.password.clear();
    }

    fn card_read(&mut self, card: Result<StaffCard, Fault>, common: &mut Common) {
        self.card = match card {
            Ok(card) => Card::Seen(card),
            Err(fault) => Card::Failed(fault),
        };
        if std::mem::take(&mut self.when_read) {
            common.message = None;
            self.enter(common);
        }
    }

    fn entered(&mut self, session: Result<Session, Fault>, common: &mut Common) {
        match session {
            Ok(session) => {
                common.setup.first_run = false;
                common.go(Go::Enter(Box::new(session)));
            }
            Err(fault) => {
                common.tell_fault(&fault);
                // What the card says now, tries left included, is read from it and not counted here.
                self.look(common);
            }
        }
    }
}

fn is_entering(common: &Common) -> bool {
    common.is_asking::<staff::Login>() || common.is_asking::<Unlock>() || common.is_asking::<CreateAdministrator>()
}

impl Screen for Login {
    fn keys(&self) -> &'static KeyTable {
        if self.first_run.is_some() {
            &keys::FIRST_RUN
        } else {
            &keys::PASSWORD
        }
    }

    fn field(&mut self) -> Option<&mut Input> {
        match &mut self.first_run {
            Some(form) => match form.at {
                0 => Some(&mut form.number),
                1 => Some(&mut form.name),
                2 => Some(&mut self.password),
                _ => Some(&mut form.again),
            },
            None => Some(&mut self.password),
        }
    }

    fn takes_text(&self) -> bool {
        true
    }

    fn can(&self, intent: Intent, _common: &Common) -> bool {
        match intent {
            Intent::LogOut => self.locked.is_some(),
            Intent::Back => false,
            _ => true,
        }
    }

    fn shown(&mut self, common: &mut Common) {
        self.look(common);
    }

    fn act(&mut self, intent: Intent, common: &mut Common) {
        match intent {
            Intent::Refresh => self.look(common),
            Intent::Up | Intent::Down => {
                if let Some(form) = &mut self.first_run {
                    form.at = if intent == Intent::Down {
                        (form.at + 1).min(3)
                    } else {
                        form.at.saturating_sub(1)
                    };
                }
            }
            Intent::Confirm => match &mut self.first_run {
                Some(form) if form.at < 3 => form.at += 1,
                _ => self.enter(common),
            },
            _ => {}
        }
    }

    fn reader(&mut self, reader: Reader, _state: ReaderState, common: &mut Common) {
        if reader == Reader::Staff && !is_entering(common) {
            self.password.clear();
            self.look(common);
        }
    }

    fn view(&self, common: &Common, pen: &Pen<'_>) -> Page {
        let title = match (&self.first_run, self.locked) {
            (Some(_), _) => pen.say("title-first-run"),
            (None, Some(_)) => pen.say("title-locked"),
            (None, None) if common.setup.relay.is_some() => pen.say("title-relay-login"),
            (None, None) => pen.say_with("title-login", &[("city", common.setup.city.as_str().into())]),
        };
        let mut page = Page::titled(title);
        page.gap();
        match (&self.first_run, self.locked) {
            (Some(_), _) => page.paragraph(pen, 2, &pen.say("first-run-about"), Meaning::Plain),
            (None, Some(why)) => {
                let why = match why {
                    Locked::CardPulled => "locked-card-pulled",
                    Locked::Idle => "locked-idle",
                    Locked::ByKey => "locked-by-key",
                };
                page.paragraph(pen, 2, &pen.say(why), Meaning::Strong);
                page.paragraph(pen, 2, &pen.say("locked-keeps"), Meaning::Quiet);
            }
            (None, None) => {
                let about = match common.setup.relay {
                    None => "login-about",
                    Some(OperatorsBy::Card) => "relay-login-about",
                    Some(OperatorsBy::Files) => "relay-login-by-files",
                };
                page.paragraph(pen, 2, &pen.say(about), Meaning::Plain);
            }
        }
        page.gap();
        if !is_by_files(common) {
            self.card_lines(pen, &mut page);
        }
        page.gap();
        if let Some(form) = &self.first_run {
            page.input(pen, 20, &pen.say("staff-number"), &form.number, 16, form.at == 0);
            page.input(pen, 20, &pen.say("staff-name"), &form.name, 32, form.at == 1);
            page.input(pen, 20, &pen.say("staff-password"), &self.password, 20, form.at == 2);
            page.input(pen, 20, &pen.say("staff-password-again"), &form.again, 20, form.at == 3);
        } else if !is_by_files(common) {
            page.input(pen, 20, &pen.say("staff-password"), &self.password, 20, true);
        }
        page.gap();
        if !is_by_files(common) {
            page.paragraph(pen, 4, &pen.say("login-password-rule"), Meaning::Quiet);
        }
        if is_entering(common) {
            page.gap();
            page.paragraph(pen, 4, &pen.say("login-checking"), Meaning::Waiting);
        }
        page
    }
}

impl Login {
    /// Whose card is in the reader and how many tries it has left, before anything is entered.
    fn card_lines(&self, pen: &Pen<'_>, page: &mut Page) {
        let label = pen.say("staff-card");
        let mut say = |text: &str, meaning| page.fact(pen, 20, &label, text, meaning);
        match &self.card {
            Card::None => say(&pen.say("login-insert-card"), Meaning::NeedsYou),
            Card::Reading => say(&pen.say("login-reading"), Meaning::Waiting),
            // A clock or a service that is wrong is not the card's fault, and putting it in again does not help.
            Card::Failed(fault) => {
                let message = fault.message();
                let key = if message.facts.is_empty() {
                    message.key
                } else {
                    "login-card-unreadable"
                };
                say(&pen.say(key), Meaning::Stop);
            }
            Card::Seen(card) => {
                match (&card.staff, self.first_run.is_some()) {
                    (Some(staff), _) => say(&format!("{}  {}", staff.number, staff.name), Meaning::Strong),
                    (None, true) => say(&pen.say("first-run-blank"), Meaning::Plain),
                    (None, false) => say(&pen.say("fault-staff-unknown"), Meaning::Stop),
                }
                let label = pen.say("label-tries");
                let (words, meaning) = tries(pen, card.tries);
                page.line(pen.label(20, &label, false).and(words, meaning));
            }
        }
        if page.body.is_empty() {
            page.line(Line::gap());
        }
    }
}

/// Whether a relay operator's certificate and key lie in files: there is no password then.
fn is_by_files(common: &Common) -> bool {
    common.setup.relay == Some(OperatorsBy::Files)
}

/// Tries left, in words that stand out when they are few.
pub fn tries(pen: &Pen<'_>, tries: Tries) -> (String, Meaning) {
    match tries {
        Tries::Left(left) => (
            pen.say_with("tries-left", &[("tries", left.to_string().into())]),
            if left > 1 { Meaning::Plain } else { Meaning::NeedsYou },
        ),
        Tries::Blocked => (pen.say("tries-blocked"), Meaning::Stop),
        Tries::NotSet => (pen.say("tries-not-set"), Meaning::Quiet),
    }
}

//! One partner: how it stands, by which metadata, what its trial showed, what is agreed with it, and what comes next.
//! Enter does the next thing that an operator can do here.

mod form;

use crate::{
    common::{Common, Go},
    facts::relay::{FrontOrder, Kind, LogoutHeard, LogoutTrial, Next, Partner, SignInTrial, Standing},
    fault::Fault,
    frame::moment,
    input::Input,
    keymap::{Intent, KeyTable},
    orders::relay::Front,
    over,
    page::{Page, Pen},
    screen::Screen,
    theme::Meaning,
};

use super::{
    Asking, keys,
    register::{Register, fingerprint},
    wording::{edition, exception, expiry, groups, kind_word, logout_word, next_words, sign_in_word, standing},
};
use form::Form;

/// Cells of the labels.
const LABEL: usize = 18;

/// A partner's own screen.
#[derive(Debug)]
pub struct One {
    entity: String,
    form: Option<Form>,
    asking: Asking,
    /// What is under way, for what is said when it is done.
    doing: Option<Intent>,
}

impl One {
    /// Of the partner with this name.
    pub fn of(entity: String) -> Self {
        Self {
            entity,
            form: None,
            asking: Asking::default(),
            doing: None,
        }
    }

    fn partner<'c>(&self, common: &'c Common) -> Option<&'c Partner> {
        common.front.partner(&self.entity)
    }

    fn ask(&mut self, intent: Intent, order: FrontOrder, common: &mut Common) {
        self.doing = Some(intent);
        self.asking.begin(Front(order), common, Self::answered);
    }

    /// The key's own meaning, or what Enter means for a partner that stands so.
    fn meant(intent: Intent, next: Next) -> Intent {
        if intent != Intent::Confirm {
            return intent;
        }
        match next {
            Next::Approve => keys::APPROVE,
            Next::TrySignIn | Next::NotNamed => keys::TRIED,
            // The front sees the trial's sign-out by itself: what is shown here is read anew.
            Next::TryLogout | Next::InService => Intent::Refresh,
            Next::InClear => keys::WITHOUT_LOGOUT,
            Next::SwitchOn => keys::SWITCH_ON,
            Next::Expired => keys::REGISTER,
            Next::Off => keys::TRIAL,
        }
    }
}

/// Whether something can be done to a partner that stands so. The front judges again.
fn suits(intent: Intent, partner: &Partner) -> bool {
    let is_service = partner.kind == Kind::Service;
    let approved = partner.current.is_some();
    match intent {
        keys::APPROVE => partner.waiting.is_some(),
        keys::TRIED | keys::TRIAL_CARD => is_service && partner.state == Standing::Trial,
        keys::WITHOUT_LOGOUT => is_service && partner.state == Standing::Trial && partner.logout != LogoutTrial::Sealed,
        keys::SWITCH_ON => {
            let tried = matches!(partner.sign_in, SignInTrial::Named | SignInTrial::Passing)
                && matches!(partner.logout, LogoutTrial::Sealed | LogoutTrial::Without);
            partner.state == Standing::Trial && approved && (tried || !is_service)
        }
        keys::SWITCH_OFF => matches!(partner.state, Standing::On | Standing::Trial),
        // One in service is switched off first, with its reason: a trial shuts everybody out but the cards named for it.
        keys::TRIAL => approved && partner.state == Standing::Off,
        _ => true,
    }
}

impl One {
    fn answered(&mut self, answer: Result<Vec<Partner>, Fault>, common: &mut Common) {
        self.asking.is_over();
        common.next_step();
        match (answer, self.doing) {
            (Err(fault), _) => common.tell_fault(&fault),
            (Ok(_), doing) => {
                self.form = None;
                let words = match doing {
                    Some(keys::SWITCH_OFF) => "partner-switched-off",
                    Some(keys::SWITCH_ON) => "partner-switched-on",
                    Some(keys::APPROVE) => "partner-approved",
                    Some(keys::TRIAL_CARD) => "trial-card-named",
                    Some(Intent::Refresh) | None => return,
                    Some(_) => "partner-recorded",
                };
                common.tell(Meaning::Done, words);
            }
        }
    }
}

impl Screen for One {
    fn keys(&self) -> &'static KeyTable {
        match (self.asking.is_on(), &self.form) {
            (true, _) => &keys::WAITS,
            (false, Some(_)) => &keys::FORM,
            (false, None) => &keys::PARTNER,
        }
    }

    fn field(&mut self) -> Option<&mut Input> {
        self.form.as_mut().and_then(Form::field)
    }

    fn takes_text(&self) -> bool {
        self.form.as_ref().is_some_and(Form::takes_text)
    }

    fn can(&self, intent: Intent, common: &Common) -> bool {
        match (&self.form, self.partner(common)) {
            (Some(form), _) => intent != Intent::Toggle || form.can_toggle(),
            (None, Some(partner)) => suits(Self::meant(intent, partner.next(common.now)), partner),
            (None, None) => matches!(intent, Intent::Back | Intent::Refresh | Intent::Stop),
        }
    }

    fn act(&mut self, intent: Intent, common: &mut Common) {
        if intent == Intent::Stop {
            return self.asking.give_up(common);
        }
        if self.form.is_some() {
            return self.act_in_form(intent, common);
        }
        let Some(partner) = self.partner(common) else {
            return common.go(Go::Back);
        };
        let intent = Self::meant(intent, partner.next(common.now));
        let entity = self.entity.clone();
        let form = match intent {
            keys::APPROVE => partner.waiting.as_ref().map(Form::approve),
            keys::TRIED => Some(Form::tried()),
            keys::TRIAL_CARD => Some(Form::trial_card()),
            keys::LIFETIMES => Some(Form::lifetimes(partner)),
            keys::EXCEPTIONS => Some(Form::exceptions(partner)),
            _ => None,
        };
        if form.is_some() {
            common.next_step();
            self.form = form;
            self.doing = Some(intent);
            return;
        }
        match intent {
            keys::REGISTER => {
                let register = Register::anew(&self.entity, partner.kind);
                common.go(Go::To(Box::new(register)));
            }
            keys::SWITCH_ON => self.ask(intent, FrontOrder::On { entity }, common),
            keys::TRIAL => self.ask(intent, FrontOrder::Trial { entity }, common),
            Intent::Refresh => self.ask(intent, FrontOrder::Partners, common),
            keys::SWITCH_OFF | keys::WITHOUT_LOGOUT => {
                self.doing = Some(intent);
                let about = match intent {
                    keys::SWITCH_OFF => "switch-off-about",
                    _ => "without-logout-about",
                };
                common.go(Go::Over(Box::new(over::Reason::about(about))));
            }
            Intent::Back => common.go(Go::Back),
            _ => {}
        }
    }

    fn reasoned(&mut self, reason: &str, common: &mut Common) {
        let (entity, reason) = (self.entity.clone(), reason.to_owned());
        match self.doing {
            Some(keys::SWITCH_OFF) => {
                self.asking
                    .begin(Front(FrontOrder::Off { entity, reason }), common, Self::answered)
            }
            Some(keys::WITHOUT_LOGOUT) => self.asking.begin(
                Front(FrontOrder::WithoutLogout { entity, reason }),
                common,
                Self::answered,
            ),
            _ => {}
        }
    }

    fn view(&self, common: &Common, pen: &Pen<'_>) -> Page {
        if let Some(form) = &self.form {
            let mut page = form.view(&self.entity, pen);
            self.asking.view(&mut page, common, pen);
            return page;
        }
        let mut page = Page::titled(pen.say("title-partner"));
        page.paragraph(pen, 0, &self.entity, Meaning::Strong);
        let Some(partner) = self.partner(common) else {
            page.paragraph(pen, 0, &pen.say("partners-unknown"), Meaning::Quiet);
            self.asking.view(&mut page, common, pen);
            return page;
        };
        facts(&mut page, partner, common, pen);
        page.gap();
        let (word, about) = next_words(partner.next(common.now));
        page.focus = page.body.len();
        let words = format!("{}{}", pen.glyphs.arrow, pen.say(word));
        page.paragraph(pen, 0, &words, Meaning::Accent);
        page.paragraph(pen, 2, &pen.say(about), Meaning::Plain);
        self.asking.view(&mut page, common, pen);
        page
    }
}

impl One {
    fn act_in_form(&mut self, intent: Intent, common: &mut Common) {
        let Some(form) = &mut self.form else { return };
        match intent {
            Intent::Up => form.up(),
            Intent::Down => form.down(),
            Intent::Toggle => form.toggle(),
            Intent::Back => {
                common.next_step();
                self.form = None;
            }
            Intent::Confirm => match form.order(&self.entity) {
                Ok(order) => self.asking.begin(Front(order), common, Self::answered),
                Err(words) => common.tell(Meaning::NeedsYou, words),
            },
            _ => {}
        }
    }
}

fn facts(page: &mut Page, partner: &Partner, common: &Common, pen: &Pen<'_>) {
    let mut fact = |label: &str, value: &str, meaning| page.fact(pen, LABEL, &pen.say(label), value, meaning);
    let (state, meaning) = standing(partner, pen);
    let since = moment(pen, partner.since);
    let state = format!("{state}  {}  {since}", pen.say(kind_word(partner.kind)));
    fact("partner-state", &state, meaning);
    if let Some(reason) = &partner.reason {
        fact("partner-reason", reason, Meaning::Plain);
    }
    let (until, meaning) = expiry(partner, common.now, pen);
    let until = match partner.current.as_ref().and_then(|edition| edition.valid_until) {
        Some(at) => format!("{until}  {}", pen.day(at.to_offset(relay_core::clock::JST).date())),
        None => until,
    };
    fact("partner-until", &until, meaning);
    for one in [&partner.current, &partner.waiting].into_iter().flatten() {
        let meaning = match one.approved_by {
            Some(_) => Meaning::Plain,
            None => Meaning::NeedsYou,
        };
        fact("partner-metadata", &edition(one, pen), meaning);
    }
    if partner.kind == Kind::Service {
        let (word, meaning) = sign_in_word(partner.sign_in);
        fact("partner-sign-in", &pen.say(word), meaning);
        let (word, meaning) = logout_word(partner.logout);
        fact("partner-logout", &pen.say(word), meaning);
        if let Some(warning) = partner.logout_heard.and_then(LogoutHeard::warning) {
            fact("partner-logout-heard", &pen.say(warning), Meaning::NeedsYou);
        }
    }
    let seconds = [partner.assertion_seconds, partner.session_seconds, partner.skew_seconds].map(|one| one.to_string());
    let [assertion, session, skew] = seconds;
    let lasts = pen.say_with(
        "partner-lasts",
        &[
            ("assertion", assertion.into()),
            ("session", session.into()),
            ("skew", skew.into()),
        ],
    );
    fact("partner-lifetimes", &lasts, Meaning::Plain);
    let exceptions: Vec<String> = partner.exceptions.iter().map(|name| exception(name, pen)).collect();
    match exceptions.is_empty() {
        true => fact("partner-exceptions", &pen.say("exceptions-none"), Meaning::Quiet),
        false => fact(
            "partner-exceptions",
            &exceptions.join(&pen.say("list-comma")),
            Meaning::NeedsYou,
        ),
    }
    if let Some(current) = partner.current.as_ref().filter(|_| partner.waiting.is_none()) {
        page.paragraph(pen, 2, &pen.say("partner-fingerprint"), Meaning::Quiet);
        fingerprint(page, &groups(&current.sha256));
    }
}

//! The console's screens, pure half: events come in, the state changes, effects go out as plain data.
//!
//! Nothing here reads a clock, touches a card or a database, or knows a thread. The desk (`crate::desk`)
//! carries effects out and sends events back; a frame is drawn from `&State` only:
//! [`paint::draw`] for a terminal, [`plain::lines`] for `--plain`.

use std::{
    collections::{BTreeMap, VecDeque},
    time::Duration,
};

use time::OffsetDateTime;

pub mod common;
pub mod effect;
pub mod event;
pub mod facts;
pub mod fault;
mod frame;
pub mod glyphs;
mod input;
pub mod key;
pub mod keymap;
pub mod mouse;
mod over;
pub mod page;
pub mod paint;
pub mod plain;
mod scan;
pub mod screen;
mod screens;
mod text;
pub mod theme;
pub mod words;

pub use input::{Input, Takes};
pub use text::Ambiguous;

use common::{Common, Go, Kept, Locked};
use effect::{Effect, Order};
use event::{Event, Reply};
use facts::{
    Language, MakingEnd, Reader, ReaderState, Session, Setup,
    relay::{FrontAnswer, Told as FrontTold},
};
use fault::Fault;
use key::{Key, KeyPress, StepId};
use keymap::{Intent, Place};
use scan::{Burst, Heard};
use screen::Screen;
use screens::{application, case, login, relay, today, verify};
use theme::Meaning;

/// Keys kept while something loads; more than this is a cat on the keyboard.
const TYPE_AHEAD: usize = 64;
/// How long the first clerk's card may be away while the second clerk's is needed.
const CARD_AWAY: time::Duration = time::Duration::seconds(90);

/// The whole state of the console.
#[derive(Debug)]
pub struct State {
    /// What every screen stands on.
    pub common: Common,
    screens: Vec<Box<dyn Screen>>,
    over: Vec<Box<dyn Screen>>,
    lock: Option<Box<login::Login>>,
    kept: BTreeMap<Kept, Box<dyn Screen>>,
    burst: Burst,
    type_ahead: VecDeque<KeyPress>,
    last_key: OffsetDateTime,
    card_away_since: Option<OffsetDateTime>,
}

impl State {
    /// The console as it starts: at the login, at `now`.
    pub fn new(setup: Setup, now: OffsetDateTime) -> Self {
        let mut common = Common::new(setup, now);
        let mut login = login::Login::at_start(&common);
        login.shown(&mut common);
        Self {
            common,
            screens: vec![Box::new(login)],
            over: Vec::new(),
            lock: None,
            kept: BTreeMap::new(),
            burst: Burst::default(),
            type_ahead: VecDeque::new(),
            last_key: now,
            card_away_since: None,
        }
    }

    /// The step that stands on the screen; the desk notes it with every frame and sends it with every key.
    pub const fn step(&self) -> StepId {
        self.common.step
    }

    /// The terminal's size as last told.
    pub const fn size(&self) -> (u16, u16) {
        self.common.size
    }

    /// How soon a tick is wanted: soon while a scan may be under way or something moves on the screen.
    pub fn wants_tick_in(&self) -> Duration {
        if self.burst.is_holding() {
            Duration::from_millis(70)
        } else if self.front().is_busy() {
            Duration::from_millis(200)
        } else {
            Duration::from_secs(1)
        }
    }

    /// Minutes until the screen locks by itself.
    pub fn minutes_to_lock(&self) -> i64 {
        let idle = self.common.now - self.last_key;
        (self.idle_limit() - idle).whole_minutes().max(0)
    }

    /// The screen or panel that keys go to and that is drawn.
    pub(crate) fn front(&self) -> &dyn Screen {
        if let Some(panel) = self.over.last() {
            return panel.as_ref();
        }
        match (&self.lock, self.screens.last()) {
            (Some(lock), _) => lock.as_ref(),
            (None, Some(screen)) => screen.as_ref(),
            // `apply` never takes the last screen away.
            (None, None) => unreachable!("there is always a screen"),
        }
    }

    fn front_mut(&mut self) -> (&mut dyn Screen, &mut Common) {
        if let Some(panel) = self.over.last_mut() {
            return (panel.as_mut(), &mut self.common);
        }
        match (&mut self.lock, self.screens.last_mut()) {
            (Some(lock), _) => (lock.as_mut(), &mut self.common),
            (None, Some(screen)) => (screen.as_mut(), &mut self.common),
            (None, None) => unreachable!("there is always a screen"),
        }
    }

    /// Tells every screen. What a hidden one hears changes nothing under the clerk's finger: keys pressed over the screen
    /// in front stay good.
    fn every_screen(&mut self, mut act: impl FnMut(&mut dyn Screen, &mut Common)) {
        let hidden_by_panels = !self.over.is_empty();
        let hidden_by_lock = self.lock.is_some();
        let last = |count: usize| count.checked_sub(1);
        let (top, front) = (last(self.screens.len()), last(self.over.len()));
        let mut tell = |screen: &mut dyn Screen, is_front: bool| {
            let step = self.common.step;
            act(screen, &mut self.common);
            if !is_front {
                self.common.step = step;
            }
        };
        for (at, screen) in self.screens.iter_mut().enumerate() {
            tell(screen.as_mut(), Some(at) == top && !hidden_by_panels && !hidden_by_lock);
        }
        for (at, screen) in self.over.iter_mut().enumerate() {
            tell(screen.as_mut(), Some(at) == front);
        }
        if let Some(lock) = &mut self.lock {
            tell(lock.as_mut(), !hidden_by_panels);
        }
    }

    fn idle_limit(&self) -> time::Duration {
        self.common.setup.idle_lock.try_into().unwrap_or(time::Duration::MAX)
    }

    fn can_leave(&self) -> bool {
        self.screens.iter().all(|screen| screen.can_leave())
    }
}

/// The state after `event`, and what is to be done.
pub fn update(state: &mut State, event: Event) -> Vec<Effect> {
    match event {
        Event::Key(press) => {
            state.common.now = state.common.now.max(press.at);
            state.last_key = state.common.now;
            match state.burst.hear(press) {
                Heard::Keys(keys) => keys.into_iter().for_each(|press| take_key(state, press)),
                Heard::Scan(payload) => take_scan(state, &payload),
            }
        }
        Event::Paste(text) => {
            state.last_key = state.common.now;
            match scan::pasted(&text) {
                Some(payload) => take_scan(state, &payload),
                None => take_paste(state, &text),
            }
        }
        Event::Resize { width, height } => state.common.size = (width, height),
        Event::Tick(now) => take_tick(state, now),
        Event::Reader { reader, state: stands } => take_reader(state, reader, stands),
        Event::Database { up } => {
            let back = up && !state.common.database_up;
            state.common.database_up = up;
            if back {
                state.every_screen(|screen, common| screen.queues_changed(common));
                state.common.tell(Meaning::Done, "database-back");
                state.common.catch_up();
            } else if !up {
                state.common.tell_fault(&Fault::DatabaseDown);
            }
        }
        Event::Outbox(outbox) => state.common.relay = Some(outbox),
        Event::Front(heard) => state.common.front.heard = Some(*heard),
        Event::Reply { job, reply } => take_reply(state, job, reply),
        Event::Making { job, progress } => {
            if state.common.jobs.contains_key(&job) {
                state.every_screen(|screen, common| screen.making(job, &progress, common));
            }
        }
        Event::Printing { job, percent } => {
            if state.common.jobs.contains_key(&job) {
                state.every_screen(|screen, _| screen.printing(job, percent));
            }
        }
        Event::LeaseLost { case, holder } => lose_lease(state, case, holder),
        Event::QueuesChanged => {
            state.every_screen(|screen, common| screen.queues_changed(common));
            state.common.catch_up();
        }
    }
    settle(state);
    std::mem::take(&mut state.common.outbox)
}

/// Carries out moves, then lets the keys that were typed meanwhile go on, until nothing is left to do.
fn settle(state: &mut State) {
    loop {
        for go in std::mem::take(&mut state.common.go) {
            apply(state, go);
        }
        if !state.common.go.is_empty() {
            continue;
        }
        if is_waiting(state) {
            return;
        }
        let Some(press) = state.type_ahead.pop_front() else {
            return;
        };
        take_key(state, press);
    }
}

fn is_waiting(state: &State) -> bool {
    state.front().is_busy() || (state.common.opening.is_some() && state.lock.is_none())
}

fn take_key(state: &mut State, press: KeyPress) {
    let intent = keymap::intent(state.front().place(), press.key);
    let is_letter = matches!(
        press.key,
        Key::Char(_) | Key::Backspace | Key::Delete | Key::Left | Key::Right | Key::Home | Key::End | Key::Ctrl('u')
    );
    if is_global(intent) && !(is_letter && state.front().takes_text()) {
        return take_global(state, intent);
    }
    // A case that is being opened is opened: going back meanwhile would leave it held by a desk that does not show it.
    let interrupts = state.common.opening.is_none() && matches!(intent, Some(Intent::Back | Intent::Stop));
    if is_waiting(state) && !interrupts {
        if state.type_ahead.len() < TYPE_AHEAD {
            state.type_ahead.push_back(press);
        }
        return;
    }
    let stale = press.seen < state.common.step;
    let (screen, common) = state.front_mut();
    if is_letter && screen.takes_text() {
        common.message = None;
        if screen.field().is_some_and(|field| field.key(press.key)) {
            screen.typed(common);
        }
        return;
    }
    // The key was meant for what was on the screen before: moving about is harmless, anything else is not.
    let harmless = matches!(
        intent,
        Some(Intent::Up | Intent::Down | Intent::PageUp | Intent::PageDown)
    );
    // Neither are keys that ask for something whatever stands on the screen.
    let asks_only = match intent {
        Some(Intent::Search | Intent::Refresh) => true,
        Some(Intent::New | Intent::Digit(_)) => screen.place() == Place::Today,
        _ => false,
    };
    if stale && !harmless && !asks_only {
        return;
    }
    if let Some(role) = intent.and_then(|intent| screen.lacks(intent, common)) {
        return common.tell_fault(&Fault::NotAllowed(role));
    }
    if let Some(intent) = intent
        && screen.can(intent, common)
    {
        if !harmless {
            common.message = None;
        }
        screen.act(intent, common);
    }
}

const fn is_global(intent: Option<Intent>) -> bool {
    matches!(
        intent,
        Some(Intent::Help | Intent::Language | Intent::Tray | Intent::Lock | Intent::LogOut | Intent::Quit)
    )
}

fn take_global(state: &mut State, intent: Option<Intent>) {
    match intent {
        Some(Intent::Language) => {
            state.common.language = match state.common.language {
                Language::Japanese => Language::English,
                Language::English => Language::Japanese,
            };
        }
        Some(Intent::Help) => {
            if state.front().place() != Place::Reading || state.over.is_empty() {
                let help = over::Help::about(state.front().place(), state.common.setup.demo);
                state.common.go(Go::Over(Box::new(help)));
            } else {
                state.common.go(Go::CloseOver);
            }
        }
        Some(Intent::Tray) if state.common.setup.demo => {
            if state.front().place() == Place::Tray {
                state.common.go(Go::CloseOver);
            } else {
                let tray = over::Tray::for_work_at(state.front().place());
                state.common.go(Go::Over(Box::new(tray)));
            }
        }
        Some(Intent::Lock) if state.common.session.is_some() && state.lock.is_none() => {
            state.common.go(Go::Lock(Locked::ByKey));
        }
        Some(Intent::LogOut | Intent::Quit) if !state.can_leave() => {
            state.common.tell(Meaning::NeedsYou, "making-cannot-leave");
        }
        Some(Intent::LogOut) if state.common.session.is_some() => {
            state.common.go(Go::Over(Box::new(over::Question::log_out())));
        }
        Some(Intent::Quit) if state.front().place() != Place::Question => {
            state.common.go(Go::Over(Box::new(over::Question::quit())));
        }
        _ => {}
    }
    settle(state);
}

fn take_paste(state: &mut State, text: &str) {
    let (screen, common) = state.front_mut();
    if screen.takes_text() && screen.field().is_some_and(|field| field.insert(text)) {
        screen.typed(common);
    }
}

/// A scan goes to the screen that waits for it; anywhere else it opens its case.
fn take_scan(state: &mut State, payload: &str) {
    if state.common.session.is_none() || state.lock.is_some() || state.common.setup.relay.is_some() {
        return;
    }
    let (screen, common) = state.front_mut();
    if screen.scanned(payload, common) {
        return;
    }
    if !state.can_leave() {
        state.common.tell(Meaning::NeedsYou, "making-cannot-leave");
    } else if state.over.is_empty() {
        state.common.open_case(Order::OpenByNotice {
            payload: payload.to_owned(),
        });
    }
}

fn take_tick(state: &mut State, now: OffsetDateTime) {
    state.common.now = now;
    // A clock set back must not keep the screen unlocked.
    state.last_key = state.last_key.min(now);
    for press in state.burst.tick(now) {
        take_key(state, press);
    }
    let idle = now - state.last_key >= state.idle_limit();
    if idle && state.common.session.is_some() && state.lock.is_none() {
        state.common.go(Go::Lock(Locked::Idle));
    }
    if let Some(since) = state.card_away_since
        && (now - since >= CARD_AWAY || !may_be_away(state))
    {
        state.card_away_since = None;
        if state.common.session.is_some() && state.lock.is_none() {
            state.common.go(Go::Lock(Locked::CardPulled));
        }
    }
    state.every_screen(|screen, common| screen.tick(common));
}

fn may_be_away(state: &State) -> bool {
    state.over.last().is_some_and(|panel| panel.staff_card_may_be_away())
}

fn take_reader(state: &mut State, reader: Reader, stands: ReaderState) {
    match reader {
        Reader::Staff => state.common.staff_reader = stands,
        Reader::Resident => state.common.resident_reader = stands,
    }
    if reader == Reader::Staff {
        let gone = !matches!(stands, ReaderState::Card(_));
        if !gone {
            state.card_away_since = None;
        } else if state.common.session.is_some() && state.lock.is_none() {
            if may_be_away(state) {
                state.card_away_since = Some(state.common.now);
            } else {
                state.common.go(Go::Lock(Locked::CardPulled));
            }
        }
    }
    state.every_screen(|screen, common| screen.reader(reader, stands, common));
}

fn take_reply(state: &mut State, job: effect::JobId, reply: Result<Reply, Fault>) {
    // A job that is over, or whose case was closed, is no longer in the list: its reply changes nothing.
    let Some(case) = state.common.jobs.remove(&job) else {
        return;
    };
    let open = state.common.open.as_ref().map(|case| case.id);
    if case.is_some() && case != open {
        return;
    }
    let caught_up = state.common.catching_up.take_if(|asked| *asked == job).is_some();
    if let Ok(Reply::Case(view)) = &reply {
        if Some(view.id) == open {
            if caught_up && state.common.open.as_ref().map(|known| known.version) != Some(view.version) {
                // The likely next thing may be another now.
                state.common.next_step();
            }
            state.common.behind = false;
            state.common.open = Some(view.clone());
        } else if case.is_some() {
            // An answer about another case than it was asked for has no business here.
            return;
        }
    }
    if let Ok(Reply::Front(answer)) = &reply
        && let FrontAnswer::Partners(partners) | FrontAnswer::Proposed { partners, .. } = &**answer
    {
        state.common.front.partners = Some(partners.clone());
    }
    if let Ok(Reply::Printed(_, view)) = &reply
        && Some(view.id) == open
    {
        state.common.open = Some(view.clone());
    }
    if state.common.opening == Some(job) {
        state.common.opening = None;
        match &reply {
            Ok(Reply::Case(view)) => {
                if Some(view.id) != open {
                    state.common.close_case();
                    state.common.open = Some(view.clone());
                    state.common.claim += 1;
                }
                state.common.go(Go::Case);
            }
            Ok(_) => {}
            Err(fault) => {
                state.common.tell_fault(fault);
                if matches!(fault, Fault::HeldBy { .. }) {
                    state.common.held = state.common.opening_case;
                }
            }
        }
    }
    state.every_screen(|screen, common| screen.reply(job, &reply, common));
    if case.is_some() && !caught_up && leaves_behind(&reply) {
        state.common.behind = true;
        state.common.catch_up();
    }
}

/// Whether the case may stand elsewhere after such an answer than its last view says.
const fn leaves_behind(reply: &Result<Reply, Fault>) -> bool {
    matches!(
        reply,
        Ok(Reply::MakingEnded(MakingEnd::Stopped { .. }))
            | Err(Fault::DatabaseDown | Fault::ChangedMeanwhile | Fault::NotNow)
    )
}

fn lose_lease(state: &mut State, case: issuance::case::CaseId, holder: Option<(String, String)>) {
    if state.common.open.as_ref().map(|open| open.id) != Some(case) {
        return;
    }
    state.common.jobs.retain(|_, of| *of != Some(case));
    state.common.open = None;
    state.common.behind = false;
    state.common.catching_up = None;
    apply(state, Go::Home);
    match holder {
        Some((staff, desk)) => state.common.tell_with(
            Meaning::NeedsYou,
            "lease-lost-to",
            vec![("staff", common::Told::Text(staff)), ("desk", common::Told::Text(desk))],
        ),
        None => state.common.tell(Meaning::NeedsYou, "lease-lost"),
    }
}

/// Carries out one move.
fn apply(state: &mut State, go: Go) {
    state.common.next_step();
    match go {
        Go::To(screen) => push(state, screen),
        Go::Back => {
            keep_top(state);
            show_top(state);
        }
        Go::Case => {
            while state.screens.len() > 1 {
                keep_top(state);
            }
            push(state, Box::new(case::Case::default()));
        }
        Go::Home => {
            state.over.clear();
            while state.screens.len() > 1 {
                keep_top(state);
            }
            show_top(state);
        }
        Go::Verification => {
            if let Some(open) = state.common.open.clone() {
                let kept = state.kept.remove(&Kept::Verification(open.id));
                push(state, kept.unwrap_or_else(|| Box::new(verify::Verify::begin(&open))));
            }
        }
        Go::Application(resident) => {
            let kept = state.kept.remove(&Kept::Application(resident.id));
            push(
                state,
                kept.unwrap_or_else(|| Box::new(application::Application::begin(*resident))),
            );
        }
        Go::Over(panel) => {
            state.over.push(panel);
            let (panel, common) = state.front_mut();
            panel.shown(common);
        }
        Go::CloseOver => {
            state.over.pop();
        }
        Go::Approved(purpose, who) => {
            state.over.pop();
            let (screen, common) = state.front_mut();
            screen.approved(purpose, &who, common);
        }
        Go::Reasoned(reason) => {
            state.over.pop();
            let (screen, common) = state.front_mut();
            screen.reasoned(&reason, common);
        }
        Go::Scanned(payload) => {
            state.over.pop();
            take_scan(state, &payload);
        }
        Go::Enter(session) => enter(state, *session),
        Go::Lock(why) => lock(state, why),
        Go::LogOut => log_out(state),
        Go::Quit => {
            log_out(state);
            state.common.order(Order::Quit);
        }
    }
}

fn push(state: &mut State, screen: Box<dyn Screen>) {
    state.screens.push(screen);
    show_top(state);
}

fn show_top(state: &mut State) {
    if let Some(screen) = state.screens.last_mut() {
        screen.shown(&mut state.common);
    }
}

/// Takes the top screen away, keeping what was typed on it; the last screen stays.
fn keep_top(state: &mut State) {
    if state.screens.len() < 2 {
        return;
    }
    if let Some(screen) = state.screens.pop()
        && let Some(kept) = screen.kept_as(&state.common)
    {
        state.kept.insert(kept, screen);
    }
}

fn enter(state: &mut State, session: Session) {
    state.last_key = state.common.now;
    state.common.message = None;
    state.over.clear();
    let goes_on =
        state.lock.take().is_some() && state.common.session.as_ref().map(|old| old.staff.id) == Some(session.staff.id);
    state.common.session = Some(session);
    if !goes_on {
        state.screens = vec![match state.common.setup.relay {
            Some(_) => Box::new(relay::Partners::default()),
            None => Box::new(today::Today::default()),
        }];
    }
    show_top(state);
}

fn lock(state: &mut State, why: Locked) {
    if state.lock.is_some() || state.common.session.is_none() {
        return;
    }
    state.over.clear();
    state.type_ahead.clear();
    state.common.message = None;
    state.common.order(Order::ScreenLocked {
        card_pulled: why == Locked::CardPulled,
    });
    let mut lock = login::Login::locked(&state.common, why);
    lock.shown(&mut state.common);
    state.lock = Some(Box::new(lock));
}

fn log_out(state: &mut State) {
    if state.common.session.take().is_none() {
        return;
    }
    state.common.jobs.clear();
    state.common.opening = None;
    state.common.open = None;
    state.common.behind = false;
    state.common.catching_up = None;
    state.common.front = FrontTold::default();
    state.common.message = None;
    state.kept.clear();
    state.over.clear();
    state.lock = None;
    state.type_ahead.clear();
    state.common.order(Order::LogOut);
    let login = login::Login::at_start(&state.common);
    state.screens = vec![Box::new(login)];
    show_top(state);
}

#[cfg(test)]
mod tests;

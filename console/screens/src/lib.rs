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

mod choice;
pub mod common;
pub mod event;
pub mod facts;
pub mod fault;
mod frame;
pub mod glyphs;
mod input;
mod jobs;
pub mod key;
pub mod keymap;
mod keys;
pub mod listing;
pub mod mouse;
mod moves;
pub mod order;
pub mod orders;
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
use event::Event;
use facts::{Reader, ReaderState, Setup};
use fault::Fault;
use jobs::Then;
use key::{KeyPress, StepId};
use keys::{take_heard, take_key, take_paste, take_scan, typing};
use moves::{apply, end_session, lose_lease};
use order::{Answer, Effect, JobId};
use scan::{Burst, Heard};
use screen::{Placed, Screen, ScreenId};
use screens::login;
use theme::Meaning;

/// How long the first clerk's card may be away while the second clerk's is needed.
const CARD_AWAY: time::Duration = time::Duration::seconds(90);

/// The whole state of the console.
#[derive(Debug)]
pub struct State {
    /// What every screen stands on.
    pub common: Common,
    screens: Vec<Placed>,
    over: Vec<Placed>,
    lock: Option<Placed>,
    kept: BTreeMap<Kept, Placed>,
    placed: ScreenId,
    burst: Burst,
    type_ahead: VecDeque<KeyPress>,
    last_key: OffsetDateTime,
    card_away_since: Option<OffsetDateTime>,
}

impl State {
    /// The console as it starts: at the login, at `now`.
    pub fn new(setup: Setup, now: OffsetDateTime) -> Self {
        let common = Common::new(setup, now);
        let login = login::Login::at_start(&common);
        let mut state = Self {
            common,
            screens: Vec::new(),
            over: Vec::new(),
            lock: None,
            kept: BTreeMap::new(),
            placed: ScreenId::default(),
            burst: Burst::default(),
            type_ahead: VecDeque::new(),
            last_key: now,
            card_away_since: None,
        };
        let login = state.place(Box::new(login));
        state.screens.push(login);
        state.show_front();
        state
    }

    /// A screen with an id of its own, by which what it asks for comes back to it.
    fn place(&mut self, screen: Box<dyn Screen>) -> Placed {
        self.placed.0 += 1;
        Placed {
            id: self.placed,
            screen,
        }
    }

    /// Tells the screen in front that it is.
    fn show_front(&mut self) {
        let (screen, common) = self.front_mut();
        screen.shown(common);
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
        } else if self.front_waits() {
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
        self.front_placed().screen.as_ref()
    }

    fn front_placed(&self) -> &Placed {
        let front = self.over.last().or(self.lock.as_ref()).or(self.screens.last());
        // `apply` never takes the last screen away.
        front.unwrap_or_else(|| unreachable!("there is always a screen"))
    }

    fn front_mut(&mut self) -> (&mut dyn Screen, &mut Common) {
        let front = self.over.last_mut().or(self.lock.as_mut()).or(self.screens.last_mut());
        let front = front.unwrap_or_else(|| unreachable!("there is always a screen"));
        self.common.jobs.asker = front.id;
        (front.screen.as_mut(), &mut self.common)
    }

    /// Whether the screen in front waits for an answer that moves on: keys typed meanwhile are kept for what comes then.
    fn front_waits(&self) -> bool {
        self.common.jobs.holds_keys(self.front_placed().id)
    }

    /// Tells every screen. What a hidden one hears changes nothing under the clerk's finger: keys pressed over the screen
    /// in front stay good.
    fn every_screen(&mut self, mut act: impl FnMut(&mut dyn Screen, &mut Common)) {
        let front = self.front_placed().id;
        let every = self.screens.iter_mut().chain(&mut self.over).chain(&mut self.lock);
        for placed in every {
            tell(placed, placed.id == front, &mut self.common, &mut act);
        }
    }

    /// Tells the one screen of this id, wherever it is: hidden, under a panel, or kept while it is left.
    fn one_screen(&mut self, id: ScreenId, mut act: impl FnMut(&mut dyn Screen, &mut Common)) {
        let front = self.front_placed().id;
        let mut every = self
            .screens
            .iter_mut()
            .chain(&mut self.over)
            .chain(&mut self.lock)
            .chain(self.kept.values_mut());
        if let Some(placed) = every.find(|placed| placed.id == id) {
            tell(placed, id == front, &mut self.common, &mut act);
        }
    }

    fn idle_limit(&self) -> time::Duration {
        self.common.setup.idle_lock.try_into().unwrap_or(time::Duration::MAX)
    }

    fn can_leave(&self) -> bool {
        self.screens.iter().all(|placed| placed.screen.can_leave())
    }
}

fn tell(placed: &mut Placed, is_front: bool, common: &mut Common, act: &mut impl FnMut(&mut dyn Screen, &mut Common)) {
    let before = (common.step, common.way_back);
    common.jobs.asker = placed.id;
    common.is_front = is_front;
    act(placed.screen.as_mut(), common);
    common.is_front = true;
    if !is_front {
        (common.step, common.way_back) = before;
    }
}

/// The state after a key that no scanner can have typed, and what is to be done.
fn pressed(state: &mut State, press: KeyPress) -> Vec<Effect> {
    state.common.now = state.common.now.max(press.at);
    state.last_key = state.common.now;
    take_heard(state, Heard::Keys(vec![press]));
    settle(state);
    state.common.jobs.take_orders()
}

/// The state after `event`, and what is to be done.
pub fn update(state: &mut State, event: Event) -> Vec<Effect> {
    match event {
        Event::Key(press) => {
            state.common.now = state.common.now.max(press.at);
            state.last_key = state.common.now;
            let typing = typing(state);
            let heard = state.burst.hear(press, typing);
            take_heard(state, heard);
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
            if let Some(asker) = state.common.jobs.asker_of(job) {
                state.one_screen(asker, |screen, common| screen.making(&progress, common));
            }
        }
        Event::LeaseLost { case, holder } => lose_lease(state, case, holder),
        Event::SessionOver => end_session(state),
        Event::QueuesChanged => {
            state.every_screen(|screen, common| screen.queues_changed(common));
            state.common.catch_up();
        }
    }
    settle(state);
    state.common.jobs.take_orders()
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
    state.front_waits() || (state.common.opening.is_some() && state.lock.is_none())
}

fn take_tick(state: &mut State, now: OffsetDateTime) {
    state.common.now = now;
    // A clock set back must not keep the screen unlocked.
    state.last_key = state.last_key.min(now);
    let heard = state.burst.tick(now);
    take_heard(state, heard);
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

/// Help or the tray may lie over the panel that lets the card be away.
fn may_be_away(state: &State) -> bool {
    let mut panels = state.over.iter();
    panels.any(|panel| panel.screen.staff_card_may_be_away())
}

fn take_reader(state: &mut State, reader: Reader, stands: ReaderState) {
    let before = match reader {
        Reader::Staff => std::mem::replace(&mut state.common.staff_reader, stands),
        Reader::Resident => std::mem::replace(&mut state.common.resident_reader, stands),
    };
    if stands == ReaderState::ServiceSilent {
        state.common.tell_fault(&Fault::CardServiceSilent);
    }
    if reader == Reader::Staff {
        // Exchanged so fast that nobody saw the reader empty, it was away all the same.
        let is_exchanged = matches!((before, stands), (ReaderState::Card(old), ReaderState::Card(new)) if old != new);
        let gone = is_exchanged || !matches!(stands, ReaderState::Card(_));
        // What was said of the card that lay there is not said of this one.
        state
            .common
            .message
            .take_if(|message| fault::is_about_staff_card(message.key));
        if stands == ReaderState::ServiceSilent {
            // Nobody saw it pulled. What the service tells once it answers counts.
        } else if !gone || (is_exchanged && may_be_away(state)) {
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

fn take_reply(state: &mut State, job: JobId, reply: Answer) {
    if matches!(reply, Err(Fault::SessionOver)) && state.common.jobs.asker_of(job).is_some() {
        return end_session(state);
    }
    // A job that is over, or whose case was closed, is no longer in the list: its reply changes nothing.
    let Some(ended) = state.common.jobs.end(job) else {
        return;
    };
    let open = state.common.open.as_ref().map(|case| case.id);
    if ended.case.is_some() && ended.case != open {
        return;
    }
    let caught_up = state.common.catching_up.take_if(|asked| *asked == job).is_some();
    let view = reply.as_ref().ok().and_then(|reply| reply.case());
    if let Some(view) = view {
        if Some(view.id) == open {
            if caught_up && state.common.open.as_ref().map(|known| known.version) != Some(view.version) {
                // The likely next thing may be another now.
                state.common.next_choice();
            }
            state.common.behind = false;
            state.common.open = Some(Box::new(view.clone()));
        } else if ended.case.is_some() {
            // An answer about another case than it was asked for has no business here.
            return;
        }
    }
    if let Ok(reply) = &reply {
        reply.heard(&mut state.common);
    }
    if state.common.opening == Some(job) {
        state.common.opening = None;
        match (&reply, view) {
            (_, Some(view)) => {
                if Some(view.id) != open {
                    let view = Box::new(view.clone());
                    state.common.close_case();
                    state.common.open = Some(view);
                    state.common.claim += 1;
                }
                state.common.go(Go::Case);
            }
            (Ok(_), None) => {}
            (Err(fault), None) => {
                state.common.tell_fault(fault);
                if matches!(fault, Fault::HeldBy { .. }) {
                    state.common.held = state.common.opening_case;
                }
            }
        }
    }
    if caught_up && view.is_some() {
        state.every_screen(|screen, common| screen.case_reloaded(common));
    }
    let left_behind = ended.case.is_some() && !caught_up && leaves_behind(&reply);
    if let Then::Screen(take) = ended.then {
        let mut turn = Some((take, reply));
        state.one_screen(ended.asker, |screen, common| {
            if let Some((take, reply)) = turn.take() {
                take(screen, reply, common);
            }
        });
    }
    if left_behind {
        state.common.reload_case();
    }
}

/// Whether the case may stand elsewhere after such an answer than its last view says.
fn leaves_behind(reply: &Answer) -> bool {
    match reply {
        Ok(reply) => reply.leaves_behind(),
        Err(fault) => matches!(
            fault,
            Fault::DatabaseDown | Fault::ChangedMeanwhile | Fault::NotNow | Fault::Refused { .. }
        ),
    }
}

#[cfg(test)]
mod tests;

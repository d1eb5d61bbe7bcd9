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
mod keys;
pub mod mouse;
mod moves;
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
use effect::Effect;
use event::{Event, Reply};
use facts::{MakingEnd, Reader, ReaderState, Setup, relay::FrontAnswer};
use fault::Fault;
use key::{KeyPress, StepId};
use keys::{take_key, take_paste, take_scan};
use moves::{apply, lose_lease};
use scan::{Burst, Heard};
use screen::Screen;
use screens::login;
use theme::Meaning;

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
        state.common.reload_case();
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

#[cfg(test)]
mod tests;

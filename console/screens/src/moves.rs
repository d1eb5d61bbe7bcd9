//! Moves from screen to screen: what is on the pile of screens and panels, and what stays of a screen that is left.

use issuance::case::CaseId;

use super::{
    State,
    common::{Go, Kept, Locked, Told},
    facts::{Session, StaffShown, relay::Told as FrontTold},
    fault::Fault,
    keys::take_scan,
    orders::staff::{LogOut, Quit, ScreenLocked, SecondPurpose},
    screen::{Placed, Screen},
    screens::{application, case, login, relay, today, verify},
    theme::Meaning,
};

pub(super) fn lose_lease(state: &mut State, case: CaseId, holder: Option<(String, String)>) {
    if state.common.open.as_ref().map(|open| open.id) != Some(case) {
        return;
    }
    state.common.jobs.forget_case(case);
    state.common.open = None;
    state.common.behind = false;
    state.common.catching_up = None;
    apply(state, Go::Home);
    match holder {
        Some((staff, desk)) => state.common.tell_with(
            Meaning::NeedsYou,
            "lease-lost-to",
            vec![("staff", Told::Text(staff)), ("desk", Told::Text(desk))],
        ),
        None => state.common.tell(Meaning::NeedsYou, "lease-lost"),
    }
}

/// Carries out one move.
pub(super) fn apply(state: &mut State, go: Go) {
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
        Go::Next => {
            apply(state, Go::Case);
            let next = state
                .common
                .open
                .as_deref()
                .and_then(|open| case::next_screen(open, &state.common));
            if let Some(next) = next {
                push(state, next);
            }
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
                match state.kept.remove(&Kept::Verification(open.id)) {
                    Some(kept) => show(state, kept),
                    None => push(state, Box::new(verify::Verify::begin(&open))),
                }
            }
        }
        Go::Application(resident) => match state.kept.remove(&Kept::Application(resident.id)) {
            Some(kept) => show(state, kept),
            None => {
                let today = state.common.now.to_offset(relay_core::clock::JST).date();
                push(state, Box::new(application::Application::begin(*resident, today)));
            }
        },
        Go::Over(panel) => {
            let panel = state.place(panel);
            state.over.push(panel);
            state.show_front();
        }
        Go::CloseOver => {
            state.over.pop();
        }
        Go::Approved(purpose, who) => approved(state, purpose, &who),
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
            state.common.tell_desk(Quit);
        }
    }
}

/// Takes the second clerk's panel away and tells the screen that asked for it, the one below. Help or the tray that lies
/// over it stays.
fn approved(state: &mut State, purpose: SecondPurpose, who: &StaffShown) {
    let asks = |panel: &Placed| panel.screen.staff_card_may_be_away();
    let Some(at) = state.over.iter().rposition(asks) else {
        return;
    };
    state.over.remove(at);
    let below = state.over[..at].last().or(state.screens.last());
    if let Some(id) = below.map(|placed| placed.id) {
        state.one_screen(id, |screen, common| screen.approved(purpose, who, common));
    }
}

fn push(state: &mut State, screen: Box<dyn Screen>) {
    let screen = state.place(screen);
    show(state, screen);
}

fn show(state: &mut State, screen: Placed) {
    state.screens.push(screen);
    show_top(state);
}

fn show_top(state: &mut State) {
    if let Some(placed) = state.screens.last_mut() {
        state.common.jobs.asker = placed.id;
        placed.screen.shown(&mut state.common);
    }
}

/// Takes the top screen away, keeping what was typed on it; the last screen stays.
fn keep_top(state: &mut State) {
    if state.screens.len() < 2 {
        return;
    }
    if let Some(placed) = state.screens.pop()
        && let Some(kept) = placed.screen.kept_as(&state.common)
    {
        state.kept.insert(kept, placed);
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
        let first: Box<dyn Screen> = match state.common.setup.relay {
            Some(_) => Box::new(relay::Partners::default()),
            None => Box::new(today::Today::default()),
        };
        state.screens = vec![state.place(first)];
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
    state.common.tell_desk(ScreenLocked {
        card_pulled: why == Locked::CardPulled,
    });
    let lock = login::Login::locked(&state.common, why);
    state.lock = Some(state.place(Box::new(lock)));
    state.show_front();
}

/// The session ended elsewhere: what stands on the screen is nobody's to see, and the lock's password would be of no use.
pub(super) fn end_session(state: &mut State) {
    if state.common.session.is_some() {
        log_out(state);
        state.common.tell_fault(&Fault::SessionOver);
    }
}

fn log_out(state: &mut State) {
    if state.common.session.take().is_none() {
        return;
    }
    state.common.jobs.forget_all();
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
    state.common.tell_desk(LogOut);
    let login = login::Login::at_start(&state.common);
    state.screens = vec![state.place(Box::new(login))];
    show_top(state);
}

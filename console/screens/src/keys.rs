//! Where keys, pasted text and scans go: to what works everywhere, to the field, to the screen in front, or into the keys
//! kept until something has loaded.

use super::{
    State,
    common::{Go, Locked, Told},
    facts::Language,
    fault::Fault,
    input::Inserted,
    is_waiting,
    key::{Key, KeyPress},
    keymap::{self, Intent},
    orders::cases::OpenByNotice,
    over,
    scan::{Heard, Typing},
    screens::today,
    settle,
    theme::Meaning,
};

/// Keys kept while something loads; more than this is a cat on the keyboard.
const TYPE_AHEAD: usize = 64;
/// What is said while a slow scanner types.
const SCANNING: &str = "scan-reading";

/// What the keyboard, or a scanner at it, said.
pub(super) fn take_heard(state: &mut State, heard: Heard) {
    if !state.burst.is_scanning() {
        state.common.message.take_if(|message| message.key == SCANNING);
    }
    match heard {
        Heard::Keys(keys) => keys.into_iter().for_each(|press| take_key(state, press)),
        Heard::Scan { payload, then } => {
            take_scan(state, &payload);
            then.into_iter().for_each(|press| take_key(state, press));
        }
        Heard::Slow { keys, letters } => {
            keys.into_iter().for_each(|press| take_key(state, press));
            // The scanner's first letters were taken for typing.
            for _ in 0..letters {
                if is_waiting(state) {
                    state.type_ahead.pop_back();
                    continue;
                }
                let (screen, _) = state.front_mut();
                if screen.takes_text()
                    && let Some(field) = screen.field()
                {
                    field.key(Key::Backspace);
                }
            }
            state.common.tell(Meaning::Waiting, SCANNING);
        }
        Heard::Foreign => {
            let (screen, common) = state.front_mut();
            if screen.takes_text()
                && let Some(field) = screen.field()
            {
                field.clear();
            }
            common.tell(Meaning::NeedsYou, "scan-foreign");
        }
    }
}

/// What a key would do now.
pub(super) fn typing(state: &mut State) -> Typing {
    let (screen, _) = state.front_mut();
    match screen.takes_text().then(|| screen.field()).flatten() {
        None => Typing::Keys,
        Some(field) if field.is_secret() => Typing::Secret,
        Some(_) => Typing::Text,
    }
}

pub(super) fn take_key(state: &mut State, press: KeyPress) {
    let intent = keymap::intent(state.front().keys(), press.key);
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
    // Going back means what it meant unless the screen itself is another.
    let stale = match intent {
        Some(Intent::Back) => press.seen < state.common.way_back,
        _ => press.seen < state.common.step,
    };
    let (screen, common) = state.front_mut();
    if is_letter && screen.takes_text() {
        common.message = None;
        let Some(field) = screen.field() else { return };
        let before = field.len();
        let is_taken = field.key(press.key);
        let is_full = matches!(press.key, Key::Char(_)) && field.is_full() && field.len() == before;
        if is_taken {
            screen.typed(common);
        }
        // The resident's four boxes show that by themselves.
        if is_full && screen.keys().is_the_clerks {
            common.tell(Meaning::NeedsYou, "field-full");
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
        Some(Intent::New | Intent::Digit(_)) => screen.keys() == &today::keys::KEYS,
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
            if state.front().keys() != &keymap::READING || state.over.is_empty() {
                let help = over::Help::about(state.front().keys(), state.common.setup.demo);
                state.common.go(Go::Over(Box::new(help)));
            } else {
                state.common.go(Go::CloseOver);
            }
        }
        Some(Intent::Tray) if state.common.setup.demo => {
            if state.front().keys() == &over::tray::keys::KEYS {
                state.common.go(Go::CloseOver);
            } else {
                let tray = over::Tray::for_work_at(state.front().keys());
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
        Some(Intent::Quit) if state.front().keys() != &keymap::QUESTION => {
            state.common.go(Go::Over(Box::new(over::Question::quit())));
        }
        _ => {}
    }
    settle(state);
}

pub(super) fn take_paste(state: &mut State, text: &str) {
    let (screen, common) = state.front_mut();
    let field = if screen.takes_text() { screen.field() } else { None };
    let Some(field) = field else {
        return common.tell(Meaning::NeedsYou, "paste-no-field");
    };
    match field.insert(text) {
        Inserted::All => {
            common.message = None;
            screen.typed(common);
        }
        // Half a number or a name is worse than none: the field stays as it was.
        Inserted::TooLong { limit } => {
            let limit = Told::Text(limit.to_string());
            common.tell_with(Meaning::NeedsYou, "paste-too-long", vec![("limit", limit)]);
        }
        Inserted::Nothing => common.tell(Meaning::NeedsYou, "paste-nothing-fits"),
    }
}

/// A scan goes to the screen that waits for it; anywhere else it opens its case.
pub(super) fn take_scan(state: &mut State, payload: &str) {
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
        let payload = payload.to_owned();
        state.common.open_by(OpenByNotice { payload }, None);
    }
}

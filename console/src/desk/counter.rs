//! The event loop: events come in a batch, the state changes, effects go out, one frame is painted.
//!
//! It runs on the program's first thread and never waits for a card, a database or a file. The only thing that can
//! hold it is a terminal that does not take what is painted; jobs go on meanwhile.

use std::{future::poll_fn, io, task::Poll, time::Duration};

use crossterm::event::{
    Event as TerminalEvent, EventStream, KeyCode, KeyEvent, KeyEventKind, KeyModifiers, MouseButton, MouseEvent,
    MouseEventKind,
};
use futures_util::StreamExt;
use relay_core::clock::Clock;
use tokio::{
    signal::unix::{Signal, SignalKind, signal},
    sync::mpsc::UnboundedReceiver,
    time::{Instant, sleep_until},
};

use super::terminal::Screen;
use crate::tui::{
    self, State,
    event::Event,
    key::{Key, KeyPress, StepId},
    mouse::{Mouse, Sight},
    order::Effect,
    orders::staff::Quit,
};

/// How the loop ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    Left,
    /// The terminal was closed, or the system asked the program to end.
    Told,
}

/// Events taken in before a frame is painted. Bounded, so that a paste of megabytes or a chatty job still shows.
const BATCH: usize = 256;

/// Runs until the person leaves or the system says so.
///
/// # Errors
/// When the terminal is gone.
pub async fn serve(
    carry_out: &dyn Fn(Effect),
    state: &mut State,
    screen: &mut Screen,
    mut inbox: UnboundedReceiver<Event>,
    clock: &dyn Clock,
) -> io::Result<Ending> {
    let mut keys = EventStream::new();
    let mut signals = Signals::listen()?;

    let (width, height) = screen.size()?;
    let mut seen = state.step();
    let mut batch = vec![
        Happened::Event(Event::Tick(clock.now())),
        Happened::Event(Event::Resize { width, height }),
    ];
    loop {
        // Every key of a batch was pressed over the frame that stood before it.
        for happened in batch.drain(..) {
            for effect in take(state, screen, happened, seen, clock) {
                if effect.as_order::<Quit>().is_some() {
                    return Ok(Ending::Left);
                }
                carry_out(effect);
            }
        }
        screen.show(state)?;
        seen = state.step();

        let next_tick = Instant::now() + state.wants_tick_in().min(Duration::from_secs(1));
        let first = tokio::select! {
            typed = keys.next() => match typed {
                Some(typed) => Happened::Terminal(typed?),
                None => return Ok(Ending::Told),
            },
            Some(event) = inbox.recv() => Happened::Event(event),
            () = sleep_until(next_tick) => Happened::Event(Event::Tick(clock.now())),
            told = signals.next() => told,
        };
        match first {
            Happened::WokenUp => {
                screen.show_anew()?;
                batch.push(Happened::Event(Event::Tick(clock.now())));
            }
            Happened::ToldToEnd => return Ok(Ending::Told),
            first => batch.push(first),
        }
        // What else has arrived is taken in before painting: keys first, in the order typed.
        while batch.len() < BATCH {
            match typed_already(&mut keys).await {
                Some(Some(typed)) => batch.push(Happened::Terminal(typed?)),
                Some(None) => return Ok(Ending::Told),
                None => break,
            }
        }
        while batch.len() < BATCH {
            match inbox.try_recv() {
                Ok(event) => batch.push(Happened::Event(event)),
                Err(_) => break,
            }
        }
    }
}

/// What the terminal has sent already, without waiting; `None` when there is nothing.
///
/// It asks with this task's own waker: crossterm's stream keeps the waker of the first poll that finds nothing and takes
/// no other until a key comes. `now_or_never` polls with a waker that wakes nobody, and a key would lie there unheard
/// until the next tick.
async fn typed_already(keys: &mut EventStream) -> Option<Option<io::Result<TerminalEvent>>> {
    poll_fn(|context| {
        Poll::Ready(match keys.poll_next_unpin(context) {
            Poll::Ready(typed) => Some(typed),
            Poll::Pending => None,
        })
    })
    .await
}

enum Happened {
    Terminal(TerminalEvent),
    Event(Event),
    WokenUp,
    ToldToEnd,
}

/// The state after what happened, and what is to be done.
fn take(state: &mut State, screen: &Screen, happened: Happened, seen: StepId, clock: &dyn Clock) -> Vec<Effect> {
    match happened {
        Happened::Event(event) => tui::update(state, event),
        Happened::Terminal(TerminalEvent::Mouse(mouse)) => match mouse_of(mouse) {
            Some(mouse) => {
                let (words, glyphs) = screen.sight();
                let at = clock.now();
                tui::mouse::point(
                    state,
                    mouse,
                    &Sight {
                        words,
                        glyphs,
                        seen,
                        at,
                    },
                )
            }
            None => Vec::new(),
        },
        Happened::Terminal(event) => match event_of(event, seen, clock) {
            Some(event) => tui::update(state, event),
            None => Vec::new(),
        },
        // Taken care of before the batch.
        Happened::WokenUp | Happened::ToldToEnd => Vec::new(),
    }
}

/// What a terminal's event means to the screens, if anything.
fn event_of(event: TerminalEvent, seen: StepId, clock: &dyn Clock) -> Option<Event> {
    match event {
        TerminalEvent::Key(key) => key_of(&key).map(|key| {
            Event::Key(KeyPress {
                key,
                at: clock.now(),
                seen,
            })
        }),
        TerminalEvent::Paste(text) => Some(Event::Paste(text)),
        TerminalEvent::Resize(width, height) => Some(Event::Resize { width, height }),
        TerminalEvent::FocusGained | TerminalEvent::FocusLost | TerminalEvent::Mouse(_) => None,
    }
}

/// What the mouse did that means something; moving about does not.
const fn mouse_of(event: MouseEvent) -> Option<Mouse> {
    Some(match event.kind {
        MouseEventKind::Down(MouseButton::Left) => Mouse::Click {
            column: event.column,
            line: event.row,
        },
        MouseEventKind::ScrollUp => Mouse::WheelUp,
        MouseEventKind::ScrollDown => Mouse::WheelDown,
        _ => return None,
    })
}

/// Signals that end the console in good order, and the one after which the screen must be painted anew.
struct Signals {
    hang_up: Signal,
    terminate: Signal,
    interrupt: Signal,
    go_on: Signal,
}

impl Signals {
    fn listen() -> io::Result<Self> {
        Ok(Self {
            hang_up: signal(SignalKind::hangup())?,
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            go_on: signal(SignalKind::from_raw(rustix::process::Signal::CONT.as_raw()))?,
        })
    }

    async fn next(&mut self) -> Happened {
        tokio::select! {
            _ = self.hang_up.recv() => Happened::ToldToEnd,
            _ = self.terminate.recv() => Happened::ToldToEnd,
            _ = self.interrupt.recv() => Happened::ToldToEnd,
            _ = self.go_on.recv() => Happened::WokenUp,
        }
    }
}

/// The key of a terminal's event; `None` for what the console has no use for (releases, media keys).
fn key_of(event: &KeyEvent) -> Option<Key> {
    if event.kind == KeyEventKind::Release {
        return None;
    }
    let control = event.modifiers.contains(KeyModifiers::CONTROL);
    Some(match event.code {
        KeyCode::Char(letter) if control => Key::Ctrl(letter.to_ascii_lowercase()),
        KeyCode::Char(_) if event.modifiers.contains(KeyModifiers::ALT) => return None,
        KeyCode::Char(letter) => Key::Char(letter),
        KeyCode::F(number) => Key::F(number),
        KeyCode::Enter => Key::Enter,
        KeyCode::Esc => Key::Esc,
        KeyCode::BackTab => Key::BackTab,
        KeyCode::Tab if event.modifiers.contains(KeyModifiers::SHIFT) => Key::BackTab,
        KeyCode::Tab => Key::Tab,
        KeyCode::Backspace => Key::Backspace,
        KeyCode::Delete => Key::Delete,
        KeyCode::Insert => Key::Insert,
        KeyCode::Up => Key::Up,
        KeyCode::Down => Key::Down,
        KeyCode::Left => Key::Left,
        KeyCode::Right => Key::Right,
        KeyCode::Home => Key::Home,
        KeyCode::End => Key::End,
        KeyCode::PageUp => Key::PageUp,
        KeyCode::PageDown => Key::PageDown,
        _ => return None,
    })
}

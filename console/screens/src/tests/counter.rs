//! A counter for tests: keys go in, orders come out, and what the desk would answer is said by hand.

// Read by the measures too, which find it by its path: so does this.
#[path = "counter/samples.rs"]
mod samples;

use std::{any::TypeId, time::Duration};

use issuance::{records::Step, staff::Role};
use ratatui::{Terminal, backend::TestBackend, layout::Position};
use time::{Duration as Span, OffsetDateTime, macros::datetime};

pub use samples::*;

use crate::{
    Ambiguous, State,
    event::{Event, MakingProgress},
    facts::*,
    fault::Fault,
    glyphs::Glyphs,
    key::{Key, KeyPress},
    order::{Effect, JobId, Order, Reply},
    orders::{cards::StartMaking, cases::ReloadCase, queues::QueueRows},
    paint::{self, Looks},
    plain, text,
    theme::Theme,
    update,
    words::Words,
};

/// A Sunday morning at the counter: 令和8年11月22日 9:14.
pub const NOW: OffsetDateTime = datetime!(2026-11-22 9:14 +9);

/// The notice of the case that the tests work on.
pub const NOTICE: &str = "MDG1-2026-000352-ABCDEFGHIJKLMNOPQRSTUVWX23";

/// The counter.
pub struct Counter {
    pub state: State,
    pub words: Words,
    pub looks: Looks,
    /// Orders not answered yet, oldest first.
    pub asked: Vec<Effect>,
    /// What was typed, for it stays as it is in any language.
    pub typed: Vec<String>,
    /// Whether every screen is read closely; not while keys are pressed at random.
    pub is_read_closely: bool,
    now: OffsetDateTime,
}

impl Counter {
    /// Before anyone logged in; both readers are empty.
    pub fn opened() -> Self {
        let mut counter = Self {
            state: State::new(setup(), NOW),
            words: Words::new(),
            looks: Looks {
                glyphs: Glyphs::for_terminal(Ambiguous::Narrow),
                theme: Theme::Dark,
            },
            asked: Vec::new(),
            typed: Vec::new(),
            is_read_closely: true,
            now: NOW,
        };
        for reader in [Reader::Staff, Reader::Resident] {
            counter.happens(Event::Reader {
                reader,
                state: ReaderState::Empty,
            });
        }
        counter
    }

    /// 佐藤 恵 is logged in and sees the day's work.
    pub fn with_clerk() -> Self {
        Self::with_clerk_who_may(&Role::ALL)
    }

    /// As [`Self::with_clerk`], with these roles alone.
    pub fn with_clerk_who_may(roles: &[Role]) -> Self {
        let mut counter = Self::opened();
        counter.staff_card(1);
        counter.answer(staff_card(SATO));
        counter.types("tsubaki2026");
        counter.press(Key::Enter);
        counter.answer(session(roles));
        counter.answer_queues();
        counter
    }

    /// The case stands open.
    pub fn with_case(case: CaseView) -> Self {
        let mut counter = Self::with_clerk();
        counter.press(Key::Enter);
        counter.answer(Box::new(case));
        counter
    }

    /// Something happens; what is ordered is kept. Whatever stands on the screen then reads in English as well, and its help
    /// line names what matters.
    pub fn happens(&mut self, event: Event) {
        let effects = update(&mut self.state, event);
        self.asked.extend(effects);
        self.is_read();
    }

    /// A key, pressed while the present frame is on the screen, as slowly as people type.
    pub fn press(&mut self, key: Key) {
        self.now += Span::milliseconds(150);
        let press = KeyPress {
            key,
            at: self.now,
            seen: self.state.step(),
        };
        self.happens(Event::Key(press));
        // The tick that gives back what might have been a scan.
        if self.state.wants_tick_in() < Duration::from_millis(100) {
            self.now += Span::milliseconds(100);
            self.happens(Event::Tick(self.now));
        }
    }

    /// A key that was pressed while an earlier frame was on the screen.
    pub fn press_over(&mut self, seen: crate::key::StepId, key: Key) {
        self.now += Span::milliseconds(150);
        let at = self.now;
        self.happens(Event::Key(KeyPress { key, at, seen }));
    }

    /// Keys in one go, all pressed while one frame was on the screen.
    pub fn press_at_once(&mut self, keys: &[Key]) {
        let seen = self.state.step();
        for key in keys {
            self.now += Span::milliseconds(120);
            let press = KeyPress {
                key: *key,
                at: self.now,
                seen,
            };
            self.happens(Event::Key(press));
        }
    }

    /// Types a text.
    pub fn types(&mut self, text: &str) {
        self.typed.push(text.to_owned());
        let reads = std::mem::replace(&mut self.is_read_closely, false);
        for letter in text.chars() {
            self.press(Key::Char(letter));
        }
        self.is_read_closely = reads;
        self.is_read();
    }

    /// Moves down so often.
    pub fn down(&mut self, times: usize) {
        for _ in 0..times {
            self.press(Key::Down);
        }
    }

    /// A scanner types a payload.
    pub fn scan(&mut self, payload: &str) {
        let seen = self.state.step();
        for letter in payload.chars().map(Key::Char).chain([Key::Enter]) {
            self.now += Span::milliseconds(4);
            let press = KeyPress {
                key: letter,
                at: self.now,
                seen,
            };
            self.happens(Event::Key(press));
        }
    }

    /// Time passes.
    pub fn waits(&mut self, time: Span) {
        self.now += time;
        self.happens(Event::Tick(self.now));
    }

    /// A card is put in the staff reader.
    pub fn staff_card(&mut self, insertion: u64) {
        self.happens(Event::Reader {
            reader: Reader::Staff,
            state: ReaderState::Card(insertion),
        });
    }

    /// The staff card is pulled.
    pub fn staff_card_pulled(&mut self) {
        self.happens(Event::Reader {
            reader: Reader::Staff,
            state: ReaderState::Empty,
        });
    }

    /// A card is put in the resident reader, and looked at.
    pub fn resident_card(&mut self, insertion: u64) {
        self.happens(Event::Reader {
            reader: Reader::Resident,
            state: ReaderState::Card(insertion),
        });
    }

    /// The job of the last order of this type.
    pub fn job<O: Order>(&self) -> JobId {
        let found = self.asked.iter().rev().find(|effect| effect.as_order::<O>().is_some());
        found
            .unwrap_or_else(|| panic!("nothing like it was ordered: {:?}", self.asked))
            .job
    }

    /// Whether an order of this type is given and not answered.
    pub fn is_asked<O: Order>(&self) -> bool {
        self.is_asked_with(|_: &O| true)
    }

    /// Whether an order that fits is given and not answered.
    pub fn is_asked_with<O: Order>(&self, fits: impl Fn(&O) -> bool) -> bool {
        self.asked.iter().any(|effect| effect.as_order().is_some_and(&fits))
    }

    /// Answers the last order that takes such a reply.
    pub fn answer<R: Reply>(&mut self, reply: R) {
        let takes = |effect: &Effect| effect.order.reply() == TypeId::of::<R>();
        let at = self.asked.iter().rposition(takes);
        let at = at.unwrap_or_else(|| panic!("nothing ordered takes {reply:?}: {:?}", self.asked));
        let job = self.asked.remove(at).job;
        self.replies(job, reply);
    }

    /// The answer to a job.
    pub fn replies(&mut self, job: JobId, reply: impl Reply) {
        let reply = Ok(Box::new(reply) as Box<dyn Reply>);
        self.happens(Event::Reply { job, reply });
    }

    /// Refuses the last order.
    pub fn refuse(&mut self, fault: Fault) {
        let job = self.asked.pop().expect("something was ordered").job;
        self.happens(Event::Reply { job, reply: Err(fault) });
    }

    /// Refuses to say where the open case stands.
    pub fn refuse_load_case(&mut self, fault: Fault) {
        let is_reload = |effect: &Effect| effect.as_order::<ReloadCase>().is_some();
        let at = self.asked.iter().rposition(is_reload);
        let job = self.asked.remove(at.expect("the case was asked for")).job;
        self.happens(Event::Reply { job, reply: Err(fault) });
    }

    /// Answers 本日の業務.
    pub fn answer_queues(&mut self) {
        self.answer(Counts {
            waiting: [2, 8, 4, 35, 3, 5],
            handed_over_today: 37,
            applied_today: 12,
            made_today: 9,
            mean_making: Some(Duration::from_secs(81)),
        });
        self.answer(QueueRows(Queue::ToVerify, queue()));
    }

    /// The making goes through every step.
    pub fn making_runs(&mut self, until: usize) {
        let job = self.job::<StartMaking>();
        let mut tell = |progress| {
            let effects = update(&mut self.state, Event::Making { job, progress });
            self.asked.extend(effects);
        };
        tell(MakingProgress::Bound {
            chip: "8B42 19F0 0C77 A1D3 5E20".into(),
        });
        for step in Step::ALL.into_iter().take(until) {
            tell(MakingProgress::Started {
                step,
                safe_to_stop: true,
            });
            tell(MakingProgress::Finished {
                step,
                took: Duration::from_millis(40 + 300 * step as u64),
            });
        }
        if let Some(step) = Step::ALL.get(until) {
            tell(MakingProgress::Started {
                step: *step,
                safe_to_stop: *step != Step::Write,
            });
            tell(MakingProgress::Fraction {
                step: *step,
                done: 11,
                total: 20,
            });
        }
    }

    /// The screen as text, each line as wide as the terminal.
    pub fn screen(&self, width: u16, height: u16) -> String {
        self.painted(width, height).0
    }

    /// The screen and the cursor.
    pub fn painted(&self, width: u16, height: u16) -> (String, Option<Position>) {
        let mut terminal = Terminal::new(TestBackend::new(width, height)).expect("a test terminal");
        let mut cursor = None;
        terminal
            .draw(|frame| paint::draw(&self.state, &self.words, &self.looks, frame))
            .expect("drawing never fails");
        let backend = terminal.backend();
        if backend.cursor_visible() {
            cursor = Some(backend.cursor_position());
        }
        let buffer = backend.buffer();
        let mut said = String::new();
        for y in 0..height {
            let mut row = String::new();
            let mut x = 0;
            while x < width {
                let symbol = buffer[(x, y)].symbol();
                row.push_str(symbol);
                x += text::grapheme_width(symbol, self.looks.glyphs.ambiguous).max(1) as u16;
            }
            said.push_str(row.trim_end());
            said.push('\n');
        }
        (said, cursor)
    }

    /// What `--plain` says.
    pub fn plain(&self) -> String {
        plain::lines(&self.state, &self.words, &self.looks.glyphs).join("\n")
    }
}

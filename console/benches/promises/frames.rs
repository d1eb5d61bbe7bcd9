//! From key to frame on every screen: one visit from the first password to the card in its owner's hand, each key
//! carried through the state and painted into a pseudo-terminal that somebody reads, at the smallest and at a large size.

use std::{
    collections::BTreeMap,
    fs::File,
    io::{BufWriter, Read, Write},
    thread,
    time::{Duration, Instant},
};

use anyhow::Context;
use crossterm::{
    queue,
    terminal::{BeginSynchronizedUpdate, EndSynchronizedUpdate},
};
use issuance::case::CaseState;
use portable_pty::{MasterPty, native_pty_system};
use ratatui::{Terminal, TerminalOptions, Viewport, backend::CrosstermBackend, layout::Rect};
use relay_core::audit::Outcome;

use crate::{
    counter::*,
    facts::*,
    key::Key::{self, BackTab, Char, Ctrl, Down, Enter, Esc, F, Left, PageDown, PageUp, Right, Up},
    orders::{
        cards::CardFiles,
        cases::Journal,
        handover::Agreements,
        papers::PrintEnd,
        queues::{QueueRows, Submitted},
    },
    paint,
    table::{Table, milliseconds, percentile},
    terminal::size,
};

const PROMISED: Duration = Duration::from_millis(16);
const SIZES: [(u16, u16); 2] = [(80, 24), (200, 60)];
/// Visits at each size.
const VISITS: usize = 60;
/// Rows where lists are long: more than any screen shows.
const ROWS: usize = 200;
/// As the console's own buffer: one write a frame.
const FRAME_BYTES: usize = 32 * 1024;

/// Times of keys by the screen they were pressed on.
type Times = BTreeMap<&'static str, Vec<Duration>>;

/// Goes through the visits and puts the slowest screen of each size into the table.
///
/// # Errors
/// When there is no pseudo-terminal.
pub fn measure(table: &mut Table) -> anyhow::Result<()> {
    for (columns, lines) in SIZES {
        let mut times = Times::new();
        for _ in 0..VISITS {
            Seat::take(columns, lines, &mut times)?.visit();
        }
        let keys: usize = times.values().map(Vec::len).sum();
        let mut slowest = ("", Duration::ZERO);
        for (screen, times) in &mut times {
            let p99 = percentile(times, 99);
            eprintln!(
                "    {columns}×{lines} {screen:<12} p50 {:>6.2} ms, p99 {:>6.2} ms of {:>5} keys",
                milliseconds(percentile(times, 50)),
                milliseconds(p99),
                times.len()
            );
            slowest = std::cmp::max_by_key(slowest, (*screen, p99), |(_, p99)| *p99);
        }
        let beside = format!("{keys} keys on {} screens; the slowest is {}", times.len(), slowest.0);
        table.time(
            &format!("key to frame, p99, every screen, {columns}×{lines}"),
            slowest.1,
            PROMISED,
            beside,
        );
    }
    Ok(())
}

/// A terminal that takes what is painted; another hand reads it, as a terminal's program does.
struct Glass {
    terminal: Terminal<CrosstermBackend<BufWriter<File>>>,
    _master: Box<dyn MasterPty + Send>,
}

impl Glass {
    fn open(columns: u16, lines: u16) -> anyhow::Result<Self> {
        let pty = native_pty_system().openpty(size(columns, lines))?;
        let name = pty.master.tty_name().context("the pseudo-terminal has a name")?;
        let slave = File::options().read(true).write(true).open(name)?;
        let mut output = pty.master.try_clone_reader()?;
        thread::spawn(move || {
            let mut buffer = [0; 65_536];
            while output.read(&mut buffer).is_ok_and(|count| count > 0) {}
        });
        let out = BufWriter::with_capacity(FRAME_BYTES, slave);
        // A fixed size: asked for it, crossterm would tell that of the terminal this program itself runs on.
        let viewport = Viewport::Fixed(Rect::new(0, 0, columns, lines));
        let terminal = Terminal::with_options(CrosstermBackend::new(out), TerminalOptions { viewport })?;
        Ok(Self {
            terminal,
            _master: pty.master,
        })
    }

    /// A frame, as the desk's own terminal sends it.
    fn show(&mut self, counter: &Counter) -> std::io::Result<()> {
        queue!(self.terminal.backend_mut(), BeginSynchronizedUpdate)?;
        self.terminal
            .draw(|frame| paint::draw(&counter.state, &counter.words, &counter.looks, frame))?;
        queue!(self.terminal.backend_mut(), EndSynchronizedUpdate)?;
        Write::flush(self.terminal.backend_mut())
    }
}

/// A clerk's seat: the counter, the terminal before it, and a stopwatch.
struct Seat<'t> {
    counter: Counter,
    glass: Glass,
    screen: &'static str,
    times: &'t mut Times,
}

impl<'t> Seat<'t> {
    fn take(columns: u16, lines: u16, times: &'t mut Times) -> anyhow::Result<Self> {
        let mut seat = Self {
            counter: Counter::opened(),
            glass: Glass::open(columns, lines)?,
            screen: "login",
            times,
        };
        seat.shows();
        Ok(seat)
    }

    /// The whole visit, and the screens beside its way.
    fn visit(&mut self) {
        self.login();
        self.today();
        self.search();
        self.application();
        self.verification();
        self.making();
        self.pin();
        self.papers_and_shelf();
        self.handover();
        self.beside_the_way();
    }

    /// A key and its frame, timed.
    fn press(&mut self, key: Key) {
        let begun = Instant::now();
        self.counter.press(key);
        self.shows();
        self.times.entry(self.screen).or_default().push(begun.elapsed());
    }

    fn presses(&mut self, keys: &[Key]) {
        keys.iter().for_each(|key| self.press(*key));
    }

    fn types(&mut self, text: &str) {
        text.chars().for_each(|letter| self.press(Char(letter)));
    }

    /// What the desk answers, painted as it would be but not timed: it is no key.
    fn answer(&mut self, reply: impl crate::order::Reply) {
        self.counter.answer(reply);
        self.shows();
    }

    fn shows(&mut self) {
        self.glass
            .show(&self.counter)
            .expect("the other end of the pseudo-terminal is held by this value");
    }

    /// Begins anew with the case open in this state.
    fn opens(&mut self, state: CaseState) {
        self.counter = Counter::with_case(case(state));
        self.screen = "case";
        self.shows();
    }

    fn login(&mut self) {
        self.counter.staff_card(1);
        self.answer(staff_card(SATO));
        self.types("tsubaki2026");
        self.press(Enter);
        self.answer(session(&issuance::staff::Role::ALL));
        self.counter.answer_queues();
        self.shows();
    }

    fn today(&mut self) {
        self.screen = "today";
        self.press(Char('2'));
        let rows: Vec<CaseRow> = queue().into_iter().cycle().take(ROWS).collect();
        self.answer(QueueRows(Queue::ToMake, rows));
        for _ in 0..12 {
            self.press(Down);
        }
        self.presses(&[PageDown, PageDown, PageUp, Up, F(10), F(10)]);
    }

    fn search(&mut self) {
        self.screen = "search";
        self.press(Char('/'));
        let mut typed = String::new();
        for letter in "やまぐち さくら 昭和45".chars() {
            self.press(Char(letter));
            typed.push(letter);
            let mut hits = found(&typed);
            hits.rows = hits.rows.iter().cycle().take(ROWS).cloned().collect();
            hits.total = 4_321;
            self.answer(hits);
        }
        for _ in 0..12 {
            self.press(Down);
        }
        self.presses(&[PageDown, PageDown, PageDown, PageUp, Up, Key::Backspace]);
        let hits = found(typed.trim_end_matches('5'));
        self.answer(hits);
        self.press(Enter);
        self.answer(resident());
        self.screen = "resident";
        self.presses(&[Down, Down, Up]);
    }

    fn application(&mut self) {
        self.press(Enter);
        self.screen = "application";
        self.presses(&[F(2), Enter]);
        for _ in 0..6 {
            self.presses(&[Char(' '), Enter]);
        }
        self.presses(&[Right, Right, Up, Down, F(2), Enter]);
        self.answer(Submitted::Case(Box::new(case(CaseState::Applied))));
    }

    fn verification(&mut self) {
        self.screen = "case";
        self.presses(&[Down, Up, Enter]);
        self.screen = "verification";
        self.press(Enter);
        // Down to the licence and through its form.
        let licence = issuance::identity::DOCUMENTS
            .iter()
            .position(|rule| rule.document == issuance::identity::Document::DrivingLicence);
        for _ in 0..licence.unwrap_or_default() {
            self.press(Down);
        }
        self.press(Enter);
        self.types("309012345620");
        self.press(Down);
        self.types("R9.3.1");
        self.presses(&[Down, Down, Char(' ')]);
        for _ in 0..3 {
            self.presses(&[Down, Char(' ')]);
        }
        self.presses(&[Down, Enter, Enter, Enter]);
        self.answer(Box::new(case(CaseState::Verified)));
    }

    fn making(&mut self) {
        self.press(Enter);
        self.screen = "making";
        self.counter.resident_card(1);
        self.answer(chip(ChipKnown::Blank, Tries::NotSet));
        self.press(Enter);
        for steps in [3, 6, 8] {
            self.counter.making_runs(steps);
            self.shows();
            self.presses(&[Down, Esc]);
        }
        self.counter.making_runs(10);
        self.answer(MakingEnd::Made(Box::new(case(made()))));
        self.press(Enter);
    }

    fn pin(&mut self) {
        self.opens(made());
        self.counter.resident_card(1);
        self.press(Enter);
        self.answer(chip(ChipKnown::ThisCase, Tries::NotSet));
        self.screen = "pin";
        self.press(Enter);
        for _ in 0..2 {
            self.types("4962");
            self.press(Enter);
        }
        let mut now = case(made());
        if let Some(card) = &mut now.card {
            card.pin_set = true;
        }
        self.answer(Box::new(now));
        self.press(Enter);
    }

    fn papers_and_shelf(&mut self) {
        let mut now = case(made());
        if let Some(card) = &mut now.card {
            card.pin_set = true;
        }
        self.counter = Counter::with_case(now.clone());
        self.screen = "papers";
        self.shows();
        self.presses(&[Enter, Enter]);
        now.notice_printed = Some(NOW);
        let printed = Printed {
            paper: Paper::Notice,
            file: "2026-000352-notice.pdf".into(),
            pages: 1,
            again: false,
        };
        self.answer(PrintEnd::Printed(printed, Box::new(now)));
        self.press(Esc);
        self.screen = "shelf";
        self.press(Enter);
        self.types("ａ－12");
        self.press(Enter);
        self.answer(Box::new(case(shelved())));
    }

    fn handover(&mut self) {
        self.opens(shelved());
        self.counter.resident_card(1);
        self.press(Enter);
        self.screen = "handover";
        self.counter.scan(NOTICE);
        self.shows();
        self.types("A-12");
        self.press(Enter);
        self.answer(Agreements(agreements()));
        self.screen = "sights";
        self.presses(&[Char(' '), Down, Char(' '), Down, Char(' '), Enter]);
        self.answer(());
        self.screen = "second clerk";
        self.counter.staff_card_pulled();
        self.counter.staff_card(2);
        self.answer(staff_card(NAKAMURA));
        self.types("kaede2026");
        self.press(Enter);
        self.answer(shown(NAKAMURA));
        self.counter.staff_card_pulled();
        self.counter.staff_card(3);
        self.answer(staff_card(SATO));
        self.screen = "sights";
        self.presses(&[Char(' '), Down, Char(' '), Down, Char(' '), Enter]);
        self.answer(());
        self.answer(Box::new(case(CaseState::HandedOver { card: card_id() })));
        self.press(Enter);
    }

    fn beside_the_way(&mut self) {
        self.opens(shelved());
        self.screen = "journal";
        self.press(Char('j'));
        self.answer(Journal(journal()));
        self.presses(&[Down, Down, PageDown, PageDown, PageUp, Esc]);

        self.screen = "card show";
        self.counter.resident_card(1);
        self.press(Char('c'));
        self.answer(CardFiles(files()));
        self.presses(&[Down, Down, PageDown, PageDown, PageUp, Esc]);

        self.screen = "question";
        self.presses(&[Ctrl('q'), Esc]);
        self.screen = "reason";
        self.press(Char('x'));
        self.types("申請者の都合による取消し");
        self.press(Esc);
        self.screen = "help";
        self.presses(&[F(1), Down, PageDown, PageUp, Esc]);
        self.screen = "tray";
        self.press(F(12));
        self.answer(tray());
        self.presses(&[Down, Down, PageDown, Up, BackTab, Left, Esc]);

        self.screen = "lock";
        self.counter.staff_card_pulled();
        self.shows();
        self.counter.staff_card(4);
        self.answer(staff_card(SATO));
        self.types("tsubaki2026");
        self.press(Enter);
    }
}

fn chip(known: ChipKnown, pin: Tries) -> ChipView {
    ChipView {
        serial: CHIP.into(),
        known,
        pin,
    }
}

const CHIP: &str = "8B42 19F0 0C77 A1D3 5E20";

fn agreements() -> Vec<Agreement> {
    [
        (Compared::Notice, "2026-000352"),
        (Compared::Shelf, "A-12"),
        (Compared::Chip, CHIP),
        (Compared::Pin, "設定済み"),
    ]
    .map(|(what, value)| Agreement {
        what,
        expected: value.into(),
        found: value.into(),
        agrees: true,
    })
    .into()
}

fn journal() -> Vec<JournalLine> {
    (0..ROWS)
        .map(|number| JournalLine {
            at: NOW - time::Duration::minutes(number as i64),
            who: "佐藤 恵".into(),
            desk: Some("窓口3".into()),
            act: ["case.applied", "case.verified", "card.bound", "card.step_done"][number % 4].into(),
            outcome: Outcome::Done,
            facts: vec![("step".into(), "write".into())],
            words: None,
        })
        .collect()
}

/// As many bytes as a finished card holds.
fn files() -> Vec<CardFileView> {
    (0..10)
        .map(|number| CardFileView {
            path: format!("3F00/5015/44{number:02}"),
            name: format!("EF {number}"),
            bytes: (0..1_200_u32).map(|byte| byte as u8).collect(),
            needs_pin: false,
        })
        .collect()
}

fn tray() -> Tray {
    Tray {
        slots: [Reader::Staff, Reader::Resident]
            .into_iter()
            .zip(0..)
            .map(|(reader, number)| TraySlot {
                number,
                reader,
                card: None,
            })
            .collect(),
        cards: (0..20)
            .map(|number| TrayCard {
                name: format!("blank-{number:02}"),
                about: TrayCardIs::Blank,
                password: None,
                chip: format!("{number:020x}"),
            })
            .collect(),
    }
}

//! A clerk's terminal: the real console in a pseudo-terminal, its screen read by a terminal emulator of another's
//! make, its keys typed as a terminal sends them. Waiting is for what stands on the screen, never for time.

use std::{
    io::{Read, Write},
    path::Path,
    sync::{
        Arc, Condvar, Mutex, MutexGuard,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};

/// Longest wait for anything on the screen. A key generation on a loaded machine is the slowest thing there is.
const PATIENCE: Duration = Duration::from_secs(40);

const MADOGUCHI: &str = env!("CARGO_BIN_EXE_madoguchi");

/// How a terminal is set up.
#[derive(Debug, Clone, Copy)]
pub struct Terminal {
    pub columns: u16,
    pub lines: u16,
    /// Draws characters of ambiguous width two cells wide, as many Japanese terminals do.
    pub wide: bool,
    /// Answers when asked for the cursor's place; some odd ones never do.
    pub answers: bool,
}

impl Terminal {
    pub const SMALL: Self = Self {
        columns: 80,
        lines: 24,
        wide: false,
        answers: true,
    };
    pub const LARGE: Self = Self {
        columns: 120,
        lines: 40,
        ..Self::SMALL
    };
}

/// Keys that are not characters.
#[derive(Debug, Clone, Copy)]
pub enum Key {
    Enter,
    Esc,
    Down,
    Up,
    F(u8),
}

impl Key {
    /// What xterm sends.
    fn bytes(self) -> Vec<u8> {
        match self {
            Self::Enter => b"\r".to_vec(),
            Self::Esc => b"\x1b".to_vec(),
            Self::Down => b"\x1b[B".to_vec(),
            Self::Up => b"\x1b[A".to_vec(),
            Self::F(number @ 1..=4) => vec![0x1b, b'O', b'P' + number - 1],
            Self::F(number) => {
                let code = match number {
                    5 => 15,
                    6..=10 => number + 11,
                    _ => number + 12,
                };
                format!("\x1b[{code}~").into_bytes()
            }
        }
    }
}

/// What a program says to its terminal beside what is to be drawn.
#[derive(Default)]
struct Questions {
    /// How often the cursor's place was asked for.
    cursor: usize,
    /// Between the two marks of a synchronised update (private mode 2026): a terminal shows nothing of it before its
    /// end, so no story may look at half a screen either.
    drawing: bool,
}

impl vt100::Callbacks for Questions {
    fn unhandled_csi(
        &mut self,
        _: &mut vt100::Screen,
        mark: Option<u8>,
        _: Option<u8>,
        params: &[&[u16]],
        letter: char,
    ) {
        let first = params.first().and_then(|first| first.first());
        match (mark, first, letter) {
            (Some(b'?'), Some(2026), 'h') => self.drawing = true,
            (Some(b'?'), Some(2026), 'l') => self.drawing = false,
            (None, Some(6), 'n') => self.cursor += 1,
            _ => {}
        }
    }
}

struct Shown {
    parser: vt100::Parser<Questions>,
    /// Everything the console ever sent, for looking for what must never be there.
    raw: Vec<u8>,
    ended: bool,
}

/// A console at work.
pub struct Console {
    shown: Arc<(Mutex<Shown>, Condvar)>,
    keys: Arc<Mutex<Box<dyn Write + Send>>>,
    master: Box<dyn MasterPty + Send>,
    child: Box<dyn Child + Send + Sync>,
    /// The screens seen in English, while that is asked for.
    english: Mutex<Option<Vec<String>>>,
    /// Keys that hands pressed.
    pressed: AtomicUsize,
}

impl Console {
    /// Opens `madoguchi` of the set-up at `home` in a terminal.
    pub fn open(home: &Path, terminal: Terminal, arguments: &[&str]) -> Self {
        Self::open_by(CommandBuilder::new(MADOGUCHI), home, terminal, arguments)
    }

    /// The same, its clock `off` from everybody else's (`+3h`, `-2d`).
    pub fn open_at_another_time(home: &Path, terminal: Terminal, off: &str) -> Self {
        let mut command = CommandBuilder::new("faketime");
        // What waits must not wait longer for it: the time since the machine was started is left as it is.
        command.args(["-m", "--exclude-monotonic", "-f", off, MADOGUCHI]);
        Self::open_by(command, home, terminal, &[])
    }

    fn open_by(mut command: CommandBuilder, home: &Path, terminal: Terminal, arguments: &[&str]) -> Self {
        let pty = native_pty_system()
            .openpty(PtySize {
                rows: terminal.lines,
                cols: terminal.columns,
                pixel_width: 0,
                pixel_height: 0,
            })
            .unwrap();
        if !arguments.contains(&"--lang") {
            command.args(["--lang", "ja"]);
        }
        command.args(arguments);
        command.env("MADOGUCHI_HOME", home);
        command.env("TERM", "xterm-256color");
        command.env("LANG", "C.UTF-8");
        command.env_remove("NO_COLOR");
        command.cwd(home.parent().unwrap());
        let child = pty.slave.spawn_command(command).unwrap();
        drop(pty.slave);
        let shown = Arc::new((
            Mutex::new(Shown {
                parser: vt100::Parser::new_with_callbacks(terminal.lines, terminal.columns, 0, Questions::default()),
                raw: Vec::new(),
                ended: false,
            }),
            Condvar::new(),
        ));
        let keys = Arc::new(Mutex::new(pty.master.take_writer().unwrap()));
        let reader = pty.master.try_clone_reader().unwrap();
        let (seen, answers) = (Arc::clone(&shown), Arc::clone(&keys));
        thread::spawn(move || watch(reader, &seen, &answers, terminal));
        Self {
            shown,
            keys,
            master: pty.master,
            child,
            english: Mutex::new(None),
            pressed: AtomicUsize::new(0),
        }
    }

    /// From now on every screen that is left by Enter or Esc is looked at in English first, by the
    /// key that switches.
    pub fn reads_english_too(&self) {
        *self.english.lock().unwrap() = Some(Vec::new());
    }

    /// The screens seen in English; no more are looked at.
    pub fn seen_in_english(&self) -> Vec<String> {
        self.english.lock().unwrap().take().unwrap_or_default()
    }

    /// Looks at the screen as it stands in English.
    fn glances_at_english(&self) {
        let Some(seen) = &mut *self.english.lock().unwrap() else {
            return;
        };
        // The resident's own screens are not switched by a clerk's key.
        if !has(&self.screen(), "F1 操作") {
            return;
        }
        self.send(&Key::F(10).bytes());
        seen.push(self.until("the screen in English", |screen| has(screen, "F1 keys")));
        self.send(&Key::F(10).bytes());
        self.until("the screen in Japanese", |screen| has(screen, "F1 操作"));
    }

    /// Clicks on the first cell of `text`, as a terminal tells it (xterm, SGR 1006).
    pub fn click(&self, text: &str) -> &Self {
        let screen = self.until(text, |screen| has(screen, text));
        let (line, row) = screen.lines().enumerate().find(|(_, row)| row.contains(text)).unwrap();
        let before = row.split(text).next().unwrap();
        let (column, line) = (unicode_width::UnicodeWidthStr::width(before) + 1, line + 1);
        self.send(format!("\x1b[<0;{column};{line}M\x1b[<0;{column};{line}m").as_bytes())
    }

    /// Types text, all at once as a fast clerk does.
    pub fn text(&self, text: &str) -> &Self {
        self.pressed.fetch_add(text.chars().count(), Ordering::Relaxed);
        self.send(text.as_bytes())
    }

    /// A scanner types a code, and Enter behind it: no hand presses a key.
    pub fn scans(&self, code: &str) -> &Self {
        self.send(format!("{code}\r").as_bytes())
    }

    /// How many keys were pressed so far.
    pub fn keys_pressed(&self) -> usize {
        self.pressed.load(Ordering::Relaxed)
    }

    /// Presses a key.
    pub fn key(&self, key: Key) -> &Self {
        if matches!(key, Key::Enter | Key::Esc) {
            self.glances_at_english();
        }
        self.pressed.fetch_add(1, Ordering::Relaxed);
        self.send(&key.bytes())
    }

    /// Pastes text (bracketed paste).
    pub fn paste(&self, text: &str) -> &Self {
        self.send(format!("\x1b[200~{text}\x1b[201~").as_bytes())
    }

    fn send(&self, bytes: &[u8]) -> &Self {
        let mut keys = self.keys.lock().unwrap();
        keys.write_all(bytes).unwrap();
        keys.flush().unwrap();
        self
    }

    /// Waits until all of `texts` stand on the screen.
    #[track_caller]
    pub fn sees_all(&self, texts: &[&str]) -> &Self {
        self.until(&format!("{texts:?}"), |screen| {
            texts.iter().all(|text| has(screen, text))
        });
        self
    }

    /// Waits until `text` stands on the screen.
    #[track_caller]
    pub fn sees(&self, text: &str) -> &Self {
        self.sees_all(&[text])
    }

    /// Waits until one of `texts` stands on the screen, and says which (by its place).
    #[track_caller]
    pub fn sees_one(&self, texts: &[&str]) -> usize {
        let screen = self.until(&format!("one of {texts:?}"), |screen| {
            texts.iter().any(|text| has(screen, text))
        });
        texts.iter().position(|text| has(&screen, text)).unwrap()
    }

    /// Waits until `text` is gone from the screen.
    #[track_caller]
    pub fn no_more(&self, text: &str) -> &Self {
        self.until(&format!("no more {text:?}"), |screen| !has(screen, text));
        self
    }

    /// The screen now.
    pub fn screen(&self) -> String {
        self.drawn().parser.screen().contents()
    }

    /// What is shown, when no screen is half drawn.
    fn drawn(&self) -> MutexGuard<'_, Shown> {
        let (lock, bell) = &*self.shown;
        let half = |shown: &mut Shown| shown.parser.callbacks().drawing && !shown.ended;
        bell.wait_timeout_while(lock.lock().unwrap(), PATIENCE, half).unwrap().0
    }

    /// The real cursor: line and column from zero, and whether it is shown.
    pub fn cursor(&self) -> (u16, u16, bool) {
        let shown = self.drawn();
        let (line, column) = shown.parser.screen().cursor_position();
        (line, column, !shown.parser.screen().hide_cursor())
    }

    /// Makes the terminal another size.
    pub fn resize(&self, columns: u16, lines: u16) -> &Self {
        self.shown
            .0
            .lock()
            .unwrap()
            .parser
            .screen_mut()
            .set_size(lines, columns);
        self.master
            .resize(PtySize {
                rows: lines,
                cols: columns,
                pixel_width: 0,
                pixel_height: 0,
            })
            .unwrap();
        self
    }

    /// The console's process.
    pub fn process(&self) -> rustix::process::Pid {
        rustix::process::Pid::from_raw(self.child.process_id().unwrap() as i32).unwrap()
    }

    /// Sends a signal; KILL is the power cut.
    pub fn signal(&self, signal: rustix::process::Signal) -> &Self {
        rustix::process::kill_process(self.process(), signal).unwrap();
        self
    }

    /// The power goes: kill -9, and nothing is left of the process.
    pub fn power_cut(mut self) {
        self.signal(rustix::process::Signal::KILL);
        self.child.wait().unwrap();
    }

    /// Waits for the end; the exit code, and all that was ever sent to the terminal.
    #[track_caller]
    pub fn ends(mut self) -> (u32, Vec<u8>) {
        let began = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                let (lock, bell) = &*self.shown;
                let mut shown = lock.lock().unwrap();
                while !shown.ended && began.elapsed() < PATIENCE {
                    shown = bell.wait_timeout(shown, Duration::from_millis(50)).unwrap().0;
                }
                return (status.exit_code(), std::mem::take(&mut shown.raw));
            }
            assert!(
                began.elapsed() < PATIENCE,
                "the console does not end; it shows\n{}",
                self.screen()
            );
            thread::yield_now();
            let (lock, bell) = &*self.shown;
            let _ = bell.wait_timeout(lock.lock().unwrap(), Duration::from_millis(20));
        }
    }

    /// Resident memory in bytes, as the kernel counts it.
    pub fn memory(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.process_id().unwrap())).unwrap();
        let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
        line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() * 1024
    }

    #[track_caller]
    pub fn until(&self, what: &str, holds: impl Fn(&str) -> bool) -> String {
        let bell = &self.shown.1;
        let began = Instant::now();
        loop {
            let shown = self.drawn();
            let screen = shown.parser.screen().contents();
            if holds(&screen) {
                return screen;
            }
            assert!(
                !shown.ended,
                "the console ended while {what} was waited for; last it showed\n{screen}"
            );
            assert!(
                began.elapsed() < PATIENCE,
                "{what} does not come; the screen shows\n{screen}"
            );
            drop(bell.wait_timeout(shown, Duration::from_millis(200)).unwrap());
        }
    }
}

impl Drop for Console {
    fn drop(&mut self) {
        // A story that failed must not leave its console behind, holding readers and leases.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn has(screen: &str, text: &str) -> bool {
    screen.contains(text)
}

fn watch(
    mut reader: Box<dyn Read + Send>,
    shown: &(Mutex<Shown>, Condvar),
    answers: &Mutex<Box<dyn Write + Send>>,
    terminal: Terminal,
) {
    let mut buffer = [0; 8192];
    loop {
        let count = reader.read(&mut buffer).unwrap_or(0);
        // A story that failed poisons the lock; what the console still sends is read all the same.
        let mut screen = shown.0.lock().unwrap_or_else(|failed| failed.into_inner());
        if count == 0 {
            screen.ended = true;
            shown.1.notify_all();
            return;
        }
        screen.raw.extend(&buffer[..count]);
        screen.parser.process(&buffer[..count]);
        let asked = std::mem::take(&mut screen.parser.callbacks_mut().cursor);
        let (line, column) = screen.parser.screen().cursor_position();
        shown.1.notify_all();
        drop(screen);
        for _ in 0..asked {
            if terminal.answers {
                // This emulator draws ambiguous characters in one cell; a wide terminal's cursor stands further.
                let column = if terminal.wide { column * 2 } else { column };
                let answer = format!("\x1b[{};{}R", line + 1, column + 1);
                let mut keys = answers.lock().unwrap();
                let _ = keys.write_all(answer.as_bytes()).and_then(|()| keys.flush());
            }
        }
    }
}

#[test]
fn a_screen_is_half_drawn_between_the_marks_of_its_update() {
    let mut parser = vt100::Parser::new_with_callbacks(2, 20, 0, Questions::default());
    let mut half = |bytes: &[u8]| {
        parser.process(bytes);
        parser.callbacks().drawing
    };
    assert!(!half(b"before"));
    assert!(half(b"\x1b[?2026hfirst half"));
    assert!(half(b"second"));
    assert!(!half(b"\x1b[?2026l"));
}

//! The real console in a pseudo-terminal, and the moment of each frame it paints.

use std::{
    fs,
    io::{Read, Write},
    path::Path,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, bail};
use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};

use crate::office_home::{MADOGUCHI, OfficeHome};

/// What ends every frame (synchronized output, DEC private mode 2026): the terminal shows it from here on.
const FRAME_ENDS: &[u8] = b"\x1b[?2026l";
/// The console asks once where the cursor stands, to learn how wide ambiguous characters are.
const WHERE: &[u8] = b"\x1b[6n";
/// First line, fourth column: the three samples took a cell each.
const THERE: &[u8] = b"\x1b[1;4R";
/// Longest wait for anything on the screen.
const PATIENCE: Duration = Duration::from_secs(60);
/// No frame for so long after the expected ones: what the key began is over.
const SILENCE: Duration = Duration::from_millis(25);

/// A console at work.
pub struct Console {
    shown: Arc<(Mutex<Shown>, Condvar)>,
    keys: Arc<Mutex<Box<dyn Write + Send>>>,
    child: Box<dyn Child + Send + Sync>,
    _master: Box<dyn MasterPty + Send>,
}

struct Shown {
    screen: vt100::Parser,
    frames: Vec<Instant>,
    ended: bool,
}

/// What followed a key.
pub struct Followed {
    /// Time until the first frame.
    pub first: Duration,
    /// Time until the last frame that belonged to it.
    pub last: Duration,
}

impl Console {
    /// Opens the console of `home` in a terminal of `columns` by `lines`.
    ///
    /// # Errors
    /// When no pseudo-terminal can be had or the program does not start.
    pub fn open(home: &OfficeHome, columns: u16, lines: u16) -> anyhow::Result<Self> {
        let pty = native_pty_system().openpty(size(columns, lines))?;
        let mut command = CommandBuilder::new(MADOGUCHI);
        command.args(["--lang", "ja"]);
        command.env("MADOGUCHI_HOME", home.path());
        command.env("TERM", "xterm-256color");
        command.env("LANG", "C.UTF-8");
        command.env_remove("NO_COLOR");
        command.env_remove("MADOGUCHI_LOG");
        command.cwd(home.path().parent().unwrap_or(Path::new("/")));
        let child = pty.slave.spawn_command(command)?;
        drop(pty.slave);
        let shown = Arc::new((
            Mutex::new(Shown {
                screen: vt100::Parser::new(lines, columns, 0),
                frames: Vec::new(),
                ended: false,
            }),
            Condvar::new(),
        ));
        let keys = Arc::new(Mutex::new(pty.master.take_writer()?));
        let output = pty.master.try_clone_reader()?;
        let (seen, answers) = (Arc::clone(&shown), Arc::clone(&keys));
        thread::spawn(move || watch(output, &seen, &answers));
        Ok(Self {
            shown,
            keys,
            child,
            _master: pty.master,
        })
    }

    /// Types, and waits for `frames` frames and then for silence. Frames that come by themselves (the clock, a change
    /// elsewhere) count as the key's when they fall into that time, so the last is rather told too late than too early.
    ///
    /// # Errors
    /// When the frames do not come.
    pub fn types(&self, keys: &str, frames: usize) -> anyhow::Result<Followed> {
        let before = self.lock().frames.len();
        let pressed = Instant::now();
        self.send(keys)?;
        let shown = self.wait(keys, |shown| shown.frames.len() >= before + frames)?;
        let first = shown.frames[before].duration_since(pressed);
        let mut shown = shown;
        loop {
            let count = shown.frames.len();
            let (again, waited) = self
                .shown
                .1
                .wait_timeout(shown, SILENCE)
                .unwrap_or_else(PoisonError::into_inner);
            shown = again;
            if waited.timed_out() && shown.frames.len() == count {
                let last = shown.frames[count - 1].duration_since(pressed);
                return Ok(Followed { first, last });
            }
        }
    }

    /// Types without waiting.
    ///
    /// # Errors
    /// When the terminal is gone.
    pub fn send(&self, keys: &str) -> anyhow::Result<()> {
        let mut writer = self.keys.lock().unwrap_or_else(PoisonError::into_inner);
        writer.write_all(keys.as_bytes())?;
        Ok(writer.flush()?)
    }

    /// Waits until `text` stands on the screen.
    ///
    /// # Errors
    /// When it does not come, with what stands there instead.
    pub fn sees(&self, text: &str) -> anyhow::Result<()> {
        self.wait(text, |shown| shown.screen.screen().contents().contains(text))
            .map(drop)
    }

    /// A line of the kernel's account of the process (proc_pid_status(5)) in bytes: `VmRSS`, `VmHWM`, `RssFile`.
    ///
    /// # Errors
    /// When the process is gone.
    pub fn memory(&self, line: &str) -> anyhow::Result<u64> {
        let process = self.child.process_id().context("the console runs")?;
        let status = fs::read_to_string(format!("/proc/{process}/status"))?;
        let kibibytes = status
            .lines()
            .filter_map(|told| told.strip_prefix(line)?.strip_prefix(':')?.split_whitespace().next())
            .find_map(|number| number.parse::<u64>().ok());
        Ok(kibibytes.with_context(|| format!("no {line} in the kernel's account"))? * 1024)
    }

    fn wait(&self, what: &str, holds: impl Fn(&Shown) -> bool) -> anyhow::Result<MutexGuard<'_, Shown>> {
        let begun = Instant::now();
        let mut shown = self.lock();
        while !holds(&shown) {
            if shown.ended || begun.elapsed() > PATIENCE {
                bail!(
                    "{what:?} brings nothing; the screen shows\n{}",
                    shown.screen.screen().contents()
                );
            }
            shown = self
                .shown
                .1
                .wait_timeout(shown, Duration::from_millis(200))
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
        Ok(shown)
    }

    fn lock(&self) -> MutexGuard<'_, Shown> {
        self.shown.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Console {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A pseudo-terminal's size in cells.
pub const fn size(columns: u16, lines: u16) -> PtySize {
    PtySize {
        rows: lines,
        cols: columns,
        pixel_width: 0,
        pixel_height: 0,
    }
}

fn watch(mut output: Box<dyn Read + Send>, shown: &(Mutex<Shown>, Condvar), answers: &Mutex<Box<dyn Write + Send>>) {
    let mut buffer = [0; 65_536];
    // The end of what came last: a mark may come in two pieces.
    let mut carried = Vec::new();
    loop {
        let count = output.read(&mut buffer).unwrap_or(0);
        let now = Instant::now();
        let mut seen = shown.0.lock().unwrap_or_else(PoisonError::into_inner);
        if count == 0 {
            seen.ended = true;
            shown.1.notify_all();
            return;
        }
        let new = &buffer[..count];
        let frames = marks(&carried, new, FRAME_ENDS);
        seen.frames.extend(std::iter::repeat_n(now, frames));
        seen.screen.process(new);
        shown.1.notify_all();
        drop(seen);
        for _ in 0..marks(&carried, new, WHERE) {
            let mut keys = answers.lock().unwrap_or_else(PoisonError::into_inner);
            let _ = keys.write_all(THERE).and_then(|()| keys.flush());
        }
        carried.extend_from_slice(new);
        let old = carried.len().saturating_sub(FRAME_ENDS.len());
        carried.drain(..old);
    }
}

/// How often `mark` ends within `new`, which follows `carried`.
fn marks(carried: &[u8], new: &[u8], mark: &[u8]) -> usize {
    let before = &carried[carried.len().saturating_sub(mark.len() - 1)..];
    let joined = [before, new].concat();
    joined.windows(mark.len()).filter(|window| *window == mark).count()
}

//! The terminal: taken over at the start, measured, painted on, and given back whatever happens.

use std::io::{self, BufWriter, IsTerminal, Stdout, Write};

use crossterm::{
    cursor, event, execute, queue,
    style::Print,
    terminal::{self, BeginSynchronizedUpdate, EndSynchronizedUpdate},
};
use ratatui::{Terminal, backend::CrosstermBackend, layout::Rect};

use crate::tui::{
    Ambiguous, State,
    glyphs::Glyphs,
    paint::{self, Looks},
    plain,
    theme::Theme,
    words::Words,
};

/// What the clerk asked of the terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Wishes {
    /// Lines in reading order instead of a painted screen, for screen readers and teletypes.
    pub plain: bool,
    pub mouse: bool,
    pub theme: Theme,
}

/// The terminal while the console runs on it. Dropping it gives the terminal back.
pub struct Screen {
    face: Face,
    words: Words,
    looks: Looks,
}

enum Face {
    Painted(Terminal<CrosstermBackend<BufWriter<Stdout>>>),
    /// The lines said last.
    Spoken(Vec<String>),
}

/// Roughly a full frame of 120×40 with its colours: one write to the terminal a frame.
const FRAME_BYTES: usize = 32 * 1024;

/// Samples of the class of ambiguous width (UAX #11 §4.2), measured together.
const SAMPLES: &str = "─●▸";

impl Screen {
    /// Takes the terminal over: raw mode, bracketed paste, and for the painted face the alternate screen.
    ///
    /// # Errors
    /// When standard input or output is no terminal, or it refuses.
    pub fn take(wishes: Wishes) -> io::Result<Self> {
        if !io::stdout().is_terminal() || !io::stdin().is_terminal() {
            return Err(io::Error::new(io::ErrorKind::Unsupported, "not a terminal"));
        }
        terminal::enable_raw_mode()?;
        Self::set_up(wishes).inspect_err(|_| restore())
    }

    fn set_up(wishes: Wishes) -> io::Result<Self> {
        execute!(io::stdout(), event::EnableBracketedPaste)?;
        let (face, ambiguous) = if wishes.plain {
            (Face::Spoken(Vec::new()), Ambiguous::Narrow)
        } else {
            execute!(io::stdout(), terminal::EnterAlternateScreen)?;
            if wishes.mouse {
                execute!(io::stdout(), event::EnableMouseCapture)?;
            }
            let ambiguous = measure();
            let out = BufWriter::with_capacity(FRAME_BYTES, io::stdout());
            execute!(io::stdout(), terminal::Clear(terminal::ClearType::All))?;
            (Face::Painted(Terminal::new(CrosstermBackend::new(out))?), ambiguous)
        };
        tracing::info!(?ambiguous, plain = wishes.plain, "terminal");
        Ok(Self {
            face,
            words: Words::new(),
            looks: Looks {
                glyphs: Glyphs::for_terminal(ambiguous),
                theme: if colours_are_unwanted() {
                    Theme::Plain
                } else {
                    wishes.theme
                },
            },
        })
    }

    /// Columns and lines.
    ///
    /// # Errors
    /// When the terminal is gone.
    pub fn size(&self) -> io::Result<(u16, u16)> {
        terminal::size()
    }

    /// Shows the state: only cells (or lines) that changed are sent, and a terminal that can waits with showing them
    /// until all are there.
    ///
    /// # Errors
    /// When the terminal is gone.
    pub fn show(&mut self, state: &State) -> io::Result<()> {
        match &mut self.face {
            Face::Painted(terminal) => {
                queue!(terminal.backend_mut(), BeginSynchronizedUpdate)?;
                terminal.draw(|frame| paint::draw(state, &self.words, &self.looks, frame))?;
                queue!(terminal.backend_mut(), EndSynchronizedUpdate)?;
                Write::flush(terminal.backend_mut())
            }
            Face::Spoken(said) => {
                let lines = plain::lines(state, &self.words, &self.looks.glyphs);
                let mut out = io::stdout().lock();
                for line in plain::changes(said, &lines) {
                    // Raw mode: a line feed alone would not return to the first column.
                    write!(out, "{line}\r\n")?;
                }
                out.flush()?;
                *said = lines;
                Ok(())
            }
        }
    }

    /// The words and symbols that are painted with, for finding what the mouse points at.
    pub const fn sight(&self) -> (&Words, &Glyphs) {
        (&self.words, &self.looks.glyphs)
    }

    /// Forgets what is on the screen: the next frame is sent whole, as after the process was stopped and went on.
    ///
    /// # Errors
    /// When the terminal is gone.
    pub fn show_anew(&mut self) -> io::Result<()> {
        match &mut self.face {
            Face::Painted(terminal) => {
                // Whoever stopped us may have given the terminal back to a shell.
                terminal::enable_raw_mode()?;
                execute!(
                    io::stdout(),
                    terminal::EnterAlternateScreen,
                    event::EnableBracketedPaste
                )?;
                // Forgets the last frame as `clear` does, which would also ask for the cursor's place and fail where the
                // terminal never tells it.
                let (width, height) = terminal::size()?;
                terminal.resize(Rect::new(0, 0, width, height))
            }
            Face::Spoken(said) => {
                terminal::enable_raw_mode()?;
                said.clear();
                Ok(())
            }
        }
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        restore();
    }
}

/// <https://no-color.org>: any value that is not empty.
fn colours_are_unwanted() -> bool {
    std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty())
}

/// Gives the terminal back. Harmless when it was not taken, and when it is gone.
pub fn restore() {
    let _ = terminal::disable_raw_mode();
    if !io::stdout().is_terminal() {
        return;
    }
    let _ = execute!(
        io::stdout(),
        EndSynchronizedUpdate,
        event::DisableMouseCapture,
        event::DisableBracketedPaste,
        terminal::LeaveAlternateScreen,
        cursor::Show
    );
}

/// Prints [`SAMPLES`] in the corner and asks where the cursor went. A terminal that does not answer within
/// crossterm's two seconds is taken for a narrow one; keys typed meanwhile are kept.
fn measure() -> Ambiguous {
    let asked = execute!(io::stdout(), cursor::MoveTo(0, 0), Print(SAMPLES)).and_then(|()| cursor::position());
    let _ = execute!(
        io::stdout(),
        cursor::MoveTo(0, 0),
        terminal::Clear(terminal::ClearType::CurrentLine)
    );
    match asked {
        Ok((column, _)) if usize::from(column) > SAMPLES.chars().count() => Ambiguous::Wide,
        _ => Ambiguous::Narrow,
    }
}

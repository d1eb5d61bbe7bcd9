//! Puts a frame on a terminal. Nothing is decided here.

use std::num::NonZeroU16;

use ratatui::{
    Frame as Terminal,
    buffer::{Buffer, CellDiffOption},
    layout::{Position, Rect},
    style::Style,
};
use unicode_segmentation::UnicodeSegmentation;

use super::{
    State,
    frame::{Frame, LEAST, frame},
    glyphs::Glyphs,
    page::Line,
    text::{self, grapheme_width},
    theme::{Meaning, Theme},
    words::Words,
};

/// How things look on this terminal; chosen once at the start.
#[derive(Debug, Clone, Default)]
pub struct Looks {
    /// Symbols, and how wide ambiguous characters are.
    pub glyphs: Glyphs,
    pub theme: Theme,
}

/// Draws the whole screen and sets the real cursor, so that an input method composes in place.
pub fn draw(state: &State, words: &Words, looks: &Looks, terminal: &mut Terminal<'_>) {
    let area = terminal.area();
    let mut brush = Brush {
        buffer: terminal.buffer_mut(),
        looks,
    };
    if area.width < LEAST.0 || area.height < LEAST.1 {
        too_small(state, words, area, &mut brush);
        return;
    }
    let frame = frame(state, words, &looks.glyphs, (area.width, area.height));
    brush.buffer.set_style(area, looks.theme.style(Meaning::Plain));
    let cursor = if frame.page.resident_facing {
        resident_page(&frame, area, &mut brush)
    } else {
        office_page(state, words, &frame, area, &mut brush)
    };
    if let Some(position) = cursor {
        terminal.set_cursor_position(position);
    }
}

struct Brush<'a> {
    buffer: &'a mut Buffer,
    looks: &'a Looks,
}

impl Brush<'_> {
    /// Writes a line from `x`, at most up to the cell before `end`.
    fn line(&mut self, x: u16, y: u16, end: u16, line: &Line) {
        let mut x = x;
        for span in &line.spans {
            x = self.text(x, y, end, &span.text, self.looks.theme.style(span.meaning));
        }
    }

    /// Writes text and gives the cell behind it. Widths are those the terminal draws, so each cell of a character
    /// that the terminal draws wider than Unicode says carries its real width.
    fn text(&mut self, x: u16, y: u16, end: u16, text: &str, style: Style) -> u16 {
        let mut x = x;
        for grapheme in text.graphemes(true) {
            let wide = grapheme_width(grapheme, self.looks.glyphs.ambiguous) as u16;
            if wide == 0 {
                continue;
            }
            if x + wide > end || y >= self.buffer.area.bottom() {
                return x;
            }
            let cell = &mut self.buffer[(x, y)];
            cell.set_symbol(grapheme).set_style(style);
            // The buffer adds a cell for each ﾞ and ﾟ to what Unicode says, whether or not that counts them already.
            let counted_twice = grapheme.contains(text::HALF_WIDTH_MARKS);
            if let Some(forced) = NonZeroU16::new(wide)
                && (counted_twice || usize::from(wide) != unicode_width::UnicodeWidthStr::width(grapheme))
            {
                cell.set_diff_option(CellDiffOption::ForcedWidth(forced));
            }
            for behind in 1..wide {
                self.buffer[(x + behind, y)].set_symbol(" ").set_style(style);
            }
            x += wide;
        }
        x
    }

    fn rule(&mut self, area: Rect, y: u16, left: &str, right: &str) {
        let style = self.looks.theme.style(Meaning::Quiet);
        let horizontal = self.looks.glyphs.border[0];
        self.text(area.x, y, area.right(), left, style);
        for x in area.x + 1..area.right() - 1 {
            self.text(x, y, area.right(), horizontal, style);
        }
        self.text(area.right() - 1, y, area.right(), right, style);
    }
}

fn office_page(state: &State, words: &Words, frame: &Frame, area: Rect, brush: &mut Brush<'_>) -> Option<Position> {
    let looks = brush.looks;
    let [
        _,
        vertical,
        top_left,
        top_right,
        bottom_left,
        bottom_right,
        left_tee,
        right_tee,
    ] = looks.glyphs.border;
    let quiet = looks.theme.style(Meaning::Quiet);
    let (left, right) = (area.x + 2, area.right() - 2);
    brush.rule(area, area.y, top_left, top_right);
    for y in area.y + 1..area.bottom() - 1 {
        brush.text(area.x, y, area.right(), vertical, quiet);
        brush.text(area.right() - 1, y, area.right(), vertical, quiet);
    }
    brush.rule(area, area.y + 2, left_tee, right_tee);
    brush.rule(area, area.bottom() - 3, left_tee, right_tee);
    brush.rule(area, area.bottom() - 1, bottom_left, bottom_right);

    let clock = format!(" {} ", frame.clock);
    let clock_cells = text::width(&clock, looks.glyphs.ambiguous) as u16;
    let clock_at = right.saturating_sub(clock_cells);
    let room = usize::from(clock_at.saturating_sub(left + 3));
    let title = text::cut(&frame.title, room, looks.glyphs.ellipsis, looks.glyphs.ambiguous);
    let accent = looks.theme.style(Meaning::Accent);
    brush.text(left, area.y, clock_at, &format!(" {title} "), accent);
    brush.text(clock_at, area.y, right, &clock, looks.theme.style(Meaning::Plain));
    brush.line(left, area.y + 1, right, &frame.status);
    brush.line(left, area.bottom() - 2, right, &frame.help);

    let top = area.y + 3;
    let rows = area.height.saturating_sub(6 + frame.message.len() as u16);
    for (row, line) in frame.message.iter().enumerate() {
        brush.line(left, top + rows + row as u16, right, line);
    }
    let inner = right - left;
    let page = &frame.page;
    let main = if page.side.is_empty() || area.width < super::frame::WIDE {
        inner
    } else {
        inner - inner * 2 / 5 - 3
    };
    let first = first_line(page.body.len(), page.focus, usize::from(rows));
    for (row, line) in page.body.iter().skip(first).take(usize::from(rows)).enumerate() {
        brush.line(left, top + row as u16, left + main, line);
    }
    let below = page.body.len().saturating_sub(first + usize::from(rows));
    let (first_seen, below) = page.beyond.map_or((first, below), |(rows_above, rows_below)| {
        (first + rows_above, below + rows_below)
    });
    if below > 0 || first_seen > 0 {
        let facts = [
            ("above", first_seen.to_string().into()),
            ("below", below.to_string().into()),
        ];
        let more = format!(" {} ", words.say(state.common.language, "more-lines", &facts));
        let cells = text::width(&more, looks.glyphs.ambiguous) as u16;
        let style = looks.theme.style(Meaning::Accent);
        brush.text(right.saturating_sub(cells), area.bottom() - 3, right, &more, style);
    }
    if main < inner {
        for row in 0..rows {
            brush.text(left + main + 1, top + row, right, vertical, quiet);
        }
        for (row, line) in page.side.iter().take(usize::from(rows)).enumerate() {
            brush.line(left + main + 3, top + row as u16, right, line);
        }
    }
    let (line, cell) = page.cursor?;
    let row = line.checked_sub(first).filter(|row| *row < usize::from(rows))?;
    Some(Position::new(
        (left + cell as u16).min(right.saturating_sub(1)),
        top + row as u16,
    ))
}

/// The resident's own view: centred, no frame, nothing but what is theirs to read.
fn resident_page(frame: &Frame, area: Rect, brush: &mut Brush<'_>) -> Option<Position> {
    let ambiguous = brush.looks.glyphs.ambiguous;
    let body = &frame.page.body;
    let top = area.y + (area.height.saturating_sub(body.len() as u16 + 2)) / 2;
    for (row, line) in body.iter().enumerate() {
        let y = top + row as u16;
        if y >= area.bottom() - 1 {
            break;
        }
        let cells = line.width(ambiguous) as u16;
        let x = area.x + area.width.saturating_sub(cells) / 2;
        brush.line(x, y, area.right(), line);
    }
    brush.line(area.x + 2, area.bottom() - 1, area.right() - 2, &frame.help);
    let (line, cell) = frame.page.cursor?;
    let cells = body.get(line).map_or(0, |line| line.width(ambiguous) as u16);
    let x = area.x + area.width.saturating_sub(cells) / 2 + cell as u16;
    let y = top + line as u16;
    (y < area.bottom() && x < area.right()).then(|| Position::new(x, y))
}

fn too_small(state: &State, words: &Words, area: Rect, brush: &mut Brush<'_>) {
    let facts = [
        ("width", LEAST.0.to_string().into()),
        ("height", LEAST.1.to_string().into()),
    ];
    let said = words.say(state.common.language, "terminal-too-small", &facts);
    let style = brush.looks.theme.style(Meaning::NeedsYou);
    let ambiguous = brush.looks.glyphs.ambiguous;
    for (row, piece) in text::wrap(&said, usize::from(area.width), ambiguous).iter().enumerate() {
        brush.text(area.x, area.y + row as u16, area.right(), piece, style);
    }
}

/// The first line of the body to draw so that `focus` is seen.
pub(super) fn first_line(count: usize, focus: usize, rows: usize) -> usize {
    if count <= rows || focus < rows.saturating_sub(1) {
        0
    } else {
        (focus + 2).saturating_sub(rows).min(count.saturating_sub(rows))
    }
}

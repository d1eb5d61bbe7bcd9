//! Turns a captured terminal screen (`tmux capture-pane -e -p`) on standard input into an SVG picture for the manuals.
//!
//!     tmux capture-pane -e -p | cargo run --example screen_to_svg -- 80 24 "本日の業務" > today.svg

use std::{
    fmt::Write as _,
    io::{Read, Write as _},
};

/// A cell's size in the picture: half-width glyphs of a Japanese typeface are half an em wide.
const CELL: (u32, u32) = (9, 20);
const FONT_SIZE: u32 = 18;
/// Room around the screen, so that borders do not touch the edge.
const MARGIN: u32 = 12;
const INK: &str = "#d8dee4";
const PAPER: &str = "#14181d";

/// The sixteen named colours, as calm as they look on a dark terminal.
const NAMED: [&str; 16] = [
    "#20262d", "#e06c75", "#98c379", "#e5c07b", "#61afef", "#c678dd", "#56b6c2", "#c8ced6", "#6b7480", "#ff8a93",
    "#b5e08f", "#ffd98f", "#8cc8ff", "#e0a0f0", "#7fd8e4", "#ffffff",
];

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut words = std::env::args().skip(1);
    let columns: u16 = words.next().ok_or("how many columns?")?.parse()?;
    let rows: u16 = words.next().ok_or("how many rows?")?.parse()?;
    let title = words.next().unwrap_or_default();
    let mut captured = Vec::new();
    std::io::stdin().read_to_end(&mut captured)?;
    let text = String::from_utf8(captured)?;
    let mut parser = vt100::Parser::new(rows, columns, 0);
    // The capture ends each row with a line feed only, and its last row would scroll the first one away.
    parser.process(text.trim_end_matches('\n').replace('\n', "\r\n").as_bytes());
    std::io::stdout().write_all(picture(parser.screen(), columns, rows, &title)?.as_bytes())?;
    Ok(())
}

fn picture(screen: &vt100::Screen, columns: u16, rows: u16, title: &str) -> Result<String, std::fmt::Error> {
    let (width, height) = (
        u32::from(columns) * CELL.0 + 2 * MARGIN,
        u32::from(rows) * CELL.1 + 2 * MARGIN,
    );
    let mut svg = String::new();
    writeln!(
        svg,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" height=\"{height}\" role=\"img\">"
    )?;
    writeln!(svg, "<title>{}</title>", escaped(title))?;
    writeln!(svg, "<rect width=\"100%\" height=\"100%\" rx=\"8\" fill=\"{PAPER}\"/>")?;
    writeln!(
        svg,
        "<g font-family=\"'BIZ UDGothic','Noto Sans Mono CJK JP','MS Gothic',monospace\" font-size=\"{FONT_SIZE}\" xml:space=\"preserve\">"
    )?;
    for row in 0..rows {
        grounds(&mut svg, screen, row, columns)?;
        let mut run: Option<Run> = None;
        for column in 0..columns {
            let Some(cell) = screen.cell(row, column) else { continue };
            if cell.is_wide_continuation() {
                continue;
            }
            let look = Look::of(cell);
            let text = cell.contents();
            let blank = text.trim().is_empty();
            let shape = shape(text, cell.is_wide(), corner(column, row), &look.ink);
            let rule_begins = text == "─"
                && (column == 0
                    || screen
                        .cell(row, column - 1)
                        .is_none_or(|before| before.contents() != "─"));
            if rule_begins {
                rule(&mut svg, screen, column, row, &look.ink)?;
            }
            // A word in one look and of one width is one piece: stretched to its cells, its columns stay in line
            // whatever typeface the reader has.
            if run
                .as_ref()
                .is_some_and(|run| blank || shape.is_some() || run.look != look)
            {
                end(&mut svg, run.take())?;
            }
            if let Some(shape) = shape {
                if !shape.is_empty() {
                    writeln!(svg, "{shape}")?;
                }
            } else if !blank {
                let run = run.get_or_insert_with(|| Run::at(column, row, look));
                run.text.push_str(text);
                run.cells += if cell.is_wide() { 2 } else { 1 };
            }
        }
        end(&mut svg, run)?;
    }
    svg.push_str("</g>\n</svg>\n");
    Ok(svg)
}

/// A horizontal rule from this cell to its end.
fn rule(svg: &mut String, screen: &vt100::Screen, column: u16, row: u16, ink: &str) -> std::fmt::Result {
    let cells = (column..screen.size().1)
        .take_while(|at| screen.cell(row, *at).is_some_and(|cell| cell.contents() == "─"))
        .count();
    let (x, y) = corner(column, row);
    writeln!(
        svg,
        "<path d=\"M{x} {}h{}\" stroke=\"{ink}\"/>",
        y + CELL.1 / 2,
        cells * CELL.0 as usize
    )
}

/// The backgrounds of a row, neighbours of one colour as one piece.
fn grounds(svg: &mut String, screen: &vt100::Screen, row: u16, columns: u16) -> std::fmt::Result {
    let ground = |column: u16| {
        let cell = screen.cell(row, column);
        // The second half of a wide glyph has no look of its own.
        let cell = match cell {
            Some(half) if half.is_wide_continuation() => screen.cell(row, column - 1),
            whole => whole,
        };
        cell.map_or_else(|| PAPER.to_owned(), |cell| Look::of(cell).paper)
    };
    let mut column = 0;
    while column < columns {
        let paper = ground(column);
        let from = column;
        while column < columns && ground(column) == paper {
            column += 1;
        }
        if paper != PAPER {
            let (x, y) = corner(from, row);
            let width = u32::from(column - from) * CELL.0;
            // A hair higher than the row: rows of one colour show no seam.
            writeln!(
                svg,
                "<rect x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{}.4\" fill=\"{paper}\"/>",
                CELL.1
            )?;
        }
    }
    Ok(())
}

fn corner(column: u16, row: u16) -> (u32, u32) {
    (u32::from(column) * CELL.0 + MARGIN, u32::from(row) * CELL.1 + MARGIN)
}

/// How a cell looks.
#[derive(PartialEq)]
struct Look {
    ink: String,
    paper: String,
    bold: bool,
    dim: bool,
    underline: bool,
    wide: bool,
}

impl Look {
    fn of(cell: &vt100::Cell) -> Self {
        let (mut ink, mut paper) = (colour(cell.fgcolor(), INK), ground(cell.bgcolor()));
        if cell.inverse() {
            (ink, paper) = (colour(cell.bgcolor(), PAPER), colour(cell.fgcolor(), INK));
        }
        Self {
            ink,
            paper,
            bold: cell.bold(),
            dim: cell.dim(),
            underline: cell.underline(),
            wide: cell.is_wide(),
        }
    }
}

/// Glyphs side by side that look alike.
struct Run {
    corner: (u32, u32),
    cells: u32,
    text: String,
    look: Look,
}

impl Run {
    fn at(column: u16, row: u16, look: Look) -> Self {
        Self {
            corner: corner(column, row),
            cells: 0,
            text: String::new(),
            look,
        }
    }
}

/// Writes a run, if there is one.
fn end(svg: &mut String, run: Option<Run>) -> std::fmt::Result {
    let Some(Run {
        corner: (x, y),
        cells,
        text,
        look,
    }) = run
    else {
        return Ok(());
    };
    let mut style = String::new();
    if look.bold {
        style.push_str(" font-weight=\"bold\"");
    }
    if look.dim {
        style.push_str(" opacity=\"0.65\"");
    }
    if look.underline {
        style.push_str(" text-decoration=\"underline\"");
    }
    writeln!(
        svg,
        "<text x=\"{x}\" y=\"{}\" textLength=\"{}\" lengthAdjust=\"spacingAndGlyphs\" fill=\"{}\"{style}>{}</text>",
        y + CELL.1 - 5,
        cells * CELL.0,
        look.ink,
        escaped(&text)
    )
}

/// Symbols whose width typefaces disagree about, drawn as what they are: lines that meet, dots, marks.
fn shape(text: &str, wide: bool, (x, y): (u32, u32), ink: &str) -> Option<String> {
    let (width, height) = (if wide { CELL.0 * 2 } else { CELL.0 }, CELL.1);
    let (left, right, top, bottom) = (x, x + width, y, y + height);
    let (middle, half) = (
        f64::from(x) + f64::from(width) / 2.0,
        f64::from(y) + f64::from(height) / 2.0,
    );
    // Which of its neighbours a line of the box reaches: left, right, up, down.
    let reaches = match text {
        // Drawn as one stroke from its beginning, by `rule`.
        "─" => return Some(String::new()),
        "│" => [false, false, true, true],
        "┌" => [false, true, false, true],
        "┐" => [true, false, false, true],
        "└" => [false, true, true, false],
        "┘" => [true, false, true, false],
        "├" => [false, true, true, true],
        "┤" => [true, false, true, true],
        "┬" => [true, true, false, true],
        "┴" => [true, true, true, false],
        "┼" => [true; 4],
        "█" => {
            let block = format!(
                "<rect x=\"{x}\" y=\"{}\" width=\"{width}.2\" height=\"{}\" fill=\"{ink}\"/>",
                y + 3,
                height - 6
            );
            return Some(block);
        }
        "░" => {
            let block = format!(
                "<rect x=\"{x}\" y=\"{}\" width=\"{width}.2\" height=\"{}\" fill=\"{ink}\" opacity=\"0.25\"/>",
                y + 3,
                height - 6
            );
            return Some(block);
        }
        "●" => {
            return Some(format!(
                "<circle cx=\"{middle}\" cy=\"{half}\" r=\"4.2\" fill=\"{ink}\"/>"
            ));
        }
        "○" => {
            let ring = format!("<circle cx=\"{middle}\" cy=\"{half}\" r=\"3.7\" fill=\"none\" stroke=\"{ink}\"/>");
            return Some(ring);
        }
        "▸" => {
            let mark = format!(
                "<path d=\"M{x} {} L{right} {half} L{x} {} Z\" fill=\"{ink}\"/>",
                half - 5.0,
                half + 5.0
            );
            return Some(mark);
        }
        _ => return mark(text, x, (middle, half), ink),
    };
    let ends = [
        format!("L{left} {half}"),
        format!("L{right} {half}"),
        format!("L{middle} {top}"),
        format!("L{middle} {bottom}"),
    ];
    let lines: String = reaches
        .iter()
        .zip(ends)
        .filter(|(reached, _)| **reached)
        .map(|(_, end)| format!("M{middle} {half} {end}"))
        .collect();
    Some(format!("<path d=\"{lines}\" stroke=\"{ink}\" fill=\"none\"/>"))
}

/// Marks that are strokes: arrows, ticks, an ellipsis.
fn mark(text: &str, x: u32, (middle, half): (f64, f64), ink: &str) -> Option<String> {
    if text == "…" {
        let dots = [-3.0, 0.0, 3.0].map(|away| {
            format!(
                "<circle cx=\"{}\" cy=\"{half}\" r=\"1\" fill=\"{ink}\"/>",
                middle + away
            )
        });
        return Some(dots.concat());
    }
    let (above, below) = (half - 6.0, half + 6.0);
    let (before, after) = (middle - 4.0, middle + 4.0);
    let path = match text {
        "↑" => format!(
            "M{middle} {below} V{above} M{} {} L{middle} {above} L{} {}",
            middle - 3.0,
            above + 4.0,
            middle + 3.0,
            above + 4.0
        ),
        "↓" => format!(
            "M{middle} {above} V{below} M{} {} L{middle} {below} L{} {}",
            middle - 3.0,
            below - 4.0,
            middle + 3.0,
            below - 4.0
        ),
        "←" => format!(
            "M{after} {half} H{before} M{middle} {} L{before} {half} L{middle} {}",
            half - 3.0,
            half + 3.0
        ),
        "→" => format!(
            "M{before} {half} H{after} M{middle} {} L{after} {half} L{middle} {}",
            half - 3.0,
            half + 3.0
        ),
        "✓" => format!(
            "M{before} {half} L{} {} L{after} {}",
            middle - 1.0,
            half + 5.0,
            half - 5.0
        ),
        "✗" => format!(
            "M{before} {} L{after} {} M{before} {} L{after} {}",
            half - 4.5,
            half + 4.5,
            half + 4.5,
            half - 4.5
        ),
        "⚠" => format!(
            "M{middle} {} L{} {} H{x} Z M{middle} {} V{} M{middle} {} V{}",
            half - 6.0,
            x + 9,
            half + 5.0,
            half - 2.0,
            half + 1.5,
            half + 2.5,
            half + 3.7
        ),
        _ => return None,
    };
    Some(format!(
        "<path d=\"{path}\" stroke=\"{ink}\" stroke-width=\"1.4\" fill=\"none\"/>"
    ))
}

/// A background: the named blue is a colour to write with, and too light to write upon.
fn ground(colour: vt100::Color) -> String {
    match colour {
        vt100::Color::Idx(4) => "#2b5278".to_owned(),
        other => self::colour(other, PAPER),
    }
}

fn colour(colour: vt100::Color, otherwise: &str) -> String {
    match colour {
        vt100::Color::Default => otherwise.to_owned(),
        vt100::Color::Idx(index) => match NAMED.get(usize::from(index)) {
            Some(named) => (*named).to_owned(),
            None => indexed(index),
        },
        vt100::Color::Rgb(red, green, blue) => format!("#{red:02x}{green:02x}{blue:02x}"),
    }
}

/// xterm's 256 colours: a 6×6×6 cube from 16 on, then 24 greys.
fn indexed(index: u8) -> String {
    if index >= 232 {
        let grey = 8 + 10 * (index - 232);
        return format!("#{grey:02x}{grey:02x}{grey:02x}");
    }
    let level = |part: u8| if part == 0 { 0 } else { 55 + 40 * part };
    let cube = index - 16;
    format!(
        "#{:02x}{:02x}{:02x}",
        level(cube / 36),
        level(cube / 6 % 6),
        level(cube % 6)
    )
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

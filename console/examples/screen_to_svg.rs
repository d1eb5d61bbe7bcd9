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
        for column in 0..columns {
            let Some(cell) = screen.cell(row, column) else { continue };
            if !cell.is_wide_continuation() {
                draw(&mut svg, cell, column, row)?;
            }
        }
    }
    svg.push_str("</g>\n</svg>\n");
    Ok(svg)
}

fn draw(svg: &mut String, cell: &vt100::Cell, column: u16, row: u16) -> std::fmt::Result {
    let (mut ink, mut paper) = (colour(cell.fgcolor(), INK), colour(cell.bgcolor(), PAPER));
    if cell.inverse() {
        std::mem::swap(&mut ink, &mut paper);
    }
    let wide = if cell.is_wide() { 2 } else { 1 };
    let (x, y) = (u32::from(column) * CELL.0 + MARGIN, u32::from(row) * CELL.1 + MARGIN);
    let width = CELL.0 * wide;
    if paper != PAPER {
        // A hair wider than the cell: neighbours of one colour show no seam.
        writeln!(
            svg,
            "<rect x=\"{x}\" y=\"{y}\" width=\"{width}.4\" height=\"{}.4\" fill=\"{paper}\"/>",
            CELL.1
        )?;
    }
    let text = cell.contents();
    if text.trim().is_empty() {
        return Ok(());
    }
    if let Some(shape) = shape(text, (x, y), &ink) {
        return writeln!(svg, "{shape}");
    }
    let mut style = String::new();
    if cell.bold() {
        style.push_str(" font-weight=\"bold\"");
    }
    if cell.dim() {
        style.push_str(" opacity=\"0.65\"");
    }
    if cell.underline() {
        style.push_str(" text-decoration=\"underline\"");
    }
    // Each glyph is stretched to its cells: columns stay in line whatever typeface the reader has.
    writeln!(
        svg,
        "<text x=\"{x}\" y=\"{}\" textLength=\"{width}\" lengthAdjust=\"spacingAndGlyphs\" fill=\"{ink}\"{style}>{}</text>",
        y + CELL.1 - 5,
        escaped(text)
    )
}

/// Symbols whose width typefaces disagree about, drawn as what they are: lines that meet, dots, marks.
fn shape(text: &str, (x, y): (u32, u32), ink: &str) -> Option<String> {
    let (width, height) = CELL;
    let (left, right, top, bottom) = (x, x + width, y, y + height);
    let (middle, half) = (
        f64::from(x) + f64::from(width) / 2.0,
        f64::from(y) + f64::from(height) / 2.0,
    );
    // Which of its neighbours a line of the box reaches: left, right, up, down.
    let reaches = match text {
        "─" => [true, true, false, false],
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
        _ => return None,
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

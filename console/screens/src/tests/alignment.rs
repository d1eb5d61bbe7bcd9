//! Every screen at every size, on both kinds of terminal, in both languages: aligned, inside its frame, nothing lost.

use issuance::case::CaseState;
use unicode_segmentation::UnicodeSegmentation;

use super::{counter::*, visit};
use crate::{
    Ambiguous,
    facts::*,
    glyphs::Glyphs,
    key::Key::{Char, Down, Enter, F},
    text,
    theme::Theme,
};

/// Counters standing at every kind of screen.
fn everywhere() -> Vec<(&'static str, Counter)> {
    let chip = |known| ChipView {
        serial: "8B42 19F0 0C77 A1D3 5E20".into(),
        known,
        pin: Tries::NotSet,
    };
    let mut all = vec![("login", Counter::opened()), ("today", Counter::with_clerk())];
    let mut at = Counter::with_clerk();
    at.press(Char('/'));
    at.types("山");
    at.answer(found("山"));
    all.push(("search", at));
    let mut at = Counter::with_clerk();
    at.press(Char('/'));
    at.types("山");
    at.answer(found("山"));
    at.press(Enter);
    at.answer(protected_resident());
    all.push(("resident", at));
    let mut at = Counter::with_clerk();
    at.press(Char('/'));
    at.types("山");
    at.answer(found("山"));
    at.press(Enter);
    at.answer(resident());
    at.press(Enter);
    at.press(crate::key::Key::Right);
    at.press(crate::key::Key::Right);
    at.press(F(2));
    at.press(Enter);
    all.push(("application", at));
    let mut at = Counter::with_case(case(CaseState::Applied));
    at.press(Enter);
    visit::lay_licence(&mut at);
    all.push(("document", at));
    let mut at = Counter::with_case(case(CaseState::Applied));
    at.press(Enter);
    visit::lay_licence(&mut at);
    at.press(Down);
    at.press(Enter);
    all.push(("verify", at));
    let mut at = Counter::with_case(case(CaseState::Verified));
    at.resident_card(1);
    at.press(Enter);
    at.answer(chip(ChipKnown::Blank));
    at.press(Enter);
    at.making_runs(4);
    all.push(("making", at));
    let mut at = Counter::with_case(case(made()));
    at.resident_card(1);
    at.press(Enter);
    at.answer(chip(ChipKnown::ThisCase));
    at.press(Enter);
    at.types("12");
    all.push(("pin", at));
    let mut at = Counter::with_case(case(shelved()));
    visit::to_sights(&mut at, "8B42 19F0 0C77 A1D3 5E20");
    all.push(("sights", at));
    let mut at = Counter::with_case(case(shelved()));
    at.press(F(1));
    all.push(("help", at));
    all
}

#[test]
fn every_row_is_as_wide_as_the_terminal_whatever_the_terminal_thinks_is_wide() {
    for ambiguous in [Ambiguous::Narrow, Ambiguous::Wide] {
        for (name, mut counter) in everywhere() {
            for language in [Language::Japanese, Language::English] {
                counter.state.common.language = language;
                counter.looks.glyphs = Glyphs::for_terminal(ambiguous);
                for (width, height) in [(80, 24), (81, 25), (120, 40), (100, 30)] {
                    let screen = raw(&counter, width, height);
                    let resident_facing = name == "pin";
                    for (at, row) in screen.iter().enumerate() {
                        let cells: usize = row.graphemes(true).map(|g| text::grapheme_width(g, ambiguous)).sum();
                        assert_eq!(
                            cells,
                            usize::from(width),
                            "{name} {language:?} {ambiguous:?} row {at}: {row}"
                        );
                        let border = if ambiguous == Ambiguous::Narrow {
                            "│┌┐└┘├┤"
                        } else {
                            "|+"
                        };
                        let ends = row.chars().next().zip(row.chars().last());
                        assert!(
                            resident_facing || ends.is_some_and(|(a, b)| border.contains(a) && border.contains(b)),
                            "{name} {language:?} row {at} leaves its frame: {row}"
                        );
                    }
                }
            }
        }
    }
}

/// Rows cell by cell: a cell that is covered by the wide character before it is left out.
fn raw(counter: &Counter, width: u16, height: u16) -> Vec<String> {
    use ratatui::{Terminal, backend::TestBackend};
    let mut terminal = Terminal::new(TestBackend::new(width, height)).expect("a test terminal");
    let frame = terminal
        .draw(|frame| crate::paint::draw(&counter.state, &counter.words, &counter.looks, frame))
        .expect("drawing never fails");
    let ambiguous = counter.looks.glyphs.ambiguous;
    (0..height)
        .map(|y| {
            let mut row = String::new();
            let mut x = 0;
            while x < width {
                let symbol = frame.buffer[(x, y)].symbol();
                row.push_str(symbol);
                x += text::grapheme_width(symbol, ambiguous).max(1) as u16;
            }
            row
        })
        .collect()
}

#[test]
fn the_english_screens_read_well() {
    for (name, mut counter) in everywhere() {
        counter.state.common.language = Language::English;
        insta::assert_snapshot!(format!("english_{name}"), counter.screen(80, 24));
    }
}

#[test]
fn a_terminal_with_wide_symbols_has_its_own_set() {
    for (name, mut counter) in everywhere() {
        if matches!(name, "today" | "making" | "pin" | "document") {
            counter.looks.glyphs = Glyphs::for_terminal(Ambiguous::Wide);
            insta::assert_snapshot!(format!("wide_symbols_{name}"), counter.screen(80, 24));
        }
    }
}

#[test]
fn tiny_terminals_are_told_so_and_nothing_panics() {
    for (name, counter) in everywhere() {
        for (width, height) in [(1, 1), (2, 5), (20, 5), (40, 10), (59, 24), (80, 17)] {
            let screen = counter.screen(width, height);
            if width >= 20 {
                assert!(screen.contains("画面が"), "{name} at {width}×{height}: {screen}");
            }
        }
        counter.screen(60, 18);
        counter.screen(400, 120);
    }
}

#[test]
fn the_help_line_always_names_f1_and_the_screen_says_the_same_without_colour() {
    for (name, mut counter) in everywhere() {
        let colourful = counter.screen(80, 24);
        assert!(colourful.contains("F1"), "{name}");
        for theme in [Theme::Light, Theme::HighContrast, Theme::Plain] {
            counter.looks.theme = theme;
            assert_eq!(counter.screen(80, 24), colourful, "{name}");
        }
    }
}

#[test]
fn plain_lines_say_all_that_the_screen_says() {
    for (name, counter) in everywhere() {
        let plain: String = counter.plain().split_whitespace().collect();
        // Labels of a screen of 120 columns: whole lines there, so each must be found in the plain text.
        for line in counter.screen(80, 200).lines().skip(3) {
            let said: String = line
                .trim_matches(|c: char| "│├┤┌┐└┘─ ".contains(c))
                .split_whitespace()
                .filter(|word| !word.chars().all(|c| "│├┤┌┐└┘─".contains(c)))
                .collect();
            if said.is_empty() || said.contains('─') {
                continue;
            }
            assert!(plain.contains(&said), "{name}: {line} is not in {plain}");
        }
    }
}

#[test]
fn the_cursor_stands_in_the_field_that_takes_text() {
    for (name, counter) in everywhere() {
        let takes_text = counter.state.front().takes_text();
        let (_, cursor) = counter.painted(80, 24);
        assert_eq!(cursor.is_some(), takes_text, "{name}");
    }
}

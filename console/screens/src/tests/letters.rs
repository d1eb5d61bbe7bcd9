//! Every kind of letter that a roster may hold is drawn whole: in a list, beside it, in a field, and after the list moved.

use ratatui::{Terminal, backend::TestBackend};

use super::counter::*;
use crate::{
    facts::{Found, ResidentRow},
    key::Key::{Char, Down},
    paint, text,
};

/// Half-width kana with their marks, marks that combine, selectors, supplementary planes, joined letters, full width.
const KINDS: [&str; 10] = [
    "ﾔﾏｸﾞﾁ ﾖｼﾋﾟﾖ",
    "ﾊﾟﾋﾟﾌﾟﾍﾞﾎﾞ",
    "やま\u{304f}\u{3099}ち",
    "葛\u{e0100}城 さくら",
    "𠮷野 𩸽子",
    "Nguy\u{1ec5}n Anh",
    "Jose\u{301} Perez",
    "髙﨑 神\u{fa19}",
    "Ｙａｍａ　Ｋ",
    "山\u{e001}口 花",
];

fn people() -> Found {
    let like = found("山").rows.remove(0);
    let rows: Vec<_> = (0..60)
        .map(|at| ResidentRow {
            name: KINDS[at % KINDS.len()].into(),
            ..like.clone()
        })
        .collect();
    Found {
        text: "山".into(),
        total: rows.len(),
        rows,
    }
}

/// What stands on a terminal of this size after the screen was drawn on it.
fn drawn(at: &Counter, width: u16, height: u16) -> String {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).expect("a test terminal");
    terminal
        .draw(|frame| paint::draw(&at.state, &at.words, &at.looks, frame))
        .expect("drawing never fails");
    let buffer = terminal.backend().buffer();
    let mut rows = String::new();
    for y in 0..buffer.area.height {
        let mut x = 0;
        while x < buffer.area.width {
            let symbol = buffer[(x, y)].symbol();
            rows.push_str(symbol);
            x += text::grapheme_width(symbol, at.looks.glyphs.ambiguous).max(1) as u16;
        }
        rows.push('\n');
    }
    rows
}

#[test]
fn every_kind_of_letter_is_drawn_whole_in_a_list_and_after_it_moved_by_one() {
    for (width, height) in [(80, 24), (120, 40)] {
        let mut at = Counter::with_clerk();
        // These names are not among those that the close reading of English screens knows.
        at.is_read_closely = false;
        at.press(Char('/'));
        at.types("山");
        at.answer(people());
        // Each is chosen once, so that it stands beside the list too; the list scrolls on the way.
        for moved in 0..KINDS.len() * 2 {
            let screen = drawn(&at, width, height);
            let chosen = text::drawable(KINDS[moved % KINDS.len()]);
            assert!(
                screen.matches(&chosen).count() >= 2,
                "{chosen} after {moved} at {width}:\n{screen}"
            );
            // The larger screen shows all of them at once.
            for kind in KINDS.iter().filter(|_| height == 40) {
                let whole = text::drawable(kind);
                assert!(screen.contains(&whole), "{whole} after {moved} at {width}:\n{screen}");
            }
            at.press(Down);
        }
    }
}

#[test]
fn every_kind_of_letter_is_drawn_whole_in_a_field() {
    for kind in KINDS {
        let mut at = Counter::with_clerk();
        at.is_read_closely = false;
        at.press(Char('/'));
        at.types(kind);
        let screen = drawn(&at, 80, 24);
        let whole = text::drawable(kind);
        assert!(screen.contains(&whole), "{whole}:\n{screen}");
    }
}

#[test]
fn one_width_decides_for_half_width_marks() {
    for (letters, cells) in [("ｸﾞ", 2), ("ﾊﾟ", 2), ("ﾞ", 1), ("ﾔﾏｸﾞﾁ", 5), ("が", 2), ("か\u{3099}", 2)]
    {
        assert_eq!(text::width(letters, crate::Ambiguous::Narrow), cells, "{letters}");
    }
}

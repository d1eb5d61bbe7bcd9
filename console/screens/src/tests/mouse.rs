//! A click does what a key does, and nothing else.

use issuance::case::CaseState;

use super::counter::*;
use crate::{
    Ambiguous,
    event::Event,
    facts::*,
    key::Key::{Char, Down, Enter, Esc},
    mouse::{Mouse, Sight, point},
    orders::{
        cards::StartMaking,
        cases::{OpenCase, SaveVerification},
        queues::{LoadQueue, SubmitApplication},
    },
    text,
};

impl Counter {
    /// The mouse does something, on the screen as it is painted.
    fn mouse(&mut self, mouse: Mouse) {
        let seen = self.state.step();
        let sight = Sight {
            words: &self.words,
            glyphs: &self.looks.glyphs,
            seen,
            at: NOW,
        };
        let effects = point(&mut self.state, mouse, &sight);
        self.asked.extend(effects);
    }

    /// A click on the first cell of `what`, wherever it stands.
    fn clicks(&mut self, what: &str) {
        let screen = self.screen(80, 24);
        let (line, row) = screen
            .lines()
            .enumerate()
            .find(|(_, row)| row.contains(what))
            .unwrap_or_else(|| panic!("no {what}:\n{screen}"));
        let before = row.split(what).next().unwrap_or_default();
        self.mouse(Mouse::Click {
            column: text::width(before, Ambiguous::Narrow) as u16,
            line: line as u16,
        });
    }

    /// The line with the pointer: of a table's chosen row where two are marked.
    fn pointed_at(&self) -> String {
        let screen = self.screen(80, 24);
        screen
            .lines()
            .rfind(|line| line.contains('▸'))
            .unwrap_or_default()
            .to_owned()
    }
}

#[test]
fn a_click_on_a_row_chooses_it_and_opens_nothing() {
    let mut counter = Counter::with_clerk();
    let rows: Vec<String> = queue().iter().map(|row| row.number.to_string()).collect();
    assert!(rows.len() > 1 && counter.pointed_at().contains(&rows[0]));
    for number in rows.iter().rev() {
        counter.clicks(number);
        assert!(counter.pointed_at().contains(number), "{}", counter.pointed_at());
    }
    assert!(!counter.is_asked::<OpenCase>());
    // Opening is a key, on the keyboard or on the help line.
    counter.clicks("Enter ");
    assert!(counter.is_asked::<OpenCase>());
}

#[test]
fn a_click_on_a_queue_opens_the_queue() {
    let mut counter = Counter::with_clerk();
    counter.clicks("5 問題あり");
    assert!(counter.is_asked_with(|order: &LoadQueue| matches!(order, LoadQueue(Queue::Problems))));
}

#[test]
fn a_click_on_a_form_moves_to_the_field_and_elsewhere_changes_nothing() {
    let mut counter = Counter::with_clerk();
    counter.press(Char('/'));
    counter.types("山");
    counter.answer(found("山"));
    counter.press(Enter);
    counter.answer(resident());
    counter.press(Enter);
    counter.clicks("年金記録");
    assert!(counter.pointed_at().contains("年金記録"), "{}", counter.screen(80, 24));
    counter.clicks("資格確認");
    assert!(counter.pointed_at().contains("資格確認"), "{}", counter.screen(80, 24));
    // Name, border and empty lines are no fields.
    let before = counter.screen(80, 24);
    counter.clicks("ヤマグチ");
    for (column, line) in [(0, 10), (79, 10), (30, 0), (30, 2), (200, 200)] {
        counter.mouse(Mouse::Click { column, line });
    }
    assert_eq!(counter.screen(80, 24), before);
    counter.clicks("Space ");
    assert!(counter.pointed_at().contains("(●)"), "{}", counter.screen(80, 24));
}

#[test]
fn two_rows_of_the_same_words_are_told_apart() {
    let mut counter = Counter::with_case(case(CaseState::Applied));
    counter.press(Enter);
    super::visit::lay_licence(&mut counter);
    counter.press(Down);
    counter.press(Enter); // the review
    counter.press(Esc);
    counter.clicks("照会書");
    assert!(counter.pointed_at().contains("照会書"), "{}", counter.screen(80, 24));
    counter.clicks("書類を加える");
    assert!(
        counter.pointed_at().contains("書類を加える"),
        "{}",
        counter.screen(80, 24)
    );
}

#[test]
fn a_long_table_that_scrolls_still_gives_the_row_that_was_clicked() {
    let mut counter = Counter::with_case(case(CaseState::Applied));
    counter.press(Enter);
    counter.press(Enter);
    // Thirty-eight documents on eighteen lines: the pointer goes down until the table scrolls.
    for _ in 0..14 {
        counter.press(Down);
    }
    for wanted in ["介護保険被保険者証", "電気工事士免状", "資格確認書"] {
        counter.clicks(wanted);
        assert!(counter.pointed_at().contains(wanted), "{}", counter.screen(80, 24));
    }
}

#[test]
fn the_wheel_goes_up_and_down_and_commits_nothing() {
    let mut counter = Counter::with_clerk();
    counter.mouse(Mouse::WheelDown);
    let last = queue().last().unwrap().number.to_string();
    assert!(counter.pointed_at().contains(&last), "{}", counter.screen(80, 24));
    counter.mouse(Mouse::WheelUp);
    assert!(counter.pointed_at().contains(&queue()[0].number.to_string()));
    assert!(!counter.is_asked::<OpenCase>());
}

#[test]
fn a_click_meant_for_the_screen_before_commits_nothing() {
    let mut counter = Counter::with_case(case(CaseState::Applied));
    let seen = counter.state.step();
    let screen = counter.screen(80, 24);
    let (line, row) = screen
        .lines()
        .enumerate()
        .find(|(_, row)| row.contains("Enter ") && row.contains("F1"))
        .unwrap();
    let column = text::width(row.split("Enter ").next().unwrap(), Ambiguous::Narrow) as u16;
    counter.happens(Event::Reader {
        reader: Reader::Resident,
        state: ReaderState::Empty,
    });
    counter.press(Enter);
    let before = counter.screen(80, 24);
    let sight = Sight {
        words: &counter.words,
        glyphs: &counter.looks.glyphs,
        seen,
        at: NOW,
    };
    let click = Mouse::Click {
        column,
        line: line as u16,
    };
    let effects = point(&mut counter.state, click, &sight);
    assert!(effects.is_empty(), "{effects:?}");
    assert_eq!(counter.screen(80, 24), before);
}

#[test]
fn wherever_one_clicks_nothing_panics_and_nothing_is_recorded_without_its_key() {
    for (width, height) in [(80, 24), (120, 40), (20, 5), (1, 1)] {
        let mut counter = Counter::with_clerk();
        counter.happens(Event::Resize { width, height });
        for line in 0..height.saturating_sub(2) {
            for column in (0..width).step_by(7) {
                counter.mouse(Mouse::Click { column, line });
            }
        }
        assert!(!counter.is_asked::<SaveVerification>() && !counter.is_asked::<StartMaking>());
        assert!(!counter.is_asked::<SubmitApplication>() && !counter.is_asked::<OpenCase>());
    }
}

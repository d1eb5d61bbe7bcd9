//! 本日の業務: the queues with their counts; a digit opens a queue, Enter a case.

pub mod keys;

use issuance::{
    acts::{AuditAct, CaseApplied},
    case::CaseState,
    staff::Role,
};

use crate::{
    common::{Common, Go},
    facts::{CaseRow, Counts, Queue},
    fault::Fault,
    frame::moment,
    keymap::{Intent, KeyTable},
    listing::{Listing, Stays},
    orders::queues::{LoadCounts, LoadQueue, QueueRows},
    over,
    page::{Line, Page, Pen, Span, span},
    screen::Screen,
    screens::{
        posting::Board,
        reconciliation::Reconciliation,
        search::Search,
        shown::{next_of_row, problem_words, state_word},
        stock_taking::StockTakingScreen,
    },
    theme::Meaning,
};

/// The day's work.
#[derive(Debug)]
pub struct Today {
    counts: Option<Counts>,
    queue: Queue,
    rows: Listing<CaseRow>,
}

impl Default for Today {
    fn default() -> Self {
        Self {
            counts: None,
            queue: Queue::ToVerify,
            rows: Listing::default(),
        }
    }
}

impl Today {
    fn load(&mut self, common: &mut Common) {
        common.load(LoadCounts, Self::counted);
        common.load(LoadQueue(self.queue), Self::loaded);
    }

    fn counted(&mut self, counts: Result<Counts, Fault>, common: &mut Common) {
        match counts {
            Ok(counts) => self.counts = Some(counts),
            Err(fault) => common.tell_fault(&fault),
        }
    }

    fn loaded(&mut self, rows: Result<QueueRows, Fault>, common: &mut Common) {
        let Ok(QueueRows(queue, rows)) = rows else {
            return self.rows.fail();
        };
        if queue != self.queue {
            return;
        }
        // Nothing where nothing was: no key means anything else than before.
        if self.rows.set(rows, |one, other| one.id == other.id) == Stays::Elsewhere {
            common.next_choice();
        }
    }

    fn row(&self) -> Option<&CaseRow> {
        self.rows.chosen()
    }
}

impl Screen for Today {
    fn keys(&self) -> &'static KeyTable {
        &keys::KEYS
    }

    fn shown(&mut self, common: &mut Common) {
        // Back at the queues no case is open: its lease is for those who work on it.
        common.close_case();
        self.load(common);
    }

    fn reasoned(&mut self, reason: &str, common: &mut Common) {
        common.take_over(reason);
    }

    fn queues_changed(&mut self, common: &mut Common) {
        self.load(common);
    }

    fn can(&self, intent: Intent, common: &Common) -> bool {
        match intent {
            Intent::TakeOver => common.held.is_some(),
            Intent::Confirm | Intent::Up | Intent::Down => self.row().is_some(),
            _ => true,
        }
    }

    fn lacks(&self, intent: Intent, common: &Common) -> Option<Role> {
        match intent {
            Intent::New => common.lacking(CaseApplied::ROW.roles()),
            _ => None,
        }
    }

    fn act(&mut self, intent: Intent, common: &mut Common) {
        if self.rows.moves(intent) {
            return;
        }
        match intent {
            Intent::Digit(number) => {
                if let Some(queue) = Queue::ALL.get(usize::from(number) - 1) {
                    self.queue = *queue;
                    self.rows.clear();
                    common.load(LoadQueue(*queue), Self::loaded);
                    common.next_step();
                }
            }
            Intent::Confirm => {
                if let Some(row) = self.row() {
                    common.open_case(row.id);
                }
            }
            Intent::TakeOver => common.go(Go::Over(Box::new(over::Reason::about("take-over-about")))),
            // The way out of everything: never into a password.
            Intent::Back => common.tell(Meaning::Quiet, "first-screen"),
            Intent::Refresh => self.load(common),
            Intent::Search | Intent::New => common.go(Go::To(Box::new(Search::default()))),
            keys::RECONCILIATION => common.go(Go::To(Box::new(Reconciliation::default()))),
            keys::STOCK_TAKING => common.go(Go::To(Box::new(StockTakingScreen::default()))),
            keys::POSTING => common.go(Go::To(Box::new(Board::default()))),
            _ => {}
        }
    }

    fn view(&self, _common: &Common, pen: &Pen<'_>) -> Page {
        let mut page = Page::titled(pen.say("title-today"));
        for (at, queue) in Queue::ALL.into_iter().enumerate() {
            page.line(self.queue_line(at, queue, pen));
        }
        page.gap();
        let word = pen.say(queue_word(self.queue));
        if self.rows.chosen().is_some() {
            let place = [
                ("at", (self.rows.at() + 1).to_string().into()),
                ("count", self.rows.rows().len().to_string().into()),
            ];
            let place = pen.say_with("queue-place", &place);
            let room = pen.width.saturating_sub(pen.cells(&place));
            let heading = Line::of(&word, Meaning::Accent);
            page.line(heading.up_to(room, pen.ambiguous()).and(place, Meaning::Quiet));
        }
        let height = pen.height.saturating_sub(page.body.len());
        let empty = format!("  {}", pen.say_with("queue-empty", &[("queue", word.into())]));
        let row = |row: &CaseRow| row_spans(row, self.queue, pen);
        self.rows.view(&mut page, pen, (&[11, 18, 22], height), &empty, row);
        page.focus = 0;
        if pen.side > 0 {
            page.side = self.aside(pen);
        }
        page
    }
}

impl Today {
    fn queue_line(&self, at: usize, queue: Queue, pen: &Pen<'_>) -> Line {
        let here = queue == self.queue;
        let count = self
            .counts
            .as_ref()
            .map_or_else(String::new, |counts| counts.waiting[at].to_string());
        let meaning = if here { Meaning::Strong } else { Meaning::Plain };
        let line = Line::of(if here { pen.glyphs.here } else { "  " }, Meaning::Accent)
            .and(format!("{} ", at + 1), Meaning::Accent)
            .and(pen.fit(&pen.say(queue_word(queue)), 22), meaning)
            .and(pen.fit_right(&count, 5), Meaning::Strong)
            .and("    ", Meaning::Plain);
        let Some(counts) = &self.counts else { return line };
        let (word, value) = match at {
            0 => ("today-applied", counts.applied_today.to_string()),
            1 => ("today-made", counts.made_today.to_string()),
            2 => ("today-handed-over", counts.handed_over_today.to_string()),
            3 => match counts.mean_making {
                Some(mean) => ("today-mean-making", duration(mean)),
                None => return line,
            },
            _ => return line,
        };
        line.and(pen.fit(&pen.say(word), 20), Meaning::Quiet)
            .and(pen.fit_right(&value, 7), Meaning::Plain)
    }

    /// The chosen case in full, on wide screens.
    fn aside(&self, pen: &Pen<'_>) -> Vec<Line> {
        let Some(row) = self.row() else { return Vec::new() };
        let (state, meaning) = state_word(&row.state);
        let mut lines = vec![
            Line::of(row.number.to_string(), Meaning::Accent),
            Line::of(pen.fit(&row.name, pen.side), Meaning::Strong),
            Line::gap(),
        ];
        let mut fact = |label: &str, value: String, meaning| {
            lines.extend(pen.fact(pen.side, 10, &pen.say(label), &value, meaning));
        };
        fact("case-state", pen.say(state), meaning);
        fact("case-since", moment(pen, row.since), Meaning::Plain);
        if let Some(shelf) = &row.shelf {
            fact("case-shelf", shelf.to_string(), Meaning::Plain);
        }
        if let Some((staff, desk)) = &row.held_by {
            fact("case-held-by", format!("{staff} {desk}"), Meaning::NeedsYou);
        }
        if let Some(problem) = row.problem {
            fact("case-problem", pen.say(problem_words(problem).0), Meaning::Stop);
        }
        fact("case-next", pen.say(next_in(self.queue, row)), Meaning::Strong);
        lines
    }
}

/// The likely next step of a row. The queue of cards by post holds what others would put in the shelf.
fn next_in(queue: Queue, row: &CaseRow) -> &'static str {
    match (queue, &row.state) {
        (Queue::ByPost, CaseState::Made { .. } | CaseState::Shelved { .. }) => "next-envelope",
        _ => next_of_row(row),
    }
}

fn row_spans(row: &CaseRow, queue: Queue, pen: &Pen<'_>) -> Vec<Span> {
    let middle = match (row.problem, &row.held_by, &row.shelf) {
        (Some(problem), ..) => span(pen.say(problem_words(problem).0), Meaning::Stop),
        (None, Some((staff, desk)), _) => {
            let facts = [("staff", staff.as_str().into()), ("desk", desk.as_str().into())];
            span(pen.say_with("row-held", &facts), Meaning::NeedsYou)
        }
        (None, None, Some(shelf)) => {
            let facts = [("place", shelf.as_str().into())];
            span(pen.say_with("row-shelf", &facts), Meaning::Plain)
        }
        (None, None, None) => span(moment(pen, row.since), Meaning::Quiet),
    };
    vec![
        span(row.number.to_string(), Meaning::Plain),
        span(row.name.clone(), Meaning::Strong),
        middle,
        span(
            format!("{}{}", pen.glyphs.arrow, pen.say(next_in(queue, row))),
            Meaning::Accent,
        ),
    ]
}

/// The words for a queue.
const fn queue_word(queue: Queue) -> &'static str {
    match queue {
        Queue::ToVerify => "queue-to-verify",
        Queue::ToMake => "queue-to-make",
        Queue::ToShelve => "queue-to-shelve",
        Queue::ToHandOver => "queue-to-hand-over",
        Queue::Problems => "queue-problems",
        Queue::ByPost => "queue-by-post",
    }
}

fn duration(time: std::time::Duration) -> String {
    let seconds = time.as_secs();
    format!("{}:{:02}", seconds / 60, seconds % 60)
}

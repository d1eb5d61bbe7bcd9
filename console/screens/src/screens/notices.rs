//! 通知の発送: runs of notices on paper, from counting to what comes back. Enter does what comes next.

pub mod keys;

use issuance::{
    acts::{AuditAct as _, NoticeRunCounted},
    notice::recipients::{Excluded, RunId},
    staff::Role,
};

use crate::{
    common::{Common, Go, Told},
    facts::Language,
    fault::Fault,
    input::{Input, Takes},
    keymap::{Intent, KeyTable},
    listing::Listing,
    orders::notices::{
        CountRun, LoadNoticeRuns, MakeBundle, NextStep, NoticeKind, NoticeRun, NoticeRuns, PostRun, PrintBundle,
        ReleaseRun, ReturnLetter, WithdrawRun,
    },
    page::{Line, Page, Pen, Span, span},
    screen::Screen,
    theme::Meaning,
};

/// What is asked for over the list.
#[derive(Debug, Default)]
enum Form {
    #[default]
    None,
    /// Which notice, and whether in large print.
    New { kinds: Listing<NoticeKind>, large: bool },
    /// The number on a letter that came back.
    Returned(Input),
    /// Whether a run is given up, or handed to the post office.
    Sure(RunId, Ending),
}

/// How a run ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ending {
    Posted,
    GivenUp,
}

/// The board of runs.
#[derive(Debug, Default)]
pub struct Notices {
    kinds: Vec<NoticeKind>,
    runs: Listing<NoticeRun>,
    form: Form,
    /// The run whose bundles are made or printed one after another, until a key stops it.
    under_way: Option<RunId>,
}

impl Notices {
    fn load(common: &mut Common) {
        common.load(LoadNoticeRuns, Self::loaded);
    }

    fn loaded(&mut self, board: Result<NoticeRuns, Fault>, common: &mut Common) {
        let runs = board.map(|board| {
            self.kinds = board.kinds;
            board.runs
        });
        self.runs.come(runs, common, |one, other| one.id == other.id);
    }

    /// Takes the board after something was done; whether it was.
    fn done(&mut self, board: Result<NoticeRuns, Fault>, common: &mut Common) -> bool {
        match board {
            Ok(board) => {
                self.form = Form::None;
                common.next_step();
                self.loaded(Ok(board), common);
                true
            }
            Err(fault) => {
                self.under_way = None;
                common.next_step();
                common.tell_fault(&fault);
                false
            }
        }
    }

    fn counted(&mut self, board: Result<NoticeRuns, Fault>, common: &mut Common) {
        if self.done(board, common) {
            self.runs.choose(0);
            common.tell(Meaning::Done, "notice-counted");
        }
    }

    fn released(&mut self, board: Result<NoticeRuns, Fault>, common: &mut Common) {
        if self.done(board, common) {
            let both = self.runs.chosen().is_some_and(|run| run.approved_by.is_some());
            let words = if both { "notice-approved" } else { "notice-released" };
            common.tell(if both { Meaning::Done } else { Meaning::NeedsYou }, words);
        }
    }

    fn ended(&mut self, board: Result<NoticeRuns, Fault>, common: &mut Common) {
        if self.done(board, common) {
            common.tell(Meaning::Done, "notice-ended");
        }
    }

    fn returned(&mut self, board: Result<NoticeRuns, Fault>, common: &mut Common) {
        if self.done(board, common) {
            // The next one lies on the pile already.
            self.form = Form::Returned(Input::new(Takes::Text, 24));
            common.tell(Meaning::Done, "notice-letter-returned");
        }
    }

    /// A bundle was made or printed: on with the next, unless a key stopped it.
    fn went_on(&mut self, board: Result<NoticeRuns, Fault>, common: &mut Common) {
        match board {
            Ok(board) => self.loaded(Ok(board), common),
            Err(fault) => {
                self.under_way = None;
                return common.tell_fault(&fault);
            }
        }
        let Some(id) = self.under_way else { return };
        let run = self.runs.rows().iter().find(|run| run.id == id);
        let facts = run.map_or_else(Vec::new, |run| {
            vec![
                ("made", Told::Text(run.made.to_string())),
                ("printed", Told::Text(run.printed.to_string())),
                ("bundles", Told::Text(run.bundles.to_string())),
            ]
        });
        match run.map(NoticeRun::next) {
            Some(NextStep::Make) => {
                common.tell_with(Meaning::Waiting, "notice-making", facts);
                common.start(MakeBundle(id), Self::went_on);
            }
            // Making ends where printing begins: paper is put in first.
            Some(NextStep::Print) if run.is_some_and(|run| run.printed > 0) => {
                common.tell_with(Meaning::Waiting, "notice-printing", facts);
                common.start(PrintBundle(id), Self::went_on);
            }
            _ => {
                self.under_way = None;
                common.tell_with(Meaning::Done, "notice-all-done", facts);
            }
        }
    }

    fn confirm(&mut self, common: &mut Common) {
        match &self.form {
            Form::None => {
                let Some(run) = self.runs.chosen() else { return };
                let id = run.id;
                match run.next() {
                    NextStep::Release | NextStep::Approve => {
                        common.ask(ReleaseRun(id), Self::released);
                    }
                    NextStep::Make => {
                        self.under_way = Some(id);
                        common.tell(Meaning::Waiting, "notice-begins");
                        common.start(MakeBundle(id), Self::went_on);
                    }
                    NextStep::Print => {
                        self.under_way = Some(id);
                        common.tell(Meaning::Waiting, "notice-begins");
                        common.start(PrintBundle(id), Self::went_on);
                    }
                    NextStep::Post => self.form = Form::Sure(id, Ending::Posted),
                    NextStep::Over => {}
                }
            }
            Form::New { kinds, large } => {
                if let Some(kind) = kinds.chosen() {
                    let order = CountRun {
                        kind: kind.name.clone(),
                        large: *large,
                    };
                    common.ask(order, Self::counted);
                }
            }
            Form::Returned(number) => match number_on_letter(number.text()) {
                Some((run, letter)) => {
                    common.ask(ReturnLetter { run, letter }, Self::returned);
                }
                None => common.tell(Meaning::NeedsYou, "notice-number-first"),
            },
            Form::Sure(id, Ending::Posted) => {
                common.ask(PostRun(*id), Self::ended);
            }
            Form::Sure(id, Ending::GivenUp) => {
                common.ask(WithdrawRun(*id), Self::ended);
            }
        }
    }

    fn view_run(run: &NoticeRun, pen: &Pen<'_>, page: &mut Page) {
        page.gap();
        let mut fact = |label: &str, value: String, meaning| page.fact(pen, 16, &pen.say(label), &value, meaning);
        fact("notice-dated", pen.day(run.dated), Meaning::Plain);
        let counts = [
            ("letters", run.letters.to_string().into()),
            ("people", run.people.to_string().into()),
        ];
        fact(
            "notice-letters",
            pen.say_with("notice-letters-of", &counts),
            Meaning::Strong,
        );
        let reasons: Vec<String> = run
            .excluded
            .iter()
            .map(|(reason, count)| format!("{} {count}", pen.say(excluded_word(*reason))))
            .collect();
        let reasons = match reasons.is_empty() {
            true => pen.say("notice-nobody-left-out"),
            false => reasons.join(" / "),
        };
        fact("notice-left-out", reasons, Meaning::Plain);
        for (label, who) in [("notice-first", &run.released_by), ("notice-second", &run.approved_by)] {
            let (words, meaning) = match who {
                Some(who) => (who.clone(), Meaning::Plain),
                None => (pen.say("notice-nobody-yet"), Meaning::NeedsYou),
            };
            fact(label, words, meaning);
        }
        let counts = [
            ("bundles", run.bundles.to_string().into()),
            ("made", run.made.to_string().into()),
            ("printed", run.printed.to_string().into()),
        ];
        fact(
            "notice-bundles",
            pen.say_with("notice-bundles-of", &counts),
            Meaning::Plain,
        );
        if run.returned > 0 {
            fact("notice-came-back", run.returned.to_string(), Meaning::NeedsYou);
        }
    }
}

/// `12-345`, as printed at the foot of a letter: run and letter. What a scanner reads behind it is left.
fn number_on_letter(text: &str) -> Option<(i64, i32)> {
    let (run, letter) = text.trim().split_once('-')?;
    let letter: String = letter.chars().take_while(char::is_ascii_digit).collect();
    Some((run.parse().ok()?, letter.parse().ok()?))
}

impl Screen for Notices {
    fn keys(&self) -> &'static KeyTable {
        match self.form {
            Form::None => &keys::KEYS,
            Form::New { .. } => &keys::KINDS,
            Form::Returned(_) | Form::Sure(..) => &keys::FORM,
        }
    }

    fn field(&mut self) -> Option<&mut Input> {
        match &mut self.form {
            Form::Returned(number) => Some(number),
            _ => None,
        }
    }

    fn takes_text(&self) -> bool {
        matches!(self.form, Form::Returned(_))
    }

    fn shown(&mut self, common: &mut Common) {
        common.close_case();
        Self::load(common);
    }

    fn can(&self, intent: Intent, _common: &Common) -> bool {
        match (intent, &self.form) {
            (Intent::Confirm, Form::None) => {
                self.under_way.is_none() && self.runs.chosen().is_some_and(|run| run.next() != NextStep::Over)
            }
            (keys::GIVE_UP, _) => {
                self.under_way.is_none() && self.runs.chosen().is_some_and(|run| run.next() != NextStep::Over)
            }
            (Intent::New, _) => !self.kinds.is_empty() && self.under_way.is_none(),
            _ => true,
        }
    }

    fn lacks(&self, intent: Intent, common: &Common) -> Option<Role> {
        match (intent, &self.form) {
            (Intent::New | keys::RETURNED | keys::GIVE_UP, _) | (Intent::Confirm, Form::None) => {
                common.lacking(NoticeRunCounted::ROW.roles())
            }
            _ => None,
        }
    }

    fn act(&mut self, intent: Intent, common: &mut Common) {
        let moved = match &mut self.form {
            Form::None => self.runs.moves(intent),
            Form::New { kinds, .. } => kinds.moves(intent),
            Form::Returned(_) | Form::Sure(..) => false,
        };
        if moved {
            return;
        }
        match (intent, &mut self.form) {
            (Intent::Confirm, _) => self.confirm(common),
            (Intent::New, Form::None) => {
                let mut kinds = Listing::default();
                kinds.set(self.kinds.clone(), |one: &NoticeKind, other| one.name == other.name);
                self.form = Form::New { kinds, large: false };
                common.next_step();
            }
            (keys::LARGE, Form::New { large, .. }) => *large = !*large,
            (keys::RETURNED, Form::None) => {
                self.form = Form::Returned(Input::new(Takes::Text, 24));
                common.next_step();
            }
            (keys::GIVE_UP, Form::None) => {
                if let Some(run) = self.runs.chosen() {
                    self.form = Form::Sure(run.id, Ending::GivenUp);
                    common.next_step();
                }
            }
            (Intent::Refresh, _) => Self::load(common),
            (Intent::Back, Form::None) if self.under_way.is_some() => {
                self.under_way = None;
                common.tell(Meaning::NeedsYou, "notice-stops");
            }
            (Intent::Back, Form::None) => common.go(Go::Back),
            (Intent::Back, _) => {
                self.form = Form::None;
                common.next_step();
            }
            _ => {}
        }
    }

    fn view(&self, _common: &Common, pen: &Pen<'_>) -> Page {
        let mut page = Page::titled(pen.say("title-notices"));
        match &self.form {
            Form::None => {}
            Form::New { kinds, large } => {
                page.paragraph(pen, 0, &pen.say("notice-which"), Meaning::Plain);
                let size = if *large {
                    "notice-size-large"
                } else {
                    "notice-size-normal"
                };
                page.line(Line::of(pen.say(size), Meaning::Accent));
                page.gap();
                let height = pen.height.saturating_sub(page.body.len());
                let row = |kind: &NoticeKind| {
                    vec![
                        span(title(&kind.title, pen), Meaning::Strong),
                        span(kind.name.clone(), Meaning::Quiet),
                    ]
                };
                kinds.view(&mut page, pen, (&[38], height), "", row);
                return page;
            }
            Form::Returned(number) => {
                page.paragraph(pen, 0, &pen.say("notice-returned-about"), Meaning::Plain);
                page.gap();
                page.input(pen, 16, &pen.say("notice-number"), number, 24, true);
                return page;
            }
            Form::Sure(id, ending) => {
                let words = match ending {
                    Ending::Posted => "notice-post-about",
                    Ending::GivenUp => "notice-give-up-about",
                };
                page.paragraph(pen, 0, &pen.say(words), Meaning::NeedsYou);
                if let Some(run) = self.runs.rows().iter().find(|run| run.id == *id) {
                    Self::view_run(run, pen, &mut page);
                }
                return page;
            }
        }
        // The chosen run's facts stand below the list.
        let height = pen.height.saturating_sub(page.body.len() + 9);
        let empty = pen.say("notice-none-yet");
        self.runs.view(&mut page, pen, (&[6, 30, 12], height), &empty, |run| {
            row_spans(run, pen)
        });
        if let Some(run) = self.runs.chosen() {
            Self::view_run(run, pen, &mut page);
        }
        page
    }
}

fn row_spans(run: &NoticeRun, pen: &Pen<'_>) -> Vec<Span> {
    let letters = [("letters", run.letters.to_string().into())];
    let (words, meaning) = match (run.is_withdrawn, run.next()) {
        (true, _) => ("notice-state-withdrawn", Meaning::Quiet),
        (_, NextStep::Release) => ("notice-state-release", Meaning::NeedsYou),
        (_, NextStep::Approve) => ("notice-state-approve", Meaning::NeedsYou),
        (_, NextStep::Make) => ("notice-state-make", Meaning::Waiting),
        (_, NextStep::Print) => ("notice-state-print", Meaning::Waiting),
        (_, NextStep::Post) => ("notice-state-post", Meaning::NeedsYou),
        (_, NextStep::Over) => ("notice-state-posted", Meaning::Done),
    };
    vec![
        span(run.number.to_string(), Meaning::Plain),
        span(title(&run.title, pen), Meaning::Strong),
        span(pen.say_with("notice-count", &letters), Meaning::Plain),
        span(pen.say(words), meaning),
    ]
}

fn title(titles: &[String; 2], pen: &Pen<'_>) -> String {
    titles[usize::from(pen.language == Language::English)].clone()
}

const fn excluded_word(reason: Excluded) -> &'static str {
    match reason {
        Excluded::Deceased => "notice-excluded-deceased",
        Excluded::MovedOut => "notice-excluded-moved-out",
        Excluded::Gone => "notice-excluded-gone",
        Excluded::NoPaperWanted => "notice-excluded-no-paper",
        Excluded::NoAddress => "notice-excluded-no-address",
        Excluded::Returned => "notice-excluded-returned",
        Excluded::NoGuardian => "notice-excluded-no-guardian",
        Excluded::WouldShowAddress => "notice-excluded-address",
    }
}

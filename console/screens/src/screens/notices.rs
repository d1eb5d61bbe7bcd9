//! 通知の発送: runs of notices on paper, from counting to what comes back. Enter does what comes next.

pub mod keys;
mod view;

use issuance::{
    acts::{AuditAct as _, NoticeRunCounted},
    notice::{
        letter_number::{LetterNumber, NotANumber},
        recipients::RunId,
    },
    staff::Role,
};

use crate::{
    common::{Common, Go, Told},
    fault::Fault,
    input::{Input, Takes},
    keymap::{Intent, KeyTable},
    listing::Listing,
    orders::notices::{
        CountRun, LetterShown, LoadNoticeRuns, LoadUnset, MakeBundle, NextStep, NoticeKind, NoticeRun, NoticeRuns,
        PostRun, PrintBundle, ReleaseRun, ReturnLetter, SampleRun, SamplesWritten, Sent, SettleBundle, ShowLetter,
        UnsetList, UnsetShown, WithdrawRun,
    },
    page::{Line, Page, Pen, span},
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
    /// Whose the letter is, before it is written down.
    Whose(LetterShown),
    /// Letters that can't be set.
    Unset(Listing<UnsetShown>),
    /// What came out of the printer.
    Settled(RunId, Sent),
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

    fn found(&mut self, letter: Result<LetterShown, Fault>, common: &mut Common) {
        match letter {
            Ok(letter) => {
                self.form = Form::Whose(letter);
                common.next_step();
            }
            Err(fault) => common.tell_fault(&fault),
        }
    }

    fn unset(&mut self, list: Result<UnsetList, Fault>, common: &mut Common) {
        if let Form::Unset(rows) = &mut self.form {
            rows.come(list.map(|list| list.0), common, |one, other| one == other);
        }
    }

    fn sampled(&mut self, samples: Result<SamplesWritten, Fault>, common: &mut Common) {
        match samples {
            Ok(samples) => {
                let facts = vec![
                    ("letters", Told::Text(samples.letters.to_string())),
                    ("file", Told::Text(samples.file)),
                ];
                common.tell_with(Meaning::Done, "notice-samples", facts);
            }
            Err(fault) => common.tell_fault(&fault),
        }
    }

    fn settled(&mut self, board: Result<NoticeRuns, Fault>, common: &mut Common) {
        if self.done(board, common) {
            common.tell(Meaning::Done, "notice-settled");
        }
    }

    /// Whether bundles are made or printed at this desk, also after a key stopped it and until the last one has ended.
    fn is_at_it(&self, common: &Common) -> bool {
        self.under_way.is_some() || common.is_asking::<PrintBundle>() || common.is_asking::<MakeBundle>()
    }

    /// A bundle was made or printed: on with the next, unless a key stopped it.
    fn went_on(&mut self, board: Result<NoticeRuns, Fault>, common: &mut Common) {
        match board {
            Ok(board) => self.loaded(Ok(board), common),
            Err(fault) => {
                self.under_way = None;
                // What it stopped at is shown: a bundle may lie at the printer.
                Self::load(common);
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
                    common.tell(Meaning::Waiting, "notice-counting");
                    common.ask(order, Self::counted);
                }
            }
            Form::Returned(number) => match number.text().parse::<LetterNumber>() {
                Ok(number) => {
                    common.ask(ShowLetter(number), Self::found);
                }
                Err(NotANumber::Shape) => common.tell(Meaning::NeedsYou, "notice-number-first"),
                Err(NotANumber::Check) => common.tell(Meaning::NeedsYou, "notice-number-wrong"),
            },
            Form::Whose(letter) if letter.is_returned => {
                self.form = Form::Returned(Input::new(Takes::Text, 24));
                common.next_step();
            }
            Form::Whose(letter) => {
                common.ask(ReturnLetter(letter.number), Self::returned);
            }
            Form::Unset(_) | Form::Settled(..) => {}
            Form::Sure(id, Ending::Posted) => {
                common.ask(PostRun(*id), Self::ended);
            }
            Form::Sure(id, Ending::GivenUp) => {
                common.ask(WithdrawRun(*id), Self::ended);
            }
        }
    }
}

impl Screen for Notices {
    fn keys(&self) -> &'static KeyTable {
        match self.form {
            Form::None => &keys::KEYS,
            Form::New { .. } => &keys::KINDS,
            Form::Returned(_) | Form::Whose(_) | Form::Sure(..) => &keys::FORM,
            Form::Settled(..) => &keys::SETTLED,
            Form::Unset(_) => &keys::LIST,
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

    fn can(&self, intent: Intent, common: &Common) -> bool {
        let run = self.runs.chosen();
        let goes_on = || !self.is_at_it(common) && run.is_some_and(|run| run.next() != NextStep::Over);
        match (intent, &self.form) {
            (Intent::Confirm, Form::None) => goes_on(),
            (keys::GIVE_UP, _) => goes_on() && run.is_some_and(|run| run.sent.is_none()),
            (keys::SETTLE, _) => goes_on() && run.is_some_and(|run| run.sent.is_some()),
            // Once it is made there is the letters themselves to look at.
            (keys::SAMPLES, _) => goes_on() && run.is_some_and(|run| run.made == 0),
            (keys::UNSET, _) => run.is_some_and(view::has_unset),
            (Intent::New, _) => !self.kinds.is_empty() && !self.is_at_it(common),
            _ => true,
        }
    }

    fn lacks(&self, intent: Intent, common: &Common) -> Option<Role> {
        match (intent, &self.form) {
            (Intent::New | keys::RETURNED | keys::GIVE_UP | keys::UNSET | keys::SETTLE | keys::SAMPLES, _)
            | (Intent::Confirm, Form::None) => common.lacking(NoticeRunCounted::ROW.roles()),
            _ => None,
        }
    }

    fn act(&mut self, intent: Intent, common: &mut Common) {
        let moved = match &mut self.form {
            Form::None => self.runs.moves(intent),
            Form::New { kinds, .. } => kinds.moves(intent),
            Form::Unset(rows) => rows.moves(intent),
            Form::Returned(_) | Form::Whose(_) | Form::Settled(..) | Form::Sure(..) => false,
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
            (keys::SAMPLES, Form::None) => {
                if let Some(run) = self.runs.chosen() {
                    common.ask(SampleRun(run.id), Self::sampled);
                }
            }
            (keys::UNSET, Form::None) => {
                if let Some(run) = self.runs.chosen() {
                    let of = LoadUnset(run.id);
                    self.form = Form::Unset(Listing::default());
                    common.next_step();
                    common.load(of, Self::unset);
                }
            }
            (keys::SETTLE, Form::None) => {
                if let Some((id, sent)) = self.runs.chosen().and_then(|run| Some((run.id, run.sent.clone()?))) {
                    self.form = Form::Settled(id, sent);
                    common.next_step();
                }
            }
            (keys::ALL_OUT | keys::NOT_OUT, Form::Settled(run, sent)) => {
                let order = SettleBundle {
                    run: *run,
                    bundle: sent.bundle,
                    printed: intent == keys::ALL_OUT,
                };
                common.ask(order, Self::settled);
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
                        span(view::title(&kind.title, pen), Meaning::Strong),
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
            Form::Whose(letter) => {
                view::letter(letter, pen, &mut page);
                return page;
            }
            Form::Unset(rows) => {
                page.paragraph(pen, 0, &pen.say("notice-unset-about"), Meaning::Plain);
                page.gap();
                let height = pen.height.saturating_sub(page.body.len());
                let empty = pen.say("notice-unset-none");
                rows.view(&mut page, pen, (&[12, 20], height), &empty, |row| view::unset(row, pen));
                return page;
            }
            Form::Settled(_, sent) => {
                page.paragraph(
                    pen,
                    0,
                    &pen.say_with("notice-settle-about", &view::of_sent(sent, pen)),
                    Meaning::NeedsYou,
                );
                return page;
            }
            Form::Sure(id, ending) => {
                let words = match ending {
                    Ending::Posted => "notice-post-about",
                    Ending::GivenUp => "notice-give-up-about",
                };
                page.paragraph(pen, 0, &pen.say(words), Meaning::NeedsYou);
                if let Some(run) = self.runs.rows().iter().find(|run| run.id == *id) {
                    view::run(run, pen, &mut page);
                }
                return page;
            }
        }
        // The chosen run's facts stand below the list.
        let height = pen.height.saturating_sub(page.body.len() + 11);
        let empty = pen.say("notice-none-yet");
        self.runs.view(&mut page, pen, (&[6, 30, 12], height), &empty, |run| {
            view::row(run, pen)
        });
        if let Some(run) = self.runs.chosen() {
            view::run(run, pen, &mut page);
        }
        page
    }
}

//! Runs of notices on paper (発送).

use issuance::notice::recipients::{Excluded, RunId};
use time::Date;

use crate::order::{Order, Reply};

/// The notices there are and the newest runs.
#[derive(Debug)]
pub struct LoadNoticeRuns;

impl Order for LoadNoticeRuns {
    type Reply = NoticeRuns;
    const IS_OF_CASE: bool = false;
}

/// The board of runs, newest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoticeRuns {
    pub kinds: Vec<NoticeKind>,
    pub runs: Vec<NoticeRun>,
}

impl Reply for NoticeRuns {}

/// A notice that can be run from the screen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoticeKind {
    /// Plain English: `medical-expenses`.
    pub name: String,
    /// What the letter is called, in Japanese and in English.
    pub title: [String; 2],
}

/// A run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoticeRun {
    pub id: RunId,
    pub number: i64,
    /// What the letter is called, in Japanese and in English.
    pub title: [String; 2],
    pub large: bool,
    /// The day of the letters.
    pub dated: Date,
    pub letters: i32,
    pub people: i32,
    /// Who is left out, and why.
    pub excluded: Vec<(Excluded, u64)>,
    /// Who released it, the first and the second.
    pub released_by: Option<String>,
    pub approved_by: Option<String>,
    pub bundles: i64,
    pub made: i64,
    pub printed: i64,
    /// Letters that came back.
    pub returned: i64,
    pub is_posted: bool,
    pub is_withdrawn: bool,
}

/// What comes next in a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NextStep {
    /// Two people are to release it.
    Release,
    /// One has; another is to.
    Approve,
    Make,
    Print,
    Post,
    /// Nothing but what comes back.
    Over,
}

impl NoticeRun {
    pub const fn next(&self) -> NextStep {
        if self.is_posted || self.is_withdrawn {
            NextStep::Over
        } else if self.released_by.is_none() {
            NextStep::Release
        } else if self.approved_by.is_none() {
            NextStep::Approve
        } else if self.made < self.bundles {
            NextStep::Make
        } else if self.printed < self.bundles {
            NextStep::Print
        } else {
            NextStep::Post
        }
    }
}

/// Count the letters of a notice dated today.
#[derive(Debug)]
pub struct CountRun {
    pub kind: String,
    pub large: bool,
}

impl Order for CountRun {
    type Reply = NoticeRuns;
    const IS_OF_CASE: bool = false;
}

/// Release a run: as its first person, or as its second.
#[derive(Debug)]
pub struct ReleaseRun(pub RunId);

impl Order for ReleaseRun {
    type Reply = NoticeRuns;
    const IS_OF_CASE: bool = false;
}

/// Make the next bundle of a run: asked again until all are made.
#[derive(Debug)]
pub struct MakeBundle(pub RunId);

impl Order for MakeBundle {
    type Reply = NoticeRuns;
    const IS_OF_CASE: bool = false;
}

/// Print the next bundle of a run, to the printer's word that it is printed.
#[derive(Debug)]
pub struct PrintBundle(pub RunId);

impl Order for PrintBundle {
    type Reply = NoticeRuns;
    const IS_OF_CASE: bool = false;
}

/// The run was handed to the post office.
#[derive(Debug)]
pub struct PostRun(pub RunId);

impl Order for PostRun {
    type Reply = NoticeRuns;
    const IS_OF_CASE: bool = false;
}

/// Give a run up.
#[derive(Debug)]
pub struct WithdrawRun(pub RunId);

impl Order for WithdrawRun {
    type Reply = NoticeRuns;
    const IS_OF_CASE: bool = false;
}

/// A letter came back: the numbers of run and letter printed on it.
#[derive(Debug)]
pub struct ReturnLetter {
    pub run: i64,
    pub letter: i32,
}

impl Order for ReturnLetter {
    type Reply = NoticeRuns;
    const IS_OF_CASE: bool = false;
}

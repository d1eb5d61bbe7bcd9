//! Runs of notices on paper (発送).

use issuance::notice::{
    letter_number::LetterNumber,
    recipients::{Excluded, RunId},
};
use time::{Date, OffsetDateTime};

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
    /// A bundle of which nobody knows yet how its printing ended.
    pub sent: Option<Sent>,
    /// Letters that came back.
    pub returned: i64,
    pub is_posted: bool,
    pub is_withdrawn: bool,
}

/// A bundle that lies at a printer, as far as the records know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sent {
    pub bundle: i32,
    pub desk: String,
    pub at: OffsetDateTime,
    /// By whom.
    pub by: String,
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

/// Say what somebody saw of a bundle of which the printer can't tell.
#[derive(Debug)]
pub struct SettleBundle {
    pub run: RunId,
    pub bundle: i32,
    /// Whether all of it came out.
    pub printed: bool,
}

impl Order for SettleBundle {
    type Reply = NoticeRuns;
    const IS_OF_CASE: bool = false;
}

/// Write a few letters of a run as a file, to be looked at before it is released.
#[derive(Debug)]
pub struct SampleRun(pub RunId);

impl Order for SampleRun {
    type Reply = SamplesWritten;
    const IS_OF_CASE: bool = false;
}

/// Samples of a run.
#[derive(Debug)]
pub struct SamplesWritten {
    /// How many letters.
    pub letters: usize,
    /// The PDF.
    pub file: String,
}

impl Reply for SamplesWritten {}

/// The letters that a run leaves out because they can't be set.
#[derive(Debug)]
pub struct LoadUnset(pub RunId);

impl Order for LoadUnset {
    type Reply = UnsetList;
    const IS_OF_CASE: bool = false;
}

/// Whose letters can't be set, and why.
#[derive(Debug)]
pub struct UnsetList(pub Vec<UnsetShown>);

impl Reply for UnsetList {}

/// A letter that can't be set.
#[derive(Clone, PartialEq, Eq)]
pub struct UnsetShown {
    pub name: String,
    /// Their 宛名番号.
    pub number: String,
    pub why: WhyUnset,
}

impl std::fmt::Debug for UnsetShown {
    /// Personal: shows nothing.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("UnsetShown(…)")
    }
}

/// Why a letter can't be set.
#[derive(Clone, PartialEq, Eq)]
pub enum WhyUnset {
    /// What does not fit.
    TooLong(String),
    /// A character that no font has, and where it stands.
    NoGlyph {
        field: String,
        character: String,
        code_points: String,
    },
}

/// Whose letter is it that came back?
#[derive(Debug)]
pub struct ShowLetter(pub LetterNumber);

impl Order for ShowLetter {
    type Reply = LetterShown;
    const IS_OF_CASE: bool = false;
}

/// A letter that was posted: for comparing with the envelope.
#[derive(Clone, PartialEq, Eq)]
pub struct LetterShown {
    pub number: LetterNumber,
    /// In Japanese and in English.
    pub title: [String; 2],
    pub dated: Date,
    /// To whom it went: a child's guardian.
    pub name: String,
    pub postal_code: String,
    /// Whether it is written down already.
    pub is_returned: bool,
}

impl std::fmt::Debug for LetterShown {
    /// Personal: shows its number.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "LetterShown({})", self.number)
    }
}

impl Reply for LetterShown {}

/// A letter came back.
#[derive(Debug)]
pub struct ReturnLetter(pub LetterNumber);

impl Order for ReturnLetter {
    type Reply = NoticeRuns;
    const IS_OF_CASE: bool = false;
}

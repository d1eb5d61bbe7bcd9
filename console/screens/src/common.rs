//! What every screen stands on: who is logged in, the one open case, readers, the time, and the way to ask for
//! things. Screens change only this and themselves.

use issuance::{
    case::{CaseId, ResidentId},
    staff::Role,
};
use time::OffsetDateTime;

use super::{
    facts::{CaseView, Language, Outbox, Reader, ReaderState, Session, Setup, StaffShown, relay::Told as FrontTold},
    fault::Fault,
    jobs::{Jobs, Keys, Then},
    key::StepId,
    keymap::Intent,
    order::{JobId, Order},
    orders::{
        cases::{BreakLease, CaseAt, CloseCase, OpenCase, ReloadCase},
        staff::SecondPurpose,
    },
    screen::Screen,
    theme::Meaning,
};

/// A fact put into a message: text as it is, or a word of the reader's language.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Told {
    Text(String),
    /// A key of the words.
    Word(&'static str),
    /// A moment, written in the reader's language.
    Moment(OffsetDateTime),
}

/// What the message line says: what happened, what it means, what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    pub meaning: Meaning,
    pub key: &'static str,
    pub facts: Vec<(&'static str, Told)>,
}

/// A move between screens; carried out after the screen's own update.
#[derive(Debug)]
pub enum Go {
    /// Put a screen on top.
    To(Box<dyn Screen>),
    /// Leave the top screen.
    Back,
    /// The case's own screen, with nothing above it.
    Case,
    /// What is next for the open case, above its own screen: what Enter would do there.
    Next,
    /// 本日の業務, with nothing above it.
    Home,
    /// The identity verification of the open case: as it was left, or begun.
    Verification,
    /// An application for this resident: as it was left, or begun.
    Application(Box<super::facts::ResidentView>),
    /// A panel over the screen.
    Over(Box<dyn Screen>),
    CloseOver,
    /// The second clerk agreed; the screen under the panel hears of it.
    Approved(SecondPurpose, StaffShown),
    /// A reason was given; the screen under the panel hears of it.
    Reasoned(String),
    /// The panel closes, and what it held under the demo's scanner is read.
    Scanned(String),
    /// A session begins, or goes on after the lock.
    Enter(Box<Session>),
    Lock(Locked),
    LogOut,
    /// End the session and leave the program.
    Quit,
}

/// Why the screen is locked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Locked {
    /// The staff card was pulled.
    CardPulled,
    /// Nothing was pressed for so long.
    Idle,
    ByKey,
}

/// The shared part of the state.
#[derive(Debug)]
pub struct Common {
    pub setup: Setup,
    /// The time of the last tick or key.
    pub now: OffsetDateTime,
    /// The language of the screens.
    pub language: Language,
    /// Who is logged in.
    pub session: Option<Session>,
    pub staff_reader: ReaderState,
    pub resident_reader: ReaderState,
    /// Whether the database answers.
    pub database_up: bool,
    /// How the outbox to the relay stands; `None` where there is none.
    pub relay: Option<Outbox>,
    /// What the relay's front told its operators.
    pub front: FrontTold,
    /// The one open case.
    pub open: Option<Box<CaseView>>,
    pub message: Option<Message>,
    /// The terminal's size as last told: columns and lines.
    pub size: (u16, u16),
    /// What Enter would act on, see [`StepId`].
    pub step: StepId,
    /// The step since which the way back, too, leads where it leads now.
    pub way_back: StepId,
    /// Grows with every case opened: what was agreed to under one hold of a case is not carried into the next.
    pub claim: u64,
    /// Whether the screen that hears of something is the one in front: neither covered by a panel nor locked away.
    pub is_front: bool,
    pub(super) jobs: Jobs,
    pub(super) go: Vec<Go>,
    /// The job that opens a case, and which, where it is known before.
    pub(super) opening: Option<JobId>,
    pub(super) opening_case: Option<CaseId>,
    /// What the clerk asked for of the case that is being opened, beyond seeing it.
    pub(super) toward: Option<Intent>,
    /// A case that another desk holds, just asked for: it can be taken over, with a reason.
    pub(super) held: Option<CaseId>,
    /// The open case may stand elsewhere than [`Self::open`] says: an order for it ended half-way, or its answer was lost.
    pub(super) behind: bool,
    /// The job that asks where the open case stands.
    pub(super) catching_up: Option<JobId>,
}

impl Common {
    /// The beginning: nobody logged in, readers and database not heard of yet.
    pub fn new(setup: Setup, now: OffsetDateTime) -> Self {
        Self {
            language: setup.language,
            setup,
            now,
            session: None,
            staff_reader: ReaderState::Missing,
            resident_reader: ReaderState::Missing,
            database_up: true,
            relay: None,
            front: FrontTold::default(),
            open: None,
            message: None,
            size: (80, 24),
            step: StepId(1),
            way_back: StepId(1),
            claim: 0,
            is_front: true,
            jobs: Jobs::default(),
            go: Vec::new(),
            opening: None,
            opening_case: None,
            toward: None,
            held: None,
            behind: false,
            catching_up: None,
        }
    }

    /// Asks the desk for something that moves the screen on: keys typed meanwhile wait. The answer comes to `then`, on the
    /// screen that asks.
    pub fn ask<O: Order, S: Screen>(
        &mut self,
        order: O,
        then: fn(&mut S, Result<O::Reply, Fault>, &mut Self),
    ) -> JobId {
        let of = self.open.as_ref().map(|case| case.id);
        self.jobs.begin(order, of, Then::of::<O, S>(then), Keys::Wait)
    }

    /// As [`Self::ask`], for what is to be shown: nothing waits for it, and asking again makes the earlier answer worthless.
    pub fn load<O: Order, S: Screen>(
        &mut self,
        order: O,
        then: fn(&mut S, Result<O::Reply, Fault>, &mut Self),
    ) -> JobId {
        self.jobs.forget::<O>();
        let of = self.open.as_ref().map(|case| case.id);
        self.jobs.begin(order, of, Then::of::<O, S>(then), Keys::OnlyLook)
    }

    /// As [`Self::ask`], for what goes on beside the keys: they stay good meanwhile.
    pub fn start<O: Order, S: Screen>(
        &mut self,
        order: O,
        then: fn(&mut S, Result<O::Reply, Fault>, &mut Self),
    ) -> JobId {
        let of = self.open.as_ref().map(|case| case.id);
        self.jobs.begin(order, of, Then::of::<O, S>(then), Keys::GoOn)
    }

    /// Drops the answer to what this screen asked for of this type: what it was asked about is no longer there.
    pub fn forget<O: Order>(&mut self) {
        self.jobs.forget::<O>();
    }

    /// Waits no longer for the answer to `job`.
    pub fn give_up(&mut self, job: JobId) {
        self.jobs.forget_job(job);
    }

    /// Tells the desk something whose answer nobody waits for.
    pub fn tell_desk<O: Order>(&mut self, order: O) -> JobId {
        let of = self.open.as_ref().map(|case| case.id);
        self.jobs.begin(order, of, Then::Nothing, Keys::GoOn)
    }

    /// Whether an order of this type is under way.
    pub fn is_asking<O: Order>(&self) -> bool {
        self.jobs.is_asking::<O>()
    }

    /// The open case and its version, as orders carry it.
    pub fn case_at(&self) -> Option<CaseAt> {
        self.open.as_ref().map(|case| CaseAt {
            id: case.id,
            version: case.version,
        })
    }

    /// Opens the case; any other is released first. Once asked, asking again does nothing.
    pub fn open_case(&mut self, case: CaseId) {
        self.open_by(OpenCase(case), Some(case));
    }

    /// As [`Self::open_case`], by an order that brings a case; `case` is which, where it is known before.
    pub fn open_by<O: Order>(&mut self, order: O, case: Option<CaseId>) {
        self.begin_opening(order, case, Then::Nothing);
    }

    /// As [`Self::open_by`], by an order that may bring something else: the screen that asks hears what it was.
    pub fn open_or<O: Order, S: Screen>(&mut self, order: O, then: fn(&mut S, Result<O::Reply, Fault>, &mut Self)) {
        self.begin_opening(order, None, Then::of::<O, S>(then));
    }

    fn begin_opening<O: Order>(&mut self, order: O, case: Option<CaseId>, then: Then) {
        if self.opening.is_none() {
            self.message = None;
            self.held = None;
            self.toward = None;
            self.opening_case = case;
            self.opening = Some(self.jobs.begin(order, case, then, Keys::GoOn));
        }
    }

    /// Takes over the case that another desk holds, with the reason given.
    pub fn take_over(&mut self, reason: &str) {
        if let Some(case) = self.held.take() {
            let reason = reason.to_owned();
            self.open_by(BreakLease { case, reason }, Some(case));
        }
    }

    /// Releases the open case: what is still under way for it can change nothing here any more.
    pub fn close_case(&mut self) {
        if let Some(case) = self.open.take() {
            self.behind = false;
            self.catching_up = None;
            self.jobs.forget_case(case.id);
            self.jobs
                .begin(CloseCase(case.id), Some(case.id), Then::Nothing, Keys::GoOn);
        }
    }

    /// Asks where the open case stands, when what is known of it may be behind. While the database is away there is
    /// nobody to ask: its return is the next occasion.
    pub(super) fn catch_up(&mut self) {
        if self.behind
            && self.database_up
            && self.catching_up.is_none()
            && let Some(case) = self.open.as_ref().map(|case| case.id)
        {
            self.catching_up = Some(self.tell_desk(ReloadCase(case)));
        }
    }

    /// Asks where the open case stands: something was done to it whose answer did not say.
    pub fn reload_case(&mut self) {
        self.behind = true;
        self.catch_up();
    }

    /// Whether the person logged in may act so.
    pub fn may(&self, role: Role) -> bool {
        self.session.as_ref().is_some_and(|session| session.staff.may(role))
    }

    /// The role needed, when the person logged in has none of `roles`.
    pub fn lacking(&self, roles: &[Role]) -> Option<Role> {
        let has_one = roles.is_empty() || roles.iter().any(|role| self.may(*role));
        roles.first().copied().filter(|_| !has_one)
    }

    /// How a reader stands.
    pub const fn reader(&self, reader: Reader) -> ReaderState {
        match reader {
            Reader::Staff => self.staff_reader,
            Reader::Resident => self.resident_reader,
        }
    }

    /// Moves on to another screen.
    pub fn go(&mut self, go: Go) {
        self.go.push(go);
    }

    /// What the keys mean has changed: those pressed before the next frame do nothing of it.
    pub fn next_step(&mut self) {
        self.step.0 += 1;
        self.way_back = self.step;
    }

    /// What Enter would commit has changed by itself: a card was read, other rows came. The way back is what it was: whoever
    /// pressed its key just then meant it.
    pub const fn next_choice(&mut self) {
        self.step.0 += 1;
    }

    /// Says something on the message line.
    pub fn tell(&mut self, meaning: Meaning, key: &'static str) {
        self.tell_with(meaning, key, Vec::new());
    }

    /// As [`Self::tell`], with facts.
    pub fn tell_with(&mut self, meaning: Meaning, key: &'static str, facts: Vec<(&'static str, Told)>) {
        self.message = Some(Message { meaning, key, facts });
    }

    /// Says why something was not done.
    pub fn tell_fault(&mut self, fault: &Fault) {
        self.message = Some(fault.message());
    }
}

/// What a screen that was left keeps, so that Esc never destroys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kept {
    /// An identity verification under way.
    Verification(CaseId),
    /// An application under way.
    Application(ResidentId),
}

//! What the desk stands on, and the lanes from an order to its reply.
//!
//! Card orders go to their reader's thread; orders that change records are carried out one after another, in the
//! order given, so that opening and closing a case never overtake each other; everything else goes at once. Every
//! order ends in exactly one reply with its job, also when its code panics.

use std::{
    cell::Cell,
    collections::BTreeMap,
    future::Future,
    panic::AssertUnwindSafe,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use futures_util::FutureExt;
use issuance::issuing::Cancel;
use office::{Act, Office, OfficeError, SessionBegun, SessionId};
use relay_core::{chance::OsChance, clock::Clock, id::Id};
use tokio::{
    runtime::Handle,
    sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel},
};
use tracing::{Instrument, Span};
use uuid::Uuid;

use super::{
    approvals::Approvals,
    authorities::Keys,
    database::Watch,
    leases::Held,
    notices,
    paper::Printer,
    readers::{AtReader, ReaderThread},
    search::Roster,
    trouble::{self, Whose},
};
use crate::{
    config::Config,
    tui::{
        event::Event,
        facts::Setup,
        fault::Fault,
        order::{Answer, JobId, Order, Reply},
    },
};

/// The desk; clones are the same desk.
#[derive(Clone)]
pub struct Desk(Arc<Inner>);

/// What the parts of the desk share.
pub struct Inner {
    pub config: Config,
    pub setup: Setup,
    pub office: Office,
    pub clock: Arc<dyn Clock>,
    pub runtime: Handle,
    pub keys: Keys,
    pub watch: Watch,
    pub held: Held,
    pub approvals: Approvals,
    pub roster: Roster,
    pub printer: Printer,
    pub notices: notices::UnderWay,
    events: UnboundedSender<Event>,
    in_order: UnboundedSender<Task>,
    staff_reader: Arc<ReaderThread>,
    resident_reader: Arc<ReaderThread>,
    session: Mutex<Option<SessionBegun>>,
    makings: Mutex<BTreeMap<JobId, Cancel>>,
}

tokio::task_local! {
    /// The order being carried out, wherever its work goes.
    static UNDER_WAY: UnderWay;
}

/// One order being carried out: in the log under its act, and in the trail under the same one.
struct UnderWay {
    act: Uuid,
    used: Cell<bool>,
}

impl UnderWay {
    const fn as_act(act: Uuid) -> Self {
        Self {
            act,
            used: Cell::new(false),
        }
    }

    /// The act of the order under way; outside of any, one of its own.
    fn act() -> Uuid {
        UNDER_WAY.try_with(|order| order.act).unwrap_or_else(|_| fresh())
    }
}

type Task = Pin<Box<dyn Future<Output = ()> + Send>>;

impl std::ops::Deref for Desk {
    type Target = Inner;

    fn deref(&self) -> &Inner {
        &self.0
    }
}

impl Desk {
    /// A desk over the office's records; `events` leads to the screens.
    ///
    /// # Errors
    /// When the system gives no threads.
    pub fn open(
        config: Config,
        setup: Setup,
        office: Office,
        clock: Arc<dyn Clock>,
        events: UnboundedSender<Event>,
    ) -> std::io::Result<Self> {
        let (in_order, tasks) = unbounded_channel();
        let runtime = Handle::current();
        runtime.spawn(one_after_another(tasks));
        let desk = Self(Arc::new(Inner {
            keys: Keys::of(&config),
            watch: Watch::new(
                office.clone(),
                events.clone(),
                Arc::clone(&clock),
                config.relay.is_some(),
            ),
            held: Held::default(),
            approvals: Approvals::default(),
            roster: Roster::default(),
            printer: Printer::of(&config),
            notices: notices::UnderWay::default(),
            staff_reader: Arc::new(ReaderThread::begin(&config.card.staff_reader, Whose::Staff)?),
            resident_reader: Arc::new(ReaderThread::begin(&config.card.resident_reader, Whose::Resident)?),
            config,
            setup,
            office,
            clock,
            runtime,
            events,
            in_order,
            session: Mutex::new(None),
            makings: Mutex::new(BTreeMap::new()),
        }));
        Ok(desk)
    }

    /// Tells the screens.
    pub fn tell(&self, event: Event) {
        // The receiver lives as long as the screens; after that there is nobody to tell.
        let _ = self.events.send(event);
    }

    /// The answer to a job that was asked by an `O`.
    pub fn reply<O: Order>(&self, job: JobId, reply: Result<O::Reply, Fault>) {
        self.answer(job, erased(reply));
    }

    /// Says that a job was not done.
    pub fn refuse(&self, job: JobId, fault: Fault) {
        self.answer(job, Err(fault));
    }

    fn answer(&self, job: JobId, reply: Answer) {
        match &reply {
            Ok(_) => tracing::debug!("answered"),
            // The words' own key: a fault may name a colleague or a case.
            Err(fault) => tracing::info!(fault = fault.message().key, "refused"),
        }
        self.tell(Event::Reply { job, reply });
    }

    /// Carries `work` out at once.
    pub fn at_once<R: Reply>(&self, job: JobId, work: impl Future<Output = Result<R, Fault>> + Send + 'static) {
        self.runtime.spawn(self.answered(job, work).in_current_span());
    }

    /// Carries `work` out when everything given to this lane before is done.
    pub fn in_order<R: Reply>(&self, job: JobId, work: impl Future<Output = Result<R, Fault>> + Send + 'static) {
        // The lane lives as long as the runtime.
        let _ = self.in_order.send(Box::pin(self.answered(job, work).in_current_span()));
    }

    fn answered<R: Reply>(
        &self,
        job: JobId,
        work: impl Future<Output = Result<R, Fault>> + Send + 'static,
    ) -> impl Future<Output = ()> + Send + 'static {
        let desk = self.clone();
        UNDER_WAY.scope(UnderWay::as_act(UnderWay::act()), async move {
            let outcome = AssertUnwindSafe(work).catch_unwind().await;
            let outcome = outcome.unwrap_or_else(|_| Err(trouble::other(&"a job panicked")));
            desk.answer(job, erased(outcome));
        })
    }

    /// Hands an order's work to its lane as `act`: what the work asks of the records first is in the trail under it.
    pub fn as_act(act: Uuid, hand_on: impl FnOnce()) {
        UNDER_WAY.sync_scope(UnderWay::as_act(act), hand_on);
    }

    /// Carries `work` out on the staff reader's thread.
    pub fn at_staff_reader<R: Reply>(
        &self,
        job: JobId,
        work: impl FnOnce(&Self, &AtReader) -> Result<R, Fault> + Send + 'static,
    ) {
        self.at_reader(&self.staff_reader, job, work);
    }

    /// Carries `work` out on the resident reader's thread.
    pub fn at_resident_reader<R: Reply>(
        &self,
        job: JobId,
        work: impl FnOnce(&Self, &AtReader) -> Result<R, Fault> + Send + 'static,
    ) {
        self.at_reader(&self.resident_reader, job, work);
    }

    /// The card service does not answer, or answers again. What was asked of a card is given up; a making that wakes up later
    /// stops at the next safe place, and goes on from there when it is asked for again.
    pub fn card_service_is_silent(&self, silent: bool) {
        if silent {
            self.stop_making(None);
        }
        self.staff_reader.service_is_silent(silent);
        self.resident_reader.service_is_silent(silent);
    }

    fn at_reader<R: Reply>(
        &self,
        reader: &Arc<ReaderThread>,
        job: JobId,
        work: impl FnOnce(&Self, &AtReader) -> Result<R, Fault> + Send + 'static,
    ) {
        let (desk, answering) = (self.clone(), self.clone());
        let (span, act) = (Span::current(), UnderWay::act());
        let answered = span.clone();
        reader.run(
            move |at| span.in_scope(|| UNDER_WAY.sync_scope(UnderWay::as_act(act), || work(&desk, at))),
            move |outcome| answered.in_scope(|| answering.answer(job, erased(outcome))),
        );
    }

    /// Waits on a card's thread for the office's records.
    ///
    /// # Errors
    /// The office's refusal or failure.
    pub fn wait<T>(&self, work: impl Future<Output = Result<T, OfficeError>>) -> Result<T, Fault> {
        self.runtime.block_on(work).map_err(|error| self.fault(&error))
    }

    /// The office's refusal as the screens' fault; a database that is away is watched from now on.
    pub fn fault(&self, error: &OfficeError) -> Fault {
        if error.is_away() {
            self.watch.is_away();
        }
        trouble::of_office(error)
    }

    /// A change asked for now by whoever is logged in.
    ///
    /// # Errors
    /// [`Fault::NotNow`] when nobody is.
    pub fn act(&self) -> Result<Act, Fault> {
        Ok(Act::of(self.session()?, self.act_id()))
    }

    /// The id of what is asked of the records next: the order's own for the first, another for each that follows.
    pub fn act_id(&self) -> Uuid {
        let own = UNDER_WAY.try_with(|order| (!order.used.replace(true)).then_some(order.act));
        own.ok().flatten().unwrap_or_else(fresh)
    }

    /// The session of whoever is logged in.
    ///
    /// # Errors
    /// [`Fault::NotNow`] when nobody is.
    pub fn session(&self) -> Result<SessionId, Fault> {
        self.begun().map(|begun| begun.session)
    }

    /// Who is logged in.
    ///
    /// # Errors
    /// [`Fault::NotNow`] when nobody is.
    pub fn begun(&self) -> Result<SessionBegun, Fault> {
        lock(&self.session).clone().ok_or(Fault::NotNow)
    }

    /// Who is logged in from now on; gives who was before.
    pub fn begin(&self, session: Option<SessionBegun>) -> Option<SessionBegun> {
        self.notices.put_down();
        std::mem::replace(&mut *lock(&self.session), session)
    }

    /// Notes a making that can be asked to stop, until what is given back is dropped.
    pub fn note_making(&self, job: JobId, cancel: Cancel) -> Noted {
        lock(&self.makings).insert(job, cancel);
        Noted(self.clone(), job)
    }

    /// Asks one making, or every one, to stop at the next safe place.
    pub fn stop_making(&self, job: Option<JobId>) {
        for (making, cancel) in lock(&self.makings).iter() {
            if job.is_none_or(|job| job == *making) {
                cancel.ask();
            }
        }
    }

    /// Whether a card is being made.
    pub fn is_making(&self) -> bool {
        !lock(&self.makings).is_empty()
    }
}

/// A making that is under way; dropped when it is over, also by a panic.
pub struct Noted(Desk, JobId);

impl Drop for Noted {
    fn drop(&mut self) {
        lock(&self.0.makings).remove(&self.1);
    }
}

fn erased<R: Reply>(reply: Result<R, Fault>) -> Answer {
    reply.map(|reply| -> Box<dyn Reply> { Box::new(reply) })
}

/// A fresh act id.
pub fn fresh() -> Uuid {
    Id::<()>::new(&mut OsChance).uuid()
}

/// What is behind `mutex`; nothing here is left half done by a panic.
pub fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn one_after_another(mut tasks: UnboundedReceiver<Task>) {
    while let Some(task) = tasks.recv().await {
        task.await;
    }
}

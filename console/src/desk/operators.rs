//! The desk of the relay's operators: their card, the front's administration, and nothing else. No office, no database,
//! no residents' reader.

mod asked;

use std::{
    collections::BTreeMap,
    process::ExitCode,
    sync::{Arc, Mutex, OnceLock},
    time::Duration,
};

use card::{CardError, KeySlot, PinSlot, Sharing};
use issuance::staff::{Staff, StaffId};
use relay_core::clock::{Clock, SystemClock};
use secrecy::SecretString;
use tokio::{
    runtime::Handle,
    sync::mpsc::{UnboundedSender, unbounded_channel},
    task::AbortHandle,
};
use tracing::{Instrument, info_span};
use uuid::Uuid;

use super::{
    Options, counter,
    counter::Ending,
    orders::Orders,
    panics,
    readers::{self, AtReader, ReaderThread},
    relay_card::sha256,
    relay_front::{Front, FrontTrouble},
    show,
    terminal::Screen,
    tray,
    trouble::{self, Whose},
    work::lock,
};
use crate::{
    commands::words::Lang,
    config::{Proof, RelayOperator},
    tui::{
        State,
        event::Event,
        facts::{
            Language, Reader, ReaderState, Session, Setup, Sights, StaffCard, StaffShown, Tries,
            relay::{FrontHeard, OperatorsBy},
        },
        fault::{Fault, FrontFault},
        order::{Answer, Effect, JobId, Order, Reply},
        orders::{
            relay::{GiveUpFront, LookAtPartners, LookAtTrail, LookAtUntold},
            staff::{LogOut, Login, Quit, ReadStaffCard, ScreenLocked, Unlock},
            tray::TrayHands,
        },
    },
};

/// How often the front is asked how it stands, while an operator is logged in.
const LOOK: Duration = Duration::from_secs(5);

/// Opens the screen of the relay's operators and stays until they leave. The exit code is [`super::run`]'s.
///
/// # Errors
/// When it cannot begin: no terminal, a file of the configuration that cannot be used.
pub fn run(operator: RelayOperator, options: &Options) -> anyhow::Result<ExitCode> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .thread_name("desk")
        .enable_all()
        .build()?;
    let ended = runtime.block_on(serve(operator, options));
    runtime.shutdown_background();
    ended
}

async fn serve(operator: RelayOperator, options: &Options) -> anyhow::Result<ExitCode> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let (events, inbox) = unbounded_channel();
    let mut state = State::new(setup(&operator, options), clock.now());
    let (reader, watching) = match &operator.proof {
        Proof::Card { reader } => (
            Some(Arc::new(ReaderThread::begin(reader, Whose::Staff)?)),
            Some(vec![(Reader::Staff, reader.clone())]),
        ),
        Proof::Files { .. } => {
            // What stands in the card's place is always there.
            let _ = events.send(Event::Reader {
                reader: Reader::Staff,
                state: ReaderState::Card(1),
            });
            (None, None)
        }
    };
    let watched = watching.map(|named| {
        let thread = reader.clone();
        let silent = move |silent| thread.iter().for_each(|thread| thread.service_is_silent(silent));
        readers::watch(&named, events.clone(), silent)
    });
    let watched = watched.transpose()?;
    let desk = Operators(Arc::new(Inner {
        operator,
        reader,
        clock: Arc::clone(&clock),
        runtime: Handle::current(),
        events,
        logged_in: Mutex::new(None),
        under_way: Mutex::new(BTreeMap::new()),
    }));
    desk.runtime.spawn(desk.clone().look());

    let mut screen = Screen::take(options.wishes)?;
    panics::keep_the_screen_through_other_threads_panics();
    let carry_out = |effect| desk.carry_out(effect);
    let ended = counter::serve(&carry_out, &mut state, &mut screen, inbox, &*clock).await;
    if let Some(watched) = watched {
        watched.stop();
    }
    drop(screen);
    Ok(match ended? {
        Ending::Left => ExitCode::SUCCESS,
        Ending::Told => ExitCode::FAILURE,
    })
}

fn setup(operator: &RelayOperator, options: &Options) -> Setup {
    Setup {
        city: String::new(),
        desk: String::new(),
        idle_lock: operator.idle_lock,
        making_by_two: false,
        sights: Sights::TwoClerks,
        demo: operator.demo.is_some(),
        first_run: false,
        calendar: Arc::default(),
        relay: Some(match operator.proof {
            Proof::Card { .. } => OperatorsBy::Card,
            Proof::Files { .. } => OperatorsBy::Files,
        }),
        language: match options.lang {
            Lang::Ja => Language::Japanese,
            Lang::En => Language::English,
        },
    }
}

/// Who is logged in. While the screen is locked the connection is gone: the card signs nothing then.
struct LoggedIn {
    fingerprint: String,
    session: Session,
    front: Option<Arc<Front>>,
}

/// The desk, shared by its jobs.
#[derive(Clone)]
pub struct Operators(Arc<Inner>);

pub struct Inner {
    operator: RelayOperator,
    /// Where cards are used; none where the proof lies in files.
    reader: Option<Arc<ReaderThread>>,
    clock: Arc<dyn Clock>,
    runtime: Handle,
    events: UnboundedSender<Event>,
    logged_in: Mutex<Option<LoggedIn>>,
    under_way: Mutex<BTreeMap<JobId, AbortHandle>>,
}

impl std::ops::Deref for Operators {
    type Target = Inner;

    fn deref(&self) -> &Inner {
        &self.0
    }
}

impl Operators {
    /// Begins carrying out `effect`; returns at once.
    fn carry_out(&self, effect: Effect) {
        static TABLE: OnceLock<Orders<Operators>> = OnceLock::new();
        let Effect { job, order, .. } = effect;
        let span = info_span!("order", order = order.name(), job = job.0);
        let _in_it = span.enter();
        if let Err(fault) = TABLE.get_or_init(table).hand_on(self, job, order) {
            self.answer(job, Err(fault));
        }
    }

    /// Asks the front beside whatever else goes on; it can be given up.
    fn at_front<O: Order>(&self, job: JobId, asking: impl Future<Output = Result<O::Reply, Fault>> + Send + 'static) {
        let desk = self.clone();
        let work = async move {
            let answer = asking.await;
            if lock(&desk.under_way).remove(&job).is_some() {
                desk.reply::<O>(job, answer);
            }
        };
        // The lock is held over the spawn: the work cannot end before it is noted.
        let mut under_way = lock(&self.under_way);
        let handle = self.runtime.spawn(work.in_current_span()).abort_handle();
        under_way.insert(job, handle);
    }

    /// Carries `work` out where the operator's proof is: on the card reader's thread, or beside.
    fn with_proof<O: Order>(
        &self,
        job: JobId,
        work: impl FnOnce(Option<&AtReader>) -> Result<O::Reply, Fault> + Send + 'static,
    ) {
        let desk = self.clone();
        let tell = move |outcome| desk.reply::<O>(job, outcome);
        match &self.reader {
            Some(reader) => reader.run(move |at| work(Some(at)), tell),
            None => {
                self.runtime.spawn_blocking(move || tell(work(None)));
            }
        }
    }

    /// Whose card is in the reader: by its certificate's hash, as the front knows it. No password is sent.
    fn read(&self, at: Option<&AtReader>) -> Result<StaffCard, Fault> {
        let (fingerprint, tries) = match at {
            None => (self.by_files()?.fingerprint().to_owned(), Tries::NotSet),
            Some(at) => {
                let mut chip = at.card(Sharing::Shared)?;
                let tries = show::tries(chip.tries_left(PinSlot::Holder).map_err(|error| at.fault(&error))?);
                match chip.read_certificate(KeySlot::Authentication) {
                    Ok(der) => (hex::encode(sha256(&der)), tries),
                    Err(CardError::FileMissing(_)) => return Ok(StaffCard { staff: None, tries }),
                    Err(error) => return Err(at.fault(&error)),
                }
            }
        };
        Ok(StaffCard {
            staff: Some(StaffShown {
                id: id_of(&fingerprint),
                number: short(&fingerprint),
                name: String::new(),
            }),
            tries,
        })
    }

    /// Enters the front's administration with the card and its password, or with the files. The front says who it is;
    /// after the lock only the one who was there before goes on.
    fn log_in(&self, at: Option<&AtReader>, password: &SecretString, again: bool) -> Result<Session, Fault> {
        let front = match at {
            None => self.by_files()?,
            Some(at) => {
                let chip = at.card(Sharing::Exclusive)?;
                Front::by_card(&self.operator, chip, password).map_err(|error| {
                    match error.downcast_ref::<CardError>() {
                        Some(refused) => at.fault(refused),
                        None => trouble::other(&error),
                    }
                })?
            }
        };
        let before = lock(&self.logged_in).as_ref().map(|before| before.fingerprint.clone());
        if again && before.as_deref() != Some(front.fingerprint()) {
            return Err(Fault::OtherStaff);
        }
        let state = self
            .runtime
            .block_on(front.state())
            .map_err(|trouble| of_front(&trouble))?;
        let fingerprint = front.fingerprint().to_owned();
        let session = Session {
            staff: Staff {
                id: id_of(&fingerprint),
                number: short(&fingerprint),
                name: state.operator.clone(),
                roles: std::collections::BTreeSet::new(),
            },
            since: self.clock.now(),
        };
        tracing::info!(operator = state.operator, "logged in at the front");
        self.tell(Event::Front(Box::new(FrontHeard {
            at: self.clock.now(),
            state: Ok(state),
        })));
        let mut logged_in = lock(&self.logged_in);
        let session = match logged_in.take_if(|_| again) {
            Some(before) => before.session,
            None => session,
        };
        *logged_in = Some(LoggedIn {
            fingerprint,
            session: session.clone(),
            front: Some(Arc::new(front)),
        });
        Ok(session)
    }

    fn by_files(&self) -> Result<Front, Fault> {
        match &self.operator.proof {
            Proof::Files { certificate, key } => {
                Front::by_files(&self.operator, certificate, key).map_err(|error| trouble::other(&format!("{error:#}")))
            }
            Proof::Card { .. } => Err(Fault::NoCard),
        }
    }

    /// The front, while somebody is logged in and the screen is not locked.
    fn front(&self) -> Option<Arc<Front>> {
        lock(&self.logged_in).as_ref()?.front.clone()
    }

    /// Asks the front now and then how it stands, for as long as the program runs.
    async fn look(self) {
        loop {
            tokio::time::sleep(LOOK).await;
            let Some(front) = self.front() else { continue };
            let state = match front.state().await.map_err(|trouble| of_front(&trouble)) {
                Ok(state) => Ok(state),
                Err(Fault::Front(fault)) => Err(fault),
                // The card was pulled meanwhile: the screen is locked, and that says enough.
                Err(_) => continue,
            };
            let at = self.clock.now();
            self.tell(Event::Front(Box::new(FrontHeard { at, state })));
        }
    }

    fn tell(&self, event: Event) {
        // The receiver lives as long as the screens.
        let _ = self.events.send(event);
    }

    fn reply<O: Order>(&self, job: JobId, reply: Result<O::Reply, Fault>) {
        self.answer(job, reply.map(|reply| -> Box<dyn Reply> { Box::new(reply) }));
    }

    fn answer(&self, job: JobId, reply: Answer) {
        match &reply {
            Ok(_) => tracing::debug!("answered"),
            Err(fault) => tracing::info!(fault = fault.message().key, "refused"),
        }
        self.tell(Event::Reply { job, reply });
    }
}

/// Every order of the operators' screens.
pub(super) fn table() -> Orders<Operators> {
    Orders::new()
        .row(|desk: &Operators, job, _: ReadStaffCard| {
            let reading = desk.clone();
            desk.with_proof::<ReadStaffCard>(job, move |at| reading.read(at));
        })
        .row(|desk: &Operators, job, Login { password }: Login| {
            let entering = desk.clone();
            desk.with_proof::<Login>(job, move |at| entering.log_in(at, &password, false));
        })
        .row(|desk: &Operators, job, Unlock { password }: Unlock| {
            let entering = desk.clone();
            desk.with_proof::<Unlock>(job, move |at| entering.log_in(at, &password, true));
        })
        .row(|desk: &Operators, job, _: ScreenLocked| {
            if let Some(logged_in) = &mut *lock(&desk.logged_in) {
                logged_in.front = None;
            }
            desk.reply::<ScreenLocked>(job, Ok(()));
        })
        .row(|desk: &Operators, job, _: LogOut| {
            *lock(&desk.logged_in) = None;
            desk.reply::<LogOut>(job, Ok(()));
        })
        .at_front(asked::change)
        .at_front(|front, LookAtPartners| asked::partners(front))
        .at_front(asked::propose)
        .at_front(|front, LookAtTrail| asked::trail(front))
        .at_front(|front, LookAtUntold| asked::untold(front))
        .row(|desk: &Operators, job, GiveUpFront(asked): GiveUpFront| {
            if let Some(work) = lock(&desk.under_way).remove(&asked) {
                work.abort();
                tracing::info!(given_up = asked.0, "no longer waited for");
            }
            desk.reply::<GiveUpFront>(job, Ok(()));
        })
        .row(|desk: &Operators, job, hands: TrayHands| {
            let desk = desk.clone();
            let work = async move {
                let tray = tray::hands(desk.operator.demo.as_ref(), hands).await;
                desk.reply::<TrayHands>(job, tray);
            };
            Handle::current().spawn(work.in_current_span());
        })
        // The loop ends before it hands this on.
        .row(|_: &Operators, _, _: Quit| {})
}

impl Orders<Operators> {
    /// What the front is asked, while somebody is logged in there.
    fn at_front<O: Order, W>(self, ask: impl Fn(Arc<Front>, O) -> W + Send + Sync + 'static) -> Self
    where
        W: Future<Output = Result<O::Reply, Fault>> + Send + 'static,
    {
        self.row(move |desk: &Operators, job, order: O| match desk.front() {
            Some(front) => desk.at_front::<O>(job, ask(front, order)),
            None => desk.reply::<O>(job, Err(Fault::NotNow)),
        })
    }
}

/// The front's refusal as the screens'.
fn of_front(trouble: &FrontTrouble) -> Fault {
    Fault::Front(match trouble {
        FrontTrouble::Away(why) => {
            tracing::warn!(why, "the front does not answer");
            FrontFault::Away
        }
        FrontTrouble::NotAdmitted { fingerprint } => FrontFault::NotAdmitted {
            fingerprint: fingerprint.clone(),
        },
        FrontTrouble::NoAnswer(status) => FrontFault::NotTheFront(*status),
        FrontTrouble::Refused { code, title, trace } => FrontFault::Refused {
            code: code.clone(),
            title: title.clone(),
            trace: trace.clone(),
        },
        FrontTrouble::Card(error) => return trouble::of_card(error, Whose::Staff),
    })
}

/// An id for the session's person, the same whenever they come: the relay keeps no list of people.
fn id_of(fingerprint: &str) -> StaffId {
    let mut id = [0; 16];
    // A fingerprint is 64 hex digits; of anything else the id is that of nobody.
    let _ = hex::decode_to_slice(fingerprint.get(..32).unwrap_or_default(), &mut id);
    StaffId::from_uuid(Uuid::from_bytes(id))
}

/// The beginning of a fingerprint, enough to tell two cards apart.
fn short(fingerprint: &str) -> String {
    let head = fingerprint.get(..8).unwrap_or(fingerprint);
    format!("SHA-256 {}…", head.to_ascii_uppercase())
}

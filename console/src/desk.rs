//! The desk: carries out what the screens ask for, and tells them what happened.
//!
//! The screens ([`crate::tui`]) are pure; everything that waits lives here. From the top: [`run`] takes the terminal
//! over and begins the parts; `counter` is the event loop; `orders` is the table from an order to the function that
//! carries it out; `work` holds what the parts share and the lanes they run on. The rest is a file a subject: `staff`
//! (cards, sessions, the second clerk), `cases`, `handover`, `resident_card` (making, PIN), `paper` and `sheets`,
//! `standing` (the card after its handover), `search`, `leases`, `changes`, `database`, `readers`, `tray` (demonstrations only); `operators` is another desk, of the relay's
//! operators, who have no office.
//!
//! Nothing is lost when the program ends, however it ends: what the screens hold unsaved is what was typed since the
//! last order, and everything an order did is in the records before its reply.

mod approvals;
mod authorities;
mod carrier_file;
mod cases;
mod changes;
mod counter;
mod custody;
mod database;
mod handover;
mod ipp;
mod leases;
pub(crate) mod notices;
pub mod operators;
mod orders;
mod panics;
mod paper;
mod parcels;
mod readers;
mod relay_card;
pub mod relay_front;
mod resident_card;
mod search;
pub(crate) mod sheets;
mod show;
mod staff;
mod standing;
mod stock;
mod terminal;
mod tray;
mod trouble;
mod work;

use std::{process::ExitCode, sync::Arc, time::Duration};

use office::{Office, OfficeError, TimeSource};
use relay_core::clock::{Clock, SystemClock};
use tokio::sync::mpsc::unbounded_channel;

pub use self::terminal::{Wishes, restore as restore_terminal};
use self::{counter::Ending, terminal::Screen, work::Desk};
use crate::{
    commands::{database::door, words::Lang},
    config::{Config, HandoverSights, NotOpened, secrets},
    trail,
    tui::{
        State,
        facts::{Language, Reader, Setup, Sights},
    },
};

/// What the person at the shell asked for.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// The language to begin with; a key switches it.
    pub lang: Lang,
    /// How the terminal is used.
    pub wishes: Wishes,
}

/// How long a card being made and the end of the session are waited for when the program is told to end.
const LEAVING: Duration = Duration::from_secs(8);
/// How long the database is asked at the start whether anybody is registered.
const FIRST_QUESTION: Duration = Duration::from_secs(4);

/// Opens the counter's screen and stays until the clerk leaves. Gives the exit code: 0 when the clerk left, 1 when the
/// program was told to end or the terminal went away.
///
/// # Errors
/// When the console cannot begin: no terminal, a secret's file that cannot be used, a database of another version.
pub fn run(config: Config, options: &Options) -> anyhow::Result<ExitCode> {
    let sealer = Arc::new(secrets::sealer(&config.seal.keys_file)?);
    let office = Office::behind(&door(&config)?, sealer, TimeSource::Database);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        // One for the records, one for what takes the processor a while; the screen has its own thread.
        .worker_threads(2)
        .thread_name("desk")
        .enable_all()
        .build()?;
    let ended = runtime.block_on(serve(config, options, office));
    // A job that hangs (a card that never answers) does not keep the program.
    runtime.shutdown_background();
    ended
}

async fn serve(config: Config, options: &Options, office: Office) -> anyhow::Result<ExitCode> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let setup = setup(&config, options, first_run(&office).await?)?;
    let (events, inbox) = unbounded_channel();
    let mut state = State::new(setup.clone(), clock.now());
    let named = [
        (Reader::Staff, config.card.staff_reader.clone()),
        (Reader::Resident, config.card.resident_reader.clone()),
    ];
    let desk = Desk::open(config, setup, office, Arc::clone(&clock), events.clone())?;
    let told = desk.clone();
    let watched = readers::watch(&named, events, move |silent| told.card_service_is_silent(silent))?;
    desk.begin_background();

    let mut screen = Screen::take(options.wishes)?;
    panics::keep_the_screen_through_other_threads_panics();
    let carry_out = |effect| desk.carry_out(effect);
    let ended = counter::serve(&carry_out, &mut state, &mut screen, inbox, &*clock).await;
    watched.stop();
    // The last frame stays while a card comes to a safe place: the clerk sees why it takes a moment.
    desk.leave(LEAVING).await;
    drop(screen);
    Ok(match ended? {
        Ending::Left => ExitCode::SUCCESS,
        Ending::Told => ExitCode::FAILURE,
    })
}

/// Whether nobody is registered yet. A database that is away now may come back: the console opens and says so.
async fn first_run(office: &Office) -> Result<bool, OfficeError> {
    let asked = async {
        office.check_version().await?;
        office.is_first_run().await
    };
    match tokio::time::timeout(FIRST_QUESTION, asked).await {
        Ok(Err(error)) if error.is_away() => Ok(false),
        Ok(answer) => answer,
        Err(_) => Ok(false),
    }
}

fn setup(config: &Config, options: &Options, first_run: bool) -> Result<Setup, NotOpened> {
    Ok(Setup {
        calendar: Arc::new(config.calendar.open()?),
        city: config.city.name.clone(),
        desk: config.desk.name.clone(),
        idle_lock: config.desk.idle_lock,
        making_by_two: config.rules.making_by_two,
        sights: match config.rules.handover_sights {
            HandoverSights::TwoClerks => Sights::TwoClerks,
            HandoverSights::OneClerkTwice => Sights::OneClerkTwice,
        },
        demo: config.demo.is_some(),
        first_run,
        relay: None,
        language: match options.lang {
            Lang::Ja => Language::Japanese,
            Lang::En => Language::English,
        },
    })
}

impl Desk {
    /// Begins what goes on by itself: the watch over the database, the hold of the open case, the roster, the ear for
    /// what others do, and the authority's keys, which take a second to open that nobody should wait for with a card in hand.
    fn begin_background(&self) {
        self.runtime.spawn(self.watch.begin());
        self.runtime.spawn(self.keep_hold());
        self.runtime.spawn(self.keep_session());
        self.runtime.spawn(self.keep_roster());
        self.runtime.spawn(self.hear_changes());
        self.runtime.spawn(self.clean_papers());
        self.runtime.spawn(self.end_telephone_stops());
        trail::keep_beside(&self.config, &self.runtime);
        let desk = self.clone();
        self.runtime.spawn_blocking(move || desk.keys.authorities().map(drop));
    }
}

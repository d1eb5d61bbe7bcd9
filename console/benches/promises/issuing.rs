//! Making cards at an office: how much longer it takes than the card itself. The card is the virtual one behind a real
//! pcscd, the records are in the office's PostgreSQL, whose every commit reaches the disk; the way is the desk's, from
//! reading the case to the card made. A chip that is quicker than ours is hard to find (its keys take some tens of
//! seconds on many), so the ratio of any real card is better than this one.

use std::{
    cell::Cell,
    fs::File,
    io::Write,
    rc::Rc,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use anyhow::{Context, ensure};
use card::{Chip, IssuerMaster, KeySlot, PcscTransport, Readers, Sharing, Transport, TransportError};
use console::{commands::database::door, config::Config, config::secrets};
use issuance::{
    application::{Application, ApplicationForm, Delivery, Service},
    authority::{Authorities, Passphrase},
    case::{CardId, CaseId},
    demo_city,
    identity::{Document, Presented, Sight, Sights, Verification, Visit, verify},
    issuing::{Cancel, MakingDesk, Plan, run},
    person::Resident,
    records::{CardJournal, Entry, Records, RecordsError, Reservations},
    staff::StaffId,
};
use office::{Act, Office, OfficeRecords, SessionId, TimeSource};
use relay_core::{
    chance::OsChance,
    clock::{Clock, SystemClock},
    id::Id,
};
use tokio::runtime::Runtime;

use crate::{
    office_home::{OfficeHome, once_noticed},
    table::{Table, milliseconds},
};

/// Cards made: how long a chip looks for its primes is luck, so there are some.
const CARDS: usize = 20;
const PROMISED: f64 = 1.2;
/// The seed of the roster taken in before: the default of `madoguchi demo-city`.
const SEED: u64 = 1;

/// Makes the cards.
///
/// # Errors
/// When one is not made.
pub fn measure(home: &OfficeHome, table: &mut Table) -> anyhow::Result<()> {
    let desk = Desk::open(&home.config()?)?;
    let (mut whole, waits) = (Duration::ZERO, Waits::default());
    for (number, resident) in adults(crate::ROWS, 1_000).take(CARDS).enumerate() {
        let (_, took) = desk.card(home, &resident, &format!("bench-{number:02}"), &waits)?;
        whole += took;
    }
    let card = waits.card.read();
    let each = |time: Duration| milliseconds(time) / CARDS as f64;
    let beside = format!(
        "a card takes {:.0} ms, of it the chip {:.0} ms, the records {:.1} ms ({} verbs; a write and fsync here takes \
         {:.2} ms), the rest {:.1} ms",
        each(whole),
        each(card),
        each(waits.records.read()),
        waits.verbs.get() / CARDS,
        milliseconds(fsync(home)?),
        each(whole.saturating_sub(card + waits.records.read())),
    );
    table.ratio(
        "making a card / the chip's own time",
        whole.as_secs_f64() / card.as_secs_f64(),
        PROMISED,
        beside,
    );
    Ok(())
}

/// Adults whose address anyone may see, of the made-up city of `rows` people, from its `skip`th on.
pub fn adults(rows: usize, skip: usize) -> impl Iterator<Item = Resident> {
    let adult = |one: &Resident| {
        let born = one.birthday.date();
        !one.protected && born.is_some_and(|born| (1940..2000).contains(&born.year()))
    };
    demo_city::residents(SEED, rows, SystemClock.now_in_japan().date())
        .skip(skip)
        .filter(adult)
}

/// A desk of the office with someone logged in at it.
pub struct Desk {
    pub office: Office,
    pub runtime: Runtime,
    pub session: SessionId,
    staff: StaffId,
    authorities: Authorities,
    master: IssuerMaster,
    reader: String,
}

impl Desk {
    /// Logs someone in.
    ///
    /// # Errors
    /// When the office is not set up.
    pub fn open(config: &Config) -> anyhow::Result<Self> {
        // As many workers as the console has.
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()?;
        let sealer = Arc::new(secrets::sealer(&config.seal.keys_file)?);
        let office = runtime.block_on(Office::connect(&door(config)?, sealer, TimeSource::Database))?;
        let clerk = runtime
            .block_on(office.staff())?
            .into_iter()
            .find(|record| record.staff.number == "0001")
            .context("the demonstration has a staff 0001")?;
        let certificate = clerk.certificate.context("their card is registered")?;
        let login = Act::of_process("login", fresh());
        let begun = runtime.block_on(office.log_in(&login, "計測", &certificate))?;
        let passphrase = Passphrase::read(&config.authority.passphrase_file)?;
        Ok(Self {
            office,
            runtime,
            session: begun.session,
            staff: clerk.staff.id,
            authorities: Authorities::open(&config.authority.folder, &passphrase)?,
            master: IssuerMaster::read(&config.card.master_file)?,
            reader: config.card.resident_reader.clone(),
        })
    }

    /// Makes a card for `resident` on the new virtual one called `name`: the case, and how long the making took.
    ///
    /// # Errors
    /// When it is not made.
    pub fn card(
        &self,
        home: &OfficeHome,
        resident: &Resident,
        name: &str,
        waits: &Waits,
    ) -> anyhow::Result<(CaseId, Duration)> {
        let case = self.verified_case(resident)?;
        home.tray(&["new", name])?;
        home.tray(&["insert", "1", name])?;
        // The card itself must answer: for a moment after an exchange the service still tells of the one before.
        once_noticed(|| Chip::select(self.transport(Sharing::Shared)?).map_err(anyhow::Error::from))?;
        let took = self.make(case, waits)?;
        home.tray(&["remove", "1"])?;
        once_noticed(|| match self.transport(Sharing::Shared) {
            Err(_) => Ok(()),
            Ok(_) => Err(anyhow::anyhow!(
                "the reader does not notice that its card was taken out"
            )),
        })?;
        Ok((case, took))
    }

    /// An application taken and the person verified; this session holds the case.
    fn verified_case(&self, resident: &Resident) -> anyhow::Result<CaseId> {
        let id = self
            .runtime
            .block_on(self.office.resident_by_number(&resident.number))?
            .context("the resident was taken in")?;
        let application = application(resident)?;
        let reason = Some("made-up people resemble one another");
        let (opening_act, verifying_act) = (self.act(), self.act());
        let opening = self.office.open_application(&opening_act, id, &application, reason);
        let opened = self.runtime.block_on(opening)?;
        let verification = verification(self.staff, resident, &application)?;
        let verifying = self.office.verify_person(&verifying_act, opened.at, &verification);
        self.runtime.block_on(verifying)?;
        Ok(opened.at.id)
    }

    /// Makes the card of `case` as the desk does; how long it took.
    fn make(&self, case: CaseId, waits: &Waits) -> anyhow::Result<Duration> {
        let begun = Instant::now();
        self.runtime.block_on(self.office.case(self.session, case))?;
        let transport = Metered {
            inner: self.transport(Sharing::Exclusive)?,
            waited: waits.card.clone(),
        };
        let chip = Chip::select(transport)?;
        let mut records = Watched {
            inner: OfficeRecords::new(self.office.clone(), self.runtime.handle().clone(), self.session),
            waits,
        };
        let mut desk = MakingDesk {
            master: &self.master,
            authorities: &self.authorities,
            clock: &SystemClock,
            chance: &mut OsChance,
        };
        let plan = Plan { case, bound: None };
        let made = run(
            chip.into_transport(),
            &mut records,
            &mut desk,
            plan,
            &mut |_| {},
            &Cancel::new(),
        )?;
        let took = begun.elapsed();
        ensure!(
            made.certificates.len() == KeySlot::ALL.len(),
            "a certificate is missing"
        );
        Ok(took)
    }

    /// A connection to the card in the residents' reader.
    fn transport(&self, sharing: Sharing) -> anyhow::Result<PcscTransport> {
        Ok(Readers::connect()?.card(&self.reader, sharing)?)
    }

    /// A new act of whoever is logged in.
    pub fn act(&self) -> Act {
        Act::of(self.session, fresh())
    }
}

fn fresh() -> uuid::Uuid {
    Id::<()>::new(&mut OsChance).uuid()
}

/// An adult's own application, to be fetched at the counter.
fn application(resident: &Resident) -> anyhow::Result<Application> {
    let form = ApplicationForm {
        consents: Service::ALL.map(|service| (service, true)).into(),
        consent_text_version: "2026-10".into(),
        delivery: Some(Delivery::Counter),
        paper_notices: Some(true),
        ..ApplicationForm::default()
    };
    form.check(resident, SystemClock.now_in_japan().date())
        .map_err(|wrong| anyhow::anyhow!("{wrong:?}"))
}

/// A verification by a card in which everything agrees.
fn verification(clerk: StaffId, resident: &Resident, application: &Application) -> anyhow::Result<Verification> {
    let today = SystemClock.now_in_japan().date();
    let licence = Presented {
        // A made-up number with its right check digit.
        number: "309012345620".into(),
        issued_on: (today - time::Duration::days(400)).to_string().parse().ok(),
        expires_on: (today + time::Duration::days(700)).to_string().parse().ok(),
        photo_agrees: Some(true),
        sights: Sights {
            name: Sight::AsRegistered,
            birthday: Sight::AsRegistered,
            sex: Sight::AsRegistered,
            address: Sight::AsRegistered,
        },
        ..Presented::new(Document::DrivingLicence)
    };
    let visit = Visit {
        resident_documents: vec![licence],
        ..Visit::new(clerk)
    };
    verify(
        &visit,
        resident,
        application,
        today,
        &issuance::calendar::Calendar::default(),
    )
    .map_err(|wrong| anyhow::anyhow!("{wrong:?}"))
}

/// How long a page takes to reach the disk that the records are on: no commit is quicker.
fn fsync(home: &OfficeHome) -> anyhow::Result<Duration> {
    const TIMES: u32 = 50;
    let mut file = File::create(home.beside("page"))?;
    let begun = Instant::now();
    for _ in 0..TIMES {
        file.write_all(&[0; 8192])?;
        file.sync_data()?;
    }
    Ok(begun.elapsed() / TIMES)
}

/// What was waited for, and how long in all.
#[derive(Default)]
pub struct Waits {
    card: Meter,
    records: Meter,
    verbs: Rc<Cell<usize>>,
}

/// Nanoseconds, shared with the one who reads them.
#[derive(Clone, Default)]
struct Meter(Arc<AtomicU64>);

impl Meter {
    fn time<T>(&self, act: impl FnOnce() -> T) -> T {
        let begun = Instant::now();
        let done = act();
        self.0.fetch_add(begun.elapsed().as_nanos() as u64, Ordering::Relaxed);
        done
    }

    fn read(&self) -> Duration {
        Duration::from_nanos(self.0.load(Ordering::Relaxed))
    }
}

/// A transport that counts the time spent below it.
struct Metered<T> {
    inner: T,
    waited: Meter,
}

impl<T: Transport> Transport for Metered<T> {
    fn transmit(&mut self, command: &[u8]) -> Result<Vec<u8>, TransportError> {
        self.waited.time(|| self.inner.transmit(command))
    }
}

/// Records that count the time they take.
struct Watched<'w> {
    inner: OfficeRecords,
    waits: &'w Waits,
}

impl Watched<'_> {
    fn verb<T>(&mut self, act: impl FnOnce(&mut OfficeRecords) -> T) -> T {
        self.waits.verbs.set(self.waits.verbs.get() + 1);
        self.waits.records.time(|| act(&mut self.inner))
    }
}

impl Records for Watched<'_> {
    fn journal(&mut self, card: CardId) -> Result<CardJournal, RecordsError> {
        self.verb(|records| records.journal(card))
    }

    fn bind(&mut self, case: CaseId, chip: &[u8], first: &[Entry]) -> Result<CardJournal, RecordsError> {
        self.verb(|records| records.bind(case, chip, first))
    }

    fn write(&mut self, card: CardId, entries: &[Entry]) -> Result<Reservations, RecordsError> {
        self.verb(|records| records.write(card, entries))
    }

    fn damaged(&mut self, card: CardId, reason: &str) -> Result<(), RecordsError> {
        self.verb(|records| records.damaged(card, reason))
    }
}

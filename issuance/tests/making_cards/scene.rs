//! The stage of the power cuts: an office with its authority, a card at the moment before each step, the faults, and
//! what must be true whatever happened.

use std::{
    collections::{BTreeMap, BTreeSet},
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    sync::{
        Arc, LazyLock, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use card::{CardError, Chip, ChipLife, IssuerMaster, KeySlot, Transport, TransportError};
use issuance::{
    authority::{
        Authorities, CeremonyPlan, CheckedKey, ObjectArc, Passphrase, Profile, Settings, VerifiedCertificate,
        hold_ceremony,
    },
    case::{CardId, CaseId, CaseState},
    issuing::{Cancel, Made, MakingDesk, Plan, Progress, StepState, Stopped, run},
    records::{
        CardJournal, CardState, CertificateSerial, Entry, Records, RecordsError, Reservations, Step,
        soft::{Outage, SoftRecords},
    },
};
use relay_core::{
    chance::OsChance,
    clock::{Clock, HandClock},
};
use time::macros::datetime;
use virtual_card::{Cut, SoftwareReader, VirtualCard};

/// The office: what outlives every fault.
pub struct Office {
    pub master: IssuerMaster,
    pub authorities: Authorities,
    pub clock: HandClock,
}

pub static OFFICE: LazyLock<Office> = LazyLock::new(|| {
    let folder = tempfile::tempdir().unwrap();
    let passphrase = Passphrase::make(&folder.path().join("passphrase"), &mut OsChance).unwrap();
    let plan = CeremonyPlan {
        folder: &folder.path().join("authority"),
        settings: Settings {
            organisation: "汐見市".into(),
            oid_arc: ObjectArc::example(),
            base_url: "http://pki.shiomi.example".into(),
        },
        present: vec!["S-0001".into()],
        root_passphrase: &passphrase,
        issuing_passphrase: &passphrase,
        token: None,
    };
    let clock = HandClock::at(datetime!(2026-11-01 1:00 UTC));
    hold_ceremony(&plan, &clock, &mut OsChance).unwrap();
    clock.advance(time::Duration::days(21));
    Office {
        master: IssuerMaster::new([7; 32]),
        authorities: Authorities::open(plan.folder, &passphrase).unwrap(),
        clock,
    }
});

/// A reader, the records, and the case whose card is made.
pub struct Scene {
    pub reader: SoftwareReader,
    pub records: SoftRecords,
    pub case: CaseId,
    /// The desk's clock; every morning it is another day.
    pub clock: HandClock,
    signed: Signed,
}

/// Every signature under a serial, in order, kept in the records or not.
type Signed = Arc<Mutex<BTreeMap<CertificateSerial, Vec<Vec<u8>>>>>;

/// A moment kept, to be played from again and again.
struct Moment {
    card: VirtualCard,
    records: SoftRecords,
    case: CaseId,
}

/// The moment before each step, from one card made in ten runs, each ended by a kill at the next step's beginning.
static MOMENTS: LazyLock<Mutex<BTreeMap<Step, Moment>>> = LazyLock::new(|| {
    let mut scene = Scene::fresh();
    let mut moments = BTreeMap::new();
    for step in Step::ALL {
        assert!(scene.play_until(Some(step)).is_none(), "{step:?} is reached");
        let card = scene.reader.remove().unwrap();
        let moment = Moment {
            card: card.twin(),
            records: scene.records.twin(),
            case: scene.case,
        };
        moments.insert(step, moment);
        scene.reader.insert(card);
    }
    Mutex::new(moments)
});

impl Scene {
    /// A blank in the reader, a verified case.
    pub fn fresh() -> Self {
        let mut records = SoftRecords::new();
        let case = records.verified_case(&mut OsChance);
        Self::of(SoftwareReader::with(blank()), records, case)
    }

    /// What is in the reader and in the records, on a day after the ceremony.
    pub fn of(reader: SoftwareReader, records: SoftRecords, case: CaseId) -> Self {
        Self {
            reader,
            records,
            case,
            clock: HandClock::at(OFFICE.clock.now()),
            signed: Signed::default(),
        }
    }

    /// The moment before `step`, its own copy.
    pub fn before(step: Step) -> Self {
        let moments = MOMENTS.lock().unwrap_or_else(|held| held.into_inner());
        let moment = &moments[&step];
        let reader = SoftwareReader::with(moment.card.twin());
        Self::of(reader, moment.records.twin(), moment.case)
    }

    /// Every signature given under each serial since the scene began.
    pub fn signed(&self) -> BTreeMap<CertificateSerial, Vec<Vec<u8>>> {
        self.signed.lock().unwrap_or_else(|held| held.into_inner()).clone()
    }

    fn watched<R: Records>(&self, records: R) -> Watched<R> {
        Watched(records, self.signed.clone())
    }

    /// The card bound to the case, as a console that starts finds it.
    pub fn bound(&self) -> Option<CardId> {
        self.records.case_state(self.case).unwrap().card()
    }

    pub fn journal(&self) -> Option<CardJournal> {
        let bound = self.bound();
        self.records.cards().into_iter().find(|card| Some(card.card) == bound)
    }

    /// Runs the procedure as a console does that was just started.
    pub fn play(&mut self) -> Result<Made, Stopped> {
        let (mut records, bound) = (self.watched(self.records.clone()), self.bound());
        let transport = self.reader.connect().map_err(|error| Stopped::Card {
            step: Step::Select,
            error: error.into(),
        })?;
        play_with(transport, &mut records, &self.clock, (self.case, bound), &mut |_| {})
    }

    /// Plays until the beginning of `step`, where the process is killed; `None` when it got there.
    pub fn play_until(&mut self, step: Option<Step>) -> Option<Result<Made, Stopped>> {
        self.play_killed_at(|news| news.state == StepState::Started && Some(news.step) == step)
    }

    /// Plays with the process killed at the first news that is `fatal`; `None` when it was.
    pub fn play_killed_at(&mut self, fatal: impl Fn(Progress) -> bool) -> Option<Result<Made, Stopped>> {
        let (mut records, bound) = (self.watched(self.records.clone()), self.bound());
        let transport = self.reader.connect().unwrap();
        unless_killed(|| {
            play_with(transport, &mut records, &self.clock, (self.case, bound), &mut |news| {
                if fatal(news) {
                    kill();
                }
            })
        })
    }

    /// Plays with the process killed before its `nth` effect (from 0), be it a command to the card or a verb to the
    /// records; `None` when it was.
    pub fn play_killed_before(&mut self, nth: usize) -> Option<Result<Made, Stopped>> {
        let left = Arc::new(AtomicUsize::new(nth));
        let mut records = self.watched(Mortal(self.records.clone(), left.clone()));
        let transport = Mortal(self.reader.connect().unwrap(), left);
        let bound = self.bound();
        unless_killed(|| play_with(transport, &mut records, &self.clock, (self.case, bound), &mut |_| {}))
    }

    /// Commands and verbs that a run from here makes before `step` begins, and before the one after it does (or the
    /// end): where the faults of `step` lie.
    pub fn extent(step: Step) -> Extent {
        let mut here = Scene::before(step);
        let mut count = |until: Option<Step>| {
            here = Scene::before(step);
            here.records.stop_at(usize::MAX, Outage::BeforeCommit);
            here.play_until(until);
            (here.reader.commands(), here.records.verbs())
        };
        let after = Step::ALL.into_iter().find(|other| *other > step);
        let (from, to) = (count(Some(step)), count(after));
        Extent {
            commands: from.0..to.0,
            verbs: from.1..to.1,
        }
    }

    /// The fault is over: the database runs, the same card is put in again.
    pub fn next_morning(&self) {
        self.clock.advance(time::Duration::hours(15));
        self.records.start();
        self.reader.cut(None);
        self.reader.reinsert();
    }

    /// The chip in the reader, as any desk sees it.
    pub fn chip(&self) -> Chip<impl Transport + use<>> {
        self.reader.cut(None);
        self.reader.reinsert();
        Chip::select(self.reader.connect().unwrap()).unwrap()
    }

    /// What must be true at any moment, faults or not.
    pub fn assert_nothing_is_claimed_that_is_not_so(&self, what: &str) {
        for (serial, signatures) in self.signed() {
            assert!(
                signatures.windows(2).all(|pair| pair[0] == pair[1]),
                "{what}: two certificates are signed under {serial}"
            );
        }
        let mut serials = BTreeSet::new();
        for card in self.records.cards() {
            for (slot, serial) in &card.serials {
                assert!(serials.insert(*serial), "{what}: a serial twice");
                if let Some(certificate) = card.certificates.get(slot) {
                    assert_eq!(CertificateSerial::of_certificate(certificate), Some(*serial), "{what}");
                }
                assert_eq!(
                    self.records.is_revoked(serial),
                    card.state == CardState::Damaged,
                    "{what}"
                );
            }
        }
        let mut chip = self.chip();
        let serial = chip.serial().as_bytes().to_vec();
        let journal = self.records.cards().into_iter().find(|card| card.chip == serial);
        let Some(journal) = journal else {
            assert_eq!(
                chip.life(),
                ChipLife::Blank,
                "{what}: something is written on a chip nobody recorded"
            );
            return;
        };
        if chip.life() == ChipLife::Closed {
            assert_eq!(
                journal.certificates.len(),
                2,
                "{what}: a finished card without its record"
            );
            assert!(
                journal.steps.contains_key(&Step::Close),
                "{what}: closed without the intent"
            );
        }
        if journal.state == CardState::Made {
            assert_eq!(chip.life(), ChipLife::Closed, "{what}: made, and the chip is open");
            for slot in KeySlot::ALL {
                let on_chip = chip.read_certificate(slot).unwrap();
                assert_eq!(
                    Some(&on_chip),
                    journal.certificates.get(&slot),
                    "{what}: success without a certificate"
                );
            }
        }
    }

    /// What must be true of a finished card, read through a fresh chip.
    pub fn assert_finished(&self, made: &Made, what: &str) {
        self.assert_nothing_is_claimed_that_is_not_so(what);
        assert_eq!(
            self.records.case_state(self.case),
            Some(CaseState::Made { card: made.card }),
            "{what}"
        );
        let journal = self.journal().unwrap();
        assert_eq!(journal.state, CardState::Made, "{what}");
        assert!(
            Step::ALL.iter().all(|step| journal.steps.get(step) == Some(&true)),
            "{what}: {:?}",
            journal.steps
        );
        assert_eq!(journal.certificates, made.certificates, "{what}");
        let mut chip = self.chip();
        assert_eq!(*chip.serial(), made.chip, "{what}");
        for slot in KeySlot::ALL {
            let certificate = self.certificate(&mut chip, slot);
            let on_chip = chip.public_key(slot).unwrap().unwrap().spki_der();
            assert_eq!(
                certificate.public_key(),
                on_chip,
                "{what}: keys and certificates do not match"
            );
            assert_eq!(journal.public_keys[&slot], on_chip, "{what}");
        }
        let message = b"whose card is this?";
        let digest = sha256(message);
        let certificate = self.certificate(&mut chip, KeySlot::Eligibility);
        let signature = chip.sign(KeySlot::Eligibility, &digest).unwrap();
        assert!(
            certificate.signed(message, &signature),
            "{what}: the key without a PIN signs"
        );
        let refused = chip.sign(KeySlot::Authentication, &digest);
        assert_eq!(refused, Err(CardError::PinRequired(KeySlot::Authentication)), "{what}");
    }

    pub fn certificate<T: Transport>(&self, chip: &mut Chip<T>, slot: KeySlot) -> VerifiedCertificate {
        let profile = match slot {
            KeySlot::Authentication => Profile::ResidentAuthentication,
            KeySlot::Eligibility => Profile::ResidentEligibility,
        };
        let der = chip.read_certificate(slot).unwrap();
        let trust = &OFFICE.authorities.trust;
        let certificate = trust.verify_chain(&der, profile, self.clock.now(), &|_| false).unwrap();
        assert!(CheckedKey::parse(certificate.public_key()).is_ok());
        certificate
    }
}

/// Where a step lies in a run.
pub struct Extent {
    pub commands: std::ops::Range<usize>,
    pub verbs: std::ops::Range<usize>,
}

pub fn blank() -> VirtualCard {
    VirtualCard::blank(&OFFICE.master, &mut OsChance)
}

pub fn sha256(message: &[u8]) -> [u8; 32] {
    aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, message)
        .as_ref()
        .try_into()
        .unwrap()
}

/// Runs the procedure with the office's authority.
pub fn play_with<T: Transport>(
    transport: T,
    records: &mut dyn Records,
    clock: &dyn Clock,
    (case, bound): (CaseId, Option<CardId>),
    progress: &mut dyn FnMut(Progress),
) -> Result<Made, Stopped> {
    let mut desk = MakingDesk {
        master: &OFFICE.master,
        authorities: &OFFICE.authorities,
        clock,
        chance: &mut OsChance,
    };
    run(
        transport,
        records,
        &mut desk,
        Plan { case, bound },
        progress,
        &Cancel::new(),
    )
}

struct Killed;

/// The process ends here. Without the panic hook: nothing is wrong.
fn kill() -> ! {
    resume_unwind(Box::new(Killed))
}

/// What `act` gave, `None` when the process was killed in it.
fn unless_killed<R>(act: impl FnOnce() -> R) -> Option<R> {
    match catch_unwind(AssertUnwindSafe(act)) {
        Ok(result) => Some(result),
        Err(why) if why.is::<Killed>() => None,
        Err(panic) => resume_unwind(panic),
    }
}

/// A part of a process that is killed before an effect, counted over all its parts.
struct Mortal<P>(P, Arc<AtomicUsize>);

impl<P> Mortal<P> {
    fn act(&mut self) -> &mut P {
        match self.1.load(Ordering::Relaxed) {
            0 => kill(),
            left => self.1.store(left - 1, Ordering::Relaxed),
        }
        &mut self.0
    }
}

impl<P: Transport> Transport for Mortal<P> {
    fn transmit(&mut self, command: &[u8]) -> Result<Vec<u8>, TransportError> {
        self.act().transmit(command)
    }
}

impl<P: Records> Records for Mortal<P> {
    fn journal(&mut self, card: CardId) -> Result<CardJournal, RecordsError> {
        self.act().journal(card)
    }
    fn bind(&mut self, case: CaseId, chip: &[u8], first: &[Entry]) -> Result<CardJournal, RecordsError> {
        self.act().bind(case, chip, first)
    }
    fn write(&mut self, card: CardId, entries: &[Entry]) -> Result<Reservations, RecordsError> {
        self.act().write(card, entries)
    }
    fn damaged(&mut self, card: CardId, reason: &str) -> Result<(), RecordsError> {
        self.act().damaged(card, reason)
    }
}

/// Records at whose door every signed certificate is seen, before they are asked to keep it.
struct Watched<R>(R, Signed);

impl<R: Records> Records for Watched<R> {
    fn journal(&mut self, card: CardId) -> Result<CardJournal, RecordsError> {
        self.0.journal(card)
    }
    fn bind(&mut self, case: CaseId, chip: &[u8], first: &[Entry]) -> Result<CardJournal, RecordsError> {
        self.0.bind(case, chip, first)
    }
    fn write(&mut self, card: CardId, entries: &[Entry]) -> Result<Reservations, RecordsError> {
        let mut signed = self.1.lock().unwrap_or_else(|held| held.into_inner());
        for entry in entries {
            if let Entry::Certificate(_, der) = entry {
                let serial = CertificateSerial::of_certificate(der).unwrap();
                signed.entry(serial).or_default().push(der.clone());
            }
        }
        drop(signed);
        self.0.write(card, entries)
    }
    fn damaged(&mut self, card: CardId, reason: &str) -> Result<(), RecordsError> {
        self.0.damaged(card, reason)
    }
}

/// Cuts of the card's power in commands `n` of a run.
pub fn pulled_at(n: usize) -> [(Cut, String); 2] {
    [
        (Cut::AfterCommands(n), format!("pulled before command {n}")),
        (Cut::InsteadOfAnswer(n + 1), format!("pulled after command {n}")),
    ]
}

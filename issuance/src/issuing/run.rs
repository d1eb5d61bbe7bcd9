//! The runner: does what [`decide`] says, and says what it does to the records and to the screen.

mod certificates;

use std::{
    collections::{BTreeMap, BTreeSet},
    time::{Duration, Instant},
};

use card::{
    CardError, Chip, ChipLife, ChipSerial, IssuerMaster, KeyRule, KeySlot, Personaliser, PinSlot, Transport,
    profile::{Profile as CardProfile, ResidentProfile},
};
use relay_core::{chance::Chance, clock::Clock};

use super::{
    Cancel, ChipFacts, Damage, Next, Progress, Session, StepState,
    decide::{decide, generating},
};
use crate::{
    authority::{Authorities, AuthorityError, ChainError, CheckedKey, PrepareError, Proof},
    case::{CardId, CaseId},
    records::{CardJournal, Entry, Records, RecordsError, Reservations, Step},
};

/// What a card is made with.
pub struct MakingDesk<'a> {
    /// Opens the issuer's channel to a chip.
    pub master: &'a IssuerMaster,
    pub authorities: &'a Authorities,
    pub clock: &'a dyn Clock,
    /// Draws serials and challenges.
    pub chance: &'a mut dyn Chance,
}

/// Which card is to be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Plan {
    pub case: CaseId,
    /// The card bound to it, when its state is [`Making`](crate::case::CaseState::Making): that chip and no other goes
    /// on. `None` binds the blank in the reader.
    pub bound: Option<CardId>,
}

/// A finished card.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Made {
    pub card: CardId,
    pub chip: ChipSerial,
    /// Its certificates, DER, as they are on the chip and in the records.
    pub certificates: BTreeMap<KeySlot, Vec<u8>>,
}

/// Why making stopped before the card was finished.
#[derive(Debug, thiserror::Error)]
pub enum Stopped {
    /// A clerk asked for it. The card can be taken up again.
    #[error("stopped as asked, before {}", .before.as_str())]
    Cancelled {
        /// The step that was not begun.
        before: Step,
    },
    /// The card in the reader is not the one bound to the case: put that one in, or mark it damaged.
    #[error("the card in the reader is {found}; the case is bound to {expected}")]
    WrongChip {
        /// The chip bound to the case.
        expected: ChipSerial,
        /// The chip in the reader.
        found: ChipSerial,
    },
    /// A card that is not blank cannot begin a case: take a blank.
    #[error("the card {chip} is not blank")]
    NotBlank {
        /// The chip in the reader.
        chip: ChipSerial,
    },
    /// The card is marked damaged in the records; the case waits for a new blank.
    #[error("the card is damaged and must be put aside: {reason}")]
    Damaged { card: CardId, reason: Damage },
    /// The card did not answer as it should: put the same card in again.
    #[error("{} was cut off by the card: {error}", .step.as_str())]
    Card {
        step: Step,
        /// What the card said.
        error: CardError,
    },
    /// The records did not answer, or refused: nothing was done on the card that is not recorded at least as intended.
    #[error("{} was cut off by the records: {error}", .step.as_str())]
    Records {
        step: Step,
        /// What the records said.
        error: RecordsError,
    },
    /// The authority would not issue: its clock, its key, its expiry.
    #[error("the certificate was not issued: {0}")]
    NotPrepared(PrepareError),
    /// The authority failed while issuing.
    #[error("the certificate was not issued: {0}")]
    NotIssued(AuthorityError),
    /// The certificates do not verify at this moment, and the card is not to blame: the clock, or the authority's end.
    #[error("the certificates cannot be verified now: {0}")]
    NotVerified(ChainError),
}

/// Makes a card, or goes on with one: from whatever records and chip say, to the end.
///
/// `progress` hears of every step; `cancel` is honoured before each step that allows it ([`Step::safe_to_stop`]).
///
/// # Errors
/// [`Stopped`] with what to do. Whatever it is, the next run with the same card decides from the records anew.
pub fn run<T: Transport>(
    transport: T,
    records: &mut dyn Records,
    desk: &mut MakingDesk<'_>,
    plan: Plan,
    progress: &mut dyn FnMut(Progress),
    cancel: &Cancel,
) -> Result<Made, Stopped> {
    let opened = open(transport, records, desk, plan, progress, cancel)?;
    let mut making = opened;
    loop {
        match decide(&making.journal, &making.facts) {
            Next::Do(step) => {
                if cancel.is_asked() && step.safe_to_stop() {
                    making.flush(records, step)?;
                    return Err(Stopped::Cancelled { before: step });
                }
                making.perform(step, records, desk, progress)?;
            }
            Next::Finished => {
                making.pending.push(Entry::Made);
                making.flush(records, Step::Close)?;
                return Ok(Made {
                    card: making.journal.card,
                    chip: making.session.serial().clone(),
                    certificates: making.journal.certificates,
                });
            }
            Next::Damaged(reason) => return Err(making.damaged(reason, Step::Select, records)),
            Next::WrongChip => return Err(wrong_chip(&making.journal, making.session.serial())),
        }
    }
}

/// A card in the making: the issuer's session with it, what is recorded, what is on it.
struct Making<T> {
    session: Personaliser<T>,
    journal: CardJournal,
    facts: ChipFacts,
    proofs: BTreeMap<KeySlot, Proof>,
    /// How long selecting and authenticating took, before there was a card to record it for.
    opening: [Duration; 2],
    /// What is recorded with the next intent, before anything else that cannot be taken back. Lost with the process, it is
    /// found again: an outcome by looking, a key on the chip (its intent was recorded), a certificate by signing it
    /// once more under its reserved serial, to the very same bytes.
    pending: Vec<Entry>,
    /// Slots whose certificate was let go of in this session: once, lest a clock that jumps keeps it going for ever.
    withdrawn: BTreeSet<KeySlot>,
}

/// Selects, authenticates and binds. The binding comes third: a foreign chip, or one that does not know this issuer,
/// is never bound to anybody's case.
fn open<T: Transport>(
    transport: T,
    records: &mut dyn Records,
    desk: &mut MakingDesk<'_>,
    plan: Plan,
    progress: &mut dyn FnMut(Progress),
    cancel: &Cancel,
) -> Result<Making<T>, Stopped> {
    let journal = match plan.bound {
        Some(card) => Some(records.journal(card).map_err(in_step(Step::Select))?),
        None => None,
    };
    let (chip, selecting) = timed(Step::Select, progress, || Chip::select(transport))?;
    if let Some(journal) = &journal {
        if journal.chip != chip.serial().as_bytes() {
            return Err(wrong_chip(journal, chip.serial()));
        }
    } else if chip.life() != ChipLife::Blank {
        return Err(Stopped::NotBlank {
            chip: chip.serial().clone(),
        });
    }
    if cancel.is_asked() {
        return Err(Stopped::Cancelled {
            before: Step::Authenticate,
        });
    }
    let (mut session, authenticating) = timed(Step::Authenticate, progress, || {
        chip.personalise(desk.master, desk.chance)
    })?;
    let journal = match journal {
        Some(journal) => journal,
        None => {
            let mut first = vec![
                Entry::Done(Step::Select, selecting),
                Entry::Done(Step::Authenticate, authenticating),
            ];
            // What follows on a blank, unless the clerk has thought better of it.
            first.extend((!cancel.is_asked()).then_some(Entry::Intent(Step::GenerateAuthenticationKey)));
            records
                .bind(plan.case, session.serial().as_bytes(), &first)
                .map_err(in_step(Step::Authenticate))?
        }
    };
    let mut keys = BTreeMap::new();
    // A blank has no keys; asking it would cost four commands.
    if session.life() != ChipLife::Blank {
        for slot in KeySlot::ALL {
            let key = session.public_key(slot).map_err(by_card(Step::Authenticate))?;
            keys.extend(key.map(|key| (slot, key.spki_der())));
        }
    }
    let facts = ChipFacts {
        chip: session.serial().as_bytes().to_vec(),
        life: session.life(),
        keys,
        session: Session::default(),
    };
    Ok(Making {
        session,
        journal,
        facts,
        proofs: BTreeMap::new(),
        opening: [selecting, authenticating],
        pending: Vec::new(),
        withdrawn: BTreeSet::new(),
    })
}

impl<T: Transport> Making<T> {
    fn perform(
        &mut self,
        step: Step,
        records: &mut dyn Records,
        desk: &mut MakingDesk<'_>,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<(), Stopped> {
        // Selecting and authenticating happened before there was a card; only their record is missing.
        let [selecting, authenticating] = self.opening;
        match step {
            Step::Select => {
                self.done(step, selecting);
                return Ok(());
            }
            Step::Authenticate => {
                self.done(step, authenticating);
                return Ok(());
            }
            _ => {}
        }
        let intended_before = self.journal.steps.contains_key(&step);
        if step.is_irreversible() && !intended_before {
            self.pending.push(Entry::Intent(step));
            self.journal.steps.insert(step, false);
        }
        let reserved = match step {
            Step::IssueCertificates => self.reserve(desk, records)?,
            _ if step.is_irreversible() => self.flush(records, step).map(|_| BTreeMap::new())?,
            _ => BTreeMap::new(),
        };
        progress(Progress {
            step,
            state: StepState::Started,
        });
        let begun = Instant::now();
        let finished = match step {
            Step::Select | Step::Authenticate => true,
            Step::GenerateAuthenticationKey => {
                self.generate(
                    KeySlot::Authentication,
                    KeyRule::Pin(PinSlot::Holder),
                    intended_before,
                    records,
                )?;
                true
            }
            Step::GenerateEligibilityKey => {
                self.generate(KeySlot::Eligibility, KeyRule::Free, intended_before, records)?;
                true
            }
            Step::ProvePossession => {
                self.prove(desk, records)?;
                true
            }
            Step::IssueCertificates => {
                self.issue(reserved, desk, records)?;
                true
            }
            Step::Write => {
                let profile = self.profile();
                let mut tell = |done, total| {
                    let state = StepState::Fraction(done, total);
                    progress(Progress { step, state });
                };
                self.session.write(&profile, &mut tell).map_err(by_card(step))?;
                true
            }
            Step::ReadBack => self.read_back()?,
            Step::Verify => self.verify(desk, records)?,
            Step::Close => {
                self.session.close().map_err(by_card(step))?;
                true
            }
        };
        self.facts.life = self.session.life();
        let took = begun.elapsed();
        progress(Progress {
            step,
            state: StepState::Done(took),
        });
        if finished {
            self.done(step, took);
        }
        Ok(())
    }

    fn done(&mut self, step: Step, took: Duration) {
        if self.journal.steps.insert(step, true) != Some(true) {
            self.pending.push(Entry::Done(step, took));
        }
    }

    /// Records what gathered so far.
    fn flush(&mut self, records: &mut dyn Records, during: Step) -> Result<Reservations, Stopped> {
        if self.pending.is_empty() {
            return Ok(Reservations::new());
        }
        let written = records.write(self.journal.card, &self.pending);
        self.pending.clear();
        written.map_err(in_step(during))
    }

    /// Makes the key, or takes over the one that an interrupted session made after recording that it would.
    fn generate(
        &mut self,
        slot: KeySlot,
        rule: KeyRule,
        intended_before: bool,
        records: &mut dyn Records,
    ) -> Result<(), Stopped> {
        let step = generating(slot);
        let recorded = self.journal.public_keys.get(&slot);
        let on_chip = self.facts.keys.get(&slot);
        let takes_over = on_chip.filter(|key| intended_before && recorded.is_none_or(|recorded| recorded == *key));
        let spki = match takes_over {
            Some(key) => key.clone(),
            None => self.session.generate_key(slot, rule).map_err(by_card(step))?.spki_der(),
        };
        if CheckedKey::parse(&spki).is_err() {
            return Err(self.damaged(Damage::BadKey(slot), step, records));
        }
        // A key that stands on another card is refused when this is written, before anything is signed for it: the
        // chip's randomness is broken. Telling the clerk is enough, as it never happens twice with good chips.
        self.pending.push(Entry::Key(slot, spki.clone()));
        self.journal.public_keys.insert(slot, spki.clone());
        self.facts.keys.insert(slot, spki);
        Ok(())
    }

    /// Whether the chip holds what should be on it. What differs is to be written again.
    fn read_back(&mut self) -> Result<bool, Stopped> {
        match self.session.read_back(&self.profile()) {
            Ok(()) => {
                self.facts.session.read_back = true;
                Ok(true)
            }
            Err(CardError::Mismatch { .. } | CardError::FileMissing(_)) => {
                self.facts.session.mismatches += 1;
                self.journal.steps.insert(Step::Write, false);
                Ok(false)
            }
            Err(error) => Err(by_card(Step::ReadBack)(error)),
        }
    }

    fn profile(&self) -> CardProfile {
        let certificate = |slot| {
            self.journal
                .certificates
                .get(&slot)
                .map(Vec::as_slice)
                .unwrap_or_default()
        };
        CardProfile::resident(&ResidentProfile {
            serial: self.session.serial(),
            authentication: certificate(KeySlot::Authentication),
            eligibility: certificate(KeySlot::Eligibility),
        })
    }

    /// Records the damage. The case is free again only when the records say so.
    fn damaged(&self, reason: Damage, step: Step, records: &mut dyn Records) -> Stopped {
        let card = self.journal.card;
        match records.damaged(card, &reason.to_string()) {
            Ok(()) => Stopped::Damaged { card, reason },
            Err(error) => Stopped::Records { step, error },
        }
    }
}

fn wrong_chip(journal: &CardJournal, found: &ChipSerial) -> Stopped {
    Stopped::WrongChip {
        expected: ChipSerial::new(journal.chip.clone()),
        found: found.clone(),
    }
}

/// Does a step that needs no record yet, telling the screen.
fn timed<R>(
    step: Step,
    progress: &mut dyn FnMut(Progress),
    act: impl FnOnce() -> Result<R, CardError>,
) -> Result<(R, Duration), Stopped> {
    progress(Progress {
        step,
        state: StepState::Started,
    });
    // A stopwatch, not a clock: it tells how long, never when, and nothing is decided by it.
    let begun = Instant::now();
    let result = act().map_err(by_card(step))?;
    let took = begun.elapsed();
    progress(Progress {
        step,
        state: StepState::Done(took),
    });
    Ok((result, took))
}

fn in_step(step: Step) -> impl Fn(RecordsError) -> Stopped {
    move |error| Stopped::Records { step, error }
}

fn by_card(step: Step) -> impl Fn(CardError) -> Stopped {
    move |error| Stopped::Card { step, error }
}

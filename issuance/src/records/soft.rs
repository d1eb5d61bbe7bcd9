//! The records in memory: the body of [`Records`] for tests, with a database that can be stopped at any verb.
//!
//! Clones share one store, as two processes share one database: a procedure that was killed is tried again by
//! dropping everything but a clone.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, MutexGuard},
};

use relay_core::chance::{Chance, OsChance};
use time::OffsetDateTime;

use super::{
    CardJournal, CardState, CertificateSerial, Entry, KeySlot, Records, RecordsError, Reservation, Reservations, Step,
};
use crate::{
    application::{ApplicationEvent, ApplicationState},
    case::{CardId, CaseCard, CaseId, CaseState},
    custody::Custody,
    lifecycle::LifecycleEvent,
    machine::Machine as _,
};

/// How the database fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outage {
    /// It stops before the commit: nothing was recorded.
    BeforeCommit,
    /// It stops after the commit: it was recorded and the answer was lost.
    AfterCommit,
}

/// Records in memory.
#[derive(Clone, Default)]
pub struct SoftRecords(Arc<Mutex<Store>>);

#[derive(Clone, Default)]
struct Store {
    cases: BTreeMap<CaseId, ApplicationState>,
    cards: BTreeMap<CardId, CardJournal>,
    reserved: BTreeMap<CertificateSerial, OffsetDateTime>,
    revoked: BTreeSet<CertificateSerial>,
    damage: BTreeMap<CardId, String>,
    verbs: usize,
    outage: Option<(usize, Outage)>,
    down: bool,
}

impl SoftRecords {
    /// No case and no card.
    pub fn new() -> Self {
        Self::default()
    }

    /// A second store with the same content, apart from this one from now on: the same moment again in a test.
    pub fn twin(&self) -> Self {
        Self(Arc::new(Mutex::new(self.store().clone())))
    }

    /// A case whose person is verified, so that a card can be made.
    pub fn verified_case(&mut self, chance: &mut dyn Chance) -> CaseId {
        let case = CaseId::new(chance);
        self.store().cases.insert(case, ApplicationState::Verified);
        case
    }

    /// Where a case stands.
    pub fn case_state(&self, case: CaseId) -> Option<CaseState> {
        let store = self.store();
        let bound = |card: &&CardJournal| card.case == case && card.state != CardState::Damaged;
        let card = store.cards.values().find(bound).map(|card| CaseCard {
            id: card.card,
            lifecycle: card.state,
            // The shelf is the counter's matter: these records end with the making.
            place: Custody::reader("—"),
        });
        CaseState::of(*store.cases.get(&case)?, card.as_ref(), None)
    }

    /// Whether a serial is revoked.
    pub fn is_revoked(&self, serial: &CertificateSerial) -> bool {
        self.store().revoked.contains(serial)
    }

    /// Every card there is, whatever became of it.
    pub fn cards(&self) -> Vec<CardJournal> {
        self.store().cards.values().cloned().collect()
    }

    /// Why a card was marked damaged.
    pub fn damage(&self, card: CardId) -> Option<String> {
        self.store().damage.get(&card).cloned()
    }

    /// How many verbs were asked since the store was made or since the last [`stop_at`](Self::stop_at).
    pub fn verbs(&self) -> usize {
        self.store().verbs
    }

    /// Stops the database at the `nth` verb from now, counted from 1. It stays down until [`start`](Self::start).
    pub fn stop_at(&self, nth: usize, outage: Outage) {
        let mut store = self.store();
        store.verbs = 0;
        store.outage = Some((nth, outage));
    }

    /// Starts the database again; no outage is planned any more.
    pub fn start(&self) {
        let mut store = self.store();
        store.down = false;
        store.outage = None;
    }

    fn store(&self) -> MutexGuard<'_, Store> {
        self.0.lock().unwrap_or_else(|held| held.into_inner())
    }

    /// One verb: `change` is a transaction, made on a copy and committed as a whole.
    fn verb<T>(&self, change: impl FnOnce(&mut Store) -> Result<T, RecordsError>) -> Result<T, RecordsError> {
        let mut store = self.store();
        store.verbs += 1;
        let planned = store
            .outage
            .filter(|(nth, _)| *nth == store.verbs)
            .map(|(_, outage)| outage);
        let stopped = || RecordsError::Unreachable("the database was stopped".into());
        if store.down || planned == Some(Outage::BeforeCommit) {
            store.down = true;
            return Err(stopped());
        }
        let mut copy = store.clone();
        let outcome = change(&mut copy);
        if outcome.is_ok() {
            *store = copy;
        }
        if planned == Some(Outage::AfterCommit) {
            store.down = true;
            return Err(stopped());
        }
        outcome
    }
}

impl Store {
    fn known(&mut self, card: CardId) -> Result<&mut CardJournal, RecordsError> {
        self.cards.get_mut(&card).ok_or_else(|| conflict("no such card"))
    }

    fn being_made(&mut self, card: CardId) -> Result<&mut CardJournal, RecordsError> {
        let journal = self.known(card)?;
        match journal.state {
            CardState::Making => Ok(journal),
            other => Err(conflict(format!("the card is {}", other.as_str()))),
        }
    }

    fn case(&mut self, case: CaseId) -> Result<&mut ApplicationState, RecordsError> {
        self.cases.get_mut(&case).ok_or_else(|| conflict("no such case"))
    }

    fn bind(&mut self, case: CaseId, chip: &[u8]) -> Result<CardId, RecordsError> {
        if let Some(card) = self.cards.values().find(|card| card.chip == chip) {
            if card.case == case && card.state != CardState::Damaged {
                return Ok(card.card);
            }
            return Err(RecordsError::ChipTaken {
                chip: hex::encode_upper(chip),
            });
        }
        let card = CardId::new(&mut OsChance);
        let state = self.case(case)?;
        *state = state.after(ApplicationEvent::ChipBound)?;
        self.cards.insert(
            card,
            CardJournal {
                card,
                case,
                chip: chip.to_vec(),
                state: CardState::Making,
                steps: BTreeMap::new(),
                public_keys: BTreeMap::new(),
                serials: BTreeMap::new(),
                certificates: BTreeMap::new(),
            },
        );
        Ok(card)
    }

    fn entry(&mut self, card: CardId, entry: &Entry, kept: &mut Reservations) -> Result<(), RecordsError> {
        match entry {
            Entry::Key(slot, spki) => self.keep_public_key(card, *slot, spki),
            Entry::Certificate(slot, der) => self.keep_certificate(card, *slot, der),
            Entry::Done(step, _) => self.done(card, *step),
            Entry::Intent(step) => self.intend(card, *step),
            Entry::Reservation(slot, fresh) => {
                kept.insert(*slot, self.reserve_serial(card, *slot, *fresh)?);
                Ok(())
            }
            Entry::Withdrawn(slot) => {
                let journal = self.being_made(card)?;
                journal.certificates.remove(slot);
                let serial = journal.serials.remove(slot);
                self.revoked.extend(serial);
                Ok(())
            }
            Entry::Made => self.made(card),
        }
    }

    fn write(&mut self, card: CardId, entries: &[Entry]) -> Result<Reservations, RecordsError> {
        let mut kept = Reservations::new();
        // The last entries of a card that was made already are there.
        if entries.last() == Some(&Entry::Made) && self.known(card)?.state == CardState::Made {
            return Ok(kept);
        }
        for entry in entries {
            self.entry(card, entry, &mut kept)?;
        }
        Ok(kept)
    }

    fn intend(&mut self, card: CardId, step: Step) -> Result<(), RecordsError> {
        self.being_made(card)?.steps.entry(step).or_insert(false);
        Ok(())
    }

    fn done(&mut self, card: CardId, step: Step) -> Result<(), RecordsError> {
        let journal = self.being_made(card)?;
        if step.is_irreversible() && !journal.steps.contains_key(&step) {
            return Err(conflict(format!("{} was never intended", step.as_str())));
        }
        journal.steps.insert(step, true);
        Ok(())
    }

    fn keep_public_key(&mut self, card: CardId, slot: KeySlot, spki: &[u8]) -> Result<(), RecordsError> {
        let elsewhere = self.cards.values().any(|other| {
            let mut keys = other.public_keys.iter();
            keys.any(|(at, key)| key == spki && (other.card, *at) != (card, slot))
        });
        if elsewhere {
            return Err(conflict("the same public key is recorded elsewhere"));
        }
        let journal = self.being_made(card)?;
        if journal.public_keys.get(&slot).is_some_and(|kept| kept == spki) {
            return Ok(());
        }
        if journal.serials.contains_key(&slot) {
            return Err(conflict("a serial is reserved for the slot's key"));
        }
        journal.public_keys.insert(slot, spki.to_vec());
        Ok(())
    }

    fn reserve_serial(&mut self, card: CardId, slot: KeySlot, fresh: Reservation) -> Result<Reservation, RecordsError> {
        let journal = self.being_made(card)?.clone();
        if let Some(serial) = journal.serials.get(&slot) {
            return Ok(Reservation::new(*serial, self.reserved[serial]));
        }
        if self.reserved.contains_key(&fresh.serial()) {
            return Err(conflict("the serial was reserved before"));
        }
        if !journal.public_keys.contains_key(&slot) {
            return Err(conflict("no public key is recorded for the slot"));
        }
        self.reserved.insert(fresh.serial(), fresh.at());
        self.being_made(card)?.serials.insert(slot, fresh.serial());
        Ok(fresh)
    }

    fn keep_certificate(&mut self, card: CardId, slot: KeySlot, der: &[u8]) -> Result<(), RecordsError> {
        let journal = self.being_made(card)?;
        let reserved = journal.serials.get(&slot).copied();
        if reserved.is_none() || CertificateSerial::of_certificate(der) != reserved {
            return Err(conflict("the certificate does not carry the serial reserved for it"));
        }
        if journal.certificates.get(&slot).is_some_and(|kept| kept != der) {
            return Err(conflict("another certificate is kept for the slot"));
        }
        journal.certificates.insert(slot, der.to_vec());
        Ok(())
    }

    fn made(&mut self, card: CardId) -> Result<(), RecordsError> {
        let journal = self.being_made(card)?;
        if let Some(step) = Step::ALL.iter().find(|step| journal.steps.get(step) != Some(&true)) {
            return Err(conflict(format!("{} is not done", step.as_str())));
        }
        if journal.certificates.len() != 2 {
            return Err(conflict("a certificate is missing"));
        }
        journal.state = journal.state.after(LifecycleEvent::Finished)?;
        self.move_case(card, ApplicationEvent::CardMade)
    }

    fn move_case(&mut self, card: CardId, event: ApplicationEvent) -> Result<(), RecordsError> {
        let case = self.known(card)?.case;
        let state = self.case(case)?;
        *state = state.after(event)?;
        Ok(())
    }
}

impl Records for SoftRecords {
    fn journal(&mut self, card: CardId) -> Result<CardJournal, RecordsError> {
        self.verb(|store| store.known(card).cloned())
    }

    fn bind(&mut self, case: CaseId, chip: &[u8], first: &[Entry]) -> Result<CardJournal, RecordsError> {
        self.verb(|store| {
            let card = store.bind(case, chip)?;
            if store.known(card)?.state == CardState::Making {
                store.write(card, first)?;
            }
            store.known(card).cloned()
        })
    }

    fn write(&mut self, card: CardId, entries: &[Entry]) -> Result<Reservations, RecordsError> {
        self.verb(|store| store.write(card, entries))
    }

    fn damaged(&mut self, card: CardId, reason: &str) -> Result<(), RecordsError> {
        self.verb(|store| {
            let state = store.known(card)?.state;
            if state == CardState::Damaged {
                return Ok(());
            }
            let after = state
                .after(LifecycleEvent::GivenUp)
                .map_err(|_| conflict("the card was handed over"))?;
            store.move_case(card, ApplicationEvent::CardGivenUp)?;
            let journal = store.known(card)?;
            journal.state = after;
            let serials: Vec<_> = journal.serials.values().copied().collect();
            store.revoked.extend(serials);
            store.damage.insert(card, reason.to_owned());
            Ok(())
        })
    }
}

fn conflict(what: impl Into<String>) -> RecordsError {
    RecordsError::Conflict(what.into())
}

#[cfg(test)]
mod tests {
    use relay_core::chance::SeededChance;

    use super::{super::contract, *};

    struct InMemory(SoftRecords, SeededChance);

    impl contract::House for InMemory {
        fn records(&mut self) -> &mut dyn Records {
            &mut self.0
        }
        fn verified_case(&mut self) -> CaseId {
            self.0.verified_case(&mut self.1)
        }
        fn case_state(&mut self, case: CaseId) -> CaseState {
            self.0.case_state(case).unwrap()
        }
        fn is_revoked(&mut self, serial: CertificateSerial) -> bool {
            self.0.is_revoked(&serial)
        }
    }

    #[test]
    fn the_records_in_memory_keep_the_contract() {
        let mut house = InMemory(SoftRecords::new(), SeededChance::new(1));
        contract::all(&mut house, &mut SeededChance::new(2));
    }

    #[test]
    fn a_database_stopped_before_the_commit_recorded_nothing_and_after_it_everything() {
        let mut chance = SeededChance::new(3);
        for (outage, recorded) in [(Outage::BeforeCommit, 0), (Outage::AfterCommit, 1)] {
            let mut records = SoftRecords::new();
            let case = records.verified_case(&mut chance);
            records.stop_at(1, outage);
            assert!(matches!(
                records.bind_chip(case, b"chip"),
                Err(RecordsError::Unreachable(_))
            ));
            assert_eq!(records.cards().len(), recorded);
            assert!(matches!(
                records.bind_chip(case, b"chip"),
                Err(RecordsError::Unreachable(_))
            ));
            records.start();
            records.bind_chip(case, b"chip").unwrap();
            assert_eq!(records.cards().len(), 1);
        }
    }
}

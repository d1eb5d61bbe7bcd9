//! What is recorded about a card's making, and what a write adds to it: the rules of [`Entry`], before any row is written.

use std::{collections::BTreeMap, time::Duration};

use aws_lc_rs::digest::{SHA256, digest};
use card::KeySlot;
use issuance::{
    acts::{CardCertificateKept, CardKeyKept, CardSerialReserved, CardSerialWithdrawn, CardStepDone},
    case::{CardId, CaseId},
    records::{CardJournal, CardState, CertificateSerial, Entry, Reservation, Step},
};
use store::{Bound, Tx};

use super::{serial_of, slot_of};
use crate::{OfficeError, cases};

/// An event of the making, to be written.
pub(super) enum Told {
    Key(CardKeyKept),
    Reserved(CardSerialReserved),
    Withdrawn(CardSerialWithdrawn),
    Certificate(CardCertificateKept),
    Step(CardStepDone),
}

/// A card's records with what is to be added.
#[derive(Default)]
pub(super) struct Draft {
    /// Steps intended, with how long those took that are done.
    steps: BTreeMap<Step, Option<i64>>,
    keys: BTreeMap<KeySlot, Vec<u8>>,
    reserved: BTreeMap<KeySlot, Reservation>,
    certificates: BTreeMap<KeySlot, Vec<u8>>,
    /// Keys of the entries that stand on a card already: the key, the card, the slot.
    known: Vec<(Vec<u8>, CardId, KeySlot)>,
    card: Option<CardId>,
    asked_for: Vec<KeySlot>,

    pub(super) new_keys: BTreeMap<KeySlot, Vec<u8>>,
    pub(super) new_withdrawn: Vec<CertificateSerial>,
    pub(super) new_serials: BTreeMap<KeySlot, Reservation>,
    pub(super) new_certificates: BTreeMap<CertificateSerial, Vec<u8>>,
    pub(super) new_steps: BTreeMap<Step, Option<i64>>,
    /// Events to write, in order, with their details.
    pub(super) told: Vec<Told>,
    /// Card and case are made.
    pub(super) made: bool,
}

impl Draft {
    /// What is recorded about `card`, and where the keys among `entries` stand already.
    pub(super) async fn load(tx: &Tx, card: CardId, entries: &[Entry]) -> Result<Self, OfficeError> {
        let spkis: Vec<&[u8]> = entries
            .iter()
            .filter_map(|entry| match entry {
                Entry::Key(_, spki) => Some(spki.as_slice()),
                _ => None,
            })
            .collect();
        let id = card.uuid();
        let (of_card, of_card_or_key): ([Bound<'_>; 1], [Bound<'_>; 2]) = ([&id], [&id, &spkis]);
        let (steps, keys, certificates) = tokio::try_join!(
            biased;
            tx.query("-- draft_steps\nSELECT step, took_us FROM office.card_step WHERE card = $1", &of_card),
            tx.query(
                "-- draft_keys\nSELECT card, slot, spki FROM office.card_key WHERE card = $1 OR spki = ANY ($2)",
                &of_card_or_key,
            ),
            tx.query(
                "-- draft_certificates\nSELECT slot, serial, reserved_at, der FROM office.certificate\n\
                 WHERE card = $1 AND withdrawn_at IS NULL",
                &of_card,
            ),
        )?;
        let mut draft = Self {
            card: Some(card),
            ..Self::default()
        };
        for row in &steps {
            let step = cases::step(row.get(0)).ok_or(OfficeError::Unreadable("office.card_step"))?;
            draft.steps.insert(step, row.get(1));
        }
        for row in &keys {
            let (of, slot, spki) = (
                CardId::from_uuid(row.get(0)),
                slot_of(row.get(1))?,
                row.get::<_, Vec<u8>>(2),
            );
            if of == card {
                draft.keys.insert(slot, spki.clone());
            }
            draft.known.push((spki, of, slot));
        }
        for row in &certificates {
            let slot = slot_of(row.get(0))?;
            draft
                .reserved
                .insert(slot, Reservation::new(serial_of(row.get(1))?, row.get(2)));
            if let Some(der) = row.get::<_, Option<Vec<u8>>>(3) {
                draft.certificates.insert(slot, der);
            }
        }
        Ok(draft)
    }

    /// Adds `entries`, each under its rule.
    pub(super) fn take_up(&mut self, entries: &[Entry]) -> Result<(), OfficeError> {
        entries.iter().try_for_each(|entry| match entry {
            Entry::Key(slot, spki) => self.key(*slot, spki),
            Entry::Certificate(slot, der) => self.certificate(*slot, der),
            Entry::Done(step, took) => self.done(*step, *took),
            Entry::Intent(step) => {
                self.intent(*step);
                Ok(())
            }
            Entry::Reservation(slot, fresh) => self.reservation(*slot, *fresh),
            Entry::Withdrawn(slot) => {
                self.withdrawn(*slot);
                Ok(())
            }
            Entry::Made => self.made(),
        })
    }

    fn key(&mut self, slot: KeySlot, spki: &[u8]) -> Result<(), OfficeError> {
        let elsewhere =
            |(key, card, at): &(Vec<u8>, CardId, KeySlot)| key == spki && (Some(*card), *at) != (self.card, slot);
        let in_other_slot = self.keys.iter().any(|(at, key)| *at != slot && key == spki);
        if in_other_slot || self.known.iter().any(elsewhere) {
            return Err(same_key());
        }
        if self.keys.get(&slot).is_some_and(|kept| kept == spki) {
            return Ok(());
        }
        if self.reserved.contains_key(&slot) {
            return Err(conflict("a serial is reserved for the slot's key"));
        }
        self.keys.insert(slot, spki.to_vec());
        self.new_keys.insert(slot, spki.to_vec());
        self.told.push(Told::Key(CardKeyKept { slot: slot.reference() }));
        Ok(())
    }

    fn reservation(&mut self, slot: KeySlot, fresh: Reservation) -> Result<(), OfficeError> {
        self.asked_for.push(slot);
        if self.reserved.contains_key(&slot) {
            return Ok(());
        }
        if !self.keys.contains_key(&slot) {
            return Err(conflict("no public key is recorded for the slot"));
        }
        self.reserved.insert(slot, fresh);
        self.new_serials.insert(slot, fresh);
        self.told.push(Told::Reserved(CardSerialReserved {
            slot: slot.reference(),
            serial: hex::encode(fresh.serial().0),
        }));
        Ok(())
    }

    fn certificate(&mut self, slot: KeySlot, der: &[u8]) -> Result<(), OfficeError> {
        let reserved = self.reserved.get(&slot).map(Reservation::serial);
        let Some(serial) = reserved.filter(|serial| CertificateSerial::of_certificate(der) == Some(*serial)) else {
            return Err(conflict("the certificate does not carry the serial reserved for it"));
        };
        match self.certificates.get(&slot) {
            Some(kept) if kept == der => return Ok(()),
            Some(_) => return Err(conflict("another certificate is kept for the slot")),
            None => {}
        }
        self.certificates.insert(slot, der.to_vec());
        self.new_certificates.insert(serial, der.to_vec());
        self.told.push(Told::Certificate(CardCertificateKept {
            slot: slot.reference(),
            serial: hex::encode(serial.0),
            sha256: hex::encode(digest(&SHA256, der)),
        }));
        Ok(())
    }

    fn withdrawn(&mut self, slot: KeySlot) {
        self.certificates.remove(&slot);
        if let Some(reserved) = self.reserved.remove(&slot) {
            // Reserved by this very write, it need not be reserved at all.
            if self.new_serials.remove(&slot).is_none() {
                self.new_withdrawn.push(reserved.serial());
            }
            self.new_certificates.remove(&reserved.serial());
            self.told
                .push(Told::Withdrawn(CardSerialWithdrawn { slot: slot.reference() }));
        }
    }

    fn intent(&mut self, step: Step) {
        self.steps.entry(step).or_insert_with(|| {
            self.new_steps.insert(step, None);
            None
        });
    }

    fn done(&mut self, step: Step, took: Duration) -> Result<(), OfficeError> {
        match self.steps.get(&step) {
            // Done stays done, with the time it took when it was.
            Some(Some(_)) => return Ok(()),
            None if step.is_irreversible() => {
                return Err(conflict(format!("{} was never intended", step.as_str())));
            }
            _ => {}
        }
        let took_us = cases::microseconds(took);
        self.steps.insert(step, Some(took_us));
        self.new_steps.insert(step, Some(took_us));
        self.told.push(Told::Step(CardStepDone { step, took_us }));
        Ok(())
    }

    fn made(&mut self) -> Result<(), OfficeError> {
        let undone = |step: &&Step| self.steps.get(step).copied().flatten().is_none();
        if let Some(missing) = Step::ALL.iter().find(undone) {
            return Err(conflict(format!("{} is not done", missing.as_str())));
        }
        if self.certificates.len() != KeySlot::ALL.len() {
            return Err(conflict("a certificate is missing"));
        }
        self.made = true;
        Ok(())
    }

    /// The reservations that the entries asked for, as they stand, by the slot's reference.
    pub(super) fn asked_for(&self) -> Vec<(i16, Reservation)> {
        let kept = |slot: &KeySlot| Some((i16::from(slot.reference()), *self.reserved.get(slot)?));
        self.asked_for.iter().filter_map(kept).collect()
    }

    /// How long all steps took, in microseconds.
    pub(super) fn took(&self) -> i64 {
        self.steps.values().flatten().sum()
    }

    /// As the procedure reads it, of a card that is being made.
    pub(super) fn journal(self, card: CardId, case: CaseId, chip: &[u8]) -> CardJournal {
        CardJournal {
            card,
            case,
            chip: chip.to_vec(),
            state: CardState::Making,
            steps: self
                .steps
                .into_iter()
                .map(|(step, took)| (step, took.is_some()))
                .collect(),
            public_keys: self.keys,
            serials: self
                .reserved
                .into_iter()
                .map(|(slot, kept)| (slot, kept.serial()))
                .collect(),
            certificates: self.certificates,
        }
    }
}

fn conflict(what: impl Into<String>) -> OfficeError {
    OfficeError::CardConflict(what.into())
}

pub(super) fn same_key() -> OfficeError {
    conflict("the same public key is recorded elsewhere")
}

//! What a card has to do with the authority: its keys prove themselves, serials are reserved, certificates signed, and in
//! the end all of it is verified as one.

use std::{collections::BTreeMap, panic::resume_unwind, thread};

use card::{ChipLife, KeySlot, Transport};

use super::{Making, MakingDesk, Stopped, by_card};
use crate::{
    authority::{ChainError, Challenge, PrepareError, Profile, Proof, Request, ReservedSerial, Subject},
    issuing::{Damage, Session},
    records::{CertificateSerial, Entry, Records, Reservation, Reservations, Step},
};

impl<T: Transport> Making<T> {
    pub(super) fn prove(&mut self, desk: &mut MakingDesk<'_>, records: &mut dyn Records) -> Result<(), Stopped> {
        for slot in KeySlot::ALL {
            let step = Step::ProvePossession;
            let Some(key) = self.journal.public_keys.get(&slot) else {
                return Err(self.damaged(Damage::KeyLost(slot), step, records));
            };
            let challenge = Challenge::new(profile_of(slot), key, desk.chance);
            let signature = self
                .session
                .prove_possession(slot, &challenge.digest())
                .map_err(by_card(step))?;
            self.proofs.insert(slot, Proof { challenge, signature });
        }
        self.facts.session.proved = true;
        Ok(())
    }

    /// Records the intent to sign, together with a serial for every certificate that is missing.
    pub(super) fn reserve(
        &mut self,
        desk: &mut MakingDesk<'_>,
        records: &mut dyn Records,
    ) -> Result<BTreeMap<KeySlot, ReservedSerial>, Stopped> {
        let step = Step::IssueCertificates;
        let now = desk.clock.now();
        let mut fresh = Reservations::new();
        for slot in KeySlot::ALL {
            if self.journal.certificates.contains_key(&slot) {
                continue;
            }
            if !self.journal.serials.contains_key(&slot)
                // A reservation keeps its moment: made by a wrong clock, it would spoil the card for good.
                && let Err(outside) = desk.authorities.resident.covers(profile_of(slot), now)
            {
                self.flush(records, step)?;
                return Err(Stopped::NotPrepared(outside));
            }
            fresh.insert(slot, Reservation::new(CertificateSerial::new(desk.chance), now));
        }
        let reserved = ReservedSerial::record_each(fresh, |fresh| {
            let entries = fresh.into_iter().map(|(slot, fresh)| Entry::Reservation(slot, fresh));
            self.pending.extend(entries);
            self.flush(records, step)
        })?;
        let serials = reserved.iter().map(|(slot, reserved)| (*slot, reserved.serial()));
        self.journal.serials.extend(serials);
        Ok(reserved)
    }

    /// Signs what is missing. The certificates are recorded before the first of them is written to the chip.
    pub(super) fn issue(
        &mut self,
        reserved: BTreeMap<KeySlot, ReservedSerial>,
        desk: &mut MakingDesk<'_>,
        records: &mut dyn Records,
    ) -> Result<(), Stopped> {
        let step = Step::IssueCertificates;
        let authority = &desk.authorities.resident;
        let mut prepared = Vec::new();
        for (slot, serial) in reserved {
            let (Some(key), Some(proof)) = (self.journal.public_keys.get(&slot), self.proofs.remove(&slot)) else {
                return Err(self.damaged(Damage::NotProved(slot), step, records));
            };
            let request = Request {
                profile: profile_of(slot),
                subject: Subject::holder(serial.serial()),
                public_key: key,
                proof,
                serial,
            };
            match authority.prepare(request) {
                Ok(ready) => prepared.push((slot, ready)),
                Err(PrepareError::NotProved) => return Err(self.damaged(Damage::NotProved(slot), step, records)),
                Err(PrepareError::Key(_)) => return Err(self.damaged(Damage::BadKey(slot), step, records)),
                Err(other) => return Err(Stopped::NotPrepared(other)),
            }
        }
        // Signed before and not kept, they are signed again to the very same bytes: one serial, one certificate.
        let signed = thread::scope(|scope| {
            // Side by side: the clerk waits for the slower one and not for both.
            let sign = |(slot, ready)| (slot, scope.spawn(move || authority.issue(ready)));
            let signing: Vec<_> = prepared.into_iter().map(sign).collect();
            let wait = |(slot, signing): (KeySlot, thread::ScopedJoinHandle<'_, _>)| match signing.join() {
                Ok(issued) => (slot, issued),
                Err(panic) => resume_unwind(panic),
            };
            signing.into_iter().map(wait).collect::<Vec<_>>()
        });
        for (slot, issued) in signed {
            let issued = issued.map_err(Stopped::NotIssued)?;
            self.pending.push(Entry::Certificate(slot, issued.der.clone()));
            self.journal.certificates.insert(slot, issued.der);
        }
        Ok(())
    }

    /// Whether what is recorded, what is on the chip and what the authority stands for are one and the same. What was
    /// reserved by a clock that ran ahead is to be issued anew.
    pub(super) fn verify(&mut self, desk: &mut MakingDesk<'_>, records: &mut dyn Records) -> Result<bool, Stopped> {
        let now = desk.clock.now();
        for slot in KeySlot::ALL {
            let certificate = self
                .journal
                .certificates
                .get(&slot)
                .map(Vec::as_slice)
                .unwrap_or_default();
            let verified = desk
                .authorities
                .trust
                .verify_chain(certificate, profile_of(slot), now, &|_| false);
            let agrees = match verified {
                Ok(verified) => {
                    Some(&verified.serial()) == self.journal.serials.get(&slot)
                        && Some(verified.public_key()) == self.facts.keys.get(&slot).map(Vec::as_slice)
                }
                Err(ChainError::NotOurs { .. } | ChainError::ForeignSerial | ChainError::Key(_)) => false,
                Err(ChainError::NotYet(_)) if self.facts.life != ChipLife::Closed && self.withdrawn.insert(slot) => {
                    self.withdraw(slot);
                    return Ok(false);
                }
                Err(time) => return Err(Stopped::NotVerified(time)),
            };
            if !agrees {
                return Err(self.damaged(Damage::BadCertificate(slot), Step::Verify, records));
            }
        }
        self.facts.session.verified = true;
        Ok(true)
    }

    /// Lets go of the slot's certificate: the records revoke it with the next write, and the chip takes another.
    fn withdraw(&mut self, slot: KeySlot) {
        self.pending.push(Entry::Withdrawn(slot));
        self.journal.certificates.remove(&slot);
        self.journal.serials.remove(&slot);
        for step in [Step::IssueCertificates, Step::Write, Step::ReadBack] {
            self.journal.steps.insert(step, false);
        }
        self.facts.session = Session::default();
    }
}

/// The certificate profile of a resident's key.
const fn profile_of(slot: KeySlot) -> Profile {
    match slot {
        KeySlot::Authentication => Profile::ResidentAuthentication,
        KeySlot::Eligibility => Profile::ResidentEligibility,
    }
}

//! PINs: the counter is written down before the entry is compared, so that no cut of power gives a try back.

use card::{
    PinPolicy,
    apdu::{Command, Status},
};

use super::VirtualCard;
use crate::{
    memory::{Bytes, Pin},
    storage::Failure,
};

impl VirtualCard {
    /// VERIFY (7816-4 §11.6.6): without data the tries left, with data the entry; P1 = FF forgets a verification.
    pub(super) fn verify(&mut self, command: &Command) -> Result<Vec<u8>, Failure> {
        let place = place(command);
        let pin = self.set_pin(place)?;
        match command.p1 {
            0x00 if command.data.is_empty() => {
                if self.volatile.verified.contains(&place) {
                    Ok(Vec::new())
                } else if pin.left == 0 {
                    Err(Status::BLOCKED.into())
                } else {
                    Err(Status::tries_left(pin.left).into())
                }
            }
            0x00 => {
                self.compare(place, &command.data)?;
                self.volatile.verified.insert(place);
                Ok(Vec::new())
            }
            0xff => {
                self.volatile.verified.remove(&place);
                Ok(Vec::new())
            }
            _ => Err(Status::WRONG_PARAMETERS.into()),
        }
    }

    /// CHANGE REFERENCE DATA, old and new one behind the other (7816-4 §11.6.7). The old one is compared first and
    /// costs its try whatever the new one looks like: else lengths could be probed for free.
    pub(super) fn change_pin(&mut self, command: &Command) -> Result<Vec<u8>, Failure> {
        let place = place(command);
        let pin = self.set_pin(place)?;
        let policy = pin.policy;
        let length = pin.value.as_ref().map_or(0, |value| value.0.len());
        let (old, new) = command.data.split_at(length.min(command.data.len()));
        self.compare(place, old)?;
        self.write_pin(place, policy, new)?;
        self.volatile.verified.insert(place);
        Ok(Vec::new())
    }

    /// CHANGE REFERENCE DATA by the issuer while no PIN is set, before or after closing.
    pub(super) fn set_first_pin(&mut self, command: &Command, issuer: bool) -> Result<Vec<u8>, Failure> {
        if command.p1 != 1 {
            return Err(Status::WRONG_PARAMETERS.into());
        }
        if !issuer {
            return Err(Status::NOT_ALLOWED.into());
        }
        let place = place(command);
        let pin = self.memory().pins.get(&place).ok_or(Status::REFERENCE_NOT_FOUND)?;
        if pin.value.is_some() {
            return Err(Status::NOT_NOW.into());
        }
        let policy = pin.policy;
        self.write_pin(place, policy, &command.data)?;
        Ok(Vec::new())
    }

    /// RESET RETRY COUNTER with a new PIN, by the issuer (7816-4 §11.6.10, P1 = 02).
    pub(super) fn reset_pin(&mut self, command: &Command, issuer: bool) -> Result<Vec<u8>, Failure> {
        if command.p1 != 2 {
            return Err(Status::WRONG_PARAMETERS.into());
        }
        if !issuer {
            return Err(Status::NOT_ALLOWED.into());
        }
        let place = place(command);
        let policy = self.set_pin(place)?.policy;
        self.write_pin(place, policy, &command.data)?;
        self.volatile.verified.remove(&place);
        Ok(Vec::new())
    }

    /// The PIN of that place, once it has a value.
    fn set_pin(&self, place: u8) -> Result<&Pin, Status> {
        self.memory()
            .pins
            .get(&place)
            .filter(|pin| pin.value.is_some())
            .ok_or(Status::REFERENCE_NOT_FOUND)
    }

    fn compare(&mut self, place: u8, entry: &[u8]) -> Result<(), Failure> {
        self.volatile.verified.remove(&place);
        let pin = self.set_pin(place)?;
        let Some(left) = pin.left.checked_sub(1) else {
            return Err(Status::BLOCKED.into());
        };
        let right = pin.value.as_ref().is_some_and(|value| same(&value.0, entry));
        let tries = pin.policy[3];
        self.storage.change(|memory| {
            if let Some(pin) = memory.pins.get_mut(&place) {
                pin.left = left;
            }
        })?;
        if right {
            return self.storage.change(|memory| {
                if let Some(pin) = memory.pins.get_mut(&place) {
                    pin.left = tries;
                }
            });
        }
        Err(match left {
            0 => Status::BLOCKED.into(),
            left => Status::tries_left(left).into(),
        })
    }

    fn write_pin(&mut self, place: u8, policy: [u8; 4], value: &[u8]) -> Result<(), Failure> {
        let allowed = PinPolicy::from_bytes(&policy).is_some_and(|policy| policy.allows_bytes(value));
        if !allowed {
            return Err(Status::WRONG_DATA.into());
        }
        let value = Bytes::from(value.to_vec());
        self.storage.change(|memory| {
            if let Some(pin) = memory.pins.get_mut(&place) {
                pin.value = Some(value);
                pin.left = policy[3];
            }
        })
    }
}

/// The PIN's place in P2; bit 8 only says that it belongs to this application (7816-4 §11.5.2, Table 92).
fn place(command: &Command) -> u8 {
    command.p2 & 0x7f
}

/// Equality that takes the same time wherever the difference is.
fn same(one: &[u8], other: &[u8]) -> bool {
    one.len() == other.len() && one.iter().zip(other).fold(0, |sum, (a, b)| sum | (a ^ b)) == 0
}

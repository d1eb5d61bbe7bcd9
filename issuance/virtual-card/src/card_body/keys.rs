//! Keys: made on the chip, used under their rules, never given out.

use aws_lc_rs::{
    encoding::{AsDer, Pkcs8V1Der},
    rsa::{KeyPair, KeySize},
};
use card::{
    apdu::{Command, Status},
    command_set::{algorithm, life},
    tlv,
};
use rsa::{Pkcs1v15Sign, RsaPrivateKey, pkcs8::DecodePrivateKey, traits::PublicKeyParts};

use super::{VirtualCard, issuing::begin};
use crate::storage::Failure;

impl VirtualCard {
    /// MANAGE SECURITY ENVIRONMENT, SET (7816-4 §11.6.11): algorithm (80) and private key (84).
    pub(super) fn manage_security_environment(&mut self, command: &Command) -> Result<Vec<u8>, Failure> {
        if command.p1 != 0x41 || !matches!(command.p2, 0x00 | 0xb6) {
            return Err(Status::WRONG_PARAMETERS.into());
        }
        let byte = |tag| match tlv::find(&command.data, tag) {
            Some(&[byte]) => Ok(byte),
            _ => Err(Status::WRONG_DATA),
        };
        self.volatile.environment = Some((byte(0x80)?, byte(0x84)?));
        Ok(Vec::new())
    }

    /// GENERATE ASYMMETRIC KEY PAIR (7816-8 §5.1). The key is in memory before its public half is told.
    pub(super) fn generate_key(&mut self, command: &Command, issuer: bool) -> Result<Vec<u8>, Failure> {
        if command.p1 != 0x42 {
            return Err(Status::WRONG_PARAMETERS.into());
        }
        self.issuer_before_closing(issuer)?;
        let place = match self.volatile.environment {
            Some((algorithm::RSA_2048, place)) => place,
            Some(_) => return Err(Status::NOT_SUPPORTED.into()),
            None => return Err(Status::NOT_NOW.into()),
        };
        if self.memory().keys.get(&place).is_none_or(|key| key.rule.is_none()) {
            return Err(Status::NOT_NOW.into());
        }
        let private = KeyPair::generate(KeySize::Rsa2048)
            .and_then(|pair| AsDer::<Pkcs8V1Der<'_>>::as_der(&pair))
            .map_err(|_| Status(0x6f00))?;
        let private = private.as_ref().to_vec().into();
        self.storage.change(|memory| {
            begin(memory);
            memory.keys.entry(place).or_default().private = Some(private);
        })?;
        self.volatile.unpacked.remove(&place);
        self.public_half(place)
    }

    /// The public half of the key that the environment names.
    pub(super) fn public_key(&mut self) -> Result<Vec<u8>, Failure> {
        let (_, place) = self.volatile.environment.ok_or(Status::NOT_NOW)?;
        self.public_half(place)
    }

    /// COMPUTE DIGITAL SIGNATURE (7816-8 §5.4) over a DigestInfo that the chip pads by PKCS #1 v1.5.
    pub(super) fn sign(&mut self, command: &Command, issuer: bool) -> Result<Vec<u8>, Failure> {
        if (command.p1, command.p2) != (0x9e, 0x9a) {
            return Err(Status::WRONG_PARAMETERS.into());
        }
        let place = match self.volatile.environment {
            Some((algorithm::RSA_PKCS1, place)) => place,
            Some(_) => return Err(Status::NOT_SUPPORTED.into()),
            None => return Err(Status::NOT_NOW.into()),
        };
        let rule = self
            .memory()
            .keys
            .get(&place)
            .filter(|key| key.private.is_some())
            .and_then(|key| key.rule)
            .ok_or(Status::REFERENCE_NOT_FOUND)?;
        // The issuer may have a key prove itself before there is a PIN, and never again once the chip is closed.
        let proving = issuer && self.memory().life != life::CLOSED;
        if rule != 0 && !self.volatile.verified.contains(&rule) && !proving {
            return Err(Status::NOT_ALLOWED.into());
        }
        // RFC 8017 §9.2: at least eight bytes of padding, three of frame.
        if command.data.is_empty() || command.data.len() > 256 - 11 {
            return Err(Status::WRONG_LENGTH.into());
        }
        let key = self.unpack(place)?;
        key.sign(Pkcs1v15Sign::new_unprefixed(), &command.data)
            .map_err(|_| Status::WRONG_DATA.into())
    }

    fn public_half(&mut self, place: u8) -> Result<Vec<u8>, Failure> {
        let key = self.unpack(place)?;
        let numbers = [
            tlv::write(0x81, &key.n().to_bytes_be()),
            tlv::write(0x82, &key.e().to_bytes_be()),
        ];
        Ok(tlv::write(0x7f49, &numbers.concat()))
    }

    fn unpack(&mut self, place: u8) -> Result<&RsaPrivateKey, Status> {
        let private = self
            .storage
            .memory()
            .keys
            .get(&place)
            .and_then(|key| key.private.as_ref())
            .ok_or(Status::REFERENCE_NOT_FOUND)?;
        match self.volatile.unpacked.entry(place) {
            std::collections::btree_map::Entry::Occupied(entry) => Ok(entry.into_mut()),
            std::collections::btree_map::Entry::Vacant(entry) => {
                let key = RsaPrivateKey::from_pkcs8_der(&private.0).map_err(|_| Status::MEMORY_FAILURE)?;
                Ok(entry.insert(key))
            }
        }
    }
}

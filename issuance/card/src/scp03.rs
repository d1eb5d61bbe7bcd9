//! GlobalPlatform Secure Channel Protocol 03 with AES-128, S8 mode (Card Technology, Amendment D v1.2).
//!
//! [`Session`] is the cryptography both ends share; [`Channel`] is the issuer's end over a [`crate::Transport`]. The
//! card's end belongs to a card (the virtual card has one). Our cards speak option `60`: random card challenge,
//! R-MAC and R-ENCRYPTION supported, and accept level 33 only: every command encrypted and authenticated, every
//! answer too, so a public key that arrives was made in that chip and not on the way.

mod channel;

use aes::{
    Aes128,
    cipher::{BlockDecryptMut, BlockEncrypt, BlockEncryptMut, KeyInit, KeyIvInit, block_padding::Iso7816},
};
use cmac::{Cmac, Mac};
use zeroize::Zeroizing;

pub use channel::{Channel, ChannelError};

use crate::apdu::{Answer, Command, Status};

/// A 128-bit key, wiped when dropped.
pub type Key = Zeroizing<[u8; 16]>;

/// The long-lived keys of one chip. There is no DEK: keys are never replaced over the channel.
pub struct StaticKeys {
    pub enc: Key,
    pub mac: Key,
}

/// The security level of our cards: C-DECRYPTION, C-MAC, R-ENCRYPTION, R-MAC (Amendment D §7.1.2.1).
pub const LEVEL: u8 = 0x33;
/// C-DECRYPTION in a security level.
const COMMAND_ENCRYPTED: u8 = 0x02;
/// R-MAC in a security level.
const ANSWER_MAC: u8 = 0x10;
/// R-ENCRYPTION in a security level.
const ANSWER_ENCRYPTED: u8 = 0x20;

/// The most plain data one secured short command carries: 255 less 8 of MAC is 247, whole blocks of which are
/// 240, of which at least one byte is padding.
pub const MOST_DATA: usize = 239;

/// Data derivation constants (Amendment D §4.1.5, Table 4-1).
mod constant {
    pub const CARD_CRYPTOGRAM: u8 = 0x00;
    pub const HOST_CRYPTOGRAM: u8 = 0x01;
    pub const S_ENC: u8 = 0x04;
    pub const S_MAC: u8 = 0x06;
    pub const S_RMAC: u8 = 0x07;
}

/// One session's keys, MAC chaining value and encryption counter.
pub struct Session {
    enc: Key,
    mac: Key,
    rmac: Key,
    context: [u8; 16],
    chaining: [u8; 16],
    counter: u128,
    level: u8,
}

impl Session {
    /// The session of these challenges (Amendment D §6.2.1) at security `level`.
    pub fn new(keys: &StaticKeys, host_challenge: [u8; 8], card_challenge: [u8; 8], level: u8) -> Self {
        let mut context = [0; 16];
        context[..8].copy_from_slice(&host_challenge);
        context[8..].copy_from_slice(&card_challenge);
        let key = |from: &Key, constant| {
            let mut key = Key::default();
            key.copy_from_slice(derive(from, constant, &context, 128).as_slice());
            key
        };
        Self {
            enc: key(&keys.enc, constant::S_ENC),
            mac: key(&keys.mac, constant::S_MAC),
            rmac: key(&keys.mac, constant::S_RMAC),
            context,
            chaining: [0; 16],
            counter: 0,
            level,
        }
    }

    /// What proves the card to the host (§6.2.2.2).
    pub fn card_cryptogram(&self) -> [u8; 8] {
        self.cryptogram(constant::CARD_CRYPTOGRAM)
    }

    /// What proves the host to the card (§6.2.2.3).
    pub fn host_cryptogram(&self) -> [u8; 8] {
        self.cryptogram(constant::HOST_CRYPTOGRAM)
    }

    fn cryptogram(&self, constant: u8) -> [u8; 8] {
        let mut cryptogram = [0; 8];
        cryptogram.copy_from_slice(&derive(&self.mac, constant, &self.context, 64)[..8]);
        cryptogram
    }

    /// EXTERNAL AUTHENTICATE: the host cryptogram under the first C-MAC, never encrypted (§7.1.2).
    pub fn external_authenticate(&mut self) -> Command {
        let command = Command::new(super::command_set::ins::EXTERNAL_AUTHENTICATE, self.level, 0)
            .class(0x84)
            .data(self.host_cryptogram());
        self.mac_command(command)
    }

    /// `command` encrypted and authenticated (§6.2.4, §6.2.6).
    ///
    /// # Errors
    /// [`ChannelError::TooLong`] when it carries more than [`MOST_DATA`] bytes.
    pub fn wrap(&mut self, command: &Command) -> Result<Command, ChannelError> {
        if command.data.len() > MOST_DATA {
            return Err(ChannelError::TooLong);
        }
        // The counter steps with every command, also with those that have no data to encrypt.
        self.counter += 1;
        let mut secured = command.clone();
        secured.cla |= 0x04;
        if self.level & COMMAND_ENCRYPTED != 0 && !secured.data.is_empty() {
            secured.data = Zeroizing::new(self.encrypt(&secured.data, false));
        }
        Ok(self.mac_command(secured))
    }

    /// The card's end of [`Self::wrap`]: the plain command, or `None` when it does not authenticate.
    pub fn open(&mut self, secured: &Command) -> Option<Command> {
        let mut command = self.check_command_mac(secured)?;
        self.counter += 1;
        if self.level & COMMAND_ENCRYPTED != 0 && !command.data.is_empty() {
            command.data = Zeroizing::new(self.decrypt(&command.data, false)?);
        }
        command.cla &= !0x04;
        Some(command)
    }

    /// Whether `secured` carries the right C-MAC; the command without it. After a wrong one the session is over:
    /// the chaining value has moved on (§6.2.4 has the card end it too).
    pub fn check_command_mac(&mut self, secured: &Command) -> Option<Command> {
        let length = secured.data.len().checked_sub(8)?;
        let plain = secured.clone().data(&secured.data[..length]);
        let expected = self.mac_command(plain.clone());
        same(&expected.data, &secured.data).then_some(plain)
    }

    fn mac_command(&mut self, mut command: Command) -> Command {
        let length = (command.data.len() + 8) as u8; // at most 240 + 8
        let header = [command.cla, command.ins, command.p1, command.p2, length];
        self.chaining = cmac(&self.mac, &[&self.chaining, &header, &command.data]);
        command.data.extend_from_slice(&self.chaining[..8]);
        command
    }

    /// The card's end of [`Self::unwrap`] (§6.2.5, §6.2.7). Refusals carry neither data nor MAC.
    pub fn secure_answer(&mut self, mut answer: Answer) -> Answer {
        if !proves(answer.status) {
            answer.data.clear();
            return answer;
        }
        if self.level & ANSWER_ENCRYPTED != 0 && !answer.data.is_empty() {
            answer.data = self.encrypt(&answer.data, true);
        }
        if self.level & ANSWER_MAC != 0 {
            let mac = self.answer_mac(&answer);
            answer.data.extend(mac);
        }
        answer
    }

    /// The plain answer, or `None` when it does not authenticate.
    pub fn unwrap(&mut self, mut answer: Answer) -> Option<Answer> {
        if !proves(answer.status) {
            return answer.data.is_empty().then_some(answer);
        }
        if self.level & ANSWER_MAC != 0 {
            let (data, mac) = answer.data.split_last_chunk::<8>()?;
            let (data, mac) = (data.to_vec(), *mac);
            answer.data = data;
            if !same(&self.answer_mac(&answer), &mac) {
                return None;
            }
        }
        if self.level & ANSWER_ENCRYPTED != 0 && !answer.data.is_empty() {
            answer.data = self.decrypt(&answer.data, true)?;
        }
        Some(answer)
    }

    fn answer_mac(&self, answer: &Answer) -> [u8; 8] {
        let mac = cmac(
            &self.rmac,
            &[&self.chaining, &answer.data, &answer.status.0.to_be_bytes()],
        );
        let mut short = [0; 8];
        short.copy_from_slice(&mac[..8]);
        short
    }

    fn encrypt(&self, plain: &[u8], answer: bool) -> Vec<u8> {
        cbc::Encryptor::<Aes128>::new((&*self.enc).into(), &self.counter_block(answer).into())
            .encrypt_padded_vec_mut::<Iso7816>(plain)
    }

    fn decrypt(&self, secret: &[u8], answer: bool) -> Option<Vec<u8>> {
        cbc::Decryptor::<Aes128>::new((&*self.enc).into(), &self.counter_block(answer).into())
            .decrypt_padded_vec_mut::<Iso7816>(secret)
            .ok()
    }

    /// The CBC starting block: the encrypted counter, its first byte 80 for answers (§6.2.6, §6.2.7).
    fn counter_block(&self, answer: bool) -> [u8; 16] {
        let mut block = self.counter.to_be_bytes();
        if answer {
            block[0] = 0x80;
        }
        let mut block = block.into();
        Aes128::new((&*self.enc).into()).encrypt_block(&mut block);
        block.into()
    }
}

/// Which answers are authenticated: success and warnings, not refusals (§6.2.5).
fn proves(status: Status) -> bool {
    matches!(status.0 >> 8, 0x90 | 0x62 | 0x63)
}

/// The derivation of Amendment D §4.1.5: SP 800-108 counter mode with CMAC; 11 zero bytes and the constant are the
/// label, then a zero, the length in bits, the counter and the context.
fn derive(key: &Key, constant: u8, context: &[u8; 16], bits: u16) -> Zeroizing<[u8; 16]> {
    let length = bits.to_be_bytes();
    Zeroizing::new(cmac(key, &[&[0; 11], &[constant, 0, length[0], length[1], 1], context]))
}

fn cmac(key: &Key, parts: &[&[u8]]) -> [u8; 16] {
    let mut mac = <Cmac<Aes128> as Mac>::new((&**key).into());
    for part in parts {
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

/// Equality that takes the same time wherever the difference is.
fn same(one: &[u8], other: &[u8]) -> bool {
    one.len() == other.len() && one.iter().zip(other).fold(0, |sum, (a, b)| sum | (a ^ b)) == 0
}

#[cfg(test)]
mod tests;

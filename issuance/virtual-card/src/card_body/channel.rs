//! The card's end of the issuer's secure channel (GlobalPlatform SCP03, option 60, level 33 only).

use card::{
    apdu::{Answer, Command, Status},
    scp03::{LEVEL, Session, StaticKeys},
};
use zeroize::Zeroizing;

use super::{VirtualCard, random};
use crate::{memory::Bytes, storage::Failure};

/// Where the channel stands.
#[derive(Default)]
pub(super) enum ChannelState {
    #[default]
    None,
    /// INITIALIZE UPDATE was answered.
    Challenged(Session),
    Open(Session),
}

/// Version of the static keys, the only one.
const KEY_VERSION: u8 = 1;

impl VirtualCard {
    pub(super) fn initialize_update(&mut self, command: &Command) -> Result<Vec<u8>, Failure> {
        self.volatile.channel = ChannelState::None;
        if !self.volatile.selected {
            return Err(Status::NOT_NOW.into());
        }
        let host: [u8; 8] = command.data.as_slice().try_into().map_err(|_| Status::WRONG_LENGTH)?;
        if command.p1 > KEY_VERSION || command.p2 != 0 {
            return Err(Status::REFERENCE_NOT_FOUND.into());
        }
        let mut challenge = [0; 8];
        challenge.copy_from_slice(&random(8));
        let memory = self.memory();
        let keys = StaticKeys {
            enc: key(&memory.static_enc),
            mac: key(&memory.static_mac),
        };
        let session = Session::new(&keys, host, challenge, LEVEL);
        // Diversification data (the serial), key information: version, SCP 03, option 60 (Amendment D §7.1.1.6).
        let mut answer = memory.serial.0.to_vec();
        answer.extend([KEY_VERSION, 0x03, 0x60]);
        answer.extend(challenge);
        answer.extend(session.card_cryptogram());
        self.volatile.channel = ChannelState::Challenged(session);
        Ok(answer)
    }

    pub(super) fn external_authenticate(&mut self, command: &Command) -> Result<Vec<u8>, Failure> {
        /// "Authentication of host cryptogram failed" (Amendment D §7.1.2.4).
        const FAILED: Status = Status(0x6300);
        let ChannelState::Challenged(mut session) = std::mem::take(&mut self.volatile.channel) else {
            return Err(Status::NOT_NOW.into());
        };
        if (command.p1, command.p2) != (LEVEL, 0) {
            return Err(Status::WRONG_PARAMETERS.into());
        }
        let plain = session.check_command_mac(command).ok_or(FAILED)?;
        // The C-MAC is keyed by the same session key: whoever made it could have made the cryptogram, so the
        // comparison needs no constant time.
        if plain.data.as_slice() != session.host_cryptogram() {
            return Err(FAILED.into());
        }
        self.volatile.channel = ChannelState::Open(session);
        Ok(Vec::new())
    }

    /// A command inside the channel. One that does not authenticate ends it.
    pub(super) fn through_channel(&mut self, secured: &Command) -> Result<Answer, Failure> {
        let ChannelState::Open(mut session) = std::mem::take(&mut self.volatile.channel) else {
            return Err(Status::NOT_NOW.into());
        };
        let command = session.open(secured).ok_or(Status::CHANNEL_INCORRECT)?;
        let answer = match self.carry_out(&command, true) {
            Ok(data) => Answer {
                data,
                status: Status::OK,
            },
            Err(Failure::Status(status)) => Answer {
                data: Vec::new(),
                status,
            },
            Err(Failure::Power) => return Err(Failure::Power),
        };
        let answer = session.secure_answer(answer);
        if self.volatile.selected {
            self.volatile.channel = ChannelState::Open(session);
        }
        Ok(answer)
    }
}

fn key(bytes: &Bytes) -> Zeroizing<[u8; 16]> {
    let mut key = Zeroizing::new([0; 16]);
    key.copy_from_slice(&bytes.0); // 16 bytes, checked when the memory was read
    key
}

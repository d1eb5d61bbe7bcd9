//! The issuer's end of a secure channel over a transport.

use relay_core::chance::{Chance, draw};

use super::{LEVEL, Session, StaticKeys};
use crate::{
    Transport, TransportError,
    apdu::{Answer, Command, Status, exchange},
    command_set::ins,
};

/// Why the channel could not be opened or used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ChannelError {
    #[error(transparent)]
    Transport(#[from] TransportError),
    /// The card's cryptogram is not ours: other static keys.
    #[error("the card's cryptogram does not fit the keys")]
    WrongKeys,
    /// The card answered INITIALIZE UPDATE or EXTERNAL AUTHENTICATE with this.
    #[error("the card refused the channel: {0}")]
    Refused(Status),
    /// An answer was not authentic.
    #[error("an answer was not authentic")]
    Broken,
    /// More data than one secured command carries.
    #[error("too much data for one secured command")]
    TooLong,
}

/// An open channel: every command through it is encrypted and authenticated, every answer checked.
pub struct Channel {
    session: Session,
    /// Set while a command is under way: whatever interrupts it leaves the two ends out of step.
    out_of_step: bool,
}

impl Channel {
    /// Opens a channel with the chip's own `keys`: INITIALIZE UPDATE, check of the card's cryptogram, EXTERNAL
    /// AUTHENTICATE at level 33 (Amendment D §7.1).
    ///
    /// # Errors
    /// [`ChannelError`]; nothing on the chip has changed then.
    pub fn open<T: Transport + ?Sized>(
        transport: &mut T,
        keys: &StaticKeys,
        chance: &mut dyn Chance,
    ) -> Result<Self, ChannelError> {
        let host_challenge: [u8; 8] = draw(chance);
        let hello = Command::new(ins::INITIALIZE_UPDATE, 0, 0)
            .class(0x80)
            .data(host_challenge)
            .expecting_answer();
        let answer = exchange(transport, &hello)?;
        if answer.status != Status::OK {
            return Err(ChannelError::Refused(answer.status));
        }
        // §7.1.1.6: diversification data 10, key information 3, challenge 8, cryptogram 8, [sequence counter 3].
        let (challenge, cryptogram) = answer
            .data
            .get(13..29)
            .and_then(|both| Some((both.first_chunk::<8>()?, both.last_chunk::<8>()?)))
            .ok_or(ChannelError::Broken)?;
        let mut session = Session::new(keys, host_challenge, *challenge, LEVEL);
        if !super::same(&session.card_cryptogram(), cryptogram) {
            return Err(ChannelError::WrongKeys);
        }
        let answer = exchange(transport, &session.external_authenticate())?;
        if answer.status != Status::OK {
            return Err(ChannelError::Refused(answer.status));
        }
        Ok(Self {
            session,
            out_of_step: false,
        })
    }

    /// Sends `command` through the channel. No answer, or one that is not authentic, ends the channel for good:
    /// whatever is sent later is refused here.
    ///
    /// # Errors
    /// [`ChannelError`].
    pub fn send<T: Transport + ?Sized>(
        &mut self,
        transport: &mut T,
        command: &Command,
    ) -> Result<Answer, ChannelError> {
        if self.out_of_step {
            return Err(ChannelError::Broken);
        }
        let secured = self.session.wrap(command)?.expecting_answer();
        self.out_of_step = true;
        let answer = exchange(transport, &secured)?;
        let answer = self.session.unwrap(answer).ok_or(ChannelError::Broken)?;
        self.out_of_step = false;
        Ok(answer)
    }
}

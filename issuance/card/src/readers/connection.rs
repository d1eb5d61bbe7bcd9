//! A card in a PC/SC reader as a [`Transport`]: held, or looked at for a moment beside other programs.

use std::{thread, time::Duration};

use zeroize::{Zeroize, Zeroizing};

use super::{c_name, service_gone};
use crate::{Transport, TransportError};

/// How long a card is waited for that another program has open: whoever only looks at it lets go in a moment.
const PATIENCE: Duration = Duration::from_secs(1);
/// Between two tries.
const TURN: Duration = Duration::from_millis(50);

/// Whether other programs may talk to the card at the same time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sharing {
    /// Nobody else: for personalising and for PIN entry. Another program's reset would lose the session
    /// (OpenSC issues 475, 1328).
    Exclusive,
    /// Others may too: for looking at a card.
    Shared,
}

/// A connection to the card in one reader. When it is dropped the card is reset, so that no verified PIN is left
/// behind for the next program.
pub struct PcscTransport {
    card: Option<pcsc::Card>,
    /// Whether the card speaks T=0, where a command goes in another form.
    by_characters: bool,
    reader: String,
    sharing: Sharing,
    answer: Box<[u8; pcsc::MAX_BUFFER_SIZE_EXTENDED]>,
}

impl PcscTransport {
    pub(super) fn connect(context: &pcsc::Context, reader: &str, sharing: Sharing) -> Result<Self, TransportError> {
        let (name, mut waited) = (c_name(reader), Duration::ZERO);
        let card = loop {
            match context.connect(&name, sharing.mode(), pcsc::Protocols::ANY) {
                Err(pcsc::Error::SharingViolation) if waited < PATIENCE => thread::sleep(TURN),
                connected => break connected.map_err(|error| classify(reader, error))?,
            }
            waited += TURN;
        };
        Ok(Self {
            by_characters: speaks_t0(&card),
            card: Some(card),
            reader: reader.to_owned(),
            sharing,
            answer: Box::new([0; pcsc::MAX_BUFFER_SIZE_EXTENDED]),
        })
    }

    /// The reader's name.
    pub fn reader(&self) -> &str {
        &self.reader
    }

    /// What became of the card after `error`. The service's own word on it is not reliable: `status` may report a
    /// pulled card as present, and a card pulled in the middle of a command as a failed command. Connecting anew
    /// tells (pcsc-rust issue 19; OpenSC issues 976, 1822).
    fn reconnect_after(&mut self, error: pcsc::Error) -> TransportError {
        let Some(card) = &mut self.card else {
            return TransportError::Removed;
        };
        match card.reconnect(self.sharing.mode(), pcsc::Protocols::ANY, pcsc::Disposition::ResetCard) {
            Ok(()) => {
                self.by_characters = speaks_t0(card);
                tracing::debug!(%error, "the card answers again after a reset");
                TransportError::Reset
            }
            Err(now) => {
                tracing::debug!(%error, %now, "the card does not answer");
                classify(&self.reader, now)
            }
        }
    }
}

impl Transport for PcscTransport {
    fn transmit(&mut self, command: &[u8]) -> Result<Vec<u8>, TransportError> {
        let Some(card) = &self.card else {
            return Err(TransportError::Removed);
        };
        let characters = self.by_characters.then(|| in_characters(command));
        let command = characters.as_ref().map_or(command, |form| form.as_slice());
        match card.transmit(command, self.answer.as_mut_slice()) {
            Ok(answer) if answer.len() >= 2 => Ok(answer.to_vec()),
            // No answer has no status word: vpcd's driver reports a card gone in mid-command so.
            Ok(_) => Err(self.reconnect_after(pcsc::Error::NotTransacted)),
            Err(error) => Err(self.reconnect_after(error)),
        }
    }
}

/// A card that other programs have open too, for the moment of one transaction.
struct Glance<'c> {
    transaction: pcsc::Transaction<'c>,
    by_characters: bool,
    reader: &'c str,
    answer: Box<[u8; pcsc::MAX_BUFFER_SIZE_EXTENDED]>,
}

/// Has `look` at the card in `reader` while nobody else's commands come between. Afterwards the card is reset, and
/// pcscd tells the others so: they would go on from a selection, or from a verified PIN, that is not there any more.
pub(super) fn glance<R>(
    context: &pcsc::Context,
    reader: &str,
    look: impl FnOnce(&mut dyn Transport) -> R,
) -> Result<R, TransportError> {
    let failed = |error| classify(reader, error);
    let mut card = context
        .connect(&c_name(reader), pcsc::ShareMode::Shared, pcsc::Protocols::ANY)
        .map_err(failed)?;
    let by_characters = speaks_t0(&card);
    let seen = {
        let mut glance = Glance {
            transaction: card.transaction().map_err(failed)?,
            by_characters,
            reader,
            answer: Box::new([0; pcsc::MAX_BUFFER_SIZE_EXTENDED]),
        };
        let seen = look(&mut glance);
        // Where the card is gone there is nothing to reset.
        drop(glance.transaction.end(pcsc::Disposition::ResetCard));
        seen
    };
    if let Err((card, _)) = card.disconnect(pcsc::Disposition::LeaveCard) {
        drop(card);
    }
    Ok(seen)
}

impl Transport for Glance<'_> {
    fn transmit(&mut self, command: &[u8]) -> Result<Vec<u8>, TransportError> {
        let characters = self.by_characters.then(|| in_characters(command));
        let command = characters.as_ref().map_or(command, |form| form.as_slice());
        match self.transaction.transmit(command, self.answer.as_mut_slice()) {
            Ok(answer) if answer.len() >= 2 => Ok(answer.to_vec()),
            Ok(_) => Err(TransportError::Removed),
            Err(error) => Err(classify(self.reader, error)),
        }
    }
}

impl Drop for PcscTransport {
    fn drop(&mut self) {
        self.answer.zeroize();
        if let Some(card) = self.card.take() {
            // The library's own drop would reset too, but an explicit disconnect frees an exclusive card at once.
            if let Err((card, _)) = card.disconnect(pcsc::Disposition::ResetCard) {
                drop(card);
            }
        }
    }
}

fn speaks_t0(card: &pcsc::Card) -> bool {
    // A card that went in this moment is found out by the first command.
    matches!(
        card.status2_owned().map(|status| status.protocol2()),
        Ok(Some(pcsc::Protocol::T0))
    )
}

/// The form a short command takes in T=0 (ISO/IEC 7816-3 §12.2): always a fifth byte, and no Le behind data; the card
/// says `61xx` then, and GET RESPONSE fetches the answer.
fn in_characters(command: &[u8]) -> Zeroizing<Vec<u8>> {
    let mut form = Zeroizing::new(command.to_vec());
    match *command {
        [_, _, _, _] => form.push(0),
        [_, _, _, _, length, _, ..] if length != 0 && command.len() == usize::from(length) + 6 => {
            form.pop();
        }
        _ => {}
    }
    form
}

impl Sharing {
    const fn mode(self) -> pcsc::ShareMode {
        match self {
            Self::Exclusive => pcsc::ShareMode::Exclusive,
            Self::Shared => pcsc::ShareMode::Shared,
        }
    }
}

fn classify(reader: &str, error: pcsc::Error) -> TransportError {
    use pcsc::Error;
    match error {
        Error::NoSmartcard | Error::RemovedCard | Error::UnpoweredCard | Error::UnresponsiveCard => {
            TransportError::Removed
        }
        Error::ResetCard => TransportError::Reset,
        Error::UnknownReader | Error::ReaderUnavailable | Error::NoReadersAvailable => {
            TransportError::ReaderGone(reader.to_owned())
        }
        Error::SharingViolation => TransportError::InUse(reader.to_owned()),
        error if service_gone(error) => TransportError::ServiceGone,
        error => TransportError::Other(error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_in_t0_has_always_a_fifth_byte_and_never_le_behind_data() {
        for (command, form) in [
            ("00a40000", "00a4000000"),
            ("00b0000010", "00b0000010"),
            ("00a40000023f00", "00a40000023f00"),
            ("00a40000023f0000", "00a40000023f00"),
        ] {
            let command = hex::decode(command).unwrap();
            assert_eq!(hex::encode(&*in_characters(&command)), form);
        }
    }

    #[test]
    fn each_of_the_services_errors_says_what_became_of_the_card() {
        for (error, meaning) in [
            (pcsc::Error::RemovedCard, TransportError::Removed),
            (pcsc::Error::NoSmartcard, TransportError::Removed),
            (pcsc::Error::ResetCard, TransportError::Reset),
            (
                pcsc::Error::ReaderUnavailable,
                TransportError::ReaderGone("R".to_owned()),
            ),
            (pcsc::Error::SharingViolation, TransportError::InUse("R".to_owned())),
            (pcsc::Error::NoService, TransportError::ServiceGone),
            (pcsc::Error::InvalidHandle, TransportError::ServiceGone),
        ] {
            assert_eq!(classify("R", error), meaning, "{error}");
        }
    }
}

//! A card in a PC/SC reader as a [`Transport`].

use zeroize::Zeroize;

use super::{c_name, service_gone};
use crate::{Transport, TransportError};

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
    reader: String,
    sharing: Sharing,
    answer: Box<[u8; pcsc::MAX_BUFFER_SIZE_EXTENDED]>,
}

impl PcscTransport {
    pub(super) fn connect(context: &pcsc::Context, reader: &str, sharing: Sharing) -> Result<Self, TransportError> {
        let card = context
            .connect(&c_name(reader), sharing.mode(), pcsc::Protocols::ANY)
            .map_err(|error| classify(reader, error))?;
        Ok(Self {
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
        match card.transmit(command, self.answer.as_mut_slice()) {
            Ok(answer) if answer.len() >= 2 => Ok(answer.to_vec()),
            // No answer has no status word: vpcd's driver reports a card gone in mid-command so.
            Ok(_) => Err(self.reconnect_after(pcsc::Error::NotTransacted)),
            Err(error) => Err(self.reconnect_after(error)),
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

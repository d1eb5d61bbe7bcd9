//! A short look at a card that was put in: which certificates are on it. No PIN, nothing that is not open to anybody who
//! holds the card, and as little in the way of other programs as can be.

use std::time::Duration;

use card::{CardError, Chip, ChipLife, KeySlot, ReaderError, Readers, Sharing, Transport, TransportError};

/// Between two looks at a card that gave no answer.
const SOON: Duration = Duration::from_millis(50);
/// Between two looks at a card that another program holds for itself, or that is just being made.
const LATER: Duration = Duration::from_secs(2);

/// What a look showed.
pub enum Seen {
    /// One of the office's cards, with the certificates (DER) of its keys.
    Card(Vec<Vec<u8>>),
    /// Some other card: it is left alone.
    NotOurs,
    /// Nothing yet; to be looked at again after so long.
    NotNow(Duration),
}

/// Looks at the card in `reader` once. Waits for another program's transaction to end.
pub fn look(reader: &str) -> Seen {
    match certificates(reader) {
        Ok(Some(certificates)) => Seen::Card(certificates),
        // A blank, or one that is being made here: it may be used in this reader when it is finished.
        Ok(None) => Seen::NotNow(LATER),
        Err(CardError::NotOurCard) => Seen::NotOurs,
        Err(error) => {
            tracing::debug!(%error, "the card could not be looked at");
            Seen::NotNow(match error {
                CardError::Transport(TransportError::InUse(_)) => LATER,
                CardError::Transport(_) => SOON,
                _ => LATER,
            })
        }
    }
}

fn certificates(reader: &str) -> Result<Option<Vec<Vec<u8>>>, CardError> {
    let readers = Readers::connect().map_err(|error| match error {
        ReaderError::ServiceGone => TransportError::ServiceGone,
        error => TransportError::Other(error.to_string()),
    })?;
    match readers.card(reader, Sharing::Exclusive) {
        // Kept open for longer, as a browser's PKCS #11 module does: looked at beside that program.
        Err(TransportError::InUse(_)) => readers.glance(reader, |transport| read(transport))?,
        alone => read(alone?),
    }
}

/// The certificates on the card; none while it is not finished.
fn read<T: Transport>(transport: T) -> Result<Option<Vec<Vec<u8>>>, CardError> {
    let mut chip = Chip::select(transport)?;
    if chip.life() != ChipLife::Closed {
        return Ok(None);
    }
    let mut certificates = Vec::new();
    for key in [KeySlot::Authentication, KeySlot::Eligibility] {
        match chip.read_certificate(key) {
            Ok(certificate) => certificates.push(certificate),
            // A staff card has one key.
            Err(CardError::FileMissing(_)) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(Some(certificates))
}

//! The port to one card: bytes in, bytes out. Bodies: [`crate::PcscTransport`] and the virtual card's reader.

/// Carries command APDUs to one card and its answers back. Only framing below this line, no meaning.
pub trait Transport: Send {
    /// Sends one command APDU (ISO/IEC 7816-3 §12) and gives the answer with its two status bytes.
    ///
    /// # Errors
    /// [`TransportError`]; whether the card carried the command out is then unknown.
    fn transmit(&mut self, command: &[u8]) -> Result<Vec<u8>, TransportError>;
}

impl<T: Transport + ?Sized> Transport for Box<T> {
    fn transmit(&mut self, command: &[u8]) -> Result<Vec<u8>, TransportError> {
        (**self).transmit(command)
    }
}

impl<T: Transport + ?Sized> Transport for &mut T {
    fn transmit(&mut self, command: &[u8]) -> Result<Vec<u8>, TransportError> {
        (**self).transmit(command)
    }
}

/// Why no answer came. In every case the card has forgotten verified PINs and open channels, or will have:
/// select again and read the chip's serial again before going on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TransportError {
    /// No card is in the reader any more.
    #[error("the card was taken out of the reader")]
    Removed,
    /// A card is in the reader, but it was reset or put in anew since: it may be another one.
    #[error("the card was reset or put in anew; select it again")]
    Reset,
    /// The reader itself is gone.
    #[error("the reader {0} is not connected")]
    ReaderGone(String),
    /// The smart card service (pcscd) does not answer.
    #[error("the smart card service is not running")]
    ServiceGone,
    /// Another program holds the card.
    #[error("another program is using the card in the reader {0}")]
    InUse(String),
    /// Anything else, in the service's words.
    #[error("the reader reports: {0}")]
    Other(String),
}

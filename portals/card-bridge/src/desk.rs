//! The card in the desk's reader: how it stands, and its signature after the PIN.

use card::{
    CardError, Chip, ChipLife, KeySlot, PcscTransport, PinPolicy, PinSlot, ReaderError, Readers, Sharing, Transport,
    TransportError, Tries,
};
use secrecy::SecretString;

/// How the card at the desk stands, from the worst that can be said of any reader to a card that is ready.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Standing {
    /// The smart card service does not run.
    NoService,
    /// No reader is connected.
    NoReader,
    /// No card is in.
    NoCard,
    /// Another program holds the card.
    InUse,
    /// The card does not answer as a card should.
    Silent,
    NotOurs,
    /// One of the office's cards, but not a resident's: a staff card.
    NotAResidents,
    /// A card that was never finished, or whose PIN was not set yet.
    NotReady,
    /// No tries are left.
    Blocked,
    Ready {
        reader: String,
        /// Wrong entries until the PIN is blocked.
        tries: u8,
    },
}

/// Why the card did not sign.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotSigned {
    /// The card does not stand so that it could: nothing was tried.
    NotNow(Standing),
    /// Not four digits: the card was not asked, no try is lost.
    NotAPin,
    /// Wrong, and so many tries are left.
    WrongPin(u8),
    /// The card was pulled, or answered nonsense, in the middle.
    Interrupted,
}

/// What the card gave.
#[derive(Debug, Clone)]
pub struct Signed {
    /// The authentication certificate, DER.
    pub certificate: Vec<u8>,
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    pub signature: Vec<u8>,
    /// The reader it is in.
    pub reader: String,
}

/// The desk's readers. Everything here waits for a card: call it where waiting is allowed.
#[derive(Debug, Clone)]
pub struct Desk {
    reader: Option<String>,
}

impl Desk {
    /// With one `reader` for residents' cards, or all readers of the machine.
    pub fn new(reader: Option<String>) -> Self {
        Self { reader }
    }

    /// How the card stands; costs no try.
    pub fn standing(&self) -> Standing {
        match self.connections() {
            Err(standing) => standing,
            Ok(found) => found
                .into_iter()
                .map(|(reader, connection)| match connection {
                    Err(error) => of_transport(&error),
                    Ok(transport) => look(transport, &reader).map_or_else(|standing| standing, |(_, ready)| ready),
                })
                .max()
                .unwrap_or(Standing::NoReader),
        }
    }

    /// Has the card sign `digest` after `pin`. The card forgets the PIN when this ends, however it ends.
    ///
    /// # Errors
    /// [`NotSigned`]
    pub fn sign(&self, pin: &SecretString, digest: &[u8; 32]) -> Result<Signed, NotSigned> {
        if !PinPolicy::RESIDENT.allows(pin) {
            return Err(NotSigned::NotAPin);
        }
        let mut worst = Standing::NoReader;
        for (reader, connection) in self.connections().map_err(NotSigned::NotNow)? {
            let looked = match connection {
                Err(error) => Err(of_transport(&error)),
                Ok(transport) => look(transport, &reader),
            };
            match looked {
                Err(standing) => worst = worst.max(standing),
                Ok((chip, _)) => return sign_with(chip, reader, pin, digest),
            }
        }
        Err(NotSigned::NotNow(worst))
    }

    /// A connection to whatever is in each reader; exclusive, so that nobody else uses a PIN verified here.
    #[allow(clippy::type_complexity)]
    fn connections(&self) -> Result<Vec<(String, Result<PcscTransport, TransportError>)>, Standing> {
        let of_readers = |error| match error {
            ReaderError::NoSuchReader(_) => Standing::NoReader,
            ReaderError::ServiceGone | ReaderError::ServiceSilent | ReaderError::Other(_) => Standing::NoService,
        };
        let readers = Readers::connect().map_err(of_readers)?;
        let names = readers.list().map_err(of_readers)?;
        let wanted = names
            .into_iter()
            .filter(|name| self.reader.as_ref().is_none_or(|reader| reader == name));
        Ok(wanted
            .map(|name| {
                let connection = readers.card(&name, Sharing::Exclusive);
                (name, connection)
            })
            .collect())
    }
}

/// The selected card and its tries, or why it cannot sign.
fn look<T: Transport>(transport: T, reader: &str) -> Result<(Chip<T>, Standing), Standing> {
    let mut chip = Chip::select(transport).map_err(|error| of_card(&error))?;
    if chip.life() != ChipLife::Closed {
        return Err(Standing::NotReady);
    }
    // A staff card has no eligibility key, and its password is not to be typed here.
    match chip.public_key(KeySlot::Eligibility) {
        Ok(Some(_)) => {}
        Ok(None) => return Err(Standing::NotAResidents),
        Err(error) => return Err(of_card(&error)),
    }
    match chip.tries_left(PinSlot::Holder) {
        Ok(Tries::Left(tries)) => {
            let reader = reader.to_owned();
            Ok((chip, Standing::Ready { reader, tries }))
        }
        Ok(Tries::Blocked) => Err(Standing::Blocked),
        Ok(Tries::NotSet) => Err(Standing::NotReady),
        Err(error) => Err(of_card(&error)),
    }
}

fn sign_with<T: Transport>(
    mut chip: Chip<T>,
    reader: String,
    pin: &SecretString,
    digest: &[u8; 32],
) -> Result<Signed, NotSigned> {
    let not_signed = |error: CardError| match error {
        CardError::WrongPin { tries_left } => NotSigned::WrongPin(tries_left),
        CardError::PinBlocked => NotSigned::NotNow(Standing::Blocked),
        error => {
            tracing::info!(%error, "the card did not sign");
            NotSigned::Interrupted
        }
    };
    chip.verify_pin(PinSlot::Holder, pin).map_err(not_signed)?;
    let signature = chip.sign(KeySlot::Authentication, digest).map_err(not_signed)?;
    let certificate = chip.read_certificate(KeySlot::Authentication).map_err(not_signed)?;
    Ok(Signed {
        certificate,
        signature,
        reader,
    })
}

pub(crate) fn of_card(error: &CardError) -> Standing {
    match error {
        CardError::NotOurCard => Standing::NotOurs,
        CardError::Transport(error) => of_transport(error),
        error => {
            tracing::info!(%error, "the card could not be looked at");
            Standing::Silent
        }
    }
}

pub(crate) fn of_transport(error: &TransportError) -> Standing {
    match error {
        TransportError::Removed => Standing::NoCard,
        TransportError::InUse(_) => Standing::InUse,
        TransportError::ReaderGone(_) => Standing::NoReader,
        TransportError::ServiceGone => Standing::NoService,
        TransportError::Reset | TransportError::Other(_) => Standing::Silent,
    }
}

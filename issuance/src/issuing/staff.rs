//! Making a staff card: one key, one certificate, a password; at set-up and when someone joins.
//!
//! Nobody waits for a staff card at a counter, and nothing hangs on it before it is used: it is made in one go, and
//! one that was cut off is simply made again. Its serial is recorded before the certificate is signed.

use card::{
    CardError, Chip, ChipLife, ChipSerial, IssuerMaster, KeyRule, KeySlot, PinPolicy, PinSlot, Transport,
    profile::{Profile as CardProfile, StaffProfile},
};
use relay_core::{chance::Chance, clock::Clock};
use secrecy::SecretString;

use crate::{
    authority::{
        Authorities, AuthorityError, ChainError, Challenge, PrepareError, Profile, Proof, Request, ReservedSerial,
        Subject,
    },
    records::{CertificateSerial, RecordsError, Reservation},
};

/// Whose card, and with which password.
#[derive(Debug)]
pub struct StaffOrder<'a> {
    /// 職員番号: 1 to 32 letters, digits and hyphens of ASCII.
    pub number: &'a str,
    /// 8–16 letters and digits of ASCII.
    pub password: &'a SecretString,
    /// Takes a card whose making was begun and cut off; otherwise only a blank is taken, lest a resident's card in the
    /// making is written over.
    pub again: bool,
}

/// What a staff card is made with.
pub struct StaffDesk<'a> {
    /// Opens the issuer's channel to a chip.
    pub master: &'a IssuerMaster,
    pub authorities: &'a Authorities,
    pub clock: &'a dyn Clock,
    /// Draws serial and challenge.
    pub chance: &'a mut dyn Chance,
}

/// A finished staff card.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StaffCard {
    pub certificate: Vec<u8>,
    pub serial: CertificateSerial,
    pub chip: ChipSerial,
}

/// Why a staff card was not made.
#[derive(Debug, thiserror::Error)]
pub enum StaffCardError {
    /// The staff number cannot stand in a certificate.
    #[error("a staff number has 1 to 32 letters, digits and hyphens")]
    BadNumber,
    /// The password breaks the card's rule.
    #[error("a password has 8 to 16 letters and digits")]
    BadPassword,
    /// The card is not blank.
    #[error("the card {0} is not blank")]
    NotBlank(ChipSerial),
    /// The card did not do it: put it in again and make it again.
    #[error(transparent)]
    Card(#[from] CardError),
    /// The serial could not be recorded; nothing was signed.
    #[error(transparent)]
    Records(#[from] RecordsError),
    /// The authority would not issue.
    #[error("the certificate was not issued: {0}")]
    NotPrepared(#[from] PrepareError),
    /// The authority failed while issuing.
    #[error("the certificate was not issued: {0}")]
    NotIssued(#[from] AuthorityError),
    /// What is on the card does not verify.
    #[error("the certificate on the card does not verify: {0}")]
    NotVerified(#[from] ChainError),
}

/// Makes a staff card on the blank behind `transport`. `record` stores the certificate's serial durably before anything
/// is signed under it; the caller keeps certificate and chip with it afterwards.
///
/// # Errors
/// [`StaffCardError`]. A card that was cut off is no good to log in with: its certificate is known to nobody but by its
/// recorded serial. It is made again with [`StaffOrder::again`]; one cut off at its very last command is closed, and a
/// blank takes its place.
pub fn make_staff_card<T: Transport>(
    transport: T,
    order: &StaffOrder<'_>,
    desk: &mut StaffDesk<'_>,
    record: &mut dyn FnMut(CertificateSerial) -> Result<(), RecordsError>,
) -> Result<StaffCard, StaffCardError> {
    let subject = Subject::staff(order.number).ok_or(StaffCardError::BadNumber)?;
    if !PinPolicy::STAFF.allows(order.password) {
        return Err(StaffCardError::BadPassword);
    }
    let chip = Chip::select(transport)?;
    let taken = match chip.life() {
        ChipLife::Blank => true,
        ChipLife::Personalising => order.again,
        ChipLife::Closed => false,
    };
    if !taken {
        return Err(StaffCardError::NotBlank(chip.serial().clone()));
    }
    let (key, profile) = (KeySlot::Authentication, Profile::StaffAuthentication);
    let mut session = chip.personalise(desk.master, desk.chance)?;
    let public_key = session.generate_key(key, KeyRule::Pin(PinSlot::Holder))?.spki_der();
    let challenge = Challenge::new(profile, &public_key, desk.chance);
    let signature = session.prove_possession(key, &challenge.digest())?;
    let fresh = Reservation::new(CertificateSerial::new(desk.chance), desk.clock.now());
    // A card made again takes another serial: nothing is ever signed twice under one.
    let serial = ReservedSerial::record(fresh, |fresh| record(fresh.serial()).map(|()| fresh))?;
    let request = Request {
        profile,
        subject,
        public_key: &public_key,
        proof: Proof { challenge, signature },
        serial,
    };
    let authority = &desk.authorities.staff;
    let issued = authority.issue(authority.prepare(request)?)?;
    let files = CardProfile::staff(&StaffProfile {
        serial: &session.serial().clone(),
        authentication: &issued.der,
    });
    session.write(&files, &mut |_, _| {})?;
    session.read_back(&files)?;
    // Verified before the password is set: no card that opens anything carries a certificate that does not.
    let now = desk.clock.now();
    desk.authorities
        .trust
        .verify_chain(&issued.der, profile, now, &|_| false)?;
    match session.set_initial_pin(PinSlot::Holder, order.password) {
        // Only a card that is made again can have one: that of the attempt that was cut off.
        Err(CardError::PinAlreadySet) => session.reset_pin(PinSlot::Holder, order.password)?,
        outcome => outcome?,
    }
    session.close()?;
    Ok(StaffCard {
        certificate: issued.der,
        serial: issued.serial,
        chip: session.serial().clone(),
    })
}

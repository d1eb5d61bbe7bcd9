//! Enrolling a member of the staff: their card is made, and whoever it opens for is registered when it is finished.
//!
//! In this order, at the console's first run and by `madoguchi staff add` alike: the certificate's serial is kept in the
//! records, the card is made and closed, the person is registered with it. One cut off before the end leaves nobody
//! registered and nobody shut out: a card half made is made again on the same chip, and a finished one is taken up as
//! it is, without a second signature, by whoever knows its password.

use std::collections::BTreeSet;

use aws_lc_rs::digest::{SHA256, digest};
use card::{CardError, Chip, ChipLife, IssuerMaster, KeySlot, PinSlot, Transport};
use issuance::{
    authority::{Authorities, ChainError, Profile},
    issuing::staff::{StaffCardError, StaffDesk, StaffOrder, make_staff_card},
    records::{CertificateSerial, RecordsError},
    staff::{Role, StaffId},
};
use office::{Act, NewStaff, Office, OfficeError};
use relay_core::{
    chance::{Chance, draw},
    clock::Clock,
};
use secrecy::SecretString;
use tokio::runtime::Handle;

/// Who is enrolled.
#[derive(Debug, Clone, Copy)]
pub struct Person<'a> {
    /// 職員番号
    pub number: &'a str,
    /// Name. Of someone registered before it stays as it was.
    pub name: &'a str,
    /// What they may do. Of someone registered before it stays as it was.
    pub roles: &'a BTreeSet<Role>,
    pub password: &'a SecretString,
}

/// What people are enrolled with.
pub struct EnrolmentDesk<'a> {
    /// The records, and the runtime they are waited for on.
    pub office: &'a Office,
    /// See `office`.
    pub runtime: &'a Handle,
    pub authorities: &'a Authorities,
    /// Opens the issuer's channel to a chip.
    pub master: &'a IssuerMaster,
    pub clock: &'a dyn Clock,
    /// Draws serial and challenges.
    pub chance: &'a mut dyn Chance,
    /// A fresh act of whoever enrols.
    pub act: &'a dyn Fn() -> Act,
}

/// Someone enrolled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Enrolled {
    pub staff: StaffId,
    /// Serial of their card's certificate.
    pub serial: CertificateSerial,
    /// Whether the card was found finished, from an attempt that was cut off at its end.
    pub found: bool,
}

/// Why nobody was enrolled.
#[derive(Debug, thiserror::Error)]
pub enum NotEnrolled {
    /// The card did not do it: put it in again, and enrol again.
    #[error(transparent)]
    Card(#[from] CardError),
    /// The card is somebody's, or a resident's in the making: take a blank.
    #[error("the card is not blank")]
    NotBlank,
    /// The card was not made.
    #[error(transparent)]
    NotMade(StaffCardError),
    /// The finished card's certificate cannot be verified now: the clock, or the authority's end.
    #[error("the certificate on the card does not verify: {0}")]
    NotVerified(ChainError),
    /// The finished card does not sign with its certificate's key.
    #[error("the card's signature does not fit its certificate")]
    NotSigned,
    /// The person is registered and may no longer log in.
    #[error("staff number {0} may no longer log in; a person who comes back takes a new number")]
    Disabled(String),
    /// The records refused, or did not answer.
    #[error(transparent)]
    Office(#[from] OfficeError),
}

/// What a finished card signs before it is taken up.
const CHALLENGE: &[u8] = b"madoguchi enrolment 1\n";

/// Enrols `person` with the card that `open` connects to.
///
/// # Errors
/// [`NotEnrolled`]; the same call again goes on.
pub fn enrol<T: Transport>(
    open: &mut dyn FnMut() -> Result<T, CardError>,
    person: Person<'_>,
    desk: &mut EnrolmentDesk<'_>,
) -> Result<Enrolled, NotEnrolled> {
    let registered = desk.runtime.block_on(desk.office.staff())?;
    if registered
        .iter()
        .any(|known| known.staff.number == person.number && known.disabled.is_some())
    {
        return Err(NotEnrolled::Disabled(person.number.to_owned()));
    }
    let mut chip = Chip::select(open()?)?;
    let (serial, found) = match chip.life() {
        ChipLife::Closed => (take_up(&mut chip, person, desk)?, true),
        life => {
            // A chip that is neither blank nor a resident's card in the making was begun for a member of the staff.
            let ours = desk
                .runtime
                .block_on(desk.office.chip(chip.serial().as_bytes()))?
                .is_none();
            if life != ChipLife::Blank && !ours {
                return Err(NotEnrolled::NotBlank);
            }
            (make(chip.into_transport(), person, desk)?, false)
        }
    };
    let staff = register(person, serial, desk)?;
    Ok(Enrolled { staff, serial, found })
}

/// The serial of a finished card that belongs to nobody yet: it says whose it is, takes the password, and signs.
fn take_up<T: Transport>(
    chip: &mut Chip<T>,
    person: Person<'_>,
    desk: &mut EnrolmentDesk<'_>,
) -> Result<CertificateSerial, NotEnrolled> {
    let der = match chip.read_certificate(KeySlot::Authentication) {
        Ok(der) => der,
        Err(CardError::FileMissing(_)) => return Err(NotEnrolled::NotBlank),
        Err(error) => return Err(error.into()),
    };
    let (trust, now) = (&desk.authorities.trust, desk.clock.now());
    let verified = match trust.verify_chain(&der, Profile::StaffAuthentication, now, &|_| false) {
        Ok(verified) if verified.number() == person.number => verified,
        Ok(_) | Err(ChainError::NotOurs { .. } | ChainError::ForeignSerial | ChainError::Key(_)) => {
            return Err(NotEnrolled::NotBlank);
        }
        Err(time) => return Err(NotEnrolled::NotVerified(time)),
    };
    let known = desk
        .runtime
        .block_on(desk.office.staff_certificate_known(&verified.serial()))?;
    if known {
        return Err(NotEnrolled::NotBlank);
    }
    chip.verify_pin(PinSlot::Holder, person.password)?;
    let message = [CHALLENGE, &draw::<32>(desk.chance)].concat();
    let mut hash = [0; 32];
    hash.copy_from_slice(digest(&SHA256, &message).as_ref());
    let signature = chip.sign(KeySlot::Authentication, &hash)?;
    match verified.signed(&message, &signature) {
        true => Ok(verified.serial()),
        false => Err(NotEnrolled::NotSigned),
    }
}

/// Makes the card; its serial is in the records before anything is signed under it, whatever happens then.
fn make<T: Transport>(
    transport: T,
    person: Person<'_>,
    desk: &mut EnrolmentDesk<'_>,
) -> Result<CertificateSerial, NotEnrolled> {
    let order = StaffOrder {
        number: person.number,
        password: person.password,
        again: true,
    };
    let mut staff_desk = StaffDesk {
        master: desk.master,
        authorities: desk.authorities,
        clock: desk.clock,
        chance: desk.chance,
    };
    let mut unrecorded = None;
    let mut record = |serial: CertificateSerial| {
        let act = (desk.act)();
        let reserved = desk.office.reserve_staff_serial(&act, person.number, &serial);
        desk.runtime.block_on(reserved).map_err(|error| {
            unrecorded = Some(error);
            RecordsError::Unreachable("the serial is not recorded".into())
        })
    };
    match make_staff_card(transport, &order, &mut staff_desk, &mut record) {
        Ok(made) => Ok(made.serial),
        Err(StaffCardError::Card(error)) => Err(error.into()),
        Err(StaffCardError::NotBlank(_)) => Err(NotEnrolled::NotBlank),
        Err(error) => Err(unrecorded.map_or(NotEnrolled::NotMade(error), NotEnrolled::Office)),
    }
}

/// Registers who the card opens for, or gives the card to someone registered before.
fn register(person: Person<'_>, serial: CertificateSerial, desk: &EnrolmentDesk<'_>) -> Result<StaffId, NotEnrolled> {
    let (office, act) = (desk.office, (desk.act)());
    desk.runtime.block_on(async {
        let known = office.staff().await?;
        if let Some(known) = known.iter().find(|known| known.staff.number == person.number) {
            office.register_certificate(&act, known.staff.id, &serial.0).await?;
            return Ok(known.staff.id);
        }
        let new = NewStaff {
            number: person.number.to_owned(),
            name: person.name.to_owned(),
            roles: person.roles.clone(),
            certificate: Some(serial.0.to_vec()),
        };
        Ok(office.add_staff(&act, &new).await?)
    })
}

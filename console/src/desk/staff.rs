//! Staff at the desk: their card and password, sessions, the second clerk, the first administrator.
//!
//! A login is believed when four things agree: the certificate on the card is one of this office's for staff and good
//! today, it is registered to someone who may work here and bears their staff number, the card took the password, and
//! the card signed a challenge drawn just now with the certificate's key. The order matters: a card that is not registered costs nobody a try.

use std::time::Duration;

use aws_lc_rs::digest::{SHA256, digest};
use card::{CardError, Chip, KeySlot, PcscTransport, PinSlot, Sharing, TransportError};
use issuance::{
    authority::{ChainError, Profile, VerifiedCertificate},
    issuing::staff::StaffCardError,
    staff::{Role, Staff},
};
use office::{Act, OfficeError, SessionBegun};
use relay_core::chance::{OsChance, draw};
use secrecy::SecretString;

use super::{readers::AtReader, show, trouble, work::Desk};
use crate::{
    enrolment::{EnrolmentDesk, NotEnrolled, Person, enrol},
    tui::{
        event::Event,
        facts::{Session, StaffCard, Tries},
        fault::Fault,
        orders::staff::{CreateAdministrator, LogOut, Login, ReadStaffCard, ScreenLocked, Unlock},
    },
};

/// Who the card in the staff reader is, beyond doubt.
pub struct Proven {
    pub staff: Staff,
    /// Serial of the card's certificate.
    pub certificate: Vec<u8>,
}

/// Between two looks whether the session still stands.
const SESSION_LOOK: Duration = Duration::from_secs(3);

/// What is being signed at a login, so that the signature is good for nothing else.
const CHALLENGE: &[u8] = b"madoguchi staff login 1\0";

impl Desk {
    /// Whose card is in the staff reader, and how many tries it has left. No password is sent.
    pub fn read_staff_card(&self, at: &AtReader, _: ReadStaffCard) -> Result<StaffCard, Fault> {
        let mut chip = at.card(Sharing::Shared)?;
        let tries = show::tries(chip.tries_left(PinSlot::Holder).map_err(|error| at.fault(&error))?);
        let staff = match self.certificate_of(&mut chip, at) {
            Ok((_, certificate)) => self.wait(self.office.staff_by_certificate(&certificate))?,
            Err(Fault::StaffUnknown) => None,
            // A blank has neither certificate nor password: the first run begins with one.
            Err(_) if tries == Tries::NotSet => None,
            Err(fault) => return Err(fault),
        };
        Ok(StaffCard {
            staff: staff.as_ref().map(show::colleague),
            tries,
        })
    }

    /// Begins a session of whoever's card and password these are.
    pub fn log_in(&self, at: &AtReader, Login { password }: Login) -> Result<Session, Fault> {
        let proven = self.prove(at, &password)?;
        let act = Act::of_process("login", self.act_id());
        let begun = self.wait(self.office.log_in(&act, &self.setup.desk, &proven.certificate))?;
        Ok(self.enter(begun))
    }

    /// Goes on with the session after the lock, by its own person only.
    pub fn unlock(&self, at: &AtReader, Unlock { password }: Unlock) -> Result<Session, Fault> {
        let begun = self.begun()?;
        let proven = self.prove(at, &password)?;
        if proven.staff.id != begun.staff.id {
            return Err(Fault::OtherStaff);
        }
        self.wait(self.office.screen_unlocked(&self.act()?))?;
        Ok(shown(&begun))
    }

    /// Makes the first administrator's card from the blank in the staff reader, registers its holder, logs in.
    pub fn create_administrator(
        &self,
        at: &AtReader,
        CreateAdministrator { number, name, password }: CreateAdministrator,
    ) -> Result<Session, Fault> {
        if !self.wait(self.office.is_first_run())? {
            return Err(Fault::NotNow);
        }
        let (authorities, master) = (self.keys.authorities()?, self.keys.master()?);
        let roles = Role::ALL.into_iter().collect();
        let person = Person {
            number: &number,
            name: &name,
            roles: &roles,
            password: &password,
        };
        let mut desk = EnrolmentDesk {
            office: &self.office,
            runtime: &self.runtime,
            authorities: &authorities,
            master: &master,
            clock: &*self.clock,
            chance: &mut OsChance,
            act: &|| Act::of_process("setup", self.act_id()),
        };
        let mut unopened = None;
        let mut open = || {
            at.transport(Sharing::Exclusive).map_err(|fault| {
                unopened = Some(fault);
                CardError::Transport(TransportError::Removed)
            })
        };
        let enrolled = enrol(&mut open, person, &mut desk).map_err(|error| match error {
            NotEnrolled::Card(error) => unopened.take().unwrap_or_else(|| at.fault(&error)),
            NotEnrolled::NotBlank => Fault::NotBlank,
            NotEnrolled::NotVerified(error) | NotEnrolled::NotMade(StaffCardError::NotVerified(error)) => {
                of_chain(&error)
            }
            NotEnrolled::NotSigned => Fault::StaffUnknown,
            NotEnrolled::Office(error) => self.fault(&error),
            NotEnrolled::Disabled(_) => Fault::NotNow,
            NotEnrolled::NotMade(error) => trouble::other(&error),
        })?;
        let act = Act::of_process("login", self.act_id());
        let begun = self.wait(self.office.log_in(&act, &self.setup.desk, &enrolled.serial.0))?;
        Ok(self.enter(begun))
    }

    /// Looks, for as long as the runtime lives, whether the session still stands: another desk's login under this name, or
    /// an administrator, may have ended it while nothing is asked for here.
    pub fn keep_session(&self) -> impl Future<Output = ()> + Send + 'static {
        let desk = self.clone();
        async move {
            loop {
                tokio::time::sleep(SESSION_LOOK).await;
                desk.look_at_session().await;
            }
        }
    }

    /// Looks now; a session that is over is told to the screens, which show nothing of it any more.
    pub async fn look_at_session(&self) -> bool {
        let Ok(session) = self.session() else { return false };
        let stands = match self.office.session(session).await {
            Ok(_) => true,
            Err(OfficeError::SessionOver) => false,
            // Away is not over.
            Err(error) => {
                self.fault(&error);
                true
            }
        };
        // A login meanwhile is another session.
        if !stands && self.session().is_ok_and(|now| now == session) {
            self.begin(None);
            self.held.let_go();
            self.tell(Event::SessionOver);
        }
        stands
    }

    /// Ends the session; the leases end with it.
    pub async fn log_out(self, _: LogOut) -> Result<(), Fault> {
        let Some(begun) = self.begin(None) else {
            return Ok(());
        };
        self.held.let_go();
        match self.office.log_out(&Act::of(begun.session, self.act_id())).await {
            // Ended already, by a login elsewhere under this desk's name.
            Ok(()) | Err(OfficeError::SessionOver) => Ok(()),
            Err(error) => Err(self.fault(&error)),
        }
    }

    /// Records that the screen was locked.
    pub async fn screen_locked(self, ScreenLocked { card_pulled }: ScreenLocked) -> Result<(), Fault> {
        let act = self.act()?;
        let told = self.office.screen_locked(&act, card_pulled).await;
        told.map_err(|error| self.fault(&error))
    }

    /// Makes sure whose card is in the staff reader, by all four signs.
    ///
    /// # Errors
    /// What does not agree; a refusal is recorded in the trail.
    pub fn prove(&self, at: &AtReader, password: &SecretString) -> Result<Proven, Fault> {
        let mut chip = at.card(Sharing::Exclusive)?;
        let (verified, certificate) = self
            .certificate_of(&mut chip, at)
            .inspect_err(|fault| self.refused(None, rule(fault)))?;
        let Some(staff) = self.wait(self.office.staff_by_certificate(&certificate))? else {
            self.refused(None, "staff_unknown");
            return Err(Fault::StaffUnknown);
        };
        // Registered by its serial, it must say of itself whose it is: a registration mixed up logs nobody in.
        if verified.number() != staff.number {
            self.refused(Some(&staff), "staff_number");
            return Err(Fault::StaffUnknown);
        }
        self.answers(&mut chip, &verified, at, password)
            .map_err(|(fault, rule)| {
                if let Some(rule) = rule {
                    self.refused(Some(&staff), rule);
                }
                fault
            })?;
        Ok(Proven { staff, certificate })
    }

    /// Has the card take the password and sign a challenge drawn just now with its certificate's key. What it refuses
    /// comes with the rule it broke, as the trail names it; a card that was pulled broke none.
    fn answers(
        &self,
        chip: &mut Chip<PcscTransport>,
        verified: &VerifiedCertificate,
        at: &AtReader,
        password: &SecretString,
    ) -> Result<(), (Fault, Option<&'static str>)> {
        if let Err(error) = chip.verify_pin(PinSlot::Holder, password) {
            let fault = match error {
                // The card did not count it: its shape alone shows that it is wrong.
                CardError::PinRefused => match chip.tries_left(PinSlot::Holder) {
                    Ok(card::Tries::Left(tries_left)) => Fault::WrongPassword { tries_left },
                    Ok(card::Tries::Blocked) => Fault::PasswordBlocked,
                    _ => Fault::StaffUnknown,
                },
                error => at.fault(&error),
            };
            let rule = rule(&fault);
            return Err((fault, Some(rule)));
        }
        let message = [CHALLENGE, &draw::<32>(&mut OsChance)].concat();
        let signature = chip
            .sign(KeySlot::Authentication, &sha256(&message))
            .map_err(|error| (at.fault(&error), None))?;
        match verified.signed(&message, &signature) {
            true => Ok(()),
            false => Err((Fault::StaffUnknown, Some("signature"))),
        }
    }

    fn certificate_of(
        &self,
        chip: &mut Chip<PcscTransport>,
        at: &AtReader,
    ) -> Result<(VerifiedCertificate, Vec<u8>), Fault> {
        let der = match chip.read_certificate(KeySlot::Authentication) {
            Ok(der) => der,
            Err(CardError::FileMissing(_)) => return Err(Fault::StaffUnknown),
            Err(error) => return Err(at.fault(&error)),
        };
        let verified = self
            .keys
            .trust()?
            .verify_chain(&der, Profile::StaffAuthentication, self.clock.now(), &|_| false)
            .map_err(|error| of_chain(&error))?;
        let serial = verified.serial().0.to_vec();
        Ok((verified, serial))
    }

    /// Keeps a refused login in the trail; that the database is away then does not change the refusal.
    fn refused(&self, staff: Option<&Staff>, rule: &'static str) {
        let act = Act::of_process("login", self.act_id());
        let staff = staff.map(|staff| staff.id);
        let _ = self.wait(self.office.login_refused(&act, &self.setup.desk, staff, rule));
    }

    fn enter(&self, begun: SessionBegun) -> Session {
        let session = shown(&begun);
        self.held.let_go();
        self.begin(Some(begun));
        session
    }
}

fn shown(begun: &SessionBegun) -> Session {
    Session {
        staff: begun.staff.clone(),
        since: begun.since,
    }
}

/// The rule a login broke, as the trail names it.
const fn rule(fault: &Fault) -> &'static str {
    match fault {
        Fault::WrongPassword { .. } => "password",
        Fault::PasswordBlocked => "password_blocked",
        Fault::ClockWrong => "clock",
        Fault::AuthorityUnavailable => "authority",
        _ => "certificate",
    }
}

fn of_chain(error: &ChainError) -> Fault {
    tracing::warn!(%error, "a staff card's certificate");
    match error {
        ChainError::NotYet(_) => Fault::ClockWrong,
        ChainError::AuthorityExpired(_) => Fault::AuthorityUnavailable,
        _ => Fault::StaffUnknown,
    }
}

fn sha256(message: &[u8]) -> [u8; 32] {
    let mut out = [0; 32];
    out.copy_from_slice(digest(&SHA256, message).as_ref());
    out
}

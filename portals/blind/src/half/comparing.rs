//! Whom a service means in a LogoutRequest: it names the person encrypted to this half, the front knows whose session it
//! is, and neither may learn the other's side. Here both are made into the service's pseudonym and compared; the answer is
//! one bit.
//!
//! One bit is enough to read a pseudonym by, for a front that may ask what it likes. So a name is opened only out of a
//! message that the service itself signed with a key that two operators pinned, addressed to the identity provider, of
//! these minutes, and once; and what was compared is in the database before the answer leaves.

use std::path::Path;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use portal_kit::config::secrets;
use relay_core::{
    envelope::{
        Kind, Opened,
        orders::{self, Compare, Compared},
    },
    pseudonym::{Service, ServicePseudonym},
};
use relay_records::blind::Comparison;
use relay_saml::{
    self, DecryptionKeys, HandedOn, Here, Received, Verified,
    message::{EntityId, Identified, LogoutRequest, NameId},
    open_name,
};
use rustls::pki_types::{PrivateKeyDer, pem::PemObject as _};
use time::Duration;
use tracing::{info, warn};

use super::{Half, Refused, StartError, refused, service, sha256};
use crate::pins::{FORMAT, Pins};

/// How far a service's clock may be off, and how old its message may be: as at the front.
const SKEW: Duration = Duration::seconds(60);
const WINDOW: Duration = Duration::minutes(5);
/// So many comparisons at one service in an hour may end without the same person. A service names whom it knows; more
/// than a few others are a fault there, or somebody who tries names.
const MOST_OTHERS: u32 = 10;

impl Half {
    /// Answers an envelope of the kind [`Kind::Compare`] with one of the kind [`Kind::Compared`].
    ///
    /// # Errors
    /// [`Refused`]; of a message that is not taken it says no more than that.
    pub async fn compare(&self, text: &str) -> Result<String, Refused> {
        let opened: Opened<Compare<HandedOn>> = self.open(text, Kind::Compare)?;
        let order = &opened.body;
        let service = service(&order.service)?;
        let (request, chaining) = self.request(&service, &order.request)?;
        let pseudonym = self.pseudonym(&service, order.edition, &order.half)?;
        let comparison = Comparison {
            at: self.clock.now().truncate_to_second(),
            number: opened.number,
            remember_until: opened.remember_until,
            message_sha256: sha256(request.once().id.as_str().as_bytes()),
            service,
        };
        let entity = comparison.service.entity();
        let begun = self.records.begin_comparison(&comparison, MOST_OTHERS).await;
        let id = begun.map_err(refused).inspect_err(|refused| match refused {
            Refused::TooManyOthers => warn!(service = entity, "comparisons stop for a while"),
            other => not_compared(entity, other.code()),
        })?;
        // The database has just said so.
        let request = request.first_time(true).map_err(|_| Refused::NotItsRequest)?;
        let Identified::Sealed(sealed) = &request.name else {
            not_compared(entity, "a name that is not sealed");
            return Err(Refused::NotItsRequest);
        };
        let same = match open_name(sealed, &self.names, chaining) {
            Ok(name) => self.is_name_of(&name, &comparison.service, &pseudonym),
            Err(refusal @ relay_saml::Refusal::Algorithm(_)) => {
                not_compared(entity, refusal.code());
                return Err(Refused::NotItsRequest);
            }
            Err(_) => false,
        };
        self.records.end_comparison(id, same).await.map_err(refused)?;
        info!(service = entity, number = %opened.number, same, "compared");
        let answer = Compared {
            answers: opened.number,
            same,
        };
        Ok(self.answer(Kind::Compared, &answer))
    }

    /// The LogoutRequest in `handed_on`, if `service` signed it; and whether names under AES-CBC are opened from there.
    fn request(&self, service: &Service, handed_on: &HandedOn) -> Result<(Verified<LogoutRequest>, bool), Refused> {
        let pins = self.pins.read().unwrap_or_else(std::sync::PoisonError::into_inner);
        let address = match handed_on {
            HandedOn::Redirect(_) | HandedOn::Post(_) => orders::LOGOUT_BY_BROWSER,
            HandedOn::Soap(_) => orders::LOGOUT_BY_SOAP,
        };
        let here = Here {
            entity: &EntityId::parse(&self.identity_provider).ok_or(Refused::NotItsRequest)?,
            address: &format!("{}{address}", self.config.front.address),
            now: self.clock.now(),
            skew: SKEW,
            window: WINDOW,
        };
        taken(&pins, service, handed_on, &here)
    }

    /// Whether `name` is the one that `pseudonym` is given as.
    fn is_name_of(&self, name: &NameId, service: &Service, pseudonym: &ServicePseudonym) -> bool {
        let left_out_or = |given: Option<&str>, right: &str| given.is_none_or(|given| given == right);
        name.format == FORMAT
            && left_out_or(name.qualifier.as_deref(), &self.identity_provider)
            && left_out_or(name.sp_qualifier.as_deref(), service.entity())
            && verify_slices_are_equal(name.value.as_bytes(), pseudonym.expose().as_bytes()).is_ok()
    }
}

/// Every reason why a message is not taken is one refusal to the front, and stands in the log here.
fn taken(
    pins: &Pins,
    service: &Service,
    handed_on: &HandedOn,
    here: &Here<'_>,
) -> Result<(Verified<LogoutRequest>, bool), Refused> {
    let pin = pins.get(service.entity()).ok_or(Refused::UnknownService)?;
    let known = pin.requests.as_ref().ok_or(Refused::NoSigningKey)?;
    let read = || {
        let delivery = handed_on.delivery()?;
        Received::open(&delivery)?.logout_request(&known.peer, here, None)
    };
    let request = read().map_err(|refusal| {
        not_compared(service.entity(), refusal.code());
        Refused::NotItsRequest
    })?;
    Ok((request, known.chaining))
}

fn not_compared(service: &str, reason: &str) {
    info!(service, reason, "not compared");
}

/// The key that services encrypt names to.
pub(super) fn names_keys(file: &Path) -> Result<DecryptionKeys, StartError> {
    let text = secrets::read(file)?;
    let wrong = || StartError::Names(file.to_owned());
    match PrivateKeyDer::from_pem_slice(text.as_bytes()) {
        Ok(PrivateKeyDer::Pkcs8(key)) => DecryptionKeys::from_pkcs8([key.secret_pkcs8_der()]).map_err(|_| wrong()),
        _ => Err(wrong()),
    }
}

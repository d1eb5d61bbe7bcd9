//! The answers (RFC 6960): from a list and a register to signed bytes. It reads no clock and no file.
//!
//! An answer about a serial on its own is signed once and given again until half its time is over (RFC 5019 §2): most
//! who ask about one card ask soon after one another. Who sends a nonce gets an answer signed for them. Nothing is signed
//! ahead of its first question: a P-256 signature takes less time than the request's way here, and an answer to each of a
//! hundred thousand cards would fill a hundred megabytes with mostly the same certificate.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use aws_lc_rs::digest::{Algorithm, SHA1_FOR_LEGACY_USE_ONLY, SHA256, digest};
use time::{Duration, OffsetDateTime};
use x509_cert::{
    Certificate,
    der::{
        Decode as _, Encode as _,
        asn1::{BitString, GeneralizedTime, Null, ObjectIdentifier, OctetString},
    },
    ext::{Extension, pkix::CrlReason},
    spki::AlgorithmIdentifierOwned,
};
use x509_ocsp::{
    BasicOcspResponse, CertId, CertStatus, OcspGeneralizedTime, OcspRequest, OcspResponse, ResponderId, ResponseData,
    RevokedInfo, SingleResponse, Version,
};

use crate::{List, Register, ResponderKey, Serial};

/// How long an answer holds, at most to the end of the list behind it: whoever stores one does not see a revocation
/// meanwhile.
const LASTS: Duration = Duration::HOUR;
/// Certificates in one question; everybody's clients send one.
const MOST_AT_ONCE: usize = 16;
/// RFC 9654 §2.1.
const LONGEST_NONCE: usize = 128;
/// id-pkix-ocsp-nonce
pub(crate) const NONCE: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.48.1.2");
/// ecdsa-with-SHA256 (RFC 5758 §3.2); it has no parameters.
const ECDSA_SHA256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.2");
/// The hashes by which clients name an issuer: SHA-1 is what nearly all of them use, and names it only.
const HASHES: [(ObjectIdentifier, &Algorithm); 2] = [
    (ObjectIdentifier::new_unwrap("1.3.14.3.2.26"), &SHA1_FOR_LEGACY_USE_ONLY),
    (ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.1"), &SHA256),
];

/// What is answered for one authority.
pub struct Served {
    /// The responder's certificate by this authority, sent with each answer.
    certificate: Certificate,
    /// Hash algorithm with the hashes of the authority's name and key.
    names: Vec<(ObjectIdentifier, Vec<u8>, Vec<u8>)>,
    register: Register,
    list: List,
    /// Until when the responder's certificate is good.
    until: OffsetDateTime,
}

/// Why an authority cannot be answered for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ServedError {
    #[error("the authority's certificate does not read: {0}")]
    Authority(String),
    #[error("the responder's certificate does not read: {0}")]
    Certificate(String),
    #[error("the responder's certificate is for another key than the one here: the authority signs another when asked")]
    OtherKey,
    #[error("the responder's certificate is another authority's")]
    OtherAuthority,
}

/// A response with how long a cache may keep it (RFC 5019 §6.2); an error is kept by nobody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// OCSPResponse in DER.
    pub der: Arc<[u8]>,
    pub fresh_for: Option<Duration>,
}

/// Answers for one or more authorities with one key.
pub struct Responder {
    key: ResponderKey,
    served: Vec<Served>,
    /// Whether these are all that will ever be answered for.
    is_whole: bool,
    given: Mutex<HashMap<Vec<u8>, Given>>,
}

/// An answer that was given, and may be again.
struct Given {
    der: Arc<[u8]>,
    made: OffsetDateTime,
    until: OffsetDateTime,
}

impl Served {
    /// Answers for the authority of `issuer` (DER), with `certificate` (DER), which it issued for `key`.
    ///
    /// # Errors
    /// [`ServedError`]
    pub fn new(
        key: &ResponderKey,
        issuer: &[u8],
        certificate: &[u8],
        register: Register,
        list: List,
    ) -> Result<Self, ServedError> {
        let issuer = Certificate::from_der(issuer).map_err(|why| ServedError::Authority(why.to_string()))?;
        let unreadable = |why: x509_cert::der::Error| ServedError::Certificate(why.to_string());
        let certificate = Certificate::from_der(certificate).map_err(unreadable)?;
        let ours = &certificate.tbs_certificate;
        if ours.subject_public_key_info.subject_public_key.raw_bytes() != key.public_bits() {
            return Err(ServedError::OtherKey);
        }
        if ours.issuer != issuer.tbs_certificate.subject {
            return Err(ServedError::OtherAuthority);
        }
        let name = issuer
            .tbs_certificate
            .subject
            .to_der()
            .map_err(|why| ServedError::Authority(why.to_string()))?;
        let bits = issuer
            .tbs_certificate
            .subject_public_key_info
            .subject_public_key
            .raw_bytes();
        let names = HASHES.map(|(oid, algorithm)| {
            let hash = |of: &[u8]| digest(algorithm, of).as_ref().to_vec();
            (oid, hash(&name), hash(bits))
        });
        let until = OffsetDateTime::from(ours.validity.not_after.to_system_time());
        Ok(Self {
            certificate,
            names: names.to_vec(),
            register,
            list,
            until,
        })
    }

    /// The list behind the answers.
    pub const fn list(&self) -> &List {
        &self.list
    }

    /// The register behind the answers.
    pub const fn register(&self) -> &Register {
        &self.register
    }

    /// Until when the responder's certificate is good.
    pub const fn until(&self) -> OffsetDateTime {
        self.until
    }

    fn is_asked_by(&self, id: &CertId) -> bool {
        self.names.iter().any(|(oid, name, key)| {
            // Parameters are absent or NULL (RFC 5754 §2); anything else would be one name with many forms.
            let parameters = id.hash_algorithm.parameters.as_ref();
            id.hash_algorithm.oid == *oid
                && parameters.is_none_or(|parameters| *parameters == Null.into())
                && id.issuer_name_hash.as_bytes() == name
                && id.issuer_key_hash.as_bytes() == key
        })
    }

    /// Good is only what was issued and is not revoked; what nobody issued is unknown (RFC 6960 §2.2).
    fn status(&self, id: &CertId) -> CertStatus {
        let Ok(serial) = Serial::try_from(id.serial_number.as_bytes()) else {
            return CertStatus::unknown();
        };
        if let Some(revoked) = self.list.revoked.get(&serial) {
            return CertStatus::revoked(RevokedInfo {
                revocation_time: generalized(revoked.at),
                revocation_reason: reason(revoked.reason),
            });
        }
        match self.register.has(&serial) {
            true => CertStatus::good(),
            false => CertStatus::unknown(),
        }
    }

    /// When the status is known to have been right, and until when an answer of `now` holds.
    fn times(&self, now: OffsetDateTime) -> (OffsetDateTime, OffsetDateTime) {
        let known = self.list.signed_at.max(self.register.as_of).min(now);
        (known, (now + LASTS).min(self.list.until).min(self.until))
    }
}

impl Responder {
    /// Answers with `key` for each of `served`, and for nobody else.
    pub fn new(key: ResponderKey, served: Vec<Served>) -> Self {
        Self {
            key,
            served,
            is_whole: true,
            given: Mutex::default(),
        }
    }

    /// The same while others are not ready: who asks about them is told to try later.
    #[must_use]
    pub fn waiting_for_others(self) -> Self {
        Self {
            is_whole: false,
            ..self
        }
    }

    /// What is answered for.
    pub fn served(&self) -> &[Served] {
        &self.served
    }

    /// The key, for a responder over newer lists and registers.
    ///
    /// # Errors
    /// Never for a key that was read or made; the cipher library's complaint otherwise.
    pub fn key(&self) -> Result<ResponderKey, crate::ResponderKeyError> {
        ResponderKey::from_pkcs8(&self.key.to_pkcs8())
    }

    /// The answer to `request` (OCSPRequest in DER) at `now`. Whatever was sent, there is one.
    pub fn answer(&self, request: &[u8], now: OffsetDateTime) -> Answer {
        let Ok(request) = OcspRequest::from_der(request) else {
            return error(OcspResponse::malformed_request());
        };
        let asked = &request.tbs_request.request_list;
        let Ok(nonce) = nonce(&request) else {
            return error(OcspResponse::malformed_request());
        };
        // RFC 6960 §4.4: a critical extension that is not known is not passed over.
        let single = asked
            .iter()
            .flat_map(|one| one.single_request_extensions.iter().flatten());
        let whole = request.tbs_request.request_extensions.iter().flatten();
        if whole.chain(single).any(|one| one.critical && one.extn_id != NONCE) {
            return error(OcspResponse::malformed_request());
        }
        if !(1..=MOST_AT_ONCE).contains(&asked.len()) {
            return error(OcspResponse::malformed_request());
        }
        // One certificate signs an answer, and it is one authority's.
        let mut of = self
            .served
            .iter()
            .filter(|served| asked.iter().all(|one| served.is_asked_by(&one.req_cert)));
        let Some(served) = of.next() else {
            // "Unauthorized" is final for whoever reads it: it is not said while an authority is not answered for yet.
            return match self.is_whole {
                true => error(OcspResponse::unauthorized()),
                false => error(OcspResponse::try_later()),
            };
        };
        let (_, until) = served.times(now);
        // The list is over, or the certificate: what is known is too old to be said.
        if until <= now {
            return error(OcspResponse::try_later());
        }
        let ids: Vec<&CertId> = asked.iter().map(|one| &one.req_cert).collect();
        let alone = match (&ids[..], &nonce) {
            ([id], None) => id.to_der().ok(),
            _ => None,
        };
        if let Some(given) = alone.as_ref().and_then(|id| self.given_before(id, now)) {
            return given;
        }
        match self.sign(served, &ids, nonce, now) {
            Ok(der) => {
                let der: Arc<[u8]> = der.into();
                if let Some(id) = alone.filter(|_| !matches!(served.status(ids[0]), CertStatus::Unknown(_))) {
                    let der = Arc::clone(&der);
                    self.lock().insert(id, Given { der, made: now, until });
                }
                Answer {
                    der,
                    fresh_for: Some(until - now),
                }
            }
            Err(_) => error(OcspResponse::internal_error()),
        }
    }

    fn given_before(&self, id: &[u8], now: OffsetDateTime) -> Option<Answer> {
        let given = self.lock();
        let given = given.get(id)?;
        // A clock that was set back makes answers of the future.
        let usable = given.made <= now && now < given.made + (given.until - given.made) / 2;
        usable.then(|| Answer {
            der: Arc::clone(&given.der),
            fresh_for: Some(given.until - now),
        })
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<Vec<u8>, Given>> {
        self.given.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn sign(
        &self,
        served: &Served,
        ids: &[&CertId],
        nonce: Option<Extension>,
        now: OffsetDateTime,
    ) -> Result<Vec<u8>, Box<dyn std::error::Error>> {
        let (known, until) = served.times(now);
        let responses = ids.iter().map(|id| SingleResponse {
            cert_id: (*id).clone(),
            cert_status: served.status(id),
            this_update: generalized(known),
            next_update: Some(generalized(until)),
            single_extensions: None,
        });
        let data = ResponseData {
            version: Version::V1,
            responder_id: ResponderId::ByKey(OctetString::new(self.key.hash())?),
            produced_at: generalized(now),
            responses: responses.collect(),
            response_extensions: nonce.map(|nonce| vec![nonce]),
        };
        let signature = self.key.sign(&data.to_der()?)?;
        let response = OcspResponse::successful(BasicOcspResponse {
            tbs_response_data: data,
            signature_algorithm: AlgorithmIdentifierOwned {
                oid: ECDSA_SHA256,
                parameters: None,
            },
            signature: BitString::from_bytes(&signature)?,
            certs: Some(vec![served.certificate.clone()]),
        })?;
        Ok(response.to_der()?)
    }
}

/// The nonce to give back, octet for octet; `Err` for one that no client may send.
fn nonce(request: &OcspRequest) -> Result<Option<Extension>, ()> {
    let extensions = request.tbs_request.request_extensions.iter().flatten();
    let mut nonces = extensions.filter(|extension| extension.extn_id == NONCE);
    let (first, second) = (nonces.next(), nonces.next());
    let length = |nonce: &Extension| {
        let inner = OctetString::from_der(nonce.extn_value.as_bytes());
        inner.map_or(0, |inner| inner.as_bytes().len())
    };
    match (first, second) {
        (None, _) => Ok(None),
        (Some(nonce), None) if (1..=LONGEST_NONCE).contains(&length(nonce)) => Ok(Some(nonce.clone())),
        _ => Err(()),
    }
}

fn error(response: OcspResponse) -> Answer {
    // Five bytes that always encode.
    let der = response.to_der().unwrap_or_default();
    Answer {
        der: der.into(),
        fresh_for: None,
    }
}

fn generalized(moment: OffsetDateTime) -> OcspGeneralizedTime {
    let seconds = u64::try_from(moment.unix_timestamp()).unwrap_or(0);
    let time = GeneralizedTime::from_unix_duration(std::time::Duration::from_secs(seconds));
    // Fails after the year 9999 only.
    OcspGeneralizedTime(time.unwrap_or_else(|_| GeneralizedTime::from_date_time(x509_cert::der::DateTime::INFINITY)))
}

/// The reason of a list's code; what the list left out stays out.
fn reason(code: u8) -> Option<CrlReason> {
    Some(match code {
        1 => CrlReason::KeyCompromise,
        2 => CrlReason::CaCompromise,
        3 => CrlReason::AffiliationChanged,
        4 => CrlReason::Superseded,
        5 => CrlReason::CessationOfOperation,
        6 => CrlReason::CertificateHold,
        9 => CrlReason::PrivilegeWithdrawn,
        10 => CrlReason::AaCompromise,
        _ => return None,
    })
}

/// The identifier by which a question names `serial` of the authority `issuer`: by SHA-1, which every responder knows.
pub(crate) fn identifier(issuer: &Certificate, serial: &Serial) -> Result<CertId, x509_cert::der::Error> {
    let (oid, algorithm) = HASHES[0];
    let hash = |of: &[u8]| OctetString::new(digest(algorithm, of).as_ref());
    let issuer = &issuer.tbs_certificate;
    Ok(CertId {
        hash_algorithm: AlgorithmIdentifierOwned {
            oid,
            parameters: Some(Null.into()),
        },
        issuer_name_hash: hash(&issuer.subject.to_der()?)?,
        issuer_key_hash: hash(issuer.subject_public_key_info.subject_public_key.raw_bytes())?,
        serial_number: x509_cert::serial_number::SerialNumber::new(serial)?,
    })
}

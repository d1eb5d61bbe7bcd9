//! Asking a responder as any reader of certificates does: for `doctor`, and for the console's own look.

use aws_lc_rs::{
    rand::{SecureRandom as _, SystemRandom},
    signature::{ECDSA_P256_SHA256_ASN1, UnparsedPublicKey},
};
use time::OffsetDateTime;
use x509_cert::{
    Certificate,
    der::{Decode as _, Encode as _, asn1::OctetString},
    ext::Extension,
};
use x509_ocsp::{BasicOcspResponse, CertStatus, OcspRequest, OcspResponse, Request, TbsRequest, Version};
use x509_parser::prelude::{FromDer as _, X509Certificate};

use crate::{
    Serial,
    responder::{NONCE, identifier},
};

/// What a responder says of a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    Good,
    Revoked,
    /// The authority issued none of this serial.
    Unknown,
}

/// Why an answer is not believed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProbeError {
    #[error("the answer does not read: {0}")]
    Unreadable(String),
    #[error("the responder says: {0}")]
    Refused(String),
    #[error("the answer is about another certificate, or to another question")]
    Other,
    #[error("the answer is not signed by a responder of this authority")]
    NotSigned,
    #[error("the answer is of another time: known {known}, holds until {until}")]
    Time {
        known: OffsetDateTime,
        until: OffsetDateTime,
    },
}

/// One question about one certificate, with a nonce of its own.
pub struct Probe<'a> {
    issuer: &'a [u8],
    question: OcspRequest,
}

impl<'a> Probe<'a> {
    /// About `serial` of the authority `issuer` (DER).
    ///
    /// # Errors
    /// The authority's certificate does not read.
    pub fn new(issuer: &'a [u8], serial: &Serial) -> Result<Self, ProbeError> {
        let unreadable = |why: x509_cert::der::Error| ProbeError::Unreadable(why.to_string());
        let authority = Certificate::from_der(issuer).map_err(unreadable)?;
        let mut nonce = [0; 32];
        SystemRandom::new()
            .fill(&mut nonce)
            .map_err(|_| ProbeError::Unreadable("no chance for a nonce".into()))?;
        let nonce = OctetString::new(nonce)
            .and_then(|nonce| nonce.to_der())
            .map_err(unreadable)?;
        let nonce = Extension {
            extn_id: NONCE,
            critical: false,
            extn_value: OctetString::new(nonce).map_err(unreadable)?,
        };
        let asked = Request {
            req_cert: identifier(&authority, serial).map_err(unreadable)?,
            single_request_extensions: None,
        };
        Ok(Self {
            issuer,
            question: OcspRequest {
                tbs_request: TbsRequest {
                    version: Version::V1,
                    requestor_name: None,
                    request_list: vec![asked],
                    request_extensions: Some(vec![nonce]),
                },
                optional_signature: None,
            },
        })
    }

    /// What is sent (`application/ocsp-request`).
    ///
    /// # Errors
    /// It does not encode.
    pub fn request(&self) -> Result<Vec<u8>, ProbeError> {
        let encoded = self.question.to_der();
        encoded.map_err(|why| ProbeError::Unreadable(why.to_string()))
    }

    /// What the answer `der` says at `now`, once its signature, its signer's certificate, its times and the nonce hold.
    ///
    /// # Errors
    /// [`ProbeError`]
    pub fn read(&self, der: &[u8], now: OffsetDateTime) -> Result<Status, ProbeError> {
        let unreadable = |why: x509_cert::der::Error| ProbeError::Unreadable(why.to_string());
        let response = OcspResponse::from_der(der).map_err(unreadable)?;
        let Some(bytes) = response.response_bytes else {
            return Err(ProbeError::Refused(format!("{:?}", response.response_status)));
        };
        let basic = BasicOcspResponse::from_der(bytes.response.as_bytes()).map_err(unreadable)?;
        let data = &basic.tbs_response_data;
        let asked = &self.question.tbs_request;
        let [answered] = &data.responses[..] else {
            return Err(ProbeError::Other);
        };
        let nonces = |all: &Option<Vec<Extension>>| {
            let mut nonces = all.iter().flatten().filter(|one| one.extn_id == NONCE);
            nonces.next().cloned()
        };
        if answered.cert_id != asked.request_list[0].req_cert
            || nonces(&data.response_extensions) != nonces(&asked.request_extensions)
        {
            return Err(ProbeError::Other);
        }
        let signer = basic.certs.iter().flatten().next().ok_or(ProbeError::NotSigned)?;
        let signer = signer.to_der().map_err(unreadable)?;
        let message = data.to_der().map_err(unreadable)?;
        if !self.may_answer(&signer, now, &message, basic.signature.raw_bytes()) {
            return Err(ProbeError::NotSigned);
        }
        let moment = |time: x509_ocsp::OcspGeneralizedTime| OffsetDateTime::from(time.0.to_system_time());
        let known = moment(answered.this_update);
        let until = answered.next_update.map_or(known, moment);
        // Clocks differ by a little (RFC 5019 §4).
        if known > now + time::Duration::MINUTE || until <= now {
            return Err(ProbeError::Time { known, until });
        }
        Ok(match answered.cert_status {
            CertStatus::Good(_) => Status::Good,
            CertStatus::Revoked(_) => Status::Revoked,
            CertStatus::Unknown(_) => Status::Unknown,
        })
    }

    /// Whether `signer` (DER) is a certificate by this authority for answering (RFC 6960 §4.2.2.2) and signed `message`.
    fn may_answer(&self, signer: &[u8], now: OffsetDateTime, message: &[u8], signature: &[u8]) -> bool {
        let parsed = (
            X509Certificate::from_der(signer),
            X509Certificate::from_der(self.issuer),
        );
        let (Ok((_, signer)), Ok((_, issuer))) = parsed else {
            return false;
        };
        let usage = signer.extended_key_usage().ok().flatten();
        let bits = &signer.public_key().subject_public_key.data;
        signer.verify_signature(Some(issuer.public_key())).is_ok()
            && usage.is_some_and(|usage| usage.value.ocsp_signing)
            && (signer.validity().not_before.to_datetime()..=signer.validity().not_after.to_datetime()).contains(&now)
            && UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, bits)
                .verify(message, signature)
                .is_ok()
    }
}

//! Certificates for who answers in an authority's name whether a certificate is good (RFC 6960 §4.2.2.2). The key is the
//! responder's own, made where it answers: the authority sees its request alone.

use super::{
    Authority, AuthorityError, AuthorityName, Expected, Issued, Profile, ReservedSerial,
    issue::{building, params},
    lint,
};
use rcgen::{CertificateSigningRequestParams, PKCS_ECDSA_P256_SHA256, PublicKey, PublicKeyData as _};

/// A request of a responder, found good: it holds a P-256 key and was signed with it. Only [`ResponderRequest::read`] makes one.
#[derive(Debug)]
pub struct ResponderRequest(PublicKey);

impl ResponderRequest {
    /// Reads a PKCS#10 request (RFC 2986), DER. Of what it asks for only the key is taken.
    ///
    /// # Errors
    /// [`AuthorityError::Responder`]: it is no request, not signed with its own key, or of another kind of key.
    pub fn read(der: &[u8]) -> Result<Self, AuthorityError> {
        let request = CertificateSigningRequestParams::from_der(&der.into())
            .map_err(|why| AuthorityError::Responder(why.to_string()))?;
        if *request.public_key.algorithm() != PKCS_ECDSA_P256_SHA256 {
            return Err(AuthorityError::Responder("its key is not of P-256".into()));
        }
        Ok(Self(request.public_key))
    }

    /// Whether `certificate` (DER) is for its key.
    pub fn is_answered_by(&self, certificate: &[u8]) -> bool {
        x509_parser::parse_x509_certificate(certificate)
            .is_ok_and(|(_, certificate)| *certificate.public_key().subject_public_key.data == *self.0.der_bytes())
    }
}

impl AuthorityName {
    const fn responder_name(self) -> &'static str {
        match self {
            Self::Root | Self::Resident => "Madoguchi Resident Card Status",
            Self::Staff => "Madoguchi Staff Card Status",
        }
    }
}

impl Authority {
    /// A certificate for the responder of `request`, dated from the reservation of `serial`.
    ///
    /// # Errors
    /// When this authority has no responder or ends before it, the key does not sign, or the result breaks a rule.
    pub fn certify_responder(
        &self,
        request: &ResponderRequest,
        serial: &ReservedSerial,
    ) -> Result<Issued, AuthorityError> {
        let profile = Profile::responder_of(self.name())
            .ok_or_else(|| AuthorityError::Responder("the root has no responder".into()))?;
        let (not_before, not_after) = self
            .dates(profile, serial.at())
            .map_err(|why| AuthorityError::Responder(why.to_string()))?;
        let (serial, common_name) = (serial.serial(), self.name().responder_name());
        let params = params(profile, self.settings(), common_name, serial, (not_before, not_after))?;
        let der = params
            .signed_by(&request.0, &self.issuer()?)
            .map_err(building)?
            .der()
            .to_vec();
        let public_key = request.0.subject_public_key_info();
        lint(
            &der,
            &Expected {
                profile,
                settings: self.settings(),
                common_name,
                serial,
                public_key: &public_key,
                not_before,
                issuer: self.certificate(),
            },
        )?;
        Ok(Issued { der, serial, profile })
    }
}

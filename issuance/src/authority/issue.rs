//! An opened authority, and the signature.

use aws_lc_rs::digest::{SHA256, digest};
use rcgen::{
    BasicConstraints, CertificateParams, CrlDistributionPoint, CustomExtension, DistinguishedName, DnType, DnValue,
    ExtendedKeyUsagePurpose, IsCa, Issuer, KeyUsagePurpose, SerialNumber, SubjectPublicKeyInfo,
};
use time::OffsetDateTime;

use super::{
    AuthorityError, AuthorityName, Expected, Prepared, Profile, Settings, Signer, der, lint, signer::ForBuilder,
};
use crate::records::CertificateSerial;

/// An authority with its key at hand.
pub struct Authority {
    name: AuthorityName,
    certificate: Vec<u8>,
    settings: Settings,
    signer: Box<dyn Signer>,
    validity: (OffsetDateTime, OffsetDateTime),
}

/// A certificate that was signed and follows its profile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issued {
    pub der: Vec<u8>,
    pub serial: CertificateSerial,
    pub profile: Profile,
}

impl Authority {
    /// The authority whose `certificate` (DER) is for `signer`'s key; both were checked against each other.
    pub(super) fn new(
        name: AuthorityName,
        certificate: Vec<u8>,
        settings: Settings,
        signer: Box<dyn Signer>,
    ) -> Result<Self, String> {
        let validity = {
            let (_, parsed) = x509_parser::parse_x509_certificate(&certificate).map_err(|why| why.to_string())?;
            if *parsed.public_key().subject_public_key.data != *signer.public_key() {
                return Err("the certificate is not that of the key".into());
            }
            let validity = parsed.validity();
            (validity.not_before.to_datetime(), validity.not_after.to_datetime())
        };
        Ok(Self {
            name,
            certificate,
            settings,
            signer,
            validity,
        })
    }

    /// Which authority it is.
    pub const fn name(&self) -> AuthorityName {
        self.name
    }

    /// Its own certificate, DER.
    pub fn certificate(&self) -> &[u8] {
        &self.certificate
    }

    /// The settings its certificates are made with.
    pub const fn settings(&self) -> &Settings {
        &self.settings
    }

    /// First and last second of its certificate.
    pub const fn validity(&self) -> (OffsetDateTime, OffsetDateTime) {
        self.validity
    }

    /// SHA-256 of its certificate.
    pub fn fingerprint(&self) -> [u8; 32] {
        fingerprint(&self.certificate)
    }

    /// Signs what was prepared, reads the result back and gives it out only when it follows its profile.
    ///
    /// # Errors
    /// When another authority prepared it, the key does not sign, or the result breaks a rule.
    pub fn issue(&self, prepared: Prepared) -> Result<Issued, AuthorityError> {
        if prepared.authority != self.fingerprint() {
            return Err(AuthorityError::OtherAuthority);
        }
        let profile = prepared.profile;
        let params = params(
            profile,
            &self.settings,
            prepared.subject.number(),
            prepared.serial,
            (prepared.not_before, prepared.not_after),
        )?;
        let key = SubjectPublicKeyInfo::from_der(prepared.key.spki()).map_err(building)?;
        let der = params
            .signed_by(&key, &self.issuer()?)
            .map_err(building)?
            .der()
            .to_vec();
        let expected = Expected {
            profile,
            settings: &self.settings,
            common_name: prepared.subject.number(),
            serial: prepared.serial,
            public_key: prepared.key.spki(),
            not_before: prepared.not_before,
            issuer: &self.certificate,
        };
        lint(&der, &expected)?;
        Ok(Issued {
            der,
            serial: prepared.serial,
            profile,
        })
    }

    pub(super) fn signer(&self) -> &dyn Signer {
        self.signer.as_ref()
    }

    pub(super) fn issuer(&self) -> Result<Issuer<'static, ForBuilder<'_>>, AuthorityError> {
        let certificate = self.certificate.clone().into();
        Issuer::from_ca_cert_der(&certificate, ForBuilder(self.signer.as_ref())).map_err(building)
    }
}

impl std::fmt::Debug for Authority {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Authority({})", self.name)
    }
}

/// What the builder needs for a certificate of `profile`.
pub(super) fn params(
    profile: Profile,
    settings: &Settings,
    common_name: &str,
    serial: CertificateSerial,
    (not_before, not_after): (OffsetDateTime, OffsetDateTime),
) -> Result<CertificateParams, AuthorityError> {
    let mut params = CertificateParams::default();
    params.not_before = not_before;
    params.not_after = not_after;
    params.serial_number = Some(SerialNumber::from_slice(&serial.0));
    params.distinguished_name = distinguished_name(settings, common_name)?;
    params.use_authority_key_identifier_extension = profile != Profile::Root;
    // `ExplicitNoCa` writes an empty basicConstraints and, unlike `NoCa`, the subject key identifier.
    params.is_ca = match profile.path_length() {
        Some(length) => IsCa::Ca(BasicConstraints::Constrained(length)),
        None => IsCa::ExplicitNoCa,
    };
    params.key_usages = match profile.is_authority() {
        true => vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign],
        false => vec![KeyUsagePurpose::DigitalSignature],
    };
    let purpose = profile.purpose(&settings.oid_arc);
    params.extended_key_usages = purpose.map(ExtendedKeyUsagePurpose::Other).into_iter().collect();
    let policies = profile.policies(&settings.oid_arc);
    if !policies.is_empty() {
        // Not critical: TLS libraries that do no policy validation must still take the certificate.
        let policies: Vec<_> = policies
            .iter()
            .map(|policy| der::sequence(&[der::object_identifier(policy)]))
            .collect();
        params.custom_extensions.push(CustomExtension::from_oid_content(
            &[2, 5, 29, 32],
            der::sequence(&policies),
        ));
    }
    if profile.is_responder() {
        params
            .custom_extensions
            .push(CustomExtension::from_oid_content(NO_CHECK, der::NULL.to_vec()));
    }
    if profile.names_where_to_ask() {
        let pointers = settings.pointers(profile.issuer());
        params.crl_distribution_points = vec![CrlDistributionPoint {
            uris: vec![pointers.revocation_list],
        }];
        // The responder first: the quickest way to know.
        let responder = pointers.responder.iter().map(|url| (RESPONDER, url));
        let access: Vec<_> = responder
            .chain([(ISSUERS, &pointers.issuer_certificate)])
            .map(|(method, url)| der::sequence(&[der::object_identifier(method), der::uri(url)]))
            .collect();
        params.custom_extensions.push(CustomExtension::from_oid_content(
            &[1, 3, 6, 1, 5, 5, 7, 1, 1],
            der::sequence(&access),
        ));
    }
    Ok(params)
}

/// id-ad-caIssuers (RFC 5280 §4.2.2.1).
pub(super) const ISSUERS: &[u64] = &[1, 3, 6, 1, 5, 5, 7, 48, 2];
/// id-ad-ocsp (RFC 5280 §4.2.2.1).
pub(super) const RESPONDER: &[u64] = &[1, 3, 6, 1, 5, 5, 7, 48, 1];
/// id-pkix-ocsp-nocheck (RFC 6960 §4.2.2.2.1): who asks a responder does not ask about the responder.
pub(super) const NO_CHECK: &[u64] = &[1, 3, 6, 1, 5, 5, 7, 48, 1, 5];

fn distinguished_name(settings: &Settings, common_name: &str) -> Result<DistinguishedName, AuthorityError> {
    let mut name = DistinguishedName::new();
    // countryName is a PrintableString by definition (RFC 5280 §A.1).
    let country = "JP".try_into().map_err(building)?;
    name.push(DnType::CountryName, DnValue::PrintableString(country));
    name.push(DnType::OrganizationName, settings.organisation.as_str());
    name.push(DnType::CommonName, common_name);
    Ok(name)
}

pub(super) fn fingerprint(der: &[u8]) -> [u8; 32] {
    let mut out = [0; 32];
    out.copy_from_slice(digest(&SHA256, der).as_ref());
    out
}

pub(super) fn building(why: impl std::fmt::Display) -> AuthorityError {
    AuthorityError::Building(why.to_string())
}

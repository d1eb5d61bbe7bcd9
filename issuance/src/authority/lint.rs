//! The linter: a certificate as an independent parser reads it, held against its profile, extension by extension.
//!
//! The builder and the parser are two libraries of two authors. What one got wrong the other finds (rcgen pull
//! requests 31, 107, 136), and a certificate that breaks a rule never leaves the authority.

use std::collections::BTreeMap;

use time::{Duration, OffsetDateTime};
use x509_parser::{
    certificate::X509Certificate,
    extensions::{
        AuthorityInfoAccess, CRLDistributionPoints, DistributionPointName, GeneralName, ParsedExtension, X509Extension,
    },
    x509::X509Version,
};

use super::{
    Profile, Settings, der,
    issue::{ISSUERS, NO_CHECK, RESPONDER},
    profile::dotted,
};
use crate::records::CertificateSerial;

/// A rule that a certificate breaks.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{rule}: {found}")]
pub struct LintError {
    pub rule: &'static str,
    /// What was found instead.
    pub found: String,
}

/// What a certificate must be, field by field.
#[derive(Debug, Clone, Copy)]
pub struct Expected<'a> {
    pub profile: Profile,
    /// The settings it is made with.
    pub settings: &'a Settings,
    /// Its subject's common name.
    pub common_name: &'a str,
    pub serial: CertificateSerial,
    /// Its key, SubjectPublicKeyInfo in DER.
    pub public_key: &'a [u8],
    pub not_before: OffsetDateTime,
    /// The issuer's certificate, DER; for the root its own.
    pub issuer: &'a [u8],
}

/// Holds the certificate `der` against what it must be.
///
/// # Errors
/// [`LintError`] with the first rule that is broken.
pub fn lint(der: &[u8], expected: &Expected<'_>) -> Result<(), LintError> {
    let (certificate, issuer) = (parse(der)?, parse(expected.issuer)?);
    rule("serial", certificate.raw_serial() == expected.serial.0, || {
        hex::encode_upper(certificate.raw_serial())
    })?;
    rule(
        "public key",
        certificate.public_key().raw == expected.public_key,
        || "another key".into(),
    )?;
    let first = certificate.validity().not_before.to_datetime();
    rule("first second", first == expected.not_before, || first.to_string())?;
    follows(&certificate, expected.profile, expected.settings, &issuer)?;
    let name = common_name(&certificate).unwrap_or_default();
    rule("common name", name == expected.common_name, || name.into())
}

/// Reads one certificate with nothing behind it.
pub(super) fn parse(der: &[u8]) -> Result<X509Certificate<'_>, LintError> {
    let broken = |found: String| LintError {
        rule: "X.509 certificate in DER",
        found,
    };
    match x509_parser::parse_x509_certificate(der) {
        Ok(([], certificate)) => Ok(certificate),
        Ok((rest, _)) => Err(broken(format!("{} bytes follow it", rest.len()))),
        Err(why) => Err(broken(why.to_string())),
    }
}

/// The subject's one common name.
pub(super) fn common_name<'a>(certificate: &'a X509Certificate<'_>) -> Option<&'a str> {
    certificate.subject().iter_common_name().next()?.as_str().ok()
}

/// Whether `certificate` was signed by `issuer` and is of `profile` in every respect that does not depend on whom it
/// is about.
pub(super) fn follows(
    certificate: &X509Certificate<'_>,
    profile: Profile,
    settings: &Settings,
    issuer: &X509Certificate<'_>,
) -> Result<(), LintError> {
    rule("version 3", certificate.version() == X509Version::V3, || {
        certificate.version().to_string()
    })?;
    let found = certificate.tbs_certificate.signature.algorithm.to_id_string();
    rule("signature algorithm", found == dotted(SHA256_WITH_RSA), || found)?;
    // What stands round the signed part is not covered by the signature. Only the one encoding that DER allows is
    // taken, or one certificate would have many forms and as many fingerprints.
    let rebuilt = der::sequence(&[
        certificate.tbs_certificate.as_ref().to_vec(),
        der::sequence(&[der::object_identifier(SHA256_WITH_RSA), der::NULL.to_vec()]),
        der::value(0x03, &[&[0], &*certificate.signature_value.data].concat()),
    ]);
    rule("one encoding", rebuilt == certificate.as_raw(), || {
        "not the DER encoding of its parts".into()
    })?;
    rule(
        "issuer's name",
        certificate.issuer().as_raw() == issuer.subject().as_raw(),
        || certificate.issuer().to_string(),
    )?;
    rule(
        "unique identifiers are out of use",
        certificate.issuer_uid.is_none() && certificate.subject_uid.is_none(),
        || "present".into(),
    )?;
    subject(certificate, settings)?;
    let validity = certificate.validity();
    let lasts = validity.not_after.to_datetime() - validity.not_before.to_datetime() + Duration::SECOND;
    rule("lifetime", lasts == Duration::days(profile.lifetime_days()), || {
        lasts.to_string()
    })?;
    extensions(certificate, profile, settings, issuer)?;
    let signature = certificate.verify_signature(Some(issuer.public_key()));
    rule("signature", signature.is_ok(), || {
        "does not verify with the issuer's key".into()
    })
}

/// sha256WithRSAEncryption (RFC 4055 §5); its parameters are NULL.
const SHA256_WITH_RSA: &[u64] = &[1, 2, 840, 113549, 1, 1, 11];

/// Country, organisation and common name in this order, and nothing else: no place for a person's name.
fn subject(certificate: &X509Certificate<'_>, settings: &Settings) -> Result<(), LintError> {
    let found: Vec<_> = certificate
        .subject()
        .iter_attributes()
        .map(|attribute| {
            (
                attribute.attr_type().to_id_string(),
                attribute.as_str().unwrap_or_default(),
            )
        })
        .collect();
    let good = match &found[..] {
        [(c, country), (o, organisation), (cn, name)] => {
            (c.as_str(), *country) == ("2.5.4.6", "JP")
                && (o.as_str(), *organisation) == ("2.5.4.10", settings.organisation.as_str())
                && cn == "2.5.4.3"
                && !name.is_empty()
        }
        _ => false,
    };
    let kinds = || {
        found
            .iter()
            .map(|(kind, _)| kind.as_str())
            .collect::<Vec<_>>()
            .join(", ")
    };
    rule("subject", good, kinds)
}

/// Each extension that must be there, each that must not, and whether it is critical.
fn extensions(
    certificate: &X509Certificate<'_>,
    profile: Profile,
    settings: &Settings,
    issuer: &X509Certificate<'_>,
) -> Result<(), LintError> {
    let present: BTreeMap<String, &X509Extension<'_>> = certificate
        .extensions()
        .iter()
        .map(|extension| (extension.oid.to_id_string(), extension))
        .collect();
    rule(
        "each extension once",
        present.len() == certificate.extensions().len(),
        || "twice".into(),
    )?;
    let wanted = wanted(profile);
    for (oid, extension) in &present {
        let critical = wanted.get(oid.as_str());
        rule("no other extension", critical.is_some(), || oid.clone())?;
        rule("criticality", critical == Some(&extension.critical), || oid.clone())?;
        if *oid == dotted(NO_CHECK) {
            rule("no check of the responder", extension.value == der::NULL, || {
                hex::encode(extension.value)
            })?;
            continue;
        }
        content(extension.parsed_extension(), certificate, profile, settings, issuer)?;
    }
    let missing = wanted.keys().find(|oid| !present.contains_key(**oid));
    rule("every extension of the profile", missing.is_none(), || {
        format!("{} is missing", missing.unwrap_or(&""))
    })
}

/// The extensions of a profile, with whether they are critical.
fn wanted(profile: Profile) -> BTreeMap<&'static str, bool> {
    let mut wanted = BTreeMap::from([
        ("2.5.29.14", false), // subjectKeyIdentifier
        ("2.5.29.15", true),  // keyUsage
        ("2.5.29.19", true),  // basicConstraints
    ]);
    if profile != Profile::Root {
        wanted.insert("2.5.29.35", false); // authorityKeyIdentifier
    }
    if profile.names_where_to_ask() {
        wanted.insert("2.5.29.31", false); // cRLDistributionPoints
        wanted.insert("2.5.29.32", false); // certificatePolicies
        wanted.insert("1.3.6.1.5.5.7.1.1", false); // authorityInfoAccess
    }
    if profile.is_responder() {
        wanted.insert("1.3.6.1.5.5.7.48.1.5", false); // id-pkix-ocsp-nocheck
    }
    if !profile.is_authority() {
        wanted.insert("2.5.29.37", false); // extKeyUsage
    }
    wanted
}

fn content(
    extension: &ParsedExtension<'_>,
    certificate: &X509Certificate<'_>,
    profile: Profile,
    settings: &Settings,
    issuer: &X509Certificate<'_>,
) -> Result<(), LintError> {
    let pointers = settings.pointers(profile.issuer());
    match extension {
        ParsedExtension::KeyUsage(usage) => {
            // Bits of RFC 5280 §4.2.1.3: digitalSignature 0; keyCertSign 5, cRLSign 6.
            let wanted = if profile.is_authority() { 1 << 5 | 1 << 6 } else { 1 };
            rule("key usage", usage.flags == wanted, || format!("{:#b}", usage.flags))
        }
        ParsedExtension::BasicConstraints(constraints) => rule(
            "basic constraints",
            constraints.ca == profile.is_authority()
                && constraints.path_len_constraint == profile.path_length().map(u32::from),
            || format!("{constraints:?}"),
        ),
        ParsedExtension::ExtendedKeyUsage(usage) => {
            let ours = usage.other.iter().map(|oid| oid.to_id_string());
            let clients = usage.client_auth.then(|| "1.3.6.1.5.5.7.3.2".to_owned());
            let responders = usage.ocsp_signing.then(|| "1.3.6.1.5.5.7.3.9".to_owned());
            let found: Vec<_> = ours.chain(clients).chain(responders).collect();
            let wanted: Vec<_> = profile
                .purpose(&settings.oid_arc)
                .iter()
                .map(|oid| dotted(oid))
                .collect();
            let others =
                usage.any || usage.server_auth || usage.code_signing || usage.email_protection || usage.time_stamping;
            rule("extended key usage", !others && found == wanted, || {
                format!("{usage:?}")
            })
        }
        ParsedExtension::CertificatePolicies(policies) => {
            let found: Vec<_> = policies.iter().map(|policy| policy.policy_id.to_id_string()).collect();
            let wanted: Vec<_> = profile
                .policies(&settings.oid_arc)
                .iter()
                .map(|oid| dotted(oid))
                .collect();
            let plain = policies.iter().all(|policy| policy.policy_qualifiers.is_none());
            rule("policies", plain && found == wanted, || found.join(", "))
        }
        ParsedExtension::CRLDistributionPoints(points) => {
            let found = distribution_points(points);
            let wanted = vec![pointers.revocation_list];
            rule("distribution point", found.as_ref() == Some(&wanted), || {
                format!("{found:?}")
            })
        }
        ParsedExtension::AuthorityInfoAccess(access) => {
            let found = access_points(access);
            let issuers = (dotted(ISSUERS), pointers.issuer_certificate);
            let responder = pointers.responder.map(|url| (dotted(RESPONDER), url));
            let wanted: Vec<_> = responder.into_iter().chain([issuers.clone()]).collect();
            // For a while cards named no responder, as none answered; they are no worse for it.
            let good = found
                .as_ref()
                .is_some_and(|found| *found == wanted || *found == [issuers]);
            rule("authority information", good, || format!("{found:?}"))
        }
        ParsedExtension::SubjectKeyIdentifier(found) => {
            let wanted = key_identifier(certificate);
            rule("subject key identifier", *found.0 == wanted, || hex::encode(found.0))
        }
        ParsedExtension::AuthorityKeyIdentifier(found) => {
            let wanted = key_identifier(issuer);
            let same = found.key_identifier.as_ref().is_some_and(|found| *found.0 == wanted);
            let alone = found.authority_cert_issuer.is_none() && found.authority_cert_serial.is_none();
            rule("authority key identifier", same && alone, || format!("{found:?}"))
        }
        other => rule("a readable extension", false, || format!("{other:?}")),
    }
}

/// The first 160 bits of SHA-256 over the SubjectPublicKeyInfo (RFC 7093 §2, method 1 takes the bit string only; any
/// unique method will do, RFC 5280 §4.2.1.2).
fn key_identifier(certificate: &X509Certificate<'_>) -> Vec<u8> {
    super::issue::fingerprint(certificate.public_key().raw)[..20].to_vec()
}

fn distribution_points(points: &CRLDistributionPoints<'_>) -> Option<Vec<String>> {
    let mut found = Vec::new();
    for point in &points.points {
        if point.reasons.is_some() || point.crl_issuer.is_some() {
            return None;
        }
        let Some(DistributionPointName::FullName(names)) = &point.distribution_point else {
            return None;
        };
        for name in names {
            found.push(as_uri(name)?);
        }
    }
    Some(found)
}

fn access_points(access: &AuthorityInfoAccess<'_>) -> Option<Vec<(String, String)>> {
    let points = access.accessdescs.iter();
    points
        .map(|point| Some((point.access_method.to_id_string(), as_uri(&point.access_location)?)))
        .collect()
}

fn as_uri(name: &GeneralName<'_>) -> Option<String> {
    match name {
        GeneralName::URI(uri) => Some((*uri).to_owned()),
        _ => None,
    }
}

fn rule(rule: &'static str, kept: bool, found: impl FnOnce() -> String) -> Result<(), LintError> {
    if kept {
        Ok(())
    } else {
        Err(LintError { rule, found: found() })
    }
}

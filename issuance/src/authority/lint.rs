//! The linter: a certificate as an independent parser reads it, held against its profile, a rule a file, each with the
//! standard that it comes from.
//!
//! The builder and the parser are two libraries of two authors. What one got wrong the other finds (rcgen pull
//! requests 31, 107, 136), and a certificate that breaks a rule never leaves the authority.

use time::OffsetDateTime;
use x509_parser::{
    certificate::X509Certificate,
    extensions::{GeneralName, ParsedExtension},
};

use super::{Profile, Settings};
use crate::records::CertificateSerial;

mod authority_information;
mod authority_key_identifier;
mod basic_constraints;
mod distribution_point;
mod extended_key_usage;
mod extensions;
mod issuer_name;
mod key_usage;
mod lifetime;
mod no_check;
mod one_encoding;
mod policies;
mod signature;
mod signature_algorithm;
mod subject;
mod subject_key_identifier;
mod unique_identifiers;
mod version;

/// A rule of the linter.
struct Rule {
    name: &'static str,
    /// Where it stands.
    standard: &'static str,
    /// `Err` with what was found instead.
    check: fn(&Judged<'_>) -> Result<(), String>,
}

/// Every rule, in the order in which they are looked at.
const RULES: [Rule; 18] = [
    version::RULE,
    signature_algorithm::RULE,
    one_encoding::RULE,
    issuer_name::RULE,
    unique_identifiers::RULE,
    subject::RULE,
    lifetime::RULE,
    extensions::RULE,
    authority_information::RULE,
    subject_key_identifier::RULE,
    key_usage::RULE,
    basic_constraints::RULE,
    distribution_point::RULE,
    policies::RULE,
    authority_key_identifier::RULE,
    extended_key_usage::RULE,
    no_check::RULE,
    signature::RULE,
];

/// What a rule looks at: a certificate, what it should be, and who signed it.
struct Judged<'a> {
    certificate: &'a X509Certificate<'a>,
    profile: Profile,
    settings: &'a Settings,
    issuer: &'a X509Certificate<'a>,
}

impl Judged<'_> {
    /// The extension `oid`, when it is there and reads.
    fn extension(&self, oid: &str) -> Option<&ParsedExtension<'_>> {
        let mut extensions = self.certificate.extensions().iter();
        let found = extensions.find(|extension| extension.oid.to_id_string() == oid)?;
        Some(found.parsed_extension())
    }

    /// Whether the extension `oid` is not there: that it must be is the rule of [`extensions`]; one that does not read is
    /// refused here.
    fn absent(&self, oid: &str) -> Result<(), String> {
        let mut extensions = self.certificate.extensions().iter();
        let there = extensions.any(|extension| extension.oid.to_id_string() == oid);
        holds(!there, || format!("{oid} does not read"))
    }
}

/// sha256WithRSAEncryption (RFC 4055 §5); its parameters are NULL.
const SHA256_WITH_RSA: &[u64] = &[1, 2, 840, 113549, 1, 1, 11];

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
    let judged = Judged {
        certificate,
        profile,
        settings,
        issuer,
    };
    RULES
        .iter()
        .try_for_each(|rule| (rule.check)(&judged).map_err(|found| LintError { rule: rule.name, found }))
}

/// What one rule says of a certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    pub rule: &'static str,
    /// The standard that the rule comes from.
    pub standard: &'static str,
    /// What was found instead; none where the rule is kept.
    pub found: Option<String>,
}

/// What every rule says of `certificate` as one of `profile` by `issuer`.
pub(super) fn verdicts(
    certificate: &X509Certificate<'_>,
    profile: Profile,
    settings: &Settings,
    issuer: &X509Certificate<'_>,
) -> Vec<Verdict> {
    let judged = Judged {
        certificate,
        profile,
        settings,
        issuer,
    };
    let verdict = |rule: &Rule| Verdict {
        rule: rule.name,
        standard: rule.standard,
        found: (rule.check)(&judged).err(),
    };
    RULES.iter().map(verdict).collect()
}

/// The first 160 bits of SHA-256 over the SubjectPublicKeyInfo (RFC 7093 §2, method 1 takes the bit string only; any
/// unique method will do, RFC 5280 §4.2.1.2).
fn key_identifier(certificate: &X509Certificate<'_>) -> Vec<u8> {
    super::issue::fingerprint(certificate.public_key().raw)[..20].to_vec()
}

fn as_uri(name: &GeneralName<'_>) -> Option<String> {
    match name {
        GeneralName::URI(uri) => Some((*uri).to_owned()),
        _ => None,
    }
}

fn holds(kept: bool, found: impl FnOnce() -> String) -> Result<(), String> {
    if kept { Ok(()) } else { Err(found()) }
}

fn rule(rule: &'static str, kept: bool, found: impl FnOnce() -> String) -> Result<(), LintError> {
    holds(kept, found).map_err(|found| LintError { rule, found })
}

//! Each extension that must be there, each that must not, and whether it is critical.

use std::collections::BTreeMap;

use super::Rule;
use crate::authority::Profile;

pub(super) const RULE: Rule = Rule {
    name: "extensions",
    standard: "RFC 5280 §4.2",
    check: |judged| {
        let wanted = wanted(judged.profile);
        let mut present = BTreeMap::new();
        for extension in judged.certificate.extensions() {
            let oid = extension.oid.to_id_string();
            match wanted.get(oid.as_str()) {
                None => return Err(format!("{oid} is not of the profile")),
                Some(critical) if *critical != extension.critical => {
                    return Err(format!("{oid} is critical: {}", extension.critical));
                }
                Some(_) => {}
            }
            if present.insert(oid.clone(), ()).is_some() {
                return Err(format!("{oid} is there twice"));
            }
        }
        let missing = wanted.keys().find(|oid| !present.contains_key(**oid));
        super::holds(missing.is_none(), || format!("{} is missing", missing.unwrap_or(&"")))
    },
};

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

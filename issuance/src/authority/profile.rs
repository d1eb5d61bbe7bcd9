//! The profiles: what each kind of certificate says, in one table that the builder writes from and the linter checks by.
//!
//! | profile | key usage | extended key usage | policy (under the arc) | days |
//! |---|---|---|---|---|
//! | root | keyCertSign, cRLSign | | | 7305 (20 years) |
//! | resident, staff issuing authority | keyCertSign, cRLSign | | those of its cards | 3652 (10 years) |
//! | resident authentication | digitalSignature | clientAuth | 1.1 | 1826 (5 years) |
//! | resident eligibility | digitalSignature | 2.1, our own | 1.2 | 1826 |
//! | staff authentication | digitalSignature | clientAuth | 1.3 | 1826 |
//! | resident, staff responder | digitalSignature | OCSPSigning | | 30 |
//!
//! The My Number card's certificates end on the fifth birthday after issuing. That rule needs the birthday, and the
//! authority knows nothing personal: ours end five years after issuing.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The authorities there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AuthorityName {
    /// Signs the other two and then rests.
    Root,
    /// Issues for residents' cards.
    Resident,
    /// Issues for staff cards.
    Staff,
}

impl AuthorityName {
    /// Each of them, in the order of the ceremony.
    pub const ALL: [Self; 3] = [Self::Root, Self::Resident, Self::Staff];

    /// As in file names and URLs.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Root => "root",
            Self::Resident => "resident",
            Self::Staff => "staff",
        }
    }

    /// Its certificate's profile.
    pub const fn profile(self) -> Profile {
        match self {
            Self::Root => Profile::Root,
            Self::Resident => Profile::ResidentAuthority,
            Self::Staff => Profile::StaffAuthority,
        }
    }

    /// Its certificate's common name.
    pub(super) const fn common_name(self) -> &'static str {
        match self {
            Self::Root => "Madoguchi Root Authority",
            Self::Resident => "Madoguchi Resident Card Authority",
            Self::Staff => "Madoguchi Staff Card Authority",
        }
    }
}

impl fmt::Display for AuthorityName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The kinds of certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Profile {
    /// The root, signed by itself.
    Root,
    /// The resident issuing authority, signed by the root.
    ResidentAuthority,
    /// The staff issuing authority, signed by the root.
    StaffAuthority,
    /// 本人認証用: the resident, with the PIN.
    ResidentAuthentication,
    /// 資格確認用: the card, without a PIN.
    ResidentEligibility,
    /// 職員認証用: a member of the staff, with the password.
    StaffAuthentication,
    /// Answers for the resident authority whether a certificate is good (RFC 6960 §4.2.2.2).
    ResidentResponder,
    /// Answers for the staff authority.
    StaffResponder,
}

impl Profile {
    /// Each profile.
    pub const ALL: [Self; 8] = [
        Self::Root,
        Self::ResidentAuthority,
        Self::StaffAuthority,
        Self::ResidentAuthentication,
        Self::ResidentEligibility,
        Self::StaffAuthentication,
        Self::ResidentResponder,
        Self::StaffResponder,
    ];

    /// As in records and messages.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Root => "root",
            Self::ResidentAuthority => "resident_authority",
            Self::StaffAuthority => "staff_authority",
            Self::ResidentAuthentication => "resident_authentication",
            Self::ResidentEligibility => "resident_eligibility",
            Self::StaffAuthentication => "staff_authentication",
            Self::ResidentResponder => "resident_responder",
            Self::StaffResponder => "staff_responder",
        }
    }

    /// The responder of an issuing authority; the root's own list is enough for the two that it signed.
    pub const fn responder_of(authority: AuthorityName) -> Option<Self> {
        match authority {
            AuthorityName::Root => None,
            AuthorityName::Resident => Some(Self::ResidentResponder),
            AuthorityName::Staff => Some(Self::StaffResponder),
        }
    }

    /// Whether it answers for an authority.
    pub const fn is_responder(self) -> bool {
        matches!(self, Self::ResidentResponder | Self::StaffResponder)
    }

    /// Whether it is a card's.
    pub const fn is_of_a_card(self) -> bool {
        !self.is_authority() && !self.is_responder()
    }

    /// Who signs it.
    pub const fn issuer(self) -> AuthorityName {
        match self {
            Self::Root | Self::ResidentAuthority | Self::StaffAuthority => AuthorityName::Root,
            Self::ResidentAuthentication | Self::ResidentEligibility | Self::ResidentResponder => {
                AuthorityName::Resident
            }
            Self::StaffAuthentication | Self::StaffResponder => AuthorityName::Staff,
        }
    }

    /// Whether it is an authority's own certificate.
    pub const fn is_authority(self) -> bool {
        matches!(self, Self::Root | Self::ResidentAuthority | Self::StaffAuthority)
    }

    /// From the first second to the last, in whole days.
    pub const fn lifetime_days(self) -> i64 {
        match self {
            Self::Root => 7305,
            Self::ResidentAuthority | Self::StaffAuthority => 3652,
            Self::ResidentAuthentication | Self::ResidentEligibility | Self::StaffAuthentication => 1826,
            // Nobody asks whether it was revoked: it ends soon.
            Self::ResidentResponder | Self::StaffResponder => 30,
        }
    }

    /// Whether it says where to ask about it. The root is trusted or not, and no list says so; a responder's certificate is
    /// not asked about.
    pub(super) const fn names_where_to_ask(self) -> bool {
        !matches!(self, Self::Root) && !self.is_responder()
    }

    /// The longest path of authorities below an authority (RFC 5280 §4.2.1.9); none for a card's certificate.
    pub(super) const fn path_length(self) -> Option<u8> {
        match self {
            Self::Root => Some(1),
            Self::ResidentAuthority | Self::StaffAuthority => Some(0),
            _ => None,
        }
    }

    /// The policies, below the arc. An issuing authority names those of the cards it may issue, so that under policy
    /// validation (RFC 5280 §6.1) the resident authority can never issue a valid staff card.
    const fn policy_branches(self) -> &'static [&'static [u64]] {
        match self {
            Self::Root | Self::ResidentResponder | Self::StaffResponder => &[],
            Self::ResidentAuthority => &[&[1, 1], &[1, 2]],
            Self::ResidentAuthentication => &[&[1, 1]],
            Self::ResidentEligibility => &[&[1, 2]],
            Self::StaffAuthority | Self::StaffAuthentication => &[&[1, 3]],
        }
    }

    /// The policies as object identifiers under `arc`.
    pub fn policies(self, arc: &ObjectArc) -> Vec<Vec<u64>> {
        self.policy_branches().iter().map(|branch| arc.below(branch)).collect()
    }

    /// The extended key usage under `arc`: one purpose a card's certificate. Eligibility has one of its own, so that
    /// the key that asks for no PIN can never log anyone in where a client certificate is wanted.
    pub fn purpose(self, arc: &ObjectArc) -> Option<Vec<u64>> {
        match self {
            Self::Root | Self::ResidentAuthority | Self::StaffAuthority => None,
            // id-kp-clientAuth, RFC 5280 §4.2.1.12
            Self::ResidentAuthentication | Self::StaffAuthentication => Some(vec![1, 3, 6, 1, 5, 5, 7, 3, 2]),
            Self::ResidentEligibility => Some(arc.below(&[2, 1])),
            // id-kp-OCSPSigning, RFC 6960 §4.2.2.2
            Self::ResidentResponder | Self::StaffResponder => Some(vec![1, 3, 6, 1, 5, 5, 7, 3, 9]),
        }
    }
}

/// The arc of object identifiers under which an organisation names its policies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectArc(Vec<u64>);

impl ObjectArc {
    /// 1.3.6.1.4.1.32473, the enterprise number for examples in documents (RFC 5612). A city that goes into service
    /// asks IANA for a number of its own, which costs nothing, and sets it before its ceremony.
    pub fn example() -> Self {
        Self(vec![1, 3, 6, 1, 4, 1, 32473])
    }

    fn below(&self, branch: &[u64]) -> Vec<u64> {
        [&self.0, branch].concat()
    }
}

impl FromStr for ObjectArc {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let arcs: Option<Vec<u64>> = text.split('.').map(|arc| arc.parse().ok()).collect();
        // X.660: three top arcs, the first two with at most 40 below them. 2.25 (UUIDs) needs more than 64 bits.
        let fits = |arcs: &Vec<u64>| match arcs[..] {
            [0 | 1, second, _, ..] => second < 40,
            [2, second, _, ..] => second < 1 << 32,
            _ => false,
        };
        arcs.filter(fits)
            .map(Self)
            .ok_or_else(|| format!("「{text}」はオブジェクト識別子ではありません(例 1.3.6.1.4.1.32473)"))
    }
}

impl fmt::Display for ObjectArc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&dotted(&self.0))
    }
}

impl Serialize for ObjectArc {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for ObjectArc {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(serde::de::Error::custom)
    }
}

/// An object identifier as people write it.
pub(super) fn dotted(arcs: &[u64]) -> String {
    arcs.iter().map(u64::to_string).collect::<Vec<_>>().join(".")
}

/// What an organisation decides before its ceremony; signed into the ceremony's record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settings {
    /// The organisation in every certificate: `汐見市`.
    pub organisation: String,
    /// The arc of its policies.
    pub oid_arc: ObjectArc,
    /// Where revocation lists and authority certificates are published: `http://pki.shiomi.example`.
    /// Plain http, as RFC 5280 §4.2.1.13 and §8 advise: checking a certificate must not need a certificate.
    pub base_url: String,
}

impl Settings {
    /// # Errors
    /// A sentence about the first setting that cannot be used.
    pub fn check(&self) -> Result<(), String> {
        let letters = self.organisation.chars().count();
        // ub-organization-name is 64 (RFC 5280 §A.1).
        if !(1..=64).contains(&letters) || self.organisation.chars().any(char::is_control) {
            return Err("the organisation's name must have 1 to 64 characters".into());
        }
        let host = self.base_url.strip_prefix("http://").unwrap_or_default();
        if host.is_empty() || host.ends_with('/') || !host.chars().all(|c| c.is_ascii_graphic()) {
            return Err("the base URL must begin with http:// and end without a slash".into());
        }
        Ok(())
    }

    /// The pointers in every certificate that `issuer` signs; each leads to what is published there.
    pub fn pointers(&self, issuer: AuthorityName) -> Pointers {
        Pointers {
            revocation_list: format!("{}/{issuer}.crl", self.base_url),
            issuer_certificate: format!("{}/{issuer}.cer", self.base_url),
            responder: (issuer != AuthorityName::Root).then(|| format!("{}/ocsp", self.base_url)),
        }
    }
}

/// Where a certificate says to ask about it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pointers {
    /// cRLDistributionPoints (RFC 5280 §4.2.1.13).
    pub revocation_list: String,
    /// authorityInfoAccess, id-ad-caIssuers (§4.2.2.1).
    pub issuer_certificate: String,
    /// authorityInfoAccess, id-ad-ocsp (RFC 6960 §3.1). One address answers for both issuing authorities: a question names
    /// the issuer. The root has none: it signs two certificates, and its list says all about them.
    #[serde(default)]
    pub responder: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_arc_is_read_and_written_alike() {
        assert_eq!("1.3.6.1.4.1.32473".parse(), Ok(ObjectArc::example()));
        assert_eq!(ObjectArc::example().to_string(), "1.3.6.1.4.1.32473");
        for wrong in [
            "",
            "1",
            "3.1.2",
            "1.40.2",
            "1..2",
            "1.3.x",
            "2.25.340282366920938463463374607431768211455",
        ] {
            assert!(wrong.parse::<ObjectArc>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn the_eligibility_certificate_shares_no_purpose_and_no_policy_with_the_others() {
        let arc = ObjectArc::example();
        for other in [Profile::ResidentAuthentication, Profile::StaffAuthentication] {
            assert_ne!(Profile::ResidentEligibility.purpose(&arc), other.purpose(&arc));
            assert_ne!(Profile::ResidentEligibility.policies(&arc), other.policies(&arc));
        }
    }

    #[test]
    fn settings_that_would_make_useless_pointers_are_refused() {
        let good = Settings {
            organisation: "汐見市".into(),
            oid_arc: ObjectArc::example(),
            base_url: "http://pki.shiomi.example".into(),
        };
        assert_eq!(good.check(), Ok(()));
        for base_url in [
            "",
            "http://",
            "https://pki.shiomi.example",
            "http://pki.shiomi.example/",
            "http://a b",
        ] {
            assert!(
                Settings {
                    base_url: base_url.into(),
                    ..good.clone()
                }
                .check()
                .is_err(),
                "{base_url}"
            );
        }
        assert!(
            Settings {
                organisation: "".into(),
                ..good.clone()
            }
            .check()
            .is_err()
        );
        assert!(
            Settings {
                organisation: "市".repeat(65),
                ..good
            }
            .check()
            .is_err()
        );
    }
}

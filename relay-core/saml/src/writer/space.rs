//! The namespaces that are written, each with its one prefix.

use super::NotAsWritten;

/// The namespaces spoken here, in the order of their prefixes, which is the order of their declarations.
///
/// A prefix stands for one namespace everywhere, so "declared already" is a matter of the prefix alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Space {
    /// SOAP 1.1 envelope.
    Soap,
    /// ID-WSF 2.0 discovery service.
    Disco,
    Signature,
    /// SAML 2.0 ECP profile.
    Ecp,
    /// Identity provider discovery, in metadata.
    Discovery,
    /// SAML 2.0 metadata.
    Metadata,
    /// Reverse SOAP (Liberty PAOS).
    Paos,
    /// Records about a person, as the services of the house are asked for them (ID-WSF DST 2.1).
    Records,
    /// SAML 2.0 assertions.
    Assertion,
    /// SAML 2.0 protocol.
    Protocol,
    /// ID-WSF 2.0 SOAP binding.
    LibertySoap,
    /// ID-WSF: which framework is spoken.
    LibertyFramework,
    /// ID-WSF 2.0 security mechanisms.
    LibertySecurity,
    /// ID-WSF: status.
    LibertyUtility,
    /// WS-Addressing 1.0.
    Addressing,
    /// WS-Security 1.1.
    Security,
    /// WS-Security's timestamps.
    SecurityUtility,
    Encryption,
    /// XML Encryption 1.1.
    Encryption11,
    /// `xml:` itself, which is never declared.
    Xml,
}

/// Each with its prefix and its name.
pub(super) const SPACES: [(Space, &str, &str); 20] = [
    (Space::Soap, "S", "http://schemas.xmlsoap.org/soap/envelope/"),
    (Space::Disco, "disco", "urn:liberty:disco:2006-08"),
    (Space::Signature, "ds", "http://www.w3.org/2000/09/xmldsig#"),
    (Space::Ecp, "ecp", "urn:oasis:names:tc:SAML:2.0:profiles:SSO:ecp"),
    (
        Space::Discovery,
        "idpdisc",
        "urn:oasis:names:tc:SAML:profiles:SSO:idp-discovery-protocol",
    ),
    (Space::Metadata, "md", "urn:oasis:names:tc:SAML:2.0:metadata"),
    (Space::Paos, "paos", "urn:liberty:paos:2003-08"),
    (Space::Records, "rec", "urn:madoguchi:records:2026-12"),
    (Space::Assertion, "saml", "urn:oasis:names:tc:SAML:2.0:assertion"),
    (Space::Protocol, "samlp", "urn:oasis:names:tc:SAML:2.0:protocol"),
    (Space::LibertySoap, "sb", "urn:liberty:sb:2006-08"),
    (Space::LibertyFramework, "sbf", "urn:liberty:sb"),
    (Space::LibertySecurity, "sec", "urn:liberty:security:2006-08"),
    (Space::LibertyUtility, "util", "urn:liberty:util:2006-08"),
    (Space::Addressing, "wsa", "http://www.w3.org/2005/08/addressing"),
    (
        Space::Security,
        "wsse",
        "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd",
    ),
    (
        Space::SecurityUtility,
        "wsu",
        "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd",
    ),
    (Space::Encryption, "xenc", "http://www.w3.org/2001/04/xmlenc#"),
    (Space::Encryption11, "xenc11", "http://www.w3.org/2009/xmlenc11#"),
    (Space::Xml, "xml", "http://www.w3.org/XML/1998/namespace"),
];

impl Space {
    /// The prefix it is written with.
    pub(super) fn prefix(self) -> &'static str {
        SPACES[self as usize].1
    }

    /// The namespace's name.
    pub(crate) fn uri(self) -> &'static str {
        SPACES[self as usize].2
    }

    /// The namespace of that name, when it is spoken here.
    pub(super) fn named(uri: &str) -> Result<Self, NotAsWritten> {
        let found = SPACES.iter().find(|(_, _, name)| *name == uri);
        found.map(|(space, _, _)| *space).ok_or(NotAsWritten)
    }

    /// Its place in a set of namespaces.
    pub(super) fn bit(self) -> u32 {
        1 << self as u16
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prefixes_stand_in_their_order_and_each_means_one_namespace() {
        assert!(SPACES.is_sorted_by(|one, other| one.1 < other.1));
        for (at, (space, _, uri)) in SPACES.iter().enumerate() {
            assert_eq!(*space as usize, at);
            assert_eq!(SPACES.iter().filter(|(_, _, other)| other == uri).count(), 1);
        }
    }
}

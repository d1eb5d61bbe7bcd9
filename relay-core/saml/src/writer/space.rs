//! The namespaces that are written, each with its one prefix.

use super::NotAsWritten;

/// The namespaces spoken here, in the order of their prefixes, which is the order of their declarations.
///
/// A prefix stands for one namespace everywhere, so "declared already" is a matter of the prefix alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Space {
    /// SOAP 1.1 envelope.
    Soap,
    Signature,
    /// SAML 2.0 ECP profile.
    Ecp,
    /// Identity provider discovery, in metadata.
    Discovery,
    /// SAML 2.0 metadata.
    Metadata,
    /// Reverse SOAP (Liberty PAOS).
    Paos,
    /// SAML 2.0 assertions.
    Assertion,
    /// SAML 2.0 protocol.
    Protocol,
    Encryption,
    /// XML Encryption 1.1.
    Encryption11,
    /// `xml:` itself, which is never declared.
    Xml,
}

/// Each with its prefix and its name.
pub(super) const SPACES: [(Space, &str, &str); 11] = [
    (Space::Soap, "S", "http://schemas.xmlsoap.org/soap/envelope/"),
    (Space::Signature, "ds", "http://www.w3.org/2000/09/xmldsig#"),
    (Space::Ecp, "ecp", "urn:oasis:names:tc:SAML:2.0:profiles:SSO:ecp"),
    (
        Space::Discovery,
        "idpdisc",
        "urn:oasis:names:tc:SAML:profiles:SSO:idp-discovery-protocol",
    ),
    (Space::Metadata, "md", "urn:oasis:names:tc:SAML:2.0:metadata"),
    (Space::Paos, "paos", "urn:liberty:paos:2003-08"),
    (Space::Assertion, "saml", "urn:oasis:names:tc:SAML:2.0:assertion"),
    (Space::Protocol, "samlp", "urn:oasis:names:tc:SAML:2.0:protocol"),
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
    pub(super) fn bit(self) -> u16 {
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

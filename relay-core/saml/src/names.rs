//! The names SAML gives to things: namespaces, bindings, formats, contexts, status codes.
//!
//! Sources: saml-core-2.0-os section 8, saml-bindings-2.0-os, saml-authn-context-2.0-os.

/// XML namespaces.
pub mod ns {
    /// SAML assertions.
    pub const ASSERTION: &str = "urn:oasis:names:tc:SAML:2.0:assertion";
    /// SAML protocol messages.
    pub const PROTOCOL: &str = "urn:oasis:names:tc:SAML:2.0:protocol";
    /// SAML metadata.
    pub const METADATA: &str = "urn:oasis:names:tc:SAML:2.0:metadata";
    /// Identity provider discovery's endpoint in metadata (sstc-saml-idp-discovery).
    pub const DISCOVERY: &str = "urn:oasis:names:tc:SAML:profiles:SSO:idp-discovery-protocol";
    /// What an entity is called on pages (sstc-saml-metadata-ui).
    pub const METADATA_UI: &str = "urn:oasis:names:tc:SAML:metadata:ui";
    /// XML signature.
    pub const SIGNATURE: &str = "http://www.w3.org/2000/09/xmldsig#";
    /// XML encryption.
    pub const ENCRYPTION: &str = "http://www.w3.org/2001/04/xmlenc#";
    /// XML encryption 1.1.
    pub const ENCRYPTION_11: &str = "http://www.w3.org/2009/xmlenc11#";
    /// SOAP 1.1 envelope.
    pub const SOAP: &str = "http://schemas.xmlsoap.org/soap/envelope/";
    /// Liberty's reverse SOAP.
    pub const PAOS: &str = "urn:liberty:paos:2003-08";
    /// The enhanced client's profile.
    pub const ECP: &str = "urn:oasis:names:tc:SAML:2.0:profiles:SSO:ecp";
    /// ID-WSF 2.0 discovery service.
    pub const DISCO: &str = "urn:liberty:disco:2006-08";
    /// Records about a person, as the services of the house are asked for them.
    pub const RECORDS: &str = "urn:madoguchi:records:2026-12";
    /// ID-WSF 2.0 SOAP binding.
    pub const LIBERTY_SOAP: &str = "urn:liberty:sb:2006-08";
    /// ID-WSF: which framework is spoken.
    pub const LIBERTY_FRAMEWORK: &str = "urn:liberty:sb";
    /// ID-WSF 2.0 security mechanisms.
    pub const LIBERTY_SECURITY: &str = "urn:liberty:security:2006-08";
    /// ID-WSF: status.
    pub const LIBERTY_UTILITY: &str = "urn:liberty:util:2006-08";
    /// WS-Addressing 1.0.
    pub const ADDRESSING: &str = "http://www.w3.org/2005/08/addressing";
    /// WS-Security 1.1.
    pub const SECURITY: &str = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd";
    /// WS-Security's timestamps.
    pub const SECURITY_UTILITY: &str =
        "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd";
    /// `xsi:type` and its kin.
    pub const SCHEMA_INSTANCE: &str = "http://www.w3.org/2001/XMLSchema-instance";
}

/// The SOAP actor every ECP header is addressed to (SOAP 1.1 section 4.2.2).
pub const NEXT_ACTOR: &str = "http://schemas.xmlsoap.org/soap/actor/next";
/// `Format` of an Issuer that names an entity; the default where an Issuer carries none.
pub const ENTITY_FORMAT: &str = "urn:oasis:names:tc:SAML:2.0:nameid-format:entity";
/// Subject confirmation by whoever bears the assertion.
pub const BEARER: &str = "urn:oasis:names:tc:SAML:2.0:cm:bearer";
/// Subject confirmation by whoever holds the key named there.
pub const HOLDER_OF_KEY: &str = "urn:oasis:names:tc:SAML:2.0:cm:holder-of-key";
/// An attribute's `NameFormat` when its name is a URI.
pub const ATTRIBUTE_URI: &str = "urn:oasis:names:tc:SAML:2.0:attrname-format:uri";

/// How a message travels (saml-bindings-2.0-os section 3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Binding {
    /// In the query of a URL, deflated, with a detached signature.
    Redirect,
    /// In a form the browser posts.
    Post,
    /// As a reference that the receiver redeems by SOAP.
    Artifact,
    /// From server to server.
    Soap,
    /// SOAP turned round: the service asks in its answer to the client.
    Paos,
}

impl Binding {
    /// Every binding spoken.
    pub const ALL: [Self; 5] = [Self::Redirect, Self::Post, Self::Artifact, Self::Soap, Self::Paos];

    /// As written in metadata and in `ProtocolBinding`.
    pub const fn uri(self) -> &'static str {
        match self {
            Self::Redirect => "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect",
            Self::Post => "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST",
            Self::Artifact => "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Artifact",
            Self::Soap => "urn:oasis:names:tc:SAML:2.0:bindings:SOAP",
            Self::Paos => "urn:oasis:names:tc:SAML:2.0:bindings:PAOS",
        }
    }

    /// The binding of that URI, when it is one that is spoken.
    pub fn parse(uri: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|binding| binding.uri() == uri)
    }
}

/// A set of names with a home in a standard, and room for any other.
macro_rules! named {
    ($(#[$about:meta])* $name:ident { $($(#[$doc:meta])* $variant:ident = $uri:literal,)+ }) => {
        $(#[$about])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash)]
        pub enum $name {
            $($(#[$doc])* $variant,)+
            /// Another, by its URI.
            Other(String),
        }

        impl $name {
            /// As written in messages.
            pub fn uri(&self) -> &str {
                match self {
                    $(Self::$variant => $uri,)+
                    Self::Other(uri) => uri,
                }
            }
        }

        impl From<&str> for $name {
            fn from(uri: &str) -> Self {
                match uri {
                    $($uri => Self::$variant,)+
                    other => Self::Other(other.to_owned()),
                }
            }
        }
    };
}

named! {
    /// What kind of name a NameID is (saml-core section 8.3).
    NameIdFormat {
        /// The same at each visit to one service, another at each service.
        Persistent = "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent",
        /// Another at each visit.
        Transient = "urn:oasis:names:tc:SAML:2.0:nameid-format:transient",
        /// Left to the identity provider.
        Unspecified = "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified",
        /// An entity's own name.
        Entity = "urn:oasis:names:tc:SAML:2.0:nameid-format:entity",
        /// In a NameIDPolicy: any, but encrypted.
        Encrypted = "urn:oasis:names:tc:SAML:2.0:nameid-format:encrypted",
    }
}

named! {
    /// How somebody was authenticated (saml-authn-context-2.0-os section 3.4; the worker's card has no class
    /// of its own in the standard, so it has ours).
    AuthnContext {
        /// The resident's card with its PIN.
        CardPin = "urn:oasis:names:tc:SAML:2.0:ac:classes:SmartcardPKI",
        /// The resident's card held to a reader, no PIN.
        CardNoPin = "urn:oasis:names:tc:SAML:2.0:ac:classes:Smartcard",
        /// A worker's card (clinic, school) with its password.
        WorkerCard = "urn:madoguchi:ac:classes:worker-card",
        /// A telephone, for which the resident's card with its PIN approved at another machine. Weaker than both of the
        /// card's own ways and comparable to neither, so that a service gets it only where it names it.
        Telephone = "urn:madoguchi:ac:classes:telephone-approved-by-card",
    }
}

impl AuthnContext {
    /// How strong it is among its kind: comparable only between a resident's two ways.
    pub fn strength(&self) -> Option<u8> {
        match self {
            Self::CardNoPin => Some(1),
            Self::CardPin => Some(2),
            Self::WorkerCard | Self::Telephone | Self::Other(_) => None,
        }
    }
}

named! {
    /// How a request ended (saml-core section 3.2.2.2).
    StatusCode {
        Success = "urn:oasis:names:tc:SAML:2.0:status:Success",
        Requester = "urn:oasis:names:tc:SAML:2.0:status:Requester",
        Responder = "urn:oasis:names:tc:SAML:2.0:status:Responder",
        /// Not SAML 2.0.
        VersionMismatch = "urn:oasis:names:tc:SAML:2.0:status:VersionMismatch",
        /// The person could not be authenticated.
        AuthnFailed = "urn:oasis:names:tc:SAML:2.0:status:AuthnFailed",
        /// No such kind of name can be given.
        InvalidNameIdPolicy = "urn:oasis:names:tc:SAML:2.0:status:InvalidNameIDPolicy",
        /// The context asked for can't be met.
        NoAuthnContext = "urn:oasis:names:tc:SAML:2.0:status:NoAuthnContext",
        /// None of the identity providers named can be reached.
        NoAvailableIdp = "urn:oasis:names:tc:SAML:2.0:status:NoAvailableIDP",
        /// It can't be done without asking the person.
        NoPassive = "urn:oasis:names:tc:SAML:2.0:status:NoPassive",
        /// None of the identity providers named is supported.
        NoSupportedIdp = "urn:oasis:names:tc:SAML:2.0:status:NoSupportedIDP",
        /// Not everybody was told of the logout.
        PartialLogout = "urn:oasis:names:tc:SAML:2.0:status:PartialLogout",
        /// It may not be handed on once more.
        ProxyCountExceeded = "urn:oasis:names:tc:SAML:2.0:status:ProxyCountExceeded",
        RequestDenied = "urn:oasis:names:tc:SAML:2.0:status:RequestDenied",
        RequestUnsupported = "urn:oasis:names:tc:SAML:2.0:status:RequestUnsupported",
        /// Nobody of that name.
        UnknownPrincipal = "urn:oasis:names:tc:SAML:2.0:status:UnknownPrincipal",
        /// The binding asked for is not spoken.
        UnsupportedBinding = "urn:oasis:names:tc:SAML:2.0:status:UnsupportedBinding",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_read_back_as_itself() {
        for binding in Binding::ALL {
            assert_eq!(Binding::parse(binding.uri()), Some(binding));
        }
        for context in [
            AuthnContext::CardPin,
            AuthnContext::CardNoPin,
            AuthnContext::WorkerCard,
            AuthnContext::Telephone,
        ] {
            assert_eq!(AuthnContext::from(context.uri()), context);
        }
        assert_eq!(
            StatusCode::from("urn:example:own"),
            StatusCode::Other("urn:example:own".into())
        );
    }
}

//! Why a message is not taken: one variant for each hostile or broken case, each with a code that stays the same
//! for logs and for the implementation profile.
//!
//! A refusal says what is wrong, in which part, and what to do; it never quotes what stands in the message, which
//! may be about a person.

use super::wsf::FaultStatus;

/// Why a message is not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    // — the bytes
    /// Larger than is read.
    #[error("the message is larger than {0} bytes; nothing that is spoken here is so large")]
    TooLarge(usize),
    /// Not UTF-8, or declared as something else.
    #[error("the message is not UTF-8; send UTF-8 without another encoding declared")]
    NotUtf8,
    /// A document type declaration (entities, external files).
    #[error("the message has a document type declaration; SAML needs none, leave it out")]
    Doctype,
    #[error("the message has a processing instruction; leave it out")]
    ProcessingInstruction,
    /// A comment: text split by one is read in two ways.
    #[error("the message has a comment; leave it out")]
    Comment,
    /// A CDATA section: the same.
    #[error("the message has a CDATA section; write plain text")]
    CharacterData,
    #[error("the message is not well-formed XML (line {line}, column {column})")]
    NotWellFormed {
        /// From 1.
        line: usize,
        /// From 1.
        column: usize,
    },
    #[error("the message is nested deeper than {0} elements")]
    TooDeep(u32),
    /// Too many attributes, namespaces or elements.
    #[error("the message has more {0} than anything that is spoken here")]
    TooMany(&'static str),
    /// Two elements of one ID.
    #[error("two elements have the same ID: which one was signed can't be told")]
    DuplicateId,
    /// An ID under another name than the one the element's kind has.
    #[error("an element carries an ID under more than one name, or under a foreign one")]
    AmbiguousId,
    /// A namespace that is no absolute URI: canonicalization must fail on it, and some take its failure for nothing.
    #[error("a namespace is not an absolute URI; it can't be canonicalized")]
    RelativeNamespace,

    // — the binding
    /// A parameter is missing, given twice, or does not go with the others.
    #[error("the parameter {0} is missing, given twice, or does not go with the others")]
    Parameter(&'static str),
    /// Not base64 as the binding has it.
    #[error("{0} is not base64 as the binding writes it")]
    Base64(&'static str),
    /// Not a deflate stream.
    #[error("SAMLRequest or SAMLResponse is not one deflate stream")]
    Deflate,
    /// A small stream that becomes very large.
    #[error("the message becomes larger than {0} bytes when inflated; it is not inflated further")]
    DeflateBomb(usize),
    /// RelayState too long or with control characters.
    #[error("RelayState is longer than 2048 bytes or has control characters; keep state at your side")]
    RelayState,
    /// Not a SOAP envelope round one message.
    #[error("the SOAP envelope is not one body with one message")]
    Soap,
    /// A SOAP header that must be understood and isn't.
    #[error("a SOAP header must be understood and is not")]
    SoapHeader,
    /// The message came by another binding than the one it may come by.
    #[error("{0} does not come by this binding")]
    Binding(&'static str),

    // — the signature
    /// No signature where one is needed.
    #[error("{0} is not signed; sign it with the key in your metadata")]
    Unsigned(&'static str),
    /// A signature where none may stand.
    #[error("a signature stands where none may stand: only directly inside the message or the assertion")]
    SignatureMisplaced,
    /// A signature of another shape than SAML's.
    #[error("the signature's {0} is not as SAML has it (saml-core 5.4)")]
    SignatureShape(&'static str),
    /// SHA-1, HMAC, or another algorithm that is not on the list.
    #[error("the {0} algorithm is not taken; use RSA or ECDSA P-256 with SHA-256 and exclusive canonicalization")]
    Algorithm(&'static str),
    /// The signature covers another element, or nothing.
    #[error("the signature does not cover {0}: it must refer to the ID of the element it stands in")]
    NotCovered(&'static str),
    /// It was not made with any of the sender's keys.
    #[error("the signature does not match any key in the sender's metadata, or the message was changed")]
    SignatureInvalid,
    /// The sender has no key to check with.
    #[error("the sender's metadata has no key for signatures that can be used (RSA of 2048 bits or more, P-256)")]
    NoKey,

    // — the message
    /// Another message than the one that is taken here; a name in the wrong namespace.
    #[error("this is not a {0} of SAML 2.0")]
    WrongMessage(&'static str),
    /// A part that must be there isn't.
    #[error("{0} is missing")]
    Missing(&'static str),
    /// A part stands twice where it may stand once.
    #[error("{0} stands more than once")]
    Repeated(&'static str),
    /// A part whose content can't be read.
    #[error("{0} is not written as the standard has it")]
    Malformed(&'static str),
    /// Not version 2.0.
    #[error("the message is not of version 2.0")]
    Version,
    /// From somebody else than the one whose keys checked it.
    #[error("the issuer named in {0} is not the sender")]
    Issuer(&'static str),
    #[error("Destination is missing or not this address; sign the address you send to")]
    Destination,
    /// Made too long ago.
    #[error("{0} was made too long ago; the clocks may be apart")]
    Stale(&'static str),
    /// Made in the future.
    #[error("{0} was made in the future; the clocks may be apart")]
    FromTheFuture(&'static str),
    /// It answers another request, or one nobody made.
    #[error("InResponseTo in {0} is not the request this answers")]
    InResponseTo(&'static str),
    /// It was taken before.
    #[error("this message was taken before")]
    Replayed,
    /// The answer is asked to an address the metadata doesn't have (an open redirect).
    #[error("the address for the answer is not in the service's metadata")]
    AnswerAddress,

    // — the assertion
    /// None, several, or one in the wrong place.
    #[error("there must be one assertion, directly in the response")]
    AssertionCount,
    /// Assertion from the wrong hour: too early.
    #[error("{0} is not valid yet; the clocks may be apart")]
    NotYetValid(&'static str),
    /// Assertion from the wrong hour: too late.
    #[error("{0} is no longer valid; the clocks may be apart")]
    Expired(&'static str),
    /// No end of validity.
    #[error("{0} has no NotOnOrAfter; nothing holds for ever")]
    NoExpiry(&'static str),
    #[error("the assertion is not for this audience")]
    Audience,
    /// To be delivered elsewhere.
    #[error("the assertion is to be delivered at another address")]
    Recipient,
    #[error("the assertion has no one bearer confirmation that can be checked")]
    Confirmation,
    /// A condition that is not understood makes the assertion invalid (saml-core 2.5.1).
    #[error("the assertion has a condition that is not understood")]
    Condition,

    // — ID-WSF
    /// sb:Sender is missing, or not whom the token was made for.
    #[error("the sender is not the one that the token was made for")]
    Sender,
    /// The token was made for the holder of another key.
    #[error("the connection does not show the key that the token was made for")]
    HolderOfKey,
    /// wsa:Action is another.
    #[error("wsa:Action is not what is asked for here")]
    Action,
    /// sbf:Framework is another.
    #[error("another framework than ID-WSF 2.0")]
    Framework,
    /// A fault or a status came instead of an answer.
    #[error("answered with {0}")]
    Fault(FaultStatus),

    // — what is encrypted
    /// It does not decrypt. One refusal for every reason, so that nobody learns from it.
    #[error("what is encrypted can't be read with this side's key")]
    NotDecrypted,
    /// A name in clear where it must be encrypted.
    #[error("the name is in clear; encrypt it to the key in this side's metadata")]
    NameInClear,

    // — metadata
    /// No such entity, or not in the role asked for.
    #[error("the metadata has no {0}")]
    NoRole(&'static str),
    /// Expired, or without an end.
    #[error("the metadata is no longer valid or does not say until when it is")]
    MetadataExpired,
    /// The file is not the one that was approved.
    #[error("the metadata's fingerprint is not the one that was approved")]
    Fingerprint,
    /// An address without TLS.
    #[error("an address in the metadata is not https")]
    NotHttps,
}

impl Refusal {
    /// The refusal's code: stable, for logs and the implementation profile.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::TooLarge(_) => "too_large",
            Self::NotUtf8 => "not_utf8",
            Self::Doctype => "doctype",
            Self::ProcessingInstruction => "processing_instruction",
            Self::Comment => "comment",
            Self::CharacterData => "cdata",
            Self::NotWellFormed { .. } => "not_well_formed",
            Self::TooDeep(_) => "too_deep",
            Self::TooMany(_) => "too_many",
            Self::DuplicateId => "duplicate_id",
            Self::AmbiguousId => "ambiguous_id",
            Self::RelativeNamespace => "relative_namespace",
            Self::Parameter(_) => "parameter",
            Self::Base64(_) => "base64",
            Self::Deflate => "deflate",
            Self::DeflateBomb(_) => "deflate_bomb",
            Self::RelayState => "relay_state",
            Self::Soap => "soap",
            Self::SoapHeader => "soap_header",
            Self::Binding(_) => "binding",
            Self::Unsigned(_) => "unsigned",
            Self::SignatureMisplaced => "signature_misplaced",
            Self::SignatureShape(_) => "signature_shape",
            Self::Algorithm(_) => "algorithm",
            Self::NotCovered(_) => "not_covered",
            Self::SignatureInvalid => "signature_invalid",
            Self::NoKey => "no_key",
            Self::WrongMessage(_) => "wrong_message",
            Self::Missing(_) => "missing",
            Self::Repeated(_) => "repeated",
            Self::Malformed(_) => "malformed",
            Self::Version => "version",
            Self::Issuer(_) => "issuer",
            Self::Destination => "destination",
            Self::Stale(_) => "stale",
            Self::FromTheFuture(_) => "from_the_future",
            Self::InResponseTo(_) => "in_response_to",
            Self::Replayed => "replayed",
            Self::AnswerAddress => "answer_address",
            Self::AssertionCount => "assertion_count",
            Self::NotYetValid(_) => "not_yet_valid",
            Self::Expired(_) => "expired",
            Self::NoExpiry(_) => "no_expiry",
            Self::Audience => "audience",
            Self::Recipient => "recipient",
            Self::Confirmation => "confirmation",
            Self::Condition => "condition",
            Self::Sender => "sender",
            Self::HolderOfKey => "holder_of_key",
            Self::Action => "action",
            Self::Framework => "framework",
            Self::Fault(_) => "fault",
            Self::NotDecrypted => "not_decrypted",
            Self::NameInClear => "name_in_clear",
            Self::NoRole(_) => "no_role",
            Self::MetadataExpired => "metadata_expired",
            Self::Fingerprint => "fingerprint",
            Self::NotHttps => "not_https",
        }
    }
}

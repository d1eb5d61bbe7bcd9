//! What things are encrypted with, and what of it is chosen for one reader.

use aws_lc_rs::rsa::{OAEP_SHA1_MGF1SHA1, OAEP_SHA256_MGF1SHA256, OaepAlgorithm};

use crate::message::{EncryptionMethod, KeyDescriptor, KeyUse};

const SHA1: &str = "http://www.w3.org/2000/09/xmldsig#sha1";
const SHA256: &str = "http://www.w3.org/2001/04/xmlenc#sha256";

/// What the content is encrypted with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum ContentCipher {
    /// The default: a changed bit is noticed.
    #[default]
    Aes128Gcm,
    /// The same with a longer key.
    Aes256Gcm,
    /// Only for a service that names nothing better: it decrypts after bits were flipped. The assertion's signature
    /// round it is what protects the content.
    Aes128Cbc,
    /// The same with a longer key.
    Aes256Cbc,
}

impl ContentCipher {
    const ALL: [Self; 4] = [Self::Aes128Gcm, Self::Aes256Gcm, Self::Aes128Cbc, Self::Aes256Cbc];

    /// The algorithm's URI, as in `xenc:EncryptionMethod`.
    pub const fn uri(self) -> &'static str {
        match self {
            Self::Aes128Gcm => "http://www.w3.org/2009/xmlenc11#aes128-gcm",
            Self::Aes256Gcm => "http://www.w3.org/2009/xmlenc11#aes256-gcm",
            Self::Aes128Cbc => "http://www.w3.org/2001/04/xmlenc#aes128-cbc",
            Self::Aes256Cbc => "http://www.w3.org/2001/04/xmlenc#aes256-cbc",
        }
    }

    /// Whether a changed bit is noticed at decryption.
    pub const fn authenticates(self) -> bool {
        matches!(self, Self::Aes128Gcm | Self::Aes256Gcm)
    }

    /// Its key's length in bytes.
    pub(super) const fn key_length(self) -> usize {
        match self {
            Self::Aes128Gcm | Self::Aes128Cbc => 16,
            Self::Aes256Gcm | Self::Aes256Cbc => 32,
        }
    }
}

/// How the content's key is encrypted to the reader's RSA key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum KeyTransport {
    /// The default, which every peer reads: RSA-OAEP with MGF1, both with SHA-1. OAEP does not rest on SHA-1's
    /// resistance to collisions.
    #[default]
    OaepSha1,
    /// XML Encryption 1.1's RSA-OAEP, digest and MGF1 with SHA-256.
    OaepSha256,
}

impl KeyTransport {
    const ALL: [Self; 2] = [Self::OaepSha1, Self::OaepSha256];

    /// The algorithm's URI, as in `xenc:EncryptionMethod`.
    pub const fn uri(self) -> &'static str {
        match self {
            Self::OaepSha1 => "http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p",
            Self::OaepSha256 => "http://www.w3.org/2009/xmlenc11#rsa-oaep",
        }
    }

    /// The digest's URI.
    pub(super) const fn digest(self) -> &'static str {
        match self {
            Self::OaepSha1 => SHA1,
            Self::OaepSha256 => SHA256,
        }
    }

    /// The same to the library.
    pub(super) const fn algorithm(self) -> &'static OaepAlgorithm {
        match self {
            Self::OaepSha1 => &OAEP_SHA1_MGF1SHA1,
            Self::OaepSha256 => &OAEP_SHA256_MGF1SHA256,
        }
    }

    /// Whether metadata that names `method` names this.
    fn is(self, method: &EncryptionMethod) -> bool {
        method.algorithm == self.uri() && method.digest.as_deref().is_none_or(|digest| digest == self.digest())
    }
}

/// `certificate` (DER) as the key of this side's metadata that others encrypt to, naming what is read here, the most
/// wanted first. At the relay it is the blind half's: the front can't read what is sealed to it.
pub fn encryption_descriptor(certificate: &[u8]) -> KeyDescriptor {
    let read = |algorithm: &str, digest: Option<&str>| EncryptionMethod {
        algorithm: algorithm.to_owned(),
        digest: digest.map(str::to_owned),
    };
    let ciphers = ContentCipher::ALL.into_iter().filter(|cipher| cipher.authenticates());
    let transports = KeyTransport::ALL.into_iter();
    KeyDescriptor {
        usage: KeyUse::Encryption,
        certificate: certificate.to_vec(),
        methods: ciphers
            .map(|cipher| read(cipher.uri(), None))
            .chain(transports.map(|transport| read(transport.uri(), Some(transport.digest()))))
            .collect(),
    }
}

/// The best of what metadata names: among content ciphers those that notice a change first, then in the reader's order.
/// Where it names none of one kind, that kind's default.
pub(super) fn chosen(methods: &[EncryptionMethod]) -> Option<(ContentCipher, KeyTransport)> {
    let (transports, ciphers): (Vec<_>, Vec<_>) = methods.iter().partition(|method| method.algorithm.contains("#rsa-"));
    let known: Vec<_> = ciphers
        .iter()
        .filter_map(|method| {
            ContentCipher::ALL
                .into_iter()
                .find(|cipher| cipher.uri() == method.algorithm)
        })
        .collect();
    let best = known.iter().find(|cipher| cipher.authenticates()).or(known.first());
    let cipher = match best {
        Some(cipher) => *cipher,
        None if ciphers.is_empty() => ContentCipher::default(),
        None => return None,
    };
    let first = transports
        .iter()
        .find_map(|method| KeyTransport::ALL.into_iter().find(|transport| transport.is(method)));
    let transport = match first {
        Some(transport) => transport,
        None if transports.is_empty() => KeyTransport::default(),
        None => return None,
    };
    Some((cipher, transport))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn method(algorithm: &str, digest: Option<&str>) -> EncryptionMethod {
        EncryptionMethod {
            algorithm: algorithm.into(),
            digest: digest.map(str::to_owned),
        }
    }

    const GCM: &str = "http://www.w3.org/2009/xmlenc11#aes256-gcm";
    const CBC: &str = "http://www.w3.org/2001/04/xmlenc#aes128-cbc";
    const OAEP: &str = "http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p";
    const OAEP_11: &str = "http://www.w3.org/2009/xmlenc11#rsa-oaep";
    const RSA_1_5: &str = "http://www.w3.org/2001/04/xmlenc#rsa-1_5";
    const TRIPLE_DES: &str = "http://www.w3.org/2001/04/xmlenc#tripledes-cbc";

    #[test]
    fn a_service_gets_the_best_it_names_and_the_defaults_where_it_names_nothing() {
        let default = (ContentCipher::Aes128Gcm, KeyTransport::OaepSha1);
        for (named, expected) in [
            (vec![], default),
            (vec![method(OAEP, None)], default),
            (vec![method(OAEP, Some(SHA1))], default),
            (
                vec![method(GCM, None)],
                (ContentCipher::Aes256Gcm, KeyTransport::OaepSha1),
            ),
            // One that notices a changed bit before one that doesn't, whatever the order.
            (
                vec![
                    method(CBC, None),
                    method(GCM, None),
                    method(RSA_1_5, None),
                    method(OAEP_11, Some(SHA256)),
                ],
                (ContentCipher::Aes256Gcm, KeyTransport::OaepSha256),
            ),
            (
                vec![method(TRIPLE_DES, None), method(CBC, None), method(OAEP, None)],
                (ContentCipher::Aes128Cbc, KeyTransport::OaepSha1),
            ),
        ] {
            assert_eq!(chosen(&named), Some(expected), "{named:?}");
        }
    }

    #[test]
    fn a_service_that_names_only_what_is_not_spoken_gets_nothing() {
        for named in [
            vec![method(TRIPLE_DES, None)],
            vec![method(GCM, None), method(RSA_1_5, None)],
            // Peers read MGF1P with SHA-256 in different ways; it is not sent.
            vec![method(GCM, None), method(OAEP, Some(SHA256))],
        ] {
            assert_eq!(chosen(&named), None, "{named:?}");
        }
    }

    #[test]
    fn what_this_side_names_in_its_metadata_is_what_others_then_choose() {
        let methods = encryption_descriptor(b"certificate").methods;
        assert_eq!(
            chosen(&methods),
            Some((ContentCipher::Aes128Gcm, KeyTransport::OaepSha1))
        );
        assert!(!methods.iter().any(|method| method.algorithm.contains("cbc")));
    }
}

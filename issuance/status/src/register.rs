//! The register: which serials an authority issued, signed by it. A revocation list says who is out; only the register
//! can say that a serial was ever in, and a responder that has none could but call a stranger's serial good.
//!
//! ```text
//! madoguchi register 1 <authority> <unix seconds> <count>\n   as of when, how many
//! 16 bytes each, ascending
//! the authority's signature (RSASSA-PKCS1-v1_5, SHA-256) of all of the above
//! ```
//!
//! The first bytes are no DER: what is signed here can never be taken for a certificate or a list.

use aws_lc_rs::signature::{RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};
use time::OffsetDateTime;
use x509_parser::prelude::{FromDer as _, X509Certificate};

use crate::Serial;

const FORMAT: &str = "madoguchi register 1";
/// Far longer than any of ours.
const LONGEST_HEAD: usize = 128;

/// A register that its authority signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Register {
    /// When the records were read for it: what it does not name was not issued then, what its list does not name was not
    /// revoked then.
    pub as_of: OffsetDateTime,
    /// Ascending.
    serials: Vec<Serial>,
}

impl Register {
    /// What the authority called `name` signs and appends its signature to.
    pub fn unsigned(name: &str, as_of: OffsetDateTime, mut serials: Vec<Serial>) -> Vec<u8> {
        serials.sort_unstable();
        serials.dedup();
        let mut text = format!("{FORMAT} {name} {} {}\n", as_of.unix_timestamp(), serials.len()).into_bytes();
        text.reserve_exact(serials.len() * 16 + 512);
        text.extend(serials.as_flattened());
        text
    }

    /// Reads a register of the authority called `name`, signed by the holder of `issuer` (DER).
    ///
    /// # Errors
    /// A sentence: it is no register, or not that authority's.
    pub fn read(bytes: &[u8], name: &str, issuer: &[u8]) -> Result<Self, String> {
        let no_register = || "it does not read as a register of serials".to_owned();
        let end = bytes.iter().take(LONGEST_HEAD).position(|byte| *byte == b'\n');
        let end = end.ok_or_else(no_register)?;
        let head = std::str::from_utf8(&bytes[..end]).map_err(|_| no_register())?;
        let (as_of, count) = head
            .strip_prefix(FORMAT)
            .and_then(|rest| rest.strip_prefix(' ')?.strip_prefix(name)?.strip_prefix(' '))
            .and_then(|rest| rest.split_once(' '))
            .and_then(|(as_of, count)| Some((as_of.parse::<i64>().ok()?, count.parse::<usize>().ok()?)))
            .ok_or_else(no_register)?;
        let signed = count
            .checked_mul(16)
            .and_then(|length| length.checked_add(end + 1))
            .filter(|signed| *signed < bytes.len())
            .ok_or_else(no_register)?;
        let (body, signature) = bytes.split_at(signed);
        let (_, issuer) = X509Certificate::from_der(issuer).map_err(|why| why.to_string())?;
        UnparsedPublicKey::new(
            &RSA_PKCS1_2048_8192_SHA256,
            &issuer.public_key().subject_public_key.data,
        )
        .verify(body, signature)
        .map_err(|_| "it is not signed by the authority it is of".to_owned())?;
        let (serials, _) = body[end + 1..].as_chunks::<16>();
        if !serials.is_sorted() {
            return Err(no_register());
        }
        Ok(Self {
            as_of: OffsetDateTime::from_unix_timestamp(as_of).map_err(|_| no_register())?,
            serials: serials.to_vec(),
        })
    }

    /// Whether `serial` was issued.
    pub fn has(&self, serial: &Serial) -> bool {
        self.serials.binary_search(serial).is_ok()
    }

    /// The serials, ascending.
    pub fn serials(&self) -> &[Serial] {
        &self.serials
    }
}

//! Keys as one line of text: what it is, its bytes, and a check that a copy by hand or a cut file does not pass.

use aws_lc_rs::digest::{SHA256, digest};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use zeroize::Zeroizing;

/// Why a line is not the key asked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FileError {
    /// It says it is something else, or says nothing.
    #[error("this is no `{0}`")]
    OtherKind(&'static str),
    /// It was changed or cut off.
    #[error("a `{0}` that was changed or cut off: its check does not agree")]
    Changed(&'static str),
    /// Whole, but no key.
    #[error("the bytes are no key")]
    NotAKey,
}

/// `parts` as a line of `kind`.
pub(super) fn write(kind: &'static str, parts: &[&[u8]]) -> Zeroizing<String> {
    let mut bytes = Zeroizing::new(parts.concat());
    let check = check(kind, &bytes);
    bytes.extend(check);
    let body = Zeroizing::new(URL_SAFE_NO_PAD.encode(&*bytes));
    Zeroizing::new(format!("{kind}:{}", *body))
}

/// The `length` bytes of a line of `kind`.
pub(super) fn read(kind: &'static str, length: usize, text: &str) -> Result<Zeroizing<Vec<u8>>, FileError> {
    let body = text
        .trim()
        .strip_prefix(kind)
        .and_then(|rest| rest.strip_prefix(':'))
        .ok_or(FileError::OtherKind(kind))?;
    let mut bytes = Zeroizing::new(URL_SAFE_NO_PAD.decode(body).map_err(|_| FileError::Changed(kind))?);
    if bytes.len() != length + 4 {
        return Err(FileError::Changed(kind));
    }
    let told: [u8; 4] = bytes[length..].try_into().expect("four bytes are left");
    bytes.truncate(length);
    if told != check(kind, &bytes) {
        return Err(FileError::Changed(kind));
    }
    Ok(bytes)
}

fn check(kind: &str, bytes: &[u8]) -> [u8; 4] {
    let whole = Zeroizing::new([kind.as_bytes(), bytes].concat());
    digest(&SHA256, &whole).as_ref()[..4]
        .try_into()
        .expect("a digest has more than 4 bytes")
}

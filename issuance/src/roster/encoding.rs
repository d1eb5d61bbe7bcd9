//! UTF-8 or CP932: told by which of the two reads the header, and where both do, by the whole file.

use std::cmp::Ordering;

use encoding_rs::SHIFT_JIS;

use super::{HeaderMap, Unreadable};

/// How a roster is encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Encoding {
    /// UTF-8, with or without BOM.
    Utf8,
    /// CP932: Shift_JIS as Windows writes it.
    Cp932,
}

/// Decodes the file. Bytes that are no character become U+FFFD and are rejected row by row: one bad name must not keep
/// 90,000 others out. Both encodings leave the bytes of line ends, commas and quotes alone, so lines stay lines.
pub(super) fn decode(bytes: &[u8], headers: &HeaderMap) -> Result<(String, Encoding), Unreadable> {
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return Err(Unreadable::Empty);
    }
    // UTF-16 and every spreadsheet or archive hold zero bytes; a CSV never does so early.
    if bytes[..bytes.len().min(4096)].contains(&0) {
        return Err(Unreadable::NotText);
    }
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let first_line = bytes
        .split(|byte| *byte == b'\n')
        .find(|line| !line.trim_ascii().is_empty())
        .unwrap_or_default();
    let utf8 = headers.known_in(&String::from_utf8_lossy(first_line));
    let cp932 = headers.known_in(&SHIFT_JIS.decode_without_bom_handling(first_line).0);
    let as_cp932 = || SHIFT_JIS.decode_without_bom_handling(bytes).0.into_owned();
    let (text, encoding) = match (std::str::from_utf8(bytes), cp932.cmp(&utf8)) {
        (_, Ordering::Greater) => (as_cp932(), Encoding::Cp932),
        (Ok(text), _) => (text.to_owned(), Encoding::Utf8),
        (Err(_), Ordering::Less) => (String::from_utf8_lossy(bytes).into_owned(), Encoding::Utf8),
        // A header in ASCII says nothing: the encoding in which fewer places are no character is the file's.
        (Err(_), Ordering::Equal) => {
            let (utf8, cp932) = (String::from_utf8_lossy(bytes).into_owned(), as_cp932());
            match broken(&cp932) < broken(&utf8) {
                true => (cp932, Encoding::Cp932),
                false => (utf8, Encoding::Utf8),
            }
        }
    };
    // With no header known in either, the reader of the message is helped more by the right cause.
    if utf8 == 0 && cp932 == 0 && text.contains('\u{fffd}') {
        return Err(Unreadable::NotText);
    }
    Ok((text, encoding))
}

fn broken(text: &str) -> usize {
    text.matches('\u{fffd}').count()
}

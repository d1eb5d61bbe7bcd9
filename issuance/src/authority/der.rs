//! The few DER encodings (ITU-T X.690) that certificates need beyond what the certificate builder writes.

/// One value: tag, length, content.
pub(super) fn value(tag: u8, content: &[u8]) -> Vec<u8> {
    let mut out = vec![tag];
    match content.len() {
        short @ 0..=0x7f => out.push(short as u8),
        long => {
            let bytes = long.to_be_bytes();
            let used = &bytes[bytes.iter().take_while(|byte| **byte == 0).count()..];
            out.push(0x80 | used.len() as u8);
            out.extend(used);
        }
    }
    out.extend(content);
    out
}

/// INTEGER from an unsigned number, big endian.
pub(super) fn unsigned(number: &[u8]) -> Vec<u8> {
    let zeros = number.iter().take_while(|byte| **byte == 0).count();
    let digits = &number[zeros.min(number.len().saturating_sub(1))..];
    // A first bit that is set would make it negative.
    match digits.first() {
        Some(0x80..) => value(0x02, &[&[0], digits].concat()),
        Some(_) => value(0x02, digits),
        None => value(0x02, &[0]),
    }
}

/// NULL.
pub(super) const NULL: [u8; 2] = [0x05, 0x00];

/// SEQUENCE of encoded values.
pub(super) fn sequence(items: &[Vec<u8>]) -> Vec<u8> {
    value(0x30, &items.concat())
}

/// OBJECT IDENTIFIER. The first arc is 0, 1 or 2 and the second fits beside it, as [`super::ObjectArc`] checks.
pub(super) fn object_identifier(arcs: &[u64]) -> Vec<u8> {
    value(0x06, &object_identifier_content(arcs))
}

/// An OBJECT IDENTIFIER's content octets (X.690 §8.19).
pub(super) fn object_identifier_content(arcs: &[u64]) -> Vec<u8> {
    let (first, second) = (arcs.first().copied().unwrap_or(0), arcs.get(1).copied().unwrap_or(0));
    let mut content = base_128(first * 40 + second);
    content.extend(arcs.iter().skip(2).flat_map(|arc| base_128(*arc)));
    content
}

/// GeneralName as uniformResourceIdentifier `[6]` (RFC 5280 §4.2.1.6).
pub(super) fn uri(text: &str) -> Vec<u8> {
    value(0x86, text.as_bytes())
}

fn base_128(mut number: u64) -> Vec<u8> {
    let mut digits = vec![(number & 0x7f) as u8];
    while number > 0x7f {
        number >>= 7;
        digits.push(0x80 | (number & 0x7f) as u8);
    }
    digits.reverse();
    digits
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn object_identifiers_are_encoded_as_the_standard_does() {
        // X.690 §8.19.5, example: {2 999 3}
        assert_eq!(object_identifier(&[2, 999, 3]), [0x06, 0x03, 0x88, 0x37, 0x03]);
        // id-ad-ocsp, RFC 5280 §4.2.2.1
        let ocsp = [0x06, 0x08, 0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x30, 0x01];
        assert_eq!(object_identifier(&[1, 3, 6, 1, 5, 5, 7, 48, 1]), ocsp);
    }

    #[test]
    fn unsigned_numbers_are_the_shortest_and_never_negative() {
        assert_eq!(unsigned(&[1, 0, 1]), [0x02, 3, 1, 0, 1]);
        assert_eq!(unsigned(&[0, 0, 0x80]), [0x02, 2, 0, 0x80]);
        assert_eq!(unsigned(&[0]), [0x02, 1, 0]);
        assert_eq!(unsigned(&[]), [0x02, 1, 0]);
    }

    #[test]
    fn lengths_grow_past_one_byte() {
        assert_eq!(value(0x04, &[0; 0x7f])[..2], [0x04, 0x7f]);
        assert_eq!(value(0x04, &[0; 0x80])[..3], [0x04, 0x81, 0x80]);
        assert_eq!(value(0x04, &[0; 0x100])[..4], [0x04, 0x82, 0x01, 0x00]);
    }
}

//! BER-TLV (ISO/IEC 7816-4 §6.3; the DER of ISO 7816-15 files is a subset): writing and careful reading.

/// One data object: `tag` as its bytes read (`0x7f49` has two), `value` with a definite length before it.
pub fn write(tag: u32, value: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(value.len() + 6);
    let bytes = tag.to_be_bytes();
    let first = bytes.iter().position(|byte| *byte != 0).unwrap_or(3);
    out.extend(&bytes[first..]);
    let length = value.len().to_be_bytes();
    match value.len() {
        0..=0x7f => {}
        0x80..=0xff => out.push(0x81),
        0x100..=0xffff => out.push(0x82),
        _ => out.push(0x83),
    }
    let kept = match value.len() {
        0..=0xff => 1,
        0x100..=0xffff => 2,
        _ => 3,
    };
    out.extend(&length[length.len() - kept..]);
    out.extend(value);
    out
}

/// The first data object in `bytes` and what follows it; `None` when `bytes` does not begin with a whole one.
pub fn read(bytes: &[u8]) -> Option<(u32, &[u8], &[u8])> {
    let (&first, mut rest) = bytes.split_first()?;
    let mut tag = u32::from(first);
    if first & 0x1f == 0x1f {
        // Further tag bytes follow while bit 8 is set; nothing on a card has more than three.
        loop {
            let (&next, after) = rest.split_first()?;
            rest = after;
            tag = tag.checked_mul(0x100)? | u32::from(next);
            if next & 0x80 == 0 {
                break;
            }
        }
    }
    let (&first, mut rest) = rest.split_first()?;
    let mut length = usize::from(first);
    if first & 0x80 != 0 {
        let count = usize::from(first & 0x7f);
        if !(1..=3).contains(&count) || rest.len() < count {
            return None;
        }
        let (digits, after) = rest.split_at(count);
        length = digits.iter().fold(0, |sum, digit| sum << 8 | usize::from(*digit));
        rest = after;
    }
    (rest.len() >= length).then(|| (tag, &rest[..length], &rest[length..]))
}

/// The value of the first object of that tag, at this level only.
pub fn find(mut bytes: &[u8], wanted: u32) -> Option<&[u8]> {
    while let Some((tag, value, rest)) = read(bytes) {
        if tag == wanted {
            return Some(value);
        }
        bytes = rest;
    }
    None
}

/// Every object at this level; stops at the first that is not whole.
pub fn each(mut bytes: &[u8]) -> impl Iterator<Item = (u32, &[u8])> {
    std::iter::from_fn(move || {
        let (tag, value, rest) = read(bytes)?;
        bytes = rest;
        Some((tag, value))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_reads_back_at_every_length_form() {
        for length in [0, 1, 0x7f, 0x80, 0xff, 0x100, 0xffff, 0x1_0000] {
            for tag in [0x30, 0x7f49, 0x5f_2d] {
                let value = vec![0xa5; length];
                let mut bytes = write(tag, &value);
                bytes.push(0x99);
                assert_eq!(read(&bytes), Some((tag, &value[..], &[0x99][..])), "{tag:x} {length}");
            }
        }
    }

    #[test]
    fn an_object_cut_short_is_none() {
        let whole = write(0x7f49, &write(0x81, &[7; 200]));
        for end in 0..whole.len() {
            assert_eq!(read(&whole[..end]), None, "{end}");
        }
        // Indefinite and absurd lengths.
        assert_eq!(read(&[0x30, 0x80, 0, 0]), None);
        assert_eq!(read(&[0x30, 0x84, 0, 0, 0, 1, 9]), None);
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_make_the_reader_panic(bytes: Vec<u8>) {
            let _ = each(&bytes).count();
            let _ = find(&bytes, 0x81);
        }
    }
}

//! The chip's serial: what a blank is known by before it is anybody's card.

use std::fmt;

/// The serial a chip was made with; the same for its whole life. 10 bytes on our cards (the key diversification
/// data of GlobalPlatform SCP03, Amendment D §7.1.1.6).
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ChipSerial(Vec<u8>);

impl ChipSerial {
    /// The serial of these bytes.
    pub fn new(bytes: impl Into<Vec<u8>>) -> Self {
        Self(bytes.into())
    }

    /// As the chip gives it.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Lower-case hex without spaces, as a database or an URI takes it.
    pub fn hex(&self) -> String {
        hex::encode(&self.0)
    }
}

impl fmt::Display for ChipSerial {
    /// For eyes: upper-case hex in groups of four, `8B42 19F0 0C77 A1D3 5E60`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, pair) in self.0.chunks(2).enumerate() {
            if at > 0 {
                f.write_str(" ")?;
            }
            f.write_str(&hex::encode_upper(pair))?;
        }
        Ok(())
    }
}

impl fmt::Debug for ChipSerial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ChipSerial({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_serial_is_read_aloud_in_groups_of_four() {
        let serial = ChipSerial::new([0x8b, 0x42, 0x19, 0xf0, 0x0c]);
        assert_eq!(serial.to_string(), "8B42 19F0 0C");
        assert_eq!(serial.hex(), "8b4219f00c");
    }
}

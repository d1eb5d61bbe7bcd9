//! An RSA public key as the card gives it.

use crate::tlv;

/// An RSA public key, big-endian without leading zeros.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RsaPublicKey {
    pub modulus: Vec<u8>,
    pub exponent: Vec<u8>,
}

impl RsaPublicKey {
    /// The key in the card's answer to GENERATE ASYMMETRIC KEY PAIR: template 7F49 with 81 modulus and 82
    /// exponent (ISO/IEC 7816-8 §5.1, Table 5).
    pub fn from_template(answer: &[u8]) -> Option<Self> {
        let template = tlv::find(answer, 0x7f49)?;
        let number = |tag| {
            let value = tlv::find(template, tag)?;
            let first = value.iter().position(|byte| *byte != 0)?;
            Some(value[first..].to_vec())
        };
        Some(Self {
            modulus: number(0x81)?,
            exponent: number(0x82)?,
        })
    }

    /// `RSAPublicKey` in DER (RFC 8017 §A.1.1).
    pub fn pkcs1_der(&self) -> Vec<u8> {
        tlv::write(0x30, &[integer(&self.modulus), integer(&self.exponent)].concat())
    }

    /// `SubjectPublicKeyInfo` in DER (RFC 5280 §4.1, algorithm identifier of RFC 3279 §2.3.1).
    pub fn spki_der(&self) -> Vec<u8> {
        // rsaEncryption, 1.2.840.113549.1.1.1, with NULL parameters.
        const RSA_ENCRYPTION: [u8; 15] = [
            0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00,
        ];
        let mut bits = vec![0];
        bits.extend(self.pkcs1_der());
        tlv::write(0x30, &[RSA_ENCRYPTION.to_vec(), tlv::write(0x03, &bits)].concat())
    }
}

/// A positive DER INTEGER: a zero before a first byte that would read as a sign.
fn integer(magnitude: &[u8]) -> Vec<u8> {
    let mut value = Vec::with_capacity(magnitude.len() + 1);
    if magnitude.first().is_none_or(|first| first & 0x80 != 0) {
        value.push(0);
    }
    value.extend(magnitude);
    tlv::write(0x02, &value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cards_answer_becomes_a_key_and_nonsense_does_not() {
        let inner = [tlv::write(0x81, &[0, 0xc1, 2, 3]), tlv::write(0x82, &[1, 0, 1])].concat();
        let key = RsaPublicKey::from_template(&tlv::write(0x7f49, &inner)).unwrap();
        assert_eq!(key.modulus, [0xc1, 2, 3]);
        assert_eq!(hex::encode(key.pkcs1_der()), "300b020400c102030203010001");
        assert_eq!(RsaPublicKey::from_template(&inner), None);
        assert_eq!(
            RsaPublicKey::from_template(&tlv::write(0x7f49, &tlv::write(0x81, &[0, 0]))),
            None
        );
    }
}

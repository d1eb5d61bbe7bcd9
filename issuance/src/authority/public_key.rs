//! What a card's public key must be before the authority signs anything about it.

use std::sync::LazyLock;

use aws_lc_rs::signature::{RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};
use x509_parser::{num_bigint::BigUint, prelude::FromDer, public_key::PublicKey, x509::SubjectPublicKeyInfo};

/// Why a public key is not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// It is no SubjectPublicKeyInfo with an RSA key.
    #[error("not an RSA public key: {0}")]
    Unreadable(String),
    /// Not 2048 bits.
    #[error("an RSA key of {0} bits; 2048 are asked for")]
    WrongSize(u64),
    /// Not 65537.
    #[error("the public exponent is not 65537")]
    WrongExponent,
    /// The modulus can be taken apart.
    #[error("a weak key: {0}")]
    Weak(&'static str),
}

/// An RSA-2048 public key with exponent 65537 that shows none of the weaknesses known from real cards.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckedKey {
    spki: Vec<u8>,
    rsa: Vec<u8>,
}

impl CheckedKey {
    /// Checks the SubjectPublicKeyInfo `spki` (DER).
    ///
    /// # Errors
    /// [`KeyError`] with the first rule it breaks.
    pub fn parse(spki: &[u8]) -> Result<Self, KeyError> {
        let unreadable = |why: &str| KeyError::Unreadable(why.to_owned());
        let (rest, info) = SubjectPublicKeyInfo::from_der(spki).map_err(|why| unreadable(&why.to_string()))?;
        if !rest.is_empty() {
            return Err(unreadable("bytes follow the key"));
        }
        let Ok(PublicKey::RSA(key)) = info.parsed() else {
            return Err(unreadable("another algorithm"));
        };
        let modulus = BigUint::from_bytes_be(key.modulus);
        if modulus.bits() != 2048 {
            return Err(KeyError::WrongSize(modulus.bits()));
        }
        if BigUint::from_bytes_be(key.exponent) != BigUint::from(65537_u32) {
            return Err(KeyError::WrongExponent);
        }
        check_modulus(&modulus)?;
        let checked = Self {
            rsa: info.subject_public_key.data.to_vec(),
            spki: spki.to_vec(),
        };
        // One key has one encoding (DER): what is recorded and what the certificate carries must be the same bytes.
        match rcgen::SubjectPublicKeyInfo::from_der(spki)
            .map(|info| rcgen::PublicKeyData::subject_public_key_info(&info))
        {
            Ok(again) if again == spki => Ok(checked),
            _ => Err(unreadable("not the one DER encoding of the key")),
        }
    }

    /// SubjectPublicKeyInfo in DER.
    pub fn spki(&self) -> &[u8] {
        &self.spki
    }

    /// Whether `signature` is this key's RSASSA-PKCS1-v1_5 signature with SHA-256 of `message`.
    pub fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, &self.rsa)
            .verify(message, signature)
            .is_ok()
    }
}

fn check_modulus(modulus: &BigUint) -> Result<(), KeyError> {
    let mut remainders = SMALL_PRIMES.iter().map(|prime| (prime, remainder(modulus, *prime)));
    if remainders.any(|(_, rest)| rest == 0) {
        return Err(KeyError::Weak("its modulus has a small factor"));
    }
    if is_roca(modulus) {
        return Err(KeyError::Weak("its chip makes factorable keys (ROCA, CVE-2017-15361)"));
    }
    if has_close_primes(modulus) {
        return Err(KeyError::Weak(
            "its two primes are close to each other (CVE-2022-26320)",
        ));
    }
    Ok(())
}

/// The primes below 752, as the CA/Browser Forum's Baseline Requirements §6.1.6 test by.
static SMALL_PRIMES: LazyLock<Vec<u32>> = LazyLock::new(|| {
    (2..752)
        .filter(|n| (2..*n).take_while(|d| d * d <= *n).all(|d| n % d != 0))
        .collect()
});

fn remainder(modulus: &BigUint, prime: u32) -> u32 {
    (modulus % prime).iter_u32_digits().next().unwrap_or(0)
}

/// The fingerprint of the Infineon library's keys (Nemec et al., "The Return of Coppersmith's Attack", 2017, §2.2):
/// modulo every small prime the modulus is a power of 65537. A sound key passes by chance once in 2^27.
fn is_roca(modulus: &BigUint) -> bool {
    let odd = SMALL_PRIMES.iter().copied().filter(|prime| (3..=167).contains(prime));
    odd.into_iter().all(|prime| {
        let rest = remainder(modulus, prime);
        let mut power = 1;
        (0..prime).any(|_| {
            power = power * (65537 % prime) % prime;
            power == rest
        })
    })
}

/// Fermat's method: a hundred rounds take apart what is the product of two neighbours and nothing else.
fn has_close_primes(modulus: &BigUint) -> bool {
    let mut mean = modulus.sqrt() + 1_u32;
    let mut square = &mean * &mean - modulus;
    (0..100).any(|_| {
        // A square ends in one of a few bytes; only then is the costly root taken.
        let last = square.iter_u32_digits().next().unwrap_or(0) & 0xff;
        let found = SQUARES_MOD_256[last as usize] && square.sqrt().pow(2) == square;
        square += &mean * 2_u32 + 1_u32;
        mean += 1_u32;
        found
    })
}

const SQUARES_MOD_256: [bool; 256] = {
    let mut table = [false; 256];
    let mut n = 0;
    while n < 256 {
        table[n * n % 256] = true;
        n += 1;
    }
    table
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::authority::{der, signer::SoftSigner};

    fn spki(modulus: &BigUint, exponent: u32) -> Vec<u8> {
        let integer = |number: &BigUint| {
            let mut bytes = number.to_bytes_be();
            if bytes[0] > 0x7f {
                bytes.insert(0, 0);
            }
            der::value(0x02, &bytes)
        };
        let rsa = der::sequence(&[integer(modulus), integer(&BigUint::from(exponent))]);
        let algorithm = der::sequence(&[der::object_identifier(&[1, 2, 840, 113549, 1, 1, 1]), vec![0x05, 0x00]]);
        der::sequence(&[algorithm, der::value(0x03, &[&[0], &rsa[..]].concat())])
    }

    /// A number of 2048 bits without small factors that stands in for a modulus: nothing here needs its primes.
    fn stands_in() -> BigUint {
        let mut number = (BigUint::from(3_u32) << 2046) + 1_u32;
        while SMALL_PRIMES.iter().any(|prime| remainder(&number, *prime) == 0) {
            number += 2_u32;
        }
        number
    }

    #[test]
    fn a_sound_key_is_taken_and_keeps_its_bytes() {
        let key = spki(&stands_in(), 65537);
        assert_eq!(CheckedKey::parse(&key).unwrap().spki(), key);
    }

    #[test]
    fn size_exponent_and_encoding_are_checked() {
        assert_eq!(
            CheckedKey::parse(&spki(&(stands_in() >> 1), 65537)),
            Err(KeyError::WrongSize(2047))
        );
        assert_eq!(CheckedKey::parse(&spki(&stands_in(), 3)), Err(KeyError::WrongExponent));
        assert!(matches!(CheckedKey::parse(b"junk"), Err(KeyError::Unreadable(_))));
        let mut longer = spki(&stands_in(), 65537);
        longer.push(0);
        assert!(matches!(CheckedKey::parse(&longer), Err(KeyError::Unreadable(_))));
        let signer = SoftSigner::generate().unwrap();
        let large = rcgen::PublicKeyData::subject_public_key_info(&crate::authority::signer::ForBuilder(&signer));
        assert_eq!(CheckedKey::parse(&large), Err(KeyError::WrongSize(3072)));
    }

    #[test]
    fn a_modulus_with_a_small_factor_is_refused() {
        let odd_multiple = stands_in() / 751_u32 * 751_u32;
        assert!(matches!(
            CheckedKey::parse(&spki(&odd_multiple, 65537)),
            Err(KeyError::Weak(_))
        ));
    }

    #[test]
    fn the_keys_of_the_chips_that_had_to_be_recalled_are_refused() {
        // What the fingerprint sees: a power of 65537 modulo the product of the primes, 2048 bits long.
        let product: BigUint = SMALL_PRIMES.iter().filter(|p| (3..=167).contains(*p)).product();
        let residue = BigUint::from(65537_u32).modpow(&BigUint::from(12345_u32), &product);
        let mut modulus = ((BigUint::from(3_u32) << 2046) / &product) * &product + &residue;
        while SMALL_PRIMES.iter().any(|prime| remainder(&modulus, *prime) == 0) {
            modulus += &product;
        }
        let refused = CheckedKey::parse(&spki(&modulus, 65537)).unwrap_err();
        assert!(refused.to_string().contains("ROCA"), "{refused}");
    }

    #[test]
    fn two_neighbouring_primes_are_found() {
        let mut half = (BigUint::from(3_u32) << 1022) + 1_u32;
        while SMALL_PRIMES
            .iter()
            .any(|p| remainder(&half, *p) == 0 || remainder(&(&half + 2_u32), *p) == 0)
        {
            half += 2_u32;
        }
        let modulus = &half * (&half + 2_u32);
        let refused = CheckedKey::parse(&spki(&modulus, 65537)).unwrap_err();
        assert!(refused.to_string().contains("close"), "{refused}");
    }
}

//! What a PIN may look like. The rule is stored on the card when it is personalised, and the card enforces it.

use secrecy::{ExposeSecret, SecretString};

/// Which characters a PIN may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PinCharacters {
    /// 0–9.
    Digits,
    /// 0–9, A–Z, a–z.
    Alphanumerics,
}

/// The rule of one PIN: characters, length in characters, tries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct PinPolicy {
    pub characters: PinCharacters,
    pub shortest: u8,
    pub longest: u8,
    /// Wrong entries in a row until the PIN is blocked, 1–15 (the range of a 63Cx answer).
    pub tries: u8,
}

impl PinPolicy {
    /// A resident's 暗証番号: 4 digits, 3 tries.
    pub const RESIDENT: Self = Self {
        characters: PinCharacters::Digits,
        shortest: 4,
        longest: 4,
        tries: 3,
    };

    /// A staff member's パスワード: 8–16 alphanumerics, 5 tries. Five, because a long password is mistyped more
    /// often than four digits, while even fifteen guesses (the most a 63Cx answer can count) against 62⁸ would
    /// help nobody; the limit is there to make somebody notice.
    pub const STAFF: Self = Self {
        characters: PinCharacters::Alphanumerics,
        shortest: 8,
        longest: 16,
        tries: 5,
    };

    /// Whether `pin` keeps the rule. Weak but well-formed PINs are the office's matter, not the card's.
    pub fn allows(&self, pin: &SecretString) -> bool {
        self.allows_bytes(pin.expose_secret().as_bytes())
    }

    /// [`Self::allows`] for the bytes as they are sent.
    pub fn allows_bytes(&self, pin: &[u8]) -> bool {
        (usize::from(self.shortest)..=usize::from(self.longest)).contains(&pin.len())
            && pin.iter().all(|byte| match self.characters {
                PinCharacters::Digits => byte.is_ascii_digit(),
                PinCharacters::Alphanumerics => byte.is_ascii_alphanumeric(),
            })
    }

    /// As the card stores it: characters (1 digits, 2 alphanumerics), shortest, longest, tries.
    pub const fn to_bytes(self) -> [u8; 4] {
        let characters = match self.characters {
            PinCharacters::Digits => 1,
            PinCharacters::Alphanumerics => 2,
        };
        [characters, self.shortest, self.longest, self.tries]
    }

    /// The policy stored as `bytes`; `None` for what no card may be told.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let &[characters, shortest, longest, tries] = bytes else {
            return None;
        };
        let characters = match characters {
            1 => PinCharacters::Digits,
            2 => PinCharacters::Alphanumerics,
            _ => return None,
        };
        (1..=longest)
            .contains(&shortest)
            .then_some(Self {
                characters,
                shortest,
                longest,
                tries,
            })
            .filter(|_| longest <= 64 && (1..=15).contains(&tries))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_residents_pin_is_four_digits_and_a_staff_password_eight_to_sixteen_alphanumerics() {
        for (pin, resident, staff) in [
            ("4071", true, false),
            ("407", false, false),
            ("40711", false, false),
            ("40a1", false, false),
            ("４０７１", false, false),
            ("Shio2026", false, true),
            ("Shio202", false, false),
            ("Shio2026Shio2026", false, true),
            ("Shio2026Shio20261", false, false),
            ("Shio 2026", false, false),
            ("", false, false),
        ] {
            assert_eq!(PinPolicy::RESIDENT.allows_bytes(pin.as_bytes()), resident, "{pin}");
            assert_eq!(PinPolicy::STAFF.allows_bytes(pin.as_bytes()), staff, "{pin}");
        }
    }

    #[test]
    fn a_policy_survives_the_card_and_nonsense_does_not_become_one() {
        for policy in [PinPolicy::RESIDENT, PinPolicy::STAFF] {
            assert_eq!(PinPolicy::from_bytes(&policy.to_bytes()), Some(policy));
        }
        for nonsense in [
            &[1, 4, 4][..],
            &[3, 4, 4, 3],
            &[1, 5, 4, 3],
            &[1, 0, 4, 3],
            &[1, 4, 4, 0],
            &[1, 4, 4, 16],
        ] {
            assert_eq!(PinPolicy::from_bytes(nonsense), None, "{nonsense:?}");
        }
    }
}

//! The numbered places on a card: keys and PINs, as ISO 7816-15 files and APDUs refer to them.

/// Which of a card's keys, by the number that ISO 7816-15 files and APDUs name it with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum KeySlot {
    /// 本人認証用 (or 従事者認証用 on a staff card): asks for the PIN.
    Authentication,
    /// 資格確認用: no PIN.
    Eligibility,
}

impl KeySlot {
    /// Both, in the order of their numbers.
    pub const ALL: [Self; 2] = [Self::Authentication, Self::Eligibility];

    /// The key reference on the card (ISO/IEC 7816-15 `keyReference`, tag 84 of a control reference template).
    pub const fn reference(self) -> u8 {
        match self {
            Self::Authentication => 1,
            Self::Eligibility => 2,
        }
    }

    /// The slot with that key reference.
    pub fn from_reference(reference: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|slot| slot.reference() == reference)
    }
}

/// Which of a card's PINs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PinSlot {
    /// The holder's: a resident's 暗証番号, a staff member's パスワード.
    Holder,
}

impl PinSlot {
    /// The reference in VERIFY and its kin (P2, ISO/IEC 7816-4 §11.6.6).
    pub const fn reference(self) -> u8 {
        match self {
            Self::Holder => 1,
        }
    }
}

/// What a private key asks for before it signs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum KeyRule {
    /// That PIN verified in this session.
    Pin(PinSlot),
    /// Nothing: whoever holds the card may use it.
    Free,
}

impl KeyRule {
    /// As the card stores it: the PIN's reference, zero for none.
    pub const fn byte(self) -> u8 {
        match self {
            Self::Pin(slot) => slot.reference(),
            Self::Free => 0,
        }
    }
}

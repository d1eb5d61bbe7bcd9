//! room

/// Which of a card's keys, by the number that ISO 7816-15 files and APDUs name it with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum KeySlot {
    /// 本人認証用 (or 従事者認証用 on a staff card): asks for the PIN.
    Authentication,
    /// 資格確認用: no PIN.
    Eligibility,
}

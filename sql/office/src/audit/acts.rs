//! The closed list of acts, each with the subjects and details its events carry.
//!
//! Subjects are ids: `case`, `resident`, `card`, `staff`, `session`, `incident`. Details are facts without a person
//! in them. A refused act also carries `refused` (the rule's name) and `act` (the id the desk gave).

/// What can be recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AuditAct {
    /// Subjects: staff. Details: roles.
    StaffAdded,
    /// Subjects: staff. Details: roles (as they are now).
    StaffRolesChanged,
    /// Subjects: staff. Details: certificate (serial in hex).
    StaffCertificateRegistered,
    /// Subjects: staff. Details: reason, sessions_ended.
    StaffDisabled,
    /// Subjects: staff (when known), session. Details: leases_released (of the session it replaces); refused: certificate.
    SessionBegan,
    /// Subjects: staff, session. Details: ending, leases_released.
    SessionEnded,
    /// Subjects: staff, session. Details: card_pulled.
    ScreenLocked,
    /// Subjects: staff, session.
    ScreenUnlocked,
    /// Details: number, rows, added, changed, unchanged, gone.
    RosterImported,
    /// Subjects: resident, case (where one is open). Details: for (screen, paper, print), words.
    AddressSeen,
    /// Subjects: case, resident. Details: number, similar (how many records may be the same person), despite.
    CaseApplied,
    /// Subjects: case.
    CaseClaimed,
    /// Subjects: case.
    CaseReleased,
    /// Subjects: case, staff (who held it). Details: held_at, words.
    CaseLeaseBroken,
    /// Subjects: case, staff (the second clerk). Details: purpose.
    CaseApproved,
    /// Subjects: case. Details: exceptions (how many), approved_by.
    CaseVerified,
    /// Subjects: case, card. Details: shelf.
    CaseShelved,
    /// Subjects: case, card, staff (who looked). Details: time.
    HandoverLooked,
    /// Subjects: case, card. Details: rule, first, second.
    CaseHandedOver,
    /// Subjects: case.
    CaseCancelled,
    /// Subjects: case, incident. Details: kind, mismatched.
    IncidentOpened,
    /// Subjects: case, incident.
    IncidentClosed,
    /// Subjects: case.
    NoticeIssued,
    /// Subjects: case. Details: paper, pages, sha256, printing (fresh, again, as_it_was, anew).
    PaperPrinted,
    /// Subjects: case, card. Details: chip (hex), approved_by (where making takes two).
    CardBound,
    /// Subjects: case, card. Details: slot.
    CardKeyKept,
    /// Subjects: case, card. Details: slot, serial.
    CardSerialReserved,
    /// Subjects: case, card. Details: slot, serial, sha256.
    CardCertificateKept,
    /// Subjects: case, card. Details: step, took_us.
    CardStepDone,
    /// Subjects: case, card.
    CardMade,
    /// Subjects: case, card. Details: reason, revoked (how many certificates), words (given up by a clerk).
    CardDamaged,
    /// Subjects: case, card.
    CardPinSet,
    /// Subjects: case, card. Before the chip is touched.
    CardPinResetBegun,
    /// Subjects: case, card.
    CardPinReset,
    /// Subjects: case, card. Details: slot.
    CardSerialWithdrawn,
    /// Details: authority, number.
    RevocationListSigned,
    /// Details: files (how many), before (the day whose papers were the first to stay).
    PaperRemoved,
    /// Subjects: case, card. Details: checked (how it was made sure who asks), words.
    CardSuspended,
    /// Subjects: case, card. Details: checked, words.
    CardResumed,
    /// Subjects: case, card. Details: reason, approved_by, words.
    CardRevoked,
    /// Subjects: case, card.
    CardExpired,
    /// Subjects: case, card. Details: approved_by, words.
    CardRelinked,
    /// Subjects: case, card. Details: refused (the front's rule), told (what it was told), slot, seq.
    OutboxRefused,
    /// Subjects: case, card. Details: sent, overtaken (how many messages), words.
    OutboxSentAnew,
    /// Subjects: case, card. Details: closed (how many messages), words.
    OutboxClosed,
}

impl AuditAct {
    /// Every act, in the order of the list in the database.
    pub const ALL: [Self; 45] = [
        Self::StaffAdded,
        Self::StaffRolesChanged,
        Self::StaffCertificateRegistered,
        Self::StaffDisabled,
        Self::SessionBegan,
        Self::SessionEnded,
        Self::ScreenLocked,
        Self::ScreenUnlocked,
        Self::RosterImported,
        Self::AddressSeen,
        Self::CaseApplied,
        Self::CaseClaimed,
        Self::CaseReleased,
        Self::CaseLeaseBroken,
        Self::CaseApproved,
        Self::CaseVerified,
        Self::CaseShelved,
        Self::HandoverLooked,
        Self::CaseHandedOver,
        Self::CaseCancelled,
        Self::IncidentOpened,
        Self::IncidentClosed,
        Self::NoticeIssued,
        Self::PaperPrinted,
        Self::CardBound,
        Self::CardKeyKept,
        Self::CardSerialReserved,
        Self::CardCertificateKept,
        Self::CardStepDone,
        Self::CardMade,
        Self::CardDamaged,
        Self::CardPinSet,
        Self::CardPinResetBegun,
        Self::CardPinReset,
        Self::CardSerialWithdrawn,
        Self::RevocationListSigned,
        Self::PaperRemoved,
        Self::CardSuspended,
        Self::CardResumed,
        Self::CardRevoked,
        Self::CardExpired,
        Self::CardRelinked,
        Self::OutboxRefused,
        Self::OutboxSentAnew,
        Self::OutboxClosed,
    ];

    /// As stored, and as the key of its words on the screen.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::StaffAdded => "staff.added",
            Self::StaffRolesChanged => "staff.roles_changed",
            Self::StaffCertificateRegistered => "staff.certificate_registered",
            Self::StaffDisabled => "staff.disabled",
            Self::SessionBegan => "session.began",
            Self::SessionEnded => "session.ended",
            Self::ScreenLocked => "screen.locked",
            Self::ScreenUnlocked => "screen.unlocked",
            Self::RosterImported => "roster.imported",
            Self::AddressSeen => "resident.address_seen",
            Self::CaseApplied => "case.applied",
            Self::CaseClaimed => "case.claimed",
            Self::CaseReleased => "case.released",
            Self::CaseLeaseBroken => "case.lease_broken",
            Self::CaseApproved => "case.approved",
            Self::CaseVerified => "case.verified",
            Self::CaseShelved => "case.shelved",
            Self::HandoverLooked => "case.handover_looked",
            Self::CaseHandedOver => "case.handed_over",
            Self::CaseCancelled => "case.cancelled",
            Self::IncidentOpened => "incident.opened",
            Self::IncidentClosed => "incident.closed",
            Self::NoticeIssued => "notice.issued",
            Self::PaperPrinted => "paper.printed",
            Self::CardBound => "card.bound",
            Self::CardKeyKept => "card.key_kept",
            Self::CardSerialReserved => "card.serial_reserved",
            Self::CardCertificateKept => "card.certificate_kept",
            Self::CardStepDone => "card.step_done",
            Self::CardMade => "card.made",
            Self::CardDamaged => "card.damaged",
            Self::CardPinSet => "card.pin_set",
            Self::CardPinResetBegun => "card.pin_reset_begun",
            Self::CardPinReset => "card.pin_reset",
            Self::CardSerialWithdrawn => "card.serial_withdrawn",
            Self::RevocationListSigned => "authority.list_signed",
            Self::PaperRemoved => "paper.removed",
            Self::CardSuspended => "card.suspended",
            Self::CardResumed => "card.resumed",
            Self::CardRevoked => "card.revoked",
            Self::CardExpired => "card.expired",
            Self::CardRelinked => "card.relinked",
            Self::OutboxRefused => "outbox.refused",
            Self::OutboxSentAnew => "outbox.sent_anew",
            Self::OutboxClosed => "outbox.closed",
        }
    }
}

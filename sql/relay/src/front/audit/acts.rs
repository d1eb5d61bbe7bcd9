//! The closed list of acts, each with the subjects and details its events carry.
//!
//! Subjects: `registration` (a keyed hash of the office's id, in hex), `service`, `partner`, `sender`, `session`,
//! `blob` (SHA-256 of the blind half's EncryptedID, in hex). Beside a service, registration and session are keyed hashes
//! that differ from service to service. Details are facts without a person in them.

/// What can be recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AuditAct {
    /// Subjects: sender, registration. Details: seq, change, sessions_ended.
    IntakeApplied,
    /// Subjects: sender, registration (where the refusal is for good). Details: seq, rule, change (where it is for good).
    IntakeRefused,
    /// Subjects: service, registration (where a card was shown). Details: rule.
    SignInRefused,
    /// Subjects: service, session, registration, blob (where it holds one). Details: binding, context, name_id, status.
    SignInAnswered,
    /// Subjects: service, registration. Details: where, reason.
    SignInFailed,
    /// Subjects: session, registration. Details: ending. Whether the services in it were told is counted
    /// ([`crate::front::Telling`]), and nowhere beside it.
    SessionEnded,
    /// Subjects: service. Details: binding, rule (when refused).
    LogoutAsked,
    /// Subjects: service. Details: rule (when refused).
    ArtifactResolved,
    ShareSent,
    /// Subjects: partner. Details: edition, sha256, kind.
    PartnerProposed,
    /// Subjects: partner. Details: edition, sha256, proposed_by.
    PartnerApproved,
    /// Subjects: partner. Details: sign_in or logout.
    PartnerTried,
    /// Subjects: partner. Details: words.
    PartnerDecided,
    /// Subjects: partner. Details: state, reason.
    PartnerSwitched,
    /// Details: to (the edition), count.
    KeysRotated,
    /// Details: sha256 (of the card's certificate).
    TrialCardNamed,
    /// Details: sha256.
    TrialCardWithdrawn,
    /// Subjects: service, registration.
    TelephoneApproved,
    /// Subjects: service. Details: rule.
    TelephoneRefused,
    /// Subjects: service (the provider), registration, blob. Details: asker, type, by (`eligibility`: a card was brought
    /// without its PIN).
    RecordsReferred,
    /// Subjects: service (the asker), registration (where a card was brought). Details: type, rule, by.
    RecordsRefused,
    /// Subjects: sender, service (the provider), blob. When refused, subjects: sender; details: rule, named (what was asked for).
    RecordsLinked,
    /// Subjects: partner (the provider), service (the asker). Details: type, edition, address, until.
    AgreementProposed,
    /// Subjects: partner (the provider), service (the asker). Details: type, edition, address, until, suspended.
    AgreementApproved,
    /// Subjects: partner (the provider), service (the asker). Details: type, edition, address, until, suspended.
    AgreementSuspended,
}

impl AuditAct {
    /// Every act, in the order of the list in the database.
    pub const ALL: [Self; 25] = [
        Self::IntakeApplied,
        Self::IntakeRefused,
        Self::SignInRefused,
        Self::SignInAnswered,
        Self::SignInFailed,
        Self::SessionEnded,
        Self::LogoutAsked,
        Self::ArtifactResolved,
        Self::ShareSent,
        Self::PartnerProposed,
        Self::PartnerApproved,
        Self::PartnerTried,
        Self::PartnerDecided,
        Self::PartnerSwitched,
        Self::KeysRotated,
        Self::TrialCardNamed,
        Self::TrialCardWithdrawn,
        Self::TelephoneApproved,
        Self::TelephoneRefused,
        Self::RecordsReferred,
        Self::RecordsRefused,
        Self::RecordsLinked,
        Self::AgreementProposed,
        Self::AgreementApproved,
        Self::AgreementSuspended,
    ];

    /// As stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::IntakeApplied => "intake.applied",
            Self::IntakeRefused => "intake.refused",
            Self::SignInRefused => "sign_in.refused",
            Self::SignInAnswered => "sign_in.answered",
            Self::SignInFailed => "sign_in.failed",
            Self::SessionEnded => "session.ended",
            Self::LogoutAsked => "logout.asked",
            Self::ArtifactResolved => "artifact.resolved",
            Self::ShareSent => "share.sent",
            Self::PartnerProposed => "partner.proposed",
            Self::PartnerApproved => "partner.approved",
            Self::PartnerTried => "partner.tried",
            Self::PartnerDecided => "partner.decided",
            Self::PartnerSwitched => "partner.switched",
            Self::KeysRotated => "keys.rotated",
            Self::TrialCardNamed => "trial_card.named",
            Self::TrialCardWithdrawn => "trial_card.withdrawn",
            Self::TelephoneApproved => "telephone.approved",
            Self::TelephoneRefused => "telephone.refused",
            Self::RecordsReferred => "records.referred",
            Self::RecordsRefused => "records.refused",
            Self::RecordsLinked => "records.linked",
            Self::AgreementProposed => "agreement.proposed",
            Self::AgreementApproved => "agreement.approved",
            Self::AgreementSuspended => "agreement.suspended",
        }
    }
}

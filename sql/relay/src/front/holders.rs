//! Registered certificates, and the office's messages that register, activate, suspend and revoke them.

use serde_json::json;
use store::Tx;
use time::OffsetDateTime;
use uuid::Uuid;
use zeroize::Zeroizing;

use super::{AuditAct, Ended, Ending, FrontError, FrontRecords, Note};

const TABLE: &str = "front.holder";

/// What a certificate is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CertificateUse {
    /// Signing in: the key takes the PIN.
    Authentication,
    /// Showing eligibility: the key takes none.
    Eligibility,
}

impl CertificateUse {
    /// As stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Authentication => "authentication",
            Self::Eligibility => "eligibility",
        }
    }
}

/// How a registration stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HolderState {
    /// The card is made and not handed over yet.
    Registered,
    /// In its holder's hand.
    Active,
    /// Not to be taken for the time being.
    Suspended,
    /// Never to be taken again.
    Revoked,
}

impl HolderState {
    const ALL: [Self; 4] = [Self::Registered, Self::Active, Self::Suspended, Self::Revoked];

    /// As stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Registered => "registered",
            Self::Active => "active",
            Self::Suspended => "suspended",
            Self::Revoked => "revoked",
        }
    }

    pub(super) fn parse(text: &str) -> Result<Self, FrontError> {
        Self::ALL
            .into_iter()
            .find(|state| state.as_str() == text)
            .ok_or(FrontError::Unreadable("holder.state"))
    }
}

/// A registered certificate.
#[derive(Clone)]
pub struct Holder {
    /// The office's id of the registration.
    pub registration: Uuid,
    /// What the certificate is for.
    pub certificate_use: CertificateUse,
    /// How it stands.
    pub state: HolderState,
    /// The encrypted polymorphic pseudonym.
    pub pseudonym: Zeroizing<[u8; 64]>,
}

/// What an office asks for about a card.
#[derive(Clone, PartialEq, Eq)]
pub enum CardChange {
    /// A card was made.
    Register {
        /// SHA-256 of the certificate.
        certificate_sha256: [u8; 32],
        /// What it is for.
        certificate_use: CertificateUse,
        /// The encrypted polymorphic pseudonym.
        pseudonym: [u8; 64],
    },
    /// It was handed over.
    Activate,
    /// It is not to be taken for the time being.
    Suspend,
    /// It may be taken again.
    Resume,
    /// It is never to be taken again.
    Revoke {
        /// Why, by the office's word (`lost`, `moved`).
        reason: String,
    },
}

impl CardChange {
    const fn name(&self) -> &'static str {
        match self {
            Self::Register { .. } => "register",
            Self::Activate => "activate",
            Self::Suspend => "suspend",
            Self::Resume => "resume",
            Self::Revoke { .. } => "revoke",
        }
    }
}

/// An office's message, opened and verified.
#[derive(Clone)]
pub struct Message {
    /// The office.
    pub sender: String,
    /// Its number with that office, from 1, without gaps.
    pub seq: i64,
    /// The envelope's id.
    pub jti: String,
    /// SHA-256 of what the envelope says.
    pub body_sha256: [u8; 32],
    /// About which registration.
    pub registration: Uuid,
    /// What is asked for.
    pub change: CardChange,
}

/// What became of a message.
#[derive(Debug, Clone, PartialEq)]
pub struct Applied {
    /// The last message of the sender that is applied now.
    pub applied: i64,
    /// It had been applied before and was only answered again.
    pub again: bool,
    /// Sessions that ended with it: their services are to be told.
    pub ended: Vec<Ended>,
}

/// An office as sender.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sender {
    /// Its name.
    pub name: String,
    /// Its last message that was applied.
    pub applied: i64,
    /// When it was last heard.
    pub heard_at: OffsetDateTime,
}

impl FrontRecords {
    /// Applies an office's message, once and in order. Asked again with the same message it answers the same.
    ///
    /// # Errors
    /// [`FrontError::OutOfOrder`], [`FrontError::OtherMessage`], [`FrontError::NotSo`]
    pub async fn apply(&self, message: &Message, now: OffsetDateTime) -> Result<Applied, FrontError> {
        self.store
            .run("apply", |tx| async move {
                let applied = heard(&tx, &message.sender, now).await?;
                if message.seq <= applied {
                    return self.applied_before(&tx, message, applied).await;
                }
                if message.seq != applied + 1 {
                    return Err(FrontError::OutOfOrder {
                        sender: message.sender.clone(),
                        got: message.seq,
                        expected: applied + 1,
                    });
                }
                self.change(&tx, message, now).await?;
                let ended = match message.change {
                    CardChange::Suspend | CardChange::Revoke { .. } => {
                        self.end_sessions_of(&tx, message.registration, Ending::Revoked, now)
                            .await?
                    }
                    _ => Vec::new(),
                };
                count(&tx, message, now).await?;
                let note = Note::of(
                    AuditAct::IntakeApplied,
                    json!({
                        "sender": message.sender,
                        "registration": self.registration_in_trail(message.registration),
                    }),
                    json!({ "seq": message.seq, "change": message.change.name(), "sessions_ended": ended.len() }),
                )
                .by(&message.sender);
                self.write(&tx, &note, now).await?;
                Ok(Applied {
                    applied: message.seq,
                    again: false,
                    ended,
                })
            })
            .await
    }

    /// The offices that send, and how far each was followed.
    ///
    /// # Errors
    /// [`FrontError`]
    pub async fn senders(&self) -> Result<Vec<Sender>, FrontError> {
        self.read("senders", |tx| async move {
            let rows = tx
                .query(
                    "-- senders\nSELECT name, applied, heard_at FROM front.sender ORDER BY name",
                    &[],
                )
                .await?;
            Ok(rows
                .iter()
                .map(|row| Sender {
                    name: row.get("name"),
                    applied: row.get("applied"),
                    heard_at: row.get("heard_at"),
                })
                .collect())
        })
        .await
    }

    /// The registration of the certificate with this SHA-256.
    ///
    /// # Errors
    /// [`FrontError`]
    pub async fn holder(&self, certificate_sha256: &[u8; 32]) -> Result<Option<Holder>, FrontError> {
        self.read("holder", |tx| async move {
            let row = tx
                .query_opt(
                    "-- holder\n\
                     SELECT registration, use, state, pseudonym FROM front.holder WHERE certificate_sha256 = $1",
                    &[&certificate_sha256.as_slice()],
                )
                .await?;
            row.map(|row| self.holder_of(&row)).transpose()
        })
        .await
    }

    /// The registration with this id, as a session names it.
    ///
    /// # Errors
    /// [`FrontError`]
    pub async fn holder_by_registration(&self, registration: Uuid) -> Result<Option<Holder>, FrontError> {
        self.read("holder_by_registration", |tx| async move {
            let row = tx
                .query_opt(
                    "-- holder_by_registration\n\
                     SELECT registration, use, state, pseudonym FROM front.holder WHERE registration = $1",
                    &[&registration],
                )
                .await?;
            row.map(|row| self.holder_of(&row)).transpose()
        })
        .await
    }

    fn holder_of(&self, row: &store::Row) -> Result<Holder, FrontError> {
        let registration: Uuid = row.get("registration");
        let certificate_use: String = row.get("use");
        let sealed: Vec<u8> = row.get("pseudonym");
        let plain = self.open(TABLE, registration, "pseudonym", &sealed)?;
        let pseudonym = <[u8; 64]>::try_from(plain.as_slice()).map_err(|_| FrontError::Unreadable(TABLE))?;
        Ok(Holder {
            registration,
            certificate_use: [CertificateUse::Authentication, CertificateUse::Eligibility]
                .into_iter()
                .find(|known| known.as_str() == certificate_use)
                .ok_or(FrontError::Unreadable("holder.use"))?,
            state: HolderState::parse(row.get("state"))?,
            pseudonym: Zeroizing::new(pseudonym),
        })
    }

    async fn applied_before(&self, tx: &Tx, message: &Message, applied: i64) -> Result<Applied, FrontError> {
        let row = tx
            .query_opt(
                "-- applied_before\nSELECT body_sha256 FROM front.intake WHERE sender = $1 AND seq = $2",
                &[&message.sender, &message.seq],
            )
            .await?;
        let same = row.is_some_and(|row| row.get::<_, Vec<u8>>(0) == message.body_sha256);
        if !same {
            return Err(FrontError::OtherMessage {
                sender: message.sender.clone(),
                seq: message.seq,
            });
        }
        Ok(Applied {
            applied,
            again: true,
            ended: Vec::new(),
        })
    }

    async fn change(&self, tx: &Tx, message: &Message, now: OffsetDateTime) -> Result<(), FrontError> {
        let registration = message.registration;
        let not_so = |rule| FrontError::NotSo { registration, rule };
        let known = tx
            .query_opt(
                "-- change\nSELECT sender, state FROM front.holder WHERE registration = $1 FOR UPDATE",
                &[&registration],
            )
            .await?;
        let state = match &known {
            None => None,
            Some(row) if row.get::<_, String>("sender") != message.sender => {
                return Err(not_so("registered by another office"));
            }
            Some(row) => Some(HolderState::parse(row.get("state"))?),
        };
        let next = match (&message.change, state) {
            (
                CardChange::Register {
                    certificate_sha256,
                    certificate_use,
                    pseudonym,
                },
                None,
            ) => {
                let added = tx
                    .execute(
                        "-- change\n\
                         INSERT INTO front.holder (registration, sender, certificate_sha256, use, state, pseudonym, since)\n\
                         VALUES ($1, $2, $3, $4, 'registered', $5, $6)",
                        &[
                            &registration,
                            &message.sender,
                            &certificate_sha256.as_slice(),
                            &certificate_use.as_str(),
                            &self.seal(TABLE, registration, "pseudonym", pseudonym),
                            &now,
                        ],
                    )
                    .await;
                return match added {
                    Err(error) if error.is_constraint("holder_certificate_once") => {
                        Err(not_so("the certificate is registered under another id"))
                    }
                    added => Ok(added.map(|_| ())?),
                };
            }
            (CardChange::Register { .. }, Some(_)) => return Err(not_so("registered already")),
            (_, None) => return Err(not_so("not registered")),
            (_, Some(HolderState::Revoked)) => return Err(not_so("revoked for good")),
            (CardChange::Activate, Some(HolderState::Registered)) => HolderState::Active,
            (CardChange::Activate, Some(_)) => return Err(not_so("activated already")),
            (CardChange::Suspend, Some(HolderState::Active)) => HolderState::Suspended,
            (CardChange::Suspend, Some(_)) => return Err(not_so("not active")),
            (CardChange::Resume, Some(HolderState::Suspended)) => HolderState::Active,
            (CardChange::Resume, Some(_)) => return Err(not_so("not suspended")),
            (CardChange::Revoke { .. }, Some(_)) => HolderState::Revoked,
        };
        let reason = match &message.change {
            CardChange::Revoke { reason } => Some(reason.as_str()),
            _ => None,
        };
        tx.execute(
            "-- change\nUPDATE front.holder SET state = $2, reason = $3, since = $4 WHERE registration = $1",
            &[&registration, &next.as_str(), &reason, &now],
        )
        .await?;
        Ok(())
    }
}

/// Takes note that `sender` was heard; how far it was followed.
async fn heard(tx: &Tx, sender: &str, now: OffsetDateTime) -> Result<i64, FrontError> {
    let row = tx
        .query_one(
            "-- heard\n\
             INSERT INTO front.sender (name, applied, heard_at) VALUES ($1, 0, $2)\n\
             ON CONFLICT (name) DO UPDATE SET heard_at = $2 RETURNING applied",
            &[&sender, &now],
        )
        .await?;
    Ok(row.get(0))
}

async fn count(tx: &Tx, message: &Message, now: OffsetDateTime) -> Result<(), FrontError> {
    let counted = tx
        .execute(
            "-- count\n\
             INSERT INTO front.intake (sender, seq, jti, body_sha256, applied_at) VALUES ($1, $2, $3, $4, $5)",
            &[
                &message.sender,
                &message.seq,
                &message.jti,
                &message.body_sha256.as_slice(),
                &now,
            ],
        )
        .await;
    match counted {
        Err(error) if error.is_constraint("intake_jti_once") => {
            return Err(FrontError::OtherMessage {
                sender: message.sender.clone(),
                seq: message.seq,
            });
        }
        counted => counted?,
    };
    tx.execute(
        "-- count\nUPDATE front.sender SET applied = $2 WHERE name = $1",
        &[&message.sender, &message.seq],
    )
    .await?;
    Ok(())
}

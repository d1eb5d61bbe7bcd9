//! Registered certificates, and the office's messages that register, activate, suspend and revoke them.

use aws_lc_rs::digest::{SHA256, digest};
use relay_core::{
    audit::Outcome,
    pseudonym::{KeyEdition, PolymorphicPseudonym},
    registration::{CardUse, Message as Said, RevocationReason, Rule, RuleCode},
};
use serde_json::json;
use store::Tx;
use time::OffsetDateTime;
use uuid::Uuid;

use super::{AuditAct, Ended, Ending, FrontError, FrontRecords, Note, SessionId, sessions::hour_of};

const TABLE: &str = "front.holder";

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
    pub sender: String,
    /// What the certificate is for.
    pub used_for: CardUse,
    pub state: HolderState,
    /// The encrypted polymorphic pseudonym.
    pub pseudonym: PolymorphicPseudonym,
    /// Which keys it is encrypted under.
    pub edition: KeyEdition,
    /// Which of its links the pseudonym is: the next one after a wrong link was mended.
    pub link: i32,
}

/// An office's message, opened and verified.
#[derive(Clone)]
pub struct Message {
    pub sender: String,
    /// Its number with that office, from 1, without gaps.
    pub seq: i64,
    pub jti: String,
    pub said: Said,
    /// The newest keys the front holds. An office may still encrypt under older ones; what is under newer ones could
    /// not be used.
    pub edition: KeyEdition,
    /// What it says is encrypted under keys that the front has left behind: the office sends it anew, under the next.
    pub left_behind: bool,
}

impl Message {
    /// SHA-256 of what it says, by which it is known again: a signature differs each time it is made.
    fn hash(&self) -> Result<Vec<u8>, FrontError> {
        let text = serde_json::to_vec(&self.said).map_err(|_| FrontError::Unreadable("message"))?;
        Ok(digest(&SHA256, &text).as_ref().to_vec())
    }
}

/// What became of a message that has used its number up.
#[derive(Debug, Clone, PartialEq)]
pub struct Taken {
    /// The last message of the sender that has used its number up.
    pub last: i64,
    /// It had been taken before and was only answered again.
    pub again: bool,
    /// By which rule it was refused for good; `None` when it was applied.
    pub refused: Option<RuleCode>,
    /// Sessions that ended with it: their services are to be told.
    pub ended: Vec<Ended>,
}

/// An office as sender.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sender {
    pub name: String,
    /// Its last message that was applied or refused for good.
    pub last: i64,
    /// How many of its messages were refused for good.
    pub refused: i64,
    /// When it was last heard.
    pub heard_at: OffsetDateTime,
}

impl FrontRecords {
    /// Takes an office's message, once and in order: it is applied, or refused for good by a rule of the register. Either
    /// uses its number up in the transaction that changes the register or notes the refusal. Asked again with the same
    /// message it answers the same.
    ///
    /// # Errors
    /// [`FrontError::OutOfOrder`], [`FrontError::OtherMessage`], [`FrontError::LeftBehind`], [`FrontError::KeysNotYet`]:
    /// nothing is used up by these.
    pub async fn take(&self, message: &Message, now: OffsetDateTime) -> Result<Taken, FrontError> {
        self.locked("take", |tx| async move {
            let last = heard(&tx, &message.sender, now).await?;
            if message.seq <= last {
                return taken_before(&tx, message, self.known_again(message)?, last).await;
            }
            if message.seq != last + 1 {
                return Err(FrontError::OutOfOrder {
                    sender: message.sender.clone(),
                    got: message.seq,
                    expected: last + 1,
                });
            }
            let refused = self.change(&tx, message, now).await?.err();
            let registration = message.said.registration();
            let ended = match message.said {
                // Linked to another person, the card's sessions so far were the wrong person's.
                Said::Suspend { .. } | Said::Revoke { .. } | Said::Relink { .. } if refused.is_none() => {
                    self.end_sessions_of(&tx, registration, Ending::Revoked, now).await?
                }
                _ => Vec::new(),
            };
            count(&tx, message, self.known_again(message)?, refused, now).await?;
            let subjects = json!({
                "sender": message.sender,
                "registration": self.registration_in_trail(registration),
            });
            let note = match refused {
                None => Note::of(
                    AuditAct::IntakeApplied,
                    subjects,
                    json!({
                        "seq": message.seq,
                        "change": message.said.act(),
                        "sessions_ended": ended.len(),
                        "approved_by": approvers(&message.said),
                    }),
                ),
                Some(rule) => Note::of(
                    AuditAct::IntakeRefused,
                    subjects,
                    json!({ "seq": message.seq, "change": message.said.act(), "rule": rule.as_str() }),
                )
                .ended(Outcome::Refused),
            };
            self.write(&tx, &note.by(&message.sender), now).await?;
            Ok(Taken {
                last: message.seq,
                again: false,
                refused: refused.map(Rule::code),
                ended,
            })
        })
        .await
    }

    /// By what a message's row is known again. Keyed: a message says little more than a registration, so that its plain hash
    /// could be worked out for each of them, and would say which one an event of the trail is about.
    fn known_again(&self, message: &Message) -> Result<Vec<u8>, FrontError> {
        Ok(self.keyed("front.intake.body", &message.hash()?))
    }

    /// The offices that send, and how far each was followed.
    ///
    /// # Errors
    /// [`FrontError`]
    pub async fn senders(&self) -> Result<Vec<Sender>, FrontError> {
        self.read("senders", |tx| async move {
            let rows = tx
                .query(
                    "-- senders\n\
                     SELECT name, applied, heard_at, (SELECT count(*) FROM front.intake i\n\
                     WHERE i.sender = s.name AND i.refused_by IS NOT NULL) AS refused FROM front.sender s ORDER BY name",
                    &[],
                )
                .await?;
            Ok(rows
                .iter()
                .map(|row| Sender {
                    name: row.get("name"),
                    last: row.get("applied"),
                    refused: row.get("refused"),
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
        self.look("holder", |tx| async move {
            let row = tx
                .query_opt(
                    "-- holder\n\
                     SELECT registration, sender, use, state, pseudonym, edition, link FROM front.holder WHERE certificate_sha256 = $1",
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
        self.look("holder_by_registration", |tx| async move {
            let row = tx
                .query_opt(
                    "-- holder_by_registration\n\
                     SELECT registration, sender, use, state, pseudonym, edition, link FROM front.holder WHERE registration = $1",
                    &[&registration],
                )
                .await?;
            row.map(|row| self.holder_of(&row)).transpose()
        })
        .await
    }

    /// The registration whose card began `session`, while that goes on; `None` where another provider knows the person.
    ///
    /// # Errors
    /// [`FrontError`]
    pub async fn holder_of_session(
        &self,
        session: SessionId,
        now: OffsetDateTime,
    ) -> Result<Option<Holder>, FrontError> {
        self.read("holder_of_session", |tx| async move {
            let row = tx
                .query_opt(
                    "-- holder_of_session\nSELECT facts FROM front.session WHERE id = $1 AND ended_at IS NULL",
                    &[&session.uuid()],
                )
                .await?;
            let Some(row) = row else { return Ok(None) };
            let facts = self.facts(session, &row)?;
            if facts.expires_at <= now {
                return Ok(None);
            }
            let row = tx
                .query_opt(
                    "-- holder_of_session\n\
                     SELECT registration, sender, use, state, pseudonym, edition, link FROM front.holder WHERE registration = $1",
                    &[&facts.holder],
                )
                .await?;
            row.map(|row| self.holder_of(&row)).transpose()
        })
        .await
    }

    fn holder_of(&self, row: &store::Row) -> Result<Holder, FrontError> {
        let registration: Uuid = row.get("registration");
        let used_for: String = row.get("use");
        let sealed: Vec<u8> = row.get("pseudonym");
        let plain = self.open(TABLE, registration, "pseudonym", &sealed)?;
        let edition = edition_of(row.get("edition"))?;
        Ok(Holder {
            registration,
            sender: row.get("sender"),
            used_for: [CardUse::Authentication, CardUse::Eligibility]
                .into_iter()
                .find(|known| known.as_str() == used_for)
                .ok_or(FrontError::Unreadable("holder.use"))?,
            state: HolderState::parse(row.get("state"))?,
            pseudonym: PolymorphicPseudonym::from_stored(edition, &plain).map_err(|_| FrontError::Unreadable(TABLE))?,
            edition,
            link: row.get("link"),
        })
    }

    /// Changes the register as the message says, or tells the rule that refuses it; nothing is changed then.
    async fn change(&self, tx: &Tx, message: &Message, now: OffsetDateTime) -> Result<Result<(), Rule>, FrontError> {
        let registration = message.said.registration();
        if message.left_behind {
            return Err(FrontError::LeftBehind { registration });
        }
        let under = message.said.pseudonym().map(PolymorphicPseudonym::edition);
        if under.is_some_and(|edition| edition > message.edition) {
            return Err(FrontError::KeysNotYet { registration });
        }
        let known = tx
            .query_opt(
                "-- change\nSELECT sender, state FROM front.holder WHERE registration = $1 FOR UPDATE",
                &[&registration],
            )
            .await?;
        let state = match &known {
            None => None,
            Some(row) if row.get::<_, String>("sender") != message.sender => return Ok(Err(Rule::OtherOffice)),
            Some(row) => Some(HolderState::parse(row.get("state"))?),
        };
        let next = match (&message.said, state) {
            (Said::Register { .. }, None) => return self.add(tx, message, now).await,
            (Said::Register { .. }, Some(_)) => return Ok(Err(Rule::RegisteredAlready)),
            (_, None) => return Ok(Err(Rule::NotRegistered)),
            (_, Some(HolderState::Revoked)) => return Ok(Err(Rule::Revoked)),
            (Said::Activate { .. }, Some(HolderState::Registered)) => HolderState::Active,
            (Said::Activate { .. }, Some(_)) => return Ok(Err(Rule::ActivatedAlready)),
            (Said::Suspend { .. }, Some(HolderState::Active)) => HolderState::Suspended,
            (Said::Suspend { .. }, Some(_)) => return Ok(Err(Rule::NotActive)),
            (Said::Resume { .. }, Some(HolderState::Suspended)) => HolderState::Active,
            (Said::Resume { .. }, Some(_)) => return Ok(Err(Rule::NotSuspended)),
            (Said::Revoke { .. }, Some(_)) => HolderState::Revoked,
            (Said::Relink { pseudonym, .. }, Some(_)) => {
                let sealed = self.seal(TABLE, registration, "pseudonym", pseudonym.as_bytes());
                tx.execute(
                    "-- change\nUPDATE front.holder SET pseudonym = $2, edition = $3, link = link + 1 WHERE registration = $1",
                    &[&registration, &sealed, &stored(pseudonym.edition())],
                )
                .await?;
                return Ok(Ok(()));
            }
        };
        let reason = match &message.said {
            Said::Revoke { reason, .. } => Some(reason_as_stored(*reason)),
            _ => None,
        };
        tx.execute(
            "-- change\nUPDATE front.holder SET state = $2, reason = $3, since = $4 WHERE registration = $1",
            &[&registration, &next.as_str(), &reason, &hour_of(now)],
        )
        .await?;
        Ok(Ok(()))
    }

    async fn add(&self, tx: &Tx, message: &Message, now: OffsetDateTime) -> Result<Result<(), Rule>, FrontError> {
        let Said::Register {
            registration,
            certificate_der,
            used_for,
            pseudonym,
        } = &message.said
        else {
            return Err(FrontError::Unreadable("message"));
        };
        let added = tx
            .execute(
                "-- add\n\
                 INSERT INTO front.holder (registration, sender, certificate_sha256, use, state, pseudonym, edition, since)\n\
                 VALUES ($1, $2, $3, $4, 'registered', $5, $6, $7) ON CONFLICT (certificate_sha256) DO NOTHING",
                &[
                    registration,
                    &message.sender,
                    &digest(&SHA256, &certificate_der.0).as_ref(),
                    &used_for.as_str(),
                    &self.seal(TABLE, *registration, "pseudonym", pseudonym.as_bytes()),
                    &stored(pseudonym.edition()),
                    &hour_of(now),
                ],
            )
            .await?;
        Ok(if added == 1 {
            Ok(())
        } else {
            Err(Rule::CertificateTaken)
        })
    }
}

/// A key edition as PostgreSQL keeps it.
fn stored(edition: KeyEdition) -> i32 {
    i32::try_from(edition.0).unwrap_or(i32::MAX)
}

fn edition_of(stored: i32) -> Result<KeyEdition, FrontError> {
    u32::try_from(stored)
        .map(KeyEdition)
        .map_err(|_| FrontError::Unreadable("holder.edition"))
}

const fn reason_as_stored(reason: RevocationReason) -> &'static str {
    match reason {
        RevocationReason::KeyCompromise => "key_compromise",
        RevocationReason::Superseded => "superseded",
        RevocationReason::CessationOfOperation => "cessation_of_operation",
        RevocationReason::PrivilegeWithdrawn => "privilege_withdrawn",
    }
}

/// The two persons behind a mended link, by the office's ids of them.
fn approvers(said: &Said) -> Option<&[String; 2]> {
    match said {
        Said::Relink { approved_by, .. } => Some(approved_by.ids()),
        _ => None,
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

/// The answer that the message got when it came first.
async fn taken_before(tx: &Tx, message: &Message, hash: Vec<u8>, last: i64) -> Result<Taken, FrontError> {
    let row = tx
        .query_opt(
            "-- taken_before\nSELECT body_sha256, refused_by FROM front.intake WHERE sender = $1 AND seq = $2",
            &[&message.sender, &message.seq],
        )
        .await?;
    // Rows from before the hash was keyed hold it as it is.
    let known = [hash, message.hash()?];
    let row = row
        .filter(|row| known.contains(&row.get("body_sha256")))
        .ok_or_else(|| FrontError::OtherMessage {
            sender: message.sender.clone(),
            seq: message.seq,
        })?;
    let refused: Option<String> = row.get("refused_by");
    Ok(Taken {
        last,
        again: true,
        refused: refused
            .map(|code| RuleCode::try_from(code).map_err(|_| FrontError::Unreadable("intake.refused_by")))
            .transpose()?,
        ended: Vec::new(),
    })
}

async fn count(
    tx: &Tx,
    message: &Message,
    hash: Vec<u8>,
    refused: Option<Rule>,
    now: OffsetDateTime,
) -> Result<(), FrontError> {
    let counted = tx
        .execute(
            "-- count\n\
             INSERT INTO front.intake (sender, seq, jti, body_sha256, refused_by, applied_at)\n\
             VALUES ($1, $2, $3, $4, $5, $6)",
            &[
                &message.sender,
                &message.seq,
                &message.jti,
                &hash,
                &refused.map(Rule::as_str),
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

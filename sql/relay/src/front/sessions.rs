//! Sessions at the front and the services that take part in them: what single logout needs.

use relay_core::id::Id;
use serde_json::json;
use store::{Row, Tx};
use time::OffsetDateTime;
use uuid::Uuid;
use zeroize::Zeroizing;

use super::{AuditAct, FrontError, FrontRecords, HolderState, Note, audit::about_session};

/// A session's id.
pub type SessionId = Id<Session>;

/// Marks ids of sessions.
#[derive(Debug)]
pub enum Session {}

const PARTICIPANT: &str = "front.participant";

/// How a session ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// The person logged out, here or at a service.
    Logout,
    /// The card was pulled from the bridge's reader.
    CardGone,
    /// Another card was shown in the same browser.
    Replaced,
    /// The office suspended or revoked the card.
    Revoked,
}

impl Ending {
    /// As stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Logout => "logout",
            Self::CardGone => "card_gone",
            Self::Replaced => "replaced",
            Self::Revoked => "revoked",
        }
    }
}

/// A service that was given an assertion in a session.
#[derive(Clone, PartialEq)]
pub struct Participant {
    /// The service.
    pub service: String,
    /// Its SessionIndex.
    pub session_index: String,
    /// What it was given as the subject: goes back in a LogoutRequest.
    pub name_id: Zeroizing<String>,
    /// Whether it knows that its session is over.
    pub telling: Told,
}

/// How far a service has been told that its session is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Told {
    /// The session goes on, or the service was told in vain so often; it is told again.
    NotYet {
        /// How often.
        tries: u32,
    },
    /// It has answered, or asked itself.
    Yes,
    /// Telling it was given up.
    GivenUp,
}

impl std::fmt::Debug for Participant {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Participant")
            .field("service", &self.service)
            .finish_non_exhaustive()
    }
}

/// A service to be added to a session.
#[derive(Clone)]
pub struct NewParticipant {
    /// The service.
    pub service: String,
    /// A random SessionIndex.
    pub session_index: String,
    /// The subject as it is in the assertion: `EncryptedID` or a transient `NameID`.
    pub name_id: Zeroizing<String>,
}

/// A session that goes on.
#[derive(Debug, Clone, PartialEq)]
pub struct SessionAt {
    /// Its id.
    pub id: SessionId,
    /// The registration that was shown, with how it stands now; `None` where another provider knows the person.
    pub holder: Option<(Uuid, HolderState)>,
    /// The other provider.
    pub upstream: Option<String>,
    /// Authentication context class.
    pub context: String,
    /// When the card was shown.
    pub authenticated_at: OffsetDateTime,
    /// When it ends by itself.
    pub expires_at: OffsetDateTime,
}

/// A session that has just ended: these services are to be told.
#[derive(Debug, Clone, PartialEq)]
pub struct Ended {
    /// The session.
    pub session: SessionId,
    /// When it ended.
    pub at: OffsetDateTime,
    /// Services that do not know yet.
    pub participants: Vec<Participant>,
}

impl FrontRecords {
    /// The session of a browser's cookie, while it goes on.
    ///
    /// # Errors
    /// [`FrontError`]
    pub async fn session(&self, cookie: &[u8], now: OffsetDateTime) -> Result<Option<SessionAt>, FrontError> {
        let cookie = &self.keyed("front.session.cookie", cookie);
        self.look("session", |tx| async move {
            let row = tx
                .query_opt(
                    "-- session\n\
                     SELECT s.id, s.holder, h.state, s.upstream, s.context, s.authenticated_at, s.expires_at\n\
                     FROM front.session s LEFT JOIN front.holder h ON h.registration = s.holder\n\
                     WHERE s.cookie = $1 AND s.ended_at IS NULL AND s.expires_at > $2",
                    &[cookie, &now],
                )
                .await?;
            row.map(|row| session_at(&row)).transpose()
        })
        .await
    }

    /// The session in which `service` was given `session_index`, while it goes on.
    ///
    /// # Errors
    /// [`FrontError`]
    pub async fn session_by_index(
        &self,
        service: &str,
        session_index: &str,
        now: OffsetDateTime,
    ) -> Result<Option<SessionId>, FrontError> {
        self.look("session_by_index", |tx| async move {
            let row = tx
                .query_opt(
                    "-- session_by_index\n\
                     SELECT s.id FROM front.participant p JOIN front.session s ON s.id = p.session\n\
                     WHERE p.session_index = $1 AND p.service = $2 AND s.ended_at IS NULL AND s.expires_at > $3",
                    &[&session_index, &service, &now],
                )
                .await?;
            Ok(row.map(|row| SessionId::from_uuid(row.get(0))))
        })
        .await
    }

    /// The services in a session, ended or not.
    ///
    /// # Errors
    /// [`FrontError`]
    pub async fn participants(&self, session: SessionId) -> Result<Vec<Participant>, FrontError> {
        self.look(
            "participants",
            |tx| async move { self.participants_in(&tx, session).await },
        )
        .await
    }

    /// Ends a session. `asker`: the service that asked for it, and knows. Ended already, it gives the services that
    /// were not told yet all the same.
    ///
    /// # Errors
    /// [`FrontError::NotFound`]
    pub async fn end_session(
        &self,
        session: SessionId,
        ending: Ending,
        asker: Option<&str>,
        now: OffsetDateTime,
    ) -> Result<Ended, FrontError> {
        self.locked("end_session", |tx| async move {
            if let Some(asker) = asker {
                self.knows(&tx, session, asker, now).await?;
            }
            self.end(&tx, session, ending, now).await
        })
        .await
    }

    /// Gives the session a token with which the card bridge may say that the card was pulled.
    ///
    /// # Errors
    /// [`FrontError`]
    pub async fn expect_gone(&self, session: SessionId, token: &[u8]) -> Result<(), FrontError> {
        let token = &self.keyed("front.session.gone", token);
        self.locked("expect_gone", |tx| async move {
            tx.execute(
                "-- expect_gone\nUPDATE front.session SET gone = $2 WHERE id = $1",
                &[&session.uuid(), token],
            )
            .await?;
            Ok(())
        })
        .await
    }

    /// Ends the session whose card was pulled. `None` when the token names none that goes on.
    ///
    /// # Errors
    /// [`FrontError`]
    pub async fn card_gone(&self, token: &[u8], now: OffsetDateTime) -> Result<Option<Ended>, FrontError> {
        let token = &self.keyed("front.session.gone", token);
        self.locked("card_gone", |tx| async move {
            let row = tx
                .query_opt(
                    "-- card_gone\nSELECT id FROM front.session WHERE gone = $1 AND ended_at IS NULL",
                    &[token],
                )
                .await?;
            match row {
                None => Ok(None),
                Some(row) => {
                    let session = SessionId::from_uuid(row.get(0));
                    self.end(&tx, session, Ending::CardGone, now).await.map(Some)
                }
            }
        })
        .await
    }

    pub(super) async fn end_sessions_of(
        &self,
        tx: &Tx,
        registration: Uuid,
        ending: Ending,
        now: OffsetDateTime,
    ) -> Result<Vec<Ended>, FrontError> {
        let rows = tx
            .query(
                "-- end_sessions_of\nSELECT id FROM front.session WHERE holder = $1 AND ended_at IS NULL ORDER BY id",
                &[&registration],
            )
            .await?;
        let mut ended = Vec::with_capacity(rows.len());
        for row in &rows {
            ended.push(self.end(tx, SessionId::from_uuid(row.get(0)), ending, now).await?);
        }
        Ok(ended)
    }

    pub(super) async fn end(
        &self,
        tx: &Tx,
        session: SessionId,
        ending: Ending,
        now: OffsetDateTime,
    ) -> Result<Ended, FrontError> {
        let row = tx
            .query_opt(
                "-- end\nSELECT holder, ended_at FROM front.session WHERE id = $1 FOR UPDATE",
                &[&session.uuid()],
            )
            .await?
            .ok_or(FrontError::NotFound("session"))?;
        let participants: Vec<_> = self
            .participants_in(tx, session)
            .await?
            .into_iter()
            .filter(|participant| matches!(participant.telling, Told::NotYet { .. }))
            .collect();
        let ended_at: Option<OffsetDateTime> = row.get("ended_at");
        if ended_at.is_none() {
            tx.execute(
                "-- end\nUPDATE front.session SET ended_at = $2, ending = $3 WHERE id = $1",
                &[&session.uuid(), &now, &ending.as_str()],
            )
            .await?;
            self.to_be_told(tx, session, now).await?;
            let registration = row
                .get::<_, Option<Uuid>>("holder")
                .map(|registration| self.registration_in_trail(registration));
            let note = Note::of(
                AuditAct::SessionEnded,
                about_session(session.uuid(), registration),
                json!({ "ending": ending.as_str(), "services": participants.len() }),
            );
            self.write(tx, &note, now).await?;
        }
        Ok(Ended {
            session,
            at: ended_at.unwrap_or(now),
            participants,
        })
    }

    async fn participants_in(&self, tx: &Tx, session: SessionId) -> Result<Vec<Participant>, FrontError> {
        let rows = tx
            .query(
                "-- participants_in\n\
                 SELECT service, session_index, name_id, told_at, given_up_at, tries FROM front.participant\n\
                 WHERE session = $1 ORDER BY service",
                &[&session.uuid()],
            )
            .await?;
        rows.iter().map(|row| self.participant(session, row)).collect()
    }

    pub(super) fn participant(&self, session: SessionId, row: &Row) -> Result<Participant, FrontError> {
        let sealed: Vec<u8> = row.get("name_id");
        let at = |column| row.get::<_, Option<OffsetDateTime>>(column);
        let tries: i32 = row.get("tries");
        Ok(Participant {
            service: row.get("service"),
            session_index: row.get("session_index"),
            name_id: self
                .open_text(PARTICIPANT, session.uuid(), "name_id", &sealed)
                .map(Zeroizing::new)?,
            telling: match (at("told_at"), at("given_up_at")) {
                (Some(_), _) => Told::Yes,
                (None, Some(_)) => Told::GivenUp,
                (None, None) => Told::NotYet {
                    tries: tries.unsigned_abs(),
                },
            },
        })
    }

    pub(super) async fn take_part(
        &self,
        tx: &Tx,
        session: SessionId,
        new: &NewParticipant,
        now: OffsetDateTime,
    ) -> Result<(), FrontError> {
        let sealed = self.seal(PARTICIPANT, session.uuid(), "name_id", new.name_id.as_bytes());
        tx.execute(
            "-- take_part\n\
             INSERT INTO front.participant (session, service, session_index, name_id, since) VALUES ($1, $2, $3, $4, $5)\n\
             ON CONFLICT (session, service) DO UPDATE SET session_index = $3, name_id = $4, told_at = NULL,\n\
                 next_try_at = NULL, given_up_at = NULL, tries = 0",
            &[&session.uuid(), &new.service, &new.session_index, &sealed, &now],
        )
        .await?;
        Ok(())
    }
}

fn session_at(row: &Row) -> Result<SessionAt, FrontError> {
    let holder: Option<Uuid> = row.get("holder");
    let state: Option<String> = row.get("state");
    Ok(SessionAt {
        id: SessionId::from_uuid(row.get("id")),
        holder: match (holder, state) {
            (Some(holder), Some(state)) => Some((holder, HolderState::parse(&state)?)),
            _ => None,
        },
        upstream: row.get("upstream"),
        context: row.get("context"),
        authenticated_at: row.get("authenticated_at"),
        expires_at: row.get("expires_at"),
    })
}

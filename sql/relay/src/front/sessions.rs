//! Sessions at the front and the services that take part in them: what single logout needs.
//!
//! A participant's row does not tell of which session it is, nor a session's row whose it is: whoever reads the
//! database would match two services' records by it. From a session its participants are found by working out what
//! each partner's row would be called; from a registration its sessions, by the places they can take.

use relay_core::id::Id;
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::{Row, Tx};
use time::{Duration, OffsetDateTime};
use uuid::Uuid;
use zeroize::Zeroizing;

use super::{AuditAct, FrontError, FrontRecords, HolderState, Note, Whence, audit::about_session};

/// A session's id.
pub type SessionId = Id<Session>;

/// Marks ids of sessions.
#[derive(Debug)]
pub enum Session {}

const PARTICIPANT: &str = "front.participant";
const SESSION: &str = "front.session";
/// Sessions of one registration at once.
const PLACES: u8 = 64;
/// Who ends a session tells its services at once. What is not told then is anybody's to take up.
const AT_ONCE: Duration = Duration::seconds(5);
/// A participant's row is kept so long: longer than any session with the time in which services are told of its end.
const KEPT: Duration = Duration::days(3);

/// How a session ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// The person logged out, here or at a service.
    Logout,
    /// The card was pulled from a reader that a bridge watches.
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
    pub service: String,
    pub session_index: String,
    /// What it was given as the subject: goes back in a LogoutRequest.
    pub name_id: Zeroizing<String>,
    /// When the session ended, if it has.
    pub ended_at: Option<OffsetDateTime>,
    /// How far it has been told.
    pub telling: Told,
}

/// How far a service has been told that its session is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Told {
    /// The session goes on, or the service was told in vain so often; it is told again.
    NotYet { tries: u32 },
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

/// A service to be added to a session. Its SessionIndex is [`FrontRecords::session_index`].
#[derive(Clone)]
pub struct NewParticipant {
    pub service: String,
    /// The subject as it is in the assertion: `EncryptedID` or a transient `NameID`.
    pub name_id: Zeroizing<String>,
}

/// A session that goes on.
#[derive(Debug, Clone, PartialEq)]
pub struct SessionAt {
    pub id: SessionId,
    /// The registration that was shown, with how it stands now; `None` where another provider knows the person.
    pub holder: Option<(Uuid, HolderState)>,
    pub upstream: Option<String>,
    pub context: String,
    /// When the card was shown.
    pub authenticated_at: OffsetDateTime,
    /// When it ends by itself.
    pub expires_at: OffsetDateTime,
}

/// A session that has just ended: these services are to be told.
#[derive(Debug, Clone, PartialEq)]
pub struct Ended {
    pub session: SessionId,
    pub at: OffsetDateTime,
    /// Services that do not know yet.
    pub participants: Vec<Participant>,
}

/// What a session is, as it is sealed into its row.
#[derive(Serialize, Deserialize)]
pub(super) struct Facts {
    pub(super) holder: Option<Uuid>,
    pub(super) upstream: Option<String>,
    pub(super) context: String,
    #[serde(with = "time::serde::timestamp::microseconds")]
    pub(super) authenticated_at: OffsetDateTime,
    #[serde(with = "time::serde::timestamp::microseconds")]
    pub(super) expires_at: OffsetDateTime,
    /// From where the card was shown, where a bridge there may say by the certificate alone that it was pulled.
    #[serde(default)]
    pub(super) shown_from: Option<Whence>,
}

/// Which session a participant is of, as it is sealed into its row.
#[derive(Serialize, Deserialize)]
struct PartOf {
    session: Uuid,
    #[serde(with = "time::serde::timestamp::microseconds::option")]
    ended_at: Option<OffsetDateTime>,
}

impl FrontRecords {
    /// The SessionIndex of `service` in `session`: the same for each assertion it is given there, so that one word ends
    /// them all, and another for every service, so that two cannot match people by it.
    pub fn session_index(&self, session: SessionId, service: &str) -> String {
        let named = [session.uuid().as_bytes(), service.as_bytes()].concat();
        format!("_{}", hex::encode(&self.keyed("front.session_index", &named)[..20]))
    }

    /// What the row of `service` with `session_index` is called.
    fn participant_id(&self, service: &str, session_index: &str) -> Vec<u8> {
        self.keyed(PARTICIPANT, format!("{service}\0{session_index}").as_bytes())
    }

    pub(super) fn participant_of(&self, session: SessionId, service: &str) -> Vec<u8> {
        self.participant_id(service, &self.session_index(session, service))
    }

    /// How the sessions of `registration` can be called, in an order of chance.
    pub(super) fn places(&self, registration: Uuid) -> Vec<Vec<u8>> {
        let from: [u8; 1] = self.draw();
        (0..PLACES)
            .map(|place| {
                let place = place.wrapping_add(from[0]) % PLACES;
                self.keyed("front.session.place", &[registration.as_bytes(), &[place][..]].concat())
            })
            .collect()
    }

    pub(super) fn seal_facts(&self, session: SessionId, facts: &Facts) -> Result<Vec<u8>, FrontError> {
        let plain = serde_json::to_vec(facts).map_err(|_| FrontError::Unreadable(SESSION))?;
        Ok(self.seal(SESSION, session.uuid(), "facts", &plain))
    }

    pub(super) fn facts(&self, session: SessionId, row: &Row) -> Result<Facts, FrontError> {
        let plain = self.open(SESSION, session.uuid(), "facts", row.get("facts"))?;
        serde_json::from_slice(&plain).map_err(|_| FrontError::Unreadable(SESSION))
    }

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
                     SELECT id, facts FROM front.session WHERE cookie = $1 AND ended_at IS NULL AND expires_at > $2",
                    &[cookie, &now],
                )
                .await?;
            let Some(row) = row else { return Ok(None) };
            let id = SessionId::from_uuid(row.get("id"));
            let facts = self.facts(id, &row)?;
            if facts.expires_at <= now {
                return Ok(None);
            }
            let holder = match facts.holder {
                None => None,
                Some(registration) => Some((registration, state_of(&tx, registration).await?)),
            };
            Ok(Some(SessionAt {
                id,
                holder,
                upstream: facts.upstream,
                context: facts.context,
                authenticated_at: facts.authenticated_at,
                expires_at: facts.expires_at,
            }))
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
        let id = &self.participant_id(service, session_index);
        self.read("session_by_index", |tx| async move {
            let row = tx
                .query_opt(
                    "-- session_by_index\nSELECT id, session FROM front.participant WHERE id = $1",
                    &[id],
                )
                .await?;
            let Some(row) = row else { return Ok(None) };
            let session = self.part_of(&row)?.session;
            let goes_on = tx
                .query_opt(
                    "-- session_by_index\n\
                     SELECT id, facts FROM front.session WHERE id = $1 AND ended_at IS NULL AND expires_at > $2",
                    &[&session, &now],
                )
                .await?;
            let Some(row) = goes_on else { return Ok(None) };
            let session = SessionId::from_uuid(session);
            Ok((self.facts(session, &row)?.expires_at > now).then_some(session))
        })
        .await
    }

    /// The services in a session that do not know that it is over, ended or not.
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
                self.knows(&tx, session, asker).await?;
            }
            self.end(&tx, session, ending, now).await
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
                "-- end_sessions_of\nSELECT id FROM front.session WHERE place = ANY ($1) ORDER BY id",
                &[&self.places(registration)],
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
                "-- end\nSELECT facts, ended_at FROM front.session WHERE id = $1 FOR UPDATE",
                &[&session.uuid()],
            )
            .await?
            .ok_or(FrontError::NotFound("session"))?;
        let mut participants = self.participants_in(tx, session).await?;
        participants.retain(|participant| matches!(participant.telling, Told::NotYet { .. }));
        if row.get::<_, Option<OffsetDateTime>>("ended_at").is_none() {
            tx.execute(
                "-- end\nUPDATE front.session SET ended_at = $2, ending = $3, place = NULL WHERE id = $1",
                &[&session.uuid(), &hour_of(now), &ending.as_str()],
            )
            .await?;
            for participant in &mut participants {
                participant.ended_at = Some(now);
                self.to_be_told(tx, session, &participant.service, now).await?;
            }
            let registration = self.facts(session, &row)?.holder;
            let registration = registration.map(|registration| self.registration_of(registration, session));
            let note = Note::of(
                AuditAct::SessionEnded,
                about_session(session.uuid(), registration),
                json!({ "ending": ending.as_str() }),
            );
            self.write(tx, &note, now).await?;
        }
        Ok(Ended {
            session,
            at: participants.iter().find_map(|one| one.ended_at).unwrap_or(now),
            participants,
        })
    }

    async fn participants_in(&self, tx: &Tx, session: SessionId) -> Result<Vec<Participant>, FrontError> {
        let partners = tx
            .query("-- participants_in\nSELECT entity_id FROM front.partner", &[])
            .await?;
        let ids: Vec<_> = partners
            .iter()
            .map(|row| self.participant_of(session, row.get(0)))
            .collect();
        let rows = tx
            .query(
                "-- participants_in\n\
                 SELECT id, service, session, name_id, given_up, tries FROM front.participant\n\
                 WHERE id = ANY ($1) ORDER BY service",
                &[&ids],
            )
            .await?;
        rows.iter()
            .map(|row| self.participant(row).map(|(_, participant)| participant))
            .collect()
    }

    /// A participant's row as it is sealed to.
    fn row_of(id: &[u8]) -> Uuid {
        let mut row = [0; 16];
        row.copy_from_slice(&id[..16]);
        Uuid::from_bytes(row)
    }

    fn part_of(&self, row: &Row) -> Result<PartOf, FrontError> {
        let plain = self.open(PARTICIPANT, Self::row_of(row.get("id")), "session", row.get("session"))?;
        serde_json::from_slice(&plain).map_err(|_| FrontError::Unreadable(PARTICIPANT))
    }

    /// When the session of a participant's row ended, if it has.
    pub(super) fn ended_at(&self, row: &Row) -> Result<Option<OffsetDateTime>, FrontError> {
        Ok(self.part_of(row)?.ended_at)
    }

    fn seal_part_of(
        &self,
        id: &[u8],
        session: SessionId,
        ended_at: Option<OffsetDateTime>,
    ) -> Result<Vec<u8>, FrontError> {
        let part_of = PartOf {
            session: session.uuid(),
            ended_at,
        };
        let plain = serde_json::to_vec(&part_of).map_err(|_| FrontError::Unreadable(PARTICIPANT))?;
        Ok(self.seal(PARTICIPANT, Self::row_of(id), "session", &plain))
    }

    pub(super) fn participant(&self, row: &Row) -> Result<(SessionId, Participant), FrontError> {
        let PartOf { session, ended_at } = self.part_of(row)?;
        let session = SessionId::from_uuid(session);
        let service: String = row.get("service");
        let tries: i32 = row.get("tries");
        let name_id = self.open_text(PARTICIPANT, Self::row_of(row.get("id")), "name_id", row.get("name_id"))?;
        let participant = Participant {
            session_index: self.session_index(session, &service),
            service,
            name_id: Zeroizing::new(name_id),
            ended_at,
            telling: match row.get("given_up") {
                true => Told::GivenUp,
                false => Told::NotYet {
                    tries: tries.unsigned_abs(),
                },
            },
        };
        Ok((session, participant))
    }

    pub(super) async fn take_part(
        &self,
        tx: &Tx,
        session: SessionId,
        new: &NewParticipant,
        now: OffsetDateTime,
    ) -> Result<(), FrontError> {
        let id = self.participant_of(session, &new.service);
        let name_id = self.seal(PARTICIPANT, Self::row_of(&id), "name_id", new.name_id.as_bytes());
        let part_of = self.seal_part_of(&id, session, None)?;
        tx.execute(
            "-- take_part\n\
             INSERT INTO front.participant (id, service, session, name_id, until) VALUES ($1, $2, $3, $4, $5)\n\
             ON CONFLICT (id) DO UPDATE SET name_id = $4, until = $5",
            &[&id, &new.service, &part_of, &name_id, &(now + KEPT).date()],
        )
        .await?;
        Ok(())
    }

    /// From now on `service` is to be told that `session` is over.
    async fn to_be_told(
        &self,
        tx: &Tx,
        session: SessionId,
        service: &str,
        now: OffsetDateTime,
    ) -> Result<(), FrontError> {
        let id = self.participant_of(session, service);
        // Not to the moment: rows that wait together would be seen to be of one session.
        let spread = i64::from(u32::from_be_bytes(self.draw())) % 2_000_000;
        let next = now + AT_ONCE + Duration::microseconds(spread);
        tx.execute(
            "-- to_be_told\nUPDATE front.participant SET session = $2, next_try_at = $3 WHERE id = $1",
            &[&id, &self.seal_part_of(&id, session, Some(now))?, &next],
        )
        .await?;
        Ok(())
    }
}

async fn state_of(tx: &Tx, registration: Uuid) -> Result<HolderState, FrontError> {
    let row = tx
        .query_opt(
            "-- state_of\nSELECT state FROM front.holder WHERE registration = $1",
            &[&registration],
        )
        .await?
        .ok_or(FrontError::NotFound("registration"))?;
    HolderState::parse(row.get("state"))
}

/// The hour of `at`: rows say no more of when.
pub(super) fn hour_of(at: OffsetDateTime) -> OffsetDateTime {
    let at = at.to_offset(time::UtcOffset::UTC);
    at - Duration::seconds(i64::from(at.minute()) * 60 + i64::from(at.second()))
        - Duration::nanoseconds(i64::from(at.nanosecond()))
}

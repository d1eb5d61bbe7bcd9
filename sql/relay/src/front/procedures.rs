//! Sign-ins and logouts under way: sealed states that any instance of the front can take up.

use serde_json::json;
use store::Tx;
use time::{Duration, OffsetDateTime};
use uuid::Uuid;
use zeroize::Zeroizing;

use super::{
    Ended, Ending, FrontError, FrontRecords, NewArtifact, NewParticipant, Note, Seen, SessionId, Whence,
    sessions::{Facts, hour_of},
};

const TABLE: &str = "front.procedure";

/// What is under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProcedureKind {
    SignIn,
    /// A logout that goes from service to service.
    Logout,
    /// A telephone's request to be signed in by a card elsewhere, found by its digits
    /// ([`FrontRecords::telephone_request`]).
    Telephone,
    /// What a machine with a reader does about one.
    Approval,
}

impl ProcedureKind {
    /// As stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SignIn => "sign_in",
            Self::Logout => "logout",
            Self::Telephone => "telephone",
            Self::Approval => "approval",
        }
    }
}

/// A procedure to be kept.
#[derive(Clone)]
pub struct NewProcedure<'a> {
    pub id: Uuid,
    pub kind: ProcedureKind,
    /// The cookie of the browser it belongs to.
    pub browser: Option<&'a [u8]>,
    pub state: &'a [u8],
    /// When it is given up: at the next full minute.
    pub expires_at: OffsetDateTime,
}

/// A procedure as kept.
#[derive(Clone)]
pub struct Procedure {
    pub id: Uuid,
    pub state: Zeroizing<Vec<u8>>,
    /// Its version: what a move starts from.
    pub version: i32,
    /// When it is given up.
    pub expires_at: OffsetDateTime,
}

/// A session to be begun.
#[derive(Clone)]
pub struct NewSession {
    pub id: SessionId,
    /// The browser's new cookie.
    pub cookie: Zeroizing<Vec<u8>>,
    /// The registration shown, or the other provider that knows the person.
    pub of: SessionOf,
    /// The registration's [`Holder::link`](super::Holder::link) that the name was made from; `None` for a passing name.
    pub link: Option<i32>,
    pub context: String,
    /// When the card was shown.
    pub authenticated_at: OffsetDateTime,
    /// When it ends by itself.
    pub expires_at: OffsetDateTime,
    /// The card bridge's token for a pulled card.
    pub gone: Option<Zeroizing<Vec<u8>>>,
    /// From where the card was shown, where no token says that it was pulled: by mutual TLS.
    pub shown_from: Option<Whence>,
    /// The browser's session so far, of another card: it ends.
    pub replaces: Option<SessionId>,
    /// It is the browser's session so far: the same card was shown again.
    pub carries_on: bool,
}

impl NewSession {
    fn facts(&self) -> Facts {
        let (holder, upstream) = match &self.of {
            SessionOf::Holder(registration) => (Some(*registration), None),
            SessionOf::Upstream(provider) => (None, Some(provider.clone())),
        };
        Facts {
            holder,
            upstream,
            context: self.context.clone(),
            authenticated_at: self.authenticated_at,
            expires_at: self.expires_at,
            shown_from: self.shown_from,
        }
    }
}

/// Whose a session is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SessionOf {
    /// A registration of ours.
    Holder(Uuid),
    /// Someone another provider knows.
    Upstream(String),
}

/// Which session an answer belongs to.
#[derive(Clone)]
pub enum SessionUsed {
    /// None: nobody was signed in.
    None,
    /// One that goes on.
    Existing(SessionId),
    /// One that begins with it.
    New(Box<NewSession>),
}

/// All that is recorded when a sign-in is answered: in one transaction, before anything is sent.
#[derive(Clone)]
pub struct Answered {
    /// The procedure this ends, where one was kept, with the version it was read at.
    pub procedure: Option<(Uuid, i32)>,
    /// The request, where it was answered at once.
    pub seen: Vec<Seen>,
    pub session: SessionUsed,
    /// The service in it.
    pub participant: Option<NewParticipant>,
    /// The message, where it is sent by artifact.
    pub artifact: Option<NewArtifact>,
    /// The event; which session it is about is added.
    pub note: Note,
}

impl FrontRecords {
    /// Keeps a procedure begun by a message that must not be taken twice.
    ///
    /// # Errors
    /// [`FrontError::Replayed`]
    pub async fn begin(
        &self,
        new: &NewProcedure<'_>,
        seen: Option<&Seen>,
        now: OffsetDateTime,
    ) -> Result<(), FrontError> {
        self.locked("begin", |tx| async move {
            if let Some(seen) = seen {
                self.seen(&tx, seen).await?;
            }
            self.insert(&tx, new, now).await
        })
        .await
    }

    /// Goes on with the procedure `former` as `new`, under another id: who was told the one does not know the other.
    ///
    /// # Errors
    /// [`FrontError::ProcedureOver`] when another instance or window moved it meanwhile.
    pub async fn go_on_as(
        &self,
        former: (Uuid, i32),
        new: &NewProcedure<'_>,
        now: OffsetDateTime,
    ) -> Result<(), FrontError> {
        self.locked("go_on_as", |tx| async move {
            end_procedure(&tx, former.0, former.1).await?;
            self.insert(&tx, new, now).await
        })
        .await
    }

    /// What a telephone's request with these digits is called. Whoever reads the database learns no digits from it.
    pub fn telephone_request(&self, digits: &str) -> Uuid {
        let hash = self.keyed("front.procedure.telephone", digits.as_bytes());
        Uuid::from_slice(&hash[..16]).unwrap_or_default()
    }

    /// Keeps a telephone's request; whether its digits were free.
    ///
    /// # Errors
    /// [`FrontError`]
    pub async fn begin_telephone(&self, new: &NewProcedure<'_>, now: OffsetDateTime) -> Result<bool, FrontError> {
        self.locked("begin_telephone", |tx| async move {
            tx.execute(
                "-- begin_telephone\nDELETE FROM front.procedure WHERE id = $1 AND expires_at <= $2",
                &[&new.id, &now],
            )
            .await?;
            let taken = tx
                .query_opt(
                    "-- begin_telephone\nSELECT 1 FROM front.procedure WHERE id = $1",
                    &[&new.id],
                )
                .await?;
            if taken.is_some() {
                return Ok(false);
            }
            self.insert(&tx, new, now).await?;
            Ok(true)
        })
        .await
    }

    async fn insert(&self, tx: &Tx, new: &NewProcedure<'_>, now: OffsetDateTime) -> Result<(), FrontError> {
        tx.execute(
            "-- insert\n\
             INSERT INTO front.procedure (id, kind, browser, state, version, began_at, expires_at)\n\
             VALUES ($1, $2, $3, $4, 1, $5, $6)",
            &[
                &new.id,
                &new.kind.as_str(),
                &new.browser.map(|cookie| self.browser_of(new.id, cookie)),
                &self.seal(TABLE, new.id, "state", new.state),
                &hour_of(now),
                &full_minute(new.expires_at),
            ],
        )
        .await?;
        Ok(())
    }

    /// What a procedure's row knows its browser by: another thing in each, since the services that two are for would be seen
    /// to have the same visitor.
    fn browser_of(&self, procedure: Uuid, cookie: &[u8]) -> Vec<u8> {
        self.keyed("front.procedure.browser", &[procedure.as_bytes(), cookie].concat())
    }

    /// The procedure `id`, for the browser with this cookie, while it is not given up.
    ///
    /// # Errors
    /// [`FrontError::ProcedureOver`] also when it belongs to another browser: which of the two is not told.
    pub async fn procedure(
        &self,
        id: Uuid,
        kind: ProcedureKind,
        browser: Option<&[u8]>,
        now: OffsetDateTime,
    ) -> Result<Procedure, FrontError> {
        let browser = &browser.map(|cookie| self.browser_of(id, cookie));
        self.look("procedure", |tx| async move {
            let row = tx
                .query_opt(
                    "-- procedure\n\
                     SELECT state, version, expires_at FROM front.procedure\n\
                     WHERE id = $1 AND kind = $2 AND browser IS NOT DISTINCT FROM $3 AND expires_at > $4",
                    &[&id, &kind.as_str(), browser, &now],
                )
                .await?
                .ok_or(FrontError::ProcedureOver)?;
            let sealed: Vec<u8> = row.get("state");
            Ok(Procedure {
                id,
                state: self.open(TABLE, id, "state", &sealed)?,
                version: row.get("version"),
                expires_at: row.get("expires_at"),
            })
        })
        .await
    }

    /// Moves a procedure on from the version it was read at, with what is to be noted.
    ///
    /// # Errors
    /// [`FrontError::ProcedureOver`] when another instance or window moved it meanwhile.
    pub async fn move_on(
        &self,
        id: Uuid,
        version: i32,
        state: &[u8],
        note: Option<&Note>,
        now: OffsetDateTime,
    ) -> Result<(), FrontError> {
        self.locked("move_on", |tx| async move {
            let moved = tx
                .execute(
                    "-- move_on\n\
                         UPDATE front.procedure SET state = $3, version = version + 1\n\
                         WHERE id = $1 AND version = $2 AND expires_at > $4",
                    &[&id, &version, &self.seal(TABLE, id, "state", state), &now],
                )
                .await?;
            if moved != 1 {
                return Err(FrontError::ProcedureOver);
            }
            if let Some(note) = note {
                self.write(&tx, note, now).await?;
            }
            Ok(())
        })
        .await
    }

    /// Ends a procedure, with what is to be noted.
    ///
    /// # Errors
    /// [`FrontError::ProcedureOver`]
    pub async fn close(
        &self,
        id: Uuid,
        version: i32,
        note: Option<&Note>,
        now: OffsetDateTime,
    ) -> Result<(), FrontError> {
        self.locked("close", |tx| async move {
            end_procedure(&tx, id, version).await?;
            if let Some(note) = note {
                self.write(&tx, note, now).await?;
            }
            Ok(())
        })
        .await
    }

    /// Records that a sign-in is answered: its session, the service in it, the artifact, the event, and the end of
    /// the procedure, all or nothing. The answer may be sent once this returns. A card that is shown again carries
    /// the browser's session on; gives back the sessions that ended because another one was shown, or because the
    /// person had too many.
    ///
    /// # Errors
    /// [`FrontError::ProcedureOver`], [`FrontError::Replayed`]; [`FrontError::PartnerNotNow`] where the service was
    /// switched off meanwhile.
    pub async fn answered(&self, answered: &Answered, now: OffsetDateTime) -> Result<Vec<Ended>, FrontError> {
        self.locked("answered", |tx| async move {
            for seen in &answered.seen {
                self.seen(&tx, seen).await?;
            }
            if let Some((id, version)) = answered.procedure {
                end_procedure(&tx, id, version).await?;
            }
            let mut ended = Vec::new();
            let session = match &answered.session {
                SessionUsed::None => None,
                SessionUsed::Existing(session) => {
                    goes_on(&tx, *session, now).await?;
                    Some(*session)
                }
                SessionUsed::New(new) => {
                    if let SessionOf::Holder(registration) = &new.of {
                        still_active(&tx, *registration, new.link).await?;
                    }
                    if new.carries_on {
                        self.carry_on(&tx, new, now).await?;
                    } else {
                        if let Some(former) = new.replaces {
                            ended.push(self.end(&tx, former, Ending::Replaced, now).await?);
                        }
                        ended.extend(self.begin_session(&tx, new, now).await?);
                    }
                    Some(new.id)
                }
            };
            let mut note = answered.note.clone();
            if let (Some(session), Some(participant)) = (session, &answered.participant) {
                still_on(&tx, &participant.service, now).await?;
                self.take_part(&tx, session, participant, now).await?;
                let named = self.session_at(session, &participant.service);
                note.subjects.insert("session".to_owned(), json!(named));
            }
            if let Some(artifact) = &answered.artifact {
                self.keep_artifact(&tx, artifact).await?;
            }
            self.write(&tx, &note, now).await?;
            Ok(ended)
        })
        .await
    }

    /// The same card shown again (a forced sign-in, a stronger one): the session goes on from here, under a new cookie,
    /// and the services in it stay.
    async fn carry_on(&self, tx: &Tx, new: &NewSession, now: OffsetDateTime) -> Result<(), FrontError> {
        let over = || FrontError::NotFound("session");
        let row = tx
            .query_opt(
                "-- carry_on\nSELECT facts FROM front.session WHERE id = $1 AND ended_at IS NULL FOR UPDATE",
                &[&new.id.uuid()],
            )
            .await?
            .ok_or_else(over)?;
        let former = self.facts(new.id, &row)?;
        if former.expires_at <= now || former.holder != new.facts().holder {
            return Err(over());
        }
        let gone = new.gone.as_ref().map(|token| self.keyed("front.session.gone", token));
        tx.execute(
            "-- carry_on\n\
             UPDATE front.session SET cookie = $2, facts = $3, expires_at = $4, gone = coalesce($5, gone) WHERE id = $1",
            &[
                &new.id.uuid(),
                &self.keyed("front.session.cookie", &new.cookie),
                &self.seal_facts(new.id, &new.facts())?,
                &(hour_of(new.expires_at) + Duration::HOUR),
                &gone,
            ],
        )
        .await?;
        Ok(())
    }

    /// Begins a session; gives back the one that had to end because the person had as many as there are places.
    async fn begin_session(&self, tx: &Tx, new: &NewSession, now: OffsetDateTime) -> Result<Option<Ended>, FrontError> {
        let facts = self.seal_facts(new.id, &new.facts())?;
        let cookie = self.keyed("front.session.cookie", &new.cookie);
        let gone = new.gone.as_ref().map(|token| self.keyed("front.session.gone", token));
        let expires_at = hour_of(new.expires_at) + Duration::HOUR;
        let places = match &new.of {
            SessionOf::Holder(registration) => self.places(*registration).into_iter().map(Some).collect(),
            SessionOf::Upstream(_) => vec![None],
        };
        let insert = async |place: &Option<Vec<u8>>| {
            tx.execute(
                "-- begin_session\n\
                 INSERT INTO front.session (id, cookie, place, facts, expires_at, gone) VALUES ($1, $2, $3, $4, $5, $6)\n\
                 ON CONFLICT ON CONSTRAINT session_place_once DO NOTHING",
                &[&new.id.uuid(), &cookie, place, &facts, &expires_at, &gone],
            )
            .await
        };
        for place in &places {
            if insert(place).await? == 1 {
                return Ok(None);
            }
        }
        // Sixty-four at once: one of them makes room.
        let taken = tx
            .query_opt(
                "-- begin_session\nSELECT id FROM front.session WHERE place = $1",
                &[&places[0]],
            )
            .await?
            .ok_or(FrontError::NotFound("session"))?;
        let ended = self
            .end(tx, SessionId::from_uuid(taken.get(0)), Ending::Replaced, now)
            .await?;
        insert(&places[0]).await?;
        Ok(Some(ended))
    }
}

/// A session that ended while the blind half was asked gives no assertion any more.
async fn goes_on(tx: &Tx, session: SessionId, now: OffsetDateTime) -> Result<(), FrontError> {
    tx.query_opt(
        "-- goes_on\n\
         SELECT 1 FROM front.session WHERE id = $1 AND ended_at IS NULL AND expires_at > $2 FOR SHARE",
        &[&session.uuid(), &now],
    )
    .await?
    .map(|_| ())
    .ok_or(FrontError::NotFound("session"))
}

/// Suspended, or linked to another person, between the card's being shown and this moment: the office's word counts.
async fn still_active(tx: &Tx, registration: Uuid, link: Option<i32>) -> Result<(), FrontError> {
    let sql = "-- still_active\n\
        SELECT link FROM front.holder WHERE registration = $1 AND state = 'active' FOR SHARE";
    let row = tx.query_opt(sql, &[&registration]).await?;
    let not_so = |rule| Err(FrontError::NotSo { registration, rule });
    match row.map(|row| row.get::<_, i32>("link")) {
        None => not_so("not active"),
        Some(now) if link.is_some_and(|link| link != now) => not_so("linked anew meanwhile"),
        Some(_) => Ok(()),
    }
}

/// A service switched off, or whose metadata ended, while the person was looking for the card gets no assertion.
async fn still_on(tx: &Tx, service: &str, now: OffsetDateTime) -> Result<(), FrontError> {
    tx.query_opt(
        "-- still_on\n\
         SELECT 1 FROM front.partner p JOIN front.partner_metadata m USING (entity_id, edition)\n\
         WHERE p.entity_id = $1 AND p.state IN ('on', 'trial') AND (m.valid_until IS NULL OR m.valid_until > $2)\n\
         FOR SHARE OF p",
        &[&service, &now],
    )
    .await?
    .map(|_| ())
    .ok_or(FrontError::PartnerNotNow {
        state: "off",
        rule: "it was switched off, or its metadata ended, while somebody was signing in",
    })
}

/// The next full minute: rows say no more of when.
fn full_minute(at: OffsetDateTime) -> OffsetDateTime {
    let at = at + Duration::seconds(60) - Duration::nanoseconds(1);
    at - Duration::seconds(at.unix_timestamp().rem_euclid(60)) - Duration::nanoseconds(i64::from(at.nanosecond()))
}

async fn end_procedure(tx: &Tx, id: Uuid, version: i32) -> Result<(), FrontError> {
    let ended = tx
        .execute(
            "-- end_procedure\nDELETE FROM front.procedure WHERE id = $1 AND version = $2",
            &[&id, &version],
        )
        .await?;
    if ended == 1 {
        Ok(())
    } else {
        Err(FrontError::ProcedureOver)
    }
}

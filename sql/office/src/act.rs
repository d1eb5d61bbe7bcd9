//! Acts: every change is asked for under an id, by a session, and done once.

use std::{collections::BTreeSet, time::Duration};

use issuance::{
    acts::{ActRow, Who},
    case::CaseId,
    staff::{Role, StaffId},
};
use relay_core::id::Id;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::json;
use store::{StoreError, Tx};
use time::OffsetDateTime;
use tracing::{Instrument, info_span, warn};
use uuid::Uuid;

use crate::{Office, OfficeError, TimeSource};

/// Kind of [`SessionId`].
pub enum SessionKind {}
/// Someone being logged in at a desk.
pub type SessionId = Id<SessionKind>;

/// A change being asked for. The id comes from whoever asks and stays the same when they ask again, so that a
/// repeated key or an answer lost on the way changes nothing twice.
#[derive(Debug, Clone)]
pub struct Act {
    pub id: Uuid,
    pub by: By,
    /// How long the person took for the phase that this act ends, where that is measured.
    pub took: Option<Duration>,
}

/// Who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    /// Whoever is logged in.
    Session(SessionId),
    /// A process without a person: `import`, `setup`.
    Process(&'static str),
}

impl Act {
    /// An act of a session.
    pub const fn of(session: SessionId, id: Uuid) -> Self {
        Self {
            id,
            by: By::Session(session),
            took: None,
        }
    }

    /// An act of a process.
    pub const fn of_process(name: &'static str, id: Uuid) -> Self {
        Self {
            id,
            by: By::Process(name),
            took: None,
        }
    }

    /// With how long the phase took.
    #[must_use]
    pub const fn took(mut self, took: Duration) -> Self {
        self.took = Some(took);
        self
    }
}

/// What an act is about: the same id asked for again about something else is another act, and refused.
pub(crate) struct About {
    case: Option<CaseId>,
    /// What was asked for, where no case says it. Kept as a keyed hash only: there are names in it.
    content: Option<String>,
}

impl About {
    /// About what is in `content`: everything that makes one asking differ from another under the same verb.
    pub(crate) fn content(content: serde_json::Value) -> Self {
        Self {
            case: None,
            content: Some(content.to_string()),
        }
    }
}

impl From<CaseId> for About {
    fn from(case: CaseId) -> Self {
        Self {
            case: Some(case),
            content: None,
        }
    }
}

/// An act while it is done: who it is was looked up in its own transaction.
#[derive(Debug, Clone)]
pub(crate) struct Doing {
    pub(crate) act: Uuid,
    pub(crate) by: By,
    pub(crate) staff: Option<StaffId>,
    pub(crate) desk: Option<String>,
    pub(crate) roles: BTreeSet<Role>,
    pub(crate) at: OffsetDateTime,
    pub(crate) took: Option<Duration>,
}

impl Doing {
    /// As the trail names who did it.
    pub(crate) fn actor(&self) -> String {
        match (self.staff, self.by) {
            (Some(staff), _) => staff.to_string(),
            (None, By::Process(name)) => name.to_owned(),
            (None, By::Session(_)) => "unknown".to_owned(),
        }
    }

    /// Refuses whoever may not do the act of `row`: the person holds none of its roles.
    pub(crate) fn must(&self, row: &ActRow) -> Result<(), OfficeError> {
        let roles = row.roles();
        match roles.first() {
            Some(role) if !roles.iter().any(|role| self.roles.contains(role)) => Err(OfficeError::NotAllowed(*role)),
            _ => Ok(()),
        }
    }

    /// As [`Self::must`], where the row asks it of everyone: before the verb looks at anything.
    pub(crate) fn may_begin(&self, row: &ActRow) -> Result<(), OfficeError> {
        match (row.who, self.by) {
            (Who::Anyone | Who::RolesWhereProtected(_), _) | (Who::RolesOrProgram(_), By::Process(_)) => Ok(()),
            (Who::Roles(_) | Who::RolesOrProgram(_), _) => self.must(row),
        }
    }

    /// Who it is; only sessions have someone.
    pub(crate) fn staff(&self) -> Result<StaffId, OfficeError> {
        self.staff.ok_or(OfficeError::SessionOver)
    }

    pub(crate) fn session(&self) -> Result<SessionId, OfficeError> {
        match self.by {
            By::Session(session) => Ok(session),
            By::Process(_) => Err(OfficeError::SessionOver),
        }
    }

    pub(crate) fn desk(&self) -> &str {
        self.desk.as_deref().unwrap_or("")
    }
}

impl Office {
    /// Does `act` once, as the transaction `verb`, for whom `row` lets do it. Asked again under the same id it gives the
    /// first answer without doing anything. A refusal is recorded as one of the row's act about the case.
    pub(crate) async fn act<T, F, W>(
        &self,
        verb: &'static str,
        row: &'static ActRow,
        about: impl Into<About>,
        act: &Act,
        work: F,
    ) -> Result<T, OfficeError>
    where
        T: Serialize + DeserializeOwned + Send,
        F: Fn(Tx, Doing) -> W + Send + Sync,
        W: Future<Output = Result<T, OfficeError>> + Send,
    {
        let work = &work;
        let about = &about.into();
        let case = about.case;
        let span = info_span!("act", verb, act = %act.id, case = case.map(tracing::field::display));
        async {
            let mut again = false;
            let ended = loop {
                let ended: Result<T, OfficeError> = self
                    .store
                    .run(verb, |tx| async move {
                        let (begun, doing) =
                            tokio::join!(biased; self.begin(&tx, verb, about, act), self.doing(&tx, act));
                        if let Some(answer) = begun? {
                            return serde_json::from_value(answer).map_err(|_| OfficeError::ActIdUsed);
                        }
                        let doing = doing?;
                        doing.may_begin(row)?;
                        let answer = work(tx.clone(), doing).await?;
                        finish(&tx, act, written(&answer)?).await?;
                        Ok(answer)
                    })
                    .await;
                match ended {
                    // The act's id makes asking again safe: it was done, or it is done now.
                    Err(OfficeError::Store(StoreError::AnswerLost { .. })) if !again => again = true,
                    ended => break ended,
                }
            };
            if let Err(error) = &ended
                && let Some(rule) = error.refused_by()
                && let Err(unrecorded) = self.refused(act, row, case, rule).await
            {
                warn!(error = %unrecorded, rule, "a refusal could not be recorded");
            }
            ended
        }
        .instrument(span)
        .await
    }

    /// Takes the act's id. Gives the answer when the act was done before: the same verb, by the same session or process,
    /// about the same case or of the same content.
    pub(crate) async fn begin(
        &self,
        tx: &Tx,
        verb: &'static str,
        about: &About,
        act: &Act,
    ) -> Result<Option<serde_json::Value>, OfficeError> {
        let case = about.case.map(|case| case.uuid());
        let hash = |content: &String| {
            self.shared
                .sealer
                .blind_index("act.content", content.as_bytes())
                .to_vec()
        };
        let content = about.content.as_ref().map(hash);
        let asked_by = match act.by {
            By::Session(session) => session.to_string(),
            By::Process(name) => name.to_owned(),
        };
        let taken = tx
            .execute(
                "-- begin_act\n\
                 INSERT INTO office.act_answer (id, verb, case_id, content, asked_by, at)\n\
                 VALUES ($1, $2, $3, $4, $5, clock_timestamp()) ON CONFLICT DO NOTHING",
                &[&act.id, &verb, &case, &content, &asked_by],
            )
            .await?;
        if taken == 1 {
            return Ok(None);
        }
        let row = tx
            .query_one(
                "-- answered_act\nSELECT verb, case_id, content, asked_by, answer FROM office.act_answer WHERE id = $1",
                &[&act.id],
            )
            .await?;
        // What was asked before these were kept is known by its verb alone.
        let same_asker = row.get::<_, Option<String>>("asked_by").is_none_or(|by| by == asked_by);
        let same_case = !same_asker || row.get::<_, Option<Uuid>>("case_id") == case;
        let kept: Option<Vec<u8>> = row.get("content");
        let same_content = kept.is_none() || kept == content;
        if row.get::<_, &str>("verb") != verb || !same_asker || !same_case || !same_content {
            return Err(OfficeError::ActIdUsed);
        }
        Ok(Some(row.get("answer")))
    }

    async fn refused(
        &self,
        act: &Act,
        row: &ActRow,
        case: Option<CaseId>,
        rule: &'static str,
    ) -> Result<(), OfficeError> {
        self.store
            .run("refused", |tx| async move {
                let doing = match self.doing(&tx, act).await {
                    Ok(doing) => doing,
                    Err(OfficeError::SessionOver) => self.nobody(&tx, act).await?,
                    Err(error) => return Err(error),
                };
                let subjects = match case {
                    Some(case) => json!({ "case": case }),
                    None => json!({}),
                };
                self.record_refusal(&tx, &doing, row, subjects, rule).await
            })
            .await
    }

    /// Who asks, and when: looked up in the act's own transaction, so that a person disabled a moment ago is refused.
    pub(crate) async fn doing(&self, tx: &Tx, act: &Act) -> Result<Doing, OfficeError> {
        let By::Session(session) = act.by else {
            return self.nobody(tx, act).await;
        };
        let row = tx
            .query_opt(
                "-- doing\n\
                 SELECT s.staff, s.desk, clock_timestamp() AS now,\n\
                        array(SELECT role FROM office.staff_role r WHERE r.staff = s.staff) AS roles\n\
                 FROM office.staff_session s JOIN office.staff p ON p.id = s.staff\n\
                 WHERE s.id = $1 AND s.ended_at IS NULL AND p.disabled_at IS NULL",
                &[&session.uuid()],
            )
            .await?
            .ok_or(OfficeError::SessionOver)?;
        let roles: Vec<String> = row.get("roles");
        Ok(Doing {
            act: act.id,
            by: act.by,
            staff: Some(StaffId::from_uuid(row.get("staff"))),
            desk: Some(row.get("desk")),
            roles: roles.iter().filter_map(|role| role.parse().ok()).collect(),
            at: self.present(row.get("now")),
            took: act.took,
        })
    }

    async fn nobody(&self, tx: &Tx, act: &Act) -> Result<Doing, OfficeError> {
        Ok(Doing {
            act: act.id,
            by: act.by,
            staff: None,
            desk: None,
            roles: BTreeSet::new(),
            at: self.now(tx).await?,
            took: act.took,
        })
    }

    /// The present moment by this office's clock.
    pub(crate) async fn now(&self, tx: &Tx) -> Result<OffsetDateTime, StoreError> {
        match &self.shared.time {
            TimeSource::Database => {
                let row = tx.query_one("-- now\nSELECT clock_timestamp()", &[]).await?;
                Ok(row.get(0))
            }
            TimeSource::Clock(clock) => Ok(store::trail::to_microseconds(clock.now())),
        }
    }

    pub(crate) fn present(&self, database: OffsetDateTime) -> OffsetDateTime {
        match &self.shared.time {
            TimeSource::Database => database,
            TimeSource::Clock(clock) => store::trail::to_microseconds(clock.now()),
        }
    }
}

/// Keeps the answer with the act, and commits.
pub(crate) async fn finish(tx: &Tx, act: &Act, answer: serde_json::Value) -> Result<(), OfficeError> {
    tx.execute_last(
        "-- finish_act\nUPDATE office.act_answer SET answer = $2 WHERE id = $1",
        &[&act.id, &answer],
    )
    .await?;
    Ok(())
}

/// An answer as it is kept.
pub(crate) fn written<T: Serialize>(answer: &T) -> Result<serde_json::Value, OfficeError> {
    serde_json::to_value(answer).map_err(|_| OfficeError::Unreadable("an act's answer"))
}

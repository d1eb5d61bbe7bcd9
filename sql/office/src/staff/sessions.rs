//! Sessions of members of the staff at desks: logging in and out, the screen locked and unlocked.

use issuance::{
    acts::{AuditAct, ScreenLocked, ScreenUnlocked, SessionBegan, SessionEnded},
    staff::{SessionEnding, Staff, StaffId},
};
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::Tx;
use time::OffsetDateTime;

use super::StaffRefusal;
use crate::{
    Act, Office, OfficeError, SessionId,
    act::{About, Doing},
};

/// A login that succeeded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionBegun {
    /// The session: what acts name.
    pub session: SessionId,
    pub staff: Staff,
    pub since: OffsetDateTime,
}

#[derive(Serialize, Deserialize)]
struct Began {
    session: SessionId,
    staff: StaffId,
}

impl Office {
    /// Begins a session of the holder of certificate `serial` at `desk`, once the console has seen the card sign and
    /// its chain verified. A session left open there (a console that died) ends, and its leases with it.
    ///
    /// # Errors
    /// [`StaffRefusal::Unknown`], which is recorded.
    pub async fn log_in(&self, act: &Act, desk: &str, serial: &[u8]) -> Result<SessionBegun, OfficeError> {
        let began: Began = self
            .act(
                "log_in",
                SessionBegan::ROW,
                About::content(json!([desk, hex::encode(serial)])),
                act,
                |tx, mut doing| async move {
                    let staff = self.holder(&tx, serial).await?.ok_or(StaffRefusal::Unknown)?;
                    doing.staff = Some(staff.id);
                    doing.desk = Some(desk.to_owned());
                    let left = tx
                        .query_opt(
                            "-- session_at\nSELECT id FROM office.staff_session WHERE desk = $1 AND ended_at IS NULL",
                            &[&desk],
                        )
                        .await?;
                    let mut released = 0;
                    if let Some(left) = left {
                        let left = SessionId::from_uuid(left.get(0));
                        released = end_session(&tx, left, doing.at, SessionEnding::Replaced).await?;
                    }
                    let session: SessionId = self.fresh();
                    tx.query_one(
                        "-- begin_session\nSELECT office.begin_session($1, $2, $3, $4)",
                        &[&session.uuid(), &desk, &serial, &doing.at],
                    )
                    .await?;
                    let subjects = json!({ "staff": staff.id, "session": session });
                    let details = SessionBegan {
                        leases_released: released,
                    };
                    self.record(&tx, &doing, subjects, details).await?;
                    Ok(Began {
                        session,
                        staff: staff.id,
                    })
                },
            )
            .await?;
        self.session(began.session).await
    }

    /// The live session.
    ///
    /// # Errors
    /// [`OfficeError::SessionOver`]
    pub async fn session(&self, session: SessionId) -> Result<SessionBegun, OfficeError> {
        self.read("session", |tx| async move {
            let row = tx
                .query_opt(
                    "-- session\n\
                     SELECT staff, began_at FROM office.staff_session WHERE id = $1 AND ended_at IS NULL",
                    &[&session.uuid()],
                )
                .await?
                .ok_or(OfficeError::SessionOver)?;
            let staff = StaffId::from_uuid(row.get("staff"));
            Ok(SessionBegun {
                session,
                staff: self.known(&tx, staff).await?.staff,
                since: row.get("began_at"),
            })
        })
        .await
    }

    /// Records a login that was refused before it came here: a wrong password, a chain that does not verify.
    /// `rule` names which.
    ///
    /// # Errors
    /// [`OfficeError`]
    pub async fn login_refused(
        &self,
        act: &Act,
        desk: &str,
        staff: Option<StaffId>,
        rule: &'static str,
    ) -> Result<(), OfficeError> {
        self.store
            .run("login_refused", |tx| async move {
                let mut doing = Doing {
                    staff,
                    desk: Some(desk.to_owned()),
                    ..self.doing(&tx, &Act::of_process("login", act.id)).await?
                };
                doing.roles.clear();
                let subjects = match staff {
                    Some(staff) => json!({ "staff": staff }),
                    None => json!({}),
                };
                self.record_refusal(&tx, &doing, SessionBegan::ROW, subjects, rule)
                    .await
            })
            .await
    }

    /// Ends the session and lets go of every case it holds.
    ///
    /// # Errors
    /// [`OfficeError::SessionOver`]
    pub async fn log_out(&self, act: &Act) -> Result<(), OfficeError> {
        self.act(
            "log_out",
            SessionEnded::ROW,
            About::content(json!(null)),
            act,
            |tx, doing| async move {
                let session = doing.session()?;
                let ending = SessionEnding::Logout;
                let leases_released = end_session(&tx, session, doing.at, ending).await?;
                let subjects = json!({ "staff": doing.staff()?, "session": session });
                let details = SessionEnded {
                    ending,
                    leases_released,
                };
                self.record(&tx, &doing, subjects, details).await
            },
        )
        .await
    }

    /// Records that the screen was locked; the session and its leases go on.
    ///
    /// # Errors
    /// [`OfficeError::SessionOver`]
    pub async fn screen_locked(&self, act: &Act, card_pulled: bool) -> Result<(), OfficeError> {
        self.act(
            "screen_locked",
            ScreenLocked::ROW,
            About::content(json!(card_pulled)),
            act,
            |tx, doing| async move {
                let subjects = json!({ "staff": doing.staff()?, "session": doing.session()? });
                self.record(&tx, &doing, subjects, ScreenLocked { card_pulled }).await
            },
        )
        .await
    }

    /// Records that the screen was unlocked by the session's own person.
    ///
    /// # Errors
    /// [`OfficeError::SessionOver`]
    pub async fn screen_unlocked(&self, act: &Act) -> Result<(), OfficeError> {
        self.act(
            "screen_unlocked",
            ScreenUnlocked::ROW,
            About::content(json!(null)),
            act,
            |tx, doing| async move {
                let subjects = json!({ "staff": doing.staff()?, "session": doing.session()? });
                self.record(&tx, &doing, subjects, ScreenUnlocked {}).await
            },
        )
        .await
    }
}

/// Ends a session; how many cases it let go of.
pub(super) async fn end_session(
    tx: &Tx,
    session: SessionId,
    at: OffsetDateTime,
    ending: SessionEnding,
) -> Result<u64, OfficeError> {
    let released = tx
        .execute(
            "-- release_all\nDELETE FROM office.case_lease WHERE session = $1",
            &[&session.uuid()],
        )
        .await?;
    tx.execute(
        "-- end_session\n\
         UPDATE office.staff_session SET ended_at = $2, ending = $3 WHERE id = $1 AND ended_at IS NULL",
        &[&session.uuid(), &at, &ending.as_str()],
    )
    .await?;
    Ok(released)
}

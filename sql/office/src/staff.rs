//! Members of the staff and their cards' certificates. Their sessions at desks: [`sessions`].

mod refusal;
mod sessions;

use std::collections::{BTreeMap, BTreeSet};

use issuance::{
    acts::{AuditAct, StaffAdded, StaffCertificateRegistered, StaffDisabled, StaffRolesChanged, StaffSerialReserved},
    authority::RevocationReason,
    records::CertificateSerial,
    staff::{DisableReason, Role, SessionEnding, Staff, StaffId},
};
use serde_json::json;
use store::{Row, Tx};
use time::OffsetDateTime;
use uuid::Uuid;

pub use refusal::StaffRefusal;
pub use sessions::SessionBegun;
use sessions::end_session;

use crate::{
    Act, Office, OfficeError, SessionId,
    act::{About, By, Doing},
};

const TABLE: &str = "office.staff";

/// Someone to be registered.
#[derive(Debug, Clone)]
pub struct NewStaff {
    /// 職員番号, as printed on the staff card.
    pub number: String,
    pub name: String,
    /// What they may do.
    pub roles: BTreeSet<Role>,
    /// Serial of their staff card's certificate, where the card is made already.
    pub certificate: Option<Vec<u8>>,
}

/// A member of the staff as registered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StaffRecord {
    /// Who, and what they may do.
    pub staff: Staff,
    /// Serial of the good certificate.
    pub certificate: Option<Vec<u8>>,
    /// When they were registered.
    pub added_at: OffsetDateTime,
    /// Since when they may not log in, and why.
    pub disabled: Option<(OffsetDateTime, DisableReason)>,
}

impl Office {
    /// Whether nobody is registered: the console offers to make the first administrator.
    ///
    /// # Errors
    /// [`OfficeError`]
    pub async fn is_first_run(&self) -> Result<bool, OfficeError> {
        self.read("is_first_run", |tx| async move {
            let row = tx
                .query_one("-- is_first_run\nSELECT NOT EXISTS (SELECT FROM office.staff)", &[])
                .await?;
            Ok(row.get(0))
        })
        .await
    }

    /// Registers someone. An administrator's session may; a process (`setup`) may while there is nobody with the
    /// role [`Role::Administration`].
    ///
    /// # Errors
    /// [`StaffRefusal::NumberTaken`], [`StaffRefusal::CertificateTaken`], [`StaffRefusal::NotFirstRun`],
    /// [`OfficeError::NotAllowed`]
    pub async fn add_staff(&self, act: &Act, new: &NewStaff) -> Result<StaffId, OfficeError> {
        self.act(
            "add_staff",
            StaffAdded::ROW,
            About::content(
                json!({ "number": new.number, "name": new.name, "roles": new.roles, "certificate": new.certificate }),
            ),
            act,
            |tx, doing| async move {
                first_run_only(&tx, &doing).await?;
                let id: StaffId = self.fresh();
                let name = self.seal(TABLE, id.uuid(), "name", new.name.trim().as_bytes());
                let added = tx
                    .execute(
                        "-- add_staff\nINSERT INTO office.staff (id, number, name, added_at) VALUES ($1, $2, $3, $4)",
                        &[&id.uuid(), &new.number.trim(), &name, &doing.at],
                    )
                    .await;
                match added {
                    Err(error) if error.is_constraint("staff_number_once") => {
                        return Err(StaffRefusal::NumberTaken(new.number.trim().to_owned()).into());
                    }
                    added => added?,
                };
                set_roles(&tx, &doing, id, &new.roles).await?;
                if let Some(serial) = &new.certificate {
                    register(&tx, id, serial, doing.at).await?;
                }
                let roles = new.roles.clone();
                self.record(&tx, &doing, json!({ "staff": id }), StaffAdded { roles })
                    .await?;
                Ok(id)
            },
        )
        .await
    }

    /// Records that `serial` is taken for the card of staff number `number`, before anything is signed under
    /// it: for the first administrator, who is registered when the card is finished. Who may is as with
    /// [`add_staff`](Self::add_staff).
    ///
    /// # Errors
    /// [`StaffRefusal::CertificateTaken`], [`StaffRefusal::NotFirstRun`], [`OfficeError::NotAllowed`]
    pub async fn reserve_staff_serial(
        &self,
        act: &Act,
        number: &str,
        serial: &CertificateSerial,
    ) -> Result<(), OfficeError> {
        self.act(
            "reserve_staff_serial",
            StaffSerialReserved::ROW,
            About::content(json!([number, hex::encode(serial.0)])),
            act,
            |tx, doing| async move {
                first_run_only(&tx, &doing).await?;
                let reserved = tx
                    .execute(
                        "-- reserve_staff_serial\n\
                     INSERT INTO office.staff_serial (serial, number, reserved_at) SELECT $1, $2, $3\n\
                     WHERE NOT EXISTS (SELECT FROM office.staff_certificate WHERE serial = $1) ON CONFLICT DO NOTHING",
                        &[&serial.0.as_slice(), &number.trim(), &doing.at],
                    )
                    .await?;
                if reserved == 0 {
                    return Err(StaffRefusal::CertificateTaken.into());
                }
                let details = StaffSerialReserved {
                    staff_number: number.trim().to_owned(),
                    serial: hex::encode(serial.0),
                };
                self.record(&tx, &doing, json!({}), details).await
            },
        )
        .await
    }

    /// Whether the certificate `serial` is or was anybody's, or was given up for a later one of the same staff number.
    ///
    /// # Errors
    /// [`OfficeError`]
    pub async fn staff_certificate_known(&self, serial: &CertificateSerial) -> Result<bool, OfficeError> {
        self.read("staff_certificate_known", |tx| async move {
            let row = tx
                .query_one(
                    "-- staff_certificate_known\n\
                     SELECT EXISTS (SELECT FROM office.staff_certificate WHERE serial = $1)\n\
                     OR EXISTS (SELECT FROM office.staff_serial s JOIN office.staff_serial later\n\
                     ON later.number = s.number AND later.reserved_at > s.reserved_at WHERE s.serial = $1)",
                    &[&serial.0.as_slice()],
                )
                .await?;
            Ok(row.get(0))
        })
        .await
    }

    /// Everyone registered, disabled ones included, by staff number.
    ///
    /// # Errors
    /// [`OfficeError`]
    pub async fn staff(&self) -> Result<Vec<StaffRecord>, OfficeError> {
        self.read("staff", |tx| async move {
            let rows = tx.query(&format!("-- staff\n{SELECT} ORDER BY p.number"), &[]).await?;
            rows.iter().map(|row| self.staff_of(row)).collect()
        })
        .await
    }

    /// Whose the certificate `serial` is; `None` when it is not registered, no longer good, or its holder disabled.
    ///
    /// # Errors
    /// [`OfficeError`]
    pub async fn staff_by_certificate(&self, serial: &[u8]) -> Result<Option<Staff>, OfficeError> {
        self.read(
            "staff_by_certificate",
            |tx| async move { self.holder(&tx, serial).await },
        )
        .await
    }

    /// Gives someone else exactly `roles`: nobody gives themselves any.
    ///
    /// # Errors
    /// [`StaffRefusal::OwnRoles`], [`StaffRefusal::LastAdministrator`], [`OfficeError::NotAllowed`], [`OfficeError::NotFound`]
    pub async fn change_roles(&self, act: &Act, staff: StaffId, roles: &BTreeSet<Role>) -> Result<(), OfficeError> {
        self.act(
            "change_roles",
            StaffRolesChanged::ROW,
            About::content(json!([staff, roles])),
            act,
            |tx, doing| async move {
                self.known(&tx, staff).await?;
                if doing.staff()? == staff {
                    return Err(StaffRefusal::OwnRoles.into());
                }
                set_roles(&tx, &doing, staff, roles).await?;
                if administrators(&tx).await? == 0 {
                    return Err(StaffRefusal::LastAdministrator.into());
                }
                let subjects = json!({ "staff": staff });
                let roles = roles.clone();
                self.record(&tx, &doing, subjects, StaffRolesChanged { roles }).await?;
                Ok(())
            },
        )
        .await
    }

    /// Makes `serial` the good certificate of someone; the one before is no longer good.
    ///
    /// # Errors
    /// [`StaffRefusal::CertificateTaken`], [`OfficeError::NotAllowed`], [`OfficeError::NotFound`]
    pub async fn register_certificate(&self, act: &Act, staff: StaffId, serial: &[u8]) -> Result<(), OfficeError> {
        self.act(
            "register_certificate",
            StaffCertificateRegistered::ROW,
            About::content(json!([staff, hex::encode(serial)])),
            act,
            |tx, doing| async move {
                self.known(&tx, staff).await?;
                register(&tx, staff, serial, doing.at).await?;
                let certificate = hex::encode(serial);
                self.record(
                    &tx,
                    &doing,
                    json!({ "staff": staff }),
                    StaffCertificateRegistered { certificate },
                )
                .await?;
                Ok(())
            },
        )
        .await
    }

    /// Takes someone's right to log in, revokes their card's certificate, and ends their sessions.
    ///
    /// # Errors
    /// [`StaffRefusal::LastAdministrator`], [`OfficeError::NotAllowed`], [`OfficeError::NotFound`]
    pub async fn disable_staff(&self, act: &Act, staff: StaffId, reason: DisableReason) -> Result<(), OfficeError> {
        self.act(
            "disable_staff",
            StaffDisabled::ROW,
            About::content(json!([staff, reason])),
            act,
            |tx, doing| async move {
                self.known(&tx, staff).await?;
                tx.execute(
                    "-- disable_staff\n\
                 UPDATE office.staff SET disabled_at = $2, disabled_reason = $3 WHERE id = $1 AND disabled_at IS NULL",
                    &[&staff.uuid(), &doing.at, &reason.as_str()],
                )
                .await?;
                retire(&tx, staff, doing.at, reason.revocation()).await?;
                if administrators(&tx).await? == 0 {
                    return Err(StaffRefusal::LastAdministrator.into());
                }
                let sessions = tx
                    .query(
                        "-- sessions_of\nSELECT id FROM office.staff_session WHERE staff = $1 AND ended_at IS NULL",
                        &[&staff.uuid()],
                    )
                    .await?;
                for row in &sessions {
                    end_session(&tx, SessionId::from_uuid(row.get(0)), doing.at, SessionEnding::Disabled).await?;
                }
                let sessions_ended = sessions.len();
                let details = StaffDisabled { reason, sessions_ended };
                self.record(&tx, &doing, json!({ "staff": staff }), details).await?;
                Ok(())
            },
        )
        .await
    }

    /// The name of a member of the staff, for lines that show who did something.
    pub(crate) async fn staff_name(&self, tx: &Tx, staff: StaffId) -> Result<String, OfficeError> {
        Ok(self.known(tx, staff).await?.staff.name)
    }

    /// The names of those members of the staff whose ids are among `ids`, as the trail writes them; what is no such id (the
    /// name of a process) is nobody's.
    pub(crate) async fn names(&self, tx: &Tx, ids: &[String]) -> Result<BTreeMap<String, String>, OfficeError> {
        let ids: Vec<Uuid> = ids.iter().filter_map(|id| id.parse().ok()).collect();
        let rows = tx
            .query(
                "-- staff_names\nSELECT id, name FROM office.staff WHERE id = ANY ($1)",
                &[&ids],
            )
            .await?;
        rows.iter()
            .map(|row| {
                let id = StaffId::from_uuid(row.get("id"));
                Ok((
                    id.to_string(),
                    self.open_text(TABLE, id.uuid(), "name", row.get("name"))?,
                ))
            })
            .collect()
    }

    /// Who holds the good certificate `serial`, if they may log in.
    pub(crate) async fn holder(&self, tx: &Tx, serial: &[u8]) -> Result<Option<Staff>, OfficeError> {
        let row = tx
            .query_opt(
                &format!("-- holder\n{SELECT} WHERE c.serial = $1 AND p.disabled_at IS NULL"),
                &[&serial],
            )
            .await?;
        row.map(|row| Ok(self.staff_of(&row)?.staff)).transpose()
    }

    async fn known(&self, tx: &Tx, staff: StaffId) -> Result<StaffRecord, OfficeError> {
        let row = tx
            .query_opt(&format!("-- known_staff\n{SELECT} WHERE p.id = $1"), &[&staff.uuid()])
            .await?
            .ok_or(OfficeError::NotFound("member of the staff"))?;
        self.staff_of(&row)
    }

    fn staff_of(&self, row: &Row) -> Result<StaffRecord, OfficeError> {
        let id = StaffId::from_uuid(row.get("id"));
        let roles: Vec<String> = row.get("roles");
        let disabled_at: Option<OffsetDateTime> = row.get("disabled_at");
        let reason: Option<&str> = row.get("disabled_reason");
        let reason = reason.map(|text| text.parse().map_err(|_| OfficeError::Unreadable(TABLE)));
        Ok(StaffRecord {
            staff: Staff {
                id,
                number: row.get("number"),
                name: self.open_text(TABLE, id.uuid(), "name", row.get("name"))?,
                roles: roles.iter().filter_map(|role| role.parse().ok()).collect(),
            },
            certificate: row.get("serial"),
            added_at: row.get("added_at"),
            disabled: disabled_at.zip(reason.transpose()?),
        })
    }
}

const SELECT: &str = "SELECT p.id, p.number, p.name, p.added_at, p.disabled_at, p.disabled_reason, c.serial,\n\
     array(SELECT role FROM office.staff_role r WHERE r.staff = p.id) AS roles\n\
     FROM office.staff p LEFT JOIN office.staff_certificate c ON c.staff = p.id AND c.until IS NULL";

async fn set_roles(tx: &Tx, doing: &Doing, staff: StaffId, roles: &BTreeSet<Role>) -> Result<(), OfficeError> {
    let roles: Vec<&str> = roles.iter().map(|role| role.as_str()).collect();
    tx.execute(
        "-- clear_roles\nDELETE FROM office.staff_role WHERE staff = $1 AND role <> ALL ($2)",
        &[&staff.uuid(), &roles],
    )
    .await?;
    // Those held already stay as they were given.
    tx.execute(
        "-- set_roles\n\
         INSERT INTO office.staff_role (staff, role, given_by) SELECT $1, unnest($2::text[]), $3\n\
         ON CONFLICT (staff, role) DO NOTHING",
        &[&staff.uuid(), &roles, &doing.staff.map(|by| by.uuid())],
    )
    .await?;
    Ok(())
}

async fn register(tx: &Tx, staff: StaffId, serial: &[u8], at: OffsetDateTime) -> Result<(), OfficeError> {
    let holder = tx
        .query_opt(
            "-- certificate_of\nSELECT staff, until FROM office.staff_certificate WHERE serial = $1",
            &[&serial],
        )
        .await?;
    if let Some(row) = holder {
        let until: Option<OffsetDateTime> = row.get("until");
        if row.get::<_, Uuid>("staff") == staff.uuid() && until.is_none() {
            return Ok(());
        }
        return Err(StaffRefusal::CertificateTaken.into());
    }
    retire(tx, staff, at, RevocationReason::Superseded).await?;
    tx.execute(
        "-- register_certificate\nINSERT INTO office.staff_certificate (serial, staff, since) VALUES ($1, $2, $3)",
        &[&serial, &staff.uuid(), &at],
    )
    .await?;
    Ok(())
}

/// Ends someone's good certificate.
async fn retire(tx: &Tx, staff: StaffId, at: OffsetDateTime, reason: RevocationReason) -> Result<(), OfficeError> {
    tx.execute(
        "-- retire_certificate\n\
         UPDATE office.staff_certificate SET until = $2, revocation = $3 WHERE staff = $1 AND until IS NULL",
        &[&staff.uuid(), &at, &reason.as_str()],
    )
    .await?;
    Ok(())
}

/// Lets a process act only while nobody may administer: further staff are registered by an administrator.
async fn first_run_only(tx: &Tx, doing: &Doing) -> Result<(), OfficeError> {
    match doing.by {
        By::Process(_) if administrators(tx).await? > 0 => Err(StaffRefusal::NotFirstRun.into()),
        By::Process(_) | By::Session(_) => Ok(()),
    }
}

/// How many may administer.
async fn administrators(tx: &Tx) -> Result<i64, OfficeError> {
    let row = tx
        .query_one(
            "-- administrators\n\
             SELECT count(*) FROM office.staff p JOIN office.staff_role r ON r.staff = p.id\n\
             WHERE r.role = 'administration' AND p.disabled_at IS NULL",
            &[],
        )
        .await?;
    Ok(row.get(0))
}

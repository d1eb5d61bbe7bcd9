//! One resident in full, with the address of a person under support measures (支援措置) masked here and nowhere
//! else: what a caller must not see never leaves this crate.

use issuance::{
    acts::{AddressSeen, AuditAct, SeenFor},
    case::{CaseId, ResidentId},
    person::{HouseholdMember, Resident},
    staff::Role,
};
use serde_json::json;
use store::{Row, Tx};
use time::OffsetDateTime;

use crate::{Act, Office, OfficeError, SessionId, act::About, cases::CaseSummary, roster};

/// A resident as a session may see them.
#[derive(Clone)]
pub struct ResidentFile {
    pub id: ResidentId,
    /// As in the roster; postal code, address, building and phone are empty when `masked`.
    pub resident: Resident,
    /// Whether the address is left out because of support measures.
    pub masked: bool,
    /// Whether it must be: the person, or someone of the household, is under support measures. Who lives with them has
    /// their address.
    pub sheltered: bool,
    /// Whether this session may ask for it ([`Office::reveal_address`]).
    pub may_reveal: bool,
    /// Since when the roster has the person no more.
    pub gone_at: Option<OffsetDateTime>,
    /// The others of the household.
    pub members: Vec<HouseholdMember>,
    /// Every case of the person, newest first.
    pub cases: Vec<CaseSummary>,
}

impl std::fmt::Debug for ResidentFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ResidentFile({})", self.id)
    }
}

impl Office {
    /// The resident as `session` may see them: the address of a person under support measures is masked for
    /// everyone, until it is asked for.
    ///
    /// # Errors
    /// [`OfficeError::SessionOver`], [`OfficeError::NotFound`]
    pub async fn resident(&self, session: SessionId, id: ResidentId) -> Result<ResidentFile, OfficeError> {
        self.read("resident", |tx| async move {
            let may_reveal = self.may_see_protected(&tx, session).await?;
            let mut file = self.resident_file(&tx, id).await?;
            file.may_reveal = file.sheltered && may_reveal;
            if file.sheltered {
                mask(&mut file);
            }
            Ok(file)
        })
        .await
    }

    /// The resident with the address, for a role that may see it; the sight is recorded before it is given.
    /// `reason` is kept in the trail, sealed.
    ///
    /// # Errors
    /// [`OfficeError::NotAllowed`], which is recorded too.
    pub async fn reveal_address(&self, act: &Act, id: ResidentId, reason: &str) -> Result<ResidentFile, OfficeError> {
        // Each sight is an act: recorded first, then read. A replayed act was recorded when it was first asked for.
        let seen: ResidentId = self
            .act(
                "reveal_address",
                AddressSeen::ROW,
                About::content(json!([id, reason])),
                act,
                |tx, doing| async move {
                    doing.must(AddressSeen::ROW)?;
                    if self.resident_file(&tx, id).await?.sheltered {
                        let details = AddressSeen {
                            seen_for: SeenFor::Screen,
                            words: Some(self.seal_words(&doing, reason)),
                        };
                        self.record(&tx, &doing, json!({ "resident": id }), details).await?;
                    }
                    Ok(id)
                },
            )
            .await?;
        // Whose sight was recorded is shown, whoever is asked for under the same act again.
        self.read("reveal_address", |tx| async move {
            let mut file = self.resident_file(&tx, seen).await?;
            file.may_reveal = file.sheltered;
            Ok(file)
        })
        .await
    }

    /// To whom and where the papers of `case` go. For a person under support measures it takes
    /// [`Role::ProtectedAddress`], and the sight is recorded.
    ///
    /// # Errors
    /// [`OfficeError::NotAllowed`], [`OfficeError::NotHeld`]
    pub async fn addressee(&self, act: &Act, case: CaseId) -> Result<Resident, OfficeError> {
        let id: ResidentId = self
            .act("addressee", AddressSeen::ROW, case, act, |tx, doing| async move {
                let row = self.held(&tx, &doing, case).await?;
                let file = self.resident_file(&tx, row.resident).await?;
                if file.sheltered {
                    doing.must(AddressSeen::ROW)?;
                    let subjects = json!({ "resident": row.resident, "case": case });
                    let details = AddressSeen {
                        seen_for: SeenFor::Paper,
                        words: None,
                    };
                    self.record(&tx, &doing, subjects, details).await?;
                }
                Ok(row.resident)
            })
            .await?;
        self.read("addressee", |tx| async move {
            Ok(self.resident_file(&tx, id).await?.resident)
        })
        .await
    }

    /// The resident with 宛名番号 `number`.
    ///
    /// # Errors
    /// [`OfficeError`]
    pub async fn resident_by_number(&self, number: &str) -> Result<Option<ResidentId>, OfficeError> {
        let index = self.number_index(number);
        self.read("resident_by_number", |tx| async move {
            let row = tx
                .query_opt(
                    "-- resident_by_number\nSELECT id FROM office.resident WHERE number_index = $1",
                    &[&index.as_slice()],
                )
                .await?;
            Ok(row.map(|row| ResidentId::from_uuid(row.get(0))))
        })
        .await
    }

    pub(crate) async fn may_see_protected(&self, tx: &Tx, session: SessionId) -> Result<bool, OfficeError> {
        let doing = self.doing(tx, &Act::of(session, session.uuid())).await?;
        Ok(doing.roles.contains(&Role::ProtectedAddress))
    }

    /// Everything, unmasked: for this crate only.
    pub(crate) async fn resident_file(&self, tx: &Tx, id: ResidentId) -> Result<ResidentFile, OfficeError> {
        let row = self.one_row(tx, id).await?;
        let resident = roster::resident(
            self.open_identity(id.uuid(), row.get("identity"))?,
            self.open_residence(id.uuid(), row.get("residence"))?,
        )?;
        let members = tx
            .query(
                "-- household\n\
                 SELECT id, identity, residence FROM office.resident\n\
                 WHERE household_index = $1 AND id <> $2 AND gone_at IS NULL ORDER BY id",
                &[&row.get::<_, &[u8]>("household_index"), &id.uuid()],
            )
            .await?;
        // Without a number nobody lives with anybody.
        let members = if resident.household.is_empty() {
            Vec::new()
        } else {
            members
        };
        let mut sheltered = resident.protected;
        for row in &members {
            sheltered |= self.open_residence(row.get("id"), row.get("residence"))?.5;
        }
        let members = members.iter().map(|row| self.member(row)).collect::<Result<_, _>>()?;
        Ok(ResidentFile {
            id,
            resident,
            masked: false,
            sheltered,
            may_reveal: false,
            gone_at: row.get("gone_at"),
            members,
            cases: self.cases_of(tx, id).await?,
        })
    }

    /// The name of a resident, for rows of queues.
    pub(crate) fn resident_name(&self, id: ResidentId, identity: &[u8]) -> Result<String, OfficeError> {
        Ok(self.open_identity(id.uuid(), identity)?.3)
    }

    fn member(&self, row: &Row) -> Result<HouseholdMember, OfficeError> {
        let id = row.get("id");
        let resident = roster::resident(
            self.open_identity(id, row.get("identity"))?,
            self.open_residence(id, row.get("residence"))?,
        )?;
        Ok(HouseholdMember {
            name: resident.name,
            kana: resident.kana,
            relation: resident.relation,
            birthday: resident.birthday,
            phone: resident.phone,
        })
    }

    async fn one_row(&self, tx: &Tx, id: ResidentId) -> Result<Row, OfficeError> {
        tx.query_opt(
            "-- resident_row\n\
             SELECT identity, residence, household_index, gone_at FROM office.resident WHERE id = $1",
            &[&id.uuid()],
        )
        .await?
        .ok_or(OfficeError::NotFound("resident"))
    }
}

/// Leaves out everything that tells where the person is.
pub(crate) fn mask(file: &mut ResidentFile) {
    file.resident.postal_code.clear();
    file.resident.address.clear();
    file.resident.building = None;
    file.resident.phone = None;
    for member in &mut file.members {
        member.phone = None;
    }
    file.masked = true;
}

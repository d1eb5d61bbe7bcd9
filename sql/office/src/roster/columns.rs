//! How a resident lies in the database: two sealed columns and four keyed hashes.

use issuance::{
    case::ResidentId,
    era::{Birthday, WrittenDate},
    name::search_form,
    person::{Resident, Sex},
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::{Office, OfficeError};

pub(crate) const TABLE: &str = "office.resident";

/// The column `identity`: a JSON array, whose first member is the form's number.
#[derive(Serialize, Deserialize)]
pub(crate) struct IdentityColumn<T>(
    u8,
    /// 宛名番号
    pub(crate) T,
    /// 世帯番号
    pub(crate) T,
    /// 氏名
    pub(crate) T,
    /// フリガナ
    pub(crate) T,
    /// 通称名
    pub(crate) Option<T>,
    /// 生年月日
    pub(crate) T,
    /// 性別
    pub(crate) Sex,
    /// 続柄
    pub(crate) T,
    /// 異動年月日
    pub(crate) Option<T>,
    /// 異動事由
    pub(crate) Option<T>,
);

/// The column `residence`, likewise.
#[derive(Serialize, Deserialize)]
pub(crate) struct ResidenceColumn<T>(
    u8,
    /// 郵便番号
    pub(crate) T,
    /// 住所
    pub(crate) T,
    /// 方書
    pub(crate) Option<T>,
    /// 電話番号
    pub(crate) Option<T>,
    /// 支援措置
    pub(crate) bool,
);

pub(crate) type Identity = IdentityColumn<String>;
pub(crate) type Residence = ResidenceColumn<String>;

/// The present form of both columns.
const FORM: u8 = 1;

/// A row ready to be written.
pub(crate) struct SealedRow {
    pub(crate) id: Uuid,
    pub(crate) number_index: [u8; 32],
    pub(crate) household_index: [u8; 32],
    pub(crate) likeness_index: [u8; 32],
    pub(crate) identity: Vec<u8>,
    pub(crate) residence: Vec<u8>,
    pub(crate) row_hash: [u8; 32],
}

fn plain(resident: &Resident) -> Result<[Zeroizing<Vec<u8>>; 2], OfficeError> {
    let identity = IdentityColumn::<&str>(
        FORM,
        &resident.number,
        &resident.household,
        &resident.name,
        &resident.kana,
        resident.alias.as_deref(),
        resident.birthday.original(),
        resident.sex,
        &resident.relation,
        resident.changed_on.as_ref().map(WrittenDate::original),
        resident.change_reason.as_deref(),
    );
    let residence = ResidenceColumn::<&str>(
        FORM,
        &resident.postal_code,
        &resident.address,
        resident.building.as_deref(),
        resident.phone.as_deref(),
        resident.protected,
    );
    let unwritable = |_| OfficeError::Unreadable(TABLE);
    Ok([
        Zeroizing::new(serde_json::to_vec(&identity).map_err(unwritable)?),
        Zeroizing::new(serde_json::to_vec(&residence).map_err(unwritable)?),
    ])
}

impl Office {
    /// 宛名番号 as looked up.
    pub(crate) fn number_index(&self, number: &str) -> [u8; 32] {
        self.shared.sealer.blind_index("resident.number", number.as_bytes())
    }

    /// 世帯番号 as looked up.
    pub(crate) fn household_index(&self, household: &str) -> [u8; 32] {
        self.shared
            .sealer
            .blind_index("resident.household", household.as_bytes())
    }

    /// What two records that may be one person share: the reading of the name and the birthday's known parts.
    pub(crate) fn likeness_index(&self, resident: &Resident) -> [u8; 32] {
        self.likeness_of(&search_form(&resident.kana), &resident.birthday)
    }

    /// The same of a reading in search form and a birthday.
    pub(crate) fn likeness_of(&self, kana: &str, born: &Birthday) -> [u8; 32] {
        let likeness = format!(
            "{}\t{}-{}-{}",
            kana,
            born.year().unwrap_or(0),
            born.month().unwrap_or(0),
            born.day().unwrap_or(0)
        );
        self.shared.sealer.blind_index("resident.likeness", likeness.as_bytes())
    }

    /// What tells a changed row from an unchanged one.
    pub(crate) fn row_hash(&self, resident: &Resident) -> Result<[u8; 32], OfficeError> {
        Ok(self.hash_of_plain(&plain(resident)?))
    }

    fn hash_of_plain(&self, [identity, residence]: &[Zeroizing<Vec<u8>>; 2]) -> [u8; 32] {
        let mut row = Zeroizing::new(Vec::with_capacity(identity.len() + residence.len() + 1));
        row.extend_from_slice(identity);
        row.push(b'\n');
        row.extend_from_slice(residence);
        self.shared.sealer.blind_index("resident.row", &row)
    }

    pub(crate) fn seal_row(&self, id: ResidentId, resident: &Resident) -> Result<SealedRow, OfficeError> {
        let columns = plain(resident)?;
        let [identity, residence] = &columns;
        Ok(SealedRow {
            id: id.uuid(),
            number_index: self.number_index(&resident.number),
            household_index: self.household_index(&resident.household),
            likeness_index: self.likeness_index(resident),
            identity: self.seal(TABLE, id.uuid(), "identity", identity),
            residence: self.seal(TABLE, id.uuid(), "residence", residence),
            row_hash: self.hash_of_plain(&columns),
        })
    }

    /// Who it is, without where they live.
    pub(crate) fn open_identity(&self, id: Uuid, sealed: &[u8]) -> Result<Identity, OfficeError> {
        self.open_value(TABLE, id, "identity", sealed)
    }

    pub(crate) fn open_residence(&self, id: Uuid, sealed: &[u8]) -> Result<Residence, OfficeError> {
        self.open_value(TABLE, id, "residence", sealed)
    }
}

/// A resident from their two columns.
pub(crate) fn resident(identity: Identity, residence: Residence) -> Result<Resident, OfficeError> {
    let date = |text: &str| WrittenDate::read_as_registered(text).map_err(|_| OfficeError::Unreadable(TABLE));
    let birthday: Birthday = date(&identity.6)?;
    let changed_on = identity.9.as_deref().map(date).transpose()?;
    Ok(Resident {
        number: identity.1,
        household: identity.2,
        name: identity.3,
        kana: identity.4,
        alias: identity.5,
        birthday,
        sex: identity.7,
        relation: identity.8,
        postal_code: residence.1,
        address: residence.2,
        building: residence.3,
        phone: residence.4,
        changed_on,
        change_reason: identity.10,
        protected: residence.5,
    })
}

/// The first column of `resident`, as it is read back.
#[cfg(test)]
pub(crate) fn identity_of(resident: &Resident) -> Identity {
    serde_json::from_slice(&plain(resident).unwrap()[0]).unwrap()
}

/// The second column of `resident`, as it is read back.
#[cfg(test)]
pub(crate) fn residence_of(resident: &Resident) -> Residence {
    serde_json::from_slice(&plain(resident).unwrap()[1]).unwrap()
}

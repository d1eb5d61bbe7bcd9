//! Certificates that must no longer be trusted, of residents and of the staff, for the authorities' revocation lists.

use issuance::{
    acts::{AuditAct, ResponderCertified, RevocationListSigned},
    authority::{AuthorityName, RevocationReason},
    records::{CertificateSerial, Reservation},
};
use serde_json::json;
use time::OffsetDateTime;

use crate::{Act, Office, OfficeError, act::About};

mod outcomes;

pub use outcomes::{Signature, SignatureKind};

/// A certificate that must no longer be trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Revoked {
    /// Who issued it, and lists it.
    pub authority: AuthorityName,
    /// Its serial; a certificate may never have been signed under it.
    pub serial: CertificateSerial,
    pub at: OffsetDateTime,
    /// Why (RFC 5280 §5.3.1).
    pub reason: RevocationReason,
}

impl Office {
    /// Every certificate revoked, oldest first: of residents' cards given up or ended, of staff cards that others took
    /// the place of or whose holders may no longer log in, and serials of staff cards that were never finished.
    ///
    /// # Errors
    /// [`OfficeError`]
    pub async fn revoked(&self) -> Result<Vec<Revoked>, OfficeError> {
        self.read("revoked", |tx| async move {
            let rows = tx
                .query(
                    "-- revoked\n\
                     SELECT 'resident' AS authority, serial, revoked_at AS at, revocation AS reason\n\
                     FROM office.certificate WHERE revoked_at IS NOT NULL\n\
                     UNION ALL\n\
                     SELECT 'staff', serial, until, revocation FROM office.staff_certificate WHERE until IS NOT NULL\n\
                     UNION ALL\n\
                     SELECT 'staff', s.serial, min(later.reserved_at), 'superseded'\n\
                     FROM office.staff_serial s JOIN office.staff_serial later\n\
                     ON later.number = s.number AND later.reserved_at > s.reserved_at\n\
                     WHERE NOT EXISTS (SELECT FROM office.staff_certificate c WHERE c.serial = s.serial)\n\
                     GROUP BY s.serial\n\
                     ORDER BY at, serial",
                    &[],
                )
                .await?;
            let known = |text: &str| AuthorityName::ALL.into_iter().find(|name| name.as_str() == text);
            let unreadable = || OfficeError::Unreadable("a revocation");
            rows.iter()
                .map(|row| {
                    let serial: &[u8] = row.get("serial");
                    Ok(Revoked {
                        authority: known(row.get("authority")).ok_or_else(unreadable)?,
                        serial: serial.try_into().map(CertificateSerial).map_err(|_| unreadable())?,
                        at: row.get("at"),
                        reason: RevocationReason::stored(row.get("reason")).ok_or_else(unreadable)?,
                    })
                })
                .collect()
        })
        .await
    }

    /// Takes the number of the next revocation list of `authority`, before it is signed: two machines never sign two
    /// lists of one number (RFC 5280 §5.2.3).
    ///
    /// # Errors
    /// [`OfficeError`]
    pub async fn next_list_number(&self, act: &Act, authority: AuthorityName) -> Result<u64, OfficeError> {
        let number: i64 = self
            .act(
                "next_list_number",
                RevocationListSigned::ROW,
                About::content(json!(authority.as_str())),
                act,
                |tx, doing| async move {
                    let row = tx
                        .query_one(
                            "-- next_list_number\n\
                         INSERT INTO office.revocation_list (authority, number, at)\n\
                         SELECT $1, coalesce(max(number), 0) + 1, $2 FROM office.revocation_list WHERE authority = $1\n\
                         RETURNING number",
                            &[&authority.as_str(), &doing.at],
                        )
                        .await?;
                    let number: i64 = row.get(0);
                    let details = RevocationListSigned {
                        authority: authority.as_str().to_owned(),
                        number,
                    };
                    self.record(&tx, &doing, json!({}), details).await?;
                    Ok(number)
                },
            )
            .await?;
        u64::try_from(number).map_err(|_| OfficeError::Unreadable("office.revocation_list"))
    }

    /// Every serial under which `authority` issued a certificate for a card, ascending: what its register names.
    ///
    /// # Errors
    /// [`OfficeError`]
    pub async fn issued(&self, authority: AuthorityName) -> Result<Vec<CertificateSerial>, OfficeError> {
        self.read("issued", |tx| async move {
            let sql = match authority {
                AuthorityName::Root => return Ok(Vec::new()),
                AuthorityName::Resident => {
                    "-- issued\nSELECT serial FROM office.certificate WHERE der IS NOT NULL ORDER BY serial"
                }
                AuthorityName::Staff => "-- issued\nSELECT serial FROM office.staff_certificate ORDER BY serial",
            };
            let rows = tx.query(sql, &[]).await?;
            let serial = |bytes: &[u8]| bytes.try_into().map(CertificateSerial);
            let serials: Result<_, _> = rows.iter().map(|row| serial(row.get("serial"))).collect();
            serials.map_err(|_| OfficeError::Unreadable("a certificate's serial"))
        })
        .await
    }

    /// How many serials [`Office::issued`] gives.
    ///
    /// # Errors
    /// [`OfficeError`]
    pub async fn issued_count(&self, authority: AuthorityName) -> Result<usize, OfficeError> {
        self.read("issued_count", |tx| async move {
            let sql = match authority {
                AuthorityName::Root => return Ok(0),
                AuthorityName::Resident => {
                    "-- issued_count\nSELECT count(*) FROM office.certificate WHERE der IS NOT NULL"
                }
                AuthorityName::Staff => "-- issued_count\nSELECT count(*) FROM office.staff_certificate",
            };
            let count: i64 = tx.query_one(sql, &[]).await?.get(0);
            usize::try_from(count).map_err(|_| OfficeError::Unreadable("a count"))
        })
        .await
    }

    /// Takes a serial for the certificate of a responder that `authority` is about to sign.
    ///
    /// # Errors
    /// [`OfficeError`]
    pub async fn reserve_responder(
        &self,
        act: &Act,
        authority: AuthorityName,
        serial: CertificateSerial,
    ) -> Result<Reservation, OfficeError> {
        self.act(
            "reserve_responder",
            ResponderCertified::ROW,
            About::content(json!([authority.as_str(), serial.to_string()])),
            act,
            |tx, doing| async move {
                let reservation = Reservation::new(serial, doing.at);
                tx.execute(
                    "-- reserve_responder\n\
                     INSERT INTO office.responder_certificate (serial, authority, reserved_at) VALUES ($1, $2, $3)",
                    &[&serial.0.as_slice(), &authority.as_str(), &reservation.at()],
                )
                .await?;
                let details = ResponderCertified {
                    authority: authority.as_str().to_owned(),
                    serial: serial.to_string(),
                };
                self.record(&tx, &doing, json!({}), details).await?;
                Ok(reservation)
            },
        )
        .await
    }
}

//! What an authority was about to sign, and whether it did: the intent is recorded first (a serial, a list's number), the
//! outcome beside it. An intent that stays without one is a power cut, a full disk or a key that did not sign; it harms
//! nobody, and it is not left unexplained.

use issuance::{authority::AuthorityName, records::CertificateSerial};
use time::{Duration, OffsetDateTime};

use crate::{Office, OfficeError};

/// What was about to be signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum SignatureKind {
    /// A resident's certificate whose card is still being made: going on with the card signs it.
    OnTheWay,
    /// A resident's certificate on a card that was given up; its serial is on the list.
    GivenUp,
    /// A staff card's certificate that was never registered: another try takes another serial, and this one is listed.
    Staff,
    /// A revocation list: the next number follows, and nobody ever saw this one.
    List,
    /// A responder's certificate: the next look signs another.
    Responder,
}

/// An intent without an outcome.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signature {
    pub kind: SignatureKind,
    pub authority: AuthorityName,
    /// The serial in hex, or the list's number.
    pub what: String,
    pub intended_at: OffsetDateTime,
}

impl Office {
    /// Signatures that were intended more than `after` ago and have no outcome, oldest first.
    ///
    /// # Errors
    /// [`OfficeError`]
    pub async fn signatures_without_outcome(&self, after: Duration) -> Result<Vec<Signature>, OfficeError> {
        self.read("signatures_without_outcome", |tx| async move {
            let before = self.now(&tx).await? - after;
            let rows = tx
                .query(
                    "-- signatures_without_outcome\n\
                     SELECT CASE WHEN c.revoked_at IS NULL THEN 'on_the_way' ELSE 'given_up' END AS kind, 'resident' AS authority,\n\
                     upper(encode(c.serial, 'hex')) AS what, c.reserved_at AS at\n\
                     FROM office.certificate c WHERE c.der IS NULL AND c.reserved_at < $1\n\
                     UNION ALL\n\
                     SELECT 'staff', 'staff', upper(encode(s.serial, 'hex')), s.reserved_at FROM office.staff_serial s\n\
                     WHERE s.reserved_at < $1 AND NOT EXISTS (SELECT FROM office.staff_certificate c WHERE c.serial = s.serial)\n\
                     UNION ALL\n\
                     SELECT 'list', l.authority, l.number::text, l.at FROM office.revocation_list l\n\
                     WHERE l.signed_at IS NULL AND l.outcome_kept AND l.at < $1\n\
                     UNION ALL\n\
                     SELECT 'responder', r.authority, upper(encode(r.serial, 'hex')), r.reserved_at\n\
                     FROM office.responder_certificate r WHERE r.signed_at IS NULL AND r.reserved_at < $1\n\
                     ORDER BY at, what",
                    &[&before],
                )
                .await?;
            let unreadable = || OfficeError::Unreadable("a signature");
            rows.iter()
                .map(|row| {
                    Ok(Signature {
                        kind: match row.get("kind") {
                            "on_the_way" => SignatureKind::OnTheWay,
                            "given_up" => SignatureKind::GivenUp,
                            "staff" => SignatureKind::Staff,
                            "list" => SignatureKind::List,
                            "responder" => SignatureKind::Responder,
                            _ => return Err(unreadable()),
                        },
                        authority: AuthorityName::ALL
                            .into_iter()
                            .find(|name| name.as_str() == row.get::<_, &str>("authority"))
                            .ok_or_else(unreadable)?,
                        what: row.get("what"),
                        intended_at: row.get("at"),
                    })
                })
                .collect()
        })
        .await
    }

    /// Keeps that the list `number` of `authority` was signed and written: how many are on it, and its SHA-256.
    ///
    /// # Errors
    /// [`OfficeError`]; one that has an outcome keeps it.
    pub async fn list_signed(
        &self,
        authority: AuthorityName,
        number: u64,
        entries: usize,
        fingerprint: [u8; 32],
    ) -> Result<(), OfficeError> {
        let unreadable = |_| OfficeError::Unreadable("a list's number");
        let (number, entries) = (
            i64::try_from(number).map_err(unreadable)?,
            i32::try_from(entries).map_err(unreadable)?,
        );
        self.store
            .run("list_signed", |tx| async move {
                let now = self.now(&tx).await?;
                tx.execute(
                    "-- list_signed\n\
                     UPDATE office.revocation_list SET signed_at = $3, entries = $4, fingerprint = $5\n\
                     WHERE authority = $1 AND number = $2",
                    &[&authority.as_str(), &number, &now, &entries, &fingerprint.as_slice()],
                )
                .await?;
                Ok(())
            })
            .await
    }

    /// Keeps the certificate `der` that was signed for a responder under `serial`.
    ///
    /// # Errors
    /// [`OfficeError`]; one that has an outcome keeps it.
    pub async fn responder_certified(&self, serial: CertificateSerial, der: &[u8]) -> Result<(), OfficeError> {
        self.store
            .run("responder_certified", |tx| async move {
                let now = self.now(&tx).await?;
                tx.execute(
                    "-- responder_certified\n\
                     UPDATE office.responder_certificate SET der = $2, signed_at = $3 WHERE serial = $1",
                    &[&serial.0.as_slice(), &der, &now],
                )
                .await?;
                Ok(())
            })
            .await
    }
}

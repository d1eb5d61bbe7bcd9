//! What is kept about services: the front's shares for them, and the pseudonyms they asked to be given no more.

use relay_core::{
    chance::Chance,
    pseudonym::{Domain, KeyEdition, Service, ServicePseudonym},
    seal::Place,
};
use store::{StoreError, Tx};
use time::OffsetDateTime;
use uuid::Uuid;
use zeroize::Zeroizing;

use super::{BlindError, BlindRecords, by_two};

/// A share of the front's, read back.
pub struct KeptShare {
    pub service: Service,
    pub edition: KeyEdition,
    /// [`relay_core::pseudonym::ServiceShare::to_text`].
    pub share: Zeroizing<String>,
}

/// The mark that a tombstone for one pseudonym at one service bears.
#[derive(Debug, Clone)]
pub struct Tombstone {
    service: Service,
    mark: [u8; 32],
}

impl Tombstone {
    pub(super) async fn is_set(&self, tx: &Tx) -> Result<bool, StoreError> {
        let sql = "-- tombstone
            SELECT 1 FROM blind.tombstone WHERE domain = $1 AND entity = $2 AND mark = $3";
        let (domain, entity) = (self.service.domain().as_str(), self.service.entity());
        Ok(tx
            .query_opt(sql, &[&domain, &entity, &self.mark.as_slice()])
            .await?
            .is_some())
    }
}

impl BlindRecords {
    /// Keeps the front's `share` for `service`; the same one again changes nothing.
    ///
    /// # Errors
    /// [`BlindError::OtherShare`]
    pub async fn keep_share(
        &self,
        kept: &KeptShare,
        now: OffsetDateTime,
        chance: &mut dyn Chance,
    ) -> Result<(), BlindError> {
        let id = uuid::Builder::from_random_bytes(relay_core::chance::draw(chance)).into_uuid();
        let sealed = self.sealer.seal(place(&id), kept.share.as_bytes(), chance);
        let (domain, entity) = (kept.service.domain().as_str(), kept.service.entity());
        let edition = kept.edition.0 as i32;
        let find = "-- share held
            SELECT id, share FROM blind.share WHERE domain = $1 AND entity = $2 AND edition = $3";
        let keep = "-- keep share
            INSERT INTO blind.share (id, domain, entity, edition, share, accepted_at) VALUES ($1, $2, $3, $4, $5, $6)";
        let (sealed, held) = (&sealed, self.clone());
        let held = &held;
        self.store
            .run("keep_share", |tx| async move {
                if let Some(row) = tx.query_opt(find, &[&domain, &entity, &edition]).await? {
                    let same = held.sealer.open(place(&row.get("id")), row.get("share"))?;
                    return if *same == kept.share.as_bytes() {
                        Ok(())
                    } else {
                        Err(BlindError::OtherShare)
                    };
                }
                tx.execute(keep, &[&id, &domain, &entity, &edition, sealed, &now])
                    .await?;
                Ok(())
            })
            .await
    }

    /// Every share kept, for a process that starts.
    ///
    /// # Errors
    /// [`BlindError`]
    pub async fn shares(&self) -> Result<Vec<KeptShare>, BlindError> {
        let sql =
            "-- shares\nSELECT id, domain, entity, edition, share FROM blind.share ORDER BY domain, entity, edition";
        let rows = self
            .read("shares", |tx| async move { Ok(tx.query(sql, &[]).await?) })
            .await?;
        rows.iter()
            .map(|row| {
                let unreadable = || BlindError::Unreadable("blind.share");
                let opened = self.sealer.open(place(&row.get("id")), row.get("share"))?;
                let text = std::str::from_utf8(&opened).map_err(|_| unreadable())?;
                Ok(KeptShare {
                    service: service(row.get("domain"), row.get("entity"))?,
                    edition: KeyEdition(row.get::<_, i32>("edition") as u32),
                    share: Zeroizing::new(text.to_owned()),
                })
            })
            .collect()
    }

    /// The mark of `pseudonym` at `service`: nothing can be read from it without this half's key, and one person's
    /// marks at two services have nothing in common.
    pub fn mark(&self, service: &Service, pseudonym: &ServicePseudonym) -> Tombstone {
        let purpose = format!("tombstone\0{}\0{}", service.domain().as_str(), service.entity());
        Tombstone {
            service: service.clone(),
            mark: self.sealer.blind_index(&purpose, pseudonym.expose().as_bytes()),
        }
    }

    /// From `now` on this pseudonym is not given to its service any more. `reason` is the number of the matter.
    ///
    /// # Errors
    /// [`BlindError::SamePerson`]
    pub async fn set_tombstone(
        &self,
        tombstone: &Tombstone,
        reason: &str,
        approved_by: &[String; 2],
        now: OffsetDateTime,
    ) -> Result<(), BlindError> {
        let sql = "-- set_tombstone
            INSERT INTO blind.tombstone (domain, entity, mark, reason, approved_by, since)
            VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING";
        let approved = by_two(approved_by)?;
        let (domain, entity) = (tombstone.service.domain().as_str(), tombstone.service.entity());
        let (approved, mark) = (&approved, tombstone.mark.as_slice());
        self.store
            .run("set_tombstone", |tx| async move {
                tx.execute(sql, &[&domain, &entity, &mark, &reason, approved, &now])
                    .await?;
                Ok(())
            })
            .await
    }
}

pub(super) fn service(domain: &str, entity: &str) -> Result<Service, BlindError> {
    Domain::new(domain)
        .and_then(|domain| Service::new(&domain, entity))
        .map_err(|_| BlindError::Unreadable("a service's name"))
}

fn place(id: &Uuid) -> Place<'_> {
    Place {
        table: "blind.share",
        row: id.as_bytes(),
        column: "share",
    }
}

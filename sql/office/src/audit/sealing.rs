//! The sealing of the trail: events take their places in the tree, one sealer at a time, and the tree's head is signed.

use store::{
    Tx,
    trail::{
        head::{HeadKey, TreeHead},
        tree::{Frontier, Hash, leaf},
    },
};
use time::OffsetDateTime;

use crate::{Office, OfficeError};

/// One sealer in the whole database, for as long as its transaction lasts.
const SEALER_LOCK: i64 = 0x5EA1_7A11;
/// Events that take their places in one transaction.
const TOGETHER: i64 = 20_000;
const TABLE: &str = "office.audit_head";
/// What refuses a place, or a size, that another sealer has just given.
const PLACES: [&str; 3] = ["audit_leaf_pkey", "audit_leaf_once", "audit_head_pkey"];

/// A head of the tree, as it was signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedHead {
    pub head: TreeHead,
    /// The signed note, to be kept outside the database.
    pub note: String,
}

impl Office {
    /// Gives every event that waits its place in the tree, and signs the head; `None` when nothing waited, or another
    /// sealer is at it. Keep the note outside the database: what is in it can be taken back by whoever rules it.
    ///
    /// # Errors
    /// [`OfficeError::Unreadable`] when the tree kept here does not fit, or the key signs nothing
    pub async fn seal_trail(&self, key: &HeadKey) -> Result<Option<SignedHead>, OfficeError> {
        let mut newest = None;
        let mut overtaken = 0;
        loop {
            let sealed = self
                .store
                .run("seal_trail", |tx| async move { self.seal_some(&tx, key).await })
                .await;
            // Another sealer was done between this one's first look and its lock: what it placed is seen at the next look.
            let taken = |error: &OfficeError| matches!(error, OfficeError::Store(error) if PLACES.iter().any(|name| error.is_constraint(name)));
            if sealed.as_ref().is_err_and(taken) && overtaken < 3 {
                overtaken += 1;
                continue;
            }
            match sealed? {
                None => return Ok(newest),
                Some((head, whole)) => {
                    newest = Some(head);
                    // The rest was written meanwhile, and has its next turn.
                    if !whole {
                        return Ok(newest);
                    }
                }
            }
        }
    }

    /// The newest head of the tree.
    ///
    /// # Errors
    /// [`OfficeError`]
    pub async fn newest_head(&self) -> Result<Option<String>, OfficeError> {
        self.read("newest_head", |tx| async move {
            let row = tx
                .query_opt(
                    "-- newest_head\nSELECT note FROM office.audit_head ORDER BY size DESC LIMIT 1",
                    &[],
                )
                .await?;
            Ok(row.map(|row| row.get(0)))
        })
        .await
    }

    /// The heads signed since the tree had `size` events, oldest first, at most `limit`: for a place that has fallen behind.
    ///
    /// # Errors
    /// [`OfficeError`]
    pub async fn heads_after(&self, size: u64, limit: u32) -> Result<Vec<String>, OfficeError> {
        let size = i64::try_from(size).unwrap_or(i64::MAX);
        self.read("heads_after", |tx| async move {
            let rows = tx
                .query(
                    "-- heads_after\nSELECT note FROM office.audit_head WHERE size > $1 ORDER BY size LIMIT $2",
                    &[&size, &i64::from(limit)],
                )
                .await?;
            Ok(rows.iter().map(|row| row.get(0)).collect())
        })
        .await
    }

    /// One transaction's worth; whether as many as fit were taken, so that there may be more.
    async fn seal_some(&self, tx: &Tx, key: &HeadKey) -> Result<Option<(SignedHead, bool)>, OfficeError> {
        let alone = tx
            .query_one("-- one_sealer\nSELECT pg_try_advisory_xact_lock($1)", &[&SEALER_LOCK])
            .await?;
        if !alone.get::<_, bool>(0) {
            return Ok(None);
        }
        let waiting = tx
            .query(
                "-- waiting\n\
                 SELECT e.seq, e.hash FROM (SELECT seq FROM office.audit_unsealed ORDER BY seq LIMIT $1) waiting\n\
                 JOIN office.audit_event e USING (seq) ORDER BY seq",
                &[&TOGETHER],
            )
            .await?;
        let Some(last) = waiting.last().map(|row| row.get::<_, i64>("seq")) else {
            return Ok(None);
        };
        let mut frontier = frontier(tx).await?;
        let first = i64::try_from(frontier.size()).map_err(|_| OfficeError::Unreadable(TABLE))?;
        let mut seqs: Vec<i64> = Vec::with_capacity(waiting.len());
        let mut leaves: Vec<Vec<u8>> = Vec::with_capacity(waiting.len());
        for row in &waiting {
            let seq: i64 = row.get("seq");
            let content: Hash = hash_of(row.get("hash"))?;
            let leaf = leaf(seq, &content);
            frontier.push(&leaf).map_err(|_| OfficeError::Unreadable(TABLE))?;
            seqs.push(seq);
            leaves.push(leaf.to_vec());
        }
        tx.execute(
            "-- place_events\n\
             INSERT INTO office.audit_leaf (place, seq, leaf)\n\
             SELECT $1 + nth - 1, seq, leaf FROM unnest($2::bigint[], $3::bytea[]) WITH ORDINALITY AS placed (seq, leaf, nth)",
            &[&first, &seqs, &leaves],
        )
        .await?;
        // Their places first: the database lets none of them go that has none.
        tx.execute(
            "-- placed\nDELETE FROM office.audit_unsealed WHERE seq = ANY ($1)",
            &[&seqs],
        )
        .await?;
        let at: OffsetDateTime = self.now(tx).await?;
        let head = TreeHead {
            origin: key.name().to_owned(),
            size: frontier.size(),
            root: frontier.root().map_err(|_| OfficeError::Unreadable(TABLE))?,
            last,
            at,
        };
        let note = key
            .sign(&head)
            .map_err(|_| OfficeError::Unreadable("the key of the trail's heads"))?;
        let size = i64::try_from(head.size).map_err(|_| OfficeError::Unreadable(TABLE))?;
        tx.execute(
            "-- keep_head\nINSERT INTO office.audit_head (size, at, frontier, note) VALUES ($1, $2, $3, $4)",
            &[&size, &at, &frontier.to_bytes(), &note],
        )
        .await?;
        let whole = waiting.len() as i64 == TOGETHER;
        Ok(Some((SignedHead { head, note }, whole)))
    }
}

async fn frontier(tx: &Tx) -> Result<Frontier, OfficeError> {
    let row = tx
        .query_opt(
            "-- frontier\nSELECT size, frontier FROM office.audit_head ORDER BY size DESC LIMIT 1",
            &[],
        )
        .await?;
    let Some(row) = row else { return Ok(Frontier::default()) };
    let size = u64::try_from(row.get::<_, i64>("size")).map_err(|_| OfficeError::Unreadable(TABLE))?;
    Frontier::from_bytes(size, row.get("frontier")).map_err(|_| OfficeError::Unreadable(TABLE))
}

pub(super) fn hash_of(bytes: &[u8]) -> Result<Hash, OfficeError> {
    bytes
        .try_into()
        .map_err(|_| OfficeError::Unreadable("office.audit_event"))
}

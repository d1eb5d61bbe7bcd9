//! Sessions: used, ended by the person or by the identity provider; and what went before.

use store::Row;
use time::{Duration, OffsetDateTime};
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::{ProviderError, ProviderRecords, Secret, minute};

/// How long sessions last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionLimits {
    pub idle: Duration,
    pub longest: Duration,
}

/// Somebody who is signed in.
pub struct Session {
    id: Uuid,
    person_index: Vec<u8>,
    /// The whole name, as it was handed in.
    pub name: Zeroizing<Vec<u8>>,
    /// The identity provider's index of the session.
    pub session_index: Option<String>,
    /// How the person was authenticated.
    pub context: String,
    /// When, to the minute.
    pub signed_in_at: OffsetDateTime,
    /// When it ends at the latest.
    pub until: OffsetDateTime,
}

/// A session that was ended: what asking the identity provider to end it everywhere takes.
pub struct Ended {
    /// The whole name, as it was handed in.
    pub name: Zeroizing<Vec<u8>>,
    /// The identity provider's index of the session.
    pub session_index: Option<String>,
}

/// A sign-in that was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PastSignIn {
    /// When, to the minute.
    pub at: OffsetDateTime,
    /// How the person was authenticated.
    pub context: String,
}

const COLUMNS: &str = "id, person_index, name, session_index, context, signed_in_at, until";

impl ProviderRecords {
    /// The session whose secret a browser shows, if it goes on; using it is what keeps it going.
    ///
    /// # Errors
    /// [`ProviderError`]
    pub async fn session(&self, secret: &Secret, now: OffsetDateTime) -> Result<Option<Session>, ProviderError> {
        let index = self.keyed("session", secret.as_slice());
        let idle_until = minute(now + self.shared.limits.idle);
        let row = self
            .store
            .run("session", |tx| {
                let index = &index;
                async move {
                    let found = tx
                        .query_opt(
                            &format!(
                                "-- session\nSELECT {COLUMNS}, idle_until FROM provider.session\n\
                                 WHERE secret_index = $1 AND idle_until > $2 AND until > $2"
                            ),
                            &[index, &now],
                        )
                        .await?;
                    // To the minute, so that a page with its parts writes once.
                    if let Some(row) = &found
                        && row.get::<_, OffsetDateTime>("idle_until") < idle_until
                    {
                        tx.execute(
                            "-- session\nUPDATE provider.session SET idle_until = $2 WHERE id = $1",
                            &[&row.get::<_, Uuid>("id"), &idle_until],
                        )
                        .await?;
                    }
                    Ok::<_, ProviderError>(found)
                }
            })
            .await?;
        row.as_ref().map(|row| self.opened(row)).transpose()
    }

    /// Ends the session whose secret a browser shows. Ending one that is over gives nothing.
    ///
    /// # Errors
    /// [`ProviderError`]
    pub async fn end(&self, secret: &Secret) -> Result<Option<Ended>, ProviderError> {
        let index = self.keyed("session", secret.as_slice());
        let row = self
            .store
            .run("end", |tx| {
                let index = &index;
                async move {
                    Ok::<_, ProviderError>(
                        tx.query_opt(
                            &format!(
                                "-- end\nDELETE FROM provider.session WHERE secret_index = $1 RETURNING {COLUMNS}"
                            ),
                            &[index],
                        )
                        .await?,
                    )
                }
            })
            .await?;
        let Some(row) = row else { return Ok(None) };
        let Session {
            name, session_index, ..
        } = self.opened(&row)?;
        Ok(Some(Ended { name, session_index }))
    }

    /// Ends the sessions of a person that the identity provider names: those of `session_indexes`, or all when it names
    /// none (saml-core section 3.7.1). Gives how many there were.
    ///
    /// # Errors
    /// [`ProviderError`]
    pub async fn end_of(&self, pseudonym: &[u8], session_indexes: &[String]) -> Result<u64, ProviderError> {
        let person = self.keyed("person", pseudonym);
        self.store
            .run("end_of", |tx| {
                let person = &person;
                async move {
                    Ok(tx
                        .execute(
                            "-- end_of\nDELETE FROM provider.session WHERE person_index = $1\n\
                             AND (cardinality($2::text[]) = 0 OR session_index = ANY ($2))",
                            &[person, &session_indexes],
                        )
                        .await?)
                }
            })
            .await
    }

    /// The last `most` sign-ins of the session's person, the newest first.
    ///
    /// # Errors
    /// [`ProviderError`]
    pub async fn history(&self, session: &Session, most: i64) -> Result<Vec<PastSignIn>, ProviderError> {
        self.read("history", |tx| async move {
            let rows = tx
                .query(
                    "-- history\nSELECT at, context FROM provider.sign_in_history WHERE person_index = $1\n\
                     ORDER BY at DESC, id LIMIT $2",
                    &[&session.person_index, &most],
                )
                .await?;
            Ok(rows
                .iter()
                .map(|row| PastSignIn {
                    at: row.get(0),
                    context: row.get(1),
                })
                .collect())
        })
        .await
    }

    fn opened(&self, row: &Row) -> Result<Session, ProviderError> {
        let id: Uuid = row.get("id");
        let name = self.shared.sealer.open(Self::place(&id), row.get("name"))?;
        Ok(Session {
            id,
            person_index: row.get("person_index"),
            name,
            session_index: row.get("session_index"),
            context: row.get("context"),
            signed_in_at: row.get("signed_in_at"),
            until: row.get("until"),
        })
    }
}

impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Session({})", self.id)
    }
}

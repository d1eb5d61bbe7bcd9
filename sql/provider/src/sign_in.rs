//! From the request that goes out to the session that its answer begins.

use store::Tx;
use time::{Duration, OffsetDateTime};

use crate::{ProviderError, ProviderRecords, Secret, minute};

/// A request that goes out.
#[derive(Debug, Clone)]
pub struct NewRequest {
    pub id: String,
    /// The path asked for, to come back to.
    pub target: String,
    /// Until when an answer counts.
    pub until: OffsetDateTime,
}

/// What the browser keeps while it is away.
#[derive(Debug, Clone)]
pub struct Asked {
    pub browser: Secret,
}

/// A checked answer: what its assertion says. Signatures, audience and times were verified, and that it came for the
/// first time ([`ProviderRecords::is_first`]).
pub struct Arrival<'a> {
    /// The request it answers.
    pub request: &'a str,
    /// The secret in the browser that brought it.
    pub browser: &'a Secret,
    /// The pseudonym, for this provider alone.
    pub pseudonym: &'a [u8],
    /// The whole name as the portal wants it back for a logout.
    pub name: &'a [u8],
    /// The identity provider's index of the session.
    pub session_index: Option<&'a str>,
    /// How the person was authenticated.
    pub context: &'a str,
    /// The identity provider's limit of the session.
    pub session_until: Option<OffsetDateTime>,
}

/// A session has begun.
#[derive(Debug, Clone)]
pub struct SignedIn {
    /// For the browser's cookie.
    pub secret: Secret,
    /// The path to come back to.
    pub target: String,
}

impl ProviderRecords {
    /// Notes a request before it goes out.
    ///
    /// # Errors
    /// [`ProviderError`]
    pub async fn ask(&self, request: &NewRequest) -> Result<Asked, ProviderError> {
        let browser = self.fresh_secret();
        let index = self.keyed("browser", browser.as_slice());
        self.store
            .run("ask", |tx| {
                let index = &index;
                async move {
                    tx.execute_last(
                        "-- ask\nINSERT INTO provider.request_sent (id, browser_index, target, until) VALUES ($1, $2, $3, $4)",
                        &[&request.id, index, &request.target, &request.until],
                    )
                    .await?;
                    Ok::<_, ProviderError>(())
                }
            })
            .await?;
        Ok(Asked { browser })
    }

    /// Remembers the message `id` of `sender` until it would be refused for its age; whether it had not come before.
    ///
    /// # Errors
    /// [`ProviderError`]
    pub async fn is_first(&self, sender: &str, id: &str, until: OffsetDateTime) -> Result<bool, ProviderError> {
        let message = self.keyed("message", &[sender.as_bytes(), b"\0", id.as_bytes()].concat());
        self.store
            .run("is_first", |tx| {
                let message = &message;
                async move {
                    let new = tx
                        .execute(
                            "-- is_first\nINSERT INTO provider.message_seen (message_index, until) VALUES ($1, $2)\n\
                             ON CONFLICT DO NOTHING",
                            &[message, &until],
                        )
                        .await?;
                    Ok(new == 1)
                }
            })
            .await
    }

    /// Takes an answer: the request must wait for it, in this browser, and is answered with this. Begins the session and
    /// notes it in the person's history.
    ///
    /// # Errors
    /// [`ProviderError::NotAsked`], [`ProviderError::OtherBrowser`]
    pub async fn sign_in(&self, arrival: &Arrival<'_>, now: OffsetDateTime) -> Result<SignedIn, ProviderError> {
        let secret = self.fresh_secret();
        let session = self.fresh_uuid();
        let sealer = &self.shared.sealer;
        let sealed = sealer.seal(Self::place(&session), arrival.name, &mut self.chance());
        let row = NewSession {
            session,
            secret_index: self.keyed("session", secret.as_slice()),
            person_index: self.keyed("person", arrival.pseudonym),
            history: self.fresh_uuid(),
            sealed,
            until: (now + self.shared.limits.longest).min(arrival.session_until.unwrap_or(now + Duration::DAY)),
        };
        let browser = self.keyed("browser", arrival.browser.as_slice());
        let target = self
            .store
            .run("sign_in", |tx| {
                let (row, browser) = (&row, &browser);
                async move {
                    let target = answered(&tx, arrival.request, browser, now).await?;
                    self.begin_session(&tx, row, arrival, now).await?;
                    Ok::<_, ProviderError>(target)
                }
            })
            .await?;
        Ok(SignedIn { secret, target })
    }

    async fn begin_session(
        &self,
        tx: &Tx,
        row: &NewSession,
        arrival: &Arrival<'_>,
        now: OffsetDateTime,
    ) -> Result<(), ProviderError> {
        let at = minute(now);
        tx.execute(
            "-- sign_in\nINSERT INTO provider.session\n\
             (id, secret_index, person_index, name, session_index, context, signed_in_at, idle_until, until)\n\
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
            &[
                &row.session,
                &row.secret_index,
                &row.person_index,
                &row.sealed,
                &arrival.session_index,
                &arrival.context,
                &at,
                &minute(now + self.shared.limits.idle),
                &minute(row.until),
            ],
        )
        .await?;
        tx.execute(
            "-- sign_in\nINSERT INTO provider.sign_in_history (id, person_index, at, context) VALUES ($1, $2, $3, $4)",
            &[&row.history, &row.person_index, &at, &arrival.context],
        )
        .await?;
        Ok(())
    }
}

struct NewSession {
    session: uuid::Uuid,
    secret_index: Vec<u8>,
    person_index: Vec<u8>,
    history: uuid::Uuid,
    sealed: Vec<u8>,
    until: OffsetDateTime,
}

/// Takes the request away and gives the path to come back to.
async fn answered(tx: &Tx, request: &str, browser: &Vec<u8>, now: OffsetDateTime) -> Result<String, ProviderError> {
    let row = tx
        .query_opt(
            "-- answered\nDELETE FROM provider.request_sent WHERE id = $1 AND until > $2 RETURNING browser_index, target",
            &[&request, &now],
        )
        .await?
        .ok_or(ProviderError::NotAsked)?;
    // Rolled back with the refusal: somebody else's answer does not use up this browser's request.
    if row.get::<_, Vec<u8>>(0) != *browser {
        return Err(ProviderError::OtherBrowser);
    }
    Ok(row.get(1))
}

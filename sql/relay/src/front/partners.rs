//! Federation partners: metadata put forward by one operator and approved by another, trials, and the switch.

mod editions;

use serde_json::json;
use store::{Row, Tx};
use time::OffsetDateTime;

use super::{AuditAct, FrontError, FrontRecords, Note};

/// What a partner is to us.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PartnerKind {
    /// It takes assertions from us.
    Service,
    /// An identity provider of another consortium, to which sign-ins are passed on.
    Provider,
}

/// How a partner stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PartnerState {
    /// No edition of its metadata is approved yet.
    Proposed,
    /// Approved; only cards named for trials may sign in there.
    Trial,
    On,
    Off,
}

/// What the trial showed of its reading the EncryptedID.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignInTrial {
    Untried,
    /// It showed the same name twice.
    Named,
    /// It let the person in without a name: it does not read EncryptedID.
    Unnamed,
    /// It showed another name at each visit, as it asks for passing ones.
    Passing,
}

/// What the trial showed of its logging out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogoutTrial {
    Untried,
    /// Its LogoutRequest carried the name encrypted.
    Sealed,
    /// Its LogoutRequest carried the name in clear, so the front would learn a pseudonym.
    InClear,
    /// It goes on without single logout, by a recorded decision.
    Without,
}

macro_rules! as_stored {
    ($name:ident { $($variant:ident => $text:literal),+ } $column:literal) => {
        impl $name {
            /// As stored.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text),+ }
            }

            fn parse(text: &str) -> Result<Self, FrontError> {
                match text {
                    $($text => Ok(Self::$variant),)+
                    _ => Err(FrontError::Unreadable($column)),
                }
            }
        }
    };
}
as_stored!(PartnerKind { Service => "service", Provider => "provider" } "partner.kind");
as_stored!(PartnerState { Proposed => "proposed", Trial => "trial", On => "on", Off => "off" } "partner.state");
as_stored!(SignInTrial { Untried => "untried", Named => "named", Unnamed => "unnamed", Passing => "passing" } "partner.sign_in");
as_stored!(LogoutTrial { Untried => "untried", Sealed => "sealed", InClear => "in_clear", Without => "without" } "partner.logout");

/// How long things last for one service (参考C6).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lifetimes {
    /// An assertion's, in seconds (30–600).
    pub assertion: i32,
    /// Its session's, in seconds (60–43,200).
    pub session: i32,
    /// How far its clock may be off, in seconds (0–300).
    pub skew: i32,
}

impl Default for Lifetimes {
    fn default() -> Self {
        Self {
            assertion: 120,
            session: 3600,
            skew: 60,
        }
    }
}

/// Metadata put forward.
#[derive(Debug, Clone)]
pub struct Proposal<'a> {
    /// Entity id, as in the metadata.
    pub entity_id: &'a str,
    pub kind: PartnerKind,
    /// The document, checked by the caller.
    pub metadata: &'a str,
    pub sha256: [u8; 32],
    /// When it expires by itself.
    pub valid_until: Option<OffsetDateTime>,
}

/// One edition of a partner's metadata.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Metadata {
    /// Counted from 1.
    pub edition: i32,
    /// Hash of the document.
    pub sha256: [u8; 32],
    /// When it expires by itself.
    pub valid_until: Option<OffsetDateTime>,
    /// Who put it forward.
    pub proposed_by: String,
    pub proposed_at: OffsetDateTime,
    /// Who approved it, and when.
    pub approved: Option<(String, OffsetDateTime)>,
}

/// A partner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Partner {
    pub entity_id: String,
    pub kind: PartnerKind,
    pub state: PartnerState,
    pub state_since: OffsetDateTime,
    /// Why it is off.
    pub state_reason: Option<String>,
    /// What the trial showed of its sign-in.
    pub sign_in: SignInTrial,
    /// And of its logout.
    pub logout: LogoutTrial,
    /// How long things last for it.
    pub lifetimes: Lifetimes,
    /// What is taken from it beyond the profile, by name.
    pub exceptions: Vec<String>,
    /// When the blind half took our key share for it.
    pub share_sent_at: Option<OffsetDateTime>,
    /// Raised by each change.
    pub version: i32,
    /// The edition of its metadata that counts.
    pub current: Option<Metadata>,
    /// A later edition that waits for approval.
    pub waiting: Option<Metadata>,
}

/// A partner with the metadata that count: what a request is judged by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartnerMetadata {
    pub partner: Partner,
    pub metadata: String,
}

impl FrontRecords {
    /// Records what a trial sign-in showed, as an operator saw it at the service. Another name at each visit is right where
    /// the front gave passing names, and nowhere else: a service that shows the ciphertext of a lasting one shows another
    /// each time, too.
    ///
    /// # Errors
    /// [`FrontError::NotFound`], [`FrontError::PartnerNotNow`]
    pub async fn tried_sign_in(
        &self,
        operator: &str,
        entity_id: &str,
        seen: SignInTrial,
        now: OffsetDateTime,
    ) -> Result<(), FrontError> {
        if seen == SignInTrial::Passing && !self.gave_passing_names(entity_id).await? {
            let partner = self.partner(entity_id).await?.ok_or(FrontError::NotFound("partner"))?;
            return Err(FrontError::PartnerNotNow {
                state: partner.partner.state.as_str(),
                rule: "it was given lasting names, or none yet: another one at each visit means that it does not read EncryptedID",
            });
        }
        self.change_partner(
            "-- tried_sign_in\nUPDATE front.partner SET sign_in = $2, version = version + 1,\n\
               state = CASE WHEN state = 'on' AND $2 NOT IN ('named', 'passing') THEN 'off' ELSE state END,\n\
               state_reason = CASE WHEN state = 'on' AND $2 NOT IN ('named', 'passing') THEN 'it does not read EncryptedID' ELSE state_reason END\n\
             WHERE entity_id = $1",
            entity_id,
            seen.as_str(),
            Note::of(
                AuditAct::PartnerTried,
                json!({ "partner": entity_id }),
                json!({ "sign_in": seen.as_str() }),
            )
            .by(operator),
            now,
        )
        .await
    }

    /// Whether every answer since the service stands as it does bore a passing name, and there was one.
    async fn gave_passing_names(&self, entity_id: &str) -> Result<bool, FrontError> {
        self.store
            .run("gave_passing_names", |tx: Tx| async move {
                let row = tx
                    .query_one(
                        "-- gave_passing_names\n\
                         SELECT coalesce(bool_and(e.details ->> 'name_id' = 'transient'), false)\n\
                         FROM front.audit_event e JOIN front.partner p ON p.entity_id = e.subjects ->> 'service'\n\
                         WHERE p.entity_id = $1 AND e.at >= p.state_since AND e.act = 'sign_in.answered'",
                        &[&entity_id],
                    )
                    .await?;
                Ok(row.get(0))
            })
            .await
    }

    /// Records how a service's LogoutRequest named the person, as the front saw it. What was decided stays; a name in
    /// clear from a service that is on is noted (and refused where it was taken) without changing what its trial showed.
    ///
    /// # Errors
    /// [`FrontError::NotFound`]
    pub async fn tried_logout(
        &self,
        entity_id: &str,
        seen: LogoutTrial,
        now: OffsetDateTime,
    ) -> Result<(), FrontError> {
        self.change_partner(
            "-- tried_logout\nUPDATE front.partner SET version = version + 1,\n\
               logout = CASE WHEN logout = 'without' OR (state = 'on' AND $2 <> 'sealed') THEN logout ELSE $2 END\n\
             WHERE entity_id = $1",
            entity_id,
            seen.as_str(),
            Note::of(
                AuditAct::PartnerTried,
                json!({ "partner": entity_id }),
                json!({ "logout": seen.as_str() }),
            ),
            now,
        )
        .await
    }

    /// Lets a service go on without single logout, with the reason in the operator's words.
    ///
    /// # Errors
    /// [`FrontError::NotFound`]
    pub async fn go_without_logout(
        &self,
        operator: &str,
        entity_id: &str,
        words: &str,
        now: OffsetDateTime,
    ) -> Result<(), FrontError> {
        self.change_partner(
            "-- go_without_logout\nUPDATE front.partner SET logout = $2, version = version + 1 WHERE entity_id = $1",
            entity_id,
            LogoutTrial::Without.as_str(),
            Note::of(
                AuditAct::PartnerDecided,
                json!({ "partner": entity_id }),
                json!({ "words": words }),
            )
            .by(operator),
            now,
        )
        .await
    }

    /// Switches a partner on, once its trial showed what it must.
    ///
    /// # Errors
    /// [`FrontError::PartnerNotNow`]
    pub async fn switch_on(&self, operator: &str, entity_id: &str, now: OffsetDateTime) -> Result<(), FrontError> {
        let partner = self
            .partner(entity_id)
            .await?
            .ok_or(FrontError::NotFound("partner"))?
            .partner;
        let not_now = |rule| {
            Err(FrontError::PartnerNotNow {
                state: partner.state.as_str(),
                rule,
            })
        };
        if partner.kind == PartnerKind::Service {
            match (partner.sign_in, partner.logout) {
                (SignInTrial::Untried, _) => return not_now("its sign-in was not tried"),
                (SignInTrial::Unnamed, _) => return not_now("it does not read EncryptedID: it saw an empty NameID"),
                (_, LogoutTrial::Untried) => return not_now("its logout was not tried"),
                (_, LogoutTrial::InClear) => {
                    return not_now(
                        "its LogoutRequest names the person in clear: mend it, or decide to go without single logout",
                    );
                }
                (SignInTrial::Named | SignInTrial::Passing, LogoutTrial::Sealed | LogoutTrial::Without) => {}
            }
        }
        self.switch(operator, entity_id, PartnerState::On, None, now).await
    }

    /// Switches a partner off, at once.
    ///
    /// # Errors
    /// [`FrontError::NotFound`]
    pub async fn switch_off(
        &self,
        operator: &str,
        entity_id: &str,
        reason: &str,
        now: OffsetDateTime,
    ) -> Result<(), FrontError> {
        self.switch(operator, entity_id, PartnerState::Off, Some(reason), now)
            .await
    }

    /// Puts a partner that is off on trial again.
    ///
    /// # Errors
    /// [`FrontError::NotFound`], [`FrontError::PartnerNotNow`]
    pub async fn switch_to_trial(
        &self,
        operator: &str,
        entity_id: &str,
        now: OffsetDateTime,
    ) -> Result<(), FrontError> {
        self.switch(operator, entity_id, PartnerState::Trial, None, now).await
    }

    /// Sets how long things last for a partner.
    ///
    /// # Errors
    /// [`FrontError::NotFound`]; a value out of its range is a [`store::StoreError::Constraint`].
    pub async fn set_lifetimes(
        &self,
        operator: &str,
        entity_id: &str,
        lifetimes: Lifetimes,
        now: OffsetDateTime,
    ) -> Result<(), FrontError> {
        self.store
            .run("set_lifetimes", |tx| async move {
                let changed = tx
                    .execute(
                        "-- set_lifetimes\n\
                         UPDATE front.partner SET assertion_seconds = $2, session_seconds = $3, skew_seconds = $4,\n\
                           version = version + 1 WHERE entity_id = $1",
                        &[&entity_id, &lifetimes.assertion, &lifetimes.session, &lifetimes.skew],
                    )
                    .await?;
                if changed != 1 {
                    return Err(FrontError::NotFound("partner"));
                }
                let note = Note::of(
                    AuditAct::PartnerDecided,
                    json!({ "partner": entity_id }),
                    json!({ "assertion": lifetimes.assertion, "session": lifetimes.session, "skew": lifetimes.skew }),
                );
                Ok(self.write(&tx, &note.by(operator), now).await?)
            })
            .await
    }

    /// Sets what is taken from a partner beyond the profile, by name, with the reason in the operator's words.
    ///
    /// # Errors
    /// [`FrontError::NotFound`]
    pub async fn set_exceptions(
        &self,
        operator: &str,
        entity_id: &str,
        exceptions: &[&str],
        words: &str,
        now: OffsetDateTime,
    ) -> Result<(), FrontError> {
        let exceptions = exceptions.join(" ");
        self.change_partner(
            "-- set_exceptions\nUPDATE front.partner SET exceptions = $2, version = version + 1 WHERE entity_id = $1",
            entity_id,
            &exceptions,
            Note::of(
                AuditAct::PartnerDecided,
                json!({ "partner": entity_id }),
                json!({ "exceptions": exceptions, "words": words }),
            )
            .by(operator),
            now,
        )
        .await
    }

    /// Records that the blind half took our key share for `entity_id`.
    ///
    /// # Errors
    /// [`FrontError`]
    pub async fn share_sent(&self, entity_id: &str, now: OffsetDateTime) -> Result<(), FrontError> {
        self.store
            .run("share_sent", |tx| async move {
                tx.execute(
                    "-- share_sent\nUPDATE front.partner SET share_sent_at = $2, version = version + 1 WHERE entity_id = $1",
                    &[&entity_id, &now],
                )
                .await?;
                let note = Note::of(AuditAct::ShareSent, json!({ "service": entity_id }), json!({}));
                Ok(self.write(&tx, &note, now).await?)
            })
            .await
    }

    /// Every partner, by entity id.
    ///
    /// # Errors
    /// [`FrontError`]
    pub async fn partners(&self) -> Result<Vec<Partner>, FrontError> {
        self.read("partners", |tx| async move {
            let rows = tx
                .query(&partners_sql("-- partners", "ORDER BY p.entity_id"), &[])
                .await?;
            rows.iter().map(partner_of).collect()
        })
        .await
    }

    /// The partner `entity_id` with the metadata that count; without an approved edition the document is empty.
    ///
    /// # Errors
    /// [`FrontError`]
    pub async fn partner(&self, entity_id: &str) -> Result<Option<PartnerMetadata>, FrontError> {
        self.look("partner", |tx| async move {
            let row = tx
                .query_opt(&partners_sql("-- partner", "WHERE p.entity_id = $1"), &[&entity_id])
                .await?;
            row.map(|row| {
                Ok(PartnerMetadata {
                    partner: partner_of(&row)?,
                    metadata: row.get::<_, Option<String>>("metadata").unwrap_or_default(),
                })
            })
            .transpose()
        })
        .await
    }

    async fn switch(
        &self,
        operator: &str,
        entity_id: &str,
        to: PartnerState,
        reason: Option<&str>,
        now: OffsetDateTime,
    ) -> Result<(), FrontError> {
        self.store
            .run("switch", |tx| async move {
                let switched = tx
                    .execute(
                        "-- switch\n\
                         UPDATE front.partner SET state = $2, state_reason = $3, state_since = $4, version = version + 1\n\
                         WHERE entity_id = $1",
                        &[&entity_id, &to.as_str(), &reason, &now],
                    )
                    .await;
                match switched {
                    Err(error) if error.is_constraint("partner_on_when_approved") => {
                        return Err(FrontError::PartnerNotNow {
                            state: "proposed",
                            rule: "no edition of its metadata is approved",
                        });
                    }
                    Err(error) if error.is_constraint("partner_on_when_tried") => {
                        return Err(FrontError::PartnerNotNow {
                            state: "trial",
                            rule: "its trial did not show what it must",
                        });
                    }
                    switched => {
                        if switched? != 1 {
                            return Err(FrontError::NotFound("partner"));
                        }
                    }
                }
                let note = Note::of(
                    AuditAct::PartnerSwitched,
                    json!({ "partner": entity_id }),
                    json!({ "state": to.as_str(), "reason": reason }),
                );
                Ok(self.write(&tx, &note.by(operator), now).await?)
            })
            .await
    }

    async fn change_partner(
        &self,
        sql: &'static str,
        entity_id: &str,
        value: &str,
        note: Note,
        now: OffsetDateTime,
    ) -> Result<(), FrontError> {
        let note = &note;
        self.store
            .run("change_partner", |tx: Tx| async move {
                if tx.execute(sql, &[&entity_id, &value]).await? != 1 {
                    return Err(FrontError::NotFound("partner"));
                }
                Ok(self.write(&tx, note, now).await?)
            })
            .await
    }
}

/// The current edition's columns and a waiting one's (`w_`), beside the partner's own.
fn partners_sql(name: &str, rest: &str) -> String {
    format!(
        "{name}\n\
         SELECT p.entity_id, p.kind, p.state, p.state_since, p.state_reason, p.logout, p.sign_in, p.assertion_seconds,\n\
           p.session_seconds, p.skew_seconds, p.exceptions, p.share_sent_at, p.version,\n\
           c.metadata, c.edition, c.sha256, c.valid_until, c.proposed_by, c.proposed_at, c.approved_by, c.approved_at,\n\
           w.edition AS w_edition, w.sha256 AS w_sha256, w.valid_until AS w_valid_until, w.proposed_by AS w_proposed_by,\n\
           w.proposed_at AS w_proposed_at\n\
         FROM front.partner p\n\
         LEFT JOIN front.partner_metadata c ON c.entity_id = p.entity_id AND c.edition = p.edition\n\
         LEFT JOIN LATERAL (SELECT * FROM front.partner_metadata m WHERE m.entity_id = p.entity_id\n\
           AND m.approved_by IS NULL AND m.edition > coalesce(p.edition, 0) ORDER BY m.edition DESC LIMIT 1) w ON true\n\
         {rest}"
    )
}

fn partner_of(row: &Row) -> Result<Partner, FrontError> {
    let hash = |column| -> Result<[u8; 32], FrontError> {
        let bytes: Vec<u8> = row.get(column);
        bytes
            .try_into()
            .map_err(|_| FrontError::Unreadable("partner_metadata.sha256"))
    };
    let current = match row.get::<_, Option<i32>>("edition") {
        None => None,
        Some(edition) => Some(Metadata {
            edition,
            sha256: hash("sha256")?,
            valid_until: row.get("valid_until"),
            proposed_by: row.get("proposed_by"),
            proposed_at: row.get("proposed_at"),
            approved: row
                .get::<_, Option<String>>("approved_by")
                .zip(row.get::<_, Option<OffsetDateTime>>("approved_at")),
        }),
    };
    let waiting = match row.get::<_, Option<i32>>("w_edition") {
        None => None,
        Some(edition) => Some(Metadata {
            edition,
            sha256: hash("w_sha256")?,
            valid_until: row.get("w_valid_until"),
            proposed_by: row.get("w_proposed_by"),
            proposed_at: row.get("w_proposed_at"),
            approved: None,
        }),
    };
    Ok(Partner {
        entity_id: row.get("entity_id"),
        kind: PartnerKind::parse(row.get("kind"))?,
        state: PartnerState::parse(row.get("state"))?,
        state_since: row.get("state_since"),
        state_reason: row.get("state_reason"),
        sign_in: SignInTrial::parse(row.get("sign_in"))?,
        logout: LogoutTrial::parse(row.get("logout"))?,
        lifetimes: Lifetimes {
            assertion: row.get("assertion_seconds"),
            session: row.get("session_seconds"),
            skew: row.get("skew_seconds"),
        },
        exceptions: row
            .get::<_, String>("exceptions")
            .split_whitespace()
            .map(str::to_owned)
            .collect(),
        share_sent_at: row.get("share_sent_at"),
        version: row.get("version"),
        current,
        waiting,
    })
}

//! Why the database did not do what it was asked, in terms a caller can act on.

use std::{error::Error as _, time::Duration};

use deadpool_postgres::PoolError;
use tokio_postgres::error::SqlState;

/// What kind of rule a constraint carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConstraintKind {
    /// The value is there already.
    Unique,
    /// What it points to is not there, or is still pointed to.
    Foreign,
    /// The row breaks a rule stated in the table.
    Check,
    /// A value is missing.
    NotNull,
}

/// Why a transaction was not done. No variant carries a value of a row.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// The database does not answer; nothing was done.
    #[error("the database does not answer ({reason}); see `madoguchi status` and `madoguchi up`. Nothing was recorded")]
    Unreachable {
        during: &'static str,
        /// What the connection said.
        reason: String,
    },
    /// The connection broke while the commit was under way: it may have been done. Asking again under the same act
    /// id gives the answer.
    #[error("the answer to {during} was lost on the way ({reason}); it may have been recorded: ask again")]
    AnswerLost {
        during: &'static str,
        /// What the connection said.
        reason: String,
    },
    /// The database's disk is full (SQLSTATE 53100); nothing was done.
    #[error("the database's disk is full: free some space on it, then ask again. Nothing was recorded")]
    DiskFull { during: &'static str },
    /// A rule of the schema refused the change.
    #[error("{during} breaks the rule {name} of the database")]
    Constraint {
        during: &'static str,
        name: String,
        kind: ConstraintKind,
    },
    /// Other transactions kept changing the same rows.
    #[error("{during} met others changing the same records {attempts} times: ask again")]
    Conflict {
        during: &'static str,
        /// How often it was tried.
        attempts: u32,
    },
    /// The login, or a privilege of it, is refused.
    #[error("the database refuses {during}: {reason}. Check [database] user and password_file")]
    Denied { during: &'static str, reason: String },
    /// Anything else: a fault of this program or of the database's state.
    #[error("the database could not do {during}: {reason} (SQLSTATE {code})")]
    Other {
        during: &'static str,
        /// Five characters (PostgreSQL, Appendix A), `-----` where there is none.
        code: String,
        reason: String,
    },
}

impl StoreError {
    /// Whether the schema's rule `constraint` refused.
    pub fn is_constraint(&self, constraint: &str) -> bool {
        matches!(self, Self::Constraint { name, .. } if name == constraint)
    }

    /// Whether the database was away: waiting and asking again is what helps.
    pub const fn is_away(&self) -> bool {
        matches!(self, Self::Unreachable { .. } | Self::AnswerLost { .. })
    }

    /// `during` did not answer within `limit`.
    pub(crate) fn silent(during: &'static str, limit: Duration) -> Self {
        Self::Unreachable {
            during,
            reason: format!("no answer within {:.1} s", limit.as_secs_f32()),
        }
    }

    pub(crate) fn from_pool(during: &'static str, error: PoolError) -> Self {
        match error {
            PoolError::Backend(error) => Self::from_postgres(during, &error),
            other => Self::Unreachable {
                during,
                reason: other.to_string(),
            },
        }
    }

    /// The library's error, sorted. Only the primary message is kept: DETAIL and CONTEXT can quote rows.
    pub(crate) fn from_postgres(during: &'static str, error: &tokio_postgres::Error) -> Self {
        let Some(db) = error.as_db_error() else {
            let reason = match error.source() {
                Some(source) => source.to_string(),
                None => error.to_string(),
            };
            return if error.is_closed() || error.source().is_some_and(|source| source.is::<std::io::Error>()) {
                Self::Unreachable { during, reason }
            } else {
                Self::Other {
                    during,
                    code: "-----".to_owned(),
                    reason: format!("{error}: {reason}"),
                }
            };
        };
        let code = db.code();
        let reason = db.message().to_owned();
        let constraint = |kind| Self::Constraint {
            during,
            name: db.constraint().or(db.column()).unwrap_or("?").to_owned(),
            kind,
        };
        match code.code() {
            "23505" | "23P01" => constraint(ConstraintKind::Unique),
            "23503" => constraint(ConstraintKind::Foreign),
            "23514" => constraint(ConstraintKind::Check),
            "23502" => constraint(ConstraintKind::NotNull),
            "53100" => Self::DiskFull { during },
            "40001" | "40P01" => Self::Conflict { during, attempts: 1 },
            // Another holds the row longer than lock_timeout: to the clerk the same thing as a lost race.
            "55P03" => Self::Conflict { during, attempts: 1 },
            "42501" | "28000" | "28P01" => Self::Denied { during, reason },
            // Shutting down, crashed, starting up, out of connections, database closed to connections.
            "57P01" | "57P02" | "57P03" | "57P05" | "53300" | "25P03" => Self::Unreachable { during, reason },
            other if other.starts_with("08") => Self::Unreachable { during, reason },
            // A full disk also shows as an input/output error on WAL or temporary files.
            _ if *code == SqlState::IO_ERROR && reason.contains("No space left") => Self::DiskFull { during },
            other => Self::Other {
                during,
                code: other.to_owned(),
                reason,
            },
        }
    }
}

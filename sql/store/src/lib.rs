//! The one door to PostgreSQL.
//!
//! [`Store`] runs named transactions and says plainly why one failed ([`StoreError`]), [`Records`] those of one crate with its own
//! error; [`migrate`] brings a
//! database to the program's version, [`install`] sets it up from nothing; [`cluster`] makes and keeps a private PostgreSQL for one machine; with the
//! feature `testing`, [`testing`] gives every test a fresh database of its own.
//!
//! No query about a resident, a card or a relay stands here: those are verbs of the crates above.

pub mod cluster;
mod door;
mod error;
mod everyday;
pub mod install;
mod listen;
pub mod migrate;
#[cfg(feature = "testing")]
pub mod testing;
pub mod trail;

pub use door::{Bound, Door, Isolation, Store, Tx};
pub use error::{ConstraintKind, StoreError};
pub use listen::{Ear, Heard};

// What the crates above need to bind values and read rows; the client itself stays behind the door.
pub use tokio_postgres::{
    Row,
    binary_copy::BinaryCopyInWriter,
    types::{FromSql, ToSql, Type},
};

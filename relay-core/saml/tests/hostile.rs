//! Hostile and broken messages, each by its name with the refusal it meets.
//!
//! | case | test |
//! |---|---|
//! | signature wrapping 1–8, as recorded and in the sharper form with an ID for each element | `recorded`, `wrapping` |
//! | doubled ID, unsigned, attacker's KeyInfo, SHA-1, HMAC, DOCTYPE, XXE, entities, comment in NameID | `recorded`, `forged` |
//! | void canonicalization, namespace confusion, attribute pollution | `forged` |
//! | audience, recipient, destination, request, hours, replay | `assertions`, `requests` |
//! | encryption oracle | `encrypted` |
//! | oversize, deflate bomb, RelayState injection | the reading modules' own tests, `requests` |
//! | open redirect on the address for answers | `requests` |
//! | metadata: rollover with two keys, expiry, another file, plain http | `metadata` |
//! | anything at all | `anything` |

#[path = "hostile/anything.rs"]
mod anything;
#[path = "hostile/assertions.rs"]
mod assertions;
#[path = "hostile/encrypted.rs"]
mod encrypted;
#[path = "hostile/forged.rs"]
mod forged;
#[path = "hostile/metadata.rs"]
mod metadata;
#[path = "strangers/parties.rs"]
#[allow(dead_code, reason = "shared with the strangers' tests, which use more of it")]
mod parties;
#[path = "hostile/recorded.rs"]
mod recorded;
#[path = "hostile/requests.rs"]
mod requests;
#[path = "hostile/scene.rs"]
mod scene;
#[path = "hostile/seeds.rs"]
mod seeds;
#[path = "hostile/wrapping.rs"]
mod wrapping;

//! Pulled cards: which sessions end with them, and who may say so.
//!
//! A bridge that had the card sign gave a token with the answer, and says it again. A bridge beside a browser that signed
//! in by mutual TLS has none: it tells the card's certificate, which anybody learns who had the card in a reader once.
//! Its word therefore counts for sessions that began where it comes from, and it can do nothing but end them.

use std::{fmt, net::IpAddr};

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::{Ended, Ending, FrontError, FrontRecords, SessionId};

/// From where a card was shown: an address, or the network that one IPv6 customer has (a /64, RFC 6177), since programs
/// of one machine use several addresses in it.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Whence([u8; 16]);

impl From<IpAddr> for Whence {
    fn from(address: IpAddr) -> Self {
        Self(match address.to_canonical() {
            IpAddr::V4(address) => address.to_ipv6_mapped().octets(),
            IpAddr::V6(address) => {
                let mut network = address.octets();
                network[8..].fill(0);
                network
            }
        })
    }
}

/// As it is sealed into a session's row: of one length, which says nothing.
impl From<Whence> for String {
    fn from(whence: Whence) -> Self {
        hex::encode(whence.0)
    }
}

impl TryFrom<String> for Whence {
    type Error = hex::FromHexError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let mut whence = [0; 16];
        hex::decode_to_slice(text, &mut whence)?;
        Ok(Self(whence))
    }
}

impl fmt::Debug for Whence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Whence(..)")
    }
}

/// Word that a card was pulled, by its certificate.
#[derive(Debug, Clone, Copy)]
pub struct Pulled<'c> {
    /// SHA-256 of the certificate.
    pub certificate_sha256: &'c [u8; 32],
    /// When: what was signed in with it later goes on.
    pub at: OffsetDateTime,
    /// From where the word comes; `None` where it counts from anywhere.
    pub whence: Option<Whence>,
}

impl FrontRecords {
    /// Gives the session a token with which the card bridge may say that the card was pulled.
    ///
    /// # Errors
    /// [`FrontError`]
    pub async fn expect_gone(&self, session: SessionId, token: &[u8]) -> Result<(), FrontError> {
        let token = &self.keyed("front.session.gone", token);
        self.locked("expect_gone", |tx| async move {
            tx.execute(
                "-- expect_gone\nUPDATE front.session SET gone = $2 WHERE id = $1",
                &[&session.uuid(), token],
            )
            .await?;
            Ok(())
        })
        .await
    }

    /// Ends the session whose card was pulled. `None` when the token names none that goes on.
    ///
    /// # Errors
    /// [`FrontError`]
    pub async fn card_gone(&self, token: &[u8], now: OffsetDateTime) -> Result<Option<Ended>, FrontError> {
        let token = &self.keyed("front.session.gone", token);
        self.locked("card_gone", |tx| async move {
            let row = tx
                .query_opt(
                    "-- card_gone\nSELECT id FROM front.session WHERE gone = $1 AND ended_at IS NULL",
                    &[token],
                )
                .await?;
            match row {
                None => Ok(None),
                Some(row) => {
                    let session = SessionId::from_uuid(row.get(0));
                    self.end(&tx, session, Ending::CardGone, now).await.map(Some)
                }
            }
        })
        .await
    }

    /// Ends the sessions that a pulled card began by mutual TLS from where the word comes. None, whoever the card is of,
    /// where there are none.
    ///
    /// # Errors
    /// [`FrontError`]
    pub async fn card_pulled(&self, pulled: &Pulled<'_>, now: OffsetDateTime) -> Result<Vec<Ended>, FrontError> {
        self.locked("card_pulled", |tx| async move {
            let row = tx
                .query_opt(
                    "-- card_pulled\nSELECT registration FROM front.holder WHERE certificate_sha256 = $1",
                    &[&pulled.certificate_sha256.as_slice()],
                )
                .await?;
            let Some(row) = row else { return Ok(Vec::new()) };
            let rows = tx
                .query(
                    "-- card_pulled\nSELECT id, facts FROM front.session WHERE place = ANY ($1) ORDER BY id",
                    &[&self.places(row.get("registration"))],
                )
                .await?;
            let mut ended = Vec::new();
            for row in &rows {
                let session = SessionId::from_uuid(row.get("id"));
                let facts = self.facts(session, row)?;
                let from_there = facts
                    .shown_from
                    .is_some_and(|from| pulled.whence.is_none_or(|whence| whence == from));
                if from_there && facts.authenticated_at <= pulled.at {
                    ended.push(self.end(&tx, session, Ending::CardGone, now).await?);
                }
            }
            Ok(ended)
        })
        .await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from(address: &str) -> Whence {
        Whence::from(address.parse::<IpAddr>().unwrap())
    }

    #[test]
    fn one_customers_addresses_are_one_place_and_anothers_are_not() {
        assert_eq!(from("2001:db8:0:1::7"), from("2001:db8:0:1:aaaa::9"));
        assert_ne!(from("2001:db8:0:1::7"), from("2001:db8:0:2::7"));
        assert_eq!(from("192.0.2.7"), from("::ffff:192.0.2.7"));
        assert_ne!(from("192.0.2.7"), from("192.0.2.8"));
    }

    #[test]
    fn a_place_is_kept_in_one_length_and_read_back() {
        for address in ["192.0.2.7", "2001:db8:0:1::7", "::1"] {
            let kept = serde_json::to_string(&from(address)).unwrap();
            assert_eq!(kept.len(), 34);
            assert_eq!(serde_json::from_str::<Whence>(&kept).unwrap(), from(address));
        }
        assert!(serde_json::from_str::<Whence>("\"00\"").is_err());
    }
}

//! The QR code that finds a case again: `MDG1-<case number>-<26 base32 characters>`.

use std::{fmt, str::FromStr};

use fast_qr::{ECL, Mode, QRBuilder};
use serde::Serialize;

use super::PaperError;
use crate::handover::{NoticeToken, by_hand};

/// Tells our codes from others, with the version of their form.
const PREFIX: &str = "MDG1-";

/// Case number and secret token, as printed in a QR code and read back at handover.
///
/// The payload is ASCII and within the QR alphanumeric set (ISO/IEC 18004 §7.3.4); kanji payloads come back garbled
/// from common scanners.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct Ticket {
    case_number: String,
    token: String,
}

impl fmt::Debug for Ticket {
    /// The token stays out: who knows it holds the letter.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Ticket({})", self.case_number)
    }
}

impl FromStr for Ticket {
    type Err = NotATicket;

    /// Reads a scanned payload; white space round it (scanners end with a line feed) is dropped.
    fn from_str(scanned: &str) -> Result<Self, NotATicket> {
        let body = scanned.trim().strip_prefix(PREFIX).ok_or(NotATicket::Foreign)?;
        // The case number has hyphens of its own, the token has none.
        let (case_number, token) = body.rsplit_once('-').ok_or(NotATicket::Token)?;
        Self::new(case_number, token)
    }
}

/// Text that can't be a ticket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotATicket {
    /// Some other code was scanned.
    #[error("この窓口の通知書のQRコードではありません")]
    Foreign,
    /// The case number has characters other than digits and a hyphen.
    #[error("受付番号は数字とハイフンで書きます(例 2026-000352)")]
    CaseNumber,
    /// The token is not 26 upper-case base32 characters.
    #[error("通知書の符号は英大文字と数字の26文字です")]
    Token,
}

impl Ticket {
    /// A ticket for a case.
    ///
    /// # Errors
    /// [`NotATicket`] when the parts could not be told apart again after scanning.
    pub fn new(case_number: &str, token: &str) -> Result<Self, NotATicket> {
        let numeric = |c: char| c.is_ascii_digit() || c == '-';
        if case_number.is_empty() || case_number.len() > 16 || !case_number.chars().all(numeric) {
            return Err(NotATicket::CaseNumber);
        }
        // As the counter will read it back: what it would not take must not be printed.
        let read: NoticeToken = token.parse().map_err(|_| NotATicket::Token)?;
        if read.as_str() != token {
            return Err(NotATicket::Token);
        }
        Ok(Self {
            case_number: case_number.to_owned(),
            token: token.to_owned(),
        })
    }

    /// The case number.
    pub fn case_number(&self) -> &str {
        &self.case_number
    }

    /// The secret part: whoever holds the letter has it. Records keep its hash, not the token.
    pub fn token(&self) -> &str {
        &self.token
    }

    /// What a scanner reads; [`FromStr`] reads it back.
    pub fn payload(&self) -> String {
        format!("{PREFIX}{}-{}", self.case_number, self.token)
    }

    /// The token as a person types it where the code cannot be read ([`by_hand`]).
    pub(super) fn typed(&self) -> Vec<String> {
        // `new` has read it once already.
        let token = self.token.parse::<NoticeToken>();
        token.as_ref().map(by_hand::groups).unwrap_or_default()
    }

    /// The code's modules, row by row; `true` is dark.
    pub(super) fn modules(&self) -> Result<Vec<Vec<bool>>, PaperError> {
        // Level Q (25 %): the letter is folded, carried about and scanned from worn paper.
        let code = QRBuilder::new(self.payload())
            .mode(Mode::Alphanumeric)
            .ecl(ECL::Q)
            .build()
            .map_err(|_| PaperError::CodeNotMade {
                case_number: self.case_number.clone(),
            })?;
        Ok((0..code.size)
            .map(|row| code[row][..code.size].iter().map(|module| module.value()).collect())
            .collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOKEN: &str = "ABCDEFGHIJKLMNOPQRSTUVWX23";

    #[test]
    fn the_payload_names_the_case_and_carries_the_token() {
        let ticket = Ticket::new("2026-000352", TOKEN).unwrap();
        assert_eq!(ticket.payload(), "MDG1-2026-000352-ABCDEFGHIJKLMNOPQRSTUVWX23");
    }

    #[test]
    fn a_scanned_payload_is_the_same_ticket_again() {
        let ticket = Ticket::new("2026-000352", TOKEN).unwrap();
        assert_eq!(format!("{}\n", ticket.payload()).parse(), Ok(ticket));
        assert_eq!("https://example.jp/".parse::<Ticket>(), Err(NotATicket::Foreign));
        assert_eq!("MDG1-2026-000352".parse::<Ticket>(), Err(NotATicket::Token));
    }

    #[test]
    fn what_a_scanner_would_garble_is_refused() {
        assert_eq!(Ticket::new("2026−000352", TOKEN), Err(NotATicket::CaseNumber));
        assert_eq!(Ticket::new("2026-000352", "short"), Err(NotATicket::Token));
        assert_eq!(
            Ticket::new("2026-000352", &TOKEN.to_lowercase()),
            Err(NotATicket::Token)
        );
    }

    #[test]
    fn the_token_never_shows_in_debug_output() {
        assert!(!format!("{:?}", Ticket::new("2026-000352", TOKEN).unwrap()).contains(TOKEN));
    }
}

//! `[authority]`: the certification authorities, and what they publish.

use std::path::PathBuf;

use issuance::authority::Token;
use settings::Section;

/// 1.3.6.1.4.1.32473, the enterprise number for examples (RFC 5612).
const EXAMPLE_ARC: &str = "1.3.6.1.4.1.32473";

/// `[authority]`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Authority {
    /// Folder that the ceremony filled: certificates, sealed keys, record.
    pub folder: PathBuf,
    /// File holding the passphrase of the issuing authorities' keys, or their token's PIN.
    pub passphrase_file: PathBuf,
    /// The token in which the ceremony makes the issuing authorities' keys; afterwards the ceremony's own files say where.
    pub token: Option<Token>,
    /// Arc of the policies' object identifiers; decided before the ceremony, then in its record.
    pub oid_arc: String,
    /// Where revocation lists and authority certificates are published; decided before the ceremony likewise.
    pub base_url: String,
    /// The folder whose files are served there.
    pub lists: PathBuf,
    /// The folder where whoever answers for the authorities (OCSP) asks for its certificates.
    pub responder: PathBuf,
}

impl Authority {
    pub(super) fn read(authority: &mut Section<'_>) -> Self {
        let (module, label) = (
            authority.path_if_present("token_module"),
            authority.text_or("token_label", "madoguchi"),
        );
        Self {
            folder: authority.path("folder"),
            passphrase_file: authority.path("passphrase_file"),
            token: module.map(|module| Token { module, label }),
            oid_arc: authority.text_or("oid_arc", EXAMPLE_ARC),
            base_url: authority.text_or("base_url", "http://pki.invalid"),
            lists: authority.path_or("lists", "authority/lists"),
            responder: authority.path_or("responder", "authority/responder"),
        }
    }
}

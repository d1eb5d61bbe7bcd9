//! Where each outside crate that decides much has its one home.

/// An outside crate that decides much, the one room where it lives, and why only there.
pub struct Home(pub &'static str, pub &'static [&'static str], pub &'static str);

pub const HOMES: &[Home] = &[
    Home("pcsc", &["card"], "readers are reached in one place"),
    Home(
        "cryptoki",
        &["issuance"],
        "tokens hold authority keys, behind the port `Signer`",
    ),
    Home(
        "rcgen",
        &["issuance", "certificate-status", "portal-testing", "relay-testing"],
        "certificates are made by the authority alone, a responder asks for its own; the portals' test support has another",
    ),
    Home(
        "x509-ocsp",
        &["certificate-status"],
        "questions and answers about a certificate are read and written in one place",
    ),
    Home("printpdf", &["issuance"], "paper is set in one place"),
    Home("lopdf", &["issuance"], "printpdf's fonts are taken out of it"),
    Home("fluent-syntax", &["issuance"], "the texts of notices are compiled once"),
    Home("fast_qr", &["issuance"], "the notices' QR codes"),
    Home("subsetter", &["issuance"], "fonts are cut for paper only"),
    Home(
        "tokio-postgres",
        &[
            "store",
            "office",
            "relay-records",
            "provider-records",
            "back-office-records",
        ],
        "SQL is spoken in `sql/` alone",
    ),
    Home("deadpool-postgres", &["store"], "one pool, one door"),
    Home(
        "tlog_tiles",
        &["store"],
        "trails are sealed into their tree in one place",
    ),
    Home(
        "signed_note",
        &["store"],
        "a trail's heads are signed and believed in one place",
    ),
    Home(
        "ed25519-dalek",
        &["store"],
        "the keys of a trail's heads are made where they sign",
    ),
    Home(
        "refinery",
        &[
            "store",
            "office",
            "relay-records",
            "provider-records",
            "back-office-records",
        ],
        "migrations belong to the schema",
    ),
    Home("bergshamra", &["relay-saml"], "XML is verified in one place"),
    Home("uppsala", &["relay-saml"], "one parser for what is verified"),
    Home("libpep", &["relay-core"], "pseudonyms are made in one place"),
    Home("jsonwebtoken", &["relay-core"], "envelopes between organisations"),
    Home(
        "axum",
        &[
            "portal-kit",
            "portal-service",
            "relay",
            "relay-testing",
            "blind",
            "my-page",
            "back-office",
            "eligibility",
            "card-bridge",
            "publisher",
        ],
        "pages are served by portals alone",
    ),
    Home(
        "ratatui",
        &["console", "madoguchi-screens"],
        "only the console draws a terminal",
    ),
    Home("crossterm", &["console"], "only the console reads its keys"),
    Home("age", &["console"], "copies are sealed and opened in one place"),
    Home("toml_edit", &["console"], "commands alone change configurations"),
    Home("indicatif", &["console"], "progress is shown by commands"),
    Home(
        "fluent-bundle",
        &["console", "madoguchi-screens", "portal-kit", "portal-testing"],
        "words are chosen at the screen and on the page",
    ),
    Home(
        "clap",
        &[
            "console",
            "virtual-card",
            "portal-kit",
            "portal-service",
            "relay",
            "blind",
            "back-office",
            "eligibility",
            "card-bridge",
            "publisher",
            "demo-relay",
        ],
        "the programs that have a command line",
    ),
    Home(
        "rsa",
        &["virtual-card"],
        "a software chip generates keys; a real console never does",
    ),
    Home(
        "aes",
        &["card", "virtual-card"],
        "SCP03, which the shared cipher library does not offer",
    ),
    Home(
        "argon2",
        &["issuance", "relay-core"],
        "passphrases are stretched where keys are sealed",
    ),
];

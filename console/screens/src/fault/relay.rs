//! Why the relay's front did not do what its operator asked, as facts.

use crate::common::Told;

/// A refusal of the front, or that it could not be asked. Nothing of a person is in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FrontFault {
    /// It does not answer, or is not who it must be.
    Away,
    /// It does not know the operator's certificate.
    NotAdmitted {
        /// The certificate's hash, as its configuration names operators.
        fingerprint: String,
    },
    /// Something else answers at that address.
    NotTheFront(u16),
    Refused {
        /// The code of the refusal.
        code: String,
        title: String,
        /// Found again in the front's log.
        trace: String,
    },
    /// The file cannot be read.
    NoFile { file: String },
    /// The file does not name just one entity.
    ManyEntities,
}

/// The front's rules for a partner's way into service, by a piece of its own words, and ours for them.
const RULES: [(&str, &str); 8] = [
    ("another kind of partner", "front-rule-other-kind"),
    ("sign-in was not tried", "front-rule-sign-in-untried"),
    ("empty NameID", "front-rule-empty-name"),
    ("given lasting names", "front-rule-lasting-names"),
    ("logout was not tried", "front-rule-logout-untried"),
    ("in clear", "front-rule-in-clear"),
    ("no edition", "front-rule-no-edition"),
    ("its trial did not show", "front-rule-trial"),
];

impl FrontFault {
    /// The words for it.
    pub(super) fn words(&self) -> (&'static str, Vec<(&'static str, Told)>) {
        let text = |name, text: &str| (name, Told::Text(text.to_owned()));
        match self {
            Self::Away => ("front-away", vec![]),
            Self::NotAdmitted { fingerprint } => ("front-not-admitted", vec![text("fingerprint", fingerprint)]),
            Self::NotTheFront(status) => ("front-not-the-front", vec![text("status", &status.to_string())]),
            Self::NoFile { file } => ("front-no-file", vec![text("file", file)]),
            Self::ManyEntities => ("front-many-entities", vec![]),
            Self::Refused { code, title, trace } => {
                let trace = text("trace", trace);
                match code.as_str() {
                    "partner.not_found" => ("front-not-found", vec![trace]),
                    "partner.same_person" => ("front-same-person", vec![trace]),
                    "partner.not_now" => {
                        let rule = RULES.iter().find(|(piece, _)| title.contains(piece));
                        let why = rule.map_or_else(|| Told::Text(title.clone()), |(_, key)| Told::Word(key));
                        ("front-not-now", vec![("why", why), trace])
                    }
                    "partner.metadata" => ("front-metadata", vec![text("why", title), trace]),
                    "partner.role" => ("front-role", vec![trace]),
                    "partner.out_of_range" => ("front-out-of-range", vec![trace]),
                    "operator.revoked" => ("front-card-revoked", vec![trace]),
                    "operator.no_list" => ("front-no-list", vec![trace]),
                    "records.away" => ("front-records-away", vec![trace]),
                    _ => ("front-refused", vec![text("why", title), text("code", code), trace]),
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_of_the_front_has_words_of_ours() {
        for title in [
            "the partner is trial: its sign-in was not tried",
            "the partner is trial: it does not read EncryptedID: it saw an empty NameID",
            "the partner is trial: its logout was not tried",
            "the partner is trial: its LogoutRequest names the person in clear: mend it, or decide to go without single logout",
            "the partner is proposed: no edition of its metadata is approved",
            "the partner is trial: its trial did not show what it must",
            "the partner is registered: it is registered as another kind of partner",
        ] {
            let fault = FrontFault::Refused {
                code: "partner.not_now".into(),
                title: title.into(),
                trace: String::new(),
            };
            let (_, facts) = fault.words();
            assert!(facts.iter().any(|(_, fact)| matches!(fact, Told::Word(_))), "{title}");
        }
    }
}

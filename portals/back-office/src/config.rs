//! Which provider an instance is: its configuration file, checked whole. How it is reached and how it stands with the relay
//! is in the file of its service, as any portal has it.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    path::{Path, PathBuf},
};

use back_office_records::{Agreement, Signed};
use portal_kit::{
    config::{self, ConfigError, Database, Fault, Section},
    operators::Operator,
};
use time::Duration;

use crate::import::Brake;

/// A person must be able to read for so long who looked; the database holds it too.
const LEAST_DAYS: u64 = 90;

/// The configuration, checked.
#[derive(Debug, Clone)]
pub struct Config {
    /// `[office] code`: its short name, another one for each provider of a host.
    pub code: String,
    /// What people call it.
    pub name_ja: String,
    pub name_en: String,
    /// The file of its service (`portal_service::config`).
    pub service: PathBuf,
    /// One of the kinds that come with the program, or a file beside this one.
    pub schema: String,
    /// The folder that a schema's file is looked for in.
    pub folder: PathBuf,
    /// `[records]`: its own database.
    pub records: Database,
    /// `[seal] keys_file`: what its records are sealed with.
    pub seal_keys_file: PathBuf,
    /// `[import] persons`, `percent`: from which size on a change of a load has to be confirmed.
    pub brake: Brake,
    /// `[agreements]`: who signs for them.
    pub signers: Signers,
    /// `[looks] days`: how long it is kept who looked.
    pub looks: Duration,
}

/// Who signs for agreements: for this provider, and for each asker. Nobody stands for both sides.
#[derive(Debug, Clone, Default)]
pub struct Signers {
    /// `provider`: this provider's operators.
    pub provider: Vec<Operator>,
    /// `askers`: an asker's entity id, and its operators.
    pub askers: BTreeMap<String, Vec<Operator>>,
}

impl Signers {
    fn read(section: &mut Section<'_>) -> Self {
        let provider = section.lines_or("provider", &[]);
        let askers = section.table_of_text("askers");
        let ours = provider.iter().map(|line| (true, line.as_str()));
        let theirs = askers.values().flat_map(|lines| lines.split(','));
        // One person under two names, one name for two people, or one person on both sides would be no two people. Of several
        // askers one person may be the operator.
        let mut known: HashMap<String, (bool, String)> = HashMap::new();
        let mut fits = |(side, line): (bool, &str)| {
            let Some(operator) = Operator::from_text(line.trim()) else {
                return false;
            };
            let this = (side, operator.name().to_owned());
            let of_key = known.entry(operator.key().to_owned()).or_insert_with(|| this.clone());
            *of_key == this
        };
        let fit = ours.chain(theirs.map(|line| (false, line))).all(&mut fits);
        let names: HashSet<_> = known.values().map(|(_, name)| name).collect();
        if !fit || names.len() != known.len() {
            section.mistake(
                "provider",
                Fault::NotOneOf(vec![
                    "lines as `madoguchi-back-office operator` prints them, each of another person",
                ]),
            );
        }
        Self {
            provider: provider.iter().filter_map(|line| Operator::from_text(line)).collect(),
            askers: askers
                .iter()
                .map(|(asker, lines)| {
                    let operators = lines.split(',').filter_map(|line| Operator::from_text(line.trim()));
                    (asker.clone(), operators.collect())
                })
                .collect(),
        }
    }

    fn of(&self, asker: &str) -> &[Operator] {
        self.askers.get(asker).map_or(&[], Vec::as_slice)
    }

    /// Whether `operator` may sign for agreements with `asker`, for either side.
    pub fn knows(&self, asker: &str, operator: &Operator) -> bool {
        self.provider.contains(operator) || self.of(asker).contains(operator)
    }

    /// Whether two people stand for `agreement`, one of each side, each by their own key.
    pub fn stand_for(&self, agreement: &Agreement) -> bool {
        let words = agreement.terms.words(agreement.edition);
        let signed = |side: &[Operator], signed: &Signed| {
            let mut of_name = side.iter().filter(|operator| operator.name() == signed.by);
            of_name.any(|operator| operator.signed(words.as_bytes(), &signed.signature))
        };
        let (ours, theirs) = (&self.provider[..], self.of(&agreement.terms.asker));
        let (one, other) = (&agreement.proposed, &agreement.approved);
        (signed(ours, one) && signed(theirs, other)) || (signed(theirs, one) && signed(ours, other))
    }
}

impl Config {
    /// Reads and checks `file`.
    ///
    /// # Errors
    /// When it cannot be read, or with every mistake in it.
    pub fn load(file: &Path) -> Result<Self, ConfigError> {
        let folder = file.parent().unwrap_or(Path::new(".")).to_owned();
        config::load(file, |document| {
            let (code, name_ja, name_en, service, schema) = document.section("office", |office| {
                let code = office.text("code");
                let plain = code.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-');
                if !plain || code.len() > 32 {
                    office.mistake("code", Fault::Malformed("up to 32 small letters and hyphens"));
                }
                (
                    code,
                    office.text("name_ja"),
                    office.text("name_en"),
                    office.path("service"),
                    office.text("schema"),
                )
            });
            Self {
                code,
                name_ja,
                name_en,
                service,
                schema,
                folder,
                records: document.section("records", Database::read),
                seal_keys_file: document.section("seal", |seal| seal.path("keys_file")),
                brake: document.optional("import", |import| Brake {
                    persons: import.number_or::<u32>("persons", 0..=100_000_000, 500) as usize,
                    percent: import.number_or::<u32>("percent", 1..=100, 5) as usize,
                }),
                signers: document.optional("agreements", Signers::read),
                looks: Duration::days(document.optional("looks", |looks| {
                    looks.number_or::<u32>("days", LEAST_DAYS..=36_500, 1_825).into()
                })),
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use back_office_records::Terms;
    use portal_kit::operators::OperatorKey;

    const PAGE: &str = "https://my-page.example/saml";

    fn read(provider: &[&str], askers: &[(&str, &str)]) -> Result<Signers, ()> {
        let askers: Vec<_> = askers
            .iter()
            .map(|(asker, line)| format!("\"{asker}\" = \"{line}\""))
            .collect();
        let text = format!(
            "[agreements]\nprovider = {provider:?}\naskers = {{ {} }}\n",
            askers.join(", ")
        );
        let file = std::env::temp_dir().join(format!("madoguchi-signers-{}.toml", std::process::id()));
        std::fs::write(&file, text).unwrap();
        let read = config::load(&file, |document| document.optional("agreements", Signers::read));
        std::fs::remove_file(file).unwrap();
        read.map_err(|_| ())
    }

    #[test]
    fn an_agreement_stands_when_one_of_each_side_signed_it_and_never_by_one_person() {
        let keys = ["sato", "hama", "mori", "oki"].map(|name| OperatorKey::generate(name).unwrap());
        let [sato, hama, mori, oki] = &keys;
        let line = |key: &OperatorKey| key.operator().to_text();
        let (ours, ours_too, theirs, clinics) = (line(sato), line(hama), line(mori), line(oki));
        let clinic = "https://clinic.example/saml";
        let signers = read(&[&ours, &ours_too], &[(PAGE, &theirs), (clinic, &clinics)]).unwrap();
        let terms = Terms {
            asker_name: String::new(),
            asker: PAGE.into(),
            kind: "costs".into(),
            purposes: vec!["own-view".into()],
            items: vec!["*".into()],
            fresh_hours: 24,
            responsible: "国保".into(),
            policy: "2026-04".into(),
            checked_until: time::macros::date!(2027 - 03 - 31),
        };
        let sign = |key: &OperatorKey, edition| Signed {
            by: key.operator().name().to_owned(),
            signature: key.sign(terms.words(edition).as_bytes()),
        };
        let stand = |proposed: Signed, approved: Signed| {
            signers.stand_for(&Agreement {
                terms: terms.clone(),
                edition: 2,
                proposed,
                approved,
                suspended: None,
            })
        };
        assert!(stand(sign(sato, 2), sign(mori, 2)) && stand(sign(mori, 2), sign(sato, 2)));
        // Two of one side, one of another asker, one person twice, another edition, another's name.
        assert!(!stand(sign(sato, 2), sign(hama, 2)));
        assert!(!stand(sign(sato, 2), sign(oki, 2)));
        assert!(!stand(sign(sato, 2), sign(sato, 2)));
        assert!(!stand(sign(sato, 1), sign(mori, 2)));
        let named = Signed {
            by: "mori".into(),
            ..sign(sato, 2)
        };
        assert!(!stand(sign(sato, 2), named));
        // One person is no two, by name or by key.
        let other_name = ours.replace("sato", "someone");
        assert!(read(&[&ours], &[(PAGE, &other_name)]).is_err());
        assert!(read(&[&ours], &[(PAGE, &theirs.replace("mori", "sato"))]).is_err());
        assert!(read(&[&ours], &[(PAGE, &ours)]).is_err());
        assert!(read(&[&ours], &[(PAGE, &theirs), (clinic, &theirs)]).is_ok());
        assert!(read(&["sato key"], &[]).is_err());
        assert!(!read(&[], &[]).unwrap().knows(PAGE, &sato.operator()));
    }
}

//! The card service and the desk's two readers.

use card::{ReaderError, Readers};

use super::Finding;
use crate::{
    commands::{processes::has_systemd, services, words::Lang},
    config::Config,
};

/// Asks the card service for its readers and looks for the two named in the configuration.
pub(super) fn examine(lang: Lang, config: Option<&Config>) -> Vec<Finding> {
    let listed = Readers::list_within(services::CARD_SERVICE);
    match listed {
        Ok(names) => {
            let mut findings = vec![Finding::good("pcscd", lang.pick("動いています", "running"))];
            findings.extend(readers(&names, config, lang));
            findings
        }
        Err(error) => vec![service(&error, has_systemd(), lang)],
    }
}

fn service(error: &ReaderError, systemd: bool, lang: Lang) -> Finding {
    match error {
        ReaderError::ServiceSilent => Finding::bad(
            "pcscd",
            lang.pick("動いていますが、答えません", "it runs and does not answer"),
            lang.pick(
                "pcscd を起動し直してください(systemctl restart pcscd)。直らなければ、読取機を抜いてから試してください",
                "restart pcscd (systemctl restart pcscd); if that does not help, unplug the readers first",
            ),
        ),
        // pcscd asks polkit, which lets only people sitting at the machine use readers, unless a rule says otherwise.
        ReaderError::Other(said) if said.to_ascii_lowercase().contains("denied") => Finding::bad(
            "pcscd",
            lang.pick("この利用者には許されていません", "this user is not allowed"),
            lang.pick(
                "scripts/systemd/50-madoguchi-pcscd.rules を /etc/polkit-1/rules.d に置き、利用者を madoguchi グループに入れてください",
                "put scripts/systemd/50-madoguchi-pcscd.rules in /etc/polkit-1/rules.d and the user in the group madoguchi",
            ),
        ),
        ReaderError::Other(said) => Finding::bad(
            "pcscd",
            said.clone(),
            lang.pick("pcscd を起動し直してください", "restart pcscd"),
        ),
        _ if systemd => Finding::bad(
            "pcscd",
            lang.pick("動いていません", "not running"),
            "systemctl enable --now pcscd.socket",
        ),
        _ => Finding::bad(
            "pcscd",
            lang.pick("動いていません", "not running"),
            lang.pick(
                "`madoguchi up` で動かすか、root で pcscd を起動してください",
                "start it with `madoguchi up`, or start pcscd as root",
            ),
        ),
    }
}

fn readers(names: &[String], config: Option<&Config>, lang: Lang) -> Vec<Finding> {
    let Some(config) = config else {
        return vec![Finding::good("readers", list(names, lang))];
    };
    [
        (&config.card.staff_reader, lang.pick("職員用", "staff")),
        (&config.card.resident_reader, lang.pick("住民用", "residents")),
    ]
    .into_iter()
    .map(|(wanted, whose)| {
        if names.contains(wanted) {
            return Finding::good("readers", format!("{whose}: {wanted}"));
        }
        Finding::bad(
            "readers",
            lang.pick(
                format!("{whose}の「{wanted}」がありません。ある読取機: {}", list(names, lang)),
                format!("{whose}: no \"{wanted}\"; there are: {}", list(names, lang)),
            ),
            lang.pick(
                "読取機を差し、madoguchi.toml の [card] の名前を合わせてください",
                "plug the reader in, and give its name in [card] of madoguchi.toml",
            ),
        )
    })
    .collect()
}

fn list(names: &[String], lang: Lang) -> String {
    if names.is_empty() {
        lang.pick("一台もありません", "none").to_owned()
    } else {
        names.join(", ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::doctor::Condition;

    #[test]
    fn each_trouble_of_the_card_service_has_its_own_advice() {
        let advice = |error, systemd| service(&error, systemd, Lang::Ja).advice.unwrap_or_default();
        assert!(advice(ReaderError::ServiceGone, true).contains("systemctl"));
        assert!(advice(ReaderError::ServiceGone, false).contains("madoguchi up"));
        assert!(advice(ReaderError::ServiceSilent, true).contains("restart pcscd"));
        let denied = ReaderError::Other("Access was denied because of a security violation".into());
        assert!(advice(denied, true).contains("polkit"));
    }

    #[test]
    fn readers_are_listed_without_a_configuration_too() {
        let findings = readers(&["A".into(), "B".into()], None, Lang::Ja);
        assert_eq!(findings[0].condition, Condition::Good);
        assert!(findings[0].found.contains("A, B"));
    }
}

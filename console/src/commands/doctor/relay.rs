//! The relay, for an office that is joined to one: whether its front answers, and whether residents can sign in. Neither
//! keeps a clerk from working: registrations wait in the outbox.

use std::error::Error;

use serde::Deserialize;

use super::Finding;
use crate::{
    commands::{database, dispatch, words::Lang},
    config::{Config, Relay},
};

/// A front that takes longer hangs.
const LONG: std::time::Duration = std::time::Duration::from_secs(4);

/// What the front says of itself to an office.
#[derive(Deserialize)]
struct Stands {
    blind_half: bool,
    database: bool,
}

/// Why it said nothing.
enum Silent {
    /// A file of `[relay]` cannot be used.
    Files(anyhow::Error),
    /// It does not answer, or is not who it must be.
    Away(String),
    /// It does not know this question, or this office.
    Status(u16),
}

/// Asks the front; nothing where the office is joined to no relay.
pub(super) fn examine(config: &Config, lang: Lang) -> Vec<Finding> {
    config
        .relay
        .as_ref()
        .map_or_else(Vec::new, |relay| told(ask(relay), lang))
}

fn ask(relay: &Relay) -> Result<Stands, Silent> {
    let client = dispatch::client(relay).map_err(Silent::Files)?;
    let runtime = database::runtime().map_err(Silent::Files)?;
    let address = relay.intake_url.replace("/registry/envelopes", "/registry/state");
    runtime.block_on(async {
        let away = |error: reqwest::Error| Silent::Away(innermost(&error));
        let answer = client.get(address).timeout(LONG).send().await.map_err(away)?;
        let status = answer.status();
        let body = answer.bytes().await.map_err(away)?;
        serde_json::from_slice(&body)
            .ok()
            .filter(|_: &Stands| status.is_success())
            .ok_or(Silent::Status(status.as_u16()))
    })
}

/// The cause that names the reason: what is round it repeats the address.
fn innermost(error: &dyn Error) -> String {
    let mut cause = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string()
}

fn told(asked: Result<Stands, Silent>, lang: Lang) -> Vec<Finding> {
    let call = lang.pick(
        "中継の運用者に連絡してください。窓口の仕事は続けられ、登録は送信箱に残ります",
        "call the relay's operators; the counter's work goes on, and registrations wait in the outbox",
    );
    let stands = match asked {
        Ok(stands) => stands,
        Err(Silent::Files(error)) => {
            let advice = lang.pick("[relay] の項目を直してください", "correct [relay] in the configuration");
            return vec![Finding::warning("relay", format!("{error:#}"), advice)];
        }
        Err(Silent::Away(reason)) => {
            let found = lang.pick(
                format!("中継が答えません。住民はログインできません({reason})"),
                format!("its front does not answer: residents can't sign in ({reason})"),
            );
            return vec![Finding::warning("relay", found, call)];
        }
        Err(Silent::Status(status)) => {
            let found = lang.pick(
                format!("中継のようすが分かりません({status})"),
                format!("how it stands is not known ({status})"),
            );
            return vec![Finding::warning("relay", found, call)];
        }
    };
    let front = match stands.database {
        true => Finding::good("relay", lang.pick("答えます", "it answers")),
        false => Finding::warning(
            "relay",
            lang.pick(
                "中継のデータベースが答えません。住民はログインできません",
                "its front's database does not answer: residents can't sign in",
            ),
            call,
        ),
    };
    let blind = match stands.blind_half {
        true => Finding::good("blind_half", lang.pick("答えます", "it answers")),
        false => Finding::warning(
            "blind_half",
            lang.pick(
                "目隠し側が答えません。住民は新しくログインできません(途中までのものは出ていません)",
                "it does not answer: residents can't sign in anew (nothing is half-issued)",
            ),
            call,
        ),
    };
    vec![front, blind]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::doctor::Condition;

    #[test]
    fn a_blind_half_that_is_down_is_told_in_words_and_keeps_no_clerk_from_working() {
        let stands = |blind_half, database| told(Ok(Stands { blind_half, database }), Lang::Ja);
        let conditions = |found: Vec<Finding>| found.iter().map(|one| one.condition).collect::<Vec<_>>();
        assert_eq!(conditions(stands(true, true)), [Condition::Good; 2]);
        let down = stands(false, true);
        assert!(down[1].found.contains("目隠し側が答えません"), "{down:?}");
        assert_eq!(conditions(down), [Condition::Good, Condition::Warning]);
        assert_eq!(conditions(stands(true, false)), [Condition::Warning, Condition::Good]);
        for silent in [Silent::Away("refused".into()), Silent::Status(404)] {
            assert_eq!(conditions(told(Err(silent), Lang::En)), [Condition::Warning]);
        }
    }
}

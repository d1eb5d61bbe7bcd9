//! The outbox to the relay: how old what waits is, what the relay's front refused, and what keeps it from being sent.

use std::sync::Arc;

use issuance::case::CaseNumber;
use office::{Office, OfficeError, OutboxState, TimeSource};
use time::{Duration, OffsetDateTime};

use super::Finding;
use crate::{
    commands::{database, words::Lang},
    config::{Config, secrets},
};

/// What waits for so long needs somebody, as in the status line of every desk.
const LATE: Duration = Duration::seconds(60);
/// Cases named; the others are counted.
const NAMED: u32 = 5;

/// How the outbox stands; nothing for a city without a relay, and none while the database does not answer.
pub(super) fn examine(config: &Config, lang: Lang) -> Vec<Finding> {
    if config.relay.is_none() {
        return Vec::new();
    }
    // That the database is down or old is told by its own part.
    match ask(config) {
        Ok((state, cases)) => told(&state, &cases, OffsetDateTime::now_utc(), lang),
        Err(_) => Vec::new(),
    }
}

/// Asks the database.
///
/// # Errors
/// When it does not answer, or is older than this program.
pub(in crate::commands) fn ask(config: &Config) -> anyhow::Result<(OutboxState, Vec<CaseNumber>)> {
    let sealer = Arc::new(secrets::sealer(&config.seal.keys_file)?);
    let office = Office::behind(&database::door(config)?, sealer, TimeSource::Database);
    Ok(database::runtime()?
        .block_on(async { Ok::<_, OfficeError>((office.outbox_state().await?, office.refused_cases(NAMED).await?)) })?)
}

fn told(state: &OutboxState, refused: &[CaseNumber], now: OffsetDateTime, lang: Lang) -> Vec<Finding> {
    let mut findings = vec![waiting(state, now, lang)];
    if !state.carried {
        findings.push(Finding::warning(
            "outbox",
            lang.pick("送信箱の係が動いていないか、答えません", "nobody carries the outbox, or the one who does hangs"),
            lang.pick(
                "`madoguchi up`、systemd なら systemctl restart madoguchi-dispatch。止めたことも、届くまで中継では効きません",
                "`madoguchi up`, or with systemd: systemctl restart madoguchi-dispatch; a stopped card is stopped at the relay only once it is told",
            ),
        ));
    }
    if state.refused > 0 {
        let numbers: Vec<String> = refused.iter().map(ToString::to_string).collect();
        let numbers = numbers.join(lang.pick("、", ", "));
        findings.push(Finding::warning(
            "outbox",
            lang.pick(
                format!("中継が受け取らなかった連絡 {} 件(案件 {numbers})", state.refused),
                format!("{} messages refused by the relay (cases {numbers})", state.refused),
            ),
            lang.pick(
                "窓口の画面の「問題あり」から案件を開き、k カードの利用で送り直すか終えてください",
                "open the case from the console's queue of problems; send it anew or close it under k, use of the card",
            ),
        ));
    }
    findings
}

fn waiting(state: &OutboxState, now: OffsetDateTime, lang: Lang) -> Finding {
    let Some(oldest) = state.oldest.filter(|_| state.waiting > 0) else {
        return Finding::good("outbox", lang.pick("中継に届いています", "the relay knows everything"));
    };
    let seconds = (now - oldest).whole_seconds().max(0);
    let found = lang.pick(
        format!("{} 件が {seconds} 秒前から届いていません", state.waiting),
        format!("{} messages have waited for up to {seconds} s", state.waiting),
    );
    match &state.trouble {
        Some(trouble) => Finding::warning(
            "outbox",
            format!("{found}: {trouble}"),
            lang.pick(
                "中継の前段につながるか、log/dispatch.log を確かめてください。続けて送られます",
                "check that the relay's front can be reached, and log/dispatch.log; sending goes on",
            ),
        ),
        None if now - oldest >= LATE => Finding::warning(
            "outbox",
            found,
            lang.pick(
                "`madoguchi up` で送信箱の係を動かしてください",
                "start the one that carries it with `madoguchi up`",
            ),
        ),
        None => Finding::good("outbox", found),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::doctor::Condition;

    const NOW: OffsetDateTime = time::macros::datetime!(2026-11-22 9:14 +9);

    fn state(seconds: Option<i64>, trouble: Option<&str>, refused: u64) -> OutboxState {
        OutboxState {
            waiting: seconds.map_or(0, |_| 2),
            oldest: seconds.map(|seconds| NOW - Duration::seconds(seconds)),
            answered_at: None,
            trouble: trouble.map(str::to_owned),
            refused,
            carried: true,
        }
    }

    #[test]
    fn what_waits_a_moment_is_on_its_way_and_what_waits_a_minute_is_somebodys() {
        let of = |seconds, trouble| told(&state(seconds, trouble, 0), &[], NOW, Lang::Ja).remove(0);
        assert_eq!(of(None, None).condition, Condition::Good);
        assert_eq!(of(Some(3), None).condition, Condition::Good);
        assert_eq!(of(Some(90), None).condition, Condition::Warning);
        let away = of(Some(3), Some("the relay's front does not answer"));
        assert_eq!(away.condition, Condition::Warning);
        assert!(away.found.contains("2 件が 3 秒前") && away.found.contains("does not answer"));
    }

    #[test]
    fn what_the_relay_refused_is_told_with_its_cases_and_where_to_settle_it() {
        let number = CaseNumber {
            year: 2026,
            serial: 352,
        };
        for (lang, advice) in [(Lang::Ja, "k カードの利用"), (Lang::En, "use of the card")] {
            let told = told(&state(None, None, 1), &[number], NOW, lang);
            assert_eq!(told.len(), 2);
            assert_eq!(told[1].condition, Condition::Warning);
            assert!(told[1].found.contains("2026-000352"), "{}", told[1].found);
            assert!(told[1].advice.as_deref().unwrap().contains(advice));
        }
    }
}

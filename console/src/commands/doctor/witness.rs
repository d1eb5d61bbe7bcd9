//! The second party of the audit trail: how new the head is that it vouched for.

use time::{Duration, OffsetDateTime};

use super::{Finding, backup::age_words};
use crate::{
    commands::{database, words::Lang},
    config::Config,
    trail, witness,
};

/// A head that was signed so long ago has been shown, when all is well.
const LATE: Duration = Duration::minutes(10);

/// Nothing for an office that no second party vouches for.
pub(super) fn examine(config: &Config, lang: Lang) -> Option<Finding> {
    let relay = config.relay.as_ref()?;
    relay.witness_key_file.as_ref()?;
    let advice = lang.pick(
        "madoguchi-dispatch のログに理由があります。記録の先端が中継のものと食い違うときは、監査の人に知らせてください",
        "the log of madoguchi-dispatch says why; when the relay knows another history, tell the auditor",
    );
    let last = match witness::last(config, relay) {
        Ok(last) => last,
        Err(error) => return Some(Finding::bad("witness", format!("{error:#}"), advice)),
    };
    // A database that is away is told by its own part.
    let head = database::runtime().ok()?.block_on(async {
        let note = trail::records(config).ok()?.newest_head().await.ok()??;
        trail::verifier(&config.trail.public_key_file).ok()?.open(&note).ok()
    })?;
    let now = OffsetDateTime::now_utc();
    Some(match last {
        Some(last) if last.size >= head.size || now - head.at < LATE => {
            let age = age_words(now - last.at, lang);
            Finding::good(
                "witness",
                lang.pick(
                    format!("中継が {} 件までの記録を{age}に裏書きしました", last.size),
                    format!("the relay vouched for {} events {age} ago", last.size),
                ),
            )
        }
        None if now - head.at < LATE => {
            Finding::good("witness", lang.pick("まだ先端がありません", "no head was shown yet"))
        }
        last => Finding::warning(
            "witness",
            lang.pick(
                format!(
                    "中継の裏書きは {} 件まで、記録は {} 件あります",
                    last.map_or(0, |last| last.size),
                    head.size
                ),
                format!(
                    "the relay vouched for {} events of {}",
                    last.map_or(0, |last| last.size),
                    head.size
                ),
            ),
            advice,
        ),
    })
}

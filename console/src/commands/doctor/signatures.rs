//! Signatures of the authorities: each was recorded before it was made, and one that has no outcome is explained.

use std::collections::BTreeMap;

use office::{Signature, SignatureKind};
use time::{Duration, OffsetDateTime};

use super::Finding;
use crate::{
    commands::{database::Records, words::Lang},
    config::Config,
};

/// Whatever is being signed is signed by then.
const UNDER_WAY: Duration = Duration::minutes(10);
/// A card is finished on the day it is begun, or given up.
const A_DAY: Duration = Duration::DAY;

/// Intents without an outcome, a line a kind.
pub(super) fn examine(config: &Config, lang: Lang) -> Vec<Finding> {
    // A database that is away is told of elsewhere.
    let Ok(Records { runtime, office }) = Records::open(config) else {
        return Vec::new();
    };
    match runtime.block_on(office.signatures_without_outcome(UNDER_WAY)) {
        Ok(open) => told(&open, OffsetDateTime::now_utc(), lang),
        Err(error) => vec![Finding::warning(
            "signatures",
            error.to_string(),
            lang.pick(
                "`madoguchi up` で動かし直してください",
                "start it anew with `madoguchi up`",
            ),
        )],
    }
}

fn told(open: &[Signature], now: OffsetDateTime, lang: Lang) -> Vec<Finding> {
    let mut kinds: BTreeMap<SignatureKind, Vec<&Signature>> = BTreeMap::new();
    for one in open {
        kinds.entry(one.kind).or_default().push(one);
    }
    if kinds.is_empty() {
        return vec![Finding::good(
            "signatures",
            lang.pick(
                "認証局の署名は、どれも始めと終わりが揃っています",
                "every signature that was begun has its outcome",
            ),
        )];
    }
    kinds
        .into_iter()
        .map(|(kind, all)| of_kind(kind, &all, now, lang))
        .collect()
}

fn of_kind(kind: SignatureKind, all: &[&Signature], now: OffsetDateTime, lang: Lang) -> Finding {
    let count = all.len();
    let newest = all.iter().map(|one| one.intended_at).max().unwrap_or(now);
    let what = all.last().map(|one| one.what.as_str()).unwrap_or_default();
    match kind {
        SignatureKind::OnTheWay => {
            let late = all.iter().any(|one| now - one.intended_at > A_DAY);
            let found = lang.pick(
                format!("作りかけのカードの証明書 {count} 枚は、まだ署名していません(新しいもの {what})"),
                format!("{count} certificates of cards being made are not signed yet (newest {what})"),
            );
            if late {
                let advice = lang.pick(
                    "一日たっています。その案件を開いて「続きから」作るか、カードを諦めてください",
                    "one is a day old: open its case and go on with the card, or give the card up",
                );
                Finding::warning("signatures", found, advice)
            } else {
                Finding::good("signatures", found)
            }
        }
        SignatureKind::GivenUp => Finding::good(
            "signatures",
            lang.pick(
                format!("諦めたカードのために取った番号 {count} 個は、署名しないまま失効一覧に載っています"),
                format!("{count} serials of cards given up were never signed, and are on the list"),
            ),
        ),
        SignatureKind::Staff => Finding::good(
            "signatures",
            lang.pick(
                format!("職員カードのために取った番号 {count} 個は登録に至らず、取り直した番号の前のものは失効一覧に載っています"),
                format!("{count} serials of staff cards were not registered; those that a later one followed are on the list"),
            ),
        ),
        SignatureKind::List | SignatureKind::Responder => {
            let found = match kind {
                SignatureKind::List => lang.pick(
                    format!("失効一覧の番号 {count} 個(新しいもの 第{what}号)は、取った後の署名か書き込みが終わっていません"),
                    format!("{count} numbers of revocation lists (newest no. {what}) were taken and not signed or not written"),
                ),
                _ => lang.pick(
                    format!("照会に答える係の証明書 {count} 枚(新しいもの {what})は、署名か書き込みが終わっていません"),
                    format!("{count} responder certificates (newest {what}) were not signed or not written"),
                ),
            };
            if now - newest > A_DAY {
                let found = lang.pick(
                    format!("{found}。停電などの跡で、次の番号が後を継いでいます"),
                    format!("{found}: the trace of a power cut, say; the next one took its place"),
                );
                return Finding::good("signatures", found);
            }
            Finding::warning(
                "signatures",
                found,
                lang.pick(
                    "ディスクの空きと認証局の鍵を確かめ、`madoguchi authority crl` で次の番号に署名してください",
                    "look at the disk's room and the authority's keys, then sign the next with `madoguchi authority crl`",
                ),
            )
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::doctor::Condition;
    use issuance::authority::AuthorityName;
    use time::macros::datetime;

    #[test]
    fn a_signature_without_an_outcome_is_explained_and_a_fresh_trouble_is_a_warning() {
        let now = datetime!(2026-11-22 9:00 UTC);
        let one = |kind, hours| Signature {
            kind,
            authority: AuthorityName::Resident,
            what: "12".into(),
            intended_at: now - Duration::hours(hours),
        };
        let of = |kind, hours| {
            let told = told(&[one(kind, hours)], now, Lang::Ja);
            assert_eq!(told.len(), 1);
            told[0].condition
        };
        assert_eq!(told(&[], now, Lang::En)[0].condition, Condition::Good);
        assert_eq!(
            of(SignatureKind::List, 1),
            Condition::Warning,
            "somebody should look at the disk"
        );
        assert_eq!(
            of(SignatureKind::List, 48),
            Condition::Good,
            "it was a power cut, and is over"
        );
        assert_eq!(of(SignatureKind::OnTheWay, 1), Condition::Good);
        assert_eq!(
            of(SignatureKind::OnTheWay, 48),
            Condition::Warning,
            "a card lies half made"
        );
        assert_eq!(of(SignatureKind::GivenUp, 900), Condition::Good);
    }
}

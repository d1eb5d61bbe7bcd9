//! What a check of the trail found, in words and for machines.

use serde_json::{Value, json};
use store::trail::check::{Finding, Report};

use crate::commands::words::Lang;

/// Numbers of the events whose content is not what was recorded.
pub(super) fn changed(report: &Report) -> Vec<i64> {
    let changed = |finding: &Finding| match finding {
        Finding::Changed { seq } => Some(*seq),
        _ => None,
    };
    report.findings.iter().filter_map(changed).collect()
}

/// A finding as JSON: its kind, and the numbers it names.
pub(super) fn json(finding: &Finding) -> Value {
    match finding {
        Finding::Changed { seq } => json!({ "found": "changed", "seq": seq }),
        Finding::Missing { seq } => json!({ "found": "missing", "seq": seq }),
        Finding::NoPlace {
            first,
            last,
            after,
            before,
        } => json!({ "found": "no_place", "first": first, "last": last, "after": after, "before": before }),
        Finding::CutOff { after, last, events } => {
            json!({ "found": "cut_off", "after": after, "last": last, "events": events })
        }
        Finding::Rewritten { after, last } => json!({ "found": "rewritten", "after": after, "last": last }),
        Finding::TwoHistories { size } => json!({ "found": "two_histories", "size": size }),
        Finding::Unsealed { seq } => json!({ "found": "unsealed", "seq": seq }),
    }
}

/// A finding as a sentence.
pub(super) fn sentence(finding: &Finding, lang: Lang) -> String {
    match finding {
        Finding::Changed { seq } => lang.pick(
            format!("{seq} 番は、書かれたときと中身が違います。"),
            format!("Number {seq} is not what was recorded."),
        ),
        Finding::Missing { seq } => lang.pick(
            format!("{seq} 番が抜き取られています。"),
            format!("Number {seq} was taken out."),
        ),
        Finding::NoPlace {
            first,
            last,
            after,
            before,
        } => {
            let (count, after) = (last - first + 1, after.unwrap_or(0));
            lang.pick(
                format!("{after} 番のあと、{before} 番の前の {count} 件が、封の跡ごと抜き取られています。"),
                format!("{count} events after number {after} and before number {before} were taken out, their seals with them."),
            )
        }
        Finding::CutOff { after, last, events } => lang.pick(
            format!(
                "{after} 番より後の {events} 件が切り落とされています。外に置いた先端は {last} 番まで知っています。"
            ),
            format!(
                "{events} events after number {after} were cut off: a head kept outside knows them up to number {last}."
            ),
        ),
        Finding::Rewritten { after, last } => lang.pick(
            format!("{after} 番のあと {last} 番までの間で、書き換え、抜き取り、または差し込みがありました。"),
            format!("After number {after} and up to number {last} something was changed, taken out or put in."),
        ),
        Finding::TwoHistories { size } => lang.pick(
            format!("{size} 件の先端が二通りあります。署名の鍵で二つの歴史が作られています。"),
            format!("There are two heads of {size} events: somebody signed two histories with the key."),
        ),
        Finding::Unsealed { seq } => lang.pick(
            format!(
                "{seq} 番は、一分たっても封がされていません。封をする処理が止まっているか、横から差し込まれたものです。"
            ),
            format!("Number {seq} was not sealed within a minute: nobody seals, or it was put in behind their back."),
        ),
    }
}

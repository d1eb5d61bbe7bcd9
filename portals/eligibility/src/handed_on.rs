//! A check in the forms that a clinic's own software reads: JSON and CSV from the screen, the eligibility answer file in a
//! folder, FHIR on loopback. Each says which of the five answers it is and as of when; none carries a name, which the
//! portal does not know, or a ratio that is not of a valid insurance.

mod answer_file;
mod fhir;
mod folder;

use serde_json::{Map, Value, json};
use time::format_description::well_known::Rfc3339;

use crate::check::{Check, Verdict};

pub use answer_file::answer_file;
pub(crate) use fhir::Server;
pub use folder::{Folder, NotPut};

/// The columns of the CSV, and the members of a record in JSON.
const ITEMS: [&str; 11] = [
    "insurer-number",
    "insurer-name",
    "symbol",
    "number",
    "branch",
    "valid-from",
    "valid-until",
    "ended-because",
    "share",
    "card-until",
    "certificate",
];

/// `QualificationValidity` of an eligibility answer (DOMAIN 5.5): 1 valid, 2 not valid, 3 not valid with a newer one, 4
/// nothing found, 5 several. What is unknown is none of them.
pub fn validity(verdict: Verdict) -> Option<u8> {
    match verdict {
        Verdict::Valid => Some(1),
        Verdict::Ended { newer: false } => Some(2),
        Verdict::Ended { newer: true } => Some(3),
        Verdict::Absent => Some(4),
        Verdict::Several => Some(5),
        Verdict::Unknown | Verdict::None => None,
    }
}

/// The records that a form carries: the one that is meant, or of several all.
fn carried(check: &Check) -> Vec<&relay_saml::wsf::Record> {
    match check.verdict() {
        Verdict::Several => check.holding().collect(),
        Verdict::Ended { newer: true } => check.record().into_iter().chain(check.newer()).collect(),
        _ => check.record().into_iter().collect(),
    }
}

/// An item as it is handed on: a ratio only of an insurance that holds.
fn item<'r>(check: &Check, record: &'r relay_saml::wsf::Record, name: &str) -> Option<&'r str> {
    let kept = name != "share" || check.verdict() == Verdict::Valid;
    record.get(name).filter(|_| kept)
}

/// The check as JSON.
pub fn json(check: &Check) -> Value {
    let records = carried(check).into_iter().map(|record| {
        let items = ITEMS
            .iter()
            .filter_map(|name| Some(((*name).to_owned(), json!(item(check, record, name)?))));
        Value::Object(items.collect::<Map<_, _>>())
    });
    let set = check.set();
    json!({
        "id": check.id,
        "checked_at": check.at.format(&Rfc3339).unwrap_or_default(),
        "answer": check.verdict().code(),
        "validity": validity(check.verdict()),
        "as_of": set.and_then(|set| set.as_of).and_then(|at| at.format(&Rfc3339).ok()),
        "overdue": set.is_some_and(|set| set.overdue),
        "source": set.map(|set| set.source.as_str()),
        "records": records.collect::<Vec<_>>(),
    })
}

/// The check as CSV: a line for each record, one without any for an answer that has none. What spreadsheets read as a
/// formula is written as text.
pub fn csv(check: &Check) -> String {
    let field = |text: &str| {
        let inert = if text.starts_with(['=', '+', '-', '@', '\t']) {
            "'"
        } else {
            ""
        };
        format!("\"{inert}{}\"", text.replace('"', "\"\""))
    };
    let mut out = format!("\u{feff}checked-at,answer,as-of,{}\r\n", ITEMS.join(","));
    let at = |at: time::OffsetDateTime| at.format(&Rfc3339).unwrap_or_default();
    let as_of = check.set().and_then(|set| set.as_of).map(at).unwrap_or_default();
    let head = format!("{},{},{as_of}", at(check.at), check.verdict().code());
    let records = carried(check);
    let lines = records.len().max(1);
    for line in 0..lines {
        out.push_str(&head);
        for name in ITEMS {
            let value = records.get(line).and_then(|record| item(check, record, name));
            out.push(',');
            out.push_str(&field(value.unwrap_or_default()));
        }
        out.push_str("\r\n");
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::tests::{answered, period};
    use relay_saml::wsf::Standing;

    #[test]
    fn json_and_csv_say_the_same_and_carry_a_ratio_of_a_valid_insurance_alone() {
        let valid = answered(Standing::Valid, vec![period("2020-04-01", "")]);
        let told = json(&valid);
        assert_eq!(
            (told["answer"].as_str(), told["validity"].as_u64()),
            (Some("valid"), Some(1))
        );
        assert_eq!(told["records"][0]["number"], "1042937");
        assert_eq!(told["records"][0]["share"], "3");
        let text = csv(&valid);
        assert_eq!(text.lines().count(), 2);
        assert!(text.contains(",valid,2026-12-01T10:24:00+09:00,\"429996\""), "{text}");
        let ended = answered(Standing::Ended, vec![period("2020-04-01", "2026-10-31")]);
        assert_eq!(json(&ended)["records"][0]["share"], Value::Null);
        assert!(!csv(&ended).contains("\"3\""));
        let absent = answered(Standing::Absent, vec![]);
        assert_eq!(json(&absent)["validity"], 4);
        assert_eq!(csv(&absent).lines().count(), 2);
    }

    #[test]
    fn a_text_that_a_spreadsheet_would_run_stays_a_text() {
        let mut record = period("2020-04-01", "");
        record.0[1].1 = "=1+1\"".into();
        let text = csv(&answered(Standing::Valid, vec![record]));
        assert!(text.contains("\"'=1+1\"\"\""), "{text}");
    }
}

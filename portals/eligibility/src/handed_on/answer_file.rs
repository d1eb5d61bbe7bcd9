//! The eligibility answer file (資格確認結果, `OQSsiquc01res`) that clinics' software picks up from a folder.
//!
//! Element names and codes are those that three independent public code bases agree on, one of them citing layout 8.07.
//! What is uncertain is left out rather than guessed: name, sex, birthday and address, which the portal does not know, and
//! a ratio of any insurance but that of the old (後期高齢者), for whom alone the layout has the element.

use relay_saml::wsf::Record;
use time::{Date, OffsetDateTime, macros::format_description};

use super::{carried, item, validity};
use crate::check::{Check, day};

/// The file's text for the institution with the ten digits `code`; nothing of an answer that is none of the layout's, as
/// of an insurance about which nothing can be said.
pub fn answer_file(check: &Check, code: &str) -> Option<String> {
    let validity = validity(check.verdict())?;
    let mut xml = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<XmlMsg>\n<MessageHeader>\n");
    let mut element = |name: &str, text: &str| {
        let text = escaped(text);
        xml.push_str(&format!("<{name}>{text}</{name}>\n"));
    };
    element("ProcessExecutionTime", &compact_time(check.at));
    element("QualificationConfirmationDate", &compact(check.day()));
    element("MedicalInstitutionCode", code);
    element("ArbitraryFileIdentifier", &check.id);
    // By a card, not by numbers from one.
    element("ReferenceClassification", "1");
    element("SegmentOfResult", "1");
    element("CharacterCodeIdentifier", "0");
    xml.push_str("</MessageHeader>\n<MessageBody>\n<ProcessingResultStatus>1</ProcessingResultStatus>\n");
    xml.push_str(&format!("<QualificationValidity>{validity}</QualificationValidity>\n"));
    let records = carried(check);
    if !records.is_empty() {
        xml.push_str("<ResultList>\n");
        for record in records {
            xml.push_str("<ResultOfQualificationConfirmation>\n");
            for (name, text) in elements(check, record) {
                let text = escaped(&text);
                xml.push_str(&format!("<{name}>{text}</{name}>\n"));
            }
            xml.push_str("</ResultOfQualificationConfirmation>\n");
        }
        xml.push_str("</ResultList>\n");
    }
    xml.push_str("</MessageBody>\n</XmlMsg>\n");
    Some(xml)
}

fn elements(check: &Check, record: &Record) -> Vec<(&'static str, String)> {
    let text = |name| item(check, record, name).map(str::to_owned);
    let date = |name| item(check, record, name).and_then(day);
    let insurer = text("insurer-number").unwrap_or_default();
    // The layout has the ratio here for the insurance of the old alone.
    let ratio = text("share").filter(|_| insurer.len() == 8 && insurer.starts_with("39"));
    // A period runs to its last day; the law's day of loss is the one after.
    let lost = date("valid-until").and_then(Date::next_day);
    [
        (
            "InsuredCardClassification",
            text("certificate").and_then(classification),
        ),
        ("InsurerNumber", Some(insurer)),
        ("InsuredCardSymbol", text("symbol")),
        ("InsuredIdentificationNumber", text("number")),
        ("InsuredBranchNumber", text("branch")),
        ("QualificationDate", date("valid-from").map(compact)),
        ("DisqualificationDate", lost.map(compact)),
        ("InsuredCardExpirationDate", date("card-until").map(compact)),
        (
            "InsuredPartialContributionRatio",
            ratio.map(|share| format!("0{share}0")),
        ),
        ("ReasonOfLoss", text("ended-because").map(|why| reason(&why).to_owned())),
        ("InsurerName", text("insurer-name")),
    ]
    .into_iter()
    .filter_map(|(name, text)| Some((name, text.filter(|text| !text.is_empty())?)))
    .collect()
}

/// 被保険者証区分.
fn classification(certificate: String) -> Option<String> {
    let code = match certificate.as_str() {
        "一般" => "01",
        "退職" => "02",
        "短期" => "03",
        "資格証明書" => "05",
        _ => return None,
    };
    Some(code.to_owned())
}

/// 喪失事由: 01 death, 02 public assistance, 03 another insurance, 99 anything else.
fn reason(why: &str) -> &'static str {
    if why.contains("死亡") {
        "01"
    } else if why.contains("生活保護") {
        "02"
    } else if why.contains("保険") {
        "03"
    } else {
        "99"
    }
}

fn compact(day: Date) -> String {
    day.format(format_description!("[year][month][day]"))
        .unwrap_or_default()
}

fn compact_time(at: OffsetDateTime) -> String {
    let at = at.to_offset(relay_core::clock::JST);
    at.format(format_description!("[year][month][day][hour][minute][second]"))
        .unwrap_or_default()
}

fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            // XML 1.0 has no form for other controls.
            letter if letter.is_control() => {}
            letter => out.push(letter),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::tests::{answered, period, record};
    use relay_saml::wsf::Standing;

    const CODE: &str = "4212345678";

    #[test]
    fn each_answer_has_its_number_and_what_is_unknown_has_no_file() {
        let now = || period("2020-04-01", "");
        let over = || period("2020-04-01", "2026-10-31");
        let file = |standing, records| answer_file(&answered(standing, records), CODE);
        for (standing, records, number) in [
            (Standing::Valid, vec![now()], 1),
            (Standing::Ended, vec![over()], 2),
            (Standing::Ended, vec![over(), period("2026-12-15", "")], 3),
            (Standing::Absent, vec![], 4),
            (Standing::Several, vec![now(), now()], 5),
        ] {
            let many = records.len();
            let file = file(standing, records).unwrap();
            let wanted = format!("<QualificationValidity>{number}</QualificationValidity>");
            assert!(file.contains(&wanted), "{number}: {file}");
            assert_eq!(file.matches("<ResultOfQualificationConfirmation>").count(), many);
        }
        assert_eq!(file(Standing::Unknown, vec![]), None);
    }

    #[test]
    fn an_insurance_that_ended_says_its_day_of_loss_and_one_of_the_old_its_ratio() {
        let over = answered(Standing::Ended, vec![period("2020-04-01", "2026-10-31")]);
        let file = answer_file(&over, CODE).unwrap();
        assert!(
            file.contains("<DisqualificationDate>20261101</DisqualificationDate>"),
            "{file}"
        );
        assert!(!file.contains("Ratio"));
        let old = record(&[
            ("insurer-number", "39420001"),
            ("insurer-name", "A & <B>"),
            ("number", "00012345"),
            ("valid-from", "2020-04-01"),
            ("share", "1"),
        ]);
        let file = answer_file(&answered(Standing::Valid, vec![old]), CODE).unwrap();
        assert!(
            file.contains("<InsuredPartialContributionRatio>010</InsuredPartialContributionRatio>"),
            "{file}"
        );
        assert!(file.contains("<InsurerName>A &amp; &lt;B&gt;</InsurerName>"));
        assert!(file.contains("<InsuredIdentificationNumber>00012345</InsuredIdentificationNumber>"));
    }
}

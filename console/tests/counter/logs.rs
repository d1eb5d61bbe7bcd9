//! What the log of a day may hold: lines that can be followed by case and by act, and nothing about anybody.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

/// People, places and secrets of the stories: names and readings, addresses, 宛名番号, telephone, birthday, PIN.
const PERSONAL: [&str; 12] = [
    "山口",
    "𠮷郎",
    "ヤマグチ",
    "ヨシロウ",
    "佐藤",
    "汐見市港町",
    "港町1丁目",
    "コーポ",
    "0000000001",
    "0957-00-",
    "昭和45",
    "1970-03-01",
];

/// Nobody is named, and none of `secrets` is told.
pub fn hold_nothing_personal(log: &str, secrets: &[&str]) {
    for personal in PERSONAL.iter().chain(secrets) {
        assert!(!log.contains(personal), "the log holds {personal}");
    }
    // Four digits may stand inside an id or a time by chance; as a number of their own they may not.
    let mut words = log.split(|letter: char| !letter.is_alphanumeric());
    assert!(!words.any(|word| word == "2751"));
}

/// Every line within the case names it and no other, and the one act it belongs to; lines of one order share theirs.
pub fn tell_one_case_and_one_act_a_line(log: &str, case: &str) {
    let mut acts_of_jobs: BTreeMap<u64, BTreeSet<String>> = BTreeMap::new();
    let mut orders = BTreeSet::new();
    for line in log.lines() {
        let line: Value = serde_json::from_str(line).unwrap_or_else(|_| panic!("not JSON: {line}"));
        let cases = told(&line, "case");
        if cases.is_empty() {
            continue;
        }
        assert_eq!(cases, [case.to_owned()].into(), "{line}");
        let order = spans(&line).find(|span| span["name"] == "order");
        let order = order.unwrap_or_else(|| panic!("within the case, but of no order: {line}"));
        let act = order["act"].as_str().unwrap_or_else(|| panic!("no act: {line}"));
        assert!(uuid::Uuid::parse_str(act).is_ok(), "{act}");
        acts_of_jobs
            .entry(order["job"].as_u64().unwrap())
            .or_default()
            .insert(act.to_owned());
        orders.insert(order["order"].as_str().unwrap().to_owned());
    }
    for step in [
        "SaveVerification",
        "StartMaking",
        "SetPin",
        "Print",
        "Shelve",
        "CheckHandover",
        "ConfirmSight",
        "HandOver",
    ] {
        assert!(orders.contains(step), "no line of {step}: {orders:?}");
    }
    assert!(acts_of_jobs.values().all(|acts| acts.len() == 1), "{acts_of_jobs:?}");
    let acts: BTreeSet<_> = acts_of_jobs.values().flatten().collect();
    assert_eq!(acts.len(), acts_of_jobs.len(), "two orders under one act");
}

/// Every value that the line gives for `field`, itself or by a span it stands in.
fn told(line: &Value, field: &str) -> BTreeSet<String> {
    let values = spans(line)
        .chain([&line["fields"]])
        .filter_map(|part| part[field].as_str());
    values.map(str::to_owned).collect()
}

fn spans(line: &Value) -> impl Iterator<Item = &Value> {
    line["spans"].as_array().into_iter().flatten()
}

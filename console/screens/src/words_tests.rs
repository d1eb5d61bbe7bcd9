//! The words are complete, used, and the only Japanese in the screens.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use super::*;

fn keys(source: &str) -> BTreeMap<String, BTreeSet<String>> {
    let resource = FluentResource::try_new(source.to_owned())
        .unwrap_or_else(|(_, errors)| panic!("the words do not parse: {errors:?}"));
    assert!(resource.entries().count() > 0);
    let mut keys = BTreeMap::new();
    let mut current = None;
    for line in source.lines() {
        if let Some((key, _)) = line.split_once(" =")
            && !line.starts_with([' ', '#'])
        {
            assert!(
                keys.insert(key.to_owned(), BTreeSet::new()).is_none(),
                "{key} is there twice"
            );
            current = Some(key.to_owned());
        }
        if let Some(facts) = current.as_ref().and_then(|key| keys.get_mut(key)) {
            for piece in line.split("{ $").skip(1) {
                let name: String = piece
                    .chars()
                    .take_while(|c| c.is_ascii_alphanumeric() || *c == '_')
                    .collect();
                facts.insert(name);
            }
        }
    }
    keys
}

fn sources() -> Vec<(PathBuf, String)> {
    fn walk(folder: &Path, found: &mut Vec<(PathBuf, String)>) {
        for entry in fs::read_dir(folder).expect("the source is there") {
            let path = entry.expect("the source is there").path();
            if path.ends_with("tests") || path.ends_with("tests.rs") {
                continue;
            }
            if path.is_dir() {
                walk(&path, found);
            } else if path.extension().is_some_and(|end| end == "rs") {
                let text = fs::read_to_string(&path).expect("the source is there");
                let without_tests = text.split("#[cfg(test)]").next().unwrap_or_default().to_owned();
                if !path.to_string_lossy().ends_with("_tests.rs") {
                    found.push((path, without_tests));
                }
            }
        }
    }
    let mut found = Vec::new();
    walk(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut found);
    found
}

/// String literals of a source, comments left out.
fn literals(source: &str) -> Vec<String> {
    let mut found = Vec::new();
    for line in source.lines() {
        let line = line.trim_start();
        if line.starts_with("//") || line.starts_with("#[") {
            continue;
        }
        let mut pieces = line.split('"');
        pieces.next();
        while let (Some(inside), rest) = (pieces.next(), pieces.next()) {
            found.push(inside.to_owned());
            if rest.is_none() {
                break;
            }
        }
    }
    found
}

fn looks_like_a_key(text: &str) -> bool {
    text.contains('-')
        && !text.starts_with('-')
        && !text.ends_with('-')
        && text
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
        && text.starts_with(|c: char| c.is_ascii_lowercase())
}

#[test]
fn both_languages_say_the_same_things_with_the_same_facts() {
    let (japanese, english) = (keys(JAPANESE), keys(ENGLISH));
    let only = |a: &BTreeMap<String, _>, b: &BTreeMap<String, _>| -> Vec<String> {
        a.keys().filter(|key| !b.contains_key(*key)).cloned().collect()
    };
    assert_eq!(only(&japanese, &english), Vec::<String>::new(), "missing in English");
    assert_eq!(only(&english, &japanese), Vec::<String>::new(), "missing in Japanese");
    for (key, facts) in &japanese {
        assert_eq!(Some(facts), english.get(key), "facts of {key}");
    }
}

#[test]
fn every_key_used_has_words_and_every_word_is_used() {
    let keys = keys(JAPANESE);
    let mut used = BTreeSet::new();
    for (path, source) in sources() {
        for literal in literals(&source) {
            if looks_like_a_key(&literal) {
                assert!(
                    keys.contains_key(&literal),
                    "{literal} in {} has no words",
                    path.display()
                );
                used.insert(literal);
            }
        }
    }
    // Documents and acts are named by rule from `issuance`'s own tables; other tests see that every one has words.
    let by_rule: BTreeSet<String> = issuance::acts::ALL
        .iter()
        .flat_map(|row| [row.done_key(), row.tried_key()])
        .chain(crate::screens::EVERY_TABLE.map(crate::over::about_key))
        .collect();
    // What the office refuses with is named by its own modules; the console's tests compare the two lists.
    let elsewhere = |key: &str| {
        ["document-name-", "refused-", "rule-"]
            .iter()
            .any(|by| key.starts_with(by))
    };
    let unused: Vec<_> = keys
        .keys()
        .filter(|key| !used.contains(*key) && !by_rule.contains(*key) && !elsewhere(key))
        .collect();
    assert_eq!(unused, Vec::<&String>::new(), "said nowhere");
}

#[test]
fn no_japanese_stands_in_the_code() {
    for (path, source) in sources() {
        for literal in literals(&source) {
            // Symbols and the tables of line breaking are data, not words.
            let japanese = literal
                .chars()
                .any(|c| ('\u{3041}'..='\u{30FA}').contains(&c) || ('\u{4E00}'..='\u{9FFF}').contains(&c));
            let table = path.ends_with("text.rs") || path.ends_with("glyphs.rs");
            assert!(!japanese || table, "{literal} in {}", path.display());
        }
    }
}

#[test]
fn every_document_of_the_table_has_a_name_in_both_languages() {
    for rule in &issuance::identity::DOCUMENTS {
        let key = format!("document-name-{}", rule.key.replace('_', "-"));
        assert!(keys(ENGLISH).contains_key(&key), "{key}");
        assert_eq!(Words::new().say(Language::Japanese, &key, &[]), rule.japanese);
    }
}

#[test]
fn every_place_says_what_it_is_for_in_both_languages() {
    let (japanese, english) = (keys(JAPANESE), keys(ENGLISH));
    for table in crate::screens::EVERY_TABLE {
        let key = crate::over::about_key(table);
        let is_place = !["everywhere", "reading.facing"].contains(&table.name);
        assert_eq!(japanese.contains_key(&key), is_place, "{key}");
        assert_eq!(english.contains_key(&key), is_place, "{key}");
    }
}

#[test]
fn every_act_of_the_office_has_words_in_both_languages() {
    let (japanese, english) = (keys(JAPANESE), keys(ENGLISH));
    let without: Vec<String> = issuance::acts::ALL
        .iter()
        .flat_map(|row| [row.done_key(), row.tried_key()])
        .filter(|key| !japanese.contains_key(key) || !english.contains_key(key))
        .collect();
    assert!(without.is_empty(), "acts without words: {without:?}");
}

#[test]
fn every_act_that_a_screen_offers_names_a_screen_that_there_is() {
    let screens = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/screens");
    for row in issuance::acts::ALL {
        if let issuance::acts::Offered::Screen(name) = row.offered {
            let there = screens.join(name).is_dir() || screens.join(format!("{name}.rs")).is_file();
            assert!(there, "{} is offered by {name}, which is no screen", row.name);
        }
    }
}

#[test]
fn no_screen_says_by_itself_who_may_do_an_act() {
    // Who may is asked of the act's row: a role named in a screen is a copy that drifts.
    let of_screens = sources()
        .into_iter()
        .filter(|(path, _)| path.to_string_lossy().contains("/src/screens/"));
    let named: Vec<PathBuf> = of_screens
        .filter(|(_, source)| source.contains("Role::"))
        .map(|(path, _)| path)
        .collect();
    assert!(named.is_empty(), "roles are named in {named:?}");
}

#[test]
fn english_counts_in_english() {
    let words = Words::new();
    let say = |n: &'static str| words.say(Language::English, "tries-left", &[("tries", n.into())]);
    assert_ne!(say("1").replace('1', "2"), say("2"));
}

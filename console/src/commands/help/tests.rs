//! Every command and option is explained, in both languages.

use super::*;
use std::collections::BTreeSet;

fn paths(command: &Command, above: &str, into: &mut BTreeSet<String>) {
    let path = path_of(command, above);
    for argument in command.get_arguments() {
        if !matches!(argument.get_id().as_str(), "help" | "version") {
            into.insert(format!("{path} {}", name_of(argument)));
        }
    }
    for sub in command.get_subcommands() {
        paths(sub, &path, into);
    }
    into.insert(path);
}

#[test]
fn every_command_and_option_is_explained_in_both_languages() {
    let mut all = BTreeSet::new();
    paths(&Arguments::command(), "", &mut all);
    let explained: BTreeSet<String> = explained().map(|(path, _)| (*path).to_owned()).collect();
    assert_eq!(all, explained);
    let ja = in_language(Lang::Ja).render_long_help().to_string();
    assert!(ja.contains("使い方") && !ja.contains("Usage"), "{ja}");
    let en = in_language(Lang::En).render_long_help().to_string();
    assert!(en.is_ascii(), "{en}");
}

#[test]
fn the_command_line_holds_together_in_both_languages() {
    in_language(Lang::Ja).debug_assert();
    in_language(Lang::En).debug_assert();
}

#[test]
fn a_mistyped_command_is_answered_in_japanese_with_the_near_one() {
    let refused = in_language(Lang::Ja)
        .try_get_matches_from(["madoguchi", "docter"])
        .unwrap_err();
    let words = japanese_refusal(refused.kind(), &refused);
    assert!(words.contains("docter") && words.contains("doctor"), "{words}");
}

//! The words of the screens, in Fluent files: Japanese first, English complete.

use std::borrow::Cow;

use fluent_bundle::{FluentArgs, FluentResource, FluentValue, concurrent::FluentBundle};

use super::facts::Language;

// Every screen's words lie in its folder; the build lays them together.
const JAPANESE: &str = include_str!(concat!(env!("OUT_DIR"), "/ja.ftl"));
const ENGLISH: &str = include_str!(concat!(env!("OUT_DIR"), "/en.ftl"));

/// Both languages' words.
pub struct Words {
    japanese: FluentBundle<FluentResource>,
    english: FluentBundle<FluentResource>,
}

impl Words {
    /// The words that are built in.
    pub fn new() -> Self {
        Self {
            japanese: bundle("ja", JAPANESE),
            english: bundle("en", ENGLISH),
        }
    }

    /// The words of `key` with `facts` put in. A key that is missing (a test forbids it) shows as itself.
    pub fn say(&self, language: Language, key: &str, facts: &[(&'static str, Cow<'_, str>)]) -> String {
        let bundle = match language {
            Language::Japanese => &self.japanese,
            Language::English => &self.english,
        };
        let Some(pattern) = bundle.get_message(key).and_then(|message| message.value()) else {
            return key.to_owned();
        };
        let mut arguments = FluentArgs::with_capacity(facts.len());
        for (name, value) in facts {
            // A whole number is given as a number, so that English can say "1 card" and "2 cards".
            match value.parse::<i64>() {
                Ok(number) if number.to_string() == *value => arguments.set(*name, FluentValue::from(number)),
                _ => arguments.set(*name, FluentValue::from(value.as_ref())),
            }
        }
        let mut errors = Vec::new();
        bundle
            .format_pattern(pattern, Some(&arguments), &mut errors)
            .into_owned()
    }
}

impl Default for Words {
    fn default() -> Self {
        Self::new()
    }
}

fn bundle(language: &str, source: &str) -> FluentBundle<FluentResource> {
    let mut bundle = FluentBundle::new_concurrent(vec![language.parse().unwrap_or_default()]);
    // Terminals show the direction marks as boxes, and both languages run the same way.
    bundle.set_use_isolating(false);
    // A broken line loses its own message only; the tests read both files to the last line.
    let resource = FluentResource::try_new(source.to_owned()).unwrap_or_else(|(rest, _)| rest);
    bundle.add_resource_overriding(resource);
    bundle
}

#[cfg(test)]
#[path = "words_tests.rs"]
mod tests;

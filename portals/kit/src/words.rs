//! The words of pages, in Fluent files: Japanese first, easy Japanese (やさしい日本語) with furigana, English complete.
//!
//! A reading stands behind its word as in Aozora Bunko's files: `暗証番号《あんしょうばんごう》`, over the kanji before it, or
//! from a `｜` on: `｜お知らせ《おしらせ》`. On a page it becomes `<ruby>`; in a title or a mail it is left out.

use fluent_bundle::{FluentArgs, FluentResource, FluentValue, concurrent::FluentBundle};

use crate::page::Html;

/// The language of a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Language {
    /// 日本語
    #[default]
    Japanese,
    /// やさしい日本語, with furigana.
    Easy,
    English,
}

impl Language {
    /// All, in the order they are offered.
    pub const ALL: [Self; 3] = [Self::Japanese, Self::Easy, Self::English];

    /// As links and cookies name it.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Japanese => "ja",
            Self::Easy => "easy",
            Self::English => "en",
        }
    }

    /// The language of that code.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|language| language.code() == code)
    }

    /// For `lang` attributes (BCP 47): easy Japanese is Japanese to a screen reader.
    pub const fn tag(self) -> &'static str {
        match self {
            Self::Japanese | Self::Easy => "ja",
            Self::English => "en",
        }
    }

    /// What it calls itself.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Japanese => "日本語",
            Self::Easy => "やさしい日本語",
            Self::English => "English",
        }
    }

    /// Of the languages a browser names (RFC 9110 §12.5.4), whichever of ours comes first; Japanese when none does.
    pub fn accepted(header: &str) -> Self {
        header
            .split(',')
            .find_map(|range| match range.trim().get(..2)?.to_ascii_lowercase().as_str() {
                "ja" => Some(Self::Japanese),
                "en" => Some(Self::English),
                _ => None,
            })
            .unwrap_or_default()
    }

    /// The Japanese or the English of two, for words to whoever runs a portal.
    pub fn pick<T>(self, japanese: T, english: T) -> T {
        match self {
            Self::Japanese | Self::Easy => japanese,
            Self::English => english,
        }
    }

    /// The sentence in this language, of one that stands in both.
    pub fn of(self, sentence: settings::Sentence) -> String {
        self.pick(sentence.ja, sentence.en)
    }
}

/// The words of one portal with those of the kit.
pub struct Words([FluentBundle<FluentResource>; 3]);

/// One set of Fluent sources: Japanese, easy Japanese, English.
pub type Sources = [&'static str; 3];

const COMMON: Sources = [
    include_str!("../words/ja.ftl"),
    include_str!("../words/easy.ftl"),
    include_str!("../words/en.ftl"),
];

impl Words {
    /// The kit's words and a portal's own, which win.
    pub fn new(own: Sources) -> Self {
        Self::layered(&[own])
    }

    /// The kit's words and further layers, each of which wins over those before it.
    pub fn layered(layers: &[Sources]) -> Self {
        Self(std::array::from_fn(|at| {
            let sources = std::iter::once(&COMMON).chain(layers).map(|layer| layer[at]);
            bundle(Language::ALL[at], sources)
        }))
    }

    /// To say them in one language.
    pub fn say(&self, language: Language) -> Say<'_> {
        Say { words: self, language }
    }
}

/// Words in one language.
#[derive(Clone, Copy)]
pub struct Say<'w> {
    words: &'w Words,
    pub language: Language,
}

/// A fact put into a sentence: its name there, and what it is.
pub type Fact<'f> = (&'static str, &'f str);

impl Say<'_> {
    /// The words of `key` for a page, with furigana. A key that is missing (a test forbids it) shows as itself.
    pub fn html(&self, key: &str) -> Html {
        self.html_with(key, &[])
    }

    /// The words of `key` for a page, with `facts` put in.
    pub fn html_with(&self, key: &str, facts: &[Fact<'_>]) -> Html {
        furigana(&self.spoken(key, facts))
    }

    /// The words of `key` without furigana or markup: for titles and labels that cannot have any.
    pub fn text(&self, key: &str) -> String {
        self.text_with(key, &[])
    }

    /// The words of `key` without furigana, with `facts` put in.
    pub fn text_with(&self, key: &str, facts: &[Fact<'_>]) -> String {
        pieces(&self.spoken(key, facts))
            .iter()
            .map(|piece| piece.base)
            .collect()
    }

    /// Whether there is such a key.
    pub fn knows(&self, key: &str) -> bool {
        self.bundle().has_message(key)
    }

    fn bundle(&self) -> &FluentBundle<FluentResource> {
        &self.words.0[self.language as usize]
    }

    fn spoken(&self, key: &str, facts: &[Fact<'_>]) -> String {
        let bundle = self.bundle();
        let Some(pattern) = bundle.get_message(key).and_then(|message| message.value()) else {
            return key.to_owned();
        };
        let mut arguments = FluentArgs::with_capacity(facts.len());
        for (name, value) in facts {
            // A whole number is given as a number, so that English can say "1 try" and "2 tries".
            match value.parse::<i64>() {
                Ok(number) if number.to_string() == *value => arguments.set(*name, FluentValue::from(number)),
                // What is put in cannot bring readings of its own.
                _ => arguments.set(*name, FluentValue::from(value.replace(['《', '》', '｜'], " "))),
            }
        }
        bundle
            .format_pattern(pattern, Some(&arguments), &mut Vec::new())
            .into_owned()
    }
}

fn bundle(language: Language, sources: impl Iterator<Item = &'static str>) -> FluentBundle<FluentResource> {
    let mut bundle = FluentBundle::new_concurrent(vec![language.tag().parse().unwrap_or_default()]);
    // All three run the same way; direction marks would end up in what is copied from a page.
    bundle.set_use_isolating(false);
    for source in sources {
        // A broken line loses its own message only; the tests read every file to the last line.
        let resource = FluentResource::try_new(source.to_owned()).unwrap_or_else(|(rest, _)| rest);
        bundle.add_resource_overriding(resource);
    }
    bundle
}

/// Some words and, perhaps, their reading.
#[derive(Debug, PartialEq, Eq)]
struct Piece<'t> {
    base: &'t str,
    reading: Option<&'t str>,
}

fn pieces(text: &str) -> Vec<Piece<'_>> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('《') {
        let Some((reading, after)) = after.split_once('》') else {
            break;
        };
        let (plain, base) = match before.rsplit_once('｜') {
            Some(cut) => cut,
            None => {
                let kanji = before
                    .char_indices()
                    .rev()
                    .take_while(|(_, letter)| is_kanji(*letter))
                    .last()
                    .map_or(before.len(), |(at, _)| at);
                before.split_at(kanji)
            }
        };
        found.push(Piece {
            base: plain,
            reading: None,
        });
        found.push(Piece {
            base,
            reading: Some(reading),
        });
        rest = after;
    }
    found.push(Piece {
        base: rest,
        reading: None,
    });
    found.retain(|piece| !piece.base.is_empty());
    found
}

fn is_kanji(letter: char) -> bool {
    matches!(letter, '々' | '〆' | 'ヶ' | '\u{3400}'..='\u{4DBF}' | '\u{4E00}'..='\u{9FFF}' | '\u{F900}'..='\u{FAFF}' | '\u{20000}'..='\u{3FFFF}')
}

fn furigana(text: &str) -> Html {
    let mut html = String::with_capacity(text.len() * 2);
    for Piece { base, reading } in pieces(text) {
        match reading {
            None => html.push_str(&Html::escaped(base).into_string()),
            // `rp` is for readers that know no ruby: 暗証番号(あんしょうばんごう).
            Some(reading) => {
                let (base, reading) = (Html::escaped(base), Html::escaped(reading));
                html.push_str(&format!("<ruby>{base}<rp>(</rp><rt>{reading}</rt><rp>)</rp></ruby>"));
            }
        }
    }
    Html::trusted(html)
}

/// A name with its reading over it, which is no part of any sentence.
pub(crate) fn with_reading(name: &str, reading: &str) -> Html {
    let plain = |text: &str| text.replace(['《', '》', '｜'], " ");
    furigana(&format!("｜{}《{}》", plain(name), plain(reading)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn readings_stand_over_their_kanji_and_vanish_from_titles() {
        assert_eq!(
            furigana("4けたの暗証番号《あんしょうばんごう》を<入れる>").to_string(),
            "4けたの<ruby>暗証番号<rp>(</rp><rt>あんしょうばんごう</rt><rp>)</rp></ruby>を&#60;入れる&#62;"
        );
        let told: Vec<_> = pieces("この｜お知らせ《おしらせ》を見《み》る")
            .iter()
            .map(|piece| (piece.base, piece.reading))
            .collect();
        assert_eq!(
            told,
            [
                ("この", None),
                ("お知らせ", Some("おしらせ")),
                ("を", None),
                ("見", Some("み")),
                ("る", None)
            ]
        );
        assert_eq!(pieces("半端《な").len(), 1);
    }

    #[test]
    fn what_is_put_into_a_sentence_brings_no_markup_and_no_reading() {
        let words = Words::new(["a = { $who }です", "", ""]);
        let say = words.say(Language::Japanese);
        assert_eq!(
            say.html_with("a", &[("who", "悪《わる》<b>")]).to_string(),
            "悪 わる &#60;b&#62;です"
        );
    }

    #[test]
    fn the_three_files_hold_the_same_words() {
        assert_eq!(portal_testing::faults_of_words(COMMON), Vec::<String>::new());
    }

    #[test]
    fn a_browser_gets_the_first_of_its_languages_that_we_speak() {
        assert_eq!(Language::accepted("vi,en;q=0.8,ja;q=0.5"), Language::English);
        assert_eq!(Language::accepted("ja-JP"), Language::Japanese);
        assert_eq!(Language::accepted("fr"), Language::Japanese);
        assert_eq!(Language::accepted("日"), Language::Japanese);
    }
}

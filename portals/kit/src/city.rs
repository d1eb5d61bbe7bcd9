//! Whose pages these are: the city's name and its emblem, which stand once at the head of every page.

use std::{path::PathBuf, sync::Arc};

use aws_lc_rs::digest::{SHA256, digest};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};

use crate::{
    config::{Fault, Section},
    page::Html,
    words::{self, Language},
};

/// `[city]`: its name, in each of the languages of the pages, and its emblem.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct City {
    name: String,
    reading: String,
    english: String,
    emblem: Option<Emblem>,
}

/// An SVG file, read when the program starts. A page has it as an image, in which no script runs.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Emblem {
    svg: Arc<str>,
    path: String,
}

/// More than a drawing needs; a photograph is no emblem.
const LARGEST: u64 = 64 * 1024;

impl City {
    /// `name`, `reading` (in kana), `name_en`, and `emblem` (an SVG file), which may be left out.
    pub fn read(section: &mut Section<'_>) -> Self {
        let file = section.path_if_present("emblem");
        let emblem = file.as_ref().and_then(Emblem::read);
        if file.is_some() && emblem.is_none() {
            section.mistake(
                "emblem",
                Fault::Malformed("a readable SVG file of at most 64 KiB, which begins with <svg"),
            );
        }
        Self {
            name: section.text("name"),
            reading: section.text("reading"),
            english: section.text("name_en"),
            emblem,
        }
    }

    /// Its name, plain.
    pub fn name(&self, language: Language) -> &str {
        match language {
            Language::Japanese | Language::Easy => &self.name,
            Language::English => &self.english,
        }
    }

    /// Its name as it stands on a page: in easy Japanese with its reading.
    pub(crate) fn name_on_page(&self, language: Language) -> Html {
        match language {
            Language::Easy => words::with_reading(&self.name, &self.reading),
            language => Html::escaped(self.name(language)),
        }
    }

    /// Where its emblem is served, if it has one.
    pub(crate) fn emblem(&self) -> Option<&str> {
        self.emblem.as_ref().map(|emblem| emblem.path.as_str())
    }

    /// What is served there.
    pub(crate) fn serve(&self) -> impl axum::response::IntoResponse + use<> {
        let svg = self.emblem.as_ref().map(|emblem| emblem.svg.to_string());
        (
            [
                (CONTENT_TYPE, "image/svg+xml"),
                (CACHE_CONTROL, "public, max-age=31536000, immutable"),
            ],
            svg.unwrap_or_default(),
        )
    }
}

impl Emblem {
    fn read(file: &PathBuf) -> Option<Self> {
        let size = std::fs::metadata(file).ok()?.len();
        let svg = (size <= LARGEST)
            .then(|| std::fs::read_to_string(file).ok())
            .flatten()?;
        svg.trim_start().starts_with("<svg").then(|| Self {
            // As with the style sheet: browsers keep it for good, and another one has another address.
            path: format!("/emblem.{}.svg", &hex::encode(digest(&SHA256, svg.as_bytes()))[..16]),
            svg: svg.into(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::parse;

    fn read(text: &str, svg: &str) -> Result<City, Vec<crate::config::Mistake>> {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("emblem.svg"), svg).unwrap();
        parse(text, &folder.path().join("portal.toml"), |document| {
            document.section("city", City::read)
        })
    }

    const TEXT: &str =
        "[city]\nname = \"汐見市\"\nreading = \"しおみし\"\nname_en = \"Shiomi City\"\nemblem = \"emblem.svg\"\n";

    #[test]
    fn a_city_is_named_in_each_language_and_shown_by_its_emblem() {
        let city = read(TEXT, "<svg xmlns=\"http://www.w3.org/2000/svg\"/>").unwrap();
        assert_eq!(city.name(Language::English), "Shiomi City");
        let easy = city.name_on_page(Language::Easy).to_string();
        assert!(easy.contains("汐見市") && easy.contains("<rt>しおみし</rt>"), "{easy}");
        assert!(city.emblem().unwrap().starts_with("/emblem."));
        let without = read(&TEXT.replace("emblem = \"emblem.svg\"\n", ""), "").unwrap();
        assert_eq!(without.emblem(), None);
    }

    #[test]
    fn an_emblem_that_is_no_drawing_is_a_mistake_at_the_start() {
        for svg in ["", "\u{89}PNG", &format!("<svg>{}</svg>", " ".repeat(70_000))] {
            let mistakes = read(TEXT, svg).unwrap_err();
            assert_eq!((mistakes[0].key.as_str(), mistakes[0].line), ("city.emblem", 5));
        }
    }
}

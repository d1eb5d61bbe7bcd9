//! The notices there are: those that come with the program, a row each, and those of the office's own folder.

use std::{fs, path::Path};

use super::{Files, Template, TemplateError, Wrong};

/// A notice's files, from its folder under `issuance/notices`.
macro_rules! folder {
    ($name:literal: $($file:literal)+) => {
        ($name, &[$(($file, include_str!(concat!("../../../notices/", $name, "/", $file)))),+])
    };
}

/// Those that come with the program.
const BUILTIN: &[(&str, &[(&str, &str)])] = &[
    folder!("access-record": "layout.toml" "ja.ftl" "en.ftl"),
    folder!("arrival": "layout.toml" "ja.ftl"),
    folder!("check-up": "layout.toml" "ja.ftl" "plain.ftl" "en.ftl"),
    folder!("city-notice": "layout.toml" "ja.ftl" "en.ftl"),
    folder!("consent": "layout.toml" "ja.ftl" "en.ftl"),
    folder!("delivery-notice": "layout.toml" "ja.ftl" "plain.ftl" "en.ftl"),
    folder!("eligibility": "layout.toml" "ja.ftl" "plain.ftl" "en.ftl"),
    folder!("expiry": "layout.toml" "ja.ftl" "plain.ftl" "en.ftl"),
    folder!("inquiry": "layout.toml" "ja.ftl"),
    folder!("interruption": "layout.toml" "ja.ftl" "en.ftl"),
    folder!("medical-expenses": "layout.toml" "ja.ftl" "plain.ftl" "en.ftl"),
    folder!("suspension": "layout.toml" "ja.ftl" "en.ftl"),
];

/// All notices of an office.
#[derive(Debug, Clone)]
pub struct Kinds(Vec<Template>);

/// Those that come with the program.
///
/// # Errors
/// [`TemplateError`]: a test reads them all.
pub fn builtin() -> Result<Kinds, TemplateError> {
    let read = |(name, files): &(&str, &[(&str, &str)])| {
        let files: Files = files
            .iter()
            .map(|(name, text)| ((*name).to_owned(), (*text).to_owned()))
            .collect();
        Template::read(name, &files)
    };
    BUILTIN.iter().map(read).collect::<Result<_, _>>().map(Kinds)
}

impl Kinds {
    /// Those that come with the program, and the folders in `own`; one of the same name replaces the program's.
    ///
    /// # Errors
    /// [`TemplateError`]
    pub fn with_own(own: Option<&Path>) -> Result<Self, TemplateError> {
        let mut kinds = builtin()?;
        let Some(own) = own else { return Ok(kinds) };
        let entries = fs::read_dir(own).map_err(|error| TemplateError {
            notice: "*".to_owned(),
            file: own.display().to_string(),
            wrong: Wrong::NotRead(error),
        })?;
        for folder in entries.flatten().map(|entry| entry.path()).filter(|path| path.is_dir()) {
            let template = Template::open(&folder)?;
            kinds.0.retain(|known| known.name != template.name);
            kinds.0.push(template);
        }
        kinds.0.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(kinds)
    }

    /// The notice called `name`.
    pub fn find(&self, name: &str) -> Option<&Template> {
        self.0.iter().find(|template| template.name == name)
    }

    /// All of them, by name.
    pub fn iter(&self) -> impl Iterator<Item = &Template> {
        self.0.iter()
    }
}

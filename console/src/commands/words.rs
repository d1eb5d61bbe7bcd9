//! The commands' language. A sentence stands in both languages side by side where it is said, so that neither can be
//! missing; the screens, whose words are many and shared, keep theirs in Fluent files.

/// Japanese first, English complete.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum Lang {
    /// Japanese.
    #[default]
    Ja,
    /// English.
    En,
}

impl Lang {
    /// The sentence in this language.
    pub fn pick<T>(self, ja: T, en: T) -> T {
        match self {
            Self::Ja => ja,
            Self::En => en,
        }
    }

    /// The sentence in this language, of one that stands in both.
    pub fn of(self, sentence: settings::Sentence) -> String {
        self.pick(sentence.ja, sentence.en)
    }

    /// The language asked for on the command line or in `MADOGUCHI_LANG`, before anything else is read:
    /// the help and the errors about the command line itself need it.
    pub fn asked(arguments: &[String], environment: Option<&str>) -> Self {
        let mut words = arguments.iter();
        while let Some(word) = words.next() {
            let value = match word.strip_prefix("--lang") {
                Some("") => words.next().map(String::as_str),
                Some(rest) => rest.strip_prefix('='),
                None => continue,
            };
            match value {
                Some("en") => return Self::En,
                Some("ja") => return Self::Ja,
                _ => {}
            }
        }
        match environment {
            Some("en") => Self::En,
            _ => Self::Ja,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(line: &str, environment: Option<&str>) -> Lang {
        let arguments: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
        Lang::asked(&arguments, environment)
    }

    #[test]
    fn japanese_comes_first_and_english_when_asked() {
        assert_eq!(asked("madoguchi doctor", None), Lang::Ja);
        assert_eq!(asked("madoguchi --lang en doctor", None), Lang::En);
        assert_eq!(asked("madoguchi doctor --lang=en", Some("ja")), Lang::En);
        assert_eq!(asked("madoguchi doctor", Some("en")), Lang::En);
        assert_eq!(asked("madoguchi doctor --lang ja", Some("en")), Lang::Ja);
    }
}

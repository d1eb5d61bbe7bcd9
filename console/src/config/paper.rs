//! `[paper]`: where papers are kept, and what letters are printed on.

use std::path::PathBuf;

use settings::{Fault, Section};

/// `[paper]`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Paper {
    pub folder: PathBuf,
    /// Searched for fonts, first match first.
    pub font_folders: Vec<PathBuf>,
    pub keep_days: u16,
    pub notices: Option<PathBuf>,
    /// `ipp://printer.example/ipp/print`, for runs of notices; `bundle` letters at a time.
    pub printer: Option<String>,
    pub bundle: u32,
}

/// Where fonts are looked for unless the configuration says otherwise (Filesystem Hierarchy Standard 3.0, §4.9, §4.11).
const FONT_FOLDERS: [&str; 2] = ["/usr/local/share/fonts", "/usr/share/fonts"];

impl Paper {
    pub(super) fn read(paper: &mut Section<'_>) -> Self {
        Self {
            folder: paper.path("folder"),
            font_folders: paper.paths_or("font_folders", &FONT_FOLDERS),
            keep_days: paper.number_or("keep_days", 1..=3650, 90),
            notices: paper.path_if_present("notices"),
            printer: printer(paper),
            bundle: paper.number_or("bundle", 1..=5_000, 1_000),
        }
    }
}

/// The printer's address. One behind TLS is not spoken to: nothing says whose certificate would be the printer's.
fn printer(paper: &mut Section<'_>) -> Option<String> {
    const NOT_IPP: Fault = Fault::other(
        "は ipp://印刷機の名前/ipp/print の形で書きます。ipps:// や http:// は使えません(庁内の網の印刷機だけに送ります)。",
        " must be like ipp://printer/ipp/print; ipps:// and http:// are not supported (letters go to printers of the office's own network only)",
    );
    let is_ipp = |uri: &str| {
        let host = uri.strip_prefix("ipp://").and_then(|rest| rest.split('/').next());
        host.is_some_and(|host| !host.is_empty() && !host.contains('@'))
    };
    paper.has("printer").then(|| paper.checked("printer", NOT_IPP, is_ipp))
}

#[cfg(test)]
mod tests {
    use settings::Fault;

    use crate::config::tests::{GOOD, parse};

    #[test]
    fn a_printers_address_that_can_not_be_printed_to_is_refused_with_words() {
        let with = |uri: &str| {
            let text = GOOD.replace("[paper]", &format!("[paper]\nprinter = {uri:?}"));
            parse(&text)
        };
        let taken = with("ipp://printer.example:8631/ipp/print").unwrap();
        assert_eq!(
            taken.paper.printer.as_deref(),
            Some("ipp://printer.example:8631/ipp/print")
        );
        for uri in [
            "ipps://printer.example/ipp/print",
            "http://printer.example/",
            "printer.example",
            "ipp:///ipp/print",
        ] {
            let mistakes = with(uri).unwrap_err();
            assert_eq!(mistakes.len(), 1, "{uri}");
            let words = mistakes[0].words();
            assert!(
                words.ja.contains("paper.printer") && words.ja.contains("ipp://"),
                "{words:?}"
            );
        }
        assert!(with("").unwrap_err()[0].fault == Fault::Empty);
    }
}

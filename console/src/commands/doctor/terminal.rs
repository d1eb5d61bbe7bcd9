//! The terminal: whether it speaks UTF-8, how large it is, and how wide it draws the characters whose width East
//! Asian terminals disagree about (Unicode Standard Annex 11, "Ambiguous").

use std::io::{IsTerminal, Write, stdin, stdout};

use crossterm::{
    cursor, execute,
    style::Print,
    terminal::{self, ClearType},
};

use super::Finding;
use crate::commands::words::Lang;

/// Smallest screen the console draws on.
const SMALLEST: (u16, u16) = (80, 24);

/// Whether the locale and the terminal can show Japanese.
pub(super) fn text(lang: Lang) -> Finding {
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"]
        .into_iter()
        .find_map(|name| std::env::var(name).ok().filter(|value| !value.is_empty()));
    match locale {
        Some(locale) if speaks_utf8(&locale) => Finding::good("terminal", format!("UTF-8 ({locale})")),
        other => Finding::bad(
            "terminal",
            lang.pick(
                format!("文字コードが UTF-8 ではありません({})", other.unwrap_or_default()),
                format!(
                    "the locale is not UTF-8 ({})",
                    std::env::var("LANG").unwrap_or_default()
                ),
            ),
            lang.pick(
                "LANG=ja_JP.UTF-8 か LANG=C.UTF-8 にしてください",
                "set LANG=ja_JP.UTF-8 or LANG=C.UTF-8",
            ),
        ),
    }
}

fn speaks_utf8(locale: &str) -> bool {
    let locale = locale.to_ascii_lowercase();
    locale.ends_with("utf-8") || locale.ends_with("utf8") || locale.contains("utf-8@") || locale.contains("utf8@")
}

/// Size and widths, where there is a terminal to measure.
pub(super) fn measured(lang: Lang, json: bool) -> Vec<Finding> {
    if !stdin().is_terminal() || !stdout().is_terminal() {
        return Vec::new();
    }
    let mut findings = Vec::new();
    if let Ok((columns, rows)) = terminal::size() {
        findings.push(size(columns, rows, lang));
    }
    // The probe draws on the terminal; a script that reads JSON gets nothing but JSON.
    if !json && let Some(width) = ambiguous_width() {
        findings.push(Finding::good(
            "terminal",
            lang.pick(
                format!("曖昧な幅の文字(─●▸)は {width} 桁で表示されます"),
                format!("characters of ambiguous width (box drawing, bullets) take {width} columns"),
            ),
        ));
    }
    findings
}

fn size(columns: u16, rows: u16, lang: Lang) -> Finding {
    let found = format!("{columns}×{rows}");
    if columns < SMALLEST.0 || rows < SMALLEST.1 {
        Finding::bad(
            "terminal",
            found,
            lang.pick("80×24 以上に広げてください", "make it 80×24 or larger"),
        )
    } else {
        Finding::good("terminal", found)
    }
}

/// Columns that a character of ambiguous width takes here, by drawing one and asking where the cursor went.
fn ambiguous_width() -> Option<u16> {
    terminal::enable_raw_mode().ok()?;
    let measured = (|| {
        let mut out = stdout();
        execute!(out, Print("\r"), terminal::Clear(ClearType::CurrentLine)).ok()?;
        let (before, _) = cursor::position().ok()?;
        execute!(out, Print("─")).ok()?;
        let (after, _) = cursor::position().ok()?;
        execute!(out, Print("\r"), terminal::Clear(ClearType::CurrentLine)).ok()?;
        out.flush().ok()?;
        Some(after.saturating_sub(before))
    })();
    let _ = terminal::disable_raw_mode();
    measured.filter(|width| (1..=2).contains(width))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::doctor::Condition;

    #[test]
    fn locales_are_read_as_systems_write_them() {
        for good in ["ja_JP.UTF-8", "C.UTF-8", "en_US.utf8", "ja_JP.UTF-8@cjkwide"] {
            assert!(speaks_utf8(good), "{good}");
        }
        for bad in ["ja_JP.eucJP", "C", "POSIX", "ja_JP.SJIS"] {
            assert!(!speaks_utf8(bad), "{bad}");
        }
    }

    #[test]
    fn a_window_too_small_is_told() {
        assert_eq!(size(80, 24, Lang::Ja).condition, Condition::Good);
        assert_eq!(size(79, 24, Lang::Ja).condition, Condition::Bad);
        assert_eq!(size(120, 23, Lang::Ja).condition, Condition::Bad);
    }
}

//! Meanings and their colours. Nothing is said by colour alone: every meaning has its symbol or word as well.

use ratatui::style::{Color, Modifier, Style};

/// What a piece of text means to its reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub enum Meaning {
    #[default]
    Plain,
    /// Labels and what matters less.
    Quiet,
    /// What the eye should find first.
    Strong,
    /// The one accent: titles, keys, the chosen row.
    Accent,
    Waiting,
    Done,
    /// The clerk must do something.
    NeedsYou,
    Stop,
    /// A field for text.
    Input,
    /// The field for text that has the cursor.
    InputHere,
    Chosen,
}

/// Which colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Theme {
    #[default]
    Dark,
    Light,
    /// Only black, white and bold.
    HighContrast,
    /// No colours at all (`NO_COLOR`, <https://no-color.org>): bold, underline and reverse only.
    Plain,
}

impl Theme {
    /// The style of a meaning.
    pub fn style(self, meaning: Meaning) -> Style {
        let style = Style::new();
        let bold = style.add_modifier(Modifier::BOLD);
        match self {
            Self::Dark => match meaning {
                Meaning::Plain => style,
                Meaning::Quiet => style.fg(Color::Gray),
                Meaning::Strong => bold,
                Meaning::Accent => bold.fg(Color::Cyan),
                Meaning::Waiting => style.fg(Color::Yellow),
                Meaning::Done => style.fg(Color::Green),
                Meaning::NeedsYou => bold.fg(Color::Yellow),
                Meaning::Stop => bold.fg(Color::LightRed),
                Meaning::Input => style.add_modifier(Modifier::UNDERLINED),
                Meaning::InputHere => style.fg(Color::White).bg(Color::Blue),
                Meaning::Chosen => bold.fg(Color::White).bg(Color::Blue),
            },
            Self::Light => match meaning {
                Meaning::Plain => style,
                Meaning::Quiet => style.fg(Color::DarkGray),
                Meaning::Strong => bold,
                Meaning::Accent => bold.fg(Color::Blue),
                Meaning::Waiting => style.fg(Color::Magenta),
                Meaning::Done => style.fg(Color::Green),
                Meaning::NeedsYou => bold.fg(Color::Magenta),
                Meaning::Stop => bold.fg(Color::Red),
                Meaning::Input => style.add_modifier(Modifier::UNDERLINED),
                Meaning::InputHere => style.fg(Color::Black).bg(Color::LightCyan),
                Meaning::Chosen => bold.fg(Color::Black).bg(Color::LightCyan),
            },
            Self::HighContrast => match meaning {
                Meaning::Plain | Meaning::Quiet | Meaning::Waiting | Meaning::Done => {
                    style.fg(Color::White).bg(Color::Black)
                }
                Meaning::Strong | Meaning::Accent => bold.fg(Color::White).bg(Color::Black),
                Meaning::NeedsYou | Meaning::Stop => bold
                    .fg(Color::White)
                    .bg(Color::Black)
                    .add_modifier(Modifier::UNDERLINED),
                Meaning::Input => style
                    .fg(Color::White)
                    .bg(Color::Black)
                    .add_modifier(Modifier::UNDERLINED),
                Meaning::InputHere | Meaning::Chosen => bold.fg(Color::Black).bg(Color::White),
            },
            Self::Plain => match meaning {
                Meaning::Plain | Meaning::Quiet | Meaning::Waiting | Meaning::Done => style,
                Meaning::Strong | Meaning::Accent => bold,
                Meaning::NeedsYou | Meaning::Stop => bold.add_modifier(Modifier::UNDERLINED),
                Meaning::Input => style.add_modifier(Modifier::UNDERLINED),
                Meaning::InputHere => style.add_modifier(Modifier::UNDERLINED | Modifier::BOLD),
                Meaning::Chosen => style.add_modifier(Modifier::REVERSED),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Meaning; 11] = [
        Meaning::Plain,
        Meaning::Quiet,
        Meaning::Strong,
        Meaning::Accent,
        Meaning::Waiting,
        Meaning::Done,
        Meaning::NeedsYou,
        Meaning::Stop,
        Meaning::Input,
        Meaning::InputHere,
        Meaning::Chosen,
    ];

    #[test]
    fn without_colour_nothing_is_coloured() {
        for meaning in ALL {
            let style = Theme::Plain.style(meaning);
            assert_eq!((style.fg, style.bg), (None, None), "{meaning:?}");
        }
    }

    #[test]
    fn what_stops_a_clerk_never_looks_like_plain_text() {
        for theme in [Theme::Dark, Theme::Light, Theme::HighContrast, Theme::Plain] {
            assert_ne!(theme.style(Meaning::Stop), theme.style(Meaning::Plain));
            assert_ne!(theme.style(Meaning::Chosen), theme.style(Meaning::Plain));
        }
    }
}

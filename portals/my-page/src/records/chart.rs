//! Charts, drawn here: by attributes and classes alone, so that they need no style of their own and no script. Beside each
//! stands a table with the same figures.

use askama::Template;
use portal_kit::{Html, Say};

use super::figures;

const HEIGHT: f64 = 150.0;

/// Twelve months of bars.
#[derive(Template)]
#[template(path = "bars.html")]
pub(crate) struct Bars {
    title: String,
    about: String,
    /// Where the line of zero is.
    zero: String,
    bars: Vec<Bar>,
}

/// What is known of a month.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Month {
    Figure(i64),
    /// Something came that can't be read.
    Unreadable,
    /// It has not come yet.
    Later,
}

struct Bar {
    x: u32,
    middle: u32,
    month: usize,
    known: Month,
    height: Height,
}

#[derive(Default)]
struct Height {
    y: String,
    height: String,
    /// Said over the tallest.
    words: Option<String>,
}

impl Bars {
    /// Of `months`, January first. What was given back stands below the line.
    pub(crate) fn of(say: Say<'_>, months: &[Month]) -> Self {
        let figures = months.iter().filter_map(|month| match month {
            Month::Figure(figure) => Some(*figure),
            Month::Unreadable | Month::Later => None,
        });
        let (least, most) = figures.fold((0, 0), |(least, most): (i64, i64), figure| {
            (least.min(figure), most.max(figure))
        });
        let scale = HEIGHT / (most as f64 - least as f64).max(1.0);
        let zero = 30.0 + most as f64 * scale;
        let zero = if most == 0 && least == 0 { 30.0 + HEIGHT } else { zero };
        let tallest = months
            .iter()
            .position(|month| *month == Month::Figure(most) && most > 0);
        let bars = months.iter().zip(0_u32..).map(|(month, at)| {
            let x = 12 + at * 32;
            let height = match month {
                Month::Figure(figure) => {
                    let height = *figure as f64 * scale;
                    Height {
                        y: format!("{:.1}", zero - height.max(0.0)),
                        height: format!("{:.1}", height.abs()),
                        words: (Some(at as usize) == tallest).then(|| figures::grouped(*figure)),
                    }
                }
                Month::Unreadable | Month::Later => Height::default(),
            };
            Bar {
                x,
                middle: x + 10,
                month: at as usize + 1,
                known: *month,
                height,
            }
        });
        let bars = bars.collect();
        let about = match tallest {
            Some(at) => say.text_with(
                "chart-most",
                &[("month", &(at + 1).to_string()), ("amount", &figures::grouped(most))],
            ),
            None => say.text("chart-none"),
        };
        Self {
            title: say.text("chart-months"),
            about,
            zero: format!("{zero:.1}"),
            bars,
        }
    }

    /// As it stands on the page.
    pub(crate) fn html(&self) -> Html {
        Html::of(self)
    }
}

/// One measure over the years, with its band.
#[derive(Template)]
#[template(path = "trend.html")]
pub(crate) struct Trend {
    about: String,
    band: (String, String),
    line: String,
    points: Vec<Point>,
}

struct Point {
    x: String,
    y: String,
    year: String,
    value: String,
    /// The class of its band: `in`, `mid`, `high`.
    band: &'static str,
    last: bool,
}

impl Trend {
    /// Of `points`, each a year's name, its value as written, the value and the class of its band; `usual` are the limits of
    /// the band, where it has them.
    pub(crate) fn of(
        about: String,
        points: &[(String, String, f64, &'static str)],
        usual: (Option<f64>, Option<f64>),
    ) -> Self {
        let values = points.iter().map(|point| point.2).chain(usual.0).chain(usual.1);
        let (least, most) = values.fold((f64::MAX, f64::MIN), |(least, most), value| {
            (least.min(value), most.max(value))
        });
        let margin = ((most - least) * 0.2).max(1e-6);
        let (least, most) = (least - margin, most + margin);
        let y = |value: f64| 112.0 - (value - least) / (most - least) * 80.0;
        let step = 340.0 / points.len().saturating_sub(1).max(1) as f64;
        let last = points.len().saturating_sub(1);
        let placed: Vec<_> = points
            .iter()
            .enumerate()
            .map(|(at, (year, value, figure, band))| Point {
                x: format!("{:.1}", 40.0 + at as f64 * step),
                y: format!("{:.1}", y(*figure)),
                year: year.clone(),
                value: value.clone(),
                band,
                last: at == last,
            })
            .collect();
        let top = usual.1.map_or(32.0, y);
        let bottom = usual.0.map_or(112.0, y);
        let path = placed
            .iter()
            .map(|point| format!("{} {}", point.x, point.y))
            .collect::<Vec<_>>();
        Self {
            about,
            band: (format!("{top:.1}"), format!("{:.1}", (bottom - top).max(0.0))),
            line: format!("M{}", path.join("L")),
            points: placed,
        }
    }

    /// As it stands on the page.
    pub(crate) fn html(&self) -> Html {
        Html::of(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use portal_kit::{Language, Words};

    #[test]
    fn no_bar_has_a_negative_height_and_what_has_not_come_is_the_only_dotted_one() {
        let words = Words::layered(&[portal_service::WORDS, crate::words()]);
        let months = [
            Month::Figure(300),
            Month::Figure(-100),
            Month::Figure(0),
            Month::Unreadable,
            Month::Later,
        ];
        let drawn = Bars::of(words.say(Language::English), &months).html().into_string();
        assert!(!drawn.contains("height=\"-"), "{drawn}");
        // A quarter of the height is below the line.
        assert!(drawn.contains("M6 142.5H394"), "{drawn}");
        assert!(drawn.contains("y=\"30.0\" width=\"20\" height=\"112.5\""), "{drawn}");
        assert!(drawn.contains("y=\"142.5\" width=\"20\" height=\"37.5\""), "{drawn}");
        let count = |class: &str| drawn.matches(&format!("class=\"{class}\"")).count();
        assert_eq!((count("bar"), count("later")), (3, 1), "{drawn}");
        let nothing = Bars::of(words.say(Language::English), &[Month::Figure(0); 12]).html();
        assert!(!nothing.into_string().contains("month 0"));
        let wild = Bars::of(
            words.say(Language::English),
            &[Month::Figure(i64::MIN), Month::Figure(i64::MAX)],
        )
        .html();
        assert!(!wild.into_string().contains("height=\"-"));
    }
}

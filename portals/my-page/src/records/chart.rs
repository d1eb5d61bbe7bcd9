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
    bars: Vec<Bar>,
}

struct Bar {
    x: u32,
    middle: u32,
    month: usize,
    /// None: it has not come yet.
    bar: Option<Height>,
}

struct Height {
    y: String,
    height: String,
    /// Said over the tallest.
    words: Option<String>,
}

impl Bars {
    /// Of `months`, January first; a month without a figure has not come yet.
    pub(crate) fn of(say: Say<'_>, months: &[Option<i64>]) -> Self {
        let most = months.iter().flatten().max().copied().unwrap_or_default();
        let scale = HEIGHT / most.max(1) as f64;
        let tallest = months.iter().position(|month| *month == Some(most) && most > 0);
        let bars = months.iter().zip(0_u32..).map(|(month, at)| {
            let x = 12 + at * 32;
            Bar {
                x,
                middle: x + 10,
                month: at as usize + 1,
                bar: month.map(|figure| {
                    let height = figure as f64 * scale;
                    Height {
                        y: format!("{:.1}", 30.0 + HEIGHT - height),
                        height: format!("{height:.1}"),
                        words: (Some(at as usize) == tallest).then(|| figures::grouped(figure)),
                    }
                }),
            }
        });
        let month = tallest.map_or(0, |at| at + 1).to_string();
        Self {
            title: say.text("chart-months"),
            about: say.text_with("chart-most", &[("month", &month), ("amount", &figures::grouped(most))]),
            bars: bars.collect(),
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

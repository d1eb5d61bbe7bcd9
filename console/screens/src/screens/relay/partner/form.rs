//! What is filled in for one partner: the comparison of a fingerprint, what its trial showed, lifetimes, exceptions.

use crate::{
    facts::relay::{EXCEPTIONS, Edition, FrontOrder, LIFETIMES, Partner, ShownName},
    input::{Input, Takes},
    page::{Line, Page, Pen},
    screens::relay::{
        register::fingerprint,
        wording::{edition, exception, groups},
    },
    theme::Meaning,
};

/// A reason shorter than this tells an auditor nothing (as in `over::Reason`).
const SHORTEST: usize = 4;
/// Cells of the labels.
const LABEL: usize = 30;

/// What a service can show at the trial's two visits, with its words.
const SHOWN: [(ShownName, &str); 3] = [
    (ShownName::Same, "tried-same-name"),
    (ShownName::Another, "tried-other-name"),
    (ShownName::Empty, "tried-empty-name"),
];

/// A form.
#[derive(Debug)]
pub enum Form {
    /// Approve an edition: the last group of its fingerprint is typed as the partner gave it.
    Approve { edition: Box<Edition>, last: Input },
    /// A card is named for trials, by the number that the page says which refuses it.
    TrialCard { number: Input },
    /// What the service showed at the trial's two visits.
    Tried {
        /// Which row of [`SHOWN`]; nothing said yet.
        at: Option<usize>,
    },
    /// Assertion, session and skew in seconds.
    Lifetimes {
        seconds: [Input; 3],
        /// Which has the cursor.
        at: usize,
    },
    /// What is taken beyond the profile.
    Exceptions {
        /// As many as [`EXCEPTIONS`].
        made: [bool; 3],
        /// Exceptions that this console has no words for; they stay.
        others: Vec<String>,
        reason: Input,
        /// Which row; the reason is the last.
        at: usize,
    },
}

impl Form {
    /// The edition that waits.
    pub fn approve(edition: &Edition) -> Self {
        Self::Approve {
            edition: Box::new(edition.clone()),
            last: Input::new(Takes::Code, 8),
        }
    }

    /// No number yet.
    pub fn trial_card() -> Self {
        Self::TrialCard {
            number: Input::new(Takes::Text, 100),
        }
    }

    /// Nothing said yet.
    pub const fn tried() -> Self {
        Self::Tried { at: None }
    }

    /// As they are.
    pub fn lifetimes(partner: &Partner) -> Self {
        let now = [partner.assertion_seconds, partner.session_seconds, partner.skew_seconds];
        Self::Lifetimes {
            seconds: now.map(|seconds| {
                let mut input = Input::new(Takes::Digits, 5);
                input.set(&seconds.to_string());
                input
            }),
            at: 0,
        }
    }

    /// As they are.
    pub fn exceptions(partner: &Partner) -> Self {
        let others = partner.exceptions.iter();
        Self::Exceptions {
            made: EXCEPTIONS.map(|name| partner.exceptions.iter().any(|made| made == name)),
            others: others
                .filter(|name| !EXCEPTIONS.contains(&name.as_str()))
                .cloned()
                .collect(),
            reason: Input::new(Takes::Text, 120),
            at: 0,
        }
    }

    /// Where text goes.
    pub fn field(&mut self) -> Option<&mut Input> {
        match self {
            Self::Approve { last, .. } => Some(last),
            Self::TrialCard { number } => Some(number),
            Self::Tried { .. } => None,
            Self::Lifetimes { seconds, at } => seconds.get_mut(*at),
            Self::Exceptions { reason, at, .. } => (*at == EXCEPTIONS.len()).then_some(reason),
        }
    }

    /// Whether a field has the cursor.
    pub const fn takes_text(&self) -> bool {
        match self {
            Self::Approve { .. } | Self::TrialCard { .. } | Self::Lifetimes { .. } => true,
            Self::Tried { .. } => false,
            Self::Exceptions { at, .. } => *at == EXCEPTIONS.len(),
        }
    }

    /// Whether the row is one to tick.
    pub const fn can_toggle(&self) -> bool {
        matches!(self, Self::Exceptions { at, .. } if *at < EXCEPTIONS.len())
    }

    /// The row above.
    pub fn up(&mut self) {
        match self {
            Self::Approve { .. } | Self::TrialCard { .. } => {}
            Self::Tried { at } => *at = Some(at.map_or(0, |at| at.saturating_sub(1))),
            Self::Lifetimes { at, .. } | Self::Exceptions { at, .. } => *at = at.saturating_sub(1),
        }
    }

    /// The row below; of a choice that was not made yet, the first.
    pub fn down(&mut self) {
        match self {
            Self::Approve { .. } | Self::TrialCard { .. } => {}
            Self::Tried { at } => *at = Some(at.map_or(0, |at| (at + 1).min(SHOWN.len() - 1))),
            Self::Lifetimes { at, .. } => *at = (*at + 1).min(2),
            Self::Exceptions { at, .. } => *at = (*at + 1).min(EXCEPTIONS.len()),
        }
    }

    /// Ticks or unticks the row.
    pub fn toggle(&mut self) {
        if let Self::Exceptions { made, at, .. } = self
            && let Some(one) = made.get_mut(*at)
        {
            *one = !*one;
        }
    }

    /// What it asks of the front, or the words that say what is missing.
    pub fn order(&self, entity: &str) -> Result<FrontOrder, &'static str> {
        let entity = entity.to_owned();
        match self {
            Self::Approve { edition, last } => {
                let typed = last.text().to_ascii_lowercase();
                if typed.len() == 8 && edition.sha256.ends_with(&typed) {
                    Ok(FrontOrder::Approve {
                        entity,
                        edition: edition.edition,
                        sha256: edition.sha256.clone(),
                    })
                } else if typed.is_empty() {
                    Err("approve-type-last")
                } else {
                    Err("approve-differs")
                }
            }
            Self::TrialCard { number } => {
                // As it is read out, with whatever stands between the groups.
                let digits = number.text().chars().filter(|c| c.is_alphanumeric());
                let sha256: String = digits.collect::<String>().to_ascii_lowercase();
                match sha256.len() == 64 && sha256.bytes().all(|byte| byte.is_ascii_hexdigit()) {
                    true => Ok(FrontOrder::TrialCard { sha256 }),
                    false => Err("trial-card-no-number"),
                }
            }
            Self::Tried { at } => match at.and_then(|at| SHOWN.get(at)) {
                Some((shown, _)) => Ok(FrontOrder::Tried { entity, shown: *shown }),
                None => Err("standing-choose-first"),
            },
            Self::Lifetimes { seconds, .. } => {
                let mut set = [0; 3];
                for ((one, input), range) in set.iter_mut().zip(seconds).zip(&LIFETIMES) {
                    let typed = input.text().parse().ok().filter(|seconds| range.contains(seconds));
                    *one = typed.ok_or("lifetimes-out-of-range")?;
                }
                Ok(FrontOrder::Lifetimes { entity, seconds: set })
            }
            Self::Exceptions {
                made, others, reason, ..
            } => {
                let reason = reason.text().trim();
                if reason.chars().count() < SHORTEST {
                    return Err("reason-too-short");
                }
                let made = EXCEPTIONS.iter().zip(made).filter(|(_, made)| **made);
                let names = made.map(|(name, _)| (*name).to_owned()).chain(others.iter().cloned());
                Ok(FrontOrder::Exceptions {
                    entity,
                    names: names.collect(),
                    reason: reason.to_owned(),
                })
            }
        }
    }

    /// What it shows.
    pub fn view(&self, entity: &str, pen: &Pen<'_>) -> Page {
        let (title, about) = match self {
            Self::Approve { .. } => ("title-approve", "approve-about"),
            Self::TrialCard { .. } => ("title-trial-card", "trial-card-about"),
            Self::Tried { .. } => ("title-tried", "tried-about"),
            Self::Lifetimes { .. } => ("title-lifetimes", "lifetimes-about"),
            Self::Exceptions { .. } => ("title-exceptions", "exceptions-about"),
        };
        let mut page = Page::titled(pen.say(title));
        page.paragraph(pen, 0, entity, Meaning::Strong);
        page.gap();
        page.paragraph(pen, 0, &pen.say(about), Meaning::Plain);
        page.gap();
        match self {
            Self::Approve { edition: one, last } => {
                page.paragraph(pen, 2, &edition(one, pen), Meaning::Quiet);
                // What is not shown can only come from the partner.
                let mut shown = groups(&one.sha256);
                if let Some(hidden) = shown.last_mut() {
                    *hidden = pen.glyphs.dot.repeat(8);
                }
                fingerprint(&mut page, &shown);
                page.gap();
                page.input(pen, LABEL, &pen.say("approve-last"), last, 10, true);
            }
            Self::TrialCard { number } => page.input(pen, 8, &pen.say("trial-card-number"), number, pen.width, true),
            Self::Tried { at } => {
                for (row, (_, word)) in SHOWN.iter().enumerate() {
                    let taken = *at == Some(row);
                    let meaning = if taken { Meaning::Strong } else { Meaning::Plain };
                    page.line(
                        Line::of(if taken { pen.glyphs.here } else { "  " }, Meaning::Accent)
                            .and(format!("{} ", pen.glyphs.chosen[usize::from(!taken)]), meaning)
                            .and(pen.say(word), meaning),
                    );
                }
            }
            Self::Lifetimes { seconds, at } => {
                let words = ["lifetime-assertion", "lifetime-session", "lifetime-skew"];
                for (row, (input, word)) in seconds.iter().zip(words).enumerate() {
                    let range = &LIFETIMES[row];
                    let facts = [
                        ("least", range.start().to_string().into()),
                        ("most", range.end().to_string().into()),
                    ];
                    page.input(pen, LABEL, &pen.say_with(word, &facts), input, 8, row == *at);
                }
            }
            Self::Exceptions {
                made,
                others,
                reason,
                at,
            } => {
                for (row, (name, made)) in EXCEPTIONS.iter().zip(made).enumerate() {
                    let here = row == *at;
                    if here {
                        page.focus = page.body.len();
                    }
                    let tick = pen.glyphs.ticked[usize::from(!made)];
                    page.line(
                        Line::of(if here { pen.glyphs.here } else { "  " }, Meaning::Accent)
                            .and(format!("{tick} "), Meaning::Plain)
                            .and(exception(name, pen), Meaning::Plain)
                            .and(format!("  {name}"), Meaning::Quiet),
                    );
                }
                for name in others {
                    page.line(Line::of(format!("  {} {name}", pen.glyphs.ticked[0]), Meaning::Quiet));
                }
                page.gap();
                page.input(
                    pen,
                    8,
                    &pen.say("reason-field"),
                    reason,
                    pen.width,
                    *at == EXCEPTIONS.len(),
                );
            }
        }
        page
    }
}

//! Ages by law: one function a rule, because each statute counts its day differently.
//!
//! 年齢計算ニ関スル法律 (明治35年法律第50号) and 民法143条: a year of age is full at the end of the day *before* the
//! birthday. So on the birthday itself one has the new age, and the day on which one "reaches" it (達する日) is the
//! day before. Unknown parts of a birthday give [`Answer::CannotTell`] rather than a guess.

use time::{Date, Duration, Month};

use super::{Birthday, calendar_day};

/// An answer that an unknown birthday may leave open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Answer {
    /// Certainly.
    Yes,
    /// Certainly not.
    No,
    /// The known parts of the birthday leave it open: a clerk must ask.
    CannotTell,
}

/// Full years on the day `on`: the least and the most the birthday allows; equal when it is whole. `None` when nothing
/// is known, or when the birthday may lie after `on`.
pub fn age_on(birthday: &Birthday, on: Date) -> Option<(i32, i32)> {
    let (first, last) = birthday.span()?;
    // The future can't be a birthday: of a span that reaches past `on` only the part up to it counts.
    let last = last.min(on);
    (first <= on).then(|| (full_years(last, on), full_years(first, on)))
}

/// Whether the person is under 15 on the day `on`: a legal guardian applies and attends with them.
pub fn is_under_15(birthday: &Birthday, on: Date) -> Answer {
    answer(birthday, |born| full_years(born, on) < 15)
}

/// Whether the person is of full age on the day `on` (民法4条: 18 since 2022-04-01, 20 before).
pub fn is_adult(birthday: &Birthday, on: Date) -> Answer {
    let full_age = if on >= time::macros::date!(2022 - 04 - 01) {
        18
    } else {
        20
    };
    answer(birthday, |born| full_years(born, on) >= full_age)
}

/// Whether the person is due for the specific health check-up (特定健診) of fiscal year `fiscal_year` (from 1 April):
/// 40 to 74 years reached by its last day (高齢者の医療の確保に関する法律20条). Whoever is born on 1 April reaches the
/// age on 31 March, thus still in the year that ends that day.
pub fn is_due_for_health_check(birthday: &Birthday, fiscal_year: i32) -> Answer {
    let Some(day_after) = calendar_day(fiscal_year + 1, 4, 1) else {
        return Answer::CannotTell;
    };
    // Full at the end of 31 March is the age one has on 1 April.
    answer(birthday, |born| (40..75).contains(&full_years(born, day_after)))
}

/// Whether the share of costs of those from 70 (高齢受給者) applies on the day `on`: from the first of the month after
/// the one in which the day of reaching 70 lies; whoever is born on a first reaches it the month before.
pub fn is_in_the_share_from_70(birthday: &Birthday, on: Date) -> Answer {
    answer(birthday, |born| {
        share_from_70_begins(born).is_some_and(|begins| on >= begins)
    })
}

/// The first day of the share of costs from 70 for someone born on `born`.
pub fn share_from_70_begins(born: Date) -> Option<Date> {
    let reached = anniversary(born, 70)?.checked_sub(Duration::days(1))?;
    match reached.month() {
        Month::December => calendar_day(reached.year() + 1, 1, 1),
        month => calendar_day(reached.year(), u8::from(month.next()), 1),
    }
}

/// Whether the person belongs to the late-stage elderly scheme (後期高齢者医療) by age on the day `on`: from the 75th
/// birthday itself (高齢者の医療の確保に関する法律50条, 52条).
pub fn is_in_late_stage_from_75(birthday: &Birthday, on: Date) -> Answer {
    answer(birthday, |born| full_years(born, on) >= 75)
}

/// Full years of someone born on `born` on the day `on`. Whoever is born on 29 February turns on 1 March in common
/// years: the year is full at the end of 28 February (民法143条2項ただし書).
pub fn full_years(born: Date, on: Date) -> i32 {
    let turned = (on.month() as u8, on.day()) >= (born.month() as u8, born.day());
    on.year() - born.year() - i32::from(!turned)
}

/// The birthday `years` later; 29 February becomes 1 March in common years.
fn anniversary(born: Date, years: i32) -> Option<Date> {
    let year = born.year().checked_add(years)?;
    calendar_day(year, born.month().into(), born.day()).or_else(|| calendar_day(year, 3, 1))
}

/// Asks the question of the earliest and the latest possible birthday. Every question here changes its answer at most
/// twice over a life, so the days between are asked year by year as well.
fn answer(birthday: &Birthday, question: impl Fn(Date) -> bool) -> Answer {
    let Some((first, last)) = birthday.span() else {
        return Answer::CannotTell;
    };
    let between = (first.year() + 1..=last.year()).filter_map(|year| calendar_day(year, 1, 1));
    let mut answers = [first, last].into_iter().chain(between).map(question);
    let asked_first = answers.next().unwrap_or(false);
    match (asked_first, answers.all(|other| other == asked_first)) {
        (true, true) => Answer::Yes,
        (false, true) => Answer::No,
        (_, false) => Answer::CannotTell,
    }
}

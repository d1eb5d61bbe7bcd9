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
    Yes,
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

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::date;

    fn born(text: &str) -> Birthday {
        Birthday::read(text).unwrap()
    }

    #[test]
    fn on_the_birthday_one_has_the_new_age_and_the_day_before_the_old() {
        let birthday = born("平成23年11月22日");
        assert_eq!(age_on(&birthday, date!(2026 - 11 - 22)), Some((15, 15)));
        assert_eq!(age_on(&birthday, date!(2026 - 11 - 21)), Some((14, 14)));
        assert_eq!(is_under_15(&birthday, date!(2026 - 11 - 21)), Answer::Yes);
        assert_eq!(is_under_15(&birthday, date!(2026 - 11 - 22)), Answer::No);
    }

    #[test]
    fn whoever_is_born_on_29_february_turns_on_1_march_in_common_years() {
        let birthday = date!(2012 - 02 - 29);
        assert_eq!(full_years(birthday, date!(2027 - 02 - 28)), 14);
        assert_eq!(full_years(birthday, date!(2027 - 03 - 01)), 15);
        assert_eq!(full_years(birthday, date!(2028 - 02 - 28)), 15);
        assert_eq!(full_years(birthday, date!(2028 - 02 - 29)), 16);
    }

    #[test]
    fn full_age_is_18_since_april_2022_and_was_20_before() {
        let birthday = born("2003-06-01");
        assert_eq!(is_adult(&birthday, date!(2022 - 03 - 31)), Answer::No);
        assert_eq!(is_adult(&birthday, date!(2022 - 04 - 01)), Answer::Yes);
    }

    #[test]
    fn a_person_born_on_1_april_is_due_for_the_check_up_in_the_year_that_ends_the_day_before() {
        // Fiscal 2026 ends on 2027-03-31; 40 reached by then means born on 1987-04-01 at the latest.
        assert_eq!(is_due_for_health_check(&born("1987-04-01"), 2026), Answer::Yes);
        assert_eq!(is_due_for_health_check(&born("1987-04-02"), 2026), Answer::No);
        assert_eq!(is_due_for_health_check(&born("1952-04-02"), 2026), Answer::Yes);
        assert_eq!(is_due_for_health_check(&born("1952-04-01"), 2026), Answer::No);
    }

    #[test]
    fn the_share_from_70_begins_in_the_month_after_except_for_those_born_on_a_first() {
        assert_eq!(share_from_70_begins(date!(1956 - 11 - 22)), Some(date!(2026 - 12 - 01)));
        assert_eq!(share_from_70_begins(date!(1956 - 11 - 01)), Some(date!(2026 - 11 - 01)));
        assert_eq!(share_from_70_begins(date!(1956 - 11 - 02)), Some(date!(2026 - 12 - 01)));
        assert_eq!(share_from_70_begins(date!(1956 - 12 - 15)), Some(date!(2027 - 01 - 01)));
        assert_eq!(share_from_70_begins(date!(1957 - 01 - 01)), Some(date!(2027 - 01 - 01)));
        assert_eq!(share_from_70_begins(date!(1956 - 02 - 29)), Some(date!(2026 - 03 - 01)));
        assert_eq!(
            is_in_the_share_from_70(&born("1956-11-22"), date!(2026 - 11 - 30)),
            Answer::No
        );
        assert_eq!(
            is_in_the_share_from_70(&born("1956-11-22"), date!(2026 - 12 - 01)),
            Answer::Yes
        );
    }

    #[test]
    fn the_late_stage_scheme_begins_on_the_75th_birthday_itself() {
        let birthday = born("昭和26年11月22日");
        assert_eq!(is_in_late_stage_from_75(&birthday, date!(2026 - 11 - 21)), Answer::No);
        assert_eq!(is_in_late_stage_from_75(&birthday, date!(2026 - 11 - 22)), Answer::Yes);
    }

    #[test]
    fn an_unknown_birthday_is_answered_only_where_every_possible_day_agrees() {
        let today = date!(2026 - 11 - 22);
        assert_eq!(is_under_15(&born("昭和20年頃"), today), Answer::No);
        assert_eq!(is_in_late_stage_from_75(&born("昭和20年頃"), today), Answer::Yes);
        assert_eq!(is_in_late_stage_from_75(&born("昭和26年頃"), today), Answer::CannotTell);
        assert_eq!(is_under_15(&born("平成23年"), today), Answer::CannotTell);
        assert_eq!(is_under_15(&born("平成23年12月"), today), Answer::Yes);
        assert_eq!(is_under_15(&Birthday::unknown(), today), Answer::CannotTell);
        assert_eq!(is_adult(&born("昭和年月日不詳"), today), Answer::Yes);
        assert_eq!(
            is_due_for_health_check(&born("昭和年月日不詳"), 2026),
            Answer::CannotTell
        );
        assert_eq!(age_on(&born("1945-00-00"), today), Some((80, 81)));
        assert_eq!(age_on(&born("2026-11-23"), today), None);
    }
}

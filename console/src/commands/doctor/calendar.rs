//! The days on which the counter is closed: until when the holidays are announced.

use issuance::calendar::Calendar;
use time::Date;

use super::Finding;
use crate::{commands::words::Lang, config::Config};

/// Opens the calendar as the console does.
pub(super) fn examine(config: &Config, today: Date, lang: Lang) -> Finding {
    match config.calendar.open() {
        Ok(calendar) => of(&calendar, today, lang),
        Err(error) => Finding::bad(
            "calendar",
            error.to_string(),
            lang.pick(
                "[calendar] holidays_file に、内閣府の「国民の祝日」の CSV を置いてください",
                "put the Cabinet Office's CSV of holidays at [calendar] holidays_file",
            ),
        ),
    }
}

fn of(calendar: &Calendar, today: Date, lang: Lang) -> Finding {
    let until = calendar.announced_until();
    let equinoxes: Vec<String> = calendar
        .computed()
        .filter(|(_, name)| name.ends_with("分の日"))
        .map(|(day, name)| format!("{day} {name}"))
        .collect();
    let computed = match equinoxes.is_empty() {
        true => String::new(),
        false => lang.pick(
            format!("(計算による日: {})", equinoxes.join("、")),
            format!(" (computed: {})", equinoxes.join(", ")),
        ),
    };
    let found = lang.pick(
        format!("祝日は {until} まで発表どおり{computed}"),
        format!("holidays as announced until {until}{computed}"),
    );
    let advice = lang.pick(
        "内閣府が2月に公表する「国民の祝日」の CSV を [calendar] holidays_file に置いてください",
        "put the CSV of holidays that the Cabinet Office publishes in February at [calendar] holidays_file",
    );
    match calendar.ends_soon(today) {
        None => Finding::good("calendar", found),
        Some(end) if end.is_over => Finding::bad("calendar", found, advice),
        Some(_) => Finding::warning("calendar", found, advice),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::doctor::Condition;
    use time::macros::date;

    #[test]
    fn the_end_of_the_announced_holidays_is_told_months_before() {
        let on = |today| of(&Calendar::default(), today, Lang::En).condition;
        assert_eq!(on(date!(2026 - 11 - 30)), Condition::Good);
        assert_eq!(on(date!(2027 - 10 - 01)), Condition::Warning);
        assert_eq!(on(date!(2028 - 01 - 01)), Condition::Bad);
        let found = of(&Calendar::default(), date!(2026 - 11 - 30), Lang::Ja).found;
        assert!(
            found.contains("2028-03-20 春分の日") && found.contains("2028-09-22 秋分の日"),
            "{found}"
        );
    }
}

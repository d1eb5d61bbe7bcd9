//! Made-up treatment of the made-up city's people, as an insurer would hand it in for 医療費通知: no illness, no doctor lives.

use relay_core::chance::SeededChance;
use time::Date;

use super::Dice;
use crate::{
    era::age::{Answer, age_on, is_in_late_stage_from_75},
    person::Resident,
};

/// The heading of the file.
pub const HEADER: &str = "宛名番号,受診年月,医療機関等名,区分,日数,医療費総額,食事・生活療養費,自己負担相当額";

const PROVIDERS: [(&str, &str); 10] = [
    ("汐見市立中央病院", "外来"),
    ("港町内科クリニック", "外来"),
    ("みさき整形外科", "外来"),
    ("さくら眼科医院", "外来"),
    ("浜通歯科医院", "歯科"),
    ("なぎさ薬局", "調剤"),
    ("しおかぜ薬局 本町店", "調剤"),
    ("汐見接骨院", "柔整"),
    ("訪問看護ステーション灯台", "訪問"),
    ("○○県医療機関", "外来"),
];
const HOSPITAL: (&str, &str) = ("汐見市立中央病院", "入院");

/// A line of the file for each treatment of `resident` in the months before `today`, of one who is insured by the city; about
/// a third of the households are.
pub fn visits(seed: u64, resident: &Resident, today: Date) -> Vec<String> {
    let number: u64 = resident
        .household
        .bytes()
        .fold(seed, |sum, byte| sum.wrapping_mul(31) + u64::from(byte));
    // The specimens of the manuals are insured: their letters can be looked at.
    let specimen = resident.number.as_str() < "0001000000";
    if !(specimen || number % 3 == 0) || is_in_late_stage_from_75(&resident.birthday, today) != Answer::No {
        return Vec::new();
    }
    let own = resident
        .number
        .bytes()
        .fold(number, |sum, byte| sum.wrapping_mul(131) + u64::from(byte));
    let mut dice = Dice(SeededChance::new(own));
    let (_, age) = age_on(&resident.birthday, today).unwrap_or((40, 40));
    let share: u64 = match age {
        ..7 => 2,
        7..70 => 3,
        _ => 2,
    };
    let count = match specimen {
        true => 3 + dice.below(4),
        false => dice.below(7),
    };
    let mut lines: Vec<String> = (0..count)
        .map(|_| {
            let back = dice.between(2, 11);
            let months = today.year() * 12 + i32::from(u8::from(today.month())) - 1 - back;
            let inpatient = dice.happens(1, 40);
            let (provider, kind) = if inpatient {
                HOSPITAL
            } else {
                PROVIDERS[dice.leaning(PROVIDERS.len())]
            };
            let (days, total, meals) = match inpatient {
                true => {
                    let days = 3 + dice.below(12);
                    (days, days * (28_000 + 10 * dice.below(2_000)), days * 3 * 490)
                }
                false => (1 + dice.below(3), 1_500 + 10 * dice.below(1_800), 0),
            };
            let paid = (total * share).div_ceil(100) * 10;
            format!(
                "{},{}-{:02},{provider},{kind},{days},{total},{meals},{paid}",
                resident.number,
                months / 12,
                months % 12 + 1
            )
        })
        .collect();
    // By month, as insurers write it.
    lines.sort();
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        demo_city::residents,
        notice::{handed_in, template::builtin},
    };
    use time::macros::date;

    #[test]
    fn what_the_city_hands_in_is_read_without_a_rejected_line() {
        let today = date!(2026 - 11 - 22);
        let mut file = format!("{HEADER}\n");
        for resident in residents(1, 3_000, today) {
            for line in visits(1, &resident, today) {
                file.push_str(&line);
                file.push('\n');
            }
        }
        let kinds = builtin().unwrap();
        let read = handed_in::read(file.as_bytes(), kinds.find("medical-expenses").unwrap()).unwrap();
        assert_eq!(read.rejected, []);
        assert!((300..2_000).contains(&read.people.len()), "{}", read.people.len());
    }
}

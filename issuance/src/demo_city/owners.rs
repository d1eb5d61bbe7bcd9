//! What the offices of a made-up city know of its people: files as their owners would hand them over. No figure in them is
//! anybody's.

use std::{
    fs,
    io::{self, Write as _},
    path::Path,
};

use relay_core::list::end_line;
use time::{Date, Month};

use crate::person::{Resident, Sex};

/// As many people as have records: the people of the manuals are among them.
const PEOPLE: usize = 3_000;

/// Writes `coverage.csv`, `costs.csv`, `checkup.csv` and `pension.csv` of the first residents into `folder`, as of `today`.
///
/// # Errors
/// When a file cannot be written.
pub fn write(folder: &Path, residents: impl Iterator<Item = Resident>, today: Date) -> io::Result<()> {
    let file = |name: &str| csv::Writer::from_path(folder.join(name));
    let mut coverage = file("coverage.csv")?;
    coverage.write_record([
        "person",
        "kana",
        "born",
        "insurer-number",
        "insurer-name",
        "symbol",
        "number",
        "branch",
        "valid-from",
        "valid-until",
        "ended-because",
        "share",
        "card-until",
        "certificate",
    ])?;
    let mut costs = file("costs.csv")?;
    costs.write_record([
        "person",
        "kana",
        "born",
        "month",
        "institution",
        "care",
        "days",
        "total",
        "paid",
    ])?;
    let mut checkup = file("checkup.csv")?;
    checkup.write_record([
        "person",
        "kana",
        "born",
        "taken-on",
        "institution",
        "sex",
        "height",
        "weight",
        "waist",
        "bmi",
        "systolic",
        "diastolic",
        "triglycerides",
        "hdl",
        "ldl",
        "glucose",
        "hba1c",
        "hba1c-unit",
        "ast",
        "alt",
        "ggt",
    ])?;
    let mut pension = file("pension.csv")?;
    pension.write_record([
        "person",
        "kana",
        "born",
        "scheme",
        "from",
        "until",
        "months",
        "paid-months",
    ])?;
    let mut counts = [0; 4];
    for (number, resident) in residents.take(PEOPLE).enumerate() {
        let born = &resident.birthday;
        let (Some(year), Some(month), Some(day)) = (born.year(), born.month(), born.day()) else {
            continue;
        };
        let who = Who {
            number,
            key: format!("{}-{:02}", resident.household, number % 90 + 1),
            kana: resident.kana.clone(),
            born: format!("{year:04}-{month:02}-{day:02}"),
            age: today.year() - year,
            woman: resident.sex == Sex::Female,
        };
        for row in who.coverage(today) {
            counts[0] += 1;
            coverage.write_record(who.with(&row))?;
        }
        for row in who.costs(today) {
            counts[1] += 1;
            costs.write_record(who.with(&row))?;
        }
        for row in who.checkups(today) {
            counts[2] += 1;
            checkup.write_record(who.with(&row))?;
        }
        for row in who.pension(today) {
            counts[3] += 1;
            pension.write_record(who.with(&row))?;
        }
    }
    for (file, rows) in [coverage, costs, checkup, pension].into_iter().zip(counts) {
        let mut file = file.into_inner().map_err(|error| error.into_error())?;
        file.write_all(end_line(rows).as_bytes())?;
    }
    fs::write(folder.join("as-of"), format!("{today}T00:00:00+09:00"))
}

struct Who {
    number: usize,
    key: String,
    kana: String,
    born: String,
    age: i32,
    woman: bool,
}

impl Who {
    fn with(&self, row: &[String]) -> Vec<String> {
        let mut whole = vec![self.key.clone(), self.kana.clone(), self.born.clone()];
        whole.extend_from_slice(row);
        whole
    }

    /// Some figure from `low` to `high`, the same each time for one person and one `what`.
    fn figure(&self, what: u64, low: i64, high: i64) -> i64 {
        let mixed =
            (self.number as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ what.wrapping_mul(0xd1b5_4a32_d192_ed03);
        let mixed = (mixed ^ (mixed >> 31)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        low + i64::try_from((mixed >> 33) % u64::try_from(high - low + 1).unwrap_or(1)).unwrap_or_default()
    }

    /// Most are insured; some have left, some were never here, and two have two at once.
    fn coverage(&self, today: Date) -> Vec<Vec<String>> {
        let row = |number: String, from: String, until: String, why: &str| {
            let share = if self.age < 7 || self.age >= 70 { "2" } else { "3" };
            let review = format!("{}-08-01", today.year() + 1);
            [
                "429996",
                "汐見市国民健康保険",
                "汐見",
                &number,
                "01",
                &from,
                &until,
                why,
                share,
                &review,
                "一般",
            ]
            .map(str::to_owned)
            .to_vec()
        };
        let number = format!("{:07}", 1_000_000 + self.number);
        let year = today.year();
        let before = row(
            number.clone(),
            format!("{}-04-01", year - 9),
            format!("{}-03-31", year - 4),
            "社会保険に加入",
        );
        let now = row(number.clone(), format!("{}-04-01", year - 2), String::new(), "");
        match self.number % 13 {
            7 => Vec::new(),
            5 => vec![row(
                number,
                format!("{}-04-01", year - 6),
                format!("{}-09-30", year),
                "社会保険に加入",
            )],
            11 => vec![
                now,
                row(
                    format!("{:07}", 2_000_000 + self.number),
                    format!("{year}-01-01"),
                    String::new(),
                    "",
                ),
            ],
            _ => vec![before, now],
        }
    }

    fn costs(&self, today: Date) -> Vec<Vec<String>> {
        const PLACES: [(&str, &str); 5] = [
            ("みなと診療所", "外来"),
            ("磯部薬局", "調剤"),
            ("汐見中央病院", "外来"),
            ("はま歯科医院", "歯科"),
            ("汐見中央病院", "入院"),
        ];
        if matches!(self.number % 13, 7) {
            return Vec::new();
        }
        let mut rows = Vec::new();
        // Notices come two months late.
        for back in 3..27 {
            let (year, month) = months_before(today, back);
            let mut before: Vec<usize> = Vec::new();
            for line in 0..self.figure(back.unsigned_abs().into(), 0, 2) {
                let what = u64::from(back.unsigned_abs()) * 8 + line.unsigned_abs();
                let at = if self.figure(what, 0, 40) == 0 {
                    4
                } else {
                    usize::try_from(self.figure(what + 1, 0, 3)).unwrap_or(0)
                };
                // One line a month, institution and kind of care.
                if before.contains(&at) {
                    continue;
                }
                before.push(at);
                let (place, care) = PLACES[at];
                let days = if at == 4 { self.figure(what, 3, 12) } else { 1 };
                let total = self.figure(what + 2, 20, 140) * 100 * days;
                let share = if self.age < 7 || self.age >= 70 { 2 } else { 3 };
                let paid = (total * share / 10 + 5) / 10 * 10;
                rows.push(vec![
                    format!("{year}-{month:02}"),
                    place.to_owned(),
                    care.to_owned(),
                    days.to_string(),
                    total.to_string(),
                    paid.to_string(),
                ]);
            }
        }
        rows
    }

    /// 特定健診 is for people from 40 to 74.
    fn checkups(&self, today: Date) -> Vec<Vec<String>> {
        if !(40..=74).contains(&self.age) || self.number % 5 == 4 {
            return Vec::new();
        }
        let tall = if self.woman {
            self.figure(1, 148, 165)
        } else {
            self.figure(1, 160, 178)
        };
        let tenths = |tenths: i64| format!("{}.{}", tenths / 10, tenths % 10);
        (0..5)
            .rev()
            .map(|back| {
                let what = |item: u64| item * 16 + u64::from(u32::try_from(back).unwrap_or(0));
                let drift = 4 - i64::from(back);
                let weight = self.figure(2, 48, 82) + drift / 2;
                vec![
                    format!(
                        "{}-09-{:02}",
                        today.year() - back - i32::from(today.month() < Month::October),
                        10 + self.number % 15
                    ),
                    "汐見市保健センター".to_owned(),
                    if self.woman { "女" } else { "男" }.to_owned(),
                    tall.to_string(),
                    weight.to_string(),
                    (self.figure(3, 70, 94) + drift / 2).to_string(),
                    tenths(weight * 100_000 / (tall * tall)),
                    (self.figure(4, 112, 140) + drift * 2).to_string(),
                    (self.figure(5, 68, 86) + drift).to_string(),
                    self.figure(what(6), 60, 190).to_string(),
                    self.figure(what(7), 38, 80).to_string(),
                    self.figure(what(8), 85, 150).to_string(),
                    (self.figure(9, 84, 108) + drift).to_string(),
                    tenths(self.figure(10, 50, 60) + drift / 2),
                    "NGSP".to_owned(),
                    self.figure(what(11), 15, 36).to_string(),
                    self.figure(what(12), 12, 40).to_string(),
                    self.figure(what(13), 15, 70).to_string(),
                ]
            })
            .collect()
    }

    fn pension(&self, today: Date) -> Vec<Vec<String>> {
        let years = (self.age - 20).min(40);
        if years < 1 {
            return Vec::new();
        }
        let from = today.year() - self.age + 20;
        let months = i64::from(years) * 12;
        vec![vec![
            "国民年金(見本)".to_owned(),
            format!("{from}-04"),
            if self.age >= 60 {
                format!("{}-03", from + 40)
            } else {
                String::new()
            },
            months.to_string(),
            (months - self.figure(20, 0, 11)).to_string(),
        ]]
    }
}

/// The year and month `back` months before `day`'s.
fn months_before(day: Date, back: i32) -> (i32, i32) {
    let months = day.year() * 12 + i32::from(u8::from(day.month())) - 1 - back;
    (months.div_euclid(12), months.rem_euclid(12) + 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::demo_city::residents;
    use time::macros::date;

    #[test]
    fn every_office_has_files_of_the_people_of_the_manuals_and_none_holds_the_citys_numbers() {
        let folder = std::env::temp_dir().join(format!("madoguchi-owners-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let today = date!(2026 - 12 - 01);
        write(&folder, residents(1, 200, today), today).unwrap();
        let people: Vec<_> = residents(1, 200, today).collect();
        for name in ["coverage", "costs", "checkup", "pension"] {
            let text = fs::read_to_string(folder.join(format!("{name}.csv"))).unwrap();
            assert!(text.lines().count() > 50, "{name}");
            assert!(
                people.iter().all(|one| !text.contains(&format!(",{},", one.number))),
                "{name}"
            );
        }
        fs::remove_dir_all(&folder).unwrap();
    }
}

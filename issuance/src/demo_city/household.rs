//! Households: who lives together, how old, under which names.

use time::{Date, Duration, Month};

use super::{City, names::Name, place::Place};
use crate::{
    era::{WrittenDate, wareki},
    person::{Resident, Sex},
};

/// What the members of one household share.
struct Home {
    number: String,
    place: Place,
    surname: Name,
    telephone: Option<String>,
    protected: bool,
    moved: (WrittenDate, &'static str),
}

impl City {
    /// Makes one household and lets its members wait.
    pub(super) fn household(&mut self) {
        let home = self.home();
        if self.dice.happens(1, 45) {
            return self.foreign_household(&home);
        }
        match self.dice.below(100) {
            0..36 => self.single(&home),
            36..60 => {
                let age = self.dice.between(26, 92);
                self.couple(&home, age);
            }
            60..86 => {
                let age = self.dice.between(26, 58);
                self.couple(&home, age);
                self.children(&home, age, "子");
            }
            86..94 => self.one_parent(&home),
            _ => self.three_generations(&home),
        }
    }

    fn home(&mut self) -> Home {
        let moved_on = self.today - Duration::days(self.dice.between(20, 14_000).into());
        let reason = self.dice.pick(&["転入", "転居", "転居", "世帯変更"]);
        Home {
            number: self.next_household(),
            place: self.dice.place(),
            surname: self.dice.surname(),
            telephone: self.dice.happens(3, 5).then(|| self.dice.telephone()),
            protected: self.dice.happens(1, 300),
            moved: (in_wareki(moved_on), reason),
        }
    }

    fn single(&mut self, home: &Home) {
        let sex = self.sex();
        let age = self.dice.between(18, 97);
        self.member(home, home.surname, sex, age, "世帯主");
    }

    fn couple(&mut self, home: &Home, age: i32) {
        let (head, partner, relation) = if self.dice.happens(1, 9) {
            (Sex::Female, Sex::Male, "夫")
        } else {
            (Sex::Male, Sex::Female, "妻")
        };
        let relation = if self.dice.happens(1, 60) {
            "同居人"
        } else {
            relation
        };
        self.member(home, home.surname, head, age, "世帯主");
        let surname = if relation == "同居人" {
            self.dice.surname()
        } else {
            home.surname
        };
        let younger = (age + self.dice.between(-6, 3)).max(18);
        self.member(home, surname, partner, younger, relation);
    }

    /// Children of parents whose age is `age`; a parent was 18 at least.
    fn children(&mut self, home: &Home, age: i32, relation: &str) {
        let eldest = age - self.dice.between(20, 34);
        let mut next = eldest.min(age - 20).clamp(0, 30);
        for _ in 0..=self.dice.below(3) {
            let sex = self.sex();
            self.member(home, home.surname, sex, next, relation);
            next -= self.dice.between(1, 4);
            if next < 0 {
                break;
            }
        }
    }

    fn one_parent(&mut self, home: &Home) {
        let age = self.dice.between(24, 58);
        let sex = if self.dice.happens(1, 7) {
            Sex::Male
        } else {
            Sex::Female
        };
        self.member(home, home.surname, sex, age, "世帯主");
        self.children(home, age, "子");
    }

    fn three_generations(&mut self, home: &Home) {
        let age = self.dice.between(58, 84);
        self.couple(home, age);
        let child = (age - self.dice.between(24, 32)).max(26);
        self.member(home, home.surname, Sex::Male, child, "子");
        let wife = child - self.dice.between(0, 4);
        self.member(home, home.surname, Sex::Female, wife, "子の妻");
        self.children(home, wife, "子の子");
        if self.dice.happens(1, 6) {
            self.member(home, home.surname, Sex::Female, age + 22, "母");
        }
    }

    fn foreign_household(&mut self, home: &Home) {
        let (name, kana, alias, sex) = *self.dice.foreign_name();
        let age = self.dice.between(19, 66);
        let born = self.birthday(age);
        let mut resident = self.resident(home, (name.into(), kana.into()), born.into(), sex, "世帯主");
        resident.alias = alias.map(str::to_owned);
        resident.changed_on = Some(self.after(born, home));
        resident.change_reason = Some("転入".into());
        self.waiting.push_back(resident);
    }

    fn member(&mut self, home: &Home, surname: Name, sex: Sex, age: i32, relation: &str) {
        let born = self.birthday(age);
        let given = self.dice.given_name(sex, born.year());
        let name = (
            format!("{} {}", surname.0, given.0),
            format!("{} {}", surname.1, given.1),
        );
        let birthday = self.written_birthday(born);
        let mut resident = self.resident(home, name, birthday, sex, relation);
        let (on, reason) = self.entered(home, born, relation);
        resident.changed_on = Some(on);
        resident.change_reason = Some(reason.into());
        self.waiting.push_back(resident);
    }

    fn resident(
        &mut self,
        home: &Home,
        (name, kana): (String, String),
        birthday: WrittenDate,
        sex: Sex,
        relation: &str,
    ) -> Resident {
        let phone = match birthday.year() {
            Some(year) if self.today.year() - year < 12 => home.telephone.clone(),
            _ if self.dice.happens(1, 2) => Some(self.dice.mobile()),
            _ => home.telephone.clone(),
        };
        Resident {
            number: self.next_number(),
            household: home.number.clone(),
            name,
            kana,
            alias: None,
            birthday,
            sex,
            relation: relation.to_owned(),
            postal_code: home.place.postal_code.clone(),
            address: home.place.address.clone(),
            building: home.place.building.clone(),
            phone,
            changed_on: None,
            change_reason: None,
            protected: home.protected,
        }
    }

    /// How a member came into the household: with it, by birth after it came here, or grown up and by marriage.
    fn entered(&mut self, home: &Home, born: Date, relation: &str) -> (WrittenDate, &'static str) {
        let (on, reason) = &home.moved;
        let is_child = matches!(relation, "子" | "子の子");
        let earliest = if is_child {
            born
        } else {
            born + Duration::days(365 * 20 + self.dice.between(0, 900) as i64)
        };
        if on.date().is_some_and(|on| on >= earliest) {
            return (on.clone(), reason);
        }
        let reason = match relation {
            "子" | "子の子" => "出生",
            "妻" | "夫" | "子の妻" => "婚姻",
            _ => "転入",
        };
        (in_wareki(earliest.min(self.today)), reason)
    }

    /// A birthday of someone who is `age` today.
    fn birthday(&mut self, age: i32) -> Date {
        let days = self.dice.between(0, 364);
        let years_ago = Date::from_calendar_date(self.today.year() - age, Month::January, 1).unwrap_or(self.today);
        let latest = years_ago
            .replace_ordinal(self.today.ordinal().min(365))
            .unwrap_or(years_ago);
        (latest - Duration::days(days.into())).min(self.today)
    }

    /// As the register writes it; of some of the oldest only the year, or about the year, is known.
    fn written_birthday(&mut self, born: Date) -> WrittenDate {
        let whole = in_wareki(born);
        if born.year() > self.today.year() - 78 || !self.dice.happens(1, 150) {
            return whole;
        }
        let year = wareki(born)
            .split_once('年')
            .map(|(year, _)| year.to_owned())
            .unwrap_or_default();
        let text = match self.dice.below(3) {
            0 => format!("{year}年頃"),
            1 => format!("{year}年月日不詳"),
            _ => format!("{:04}-00-00", born.year()),
        };
        WrittenDate::read(&text).unwrap_or(whole)
    }

    fn after(&mut self, born: Date, home: &Home) -> WrittenDate {
        match home.moved.0.date() {
            // Foreign residents stand in the register since 2012-07-09, written in western form.
            Some(on) if on > born => on.max(time::macros::date!(2012 - 07 - 09)).into(),
            _ => born.into(),
        }
    }

    fn sex(&mut self) -> Sex {
        if self.dice.happens(1, 2) {
            Sex::Male
        } else {
            Sex::Female
        }
    }
}

/// Reads what the register would write; any day after 明治 can be read back.
pub(super) fn in_wareki(day: Date) -> WrittenDate {
    WrittenDate::read(&wareki(day)).unwrap_or_else(|_| day.into())
}

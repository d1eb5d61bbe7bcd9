//! 汐見市: a made-up city for demonstrations and measurements. No person in it lives.
//!
//! The same seed gives the same city on every machine. Households with heads, couples, children and grandparents;
//! names by generation; people of the same name; foreign residents with aliases; 𠮷 and 葛󠄀; very long names; unknown
//! birthdays; households under support measures. Every child under 15 lives with a parent. Postal codes (859-99…) and
//! phone numbers (local exchanges and subscriber blocks of 00) lie in ranges that are not given out.

use std::collections::VecDeque;

use relay_core::chance::{SeededChance, draw};
use time::Date;

use crate::person::Resident;

mod file;
mod household;
mod names;
pub mod owners;
mod place;
mod specimens;
mod visits;

pub use file::{Written, write_csv};
pub use visits::{HEADER as VISITS_HEADER, visits};

/// The city's name.
pub const CITY: &str = "汐見市";

/// The residents of the city for `seed`, `rows` of them, as of the day `today`; households stand together. The first
/// dozen are the same in every city: the people of the manuals.
pub fn residents(seed: u64, rows: usize, today: Date) -> impl Iterator<Item = Resident> {
    let mut city = City {
        dice: Dice(SeededChance::new(seed)),
        today,
        last_number: 0,
        last_household: 0,
        waiting: VecDeque::new(),
    };
    city.specimens();
    city.take(rows)
}

/// The city being made.
struct City {
    dice: Dice,
    today: Date,
    last_number: u64,
    last_household: u64,
    waiting: VecDeque<Resident>,
}

impl Iterator for City {
    type Item = Resident;

    fn next(&mut self) -> Option<Resident> {
        while self.waiting.is_empty() {
            self.household();
        }
        self.waiting.pop_front()
    }
}

impl City {
    /// Numbers rise with gaps, as those of a register do in which people have come and gone.
    fn next_number(&mut self) -> String {
        self.last_number += 1 + self.dice.below(7);
        format!("{:010}", 1_000_000 + self.last_number)
    }

    fn next_household(&mut self) -> String {
        self.last_household += 1 + self.dice.below(5);
        format!("{:08}", 100_000 + self.last_household)
    }
}

/// Chance in the shapes the city needs.
struct Dice(SeededChance);

impl Dice {
    /// A number below `end`; `end` must not be 0.
    fn below(&mut self, end: u64) -> u64 {
        // The bias of the remainder is far below anything a demonstration shows.
        u64::from_le_bytes(draw(&mut self.0)) % end.max(1)
    }

    /// A number from `from` to `to`, both included.
    fn between(&mut self, from: i32, to: i32) -> i32 {
        from + self.below((to - from + 1).max(1) as u64) as i32
    }

    /// True `times` in `of`.
    fn happens(&mut self, times: u64, of: u64) -> bool {
        self.below(of) < times
    }

    fn pick<'a, T: ?Sized>(&mut self, from: &[&'a T]) -> &'a T {
        from[self.below(from.len() as u64) as usize]
    }

    /// An index below `end`, the smaller the likelier: names are not spread evenly.
    fn leaning(&mut self, end: usize) -> usize {
        let (one, other) = (self.below(end as u64), self.below(end as u64));
        one.min(other) as usize
    }
}

#[cfg(test)]
mod tests;

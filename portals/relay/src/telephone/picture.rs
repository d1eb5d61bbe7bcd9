//! Twelve pictures that nobody mistakes for one another, each with a word: whoever cannot see compares the words.

use std::fmt;

use askama::filters::HtmlSafe;
use relay_core::chance::{Chance, draw};

/// One picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Picture {
    /// The key of its word.
    pub word: &'static str,
    drawing: &'static str,
}

impl HtmlSafe for Picture {}

impl fmt::Display for Picture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let drawing = self.drawing;
        write!(
            f,
            "<svg class=\"picture\" viewBox=\"0 0 48 48\" aria-hidden=\"true\" fill=\"none\" stroke=\"currentColor\" \
             stroke-width=\"2.5\" stroke-linecap=\"round\" stroke-linejoin=\"round\">{drawing}</svg>"
        )
    }
}

const fn picture(word: &'static str, drawing: &'static str) -> Picture {
    Picture { word, drawing }
}

impl Picture {
    /// All of them.
    pub const ALL: [Self; 12] = [
        picture(
            "picture-boat",
            "<path d=\"M6 31h36l-6 9H12zM23 31V7L10 26h13M28 12l10 14H28\"/>",
        ),
        picture(
            "picture-fish",
            "<path d=\"M5 24c6-9 12-12 19-12 8 0 14 6 17 12-3 6-9 12-17 12-7 0-13-3-19-12zM41 24l4-8M41 24l4 8M14 21v.1\"/>",
        ),
        picture(
            "picture-umbrella",
            "<path d=\"M5 25a19 19 0 0 1 38 0zM24 6V3M24 25v14a4 4 0 0 0 8 0\"/>",
        ),
        picture(
            "picture-key",
            "<circle cx=\"14\" cy=\"24\" r=\"8\"/><path d=\"M22 24h21v7M35 24v6\"/>",
        ),
        picture(
            "picture-star",
            "<path d=\"M24 5l6 12 13 2-9.5 9.2 2.3 13.3L24 35l-11.8 6.5 2.3-13.3L5 19l13-2z\"/>",
        ),
        picture("picture-tree", "<path d=\"M24 4L10 20h7L7 34h34L31 20h7zM24 34v10\"/>"),
        picture(
            "picture-house",
            "<path d=\"M4 24L24 6l20 18M10 20v22h28V20M20 42V30h8v12\"/>",
        ),
        picture(
            "picture-bell",
            "<path d=\"M10 36V22a14 14 0 0 1 28 0v14l4 4H6zM20 44h8M24 8V4\"/>",
        ),
        picture(
            "picture-moon",
            "<path d=\"M31 6a19 19 0 1 0 11 28A17 17 0 0 1 31 6z\"/>",
        ),
        picture(
            "picture-flower",
            "<circle cx=\"24\" cy=\"18\" r=\"4.5\"/><path d=\"M24 13.5c-5-8-13-1-7 4.5-8 1-4 11 3 7 1 7 9 7 10 0 6 4 11-5 3-7 7-6-4-12-9-4.5zM24 30v14M24 40c5 0 8-2 9-6\"/>",
        ),
        picture(
            "picture-cup",
            "<path d=\"M8 16h26v16a9 9 0 0 1-9 9h-8a9 9 0 0 1-9-9zM34 20h4a5 5 0 0 1 0 12h-4M16 10V5M25 10V5\"/>",
        ),
        picture(
            "picture-mountain",
            "<path d=\"M3 40L19 10l9 16 5-8 12 22zM14 20l5 4 5-5\"/>",
        ),
    ];

    /// The one that is called `number`; the first where there is none.
    pub fn numbered(number: u8) -> Self {
        Self::ALL.get(usize::from(number)).copied().unwrap_or(Self::ALL[0])
    }
}

/// How many are offered to choose from.
const OFFERED: usize = 6;

/// The right one among others, in an order of chance.
pub(super) fn among_others(right: u8, chance: &mut dyn Chance) -> Vec<u8> {
    let others = (0..Picture::ALL.len() as u8).filter(|number| *number != right);
    let mut offered = shuffled(others.collect(), chance);
    offered.truncate(OFFERED - 1);
    offered.push(right);
    shuffled(offered, chance)
}

fn shuffled(numbers: Vec<u8>, chance: &mut dyn Chance) -> Vec<u8> {
    let mut drawn: Vec<([u8; 8], u8)> = numbers.into_iter().map(|number| (draw(chance), number)).collect();
    drawn.sort_unstable();
    drawn.into_iter().map(|(_, number)| number).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use relay_core::chance::SeededChance;

    #[test]
    fn the_right_picture_is_offered_once_among_five_others_and_in_no_place_of_its_own() {
        let mut chance = SeededChance::new(7);
        let mut places = [0; OFFERED];
        for round in 0..600_u32 {
            let right = (round % 12) as u8;
            let offered = among_others(right, &mut chance);
            assert_eq!(offered.len(), OFFERED);
            assert!(
                offered
                    .iter()
                    .all(|one| offered.iter().filter(|other| one == *other).count() == 1)
            );
            places[offered.iter().position(|one| *one == right).unwrap()] += 1;
        }
        assert!(places.iter().all(|times| (60..140).contains(times)), "{places:?}");
    }
}

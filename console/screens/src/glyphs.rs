//! Symbols and borders for terminals that draw ambiguous characters one or two cells wide.
//!
//! Every symbol fills a slot of two cells, so rows with and without one align in both sets.

use super::text::Ambiguous;

/// The set in use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Glyphs {
    /// How wide ambiguous characters are; every width on the screen is counted by it.
    pub ambiguous: Ambiguous,
    /// Border: horizontal, vertical, top left, top right, bottom left, bottom right, left tee, right tee.
    pub border: [&'static str; 8],
    pub done: &'static str,
    pub here: &'static str,
    pub todo: &'static str,
    pub warn: &'static str,
    pub stop: &'static str,
    pub on: &'static str,
    pub off: &'static str,
    /// A box that is ticked, and one that is not.
    pub ticked: [&'static str; 2],
    /// A round choice taken, and one not.
    pub chosen: [&'static str; 2],
    /// A bar's full and empty cell.
    pub bar: [&'static str; 2],
    pub ellipsis: &'static str,
    pub dot: &'static str,
    /// Between a thing and the next step.
    pub arrow: &'static str,
}

impl Glyphs {
    /// The set for a terminal that draws ambiguous characters so wide.
    pub const fn for_terminal(ambiguous: Ambiguous) -> Self {
        match ambiguous {
            Ambiguous::Narrow => Self {
                ambiguous,
                border: ["─", "│", "┌", "┐", "└", "┘", "├", "┤"],
                done: "✓ ",
                here: "▸ ",
                todo: "・",
                warn: "⚠ ",
                stop: "✗ ",
                on: "●",
                off: "○",
                ticked: ["[✓]", "[ ]"],
                chosen: ["(●)", "( )"],
                bar: ["█", "░"],
                ellipsis: "…",
                dot: "●",
                arrow: "→ ",
            },
            // Only characters whose width no terminal disputes.
            Ambiguous::Wide => Self {
                ambiguous,
                border: ["-", "|", "+", "+", "+", "+", "+", "+"],
                done: "v ",
                here: "> ",
                todo: "・",
                warn: "! ",
                stop: "x ",
                on: "*",
                off: "-",
                ticked: ["[x]", "[ ]"],
                chosen: ["(*)", "( )"],
                bar: ["#", "."],
                ellipsis: "..",
                dot: "*",
                arrow: "> ",
            },
        }
    }
}

impl Default for Glyphs {
    fn default() -> Self {
        Self::for_terminal(Ambiguous::Narrow)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::width;

    #[test]
    fn every_symbol_fills_its_slot_on_both_kinds_of_terminal() {
        for ambiguous in [Ambiguous::Narrow, Ambiguous::Wide] {
            let set = Glyphs::for_terminal(ambiguous);
            for symbol in [set.done, set.here, set.todo, set.warn, set.stop, set.arrow] {
                assert_eq!(width(symbol, ambiguous), 2, "{symbol}");
            }
            for pair in [set.ticked, set.chosen, set.bar] {
                assert_eq!(width(pair[0], ambiguous), width(pair[1], ambiguous), "{pair:?}");
            }
            for one in set.border.iter().chain([&set.on, &set.off, &set.dot]) {
                assert_eq!(width(one, ambiguous), 1, "{one}");
            }
        }
    }
}

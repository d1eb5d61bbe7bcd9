//! Drawings that stand beside words. They say nothing that the words do not: a screen reader passes over them.

use std::fmt;

use askama::filters::HtmlSafe;

/// One drawing, in the colour of the text round it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Icon(&'static str);

impl HtmlSafe for Icon {}

impl fmt::Display for Icon {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(drawing) = self;
        write!(
            f,
            "<svg class=\"icon\" viewBox=\"0 0 24 24\" aria-hidden=\"true\">{drawing}</svg>"
        )
    }
}

pub const CARD: Icon = Icon(
    "<rect x=\"3\" y=\"5\" width=\"18\" height=\"14\" rx=\"2\"/><rect x=\"6\" y=\"9.5\" width=\"4.5\" height=\"4\" rx=\".8\"/>\
     <path d=\"M14 15.5h4\"/>",
);
pub const CLOCK: Icon = Icon("<circle cx=\"12\" cy=\"12\" r=\"9\"/><path d=\"M12 7v5l3.5 2\"/>");
pub const PERSON: Icon =
    Icon("<circle cx=\"12\" cy=\"8\" r=\"4\"/><path d=\"M4.5 20.5c.8-4 3.8-6 7.5-6s6.7 2 7.5 6\"/>");
pub const READER: Icon =
    Icon("<rect x=\"3\" y=\"4\" width=\"18\" height=\"12\" rx=\"1.5\"/><path d=\"M9 20h6M12 16v4\"/>");
pub const TELEPHONE: Icon =
    Icon("<rect x=\"7\" y=\"2.5\" width=\"10\" height=\"19\" rx=\"2\"/><path d=\"M11 18.5h2\"/>");
pub const LOCK: Icon =
    Icon("<rect x=\"5\" y=\"11\" width=\"14\" height=\"9\" rx=\"2\"/><path d=\"M8 11V8a4 4 0 0 1 8 0v3\"/>");
pub const ONWARD: Icon = Icon("<path d=\"M4 12h15M13 6l6 6-6 6\"/>");
pub const HOME: Icon = Icon("<path d=\"M4 11l8-7 8 7v8.5a1 1 0 0 1-1 1h-4.500v-6h-5v6H5a1 1 0 0 1-1-1z\"/>");
pub const SHIELD: Icon = Icon(
    "<path d=\"M12 3l7.500 3v5.500c0 4.500-3 7.800-7.500 9.500-4.500-1.700-7.500-5-7.500-9.500V6z\"/><path d=\"M9 12l2.200 2.200L15 10\"/>",
);
pub const YEN: Icon =
    Icon("<circle cx=\"12\" cy=\"12\" r=\"9\"/><path d=\"M8.500 7.500L12 12l3.500-4.500M12 12v5M9 13h6M9 15.500h6\"/>");
pub const HEART: Icon = Icon(
    "<path d=\"M12 20C6 15.500 3.500 12.500 3.500 9A4.500 4.500 0 0 1 12 7a4.500 4.500 0 0 1 8.500 2c0 3.500-2.500 6.500-8.500 11z\"/>",
);
pub const PENSION: Icon = Icon(
    "<rect x=\"4\" y=\"5\" width=\"16\" height=\"15\" rx=\"2\"/><path d=\"M4 10h16M8 3v4M16 3v4M8 14h3M8 17h6\"/>",
);
pub const EYE: Icon = Icon(
    "<path d=\"M2.500 12C5 7.500 8.200 5.500 12 5.500s7 2 9.500 6.500c-2.500 4.500-5.700 6.500-9.500 6.500S5 16.500 2.500 12z\"/><circle cx=\"12\" cy=\"12\" r=\"3\"/>",
);

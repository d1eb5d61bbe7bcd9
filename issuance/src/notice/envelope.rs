//! The window of a 長形3号 envelope, and where on the folded sheet it looks.
//!
//! 長形3号 is 120 × 235 mm (JIS S 5502). An A4 sheet folded in three is 210 × 99 mm, so it can slide 25 mm sideways and
//! 21 mm up and down. The post office asks that postal code and address stay in the window wherever the sheet slides
//! (日本郵便「定形郵便物・はがき作成のガイドライン」5. 窓付封筒), and window makers ask for at least 45 × 80 mm.
//! The stock window measured here is 90 × 45 mm, 20 mm from the left and 12 mm from the top.

use super::sheet::{FOLD, PAGE_WIDTH};

/// A rectangle on a page or envelope, in millimetres from the upper left corner.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Area {
    pub left: f32,
    pub top: f32,
    pub width: f32,
    pub height: f32,
}

impl Area {
    /// The right edge.
    pub fn right(&self) -> f32 {
        self.left + self.width
    }

    /// The lower edge.
    pub fn bottom(&self) -> f32 {
        self.top + self.height
    }
}

/// 長形3号 used sideways: width and height in millimetres.
const ENVELOPE: (f32, f32) = (235.0, 120.0);

/// The window, measured on the envelope.
pub const ENVELOPE_WINDOW: Area = Area {
    left: 20.0,
    top: 12.0,
    width: 90.0,
    height: 45.0,
};

/// How far the folded sheet can slide: to the right and downwards, from the upper left corner of the envelope.
const SLIDE: (f32, f32) = (ENVELOPE.0 - PAGE_WIDTH, ENVELOPE.1 - FOLD);

/// The part of the sheet that the window shows wherever the sheet has slid: the address must lie inside.
pub fn always_in_window() -> Area {
    Area {
        left: ENVELOPE_WINDOW.left,
        top: ENVELOPE_WINDOW.top,
        width: ENVELOPE_WINDOW.width - SLIDE.0,
        height: ENVELOPE_WINDOW.height - SLIDE.1,
    }
}

/// The part of the sheet that the window can show at all: nothing but the address may lie here.
pub fn ever_in_window() -> Area {
    let left = (ENVELOPE_WINDOW.left - SLIDE.0).max(0.0);
    let top = (ENVELOPE_WINDOW.top - SLIDE.1).max(0.0);
    Area {
        left,
        top,
        width: ENVELOPE_WINDOW.right() - left,
        height: ENVELOPE_WINDOW.bottom() - top,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_has_room_wherever_the_letter_slides() {
        let safe = always_in_window();
        assert_eq!((safe.left, safe.top, safe.width, safe.height), (20.0, 12.0, 65.0, 24.0));
        let seen = ever_in_window();
        assert_eq!(
            (seen.left, seen.top, seen.right(), seen.bottom()),
            (0.0, 0.0, 110.0, 57.0)
        );
    }
}

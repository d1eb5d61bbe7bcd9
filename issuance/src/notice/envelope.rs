//! The window of a 長形3号 envelope, and where on the folded sheet it looks.
//!
//! 長形3号 is 120 × 235 mm (JIS S 5502). An A4 sheet folded in three is 210 × 99 mm, so it can slide 25 mm sideways and
//! 21 mm up and down. The post office asks that postal code and address stay in the window wherever the sheet slides
//! (日本郵便「定形郵便物・はがき作成のガイドライン」5. 窓付封筒), and window makers ask for at least 45 × 80 mm.
//! The stock window measured here is 90 × 45 mm, 20 mm from the left and 12 mm from the top.

use super::{
    barcode,
    sheet::{FOLD, PAGE_WIDTH},
};

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

/// Left edge of what stands on a notice, in millimetres.
pub(super) const TEXT_LEFT: f32 = 20.0;
/// Width of what stands on a notice, in millimetres.
pub const TEXT_WIDTH: f32 = 172.0;

/// A window envelope for an A4 sheet folded in three.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Envelope {
    /// Used sideways, in millimetres.
    pub width: f32,
    pub height: f32,
    /// Measured on the envelope.
    pub window: Area,
}

/// An envelope whose window does not show what it must wherever the sheet slides.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum DoesNotSuit {
    /// The folded sheet does not go in.
    TooSmall,
    /// Postal code, address and barcode need this much of the sheet, always seen; the window always shows less.
    Window { needs: (f32, f32), shows: (f32, f32) },
    /// The window can show what stands beside the address.
    TooLarge,
}

impl DoesNotSuit {
    /// In Japanese.
    pub fn in_japanese(self) -> String {
        match self {
            Self::TooSmall => "封筒が小さすぎて、三つ折りの A4 が入りません。".to_owned(),
            Self::Window { needs, shows } => format!(
                "封筒の窓が小さすぎます。紙が中で動いても見えていなければならない広さは {:.1}×{:.1} mm、いつも見えるのは {:.1}×{:.1} mm です。",
                needs.0, needs.1, shows.0, shows.1
            ),
            Self::TooLarge => "封筒の窓が大きすぎて、宛名以外の文字が見えることがあります。".to_owned(),
        }
    }
}

impl std::fmt::Display for DoesNotSuit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::TooSmall => f.write_str("an A4 sheet folded in three does not go into the envelope"),
            Self::Window { needs, shows } => write!(
                f,
                "the window is too small: {:.1} × {:.1} mm must be seen wherever the sheet slides, {:.1} × {:.1} mm are",
                needs.0, needs.1, shows.0, shows.1
            ),
            Self::TooLarge => f.write_str("the window is so large that what stands beside the address can be seen"),
        }
    }
}

/// The least height for postal code, three lines of address and a name of 8 points, in millimetres.
const LEAST_ADDRESS: f32 = 18.0;
/// The least width that the sender's block beside the window needs, in millimetres.
const LEAST_SENDER: f32 = 50.0;

impl Envelope {
    /// 長形3号 with a window of 100 × 50 mm, large enough for address and customer barcode.
    pub const USUAL: Self = Self {
        width: ENVELOPE.0,
        height: ENVELOPE.1,
        window: Area {
            left: 20.0,
            top: 12.0,
            width: 100.0,
            height: 50.0,
        },
    };

    /// As [`always_in_window`], of this envelope.
    pub fn always_seen(&self) -> Area {
        Area {
            left: self.window.left,
            top: self.window.top,
            width: self.window.width - (self.width - PAGE_WIDTH),
            height: self.window.height - (self.height - FOLD),
        }
    }

    /// As [`ever_in_window`], of this envelope.
    pub fn ever_seen(&self) -> Area {
        let left = (self.window.left - (self.width - PAGE_WIDTH)).max(0.0);
        let top = (self.window.top - (self.height - FOLD)).max(0.0);
        Area {
            left,
            top,
            width: self.window.right() - left,
            height: self.window.bottom() - top,
        }
    }

    /// Whether address and barcode are seen wherever the sheet slides, and nothing else is.
    ///
    /// # Errors
    /// [`DoesNotSuit`]
    pub fn check(&self) -> Result<(), DoesNotSuit> {
        if self.width < PAGE_WIDTH || self.height < FOLD {
            return Err(DoesNotSuit::TooSmall);
        }
        let (always, ever) = (self.always_seen(), self.ever_seen());
        let code = barcode::HEIGHT * barcode::LEAST_SCALE + 2.0 * barcode::QUIET;
        let needs = (
            barcode::width(barcode::LEAST_SCALE) + 2.0 * barcode::QUIET,
            LEAST_ADDRESS + code,
        );
        if always.width < needs.0 || always.height < needs.1 {
            return Err(DoesNotSuit::Window {
                needs,
                shows: (always.width, always.height),
            });
        }
        if ever.right() + LEAST_SENDER > TEXT_LEFT + TEXT_WIDTH || ever.bottom() > FOLD - 20.0 {
            return Err(DoesNotSuit::TooLarge);
        }
        Ok(())
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

    #[test]
    fn an_envelope_is_refused_whose_window_hides_the_barcode_or_shows_the_letter() {
        assert_eq!(Envelope::USUAL.check(), Ok(()));
        let with = |window| {
            Envelope {
                window,
                ..Envelope::USUAL
            }
            .check()
        };
        assert!(matches!(with(ENVELOPE_WINDOW), Err(DoesNotSuit::Window { .. })));
        let wide = Area {
            width: 140.0,
            ..Envelope::USUAL.window
        };
        assert_eq!(with(wide), Err(DoesNotSuit::TooLarge));
        let small = Envelope {
            width: 200.0,
            ..Envelope::USUAL
        };
        assert_eq!(small.check(), Err(DoesNotSuit::TooSmall));
    }
}

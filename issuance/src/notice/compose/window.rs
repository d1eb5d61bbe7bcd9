//! What the envelope's window shows: postal code, address, name, customer barcode.

use super::super::{
    PaperError,
    barcode::{self, LARGEST_SCALE, LEAST_SCALE},
    envelope::{Area, Envelope},
    sheet::{Leaf, Lettering, Mark, Sheet, baseline_in, broken, does_not_fit},
    words::{delivery as words, label},
};
use super::Letter;

/// Line to line within the address, in type sizes: tighter than running text, to be read as one block.
const TIGHT: f32 = 1.28;

/// Puts address and barcode where the window shows them wherever the sheet slides. The address is as large as fits, down to
/// the least that is still read at arm's length.
pub(super) fn address(sheet: &mut Sheet<'_>, letter: &Letter, envelope: &Envelope) -> Result<(), PaperError> {
    let mut area = envelope.always_seen();
    let lines = letter.to.address_lines.join(" ");
    // Without a postal code the post reads the address with its own eyes.
    let bars = barcode::bars(&letter.to.postal_code, &lines).ok();
    if let Some(bars) = bars {
        let room = (area.width - 2.0 * barcode::QUIET) / barcode::width(1.0);
        let scale = room.clamp(LEAST_SCALE, LARGEST_SCALE.min(0.85));
        let height = barcode::HEIGHT * scale;
        let top = area.bottom() - barcode::QUIET - height;
        let left = area.left + barcode::QUIET;
        sheet.piece(Leaf::Figure(label::BARCODE.into()), |sheet| {
            sheet.marks.push(Mark::Bars { left, top, scale, bars });
            Ok(())
        })?;
        area.height -= height + 2.0 * barcode::QUIET;
    }
    let mut size = 11.0;
    while size >= 8.0 {
        if let Some(block) = set(sheet, letter, size, &area)? {
            sheet.marks.extend(block);
            return Ok(());
        }
        size -= 0.5;
    }
    Err(does_not_fit(words::ADDRESS))
}

/// The address at one type size; `None` when it is too tall.
fn set(sheet: &Sheet<'_>, letter: &Letter, size: f32, area: &Area) -> Result<Option<Vec<Mark>>, PaperError> {
    let mut draft = sheet.beside();
    let line = Lettering::name(size);
    let (left, width) = (area.left + 1.0, area.width - 2.0);
    let mut y = area.top;
    let step = |y: &mut f32, lettering: Lettering| {
        let tight = lettering.height() * TIGHT;
        let baseline = baseline_in(*y, lettering) - (lettering.leading() - tight) / 2.0;
        *y += tight;
        baseline
    };
    let code = Lettering::reading(size);
    let baseline = step(&mut y, code);
    draft.line(
        words::POSTAL_CODE,
        &label::postal_code(&letter.to.postal_code),
        code,
        left,
        baseline,
    )?;
    for (number, text) in letter.to.address_lines.iter().enumerate() {
        let field = words::address_line(number + 1);
        let glyphs = draft.set(&field, text, line)?;
        let ranges = broken(&field, &glyphs, line, width)?;
        draft.piece(Leaf::Paragraph, |draft| {
            ranges.into_iter().try_for_each(|range| {
                let placed = draft.place(&field, glyphs[range].to_vec(), line, left, step(&mut y, line));
                placed.map(|_| ())
            })
        })?;
    }
    y += 0.6;
    let honorific = if letter.guardian {
        label::GUARDIAN
    } else {
        label::HONORIFIC
    };
    let glyphs = draft.set(words::ADDRESSEE, &letter.to.name, line)?;
    let behind = draft.set(words::ADDRESSEE, honorific, line)?;
    // 様 never stands alone on a line: the last line of the name keeps room for it.
    let room = |name: Lettering| width - 0.6 * name.height() - name.width(&behind);
    let sizes = [2.0, 1.0, 0.0].map(|larger| line.sized(size + larger));
    let whole = sizes.into_iter().find(|name| name.width(&glyphs) <= room(*name));
    let name = whole.unwrap_or(line);
    let ranges = broken(words::ADDRESSEE, &glyphs, name, room(name))?;
    draft.piece(Leaf::Paragraph, |draft| {
        let mut end = (left, 0.0);
        for range in ranges {
            let baseline = step(&mut y, name);
            let placed = draft.place(words::ADDRESSEE, glyphs[range].to_vec(), name, left, baseline)?;
            end = (placed, baseline);
        }
        draft.place(words::ADDRESSEE, behind, name, end.0 + 0.6 * name.height(), end.1)
    })?;
    Ok((y <= area.bottom()).then_some(draft.marks))
}

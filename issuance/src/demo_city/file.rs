//! The city as a roster file, in UTF-8 or in CP932.

use std::{borrow::Cow, io};

use encoding_rs::SHIFT_JIS;
use unicode_normalization::UnicodeNormalization;

use crate::{
    name,
    person::Resident,
    roster::{Column, Encoding},
};

/// What was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Written {
    /// Rows, the header not counted.
    pub rows: usize,
    /// Fields in which characters CP932 lacks were reduced: selectors left out, 𠮷 as 吉, é as e, anything else as 〓, as
    /// systems without the characters do. The file then says less than the city holds.
    pub reduced: usize,
}

/// Writes residents as a roster file with the header of [`Column::ALL`], CRLF at line ends.
///
/// # Errors
/// The file can't be written.
pub fn write_csv(
    out: impl io::Write,
    residents: impl IntoIterator<Item = Resident>,
    encoding: Encoding,
) -> io::Result<Written> {
    let mut writer = csv::WriterBuilder::new()
        .terminator(csv::Terminator::CRLF)
        .from_writer(io::BufWriter::new(out));
    let mut written = Written::default();
    let mut put = |fields: &[String], written: &mut Written| -> io::Result<()> {
        for field in fields {
            let bytes = match encoding {
                Encoding::Utf8 => Cow::Borrowed(field.as_bytes()),
                Encoding::Cp932 => {
                    let (bytes, reduced) = in_cp932(field);
                    written.reduced += usize::from(reduced);
                    bytes
                }
            };
            writer.write_field(&bytes)?;
        }
        writer.write_record(None::<&[u8]>)?;
        Ok(())
    };
    put(&Column::ALL.map(|column| column.header().to_owned()), &mut written)?;
    for resident in residents {
        put(&Column::ALL.map(|column| field(&resident, column)), &mut written)?;
        written.rows += 1;
    }
    writer.flush()?;
    Ok(written)
}

fn field(resident: &Resident, column: Column) -> String {
    let optional = |text: &Option<String>| text.clone().unwrap_or_default();
    match column {
        Column::Number => resident.number.clone(),
        Column::Household => resident.household.clone(),
        Column::Name => resident.name.clone(),
        Column::Kana => resident.kana.clone(),
        Column::Alias => optional(&resident.alias),
        Column::Birthday => resident.birthday.original().to_owned(),
        Column::Sex => resident.sex.kanji().to_owned(),
        Column::Relation => resident.relation.clone(),
        Column::PostalCode => resident.postal_code.clone(),
        Column::Address => resident.address.clone(),
        Column::Building => optional(&resident.building),
        Column::Phone => optional(&resident.phone),
        Column::ChangedOn => resident
            .changed_on
            .as_ref()
            .map_or_else(String::new, |day| day.original().to_owned()),
        Column::ChangeReason => optional(&resident.change_reason),
        Column::Protected => if resident.protected { "1" } else { "0" }.to_owned(),
    }
}

/// The field in CP932, and whether something had to be reduced.
fn in_cp932(field: &str) -> (Cow<'_, [u8]>, bool) {
    let (bytes, _, lossy) = SHIFT_JIS.encode(field);
    if !lossy {
        return (bytes, false);
    }
    let mut reduced = Vec::with_capacity(field.len());
    for c in field.chars().filter(|c| !name::is_variation_selector(*c)) {
        reduced.extend(reduced_character(c));
    }
    (Cow::Owned(reduced), true)
}

fn reduced_character(c: char) -> Vec<u8> {
    let encoded = |text: &str| {
        let (bytes, _, lossy) = SHIFT_JIS.encode(text);
        (!lossy).then(|| bytes.into_owned())
    };
    // A letter without its marks, keeping its case; then the common form of a variant.
    let plain: String = c.nfd().filter(|c| !('\u{300}'..='\u{36f}').contains(c)).collect();
    encoded(&c.to_string())
        .or_else(|| encoded(&plain))
        .or_else(|| encoded(&name::search_form(&c.to_string())))
        .unwrap_or_else(|| vec![0x81, 0xac])
}

//! Lists for linking (参考C3): who is not linked yet goes out as CSV to the office that has the roster, and comes back with
//! the person's name here, sealed to this provider, or with the reason why there is none.

use back_office_records::{LinkReport, LinkRow, LinkState};
use portal_service::Service;
use uuid::Uuid;

use crate::Office;

/// The columns of a list that goes out.
pub const LIST: [&str; 3] = ["row", "kana", "born"];
/// The columns of a list that comes back.
pub const ANSWER: [&str; 3] = ["row", "result", "name"];

/// Why a list is not taken back.
#[derive(Debug, thiserror::Error)]
pub enum LinkError {
    #[error(transparent)]
    Csv(#[from] csv::Error),
    #[error("行 {0} が読めません / line {0} cannot be read")]
    Line(u64),
    /// Made for another provider, or by another relay.
    #[error("行 {0} の名前はこの役所あてではありません / the name in line {0} was not made for this provider")]
    Name(u64),
    #[error(transparent)]
    Records(#[from] back_office_records::BackOfficeError),
}

/// `rows` as a list that goes out.
///
/// # Errors
/// [`csv::Error`]
pub fn write(rows: &[LinkRow], out: impl std::io::Write) -> Result<(), csv::Error> {
    let mut csv = csv::Writer::from_writer(out);
    csv.write_record(LIST)?;
    for LinkRow { row, identity } in rows {
        csv.write_record([&row.to_string(), &identity.kana, &identity.born])?;
    }
    csv.flush()?;
    Ok(())
}

impl Office {
    /// Takes a list back.
    ///
    /// # Errors
    /// [`LinkError`]; then nothing of it counts.
    pub async fn take_links(&self, answer: &[u8]) -> Result<LinkReport, LinkError> {
        let lines = lines(&self.service, answer)?;
        let today = self.service.moment().to_offset(time::macros::offset!(+9)).date();
        Ok(self.records.end_linking(&lines, today).await?)
    }
}

type Line = (Uuid, Result<String, LinkState>);

fn lines(service: &Service, answer: &[u8]) -> Result<Vec<Line>, LinkError> {
    let mut csv = csv::Reader::from_reader(answer);
    let mut lines = Vec::new();
    for row in csv.records() {
        let row = row?;
        let line = row.position().map_or(0, csv::Position::line);
        let id = row.get(0).and_then(|text| Uuid::parse_str(text).ok());
        let id = id.ok_or(LinkError::Line(line))?;
        let name = match (row.get(1), row.get(2)) {
            (Some("found"), Some(sealed)) => Ok(service.open_name(sealed).map_err(|_| LinkError::Name(line))?),
            (Some("nobody"), _) => Err(LinkState::Nobody),
            (Some("several"), _) => Err(LinkState::Several),
            _ => return Err(LinkError::Line(line)),
        };
        lines.push((id, name));
    }
    Ok(lines)
}

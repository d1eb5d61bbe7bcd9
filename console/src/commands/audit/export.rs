//! The trail in a file: a line of JSON for each event in the order of the tree, so that an auditor checks it with the heads
//! that they were given and without a database. Nothing is opened for it: clerks' own words stay sealed.

use std::{
    fs::{File, OpenOptions},
    io::{BufRead, BufReader, BufWriter, Write},
    os::unix::fs::OpenOptionsExt,
    path::Path,
    process::ExitCode,
};

use anyhow::Context;
use office::{Line, OfficeError};
use relay_core::audit::AuditEvent;
use serde::{Deserialize, Serialize};
use store::trail::{
    check::{Check, Placed, Report, Written},
    head::TreeHead,
};

use crate::commands::{Setting, database::Records, output::answer};

/// A line of the file. Hashes and salts in hex.
#[derive(Serialize, Deserialize)]
struct Exported {
    /// In the tree; none while the event waits for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    place: Option<u64>,
    seq: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    leaf: Option<String>,
    /// It should have been placed long ago.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    late: bool,
    /// None when it is there no more.
    #[serde(skip_serializing_if = "Option::is_none")]
    event: Option<AuditEvent>,
    #[serde(skip_serializing_if = "Option::is_none")]
    salt: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    hash: Option<String>,
}

/// Writes the whole trail to `out`, which must not be there yet.
pub(super) fn write(setting: &Setting, out: &Path) -> anyhow::Result<ExitCode> {
    let Records { runtime, office } = Records::open_as(&setting.config()?, office::READER)?;
    let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(out);
    let mut file = BufWriter::new(file.with_context(|| out.display().to_string())?);
    let mut lines = 0_u64;
    runtime.block_on(office.read_trail(|line| {
        let written =
            serde_json::to_string(&exported(line)).map_err(|_| OfficeError::Unreadable("office.audit_event"))?;
        // A full disk is told when the file is closed.
        let _ = writeln!(file, "{written}");
        lines += 1;
        Ok(())
    }))?;
    file.flush().with_context(|| out.display().to_string())?;
    file.get_ref().sync_all()?;
    answer!(
        "{}",
        setting.lang.pick(
            format!(
                "✓ 監査記録 {lines} 件を {} に書きました。先端のファイルと公開鍵を添えて渡し、audit verify --export で確かめます。",
                out.display()
            ),
            format!(
                "✓ {lines} recorded acts are in {}. Give it with the files of heads and the public key; audit verify --export checks it.",
                out.display()
            ),
        )
    );
    Ok(ExitCode::SUCCESS)
}

/// Checks a file that [`write`] wrote.
pub(super) fn check(file: &Path, heads: Vec<TreeHead>) -> anyhow::Result<Report> {
    let open = File::open(file).with_context(|| file.display().to_string())?;
    let mut check = Check::new(heads);
    for (number, line) in BufReader::new(open).lines().enumerate() {
        let at = || format!("{}: {}", file.display(), number + 1);
        match imported(&line?).with_context(at)? {
            Line::Placed(placed) => check.take(&placed).with_context(at)?,
            Line::Unplaced { seq, written, late } => check.take_unplaced(seq, &written, late),
        }
    }
    Ok(check.finish())
}

fn exported(line: Line) -> Exported {
    let (place, seq, leaf, late, written) = match line {
        Line::Placed(placed) => (
            Some(placed.place),
            placed.seq,
            Some(hex::encode(placed.leaf)),
            false,
            placed.event,
        ),
        Line::Unplaced { seq, written, late } => (None, seq, None, late, Some(written)),
    };
    let (event, salt, hash) = match written {
        Some(written) => (
            Some(written.event),
            Some(hex::encode(written.salt)),
            Some(hex::encode(written.hash)),
        ),
        None => (None, None, None),
    };
    Exported {
        place,
        seq,
        leaf,
        late,
        event,
        salt,
        hash,
    }
}

fn imported(line: &str) -> anyhow::Result<Line> {
    let read: Exported = serde_json::from_str(line)?;
    let written = match (read.event, read.salt, read.hash) {
        (Some(event), Some(salt), Some(hash)) => Some(Written {
            event,
            salt: bytes(&salt)?,
            hash: bytes(&hash)?,
        }),
        _ => None,
    };
    Ok(match (read.place, read.leaf, written) {
        (Some(place), Some(leaf), event) => Line::Placed(Placed {
            place,
            seq: read.seq,
            leaf: bytes(&leaf)?,
            event,
        }),
        (None, _, Some(written)) => Line::Unplaced {
            seq: read.seq,
            written,
            late: read.late,
        },
        _ => anyhow::bail!("neither a place nor an event"),
    })
}

fn bytes<const N: usize>(text: &str) -> anyhow::Result<[u8; N]> {
    let mut bytes = [0; N];
    hex::decode_to_slice(text, &mut bytes)?;
    Ok(bytes)
}

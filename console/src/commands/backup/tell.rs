//! What is said of copies, and why one is refused.

use std::{io, path::Path};

use time::{OffsetDateTime, macros::offset};

use super::{
    bundle::{About, BundleError, Manifest},
    register::Made,
};
use crate::commands::{output::answer, words::Lang};

/// A moment as people read it at the counter: in Japan, to the minute.
pub(in crate::commands) fn moment(at: OffsetDateTime) -> String {
    let at = at.to_offset(offset!(+9));
    let (date, hour, minute) = (at.date(), at.hour(), at.minute());
    format!("{date} {hour:02}:{minute:02}")
}

const MEGABYTE: f64 = 1024.0 * 1024.0;

pub(super) fn made(made: &Made, lang: Lang) {
    let megabytes = made.bytes as f64 / MEGABYTE;
    let file = made.file.display();
    let there = if made.file.exists() {
        ""
    } else {
        lang.pick("(もうここにありません)", " (no longer there)")
    };
    answer!("{file}{there}");
    answer!(
        "{}",
        lang.pick(
            format!("  {} 件の行、{megabytes:.1} MB、SHA-256 {}", made.rows, made.sha256),
            format!("  {} rows, {megabytes:.1} MB, SHA-256 {}", made.rows, made.sha256),
        )
    );
}

pub(super) fn contents(about: &About, manifest: &Manifest, lang: Lang) {
    let (city, code, at) = (&about.city, &about.city_code, moment(about.made_at));
    answer!(
        "{}",
        lang.pick(
            format!("{city}({code}) の控え、{at} に取ったもの。壊れも欠けもありません。"),
            format!("A copy of {city} ({code}) made at {at}; whole and unchanged."),
        )
    );
    for database in &manifest.databases {
        let rows: u64 = database.tables.iter().map(|table| table.rows).sum();
        let (name, tables) = (&database.name, database.tables.len());
        answer!(
            "  {}",
            lang.pick(
                format!("{name}: 表 {tables}、行 {rows}"),
                format!("{name}: {tables} tables, {rows} rows")
            )
        );
    }
}

/// A file that could not be read or written.
pub(super) fn file(error: &io::Error, path: &Path, lang: Lang) -> anyhow::Error {
    let path = path.display();
    match error.kind() {
        io::ErrorKind::ConnectionAborted => BundleError::Stopped.into(),
        io::ErrorKind::StorageFull => anyhow::anyhow!(lang.pick(
            format!("{path} のあるディスクがいっぱいです。空きを作ってから、もう一度試してください。途中のものは消しました。"),
            format!("the disk holding {path} is full: make room, then try again. What was begun is removed."),
        )),
        _ => anyhow::anyhow!("{path}: {error}"),
    }
}

/// Why a copy cannot be used, in the reader's language, with what to do.
pub(in crate::commands) fn refusal(error: anyhow::Error, path: &Path, lang: Lang) -> anyhow::Error {
    let Some(refused) = error.downcast_ref::<BundleError>() else {
        return error;
    };
    let path = path.display();
    let words = match refused {
        BundleError::WrongKey => lang.pick(
            format!("この鍵では {path} は開きません。控えを取ったときの公開鍵と組になる秘密鍵を示してください。"),
            format!("This key does not open {path}: give the secret half of a public key that it was made for."),
        ),
        BundleError::WrongPassphrase => lang.pick(
            format!("この合言葉では {path} は開きません。"),
            format!("This passphrase does not open {path}."),
        ),
        BundleError::WantsKey => lang.pick(
            format!("{path} は公開鍵に向けて封をしてあります。--key-file で秘密鍵を示してください。"),
            format!("{path} was made for public keys: give the secret key with --key-file."),
        ),
        BundleError::WantsPassphrase => lang.pick(
            format!("{path} は合言葉で封をしてあります。--key-file を付けずに、合言葉を打ってください。"),
            format!("{path} was made with a passphrase: leave --key-file out and type it."),
        ),
        BundleError::NotOurs => lang.pick(
            format!("{path} は madoguchi の控えではありません。"),
            format!("{path} is no copy that madoguchi made."),
        ),
        BundleError::Form(form) => lang.pick(
            format!("{path} は、このプログラムより新しい形(版 {form})の控えです。プログラムを新しくしてください。"),
            format!("{path} has a newer form ({form}) than this program knows: update the program."),
        ),
        BundleError::Damaged(what) => lang.pick(
            format!(
                "{path} は途中で切れているか、壊れています({what})。別の控えを使ってください。何も変えていません。"
            ),
            format!("{path} is cut short or damaged ({what}): use another copy. Nothing was changed."),
        ),
        BundleError::Stopped => lang
            .pick(
                "止めました。途中のものは消しました。",
                "Stopped; what was begun is removed.",
            )
            .to_owned(),
        BundleError::File { error, .. } => format!("{path}: {error}"),
    };
    anyhow::anyhow!(words)
}

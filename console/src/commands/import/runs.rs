//! `madoguchi import runs` and `madoguchi import undo`: which imports there were, and one put back.

use std::process::ExitCode;

use office::roster::{ImportRun, UndoRefused, Undone};
use relay_core::clock::JST;
use serde_json::json;

use super::super::{
    Setting,
    database::{Records, act},
    output::answer,
    words::Lang,
};

/// Runs listed: more than a month of daily files.
const LISTED: u32 = 40;

/// How the runs are listed.
#[derive(Debug, clap::Args)]
pub struct RunsOptions {
    /// One line of JSON.
    #[arg(long)]
    json: bool,
}

/// Which run is put back.
#[derive(Debug, clap::Args)]
pub struct UndoOptions {
    /// The run's number, as the import said it; `import runs` lists them.
    run: i64,
    /// End with one line of JSON.
    #[arg(long)]
    json: bool,
}

/// Lists the newest runs, newest first.
///
/// # Errors
/// When the records can't be read.
pub fn list_runs(setting: &Setting, options: &RunsOptions) -> anyhow::Result<ExitCode> {
    let records = Records::open_as(&setting.config()?, office::IMPORT)?;
    let runs = records.runtime.block_on(records.office.import_runs(LISTED))?;
    if options.json {
        let runs: Vec<_> = runs.iter().map(run_json).collect();
        answer!("{}", json!({ "runs": runs }));
        return Ok(ExitCode::SUCCESS);
    }
    if runs.is_empty() {
        answer!(
            "{}",
            setting
                .lang
                .pick("まだ取り込んでいません。", "Nothing has been imported yet.")
        );
    }
    for run in &runs {
        answer!("{}", run_line(run, setting.lang));
    }
    Ok(ExitCode::SUCCESS)
}

/// Puts back what one run changed.
///
/// # Errors
/// With the reason, when nothing was put back.
pub fn undo(setting: &Setting, options: &UndoOptions) -> anyhow::Result<ExitCode> {
    let records = Records::open_as(&setting.config()?, office::IMPORT)?;
    let undone = records
        .runtime
        .block_on(records.office.undo_import(&act("import"), options.run));
    let lang = setting.lang;
    let undone = undone.map_err(|refused| match refused.refused_as::<UndoRefused>() {
        Some(why) => anyhow::anyhow!(lang.pick(why.in_japanese(), why.to_string())),
        None => refused.into(),
    })?;
    let Undone {
        number,
        undoes,
        put_back,
        taken_out,
    } = undone;
    if options.json {
        answer!(
            "{}",
            json!({ "run": number, "undoes": undoes, "put_back": put_back, "taken_out": taken_out })
        );
    } else {
        answer!(
            "{}",
            lang.pick(
                format!(
                    "取り込み {undoes} を取り消しました(取り込み番号 {number}): {put_back} 人を元に戻し、{taken_out} 人を除きました。"
                ),
                format!("Import {undoes} is undone (run {number}): {put_back} people put back, {taken_out} taken out."),
            )
        );
    }
    Ok(ExitCode::SUCCESS)
}

fn run_line(run: &ImportRun, lang: Lang) -> String {
    let at = run.at.to_offset(JST);
    let when = format!("{} {:02}:{:02}", at.date(), at.hour(), at.minute());
    let ImportRun {
        number,
        added,
        changed,
        gone,
        ..
    } = run;
    let what = match run.undoes {
        Some(undoes) => lang.pick(format!("{undoes} の取り消し"), format!("undid {undoes}")),
        None => lang.pick(
            format!("新しい人 {added}、変わった人 {changed}、いない人 {gone}"),
            format!("{added} added, {changed} changed, {gone} gone"),
        ),
    };
    let state = match (run.undone_by, run.undoes, run.is_kept) {
        (Some(by), ..) => lang.pick(format!("  {by} で取り消し済み"), format!("  undone by {by}")),
        (None, None, false) => lang.pick("  取り消しの期限切れ", "  too old to be undone").to_owned(),
        _ => String::new(),
    };
    format!("{number:>6}  {when}  {what}{state}")
}

fn run_json(run: &ImportRun) -> serde_json::Value {
    json!({
        "run": run.number,
        "at": run.at.to_string(),
        "actor": run.actor,
        "added": run.added,
        "changed": run.changed,
        "gone": run.gone,
        "undoes": run.undoes,
        "undone_by": run.undone_by,
        "can_be_undone": run.undoes.is_none() && run.undone_by.is_none() && run.is_kept,
    })
}

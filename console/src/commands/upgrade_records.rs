//! `madoguchi upgrade-records`: takes the records over to the newest PostgreSQL that is installed, compares every table and the
//! audit trail before and after, and keeps a way back.

use std::{path::PathBuf, process::ExitCode};

use anyhow::{Context, bail};
use store::{
    cluster::{Cluster, ClusterError, ClusterStatus, Programs, Stage, Stop},
    trail::check::Report,
};

use super::{
    Setting, clean,
    database::{self, Records},
    output::answer,
    processes::Hold,
    services,
    steps::{Outcome, Steps},
    stopping::Stopping,
    words::Lang,
};
use crate::{
    config::Config,
    trail::{kept, verifier},
};

/// What to do.
#[derive(Debug, clap::Args)]
pub struct Options {
    /// Folder of the PostgreSQL programs to go over to (default: the newest installed).
    #[arg(long, value_name = "FOLDER")]
    programs: Option<PathBuf>,
    /// Go back to the data from before: what was recorded since is no longer there.
    #[arg(long, conflicts_with_all = ["programs", "forget_previous"])]
    back: bool,
    /// Remove the data from before: there is no way back any more.
    #[arg(long, conflicts_with = "programs")]
    forget_previous: bool,
    /// Do not ask.
    #[arg(long)]
    force: bool,
}

/// Takes the records over, or goes back.
///
/// # Errors
/// With what to do; the records are then as they were.
pub fn run(setting: &Setting, options: &Options) -> anyhow::Result<ExitCode> {
    let lang = setting.lang;
    let cluster = Cluster::at(setting.home.cluster());
    if cluster.status()? == ClusterStatus::Absent {
        bail!(lang.pick(
            "この一式には、自分のデータベースがありません。版上げは、データベースを預かる人がします。",
            "This set-up has no database of its own: whoever keeps it upgrades it.",
        ));
    }
    if options.back || options.forget_previous {
        return change_back(setting, &cluster, options);
    }
    let versions = cluster.versions()?;
    if !versions.present {
        bail!(written_by_another(
            &cluster_data(&cluster),
            versions.wrote,
            &versions.newest.to_string(),
            lang
        ));
    }
    let to = match &options.programs {
        Some(folder) => Programs::at(folder)?,
        None if versions.newest <= versions.wrote => {
            let wrote = versions.wrote;
            answer!(
                "{}",
                lang.pick(
                    format!("記録は PostgreSQL {wrote} のもので、ここにある最も新しい版です。することはありません。"),
                    format!("The records are PostgreSQL {wrote}'s, the newest installed here: there is nothing to do."),
                )
            );
            return Ok(ExitCode::SUCCESS);
        }
        None => Programs::find(None)?,
    };
    if to.major < versions.wrote {
        let (wrote, to) = (versions.wrote, to.major);
        bail!(lang.pick(
            format!("記録は PostgreSQL {wrote} のものです。{to} には下げられません。"),
            format!("The records are PostgreSQL {wrote}'s: they cannot go down to {to}."),
        ));
    }
    let question = lang.pick(
        format!(
            "すべてを止めて、記録を PostgreSQL {} から {} に移します。よければ「はい」と入力: ",
            versions.wrote, to.major
        ),
        format!(
            "This stops everything and takes the records over from PostgreSQL {} to {}. Type yes to go on: ",
            versions.wrote, to.major
        ),
    );
    if !options.force && !clean::agreed(&question, lang)? {
        answer!("{}", lang.pick("何も変えていません。", "Nothing was changed."));
        return Ok(ExitCode::FAILURE);
    }
    take_over(setting, &cluster, to)
}

fn take_over(setting: &Setting, cluster: &Cluster, to: Programs) -> anyhow::Result<ExitCode> {
    let lang = setting.lang;
    let config = setting.config()?;
    let stopping = Stopping::listen()?;
    services::down(setting)?;
    let _hold = Hold::take(&setting.home)?;
    let steps = Steps::new(lang, false);
    let mut before = Report::default();
    let check = lang.pick("監査記録を先端と比べる", "compare the audit trail with its heads");
    steps.step(check, |_| {
        cluster.start()?;
        before = whole_trail(&config, lang)?;
        cluster.stop(Stop::Fast)?;
        anyhow::Ok(Outcome::Done)
    })?;
    let mut taken = None;
    let name = lang.pick("記録を移して比べる", "take the records over and compare");
    steps.step(name, |step| {
        let at = |stage: Stage<'_>| match stage {
            Stage::Preparing => step.at(lang.pick("用意", "preparing")),
            Stage::Copying(database) => {
                step.at(&lang.pick(format!("{database} を写す"), format!("copying {database}")))
            }
            Stage::Counting(database) => {
                step.at(&lang.pick(format!("{database} を数える"), format!("counting {database}")))
            }
        };
        let go_on = |_| stopping.goes_on();
        taken = Some(
            database::runtime()?
                .block_on(cluster.take_over(to, &go_on, &at))
                .map_err(|error| told(error, lang))?,
        );
        anyhow::Ok(Outcome::Done)
    })?;
    let after = steps.step(check, |_| {
        cluster.start()?;
        let after = whole_trail(&config, lang)?;
        cluster.stop(Stop::Fast)?;
        anyhow::ensure!(after.events == before.events, "{} / {}", before.events, after.events);
        anyhow::Ok(Outcome::Done)
    });
    if let Err(error) = after {
        cluster.go_back()?;
        return Err(error.context(lang.pick(
            "移したあとの監査記録が合わないので、元に戻しました",
            "the audit trail did not fit afterwards; went back",
        )));
    }
    let taken = taken.context("taken over")?;
    let rows: u64 = taken
        .databases
        .iter()
        .flat_map(|(_, tables)| tables)
        .map(|table| table.rows)
        .sum();
    let (from, to, kept) = (taken.from, taken.to, taken.kept.display());
    answer!(
        "{}",
        lang.pick(
            format!(
                "PostgreSQL {from} から {to} に移しました。{rows} 行と監査記録 {} 件は前と同じです。\n前のデータ: {kept}(戻すには `madoguchi upgrade-records --back`、要らなくなったら `--forget-previous`)。\n`madoguchi up` で動かしてください。",
                before.events
            ),
            format!(
                "Taken over from PostgreSQL {from} to {to}; {rows} rows and {} recorded acts are the same as before.\nThe data from before: {kept} (`madoguchi upgrade-records --back` returns to them, `--forget-previous` removes them).\nStart everything with `madoguchi up`.",
                before.events
            ),
        )
    );
    Ok(ExitCode::SUCCESS)
}

/// The trail, which must fit the heads that are kept outside the database.
fn whole_trail(config: &Config, lang: Lang) -> anyhow::Result<Report> {
    let verifier = verifier(&config.trail.public_key_file)?;
    let mut heads = Vec::new();
    for file in &config.trail.heads {
        heads.extend(kept(file, &verifier)?.into_iter().filter_map(Result::ok));
    }
    let Records { runtime, office } = Records::open_as(config, office::READER)?;
    let report = runtime.block_on(office.check_trail(heads))?;
    if !report.is_good() {
        bail!(lang.pick(
            "監査記録が先端と合いません。先に `madoguchi audit verify` で調べてください。",
            "The audit trail does not fit its heads: look with `madoguchi audit verify` first.",
        ));
    }
    Ok(report)
}

fn change_back(setting: &Setting, cluster: &Cluster, options: &Options) -> anyhow::Result<ExitCode> {
    let lang = setting.lang;
    let Some(previous) = cluster.previous()? else {
        bail!(lang.pick("前のデータは残っていません。", "No data from before are kept."));
    };
    let place = previous.display();
    let question = if options.back {
        lang.pick(
            format!("{place} に戻ります。移したあとに記録したことは見えなくなります。よければ「はい」と入力: "),
            format!("This goes back to {place}: what was recorded since is no longer seen. Type yes to go on: "),
        )
    } else {
        lang.pick(
            format!("{place} を消します。前の版には戻れなくなります。よければ「はい」と入力: "),
            format!("This removes {place}: there is no way back to the version before. Type yes to go on: "),
        )
    };
    if !options.force && !clean::agreed(&question, lang)? {
        answer!("{}", lang.pick("何も変えていません。", "Nothing was changed."));
        return Ok(ExitCode::FAILURE);
    }
    if options.back {
        services::down(setting)?;
        let _hold = Hold::take(&setting.home)?;
        cluster.go_back()?;
        answer!(
            "{}",
            lang.pick(
                "戻しました。`madoguchi up` で動かしてください。",
                "Gone back; start everything with `madoguchi up`."
            )
        );
    } else {
        cluster.forget_previous()?;
        answer!("{}", lang.pick("消しました。", "Removed."));
    }
    Ok(ExitCode::SUCCESS)
}

fn cluster_data(cluster: &Cluster) -> PathBuf {
    cluster.data_folder().unwrap_or_default()
}

fn told(error: ClusterError, lang: Lang) -> anyhow::Error {
    match error {
        ClusterError::Stopped => anyhow::anyhow!(lang.pick(
            "止めました。記録は前のままです。",
            "Stopped; the records are as they were."
        )),
        ClusterError::Differs { table } => anyhow::anyhow!(lang.pick(
            format!("写しが元と合いません({table})。記録は前のままです。"),
            format!("the copy differs ({table}); the records are as they were."),
        )),
        error => error.into(),
    }
}

/// What wrote the records, what is installed, and the two ways on.
pub(super) fn written_by_another(data: &std::path::Path, wrote: u32, found: &str, lang: Lang) -> String {
    let data = data.display();
    lang.pick(
        format!(
            "{data} の記録は PostgreSQL {wrote} が書いたものです。この機械にあるのは {found} だけで、{found} では開けません。記録は失われていません。\n  一つの道: PostgreSQL {wrote} を並べて入れ(apt-get install postgresql-{wrote}。無ければ apt.postgresql.org)、`madoguchi upgrade-records` で {found} に移す。\n  もう一つの道: 空の場所に最後の控えを戻す(`madoguchi restore`)。控えは新しい版でも開きます。"
        ),
        format!(
            "The records in {data} were written by PostgreSQL {wrote}; only {found} is installed here, which cannot open them. Nothing is lost.\n  One way: install PostgreSQL {wrote} beside it (apt-get install postgresql-{wrote}, or from apt.postgresql.org), then take the records over to {found} with `madoguchi upgrade-records`.\n  The other: restore the last copy in an empty place (`madoguchi restore`); a newer version reads it."
        ),
    )
}

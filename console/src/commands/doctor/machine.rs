//! The machine: room on its disks, and its clock.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use relay_core::clock::{Clock, SystemClock};
use rustix::fs::statvfs;
use time::OffsetDateTime;

use super::{Finding, Setting};
use crate::{commands::words::Lang, config::Config};

const MEGABYTE: u64 = 1024 * 1024;
/// A day of notices, log and write-ahead log stays well below this.
const LITTLE: u64 = 1024 * MEGABYTE;
/// PostgreSQL stops at a full disk in the middle of the day: one WAL segment is 16 MB, a checkpoint holds several.
const TOO_LITTLE: u64 = 200 * MEGABYTE;

/// Room where data, papers and the log are kept; one line for each file system.
pub(super) fn disk(setting: &Setting, config: Option<&Config>) -> Vec<Finding> {
    let mut folders: Vec<PathBuf> = vec![setting.home.folder().to_owned()];
    if let Some(config) = config {
        folders.push(config.database.host.clone());
        folders.push(config.paper.folder.clone());
        folders.extend(config.log.file.parent().map(Path::to_owned));
    }
    let mut seen = Vec::new();
    let mut findings = Vec::new();
    for folder in folders {
        let Some(folder) = folder.ancestors().find(|folder| folder.exists()) else {
            continue;
        };
        let Ok(facts) = statvfs(folder) else { continue };
        if seen.contains(&facts.f_fsid) {
            continue;
        }
        seen.push(facts.f_fsid);
        // File systems that make inodes as they go report none at all.
        let files = (facts.f_files > 0).then_some(facts.f_favail);
        findings.push(room(folder, facts.f_bavail * facts.f_frsize, files, setting.lang));
    }
    findings
}

fn room(folder: &Path, free: u64, files: Option<u64>, lang: Lang) -> Finding {
    let found = lang.pick(
        format!("{}: 空き {} MB", folder.display(), free / MEGABYTE),
        format!("{}: {} MB free", folder.display(), free / MEGABYTE),
    );
    let advice = lang.pick(
        "空きを作ってください。足りなくなると申請も発行も記録できません",
        "make room: without it neither application nor issue can be recorded",
    );
    if free < TOO_LITTLE || files.is_some_and(|files| files < 1_000) {
        Finding::bad("disk", found, advice)
    } else if free < LITTLE || files.is_some_and(|files| files < 20_000) {
        Finding::warning("disk", found, advice)
    } else {
        Finding::good("disk", found)
    }
}

/// The clock: not before this program was built, and kept right by something.
pub(super) fn clock(lang: Lang) -> Vec<Finding> {
    let now = SystemClock.now_in_japan();
    let shown = format!(
        "{:04}-{:02}-{:02} {:02}:{:02} JST",
        now.year(),
        u8::from(now.month()),
        now.day(),
        now.hour(),
        now.minute()
    );
    if let Some(finding) = before_its_time(now, built_at(), &shown, lang) {
        return vec![finding];
    }
    match synchronised() {
        Some(false) => vec![Finding::warning(
            "clock",
            lang.pick(
                format!("{shown}(時刻同期していません)"),
                format!("{shown} (not synchronised)"),
            ),
            lang.pick(
                "時刻同期を入れてください(timedatectl set-ntp true)。証明書の日付が狂います",
                "switch synchronisation on (timedatectl set-ntp true): certificates carry this clock's date",
            ),
        )],
        Some(true) => vec![Finding::good(
            "clock",
            lang.pick(format!("{shown}(時刻同期中)"), format!("{shown} (synchronised)")),
        )],
        None => vec![Finding::good(
            "clock",
            lang.pick(
                format!("{shown}(時刻同期の状態は分かりません)"),
                format!("{shown} (synchronisation unknown)"),
            ),
        )],
    }
}

/// When this program was built, as the build wrote it.
pub(crate) fn built_at() -> OffsetDateTime {
    env!("MADOGUCHI_BUILT_AT")
        .parse()
        .ok()
        .and_then(|seconds| OffsetDateTime::from_unix_timestamp(seconds).ok())
        .unwrap_or(OffsetDateTime::UNIX_EPOCH)
}

fn before_its_time(now: OffsetDateTime, built: OffsetDateTime, shown: &str, lang: Lang) -> Option<Finding> {
    // A day's grace: the build may have run in another time zone's tomorrow.
    (now < built - time::Duration::DAY).then(|| {
        Finding::bad(
            "clock",
            lang.pick(
                format!("{shown}: このプログラムが作られた日({})より前です", built.date()),
                format!("{shown} is before this program was built ({})", built.date()),
            ),
            lang.pick(
                "時計を合わせてください。このままでは証明書を発行できません",
                "set the clock: no certificate can be issued like this",
            ),
        )
    })
}

/// Whether something keeps the clock right, where that can be known.
fn synchronised() -> Option<bool> {
    if !crate::commands::processes::has_systemd() {
        return None;
    }
    let answer = Command::new("timedatectl")
        .args(["show", "--property=NTPSynchronized", "--value"])
        .output()
        .ok()?;
    match String::from_utf8_lossy(&answer.stdout).trim() {
        "yes" => Some(true),
        "no" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::doctor::Condition;
    use time::macros::datetime;

    #[test]
    fn a_clock_that_fell_back_to_the_factory_is_told() {
        let built = datetime!(2026-11-22 0:00 UTC);
        let factory = datetime!(2000-01-01 0:00 UTC);
        let finding = before_its_time(factory, built, "2000-01-01", Lang::Ja).unwrap();
        assert_eq!(finding.condition, Condition::Bad);
        assert!(before_its_time(datetime!(2026-11-21 12:00 UTC), built, "", Lang::Ja).is_none());
    }

    #[test]
    fn a_disk_warns_before_it_stops_the_office() {
        let folder = Path::new("/");
        for (free, condition) in [
            (5 * LITTLE, Condition::Good),
            (LITTLE / 2, Condition::Warning),
            (TOO_LITTLE / 2, Condition::Bad),
        ] {
            assert_eq!(room(folder, free, Some(1_000_000), Lang::Ja).condition, condition);
        }
        assert_eq!(room(folder, 5 * LITTLE, Some(10), Lang::Ja).condition, Condition::Bad);
    }

    #[test]
    fn the_build_wrote_its_date() {
        assert!(built_at() > datetime!(2026-01-01 0:00 UTC) || std::env::var_os("SOURCE_DATE_EPOCH").is_some());
    }
}

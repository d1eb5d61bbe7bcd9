//! What a process has worked, as the system counts it, and what this machine can do at best.

use std::{
    fs,
    io::Write as _,
    os::unix::fs::OpenOptionsExt as _,
    path::Path,
    time::{Duration, Instant},
};

use relay_testing::TestCard;
use rustix::time::{ClockId, clock_gettime};
use store::cluster::{Cluster, ClusterStatus};

/// CPU time that a process and the children it waited for have used so far, in seconds.
///
/// From `/proc/<id>/stat` (proc(5)): fields 14 to 17, in ticks of 1/100 s.
pub fn of_process(id: u32) -> f64 {
    stat(id).map_or(0.0, |(_, ticks)| ticks)
}

/// The same for a database: its first process, whose fields hold what ended, and each that is running now.
pub fn of_database(cluster: &Cluster) -> f64 {
    let Ok(ClusterStatus::Running { pid }) = cluster.status() else {
        return 0.0;
    };
    let first = pid.unsigned_abs();
    let running: f64 = fs::read_dir("/proc")
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| stat(entry.file_name().to_str()?.parse().ok()?))
        .filter(|(parent, _)| *parent == first)
        .map(|(_, ticks)| ticks)
        .sum();
    of_process(first) + running
}

/// The parent's id and the CPU time, user and system, own and waited for.
fn stat(id: u32) -> Option<(u32, f64)> {
    let text = fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
    // The name in brackets may hold blanks; what follows it begins with the third field.
    let fields: Vec<_> = text.rsplit_once(") ")?.1.split(' ').collect();
    let ticks: f64 = fields
        .get(11..15)?
        .iter()
        .filter_map(|field| field.parse::<f64>().ok())
        .sum();
    Some((fields.get(1)?.parse().ok()?, ticks / 100.0))
}

/// Milliseconds of CPU for one RSA-2048 signature.
pub fn rsa_signature(card: &TestCard) -> f64 {
    let best = (0..5).map(|_| {
        let began = cpu();
        for _ in 0..200 {
            std::hint::black_box(card.sign(&[7; 32]));
        }
        (cpu() - began) / 200.0
    });
    best.fold(f64::INFINITY, f64::min) * 1_000.0
}

/// Milliseconds for one page to reach the disk of `folder`, at the median.
pub fn flush(folder: &Path) -> f64 {
    let file = folder.join("flush");
    let mut open = fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&file)
        .expect("a file is made");
    let mut took: Vec<_> = (0..100)
        .map(|_| {
            open.write_all(&[7; 8_192]).expect("a page is written");
            let began = Instant::now();
            open.sync_data().expect("a page is flushed");
            began.elapsed()
        })
        .collect();
    let _ = fs::remove_file(&file);
    took.sort_unstable();
    milliseconds(took[took.len() / 2])
}

pub fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1_000.0
}

/// CPU time of this thread, in seconds.
fn cpu() -> f64 {
    let now = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(
        now.tv_sec.unsigned_abs(),
        u32::try_from(now.tv_nsec).unwrap_or_default(),
    )
    .as_secs_f64()
}

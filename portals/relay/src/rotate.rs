//! `madoguchi-relay rotate`: new keys for what is stored, at a terminal.

use std::{
    io::{IsTerminal as _, Write as _, stderr},
    process::ExitCode,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use clap::Subcommand;
use portal_kit::listener::Stop;
use relay::{
    Config,
    rotating::{Rotation, RotationError},
};
use relay_core::clock::SystemClock;

/// What to do, in this order.
#[derive(Subcommand)]
pub enum Rotate {
    /// 始める。次の鍵を作って置く(何度でも)。Make and file the next keys; asked again, it takes up what is filed.
    Begin,
    /// 進める。止めても、また続けられる。Carry it on until nothing is left; stopped or killed, it goes on from there.
    Run {
        /// 一度に送る数。How many at a time.
        #[arg(long, default_value_t = 2_000, value_parser = clap::value_parser!(u16).range(1..=2_000))]
        batch: u16,
    },
    /// 残りの数。How many are left.
    Status,
    /// 終える。古い鍵の行が無く、設定からも除いてあるとき。End it, once nothing is left and no front holds the old half.
    Complete,
}

impl Rotate {
    /// Does it; says on standard output what to do next, and the progress on standard error.
    pub async fn run(self, config: &Config) -> ExitCode {
        match self.done(config).await {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                eprintln!("madoguchi-relay rotate: {error}");
                ExitCode::FAILURE
            }
        }
    }

    async fn done(self, config: &Config) -> Result<(), RotationError> {
        let rotation = Rotation::load(config)?;
        match self {
            Self::Begin => {
                let begun = rotation.begin(&SystemClock).await?;
                println!(
                    "次の鍵(第 {} 版)を置きました。 / The next keys (edition {}) are filed.\n\
                     役所に渡す公開鍵 / public key for the office: {}\n{}\n\
                     目隠し側の `madoguchi-blind rotation status` が同じ行を示すことを確かめてから渡してください。\n\
                     Hand it over once `madoguchi-blind rotation status` shows the same line.\n\
                     ほかの機械の前段にも次の秘密を写してから `rotate run`。/ Copy the next secret to fronts on other machines, then `rotate run`.",
                    begun.next.edition(),
                    begun.next.edition(),
                    begun.global_key_file.display(),
                    begun.next.to_text(),
                );
            }
            Self::Run { batch } => carry(&rotation, batch).await?,
            Self::Status => match rotation.left().await? {
                None => println!("進行中の鍵の更新はありません。 / No rotation is under way."),
                Some((from, left)) => {
                    println!("第 {from} 版の鍵の行: あと {left} 件 / Under the keys of edition {from}: {left} left.");
                }
            },
            Self::Complete => {
                let from = rotation.complete().await?;
                println!(
                    "終わりました。秘密 front-{from} とその紙を壊し、新しい紙を作ってください。\n\
                     Done. Destroy the secret front-{from} and its sheets, and make new sheets. Then the blind half: \
                     `madoguchi-blind rotation complete`."
                );
            }
        }
        Ok(())
    }
}

async fn carry(rotation: &Rotation<'_>, batch: u16) -> Result<(), RotationError> {
    let asked = Arc::new(AtomicBool::new(false));
    if let Ok(mut stop) = Stop::on_signals() {
        let asked = Arc::clone(&asked);
        tokio::spawn(async move {
            stop.asked().await;
            asked.store(true, Ordering::Relaxed);
        });
    }
    let mut bar = Bar::new();
    let done = rotation.run(
        batch,
        || asked.load(Ordering::Relaxed),
        |done, total| bar.show(done, total),
        &SystemClock,
    );
    let done = done.await;
    bar.end();
    let done = done?;
    println!(
        "{done} 件を次の鍵に移しました。古い鍵の行はもうありません。 / {done} are under the next keys; none is left under the old."
    );
    Ok(())
}

/// One line that is written over at a terminal, and a line now and then elsewhere.
struct Bar {
    began: Instant,
    shown: Option<Instant>,
    here: bool,
}

impl Bar {
    fn new() -> Self {
        Self {
            began: Instant::now(),
            shown: None,
            here: stderr().is_terminal(),
        }
    }

    fn show(&mut self, done: u64, total: u64) {
        let often = Duration::from_secs(if self.here { 0 } else { 5 });
        if done < total && self.shown.is_some_and(|shown| shown.elapsed() < often) {
            return;
        }
        self.shown = Some(Instant::now());
        // Registrations that came meanwhile are done too.
        let total = total.max(done).max(1);
        let rate = done as f64 / self.began.elapsed().as_secs_f64().max(0.001);
        let left = (total - done) as f64 / rate.max(0.001);
        let filled = (done * 30 / total) as usize;
        let line = format!(
            "[{}{}] {done}/{total} ({rate:.0}/s, {left:.0} s)",
            "#".repeat(filled),
            " ".repeat(30 - filled)
        );
        let _ = match self.here {
            true => write!(stderr(), "\r{line}  "),
            false => writeln!(stderr(), "{line}"),
        };
    }

    fn end(&self) {
        if self.here && self.shown.is_some() {
            eprintln!();
        }
    }
}

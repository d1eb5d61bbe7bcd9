//! Starts My Page.

use std::{path::PathBuf, process::ExitCode, sync::Arc};

use clap::Parser;
use my_page::{MyPage, config::Config, serving::Started};
use portal_kit::{Language, listener::Stop, log};
use relay_core::clock::SystemClock;

/// マイページ / My Page
#[derive(Parser)]
#[command(version)]
struct Arguments {
    /// 設定ファイル / the configuration file
    #[arg(long, default_value = "my-page.toml")]
    config: PathBuf,
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let config = match Config::load(&arguments.config) {
        Ok(config) => config,
        Err(error) => {
            let language = std::env::var("MADOGUCHI_LANG").ok();
            let language = language.and_then(|code| Language::from_code(&code)).unwrap_or_default();
            eprintln!("{}", language.of(error.words()));
            return ExitCode::from(2);
        }
    };
    match run(config).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("my-page: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run(config: Config) -> anyhow::Result<()> {
    log::begin(&config.log)?;
    let stop = Stop::on_signals()?;
    let started = Started::new(MyPage::new(config, Arc::new(SystemClock))?).await?;
    started.run(stop).await;
    Ok(())
}

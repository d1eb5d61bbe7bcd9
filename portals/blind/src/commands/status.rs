//! `status`: whether somebody has to look at this half, for its operators and for a watch over it.

use std::path::Path;

use anyhow::ensure;
use blind::config::Config;
use portal_kit::config::secrets;
use relay_core::pseudonym::BlindRotation;

/// Prints how the half stands. Ends with an error when something needs somebody.
pub async fn run(config: &Path) -> anyhow::Result<()> {
    let config = Config::load(config)?;
    super::records(&config)?.check_version().await?;
    println!("database: there, at this program's version");
    let pins = super::pin::list(&config).await?;
    for line in &pins.lines {
        println!("{line}");
    }
    let file = &config.half.rotation_file;
    if file.exists() {
        let rotation = BlindRotation::from_text(&secrets::read(file)?)?;
        println!("a key rotation from edition {} is under way", rotation.from_edition());
    } else if let Some(line) = super::rotation::window_line(&config).await? {
        println!("{line}");
    }
    ensure!(!pins.amiss, "somebody has to look at the pins");
    Ok(())
}

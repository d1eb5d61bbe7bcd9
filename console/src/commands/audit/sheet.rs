//! The daily sheet: the newest signed head on paper, which nobody at a keyboard can take back.

use std::{fs, path::Path, process::ExitCode};

use anyhow::Context;
use issuance::{
    era::wareki,
    notice::{FontFolders, HeadSheet, Press, store},
};
use relay_core::clock::{Clock, JST, SystemClock};

use crate::{
    commands::{Setting, database::Records, output::answer},
    trail::verifier,
};

/// Prints the newest head, checked with the public key first, to a PDF in `folder`; says where it is.
pub(super) fn print(setting: &Setting, folder: Option<&Path>) -> anyhow::Result<ExitCode> {
    let config = setting.config()?;
    let Records { runtime, office } = Records::open_as(&config, office::READER)?;
    let note = runtime
        .block_on(office.newest_head())?
        .context(setting.lang.pick("まだ先端がありません。", "No head was signed yet."))?;
    // What does not check here would only be found years later.
    let head = verifier(&config.trail.public_key_file)?.open(&note)?;
    let public_key = fs::read_to_string(&config.trail.public_key_file)?.trim().to_owned();
    let signed = head.at.to_offset(JST);
    let sheet = HeadSheet {
        city: config.city.name.clone(),
        signed_on: format!("{} {}時{:02}分", wareki(signed.date()), signed.hour(), signed.minute()),
        events: head.size,
        note,
        public_key,
        dated: SystemClock.now().to_offset(JST).date(),
    };
    let press = Press::open(&FontFolders(config.paper.font_folders.clone()))?;
    let printed = press.head_sheet(&sheet)?;
    let file = store(
        &printed,
        &format!("head-{}", head.size),
        folder.unwrap_or(&config.paper.folder),
    )?;
    answer!("{}", file.display());
    Ok(ExitCode::SUCCESS)
}

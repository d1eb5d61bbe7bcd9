//! The ceremony: root, residents' and staff authority, once in a set-up's life.

use anyhow::bail;
use issuance::authority::{CeremonyPlan, Passphrase, Settings, hold_ceremony};
use relay_core::chance::OsChance;

use super::{Outcome, Setting, Steps, clock};
use crate::config::{Config, secrets};

/// Holds the ceremony where none was held. The passphrases are drawn, never typed; the root's lies in a file of its
/// own, to be carried away from the machine.
pub(super) fn make(setting: &Setting, config: &Config, steps: &Steps) -> anyhow::Result<()> {
    let lang = setting.lang;
    let name = lang.pick(
        "認証局を開設する(親・住民用・職員用)",
        "hold the authorities' ceremony (root, residents, staff)",
    );
    steps.step(name, |_| {
        if config.authority.folder.exists() {
            return anyhow::Ok(Outcome::Already);
        }
        let chance = &mut OsChance;
        for folder in [
            config.authority.folder.parent(),
            config.authority.passphrase_file.parent(),
        ]
        .into_iter()
        .flatten()
        {
            secrets::private_folder(folder)?;
        }
        // Files that a cut-off ceremony left are taken up again: nothing was sealed with them yet, or all was.
        let mut passphrase = |path: &std::path::Path| {
            if path.exists() {
                Passphrase::read(path)
            } else {
                Passphrase::make(path, chance)
            }
        };
        let root_passphrase = passphrase(&setting.home.secret("authority-root"))?;
        // A token's PIN was set with its maker's tool: nobody draws another here.
        if let (Some(token), false) = (&config.authority.token, config.authority.passphrase_file.exists()) {
            bail!(lang.pick(
                format!(
                    "トークン「{}」の PIN を {} に書いて(0600)から、もう一度 `madoguchi setup` としてください。",
                    token.label,
                    config.authority.passphrase_file.display()
                ),
                format!(
                    "write the PIN of the token “{}” to {} (mode 0600), then `madoguchi setup` again.",
                    token.label,
                    config.authority.passphrase_file.display()
                ),
            ));
        }
        let issuing_passphrase = passphrase(&config.authority.passphrase_file)?;
        let plan = CeremonyPlan {
            folder: &config.authority.folder,
            settings: Settings {
                organisation: config.city.name.clone(),
                oid_arc: config.authority.oid_arc.parse().map_err(anyhow::Error::msg)?,
                base_url: config.authority.base_url.clone(),
            },
            present: vec!["madoguchi setup".to_owned()],
            root_passphrase: &root_passphrase,
            issuing_passphrase: &issuing_passphrase,
            token: config.authority.token.as_ref(),
        };
        hold_ceremony(&plan, &clock(), &mut OsChance)?;
        Ok(Outcome::Done)
    })?;
    if config.demo.is_none() {
        steps.say(&lang.pick(
            format!(
                "  親の認証局の合言葉 {} は、写しを二つ取って金庫に納め、この機械から消してください。",
                setting.home.secret("authority-root").display()
            ),
            format!(
                "  Put two copies of the root's passphrase {} in a safe and remove it from this machine.",
                setting.home.secret("authority-root").display()
            ),
        ));
    }
    Ok(())
}

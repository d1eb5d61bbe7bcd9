//! Paper: whether every font that the notices are set in is here and may be used, and papers can be kept.

use issuance::notice::{FontFolders, PaperError, Press};

use super::Finding;
use crate::{commands::words::Lang, config::Config};

/// Opens the press as the console does.
pub(super) fn examine(config: &Config, lang: Lang) -> Vec<Finding> {
    let press = Press::open(&FontFolders(config.paper.font_folders.clone()));
    vec![match press {
        Ok(_) => Finding::good(
            "fonts",
            lang.pick(
                "印刷に要る書体はそろっています",
                "every font that printing needs is here",
            ),
        ),
        Err(PaperError::FontsMissing { missing, .. }) => {
            let names: Vec<_> = missing.iter().map(|font| font.name).collect();
            let mut packages: Vec<_> = missing.iter().map(|font| font.package).collect();
            packages.sort_unstable();
            packages.dedup();
            Finding::bad(
                "fonts",
                lang.pick(
                    format!("ありません: {}", names.join("、")),
                    format!("missing: {}", names.join(", ")),
                ),
                format!("apt-get install {}", packages.join(" ")),
            )
        }
        Err(other) => Finding::bad(
            "fonts",
            other.to_string(),
            lang.pick(
                "書体のパッケージを入れ直してください",
                "install the fonts' packages again",
            ),
        ),
    }]
}

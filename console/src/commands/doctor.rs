//! `madoguchi doctor`: examines a desk and says, a line for each part, what is wrong and what to do.
//!
//! Exit code 0 when a clerk can work (warnings included), 1 when something must be mended first.

use std::process::ExitCode;

use relay_core::clock::{Clock, SystemClock};
use serde::Serialize;

use super::output::answer;
use super::{Setting, setup::database::ruling_files, words::Lang};
use crate::config::{Config, ConfigError};

mod authority;
pub(super) mod backup;
mod calendar;
mod lists;
mod machine;
mod ocsp;
pub(super) mod outbox;
mod paper;
mod readers;
mod records;
mod relay;
mod signatures;
mod terminal;
mod witness;

/// How to tell it.
#[derive(Debug, clap::Args)]
pub struct Options {
    /// One line of JSON.
    #[arg(long)]
    json: bool,
}

/// How a part was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Condition {
    /// As it should be.
    Good,
    /// Work goes on, but someone should look.
    Warning,
    /// Must be mended.
    Bad,
}

/// What was found of one part.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The part, for scripts.
    pub part: &'static str,
    /// How it is.
    pub condition: Condition,
    /// What was found.
    pub found: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub advice: Option<String>,
}

impl Finding {
    fn good(part: &'static str, found: impl Into<String>) -> Self {
        Self {
            part,
            condition: Condition::Good,
            found: found.into(),
            advice: None,
        }
    }

    fn warning(part: &'static str, found: impl Into<String>, advice: impl Into<String>) -> Self {
        Self {
            part,
            condition: Condition::Warning,
            found: found.into(),
            advice: Some(advice.into()),
        }
    }

    fn bad(part: &'static str, found: impl Into<String>, advice: impl Into<String>) -> Self {
        Self {
            condition: Condition::Bad,
            ..Self::warning(part, found, advice)
        }
    }
}

/// Examines and tells.
///
/// # Errors
/// When standard output is closed.
pub fn run(setting: &Setting, options: &Options) -> anyhow::Result<ExitCode> {
    let lang = setting.lang;
    let mut findings = Vec::new();
    let config = configuration(setting, &mut findings);
    findings.push(terminal::text(lang));
    findings.extend(terminal::measured(lang, options.json));
    findings.extend(machine::disk(setting, config.as_ref()));
    findings.extend(machine::clock(lang));
    findings.extend(readers::examine(lang, config.as_ref()));
    if let Some(config) = &config {
        findings.extend(secrets(config, lang));
        findings.push(rulers(setting, config));
        findings.extend(records::examine(setting, config, lang));
        findings.extend(outbox::examine(config, lang));
        findings.extend(authority::examine(config, lang));
        findings.extend(lists::examine(config, lang));
        findings.extend(ocsp::examine(config, lang));
        findings.extend(signatures::examine(config, lang));
        findings.extend(paper::examine(config, lang));
        findings.push(calendar::examine(config, SystemClock.now_in_japan().date(), lang));
        findings.extend(relay::examine(config, lang));
        findings.extend(witness::examine(config, lang));
        if config.relay_on_hold {
            findings.push(Finding::warning(
                "relay",
                super::setup::held_words(lang),
                "madoguchi rejoin-relay",
            ));
        }
        findings.push(backup::examine(setting, config));
    }
    let bad = findings.iter().any(|finding| finding.condition == Condition::Bad);
    if options.json {
        answer!("{}", serde_json::json!({ "ok": !bad, "findings": findings }));
    } else {
        for finding in &findings {
            answer!("{}", line(finding, lang));
        }
    }
    Ok(if bad { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn configuration(setting: &Setting, findings: &mut Vec<Finding>) -> Option<Config> {
    let file = setting.config_file.display().to_string();
    match setting.config() {
        Ok(config) => {
            findings.push(Finding::good("config", file));
            Some(config)
        }
        Err(error @ ConfigError::Unreadable { .. }) => {
            findings.push(Finding::bad(
                "config",
                crate::config::words(&error, setting.lang),
                "make demo / madoguchi setup / --config FILE",
            ));
            None
        }
        Err(ConfigError::Mistaken { mistakes, .. }) => {
            let advice = setting.lang.pick("この行を直してください", "correct this line");
            findings.extend(mistakes.iter().map(|mistake| {
                Finding::bad(
                    "config",
                    format!("{file}:{}: {}", mistake.line, setting.lang.of(mistake.words())),
                    advice,
                )
            }));
            None
        }
    }
}

fn secrets(config: &Config, lang: Lang) -> Vec<Finding> {
    let refused: Vec<Finding> = config
        .secret_files()
        .iter()
        .filter_map(|(key, file)| {
            let refused = crate::config::secrets::read(file).err()?;
            Some(Finding::bad(
                "secrets",
                format!("{key}: {}", lang.of(refused.words())),
                lang.pick(
                    "madoguchi.toml の場所か、ファイルの権限を直してください",
                    "correct the place in madoguchi.toml, or the file's mode",
                ),
            ))
        })
        .collect();
    if refused.is_empty() {
        return vec![Finding::good(
            "secrets",
            lang.pick("持ち主だけが読めます", "readable by their owner alone"),
        )];
    }
    refused
}

/// Whether this account can read the passwords of those who rule the database. Where it can, whoever sits at the counter
/// could take back what the database refuses to every program.
fn rulers(setting: &Setting, config: &Config) -> Finding {
    let lang = setting.lang;
    let here: Vec<String> = ruling_files(setting)
        .iter()
        .filter(|file| std::fs::File::open(file).is_ok())
        .map(|file| file.display().to_string())
        .collect();
    if here.is_empty() {
        let found = lang.pick(
            "データベースの支配者の合言葉は、ここにはありません",
            "the passwords of the database's rulers are not here",
        );
        return Finding::good("secrets", found);
    }
    let files = here.join(", ");
    if config.demo.is_some() {
        // One account does everything on one machine: it could not be otherwise.
        let found = lang.pick(
            format!("実演: データベースの支配者の合言葉も、この利用者が読めます({files})"),
            format!("demonstration: this account can read the database rulers' passwords too ({files})"),
        );
        return Finding::good("secrets", found);
    }
    Finding::warning(
        "secrets",
        lang.pick(
            format!("データベースの支配者の合言葉を、窓口の利用者が読めます({files})"),
            format!("the counter's account can read the database rulers' passwords ({files})"),
        ),
        lang.pick(
            "用意と更新のほかには要りません。別の利用者(root など)に預けてください(管理者の手引き 6)",
            "only set-up and upgrades need them: give them to another account, such as root's (administrator's manual, 6)",
        ),
    )
}

fn line(finding: &Finding, lang: Lang) -> String {
    let sign = match finding.condition {
        Condition::Good => "✓",
        Condition::Warning => "△",
        Condition::Bad => "✗",
    };
    let part = name(finding.part, lang);
    let mut line = format!("{sign} {part}: {}", finding.found);
    if let Some(advice) = &finding.advice {
        line.push_str("\n    → ");
        line.push_str(advice);
    }
    line
}

fn name(part: &str, lang: Lang) -> &'static str {
    let (ja, en) = match part {
        "config" => ("設定", "configuration"),
        "secrets" => ("秘密のファイル", "secrets"),
        "terminal" => ("端末", "terminal"),
        "disk" => ("ディスク", "disk"),
        "clock" => ("時計", "clock"),
        "pcscd" => ("カードの仲介(pcscd)", "card service (pcscd)"),
        "readers" => ("読取機", "readers"),
        "database" => ("データベース", "database"),
        "outbox" => ("中継への送信箱", "outbox to the relay"),
        "migrations" => ("データベースの版", "database version"),
        "authority" => ("認証局", "authorities"),
        "lists" => ("失効一覧", "revocation lists"),
        "ocsp" => ("失効の照会", "OCSP"),
        "signatures" => ("認証局の署名", "signatures"),
        "fonts" => ("書体", "fonts"),
        "relay" => ("中継", "relay"),
        "blind_half" => ("目隠し側", "blind half"),
        "witness" => ("監査記録の証人", "witness of the trail"),
        "backup" => ("控え", "backup"),
        "calendar" => ("閉庁日の暦", "closed days"),
        _ => ("その他", "other"),
    };
    lang.pick(ja, en)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_says_what_is_wrong_and_what_to_do() {
        let finding = Finding::bad("disk", "残り 12 MB", "空けてください");
        let line = line(&finding, Lang::Ja);
        assert!(
            line.starts_with("✗ ディスク") && line.contains("→ 空けてください"),
            "{line}"
        );
    }
}

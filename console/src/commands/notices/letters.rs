//! `madoguchi notices run` and `render`.

use std::{path::PathBuf, process::ExitCode};

use anyhow::bail;
use issuance::notice::{
    FontFolders, Press, Style,
    handed_in::{Said, unsaid},
    proof::Making,
    recipients::{self, Plan},
    template::{Language, Recipients, Template, Value},
};
use office::notices::Population;
use relay_core::clock::{Clock, SystemClock};
use serde_json::json;
use time::Date;

use super::{Setting, find, kinds, language, office, refused};
use crate::{
    commands::{database::Records, output::answer, words::Lang},
    desk,
};

/// Which notice, and how it is told.
#[derive(Debug, clap::Args)]
pub struct RunOptions {
    /// The notice's name.
    kind: String,
    /// Count only: nothing is recorded and nothing printed.
    #[arg(long)]
    dry_run: bool,
    /// One line of JSON.
    #[arg(long)]
    json: bool,
}

/// Whose letter, and where to.
#[derive(Debug, clap::Args)]
pub struct RenderOptions {
    /// The notice's name.
    kind: String,
    /// The resident's number.
    #[arg(long, value_name = "NUMBER")]
    resident: String,
    /// The PDF to write.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// In which words: ja, plain or en.
    #[arg(long, value_name = "LANGUAGE", default_value = "ja", value_parser = language)]
    language: Language,
    /// In large print.
    #[arg(long)]
    large: bool,
    /// A fact that is said once for the whole run: name=value.
    #[arg(long, value_name = "NAME=VALUE")]
    fact: Vec<String>,
}

/// Counts who would get the notice.
///
/// # Errors
/// When there is no such notice, its facts were not taken in, or the records are away.
pub fn run(setting: &Setting, options: &RunOptions) -> anyhow::Result<ExitCode> {
    let (config, lang) = (setting.config()?, setting.lang);
    let kinds = kinds(&config, lang)?;
    let template = find(&kinds, &options.kind, lang)?;
    if !options.dry_run {
        bail!(lang.pick(
            "発送は、窓口の画面の「通知の発送」で始めます(二人の職員の承認が要ります)。人数を数えるだけなら --dry-run を付けてください。",
            "a run is begun on the console's screen, where two people release it; to count only, add --dry-run",
        ));
    }
    let records = Records::open(&config)?;
    let population = population(&records, template, lang)?;
    let mut plan = recipients::plan(template, &population.people, today());
    let (office, said) = (office(&config), desk::notices::said(&config.calendar.open()?, today()));
    let mut unset = Vec::new();
    // What is said once for the run is not known here, where the notice has such facts.
    if unsaid(template, &said).is_empty() && !plan.letters.is_empty() {
        let press =
            Press::open(&FontFolders(config.paper.font_folders.clone())).map_err(|error| refused(&error, lang))?;
        let making = Making {
            template,
            office: &office,
            issued_on: today(),
            style: Style {
                language: Language::Japanese,
                large: false,
            },
            said: &said,
        };
        let proofed = press.proof(&making, &population.people, &mut plan);
        unset = proofed.map_err(|error| refused(&error, lang))?.unset;
    }
    let unset: Vec<(&str, String)> = unset
        .iter()
        .map(|(at, why)| {
            let number = population.people[*at].resident.number.as_str();
            (number, refused(why, lang).to_string())
        })
        .collect();
    tell(template, &plan, &unset, options.json, lang);
    Ok(ExitCode::SUCCESS)
}

fn tell(template: &Template, plan: &Plan, unset: &[(&str, String)], as_json: bool, lang: Lang) {
    let reasons = plan.reasons();
    if as_json {
        let excluded: serde_json::Map<_, _> = reasons
            .iter()
            .map(|(reason, count)| (reason.as_str().to_owned(), json!(count)))
            .collect();
        answer!(
            "{}",
            json!({
                "recipients": plan.letters.len(), "people": plan.people(), "excluded": excluded,
                "unprintable": unset.iter().map(|(number, why)| json!({ "resident": number, "why": why })).collect::<Vec<_>>(),
            })
        );
        return;
    }
    answer!("{}", template.title());
    answer!(
        "  {:>8}  {}",
        plan.letters.len(),
        lang.pick(
            format!("通({} 人分)", plan.people()),
            format!("letters (about {} people)", plan.people())
        )
    );
    for (reason, count) in reasons {
        let why = lang.pick(
            format!("送らない: {}", reason.in_japanese()),
            format!("left out: {}", reason.as_str()),
        );
        answer!("  {count:>8}  {why}");
    }
    for (number, why) in unset {
        answer!("            {number}  {why}");
    }
}

fn population(records: &Records, template: &Template, lang: Lang) -> anyhow::Result<Population> {
    let population = records.runtime.block_on(records.office.notice_population(template))?;
    if template.recipients == Recipients::File && population.import.is_none() {
        bail!(lang.pick(
            format!(
                "「{}」のデータがまだ取り込まれていません。`madoguchi notices import {} ファイル` で取り込んでください。",
                template.title(),
                template.name
            ),
            format!(
                "no facts were taken in for {0}; take them in with `madoguchi notices import {0} FILE`",
                template.name
            ),
        ));
    }
    Ok(population)
}

fn today() -> Date {
    SystemClock.now_in_japan().date()
}

/// Writes one resident's letter.
///
/// # Errors
/// When they get none, with the reason, or it can't be printed.
pub fn render(setting: &Setting, options: &RenderOptions) -> anyhow::Result<ExitCode> {
    let (config, lang) = (setting.config()?, setting.lang);
    let kinds = kinds(&config, lang)?;
    let template = find(&kinds, &options.kind, lang)?;
    let style = Style {
        language: options.language,
        large: options.large,
    };
    if !template.languages().any(|own| own == style.language) {
        let has: Vec<&str> = template.languages().map(Language::as_str).collect();
        bail!(lang.pick(
            format!(
                "この通知には「{}」の文がありません。あるもの: {}",
                style.language,
                has.join("、")
            ),
            format!(
                "this notice is not written in {}; it is in {}",
                style.language,
                has.join(", ")
            ),
        ));
    }
    let said = said(template, &options.fact, &config, lang)?;
    let records = Records::open(&config)?;
    let population = population(&records, template, lang)?;
    let people = &population.people;
    let wanted = options.resident.trim();
    let Some(at) = people.iter().position(|person| person.resident.number == wanted) else {
        bail!(lang.pick(
            format!("宛名番号 {wanted} の住民はいません。"),
            format!("there is no resident {wanted}"),
        ));
    };
    let plan = recipients::plan(template, people, today());
    // What is about them, else what they get for somebody.
    let own = plan.letters.iter().find(|letter| letter.about.contains(&at));
    let Some(planned) = own.or_else(|| plan.letters.iter().find(|letter| letter.to == at)) else {
        let reason = plan.excluded.iter().find(|(left_out, _)| *left_out == at);
        bail!(match reason {
            Some((_, reason)) => lang.pick(
                format!("この人には送りません: {}", reason.in_japanese()),
                format!("no letter goes to this resident: {}", reason.as_str()),
            ),
            None => lang.pick(
                "この人は、この通知の対象ではありません。".to_owned(),
                "this notice says nothing of this resident".to_owned(),
            ),
        });
    };
    let letter = recipients::letter(template, people, planned, &said);
    let press = Press::open(&FontFolders(config.paper.font_folders.clone())).map_err(|error| refused(&error, lang))?;
    let office = office(&config);
    let printed = press
        .letter(template, (&office, today()), style, &letter)
        .map_err(|error| refused(&error, lang))?;
    write(&options.out, &printed.pdf, lang)?;
    answer!(
        "{}",
        lang.pick(
            format!(
                "✓ {} ({} ページ、照合番号 {})",
                options.out.display(),
                printed.pages,
                printed.content_hash
            ),
            format!(
                "✓ {} ({} pages, reference {})",
                options.out.display(),
                printed.pages,
                printed.content_hash
            ),
        )
    );
    Ok(ExitCode::SUCCESS)
}

/// A letter is its resident's alone: the file is readable by whoever asked for it only.
fn write(file: &std::path::Path, pdf: &[u8], lang: Lang) -> anyhow::Result<()> {
    settings::secrets::replace(file, pdf).map_err(|error| {
        anyhow::anyhow!(lang.pick(
            format!("{} に書けません: {error}", file.display()),
            format!("{} can't be written: {error}", file.display()),
        ))
    })
}

/// What is said once for the run, of `name=value`.
fn said(template: &Template, given: &[String], config: &crate::config::Config, lang: Lang) -> anyhow::Result<Said> {
    let mut said = desk::notices::said(&config.calendar.open()?, today());
    for text in given {
        let unknown = || {
            anyhow::anyhow!(lang.pick(
                format!("「{text}」: 名前=値 の形で、この通知の事項を書いてください。"),
                format!("{text}: write name=value with a fact of this notice"),
            ))
        };
        let (name, value) = text.split_once('=').ok_or_else(unknown)?;
        let fact = template
            .facts
            .iter()
            .find(|fact| fact.name == name)
            .ok_or_else(unknown)?;
        let value = Value::read(fact.kind, value).map_err(|not| {
            anyhow::anyhow!(lang.pick(
                format!("「{text}」: {}", not.in_japanese()),
                format!("{text}: {}", not.in_english())
            ))
        })?;
        said.insert(name.to_owned(), value);
    }
    let missing: Vec<&str> = unsaid(template, &said).iter().map(|fact| fact.name.as_str()).collect();
    if !missing.is_empty() {
        bail!(lang.pick(
            format!("この通知には --fact で次の事項が要ります: {}", missing.join("、")),
            format!("this notice needs --fact for: {}", missing.join(", ")),
        ));
    }
    Ok(said)
}

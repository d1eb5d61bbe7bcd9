//! `madoguchi card show`: every byte that can be read from a card, so that anyone can see there is nothing personal
//! on it.

use std::{process::ExitCode, time::Duration};

use ::card::{
    CardError, Chip, ChipLife, FileDump, PcscTransport, PinSlot, ReadRule, ReaderError, Readers, Sharing,
    TransportError, Tries,
};
use serde_json::json;

use super::output::answer;
use super::{Setting, processes::wait_until, words::Lang};

/// What can be done with a card.
#[derive(Debug, clap::Subcommand)]
pub enum CardCommand {
    /// Show everything that can be read from a card, byte by byte.
    Show(ShowOptions),
}

/// Which card, and how to show it.
#[derive(Debug, clap::Args)]
pub struct ShowOptions {
    /// The reader's name (default: the residents' reader).
    #[arg(long, value_name = "NAME")]
    reader: Option<String>,
    /// One line of JSON.
    #[arg(long)]
    json: bool,
}

/// Shows the card.
///
/// # Errors
/// When there is no card, no reader or no card service, with what to do.
pub fn run(setting: &Setting, asked: &CardCommand) -> anyhow::Result<ExitCode> {
    let CardCommand::Show(options) = asked;
    let lang = setting.lang;
    let reader = match &options.reader {
        Some(named) => named.clone(),
        None => setting.config()?.card.resident_reader,
    };
    let mut chip = open(&reader, Sharing::Shared, lang)?;
    let shown = (|| {
        Ok::<_, CardError>((
            chip.tries_left(PinSlot::Holder)?,
            chip.files()?,
            chip.serial().clone(),
            chip.life(),
        ))
    })();
    let (tries, files, serial, life) = shown.map_err(|error| anyhow::anyhow!(words(&error, lang)))?;
    if options.json {
        let files: Vec<_> = files
            .iter()
            .map(|file| {
                json!({
                    "path": file.path_text(),
                    "name": file.name,
                    "size": file.size,
                    "reading": rule_name(file.reading),
                    "bytes": hex::encode(&file.bytes),
                })
            })
            .collect();
        let card = json!({
            "chip": serial.hex(), "life": life_name(life), "tries": tries_name(tries), "files": files,
        });
        answer!("{card}");
    } else {
        answer!("{}  {serial}", lang.pick("チップ番号", "chip serial"));
        answer!("{}  {}", lang.pick("状態", "state"), life_words(life, lang));
        answer!("{}  {}", lang.pick("暗証番号", "PIN"), tries_words(tries, lang));
        for file in &files {
            answer!("\n{}", dump(file, lang));
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// How long a card that is just being put in is waited for.
const PUT_IN: Duration = Duration::from_secs(2);

/// The card in `reader`, its application selected.
///
/// # Errors
/// A sentence about what is missing and what to do.
pub(super) fn open(reader: &str, sharing: Sharing, lang: Lang) -> anyhow::Result<Chip<PcscTransport>> {
    let told = |error| anyhow::anyhow!(reader_words(&error, lang));
    // A service that hangs keeps whoever asks it: that is found out first.
    Readers::list_within(super::services::CARD_SERVICE).map_err(told)?;
    let readers = Readers::connect().map_err(told)?;
    let mut opened = Err(CardError::Transport(TransportError::Removed));
    wait_until(PUT_IN, || {
        opened = readers
            .card(reader, sharing)
            .map_err(CardError::from)
            .and_then(Chip::select);
        // A card that was exchanged a moment ago answers for its predecessor first.
        !matches!(
            opened,
            Err(CardError::Transport(TransportError::Removed | TransportError::Reset))
        )
    });
    opened.map_err(|error| anyhow::anyhow!("{reader}: {}", words(&error, lang)))
}

/// A reader's trouble as a sentence.
pub(super) fn reader_words(error: &ReaderError, lang: Lang) -> String {
    match (error, lang) {
        (ReaderError::ServiceGone, Lang::Ja) => {
            "カードの仲介(pcscd)が動いていません。`madoguchi up` で動かしてください。".into()
        }
        (ReaderError::ServiceGone, Lang::En) => {
            "the card service (pcscd) is not running; start it with `madoguchi up`".into()
        }
        (ReaderError::ServiceSilent, Lang::Ja) => {
            "カードの仲介(pcscd)が答えません。止まったままか、込み合っています。起動し直してください(systemctl restart pcscd)。".into()
        }
        (ReaderError::ServiceSilent, Lang::En) => {
            "the card service (pcscd) does not answer: it hangs; restart it (systemctl restart pcscd)".into()
        }
        (ReaderError::NoSuchReader(name), Lang::Ja) => {
            format!(
                "読取機「{name}」がつながっていません。USB を差し直し、`madoguchi doctor` で名前を確かめてください。"
            )
        }
        (ReaderError::Other(said), Lang::Ja) => format!("カードの仲介(pcscd)の返事: {said}"),
        (error, Lang::En) => error.to_string(),
    }
}

/// A card's trouble as a sentence.
pub(super) fn words(error: &CardError, lang: Lang) -> String {
    if lang == Lang::En {
        return error.to_string();
    }
    match error {
        CardError::Transport(TransportError::Removed) => "カードがありません。差し込んでください。".into(),
        CardError::Transport(TransportError::Reset) => "カードが差し直されました。もう一度試してください。".into(),
        CardError::Transport(TransportError::ReaderGone(name)) => {
            reader_words(&ReaderError::NoSuchReader(name.clone()), lang)
        }
        CardError::Transport(TransportError::ServiceGone) => reader_words(&ReaderError::ServiceGone, lang),
        CardError::Transport(TransportError::InUse(_)) => {
            "別のプログラムがこのカードを使っています。そちらを閉じてから試してください。".into()
        }
        CardError::NotOurCard => "この役所のカードではありません。".into(),
        CardError::WrongIssuerKeys => {
            "チップがこの発行者の鍵を知りません。別の発行者の白カードか、[card] master_file が違います。".into()
        }
        CardError::Closed(_) => "発行を終えたカードです。書き換えられません。白カードを使ってください。".into(),
        CardError::PinAlreadySet => "暗証番号は設定済みです。".into(),
        CardError::PinRefused => "文字の種類か長さが規則に合いません(職員カードは英数字8〜16文字)。".into(),
        other => format!("カードの返事: {other}"),
    }
}

fn dump(file: &FileDump, lang: Lang) -> String {
    let mut lines = vec![format!(
        "{}  {}  {} {}  {}",
        file.path_text(),
        file.name,
        file.size,
        lang.pick("バイト", "bytes"),
        rule_words(file.reading, lang)
    )];
    for (row, bytes) in file.bytes.chunks(16).enumerate() {
        let shown: Vec<String> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        let letters: String = bytes
            .iter()
            .map(|byte| {
                if byte.is_ascii_graphic() || *byte == b' ' {
                    char::from(*byte)
                } else {
                    '.'
                }
            })
            .collect();
        lines.push(format!("  {:04x}  {:<47}  {letters}", row * 16, shown.join(" ")));
    }
    lines.join("\n")
}

const fn rule_name(rule: ReadRule) -> &'static str {
    match rule {
        ReadRule::Anyone => "anyone",
        ReadRule::AfterPin => "after_pin",
        ReadRule::Nobody => "nobody",
    }
}

fn rule_words(rule: ReadRule, lang: Lang) -> &'static str {
    match rule {
        ReadRule::Anyone => lang.pick("だれでも読める", "readable by anyone"),
        ReadRule::AfterPin => lang.pick("暗証番号のあとに読める", "readable after the PIN"),
        ReadRule::Nobody => lang.pick("だれも読めない", "readable by nobody"),
    }
}

const fn life_name(life: ChipLife) -> &'static str {
    match life {
        ChipLife::Blank => "blank",
        ChipLife::Personalising => "personalising",
        ChipLife::Closed => "closed",
    }
}

fn life_words(life: ChipLife, lang: Lang) -> &'static str {
    match life {
        ChipLife::Blank => lang.pick("白カード", "blank"),
        ChipLife::Personalising => lang.pick("作成の途中", "being personalised"),
        ChipLife::Closed => lang.pick("作成済み(書き換えられません)", "personalised and closed"),
    }
}

fn tries_name(tries: Tries) -> String {
    match tries {
        Tries::Left(left) => left.to_string(),
        Tries::Blocked => "blocked".into(),
        Tries::NotSet => "not_set".into(),
    }
}

fn tries_words(tries: Tries, lang: Lang) -> String {
    match tries {
        Tries::Left(left) => lang.pick(format!("試行残り {left} 回"), format!("{left} tries left")),
        Tries::Blocked => lang.pick("閉塞しています", "blocked").into(),
        Tries::NotSet => lang.pick("未設定", "not set").into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_shown_byte_by_byte_with_its_rule() {
        let file = FileDump {
            path: vec![0x3f, 0x00, 0x50, 0x15],
            name: "EF.ODF",
            bytes: b"0123456789abcdef\x00".to_vec(),
            size: 17,
            reading: ReadRule::Anyone,
        };
        let shown = dump(&file, Lang::Ja);
        assert!(
            shown.contains("3F00/5015") && shown.contains("だれでも読める"),
            "{shown}"
        );
        assert!(shown.contains("  0010  00 ") && shown.ends_with('.'), "{shown}");
    }
}

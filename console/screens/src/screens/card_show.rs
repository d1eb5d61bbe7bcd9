//! What is on the card, byte by byte with its meaning: it proves that nothing personal is there.

use crate::{
    common::{Common, Go},
    facts::{CardFileView, Reader, ReaderState},
    fault::Fault,
    keymap::{self, Intent, KeyTable},
    orders::cards::{CardFiles, ReadCardFiles},
    page::{Line, Page, Pen},
    screen::Screen,
    theme::Meaning,
};

/// Bytes a line.
const BYTES: usize = 16;

/// The card in the resident reader, file by file.
#[derive(Debug, Default)]
pub struct CardShow {
    files: Option<Vec<CardFileView>>,
    first: usize,
}

impl CardShow {
    fn look(&mut self, common: &mut Common) {
        self.files = None;
        self.first = 0;
        common.forget::<ReadCardFiles>();
        if matches!(common.resident_reader, ReaderState::Card(_)) {
            common.load(ReadCardFiles, Self::read);
        }
    }

    fn read(&mut self, files: Result<CardFiles, Fault>, common: &mut Common) {
        match files {
            Ok(CardFiles(files)) => self.files = Some(files),
            Err(fault) => common.tell_fault(&fault),
        }
    }

    fn count(&self) -> usize {
        let lines = |file: &CardFileView| file.bytes.len().div_ceil(BYTES).max(1) + 3;
        self.files.as_ref().map_or(0, |files| files.iter().map(lines).sum())
    }
}

impl Screen for CardShow {
    fn keys(&self) -> &'static KeyTable {
        &keymap::READING
    }

    fn shown(&mut self, common: &mut Common) {
        self.look(common);
    }

    fn reader(&mut self, reader: Reader, _state: ReaderState, common: &mut Common) {
        if reader == Reader::Resident {
            self.look(common);
        }
    }

    fn act(&mut self, intent: Intent, common: &mut Common) {
        let last = self.count().saturating_sub(1);
        match intent {
            Intent::Up => self.first = self.first.saturating_sub(1),
            Intent::Down => self.first = (self.first + 1).min(last),
            Intent::PageUp => self.first = self.first.saturating_sub(12),
            Intent::PageDown => self.first = (self.first + 12).min(last),
            Intent::Refresh => self.look(common),
            Intent::Back => common.go(Go::Case),
            _ => {}
        }
    }

    fn view(&self, common: &Common, pen: &Pen<'_>) -> Page {
        let mut page = Page::titled(pen.say("title-card-show"));
        let Some(files) = &self.files else {
            let word = if common.is_asking::<ReadCardFiles>() {
                "making-reading"
            } else {
                "card-show-insert"
            };
            page.paragraph(pen, 0, &pen.say(word), Meaning::NeedsYou);
            return page;
        };
        let total: usize = files.iter().map(|file| file.bytes.len()).sum();
        let facts = [
            ("files", files.len().to_string().into()),
            ("bytes", total.to_string().into()),
        ];
        let mut lines = Vec::new();
        for file in files {
            file_lines(file, pen, &mut lines);
        }
        page.paragraph(pen, 0, &pen.say_with("card-show-about", &facts), Meaning::Plain);
        page.body.extend(lines.into_iter().skip(self.first));
        page.focus = 0;
        page
    }
}

fn file_lines(file: &CardFileView, pen: &Pen<'_>, lines: &mut Vec<Line>) {
    lines.push(Line::gap());
    let rule = pen.say(if file.needs_pin {
        "card-show-with-pin"
    } else {
        "card-show-free"
    });
    lines.push(
        Line::of(&file.path, Meaning::Accent)
            .and("  ", Meaning::Plain)
            .and(&file.name, Meaning::Strong)
            .and("  ", Meaning::Plain)
            .and(
                pen.say_with("card-show-bytes", &[("bytes", file.bytes.len().to_string().into())]),
                Meaning::Quiet,
            )
            .and("  ", Meaning::Plain)
            .and(rule, Meaning::Quiet),
    );
    let about = pen.fit(&pen.say(file_word(&file.name)), pen.width.saturating_sub(2));
    lines.push(Line::of("  ", Meaning::Plain).and(about.trim_end(), Meaning::Plain));
    for (at, bytes) in file.bytes.chunks(BYTES).enumerate() {
        let hex: Vec<String> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
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
        lines.push(
            Line::of(format!("  {:04x}  ", at * BYTES), Meaning::Quiet)
                .and(format!("{:<48}", hex.join(" ")), Meaning::Plain)
                .and(letters, Meaning::Quiet),
        );
    }
    if file.bytes.is_empty() {
        lines.push(Line::of(format!("  {}", pen.say("card-show-empty")), Meaning::Quiet));
    }
}

/// What a file is for, by its name in ISO 7816-15.
fn file_word(name: &str) -> &'static str {
    let named = |part: &str| name.to_ascii_lowercase().contains(part);
    match () {
        () if named("dir") => "card-file-dir",
        () if named("odf") && !named("aodf") => "card-file-odf",
        () if named("tokeninfo") => "card-file-token-info",
        () if named("aodf") => "card-file-aodf",
        () if named("prkdf") => "card-file-prkdf",
        () if named("pukdf") => "card-file-pukdf",
        () if named("cdf") => "card-file-cdf",
        () if named("cert") => "card-file-certificate",
        () => "card-file-other",
    }
}

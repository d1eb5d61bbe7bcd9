//! The office's paper: the delivery notice (交付通知書), the application form (申請書), the receipt slip (受領票) and the daily
//! sheet of the audit trail as PDF.
//!
//! A [`Press`] opens the fonts once and then prints documents from plain data whose words were already decided
//! and formatted by the domain. Three promises hold for every sheet:
//!
//! - **No tofu.** Each character is looked up before anything is drawn. What no font can draw stops the print
//!   with [`MissingGlyph`], which names the character and the field. A name keeps its own form (異体字).
//! - **Nothing is clipped.** Text wraps or shrinks within stated limits; what still does not fit is an error.
//! - **Same data, same bytes.** No clock and no chance: equal data gives an equal [`ContentHash`] and an equal file.

mod application_form;
pub mod barcode;
mod bind;
mod bundle_sheet;
mod compose;
mod content;
mod delivery_notice;
mod envelope;
mod folders;
mod font;
mod glyphs;
pub mod handed_in;
mod head_sheet;
pub mod letter_number;
mod lines;
mod office;
pub mod proof;
mod receipt_slip;
pub mod recipients;
mod sheet;
mod store;
mod table;
mod tagged;
pub mod template;
#[cfg(test)]
mod tests;
mod ticket;
mod typecase;
mod words;

use std::{fmt, io, path::PathBuf};

pub use application_form::{Agent, Applicant, ApplicationForm, Choice};
pub use bundle_sheet::BundleSheet;
pub use compose::{Letter, Style};
pub use content::ContentHash;
pub use delivery_notice::{Bring, Collected, DeliveryNotice, Receiving};
pub use envelope::{Area, ENVELOPE_WINDOW, always_in_window, ever_in_window};
pub use folders::{FontFolders, MissingFont};
pub use head_sheet::HeadSheet;
pub use office::{Addressee, Office};
pub use receipt_slip::{Holder, ReceiptSlip, Receiver, Sight};
pub use store::store;
pub use ticket::{NotATicket, Ticket};

use self::{
    font::Library,
    glyphs::{Hand, Setter},
};

/// The printer's shop: the fonts, opened once.
///
/// Holds only the fonts' tables (about 3 MB); outlines are read from the font files for the characters a document
/// uses, so that 60 MB of fonts never sit in the console's memory.
pub struct Press {
    library: Library,
}

impl fmt::Debug for Press {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Press")
    }
}

impl Press {
    /// Opens the fonts found in `folders`.
    ///
    /// # Errors
    /// [`PaperError::FontsMissing`] lists every missing font with the package that brings it;
    /// [`PaperError::FontUnusable`] when a file is broken or its licence bits forbid embedding.
    pub fn open(folders: &FontFolders) -> Result<Self, PaperError> {
        Ok(Self {
            library: Library::open(folders)?,
        })
    }

    /// Whether every character of a name or address can be printed: for checking early, at the counter.
    ///
    /// # Errors
    /// [`MissingGlyph`] for the first character that can't.
    pub fn can_print(&self, text: &str) -> Result<(), MissingGlyph> {
        Setter::new(&self.library).set("", text, Hand::Name).map(|_| ())
    }

    /// The delivery notice: a letter for a window envelope, one sheet or two.
    ///
    /// # Errors
    /// [`PaperError::Glyph`] or [`PaperError::DoesNotFit`]; nothing is printed then.
    pub fn delivery_notice(&self, notice: &DeliveryNotice) -> Result<Printed, PaperError> {
        let hash = content::hash("delivery-notice", notice)?;
        let setter = Setter::new(&self.library);
        let sheets = delivery_notice::lay_out(&setter, notice, &hash)?;
        let about = bind::About {
            title: words::delivery::title(&notice.office.card_name),
            author: notice.office.city.clone(),
            case_number: notice.ticket.case_number().to_owned(),
            dated: notice.dated,
        };
        bind::bind(&self.library, &sheets, &about, hash)
    }

    /// The receipt slip: the office's copy to be signed above, the resident's copy below.
    ///
    /// # Errors
    /// [`PaperError::Glyph`] or [`PaperError::DoesNotFit`]; nothing is printed then.
    pub fn receipt_slip(&self, slip: &ReceiptSlip) -> Result<Printed, PaperError> {
        let hash = content::hash("receipt-slip", slip)?;
        let setter = Setter::new(&self.library);
        let sheets = receipt_slip::lay_out(&setter, slip, &hash)?;
        let about = bind::About {
            title: words::receipt::title(&slip.office.card_name),
            author: slip.office.city.clone(),
            case_number: slip.case_number.clone(),
            dated: slip.dated,
        };
        bind::bind(&self.library, &sheets, &about, hash)
    }

    /// The daily sheet of the audit trail's signed head.
    ///
    /// # Errors
    /// [`PaperError::Glyph`] or [`PaperError::DoesNotFit`]; nothing is printed then.
    pub fn head_sheet(&self, head: &HeadSheet) -> Result<Printed, PaperError> {
        let hash = content::hash("head-sheet", head)?;
        let setter = Setter::new(&self.library);
        let sheets = head_sheet::lay_out(&setter, head, &hash)?;
        let about = bind::About {
            title: words::head::TITLE.to_owned(),
            author: head.city.clone(),
            case_number: head.events.to_string(),
            dated: head.dated,
        };
        bind::bind(&self.library, &sheets, &about, hash)
    }

    /// The application form, filled in as taken at the counter, to be read and signed.
    ///
    /// # Errors
    /// [`PaperError::Glyph`] or [`PaperError::DoesNotFit`]; nothing is printed then.
    pub fn application_form(&self, form: &ApplicationForm) -> Result<Printed, PaperError> {
        let hash = content::hash("application-form", form)?;
        let setter = Setter::new(&self.library);
        let sheets = application_form::lay_out(&setter, form, &hash)?;
        let about = bind::About {
            title: words::application::title(&form.office.card_name),
            author: form.office.city.clone(),
            case_number: form.ticket.case_number().to_owned(),
            dated: form.dated,
        };
        bind::bind(&self.library, &sheets, &about, hash)
    }
}

/// Letters of one notice on their way into one file: written as they come, however many.
pub struct Run<'a, W: io::Write> {
    setter: Setter<'a>,
    composer: compose::Composer<'a>,
    binder: bind::Binder<'a, W>,
    /// Over the hashes of the letters, in their order.
    all: aws_lc_rs::digest::Context,
    pages: usize,
}

impl Press {
    /// Begins a file of letters of `template`, dated `issued_on`, written to `out`.
    ///
    /// # Errors
    /// [`PaperError::NotWritten`]
    pub fn run<'a, W: io::Write>(
        &'a self,
        out: W,
        template: &'a template::Template,
        (office, issued_on): (&'a Office, time::Date),
        style: Style,
    ) -> Result<Run<'a, W>, PaperError> {
        Ok(Run {
            setter: Setter::new(&self.library),
            composer: compose::Composer::new(template, office, issued_on, style),
            binder: bind::Binder::new(out, &self.library, flate2::Compression::fast())?,
            all: aws_lc_rs::digest::Context::new(&aws_lc_rs::digest::SHA256),
            pages: 0,
        })
    }

    /// One letter of `template` as a file of its own.
    ///
    /// # Errors
    /// [`PaperError::Glyph`] or [`PaperError::DoesNotFit`]; nothing is printed then.
    pub fn letter(
        &self,
        template: &template::Template,
        (office, issued_on): (&Office, time::Date),
        style: Style,
        letter: &Letter,
    ) -> Result<Printed, PaperError> {
        let mut run = self.run(Vec::new(), template, (office, issued_on), style)?;
        let (content_hash, pages) = run.add(letter)?;
        let (pdf, _) = run.finish()?;
        Ok(Printed {
            pdf,
            content_hash,
            pages,
        })
    }
}

impl<W: io::Write> Run<'_, W> {
    /// Adds a letter; gives the hash over what it says, and its pages.
    ///
    /// # Errors
    /// [`PaperError::Glyph`] or [`PaperError::DoesNotFit`], and the file is as before; [`PaperError::NotWritten`].
    pub fn add(&mut self, letter: &Letter) -> Result<(ContentHash, usize), PaperError> {
        self.add_as(letter, "")
    }

    /// As [`Self::add`], with the letter's number in its run at the foot, `12-345`.
    ///
    /// # Errors
    /// As [`Self::add`].
    pub fn add_as(&mut self, letter: &Letter, number: &str) -> Result<(ContentHash, usize), PaperError> {
        let hash = self.composer.hash(letter)?;
        let sheets = self.composer.letter(&self.setter, letter, (&hash, number))?;
        let language = self.composer.style.language.tag();
        self.binder.add(&sheets, language, &self.composer.stamps)?;
        self.all.update(hash.as_bytes());
        self.pages += sheets.len();
        Ok((hash, sheets.len()))
    }

    /// Adds the sheet on top of a bundle.
    ///
    /// # Errors
    /// [`PaperError`]
    pub fn bundle_sheet(&mut self, bundle: &BundleSheet<'_>) -> Result<(), PaperError> {
        let mut sheet = sheet::Sheet::new(&self.setter);
        bundle_sheet::lay_out(&mut sheet, bundle)?;
        self.pages += 1;
        self.binder.add(&[sheet], None, &[])
    }

    /// Pages so far.
    pub const fn pages(&self) -> usize {
        self.pages
    }

    /// Ends the file; gives what was written to, and the file's length in bytes.
    ///
    /// # Errors
    /// [`PaperError`]
    pub fn finish(self) -> Result<(W, u64), PaperError> {
        let about = bind::About {
            title: self.composer.template.title_in(self.composer.style.language),
            author: self.composer.office.city.clone(),
            case_number: String::new(),
            dated: self.composer.issued_on,
        };
        self.binder.finish(&about, ContentHash::of_digest(&self.all.finish()))
    }
}

/// A finished document.
#[derive(Clone, PartialEq, Eq)]
pub struct Printed {
    pub pdf: Vec<u8>,
    /// Hash over the data printed, also at the foot of each page.
    pub content_hash: ContentHash,
    /// Number of pages (A4).
    pub pages: usize,
}

impl fmt::Debug for Printed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "Printed({} pages, {} bytes, {})",
            self.pages,
            self.pdf.len(),
            self.content_hash
        )
    }
}

/// A character that no font at hand can draw.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MissingGlyph {
    /// The field it stands in, in the office's words; empty when a bare text was asked about.
    pub field: String,
    /// The character, with its variation selector if it has one.
    pub character: String,
    /// Its code points: `U+20BB7`, `U+845B U+E0100`.
    pub code_points: String,
    /// What could be done instead, where that is known.
    pub hint: Option<String>,
}

impl fmt::Display for MissingGlyph {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.field.is_empty() {
            write!(f, "{}: ", self.field)?;
        }
        write!(
            f,
            "「{}」({})を印刷できる書体がありません。",
            self.character, self.code_points
        )?;
        if let Some(hint) = &self.hint {
            f.write_str(hint)?;
        }
        Ok(())
    }
}

impl std::error::Error for MissingGlyph {}

/// Why nothing was printed.
#[derive(Debug, thiserror::Error)]
pub enum PaperError {
    /// Fonts that printing needs are not in the configured folders.
    #[error("書体が見つかりません: {}。探した場所: {}", folders::list(.missing), folders::list_paths(.looked_in))]
    FontsMissing {
        missing: Vec<MissingFont>,
        /// The folders looked in.
        looked_in: Vec<PathBuf>,
    },
    /// A font file that can't be used.
    #[error("書体ファイル {} を使えません({reason})。パッケージを入れ直してください。", .path.display())]
    FontUnusable {
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// A character no font can draw.
    #[error(transparent)]
    Glyph(#[from] MissingGlyph),
    /// A text that is too long for its place even when wrapped and set as small as allowed.
    #[error("「{field}」が長すぎて、紙の決まった場所に入りません。短くしてから印刷してください。")]
    DoesNotFit {
        /// The field, in the office's words.
        field: String,
    },
    /// The QR code could not be made from the ticket.
    #[error("受付番号 {case_number} のQRコードを作れません。")]
    CodeNotMade { case_number: String },
    /// The PDF could not be put together: a fault in this program, with what was found.
    #[error("PDFを組み立てられません({0})。")]
    NotBound(String),
    /// The PDF could not be written where it was to go.
    #[error("PDFを書けません: {0}")]
    NotWritten(io::Error),
    /// The folder for printed documents has no room left.
    #[error("{} に空きがなく、印刷物を保存できません。空きを作ってから、もう一度印刷してください。", .folder.display())]
    DiskFull { folder: PathBuf },
    /// The folder for printed documents can't be written to.
    #[error("{} に印刷物を保存できません: {source}", .folder.display())]
    NotStored {
        folder: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

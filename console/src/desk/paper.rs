//! Papers of a case: printed to the configured folder, recorded by the hash of the file before anyone is told that
//! they are printed, and printed again from the file that was kept.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
};

use aws_lc_rs::digest::{SHA256, digest};
use issuance::case::CaseState;
use issuance::notice::{FontFolders, PaperError, Press, Printed as Sheets, store};
use office::{
    Act,
    cases::{CaseFile, Paper as Recorded, PrintedPaper, Printing},
};

use super::{
    sheets::{self, Facts},
    trouble,
    work::{Desk, fresh, lock},
};
use crate::{
    config::Config,
    keeping,
    tui::{
        facts::{Paper, Printed},
        fault::Fault,
        orders::papers::{Print, PrintEnd, Reprint},
    },
};

/// The press, opened when the first paper is printed, and where papers go.
pub struct Printer {
    folder: PathBuf,
    fonts: FontFolders,
    press: Mutex<Option<Arc<Press>>>,
}

impl Printer {
    /// The printer that `config` names.
    pub fn of(config: &Config) -> Self {
        Self {
            folder: config.paper.folder.clone(),
            fonts: FontFolders(config.paper.font_folders.clone()),
            press: Mutex::new(None),
        }
    }

    /// The press, opened where it was not yet.
    pub fn press(&self) -> Result<Arc<Press>, PaperError> {
        let mut press = lock(&self.press);
        match &*press {
            Some(open) => Ok(Arc::clone(open)),
            None => Ok(Arc::clone(press.insert(Arc::new(Press::open(&self.fonts)?)))),
        }
    }
}

/// A paper as it lies in the folder.
struct Kept {
    file: PathBuf,
    sha256: [u8; 32],
    pages: u16,
    /// Whom it names, as a keyed hash.
    addressee: [u8; 32],
    /// Whether they are registered so now.
    still_so: bool,
}

impl Desk {
    /// Removes papers past their keeping time, once as the desk opens. What cannot be done now is done the next time.
    pub fn clean_papers(&self) -> impl Future<Output = ()> + Send + 'static {
        let desk = self.clone();
        async move {
            let act = Act::of_process("paper", fresh());
            let now = desk.clock.now_in_japan();
            match keeping::clean(&desk.config.paper, &desk.office, &act, now).await {
                Ok(0) => {}
                Ok(removed) => tracing::info!(removed, "papers past their keeping time were removed"),
                Err(error) => tracing::warn!(%error, "papers past their keeping time are still there"),
            }
        }
    }

    /// Prints a paper of the case, or prints it again from what is kept. Where that names the person as they are no longer
    /// registered, the clerk is asked first.
    pub async fn print(self, Print { case, paper, reprint }: Print) -> Result<PrintEnd, Fault> {
        let file = self.office.case(self.session()?, case.id).await;
        let file = file.map_err(|error| self.fault(&error))?;
        let (kept, printing) = match (self.kept(&file, paper).await?, reprint) {
            (Some(kept), _) if kept.still_so => (kept, Printing::Again),
            (Some(_), Reprint::Ask) => return Ok(PrintEnd::Outdated(paper)),
            (Some(kept), Reprint::AsItWas) => (kept, Printing::AsItWas),
            (Some(_), Reprint::Anew) => {
                if paper == Paper::Notice {
                    // The notice with the old address is no longer good, wherever it lies.
                    let issued = self.office.issue_notice(&self.act()?, case.id).await;
                    issued.map_err(|error| self.of_change(case.id, &error))?;
                }
                (self.set_and_store(&file, paper).await?, Printing::Anew)
            }
            (None, _) => (self.set_and_store(&file, paper).await?, Printing::Fresh),
        };
        let printed = PrintedPaper {
            paper: recorded_as(paper),
            pages: kept.pages,
            sha256: kept.sha256,
            addressee: kept.addressee,
            printing,
        };
        let recorded = self.office.paper_printed(&self.act()?, case.id, printed).await;
        recorded.map_err(|error| self.of_change(case.id, &error))?;
        let printed = Printed {
            paper,
            file: name_of(&kept.file),
            pages: kept.pages,
            again: matches!(printing, Printing::Again | Printing::AsItWas),
        };
        Ok(PrintEnd::Printed(printed, self.case_view(case.id).await?))
    }

    /// The paper printed before, when it still says what is so and its file is what was recorded.
    async fn kept(&self, file: &CaseFile, paper: Paper) -> Result<Option<Kept>, Fault> {
        let Some(printed_at) = file.printed.get(&recorded_as(paper)) else {
            return Ok(None);
        };
        let still_so = match paper {
            Paper::Application => true,
            Paper::Notice => file.notice_issued.is_some_and(|issued| *printed_at >= issued),
            Paper::Receipt => *printed_at >= file.since,
        };
        if !still_so {
            return Ok(None);
        }
        let last = self.office.last_printed(file.at.id, recorded_as(paper)).await;
        let Some(last) = last.map_err(|error| self.fault(&error))? else {
            return Ok(None);
        };
        let (folder, name) = (self.printer.folder.clone(), stem(file, paper));
        let found = tokio::task::spawn_blocking(move || find(&folder, &name, &last.sha256)).await;
        let found = found.map_err(|error| trouble::other(&error))?;
        Ok(found.map(|path| Kept {
            file: path,
            sha256: last.sha256,
            pages: last.pages,
            addressee: last.addressee,
            still_so: last.still_so,
        }))
    }

    async fn set_and_store(&self, file: &CaseFile, paper: Paper) -> Result<Kept, Fault> {
        let facts = self.facts_of(file, paper).await?;
        let addressee = self.office.addressee_index(recorded_as(paper), &facts.resident);
        let name = stem(file, paper);
        let desk = self.clone();
        let stored = tokio::task::spawn_blocking(move || -> Result<Kept, PaperError> {
            let press = desk.printer.press()?;
            let printed: Sheets = sheets::print(&press, &desk.config.city, facts)?;
            let path = store(&printed, &name, &desk.printer.folder)?;
            Ok(Kept {
                file: path,
                sha256: sha256(&printed.pdf),
                pages: u16::try_from(printed.pages).unwrap_or(u16::MAX),
                addressee,
                still_so: true,
            })
        });
        let stored = stored.await.map_err(|error| trouble::other(&error))?;
        stored.map_err(|error| trouble::of_paper(&error))
    }

    /// What the paper says. The address of a person under support measures is given by the records to a role that may
    /// see it, and the sight is recorded.
    async fn facts_of(&self, file: &CaseFile, paper: Paper) -> Result<Facts, Fault> {
        let today = self.clock.now_in_japan();
        let case = file.at.id;
        let resident = match paper {
            Paper::Application | Paper::Notice => {
                let resident = self.office.addressee(&self.act()?, case).await;
                resident.map_err(|error| self.of_change(case, &error))?
            }
            Paper::Receipt => file.resident.resident.clone(),
        };
        let sheet = match paper {
            Paper::Application => sheets::Sheet::Application,
            Paper::Notice => {
                let notice = self.office.notice(case).await.map_err(|error| self.fault(&error))?;
                let notice = match notice {
                    Some(notice) => notice,
                    None => {
                        let issued = self.office.issue_notice(&self.act()?, case).await;
                        issued.map_err(|error| self.of_change(case, &error))?
                    }
                };
                sheets::Sheet::Notice(notice)
            }
            Paper::Receipt => sheets::Sheet::Receipt(self.sights_of(file).await?),
        };
        Ok(Facts {
            number: file.number,
            applied_at: file.opened_at,
            application: file.application.clone(),
            chip: file.card.as_ref().map(|card| card::ChipSerial::new(card.chip.clone())),
            resident,
            handed_over_at: matches!(file.state, CaseState::HandedOver { .. }).then_some(file.since),
            verification: file.verification.clone(),
            calendar: Arc::clone(&self.setup.calendar),
            today,
            sheet,
        })
    }

    async fn sights_of(&self, file: &CaseFile) -> Result<Vec<sheets::Look>, Fault> {
        let sights = self
            .office
            .sights(file.at.id)
            .await
            .map_err(|error| self.fault(&error))?;
        if sights.is_empty() {
            return Ok(Vec::new());
        }
        let staff = self.office.staff().await.map_err(|error| self.fault(&error))?;
        let look = |sight: &issuance::handover::SightConfirmed| {
            let clerk = &staff.iter().find(|record| record.staff.id == sight.by)?.staff;
            Some(sheets::Look {
                clerk: clerk.name.clone(),
                number: clerk.number.clone(),
                at: sight.at,
            })
        };
        Ok(sights.iter().filter_map(look).collect())
    }
}

const fn recorded_as(paper: Paper) -> Recorded {
    match paper {
        Paper::Application => Recorded::Application,
        Paper::Notice => Recorded::Notice,
        Paper::Receipt => Recorded::Receipt,
    }
}

/// `notice-2026-000352`
fn stem(file: &CaseFile, paper: Paper) -> String {
    format!("{}-{}", recorded_as(paper).as_str(), file.number)
}

fn name_of(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// The file among the case's papers that is byte for byte what was recorded.
fn find(folder: &Path, stem: &str, wanted: &[u8; 32]) -> Option<PathBuf> {
    let begins = format!("{stem}-");
    fs::read_dir(folder)
        .ok()?
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| name_of(path).starts_with(&begins) && path.extension().is_some_and(|ending| ending == "pdf"))
        .find(|path| fs::read(path).is_ok_and(|bytes| sha256(&bytes) == *wanted))
}

fn sha256(bytes: &[u8]) -> [u8; 32] {
    let mut out = [0; 32];
    out.copy_from_slice(digest(&SHA256, bytes).as_ref());
    out
}

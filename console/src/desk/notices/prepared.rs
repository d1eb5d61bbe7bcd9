//! What the letters of a run are made of: everyone, opened, and who gets what. Kept while bundles are made, one after another, and
//! no longer.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use aws_lc_rs::digest::{Context, SHA256};
use issuance::notice::{
    ContentHash, Office, PaperError, Press, Style,
    handed_in::{Said, unsaid},
    proof::{Making, Proofed},
    recipients::{self, Plan, Planned, RunId},
    template::{Recipients, Template},
};
use office::notices::{NoticeRefusal, NoticeRun as Recorded, Population};
use time::Date;

use super::{refused, said};
use crate::{
    desk::{
        sheets, trouble,
        work::{Desk, lock},
    },
    tui::fault::Fault,
};

/// How long what was read of the roster waits for the next bundle.
const IDLE: Duration = Duration::from_secs(10);

/// Something personal that is kept while it is used, and dropped when nobody asks for it.
pub struct UnderWay<T = Prepared>(Arc<Mutex<Kept<T>>>);

struct Kept<T> {
    /// Grows with each use.
    used: u64,
    what: Option<Arc<T>>,
}

impl<T> Default for UnderWay<T> {
    fn default() -> Self {
        Self(Arc::new(Mutex::new(Kept { used: 0, what: None })))
    }
}

impl<T: Send + Sync + 'static> UnderWay<T> {
    fn known(&self) -> Option<Arc<T>> {
        let mut kept = lock(&self.0);
        kept.used += 1;
        kept.what.clone()
    }

    fn keep(&self, what: T) -> Arc<T> {
        let what = Arc::new(what);
        lock(&self.0).what = Some(Arc::clone(&what));
        what
    }

    /// Drops what is kept.
    pub fn put_down(&self) {
        lock(&self.0).what = None;
    }

    /// Drops what is kept unless somebody asks for it soon.
    pub fn rest(&self) {
        let (kept, used) = (Self(Arc::clone(&self.0)), lock(&self.0).used);
        tokio::spawn(async move {
            tokio::time::sleep(IDLE).await;
            kept.drop_unless_used(used);
        });
    }

    /// Drops what is kept where nobody asked for it since `used`.
    fn drop_unless_used(&self, used: u64) {
        let mut kept = lock(&self.0);
        if kept.used == used {
            kept.what = None;
        }
    }
}

/// What the letters of a run are made of.
pub struct Prepared {
    id: Option<RunId>,
    pub template: Template,
    pub population: Population,
    pub plan: Plan,
    pub office: Office,
    pub said: Said,
    pub dated: Date,
    pub style: Style,
}

impl Prepared {
    fn making(&self) -> Making<'_> {
        Making {
            template: &self.template,
            office: &self.office,
            issued_on: self.dated,
            style: self.style,
            said: &self.said,
        }
    }

    /// Lays all letters out; those that can't be set are taken out of the plan.
    pub fn proof(&mut self, press: &Press) -> Result<Proofed, PaperError> {
        let mut plan = std::mem::take(&mut self.plan);
        let proofed = press.proof(&self.making(), &self.population.people, &mut plan);
        self.plan = plan;
        proofed
    }

    /// Letters that show what a run is like, by their places: its first and last, its longest, one to a guardian and one that goes
    /// elsewhere than home.
    pub fn samples(&self) -> Vec<usize> {
        let letters = &self.plan.letters;
        let people = &self.population.people;
        let rows = |letter: &Planned| -> usize {
            let of = |at: &usize| people[*at].facts.as_ref().map_or(0, |facts| facts.rows.len());
            letter.about.iter().map(of).sum()
        };
        let found = [
            (!letters.is_empty()).then_some(0),
            letters.len().checked_sub(1),
            (0..letters.len()).max_by_key(|at| rows(&letters[*at])),
            letters.iter().position(|letter| letter.guardian),
            letters.iter().position(|letter| people[letter.to].send_to.is_some()),
        ];
        let found: std::collections::BTreeSet<usize> = found.into_iter().flatten().collect();
        found.into_iter().collect()
    }

    /// The hash over what all letters say.
    fn digest(&self) -> Result<[u8; 32], PaperError> {
        let hashes = self.making().hashes(&self.population.people, &self.plan)?;
        Ok(over(&hashes))
    }
}

/// The hash over the letters' hashes.
pub fn over(hashes: &[ContentHash]) -> [u8; 32] {
    let mut all = Context::new(&SHA256);
    hashes.iter().for_each(|hash| all.update(hash.as_bytes()));
    digest(all)
}

pub fn digest(context: Context) -> [u8; 32] {
    let mut out = [0; 32];
    out.copy_from_slice(context.finish().as_ref());
    out
}

impl Desk {
    /// Everyone and what they get. Reading and deciding take their time: beside the runtime.
    pub(super) async fn prepare(&self, kind: &str, style: Style, dated: Date) -> Result<Prepared, Fault> {
        let template = self.kinds()?.find(kind).cloned().ok_or(Fault::NotFound)?;
        let said = said(&self.setup.calendar, dated);
        if !unsaid(&template, &said).is_empty() {
            return Err(refused("refused-notice-facts", Vec::new()));
        }
        let population = self.office.notice_population(&template).await;
        let population = population.map_err(|error| self.fault(&error))?;
        let office = sheets::office(&self.config.city);
        let nobody = template.recipients == Recipients::File && population.import.is_none();
        let prepared = tokio::task::spawn_blocking(move || Prepared {
            id: None,
            plan: recipients::plan(&template, &population.people, dated),
            template,
            population,
            office,
            said,
            dated,
            style,
        });
        let prepared = prepared.await.map_err(|error| trouble::other(&error))?;
        match nobody || prepared.plan.letters.is_empty() {
            true => Err(refused("refused-nobody", Vec::new())),
            false => Ok(prepared),
        }
    }

    /// The run's letters as they were counted; refused where they are others now.
    pub(super) async fn prepared(&self, run: &Recorded, id: RunId) -> Result<Arc<Prepared>, Fault> {
        if let Some(known) = self.notices.known().filter(|known| known.id == Some(id)) {
            return Ok(known);
        }
        let language = run.language.parse().map_err(|_| Fault::NotFound)?;
        let style = Style {
            language,
            large: run.large,
        };
        let unset = self.office.notice_unset_people(id.uuid()).await;
        let unset = unset.map_err(|error| self.fault(&error))?;
        let mut prepared = self.prepare(&run.kind, style, run.dated).await?;
        prepared.id = Some(id);
        let digest = tokio::task::spawn_blocking(move || {
            let people = &prepared.population.people;
            prepared.plan.leave_out(|at| unset.contains(&people[at].id));
            prepared.digest().map(|digest| (prepared, digest))
        });
        let digest = digest.await.map_err(|error| trouble::other(&error))?;
        let (prepared, digest) = digest.map_err(|error| trouble::of_paper(&error))?;
        match digest == run.digest {
            true => Ok(self.notices.keep(prepared)),
            false => Err(self.fault(&NoticeRefusal::FactsChanged.into())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_read_of_the_roster_is_dropped_when_no_bundle_is_asked_for() {
        let kept: UnderWay<String> = UnderWay::default();
        let read = Arc::downgrade(&kept.keep("everybody".to_owned()));
        let rested = lock(&kept.0).used;
        assert!(kept.known().is_some(), "the next bundle, while it rests");
        kept.drop_unless_used(rested);
        assert!(read.upgrade().is_some(), "so it is not dropped");
        kept.drop_unless_used(rested + 1);
        assert!(read.upgrade().is_none(), "now nobody came");
        kept.keep("everybody".to_owned());
        kept.put_down();
        assert!(kept.known().is_none());
    }
}

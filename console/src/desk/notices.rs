//! Runs of notices on paper: counted, released by two people, made bundle by bundle, printed, posted.
//!
//! A bundle's file appears whole or not at all, and is recorded after that: a console that is killed at any moment leaves no
//! letter out and makes none twice. The next order makes the next bundle that is not recorded.

mod files;
mod prepared;
mod printing;

use issuance::{
    calendar::Calendar,
    notice::{
        PaperError, Style,
        handed_in::{Said, unsaid},
        proof::Proofed,
        recipients::{self, Excluded, RunId},
        template::{Kinds, Language, Template, Value},
    },
};
use office::notices::{NewRun, NoticeRefusal, NoticeRun as Recorded, Unset, UnsetLetter};
use time::Date;

pub use self::prepared::UnderWay;
use super::{sheets, trouble, work::Desk};
use crate::tui::{
    common::Told,
    fault::Fault,
    orders::notices::{
        CountRun, LetterShown, LoadNoticeRuns, LoadUnset, MakeBundle, NoticeKind, NoticeRun, NoticeRuns, PostRun,
        ReleaseRun, ReturnLetter, SampleRun, SamplesWritten, Sent, ShowLetter, UnsetList, UnsetShown, WhyUnset,
        WithdrawRun,
    },
};

/// Runs shown.
const SHOWN: u32 = 50;

/// A refusal in words of its own.
fn refused(key: &'static str, facts: Vec<(&'static str, Told)>) -> Fault {
    Fault::Refused {
        key,
        facts,
        passing: true,
    }
}

/// What is said once for a run dated `dated`, as far as the office's own rules say it: the same on whatever day it is made.
pub(crate) fn said(calendar: &Calendar, dated: Date) -> Said {
    let until = calendar.months_from(dated, sheets::KEPT_MONTHS).day;
    Said::from([("keep-until".to_owned(), Value::Date(until))])
}

impl Desk {
    fn kinds(&self) -> Result<Kinds, Fault> {
        Kinds::with_own(self.config.paper.notices.as_deref())
            .map_err(|error| refused("refused-notice-broken", vec![("what", Told::Text(error.in_japanese()))]))
    }

    fn today(&self) -> Date {
        self.clock.now_in_japan().date()
    }

    /// The notices and the newest runs.
    pub async fn load_notice_runs(self, _: LoadNoticeRuns) -> Result<NoticeRuns, Fault> {
        let kinds = self.kinds()?;
        let runs = self
            .office
            .notice_runs(SHOWN)
            .await
            .map_err(|error| self.fault(&error))?;
        let said = said(&self.setup.calendar, self.today());
        Ok(NoticeRuns {
            runs: runs.into_iter().map(|run| shown(run, &kinds)).collect(),
            kinds: kinds
                .iter()
                .filter(|kind| unsaid(kind, &said).is_empty())
                .map(|kind| NoticeKind {
                    name: kind.name.clone(),
                    title: titles(kind),
                })
                .collect(),
        })
    }

    /// Counts the letters of a notice dated today, and leaves out those that can't be set.
    pub async fn count_run(self, CountRun { kind, large }: CountRun) -> Result<NoticeRuns, Fault> {
        let dated = self.today();
        let style = Style {
            language: Language::Japanese,
            large,
        };
        let mut prepared = self.prepare(&kind, style, dated).await?;
        let press = self.printer.press().map_err(|error| trouble::of_paper(&error))?;
        let proofed = tokio::task::spawn_blocking(move || prepared.proof(&press).map(|proofed| (prepared, proofed)));
        let proofed = proofed.await.map_err(|error| trouble::other(&error))?;
        let (prepared, Proofed { hashes, unset }) = proofed.map_err(|error| trouble::of_paper(&error))?;
        let people = &prepared.population.people;
        let digest = prepared::over(&hashes);
        let run = NewRun {
            version: prepared.template.version,
            language: style.language.as_str(),
            large,
            dated,
            import: prepared.population.import,
            letters: prepared
                .plan
                .letters
                .iter()
                .map(|letter| people[letter.to].id)
                .zip(hashes.iter().map(|hash| *hash.as_bytes()))
                .collect(),
            people: prepared.plan.people(),
            excluded: prepared
                .plan
                .reasons()
                .into_iter()
                .map(|(why, count)| (why.as_str(), count))
                .collect(),
            unset: unset
                .into_iter()
                .map(|(at, why)| (people[at].id, why_unset(why)))
                .collect(),
            digest,
            bundle_size: self.config.paper.bundle,
            kind,
        };
        let counted = self.office.count_notice_run(&self.act()?, &run).await;
        counted.map_err(|error| self.fault(&error))?;
        self.load_notice_runs(LoadNoticeRuns).await
    }

    /// The letters that a run leaves out because they can't be set.
    pub async fn load_unset(self, LoadUnset(id): LoadUnset) -> Result<UnsetList, Fault> {
        let unset = self.office.notice_unset(id.uuid()).await;
        let unset = unset.map_err(|error| self.fault(&error))?;
        Ok(UnsetList(unset.into_iter().map(shown_unset).collect()))
    }

    /// Writes a few letters of a run as a file, as they would be made.
    pub async fn sample_run(self, SampleRun(id): SampleRun) -> Result<SamplesWritten, Fault> {
        let run = self
            .office
            .notice_run(id.uuid())
            .await
            .map_err(|error| self.fault(&error))?;
        let written = self.samples_written(&run, id).await;
        self.notices.rest();
        let (letters, file) = written?;
        Ok(SamplesWritten {
            letters,
            file: file.display().to_string(),
        })
    }

    /// Releases a run.
    pub async fn release_run(self, ReleaseRun(id): ReleaseRun) -> Result<NoticeRuns, Fault> {
        let released = self.office.release_notice_run(&self.act()?, id.uuid()).await;
        released.map_err(|error| self.fault(&error))?;
        self.load_notice_runs(LoadNoticeRuns).await
    }

    /// The run was handed to the post office.
    pub async fn post_run(self, PostRun(id): PostRun) -> Result<NoticeRuns, Fault> {
        let posted = self.office.post_notice_run(&self.act()?, id.uuid()).await;
        posted.map_err(|error| self.fault(&error))?;
        self.load_notice_runs(LoadNoticeRuns).await
    }

    /// Gives a run up.
    pub async fn withdraw_run(self, WithdrawRun(id): WithdrawRun) -> Result<NoticeRuns, Fault> {
        let withdrawn = self.office.withdraw_notice_run(&self.act()?, id.uuid()).await;
        withdrawn.map_err(|error| self.fault(&error))?;
        self.load_notice_runs(LoadNoticeRuns).await
    }

    /// Whose a letter is that came back.
    pub async fn show_letter(self, ShowLetter(number): ShowLetter) -> Result<LetterShown, Fault> {
        let letter = self.office.notice_letter(number.run, number.letter).await;
        let letter = letter.map_err(|error| self.fault(&error))?;
        let kinds = self.kinds()?;
        Ok(LetterShown {
            number,
            title: titled(&kinds, &letter.kind),
            dated: letter.dated,
            name: letter.name,
            postal_code: recipients::postal_code(&letter.postal_code),
            is_returned: letter.returned_at.is_some(),
        })
    }

    /// A letter came back.
    pub async fn return_letter(self, ReturnLetter(number): ReturnLetter) -> Result<NoticeRuns, Fault> {
        let returned = self
            .office
            .notice_letter_returned(&self.act()?, number.run, number.letter)
            .await;
        returned.map_err(|error| self.fault(&error))?;
        self.load_notice_runs(LoadNoticeRuns).await
    }

    /// Makes the next bundle of a run.
    pub async fn make_bundle(self, MakeBundle(id): MakeBundle) -> Result<NoticeRuns, Fault> {
        let run = self
            .office
            .notice_run(id.uuid())
            .await
            .map_err(|error| self.fault(&error))?;
        let made = self
            .office
            .notice_bundles(id.uuid())
            .await
            .map_err(|error| self.fault(&error))?;
        let is_made = |number: i64| made.iter().any(|one| i64::from(one.bundle.number) == number);
        if let Some(number) = (1..=run.bundles()).find(|number| !is_made(*number)) {
            if run.approved_by.is_none() {
                return Err(self.fault(&NoticeRefusal::NotReleased.into()));
            }
            let last = run.bundles();
            let bundle = self.bundle_written(&run, id, number).await;
            // Who everybody is stays in memory for no longer than bundles are made.
            match (&bundle, number == last) {
                (Ok(_), false) => self.notices.rest(),
                _ => self.notices.put_down(),
            }
            let recorded = self.office.notice_bundle_made(&self.act()?, id.uuid(), &bundle?).await;
            recorded.map_err(|error| self.fault(&error))?;
        }
        self.load_notice_runs(LoadNoticeRuns).await
    }
}

/// Why a letter can't be set, as it is kept.
fn why_unset(why: PaperError) -> Unset {
    match why {
        PaperError::Glyph(missing) => Unset::NoGlyph {
            field: missing.field,
            character: missing.character,
            code_points: missing.code_points,
            hint: missing.hint,
        },
        PaperError::DoesNotFit { field } => Unset::TooLong(field),
        other => Unset::TooLong(other.to_string()),
    }
}

fn shown_unset(letter: UnsetLetter) -> UnsetShown {
    let why = match letter.why {
        Unset::TooLong(field) => WhyUnset::TooLong(field),
        Unset::NoGlyph {
            field,
            character,
            code_points,
            ..
        } => WhyUnset::NoGlyph {
            field,
            character,
            code_points,
        },
    };
    UnsetShown {
        name: letter.name,
        number: letter.number,
        why,
    }
}

/// What a letter is called, in Japanese and in English; by its name where it is not written in English.
fn titles(template: &Template) -> [String; 2] {
    let english = template.languages().any(|language| language == Language::English);
    let english = if english {
        template.title_in(Language::English)
    } else {
        template.name.clone()
    };
    [template.title(), english]
}

/// By the name of the notice, where its folder is gone.
fn titled(kinds: &Kinds, kind: &str) -> [String; 2] {
    kinds
        .find(kind)
        .map_or_else(|| [kind.to_owned(), kind.to_owned()], titles)
}

fn shown(run: Recorded, kinds: &Kinds) -> NoticeRun {
    let count = |reason: &Excluded| run.excluded.get(reason.as_str()).and_then(serde_json::Value::as_u64);
    NoticeRun {
        id: RunId::from_uuid(run.id),
        number: run.number,
        title: titled(kinds, &run.kind),
        large: run.large,
        dated: run.dated,
        letters: run.letters,
        people: run.people,
        excluded: Excluded::ALL
            .iter()
            .filter_map(|reason| Some((*reason, count(reason)?)))
            .collect(),
        bundles: run.bundles(),
        released_by: run.released_by,
        approved_by: run.approved_by,
        made: run.made,
        printed: run.printed,
        sent: run.sent.map(|sent| Sent {
            bundle: sent.bundle,
            desk: sent.desk,
            at: sent.at,
            by: sent.by,
        }),
        returned: run.returned,
        is_posted: run.posted_at.is_some(),
        is_withdrawn: run.withdrawn_at.is_some(),
    }
}

#[cfg(test)]
mod tests {
    use time::macros::date;

    use super::*;

    #[test]
    fn what_a_run_says_hangs_on_its_own_day_and_not_on_the_day_it_is_made() {
        let calendar = Calendar::default();
        let (counted, made) = (date!(2026 - 11 - 20), date!(2026 - 12 - 1));
        let on = |day| said(&calendar, day)["keep-until"].clone();
        assert_ne!(on(counted), on(made), "today's would be another fact");
        assert_eq!(
            on(counted),
            Value::Date(date!(2027 - 2 - 22)),
            "three months from the letters' day"
        );
    }
}

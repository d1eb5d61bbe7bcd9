//! Printing a run's bundles: each is sent to the printer once, and asked after until somebody knows how that ended.

use issuance::notice::recipients::RunId;
use office::notices::{BundleMade, NoticeRun as Recorded, Printing, Sending};

use super::{files::as_made, refused};
use crate::{
    desk::{
        ipp::{self, NotSent},
        trouble,
        work::Desk,
    },
    tui::{
        common::Told,
        fault::Fault,
        orders::notices::{LoadNoticeRuns, NoticeRuns, PrintBundle, SettleBundle},
    },
};

impl Desk {
    /// Prints the next bundle, and records it once the printer says that it is printed. One that lies at a printer already is
    /// asked after, never sent again.
    pub async fn print_bundle(self, PrintBundle(id): PrintBundle) -> Result<NoticeRuns, Fault> {
        let run = self
            .office
            .notice_run(id.uuid())
            .await
            .map_err(|error| self.fault(&error))?;
        let bundles = self
            .office
            .notice_bundles(id.uuid())
            .await
            .map_err(|error| self.fault(&error))?;
        let Some(next) = bundles.into_iter().find(|bundle| !bundle.is_printed) else {
            return self.load_notice_runs(LoadNoticeRuns).await;
        };
        let (sending, job) = match next.sending.clone() {
            Some(sending) => {
                let name = name_of(&run, &next, &sending);
                let job = match sending.job {
                    Some(job) => Some(job),
                    None => ipp::find(&sending.printer, &name).await,
                };
                let job = job.ok_or_else(|| unclear(&next, &sending))?;
                (sending, job)
            }
            None => self.send(&run, id, &next).await?,
        };
        self.noted(id, &next, &sending, job).await?;
        let name = name_of(&run, &next, &sending);
        match ipp::follow(&sending.printer, &name, job).await {
            ipp::Told::Printed => self.ended(id, &next, &sending, Printing::Printed).await?,
            ipp::Told::NotPrinted(why) => {
                self.ended(id, &next, &sending, Printing::NotPrinted(why.clone()))
                    .await?;
                return Err(refused(
                    "refused-printer-stopped",
                    vec![bundle(&next), ("why", in_words(why))],
                ));
            }
            ipp::Told::Waits(why) => {
                return Err(refused(
                    "refused-printer-waits",
                    vec![bundle(&next), ("why", in_words(why))],
                ));
            }
            ipp::Told::Gone(why) => {
                tracing::warn!(error = why, "a printer does not answer while a bundle lies at it");
                return Err(refused("refused-printer-lost", vec![bundle(&next)]));
            }
            ipp::Told::Unknown => return Err(unclear(&next, &sending)),
        }
        self.load_notice_runs(LoadNoticeRuns).await
    }

    /// Sends a bundle for the first time, or after an attempt of which nothing is used.
    async fn send(&self, run: &Recorded, id: RunId, next: &BundleMade) -> Result<(Sending, i32), Fault> {
        let Some(printer) = self.config.paper.printer.clone() else {
            return Err(refused("refused-no-printer", Vec::new()));
        };
        let pdf = self.bundle_at_hand(run, id, next).await?;
        let number = next.bundle.number;
        let sent = self
            .office
            .notice_bundle_sent(&self.act()?, id.uuid(), number, &printer)
            .await;
        let sending = Sending {
            attempt: sent.map_err(|error| self.fault(&error))?,
            printer,
            job: None,
            desk: self.setup.desk.clone(),
        };
        let not_sent = match ipp::send(&sending.printer, &name_of(run, next, &sending), pdf).await {
            Ok(job) => return Ok((sending, job)),
            Err(not_sent) => not_sent,
        };
        tracing::warn!(error = %not_sent, "a bundle was not sent");
        match not_sent {
            NotSent::Gone(why) => {
                self.ended(id, next, &sending, Printing::NotPrinted(why)).await?;
                Err(refused("refused-printer-gone", vec![bundle(next)]))
            }
            NotSent::Refused(why) => {
                self.ended(id, next, &sending, Printing::NotPrinted(why.clone()))
                    .await?;
                Err(refused(
                    "refused-printer-stopped",
                    vec![bundle(next), ("why", in_words(why))],
                ))
            }
            NotSent::Lost(_) => Err(refused("refused-printer-lost", vec![bundle(next)])),
        }
    }

    /// The bundle's file: as it was made here, else made again from what is stored. It must be the same to the byte.
    async fn bundle_at_hand(&self, run: &Recorded, id: RunId, next: &BundleMade) -> Result<Vec<u8>, Fault> {
        let number = i64::from(next.bundle.number);
        if let Some(pdf) = self.read_bundle(run, next).await? {
            return Ok(pdf);
        }
        tracing::warn!(
            bundle = number,
            made_at = next.desk,
            "a bundle's file is not here as it was made: made again"
        );
        let elsewhere = || {
            let facts = vec![bundle(next), ("desk", Told::Text(next.desk.clone()))];
            match next.desk == self.setup.desk {
                true => refused("refused-bundle-changed", facts),
                false => refused("refused-bundle-elsewhere", facts),
            }
        };
        let written = self.bundle_written(run, id, number).await;
        self.notices.rest();
        match written {
            Ok(again) if again.sha256 == next.bundle.sha256 => {}
            Err(fault) if !is_of_changed_facts(&fault) => return Err(fault),
            _ => return Err(elsewhere()),
        }
        self.read_bundle(run, next).await?.ok_or_else(elsewhere)
    }

    async fn read_bundle(&self, run: &Recorded, next: &BundleMade) -> Result<Option<Vec<u8>>, Fault> {
        let file = self.bundle_file(run.number, next.bundle.number.into());
        let wanted = next.bundle.sha256;
        let read = tokio::task::spawn_blocking(move || as_made(&file, &wanted));
        read.await.map_err(|error| trouble::other(&error))
    }

    async fn noted(&self, id: RunId, next: &BundleMade, sending: &Sending, job: i32) -> Result<(), Fault> {
        if sending.job.is_some() {
            return Ok(());
        }
        let noted = self
            .office
            .note_notice_job(id.uuid(), next.bundle.number, sending.attempt, job)
            .await;
        noted.map_err(|error| self.fault(&error))
    }

    async fn ended(&self, id: RunId, next: &BundleMade, sending: &Sending, how: Printing) -> Result<(), Fault> {
        let of = (next.bundle.number, sending.attempt);
        let ended = self.office.notice_bundle_ended(&self.act()?, id.uuid(), of, &how).await;
        ended.map_err(|error| self.fault(&error))
    }

    /// What somebody saw of a bundle of which the printer can't tell.
    pub async fn settle_bundle(self, settled: SettleBundle) -> Result<NoticeRuns, Fault> {
        let SettleBundle { run, bundle, printed } = settled;
        let settled = self
            .office
            .settle_notice_bundle(&self.act()?, run.uuid(), bundle, printed)
            .await;
        settled.map_err(|error| self.fault(&error))?;
        self.load_notice_runs(LoadNoticeRuns).await
    }
}

/// What the printer's job is called: no two are alike.
fn name_of(run: &Recorded, bundle: &BundleMade, sending: &Sending) -> String {
    format!("{}-{}-{}", run.number, bundle.bundle.number, sending.attempt)
}

fn bundle(next: &BundleMade) -> (&'static str, Told) {
    ("bundle", Told::Text(next.bundle.number.to_string()))
}

fn unclear(next: &BundleMade, sending: &Sending) -> Fault {
    let desk = ("desk", Told::Text(sending.desk.clone()));
    refused("refused-printing-unclear", vec![bundle(next), desk])
}

fn is_of_changed_facts(fault: &Fault) -> bool {
    fault.message().key == "refused-notice-facts-changed"
}

/// A printer's reason, in words where a clerk can do something about it.
fn in_words(why: String) -> Told {
    let known = [
        ("media-empty", "refused-printer-why-paper"),
        ("media-needed", "refused-printer-why-paper"),
        ("media-jam", "refused-printer-why-jam"),
        ("cover-open", "refused-printer-why-open"),
        ("door-open", "refused-printer-why-open"),
        ("interlock-open", "refused-printer-why-open"),
        ("toner-empty", "refused-printer-why-toner"),
        ("marker-supply-empty", "refused-printer-why-toner"),
        ("output-area-full", "refused-printer-why-full"),
        ("paused", "refused-printer-why-paused"),
    ];
    let word = known.iter().find(|(reason, _)| why.starts_with(reason));
    word.map_or(Told::Text(why), |(_, word)| Told::Word(word))
}

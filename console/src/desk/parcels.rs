//! Cards by post: their envelopes closed, posted, followed, taken back.

use card::Sharing;
use issuance::handover::{NoticeCode, SightRule};
use office::{
    cases::SecondPurpose,
    parcels::{CarrierTold, Envelope},
};
use relay_core::clock::JST;

use super::{carrier_file, readers::AtReader, show, work::Desk};
use crate::{
    config::HandoverSights,
    tui::{
        fault::Fault,
        orders::{
            cases::CaseNow,
            parcels::{
                ByPost, ChangeDelivery, CloseEnvelope, FileRead, FileTold, FollowFile, FollowParcel, LoadPosting,
                MissParcel, OddLine, OddWhy, OpenEnvelope, PostParcels, Posted, Posting, TakeBack,
            },
        },
    },
};

impl Desk {
    /// Every card by post that is not received.
    pub async fn load_posting(self, _: LoadPosting) -> Result<Posting, Fault> {
        let rows = self.office.parcels().await.map_err(|error| self.fault(&error))?;
        let shown = |row: office::parcels::ByPost| ByPost {
            case: row.case,
            number: row.case_number,
            name: row.name,
            is_gone: row.is_gone,
            parcel: row.envelope,
            since: row.since,
        };
        Ok(Posting(rows.into_iter().map(shown).collect()))
    }

    /// Closes an envelope over the card in the reader.
    pub fn close_envelope(&self, at: &AtReader, order: CloseEnvelope) -> Result<CaseNow, Fault> {
        let CloseEnvelope {
            case,
            kind,
            number,
            notice,
        } = order;
        let mut notice: NoticeCode = notice.parse().map_err(|_| Fault::NoticeInvalid)?;
        let chip = at.card(Sharing::Shared)?.serial().clone();
        // A code typed by hand was taken for the open case's: the records know better.
        let issued_for = self.wait(self.office.case_of_token(&notice.token))?;
        notice.case = issued_for.unwrap_or(notice.case);
        let envelope = Envelope {
            kind,
            number,
            notice,
            chip: chip.as_bytes().to_vec(),
        };
        let (rule, second) = match self.config.rules.handover_sights {
            HandoverSights::TwoClerks => {
                let kept = self.approvals.take(case.id, SecondPurpose::Envelope);
                (SightRule::TwoClerks, Some(kept.ok_or(Fault::AgreementGone)?))
            }
            HandoverSights::OneClerkTwice => (SightRule::OneClerkTwice, None),
        };
        let act = self.act()?;
        let closed = self
            .office
            .close_envelope(&act, show::at(case), &envelope, rule, second);
        match self.runtime.block_on(closed) {
            Ok(_) => self.case_view_now(case.id),
            Err(error) => {
                if let Some(second) = second {
                    // A refusal used nothing up: the second clerk need not come back for a mistyped number.
                    self.approvals.keep(case.id, SecondPurpose::Envelope, second);
                }
                Err(self.of_change(case.id, &error))
            }
        }
    }

    /// Lets the card reach the resident by another way.
    pub async fn change_delivery(self, ChangeDelivery { case, to, words }: ChangeDelivery) -> Result<CaseNow, Fault> {
        let changed = self
            .office
            .change_delivery(&self.act()?, show::at(case), to, &words)
            .await;
        self.changed(case, changed.map(drop)).await
    }

    /// Opens the case's envelope: one not posted yet, or one that came back.
    pub async fn open_envelope(self, OpenEnvelope { case, words }: OpenEnvelope) -> Result<CaseNow, Fault> {
        let file = self.office.case(self.session()?, case.id).await;
        let file = file.map_err(|error| self.fault(&error))?;
        let came_back = file.parcel.is_some_and(|parcel| parcel.reason.is_some());
        let act = self.act()?;
        let opened = match came_back {
            true => self.office.open_returned(&act, show::at(case), &words).await,
            false => self.office.withdraw_parcel(&act, show::at(case), &words).await,
        };
        self.changed(case, opened.map(drop)).await
    }

    /// The post office took these envelopes today.
    pub async fn post_parcels(self, PostParcels { parcels, counted }: PostParcels) -> Result<Posted, Fault> {
        let today = self.clock.now().to_offset(JST).date();
        let posted = self.office.post_parcels(&self.act()?, &parcels, counted, today).await;
        posted.map(Posted).map_err(|error| self.fault(&error))
    }

    /// What the carrier said of the case's envelope.
    pub async fn follow_parcel(self, order: FollowParcel) -> Result<CaseNow, Fault> {
        let FollowParcel {
            case,
            parcel,
            event,
            on,
        } = order;
        let followed = self.office.follow_parcel(&self.act()?, parcel, event, on).await;
        self.changed(case, followed.map(drop)).await
    }

    /// The case's envelope came back.
    pub async fn take_back(self, TakeBack { case, parcel, reason }: TakeBack) -> Result<CaseNow, Fault> {
        let back = self.office.take_back(&self.act()?, parcel, reason).await;
        self.changed(case, back.map(drop)).await
    }

    /// The case's envelope is nowhere to be found.
    pub async fn miss_parcel(self, MissParcel { case }: MissParcel) -> Result<CaseNow, Fault> {
        let kept = self.approvals.take(case.id, SecondPurpose::Custody);
        let second = kept.ok_or(Fault::AgreementGone)?;
        let missed = self.office.miss_parcel(&self.act()?, show::at(case), second).await;
        self.changed(case, missed.map(drop)).await
    }

    /// Reads the carrier's file, and keeps what it says unless it is only looked at.
    pub async fn follow_file(self, FollowFile { path, dry_run }: FollowFile) -> Result<FileRead, Fault> {
        let bytes = match tokio::fs::read(&path).await {
            Ok(bytes) => bytes,
            Err(error) => {
                tracing::info!(%error, "the carrier's file is not read");
                return Ok(FileRead::Unreadable);
            }
        };
        let (lines, mut odd) = carrier_file::read(&bytes);
        let told = self.office.follow_file(&self.act()?, &lines, dry_run).await;
        let told = told.map_err(|error| self.fault(&error))?;
        let mut file = FileTold {
            is_kept: !dry_run,
            ..FileTold::default()
        };
        for (line, came) in told {
            let (case, why) = match came {
                CarrierTold::Taken { .. } => {
                    file.taken += 1;
                    continue;
                }
                CarrierTold::Known { .. } => {
                    file.known += 1;
                    continue;
                }
                CarrierTold::NoSuchNumber => (None, OddWhy::NoSuchNumber),
                CarrierTold::NotNow { case, state } => (Some(case), OddWhy::NotNow(state)),
                CarrierTold::DayImpossible { case } => (Some(case), OddWhy::DayImpossible),
            };
            odd.push(OddLine { line, case, why });
        }
        odd.sort_by_key(|odd| odd.line);
        file.odd = odd;
        Ok(FileRead::Told(file))
    }
}

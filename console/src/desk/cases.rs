//! Queues, residents and cases: orders to the office's records and their answers as the screens show them.

use issuance::{case::CaseId, handover::NoticeCode};
use office::{
    OfficeError, SessionId,
    cases::{Duplicates, OpeningRefusal, Phase},
};

use super::{readers::AtReader, show, work::Desk};
use crate::tui::{
    facts::{CaseView, Counts, InTheWay, Queue, ResidentView, SimilarRecord, StaffShown},
    fault::Fault,
    orders::{
        cards::GiveUpCard,
        cases::{
            BreakLease, CancelCase, CaseAt, CaseNow, CloseIncident, Journal, LoadJournal, OpenByNotice, OpenCase,
            ReloadCase, SaveVerification,
        },
        papers::Shelve,
        queues::{LoadCounts, LoadQueue, OpenResident, QueueRows, RevealAddress, SubmitApplication, Submitted},
        staff::{SecondClerk, SecondPurpose},
    },
};

/// Rows of a queue shown at most: more than anyone scrolls through.
const QUEUE_ROWS: u32 = 500;

impl Desk {
    /// Counts and figures of the day.
    pub async fn load_counts(self, _: LoadCounts) -> Result<Counts, Fault> {
        let today = self.office.today().await.map_err(|error| self.fault(&error))?;
        Ok(Counts {
            waiting: Queue::ALL.map(|queue| today.waiting.get(&show::queue(queue)).copied().unwrap_or(0)),
            handed_over_today: today.handed_over,
            applied_today: today.applied,
            made_today: today.made,
            mean_making: today.mean.get(&Phase::Making).copied(),
        })
    }

    /// A queue's rows.
    pub async fn load_queue(self, LoadQueue(queue): LoadQueue) -> Result<QueueRows, Fault> {
        let rows = self.office.queue(show::queue(queue), QUEUE_ROWS).await;
        let rows = rows.map_err(|error| self.fault(&error))?;
        Ok(QueueRows(queue, rows.into_iter().map(show::queue_row).collect()))
    }

    /// A resident in full.
    pub async fn open_resident(self, OpenResident(id): OpenResident) -> Result<ResidentView, Fault> {
        let file = self.office.resident(self.session()?, id).await;
        file.map(show::resident).map_err(|error| self.fault(&error))
    }

    /// A masked address, the sight recorded before it is shown.
    pub async fn reveal_address(self, RevealAddress(id): RevealAddress) -> Result<ResidentView, Fault> {
        let file = self.office.reveal_address(&self.act()?, id, "screen").await;
        file.map(show::resident).map_err(|error| self.fault(&error))
    }

    /// Takes an application.
    pub async fn submit_application(self, order: SubmitApplication) -> Result<Submitted, Fault> {
        let act = self.act()?;
        let SubmitApplication {
            resident,
            application,
            despite_duplicate,
        } = order;
        let despite = despite_duplicate.as_deref();
        match self
            .office
            .open_application(&act, resident, &application, despite)
            .await
        {
            Ok(opened) => {
                self.hold(opened.at.id).await;
                Ok(Submitted::Case(self.case_view(opened.at.id).await?))
            }
            Err(error) if error.refused_as::<OpeningRefusal>().is_some() => {
                let found = self.office.duplicates(self.session()?, resident).await;
                let found = found.map_err(|error| self.fault(&error))?;
                in_the_way(found)
                    .map(Submitted::InTheWay)
                    .ok_or(Fault::ChangedMeanwhile)
            }
            Err(error) => Err(self.fault(&error)),
        }
    }

    /// Opens a case and holds it.
    pub async fn open_case(self, OpenCase(case): OpenCase) -> Result<CaseNow, Fault> {
        self.claim(case).await
    }

    async fn claim(&self, case: CaseId) -> Result<CaseNow, Fault> {
        self.office
            .claim(&self.act()?, case)
            .await
            .map_err(|error| self.fault(&error))?;
        self.hold(case).await;
        self.case_view(case).await
    }

    /// Opens the case whose paper was scanned.
    pub async fn open_by_notice(self, OpenByNotice { payload }: OpenByNotice) -> Result<CaseNow, Fault> {
        let code: NoticeCode = payload.parse().map_err(|_| Fault::NoticeInvalid)?;
        let found = self.office.case_by_notice(&code).await;
        let case = match found.map_err(|error| self.fault(&error))? {
            Some(case) => case,
            None => self.case_of_form(&code).await?,
        };
        self.claim(case).await
    }

    /// The case of a scanned application form. A form proves nothing and opens nothing that a clerk could not open from
    /// the queue; but once a delivery notice is out, only that notice is the case's paper.
    async fn case_of_form(&self, code: &NoticeCode) -> Result<CaseId, Fault> {
        let issued_for = self.office.case_of_token(&code.token).await;
        match issued_for.map_err(|error| self.fault(&error))? {
            Some(other) if other != code.case => return Err(Fault::NoticeOfAnother(other)),
            _ => {}
        }
        let case = self.office.case_by_number(code.case).await;
        let case = case.map_err(|error| self.fault(&error))?.ok_or(Fault::NoticeInvalid)?;
        let notice = self.office.notice(case).await.map_err(|error| self.fault(&error))?;
        if notice.is_some() {
            Err(Fault::NoticeInvalid)
        } else {
            Ok(case)
        }
    }

    /// Takes a case over from another desk.
    pub async fn break_lease(self, BreakLease { case, reason }: BreakLease) -> Result<CaseNow, Fault> {
        self.office
            .break_lease(&self.act()?, case, &reason)
            .await
            .map_err(|error| self.fault(&error))?;
        self.hold(case).await;
        self.case_view(case).await
    }

    /// Ends a case without a card.
    pub async fn cancel_case(self, CancelCase { case, reason }: CancelCase) -> Result<CaseNow, Fault> {
        let ended = self.office.cancel(&self.act()?, show::at(case), &reason).await;
        self.changed(case, ended.map(drop)).await
    }

    /// Settles the incident that is open longest: the one that the case's screen names first.
    pub async fn close_incident(self, CloseIncident { case, ending }: CloseIncident) -> Result<CaseNow, Fault> {
        let file = self.office.case(self.session()?, case.id).await;
        let file = file.map_err(|error| self.fault(&error))?;
        let Some(incident) = file.incidents.first() else {
            return Err(Fault::ChangedMeanwhile);
        };
        let second = self.agreed(case.id, SecondPurpose::Incident)?;
        let closed = self
            .office
            .close_incident(&self.act()?, show::at(case), incident.id, &ending, second)
            .await;
        self.keep_unused(case.id, SecondPurpose::Incident, second, &closed);
        self.changed(case, closed.map(drop)).await
    }

    /// Gives the case's card up for a new blank.
    pub async fn give_up_card(self, GiveUpCard { case, reason }: GiveUpCard) -> Result<CaseNow, Fault> {
        let given_up = self.office.give_up_card(&self.act()?, show::at(case), &reason).await;
        self.changed(case, given_up.map(drop)).await
    }

    /// Records an identity verification. That the rules were met is proved by the value itself.
    pub async fn save_verification(
        self,
        SaveVerification { case, verification }: SaveVerification,
    ) -> Result<CaseNow, Fault> {
        let saved = self
            .office
            .verify_person(&self.act()?, show::at(case), &verification)
            .await;
        self.changed(case, saved.map(drop)).await
    }

    /// Puts the card in the shelf.
    pub async fn shelve(self, Shelve { case, place }: Shelve) -> Result<CaseNow, Fault> {
        let shelved = self.office.shelve(&self.act()?, show::at(case), &place).await;
        self.changed(case, shelved.map(drop)).await
    }

    /// The journal of a case.
    pub async fn load_journal(self, LoadJournal(case): LoadJournal) -> Result<Journal, Fault> {
        let entries = self.office.journal(case).await.map_err(|error| self.fault(&error))?;
        Ok(Journal(entries.into_iter().map(show::journal_line).collect()))
    }

    /// A second clerk agrees, with their own card and password in the staff reader.
    pub fn second_clerk(&self, at: &AtReader, order: SecondClerk) -> Result<StaffShown, Fault> {
        let SecondClerk { purpose, password } = order;
        let case = self.held.case().ok_or(Fault::NotNow)?;
        let begun = self.begun()?;
        let proven = self.prove(at, &password)?;
        if proven.staff.id == begun.staff.id {
            return Err(Fault::SamePerson);
        }
        let act = self.act()?;
        let (approval, _) = self.wait(self.office.approve(&act, case, purpose, &proven.certificate))?;
        self.approvals.keep(case, purpose, approval);
        Ok(show::colleague(&proven.staff))
    }

    /// The case as it stands, after a change of it was made or refused.
    pub async fn changed(&self, case: CaseAt, outcome: Result<(), OfficeError>) -> Result<CaseNow, Fault> {
        match outcome {
            Ok(()) => self.case_view(case.id).await,
            Err(error) => Err(self.of_change(case.id, &error)),
        }
    }

    /// A refusal of a change; a case that this desk holds no more is told as lost.
    pub fn of_change(&self, case: CaseId, error: &OfficeError) -> Fault {
        match error {
            OfficeError::NotHeld => self.lose(case, None),
            OfficeError::HeldBy { staff, desk, .. } => self.lose(case, Some((staff.clone(), desk.clone()))),
            _ => {}
        }
        self.fault(error)
    }

    /// The case as it now stands, after something ended without telling.
    pub async fn reload_case(self, ReloadCase(case): ReloadCase) -> Result<CaseNow, Fault> {
        self.case_view(case).await
    }

    /// The case as it now stands.
    pub async fn case_view(&self, case: CaseId) -> Result<Box<CaseView>, Fault> {
        let session: SessionId = self.session()?;
        let file = self
            .office
            .case(session, case)
            .await
            .map_err(|error| self.fault(&error))?;
        Ok(Box::new(show::case(file)))
    }

    /// As [`Self::case_view`], waited for on a card's thread.
    pub fn case_view_now(&self, case: CaseId) -> Result<Box<CaseView>, Fault> {
        self.runtime.block_on(self.case_view(case))
    }
}

/// What stands in the way; `None` when it went away since the application was refused.
fn in_the_way(found: Duplicates) -> Option<InTheWay> {
    if let Some(open) = found.open {
        return Some(InTheWay::OwnCase(open.number));
    }
    if let Some(active) = found.active {
        return Some(InTheWay::OwnCard(active.number));
    }
    let mut similar = found.similar.into_iter().map(|similar| SimilarRecord {
        name: similar.name,
        cases: similar
            .cases
            .into_iter()
            .map(|case| (case.number, case.state))
            .collect(),
    });
    Some(InTheWay::Similar {
        first: similar.next()?,
        others: similar.collect(),
    })
}

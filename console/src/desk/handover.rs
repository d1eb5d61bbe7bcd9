//! The handover: notice, shelf and chip laid beside the records, two looks, and the card leaves the office's hand.

use card::{ChipSerial, PinSlot, Sharing};
use issuance::{
    case::ShelfPlace,
    handover::{Mismatch, NoticeCode, OnCounter, Recorded, SightRule, compare},
};
use office::cases::{HandoverRefusal, IncidentKind, NewIncident};

use super::{readers::AtReader, show, work::Desk};
use crate::{
    config::HandoverSights,
    tui::{
        facts::{Agreement, Compared},
        fault::Fault,
        orders::{
            cases::CaseNow,
            handover::{Agreements, CheckHandover, ConfirmSight, HandOver, ReturnToShelf},
            staff::SecondPurpose,
        },
    },
};

impl Desk {
    /// Compares what lies on the counter with the records, every pair of it; what does not agree is in the trail before it
    /// is on the screen.
    pub fn check_handover(&self, at: &AtReader, order: CheckHandover) -> Result<Agreements, Fault> {
        let CheckHandover { case, notice, shelf } = order;
        let mut code: NoticeCode = notice.parse().map_err(|_| Fault::NoticeInvalid)?;
        let issued_for = self.wait(self.office.case_of_token(&code.token))?;
        // A code typed by hand was taken for the open case's: the records know better.
        code.case = issued_for.unwrap_or(code.case);
        let counter = on_counter(at, &code, &shelf)?;
        let recorded = match self.runtime.block_on(self.office.handover_record(case.id)) {
            Err(error) if error.is(&HandoverRefusal::NoNotice) => return Err(Fault::NoticeInvalid),
            recorded => recorded.map_err(|error| self.fault(&error))?,
        };
        let act = self.act()?;
        let compared = self.office.compare_handover(&act, show::at(case), &counter);
        if let Err(error) = self.runtime.block_on(compared)
            && !matches!(error.refused_as(), Some(HandoverRefusal::Mismatched(_)))
        {
            return Err(self.of_change(case.id, &error));
        }
        Ok(Agreements(agreements(&recorded, &counter, issued_for.is_some())))
    }

    /// Records a clerk's look; the second clerk's goes by the agreement they gave.
    pub async fn confirm_sight(self, ConfirmSight { case, time, sights }: ConfirmSight) -> Result<(), Fault> {
        let by_second = match (time, self.config.rules.handover_sights) {
            (2, HandoverSights::TwoClerks) => {
                let kept = self.approvals.take(case.id, SecondPurpose::Handover);
                Some(kept.ok_or(Fault::AgreementGone)?)
            }
            _ => None,
        };
        let looked = self
            .office
            .confirm_sight(&self.act()?, show::at(case), time, &sights, by_second)
            .await;
        if let (Err(error), Some(approval)) = (&looked, by_second)
            && error.is_away()
        {
            // Nobody saw it used up: the second clerk need not come back for the database.
            self.approvals.keep(case.id, SecondPurpose::Handover, approval);
        }
        looked.map_err(|error| self.of_change(case.id, &error))
    }

    /// Hands the card over. The chip is read once more: the card compared before may have been exchanged.
    pub fn hand_over(&self, at: &AtReader, HandOver { case, notice, shelf }: HandOver) -> Result<CaseNow, Fault> {
        let code: NoticeCode = notice.parse().map_err(|_| Fault::NoticeInvalid)?;
        let counter = on_counter(at, &code, &shelf)?;
        let rule = match self.config.rules.handover_sights {
            HandoverSights::TwoClerks => SightRule::TwoClerks,
            HandoverSights::OneClerkTwice => SightRule::OneClerkTwice,
        };
        let act = self.act()?;
        let over = self.office.hand_over(&act, show::at(case), &counter, rule);
        match self.runtime.block_on(over) {
            Ok(_) => self.case_view_now(case.id),
            Err(error) => Err(self.of_change(case.id, &error)),
        }
    }

    /// Puts the card back, with what did not agree written down.
    pub async fn return_to_shelf(self, ReturnToShelf { case, incident }: ReturnToShelf) -> Result<CaseNow, Fault> {
        let new = NewIncident {
            kind: IncidentKind::HandoverMismatch,
            mismatched: incident.mismatched.iter().map(|what| mismatch(*what)).collect(),
            note: incident.note,
        };
        let opened = self.office.open_incident(&self.act()?, show::at(case), &new).await;
        self.changed(case, opened.map(drop)).await
    }
}

/// What lies on the counter: the chip in the reader says by itself who it is and whether its PIN is set.
fn on_counter(at: &AtReader, code: &NoticeCode, shelf: &ShelfPlace) -> Result<OnCounter, Fault> {
    let mut chip = at.card(Sharing::Shared)?;
    let tries = chip.tries_left(PinSlot::Holder).map_err(|error| at.fault(&error))?;
    let pin_set = tries != card::Tries::NotSet;
    Ok(OnCounter::new(code, shelf, chip.serial().as_bytes(), pin_set))
}

/// What is compared, as it is shown. Whether it agrees is the office's own comparison.
fn agreements(recorded: &Recorded, counter: &OnCounter, was_issued: bool) -> Vec<Agreement> {
    let compared = compare(recorded, counter);
    let agrees = |what: Mismatch| compared.iter().all(|(one, agrees)| *one != what || *agrees);
    let pair = |what, expected: String, found: String, agrees| Agreement {
        what,
        expected,
        found,
        agrees,
    };
    // The token itself is never shown: an old notice of the same case differs by it alone.
    let (same_case, same_token) = (agrees(Mismatch::OtherCase), agrees(Mismatch::OtherToken));
    let case = counter.notice.case;
    let notice = match (same_case, same_token) {
        (true, false) => format!("{case} ≠"),
        _ => case.to_string(),
    };
    let place = |shelf: Option<&ShelfPlace>| shelf.map(ToString::to_string).unwrap_or_default();
    let chip = |serial: &[u8]| ChipSerial::new(serial.to_vec()).to_string();
    let set = |set: bool| if set { "○" } else { "-" }.to_owned();
    vec![
        pair(
            match (same_case, same_token, was_issued) {
                (false, ..) => Compared::CaseOfNotice,
                (true, false, true) => Compared::EarlierNotice,
                (true, ..) => Compared::Notice,
            },
            recorded.number.to_string(),
            notice,
            same_case && same_token,
        ),
        pair(
            Compared::Shelf,
            place(recorded.shelf.as_ref()),
            place(counter.shelf.as_ref()),
            agrees(Mismatch::OtherShelf),
        ),
        pair(
            Compared::Chip,
            chip(&recorded.chip),
            chip(&counter.chip),
            agrees(Mismatch::OtherChip),
        ),
        pair(
            Compared::Pin,
            set(recorded.pin_set),
            set(counter.pin_set),
            agrees(Mismatch::PinNotSet),
        ),
    ]
}

const fn mismatch(what: Compared) -> Mismatch {
    match what {
        Compared::Notice | Compared::EarlierNotice => Mismatch::OtherToken,
        Compared::CaseOfNotice => Mismatch::OtherCase,
        Compared::Shelf => Mismatch::OtherShelf,
        Compared::Chip => Mismatch::OtherChip,
        Compared::Pin => Mismatch::PinNotSet,
    }
}

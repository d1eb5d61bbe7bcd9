//! The handover: notice, shelf and chip laid beside the records, two looks, and the card leaves the office's hand.

use card::{ChipSerial, Sharing};
use issuance::{
    case::ShelfPlace,
    handover::{Mismatch, NoticeCode, Recorded, SightRule},
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
        let chip = at.card(Sharing::Shared)?.serial().clone();
        let issued_for = self.wait(self.office.case_of_token(&code.token))?;
        // A code typed by hand was taken for the open case's: the records know better.
        code.case = issued_for.unwrap_or(code.case);
        let recorded = match self.runtime.block_on(self.office.handover_record(case.id)) {
            Err(error) if error.is(&HandoverRefusal::NoNotice) => return Err(Fault::NoticeInvalid),
            recorded => recorded.map_err(|error| self.fault(&error))?,
        };
        let act = self.act()?;
        let compared = self
            .office
            .compare_handover(&act, show::at(case), &code, &shelf, chip.as_bytes());
        if let Err(error) = self.runtime.block_on(compared)
            && !matches!(error.refused_as(), Some(HandoverRefusal::Mismatched(_)))
        {
            return Err(self.of_change(case.id, &error));
        }
        let found = OnTheCounter {
            code: &code,
            was_issued: issued_for.is_some(),
            shelf: &shelf,
            chip: &chip,
        };
        Ok(Agreements(agreements(&recorded, &found)))
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
        let chip = at.card(Sharing::Shared)?.serial().clone();
        let rule = match self.config.rules.handover_sights {
            HandoverSights::TwoClerks => SightRule::TwoClerks,
            HandoverSights::OneClerkTwice => SightRule::OneClerkTwice,
        };
        let act = self.act()?;
        let over = self
            .office
            .hand_over(&act, show::at(case), &code, &shelf, chip.as_bytes(), rule);
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

/// What lies there, to be held against the records.
struct OnTheCounter<'a> {
    /// The code, with the case it was issued for.
    code: &'a NoticeCode,
    /// Whether it is on a notice that was ever issued.
    was_issued: bool,
    shelf: &'a ShelfPlace,
    chip: &'a ChipSerial,
}

fn agreements(recorded: &Recorded, found: &OnTheCounter<'_>) -> Vec<Agreement> {
    let OnTheCounter { code, shelf, chip, .. } = *found;
    let pair = |what, expected: String, found: String, agrees| Agreement {
        what,
        expected,
        found,
        agrees,
    };
    // The token itself is never shown: an old notice of the same case differs by it alone.
    let same_case = code.case == recorded.number;
    let same_token = code.token.is(&recorded.token);
    let notice = match (same_case, same_token) {
        (true, false) => format!("{} ≠", code.case),
        _ => code.case.to_string(),
    };
    let expected_chip = ChipSerial::new(recorded.chip.clone());
    let set = |set: bool| if set { "○" } else { "-" }.to_owned();
    vec![
        pair(
            match (same_case, same_token, found.was_issued) {
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
            recorded.shelf.as_ref().map(ToString::to_string).unwrap_or_default(),
            shelf.to_string(),
            recorded.shelf.as_ref() == Some(shelf),
        ),
        pair(
            Compared::Chip,
            expected_chip.to_string(),
            chip.to_string(),
            expected_chip == *chip,
        ),
        pair(Compared::Pin, set(true), set(recorded.pin_set), recorded.pin_set),
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

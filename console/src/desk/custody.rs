//! Where cards are, and what moves them outside the course of their case.

use card::Sharing;
use issuance::custody::{Custody, PlaceKind};
use office::{Tally, TallyBy, cases::SecondPurpose};

use super::{readers::AtReader, show, work::Desk};
use crate::tui::{
    fault::Fault,
    orders::{
        cases::CaseNow,
        custody::{CardMove, CardTrail, CardTrails, GiveBack, LoadCustody, MoveCard},
        reconciliation::{Account, Accounted, AccountedCase, By, LoadAccounted, LoadReconciled, Reconciled, Sums},
    },
};

/// Applications shown behind a sum at most.
const BEHIND_A_SUM: u32 = 500;

impl Desk {
    /// Every card of a case, and how each came to where it is.
    pub async fn load_custody(self, LoadCustody(case): LoadCustody) -> Result<CardTrails, Fault> {
        let cards = self.office.cards_of_case(case).await;
        let cards = cards.map_err(|error| self.fault(&error))?;
        let shown = |card: office::cases::CardTrail| CardTrail {
            card: card.card,
            chip: card::ChipSerial::new(card.chip).to_string(),
            lifecycle: card.lifecycle,
            is_bound: card.is_bound,
            place: card.place,
            moves: card.lines.into_iter().map(shown_move).collect(),
        };
        Ok(CardTrails(cards.into_iter().map(shown).collect()))
    }

    /// The sums of the reconciliation.
    pub async fn load_reconciled(self, LoadReconciled(by): LoadReconciled) -> Result<Reconciled, Fault> {
        let found = self.office.reconcile(tally_by(by)).await;
        let found = found.map_err(|error| self.fault(&error))?;
        Ok(Reconciled {
            by,
            total: sums(&found.total),
            parts: found
                .parts
                .iter()
                .map(|(part, tally)| (part.clone(), sums(tally)))
                .collect(),
            unaccounted: found.odd,
        })
    }

    /// The applications behind a sum.
    pub async fn load_accounted(self, order: LoadAccounted) -> Result<Accounted, Fault> {
        let LoadAccounted { by, part, account } = order;
        let account = match account {
            Account::Applied => office::Account::Applied,
            Account::Delivered => office::Account::Delivered,
            Account::Cancelled => office::Account::Cancelled,
            Account::Returned => office::Account::Returned,
            Account::Stored => office::Account::Stored,
            Account::InTransit => office::Account::InTransit,
            Account::Difference => office::Account::Difference,
        };
        let behind = self
            .office
            .accounted((tally_by(by), part.as_deref()), account, BEHIND_A_SUM)
            .await;
        let shown = |row: office::Accounted| AccountedCase {
            case: row.case,
            number: row.number,
            opened_at: row.opened_at,
            card_at: row.card_at,
        };
        behind
            .map(|rows| Accounted(rows.into_iter().map(shown).collect()))
            .map_err(|error| self.fault(&error))
    }

    /// Moves a card by the clerk's words, with the agreement that the second clerk just gave where the way takes two.
    pub async fn move_card(self, order: MoveCard) -> Result<CaseNow, Fault> {
        let MoveCard { case, card, to, words } = order;
        let to = match to {
            PlaceKind::Drawer => Custody::drawer(&self.config.desk.name),
            PlaceKind::Lost => Custody::LOST,
            PlaceKind::Destroyed => Custody::DESTROYED,
            _ => return Err(Fault::NotNow),
        };
        let second = match to.kind() {
            PlaceKind::Drawer => None,
            _ => Some(self.agreed(case.id, SecondPurpose::Custody)?),
        };
        let moved = self
            .office
            .move_card(&self.act()?, show::at(case), card, &to, second, &words)
            .await;
        if let Some(second) = second {
            self.keep_unused(case.id, SecondPurpose::Custody, second, &moved);
        }
        self.changed(case, moved.map(drop)).await
    }

    /// Gives the card in the resident reader back to its holder.
    pub fn give_back(&self, at: &AtReader, order: GiveBack) -> Result<CaseNow, Fault> {
        let GiveBack { case, check, words } = order;
        let chip = at.card(Sharing::Shared)?.serial().clone();
        let second = self.agreed(case.id, SecondPurpose::Custody)?;
        let act = self.act()?;
        let given = self
            .office
            .give_back(&act, show::at(case), chip.as_bytes(), (check, second), &words);
        match self.runtime.block_on(given) {
            Ok(_) => self.case_view_now(case.id),
            Err(error) => {
                // A refusal used nothing up: the second clerk need not come back for the wrong card in the reader.
                self.approvals.keep(case.id, SecondPurpose::Custody, second);
                Err(self.of_change(case.id, &error))
            }
        }
    }
}

fn shown_move((line, by, second): (office::cases::Transferred, Option<String>, Option<String>)) -> CardMove {
    CardMove {
        to: line.to,
        evidence: line.evidence,
        at: line.at,
        by,
        second,
    }
}

const fn tally_by(by: By) -> TallyBy {
    match by {
        By::All => TallyBy::All,
        By::Day => TallyBy::Day,
        By::Channel => TallyBy::Channel,
        By::Desk => TallyBy::Desk,
    }
}

/// In the order of the equation.
const fn sums(tally: &Tally) -> Sums {
    [
        tally.applied.cast_signed(),
        tally.delivered.cast_signed(),
        tally.cancelled.cast_signed(),
        tally.returned.cast_signed(),
        tally.stored.cast_signed(),
        tally.in_transit.cast_signed(),
        tally.difference,
    ]
}

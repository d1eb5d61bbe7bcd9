//! Stock-taking: orders to the office's records and what they bring back.

use card::Sharing;
use office::stock_taking as records;
use uuid::Uuid;

use super::{readers::AtReader, work::Desk};
use crate::tui::{
    fault::Fault,
    orders::stock::{
        BeginStockTaking, ConfirmCount, CountCard, CountEnvelope, CountState, Counted, CountedCard, CountedPlace,
        Finding, FinishCount, LoadStockTaking, LoadStockTakings, StockCount, StockTaking, StockTakings,
    },
};

/// Counts shown at most.
const SHOWN: u32 = 100;

impl Desk {
    /// The counts, the newest first.
    pub async fn load_stock_takings(self, _: LoadStockTakings) -> Result<StockTakings, Fault> {
        let takings = self.office.stock_takings(SHOWN).await;
        let takings = takings.map_err(|error| self.fault(&error))?;
        Ok(StockTakings(
            takings.into_iter().map(|taking| self.shown_taking(taking)).collect(),
        ))
    }

    /// Begins a count, or goes on with today's.
    pub async fn begin_stock_taking(self, BeginStockTaking(place): BeginStockTaking) -> Result<StockCount, Fault> {
        let place = match place {
            CountedPlace::Shelf => records::CountedPlace::Shelf,
            CountedPlace::Drawer(desk) => records::CountedPlace::Drawer(desk),
            CountedPlace::Outgoing => records::CountedPlace::Outgoing,
            CountedPlace::Returned => records::CountedPlace::Returned,
        };
        let begun = self.office.begin_stock_taking(&self.act()?, &place).await;
        let id = begun.map_err(|error| self.fault(&error))?;
        self.stock_count(id.uuid()).await
    }

    /// A count with its cards.
    pub async fn load_stock_taking(self, LoadStockTaking(id): LoadStockTaking) -> Result<StockCount, Fault> {
        self.stock_count(id).await
    }

    /// Counts the card in the resident reader.
    pub fn count_card(&self, at: &AtReader, CountCard(id): CountCard) -> Result<Counted, Fault> {
        let chip = at.card(Sharing::Shared)?.serial().clone();
        let mark = records::Mark::Chip(chip.as_bytes().to_vec());
        self.runtime.block_on(self.counted(id, mark))
    }

    /// Counts an envelope.
    pub async fn count_envelope(self, CountEnvelope(id, number): CountEnvelope) -> Result<Counted, Fault> {
        self.counted(id, records::Mark::Envelope(number)).await
    }

    async fn counted(&self, id: Uuid, mark: records::Mark) -> Result<Counted, Fault> {
        let id = records::StockTakingId::from_uuid(id);
        let counted = self.office.count_card(&self.act()?, id, &mark).await;
        let counted = counted.map_err(|error| self.fault(&error))?;
        Ok(Counted {
            found: finding(counted.found),
            again: counted.again,
            number: counted.number,
        })
    }

    /// Ends a count.
    pub async fn finish_count(self, FinishCount(id): FinishCount) -> Result<StockCount, Fault> {
        let ended = self
            .office
            .finish_count(&self.act()?, records::StockTakingId::from_uuid(id))
            .await;
        ended.map_err(|error| self.fault(&error))?;
        self.stock_count(id).await
    }

    /// Confirms what somebody else counted.
    pub async fn confirm_count(self, ConfirmCount(id): ConfirmCount) -> Result<StockCount, Fault> {
        let confirmed = self
            .office
            .confirm_count(&self.act()?, records::StockTakingId::from_uuid(id))
            .await;
        confirmed.map_err(|error| self.fault(&error))?;
        self.stock_count(id).await
    }

    async fn stock_count(&self, id: Uuid) -> Result<StockCount, Fault> {
        let found = self.office.stock_taking(records::StockTakingId::from_uuid(id)).await;
        let (of, cards) = found.map_err(|error| self.fault(&error))?;
        let shown = |card: records::CountedCard| CountedCard {
            chip: card::ChipSerial::new(card.chip).to_string(),
            case: card.case,
            place: card.place,
            found: finding(card.found),
        };
        Ok(StockCount(
            self.shown_taking(of),
            cards.into_iter().map(shown).collect(),
        ))
    }

    fn shown_taking(&self, taking: records::StockTaking) -> StockTaking {
        let own = self.begun().ok().map(|begun| begun.staff.id);
        StockTaking {
            id: taking.id.uuid(),
            place: match taking.place {
                records::CountedPlace::Shelf => CountedPlace::Shelf,
                records::CountedPlace::Drawer(desk) => CountedPlace::Drawer(desk),
                records::CountedPlace::Outgoing => CountedPlace::Outgoing,
                records::CountedPlace::Returned => CountedPlace::Returned,
            },
            state: match taking.state {
                records::CountState::Open => CountState::Open,
                records::CountState::Counted => CountState::Counted,
                records::CountState::Confirmed => CountState::Confirmed,
            },
            begun_at: taking.begun_at,
            is_own: taking.counted_by.is_some() && taking.counted_by == own,
            by: taking.by,
            confirmed_by: taking.confirmed_by,
            expected: taking.expected,
            missing: taking.missing,
            surplus: taking.surplus,
        }
    }
}

const fn finding(found: records::Finding) -> Finding {
    match found {
        records::Finding::Missing => Finding::Missing,
        records::Finding::Surplus => Finding::Surplus,
        records::Finding::Unknown => Finding::Unknown,
        records::Finding::There => Finding::There,
    }
}

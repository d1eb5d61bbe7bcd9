//! The issuing procedure's records in PostgreSQL: [`Records`] over the office's database.
//!
//! The procedure runs on a thread of its own and waits for each verb to be durable. Every verb is idempotent by what
//! it says (the same chip, the same step, the same certificate), so one asked again after a lost answer changes
//! nothing; a commit whose answer is lost is asked again at once under the same act.

mod draft;
mod making;

use card::KeySlot;
use issuance::{
    case::{CardId, CaseId},
    records::{CardJournal, CardState, CertificateSerial, Entry, Records, RecordsError, Reservations},
};
use store::{StoreError, Tx};
use tokio::runtime::Handle;

use crate::{
    Act, Office, OfficeError, SessionId,
    cases::{self, ApprovalId},
};

/// The records as one session's making of cards keeps them.
pub struct OfficeRecords {
    office: Office,
    handle: Handle,
    session: SessionId,
    second: Option<ApprovalId>,
}

impl OfficeRecords {
    /// The records of `session`, which must hold the case. `handle` is the runtime the database runs on; the verbs are
    /// called from a thread outside it.
    pub fn new(office: Office, handle: Handle, session: SessionId) -> Self {
        Self {
            office,
            handle,
            session,
            second: None,
        }
    }

    /// Making by two (二人での発行): binding a blank uses up the second clerk's agreement.
    #[must_use]
    pub fn with_second(mut self, approval: ApprovalId) -> Self {
        self.second = Some(approval);
        self
    }

    fn act(&self) -> Act {
        Act::of(self.session, self.office.fresh_uuid())
    }

    fn wait<T>(&self, verb: impl Future<Output = Result<T, OfficeError>>) -> Result<T, RecordsError> {
        self.handle.block_on(verb).map_err(for_procedure)
    }
}

impl Records for OfficeRecords {
    fn journal(&mut self, card: CardId) -> Result<CardJournal, RecordsError> {
        self.wait(self.office.card_journal(card))
    }

    fn bind(&mut self, case: CaseId, chip: &[u8], first: &[Entry]) -> Result<CardJournal, RecordsError> {
        self.wait(self.office.bind(&self.act(), case, chip, first, self.second))
    }

    fn write(&mut self, card: CardId, entries: &[Entry]) -> Result<Reservations, RecordsError> {
        self.wait(self.office.write(&self.act(), card, entries))
    }

    fn damaged(&mut self, card: CardId, reason: &str) -> Result<(), RecordsError> {
        self.wait(self.office.card_damaged(&self.act(), card, reason))
    }
}

impl Office {
    /// All that is recorded about `card`.
    ///
    /// # Errors
    /// [`OfficeError::CardConflict`] for a card that is not known.
    pub async fn card_journal(&self, card: CardId) -> Result<CardJournal, OfficeError> {
        self.read("card_journal", |tx| async move {
            let row = card_row(&tx, card).await?;
            let id = card.uuid();
            let steps = tx
                .query(
                    "-- card_steps\nSELECT step, done_at IS NOT NULL FROM office.card_step WHERE card = $1",
                    &[&id],
                )
                .await?;
            let keys = tx
                .query(
                    "-- card_keys\nSELECT slot, spki FROM office.card_key WHERE card = $1",
                    &[&id],
                )
                .await?;
            let certificates = tx
                .query(
                    "-- card_certificates\nSELECT slot, serial, der FROM office.certificate\n\
                     WHERE card = $1 AND withdrawn_at IS NULL",
                    &[&id],
                )
                .await?;
            let mut journal = CardJournal {
                card,
                case: row.case,
                chip: row.chip,
                state: row.state,
                steps: Default::default(),
                public_keys: Default::default(),
                serials: Default::default(),
                certificates: Default::default(),
            };
            for row in &steps {
                let step = cases::step(row.get(0)).ok_or(OfficeError::Unreadable("office.card_step"))?;
                journal.steps.insert(step, row.get(1));
            }
            for row in &keys {
                journal.public_keys.insert(slot_of(row.get(0))?, row.get(1));
            }
            for row in &certificates {
                let slot = slot_of(row.get(0))?;
                journal.serials.insert(slot, serial_of(row.get(1))?);
                if let Some(der) = row.get::<_, Option<Vec<u8>>>(2) {
                    journal.certificates.insert(slot, der);
                }
            }
            Ok(journal)
        })
        .await
    }
}

struct CardRow {
    case: CaseId,
    chip: Vec<u8>,
    state: CardState,
}

async fn card_row(tx: &Tx, card: CardId) -> Result<CardRow, OfficeError> {
    let row = tx
        .query_opt(
            "-- card_row\nSELECT case_id, chip, state FROM office.card WHERE id = $1",
            &[&card.uuid()],
        )
        .await?
        .ok_or_else(|| OfficeError::CardConflict("no such card".into()))?;
    Ok(CardRow {
        case: CaseId::from_uuid(row.get("case_id")),
        chip: row.get("chip"),
        state: cases::card_state(row.get("state"))?,
    })
}

fn serial_of(bytes: &[u8]) -> Result<CertificateSerial, OfficeError> {
    bytes
        .try_into()
        .map(CertificateSerial)
        .map_err(|_| OfficeError::Unreadable("office.certificate"))
}

pub(crate) fn slot_of(number: i16) -> Result<KeySlot, OfficeError> {
    KeySlot::ALL
        .into_iter()
        .find(|slot| i16::from(slot.reference()) == number)
        .ok_or(OfficeError::Unreadable("office.card_key"))
}

/// In the procedure's terms.
fn for_procedure(error: OfficeError) -> RecordsError {
    match error {
        OfficeError::NotNow(refused) => RecordsError::NotNow(refused),
        error if error.is(&cases::ApprovalRefusal::Missing) => RecordsError::NotAgreed,
        OfficeError::ChipTaken(chip) => RecordsError::ChipTaken { chip },
        OfficeError::Store(StoreError::DiskFull { .. }) => RecordsError::DiskFull,
        OfficeError::Store(error @ (StoreError::Unreachable { .. } | StoreError::AnswerLost { .. })) => {
            RecordsError::Unreachable(error.to_string())
        }
        other => RecordsError::Conflict(other.to_string()),
    }
}

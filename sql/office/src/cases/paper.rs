//! Papers of a case: the delivery notice's token, and what was printed.

use std::collections::BTreeMap;

use issuance::{
    acts::{AddressSeen, AuditAct, NoticeIssued, PaperPrinted, PaperRemoved, SeenFor},
    case::{CaseId, CaseNumber, CaseState, ResidentId},
    handover::{NoticeCode, NoticeToken},
    machine::NotNow,
    person::Resident,
};
use serde_json::json;
use store::{Row, StoreError, Tx};
use time::OffsetDateTime;
use uuid::Uuid;

use super::number_of;
use crate::{
    Act, Office, OfficeError,
    act::{About, Doing},
};

/// A paper the office prints.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Paper {
    /// 申請書
    Application,
    /// 交付通知書
    Notice,
    /// 受領票
    Receipt,
}

impl Paper {
    /// Every paper.
    pub const ALL: [Self; 3] = [Self::Application, Self::Notice, Self::Receipt];

    /// As stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Application => "application",
            Self::Notice => "notice",
            Self::Receipt => "receipt",
        }
    }

    /// Whether it carries the person's address.
    const fn shows_address(self) -> bool {
        match self {
            Self::Application | Self::Notice => true,
            Self::Receipt => false,
        }
    }
}

/// How a paper came to be printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Printing {
    /// For the first time, or after what it tells of changed.
    Fresh,
    /// Once more from the file that was kept; it names the person as they are registered now.
    Again,
    /// Once more as it was, although the person is registered otherwise now: the clerk was asked.
    AsItWas,
    /// Anew with what is registered now, in place of the paper before: the clerk was asked.
    Anew,
}

impl Printing {
    /// As the trail names it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Fresh => "fresh",
            Self::Again => "again",
            Self::AsItWas => "as_it_was",
            Self::Anew => "anew",
        }
    }
}

/// A paper that was printed, as it is recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PrintedPaper {
    pub paper: Paper,
    pub pages: u16,
    /// SHA-256 of its file.
    pub sha256: [u8; 32],
    /// Whom it names, by [`Office::addressee_index`].
    pub addressee: [u8; 32],
    /// How it came to be.
    pub printing: Printing,
}

/// A paper as it was last printed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LastPrinted {
    /// SHA-256 of its file.
    pub sha256: [u8; 32],
    pub pages: u16,
    pub at: OffsetDateTime,
    /// Whom it names, by [`Office::addressee_index`].
    pub addressee: [u8; 32],
    /// Whether the person is registered as it says now.
    pub still_so: bool,
}

const NOTICE: &str = "office.delivery_notice";

impl Office {
    /// Issues a delivery notice for a card that is made: a new token; the notice before is no longer good.
    ///
    /// # Errors
    /// [`OfficeError::NotNow`] before the card is made, [`OfficeError::NotHeld`]
    pub async fn issue_notice(&self, act: &Act, case: CaseId) -> Result<NoticeCode, OfficeError> {
        let notice: Uuid = self
            .act("issue_notice", NoticeIssued::ROW, case, act, |tx, doing| async move {
                let row = self.held(&tx, &doing, case).await?;
                let state = self.state_of(&row)?;
                if !matches!(state, CaseState::Made { .. } | CaseState::Shelved { .. }) {
                    return Err(NotNow {
                        state: state.name(),
                        event: "notice_issued",
                    }
                    .into());
                }
                end_notice(&tx, &doing, case).await?;
                let (id, token) = (self.fresh_uuid(), self.new_token());
                tx.execute(
                    "-- issue_notice\n\
                     INSERT INTO office.delivery_notice (id, case_id, token_index, token, issued_at, issued_by)\n\
                     VALUES ($1, $2, $3, $4, $5, $6)",
                    &[
                        &id,
                        &case.uuid(),
                        &self.token_index(&token).as_slice(),
                        &self.seal(NOTICE, id, "token", token.as_str().as_bytes()),
                        &doing.at,
                        &doing.staff()?.uuid(),
                    ],
                )
                .await?;
                self.touch(&tx, &row).await?;
                self.record(&tx, &doing, json!({ "case": case }), NoticeIssued {})
                    .await?;
                Ok(id)
            })
            .await?;
        // Read back, so that an act asked for again gives the notice it issued the first time.
        self.read("issue_notice", |tx| async move {
            let row = tx
                .query_one(
                    "-- notice\n\
                     SELECT n.id, n.token, c.year, c.serial FROM office.delivery_notice n\n\
                     JOIN office.card_case c ON c.id = n.case_id WHERE n.id = $1",
                    &[&notice],
                )
                .await?;
            self.notice_code(&row)
        })
        .await
    }

    /// The good notice of `case`, for printing it again.
    ///
    /// # Errors
    /// [`OfficeError`]
    pub async fn notice(&self, case: CaseId) -> Result<Option<NoticeCode>, OfficeError> {
        self.read("notice", |tx| async move { self.good_notice(&tx, case).await })
            .await
    }

    /// The case whose good notice carries the scanned code: number and token must both be its own.
    ///
    /// # Errors
    /// [`OfficeError`]
    pub async fn case_by_notice(&self, code: &NoticeCode) -> Result<Option<CaseId>, OfficeError> {
        let index = self.token_index(&code.token);
        self.read("case_by_notice", |tx| async move {
            let row = tx
                .query_opt(
                    "-- case_by_notice\n\
                     SELECT n.case_id, c.year, c.serial FROM office.delivery_notice n\n\
                     JOIN office.card_case c ON c.id = n.case_id WHERE n.token_index = $1 AND n.replaced_at IS NULL",
                    &[&index.as_slice()],
                )
                .await?;
            match row {
                Some(row) if number_of(&row)? == code.case => Ok(Some(CaseId::from_uuid(row.get("case_id")))),
                _ => Ok(None),
            }
        })
        .await
    }

    /// The number of the case that a notice with this token was issued for, whether it is still good or not. A code typed by
    /// hand names no case: this tells a notice of another case from one that nobody issued.
    ///
    /// # Errors
    /// [`OfficeError`]
    pub async fn case_of_token(&self, token: &NoticeToken) -> Result<Option<CaseNumber>, OfficeError> {
        let index = self.token_index(token);
        self.read("case_of_token", |tx| async move {
            let row = tx
                .query_opt(
                    "-- case_of_token\n\
                     SELECT c.year, c.serial FROM office.delivery_notice n\n\
                     JOIN office.card_case c ON c.id = n.case_id WHERE n.token_index = $1",
                    &[&index.as_slice()],
                )
                .await?;
            row.as_ref().map(number_of).transpose()
        })
        .await
    }

    pub(crate) async fn good_notice(&self, tx: &Tx, case: CaseId) -> Result<Option<NoticeCode>, OfficeError> {
        let row = tx
            .query_opt(
                "-- good_notice\n\
                 SELECT n.id, n.token, c.year, c.serial FROM office.delivery_notice n\n\
                 JOIN office.card_case c ON c.id = n.case_id WHERE n.case_id = $1 AND n.replaced_at IS NULL",
                &[&case.uuid()],
            )
            .await?;
        row.map(|row| self.notice_code(&row)).transpose()
    }

    fn notice_code(&self, row: &Row) -> Result<NoticeCode, OfficeError> {
        let token = self.open_text(NOTICE, row.get("id"), "token", row.get("token"))?;
        Ok(NoticeCode {
            case: number_of(row)?,
            token: token.parse().map_err(|_| OfficeError::Unreadable(NOTICE))?,
        })
    }

    fn token_index(&self, token: &NoticeToken) -> [u8; 32] {
        self.shared
            .sealer
            .blind_index("notice.token", token.as_str().as_bytes())
    }

    /// How `paper` of `case` was last printed: by its hash the file that was kept is known again.
    ///
    /// # Errors
    /// [`OfficeError`]
    pub async fn last_printed(&self, case: CaseId, paper: Paper) -> Result<Option<LastPrinted>, OfficeError> {
        self.read("last_printed", |tx| async move {
            let row = tx
                .query_opt(
                    "-- last_printed\n\
                     SELECT p.file_hash, p.pages, p.printed_at, p.addressee, c.resident FROM office.printed_paper p\n\
                     JOIN office.card_case c ON c.id = p.case_id\n\
                     WHERE p.case_id = $1 AND p.paper = $2 ORDER BY p.printed_at DESC LIMIT 1",
                    &[&case.uuid(), &paper.as_str()],
                )
                .await?;
            let Some(row) = row else { return Ok(None) };
            let resident = self
                .resident_file(&tx, ResidentId::from_uuid(row.get("resident")))
                .await?;
            let now = self.addressee_index(paper, &resident.resident);
            // A paper from before this was kept may say anything.
            let addressee: Option<[u8; 32]> = row
                .get::<_, Option<&[u8]>>("addressee")
                .and_then(|kept| kept.try_into().ok());
            Some({
                let hash: &[u8] = row.get("file_hash");
                Ok(LastPrinted {
                    sha256: hash
                        .try_into()
                        .map_err(|_| OfficeError::Unreadable("office.printed_paper"))?,
                    pages: u16::try_from(row.get::<_, i16>("pages")).unwrap_or(0),
                    at: row.get("printed_at"),
                    addressee: addressee.unwrap_or_default(),
                    still_so: addressee == Some(now),
                })
            })
            .transpose()
        })
        .await
    }

    /// Whom `paper` names, for knowing later whether they are registered otherwise: a keyed hash of the name, and of the
    /// address on those that carry it.
    pub fn addressee_index(&self, paper: Paper, resident: &Resident) -> [u8; 32] {
        let mut lines = vec![resident.name.as_str()];
        if paper.shows_address() {
            let building = resident.building.as_deref().unwrap_or_default();
            lines.extend([resident.postal_code.as_str(), resident.address.as_str(), building]);
        }
        // A line break ends each: no two people run into one another.
        let text: String = lines.iter().flat_map(|line| [line, "\n"]).collect();
        self.shared.sealer.blind_index("paper.addressee", text.as_bytes())
    }

    /// Records that papers past their keeping time are about to be removed from the printing folder: how many files, and
    /// the day whose papers are the first to stay.
    ///
    /// # Errors
    /// [`OfficeError`]
    pub async fn papers_removed(&self, act: &Act, files: usize, before: time::Date) -> Result<(), OfficeError> {
        self.act(
            "papers_removed",
            PaperRemoved::ROW,
            About::content(json!([files, before.to_string()])),
            act,
            |tx, doing| async move {
                let before = before.to_string();
                self.record(&tx, &doing, json!({}), PaperRemoved { files, before })
                    .await
            },
        )
        .await
    }

    /// Records that a paper was printed; asked once its file is written and whole, or found again. A paper that carries
    /// the address of someone under support measures takes the role for it each time, and the sight is recorded.
    ///
    /// # Errors
    /// [`OfficeError::NotHeld`], [`OfficeError::NotAllowed`]
    pub async fn paper_printed(&self, act: &Act, case: CaseId, printed: PrintedPaper) -> Result<(), OfficeError> {
        let PrintedPaper {
            paper, pages, sha256, ..
        } = printed;
        let counted = i16::try_from(pages).unwrap_or(i16::MAX);
        self.act(
            "paper_printed",
            PaperPrinted::ROW,
            case,
            act,
            |tx, doing| async move {
                let row = self.held(&tx, &doing, case).await?;
                if paper.shows_address() && self.resident_file(&tx, row.resident).await?.sheltered {
                    doing.must(AddressSeen::ROW)?;
                    let subjects = json!({ "resident": row.resident, "case": case });
                    let seen = AddressSeen {
                        seen_for: SeenFor::Print,
                        words: None,
                    };
                    self.record_beside(&tx, &doing, subjects, seen).await?;
                }
                tx.execute(
                    "-- paper_printed\n\
                 INSERT INTO office.printed_paper (id, case_id, paper, file_hash, pages, printed_at, printed_by, addressee)\n\
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
                    &[
                        &self.fresh_uuid(),
                        &case.uuid(),
                        &paper.as_str(),
                        &sha256.as_slice(),
                        &counted,
                        &doing.at,
                        &doing.staff()?.uuid(),
                        &printed.addressee.as_slice(),
                    ],
                )
                .await?;
                let details = PaperPrinted {
                    paper: paper.as_str().to_owned(),
                    pages,
                    sha256: hex::encode(sha256),
                    printing: printed.printing.as_str().to_owned(),
                };
                self.record(&tx, &doing, json!({ "case": case }), details).await
            },
        )
        .await
    }
}

/// The case's notice is no longer good: used up, replaced, or it tells what is no longer so.
pub(crate) async fn end_notice(tx: &Tx, doing: &Doing, case: CaseId) -> Result<(), StoreError> {
    tx.execute(
        "-- end_notice\n\
         UPDATE office.delivery_notice SET replaced_at = $2 WHERE case_id = $1 AND replaced_at IS NULL",
        &[&case.uuid(), &doing.at],
    )
    .await
    .map(drop)
}

pub(super) async fn notice_issued(tx: &Tx, case: CaseId) -> Result<Option<OffsetDateTime>, StoreError> {
    let row = tx
        .query_opt(
            "-- notice_issued\nSELECT issued_at FROM office.delivery_notice WHERE case_id = $1 AND replaced_at IS NULL",
            &[&case.uuid()],
        )
        .await?;
    Ok(row.map(|row| row.get(0)))
}

/// The papers that count: of the card that is bound now, and of an open case only the notice that is still good.
pub(super) async fn printed(tx: &Tx, case: CaseId) -> Result<BTreeMap<Paper, OffsetDateTime>, StoreError> {
    let rows = tx
        .query(
            "-- printed\n\
             SELECT p.paper, max(p.printed_at) AS at FROM office.printed_paper p\n\
             JOIN office.card_case c ON c.id = p.case_id LEFT JOIN office.card k ON k.id = c.card\n\
             WHERE p.case_id = $1 AND (p.paper = 'application' OR p.printed_at >= k.bound_at)\n\
             AND (p.paper <> 'notice' OR c.closed_at IS NOT NULL OR EXISTS (SELECT FROM office.delivery_notice n\n\
             WHERE n.case_id = c.id AND n.replaced_at IS NULL AND n.issued_at <= p.printed_at))\n\
             GROUP BY p.paper",
            &[&case.uuid()],
        )
        .await?;
    Ok(rows
        .iter()
        .filter_map(|row| {
            let paper: &str = row.get("paper");
            let paper = Paper::ALL.into_iter().find(|known| known.as_str() == paper)?;
            Some((paper, row.get("at")))
        })
        .collect())
}

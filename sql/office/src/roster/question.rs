//! What is asked before an import is taken over: many people missing from a file said to be whole, and new numbers that
//! look like people who are known.

use std::collections::{HashMap, HashSet};

use issuance::{
    case::ResidentId,
    person::Resident,
    roster::{GoneLimit, LONGEST_NUMBER},
};
use uuid::Uuid;

use super::{ImportPlan, Known, Missing, STRIDE, Seen};
use crate::{Office, OfficeError};

/// Something that must be said yes to before a plan is taken over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Question {
    /// More people would be marked as gone than the limit lets pass unasked.
    ManyGone {
        count: usize,
        /// Of how many who are there now.
        of: usize,
    },
    /// People would be marked as gone while rows of the file could not be read and may be theirs.
    GoneWhileUnread {
        /// How many would be marked as gone.
        count: usize,
        /// Rows nobody could be told from.
        unread: usize,
    },
    /// New numbers look like people who are known under another number.
    LooksKnown { count: usize },
}

/// What the person at the terminal said yes to. Only the exact count is a yes: what was counted a minute ago on another
/// file is not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Answers {
    /// So many people are gone.
    pub gone: Option<usize>,
    /// So many rows are other people than those they look like.
    pub new: Option<usize>,
}

/// A new row that looks like someone known.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Alike {
    /// The new row's line in the file.
    pub line: u64,
    /// Whom it looks like.
    pub known: ResidentId,
    pub by: AlikeBy,
}

impl std::fmt::Debug for Alike {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Alike(line {}, {:?})", self.line, self.by)
    }
}

/// By what a new row looks like someone known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AlikeBy {
    /// The same number but for zeros in front: a spreadsheet takes them off.
    NumberButForZeros,
    /// The same reading of the name and the same day of birth.
    ReadingAndBirthday,
}

/// Someone of the records, as named to whoever imports.
#[derive(Clone, PartialEq, Eq)]
pub struct PersonNamed {
    pub id: ResidentId,
    /// 宛名番号
    pub number: String,
    /// 氏名
    pub name: String,
    /// Whether a card of theirs is being made, lies ready or is in their hands.
    pub has_card: bool,
}

impl std::fmt::Debug for PersonNamed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "PersonNamed({})", self.id)
    }
}

impl ImportPlan {
    /// What must still be said yes to before the plan is taken over with `missing`; nothing when it may be.
    pub fn questions(&self, missing: Missing, limit: GoneLimit, said: Answers) -> Vec<Question> {
        let mut questions = Vec::new();
        let gone = match missing {
            Missing::Keep => 0,
            Missing::MarkGone => self.missing.len(),
        };
        if gone > 0 && said.gone != Some(gone) {
            if !limit.lets_pass(gone, self.present) {
                questions.push(Question::ManyGone {
                    count: gone,
                    of: self.present,
                });
            } else if self.unidentified > 0 {
                questions.push(Question::GoneWhileUnread {
                    count: gone,
                    unread: self.unidentified,
                });
            }
        }
        let count = self.alike.len();
        if count > 0 && said.new != Some(count) {
            questions.push(Question::LooksKnown { count });
        }
        questions
    }

    /// New rows that look like someone known, by their lines.
    pub fn alike(&self) -> &[Alike] {
        &self.alike
    }

    /// Who is in the records and not in the file.
    pub fn missing(&self) -> &[ResidentId] {
        &self.missing
    }
}

impl Office {
    /// The first `limit` of `people` by name, those with a card first.
    ///
    /// # Errors
    /// [`OfficeError`]
    pub async fn people_named(&self, people: &[ResidentId], limit: u32) -> Result<Vec<PersonNamed>, OfficeError> {
        let ids: Vec<Uuid> = people.iter().map(|id| id.uuid()).collect();
        let ids = &ids;
        self.read("people_named", |tx| async move {
            let rows = tx
                .query(
                    "-- people_named\n\
                     SELECT r.id, r.identity, EXISTS (SELECT FROM office.card k WHERE k.resident = r.id\n\
                     AND k.state IN ('making', 'made', 'active', 'suspended')) AS has_card\n\
                     FROM office.resident r WHERE r.id = ANY ($1) ORDER BY has_card DESC, r.id LIMIT $2",
                    &[ids, &i64::from(limit)],
                )
                .await?;
            rows.iter()
                .map(|row| {
                    let id: Uuid = row.get("id");
                    let identity = self.open_identity(id, row.get("identity"))?;
                    Ok(PersonNamed {
                        id: ResidentId::from_uuid(id),
                        number: identity.1,
                        name: identity.3,
                        has_card: row.get("has_card"),
                    })
                })
                .collect()
        })
        .await
    }

    /// New rows that look like someone whom the file does not name itself: whom it names under their own number is
    /// another person, whatever they share.
    pub(super) async fn alike(
        &self,
        known: &HashMap<[u8; 32], Known>,
        added: &[Resident],
        lines: &[u64],
    ) -> Vec<Alike> {
        let unnamed = || {
            known
                .values()
                .filter(|known| !matches!(known.seen, Some(Seen::Taken(_))))
        };
        let likenesses: HashMap<[u8; 32], ResidentId> = unnamed().map(|known| (known.likeness, known.id)).collect();
        let unnamed: HashSet<ResidentId> = unnamed().map(|known| known.id).collect();
        let mut alike = Vec::new();
        if unnamed.is_empty() {
            return alike;
        }
        for (done, (resident, line)) in added.iter().zip(lines).enumerate() {
            if done % STRIDE == 0 {
                tokio::task::yield_now().await;
            }
            let same_number = but_for_zeros(&resident.number)
                .filter(|number| *number != resident.number)
                .find_map(|number| known.get(&self.number_index(&number)))
                .filter(|known| unnamed.contains(&known.id));
            let by_likeness = || {
                // Without a reading or a whole birthday too many are alike for it to mean anything.
                let tells = !resident.kana.is_empty() && resident.birthday.is_whole();
                tells.then(|| likenesses.get(&self.likeness_index(resident))).flatten()
            };
            let found = match same_number {
                Some(known) => Some((known.id, AlikeBy::NumberButForZeros)),
                None => by_likeness().map(|known| (*known, AlikeBy::ReadingAndBirthday)),
            };
            alike.extend(found.map(|(known, by)| Alike { line: *line, known, by }));
        }
        alike
    }
}

/// `number` as it stands and, when it is digits alone, with every other count of zeros in front that a number may have.
pub(super) fn but_for_zeros(number: &str) -> impl Iterator<Item = String> + '_ {
    let bare = number.trim_start_matches('0');
    let digits = !bare.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    let widths = digits.then_some(bare.len()..=LONGEST_NUMBER);
    let others = widths.into_iter().flatten().filter(|width| *width != number.len());
    std::iter::once(number.to_owned()).chain(others.map(move |width| format!("{bare:0>width$}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_of_digits_is_looked_for_with_every_count_of_zeros_and_no_other_is_touched() {
        let forms: Vec<_> = but_for_zeros("00101").collect();
        assert_eq!(forms[0], "00101");
        assert!(forms.contains(&"101".to_owned()) && forms.contains(&"0000000101".to_owned()));
        assert_eq!(forms.len(), 18);
        assert_eq!(but_for_zeros("A101").collect::<Vec<_>>(), ["A101"]);
        assert_eq!(but_for_zeros("000").collect::<Vec<_>>(), ["000"]);
    }
}

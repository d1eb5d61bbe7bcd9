//! `[roster]`: how the register's file names its columns, and how many people it may leave out unasked.

use issuance::roster::{GoneLimit, HeaderMap, HeaderMapError};
use settings::{Fault, Section};

/// `[roster]`
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Roster {
    /// The file's names of our columns, where they differ (`"続柄" = "続柄コード"`).
    pub headers: HeaderMap,
    /// How many people a whole file may leave out without the import asking.
    pub gone_limit: GoneLimit,
}

impl Roster {
    pub(super) fn read(roster: &mut Section<'_>) -> Self {
        let headers = HeaderMap::try_from(roster.table_of_text("headers"));
        Self {
            headers: headers.unwrap_or_else(|mistake| {
                roster.mistake("headers", headers_fault(&mistake));
                HeaderMap::default()
            }),
            gone_limit: GoneLimit {
                people: roster.number_or("gone_limit_people", 0..=1_000_000, GoneLimit::default().people),
                percent: roster.number_or("gone_limit_percent", 0..=100, GoneLimit::default().percent),
            },
        }
    }
}

/// What is wrong with the roster's names of our columns.
fn headers_fault(mistake: &HeaderMapError) -> Fault {
    let ja = match mistake {
        HeaderMapError::NoSuchColumn(name) => {
            format!("の「{name}」という項目は名簿にありません。こちらの項目名 = 相手の項目名 の順に書きます。")
        }
        HeaderMapError::NotUnique(name) => format!("の「{name}」は空か、二つの項目に使われています。"),
    };
    Fault::Other {
        ja: ja.into(),
        en: format!(": {mistake}").into(),
    }
}

//! 年金: made up, and marked as such wherever it stands.

use std::sync::Arc;

use askama::Template;
use axum::{extract::State, http::HeaderMap, response::Response};
use portal_kit::{Say, Trouble, Visit};
use portal_service::Service;
use relay_saml::wsf::RecordSet;

use super::{AsOf, Dark, PENSION, asked};

#[derive(Template)]
#[template(path = "pension.html")]
struct PensionBody<'w> {
    say: Say<'w>,
    told: Result<Told, Dark>,
}

struct Told {
    as_of: AsOf,
    months: u64,
    periods: Vec<[String; 5]>,
}

/// Months in all.
pub(super) fn months(set: &RecordSet) -> u64 {
    let months = set
        .records
        .iter()
        .filter_map(|record| record.get("months")?.parse::<u64>().ok());
    months.sum()
}

pub(super) async fn page(
    State(service): State<Arc<Service>>,
    visit: Visit,
    headers: HeaderMap,
) -> Result<Response, Trouble> {
    let (person, answer) = match asked(&service, &visit, &headers, ("/pension", PENSION)).await? {
        Ok(asked) => asked,
        Err(welcome) => return Ok(welcome),
    };
    let say = service.say(&visit);
    let told = match &answer {
        Err(reason) => Err(Dark::of(say, reason)),
        Ok(set) => {
            let mut periods: Vec<_> = set
                .records
                .iter()
                .map(|record| {
                    ["scheme", "from", "until", "months", "paid-months"]
                        .map(|name| record.get(name).unwrap_or_default().to_owned())
                })
                .collect();
            periods.sort_by(|one, other| other[1].cmp(&one[1]));
            Ok(Told {
                as_of: AsOf::of(say, set),
                months: months(set),
                periods,
            })
        }
    };
    Ok(service.page(&visit, &person, "page-pension", &PensionBody { say, told }))
}

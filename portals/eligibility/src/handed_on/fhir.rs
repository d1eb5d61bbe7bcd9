//! Today's checks as FHIR R4 for the clinic's own system: on loopback, with a token.
//!
//! `Coverage` in JP Core's profile with the identifiers of 1.2.0; `CoverageEligibilityResponse` in base R4, which JP Core
//! does not profile, says which of the five answers it is. What was checked at any desk of this portal today is here.

use std::sync::Arc;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use axum::{
    Router,
    extract::{Path, Request, State},
    http::{
        HeaderValue, StatusCode,
        header::{AUTHORIZATION, CONTENT_TYPE, WWW_AUTHENTICATE},
    },
    middleware::{self, Next},
    response::{IntoResponse as _, Response},
    routing::get,
};
use portal_kit::{Site, listener::Listener};
use relay_core::clock::Clock;
use relay_saml::wsf::Record;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Value, json};
use time::format_description::well_known::Rfc3339;

use super::{carried, item};
use crate::{
    Clinic,
    check::{Check, Verdict},
};

/// Every identifier of others in one place: they moved between versions (JP Core 1.2.0 is what is sent).
mod uri {
    pub const PROFILE: &str = "http://jpfhir.jp/fhir/core/StructureDefinition/JP_Coverage";
    pub const SYMBOL: &str = "http://jpfhir.jp/fhir/core/Extension/StructureDefinition/JP_Coverage_InsuredPersonSymbol";
    pub const NUMBER: &str = "http://jpfhir.jp/fhir/core/Extension/StructureDefinition/JP_Coverage_InsuredPersonNumber";
    pub const BRANCH: &str =
        "http://jpfhir.jp/fhir/core/Extension/StructureDefinition/JP_Coverage_InsuredPersonSubNumber";
    pub const MEMBER: &str = "http://jpfhir.jp/fhir/clins/Idsystem/JP_Insurance_memberID";
    pub const INSURER: &str = "http://jpfhir.jp/fhir/core/mhlw/IdSystem/InsurerNumber";
    pub const KIND: &str = "urn:oid:1.2.392.100495.20.2.61";
    /// What the portal calls a card that was laid down: not a patient's number, which it does not know.
    pub const CHECK: &str = "urn:madoguchi:eligibility:check";
}

/// The server, bound and not yet serving.
pub(crate) struct Server {
    listener: Listener,
    routes: Router,
}

struct Shared {
    clinic: Arc<Clinic>,
    token: SecretString,
    base: String,
}

impl Server {
    /// For `clinic`, at `listener`, to whoever shows `token`.
    pub(crate) fn new(clinic: Arc<Clinic>, listener: Listener, token: SecretString, clock: Arc<dyn Clock>) -> Self {
        let shared = Arc::new(Shared {
            base: format!("http://{}/fhir", listener.address()),
            clinic,
            token,
        });
        let routes = Router::new()
            .route("/fhir/Coverage", get(coverages))
            .route("/fhir/Coverage/{id}", get(coverage))
            .route("/fhir/CoverageEligibilityResponse", get(responses))
            .route("/fhir/CoverageEligibilityResponse/{id}", get(response))
            .layer(middleware::from_fn_with_state(Arc::clone(&shared), let_in))
            .route("/fhir/metadata", get(metadata))
            .with_state(shared);
        let site = Arc::new(Site::of_machines(clock).own_traces());
        Self {
            listener,
            routes: site.wrap(routes),
        }
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> std::net::SocketAddr {
        self.listener.address()
    }

    /// Serves until `stop`.
    pub(crate) async fn serve(self, stop: portal_kit::listener::Stop) {
        self.listener.serve(self.routes, stop).await;
    }
}

fn fhir(status: StatusCode, resource: &Value) -> Response {
    let kind = [(CONTENT_TYPE, "application/fhir+json; charset=utf-8")];
    (status, kind, resource.to_string()).into_response()
}

fn refused(status: StatusCode, code: &str, words: &str) -> Response {
    let issue = json!([{ "severity": "error", "code": code, "diagnostics": words }]);
    fhir(status, &json!({ "resourceType": "OperationOutcome", "issue": issue }))
}

/// Another page's script cannot come here: it would have to show the token, and no answer of it may be read there.
async fn let_in(State(shared): State<Arc<Shared>>, request: Request, next: Next) -> Response {
    let shown = request
        .headers()
        .get(AUTHORIZATION)
        .and_then(|value| value.as_bytes().strip_prefix(b"Bearer "));
    let wanted = shared.token.expose_secret().as_bytes();
    if shown.is_some_and(|shown| verify_slices_are_equal(shown, wanted).is_ok()) {
        return next.run(request).await;
    }
    let mut answer = refused(StatusCode::UNAUTHORIZED, "login", "show the token of this desk");
    let how = HeaderValue::from_static("Bearer");
    answer.headers_mut().insert(WWW_AUTHENTICATE, how);
    answer
}

async fn metadata(State(shared): State<Arc<Shared>>) -> Response {
    let kind = |name: &str| json!({ "type": name, "interaction": [{ "code": "read" }, { "code": "search-type" }] });
    fhir(
        StatusCode::OK,
        &json!({
            "resourceType": "CapabilityStatement",
            "status": "active",
            "date": "2026-12-01",
            "kind": "instance",
            "implementation": { "description": "Madoguchi eligibility", "url": shared.base },
            "fhirVersion": "4.0.1",
            "format": ["json"],
            "rest": [{
                "mode": "server",
                "resource": [kind("Coverage"), kind("CoverageEligibilityResponse")],
            }],
        }),
    )
}

impl Shared {
    fn today(&self) -> Vec<Arc<Check>> {
        self.clinic.desks.all(self.clinic.service().moment())
    }

    /// A searchset of all that `of` makes of today's checks.
    fn searched(&self, of: impl Fn(&Check) -> Vec<Value>) -> Response {
        let entries: Vec<Value> = self
            .today()
            .iter()
            .flat_map(|check| of(check))
            .map(|resource| {
                let (kind, id) = (&resource["resourceType"], &resource["id"]);
                let url = format!(
                    "{}/{}/{}",
                    self.base,
                    kind.as_str().unwrap_or_default(),
                    id.as_str().unwrap_or_default()
                );
                json!({ "fullUrl": url, "resource": resource, "search": { "mode": "match" } })
            })
            .collect();
        let mut bundle = json!({ "resourceType": "Bundle", "type": "searchset", "total": entries.len() });
        // An empty list is no list in FHIR.
        if !entries.is_empty() {
            bundle["entry"] = Value::Array(entries);
        }
        fhir(StatusCode::OK, &bundle)
    }

    fn found(&self, id: &str, of: impl Fn(&Check) -> Vec<Value>) -> Response {
        let today = self.today();
        let found = today.iter().flat_map(|check| of(check)).find(|one| one["id"] == id);
        match found {
            Some(resource) => fhir(StatusCode::OK, &resource),
            None => refused(
                StatusCode::NOT_FOUND,
                "not-found",
                "nothing of that id was checked today",
            ),
        }
    }
}

async fn coverages(State(shared): State<Arc<Shared>>) -> Response {
    shared.searched(of_coverage)
}

async fn coverage(State(shared): State<Arc<Shared>>, Path(id): Path<String>) -> Response {
    shared.found(&id, of_coverage)
}

async fn responses(State(shared): State<Arc<Shared>>) -> Response {
    shared.searched(of_response)
}

async fn response(State(shared): State<Arc<Shared>>, Path(id): Path<String>) -> Response {
    shared.found(&id, of_response)
}

fn patient(check: &Check) -> Value {
    json!({ "type": "Patient", "identifier": { "system": uri::CHECK, "value": check.id } })
}

/// A Coverage for each record that the answer carries.
pub(super) fn of_coverage(check: &Check) -> Vec<Value> {
    carried(check)
        .into_iter()
        .enumerate()
        .map(|(at, record)| one_coverage(check, record, at))
        .collect()
}

fn coverage_id(check: &Check, at: usize) -> String {
    format!("{}.{at}", check.id)
}

fn one_coverage(check: &Check, record: &Record, at: usize) -> Value {
    let text = |name| item(check, record, name).unwrap_or_default();
    let extensions = [
        (uri::SYMBOL, "symbol"),
        (uri::NUMBER, "number"),
        (uri::BRANCH, "branch"),
    ];
    let extensions: Vec<_> = extensions
        .into_iter()
        .filter_map(|(url, name)| Some(json!({ "url": url, "valueString": item(check, record, name)? })))
        .collect();
    let insurer = text("insurer-number");
    // Eight digits with zeros before; three colons always, what is absent is empty.
    let member = format!("{insurer:0>8}:{}:{}:{}", text("symbol"), text("number"), text("branch"));
    let (code, display) = kind(insurer);
    let mut period = json!({ "start": text("valid-from") });
    if let Some(until) = item(check, record, "valid-until") {
        period["end"] = json!(until);
    }
    let mut coverage = json!({
        "resourceType": "Coverage",
        "id": coverage_id(check, at),
        "meta": { "profile": [uri::PROFILE], "lastUpdated": instant(check) },
        "extension": extensions,
        "identifier": [{ "system": uri::MEMBER, "value": member }],
        "status": if matches!(check.verdict(), Verdict::Ended { .. }) && item(check, record, "valid-until").is_some() {
            "cancelled"
        } else {
            "active"
        },
        "type": { "coding": [{ "system": uri::KIND, "code": code, "display": display }] },
        "beneficiary": patient(check),
        "period": period,
        "payor": [{
            "type": "Organization",
            "identifier": { "system": uri::INSURER, "value": insurer },
            "display": text("insurer-name"),
        }],
    });
    // Tenths that the patient pays, of a valid insurance alone.
    if let Some(share) = item(check, record, "share").and_then(|share| share.parse::<u8>().ok()) {
        coverage["costToBeneficiary"] = json!([{
            "type": { "text": "一部負担金割合" },
            "valueQuantity": {
                "value": u32::from(share) * 10,
                "unit": "%",
                "system": "http://unitsofmeasure.org",
                "code": "%",
            },
        }]);
    }
    coverage
}

/// The kind of insurance by the insurer's number: eight digits with 39 are the old's, six are a city's.
fn kind(insurer: &str) -> (&'static str, &'static str) {
    match insurer.len() {
        8 if insurer.starts_with("39") => ("7", "後期高齢"),
        0..=6 => ("2", "国保"),
        _ => ("1", "医保"),
    }
}

fn instant(check: &Check) -> String {
    check.at.format(&Rfc3339).unwrap_or_default()
}

/// Which of the five answers it is; nothing of a card that led to no question about the insurance.
pub(super) fn of_response(check: &Check) -> Vec<Value> {
    let (outcome, words) = match check.verdict() {
        Verdict::Valid => ("complete", "有効"),
        Verdict::Ended { newer: false } => ("complete", "無効"),
        Verdict::Ended { newer: true } => ("complete", "無効(新しい資格あり)"),
        Verdict::Absent => ("complete", "該当資格なし"),
        Verdict::Several => ("partial", "複数該当"),
        Verdict::Unknown => ("error", "不明"),
        Verdict::None => return Vec::new(),
    };
    let source = check.set().map_or("", |set| set.source.as_str());
    let insurer = match source {
        "" => json!({ "display": "保険者" }),
        source => json!({ "display": source }),
    };
    let request = json!({
        "resourceType": "CoverageEligibilityRequest",
        "id": "request",
        "status": "active",
        "purpose": ["validation"],
        "patient": patient(check),
        "created": instant(check),
        "insurer": insurer,
    });
    let mut response = json!({
        "resourceType": "CoverageEligibilityResponse",
        "id": check.id,
        "contained": [request],
        "status": "active",
        "purpose": ["validation"],
        "patient": patient(check),
        "created": instant(check),
        "request": { "reference": "#request" },
        "outcome": outcome,
        "disposition": words,
        "insurer": insurer,
    });
    let valid = check.verdict() == Verdict::Valid;
    let insurance: Vec<_> = (0..carried(check).len())
        .map(|at| {
            let reference = format!("Coverage/{}", coverage_id(check, at));
            json!({ "coverage": { "reference": reference }, "inforce": valid })
        })
        .collect();
    if !insurance.is_empty() {
        response["insurance"] = Value::Array(insurance);
    }
    vec![response]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::tests::{answered, period};
    use relay_saml::wsf::Standing;

    #[test]
    fn a_coverage_has_jp_cores_identifiers() {
        let valid = answered(Standing::Valid, vec![period("2020-04-01", "")]);
        let coverage = &of_coverage(&valid)[0];
        assert_eq!(coverage["meta"]["profile"][0], uri::PROFILE);
        let member = &coverage["identifier"][0];
        assert_eq!(
            member["system"],
            "http://jpfhir.jp/fhir/clins/Idsystem/JP_Insurance_memberID"
        );
        assert_eq!(member["value"], "00429996:汐国:1042937:02");
        let extensions = coverage["extension"].as_array().unwrap();
        assert_eq!(extensions.len(), 3);
        assert_eq!(extensions[2]["valueString"], "02");
        assert_eq!(
            coverage["payor"][0]["identifier"]["system"],
            "http://jpfhir.jp/fhir/core/mhlw/IdSystem/InsurerNumber"
        );
        assert_eq!(coverage["type"]["coding"][0]["code"], "2");
        assert_eq!(coverage["costToBeneficiary"][0]["valueQuantity"]["value"], 30);
        // What is absent is an empty part; it is not made up.
        let mut bare = period("2020-04-01", "");
        bare.0.retain(|(name, _)| name != "symbol" && name != "branch");
        let coverage = &of_coverage(&answered(Standing::Valid, vec![bare]))[0];
        assert_eq!(coverage["identifier"][0]["value"], "00429996::1042937:");
        assert_eq!(coverage["extension"].as_array().unwrap().len(), 1);
    }

    #[test]
    fn the_five_answers_are_five_responses_and_an_ended_coverage_is_not_in_force() {
        let over = answered(Standing::Ended, vec![period("2020-04-01", "2026-10-31")]);
        let coverage = &of_coverage(&over)[0];
        assert_eq!(
            (coverage["status"].as_str(), coverage["period"]["end"].as_str()),
            (Some("cancelled"), Some("2026-10-31"))
        );
        assert!(coverage["costToBeneficiary"].is_null());
        let response = &of_response(&over)[0];
        assert_eq!(response["insurance"][0]["inforce"], false);
        let unknown = &of_response(&answered(Standing::Unknown, vec![]))[0];
        assert_eq!(
            (unknown["outcome"].as_str(), unknown["disposition"].as_str()),
            (Some("error"), Some("不明"))
        );
        assert!(unknown["insurance"].is_null());
    }
}

//! Names given up or changed (saml-core section 3.6). A service's name for a person is derived by both halves and
//! stored by neither, so there is none to change here: a well-made request is answered so, signed, by the way it came.

use std::sync::Arc;

use axum::{
    Router,
    body::Bytes,
    extract::{RawQuery, State},
    http::StatusCode,
    response::{IntoResponse as _, Redirect, Response},
    routing::{get, post},
};
use portal_kit::Trouble;
use relay_records::front::SeenKind;
use relay_saml::{
    Delivery,
    message::{ManageNameIdRequest, ManageNameIdResponse, Status},
    names::{Binding, StatusCode as Code},
    send::{FaultCode, fault},
};
use tracing::info;

use crate::{front::Front, partners::Known, sso::soap, taking::NotTaken};

const PATH: &str = "/saml/manage-name-id";
const SOAP_PATH: &str = "/saml/manage-name-id/soap";

pub(crate) fn routes() -> Router<Arc<Front>> {
    Router::new().route(PATH, get(by_redirect))
}

/// From server to server.
pub(crate) fn machine_routes() -> Router<Arc<Front>> {
    Router::new().route(SOAP_PATH, post(by_soap))
}

async fn by_redirect(State(front): State<Arc<Front>>, RawQuery(query): RawQuery) -> Result<Response, Trouble> {
    let delivered = Delivery::redirect(&query.unwrap_or_default()).and_then(|delivered| delivered.message());
    let delivery = front.delivered(delivered)?;
    let (service, request) = front.manage(&delivery, PATH).await?;
    let endpoint = service
        .service()
        .and_then(|role| {
            role.role
                .manage_name_id
                .iter()
                .find(|at| at.binding == Binding::Redirect)
        })
        .ok_or_else(Trouble::request)?;
    let location = endpoint.response_location.as_ref().unwrap_or(&endpoint.location);
    let response = front.unchanged(&request, Some(location)).compose();
    Ok(Redirect::to(&response.redirect(location, delivery.relay_state(), &front.key)).into_response())
}

async fn by_soap(State(front): State<Arc<Front>>, body: Bytes) -> Response {
    let delivery = Delivery::soap(body.to_vec());
    match front.manage(&delivery, SOAP_PATH).await {
        Ok((_, request)) => {
            let response = front.unchanged(&request, None).compose();
            soap(StatusCode::OK, response.sign(&front.key).soap())
        }
        Err(not_taken) => {
            info!(code = not_taken.code(), reason = %not_taken, "name management not taken");
            soap(
                StatusCode::INTERNAL_SERVER_ERROR,
                fault(FaultCode::Client, not_taken.code()),
            )
        }
    }
}

impl Front {
    async fn manage(&self, delivery: &Delivery, path: &str) -> Result<(Arc<Known>, ManageNameIdRequest), NotTaken> {
        self.take(delivery, path, SeenKind::ManageNameId, |received, peer, here| {
            if path == SOAP_PATH {
                received.soap_headers(peer)?;
            }
            received.manage_name_id_request(peer, here, None)
        })
        .await
    }

    fn unchanged(&self, request: &ManageNameIdRequest, destination: Option<&str>) -> ManageNameIdResponse {
        ManageNameIdResponse {
            head: self.head(destination),
            in_response_to: Some(request.head.id.clone()),
            status: Status {
                message: Some("names are derived here, and none is stored that could be changed".to_owned()),
                ..Status::failure(Code::Responder, Code::RequestUnsupported)
            },
        }
    }
}

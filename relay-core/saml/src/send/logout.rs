//! Leaving, and a name given up or changed (saml-core sections 3.6 and 3.7).

use super::{
    Composed, Kind, Unwritable,
    parts::{answering, headed, identified, instant, samlp, sealed},
};
use crate::{
    message::{
        Head, LogoutRequest, LogoutResponse, ManageNameIdRequest, ManageNameIdResponse, MessageId, NameChange, Status,
    },
    writer::{Element, Space},
};

impl LogoutRequest {
    /// The request, to be signed.
    ///
    /// # Errors
    /// [`Unwritable::SealedName`] when the name is sealed in another form than ours.
    pub fn compose(&self) -> Result<Composed, Unwritable> {
        let sessions = self
            .session_indexes
            .iter()
            .map(|index| samlp("SessionIndex").text(index.as_str()));
        let element = headed("LogoutRequest", &self.head)
            .attribute_if("Reason", self.reason.as_deref())
            .attribute_if("NotOnOrAfter", self.not_on_or_after.map(instant))
            .child(identified(&self.name)?)
            .children(sessions);
        Ok(request(element))
    }
}

impl LogoutResponse {
    /// The response, to be signed.
    pub fn compose(&self) -> Composed {
        response("LogoutResponse", &self.head, self.in_response_to.as_ref(), &self.status)
    }
}

impl ManageNameIdRequest {
    /// The request, to be signed.
    ///
    /// # Errors
    /// [`Unwritable::SealedName`] when the old or the new name is sealed in another form than ours.
    pub fn compose(&self) -> Result<Composed, Unwritable> {
        let change = match &self.change {
            NameChange::Terminate => samlp("Terminate"),
            NameChange::New(name) => samlp("NewID").text(name.as_str()),
            NameChange::NewSealed(xml) => sealed(xml, Space::Protocol, "NewEncryptedID")?,
        };
        let element = headed("ManageNameIDRequest", &self.head)
            .child(identified(&self.name)?)
            .child(change);
        Ok(request(element))
    }
}

impl ManageNameIdResponse {
    /// The response, to be signed.
    pub fn compose(&self) -> Composed {
        let request = self.in_response_to.as_ref();
        response("ManageNameIDResponse", &self.head, request, &self.status)
    }
}

fn request(element: Element) -> Composed {
    Composed {
        element,
        kind: Kind::Request,
    }
}

fn response(local: &'static str, head: &Head, request: Option<&MessageId>, status: &Status) -> Composed {
    Composed {
        element: answering(local, head, request, status),
        kind: Kind::Response,
    }
}

//! Logout and names given up or changed, from both sides.

use super::{
    Here, Kind, Received,
    name::{Names, identified},
    status,
};
use crate::{
    Refusal,
    decrypt::DecryptionKeys,
    document::{Node, instant},
    message::{
        Identified, LogoutRequest, LogoutResponse, ManageNameIdRequest, ManageNameIdResponse, MessageId, NameChange,
    },
    names::{NameIdFormat, ns},
    trust::{Exception, Peer},
    verified::Verified,
};

/// Sessions named in one request.
const MOST_SESSIONS: usize = 32;

impl Received<'_> {
    /// A LogoutRequest. With `keys` (a service's) an encrypted name is opened; without (the front's), it is handed
    /// on as it is, and a lasting name in clear is refused.
    ///
    /// # Errors
    /// A [`Refusal`].
    pub fn logout_request(
        &self,
        peer: &Peer,
        here: &Here<'_>,
        keys: Option<&DecryptionKeys>,
    ) -> Result<Verified<LogoutRequest>, Refusal> {
        let node = self.expect(Kind::LogoutRequest)?;
        let proof = self.signed(peer)?;
        let head = self.head(peer, here)?;
        let until = node.attribute("NotOnOrAfter");
        let until = until.map(|text| instant(text, "NotOnOrAfter")).transpose()?;
        if until.is_some_and(|until| here.now >= until.saturating_add(here.skew)) {
            return Err(Refusal::Expired("LogoutRequest"));
        }
        let sessions: Vec<_> = node
            .all(ns::PROTOCOL, "SessionIndex")
            .map(|index| Ok(index.text("SessionIndex")?.into_owned()))
            .collect::<Result<_, Refusal>>()?;
        if sessions.len() > MOST_SESSIONS {
            return Err(Refusal::TooMany("SessionIndex"));
        }
        let request = LogoutRequest {
            name: name(node, peer, keys)?,
            session_indexes: sessions,
            reason: node.attribute("Reason").map(str::to_owned),
            not_on_or_after: until,
            head: head.clone(),
        };
        Ok(self.verified(request, &head, here, &proof))
    }

    /// The LogoutResponse to `request`.
    ///
    /// # Errors
    /// A [`Refusal`].
    pub fn logout_response(
        &self,
        peer: &Peer,
        here: &Here<'_>,
        request: &MessageId,
    ) -> Result<Verified<LogoutResponse>, Refusal> {
        let node = self.expect(Kind::LogoutResponse)?;
        let proof = self.signed(peer)?;
        let head = self.head(peer, here)?;
        let response = LogoutResponse {
            in_response_to: self.answers(Some(request))?,
            status: status(node)?,
            head: head.clone(),
        };
        Ok(self.verified(response, &head, here, &proof))
    }

    /// A ManageNameIDRequest; `keys` as with a LogoutRequest.
    ///
    /// # Errors
    /// A [`Refusal`].
    pub fn manage_name_id_request(
        &self,
        peer: &Peer,
        here: &Here<'_>,
        keys: Option<&DecryptionKeys>,
    ) -> Result<Verified<ManageNameIdRequest>, Refusal> {
        let node = self.expect(Kind::ManageNameIdRequest)?;
        let proof = self.signed(peer)?;
        let head = self.head(peer, here)?;
        let request = ManageNameIdRequest {
            name: name(node, peer, keys)?,
            change: change(node)?,
            head: head.clone(),
        };
        Ok(self.verified(request, &head, here, &proof))
    }

    /// The ManageNameIDResponse to `request`.
    ///
    /// # Errors
    /// A [`Refusal`].
    pub fn manage_name_id_response(
        &self,
        peer: &Peer,
        here: &Here<'_>,
        request: &MessageId,
    ) -> Result<Verified<ManageNameIdResponse>, Refusal> {
        let node = self.expect(Kind::ManageNameIdResponse)?;
        let proof = self.signed(peer)?;
        let head = self.head(peer, here)?;
        let response = ManageNameIdResponse {
            in_response_to: self.answers(Some(request))?,
            status: status(node)?,
            head: head.clone(),
        };
        Ok(self.verified(response, &head, here, &proof))
    }
}

/// Whom it is about. To the front, which holds no key to names, a lasting one in clear would tell who is meant.
fn name(node: Node<'_>, peer: &Peer, keys: Option<&DecryptionKeys>) -> Result<Identified, Refusal> {
    let chaining = peer.may(Exception::CipherBlockChaining);
    let names = keys.map_or(Names::Keep, |keys| Names::Open { keys, chaining });
    let name = identified(node, names)?;
    match &name {
        Identified::Clear(clear) if keys.is_none() && clear.format != NameIdFormat::Transient => {
            match peer.may(Exception::NameInClear) {
                true => Ok(name),
                false => Err(Refusal::NameInClear),
            }
        }
        _ => Ok(name),
    }
}

fn change(node: Node<'_>) -> Result<NameChange, Refusal> {
    let new = node.one(ns::PROTOCOL, "NewID")?;
    let sealed = node.one(ns::PROTOCOL, "NewEncryptedID")?;
    let terminate = node.one(ns::PROTOCOL, "Terminate")?;
    match (new, sealed, terminate) {
        (Some(new), None, None) => Ok(NameChange::New(new.text("NewID")?.into_owned())),
        (None, Some(sealed), None) => Ok(NameChange::NewSealed(sealed.standing_alone()?)),
        (None, None, Some(_)) => Ok(NameChange::Terminate),
        _ => Err(Refusal::Malformed("NewID or Terminate")),
    }
}

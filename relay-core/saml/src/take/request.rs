//! The identity provider takes an AuthnRequest.

use super::{
    Here, Kind, Received, entities, entity,
    name::{Names, identified},
};
use crate::{
    Refusal,
    document::Node,
    message::{AnswerTo, AuthnRequest, Comparison, EntityId, IdpEntry, NameIdPolicy, RequestedAuthnContext, Scoping},
    names::{AuthnContext, Binding, NameIdFormat, ns},
    trust::Peer,
    verified::Verified,
};

/// Identity providers and requesters in one request.
const MOST_ENTRIES: usize = 64;

impl Received<'_> {
    /// A service's AuthnRequest, signed by it. Where its answer goes is asked of [`super::answer_to`], never of it.
    ///
    /// # Errors
    /// A [`Refusal`]; nothing in the request is to be answered then but with an error page of our own.
    pub fn authn_request(&self, peer: &Peer, here: &Here<'_>) -> Result<Verified<AuthnRequest>, Refusal> {
        let node = self.expect(Kind::AuthnRequest)?;
        let proof = self.signed(peer)?;
        let head = self.head(peer, here)?;
        let subject = node.one(ns::ASSERTION, "Subject")?;
        let request = AuthnRequest {
            force: node.flag("ForceAuthn")?,
            passive: node.flag("IsPassive")?,
            answer_to: wanted(node)?,
            name_id_policy: node.one(ns::PROTOCOL, "NameIDPolicy")?.map(policy).transpose()?,
            context: node
                .one(ns::PROTOCOL, "RequestedAuthnContext")?
                .map(context)
                .transpose()?,
            scoping: node.one(ns::PROTOCOL, "Scoping")?.map(scoping).transpose()?,
            subject: subject.map(|subject| identified(subject, Names::Keep)).transpose()?,
            provider_name: node.attribute("ProviderName").map(str::to_owned),
            head,
        };
        Ok(self.verified(request.clone(), &request.head, here, &proof))
    }
}

fn wanted(node: Node<'_>) -> Result<AnswerTo, Refusal> {
    let index = node.number("AssertionConsumerServiceIndex")?;
    let location = node.attribute("AssertionConsumerServiceURL");
    let binding = node.attribute("ProtocolBinding");
    match (index, location, binding) {
        (Some(index), None, None) => Ok(AnswerTo::Index(index)),
        (None, None, None) => Ok(AnswerTo::Default),
        (None, location, binding) => Ok(AnswerTo::Address {
            location: location.map(str::to_owned),
            binding: match binding {
                Some(uri) => Some(Binding::parse(uri).ok_or(Refusal::AnswerAddress)?),
                None => None,
            },
        }),
        // Mutually exclusive (saml-core section 3.4.1).
        _ => Err(Refusal::Malformed("AssertionConsumerServiceIndex")),
    }
}

fn policy(node: Node<'_>) -> Result<NameIdPolicy, Refusal> {
    Ok(NameIdPolicy {
        format: node.attribute("Format").map(NameIdFormat::from),
        sp_qualifier: node.attribute("SPNameQualifier").map(str::to_owned),
        allow_create: node.flag("AllowCreate")?,
    })
}

fn context(node: Node<'_>) -> Result<RequestedAuthnContext, Refusal> {
    let classes = node.all(ns::ASSERTION, "AuthnContextClassRef").take(MOST_ENTRIES);
    let classes = classes.map(|class| Ok(AuthnContext::from(&*class.text("AuthnContextClassRef")?)));
    Ok(RequestedAuthnContext {
        classes: classes.collect::<Result<_, Refusal>>()?,
        comparison: match node.attribute("Comparison") {
            Some(text) => Comparison::parse(text).ok_or(Refusal::Malformed("Comparison"))?,
            None => Comparison::Exact,
        },
    })
}

fn scoping(node: Node<'_>) -> Result<Scoping, Refusal> {
    let list = node.one(ns::PROTOCOL, "IDPList")?;
    let requesters = entities(node, ns::PROTOCOL, "RequesterID")?;
    if requesters.len() > MOST_ENTRIES {
        return Err(Refusal::TooMany("RequesterID"));
    }
    Ok(Scoping {
        proxy_count: node.number("ProxyCount")?,
        idps: list.map(idp_entries).transpose()?.unwrap_or_default(),
        complete_list: match list {
            Some(list) => list.text_of(ns::PROTOCOL, "GetComplete")?,
            None => None,
        },
        requesters,
    })
}

/// The identity providers in a list; also in an enhanced client's header.
pub(super) fn idp_entries(list: Node<'_>) -> Result<Vec<IdpEntry>, Refusal> {
    let entries = list.all(ns::PROTOCOL, "IDPEntry").map(|entry| {
        let named = EntityId::parse(entry.needs_attribute("ProviderID")?);
        Ok(IdpEntry {
            entity: named.ok_or(Refusal::Malformed("ProviderID"))?,
            name: entry.attribute("Name").map(str::to_owned),
        })
    });
    let entries: Vec<_> = entries.collect::<Result<_, Refusal>>()?;
    match entries.len() <= MOST_ENTRIES {
        true => Ok(entries),
        false => Err(Refusal::TooMany("IDPEntry")),
    }
}

/// Who sent an enhanced client's header.
pub(super) fn header_issuer(node: Node<'_>) -> Result<EntityId, Refusal> {
    entity(node.needs(ns::ASSERTION, "Issuer")?, "Issuer")
}

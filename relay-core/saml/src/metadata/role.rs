//! What an entity is: identity provider, service; its addresses and keys.

use std::net::IpAddr;

use time::OffsetDateTime;
use url::{Host, Url};

use super::{Addresses, Validity};
use crate::{
    Refusal,
    document::Node,
    message::{EncryptionMethod, Endpoint, IdpRole, IndexedEndpoint, KeyDescriptor, KeyUse, Role, SpRole},
    names::{Binding, NameIdFormat, ns},
};

/// The entity's descriptor of that kind for SAML 2.0, if it has one, and how long it holds.
pub(super) fn of<'d>(
    entity: Node<'d>,
    kind: &'static str,
    held: Validity,
    now: OffsetDateTime,
) -> Result<(Option<Node<'d>>, Validity), Refusal> {
    let speaks = |node: &Node<'_>| {
        let protocols = node.attribute("protocolSupportEnumeration").unwrap_or_default();
        protocols
            .split_ascii_whitespace()
            .any(|protocol| protocol == ns::PROTOCOL)
    };
    let mut found = entity.all(ns::METADATA, kind).filter(speaks);
    let (first, second) = (found.next(), found.next());
    if second.is_some() {
        return Err(Refusal::Repeated(kind));
    }
    let held = first.map_or(Ok(held), |node| held.within(node, now))?;
    Ok((first, held))
}

pub(super) fn identity_provider(node: Node<'_>, addresses: Addresses) -> Result<IdpRole, Refusal> {
    Ok(IdpRole {
        role: role(node, addresses)?,
        wants_signed_requests: node.flag("WantAuthnRequestsSigned")?,
        single_sign_on: endpoints(node, "SingleSignOnService", addresses)?,
    })
}

pub(super) fn service(node: Node<'_>, addresses: Addresses) -> Result<SpRole, Refusal> {
    let extensions = node.one(ns::METADATA, "Extensions")?;
    let discovery = match extensions {
        Some(extensions) => indexed(extensions, ns::DISCOVERY, "DiscoveryResponse", addresses)?,
        None => Vec::new(),
    };
    Ok(SpRole {
        role: role(node, addresses)?,
        signs_requests: node.flag("AuthnRequestsSigned")?,
        wants_signed_assertions: node.flag("WantAssertionsSigned")?,
        consumers: indexed(node, ns::METADATA, "AssertionConsumerService", addresses)?,
        discovery_responses: discovery,
    })
}

fn role(node: Node<'_>, addresses: Addresses) -> Result<Role, Refusal> {
    let keys = node.all(ns::METADATA, "KeyDescriptor").map(key);
    let keys: Vec<_> = keys.collect::<Result<_, _>>()?;
    let formats = node.all(ns::METADATA, "NameIDFormat");
    Ok(Role {
        keys: keys.into_iter().flatten().collect(),
        single_logout: endpoints(node, "SingleLogoutService", addresses)?,
        manage_name_id: endpoints(node, "ManageNameIDService", addresses)?,
        artifact_resolution: indexed(node, ns::METADATA, "ArtifactResolutionService", addresses)?,
        name_id_formats: formats
            .map(|format| Ok(NameIdFormat::from(format.text("NameIDFormat")?.trim())))
            .collect::<Result<_, Refusal>>()?,
    })
}

/// A key with its certificate. Keys given in another form than a certificate are passed over.
fn key(node: Node<'_>) -> Result<Option<KeyDescriptor>, Refusal> {
    let usage = match node.attribute("use") {
        None => KeyUse::Both,
        Some("signing") => KeyUse::Signing,
        Some("encryption") => KeyUse::Encryption,
        Some(_) => return Err(Refusal::Malformed("use")),
    };
    let info = node.needs(ns::SIGNATURE, "KeyInfo")?;
    let data = info.all(ns::SIGNATURE, "X509Data").next();
    let Some(certificate) = data.and_then(|data| data.all(ns::SIGNATURE, "X509Certificate").next()) else {
        return Ok(None);
    };
    let methods = node.all(ns::METADATA, "EncryptionMethod").map(|method| {
        let digest = method.one(ns::SIGNATURE, "DigestMethod")?;
        Ok(EncryptionMethod {
            algorithm: method.needs_attribute("Algorithm")?.to_owned(),
            digest: digest
                .and_then(|digest| digest.attribute("Algorithm"))
                .map(str::to_owned),
        })
    });
    Ok(Some(KeyDescriptor {
        usage,
        certificate: certificate.base64("X509Certificate")?,
        methods: methods.collect::<Result<_, Refusal>>()?,
    }))
}

/// Addresses by bindings that are spoken; others are passed over.
fn endpoints(node: Node<'_>, name: &'static str, addresses: Addresses) -> Result<Vec<Endpoint>, Refusal> {
    let mut out = Vec::new();
    for endpoint in node.all(ns::METADATA, name) {
        let Some(binding) = Binding::parse(endpoint.needs_attribute("Binding")?) else {
            continue;
        };
        let response = endpoint.attribute("ResponseLocation");
        out.push(Endpoint {
            binding,
            location: address(endpoint.needs_attribute("Location")?, addresses)?,
            response_location: response.map(|response| address(response, addresses)).transpose()?,
        });
    }
    Ok(out)
}

fn indexed(
    node: Node<'_>,
    namespace: &'static str,
    name: &'static str,
    addresses: Addresses,
) -> Result<Vec<IndexedEndpoint>, Refusal> {
    let mut out: Vec<IndexedEndpoint> = Vec::new();
    for endpoint in node.all(namespace, name) {
        let binding = Binding::parse(endpoint.needs_attribute("Binding")?);
        let discovery = namespace == ns::DISCOVERY;
        if binding.is_none() && !discovery {
            continue;
        }
        let index = endpoint.number("index")?.ok_or(Refusal::Missing("index"))?;
        // Two places of one number: which one is meant can't be told.
        if out.iter().any(|known| known.index == index) {
            return Err(Refusal::Repeated("index"));
        }
        out.push(IndexedEndpoint {
            index,
            is_default: endpoint.optional_flag("isDefault")?,
            binding: binding.filter(|_| !discovery),
            location: address(endpoint.needs_attribute("Location")?, addresses)?,
        });
    }
    Ok(out)
}

/// An address, when it is one a message may be sent to.
fn address(text: &str, addresses: Addresses) -> Result<String, Refusal> {
    let url = Url::parse(text).map_err(|_| Refusal::Malformed("Location"))?;
    let plain = url.username().is_empty() && url.password().is_none() && url.fragment().is_none();
    let loopback = match url.host() {
        Some(Host::Ipv4(ip)) => IpAddr::V4(ip).is_loopback(),
        Some(Host::Ipv6(ip)) => IpAddr::V6(ip).is_loopback(),
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        None => false,
    };
    let allowed = match url.scheme() {
        "https" => true,
        "http" => loopback && addresses == Addresses::HttpsOrLoopback,
        _ => false,
    };
    match (plain, allowed) {
        (true, true) => Ok(text.to_owned()),
        (false, _) => Err(Refusal::Malformed("Location")),
        (true, false) => Err(Refusal::NotHttps),
    }
}

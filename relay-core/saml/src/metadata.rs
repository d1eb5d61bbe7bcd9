//! Metadata read: who a partner is, where it is reached, which keys are its own (saml-metadata-2.0-os).
//!
//! Metadata is where trust begins, so it is believed on one of two grounds only: a signature by a federation's key
//! that somebody put on the list, or the fingerprint of the very file that somebody approved.

mod duration;
mod role;

use aws_lc_rs::digest::{SHA256, digest};
use relay_core::letters::without_unseen;
use time::{Duration, OffsetDateTime};

use super::{
    Refusal,
    document::{Document, Limits, Node, instant},
    message::{Contact, Entity, EntityId},
    names::ns,
    trust::TrustedKeys,
    verified::covered,
};

/// Why a metadata file is believed.
#[derive(Debug, Clone, Copy)]
pub enum Ground<'g> {
    /// It is signed with one of these keys; then it must say until when it is valid.
    Signed(&'g TrustedKeys),
    /// It is the file that was approved: its SHA-256.
    Approved([u8; 32]),
}

/// Which addresses may stand in metadata.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Addresses {
    /// `https` alone.
    Https,
    /// And `http` on the machine itself: demonstrations and tests.
    HttpsOrLoopback,
}

/// The fingerprint an operator compares and approves.
pub fn fingerprint(metadata: &[u8]) -> [u8; 32] {
    let mut out = [0; 32];
    out.copy_from_slice(digest(&SHA256, metadata).as_ref());
    out
}

/// Every entity in a metadata file, one or a federation of them.
///
/// # Errors
/// The file is not believed, is expired, or is not metadata of SAML 2.0; an address in it is not `https`.
pub fn read_metadata(
    bytes: &[u8],
    ground: Ground<'_>,
    addresses: Addresses,
    now: OffsetDateTime,
) -> Result<Vec<Entity>, Refusal> {
    let reading = Reading {
        addresses,
        now,
        wanted: None,
    };
    read(bytes, ground, reading)
}

/// One entity of a metadata file. What is wrong with others in it is not looked at.
///
/// # Errors
/// As [`read_metadata`]; [`Refusal::NoRole`] when it is not in the file.
pub fn read_entity(
    bytes: &[u8],
    entity: &EntityId,
    ground: Ground<'_>,
    addresses: Addresses,
    now: OffsetDateTime,
) -> Result<Entity, Refusal> {
    let reading = Reading {
        addresses,
        now,
        wanted: Some(entity),
    };
    let mut found = read(bytes, ground, reading)?.into_iter();
    match (found.next(), found.next()) {
        (Some(one), None) => Ok(one),
        (Some(_), Some(_)) => Err(Refusal::Repeated("the entity")),
        (None, _) => Err(Refusal::NoRole("entity of that name")),
    }
}

fn read(bytes: &[u8], ground: Ground<'_>, reading: Reading<'_>) -> Result<Vec<Entity>, Refusal> {
    if let Ground::Approved(approved) = ground
        && fingerprint(bytes) != approved
    {
        return Err(Refusal::Fingerprint);
    }
    let document = Document::read(bytes, Limits::METADATA)?;
    let root = document.root();
    if let Ground::Signed(keys) = ground {
        if !covered(&document, &[root], keys)?.has(root) {
            return Err(Refusal::Unsigned("the metadata"));
        }
        if root.attribute("validUntil").is_none() {
            return Err(Refusal::MetadataExpired);
        }
    }
    let mut entities = Vec::new();
    walk(root, Validity::default(), reading, &mut entities)?;
    Ok(entities)
}

#[derive(Clone, Copy)]
struct Reading<'r> {
    addresses: Addresses,
    now: OffsetDateTime,
    /// The one entity to read; absent: all.
    wanted: Option<&'r EntityId>,
}

/// How long something holds: what is inside holds no longer than what is round it.
#[derive(Clone, Copy, Default)]
struct Validity {
    until: Option<OffsetDateTime>,
    cache: Option<Duration>,
}

impl Validity {
    fn within(self, node: Node<'_>, now: OffsetDateTime) -> Result<Self, Refusal> {
        let until = node.attribute("validUntil");
        let until = until.map(|text| instant(text, "validUntil")).transpose()?;
        if until.is_some_and(|until| now >= until) {
            return Err(Refusal::MetadataExpired);
        }
        let cache = node.attribute("cacheDuration");
        let cache = cache
            .map(|text| duration::read(text).ok_or(Refusal::Malformed("cacheDuration")))
            .transpose()?;
        Ok(Self {
            until: [self.until, until].into_iter().flatten().min(),
            cache: [self.cache, cache].into_iter().flatten().min(),
        })
    }
}

fn walk(node: Node<'_>, round: Validity, reading: Reading<'_>, found: &mut Vec<Entity>) -> Result<(), Refusal> {
    if node.is(ns::METADATA, "EntityDescriptor") {
        let wanted = |name: &EntityId| node.attribute("entityID") == Some(name.as_str());
        if reading.wanted.is_none_or(wanted) {
            found.push(entity(node, round.within(node, reading.now)?, reading)?);
        }
        return Ok(());
    }
    if !node.is(ns::METADATA, "EntitiesDescriptor") {
        return Err(Refusal::WrongMessage("EntityDescriptor"));
    }
    let held = round.within(node, reading.now)?;
    for child in node.children() {
        if child.is(ns::METADATA, "EntityDescriptor") || child.is(ns::METADATA, "EntitiesDescriptor") {
            walk(child, held, reading, found)?;
        }
    }
    Ok(())
}

fn entity(node: Node<'_>, held: Validity, reading: Reading<'_>) -> Result<Entity, Refusal> {
    let id = EntityId::parse(node.needs_attribute("entityID")?).ok_or(Refusal::Malformed("entityID"))?;
    let (idp, idp_held) = role::of(node, "IDPSSODescriptor", held, reading.now)?;
    let (sp, sp_held) = role::of(node, "SPSSODescriptor", held, reading.now)?;
    let roles = [held.until, idp_held.until, sp_held.until];
    Ok(Entity {
        id,
        valid_until: roles.into_iter().flatten().min(),
        cache_for: [held.cache, idp_held.cache, sp_held.cache].into_iter().flatten().min(),
        idp: idp
            .map(|node| role::identity_provider(node, reading.addresses))
            .transpose()?,
        sp: sp.map(|node| role::service(node, reading.addresses)).transpose()?,
        organisation: match display_names(&[sp, idp])? {
            names if !names.is_empty() => names,
            _ => organisation(node)?,
        },
        contacts: contacts(node)?,
    })
}

/// What a role calls itself on pages, which is said of the service and not of whoever runs it; the first role's that
/// does.
fn display_names(roles: &[Option<Node<'_>>]) -> Result<Vec<(String, String)>, Refusal> {
    for role in roles.iter().flatten() {
        let Some(extensions) = role.one(ns::METADATA, "Extensions")? else {
            continue;
        };
        let Some(info) = extensions.one(ns::METADATA_UI, "UIInfo")? else {
            continue;
        };
        let names: Vec<_> = info
            .all(ns::METADATA_UI, "DisplayName")
            .map(named)
            .collect::<Result<_, _>>()?;
        if !names.is_empty() {
            return Ok(names);
        }
    }
    Ok(Vec::new())
}

/// A name with its language. It is shown to residents: no character in it may change what they read unseen.
fn named(name: Node<'_>) -> Result<(String, String), Refusal> {
    let language = name.attribute_in("http://www.w3.org/XML/1998/namespace", "lang");
    let text = without_unseen(&name.text("a name")?).trim().to_owned();
    Ok((language.unwrap_or_default().to_owned(), text))
}

fn organisation(node: Node<'_>) -> Result<Vec<(String, String)>, Refusal> {
    let Some(organisation) = node.one(ns::METADATA, "Organization")? else {
        return Ok(Vec::new());
    };
    organisation
        .all(ns::METADATA, "OrganizationDisplayName")
        .map(named)
        .collect()
}

fn contacts(node: Node<'_>) -> Result<Vec<Contact>, Refusal> {
    let people = node.all(ns::METADATA, "ContactPerson");
    people
        .map(|person| {
            let address = person.all(ns::METADATA, "EmailAddress").next();
            let address = address.map(|address| Ok::<_, Refusal>(address.text("EmailAddress")?.into_owned()));
            Ok(Contact {
                kind: person.needs_attribute("contactType")?.to_owned(),
                email: address.transpose()?,
            })
        })
        .collect()
}

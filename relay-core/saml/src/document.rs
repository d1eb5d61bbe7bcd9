//! The door for XML: what is refused before anything in a document is believed.
//!
//! XML carries much that SAML never needs and attackers do: entities, processing instructions, comments that split
//! a name, namespaces that stop canonicalization. All of it is refused here, so that the parser, the canonicalizer
//! and the readers see one and the same plain tree. There is one parser, and every reader walks its tree.

mod instant;
mod node;

use std::collections::HashSet;

use uppsala::{NodeKind, Parser, XmlError};

pub(super) use instant::instant;
pub(super) use node::Node;

use super::{Refusal, names::ns};

/// How large and deep a document may be.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    pub size: usize,
    /// Elements one in another.
    pub depth: u32,
    pub elements: usize,
    /// Metadata is written by hand now and then: comments are taken there, outside of texts.
    pub comments: bool,
    /// WS-Security marks parts of an envelope by `wsu:Id`: taken there, though nothing here refers to one.
    pub marked: bool,
}

impl Limits {
    /// For messages. A signed Response with an encrypted assertion has about 15 KB and 20 levels.
    pub const MESSAGE: Self = Self {
        size: 256 * 1024,
        depth: 40,
        elements: 2_000,
        comments: false,
        marked: false,
    };
    /// For ID-WSF: a request, or an answer with a person's records of some years.
    pub const ENVELOPE: Self = Self {
        size: 1024 * 1024,
        depth: 40,
        elements: 40_000,
        comments: false,
        marked: true,
    };
    /// For metadata: a federation of some thousand entities.
    pub const METADATA: Self = Self {
        size: 32 * 1024 * 1024,
        depth: 40,
        elements: 1_000_000,
        comments: true,
        marked: false,
    };
}

/// Attributes, and namespace declarations, on one element.
const MOST_ATTRIBUTES: usize = 32;

/// A document that has passed the door: plain elements, attributes and text.
pub(super) struct Document<'a> {
    tree: uppsala::Document<'a>,
    text: &'a str,
}

impl<'a> Document<'a> {
    /// Reads a document.
    ///
    /// # Errors
    /// A refusal of the bytes or of the tree's shape.
    pub fn read(bytes: &'a [u8], limits: Limits) -> Result<Self, Refusal> {
        if bytes.len() > limits.size {
            return Err(Refusal::TooLarge(limits.size));
        }
        let text = std::str::from_utf8(bytes).map_err(|_| Refusal::NotUtf8)?;
        markup(text, limits.comments)?;
        let tree = Parser::new()
            .with_forbid_dtd(true)
            .with_max_depth(limits.depth)
            .parse(text)
            .map_err(|error| not_well_formed(&error, limits.depth))?;
        let document = Self { tree, text };
        document.shape(limits)?;
        Ok(document)
    }

    /// The outermost element.
    pub fn root(&self) -> Node<'_> {
        // A tree without a document element does not parse.
        let id = self.tree.document_element().unwrap_or_else(|| self.tree.root());
        Node::new(&self.tree, id)
    }

    /// The element at a place that a node of this document had.
    pub fn node(&self, id: uppsala::NodeId) -> Node<'_> {
        Node::new(&self.tree, id)
    }

    /// The parser's tree, for the signature check.
    pub fn tree(&self) -> &uppsala::Document<'a> {
        &self.tree
    }

    /// As it was handed in.
    pub fn text(&self) -> &'a str {
        self.text
    }

    /// What the tree as a whole must meet: IDs that name one element each, nothing foreign, nothing in masses.
    fn shape(&self, limits: Limits) -> Result<(), Refusal> {
        let encoding = self.tree.xml_declaration.as_ref().and_then(|xml| xml.encoding.as_ref());
        if encoding.is_some_and(|encoding| !encoding.eq_ignore_ascii_case("UTF-8")) {
            return Err(Refusal::NotUtf8);
        }
        let (mut ids, mut elements) = (HashSet::new(), 0);
        for id in self.tree.descendants(self.tree.root()) {
            match self.tree.node_kind(id) {
                Some(NodeKind::Element(element)) => {
                    elements += 1;
                    if elements > limits.elements {
                        return Err(Refusal::TooMany("elements"));
                    }
                    one_id(element, &mut ids, limits.marked)?;
                    plain_namespaces(element)?;
                }
                Some(NodeKind::ProcessingInstruction(_)) => return Err(Refusal::ProcessingInstruction),
                Some(NodeKind::CData(_)) => return Err(Refusal::CharacterData),
                Some(NodeKind::Comment(_)) if !limits.comments => return Err(Refusal::Comment),
                _ => {}
            }
        }
        Ok(())
    }
}

/// Refuses, before any parser sees it, all markup that is no plain element. In well-formed XML `<!` and `<?` stand
/// nowhere but in such markup: `<` is escaped in texts and attributes.
fn markup(text: &str, comments: bool) -> Result<(), Refusal> {
    let body = text.strip_prefix('\u{feff}').unwrap_or(text);
    let body = match body.strip_prefix("<?xml ") {
        Some(rest) => rest.split_once("?>").ok_or(Refusal::ProcessingInstruction)?.1,
        None => body,
    };
    for (at, _) in body.match_indices('<') {
        let rest = &body[at + 1..];
        if rest.starts_with('?') {
            return Err(Refusal::ProcessingInstruction);
        }
        if let Some(rest) = rest.strip_prefix('!') {
            let comment = rest.starts_with("--");
            if comment && comments {
                continue;
            }
            return Err(match comment {
                true => Refusal::Comment,
                false if rest.starts_with("[CDATA[") => Refusal::CharacterData,
                false => Refusal::Doctype,
            });
        }
    }
    Ok(())
}

/// The names under which the signature check looks for IDs, whatever their namespace.
const ID_NAMES: [&str; 4] = ["ID", "Id", "id", "AssertionID"];

fn one_id<'t>(element: &'t uppsala::Element<'_>, seen: &mut HashSet<&'t str>, marked: bool) -> Result<(), Refusal> {
    if element.attributes.len() > MOST_ATTRIBUTES {
        return Err(Refusal::TooMany("attributes"));
    }
    let mut own = element
        .attributes
        .iter()
        .filter(|attribute| ID_NAMES.contains(&&*attribute.name.local_name));
    let Some(id) = own.next() else { return Ok(()) };
    let foreign = id
        .name
        .namespace_uri
        .as_deref()
        .is_some_and(|uri| !(marked && uri == ns::SECURITY_UTILITY));
    if own.next().is_some() || foreign {
        return Err(Refusal::AmbiguousId);
    }
    match seen.insert(&id.value) {
        true => Ok(()),
        false => Err(Refusal::DuplicateId),
    }
}

fn plain_namespaces(element: &uppsala::Element<'_>) -> Result<(), Refusal> {
    if element.namespace_declarations.len() > MOST_ATTRIBUTES {
        return Err(Refusal::TooMany("namespaces"));
    }
    let absolute = |uri: &str| {
        uri.split_once(':').is_some_and(|(scheme, _)| {
            scheme.starts_with(|c: char| c.is_ascii_alphabetic())
                && scheme.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c))
        })
    };
    let plain = |(prefix, uri): &(_, _)| {
        let (prefix, uri): (&std::borrow::Cow<'_, str>, &std::borrow::Cow<'_, str>) = (prefix, uri);
        absolute(uri) || (prefix.is_empty() && uri.is_empty())
    };
    match element.namespace_declarations.iter().all(plain) {
        true => Ok(()),
        false => Err(Refusal::RelativeNamespace),
    }
}

fn not_well_formed(error: &XmlError, depth: u32) -> Refusal {
    let (message, line, column) = match error {
        XmlError::WellFormedness(at) => (at.message.as_str(), at.line, at.column),
        XmlError::Namespace(at) => (at.message.as_str(), at.line, at.column),
        XmlError::Parse(at) => (at.message.as_str(), at.line, at.column),
        _ => ("", 0, 0),
    };
    match message.contains("depth") {
        true => Refusal::TooDeep(depth),
        false => Refusal::NotWellFormed { line, column },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(xml: &str) -> Result<(), Refusal> {
        Document::read(xml.as_bytes(), Limits::MESSAGE).map(drop)
    }

    #[test]
    fn what_is_no_plain_element_does_not_pass_the_door() {
        for (xml, refusal) in [
            ("<!DOCTYPE r><r/>", Refusal::Doctype),
            (
                "<!DOCTYPE r [<!ENTITY a SYSTEM \"file:///etc/hostname\">]><r>&a;</r>",
                Refusal::Doctype,
            ),
            ("<?php x?><r/>", Refusal::ProcessingInstruction),
            ("<r><?x y?></r>", Refusal::ProcessingInstruction),
            ("<r><!-- x --></r>", Refusal::Comment),
            ("<r><![CDATA[x]]></r>", Refusal::CharacterData),
            ("<r ID='a'><s ID='a'/></r>", Refusal::DuplicateId),
            ("<r ID='a'><s id='a'/></r>", Refusal::DuplicateId),
            ("<r ID='a' Id='b'/>", Refusal::AmbiguousId),
            ("<r xmlns:e='urn:e' e:ID='a'/>", Refusal::AmbiguousId),
            ("<r xml:id='a'/>", Refusal::AmbiguousId),
            ("<r xmlns='../relative'/>", Refusal::RelativeNamespace),
            ("<r xmlns:a='1'/>", Refusal::RelativeNamespace),
            ("<?xml version='1.0' encoding='ISO-8859-1'?><r/>", Refusal::NotUtf8),
        ] {
            assert_eq!(read(xml), Err(refusal), "{xml}");
        }
        for xml in ["", "<r>", "<r/><r/>", "<r>&e;</r>", "x", "<r a='1' a='2'/>", "<e:r/>"] {
            assert!(matches!(read(xml), Err(Refusal::NotWellFormed { .. })), "{xml}");
        }
        assert_eq!(
            read("<?xml version='1.0' encoding='utf-8'?>\n<r xmlns='urn:r'>&lt;</r>"),
            Ok(())
        );
    }

    #[test]
    fn what_is_too_much_does_not_pass_the_door() {
        let deep = |n: usize| format!("{}{}", "<a>".repeat(n), "</a>".repeat(n));
        assert_eq!(read(&deep(40)), Ok(()));
        assert_eq!(read(&deep(41)), Err(Refusal::TooDeep(40)));
        assert_eq!(read(&deep(30_000)), Err(Refusal::TooDeep(40)));
        let attributes: String = (0..33).map(|n| format!(" a{n}=''")).collect();
        assert_eq!(read(&format!("<r{attributes}/>")), Err(Refusal::TooMany("attributes")));
        let namespaces: String = (0..33).map(|n| format!(" xmlns:a{n}='urn:a'")).collect();
        assert_eq!(read(&format!("<r{namespaces}/>")), Err(Refusal::TooMany("namespaces")));
        assert_eq!(
            read(&format!("<r>{}</r>", "<a/>".repeat(2_000))),
            Err(Refusal::TooMany("elements"))
        );
        assert_eq!(read(&" ".repeat(256 * 1024 + 1)), Err(Refusal::TooLarge(256 * 1024)));
        assert_eq!(
            Document::read(b"<r>\xff</r>", Limits::MESSAGE).map(drop),
            Err(Refusal::NotUtf8)
        );
    }
}

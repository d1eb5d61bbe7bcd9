//! XML that is written already in canonical form, so that what is signed is the string as it stands.
//!
//! Exclusive XML Canonicalization 1.0 (W3C, <http://www.w3.org/2001/10/xml-exc-c14n#>) orders attributes, puts each
//! namespace declaration where its prefix is first used, and knows one way to escape. An [`Element`] has no other way to
//! be written: the order in which its parts were given, and what they hold, can't matter. A signature over it therefore
//! needs no canonicalisation, which is most of the cost of signing XML elsewhere.
//!
//! An element carries no state of its surroundings: written alone it declares all it uses, written inside another it
//! leaves out what is declared already. Both are its canonical form there, and a digest over the first holds for the
//! second.

mod space;

use std::borrow::Cow;

use uppsala::{Document, NodeId, NodeKind};
use zeroize::Zeroize;

use space::SPACES;
pub(crate) use space::Space;

/// A text that is not what an [`Element`] writes, byte for byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not XML in the form that is written here")]
pub(crate) struct NotAsWritten;

/// One element: a name, attributes in any order, content in the order given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Element {
    space: Option<Space>,
    local: Cow<'static, str>,
    attributes: Vec<Attribute>,
    content: Vec<Content>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Attribute {
    space: Option<Space>,
    local: Cow<'static, str>,
    value: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Content {
    Element(Element),
    Text(String),
}

impl Element {
    /// An empty element.
    pub(crate) fn new(space: Space, local: impl Into<Cow<'static, str>>) -> Self {
        Self::named(Some(space), local.into())
    }

    /// An empty element in no namespace, as SOAP's faults want.
    pub(crate) fn unqualified(local: &'static str) -> Self {
        Self::named(None, local.into())
    }

    fn named(space: Option<Space>, local: Cow<'static, str>) -> Self {
        Self {
            space,
            local,
            attributes: Vec::new(),
            content: Vec::new(),
        }
    }

    /// With an attribute in no namespace; given again, the later value stands.
    pub(crate) fn attribute(self, local: &'static str, value: impl Into<String>) -> Self {
        self.put(None, local.into(), value.into())
    }

    /// With the attribute when there is a value.
    pub(crate) fn attribute_if(self, local: &'static str, value: Option<impl Into<String>>) -> Self {
        match value {
            Some(value) => self.attribute(local, value),
            None => self,
        }
    }

    /// With an attribute in a namespace (`S:mustUnderstand`, `xml:lang`).
    pub(crate) fn attribute_in(self, space: Space, local: &'static str, value: impl Into<String>) -> Self {
        self.put(Some(space), local.into(), value.into())
    }

    /// With `child` after what is there.
    pub(crate) fn child(mut self, child: Element) -> Self {
        self.content.push(Content::Element(child));
        self
    }

    /// With `children` after what is there: a list, or an element that may be absent.
    pub(crate) fn children(mut self, children: impl IntoIterator<Item = Element>) -> Self {
        self.content.extend(children.into_iter().map(Content::Element));
        self
    }

    /// With `text` after what is there.
    pub(crate) fn text(mut self, text: impl Into<String>) -> Self {
        self.content.push(Content::Text(text.into()));
        self
    }

    /// With `child` as the `place`-th of its content: where the schema wants a signature.
    pub(crate) fn child_at(mut self, place: usize, child: Element) -> Self {
        self.content
            .insert(place.min(self.content.len()), Content::Element(child));
        self
    }

    /// The value of an attribute in no namespace.
    pub(crate) fn value(&self, local: &str) -> Option<&str> {
        self.attributes
            .iter()
            .find(|attribute| attribute.space.is_none() && attribute.local == local)
            .map(|attribute| attribute.value.as_str())
    }

    /// The element that `xml` is the canonical form of, for embedding what was written before or elsewhere: a stored
    /// message behind an artifact, an encrypted name made by the blind half. It is written again byte for byte.
    ///
    /// # Errors
    /// [`NotAsWritten`] for anything this module would write otherwise, or not at all: a declaration, a comment,
    /// a foreign prefix, a second element.
    pub(crate) fn read(xml: &str) -> Result<Self, NotAsWritten> {
        // A canonical text holds neither; what they begin (DOCTYPE, comment, instruction) never meets the parser.
        if xml.contains("<!") || xml.contains("<?") {
            return Err(NotAsWritten);
        }
        let document = uppsala::parse(xml).map_err(|_| NotAsWritten)?;
        let element = Self::of(&document, document.document_element().ok_or(NotAsWritten)?)?;
        if element.canonical() == xml {
            Ok(element)
        } else {
            Err(NotAsWritten)
        }
    }

    /// Wipes every text and value in it: for a name that was only needed to be encrypted.
    pub(crate) fn wipe(&mut self) {
        for attribute in &mut self.attributes {
            attribute.value.zeroize();
        }
        for part in &mut self.content {
            match part {
                Content::Element(child) => child.wipe(),
                Content::Text(text) => text.zeroize(),
            }
        }
    }

    /// Whether it is the element of that name.
    pub(crate) fn is(&self, space: Space, local: &str) -> bool {
        self.space == Some(space) && self.local == local
    }

    /// Whether it carries no attribute and holds one element only, of that name.
    pub(crate) fn holds_one(&self, space: Space, local: &str) -> bool {
        self.attributes.is_empty() && matches!(&*self.content, [Content::Element(child)] if child.is(space, local))
    }

    /// Whether all elements in it, however deep, are of `spaces` and carry no attributes but `attributes`.
    pub(crate) fn holds_only(&self, spaces: &[Space], attributes: &[&str]) -> bool {
        let known = |attribute: &Attribute| attribute.space.is_none() && attributes.contains(&&*attribute.local);
        self.content.iter().all(|part| match part {
            Content::Text(_) => true,
            Content::Element(child) => {
                child.space.is_some_and(|space| spaces.contains(&space))
                    && child.attributes.iter().all(known)
                    && child.holds_only(spaces, attributes)
            }
        })
    }

    /// Whether its name is of that namespace.
    pub(crate) fn is_in(&self, space: Space) -> bool {
        self.space == Some(space)
    }

    /// The element written by itself, in exclusive canonical form.
    pub(crate) fn canonical(&self) -> String {
        let mut out = String::with_capacity(4096);
        self.write(&mut out, 0);
        out
    }

    fn of(document: &Document<'_>, node: NodeId) -> Result<Self, NotAsWritten> {
        let there = document.element(node).ok_or(NotAsWritten)?;
        let space = there.name.namespace_uri.as_deref().map(Space::named).transpose()?;
        let mut element = Self::named(space, there.name.local_name.to_string().into());
        for attribute in there.attributes.iter() {
            let space = attribute.name.namespace_uri.as_deref().map(Space::named).transpose()?;
            element = element.put(
                space,
                attribute.name.local_name.to_string().into(),
                attribute.value.to_string(),
            );
        }
        for child in document.children(node) {
            element = match document.node_kind(child) {
                Some(NodeKind::Element(_)) => element.child(Self::of(document, child)?),
                Some(NodeKind::Text(text)) => element.text(text.to_string()),
                _ => return Err(NotAsWritten),
            };
        }
        Ok(element)
    }

    fn put(mut self, space: Option<Space>, local: Cow<'static, str>, value: String) -> Self {
        let attribute = Attribute { space, local, value };
        match self
            .attributes
            .iter_mut()
            .find(|there| there.space == attribute.space && there.local == attribute.local)
        {
            Some(there) => *there = attribute,
            None => self.attributes.push(attribute),
        }
        self
    }

    /// Writes the element where the prefixes in `declared` are declared by what stands round it.
    fn write(&self, out: &mut String, declared: u32) {
        out.push('<');
        self.write_name(out);
        let used = self
            .attributes
            .iter()
            .filter_map(|attribute| attribute.space)
            .chain(self.space)
            .fold(0, |used, space| used | space.bit());
        let fresh = used & !declared & !Space::Xml.bit();
        for (space, prefix, uri) in SPACES {
            if fresh & space.bit() != 0 {
                for part in [" xmlns:", prefix, "=\"", uri, "\""] {
                    out.push_str(part);
                }
            }
        }
        let mut attributes: Vec<&Attribute> = self.attributes.iter().collect();
        // Those in no namespace first, then by the namespace's name (not its prefix), then by local name.
        attributes.sort_by_key(|attribute| (attribute.space.map(Space::uri), attribute.local.as_ref()));
        for attribute in attributes {
            out.push(' ');
            if let Some(space) = attribute.space {
                out.push_str(space.prefix());
                out.push(':');
            }
            out.push_str(&attribute.local);
            out.push_str("=\"");
            escape(out, &attribute.value, in_attribute);
            out.push('"');
        }
        out.push('>');
        for part in &self.content {
            match part {
                Content::Element(child) => child.write(out, declared | fresh),
                Content::Text(text) => escape(out, text, in_text),
            }
        }
        out.push_str("</");
        self.write_name(out);
        out.push('>');
    }

    fn write_name(&self, out: &mut String) {
        if let Some(space) = self.space {
            out.push_str(space.prefix());
            out.push(':');
        }
        out.push_str(&self.local);
    }
}

fn escape(out: &mut String, text: &str, replacement: fn(char) -> Option<&'static str>) {
    let mut rest = text;
    // Runs that need nothing are copied whole: nearly all of a message.
    while let Some(at) = rest.bytes().position(may_be_replaced) {
        out.push_str(&rest[..at]);
        let mut left = rest[at..].chars();
        if let Some(character) = left.next() {
            match replacement(character) {
                Some(instead) => out.push_str(instead),
                None => out.push(character),
            }
        }
        rest = left.as_str();
    }
    out.push_str(rest);
}

/// Whether a character that begins with `byte` may need another form. U+FFFE and U+FFFF begin with 0xEF.
const fn may_be_replaced(byte: u8) -> bool {
    matches!(byte, 0..=0x1f | b'"' | b'&' | b'<' | b'>' | 0xef)
}

/// What canonical form writes for a character in text; none for itself (Canonical XML 1.0, section 2.3).
fn in_text(character: char) -> Option<&'static str> {
    match character {
        '&' => Some("&amp;"),
        '<' => Some("&lt;"),
        '>' => Some("&gt;"),
        '\r' => Some("&#xD;"),
        '\t' | '\n' => None,
        other => unspeakable(other),
    }
}

/// The same inside an attribute's value.
fn in_attribute(character: char) -> Option<&'static str> {
    match character {
        '&' => Some("&amp;"),
        '<' => Some("&lt;"),
        '"' => Some("&quot;"),
        '\t' => Some("&#x9;"),
        '\n' => Some("&#xA;"),
        '\r' => Some("&#xD;"),
        other => unspeakable(other),
    }
}

/// XML 1.0 (section 2.2, `Char`) can't hold these in any form. They become U+FFFD, so that a value echoed from a form
/// can make a message wrong in that value, never unreadable.
fn unspeakable(character: char) -> Option<&'static str> {
    matches!(character, '\0'..='\u{1f}' | '\u{fffe}' | '\u{ffff}').then_some("\u{fffd}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use bergshamra::c14n::{C14nMode, canonicalize};
    use proptest::prelude::*;

    fn canonicalised(xml: &str) -> String {
        let bytes = canonicalize::<&str>(xml, C14nMode::Exclusive, None, &[]).expect("well-formed");
        String::from_utf8(bytes).expect("UTF-8")
    }

    fn any_space() -> impl Strategy<Value = Space> {
        // `xml:` names attributes only.
        (0..SPACES.len() - 1).prop_map(|at| SPACES[at].0)
    }

    fn any_local() -> impl Strategy<Value = &'static str> {
        prop::sample::select(vec!["ID", "Name", "a", "b", "Version", "z-1", "名"])
    }

    fn any_text() -> impl Strategy<Value = String> {
        prop_oneof![any::<String>(), "[ \t\r\n<>&\"'a-c\u{85}\u{2028}\u{0}\u{fffe}𠮷]{0,12}"]
    }

    fn any_element() -> impl Strategy<Value = Element> {
        let attributes = prop::collection::vec((prop::option::of(any_space()), any_local(), any_text()), 0..5);
        let names = (prop::option::weighted(0.9, any_space()), any_local(), attributes);
        let bare = names.prop_map(|(space, local, attributes)| {
            let start = Element::named(space, local.into());
            attributes.into_iter().fold(start, |element, (space, local, value)| {
                element.put(space, local.into(), value)
            })
        });
        let bare = bare.boxed();
        let leaf = (bare.clone(), any_text()).prop_map(|(element, text)| element.text(text));
        leaf.prop_recursive(4, 24, 4, move |inner| {
            let parts = prop::collection::vec(prop_oneof![inner.prop_map(Ok), any_text().prop_map(Err)], 0..4);
            (bare.clone(), parts).prop_map(|(element, parts)| {
                parts.into_iter().fold(element, |element, part| match part {
                    Ok(child) => element.child(child),
                    Err(text) => element.text(text),
                })
            })
        })
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_as_what_it_was(element in any_element()) {
            let written = element.canonical();
            // Neighbouring texts are one text once written, so what is compared is what is written again.
            prop_assert_eq!(Element::read(&written).map(|read| read.canonical()), Ok(written));
        }

        #[test]
        fn what_is_written_is_its_own_canonical_form(element in any_element()) {
            let written = element.canonical();
            prop_assert_eq!(canonicalised(&written), written);
        }

        #[test]
        fn an_element_inside_another_has_the_digest_it_has_alone(outer in any_element(), inner in any_element()) {
            // The subset that a reader digests is the inner element, canonicalised as an apex of its own.
            let inner = inner.attribute("ID", "_the-one");
            let written = outer.child(inner.clone()).canonical();
            let document = uppsala::parse(&written).expect("well-formed");
            let root = document.document_element().expect("a root");
            let apex = *document.children(root).last().expect("the child");
            let nodes = bergshamra::xml::NodeSet::tree_without_comments(apex, &document);
            let bytes = canonicalize::<&str>(&written, C14nMode::Exclusive, Some(&nodes), &[]).expect("canonical");
            prop_assert_eq!(String::from_utf8(bytes).unwrap(), inner.canonical());
        }
    }

    #[test]
    fn what_was_written_is_read_back_and_anything_else_is_not() {
        let name = Element::new(Space::Assertion, "EncryptedID")
            .child(Element::new(Space::Encryption, "EncryptedData").attribute("Type", "a\tb"))
            .text("<\r\n>");
        let written = name.canonical();
        assert_eq!(Element::read(&written), Ok(name));
        let open = "<saml:EncryptedID xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\">";
        for other in [
            String::new(),
            format!("{written} "),
            format!("{written}{written}"),
            format!("<?xml version=\"1.0\"?>{written}"),
            format!("<!DOCTYPE a [<!ENTITY e \"x\">]>{open}&e;</saml:EncryptedID>"),
            format!("{open}<!-- -->a</saml:EncryptedID>"),
            format!("{open}<![CDATA[a]]></saml:EncryptedID>"),
            format!("{open}&#x61;</saml:EncryptedID>"),
            "<saml:EncryptedID xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\"/>".to_owned(),
            "<a:EncryptedID xmlns:a=\"urn:oasis:names:tc:SAML:2.0:assertion\"></a:EncryptedID>".to_owned(),
            "<a:EncryptedID xmlns:a=\"urn:example:other\"></a:EncryptedID>".to_owned(),
            format!("{open}<x>a</x></saml:EncryptedID></saml:Subject>"),
        ] {
            assert_eq!(Element::read(&other), Err(NotAsWritten), "{other}");
        }
    }

    #[test]
    fn attributes_come_in_canonical_order_whatever_order_they_were_given_in() {
        let header = Element::new(Space::Ecp, "Response")
            .attribute_in(Space::Soap, "mustUnderstand", "1")
            .attribute_in(Space::Soap, "actor", "next")
            .attribute("AssertionConsumerServiceURL", "https://sp.example/?a=1&b=2");
        assert_eq!(
            header.canonical(),
            "<ecp:Response xmlns:S=\"http://schemas.xmlsoap.org/soap/envelope/\" \
             xmlns:ecp=\"urn:oasis:names:tc:SAML:2.0:profiles:SSO:ecp\" \
             AssertionConsumerServiceURL=\"https://sp.example/?a=1&amp;b=2\" S:actor=\"next\" S:mustUnderstand=\"1\">\
             </ecp:Response>"
        );
    }

    #[test]
    fn a_character_that_xml_cannot_hold_does_not_break_the_message() {
        let written = Element::new(Space::Ecp, "RelayState").text("a\0b\u{1}c").canonical();
        assert!(written.ends_with(">a\u{fffd}b\u{fffd}c</ecp:RelayState>"));
        assert_eq!(canonicalised(&written), written);
    }
}

//! One element of a document, as the readers see it: names in their namespace, attributes without one, text in one
//! piece. What is asked for once and stands twice is refused, never the first one taken.

use std::borrow::Cow;

use bergshamra::{
    c14n::{C14nMode, canonicalize_doc},
    xml::NodeSet,
};
use uppsala::{NodeId, NodeKind};

use crate::Refusal;

/// One element.
#[derive(Clone, Copy)]
pub(crate) struct Node<'d> {
    tree: &'d uppsala::Document<'d>,
    id: NodeId,
}

impl<'d> Node<'d> {
    pub(super) fn new(tree: &'d uppsala::Document<'d>, id: NodeId) -> Self {
        Self { tree, id }
    }

    /// Its place in the tree.
    pub fn id(self) -> NodeId {
        self.id
    }

    /// Whether it is that one, in that namespace.
    pub fn is(self, namespace: &str, local: &str) -> bool {
        self.tree
            .element(self.id)
            .is_some_and(|element| element.matches_name_ns(namespace, local))
    }

    /// The element round it.
    pub fn parent(self) -> Option<Self> {
        let id = self.tree.parent(self.id)?;
        self.tree.element(id)?;
        Some(Self { id, ..self })
    }

    /// The attribute of that name in no namespace: one in a foreign namespace is another attribute.
    pub fn attribute(self, name: &str) -> Option<&'d str> {
        let element = self.tree.element(self.id)?;
        let found = element
            .attributes
            .iter()
            .find(|attribute| attribute.name.matches(None, name))?;
        Some(&found.value)
    }

    /// The attribute of that name in that namespace.
    pub fn attribute_in(self, namespace: &str, name: &str) -> Option<&'d str> {
        let element = self.tree.element(self.id)?;
        let found = element
            .attributes
            .iter()
            .find(|attribute| attribute.name.matches(Some(namespace), name))?;
        Some(&found.value)
    }

    /// Whether it, or any element inside, has an attribute of any namespace.
    pub fn has_foreign_attributes(self) -> bool {
        let foreign = |id: NodeId| {
            let element = self.tree.element(id);
            element.is_some_and(|element| element.attributes.iter().any(|one| one.name.namespace_uri.is_some()))
        };
        foreign(self.id) || self.tree.descendants(self.id).into_iter().any(foreign)
    }

    /// An attribute that must be there.
    pub fn needs_attribute(self, name: &'static str) -> Result<&'d str, Refusal> {
        self.attribute(name).ok_or(Refusal::Missing(name))
    }

    /// `true`, `1`, `false` or `0`; absent: false.
    pub fn flag(self, name: &'static str) -> Result<bool, Refusal> {
        Ok(self.optional_flag(name)?.unwrap_or(false))
    }

    /// The same, absent told apart.
    pub fn optional_flag(self, name: &'static str) -> Result<Option<bool>, Refusal> {
        match self.attribute(name) {
            None => Ok(None),
            Some("false" | "0") => Ok(Some(false)),
            Some("true" | "1") => Ok(Some(true)),
            Some(_) => Err(Refusal::Malformed(name)),
        }
    }

    /// A number; absent told apart.
    pub fn number<N: std::str::FromStr>(self, name: &'static str) -> Result<Option<N>, Refusal> {
        let Some(text) = self.attribute(name) else {
            return Ok(None);
        };
        let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        let number = digits.then(|| text.parse().ok()).flatten();
        number.map(Some).ok_or(Refusal::Malformed(name))
    }

    /// The elements directly inside.
    pub fn children(self) -> impl DoubleEndedIterator<Item = Self> {
        self.tree
            .children_iter(self.id)
            .filter(move |&id| self.tree.element(id).is_some())
            .map(move |id| Self { id, ..self })
    }

    /// The one element inside, when there is nothing beside it but blanks.
    pub fn only_child(self) -> Option<Self> {
        let mut only = None;
        for id in self.tree.children_iter(self.id) {
            match self.tree.node_kind(id)? {
                NodeKind::Element(_) if only.is_none() => only = Some(Self { id, ..self }),
                NodeKind::Text(text) if text.bytes().all(|byte| b" \t\r\n".contains(&byte)) => {}
                _ => return None,
            }
        }
        only
    }

    /// The elements of that name directly inside.
    pub fn all(self, namespace: &'static str, local: &'static str) -> impl DoubleEndedIterator<Item = Self> {
        self.children().filter(move |child| child.is(namespace, local))
    }

    /// The element of that name directly inside, if any; two are refused.
    pub fn one(self, namespace: &'static str, local: &'static str) -> Result<Option<Self>, Refusal> {
        let mut found = self.all(namespace, local);
        let first = found.next();
        match found.next() {
            None => Ok(first),
            Some(_) => Err(Refusal::Repeated(local)),
        }
    }

    /// The element of that name directly inside, which must be there.
    pub fn needs(self, namespace: &'static str, local: &'static str) -> Result<Self, Refusal> {
        self.one(namespace, local)?.ok_or(Refusal::Missing(local))
    }

    /// Every element of that name at any depth, itself included.
    pub fn within(self, namespace: &'static str, local: &'static str) -> impl Iterator<Item = Self> {
        let below = self.tree.descendants(self.id).into_iter();
        std::iter::once(self.id)
            .chain(below)
            .map(move |id| Self { id, ..self })
            .filter(move |node| node.is(namespace, local))
    }

    /// Its text, which must be one piece with nothing else in it: no element, no comment, no CDATA.
    pub fn text(self, what: &'static str) -> Result<Cow<'d, str>, Refusal> {
        let mut pieces = self.tree.children_iter(self.id).map(|id| self.tree.node_kind(id));
        match (pieces.next(), pieces.next()) {
            (None, _) => Ok(Cow::Borrowed("")),
            (Some(Some(NodeKind::Text(text))), None) => Ok(Cow::Borrowed(text)),
            _ => Err(Refusal::Malformed(what)),
        }
    }

    /// The text of the element of that name directly inside, if any.
    pub fn text_of(self, namespace: &'static str, local: &'static str) -> Result<Option<String>, Refusal> {
        let child = self.one(namespace, local)?;
        child.map(|child| Ok(child.text(local)?.into_owned())).transpose()
    }

    /// Base64 in its text, with the blanks and line ends XML allows in it.
    pub fn base64(self, what: &'static str) -> Result<Vec<u8>, Refusal> {
        use base64::{Engine, engine::general_purpose::STANDARD};
        let text = self.text(what)?;
        let mut dense: Vec<u8> = Vec::with_capacity(text.len());
        dense.extend(text.bytes().filter(|b| !b.is_ascii_whitespace()));
        STANDARD.decode(dense).map_err(|_| Refusal::Base64(what))
    }

    /// The namespaces that hold here: prefix (empty for the default one) and URI, the nearest declaration of each.
    pub fn namespaces(self) -> Vec<(&'d str, &'d str)> {
        let mut held: Vec<(&str, &str)> = Vec::new();
        let mut at = Some(self);
        while let Some(node) = at {
            if let Some(element) = self.tree.element(node.id) {
                for (prefix, uri) in &element.namespace_declarations {
                    if !held.iter().any(|(known, _)| known == prefix) {
                        held.push((prefix, uri));
                    }
                }
            }
            at = node.parent();
        }
        held
    }

    /// The element as XML that stands by itself: in exclusive canonical form, its namespaces declared.
    pub fn standing_alone(self) -> Result<String, Refusal> {
        let nodes = NodeSet::tree_without_comments(self.id, self.tree);
        let none: [&str; 0] = [];
        let bytes = canonicalize_doc(self.tree, C14nMode::Exclusive, Some(&nodes), &none);
        let bytes = bytes.map_err(|_| Refusal::RelativeNamespace)?;
        String::from_utf8(bytes).map_err(|_| Refusal::NotUtf8)
    }
}

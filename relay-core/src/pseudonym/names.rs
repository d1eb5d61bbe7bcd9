//! What a pseudonym is for: a service, as one city's people know it.

use std::fmt;

/// Why a name cannot stand for a service.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// Empty, or longer than the standard allows (SAML core 8.3.6: 1024 characters for an entity).
    #[error("a {0} has 1 to {1} characters")]
    Length(&'static str, usize),
    /// A character that must not be in it.
    #[error("a {0} holds no blanks and no control characters")]
    Character(&'static str),
}

fn checked(what: &'static str, longest: usize, name: &str) -> Result<Box<str>, NameError> {
    if name.is_empty() || name.chars().count() > longest {
        return Err(NameError::Length(what, longest));
    }
    if name.chars().any(|letter| letter.is_control() || letter.is_whitespace()) {
        return Err(NameError::Character(what));
    }
    Ok(name.into())
}

/// Whose people: a city's code (全国地方公共団体コード). Someone who moves to another city keeps the origin and
/// changes the domain, so that the new city's services know nothing of the old one's.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Domain(Box<str>);

impl Domain {
    /// The domain of the city with `code`.
    ///
    /// # Errors
    /// [`NameError`]
    pub fn new(code: &str) -> Result<Self, NameError> {
        checked("domain", 64, code).map(Self)
    }

    /// As written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Domain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A service that gets pseudonyms of its own: an entity (its SAML name) in a domain.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Service {
    domain: Domain,
    entity: Box<str>,
}

impl Service {
    /// The service `entity` for the people of `domain`.
    ///
    /// # Errors
    /// [`NameError`]
    pub fn new(domain: &Domain, entity: &str) -> Result<Self, NameError> {
        Ok(Self {
            domain: domain.clone(),
            entity: checked("service's name", 1024, entity)?,
        })
    }

    /// Whose people.
    pub fn domain(&self) -> &Domain {
        &self.domain
    }

    /// The entity's name.
    pub fn entity(&self) -> &str {
        &self.entity
    }

    /// What factors are derived for. The parts hold no control character, so no two services share a label, and no
    /// label is `origin`.
    pub(super) fn label(&self) -> String {
        format!("service\0{}\0{}", self.domain.0, self.entity)
    }
}

impl fmt::Debug for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} in {}", self.entity, self.domain.0)
    }
}

//! A message handed on: to another organisation's process, which does not believe this one's word that it was signed.

use std::fmt;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde::{Deserialize, Serialize};

use super::{Delivery, decode};
use crate::{Refusal, names::Binding};

/// A message as it was delivered, with all that its signature is over. What stands in it is about a person: `Debug` shows
/// its size.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase", deny_unknown_fields)]
pub enum HandedOn {
    /// The binding's parameters out of a URL's query, with their escapes.
    Redirect(String),
    /// What was posted in a form: the message in base64.
    Post(String),
    /// What came from server to server: the envelope in base64.
    Soap(String),
}

impl HandedOn {
    /// The delivery again, not believed yet.
    ///
    /// # Errors
    /// What [`Delivery::redirect`] refuses; base64 broken; a reference instead of a message.
    pub fn delivery(&self) -> Result<Delivery, Refusal> {
        match self {
            Self::Redirect(query) => Delivery::redirect(query)?.message(),
            Self::Post(message) => Ok(Delivery {
                is_response: Some(false),
                ..Delivery::envelope(Binding::Post, decode(message, "message")?)
            }),
            Self::Soap(envelope) => Ok(Delivery::soap(decode(envelope, "message")?)),
        }
    }
}

impl From<&Delivery> for HandedOn {
    fn from(delivery: &Delivery) -> Self {
        match delivery.binding {
            Binding::Redirect => Self::Redirect(delivery.query.clone()),
            Binding::Post => Self::Post(STANDARD.encode(&delivery.xml)),
            _ => Self::Soap(STANDARD.encode(&delivery.xml)),
        }
    }
}

impl fmt::Debug for HandedOn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (how, text) = match self {
            Self::Redirect(query) => ("Redirect", query),
            Self::Post(message) => ("Post", message),
            Self::Soap(envelope) => ("Soap", envelope),
        };
        write!(f, "{how}({} bytes)", text.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_redirect_is_handed_on_with_its_own_parameters_alone_and_read_the_same_again() {
        // `<r/>`, deflated.
        let query = "SAMLRequest=%73ynStwMA&utm=7&RelayState=a%2fb&SigAlg=http%3A%2F%2Fwww.w3.org%2F2001%2F04%2F\
                     xmldsig-more%23rsa-sha256&Signature=AAAA";
        let delivery = Delivery::redirect(query).unwrap().message().unwrap();
        let handed = HandedOn::from(&delivery);
        assert_eq!(handed, HandedOn::Redirect(query.replace("&utm=7", "")));
        let again = handed.delivery().unwrap();
        assert_eq!(again.xml, delivery.xml);
        assert_eq!(again.detached.unwrap().signed, delivery.detached.unwrap().signed);
    }

    #[test]
    fn a_form_and_an_envelope_are_handed_on_byte_by_byte() {
        let posted = Delivery::post(b"SAMLRequest=PHIv%0D%0APg%3D%3D&RelayState=x").unwrap();
        let (posted, soap) = (posted.message().unwrap(), Delivery::soap(b"<e/>\n".to_vec()));
        for (delivery, binding) in [(posted, Binding::Post), (soap, Binding::Soap)] {
            let again = HandedOn::from(&delivery).delivery().unwrap();
            assert_eq!((again.binding, &again.xml), (binding, &delivery.xml));
        }
        assert!(HandedOn::Soap("*".into()).delivery().is_err());
        assert!(HandedOn::Redirect("SAMLart=AAQ".into()).delivery().is_err());
    }
}

//! Whom a resident asks when something goes wrong: the counter's telephone, and when somebody answers it. It stands at
//! the foot of every page.

use crate::{
    config::{Fault, Section},
    page::Html,
    words::Say,
};

/// `[contact]`: the counter's telephone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contact {
    /// As people write it: `0950-00-0000`.
    pub phone: String,
    /// When somebody answers it: from, to, each as on a clock (`8:30`).
    pub hours: (String, String),
    pub days: Days,
}

/// On which days the telephone is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Days {
    Weekdays,
    EveryDay,
}

impl Contact {
    /// `phone`, `hours` ("8:30-17:15"), `days` ("weekdays", "every_day").
    pub fn read(section: &mut Section<'_>) -> Self {
        let phone = section.checked("phone", Fault::Malformed("a telephone number: 0950-00-0000"), |phone| {
            let digits = phone.chars().filter(char::is_ascii_digit).count();
            (3..=15).contains(&digits) && phone.chars().all(|letter| matches!(letter, '0'..='9' | '-' | '+'))
        });
        let hours = section.checked("hours", Fault::Malformed("opening hours: 8:30-17:15"), |hours| {
            parted(hours).is_some()
        });
        Self {
            phone,
            hours: parted(&hours).unwrap_or_default(),
            days: section.one_of_or("days", &[("weekdays", Days::Weekdays), ("every_day", Days::EveryDay)]),
        }
    }

    /// The number as a telephone dials it.
    pub(crate) fn dialled(&self) -> String {
        self.phone.replace('-', "")
    }

    /// When it is answered, in words.
    pub(crate) fn hours(&self, say: Say<'_>) -> Html {
        let key = match self.days {
            Days::Weekdays => "contact-weekdays",
            Days::EveryDay => "contact-every-day",
        };
        say.html_with(key, &[("from", &self.hours.0), ("to", &self.hours.1)])
    }
}

fn parted(hours: &str) -> Option<(String, String)> {
    let (from, to) = hours.split_once('-')?;
    let minutes = |text: &str| {
        let (hour, minute) = text.trim().split_once(':')?;
        let (hour, minute): (u16, u16) = (hour.parse().ok()?, minute.parse().ok()?);
        (hour <= 24 && minute < 60).then_some(hour * 60 + minute)
    };
    (minutes(from)? < minutes(to)?).then(|| (from.trim().to_owned(), to.trim().to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::parse;
    use std::path::Path;

    fn read(text: &str) -> Option<Contact> {
        parse(text, Path::new("portal.toml"), |document| {
            document.if_present("contact", Contact::read)
        })
        .ok()
        .flatten()
    }

    #[test]
    fn a_telephone_and_its_hours_are_read_and_nonsense_is_not() {
        let contact = read("[contact]\nphone = \"0950-00-0000\"\nhours = \"8:30-17:15\"\n").unwrap();
        assert_eq!(contact.dialled(), "0950000000");
        assert_eq!(contact.hours, ("8:30".to_owned(), "17:15".to_owned()));
        assert_eq!(contact.days, Days::Weekdays);
        for (phone, hours) in [
            ("", "8:30-17:15"),
            ("javascript:alert", "8:30-17:15"),
            ("0950-00-0000", "17:15-8:30"),
            ("0950-00-0000", "8:30"),
            ("0950-00-0000", "8:60-9:00"),
        ] {
            let text = format!("[contact]\nphone = \"{phone}\"\nhours = \"{hours}\"\n");
            assert_eq!(read(&text), None, "{text}");
        }
    }
}

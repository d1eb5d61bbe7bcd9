//! A panel: what it is, one fact, one line, how old. Its place never depends on its state.

use portal_kit::{Html, Say, icon::Icon};
use relay_saml::wsf::RecordSet;
use time::OffsetDateTime;

use super::{Answer, AsOf, Dark};

/// One panel of the home.
pub(crate) struct Panel {
    pub(crate) to: &'static str,
    pub(crate) icon: Icon,
    pub(crate) title: Html,
    /// The class of its state: empty, `old`, `dark`, `dummy`.
    pub(crate) state: &'static str,
    pub(crate) fact: Html,
    pub(crate) line: Html,
    pub(crate) as_of: Option<AsOf>,
    pub(crate) dark: bool,
}

impl Panel {
    /// The panel of an `answer`, whose fact and line `told` says.
    pub(crate) fn of(
        say: Say<'_>,
        (to, icon, title): (&'static str, Icon, &str),
        (answer, now): (&Answer, OffsetDateTime),
        told: impl FnOnce(&RecordSet) -> (Html, Html),
    ) -> Self {
        let title = say.html(title);
        match answer {
            Ok(set) => {
                let (fact, line) = told(set);
                let as_of = AsOf::of(say, set, now);
                let state = match (set.dummy, set.overdue) {
                    (true, _) => "dummy",
                    (false, true) => "old",
                    (false, false) => "",
                };
                Self {
                    to,
                    icon,
                    title,
                    state,
                    fact,
                    line,
                    as_of: Some(as_of),
                    dark: false,
                }
            }
            Err(reason) => {
                let Dark { what, next, .. } = Dark::of(say, reason);
                Self {
                    to,
                    icon,
                    title,
                    state: "dark",
                    fact: what,
                    line: next,
                    as_of: None,
                    dark: true,
                }
            }
        }
    }
}

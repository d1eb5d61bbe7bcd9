//! Who gets a letter of a notice, where, about whom, and who gets none, each with the reason.
//!
//! Paper is the default; whoever asked for none gets none (送付不要申出). The dead and those who moved away are stopped. A child
//! is reached through a guardian. A household's letter goes to its head, unless somebody in it is under support measures
//! (支援措置): then each gets their own, and nobody who is not under them gets what concerns one who is. Whoever is reached
//! elsewhere gets a letter of their own there, about nobody else, and the household's letter says nothing of them: a guardian by
//! court or an institution is one person's. Every person of the population is in exactly one letter or left out for exactly one
//! reason.

use std::collections::{BTreeMap, HashMap};

use relay_core::id::Id;
use serde::{Deserialize, Serialize};
use time::{Date, Month};

use super::{
    Addressee, Letter,
    handed_in::{Facts, Said},
    template::{Per, Recipients, Template, Value},
};
use crate::{
    case::ResidentId,
    era::age::{Answer, age_on, is_due_for_health_check, is_under_15},
    person::Resident,
};

/// Kind of [`RunId`].
pub enum RunKind {}
/// A run of a notice.
pub type RunId = Id<RunKind>;

/// A person of the roster, as a run looks at them.
pub struct Candidate {
    pub id: ResidentId,
    pub resident: Resident,
    /// Whether the roster has them no more.
    pub gone: bool,
    /// Whether they asked for no paper of this notice.
    pub no_paper: bool,
    /// Where their letters are to go instead, as the ledger has it: a guardian by court, an institution.
    pub send_to: Option<Addressee>,
    /// Whether the last letter to the same address came back.
    pub returned: bool,
    /// What the file handed in says of them.
    pub facts: Option<Facts>,
}

/// Why somebody gets no letter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Excluded {
    Deceased,
    MovedOut,
    /// The roster has them no more and does not say why.
    Gone,
    /// 送付不要申出
    NoPaperWanted,
    /// The roster has no postal code or no address.
    NoAddress,
    /// An earlier letter came back from the same address.
    Returned,
    /// A child under 15 in whose household nobody can be written to.
    NoGuardian,
    /// The letter would show somebody else where a person under support measures lives.
    WouldShowAddress,
    /// The letter can't be set: too long, or a character that no font has.
    Unprintable,
}

impl Excluded {
    /// Every reason.
    pub const ALL: [Self; 9] = [
        Self::Deceased,
        Self::MovedOut,
        Self::Gone,
        Self::NoPaperWanted,
        Self::NoAddress,
        Self::Returned,
        Self::NoGuardian,
        Self::WouldShowAddress,
        Self::Unprintable,
    ];

    /// As stored and as JSON has it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Deceased => "deceased",
            Self::MovedOut => "moved-out",
            Self::Gone => "gone",
            Self::NoPaperWanted => "no-paper-wanted",
            Self::NoAddress => "no-address",
            Self::Returned => "returned",
            Self::NoGuardian => "no-guardian",
            Self::WouldShowAddress => "would-show-address",
            Self::Unprintable => "unprintable",
        }
    }

    /// In Japanese.
    pub const fn in_japanese(self) -> &'static str {
        match self {
            Self::Deceased => "死亡",
            Self::MovedOut => "転出",
            Self::Gone => "名簿にいない(理由の記載なし)",
            Self::NoPaperWanted => "送付不要の申出",
            Self::NoAddress => "住所か郵便番号がない",
            Self::Returned => "前の通知が宛所不明で戻った",
            Self::NoGuardian => "15歳未満で、宛てる保護者がいない",
            Self::WouldShowAddress => "支援措置の人の住所が他の人に見える",
            Self::Unprintable => "印刷できない(字がない、長すぎる)",
        }
    }
}

/// A letter to be made: places in the list of candidates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Planned {
    /// Whom it is about, the person of the letter first.
    pub about: Vec<usize>,
    /// To whom it goes.
    pub to: usize,
    pub guardian: bool,
}

/// Who gets a letter and who does not.
#[derive(Debug, Default)]
pub struct Plan {
    pub letters: Vec<Planned>,
    pub excluded: Vec<(usize, Excluded)>,
}

impl Plan {
    /// How many are left out for each reason.
    pub fn reasons(&self) -> BTreeMap<Excluded, usize> {
        let mut reasons = BTreeMap::new();
        for (_, reason) in &self.excluded {
            *reasons.entry(*reason).or_default() += 1;
        }
        reasons
    }

    /// Leaves the letters out that begin with one of `unset`.
    pub fn leave_out(&mut self, unset: impl Fn(usize) -> bool) {
        let excluded = &mut self.excluded;
        self.letters.retain(|letter| {
            let is_set = !letter.about.first().is_some_and(|first| unset(*first));
            if !is_set {
                excluded.extend(letter.about.iter().map(|at| (*at, Excluded::Unprintable)));
            }
            is_set
        });
    }

    /// People whom the letters are about.
    pub fn people(&self) -> usize {
        self.letters.iter().map(|letter| letter.about.len()).sum()
    }
}

/// Decides for everyone. `today` is the day of the letters.
pub fn plan(template: &Template, people: &[Candidate], today: Date) -> Plan {
    let mut households: HashMap<&str, Vec<usize>> = HashMap::new();
    for (at, person) in people.iter().enumerate() {
        // Without a number nobody lives with anybody.
        if !person.resident.household.is_empty() {
            households.entry(&person.resident.household).or_default().push(at);
        }
    }
    let rules = Rules { people, today };
    let mut plan = Plan::default();
    let mut grouped = vec![false; people.len()];
    for (at, person) in people.iter().enumerate() {
        if grouped[at] || !in_population(template.recipients, person, today) {
            continue;
        }
        let alone = [at];
        let members = households
            .get(person.resident.household.as_str())
            .map_or(&alone[..], Vec::as_slice);
        let sheltered = members
            .iter()
            .any(|member| people[*member].resident.protected && !people[*member].gone);
        if template.per == Per::Person || sheltered || person.send_to.is_some() {
            grouped[at] = true;
            rules.one(at, members, &mut plan);
        } else {
            let about: Vec<usize> = members
                .iter()
                .copied()
                .filter(|member| rules.live_together(at, *member))
                .filter(|member| in_population(template.recipients, &people[*member], today))
                .collect();
            about.iter().for_each(|member| grouped[*member] = true);
            let readers: Vec<usize> = members
                .iter()
                .copied()
                .filter(|member| rules.live_together(at, *member))
                .collect();
            rules.household(&about, &readers, &mut plan);
        }
    }
    plan
}

fn in_population(recipients: Recipients, person: &Candidate, today: Date) -> bool {
    match recipients {
        Recipients::File | Recipients::CardsWaiting => person.facts.is_some(),
        Recipients::Residents => true,
        Recipients::CheckUpAges => {
            let fiscal_year = today.year() - i32::from(today.month() < Month::April);
            is_due_for_health_check(&person.resident.birthday, fiscal_year) == Answer::Yes
        }
    }
}

struct Rules<'a> {
    people: &'a [Candidate],
    today: Date,
}

impl Rules<'_> {
    /// Why nothing is sent about a person, whoever would get it.
    fn stopped(&self, at: usize) -> Option<Excluded> {
        let person = &self.people[at];
        let because = person.resident.change_reason.as_deref().unwrap_or_default();
        match (because.contains("死亡"), because.contains("転出"), person.gone) {
            (true, ..) => Some(Excluded::Deceased),
            (_, true, _) => Some(Excluded::MovedOut),
            (.., true) => Some(Excluded::Gone),
            _ if person.no_paper => Some(Excluded::NoPaperWanted),
            _ => None,
        }
    }

    /// Why nothing can be sent to a person.
    fn unreachable(&self, at: usize) -> Option<Excluded> {
        let person = &self.people[at];
        let resident = &person.resident;
        let nowhere = resident.postal_code.is_empty() || resident.address.is_empty();
        match person.send_to {
            Some(_) => None,
            None if nowhere => Some(Excluded::NoAddress),
            None if person.returned => Some(Excluded::Returned),
            None => None,
        }
    }

    /// Whether both are reached at home, and it is the same one.
    fn live_together(&self, at: usize, other: usize) -> bool {
        let (one, other) = (&self.people[at], &self.people[other]);
        let (own, its) = (&one.resident, &other.resident);
        one.send_to.is_none() && other.send_to.is_none() && own.address == its.address && own.building == its.building
    }

    fn is_child(&self, at: usize) -> bool {
        is_under_15(&self.people[at].resident.birthday, self.today) == Answer::Yes
    }

    /// A letter about one person.
    fn one(&self, at: usize, members: &[usize], plan: &mut Plan) {
        if let Some(reason) = self.stopped(at) {
            return plan.excluded.push((at, reason));
        }
        let child = self.is_child(at) && self.people[at].send_to.is_none();
        let to = match child {
            false => Some(at),
            true => self.guardian(at, members),
        };
        let Some(to) = to else {
            return plan.excluded.push((at, Excluded::NoGuardian));
        };
        if let Some(reason) = self.unreachable(to).or_else(|| self.shows(&[at], to)) {
            return plan.excluded.push((at, reason));
        }
        plan.letters.push(Planned {
            about: vec![at],
            to,
            guardian: child,
        });
    }

    /// One letter about all of a household; `members`: those who live where it goes.
    fn household(&self, about: &[usize], members: &[usize], plan: &mut Plan) {
        let mut kept = Vec::with_capacity(about.len());
        for at in about {
            match self.stopped(*at) {
                Some(reason) => plan.excluded.push((*at, reason)),
                None => kept.push(*at),
            }
        }
        if kept.is_empty() {
            return;
        }
        let Some(to) = self.head(members) else {
            return kept
                .iter()
                .for_each(|at| plan.excluded.push((*at, Excluded::NoGuardian)));
        };
        // Whoever gets the household's letter asked for none: so does the household.
        let reason = match self.people[to].no_paper {
            true => Some(Excluded::NoPaperWanted),
            false => self.unreachable(to),
        };
        if let Some(reason) = reason {
            return kept.iter().for_each(|at| plan.excluded.push((*at, reason)));
        }
        plan.letters.push(Planned {
            about: kept,
            to,
            guardian: false,
        });
    }

    /// Who lives and is no child: the head, else the eldest.
    fn head(&self, members: &[usize]) -> Option<usize> {
        let alive = |at: &usize| {
            let because = self.people[*at].resident.change_reason.as_deref().unwrap_or_default();
            !self.people[*at].gone && !because.contains("死亡") && !because.contains("転出") && !self.is_child(*at)
        };
        let grown: Vec<usize> = members.iter().copied().filter(alive).collect();
        let head = grown.iter().copied().find(|at| self.people[*at].resident.is_head());
        head.or_else(|| {
            grown
                .into_iter()
                .max_by_key(|at| age_on(&self.people[*at].resident.birthday, self.today).map_or(0, |(least, _)| least))
        })
    }

    /// A grown-up of the same household under the same measures, who is reached at the same address.
    fn guardian(&self, child: usize, members: &[usize]) -> Option<usize> {
        let own = &self.people[child].resident;
        let alike = |at: &usize| self.people[*at].resident.protected == own.protected && self.live_together(child, *at);
        let near: Vec<usize> = members.iter().copied().filter(alike).collect();
        self.head(&near)
    }

    /// Whether the letter to `to` would show where somebody under support measures lives.
    fn shows(&self, about: &[usize], to: usize) -> Option<Excluded> {
        let reader = &self.people[to].resident;
        if reader.protected {
            return None;
        }
        let leak = about.iter().any(|at| {
            let person = &self.people[*at];
            let address = &person.resident.address;
            person.resident.protected
                || (*at != to && !address.is_empty() && address != &reader.address && self.says(person, address))
        });
        leak.then_some(Excluded::WouldShowAddress)
    }

    fn says(&self, person: &Candidate, address: &str) -> bool {
        let Some(facts) = &person.facts else { return false };
        let mut all = facts.facts.iter().chain(facts.rows.iter().flatten());
        all.any(|value| matches!(value, Value::Text(text) if text.contains(address)))
    }
}

/// The letter of a plan.
pub fn letter(template: &Template, people: &[Candidate], planned: &Planned, said: &Said) -> Letter {
    let to = &people[planned.to];
    let own = |resident: &Resident| Addressee {
        postal_code: postal_code(&resident.postal_code),
        address_lines: std::iter::once(resident.address.clone())
            .chain(resident.building.clone())
            .collect(),
        name: resident.name.clone(),
    };
    let first = planned.about.first().copied().unwrap_or(planned.to);
    let mut letter = Letter {
        to: to.send_to.clone().unwrap_or_else(|| own(&to.resident)),
        guardian: planned.guardian,
        person: people[first].resident.name.clone(),
        facts: Vec::new(),
        rows: Vec::new(),
    };
    for at in &planned.about {
        let mut facts = people[*at].facts.clone().unwrap_or_default();
        facts.fill(template, &people[*at].resident.name, said);
        letter.rows.append(&mut facts.rows);
        if letter.facts.is_empty() {
            letter.facts = facts.facts;
        }
    }
    if planned.guardian {
        // 「… 様の保護者様」: the child's name, the guardian's address.
        letter.to.name = letter.person.clone();
    }
    letter
}

/// Seven digits as the post writes them, `859-9900`; anything else as the roster has it.
pub fn postal_code(written: &str) -> String {
    match (written.get(..3), written.get(3..)) {
        (Some(area), Some(rest)) if written.len() == 7 && written.bytes().all(|b| b.is_ascii_digit()) => {
            format!("{area}-{rest}")
        }
        _ => written.to_owned(),
    }
}

#[cfg(test)]
mod tests;

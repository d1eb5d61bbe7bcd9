//! From what was seen at the counter to a [`Verification`], or to everything that stands in its way.

use time::Date;

use super::{
    Bar, Class, Comparison, DocumentRecord, Exception, Fact, NotCounted, NotVerified, NumberRule, Party, PartyRecord,
    Points, Presented, Shortfall, Verification, VerificationRecord, Visit, check_document, facts, registered, weigh,
};
use crate::{
    application::{Applicant, Application},
    calendar::Calendar,
    person::Resident,
};

/// Shortest reason of an exception, in characters: 「転居」 alone would not tell the auditor anything.
const SHORTEST_REASON: usize = 4;

/// Verifies the person, or says everything that stands in the way.
///
/// # Errors
/// [`NotVerified`] with every shortfall: bar not cleared, facts that differ or were not looked at, standing or powers
/// not shown, exceptions that are not in order.
pub fn verify(
    visit: &Visit,
    resident: &Resident,
    application: &Application,
    today: Date,
    calendar: &Calendar,
) -> Result<Verification, NotVerified> {
    let applicant = application.applicant();
    let mut shortfalls = Vec::new();
    let mut judged = Vec::new();
    let mut parties = Vec::new();
    let bars = [
        (Party::Resident, Some(Visit::resident_bar(application))),
        (Party::Acting, applicant.acting_for_resident().map(|_| Bar::Acting)),
    ];
    for (party, bar) in bars {
        let documents = match party {
            Party::Resident => &visit.resident_documents,
            Party::Acting => &visit.acting_documents,
        };
        let (Some(bar), Some(registered)) = (bar, registered(party, resident, application)) else {
            if !documents.is_empty() {
                shortfalls.push(Shortfall::NobodyActs);
            }
            continue;
        };
        let attended = party == Party::Acting || visit.resident_attends;
        let records: Vec<_> = documents
            .iter()
            .map(|presented| {
                judge(
                    presented,
                    party,
                    attended,
                    &registered,
                    &visit.exceptions,
                    (today, calendar),
                )
            })
            .collect();
        for record in &records {
            shortfalls.extend(open_facts(party, record, &visit.exceptions));
        }
        let counting: Vec<_> = documents
            .iter()
            .zip(&records)
            .filter(|(_, record)| record.not_counted.is_none())
            .map(|(presented, record)| (record.document, presented.class()))
            .collect();
        match weigh(bar, &counting, visit.beside) {
            Points::Enough { way } => parties.push(PartyRecord {
                party,
                attended,
                bar,
                way,
                documents: records.clone(),
            }),
            Points::NotEnough { nearest } => shortfalls.push(Shortfall::NotEnough { party, nearest }),
        }
        judged.extend(records.into_iter().map(|record| (party, record)));
    }
    shortfalls.extend(attendance_and_powers(visit, applicant));
    shortfalls.extend(exceptions_in_order(visit, &judged));
    if !shortfalls.is_empty() {
        return Err(NotVerified {
            shortfalls,
            documents: judged,
        });
    }
    let acts = applicant.acting_for_resident().is_some();
    Ok(Verification {
        record: VerificationRecord {
            on: today,
            clerk: visit.clerk,
            applicant: applicant.as_str().into(),
            delivery: application.delivery(),
            parties,
            inquiry_reply: visit.beside.inquiry_reply,
            pin_entered: visit.beside.pin_entered,
            evidence_seen: acts.then_some(visit.evidence_seen),
            letter_seen: matches!(applicant, Applicant::Agent { .. }).then_some(visit.letter_seen),
            exceptions: visit.exceptions.clone(),
        },
    })
}

/// Judges one document: its own checks, its photograph, its facts.
fn judge(
    presented: &Presented,
    party: Party,
    attended: bool,
    registered: &facts::Registered<'_>,
    exceptions: &[Exception],
    (today, calendar): (Date, &Calendar),
) -> DocumentRecord {
    let rule = presented.document.rule();
    let compared = facts::compare(&presented.sights, rule.shows, registered);
    let excused = |fact| {
        exceptions
            .iter()
            .any(|exception| exception.party == party && exception.fact == fact)
    };
    // The photograph first: a face that does not agree must not hide behind an expired date.
    let checked = check_document(presented, today, calendar);
    let not_counted = (presented.bears_photo && presented.photo_agrees == Some(false))
        .then_some(NotCounted::PhotoDiffers)
        .or_else(|| checked.as_ref().err().cloned())
        .or_else(|| photo_not_compared(presented, attended).then_some(NotCounted::PhotoNotCompared))
        .or_else(|| (!facts_suffice(&compared, excused)).then_some(NotCounted::FactsTooFew));
    DocumentRecord {
        document: presented.document,
        number: match rule.number {
            NumberRule::NotAsked => None,
            NumberRule::Kept(_) => Some(crate::check_digit::plain(&presented.number)),
            NumberRule::KeptAsWritten => Some(presented.number.trim().to_owned()),
        }
        .filter(|number| !number.is_empty()),
        issued_on: presented.issued_on.clone(),
        expires_on: presented.expires_on.clone(),
        without_photo: !presented.bears_photo && rule.without_photo.is_some(),
        still_good: checked.ok().flatten(),
        not_counted,
        facts: compared,
    }
}

/// A document that counts for its photograph needs the face beside it. Of someone who is not here there is no face.
fn photo_not_compared(presented: &Presented, attended: bool) -> bool {
    let rule = presented.document.rule();
    let class = presented.class();
    let counts_by_photo = class == Class::A || (class == Class::Special && rule.photo);
    counts_by_photo && attended && presented.photo_agrees.is_none()
}

/// Name and birthday, or name and address, agree with the register. An excused fact counts as agreeing, but an excused
/// name leans on both others, and an excused birthday or address on nothing that is excused itself.
fn facts_suffice(facts: &facts::FourFacts, excused: impl Fn(Fact) -> bool) -> bool {
    let agrees = |fact: Fact| facts.of(fact).agrees();
    if agrees(Fact::Name) {
        return agrees(Fact::Birthday) || agrees(Fact::Address);
    }
    excused(Fact::Name) && agrees(Fact::Birthday) && agrees(Fact::Address)
}

/// Facts that differ, and facts a counting document shows but nobody looked at, unless excused.
fn open_facts(party: Party, record: &DocumentRecord, exceptions: &[Exception]) -> Vec<Shortfall> {
    let document = record.document;
    let mut open = Vec::new();
    if record.not_counted == Some(NotCounted::PhotoDiffers) {
        open.push(Shortfall::PhotoDiffers { party, document });
    }
    for fact in Fact::ALL {
        if exceptions
            .iter()
            .any(|exception| exception.party == party && exception.fact == fact)
        {
            continue;
        }
        match record.facts.of(fact) {
            // A difference stands, whether or not the document counts: it may be someone else's.
            Comparison::Differs => open.push(Shortfall::FactDiffers { party, document, fact }),
            // Sex alone may stay open: the application does not ask it of agents, and registers leave it unknown.
            Comparison::CannotTell if fact != Fact::Sex && record.not_counted.is_none() => {
                open.push(Shortfall::FactOpen { party, document, fact });
            }
            _ => {}
        }
    }
    open
}

fn attendance_and_powers(visit: &Visit, applicant: &Applicant) -> Vec<Shortfall> {
    let (must_attend, must_show, must_have_letter) = match applicant {
        Applicant::Resident => (true, false, false),
        // 15歳未満・成年被後見人: the guardian and the person come together.
        Applicant::Guardian { .. } => (true, true, false),
        Applicant::Agent { .. } => (false, true, true),
    };
    let found = [
        (must_attend && !visit.resident_attends, Shortfall::ResidentNotHere),
        (must_show && !visit.evidence_seen, Shortfall::EvidenceNotSeen),
        (must_have_letter && !visit.letter_seen, Shortfall::LetterNotSeen),
    ];
    found
        .into_iter()
        .filter_map(|(holds, shortfall)| holds.then_some(shortfall))
        .collect()
}

fn exceptions_in_order(visit: &Visit, judged: &[(Party, DocumentRecord)]) -> Vec<Shortfall> {
    let mut wrong = Vec::new();
    for (at, exception) in visit.exceptions.iter().enumerate() {
        let (party, fact) = (exception.party, exception.fact);
        if exception.reason.trim().chars().count() < SHORTEST_REASON {
            wrong.push(Shortfall::ExceptionWithoutReason { party, fact });
        }
        if exception.second == visit.clerk {
            wrong.push(Shortfall::SecondClerkIsTheSame { party, fact });
        }
        let said_before = visit.exceptions[..at]
            .iter()
            .any(|earlier| earlier.party == party && earlier.fact == fact);
        let needed = judged.iter().any(|(whose, record)| {
            *whose == party && matches!(record.facts.of(fact), Comparison::Differs | Comparison::CannotTell)
        });
        if said_before || !needed {
            wrong.push(Shortfall::ExceptionNotNeeded { party, fact });
        }
    }
    wrong
}

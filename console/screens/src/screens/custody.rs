//! カードの所在: where every card of the case is and how it came there; what is put away, missed, destroyed or given back
//! to its holder.

pub mod keys;

use issuance::{
    acts::{ActRow, AuditAct as _, CardGivenBack, CardMoved, SecondPurpose},
    custody::{Custody, Evidence, PlaceKind},
    lifecycle::Lifecycle,
    staff::Role,
    standing::HolderCheck,
    whereabouts::{by_words, may_be_given_back},
};

use crate::{
    choice::ChoiceForm,
    common::{Common, Go},
    facts::{ReaderState, StaffShown},
    fault::Fault,
    frame::moment,
    input::Input,
    keymap::{Intent, KeyTable},
    listing::Listing,
    orders::{
        cases::CaseNow,
        custody::{CardMove, CardTrail, CardTrails, GiveBack, LoadCustody, MoveCard},
    },
    over,
    page::{Page, Pen, Span, span},
    screen::Screen,
    screens::shown::{case_title, who},
    theme::Meaning,
};

/// Cells of the labels.
const LABEL: usize = 10;

/// What can be done with a card where it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Act {
    To(PlaceKind),
    GiveBack,
}

impl Act {
    const ALL: [(Intent, Self); 4] = [
        (keys::PUT_AWAY, Self::To(PlaceKind::Drawer)),
        (keys::GIVE_BACK, Self::GiveBack),
        (keys::MISSED, Self::To(PlaceKind::Lost)),
        (keys::DESTROY, Self::To(PlaceKind::Destroyed)),
    ];

    const fn row(self) -> &'static ActRow {
        match self {
            Self::To(_) => CardMoved::ROW,
            Self::GiveBack => CardGivenBack::ROW,
        }
    }

    /// Whether it can be done with the card now.
    fn suits(self, card: &CardTrail) -> bool {
        match self {
            Self::GiveBack => card.is_bound && may_be_given_back(&card.place, card.lifecycle),
            Self::To(to) => by_words(&card.place, card.lifecycle, to).is_ok(),
        }
    }

    /// Whether a second clerk sees it too.
    fn takes_two(self, card: &CardTrail) -> bool {
        match self {
            Self::GiveBack => true,
            Self::To(to) => by_words(&card.place, card.lifecycle, to).is_ok_and(|way| way.two_people),
        }
    }

    /// What is asked, and what is said once it is done to a card whose life stands so: what comes next.
    const fn words(self, life: Lifecycle) -> (&'static str, &'static str) {
        match (self, life) {
            (Self::To(PlaceKind::Destroyed), _) => ("custody-destroy-about", "custody-destroyed"),
            (Self::To(PlaceKind::Lost), _) => ("custody-missed-about", "custody-missed"),
            (Self::To(_), Lifecycle::Suspended) => ("custody-put-away-about", "custody-put-away"),
            (Self::To(_), Lifecycle::Made) => ("custody-put-away-about", "custody-put-away-made"),
            (Self::To(_), _) => ("custody-put-away-about", "custody-put-away-over"),
            (Self::GiveBack, _) => ("custody-give-back-about", "custody-given-back"),
        }
    }
}
/// The cards of a case.
#[derive(Debug, Default)]
pub struct Whereabouts {
    cards: Listing<CardTrail>,
    form: Option<(Act, ChoiceForm<HolderCheck>)>,
    /// A second clerk agreed to what the form is about. A refusal uses nothing up: they need not come back for the wrong card
    /// in the reader.
    is_seconded: bool,
}

impl Whereabouts {
    fn load(common: &mut Common) {
        if let Some(case) = common.open.as_ref().map(|case| case.id) {
            common.load(LoadCustody(case), Self::loaded);
        }
    }

    fn loaded(&mut self, trails: Result<CardTrails, Fault>, common: &mut Common) {
        let cards = trails.map(|CardTrails(cards)| cards);
        self.cards.come(cards, common, |one, other| one.card == other.card);
    }

    fn meant(&self, intent: Intent) -> Option<Act> {
        let act = Act::ALL.iter().find(|(of, _)| *of == intent).map(|(_, act)| *act)?;
        act.suits(self.cards.chosen()?).then_some(act)
    }

    fn decide(&mut self, common: &mut Common) {
        let (Some((act, asked)), Some(card)) = (&self.form, self.cards.chosen()) else {
            return;
        };
        if let Some(words) = asked.lacking() {
            return common.tell(Meaning::NeedsYou, words);
        }
        if *act == Act::GiveBack && !matches!(common.resident_reader, ReaderState::Card(_)) {
            return common.tell(Meaning::NeedsYou, "custody-insert");
        }
        if act.takes_two(card) && !self.is_seconded {
            return common.go(Go::Over(Box::new(over::Second::to(SecondPurpose::Custody))));
        }
        self.commit(common);
    }

    fn commit(&self, common: &mut Common) {
        let (Some((act, asked)), Some(card), Some(case)) = (&self.form, self.cards.chosen(), common.case_at()) else {
            return;
        };
        let words = asked.note();
        match (*act, asked.chosen()) {
            (Act::To(to), _) => {
                let card = card.card;
                common.ask(MoveCard { case, card, to, words }, Self::done);
            }
            (Act::GiveBack, Some(check)) => {
                common.ask(GiveBack { case, check, words }, Self::done);
            }
            (Act::GiveBack, None) => {}
        }
    }

    fn done(&mut self, case: Result<CaseNow, Fault>, common: &mut Common) {
        common.next_step();
        match case {
            Ok(_) => {
                self.is_seconded = false;
                let life = self.cards.chosen().map(|card| card.lifecycle);
                if let (Some((act, _)), Some(life)) = (self.form.take(), life) {
                    let meaning = match act {
                        Act::To(PlaceKind::Lost) => Meaning::NeedsYou,
                        _ => Meaning::Done,
                    };
                    common.tell(meaning, act.words(life).1);
                }
            }
            Err(fault) => {
                self.is_seconded &= fault != Fault::AgreementGone;
                common.tell_fault(&fault);
            }
        }
        Self::load(common);
    }
}

impl Screen for Whereabouts {
    fn keys(&self) -> &'static KeyTable {
        match self.form {
            Some(_) => &keys::FORM,
            None => &keys::KEYS,
        }
    }

    fn field(&mut self) -> Option<&mut Input> {
        self.form.as_mut()?.1.field()
    }

    fn takes_text(&self) -> bool {
        self.form.as_ref().is_some_and(|(_, asked)| asked.takes_text())
    }

    fn typed(&mut self, _common: &mut Common) {
        if let Some((_, asked)) = &mut self.form {
            asked.typed();
        }
    }

    fn shown(&mut self, common: &mut Common) {
        Self::load(common);
    }

    fn can(&self, intent: Intent, _common: &Common) -> bool {
        match (&self.form, intent) {
            (Some((_, asked)), Intent::Up | Intent::Down | Intent::Digit(_)) => asked.has_choices(),
            (None, Intent::Up | Intent::Down) => self.cards.has_choice(),
            (Some(_), _) | (None, Intent::Back | Intent::Refresh) => true,
            (None, intent) => self.meant(intent).is_some(),
        }
    }

    fn lacks(&self, intent: Intent, common: &Common) -> Option<Role> {
        match &self.form {
            Some(_) => None,
            None => common.lacking(self.meant(intent)?.row().roles()),
        }
    }

    fn act(&mut self, intent: Intent, common: &mut Common) {
        let Some((_, asked)) = &mut self.form else {
            if self.cards.moves(intent) {
                return;
            }
            return match intent {
                Intent::Back => common.go(Go::Case),
                Intent::Refresh => Self::load(common),
                intent => {
                    if let Some(act) = self.meant(intent) {
                        common.next_step();
                        let choices = match act {
                            Act::GiveBack => HolderCheck::TO_RESUME
                                .map(|check| {
                                    let words = match check {
                                        HolderCheck::TwoDocuments => "check-two-documents",
                                        _ => "check-document",
                                    };
                                    (check, words)
                                })
                                .to_vec(),
                            Act::To(_) => Vec::new(),
                        };
                        self.form = Some((act, ChoiceForm::of(choices)));
                    }
                }
            };
        };
        if asked.moves(intent) {
            return;
        }
        match intent {
            Intent::Back => {
                common.next_step();
                self.form = None;
                self.is_seconded = false;
            }
            Intent::Confirm => self.decide(common),
            _ => {}
        }
    }

    fn approved(&mut self, purpose: SecondPurpose, _who: &StaffShown, common: &mut Common) {
        if purpose == SecondPurpose::Custody {
            self.is_seconded = true;
            self.commit(common);
        }
    }

    fn view(&self, common: &Common, pen: &Pen<'_>) -> Page {
        let case = common.open.as_deref();
        let mut page = Page::titled(case_title(pen, "title-custody", case));
        let Some(case) = case else { return page };
        who(&mut page, &case.resident, pen);
        page.gap();
        if let (Some((act, asked)), Some(card)) = (&self.form, self.cards.chosen()) {
            page.fact(pen, LABEL, &pen.say("custody-card"), &card.chip, Meaning::Plain);
            let here = place_words(&card.place, pen);
            page.fact(pen, LABEL, &pen.say("custody-now"), &here, Meaning::Plain);
            page.gap();
            page.paragraph(pen, 0, &pen.say(act.words(card.lifecycle).0), Meaning::Strong);
            page.gap();
            asked.view(&mut page, pen, "resume-how");
            let after = if act.takes_two(card) {
                "standing-recorded-by-two"
            } else {
                "standing-recorded-only"
            };
            page.paragraph(pen, 2, &pen.say(after), Meaning::Quiet);
            return page;
        }
        let empty = pen.say("custody-empty");
        let detail = |card: &CardTrail, below: &mut Page| trail(card, pen, below);
        let row = |card: &CardTrail| card_row(card, pen);
        self.cards
            .view_in_full(&mut page, pen, (&[25, 16], 6), &empty, row, detail);
        page
    }
}

fn card_row(card: &CardTrail, pen: &Pen<'_>) -> Vec<Span> {
    let (state, meaning) = match card.lifecycle {
        Lifecycle::Making => ("card-is-making", Meaning::Waiting),
        Lifecycle::Made => ("card-is-made", Meaning::Plain),
        Lifecycle::Active => ("standing-active", Meaning::Done),
        Lifecycle::Suspended => ("standing-is-suspended", Meaning::NeedsYou),
        Lifecycle::Revoked => ("standing-is-revoked", Meaning::Quiet),
        Lifecycle::Expired => ("card-is-expired", Meaning::Quiet),
        Lifecycle::Damaged => ("card-is-given-up", Meaning::Quiet),
    };
    let place = match card.place.kind() {
        PlaceKind::Lost => Meaning::Stop,
        PlaceKind::Destroyed => Meaning::Quiet,
        _ => Meaning::Strong,
    };
    vec![
        span(&card.chip, Meaning::Plain),
        span(pen.say(state), meaning),
        span(place_words(&card.place, pen), place),
    ]
}

/// How it came there, the newest last; what two saw, and on what evidence.
fn trail(card: &CardTrail, pen: &Pen<'_>, below: &mut Page) {
    // The newest matter most where not all of them fit.
    let room = (pen.height / 2).saturating_sub(1).max(4);
    let left_out = card.moves.len().saturating_sub(room);
    for line in &card.moves[left_out..] {
        below.paragraph(pen, 0, &move_words(line, pen), Meaning::Plain);
    }
}

fn move_words(line: &CardMove, pen: &Pen<'_>) -> String {
    let people: Vec<&str> = [&line.by, &line.second]
        .into_iter()
        .flatten()
        .map(String::as_str)
        .collect();
    let facts = [
        ("at", moment(pen, line.at).into()),
        ("to", place_words(&line.to, pen).into()),
        ("why", pen.say(evidence_word(line.evidence)).into()),
        ("who", people.join(&pen.say("list-comma")).into()),
    ];
    pen.say_with("custody-line", &facts)
}

/// A place in words.
pub fn place_words(place: &Custody, pen: &Pen<'_>) -> String {
    let key = match place.kind() {
        PlaceKind::Stock => "place-stock",
        PlaceKind::Reader => "place-reader",
        PlaceKind::Drawer => "place-drawer",
        PlaceKind::Shelf => "place-shelf",
        PlaceKind::Outgoing => "place-outgoing",
        PlaceKind::Post => "place-post",
        PlaceKind::Returned => "place-returned",
        PlaceKind::Holder => "place-holder",
        PlaceKind::Destroyed => "place-destroyed",
        PlaceKind::Lost => "place-lost",
    };
    let name = place.name().unwrap_or_default().to_owned();
    pen.say_with(key, &[("name", name.into())])
}

const fn evidence_word(evidence: Option<Evidence>) -> &'static str {
    match evidence {
        None => "evidence-carried-over",
        Some(Evidence::ChipRead) => "evidence-chip-read",
        Some(Evidence::MakingDone) => "evidence-making-done",
        Some(Evidence::PlaceScanned) => "evidence-place-scanned",
        Some(Evidence::Handover) => "evidence-handover",
        Some(Evidence::EnvelopeClosed) => "evidence-envelope-closed",
        Some(Evidence::Accepted) => "evidence-accepted",
        Some(Evidence::Carrier) => "evidence-carrier",
        Some(Evidence::EnvelopeScanned) => "evidence-envelope-scanned",
        Some(Evidence::HolderSays) => "evidence-holder-says",
        Some(Evidence::Words) => "evidence-words",
    }
}

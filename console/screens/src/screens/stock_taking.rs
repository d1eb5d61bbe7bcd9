//! 棚卸し: a place is counted by laying each card into the reader or typing each envelope's number; what is missing and what is
//! too much is named at every moment. What a count came to is confirmed by another person.

pub mod keys;

use issuance::{
    acts::{AuditAct as _, StockConfirmed, StockCounted},
    parcel::TrackingNumber,
    staff::Role,
};
use uuid::Uuid;

use crate::{
    common::{Common, Go, Told},
    facts::{Reader, ReaderState},
    fault::Fault,
    frame::moment,
    input::{Input, Takes},
    keymap::{Intent, KeyTable},
    listing::Listing,
    orders::stock::{
        BeginStockTaking, ConfirmCount, CountCard, CountEnvelope, CountState, Counted, CountedCard, CountedPlace,
        Finding, FinishCount, LoadStockTaking, LoadStockTakings, StockCount, StockTaking, StockTakings,
    },
    page::{Line, Page, Pen, Span, span},
    screen::Screen,
    screens::custody::place_words,
    theme::Meaning,
};

/// A count that is open on the screen.
#[derive(Debug)]
struct Count {
    of: StockTaking,
    cards: Listing<CountedCard>,
    number: Input,
    /// The card in the reader was counted.
    is_counted: bool,
    /// It was asked whether to end it although some were not seen.
    is_ending: bool,
}

impl Count {
    fn of(of: StockTaking) -> Self {
        Self {
            of,
            cards: Listing::default(),
            number: Input::new(Takes::Code, 16),
            is_counted: false,
            is_ending: false,
        }
    }
}

/// The counts, and the one that is open.
#[derive(Debug, Default)]
pub struct StockTakingScreen {
    takings: Listing<StockTaking>,
    count: Option<Count>,
}

impl StockTakingScreen {
    fn load(&self, common: &mut Common) {
        match &self.count {
            Some(count) => common.load(LoadStockTaking(count.of.id), Self::opened),
            None => common.load(LoadStockTakings, Self::loaded),
        };
    }

    fn loaded(&mut self, takings: Result<StockTakings, Fault>, common: &mut Common) {
        let takings = takings.map(|StockTakings(takings)| takings);
        self.takings.come(takings, common, |one, other| one.id == other.id);
    }

    fn opened(&mut self, count: Result<StockCount, Fault>, common: &mut Common) {
        match count {
            Ok(StockCount(of, cards)) => {
                let is_another = self.count.as_ref().is_none_or(|open| open.of.id != of.id);
                let moved_on = self.count.as_ref().is_some_and(|open| open.of.state != of.state);
                if is_another || moved_on {
                    common.next_step();
                    self.count = Some(Count::of(of.clone()));
                    // What lies in the reader already is the first that is counted.
                    self.count_card(common);
                }
                if let Some(count) = &mut self.count {
                    count.of = of;
                    // What was found needs nobody; what was not stays in sight.
                    let cards = cards.into_iter().filter(|card| card.found != Finding::There).collect();
                    count.cards.set(cards, |one, other| one.chip == other.chip);
                }
            }
            Err(fault) => common.tell_fault(&fault),
        }
    }

    fn finished(&mut self, count: Result<StockCount, Fault>, common: &mut Common) {
        if count.is_ok() {
            common.tell(Meaning::NeedsYou, "stock-counted");
        }
        self.opened(count, common);
    }

    fn confirmed(&mut self, count: Result<StockCount, Fault>, common: &mut Common) {
        if count.is_ok() {
            common.tell(Meaning::Done, "stock-confirmed");
        }
        self.opened(count, common);
    }

    fn count_card(&self, common: &mut Common) {
        if let (ReaderState::Card(_), Some(id)) = (common.resident_reader, self.open_count()) {
            common.ask(CountCard(id), Self::card_counted);
        }
    }

    fn card_counted(&mut self, counted: Result<Counted, Fault>, common: &mut Common) {
        if let Some(count) = &mut self.count {
            count.is_counted = counted.is_ok();
        }
        self.counted(counted, common);
    }

    fn counted(&mut self, counted: Result<Counted, Fault>, common: &mut Common) {
        match counted {
            Ok(counted) => {
                if let Some(count) = &mut self.count {
                    count.number.clear();
                    count.is_ending = false;
                }
                let (meaning, words) = match (counted.found, counted.again) {
                    (Finding::Unknown, _) => (Meaning::Stop, "stock-unknown"),
                    (Finding::Surplus, _) => (Meaning::NeedsYou, "stock-surplus"),
                    (_, true) => (Meaning::Quiet, "stock-again"),
                    (_, false) => (Meaning::Done, "stock-there"),
                };
                let number = counted.number.map_or_else(String::new, |number| number.to_string());
                common.tell_with(meaning, words, vec![("case", Told::Text(number))]);
                self.load(common);
            }
            Err(fault) => common.tell_fault(&fault),
        }
    }

    /// The count to which cards are added.
    fn open_count(&self) -> Option<Uuid> {
        let count = self.count.as_ref()?;
        (count.of.state == CountState::Open).then_some(count.of.id)
    }

    fn act_on_list(&mut self, intent: Intent, common: &mut Common) {
        if self.takings.moves(intent) {
            return;
        }
        match intent {
            Intent::Digit(digit) => {
                let place = match digit {
                    1 => CountedPlace::Shelf,
                    2 => CountedPlace::Drawer(common.setup.desk.clone()),
                    3 => CountedPlace::Outgoing,
                    _ => CountedPlace::Returned,
                };
                common.ask(BeginStockTaking(place), Self::opened);
            }
            Intent::Confirm => {
                if let Some(taking) = self.takings.chosen() {
                    common.ask(LoadStockTaking(taking.id), Self::opened);
                }
            }
            Intent::Refresh => self.load(common),
            Intent::Back => common.go(Go::Back),
            _ => {}
        }
    }

    fn count_envelope(count: &Count, common: &mut Common) {
        match TrackingNumber::parse(count.number.text()) {
            Ok(number) => {
                common.ask(CountEnvelope(count.of.id, number), Self::counted);
            }
            Err(_) => common.tell(Meaning::NeedsYou, "stock-not-a-number"),
        }
    }
}

impl Screen for StockTakingScreen {
    fn keys(&self) -> &'static KeyTable {
        match &self.count {
            None => &keys::LIST,
            Some(count) if count.of.state == CountState::Open => &keys::COUNT,
            Some(_) => &keys::RESULT,
        }
    }

    fn field(&mut self) -> Option<&mut Input> {
        self.open_count()?;
        self.count.as_mut().map(|count| &mut count.number)
    }

    fn takes_text(&self) -> bool {
        self.open_count().is_some()
    }

    fn shown(&mut self, common: &mut Common) {
        common.close_case();
        self.load(common);
    }

    fn reader(&mut self, reader: Reader, state: ReaderState, common: &mut Common) {
        if reader != Reader::Resident {
            return;
        }
        if let Some(count) = &mut self.count {
            count.is_counted = false;
        }
        // A card that anybody lays down while the clerk is away is not counted in their name.
        if common.is_front && matches!(state, ReaderState::Card(_)) {
            self.count_card(common);
        }
    }

    fn can(&self, intent: Intent, _common: &Common) -> bool {
        match (intent, &self.count) {
            (Intent::Confirm | Intent::Up | Intent::Down, None) => self.takings.chosen().is_some(),
            (Intent::Confirm, Some(count)) if count.of.state != CountState::Open => {
                count.cards.chosen().is_some_and(|card| card.case.is_some())
            }
            (keys::CONFIRM, Some(count)) => count.of.state == CountState::Counted && !count.of.is_own,
            _ => true,
        }
    }

    fn lacks(&self, intent: Intent, common: &Common) -> Option<Role> {
        match (intent, &self.count) {
            (Intent::Digit(_), None) | (Intent::Submit, _) => common.lacking(StockCounted::ROW.roles()),
            (keys::CONFIRM, _) => common.lacking(StockConfirmed::ROW.roles()),
            _ => None,
        }
    }

    fn act(&mut self, intent: Intent, common: &mut Common) {
        let Some(count) = &mut self.count else {
            return self.act_on_list(intent, common);
        };
        if count.cards.moves(intent) {
            return;
        }
        match (intent, count.of.state) {
            (Intent::Confirm, CountState::Open) => Self::count_envelope(count, common),
            (Intent::Confirm, _) => {
                if let Some((case, _)) = count.cards.chosen().and_then(|card| card.case) {
                    common.open_case(case);
                }
            }
            (Intent::Submit, CountState::Open) if count.of.missing > 0 && !count.is_ending => {
                count.is_ending = true;
                let missing = vec![("missing", Told::Text(count.of.missing.to_string()))];
                common.tell_with(Meaning::NeedsYou, "stock-not-all-seen", missing);
            }
            (Intent::Submit, CountState::Open) => {
                common.ask(FinishCount(count.of.id), Self::finished);
            }
            (keys::CONFIRM, CountState::Counted) => {
                common.ask(ConfirmCount(count.of.id), Self::confirmed);
            }
            (Intent::Refresh, _) => self.load(common),
            (Intent::Back, _) => {
                self.count = None;
                common.next_step();
                self.load(common);
            }
            _ => {}
        }
    }

    fn view(&self, common: &Common, pen: &Pen<'_>) -> Page {
        let mut page = Page::titled(pen.say("title-stock-taking"));
        match &self.count {
            Some(count) => view_count(count, common, pen, &mut page),
            None => self.view_list(pen, &mut page),
        }
        page
    }
}

impl StockTakingScreen {
    fn view_list(&self, pen: &Pen<'_>, page: &mut Page) {
        page.paragraph(pen, 0, &pen.say("stock-about"), Meaning::Plain);
        page.gap();
        page.line(Line::of(pen.say("stock-begin"), Meaning::Accent));
        page.gap();
        let empty = pen.say("stock-none");
        let height = pen.height.saturating_sub(page.body.len());
        let row = |taking: &StockTaking| {
            let (words, meaning) = state_words(taking, pen);
            vec![
                span(counted_place(&taking.place, pen), Meaning::Strong),
                span(moment(pen, taking.begun_at), Meaning::Quiet),
                span(&taking.by, Meaning::Plain),
                span(words, meaning),
            ]
        };
        self.takings.view(page, pen, (&[18, 15, 10], height), &empty, row);
    }
}

fn state_words(taking: &StockTaking, pen: &Pen<'_>) -> (String, Meaning) {
    let facts = [
        ("expected", taking.expected.to_string().into()),
        (
            "found",
            taking.expected.saturating_sub(taking.missing).to_string().into(),
        ),
        ("missing", taking.missing.to_string().into()),
        ("surplus", taking.surplus.to_string().into()),
    ];
    let differs = taking.missing + taking.surplus > 0;
    match (taking.state, differs) {
        (CountState::Open, _) => (pen.say_with("stock-is-open", &facts), Meaning::Waiting),
        (CountState::Counted, _) => (pen.say_with("stock-is-counted", &facts), Meaning::NeedsYou),
        (CountState::Confirmed, true) => (pen.say_with("stock-is-confirmed-differs", &facts), Meaning::Stop),
        (CountState::Confirmed, false) => (pen.say_with("stock-is-confirmed", &facts), Meaning::Done),
    }
}

fn view_count(count: &Count, common: &Common, pen: &Pen<'_>, page: &mut Page) {
    let (words, meaning) = state_words(&count.of, pen);
    let head = Line::of(counted_place(&count.of.place, pen), Meaning::Strong);
    page.line(head.and(format!("  {words}"), meaning));
    page.gap();
    match count.of.state {
        CountState::Open => {
            page.paragraph(pen, 0, &pen.say("stock-how"), Meaning::Plain);
            let reader = match common.resident_reader {
                ReaderState::Card(_) if count.is_counted => "stock-next-card",
                ReaderState::Card(_) => "stock-lay-again",
                _ => "stock-lay-card",
            };
            page.paragraph(pen, 2, &pen.say(reader), Meaning::Accent);
            page.input(pen, 12, &pen.say("parcel-number"), &count.number, 18, false);
        }
        CountState::Counted if count.of.is_own => {
            page.paragraph(pen, 0, &pen.say("stock-another-confirms"), Meaning::NeedsYou);
        }
        CountState::Counted => page.paragraph(pen, 0, &pen.say("stock-look-and-confirm"), Meaning::NeedsYou),
        CountState::Confirmed => {
            let by = count.of.confirmed_by.clone().unwrap_or_default();
            page.paragraph(
                pen,
                0,
                &pen.say_with("stock-confirmed-by", &[("name", by.into())]),
                Meaning::Quiet,
            );
        }
    }
    page.gap();
    let empty = pen.say("stock-all-there");
    let height = pen.height.saturating_sub(page.body.len());
    let row = |card: &CountedCard| card_spans(card, pen);
    count.cards.view(page, pen, (&[12, 11, 25], height), &empty, row);
}

fn card_spans(card: &CountedCard, pen: &Pen<'_>) -> Vec<Span> {
    let (word, meaning) = match card.found {
        Finding::Missing => ("finding-missing", Meaning::NeedsYou),
        Finding::Surplus => ("finding-surplus", Meaning::NeedsYou),
        Finding::Unknown => ("finding-unknown", Meaning::Stop),
        Finding::There => ("finding-there", Meaning::Done),
    };
    let number = card.case.map_or_else(String::new, |(_, number)| number.to_string());
    let place = card
        .place
        .as_ref()
        .map_or_else(String::new, |place| place_words(place, pen));
    vec![
        span(pen.say(word), meaning),
        span(number, Meaning::Strong),
        span(&card.chip, Meaning::Quiet),
        span(place, Meaning::Plain),
    ]
}

fn counted_place(place: &CountedPlace, pen: &Pen<'_>) -> String {
    match place {
        CountedPlace::Shelf => pen.say("stock-shelf"),
        CountedPlace::Drawer(desk) => pen.say_with("place-drawer", &[("name", desk.as_str().into())]),
        CountedPlace::Outgoing => pen.say("place-outgoing"),
        CountedPlace::Returned => pen.say("place-returned"),
    }
}

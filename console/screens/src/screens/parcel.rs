//! 郵送: the envelope of the open case. It is closed over its letter and chip, opened again, followed, taken back; the
//! page asks what belongs to where the card is.

pub mod keys;

use issuance::{
    acts::{AuditAct as _, CaseDeliveryChanged, ParcelClosed, ParcelFollowed},
    application::Delivery,
    case::{CaseState, PostPlace},
    era::WrittenDate,
    handover::{NoticeCode, by_hand},
    machine::Machine as _,
    parcel::{NotATrackingNumber, Parcel as Envelope, ParcelEvent, ParcelKind, ReturnReason, TrackingNumber},
    staff::Role,
};
use time::Date;

use crate::{
    choice::ChoiceForm,
    common::{Common, Go, Told},
    facts::{CaseView, ReaderState, Sights, StaffShown},
    fault::Fault,
    input::{Input, Takes},
    keymap::{Intent, KeyTable},
    orders::{
        cases::CaseNow,
        parcels::{ChangeDelivery, CloseEnvelope, FollowParcel, MissParcel, OpenEnvelope, TakeBack},
        staff::SecondPurpose,
    },
    over,
    page::{Line, Page, Pen},
    screen::Screen,
    screens::shown::{case_title, name, who},
    theme::Meaning,
};

/// Cells of the labels.
const LABEL: usize = 14;

/// What can be said of an envelope in the post.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum News {
    Carrier(ParcelEvent),
    Back(ReturnReason),
}

/// What the page asks, by where the card is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// To be collected: the way can be changed.
    Counter,
    /// To be sent; the card is not made yet, or the letter that goes with it not printed.
    Later,
    /// Kind, number, letter.
    Close,
    /// Closed and not posted: it can be opened again.
    Outgoing,
    /// What the carrier says.
    InPost,
    /// Back: it can be opened.
    Returned,
    /// Nothing to do here.
    Nothing,
}

/// The envelope of a case.
#[derive(Debug)]
pub struct Parcel {
    kind: Option<ParcelKind>,
    number: Input,
    notice: Input,
    /// 0 kind, 1 number, 2 letter.
    at: usize,
    second: Option<StaffShown>,
    news: ChoiceForm<News>,
    day: Input,
    /// For what a reason was asked.
    reason_for: Option<Intent>,
}

impl Parcel {
    /// Of this case.
    pub fn new(case: &CaseView) -> Self {
        Self {
            kind: None,
            number: Input::new(Takes::Code, 16),
            notice: Input::new(Takes::Code, 64),
            at: 0,
            second: None,
            news: ChoiceForm::without_note(news_of(case)),
            day: Input::new(Takes::Text, 16),
            reason_for: None,
        }
    }

    fn changed(&mut self, case: Result<CaseNow, Fault>, common: &mut Common) {
        common.next_step();
        match case {
            Ok(_) => {
                let case = common.open.clone();
                if let Some(case) = case {
                    *self = Self::new(&case);
                    common.tell(Meaning::Done, done_words(stage(&case)));
                }
            }
            Err(fault) => {
                self.second = None;
                common.tell_fault(&fault);
            }
        }
    }

    fn number_typed(&mut self, common: &mut Common) -> Option<TrackingNumber> {
        let wrong = match TrackingNumber::parse(self.number.text()) {
            Ok(number) => return Some(number),
            Err(wrong) => wrong,
        };
        self.at = 1;
        match wrong {
            NotATrackingNumber::Length { .. } => common.tell(Meaning::NeedsYou, "parcel-number-length"),
            NotATrackingNumber::CheckDigit { candidates } => {
                let near: Vec<String> = candidates
                    .iter()
                    .filter_map(|near| TrackingNumber::parse(near).ok())
                    .take(3)
                    .map(|near| near.to_string())
                    .collect();
                let near = vec![("near", Told::Text(near.join("  ")))];
                common.tell_with(Meaning::NeedsYou, "parcel-number-wrong", near);
            }
        }
        None
    }

    /// The letter's code, as a scanner would have read it.
    fn letter(&mut self, common: &mut Common) -> Option<String> {
        let text = self.notice.text().to_owned();
        if text.starts_with(crate::scan::PREFIX) {
            return Some(text);
        }
        match (by_hand::read(&text), common.open.as_ref()) {
            (Ok(token), Some(case)) => {
                let case = case.number;
                Some(NoticeCode { case, token }.to_string())
            }
            _ => {
                self.at = 2;
                common.tell(Meaning::NeedsYou, "parcel-scan-letter");
                None
            }
        }
    }

    fn close(&mut self, common: &mut Common) {
        let Some(kind) = self.kind else {
            self.at = 0;
            return common.tell(Meaning::NeedsYou, "parcel-choose-kind");
        };
        let Some(number) = self.number_typed(common) else {
            return;
        };
        let Some(notice) = self.letter(common) else { return };
        if !matches!(common.resident_reader, ReaderState::Card(_)) {
            return common.tell(Meaning::NeedsYou, "handover-insert");
        }
        if common.setup.sights == Sights::TwoClerks && self.second.is_none() {
            return common.go(Go::Over(Box::new(over::Second::to(SecondPurpose::Envelope))));
        }
        if let Some(case) = common.case_at() {
            let order = CloseEnvelope {
                case,
                kind,
                number,
                notice,
            };
            common.ask(order, Self::changed);
        }
    }

    fn on(&self, common: &Common) -> Option<Date> {
        let today = common.now.to_offset(relay_core::clock::JST).date();
        match self.day.text().trim() {
            "" => Some(today),
            text => WrittenDate::read(text).ok()?.date().filter(|day| *day <= today),
        }
    }

    fn tell_news(&mut self, common: &mut Common) {
        let Some(news) = self.news.chosen() else {
            return common.tell(Meaning::NeedsYou, "standing-choose-first");
        };
        let Some(on) = self.on(common) else {
            return common.tell(Meaning::NeedsYou, "parcel-day-wrong");
        };
        let parcel = common.open.as_ref().and_then(|case| Some(case.parcel.as_ref()?.id));
        let (Some(case), Some(parcel)) = (common.case_at(), parcel) else {
            return;
        };
        match news {
            News::Carrier(event) => common.ask(
                FollowParcel {
                    case,
                    parcel,
                    event,
                    on,
                },
                Self::changed,
            ),
            News::Back(reason) => common.ask(TakeBack { case, parcel, reason }, Self::changed),
        };
    }

    fn moves(&mut self, intent: Intent, stage: Stage, common: &Common) -> bool {
        match (stage, intent) {
            (Stage::InPost, Intent::Up | Intent::Down) => self.news.moves(intent),
            (Stage::Close, Intent::Up) => {
                self.at = self.at.saturating_sub(1);
                true
            }
            (Stage::Close, Intent::Down) => {
                self.at = (self.at + 1).min(2);
                true
            }
            (Stage::Close, Intent::Digit(digit)) => {
                let kind = ParcelKind::ALL.get(usize::from(digit).saturating_sub(1)).copied();
                let open = common
                    .open
                    .as_deref()
                    .map(|case| case.post_kinds.clone())
                    .unwrap_or_default();
                if let Some(kind) = kind.filter(|kind| open.contains(kind)) {
                    self.kind = Some(kind);
                    self.at = 1;
                }
                true
            }
            _ => false,
        }
    }

    fn view_close(&self, case: &CaseView, common: &Common, pen: &Pen<'_>, page: &mut Page) {
        page.paragraph(pen, 0, &pen.say("parcel-close-about"), Meaning::Plain);
        page.gap();
        page.line(Line::of(pen.say("parcel-kind"), Meaning::Accent));
        let open = &case.post_kinds;
        for (at, kind) in ParcelKind::ALL.into_iter().enumerate() {
            let taken = self.kind == Some(kind);
            let symbol = pen.glyphs.chosen[usize::from(!taken)];
            let meaning = match (open.contains(&kind), taken) {
                (false, _) => Meaning::Quiet,
                (true, true) => Meaning::Strong,
                (true, false) => Meaning::Plain,
            };
            let here = self.at == 0 && (taken || self.kind.is_none() && at == 0);
            let line = Line::of(if here { pen.glyphs.here } else { "  " }, Meaning::Accent)
                .and(format!("{} ", at + 1), Meaning::Accent)
                .and(format!("{symbol} "), meaning)
                .and(pen.say(kind_word(kind)), meaning);
            page.line(line);
        }
        page.gap();
        page.input(pen, LABEL, &pen.say("parcel-number"), &self.number, 18, self.at == 1);
        page.input(
            pen,
            LABEL,
            &pen.say("parcel-letter"),
            &self.notice,
            pen.width,
            self.at == 2,
        );
        let chip = match common.resident_reader {
            ReaderState::Card(_) => ("parcel-chip-here", Meaning::Plain),
            _ => ("handover-insert", Meaning::NeedsYou),
        };
        page.fact(pen, LABEL, &pen.say("parcel-chip"), &pen.say(chip.0), chip.1);
        if let Some(second) = &self.second {
            let facts = [("name", second.name.as_str().into())];
            page.paragraph(pen, 0, &pen.say_with("making-second", &facts), Meaning::Quiet);
        }
        page.gap();
        page.paragraph(pen, 0, &pen.say("parcel-mod-7"), Meaning::Quiet);
    }
}

impl Screen for Parcel {
    fn keys(&self) -> &'static KeyTable {
        &keys::KEYS
    }

    fn field(&mut self) -> Option<&mut Input> {
        match self.at {
            1 => Some(&mut self.number),
            2 => Some(&mut self.notice),
            _ => Some(&mut self.day),
        }
    }

    fn takes_text(&self) -> bool {
        // The day of what the carrier says is typed beside the choice; a kind is chosen by its digit.
        self.at > 0 || self.news.has_choices()
    }

    fn can(&self, intent: Intent, common: &Common) -> bool {
        let Some(case) = common.open.as_deref() else {
            return intent == Intent::Back;
        };
        match (intent, stage(case)) {
            (keys::CHANGE_DELIVERY, stage) => matches!(stage, Stage::Close | Stage::Counter | Stage::Later),
            (keys::MISS_PARCEL, stage) => matches!(stage, Stage::Outgoing | Stage::InPost | Stage::Returned),
            (Intent::Digit(_), stage) => stage == Stage::Close && self.at == 0,
            (Intent::Up | Intent::Down, stage) => matches!(stage, Stage::Close | Stage::InPost),
            (Intent::Confirm, stage) => !matches!(stage, Stage::Nothing | Stage::Later),
            _ => true,
        }
    }

    fn lacks(&self, intent: Intent, common: &Common) -> Option<Role> {
        let stage = stage(common.open.as_deref()?);
        match (intent, stage) {
            (keys::CHANGE_DELIVERY, _) | (Intent::Confirm, Stage::Counter) => {
                common.lacking(CaseDeliveryChanged::ROW.roles())
            }
            (Intent::Confirm, Stage::Close) => common.lacking(ParcelClosed::ROW.roles()),
            (keys::MISS_PARCEL, _) | (Intent::Confirm, _) => common.lacking(ParcelFollowed::ROW.roles()),
            _ => None,
        }
    }

    fn scanned(&mut self, payload: &str, common: &mut Common) -> bool {
        if common.open.as_deref().map(stage) != Some(Stage::Close) {
            return false;
        }
        self.notice.set(payload);
        self.at = 2;
        common.message = None;
        true
    }

    fn reader(&mut self, _reader: crate::facts::Reader, _state: ReaderState, _common: &mut Common) {
        // Another card may lie there now: who agreed to the one before agrees anew.
        self.second = None;
    }

    fn act(&mut self, intent: Intent, common: &mut Common) {
        let Some(stage) = common.open.as_deref().map(stage) else {
            return common.go(Go::Home);
        };
        if self.moves(intent, stage, common) {
            return;
        }
        let about = match (intent, stage) {
            (Intent::Back, _) => return common.go(Go::Case),
            (keys::CHANGE_DELIVERY, Stage::Close | Stage::Later) => "parcel-to-counter-about",
            (Intent::Confirm | keys::CHANGE_DELIVERY, Stage::Counter) => "parcel-to-post-about",
            (Intent::Confirm, Stage::Outgoing) => "parcel-withdraw-about",
            (Intent::Confirm, Stage::Returned) => "parcel-open-about",
            (Intent::Confirm, Stage::Close) if self.at < 2 => {
                let ready = match self.at {
                    0 => self.kind.is_some(),
                    _ => self.number_typed(common).is_some(),
                };
                match (ready, self.at) {
                    (true, _) => self.at += 1,
                    (false, 0) => common.tell(Meaning::NeedsYou, "parcel-choose-kind"),
                    (false, _) => {}
                }
                return;
            }
            (Intent::Confirm, Stage::Close) => return self.close(common),
            (Intent::Confirm, Stage::InPost) => return self.tell_news(common),
            (keys::MISS_PARCEL, _) => {
                return common.go(Go::Over(Box::new(over::Second::to(SecondPurpose::Custody))));
            }
            _ => return,
        };
        self.reason_for = Some(intent);
        common.go(Go::Over(Box::new(over::Reason::about(about))));
    }

    fn reasoned(&mut self, reason: &str, common: &mut Common) {
        let (Some(case), Some(stage)) = (common.case_at(), common.open.as_deref().map(stage)) else {
            return;
        };
        let words = reason.to_owned();
        let to = match stage {
            Stage::Close | Stage::Later => Delivery::Counter,
            Stage::Counter => Delivery::RestrictedPost,
            _ => {
                common.ask(OpenEnvelope { case, words }, Self::changed);
                return;
            }
        };
        common.ask(ChangeDelivery { case, to, words }, Self::changed);
    }

    fn approved(&mut self, purpose: SecondPurpose, who: &StaffShown, common: &mut Common) {
        match purpose {
            SecondPurpose::Envelope => {
                self.second = Some(who.clone());
                self.close(common);
            }
            SecondPurpose::Custody => {
                if let Some(case) = common.case_at() {
                    common.ask(MissParcel { case }, Self::changed);
                }
            }
            _ => {}
        }
    }

    fn view(&self, common: &Common, pen: &Pen<'_>) -> Page {
        let case = common.open.as_deref();
        let mut page = Page::titled(case_title(pen, "title-parcel", case));
        let Some(case) = case else { return page };
        match stage(case) {
            // Every answer fits on a small terminal.
            Stage::InPost => name(&mut page, &case.resident, pen),
            _ => {
                who(&mut page, &case.resident, pen);
                page.gap();
            }
        }
        if let Some(parcel) = &case.parcel {
            facts(parcel, common, pen, &mut page);
            page.gap();
        }
        match stage(case) {
            Stage::Close => self.view_close(case, common, pen, &mut page),
            Stage::InPost => {
                self.news.view(&mut page, pen, "parcel-news");
                page.input(pen, LABEL, &pen.say("parcel-day"), &self.day, 18, true);
            }
            Stage::Counter => page.paragraph(pen, 0, &pen.say("parcel-counter"), Meaning::Plain),
            Stage::Later => page.paragraph(pen, 0, &pen.say(later_words(case)), Meaning::Plain),
            Stage::Outgoing => page.paragraph(pen, 0, &pen.say("parcel-outgoing"), Meaning::Plain),
            Stage::Returned => page.paragraph(pen, 0, &pen.say("parcel-returned"), Meaning::NeedsYou),
            Stage::Nothing => page.paragraph(pen, 0, &pen.say("parcel-nothing"), Meaning::Quiet),
        }
        page
    }
}

/// What the page asks of a case.
fn stage(case: &CaseView) -> Stage {
    match &case.state {
        CaseState::ByPost { at, .. } => match at {
            PostPlace::Outgoing => Stage::Outgoing,
            PostPlace::InPost => Stage::InPost,
            PostPlace::Returned => Stage::Returned,
        },
        state if state.is_closed() => Stage::Nothing,
        _ if !case.goes_by_post() => Stage::Counter,
        CaseState::Made { .. } | CaseState::Shelved { .. } if case.notice_printed.is_some() => Stage::Close,
        _ => Stage::Later,
    }
}

/// What can be said of a case's envelope now.
fn news_of(case: &CaseView) -> Vec<(News, &'static str)> {
    let Some(parcel) = case.parcel.as_ref().filter(|parcel| parcel.state.is_on_its_way()) else {
        return Vec::new();
    };
    let next = parcel.state.allows();
    let carrier = ParcelEvent::BY_CARRIER.into_iter().filter(|event| next.contains(event));
    let mut news: Vec<_> = carrier.map(|event| (News::Carrier(event), event_word(event))).collect();
    news.extend(ReturnReason::ALL.map(|reason| (News::Back(reason), reason_word(reason))));
    news
}

/// What is recorded of an envelope.
fn facts(parcel: &Envelope, common: &Common, pen: &Pen<'_>, page: &mut Page) {
    let number = format!("{}  {}", parcel.number, pen.say(kind_word(parcel.kind)));
    page.fact(pen, LABEL, &pen.say("parcel-number"), &number, Meaning::Plain);
    let mut stands = pen.say(state_word(parcel.state));
    if let Some(day) = parcel.accepted_on {
        let posted = pen.say_with("parcel-accepted-on", &[("day", pen.day(day).into())]);
        stands = format!("{stands}  {posted}");
    }
    page.fact(pen, LABEL, &pen.say("case-state"), &stands, Meaning::Strong);
    if let Some(until) = parcel.kept_until(&common.setup.calendar) {
        page.fact(
            pen,
            LABEL,
            &pen.say("parcel-kept-until"),
            &pen.day(until.day),
            Meaning::NeedsYou,
        );
    }
    if let Some(reason) = parcel.reason {
        page.fact(
            pen,
            LABEL,
            &pen.say("parcel-reason"),
            &pen.say(reason_word(reason)),
            Meaning::Plain,
        );
    }
}

/// What comes before the envelope.
const fn later_words(case: &CaseView) -> &'static str {
    match case.state {
        CaseState::Made { .. } | CaseState::Shelved { .. } => "parcel-letter-first",
        _ => "parcel-later",
    }
}

/// What is said once it is done, by where the card is then.
const fn done_words(stage: Stage) -> &'static str {
    match stage {
        Stage::Counter => "parcel-done-counter",
        Stage::Close => "parcel-done-close",
        Stage::Later => "parcel-done-later",
        Stage::Outgoing => "parcel-done-outgoing",
        Stage::InPost => "parcel-done-followed",
        Stage::Returned => "parcel-done-returned",
        Stage::Nothing => "parcel-done",
    }
}

/// The words for a kind.
pub const fn kind_word(kind: ParcelKind) -> &'static str {
    match kind {
        ParcelKind::Basic => "parcel-kind-basic",
        ParcelKind::Special => "parcel-kind-special",
        ParcelKind::Specified => "parcel-kind-specified",
    }
}

/// The words for how an envelope stands.
pub const fn state_word(state: issuance::parcel::ParcelState) -> &'static str {
    use issuance::parcel::ParcelState as State;
    match state {
        State::Prepared => "parcel-state-prepared",
        State::Posted => "parcel-state-posted",
        State::UnderWay => "parcel-state-under-way",
        State::Arrived => "parcel-state-arrived",
        State::Notified => "parcel-state-notified",
        State::Claimed => "parcel-state-claimed",
        State::StorageOver => "parcel-state-storage-over",
        State::ComingBack => "parcel-state-coming-back",
        State::Returned => "parcel-state-returned",
        State::Delivered => "parcel-state-delivered",
        State::Missing => "parcel-state-missing",
        State::Withdrawn => "parcel-state-withdrawn",
        State::Opened => "parcel-state-opened",
    }
}

/// The words for what the carrier says: those for how the envelope stands after it.
const fn event_word(event: ParcelEvent) -> &'static str {
    match event {
        ParcelEvent::Accepted => "parcel-state-posted",
        ParcelEvent::MovedOn => "parcel-state-under-way",
        ParcelEvent::Arrived => "parcel-state-arrived",
        ParcelEvent::Notified => "parcel-state-notified",
        ParcelEvent::Claimed => "parcel-state-claimed",
        ParcelEvent::Delivered => "parcel-state-delivered",
        ParcelEvent::StorageOver => "parcel-state-storage-over",
        ParcelEvent::SentBack => "parcel-state-coming-back",
        ParcelEvent::CameBack => "parcel-state-returned",
        ParcelEvent::Missed => "parcel-state-missing",
        ParcelEvent::Withdrawn => "parcel-state-withdrawn",
        ParcelEvent::Opened => "parcel-state-opened",
    }
}

/// The words for why an envelope came back.
pub const fn reason_word(reason: ReturnReason) -> &'static str {
    match reason {
        ReturnReason::StorageOver => "return-storage-over",
        ReturnReason::Unknown => "return-unknown",
        ReturnReason::Moved => "return-moved",
        ReturnReason::Refused => "return-refused",
        ReturnReason::Died => "return-died",
        ReturnReason::Other => "return-other",
    }
}

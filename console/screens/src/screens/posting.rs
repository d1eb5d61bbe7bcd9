//! 郵送の一覧: every card by post, what is due, the envelopes handed to the post office, the carrier's file.

pub mod keys;

use std::path::PathBuf;

use issuance::{
    acts::{AuditAct as _, ParcelFollowed, ParcelPosted},
    parcel::{ParcelId, ParcelState},
    staff::Role,
};
use time::Date;

use crate::{
    common::{Common, Go, Told},
    facts::Language,
    fault::Fault,
    input::{Input, Takes},
    keymap::{Intent, KeyTable},
    listing::{Listing, Stays},
    orders::parcels::{
        ByPost, FileRead, FileTold, FollowFile, LoadPosting, OddLine, OddWhy, PostParcels, Posted, Posting,
    },
    page::{Line, Page, Pen, Span, span},
    screen::Screen,
    screens::parcel::state_word,
    theme::Meaning,
};

/// What is asked for beside the list.
#[derive(Debug, Default)]
enum Form {
    #[default]
    None,
    /// How many envelopes the post office counted.
    Count(Input),
    /// Where the carrier's file lies, and what it says once it was looked at.
    File(Input, Option<FileTold>),
}

/// The board of cards by post.
#[derive(Debug, Default)]
pub struct Board {
    rows: Listing<ByPost>,
    form: Form,
}

impl Board {
    fn load(common: &mut Common) {
        common.load(LoadPosting, Self::loaded);
    }

    fn loaded(&mut self, rows: Result<Posting, Fault>, common: &mut Common) {
        match rows {
            Ok(Posting(mut rows)) => {
                rows.sort_by_key(|row| order(row.parcel.as_ref().map(|parcel| parcel.state)));
                if self.rows.set(rows, |one, other| one.case == other.case) == Stays::Elsewhere {
                    common.next_step();
                }
            }
            Err(fault) => {
                self.rows.fail();
                common.tell_fault(&fault);
            }
        }
    }

    /// The envelopes in the outgoing box whose addressees are there.
    fn outgoing(&self) -> Vec<ParcelId> {
        let rows = self.rows.rows().iter().filter(|row| !row.is_gone);
        rows.filter_map(|row| row.parcel.as_ref())
            .filter(|parcel| parcel.state == ParcelState::Prepared)
            .map(|parcel| parcel.id)
            .collect()
    }

    fn posted(&mut self, posted: Result<Posted, Fault>, common: &mut Common) {
        common.next_step();
        match posted {
            Ok(Posted(count)) => {
                self.form = Form::None;
                let count = vec![("count", Told::Text(count.to_string()))];
                common.tell_with(Meaning::Done, "posting-posted", count);
                Self::load(common);
            }
            Err(fault) => common.tell_fault(&fault),
        }
    }

    fn file_read(&mut self, read: Result<FileRead, Fault>, common: &mut Common) {
        common.next_step();
        match (read, &mut self.form) {
            (Ok(FileRead::Unreadable), _) => common.tell(Meaning::NeedsYou, "posting-file-unreadable"),
            (Ok(FileRead::Told(told)), Form::File(_, shown)) => {
                let (meaning, words) = match (told.is_kept, told.odd.is_empty()) {
                    _ if told.taken == 0 => (Meaning::NeedsYou, "posting-file-nothing"),
                    (false, _) => (Meaning::NeedsYou, "posting-file-looked-at"),
                    (true, true) => (Meaning::Done, "posting-file-kept"),
                    (true, false) => (Meaning::NeedsYou, "posting-file-kept-but"),
                };
                common.tell(meaning, words);
                *shown = Some(told);
                Self::load(common);
            }
            (Err(fault), _) => common.tell_fault(&fault),
            (Ok(_), _) => {}
        }
    }

    fn confirm(&mut self, common: &mut Common) {
        let outgoing = self.outgoing();
        match &self.form {
            Form::None => {
                if let Some(row) = self.rows.chosen() {
                    common.open_case(row.case);
                }
            }
            Form::Count(count) => match count.text().parse() {
                Ok(counted) => {
                    let parcels = outgoing;
                    common.ask(PostParcels { parcels, counted }, Self::posted);
                }
                Err(_) => common.tell(Meaning::NeedsYou, "posting-count-first"),
            },
            Form::File(path, _) if path.text().trim().is_empty() => {
                common.tell(Meaning::NeedsYou, "posting-file-first")
            }
            Form::File(_, Some(told)) if told.is_kept || told.taken == 0 => {
                self.form = Form::None;
                common.next_step();
            }
            Form::File(path, told) => {
                let path = PathBuf::from(path.text().trim());
                let dry_run = told.is_none();
                common.ask(FollowFile { path, dry_run }, Self::file_read);
            }
        }
    }
}

/// What waits for somebody here comes first.
const fn order(state: Option<ParcelState>) -> u8 {
    match state {
        Some(ParcelState::Returned) => 0,
        None => 1,
        Some(ParcelState::Prepared) => 2,
        Some(ParcelState::StorageOver) => 3,
        Some(_) => 4,
    }
}

impl Screen for Board {
    fn keys(&self) -> &'static KeyTable {
        match self.form {
            Form::None => &keys::KEYS,
            _ => &keys::FORM,
        }
    }

    fn field(&mut self) -> Option<&mut Input> {
        match &mut self.form {
            Form::None => None,
            Form::Count(count) => Some(count),
            Form::File(path, _) => Some(path),
        }
    }

    fn takes_text(&self) -> bool {
        !matches!(self.form, Form::None)
    }

    fn typed(&mut self, _common: &mut Common) {
        // Another file is looked at before anything of it is kept.
        if let Form::File(_, told) = &mut self.form {
            *told = None;
        }
    }

    fn shown(&mut self, common: &mut Common) {
        common.close_case();
        Self::load(common);
    }

    fn queues_changed(&mut self, common: &mut Common) {
        Self::load(common);
    }

    fn can(&self, intent: Intent, _common: &Common) -> bool {
        match (intent, &self.form) {
            (Intent::Confirm, Form::None) => self.rows.chosen().is_some(),
            (keys::HAND_TO_POST, _) => !self.outgoing().is_empty(),
            _ => true,
        }
    }

    fn lacks(&self, intent: Intent, common: &Common) -> Option<Role> {
        match intent {
            keys::HAND_TO_POST => common.lacking(ParcelPosted::ROW.roles()),
            keys::CARRIER_FILE => common.lacking(ParcelFollowed::ROW.roles()),
            _ => None,
        }
    }

    fn act(&mut self, intent: Intent, common: &mut Common) {
        if matches!(self.form, Form::None) && self.rows.moves(intent) {
            return;
        }
        match (intent, &self.form) {
            (Intent::Confirm, _) => self.confirm(common),
            (keys::HAND_TO_POST, _) => self.form = Form::Count(Input::new(Takes::Digits, 4)),
            (keys::CARRIER_FILE, _) => self.form = Form::File(Input::new(Takes::Text, 200), None),
            (Intent::Refresh, _) => Self::load(common),
            (Intent::Back, Form::None) => common.go(Go::Back),
            (Intent::Back, _) => {
                self.form = Form::None;
                common.next_step();
            }
            _ => {}
        }
    }

    fn view(&self, common: &Common, pen: &Pen<'_>) -> Page {
        let mut page = Page::titled(pen.say("title-posting"));
        match &self.form {
            Form::None => {}
            Form::Count(count) => {
                let listed = self.outgoing().len().to_string();
                let words = pen.say_with("posting-count-about", &[("listed", listed.into())]);
                page.paragraph(pen, 0, &words, Meaning::Plain);
                page.gap();
                page.input(pen, 16, &pen.say("posting-count"), count, 8, true);
                return page;
            }
            Form::File(path, told) => {
                page.paragraph(pen, 0, &pen.say("posting-file-about"), Meaning::Plain);
                page.gap();
                page.input(pen, 10, &pen.say("posting-file"), path, pen.width, true);
                if let Some(told) = told {
                    view_told(told, pen, &mut page);
                }
                return page;
            }
        }
        let today = common.now.to_offset(relay_core::clock::JST).date();
        let empty = pen.say("posting-empty");
        let height = pen.height.saturating_sub(page.body.len());
        let row = |row: &ByPost| row_spans(row, today, common, pen);
        self.rows.view(&mut page, pen, (&[11, 16, 15], height), &empty, row);
        page
    }
}

fn row_spans(row: &ByPost, today: Date, common: &Common, pen: &Pen<'_>) -> Vec<Span> {
    let (number, (words, meaning)) = match &row.parcel {
        None => (String::new(), (pen.say("posting-to-close"), Meaning::NeedsYou)),
        Some(parcel) => {
            let due = parcel.kept_until(&common.setup.calendar).map(|last| last.day);
            let words = match due {
                Some(day) => {
                    let facts = [("day", short_day(pen, day).into())];
                    let late = if day < today { Meaning::Stop } else { Meaning::Waiting };
                    (pen.say_with("posting-kept", &facts), late)
                }
                None => {
                    let meaning = match parcel.state {
                        ParcelState::Returned | ParcelState::Prepared | ParcelState::StorageOver => Meaning::NeedsYou,
                        ParcelState::Missing => Meaning::Stop,
                        _ => Meaning::Waiting,
                    };
                    (pen.say(state_word(parcel.state)), meaning)
                }
            };
            (parcel.number.to_string(), words)
        }
    };
    let (words, meaning) = match row.is_gone {
        true => (pen.say("posting-gone"), Meaning::Stop),
        false => (words, meaning),
    };
    vec![
        span(row.number.to_string(), Meaning::Plain),
        span(row.name.clone(), Meaning::Strong),
        span(number, Meaning::Quiet),
        span(words, meaning),
    ]
}

/// A day in few cells.
fn short_day(pen: &Pen<'_>, day: Date) -> String {
    match pen.language {
        Language::Japanese => issuance::era::wareki_short(day),
        Language::English => pen.day(day),
    }
}

fn view_told(told: &FileTold, pen: &Pen<'_>, page: &mut Page) {
    page.gap();
    let facts = [
        ("taken", told.taken.to_string().into()),
        ("known", told.known.to_string().into()),
        ("odd", told.odd.len().to_string().into()),
    ];
    page.line(Line::of(pen.say_with("posting-file-counts", &facts), Meaning::Strong));
    for odd in &told.odd {
        page.paragraph(pen, 2, &odd_words(odd, pen), Meaning::NeedsYou);
    }
}

fn odd_words(odd: &OddLine, pen: &Pen<'_>) -> String {
    let why = match &odd.why {
        OddWhy::NotANumber => pen.say("odd-not-a-number"),
        OddWhy::NotAStatus(status) => pen.say_with("odd-not-a-status", &[("status", status.as_str().into())]),
        OddWhy::NotADay => pen.say("odd-not-a-day"),
        OddWhy::NoColumns(headings) => pen.say_with("odd-no-columns", &[("headings", headings.as_str().into())]),
        OddWhy::CutShort => pen.say("odd-cut-short"),
        OddWhy::NoSuchNumber => pen.say("odd-no-such-number"),
        OddWhy::NotNow(state) => pen.say_with("odd-not-now", &[("state", pen.say(state_word(*state)).into())]),
        OddWhy::DayImpossible => pen.say("odd-day-impossible"),
    };
    let facts = [
        ("line", odd.line.to_string().into()),
        (
            "case",
            odd.case.map_or_else(String::new, |case| case.to_string()).into(),
        ),
        ("why", why.into()),
    ];
    pen.say_with("posting-odd-line", &facts)
}

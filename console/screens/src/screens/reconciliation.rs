//! 突合: 申込 = 交付 + 取消 + 返戻 + 保管 + 輸送中. Each sum opens to its applications, each application to its case.

pub mod keys;

use issuance::era;

use crate::{
    common::{Common, Go},
    facts::Language,
    fault::Fault,
    frame::moment,
    keymap::{Intent, KeyTable},
    listing::Listing,
    orders::reconciliation::{Account, Accounted, AccountedCase, By, LoadAccounted, LoadReconciled, Reconciled, Sums},
    page::{Line, Page, Pen, Span, span},
    screen::Screen,
    screens::custody::place_words,
    theme::Meaning,
};

/// Cells of a part's name, and of a sum.
const PART: usize = 11;
const SUM: usize = 7;

/// A part with its sums; the first is all of them.
type Row = (Option<String>, Sums);

/// The applications behind a sum.
#[derive(Debug)]
struct Opened {
    of: Row,
    account: Account,
    cases: Listing<AccountedCase>,
}

/// The sums.
#[derive(Debug, Default)]
pub struct Reconciliation {
    by: By,
    rows: Listing<Row>,
    unaccounted: u64,
    /// Which sum of the chosen row.
    at: usize,
    opened: Option<Opened>,
}

impl Reconciliation {
    fn load(&self, common: &mut Common) {
        common.load(LoadReconciled(self.by), Self::counted);
    }

    fn counted(&mut self, counted: Result<Reconciled, Fault>, common: &mut Common) {
        let rows = match counted {
            Ok(counted) if counted.by != self.by => return,
            Ok(counted) => {
                self.unaccounted = counted.unaccounted;
                let mut parts = counted.parts;
                if self.by == By::Day {
                    // The newest day first.
                    parts.sort_by(|one, other| other.0.cmp(&one.0));
                }
                let parts = parts.into_iter().map(|(part, sums)| (Some(part), sums));
                Ok(std::iter::once((None, counted.total)).chain(parts).collect())
            }
            Err(fault) => Err(fault),
        };
        self.rows.come(rows, common, |one: &Row, other| one.0 == other.0);
    }

    fn cases_found(&mut self, found: Result<Accounted, Fault>, common: &mut Common) {
        if let Some(opened) = &mut self.opened {
            let cases = found.map(|Accounted(cases)| cases);
            opened.cases.come(cases, common, |one, other| one.case == other.case);
        }
    }

    fn open(&mut self, common: &mut Common) {
        let Some(of) = self.rows.chosen().cloned() else { return };
        let account = Account::ALL[self.at];
        let order = LoadAccounted {
            by: self.by,
            part: of.0.clone(),
            account,
        };
        common.load(order, Self::cases_found);
        self.opened = Some(Opened {
            of,
            account,
            cases: Listing::default(),
        });
        common.next_step();
    }

    fn view_sums(&self, pen: &Pen<'_>, page: &mut Page) {
        let by = match self.by {
            By::All => "reconciliation-all",
            By::Day => "reconciliation-day",
            By::Channel => "reconciliation-channel",
            By::Desk => "reconciliation-desk",
        };
        page.paragraph(pen, 0, &pen.say("reconciliation-about"), Meaning::Quiet);
        page.gap();
        page.line(
            Line::of(pen.say(by), Meaning::Accent).and(format!("  {}", pen.say("reconciliation-by")), Meaning::Quiet),
        );
        let mut head = Line::of(" ".repeat(PART + 2), Meaning::Plain);
        for (at, account) in Account::ALL.into_iter().enumerate() {
            let meaning = if at == self.at { Meaning::Accent } else { Meaning::Quiet };
            head = head.and(
                format!("  {}", pen.fit_right(&pen.say(account_word(account)), SUM)),
                meaning,
            );
        }
        page.line(head);
        let height = pen.height.saturating_sub(page.body.len() + 3);
        let columns = [PART, SUM, SUM, SUM, SUM, SUM, SUM, SUM];
        let row = |row: &Row| self.row_spans(row, pen);
        if !self.rows.view(page, pen, (&columns, height), "", row) {
            return;
        }
        page.gap();
        let (words, meaning) = match self.unaccounted {
            0 => (pen.say("reconciliation-zero"), Meaning::Done),
            count => {
                let facts = [("count", count.to_string().into())];
                (pen.say_with("reconciliation-differs", &facts), Meaning::Stop)
            }
        };
        page.paragraph(pen, 0, &words, meaning);
    }

    fn row_spans(&self, (part, sums): &Row, pen: &Pen<'_>) -> Vec<Span> {
        let mut spans = vec![span(part_words(self.by, part.as_deref(), pen), Meaning::Strong)];
        for (at, sum) in sums.iter().enumerate() {
            let differs = Account::ALL[at] == Account::Difference && *sum != 0;
            let meaning = match (differs, at == self.at) {
                (true, _) => Meaning::Stop,
                (false, true) => Meaning::Accent,
                (false, false) => Meaning::Plain,
            };
            spans.push(span(pen.fit_right(&sum.to_string(), SUM), meaning));
        }
        spans
    }

    fn view_cases(&self, opened: &Opened, pen: &Pen<'_>, page: &mut Page) {
        let facts = [
            ("part", part_words(self.by, opened.of.0.as_deref(), pen).into()),
            ("sum", pen.say(account_word(opened.account)).into()),
            ("count", opened.of.1[self.at].to_string().into()),
        ];
        page.line(Line::of(pen.say_with("reconciliation-behind", &facts), Meaning::Strong));
        let shown = opened.cases.rows().len();
        if shown > 0 && i64::try_from(shown).is_ok_and(|shown| shown < opened.of.1[self.at].abs()) {
            let first = [("shown", shown.to_string().into())];
            page.line(Line::of(
                pen.say_with("reconciliation-first", &first),
                Meaning::NeedsYou,
            ));
        }
        page.gap();
        let height = pen.height.saturating_sub(page.body.len());
        let row = |case: &AccountedCase| {
            let place = match &case.card_at {
                Some(place) => place_words(place, pen),
                None => pen.say("reconciliation-no-card"),
            };
            vec![
                span(case.number.to_string(), Meaning::Strong),
                span(moment(pen, case.opened_at), Meaning::Quiet),
                span(place, Meaning::Plain),
            ]
        };
        let empty = pen.say("reconciliation-nothing");
        opened.cases.view(page, pen, (&[11, 16], height), &empty, row);
    }
}

impl Screen for Reconciliation {
    fn keys(&self) -> &'static KeyTable {
        &keys::KEYS
    }

    fn shown(&mut self, common: &mut Common) {
        common.close_case();
        self.load(common);
    }

    fn can(&self, intent: Intent, _common: &Common) -> bool {
        match (intent, &self.opened) {
            (Intent::Confirm, Some(opened)) => opened.cases.chosen().is_some(),
            (Intent::Confirm, None) => self.rows.chosen().is_some(),
            (Intent::Left | Intent::Right | Intent::Digit(_), opened) => opened.is_none(),
            _ => true,
        }
    }

    fn act(&mut self, intent: Intent, common: &mut Common) {
        if let Some(opened) = &mut self.opened {
            if opened.cases.moves(intent) {
                return;
            }
            match intent {
                Intent::Confirm => {
                    if let Some(row) = opened.cases.chosen() {
                        common.open_case(row.case);
                    }
                }
                Intent::Back => {
                    self.opened = None;
                    common.next_step();
                    self.load(common);
                }
                _ => {}
            }
            return;
        }
        if self.rows.moves(intent) {
            return;
        }
        match intent {
            Intent::Left => self.at = self.at.saturating_sub(1),
            Intent::Right => self.at = (self.at + 1).min(Account::ALL.len() - 1),
            Intent::Digit(digit) => {
                let all = [By::All, By::Day, By::Channel, By::Desk];
                if let Some(by) = all.get(usize::from(digit).saturating_sub(1)) {
                    self.by = *by;
                    self.rows.clear();
                    self.load(common);
                    common.next_step();
                }
            }
            Intent::Confirm => self.open(common),
            Intent::Refresh => self.load(common),
            Intent::Back => common.go(Go::Back),
            _ => {}
        }
    }

    fn view(&self, _common: &Common, pen: &Pen<'_>) -> Page {
        let mut page = Page::titled(pen.say("title-reconciliation"));
        match &self.opened {
            Some(opened) => self.view_cases(opened, pen, &mut page),
            None => self.view_sums(pen, &mut page),
        }
        page
    }
}

const fn account_word(account: Account) -> &'static str {
    match account {
        Account::Applied => "account-applied",
        Account::Delivered => "account-delivered",
        Account::Cancelled => "account-cancelled",
        Account::Returned => "account-returned",
        Account::Stored => "account-stored",
        Account::InTransit => "account-in-transit",
        Account::Difference => "account-difference",
    }
}

fn part_words(by: By, part: Option<&str>, pen: &Pen<'_>) -> String {
    let day = |part: &str| era::WrittenDate::read(part).ok()?.date();
    match (by, part) {
        (_, None) => pen.say("reconciliation-total"),
        (By::Channel, Some("counter")) => pen.say("reconciliation-counter"),
        (By::Channel, Some("restricted_post")) => pen.say("reconciliation-post"),
        (By::Day, Some(part)) if pen.language == Language::Japanese => {
            day(part).map_or_else(|| part.to_owned(), era::wareki_short)
        }
        (_, Some(part)) => part.to_owned(),
    }
}

//! A clerk who knows the keys by heart, and the office around the desk.

use std::{path::Path, sync::Arc};

use console::{
    commands::database::{door, door_as},
    config::{Config, secrets},
};
use office::{Office, TimeSource, cases::CaseFile};
use relay_core::chance::OsChance;
use store::{Store, StoreError, cluster::Cluster};
use tokio::runtime::Runtime;

use crate::{
    screen::{Console, Key, Terminal},
    shell::Shell,
};

/// People in the stories' city: few enough to be quick, and the people of the manuals are always there.
const ROWS: &str = "300";

/// A demonstration office, set up and running.
pub fn set_up(shell: &Shell) {
    shell.must("setup --demo --rows", &[ROWS]);
}

/// A clerk at a terminal.
pub struct Clerk<'s> {
    pub shell: &'s Shell,
    pub console: Console,
}

impl<'s> Clerk<'s> {
    /// Opens the console; nobody is logged in yet.
    pub fn sits_down(shell: &'s Shell, terminal: Terminal) -> Self {
        let clerk = Self::sits_down_at(shell, terminal);
        clerk.console.sees("DB ●");
        clerk
    }

    /// The same, whatever symbols the terminal draws.
    pub fn sits_down_at(shell: &'s Shell, terminal: Terminal) -> Self {
        let console = Console::open(shell.home(), terminal, &[]);
        console.sees("ログインしていません");
        Self { shell, console }
    }

    /// Puts their card in and logs in.
    pub fn logs_in(&self, number: &str) -> &Self {
        self.shell.tray(&format!("insert 0 staff-{number}"));
        self.console.sees_all(&[&format!("{number}  "), "試行残り"]);
        self.console.text(&self.shell.password(number)).key(Key::Enter);
        self.sees_the_queues();
        self
    }

    /// Waits until the queues are there with what waits in them.
    pub fn sees_the_queues(&self) {
        self.console.sees("本人確認を待つ");
        self.console.sees_one(&["の案件はありません", "2026-"]);
    }

    /// Searches and opens the one resident that `typed` finds.
    pub fn finds(&self, typed: &str, name: &str) -> &Self {
        self.console.text("/").sees("フリガナ、氏名");
        self.console.text(typed).sees_all(&["1 人中 1 人", name]);
        self.console.key(Key::Enter).sees("カードの申請はまだありません");
        self
    }

    /// Takes the application of a resident who comes in person and agrees to everything.
    pub fn takes_application(&self) -> &Self {
        self.console.key(Key::Enter).sees("申請する人");
        self.fills_in(&[]);
        self
    }

    /// Answers `first` in the order of the form, agrees to everything else, hands the form in.
    pub fn fills_in(&self, first: &[(&str, Answer<'_>)]) -> &Self {
        self.answers(first);
        self.answers_everything();
        self.console.key(Key::F(2));
        self.chosen("この内容で申請を受け付ける");
        self.console
            .key(Key::Enter)
            .sees_all(&["案件  2026-", "本人確認をする"]);
        self
    }

    /// Answers the end of the form, which asks everybody the same.
    pub fn answers_everything(&self) {
        self.answers(&CONSENTS);
    }

    fn answers(&self, answers: &[(&str, Answer<'_>)]) {
        for (field, answer) in answers {
            self.goes_to(field);
            match answer {
                Answer::Typed(text) => {
                    self.console.text(text);
                    self.on_line(field, text);
                }
                Answer::Chosen(choice) => self.turns_to(field, &format!("(●) {choice}")),
            }
        }
    }

    /// Verifies the person by a document that shows everything.
    pub fn verifies(&self) -> &Self {
        self.console.key(Key::Enter).sees("書類を加える");
        self.lays(&NUMBER_CARD).records_verification()
    }

    /// Lays the document down where the pointer stands on 書類を加える, and answers everything on it.
    pub fn lays(&self, document: &Document) -> &Self {
        let console = &self.console;
        console.key(Key::Enter).sees("見せてもらった書類");
        console.text(document.name);
        console.until("the field and the one row left", |screen| {
            let pointed = screen.lines().filter(|line| line.contains('▸'));
            pointed.filter(|line| line.contains(document.name)).count() == 2
        });
        console.key(Key::Enter).sees("この書類を終わる");
        if document.expires {
            console.text("R12.3.1").sees("令和12年3月1日");
        }
        for field in document.shows {
            self.goes_to(field);
            self.turns_to(
                field,
                if *field == "顔写真" {
                    "(●) 本人と同じ"
                } else {
                    "同じ"
                },
            );
        }
        self.goes_to("この書類を終わる");
        console.key(Key::Enter);
        // Where nothing is lacking the review follows; the counter is one step back.
        if console.sees_one(&["[ 確認内容を見る ]", "例外はありません"]) == 1 {
            console.key(Key::Esc).sees("[ 確認内容を見る ]");
        }
        self
    }

    /// Looks at the review and records it.
    pub fn records_verification(&self) -> &Self {
        self.console.sees("条件を満たしています");
        self.goes_to("確認内容を見る");
        self.console.key(Key::Enter).sees("例外はありません");
        self.console
            .key(Key::Enter)
            .sees_all(&["本人確認を記録しました", "カードを作る"]);
        self
    }

    /// Puts a blank in and stands before the making.
    pub fn lays_blank(&self, blank: &str) -> &Self {
        self.console.key(Key::Enter).sees("白カードを住民用の読取機に置いて");
        self.shell.tray(&format!("insert 1 {blank}"));
        self.console.sees("この案件に使えます");
        self
    }

    /// Makes the card to its end.
    pub fn makes(&self) -> &Self {
        self.console.key(Key::Enter).sees("カードができました");
        self.console.key(Key::Esc).sees("住民に暗証番号を決めてもらう");
        self
    }

    /// Turns the screen to the resident, who types the PIN twice.
    pub fn has_pin_set(&self, pin: &str) -> &Self {
        let console = &self.console;
        console
            .key(Key::Enter)
            .sees_all(&["画面を住民に向けて", "この案件のカードが入っています"]);
        console.key(Key::Enter).sees("4けたの すうじ");
        console
            .text(pin)
            .until("four dots", |screen| screen.matches('●').count() == 4);
        console.key(Key::Enter).sees("もういちど いれてください");
        console
            .text(pin)
            .until("four dots", |screen| screen.matches('●').count() == 4);
        console.key(Key::Enter).sees("きまりました");
        console.key(Key::Esc).sees("交付通知書と受領票を印刷する");
        self
    }

    /// Types four digits of which only dots are seen.
    pub fn types_pin(&self, pin: &str) {
        self.console
            .until("empty boxes", |screen| !screen.contains('●') && screen.contains('┌'));
        self.console.text(pin);
        self.console
            .until("four dots", |screen| screen.matches('●').count() == 4);
    }

    /// Prints notice and receipt.
    pub fn prints(&self) -> &Self {
        self.console.key(Key::Enter).sees("転送不要郵便");
        self.console.key(Key::Enter).sees_all(&["と受領票", "で進みます"]);
        self.console.key(Key::Esc).sees("カードを棚に入れる");
        self
    }

    /// Puts the card in the shelf.
    pub fn shelves(&self, place: &str) -> &Self {
        self.console.key(Key::Enter).sees("鍵のかかる棚");
        self.console.text(place).key(Key::Enter);
        self.console.sees_all(&["に保管しました", "交付する"]);
        self
    }

    /// Compares, looks twice, hands over.
    pub fn hands_over(&self, notice: &str, place: &str) -> &Self {
        self.console.key(Key::Enter).sees("通知書のQR");
        self.console.scans(notice).sees(notice);
        self.chosen("取り出した棚");
        self.console.text(place).key(Key::Enter);
        for time in ["1 回目", "2 回目"] {
            self.console.sees(time);
            self.ticks_three();
            self.console.key(Key::Enter);
        }
        self.console.sees("交付を記録しました");
        self.console.key(Key::Enter).sees("交付済み");
        self
    }

    /// Looks at person, name and card.
    pub fn ticks_three(&self) {
        for ticked in 1..=3 {
            self.console.text(" ");
            self.console
                .until("a tick", |screen| screen.matches("[✓]").count() == ticked);
            if ticked < 3 {
                self.console.key(Key::Down).until("the next one", |screen| {
                    screen.lines().filter(|line| line.contains("▸ [ ]")).count() == 1
                });
            }
        }
    }

    /// Moves down until the line with `field` is the chosen one.
    #[track_caller]
    pub fn goes_to(&self, field: &str) {
        self.moves_to(field, Key::Down);
    }

    /// Moves up until the line with `field` is the chosen one.
    #[track_caller]
    pub fn goes_back_to(&self, field: &str) {
        self.moves_to(field, Key::Up);
    }

    #[track_caller]
    fn moves_to(&self, field: &str, key: Key) {
        let here = |screen: &str| pointed_at(screen).map(str::to_owned);
        // A form of twenty rows, and one press that was lost to a redraw.
        for _ in 0..60 {
            let before = self.console.until("a pointer", |screen| here(screen).is_some());
            let stands = here(&before).unwrap();
            if stands.contains(field) {
                return;
            }
            self.console.key(key);
            self.console
                .until("the next row", |screen| here(screen).is_some_and(|now| now != stands));
        }
        panic!("no row {field}:\n{}", self.console.screen());
    }

    /// Presses Space until the chosen row says `answer`.
    #[track_caller]
    pub fn turns_to(&self, field: &str, answer: &str) {
        for _ in 0..12 {
            let here = |screen: &str| {
                pointed_at(screen)
                    .filter(|line| line.contains(field))
                    .map(str::to_owned)
            };
            let screen = self
                .console
                .until(&format!("the pointer at {field}"), |screen| here(screen).is_some());
            let stands = here(&screen).unwrap();
            // まだ: 「まだ見ていない」 is what stands before any answer.
            if stands.contains(answer) && !stands.contains("まだ") {
                return;
            }
            self.console.text(" ");
            self.console.until(&format!("another answer for {field}"), |screen| {
                pointed_at(screen).is_some_and(|now| now != stands)
            });
        }
        panic!("no answer {answer}:\n{}", self.console.screen());
    }

    /// Waits until the line of `field` says `text`.
    #[track_caller]
    fn on_line(&self, field: &str, text: &str) {
        self.console.until(&format!("{text} at {field}"), |screen| {
            screen.lines().any(|line| line.contains(field) && line.contains(text))
        });
    }

    /// Waits until the line with `field` is the chosen one.
    #[track_caller]
    pub fn chosen(&self, field: &str) {
        self.console.until(&format!("the field {field} chosen"), |screen| {
            screen.lines().any(|line| line.contains('▸') && line.contains(field))
        });
    }
}

/// The line with the pointer.
fn pointed_at(screen: &str) -> Option<&str> {
    screen.lines().find(|line| line.contains('▸'))
}

/// What goes into a field of a form.
pub enum Answer<'a> {
    Typed(&'a str),
    /// One of the choices.
    Chosen(&'a str),
}

/// The end of every application of these stories.
const CONSENTS: [(&str, Answer<'_>); 7] = [
    ("資格確認", Answer::Chosen("同意する")),
    ("特定健診", Answer::Chosen("同意する")),
    ("医療費", Answer::Chosen("同意する")),
    ("年金記録", Answer::Chosen("同意する")),
    ("こども", Answer::Chosen("同意する")),
    ("受け取り方", Answer::Chosen("窓口")),
    ("紙の通知", Answer::Chosen("希望")),
];

/// A document as these people show it, with what is looked at on it.
pub struct Document {
    pub name: &'static str,
    pub expires: bool,
    pub shows: &'static [&'static str],
}

/// One document of class A that shows all four facts and asks for no number.
pub const NUMBER_CARD: Document = Document {
    name: "マイナンバーカード",
    expires: true,
    shows: &["顔写真", "氏名", "生年月日", "性別", "住所"],
};

/// The office's records, looked at from outside the console.
pub struct Records {
    pub office: Office,
    /// The same, as the outbox process has them.
    pub dispatch: Office,
    store: Store,
    runtime: Runtime,
}

impl Records {
    pub fn of(home: &Path) -> Self {
        let config = Config::load(&home.join("madoguchi.toml")).unwrap();
        let sealer = Arc::new(secrets::sealer(&config.seal.keys_file).unwrap());
        let runtime = Runtime::new().unwrap();
        let door = door(&config).unwrap();
        let _entered = runtime.enter();
        let (office, store) = (
            Office::behind(&door, sealer.clone(), TimeSource::Database),
            Store::new(&door),
        );
        let outbox = door_as(&config, office::DISPATCH).unwrap();
        let dispatch = Office::behind(&outbox, sealer, TimeSource::Database);
        drop(_entered);
        Self {
            office,
            dispatch,
            store,
            runtime,
        }
    }

    pub fn wait<T>(&self, work: impl Future<Output = Result<T, office::OfficeError>>) -> T {
        self.runtime.block_on(work).unwrap()
    }

    /// The one number that a question to the database is answered with.
    pub fn count(&self, question: &str) -> i64 {
        let asked = self.store.run("count", |tx| async move {
            let row = tx.query_one(question, &[]).await?;
            Ok::<i64, StoreError>(row.get(0))
        });
        self.runtime.block_on(asked).unwrap()
    }

    /// Changes a record behind everybody's back, as nobody but the database's own superuser can.
    pub fn tamper(home: &Path, statement: &str) -> u64 {
        let cluster = Cluster::at(home.join("postgres"));
        let store = Store::new(&cluster.superuser_door("madoguchi").unwrap());
        let done = store.run("tamper", |tx| async move { tx.execute(statement, &[]).await });
        Runtime::new().unwrap().block_on(done).unwrap()
    }

    /// The case with that number, as a session of `staff`'s certificate at another desk sees it.
    pub fn case(&self, number: &str) -> CaseFile {
        let id = self.wait(self.office.case_by_number(number.parse().unwrap())).unwrap();
        let clerk = self
            .wait(self.office.staff())
            .into_iter()
            .find_map(|record| record.certificate);
        let act = office::Act::of_process("login", fresh());
        let begun = self.wait(self.office.log_in(&act, "監査", &clerk.unwrap()));
        self.wait(self.office.case(begun.session, id))
    }
}

fn fresh() -> uuid::Uuid {
    relay_core::id::Id::<()>::new(&mut OsChance).uuid()
}

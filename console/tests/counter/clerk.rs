//! A clerk who knows the keys by heart, and the office around the desk.

use std::{path::Path, sync::Arc};

use console::{
    commands::database::door,
    config::{Config, secrets},
};
use office::{Office, TimeSource, cases::CaseFile};
use relay_core::chance::OsChance;
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
        for field in [
            "資格確認",
            "特定健診",
            "医療費",
            "年金記録",
            "こども",
            "受け取り方",
            "紙の通知",
        ] {
            self.console.key(Key::Down);
            self.chosen(field);
            self.console.text(" ");
            self.console.until(&format!("an answer for {field}"), |screen| {
                screen.lines().any(|line| line.contains(field) && line.contains("(●)"))
            });
        }
        self.console.key(Key::F(2));
        self.chosen("この内容で申請を受け付ける");
        self.console
            .key(Key::Enter)
            .sees_all(&["案件  2026-", "本人確認をする"]);
        self
    }

    /// Verifies the person by a residence-independent document that shows everything.
    pub fn verifies(&self) -> &Self {
        let console = &self.console;
        console.key(Key::Enter).sees("書類を加える");
        console.key(Key::Enter).sees("見せてもらった書類");
        console.key(Key::Enter).sees("この書類を終わる");
        console.text("R12.3.1").sees("令和12年3月1日");
        console.key(Key::Down);
        for field in ["顔写真", "氏名", "生年月日", "性別", "住所"] {
            console.key(Key::Down);
            self.chosen(field);
            console.text(" ");
            console.until(&format!("{field} looked at"), |screen| {
                screen
                    .lines()
                    .any(|line| line.contains(field) && (line.contains("同じ") && !line.contains("まだ")))
            });
        }
        console.key(Key::Down);
        self.chosen("この書類を終わる");
        console.key(Key::Enter).sees("条件を満たしています");
        for _ in 0..3 {
            console.key(Key::Down);
        }
        self.chosen("確認内容を見る");
        console.key(Key::Enter).sees("例外はありません");
        console
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
        self.console.key(Key::Enter).sees("住民に暗証番号を決めてもらう");
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
        console.key(Key::Enter).sees("交付通知書と受領票を印刷する");
        self
    }

    /// Prints notice and receipt.
    pub fn prints(&self) -> &Self {
        self.console.key(Key::Enter).sees("転送不要郵便");
        self.console.key(Key::Enter).sees("交付通知書を作りました");
        self.console.key(Key::Enter).sees("受領票を作りました");
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
        self.console.text(notice).key(Key::Enter).sees(notice);
        self.chosen("取り出した棚");
        self.console.text(place).key(Key::Enter);
        for time in ["1 回目", "2 回目"] {
            self.console.sees(time);
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
            self.console.key(Key::Enter);
        }
        self.console.sees("交付を記録しました");
        self.console.key(Key::Enter).sees("交付済み");
        self
    }

    /// Waits until the line with `field` is the chosen one.
    #[track_caller]
    pub fn chosen(&self, field: &str) {
        self.console.until(&format!("the field {field} chosen"), |screen| {
            screen.lines().any(|line| line.contains('▸') && line.contains(field))
        });
    }
}

/// The office's records, looked at from outside the console.
pub struct Records {
    pub office: Office,
    runtime: Runtime,
}

impl Records {
    pub fn of(home: &Path) -> Self {
        let config = Config::load(&home.join("madoguchi.toml")).unwrap();
        let sealer = Arc::new(secrets::sealer(&config.seal.keys_file).unwrap());
        let runtime = Runtime::new().unwrap();
        let office = {
            let _entered = runtime.enter();
            Office::behind(&door(&config).unwrap(), sealer, TimeSource::Database)
        };
        Self { office, runtime }
    }

    pub fn wait<T>(&self, work: impl Future<Output = Result<T, office::OfficeError>>) -> T {
        self.runtime.block_on(work).unwrap()
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

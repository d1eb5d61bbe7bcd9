//! The whole way: a card that was handed over at the counter, taken through My Page in a real browser as a newcomer does
//! it after `make demo`. Between the two stand the office's outbox, `madoguchi dispatch`, the relay's front, its blind
//! half and the card bridge, each its own process, each with its own database or none.

use std::{
    fs,
    path::Path,
    process::Command,
    time::{Duration, Instant},
};

use office::{Change, OutboxState};
use rustix::process::{Pid, Signal};
use store::{Store, StoreError, cluster::Cluster};
use tokio::runtime::Runtime;

use crate::{
    chromium::{Chromium, DESK},
    clerk::{Clerk, Records},
    logs,
    screen::{Key, Terminal},
    shell::{Shell, with_a_card_service_and_a_relay},
    visit::{code_on, paper},
};

const ROWS: &str = "60";
const PIN: &str = "2751";
/// Longest that the outbox may take on a busy machine; only a failing test waits for it.
const LONG: Duration = Duration::from_secs(90);
/// "Card pulled: the session ends everywhere within 2 s."
const ENDED: Duration = Duration::from_secs(2);

#[test]
fn the_card_from_the_counter_signs_in_at_my_page_with_the_pin_chosen_there() {
    with_a_card_service_and_a_relay(
        "my_page::the_card_from_the_counter_signs_in_at_my_page_with_the_pin_chosen_there",
        |shell| {
            let (clerk, _, notice) = a_card_is_handed_over(shell);
            clerk.console.sees("中継●");

            let runtime = Runtime::new().unwrap();
            runtime.block_on(async {
                let mut resident = Resident::opens_a_browser(shell).await;
                resident.asks_for_the_card().await;
                resident.types("9630").await;
                resident.browser.says("あと2回").await;
                resident.types(PIN).await;
                let name = resident.is_in().await;
                resident.browser.says("わたしの情報").await;
                // The offices know the holder of a card that was handed over a minute ago.
                resident.browser.click("nav.pages a[href='/coverage']").await;
                resident.browser.find("div.cover.valid").await;
                resident.browser.click("nav.pages a[href='/costs']").await;
                resident.browser.find("svg.chart").await;
                resident.browser.click("nav.pages a[href='/history']").await;
                resident.browser.says("ログインの記録").await;
                resident.browser.says("カードと暗証番号").await;
                resident.browser.click("nav.pages a[href='/card']").await;
                resident.browser.says("カードは使えます").await;
                resident.browser.click("form[action='/log-out'] button").await;
                resident.browser.says("すべてのサービスからログアウトしました").await;

                // The same name at the next visit, and its two sign-ins are all that the history holds.
                resident.asks_for_the_card().await;
                resident.types(PIN).await;
                assert_eq!(resident.is_in().await, name);
                resident.browser.click("nav.pages a[href='/history']").await;
                resident.browser.says("ログインの記録").await;
                let rows = "return document.querySelectorAll('tbody tr').length";
                assert_eq!(resident.browser.evaluate(rows).await, 2);

                shell.tray("remove 1");
                resident.is_out_within(ENDED).await;
                resident.browser.close().await;
            });
            for log in ["relay", "blind", "my-page", "card-bridge", "dispatch"] {
                let log = fs::read_to_string(shell.home().join(format!("log/{log}.log"))).unwrap();
                logs::hold_nothing_personal(&log, &[&notice]);
            }
        },
    );
}

#[test]
fn a_card_that_the_office_stops_is_out_at_once_and_comes_in_again_only_when_it_is_let() {
    with_a_card_service_and_a_relay(
        "my_page::a_card_that_the_office_stops_is_out_at_once_and_comes_in_again_only_when_it_is_let",
        |shell| {
            let (clerk, _, _) = a_card_is_handed_over(shell);
            clerk.console.text("k").sees("に中継が受け取りました");

            let runtime = Runtime::new().unwrap();
            runtime.block_on(async {
                let mut resident = Resident::opens_a_browser(shell).await;
                resident.asks_for_the_card().await;
                resident.types(PIN).await;
                let name = resident.is_in().await;

                stops_the_card(&clerk);
                resident.is_out_within(LONG).await;
                resident.asks_for_the_card().await;
                resident.types(PIN).await;
                resident.browser.says("このカードは一時停止中です").await;
                assert!(resident.is_out().await);

                lets_the_card_again(&clerk);
                clerk.console.sees("中継●");
                resident.asks_for_the_card().await;
                resident.types(PIN).await;
                assert_eq!(resident.is_in().await, name);
                resident.browser.close().await;
            });
        },
    );
}

#[test]
fn a_front_that_was_away_is_told_everything_once_and_in_order() {
    with_a_card_service_and_a_relay(
        "my_page::a_front_that_was_away_is_told_everything_once_and_in_order",
        |shell| {
            let (clerk, records, _) = a_card_is_handed_over(shell);
            let front = Front::of(shell.home());
            assert_eq!(front.applied(), [["register", "activate"]; 2]);

            // The front goes while the office works on, and every desk sees how much waits.
            ends(shell, "relay.pid", Signal::TERM);
            clerk.console.text("k").sees("に中継が受け取りました");
            stops_the_card(&clerk);
            records.outbox_until(|outbox| outbox.waiting == 2 && outbox.trouble.is_some());
            clerk.console.sees("中継!2件");
            lets_the_card_again(&clerk);
            stops_the_card(&clerk);
            clerk.console.sees("中継!6件");
            // Whoever carries it is cut off too, and nothing of it is lost with them.
            ends(shell, "dispatch.process", Signal::KILL);
            lets_the_card_again(&clerk);
            clerk.console.sees("中継!送信停止8件");

            shell.must("up", &[]);
            records.outbox_until(|outbox| outbox.waiting == 0 && outbox.trouble.is_none());
            clerk.console.sees("中継●");
            let told = ["register", "activate", "suspend", "resume", "suspend", "resume"];
            assert_eq!(front.applied(), [told; 2]);
            assert_eq!(front.numbers(), (1..=12).collect::<Vec<i64>>());
            let runtime = Runtime::new().unwrap();
            runtime.block_on(async {
                let mut resident = Resident::opens_a_browser(shell).await;
                resident.asks_for_the_card().await;
                resident.types(PIN).await;
                resident.is_in().await;
                resident.browser.close().await;
            });
        },
    );
}

/// The README's visit, from the application to the handover and on until the front knows of it. The clerk at the console,
/// the office's records, and what the notice said.
pub fn a_card_is_handed_over(shell: &Shell) -> (Clerk<'_>, Records, String) {
    shell.must("setup --demo --relay --rows", &[ROWS]);
    let clerk = Clerk::sits_down(shell, Terminal::LARGE);
    clerk.logs_in("0001").finds("0000000001", "ヤマグチ");
    clerk.takes_application().verifies().lays_blank("blank-01").makes();
    clerk.has_pin_set(PIN).prints().shelves("A-12");
    let notice = code_on(&paper(shell.home(), "notice"));
    clerk.hands_over(&notice, "A-12");
    let records = Records::of(shell.home());
    records.outbox_until(|outbox| outbox.waiting == 0);
    (clerk, records, notice)
}

/// A resident at the desk's own browser; their card lies on the desk's reader.
struct Resident {
    browser: Chromium,
    my_page: String,
}

impl Resident {
    async fn opens_a_browser(shell: &Shell) -> Self {
        let relay = &shell.endpoints()["relay"];
        let authority = fs::read_to_string(relay["authority"].as_str().unwrap()).unwrap();
        Self {
            browser: Chromium::open(&authority, DESK, None).await,
            my_page: relay["my_page"].as_str().unwrap().to_owned(),
        }
    }

    /// From My Page by the relay to the bridge's page.
    async fn asks_for_the_card(&mut self) {
        self.browser.goto(&self.my_page).await;
        self.browser.click("a.button[href^='/sign-in']").await;
        self.browser.click("main a[href*='/bridge']").await;
        self.browser.find("#pin").await;
    }

    async fn types(&self, pin: &str) {
        self.browser.find("#pin").await.send_keys(pin).await.unwrap();
        self.browser.click("button[type=submit]").await;
    }

    /// Comes back to My Page; the short name there.
    async fn is_in(&self) -> String {
        let on = format!("form[action^='{}'] button", self.my_page);
        self.browser.click(&on).await;
        self.browser.find("dd code").await.text().await.unwrap()
    }

    /// Whether My Page, asked now, takes them for a stranger.
    async fn is_out(&self) -> bool {
        self.browser.goto(&self.my_page).await;
        self.browser.find("h1").await;
        self.browser.text().await.contains("カードでログインする")
    }

    async fn is_out_within(&self, limit: Duration) {
        let began = Instant::now();
        while !self.is_out().await {
            assert!(began.elapsed() < limit, "still signed in after {limit:?}");
        }
        eprintln!("signed out after {:.1?}", began.elapsed());
    }
}

impl Shell {
    /// The process whose number stands in `record`.
    pub fn process(&self, record: &str) -> Pid {
        let number = fs::read_to_string(self.home().join(format!("run/{record}"))).unwrap();
        let number: i32 = number.split_whitespace().next().unwrap().parse().unwrap();
        Pid::from_raw(number).unwrap()
    }
}

impl Records {
    /// Waits until the outbox stands so; told of every change by the database.
    pub fn outbox_until(&self, holds: impl Fn(&OutboxState) -> bool) {
        self.wait(async {
            let began = Instant::now();
            let mut changes = self.office.changes().await?;
            loop {
                let outbox = self.office.outbox_state().await?;
                if holds(&outbox) {
                    return Ok(());
                }
                let left = LONG.saturating_sub(began.elapsed());
                let is_outbox = |change| matches!(change, Change::Outbox | Change::Written);
                let changed = async { while !is_outbox(changes.next().await.expect("the database stands")) {} };
                let told = tokio::time::timeout(left, changed).await;
                assert!(told.is_ok(), "the outbox stays so: {outbox:?}");
            }
        });
    }
}

/// Somebody telephones: the card is lost.
pub fn stops_the_card(clerk: &Clerk<'_>) {
    let console = &clerk.console;
    console.key(Key::Enter).sees("このカードでのログインを止めます");
    console.key(Key::Down).sees("(●) 電話で");
    console
        .text("バスの中で落とした")
        .key(Key::Enter)
        .sees_all(&["いまの状態", "一時停止中"]);
}

/// Its holder comes with a licence: it lay under the sofa.
fn lets_the_card_again(clerk: &Clerk<'_>) {
    let console = &clerk.console;
    console.key(Key::Enter).sees("本人が窓口に来ていて");
    console.key(Key::Down).sees("(●) 窓口で、顔写真のある");
    console.text("家にあった").key(Key::Enter).sees("→ Enter 一時停止する");
}

/// What the front's database holds, looked at as its superuser.
pub struct Front {
    store: Store,
    pub runtime: Runtime,
}

impl Front {
    pub fn of(home: &Path) -> Self {
        let runtime = Runtime::new().unwrap();
        let _entered = runtime.enter();
        let store = Store::new(&Cluster::at(home.join("postgres")).superuser_door("relay").unwrap());
        drop(_entered);
        Self { store, runtime }
    }

    /// What was done to each of the card's two registrations, in the order it was done. The demonstration's clinic has a card
    /// of another sender's.
    pub fn applied(&self) -> Vec<Vec<String>> {
        let question = "SELECT array_agg(details ->> 'change' ORDER BY seq) FROM front.audit_event\n\
                        WHERE act = 'intake.applied' AND subjects ->> 'sender' = 'shiomi-office' GROUP BY subjects ->> 'registration'";
        let asked = self.store.run("applied", |tx| async move {
            let rows = tx.query(question, &[]).await?;
            Ok::<_, StoreError>(rows.iter().map(|row| row.get(0)).collect())
        });
        self.runtime.block_on(asked).unwrap()
    }

    /// The numbers of the messages that were refused for good, with the rule, in order.
    pub fn refused(&self) -> Vec<(i64, String)> {
        let question = "SELECT (details ->> 'seq')::bigint, details ->> 'rule' FROM front.audit_event\n\
                        WHERE act = 'intake.refused' ORDER BY seq";
        let asked = self.store.run("refused", |tx| async move {
            let rows = tx.query(question, &[]).await?;
            Ok::<_, StoreError>(rows.iter().map(|row| (row.get(0), row.get(1))).collect())
        });
        self.runtime.block_on(asked).unwrap()
    }

    /// Changes a row of the front behind everybody's back; one is changed.
    pub fn does(&self, statement: &str) {
        let done = self
            .store
            .run("does", |tx| async move { tx.execute(statement, &[]).await });
        assert_eq!(self.runtime.block_on(done).unwrap(), 1, "{statement}");
    }

    /// The numbers of the messages, in the order they were applied.
    pub fn numbers(&self) -> Vec<i64> {
        let question = "SELECT (details ->> 'seq')::bigint FROM front.audit_event\n\
                        WHERE act = 'intake.applied' AND subjects ->> 'sender' = 'shiomi-office' ORDER BY seq";
        let asked = self.store.run("numbers", |tx| async move {
            let rows = tx.query(question, &[]).await?;
            Ok::<_, StoreError>(rows.iter().map(|row| row.get(0)).collect())
        });
        self.runtime.block_on(asked).unwrap()
    }
}

/// Ends the process whose number stands in `record`, and waits until it is gone.
pub fn ends(shell: &Shell, record: &str, signal: Signal) {
    let process = shell.process(record);
    rustix::process::kill_process(process, signal).unwrap();
    let gone = Command::new("tail")
        .arg(format!("--pid={}", process.as_raw_nonzero()))
        .args(["-f", "/dev/null"])
        .status();
    assert!(gone.unwrap().success());
}

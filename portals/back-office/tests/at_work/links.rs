//! Who is linked to whom: nobody gets another's records, whoever may be meant is told that it is unknown, and a wrong link is
//! taken back.

use back_office_records::{BackOfficeError, Because, Consent, Look, NewLoad};
use relay_core::clock::{Clock as _, SystemClock};
use relay_testing::{Browser, Relay, TestPortal};
use uuid::Uuid;

use crate::rig::{PAGE, Provider, Resident, my_page, resident, sign_in};

const COSTS: &str = "person,kana,born,month,institution,care,days,total,paid\n";
const NAGISA: &str = "7,ウミノ ナギサ,1950-01-02,2026-07,みなと病院,入院,5,212600,63780\n";
const MIO: &str = "8,イソベ ミオ,1980-05-06,2026-08,磯部薬局,調剤,1,3000,900\n";

const BECAUSE: Because<'static> = Because {
    by: "sato",
    words: "同じ読みの別の人だった",
};

struct Scene {
    relay: Relay,
    page: TestPortal,
    costs: Provider,
    nagisa: Resident,
    mio: Resident,
    guest: Resident,
}

impl Scene {
    async fn begin() -> Self {
        let mut relay = Relay::start().await;
        let page = my_page(&mut relay).await;
        let costs = Provider::start(&mut relay, "costs").await;
        costs.agree(&relay, PAGE).await;
        let (nagisa, mio, guest) = (
            resident(&relay, 1).await,
            resident(&relay, 2).await,
            resident(&relay, 3).await,
        );
        Self {
            relay,
            page,
            costs,
            nagisa,
            mio,
            guest,
        }
    }

    async fn browser(&self, who: &Resident) -> Browser {
        sign_in(&self.relay, &self.page, &who.card).await
    }

    /// What the page of costs says to each.
    async fn says(&self, who: &Browser) -> &'static str {
        let shown = who.get(&self.page.at("/costs")).await.body;
        let words = ["63,780円", "900円", "該当なし", "不明"];
        let said: Vec<_> = words.into_iter().filter(|word| shown.contains(word)).collect();
        assert_eq!(said.len(), 1, "{said:?}: {shown}");
        said[0]
    }

    /// The row under which each of `kanas` stands in a new list.
    async fn rows(&self, kanas: &[&str]) -> Vec<Uuid> {
        let list = self.costs.office.records().begin_linking().await.unwrap();
        let row = |kana: &&str| list.iter().find(|row| row.identity.kana == **kana).map(|row| row.row);
        kanas.iter().filter_map(row).collect()
    }

    async fn name(&self, who: &Resident) -> String {
        self.costs.sealed_name(&self.relay, who.person).await
    }

    async fn unlinked(&self) -> Vec<(String, String)> {
        let waiting = self.costs.office.records().unlinked().await.unwrap();
        let mut waiting: Vec<_> = waiting
            .into_iter()
            .map(|(who, result)| (who.owner, result.unwrap_or_default()))
            .collect();
        waiting.sort();
        waiting
    }
}

fn waits(owner: &str, result: &str) -> (String, String) {
    (owner.to_owned(), result.to_owned())
}

#[tokio::test]
async fn a_number_that_comes_with_another_name_or_birthday_never_brings_one_persons_records_to_another() {
    let scene = Scene::begin().await;
    let (nagisa, mio) = (scene.browser(&scene.nagisa).await, scene.browser(&scene.mio).await);
    scene.costs.take_over(&format!("{COSTS}{NAGISA}")).await;
    let known = [
        ("ウミノ ナギサ", scene.nagisa.person),
        ("イソベ ミオ", scene.mio.person),
    ];
    scene.costs.link(&scene.relay, &known).await;
    assert_eq!(scene.says(&nagisa).await, "63,780円");
    // The owner gave number 7 to somebody else. It is a stranger's until it is linked; whose it was may be meant, or not.
    let reused = MIO.replace("8,", "7,");
    scene.costs.take_over(&format!("{COSTS}{reused}")).await;
    assert_eq!(scene.says(&nagisa).await, "不明");
    assert_eq!(scene.unlinked().await, [waits("7", "")]);
    let report = scene.costs.link(&scene.relay, &known).await;
    assert_eq!((report.linked, report.taken), (1, 0));
    assert_eq!(
        (scene.says(&mio).await, scene.says(&nagisa).await),
        ("900円", "該当なし")
    );
    // Undone, the number is whose it was before.
    let records = scene.costs.office.records();
    records.undo("costs", SystemClock.now()).await.unwrap();
    assert_eq!(
        (scene.says(&mio).await, scene.says(&nagisa).await),
        ("該当なし", "63,780円")
    );
    // A name that changed is the same person's, once the roster's office says so.
    scene
        .costs
        .take_over(&format!("{COSTS}{}", NAGISA.replace("ウミノ", "カワノ")))
        .await;
    assert_eq!(scene.says(&nagisa).await, "不明");
    let known = [("カワノ ナギサ", scene.nagisa.person)];
    let report = scene.costs.link(&scene.relay, &known).await;
    assert_eq!((report.linked, report.taken), (1, 0));
    assert_eq!(scene.says(&nagisa).await, "63,780円");
}

#[tokio::test]
async fn two_lines_that_are_one_resident_both_stay_in_the_queue_and_only_that_resident_is_told_unknown() {
    let scene = Scene::begin().await;
    let guest = scene.browser(&scene.guest).await;
    let (nagisa, mio) = (scene.browser(&scene.nagisa).await, scene.browser(&scene.mio).await);
    scene.costs.take_over(&format!("{COSTS}{NAGISA}{MIO}")).await;
    // Nobody has looked for anybody yet: it may be anyone.
    assert_eq!(scene.says(&guest).await, "不明");
    // As the office's command says it, and as one says it that does not see the double.
    for result in ["doubled", "found"] {
        let rows = scene.rows(&["ウミノ ナギサ", "イソベ ミオ"]).await;
        let lines = [
            (Some(rows[0]), result, scene.name(&scene.nagisa).await),
            (Some(rows[1]), result, scene.name(&scene.nagisa).await),
        ];
        let report = scene.costs.answer(&lines).await;
        assert_eq!((report.linked, report.doubled), (0, 2), "{result}");
        assert_eq!(scene.unlinked().await, [waits("7", "doubled"), waits("8", "doubled")]);
        assert_eq!(scene.says(&nagisa).await, "不明");
        assert_eq!(
            (scene.says(&guest).await, scene.says(&mio).await),
            ("該当なし", "該当なし")
        );
        // A new list is on its way; how the last one ended holds until it is back, and then its rows are nobody's.
        scene.rows(&[]).await;
        assert_eq!(
            (scene.says(&guest).await, scene.says(&nagisa).await),
            ("該当なし", "不明")
        );
        assert_eq!(scene.costs.answer(&lines).await.unknown, 2);
    }
}

#[tokio::test]
async fn several_residents_of_one_name_are_the_only_ones_to_whom_it_is_unknown() {
    let scene = Scene::begin().await;
    let guest = scene.browser(&scene.guest).await;
    let (nagisa, mio) = (scene.browser(&scene.nagisa).await, scene.browser(&scene.mio).await);
    scene.costs.take_over(&format!("{COSTS}{NAGISA}{MIO}")).await;
    let rows = scene.rows(&["ウミノ ナギサ", "イソベ ミオ"]).await;
    let lines = [
        (Some(rows[0]), "several", scene.name(&scene.nagisa).await),
        (Some(rows[0]), "several", scene.name(&scene.guest).await),
        (Some(rows[1]), "nobody", String::new()),
    ];
    let report = scene.costs.answer(&lines).await;
    assert_eq!((report.several, report.nobody), (1, 1));
    assert_eq!((scene.says(&nagisa).await, scene.says(&guest).await), ("不明", "不明"));
    assert_eq!(scene.says(&mio).await, "該当なし");
    // Who is in no load any more is in nobody's way.
    scene.costs.take_over(&format!("{COSTS}{MIO}")).await;
    assert_eq!(
        (scene.says(&nagisa).await, scene.says(&guest).await),
        ("該当なし", "該当なし")
    );
}

#[tokio::test]
async fn a_wrong_link_is_taken_back_by_either_office_and_no_list_makes_it_again_until_it_is_allowed() {
    let scene = Scene::begin().await;
    let nagisa = scene.browser(&scene.nagisa).await;
    scene.costs.take_over(&format!("{COSTS}{NAGISA}")).await;
    let known = [("ウミノ ナギサ", scene.nagisa.person)];
    scene.costs.link(&scene.relay, &known).await;
    let records = scene.costs.office.records();
    let now = SystemClock.now();
    assert_eq!(records.withdraw_link("7", BECAUSE, now).await.unwrap(), 1);
    assert!(records.withdraw_link("7", BECAUSE, now).await.is_err());
    assert_eq!(scene.says(&nagisa).await, "該当なし");
    let report = scene.costs.link(&scene.relay, &known).await;
    assert_eq!((report.linked, report.withdrawn), (0, 1));
    assert_eq!(scene.unlinked().await, [waits("7", "withdrawn")]);
    assert_eq!(records.allow_link("7", BECAUSE, now).await.unwrap(), 1);
    assert_eq!(scene.costs.link(&scene.relay, &known).await.linked, 1);
    assert_eq!(scene.says(&nagisa).await, "63,780円");
    // By the roster's office: it knows the person, and not under which number.
    let name = scene.name(&scene.nagisa).await;
    let report = scene.costs.answer(&[(None, "withdrawn", name)]).await;
    assert_eq!(report.withdrawn, 1);
    assert_eq!(scene.says(&nagisa).await, "該当なし");
    let acts: Vec<(String, String)> = store::Store::new(&scene.costs.database.superuser())
        .run("acts", |tx| async move {
            let rows = tx
                .query("SELECT act, by_whom FROM records.link_act ORDER BY number", &[])
                .await?;
            Ok::<_, store::StoreError>(rows.iter().map(|row| (row.get(0), row.get(1))).collect())
        })
        .await
        .unwrap();
    let acts: Vec<_> = acts.iter().map(|(act, by)| (act.as_str(), by.as_str())).collect();
    assert_eq!(
        acts,
        [
            ("linked", "test"),
            ("withdrawn", "sato"),
            ("allowed", "sato"),
            ("linked", "test"),
            ("withdrawn", "test"),
        ]
    );
}

#[tokio::test]
async fn consent_withdrawn_on_paper_counts_at_once_and_its_refusals_are_shown_to_the_person() {
    let scene = Scene::begin().await;
    let nagisa = scene.browser(&scene.nagisa).await;
    scene.costs.take_over(&format!("{COSTS}{NAGISA}{MIO}")).await;
    let known = [("ウミノ ナギサ", scene.nagisa.person)];
    scene.costs.link(&scene.relay, &known).await;
    let records = scene.costs.office.records();
    let now = SystemClock.now();
    let said = |given| Consent {
        asker: PAGE,
        kind: "costs",
        given,
        text_sha256: [7; 32],
    };
    assert_eq!(scene.says(&nagisa).await, "63,780円");
    // Of whoever is not linked nobody can say it.
    assert!(records.record_consent("8", &said(false), now).await.is_err());
    records.record_consent("7", &said(false), now).await.unwrap();
    let shown = nagisa.get(&scene.page.at("/costs")).await.body;
    assert!(
        shown.contains("あなたが同意を取り消しています") && !shown.contains("63,780"),
        "{shown}"
    );
    let looked = nagisa.get(&scene.page.at("/looked")).await.body;
    let refused = looked.split("<tr class=\"refused\">").nth(1).unwrap_or_default();
    assert!(
        refused.contains("断りました") && refused.contains("あなたが同意を取り消しています"),
        "{looked}"
    );
    let written: Vec<(String, String)> = store::Store::new(&scene.costs.database.superuser())
        .run("looks", |tx| async move {
            let sql = "SELECT outcome, rule FROM records.look WHERE rule IS NOT NULL";
            let rows = tx.query(sql, &[]).await?;
            Ok::<_, store::StoreError>(rows.iter().map(|row| (row.get(0), row.get(1))).collect())
        })
        .await
        .unwrap();
    assert_eq!(written, [("refused".to_owned(), "ConsentWithdrawn".to_owned())]);
    records.record_consent("7", &said(true), now).await.unwrap();
    assert_eq!(scene.says(&nagisa).await, "63,780円");
}

#[tokio::test]
async fn who_looked_is_kept_as_long_as_is_set_and_the_last_ninety_days_in_any_case() {
    let scene = Scene::begin().await;
    let records = scene.costs.office.records();
    let now = SystemClock.now();
    let look = Look {
        asker: PAGE,
        kind: "costs",
        purpose: "own-view",
        context: "urn:none",
        refused: None,
    };
    for days in [0, 89, 91, 400] {
        let at = now - time::Duration::days(days);
        records.record_look("somebody", &look, at).await.unwrap();
    }
    let kept = async || records.looks("somebody", 10).await.unwrap().len();
    assert_eq!(records.forget_looks(now - time::Duration::days(365)).await.unwrap(), 1);
    assert_eq!(kept().await, 3);
    assert_eq!(records.forget_looks(now).await.unwrap(), 1);
    assert_eq!(kept().await, 2);
}

#[tokio::test]
async fn a_load_that_was_compared_with_another_than_counts_now_is_not_taken() {
    let scene = Scene::begin().await;
    let text = format!("{COSTS}{NAGISA}{MIO}");
    let read = back_office::import::read(scene.costs.office.schema(), text.as_bytes(), Some(2)).unwrap();
    let load = NewLoad {
        kind: "costs",
        as_of: SystemClock.now(),
        by: "test",
        sha256: read.sha256,
        records: &read.records,
    };
    let records = scene.costs.office.records();
    assert_eq!(records.difference(&load).await.unwrap().added, 2);
    scene.costs.take_over(&format!("{COSTS}{NAGISA}")).await;
    let refused = records.take_over(&load, None, SystemClock.now()).await;
    assert!(matches!(refused, Err(BackOfficeError::Overtaken)), "{refused:?}");
    // Who is gone or stands under another name is named by the owner's number.
    let renamed = text.replace("イソベ", "カワノ").replace("7,", "9,");
    let read = back_office::import::read(scene.costs.office.schema(), renamed.as_bytes(), Some(2)).unwrap();
    scene.costs.take_over(&text).await;
    let load = NewLoad {
        records: &read.records,
        ..load
    };
    let difference = records.difference(&load).await.unwrap();
    assert_eq!((difference.gone, difference.changed, difference.added), (1, 1, 1));
    assert_eq!(
        (&difference.gone_named[..], &difference.changed_named[..]),
        (&["7".to_owned()][..], &["8".to_owned()][..])
    );
    assert_eq!(difference.last.map(|last| last.rows), Some(2));
}

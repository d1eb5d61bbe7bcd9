//! My Page asks: found by discovery, answered under another name than My Page's, each look on record.

use time::Duration;

use crate::rig::{COVERAGE, PAGE, Provider, my_page, resident, sign_in};
use relay_core::clock::{Clock as _, SystemClock};
use relay_testing::Relay;

const COSTS: &str = "person,kana,born,month,institution,care,days,total,paid\n\
    7,ウミノ ナギサ,1950-01-02,2026-07,みなと病院,入院,5,212600,63780\n\
    7,ウミノ ナギサ,1950-01-02,2026-08,磯部薬局,調剤,1,3000,900\n";

#[tokio::test]
async fn a_resident_reads_records_of_two_offices_and_sees_who_looked() {
    let mut relay = Relay::start().await;
    let page = my_page(&mut relay).await;
    let coverage = Provider::start(&mut relay, "coverage").await;
    let costs = Provider::start(&mut relay, "costs").await;
    coverage.take_over(COVERAGE).await;
    costs.take_over(COSTS).await;
    let nagisa = resident(&relay, 1).await;
    coverage.agree(&relay, PAGE).await;
    costs.agree(&relay, PAGE).await;
    let linked = coverage.link(&relay, &[("ウミノ ナギサ", nagisa.person)]).await;
    assert_eq!((linked.linked, linked.nobody), (1, 1));
    costs.link(&relay, &[("ウミノ ナギサ", nagisa.person)]).await;

    let browser = sign_in(&relay, &page, &nagisa.card).await;
    let shown = browser.get(&page.at("/coverage")).await.body;
    for part in [
        "<strong>有効</strong>",
        "汐見市国民健康保険",
        "3割",
        "社会保険に加入",
        "記録の時点",
    ] {
        assert!(shown.contains(part), "{part}: {shown}");
    }
    let shown = browser.get(&page.at("/costs")).await.body;
    for part in ["64,680", "みなと病院", "212,600", "/costs.csv?year=2026"] {
        assert!(shown.contains(part), "{part}: {shown}");
    }
    let home = browser.get(&page.at("/")).await.body;
    for part in ["有効", "64,680円", "この記録は、まだここで見られません"] {
        assert!(home.contains(part), "{part}: {home}");
    }
    let looked = browser.get(&page.at("/looked")).await.body;
    // Each of the three pages looked at one or both of them: twice each, in one row each.
    assert_eq!(looked.matches("あなた(マイページ) 2回").count(), 2, "{looked}");
    // The file's hash is the one that stands on the page.
    let file = browser.get(&page.at("/costs.csv?year=2026")).await.body;
    let hash: String = relay_saml::fingerprint(file.as_bytes())
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let shown = browser.get(&page.at("/costs?year=2026")).await.body;
    assert!(shown.contains(&hash), "{hash}: {file}");
}

#[tokio::test]
async fn the_five_answers_stay_five_and_a_stranger_to_an_office_is_not_called_ended() {
    let mut relay = Relay::start().await;
    let page = my_page(&mut relay).await;
    let coverage = Provider::start(&mut relay, "coverage").await;
    coverage.agree(&relay, PAGE).await;
    let (mio, guest) = (resident(&relay, 2).await, resident(&relay, 3).await);
    let word = async |card: &relay_testing::TestCard| {
        let browser = sign_in(&relay, &page, card).await;
        let shown = browser.get(&page.at("/coverage")).await.body;
        let word = shown
            .split("<p class=\"word\"><strong>")
            .nth(1)
            .and_then(|rest| rest.split('<').next());
        word.unwrap_or_else(|| panic!("{shown}")).to_owned()
    };
    // Nothing was ever taken over.
    assert_eq!(word(&mio.card).await, "不明");
    coverage.take_over(COVERAGE).await;
    // Somebody waits for a link: it may be them.
    assert_eq!(word(&guest.card).await, "不明");
    let nagisa = resident(&relay, 1).await;
    coverage
        .link(&relay, &[("イソベ ミオ", mio.person), ("ウミノ ナギサ", nagisa.person)])
        .await;
    assert_eq!(word(&mio.card).await, "無効");
    assert_eq!(word(&nagisa.card).await, "有効");
    assert_eq!(word(&guest.card).await, "該当なし");
    // What has not begun is not in force yet.
    let soon = COVERAGE.replace("2020-04-01,2025-03-31,社会保険に加入", "2099-04-01,,");
    coverage.take_over(&soon).await;
    assert_eq!(word(&mio.card).await, "無効");
    let two = format!(
        "{COVERAGE}200-01,イソベ ミオ,1980-05-06,429996,汐見市国民健康保険,汐,300,01,2026-04-01,,,3,,一般\n\
         200-01,イソベ ミオ,1980-05-06,429996,汐見市国民健康保険,汐,301,01,2026-05-01,,,3,,一般\n"
    );
    coverage.take_over(&two).await;
    assert_eq!(word(&mio.card).await, "複数該当");
    // Undone, the load before counts again.
    coverage
        .office
        .records()
        .undo("coverage", SystemClock.now())
        .await
        .unwrap();
    assert_eq!(word(&mio.card).await, "無効");
}

#[tokio::test]
async fn one_office_down_darkens_its_panel_and_no_other() {
    let mut relay = Relay::start().await;
    let page = my_page(&mut relay).await;
    let coverage = Provider::start(&mut relay, "coverage").await;
    let costs = Provider::start(&mut relay, "costs").await;
    coverage
        .take_over_as_of(COVERAGE, SystemClock.now() - Duration::days(3))
        .await;
    costs.take_over(COSTS).await;
    let nagisa = resident(&relay, 1).await;
    let known = [("ウミノ ナギサ", nagisa.person)];
    coverage.agree(&relay, PAGE).await;
    costs.agree(&relay, PAGE).await;
    coverage.link(&relay, &known).await;
    costs.link(&relay, &known).await;
    let browser = sign_in(&relay, &page, &nagisa.card).await;
    // Three days old, where one was promised: it says so.
    let shown = browser.get(&page.at("/coverage")).await.body;
    assert!(shown.contains("約束より古い記録です"), "{shown}");
    costs.stop();
    let begun = std::time::Instant::now();
    let home = browser.get(&page.at("/")).await.body;
    assert!(begun.elapsed() < std::time::Duration::from_secs(4));
    for part in ["有効", "返事がありません", "いま届かない記録があります"] {
        assert!(home.contains(part), "{part}: {home}");
    }
    // Suspended by agreement: other words.
    coverage
        .office
        .records()
        .suspend(PAGE, "coverage", Some("点検のため"))
        .await
        .unwrap();
    let shown = browser.get(&page.at("/coverage")).await.body;
    assert!(shown.contains("いまは提供を止めています"), "{shown}");
    coverage.office.records().suspend(PAGE, "coverage", None).await.unwrap();
    // What was refused is on record too.
    let looked = browser.get(&page.at("/looked")).await.body;
    assert!(looked.contains("提供を止めているあいだでした"), "{looked}");
    assert!(
        looked.contains("いま返事がなく、閲覧を確かめられない記録: 医療費"),
        "{looked}"
    );
    let home = browser.get(&page.at("/")).await.body;
    assert!(home.contains("断った閲覧があります"), "{home}");
}

#[tokio::test]
async fn a_session_that_ended_at_the_relay_finds_nothing() {
    let mut relay = Relay::start().await;
    let page = my_page(&mut relay).await;
    let coverage = Provider::start(&mut relay, "coverage").await;
    coverage.take_over(COVERAGE).await;
    coverage.agree(&relay, PAGE).await;
    let nagisa = resident(&relay, 1).await;
    let browser = sign_in(&relay, &page, &nagisa.card).await;
    // The front's agreement is withdrawn for a while: nobody is referred.
    let types = coverage.office.schema().service_type.as_str();
    let now = SystemClock.now();
    relay
        .records
        .suspend_agreement("hama", (PAGE, types), Some("点検"), now)
        .await
        .unwrap();
    let shown = browser.get(&page.at("/coverage")).await.body;
    assert!(shown.contains("いまは提供を止めています"), "{shown}");
    relay
        .records
        .suspend_agreement("hama", (PAGE, types), None, now)
        .await
        .unwrap();
    let shown = browser.get(&page.at("/coverage")).await.body;
    assert!(shown.contains("不明"), "{shown}");
}

#[tokio::test]
async fn an_owners_view_is_taken_over_as_its_file_would_be() {
    let mut relay = Relay::start().await;
    let costs = Provider::start(&mut relay, "costs").await;
    let owner = store::Store::new(&costs.database.superuser());
    owner
        .run("view", |tx| async move {
            tx.batch(
                "CREATE SCHEMA owner; CREATE TABLE owner.bills (no int, reading text, birth date, at date, sum int);\n\
                 INSERT INTO owner.bills VALUES (7, 'ウミノ ナギサ', '1950-01-02', '2026-07-01', 12000);\n\
                 CREATE VIEW owner.costs AS SELECT no AS person, reading AS kana, birth AS born, to_char(at, 'YYYY-MM') AS month,\n\
                 'みなと病院' AS institution, '外来' AS care, 1 AS days, sum AS total, sum * 3 / 10 AS paid FROM owner.bills;\n\
                 GRANT USAGE ON SCHEMA owner TO back_office_under_test;\n\
                 GRANT SELECT ON owner.costs TO back_office_under_test",
            )
            .await
        })
        .await
        .unwrap_or_else(|error: store::StoreError| panic!("{error}"));
    let records = costs.office.records();
    let (columns, rows) = records.view("owner.costs").await.unwrap();
    let file = back_office::import::of_view(&columns, &rows).unwrap();
    costs.take_over(std::str::from_utf8(&file).unwrap()).await;
    let line = records.unlinked().await.unwrap();
    assert_eq!((line.len(), line[0].0.kana.as_str()), (1, "ウミノ ナギサ"));
    // Its tables are not this provider's to read, nor is a name that is no name.
    assert!(records.view("owner.bills").await.is_err());
    for name in ["owner", "owner.costs; DROP TABLE records.load", "pg_catalog.\"x\"", ""] {
        assert!(records.view(name).await.is_err(), "{name}");
    }
}

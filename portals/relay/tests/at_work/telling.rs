//! Services that are away when a session ends, and how they hear of it after all.

use std::{sync::Arc, time::Duration};

use relay_core::clock::HandClock;
use relay_records::front::TellingResult;
use relay_testing::{Browser, FrontProcess, Relay, TestService};
use time::OffsetDateTime;

use crate::{CLINIC, SCHOOL, index, relay_with_two};

const WAITING: &str = "まだ知らせが届いていません";
const GIVEN_UP: &str = "知らせることができませんでした";
const ALL_OVER: &str = "すべてのサービスで終わりました";

/// Signs out at the relay; the address of the page that says how far it has come, and the page.
async fn sign_out(relay: &Relay, browser: &Browser) -> (String, String) {
    let out = relay.at("/sign-out");
    let left = browser.sign_out(relay).await;
    let (here, page) = browser.follow(&out, left).await;
    assert_eq!(page.status, 200, "{}", page.body);
    (here, page.body)
}

/// The page at `url` once it says `words`: some front is telling meanwhile.
async fn page_says(browser: &Browser, url: &str, words: &str) -> String {
    for _ in 0..300 {
        let page = browser.get(url).await.body;
        if page.contains(words) {
            return page;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("the page never says {words}: {}", browser.get(url).await.body);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_away_at_logout_is_told_when_it_is_back_and_the_persons_page_says_so() {
    let (relay, clinic, mut school) = relay_with_two().await;
    let card = relay.card().await;
    let browser = Browser::with_card(&relay, &card);
    let at_clinic = browser.sign_in(&relay, &clinic).await;
    let at_school = browser.sign_in(&relay, &school).await;
    school.go_away().await;
    let (page, said) = sign_out(&relay, &browser).await;
    assert!(said.contains(WAITING) && !said.contains(ALL_OVER), "{said}");
    assert_eq!(said.matches("<li>みなと診療所</li>").count(), 1, "{said}");
    assert_eq!(clinic.told()[0].1, index(&at_clinic));
    // Another browser has nothing of the page.
    assert_eq!(Browser::new(&relay).get(&page).await.status, 404);
    school.come_back().await;
    page_says(&browser, &page, ALL_OVER).await;
    let indexes: Vec<_> = school.told().into_iter().map(|(_, index)| index).collect();
    assert_eq!(indexes, [index(&at_school)], "told once");
    assert_eq!(clinic.told().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_front_killed_before_everybody_was_told_leaves_it_to_the_next() {
    let (mut relay, clinic, mut school) = relay_with_two().await;
    let card = relay.card().await;
    relay.stop_front().await;
    let front = FrontProcess::start(&relay).await;
    let browser = Browser::with_card(&relay, &card);
    browser.sign_in(&relay, &clinic).await;
    let at_school = browser.sign_in(&relay, &school).await;
    school.go_away().await;
    let (page, said) = sign_out(&relay, &browser).await;
    assert!(said.contains(WAITING), "{said}");
    front.kill();
    school.come_back().await;
    assert!(school.told().is_empty());
    relay.start_front().await;
    let browser = browser.change_card(&relay, &card);
    page_says(&browser, &page, ALL_OVER).await;
    assert_eq!(school.told()[0].1, index(&at_school));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_away_for_half_a_day_is_given_up_and_is_counted_as_not_told() {
    let began = OffsetDateTime::now_utc();
    let clock = HandClock::at(began);
    let mut relay = Relay::start_with_clock(Arc::new(clock.clone())).await;
    let clinic = TestService::start(&relay, CLINIC).await;
    let mut school = TestService::start(&relay, SCHOOL).await;
    relay.join(&clinic).await;
    relay.join(&school).await;
    let card = relay.card().await;
    let browser = Browser::with_card(&relay, &card);
    browser.sign_in(&relay, &school).await;
    school.go_away().await;
    let (page, said) = sign_out(&relay, &browser).await;
    assert!(said.contains(WAITING), "{said}");
    clock.advance(time::Duration::hours(12));
    let said = page_says(&browser, &page, GIVEN_UP).await;
    assert!(!said.contains(WAITING) && !said.contains(ALL_OVER), "{said}");
    let counted = relay.records.tellings(began - time::Duration::HOUR).await.unwrap();
    let count = |result| {
        let of_it = counted
            .iter()
            .filter(|one| one.service == SCHOOL && one.result == result);
        of_it.map(|one| one.count).sum::<u64>()
    };
    assert_eq!((count(TellingResult::GivenUp), count(TellingResult::Told)), (1, 0));
    assert!(count(TellingResult::Failed) >= 2, "{counted:?}");
}

//! Whether the relay knows what happened here, in the status line of every screen.

use time::Duration;

use super::counter::*;
use crate::{event::Event, facts::Outbox};

fn waiting(seconds: i64, trouble: bool) -> Event {
    Event::Outbox(Outbox {
        waiting: 4,
        oldest: Some(NOW - Duration::seconds(seconds)),
        trouble,
        refused: 0,
        carried: true,
    })
}

/// The status line: the first one under the title.
fn status(counter: &Counter, width: u16) -> String {
    counter.screen(width, 24).lines().nth(1).unwrap_or_default().to_owned()
}

#[test]
fn a_city_without_a_relay_sees_nothing_of_one() {
    assert!(!status(&Counter::with_clerk(), 200).contains("中継"));
}

#[test]
fn what_waits_for_the_relay_and_for_how_long_is_always_in_sight() {
    let mut counter = Counter::with_clerk();
    let told = Outbox {
        waiting: 0,
        oldest: None,
        trouble: false,
        refused: 0,
        carried: true,
    };
    counter.happens(Event::Outbox(told));
    assert!(status(&counter, 80).contains("中継●"), "{}", status(&counter, 80));
    assert!(counter.plain().contains("中継に届いています"));
    for (seconds, trouble, words) in [
        (3, false, "4件"),
        (3, true, "4件"),
        (600, true, "4件"),
        (3 * 3600, true, "4件"),
        (3 * 86_400, true, "4件3日"),
    ] {
        counter.happens(waiting(seconds, trouble));
        let status = status(&counter, 80);
        assert!(status.contains("中継!") && status.contains(words), "{status}");
        assert!(counter.plain().contains("中継に届いていないもの 4件"));
    }
}

#[test]
fn what_the_relay_refused_is_in_sight_until_it_is_settled() {
    let mut counter = Counter::with_clerk();
    for (waiting, words) in [(0, "中継!不受理2件"), (1, "秒!不受理2件")] {
        counter.happens(Event::Outbox(Outbox {
            waiting,
            oldest: (waiting > 0).then_some(NOW - Duration::seconds(3)),
            trouble: false,
            refused: 2,
            carried: true,
        }));
        let status = status(&counter, 80);
        assert!(status.contains(words), "{status}");
        assert!(counter.plain().contains("中継の不受理 2件"));
        assert_eq!(counter.plain().contains("中継に届いていないもの"), waiting > 0);
    }
}

#[test]
fn that_nobody_carries_the_outbox_is_in_sight_before_anything_waits_in_it() {
    let mut counter = Counter::with_clerk();
    for waiting in [0, 3] {
        counter.happens(Event::Outbox(Outbox {
            waiting,
            oldest: (waiting > 0).then_some(NOW),
            trouble: false,
            refused: 0,
            carried: false,
        }));
        let status = status(&counter, 80);
        assert!(status.contains(&format!("中継!送信停止{waiting}件")), "{status}");
        assert!(counter.plain().contains("届ける係が止まっています"));
        assert!(!counter.plain().contains("中継に届いています"));
    }
}

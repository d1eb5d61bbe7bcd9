//! What the relay's front refuses for good: the office hears of it once, whoever is cut off meanwhile; everything behind it
//! goes on; and a clerk sees of which card it is, and why.

use std::time::Duration;

use rustix::process::Signal;
use store::{Isolation, Store, StoreError, cluster::Cluster};

use crate::{
    my_page::{Front, a_card_is_handed_over, ends, stops_the_card},
    shell::with_a_card_service_and_a_relay,
};

/// Longest that one statement may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

#[test]
fn one_message_that_the_relay_refuses_holds_up_nothing_and_is_told_once_at_the_desk() {
    with_a_card_service_and_a_relay(
        "refused::one_message_that_the_relay_refuses_holds_up_nothing_and_is_told_once_at_the_desk",
        |shell| {
            let (clerk, records, _) = a_card_is_handed_over(shell);
            let front = Front::of(shell.home());
            let console = &clerk.console;
            // The front has the card's first key as one that was never activated: its operators put an old copy back.
            let first = "registration = (SELECT min(registration::text)::uuid FROM front.holder\n\
                         WHERE sender = 'shiomi-office')";
            front.does(&format!("UPDATE front.holder SET state = 'registered' WHERE {first}"));

            // Its stop, and the other key's behind it, wait for a front that is away.
            ends(shell, "relay.pid", Signal::TERM);
            console.text("k").sees("に中継が受け取りました");
            stops_the_card(&clerk);
            records.outbox_until(|outbox| outbox.waiting == 2 && outbox.trouble.is_some());

            // The front refuses the first. Whoever carries it is cut off before that is written down, and the front too.
            let carrier = shell.process("dispatch.process");
            rustix::process::kill_process(carrier, Signal::STOP).unwrap();
            shell.must("up", &[]);
            let office = Store::new(
                &Cluster::at(shell.home().join("postgres"))
                    .superuser_door("madoguchi")
                    .unwrap(),
            );
            let held = office.run_as("hold", Isolation::ReadCommitted, PATIENCE, |tx| async move {
                tx.execute("LOCK TABLE office.audit_event IN SHARE MODE", &[]).await?;
                rustix::process::kill_process(carrier, Signal::CONT).unwrap();
                let waits = "SELECT FROM pg_locks WHERE NOT granted AND relation = 'office.audit_event'::regclass";
                while tx.query(waits, &[]).await?.is_empty() {
                    tokio::task::yield_now().await;
                }
                ends(shell, "dispatch.process", Signal::KILL);
                ends(shell, "relay.pid", Signal::KILL);
                Ok::<_, StoreError>(())
            });
            front.runtime.block_on(held).unwrap();
            assert_eq!(front.refused(), [(5, "registration.not_active".to_owned())]);
            assert_eq!(records.wait(records.office.outbox_state()).refused, 0);

            shell.must("up", &[]);
            records.outbox_until(|outbox| outbox.waiting == 0 && outbox.refused == 1 && outbox.trouble.is_none());
            assert_eq!(front.refused(), [(5, "registration.not_active".to_owned())]);
            assert_eq!(
                front.numbers(),
                [1, 2, 3, 4, 6],
                "each once, and what was behind it too"
            );
            console.sees_all(&[
                "中継!不受理1件",
                "受け取らなかった連絡",
                "一時停止",
                "使える状態ではありません",
            ]);
            let told = shell.run("doctor --json", &[]).stdout;
            assert!(
                told.contains("2026-000001") && told.contains("受け取らなかった連絡 1 件"),
                "{told}"
            );
            console.text("j").sees_all(&["断られた: 中継への連絡", "dispatch"]);
        },
    );
}

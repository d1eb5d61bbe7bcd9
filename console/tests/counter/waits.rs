//! What a desk says while something beside it hangs or is gone: which thing it is, within seconds, and never that all is well.

use std::{
    fs,
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process};

use crate::{
    clerk::{Clerk, set_up},
    screen::{Key, Terminal},
    shell::{with_a_card_service, with_a_card_service_and_a_relay},
};

/// Five seconds, and what a busy machine takes to show it.
const SOON: Duration = Duration::from_secs(8);

#[test]
fn a_card_service_that_hangs_is_named_and_the_desk_goes_on() {
    with_a_card_service(
        "waits::a_card_service_that_hangs_is_named_and_the_desk_goes_on",
        |shell| {
            set_up(shell);
            let clerk = Clerk::sits_down(shell, Terminal::SMALL);
            clerk
                .logs_in("0001")
                .finds("0000000001", "ヤマグチ")
                .takes_application()
                .verifies()
                .lays_blank("blank-01");
            let began = Instant::now();
            card_service("hang");
            clerk
                .console
                .key(Key::Enter)
                .sees("カードのサービス(pcscd)が答えません");
            assert!(began.elapsed() < SOON, "{:?}", began.elapsed());
            // The desk is the clerk's again: what needs no card goes on.
            clerk.console.key(Key::Esc).sees("案件  2026-000001");
            clerk.console.text("j").sees("本人確認");
            card_service("wake");
            // Whether the clerk's own card stayed in meanwhile, nobody saw: the password is asked for again.
            clerk.console.sees("試行残り");
            clerk
                .console
                .text(&shell.password("0001"))
                .key(Key::Enter)
                .sees("本人確認");
            clerk.console.key(Key::Esc).sees("案件  2026-000001");
            clerk.console.key(Key::Enter);
            clerk.console.sees_one(&["この案件に使えます", "作りかけのカードです"]);
            clerk.console.key(Key::Enter).sees("カードができました");
        },
    );
}

#[test]
fn an_outbox_that_nobody_carries_is_said_before_anything_waits_in_it() {
    let name = "waits::an_outbox_that_nobody_carries_is_said_before_anything_waits_in_it";
    with_a_card_service_and_a_relay(name, |shell| {
        shell.must("setup --demo --relay --rows", &["60"]);
        let clerk = Clerk::sits_down(shell, Terminal::LARGE);
        clerk.logs_in("0001");
        clerk.console.sees("中継●");
        // Whoever carries the outbox shows the relay the trail's head too.
        let began = Instant::now();
        while !shell
            .run("doctor", &[])
            .stdout
            .contains("件までの記録を0分前に裏書きしました")
        {
            assert!(
                began.elapsed() < Duration::from_secs(90),
                "the relay vouches for the trail"
            );
        }
        let heads = shell.home().join("relay/relay/heads");
        let heads: Vec<_> = fs::read_dir(heads).unwrap().map(|file| file.unwrap().path()).collect();
        let [heads] = &heads[..] else {
            panic!("{heads:?}");
        };
        // An auditor takes the relay's file, and not the office's.
        shell.must("audit verify --heads", &[heads.to_str().unwrap()]);
        let record = fs::read_to_string(shell.home().join("run/dispatch.process")).unwrap();
        let number: i32 = record.split(' ').next().unwrap().parse().unwrap();
        kill_process(Pid::from_raw(number).unwrap(), Signal::KILL).unwrap();
        clerk.console.sees("中継!送信停止0件");
        let doctor = shell.run("doctor", &[]);
        assert!(doctor.stdout.contains("送信箱の係が動いていない"), "{}", doctor.stdout);
        shell.must("up", &[]);
        clerk.console.sees("中継●");
        shell.must("down", &[]);
    });
}

/// What a hand does with the card service, and waits until it is so.
fn card_service(what: &str) {
    fs::write(std::env::var_os("WITH_PCSCD_CONTROL").unwrap(), format!("{what}\n")).unwrap();
    let began = Instant::now();
    while card::Readers::list_within(Duration::from_millis(700)).is_ok() == (what == "hang") {
        assert!(began.elapsed() < Duration::from_secs(60), "{what}");
    }
}

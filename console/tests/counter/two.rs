//! Where the configuration asks for two people: a card that two make, a handover that two look at.

use issuance::case::CaseState;

use crate::{
    clerk::{Clerk, Records, set_up},
    screen::{Key, Terminal},
    shell::with_a_card_service,
    visit::{code_on, paper},
};

#[test]
fn two_people_make_the_card_and_two_look_before_it_is_handed_over() {
    with_a_card_service(
        "two::two_people_make_the_card_and_two_look_before_it_is_handed_over",
        |shell| {
            set_up(shell);
            shell.configure("making_by_two = false", "making_by_two = true");
            shell.configure("\"one_clerk_twice\"", "\"two_clerks\"");
            let clerk = Clerk::sits_down(shell, Terminal::SMALL);
            let console = &clerk.console;
            clerk
                .logs_in("0001")
                .finds("0000000001", "ヤマグチ")
                .takes_application()
                .verifies()
                .lays_blank("blank-01");
            console.sees("Enter で二人目の承認に進み");

            // One alone makes nothing: neither by their own card, nor with someone who has not the role.
            console.key(Key::Enter).sees("カードを作るには、二人目の職員の承認");
            console.text(&shell.password("0001")).key(Key::Enter);
            console.sees("自分では承認できません");
            shell.tray("remove 0");
            console.sees("職員○");
            shell.tray("insert 0 staff-0003");
            console.sees_all(&["0003  高橋", "あと 5 回"]);
            console.text(&shell.password("0003")).key(Key::Enter);
            console.sees("発行の役割が必要です");
            swaps_in_the_second(&clerk, "0003");
            // The blank is pulled before it is bound to the case: what the second clerk agreed to is still to be made.
            shell.tray("hold 1 82");
            agrees(&clerk);
            shell.waits_for_stall();
            shell.tray("remove 1");
            console.sees("カードが抜けました");
            shell.tray("insert 1 blank-01");
            console.sees_all(&["この案件に使えます", "鈴木 健"]);
            // Once it is bound, whoever goes on needs no other agreement either.
            shell.tray("hold 1 46");
            console.key(Key::Enter);
            shell.waits_for_stall();
            shell.tray("remove 1");
            console.sees("カードが抜けました");
            shell.tray("insert 1 blank-01");
            console.sees("作りかけのカードです");
            console.key(Key::Enter).sees("カードができました");
            console.key(Key::Esc).sees("住民に暗証番号を決めてもらう");

            clerk.has_pin_set("2751").prints().shelves("A-12");
            let notice = code_on(&paper(shell.home(), "notice"));
            console.key(Key::Enter).sees("通知書のQR");
            console.scans(&notice).sees(&notice);
            clerk.chosen("取り出した棚");
            console.text("A-12").key(Key::Enter).sees("1 回目");
            clerk.ticks_three();
            // The second look is another's: the panel stands there by itself, and going past it does nothing.
            console.key(Key::Enter).sees("二人目の職員の番です");
            console.key(Key::Esc).sees("2 回目");
            clerk.ticks_three();
            console.key(Key::Enter).sees("二人目の職員の番です");
            swaps_in_the_second(&clerk, "0001");
            agrees(&clerk);
            console.sees_all(&["2 回目", "鈴木 健"]);
            console.key(Key::Enter).sees("交付を記録しました");
            console.key(Key::Enter).sees("交付済み");

            console.text("j").sees("二人目として承認した");
            let records = Records::of(shell.home());
            let file = records.case("2026-000001");
            assert!(matches!(file.state, CaseState::HandedOver { .. }));
            let sights = records.wait(records.office.sights(file.at.id));
            let [first, second] = &sights[..] else {
                panic!("{} sights", sights.len())
            };
            assert_ne!(first.by, second.by);
        },
    );
}

/// The card of whoever is there is pulled, the second clerk's put in its place.
pub fn swaps_in_the_second(clerk: &Clerk<'_>, before: &str) {
    clerk.shell.tray("remove 0");
    clerk.console.sees("職員○").no_more(&format!("{before}  "));
    clerk.shell.tray("insert 0 staff-0002");
    clerk.console.sees_all(&["0002  鈴木", "あと 5 回"]);
}

/// The second clerk agrees, and the first one's card comes back.
pub fn agrees(clerk: &Clerk<'_>) {
    let console = &clerk.console;
    console.text(&clerk.shell.password("0002")).key(Key::Enter);
    console.sees_all(&["鈴木 健さんが承認しました", "自分の職員カードを戻して"]);
    clerk.shell.tray("remove 0");
    console.sees("職員○");
    clerk.shell.tray("insert 0 staff-0001");
}

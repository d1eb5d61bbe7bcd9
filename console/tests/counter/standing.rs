//! A card that is lost and found again, and one that is ended: at the desk, in the records, and in what the relay is told.

use std::{fs, os::unix::fs::PermissionsExt, path::Path};

use issuance::standing::CardStanding;
use relay_core::{
    chance::OsChance,
    pseudonym::{Ceremony, Registrar, RegistrarSecret},
};

use crate::{
    clerk::{Clerk, Records, set_up},
    screen::{Key, Terminal},
    shell::with_a_card_service,
    two::{agrees, swaps_in_the_second},
    visit::{code_on, paper},
};

#[test]
fn a_lost_card_is_stopped_by_telephone_found_again_and_ended_by_two() {
    with_a_card_service(
        "standing::a_lost_card_is_stopped_by_telephone_found_again_and_ended_by_two",
        |shell| {
            set_up(shell);
            join_a_relay(shell.home());
            let clerk = Clerk::sits_down(shell, Terminal::SMALL);
            let console = &clerk.console;
            clerk
                .logs_in("0001")
                .finds("0000000001", "ヤマグチ")
                .takes_application()
                .verifies();
            clerk
                .lays_blank("blank-01")
                .makes()
                .has_pin_set("2751")
                .prints()
                .shelves("A-12");
            let notice = code_on(&paper(shell.home(), "notice"));
            clerk.hands_over(&notice, "A-12");
            let records = Records::of(shell.home());
            let mut front = Front::new(&records);
            assert_eq!(
                front.takes_everything(),
                ["register", "activate", "register", "activate"]
            );
            console.key(Key::Esc).sees("の案件はありません");

            // The telephone rings: from the search to the stopped card.
            console.text("/").sees("フリガナ、氏名");
            console.text("0000000001").sees_all(&["1 人中 1 人", "ヤマグチ"]);
            console.key(Key::Enter).sees("k カードの利用");
            console.text("k").sees_all(&["使えます", "に中継が受け取りました"]);
            console.key(Key::Enter).sees("このカードでのログインを止めます");
            console.key(Key::Down).sees("(●) 電話で");
            console.text("バスの中で落とした").key(Key::Enter);
            console.sees_all(&["一時停止中", "2 件がまだ届いていません"]);
            let case = records.case("2026-000001").at.id;
            let standing = || records.wait(records.office.card_standing(case));
            assert_eq!(standing(), Some(CardStanding::Suspended));
            // The front takes it, and the screen hears of that by itself.
            assert_eq!(front.takes_everything(), ["suspend", "suspend"]);
            console.sees_all(&["一時停止中", "に中継が受け取りました"]);

            // Found: its holder comes with a licence.
            console.key(Key::Enter).sees("本人が窓口に来ていて");
            console.key(Key::Down).sees("(●) 窓口で、顔写真のある");
            console.text("運転免許証、カードも手元に").key(Key::Enter);
            console.sees_all(&["使えます", "2 件がまだ届いていません"]);
            assert_eq!(front.takes_everything(), ["resume", "resume"]);
            console.sees_all(&["使えます", "に中継が受け取りました"]);

            // The PIN is forgotten: another is set for the holder who stands there, whatever the card counts.
            console.text("p").sees("カードを住民用の読取機に");
            console
                .key(Key::Down)
                .key(Key::Enter)
                .sees("新しい暗証番号を決めてもらえます");
            console.key(Key::Enter).sees("4けたの すうじ");
            clerk.types_pin("4962");
            console.key(Key::Enter).sees("もういちど いれてください");
            clerk.types_pin("4962");
            console.key(Key::Enter).sees("きまりました");
            console.key(Key::Enter).sees("案件  2026-000001");
            let used = "SELECT count(*) FROM office.pin_permission WHERE used_at IS NOT NULL";
            assert_eq!(records.count(used), 1);
            console.text("k").sees("使えます");

            // The holder knows it again, and wants another: the card asks for the present one.
            console
                .text("h")
                .sees_all(&["暗証番号の変更", "いまの番号を知っている"]);
            console.key(Key::Enter).sees("いまの ばんごう");
            clerk.types_pin("4961");
            console.key(Key::Enter).sees("あたらしい ばんごう");
            clerk.types_pin("8305");
            console.key(Key::Enter).sees("もういちど いれてください");
            clerk.types_pin("8305");
            console
                .key(Key::Enter)
                .sees_all(&["ばんごうが ちがいます", "あと 2かい"]);
            clerk.types_pin("4962");
            console.key(Key::Enter).sees("あたらしい ばんごう");
            clerk.types_pin("8305");
            console.key(Key::Enter).sees("もういちど いれてください");
            clerk.types_pin("8305");
            console.key(Key::Enter).sees("きまりました");
            console.key(Key::Enter).sees("案件  2026-000001");
            let changed = "SELECT count(*) FROM office.audit_event WHERE act = 'card.pin_changed' AND outcome = 'done'";
            assert_eq!(records.count(changed), 1);
            assert_eq!(records.count(used), 1, "nobody had to give leave for it");
            console.text("k").sees("使えます");

            // Stolen for good: two end it.
            console.text("x").sees("永久に使えなくします");
            console.key(Key::Down).sees("(●) なくした・盗まれた");
            console.text("盗難届を出したとのこと").key(Key::Enter);
            console.sees("失効させるには、二人目の職員");
            swaps_in_the_second(&clerk, "0001");
            agrees(&clerk);
            console.sees_all(&["失効しました", "できることはもうありません"]);
            assert_eq!(standing(), Some(CardStanding::Revoked));
            assert_eq!(front.takes_everything(), ["revoke", "revoke"]);
            assert_eq!(records.wait(records.office.revoked()).len(), 2);

            console.text("j").sees_all(&["カードを失効させた", "鈴木"]);
            console.sees("失効の理由: なくした・盗まれた");
        },
    );
}

/// Joins the city to a relay, as far as its desks know: nothing is sent from here but by [`Front`].
fn join_a_relay(home: &Path) {
    let file = home.join("madoguchi.toml");
    let mut text = fs::read_to_string(&file).unwrap();
    text.push_str("\n[relay]\nintake_url = \"https://localhost:1/registry/envelopes\"\noffice = \"shiomi\"\n");
    for name in ["roots", "certificate", "key", "envelope_key", "registrar", "global_key"] {
        let path = home.join(format!("relay-{name}"));
        fs::write(&path, "-").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        text.push_str(&format!("{name}_file = \"relay-{name}\"\n"));
    }
    fs::write(&file, text).unwrap();
}

/// The sender and the front in one: composes what waits, and says that it was applied.
struct Front<'r> {
    records: &'r Records,
    registrar: Registrar,
}

impl<'r> Front<'r> {
    fn new(records: &'r Records) -> Self {
        let secret = RegistrarSecret::new(&mut OsChance);
        let registrar = Registrar::new(secret, Ceremony::run(&mut OsChance).global);
        Self { records, registrar }
    }

    /// What was told, in order.
    fn takes_everything(&mut self) -> Vec<&'static str> {
        let office = &self.records.dispatch;
        self.records.wait(office.compose_outbox(&self.registrar, 100));
        let letters = self.records.wait(office.outbox_next(100));
        if let Some(last) = letters.last() {
            self.records.wait(office.outbox_applied(last.sequence));
        }
        letters.iter().map(|letter| letter.message.act()).collect()
    }
}

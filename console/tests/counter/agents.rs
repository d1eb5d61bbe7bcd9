//! People who apply for somebody else: a parent for a small child, an agent with a letter of authority (委任状).

use crate::{
    clerk::{Answer, Clerk, Document, NUMBER_CARD, Records, set_up},
    screen::{Key, Terminal},
    shell::with_a_card_service,
};

#[test]
fn a_parent_applies_for_a_small_child_and_an_agent_with_a_letter_for_one_who_is_ill() {
    with_a_card_service(
        "agents::a_parent_applies_for_a_small_child_and_an_agent_with_a_letter_for_one_who_is_ill",
        |shell| {
            set_up(shell);
            let clerk = Clerk::sits_down(shell, Terminal::LARGE);
            clerk.logs_in("0001");
            a_parent_for_a_child(&clerk);
            an_agent_for_one_who_is_ill(&clerk);

            let records = Records::of(shell.home());
            let child = records.case("2026-000001").verification.unwrap();
            assert_eq!(
                (child.applicant.as_str(), child.evidence_seen, child.letter_seen),
                ("guardian", Some(true), None)
            );
            assert_eq!(child.parties.len(), 2);
            let ill = records.case("2026-000002").verification.unwrap();
            assert_eq!(
                (ill.applicant.as_str(), ill.evidence_seen, ill.letter_seen),
                ("agent", Some(true), Some(true))
            );
            // The one who is ill was not here; the agent was.
            let attended: Vec<_> = ill.parties.iter().map(|party| party.attended).collect();
            assert_eq!(attended, [false, true]);
        },
    );
}

/// Born in 2016: ten years old, so that only her mother can apply.
fn a_parent_for_a_child(clerk: &Clerk<'_>) {
    let console = &clerk.console;
    clerk.finds("0000000003", "ヤマグチ サクラ");
    console.key(Key::Enter).sees("申請する人");
    // A parent is who is expected; in person she can't.
    clerk.turns_to("申請する人", "(●) 本人");
    clerk.answers_everything();
    console.key(Key::F(2));
    clerk.chosen("この内容で申請を受け付ける");
    console.key(Key::Enter).sees("15歳未満です");
    clerk.chosen("申請する人");
    clerk.fills_in(&[
        ("申請する人", Answer::Chosen("法定代理人")),
        // Who lives with her is in the register: nothing of it is typed.
        ("同じ世帯の人", Answer::Chosen("山口 恵")),
        ("代理の立場", Answer::Chosen("親権者")),
        ("立場を示すもの", Answer::Chosen("同一世帯の親子")),
    ]);
    console.sees_all(&["法定代理人", "山口 恵"]);

    console.key(Key::Enter).sees("書類を加える");
    clerk.lays(&NUMBER_CARD);
    // The child alone is not enough, whatever is pressed.
    cannot_be_recorded(clerk, "代理人の立場か理由を示すものを確かめてください");
    goes_to_the_agents_documents(clerk);
    clerk.lays(&NUMBER_CARD_OF_AN_AGENT);
    clerk.goes_to("確かめた: 同一世帯の親子");
    clerk.turns_to("確かめた", "[✓]");
    clerk.records_verification();
    console.key(Key::Esc);
    clerk.sees_the_queues();
}

/// She is ill; her husband comes with her letter, two of her documents and the doctor's certificate.
fn an_agent_for_one_who_is_ill(clerk: &Clerk<'_>) {
    let console = &clerk.console;
    clerk.finds("0000000002", "ヤマグチ メグミ");
    console.key(Key::Enter).sees("申請する人");
    clerk.fills_in(&[
        ("申請する人", Answer::Chosen("任意代理人")),
        ("代理人の氏名", Answer::Typed("山口 吉郎")),
        ("代理人のフリガナ", Answer::Typed("ヤマグチ ヨシロウ")),
        ("代理人の生年月日", Answer::Typed("S45.3.1")),
        ("代理人の住所", Answer::Typed("汐見市港町1丁目2番3号")),
        ("本人が来られない理由", Answer::Chosen("病気・入院")),
        ("理由を示すもの", Answer::Chosen("診断書")),
        ("委任状", Answer::Chosen("預かった")),
    ]);
    console.key(Key::Enter).sees("書類を加える");
    clerk.lays(&NUMBER_CARD_OF_AN_ABSENT_PERSON);
    clerk.goes_to("書類を加える");
    clerk.lays(&PENSION_HANDBOOK);
    goes_to_the_agents_documents(clerk);
    clerk.lays(&NUMBER_CARD_OF_AN_AGENT);
    clerk.goes_to("確かめた: 診断書");
    clerk.turns_to("確かめた", "[✓]");
    cannot_be_recorded(clerk, "委任状を確かめてください");
    clerk.goes_to("委任状を確かめた");
    clerk.turns_to("委任状", "[✓]");
    clerk.records_verification();
}

/// The face of an agent is not in our register, and the application does not ask their sex.
const NUMBER_CARD_OF_AN_AGENT: Document = Document {
    name: "マイナンバーカード",
    expires: true,
    shows: &["顔写真", "氏名", "生年月日", "住所"],
};

/// There is no face to compare with.
const NUMBER_CARD_OF_AN_ABSENT_PERSON: Document = Document {
    name: "マイナンバーカード",
    expires: true,
    shows: &["氏名", "生年月日", "性別", "住所"],
};

const PENSION_HANDBOOK: Document = Document {
    name: "年金手帳・基礎年金番号通知書",
    expires: false,
    shows: &["氏名", "生年月日"],
};

/// The review says what is lacking and Enter records nothing.
fn cannot_be_recorded(clerk: &Clerk<'_>, lacking: &str) {
    let console = &clerk.console;
    clerk.goes_to("確認内容を見る");
    console.key(Key::Enter).sees_all(&["例外はありません", lacking]);
    console.key(Key::Enter).key(Key::F(1)).sees("Ctrl+");
    console.key(Key::Esc).sees("例外はありません");
    console.key(Key::Esc).sees("[ 確認内容を見る ]");
    // Back at the counter the pointer stands on the review; the documents are above it.
    clerk.goes_back_to("マイナンバーカード");
}

fn goes_to_the_agents_documents(clerk: &Clerk<'_>) {
    clerk.goes_to("書類を加える");
    let before = |screen: &str| screen.lines().position(|line| line.starts_with("│ 代理人の書類"));
    let pointer = |screen: &str| screen.lines().position(|line| line.contains('▸'));
    clerk.console.key(Key::Down);
    clerk.console.until("the agent's documents", |screen| {
        before(screen).is_some_and(|heading| pointer(screen) == Some(heading + 1))
    });
}

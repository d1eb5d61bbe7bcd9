//! Made-up people and papers of the demo city for the paper tests.

use time::macros::date;

use crate::notice::{
    Addressee, Agent, Applicant, ApplicationForm, Bring, Choice, Collected, DeliveryNotice, Holder, Office,
    ReceiptSlip, Receiver, Receiving, Sight, Ticket,
};

/// 𠮷 is outside the BMP and missing from BIZ UD; 葛 with this selector differs from the plain character.
pub const RARE_NAME: &str = "𠮷田 葛\u{E0100}子";

pub fn office() -> Office {
    Office {
        city: "汐見市".into(),
        section: "市民課 カード窓口".into(),
        postal_code: "859-9001".into(),
        address: "汐見市港町1丁目1番地".into(),
        phone: "0950-00-1234".into(),
        hours: vec![
            "月曜日から金曜日 午前9時から午後5時まで(祝日は休み)".into(),
            "第2・第4日曜日 午前9時から正午まで".into(),
        ],
        card_name: "市民カード".into(),
    }
}

pub fn ticket() -> Ticket {
    Ticket::new("2026-000352", "K7QZ2M4XW6B3TD5HFNA2CYRUE7").unwrap()
}

pub fn delivery_notice() -> DeliveryNotice {
    DeliveryNotice {
        office: office(),
        ticket: ticket(),
        document_number: Some("汐市民第1042号".into()),
        issued_on: "令和8年3月2日".into(),
        addressee: Addressee {
            postal_code: "859-9012".into(),
            address_lines: vec!["汐見市浜通3丁目20番地5".into(), "コーポ潮騒 604号".into()],
            name: RARE_NAME.into(),
        },
        receiving: Receiving::Collected(collected()),
        dated: date!(2026 - 03 - 02),
    }
}

/// The same, with the card in its envelope.
pub fn letter_with_the_card() -> DeliveryNotice {
    DeliveryNotice {
        receiving: Receiving::ByPost,
        ..delivery_notice()
    }
}

pub fn collected() -> Collected {
    Collected {
        keep_until: "令和8年5月29日(金)".into(),
        visitor: "本人が来てください。15歳より下の人は、親などの法定代理人といっしょに来てください。".into(),
        bring: vec![
            Bring {
                what: "この通知書(下の回答書も書いてください)".into(),
                any_of: vec![],
            },
            Bring {
                what: "本人を確かめる書類 次のどれか1つ".into(),
                any_of: [
                    "マイナンバーカード",
                    "運転免許証",
                    "旅券(パスポート)",
                    "在留カード",
                    "身体障害者手帳",
                ]
                .map(String::from)
                .to_vec(),
            },
        ],
        with_reply: true,
    }
}

pub fn receipt_slip() -> ReceiptSlip {
    let sight = |clerk: &str, number: &str, at: &str| Sight {
        clerk: clerk.into(),
        number: number.into(),
        at: at.into(),
    };
    ReceiptSlip {
        office: office(),
        case_number: "2026-000352".into(),
        received_on: Some("令和8年3月16日(月)".into()),
        holder: Holder {
            name: RARE_NAME.into(),
            birthday: "昭和59年11月3日".into(),
        },
        receiver: Receiver::Agent {
            name: "髙橋 﨑夫".into(),
            relation: "父(親権者)".into(),
        },
        chip_serial: "8B42 19F0 0C77 A1D3 55E8".into(),
        sights: vec![
            sight("渡邉 みなと", "1024", "午前10時12分"),
            sight("斎藤 なぎさ", "1107", "午前10時13分"),
        ],
        remarks: vec!["運転免許証: 令和8年3月14日は閉庁日のため、令和8年3月16日まで有効".into()],
        dated: date!(2026 - 03 - 16),
    }
}

pub fn application_form() -> ApplicationForm {
    let choice = |label: &str, chosen| Choice {
        label: label.into(),
        chosen,
    };
    ApplicationForm {
        office: office(),
        ticket: ticket(),
        received_on: "令和8年2月12日(木)".into(),
        applicant: Applicant {
            name: RARE_NAME.into(),
            kana: "ヨシダ カツコ".into(),
            birthday: "昭和59年11月3日".into(),
            sex: "女".into(),
            postal_code: "859-9012".into(),
            address_lines: vec!["汐見市浜通3丁目20番地5".into(), "コーポ潮騒 604号".into()],
            phone: "090-0000-4321".into(),
        },
        agent: Some(Agent {
            name: "髙橋 﨑夫".into(),
            relation: "父(親権者)".into(),
            address: "汐見市浜通3丁目20番地5 コーポ潮騒 604号".into(),
            phone: "0950-00-9876".into(),
            power: "15歳より下の人の法定代理人(戸籍全部事項証明書)".into(),
        }),
        services: vec![
            choice("保険の資格確認", true),
            choice("特定健診", true),
            choice("医療費", true),
            choice("年金", false),
            choice("こども", true),
        ],
        delivery: vec![
            choice("窓口で受け取る", true),
            choice("本人限定受取郵便で受け取る", false),
        ],
        paper_notices: vec![choice("ほしい", true), choice("いらない", false)],
        notes: Some("通知は平日の日中に電話してから送ること。".into()),
        dated: date!(2026 - 02 - 12),
    }
}

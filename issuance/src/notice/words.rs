//! Every fixed word that stands on paper, in one place to be edited: plain, polite Japanese (やさしい日本語).
//!
//! Short sentences, one thing each; no 敬語 that hides who does what. After a change, raise [`EDITION`]: it is part
//! of the content hash, so papers of two wordings never share one.

/// Edition of the words and of the layout.
pub(super) const EDITION: u32 = 4;

/// Labels used by several documents.
pub(super) mod label {
    pub(in super::super) const CASE_NUMBER: &str = "受付番号";
    pub(in super::super) const NAME: &str = "氏名";
    pub(in super::super) const KANA: &str = "フリガナ";
    pub(in super::super) const BIRTHDAY: &str = "生年月日";
    pub(in super::super) const SEX: &str = "性別";
    pub(in super::super) const ADDRESS: &str = "住所";
    pub(in super::super) const PHONE: &str = "電話番号";
    pub(in super::super) const OFFICE: &str = "役所の名前と住所";
    pub(in super::super) const DATE: &str = "日付";
    pub(in super::super) const WORDS: &str = "本文";
    pub(in super::super) const FOOT: &str = "ページの下の文字";
    pub(in super::super) const CUT: &str = "切り取り線";
    pub(in super::super) const HONORIFIC: &str = "様";
    pub(in super::super) const GUARDIAN: &str = "様の保護者様";
    pub(in super::super) const BARCODE: &str = "郵便のバーコード";
    pub(in super::super) const SIGNATURE: &str = "署名";
    pub(in super::super) const SIGN_HERE: &str = "(自分で書いてください)";
    pub(in super::super) const BLANK_DATE: &str = "     年    月    日";
    pub(in super::super) const RELATION: &str = "本人との関係";

    pub(in super::super) fn phone(number: &str) -> String {
        format!("電話 {number}")
    }

    pub(in super::super) fn postal_code(code: &str) -> String {
        format!("〒{code}")
    }

    pub(in super::super) fn reference(hash: &str) -> String {
        format!("照合番号 {hash}")
    }

    pub(in super::super) fn page(number: usize, of: usize) -> String {
        format!("{number}/{of}ページ")
    }
}

/// The delivery notice.
pub(super) mod delivery {
    pub(in super::super) const NO_FORWARDING: &str = "転送不要";
    pub(in super::super) const DOCUMENT_NUMBER: &str = "文書番号";
    pub(in super::super) const PLACE: &str = "受け取る場所";
    pub(in super::super) const HOURS: &str = "開いている時間";
    pub(in super::super) const KEPT_UNTIL: &str = "受け取りの期限";
    pub(in super::super) const VISITOR: &str = "受け取る人";
    pub(in super::super) const ENQUIRIES: &str = "わからないとき";
    pub(in super::super) const BRING: &str = "持ってくるもの";
    pub(in super::super) const CODE_NOTE: &str = "窓口で読み取ります";
    pub(in super::super) const CODE_NOTE_BY_POST: &str = "市役所が使います";
    pub(in super::super) const TYPED_NOTE: &str = "読み取れないとき";
    pub(in super::super) const CODE: &str = "通知書のQRコード。窓口で読み取ります。";
    pub(in super::super) const REPLY_TITLE: &str = "回答書";
    pub(in super::super) const REPLY_LEAD: &str =
        "受け取りに来る前に、太いわくの中を、本人が書いてください。この紙を窓口に出してください。";
    pub(in super::super) const REPLY_STATEMENT: &str = "この通知書は、わたしに届きました。カードを受け取ります。";
    pub(in super::super) const REPLY_DATE: &str = "書いた日";
    pub(in super::super) const REPLY_AGENT: &str = "代わりに来る人の氏名";
    pub(in super::super) const REPLY_AGENT_NOTE: &str = "代わりの人が来るときだけ、書いてください。";

    pub(in super::super) fn title(card: &str) -> String {
        format!("{card}交付通知書")
    }

    /// A line each.
    pub(in super::super) fn lead(card: &str, by_post: bool) -> [String; 2] {
        match by_post {
            false => [
                format!("あなたの{card}ができました。"),
                "下の日までに、窓口へ受け取りに来てください。".to_owned(),
            ],
            true => [
                format!("あなたの{card}を、この手紙といっしょに送ります。"),
                "窓口に来る必要はありません。".to_owned(),
            ],
        }
    }

    /// What there is to know of a card that came with the letter.
    pub(in super::super) const BY_POST: [(&str, &str); 4] = [
        (
            "使える日",
            "郵便局から市役所に、受け取りの知らせが届いてから使えます。何日かたっても使えないときは、電話してください。",
        ),
        (
            "暗証番号",
            "申請のとき、あなたが窓口で決めた4けたの数字です。この手紙には書いてありません。だれにも教えないでください。",
        ),
        (
            "まちがいのとき",
            "名前がちがうとき、カードが入っていないとき、申請した覚えがないときは、使わずに、すぐ電話してください。",
        ),
        ("なくしたとき", "すぐに電話してください。カードを止めます。"),
    ];

    pub(in super::super) fn until(day: &str) -> String {
        format!("{day}まで")
    }

    pub(in super::super) const AFTER: &str = "この日を過ぎると渡せません。来られないときは、電話してください。";

    pub(in super::super) fn address_line(number: usize) -> String {
        format!("宛先の住所 {number}行目")
    }

    pub(in super::super) const ADDRESSEE: &str = "宛先の氏名";
    pub(in super::super) const ADDRESS: &str = "宛先の住所";
    pub(in super::super) const POSTAL_CODE: &str = "宛先の郵便番号";
}

/// The receipt slip.
pub(super) mod receipt {
    pub(in super::super) const RECEIVED_ON: &str = "受け取った日";
    pub(in super::super) const HOLDER: &str = "カードの持ち主";
    pub(in super::super) const CHIP: &str = "チップ番号";
    pub(in super::super) const RECEIVER: &str = "受け取った人";
    pub(in super::super) const HOLDER_SELF: &str = "本人";
    pub(in super::super) const SIGHTED: &str = "確認した職員";
    pub(in super::super) const STATEMENT: &str = "わたしは、下に書いてあるカードを受け取りました。";
    pub(in super::super) const STATEMENT_COPY: &str =
        "受け取った日が書いてあるとき、下のカードを渡したことの控えです。大切に持っていてください。";
    pub(in super::super) const DAY_TO_FILL: &str = "令和　　年　　月　　日(渡したときに書く)";
    pub(in super::super) const CLERK_TO_FILL: &str = "氏名＿＿＿＿＿＿＿＿＿＿　職員番号＿＿＿＿＿＿　　時　　分";
    pub(in super::super) const SIGHTED_NOTE_TO_FILL: &str =
        "通知書・保管場所・チップ番号が合っていることを確かめた職員が、名前を書く。";
    pub(in super::super) const REMARKS: &str = "書類の注記";
    pub(in super::super) const SIGHTED_NOTE: &str = "通知書・保管場所・チップ番号が合っていることを確かめました。";
    pub(in super::super) const COPY: &str = "(控え)";
    pub(in super::super) const CARE: &str =
        "暗証番号は、だれにも教えないでください。カードをなくしたときは、すぐに電話してください。カードを止めます。";

    pub(in super::super) fn title(card: &str) -> String {
        format!("{card}受領票")
    }

    pub(in super::super) fn relation(relation: &str) -> String {
        format!("{}: {relation}", super::label::RELATION)
    }

    pub(in super::super) fn clerk(name: &str, number: &str, at: &str) -> String {
        format!("{name} 職員番号 {number} {at}")
    }
}

/// The daily sheet of the audit trail.
pub(super) mod head {
    pub(in super::super) const TITLE: &str = "監査記録の先端";
    pub(in super::super) const LEAD: &str = "この紙は、下の日時までの監査記録のすべてを指す、署名のある控えです。記録があとから書き換えられたり、抜き取られたりすれば、この紙と合わなくなります。人のことは何も書いてありません。";
    pub(in super::super) const HOW: &str = "データベースに触れられる人とは別の人が、日付の順にとじて保管します。確かめるときは、QRコードを読み取った文字をファイルにして、madoguchi audit verify --heads に渡します。";
    pub(in super::super) const CODE: &str = "監査記録の先端のQRコード。上の「先端と署名」と同じ文字です。";
    pub(in super::super) const CITY: &str = "市区町村";
    pub(in super::super) const SIGNED_ON: &str = "署名の日時";
    pub(in super::super) const EVENTS: &str = "記録の件数";
    pub(in super::super) const NOTE: &str = "先端と署名";
    pub(in super::super) const KEY: &str = "公開鍵";
    pub(in super::super) const KEPT_BY: &str = "保管する人";
    pub(in super::super) const KEPT_BY_TO_FILL: &str = "＿＿＿＿＿＿＿＿＿＿　令和　　年　　月　　日";

    pub(in super::super) fn events(count: u64) -> String {
        format!("{count} 件")
    }
}

/// The application form.
pub(super) mod application {
    pub(in super::super) const CODE: &str = "申請書のQRコード。窓口で読み取ります。";
    pub(in super::super) const APPLICANT: &str = "1 申請する人";
    pub(in super::super) const AGENT: &str = "2 代わりに申請する人";
    pub(in super::super) const SERVICES: &str = "3 カードで使うサービス";
    pub(in super::super) const SERVICES_NOTE: &str = "■は「使う」、□は「使わない」です。あとから変えることができます。";
    pub(in super::super) const DELIVERY: &str = "4 カードの受け取り方";
    pub(in super::super) const PAPER: &str = "5 紙のお知らせ";
    pub(in super::super) const NOTES: &str = "備考";
    pub(in super::super) const NO_AGENT: &str = "いません(本人が申請しました)。";
    pub(in super::super) const POWER: &str = "代理の理由と書類";
    pub(in super::super) const RECEIVED_ON: &str = "受付日";
    pub(in super::super) const STATEMENT: &str =
        "上のとおり申請します。書いてあることを読み、まちがいがないことを確かめました。";
    pub(in super::super) const OFFICE_ONLY: &str = "役所が書くところ";
    pub(in super::super) const OFFICE_COLUMNS: [&str; 4] = ["受付", "本人確認", "審査", "発行"];
    pub(in super::super) const YES: &str = "■";
    pub(in super::super) const NO: &str = "□";

    pub(in super::super) fn title(card: &str) -> String {
        format!("{card}交付申請書")
    }

    pub(in super::super) fn to(city: &str) -> String {
        format!("{city}長あて")
    }
}

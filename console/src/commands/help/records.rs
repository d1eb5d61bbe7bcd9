//! The Japanese help of the commands for people's records at other offices.

/// Path of the command or option → Japanese.
pub(super) const JAPANESE: &[(&str, &str)] = &[
    (
        "madoguchi link-records",
        "記録を持つ役所の名簿を住民名簿と突き合わせ、その役所での名前を中継に作らせる(役所あてに封をして返る)",
    ),
    ("madoguchi link-records --provider", "記録を持つ役所(entity id)"),
    ("madoguchi link-records --list", "その役所が書いた名簿(row, kana, born)"),
    (
        "madoguchi link-records --answer",
        "返す名簿を書くファイル(まだ無いもの)",
    ),
    (
        "madoguchi link-records --take-back",
        "名簿を突き合わせる代わりに: 紐付けが間違っていた住民の宛名番号。取り消しの名簿を書く",
    ),
    ("madoguchi link-records --because", "取り消す理由"),
    ("madoguchi relay agreements", "だれをだれの記録に案内してよいか"),
    ("madoguchi relay agreements list", "取り決めをすべて並べる"),
    (
        "madoguchi relay agreements propose",
        "取り決めを提案する。もう一人の運用者が承認する",
    ),
    (
        "madoguchi relay agreements propose --asker",
        "記録を求めるサービス(entity id)",
    ),
    ("madoguchi relay agreements propose --type", "求める記録の種類(URI)"),
    (
        "madoguchi relay agreements propose --provider",
        "記録を持つ役所(entity id)",
    ),
    (
        "madoguchi relay agreements propose --address",
        "その役所に尋ねる場所(https://…/wsf/records)",
    ),
    (
        "madoguchi relay agreements propose --about",
        "何の記録か、人が読む言葉で",
    ),
    (
        "madoguchi relay agreements propose --until",
        "有効な最後の日(YYYY-MM-DD)。それまでに役所の点検表を更新する",
    ),
    (
        "madoguchi relay agreements approve",
        "もう一人の運用者が提案した版を承認する",
    ),
    (
        "madoguchi relay agreements approve --asker",
        "記録を求めるサービス(entity id)",
    ),
    ("madoguchi relay agreements approve --type", "求める記録の種類(URI)"),
    ("madoguchi relay agreements approve --edition", "どの版か"),
    (
        "madoguchi relay agreements approve --address",
        "役所から聞いた、尋ねる場所。版のものと違えば承認しない",
    ),
    (
        "madoguchi relay agreements approve --until",
        "点検表の最後の日(YYYY-MM-DD)。版のものと違えば承認しない",
    ),
    ("madoguchi relay agreements suspend", "すぐに案内を止める"),
    (
        "madoguchi relay agreements suspend --asker",
        "記録を求めるサービス(entity id)",
    ),
    ("madoguchi relay agreements suspend --type", "求める記録の種類(URI)"),
    ("madoguchi relay agreements suspend --reason", "理由(記録に残る)"),
    ("madoguchi relay agreements resume", "案内を再開する"),
    (
        "madoguchi relay agreements resume --asker",
        "記録を求めるサービス(entity id)",
    ),
    ("madoguchi relay agreements resume --type", "求める記録の種類(URI)"),
];

//! The Japanese of `madoguchi notices`.

/// Path of the command or option → Japanese.
pub(super) const JAPANESE: &[(&str, &str)] = &[
    ("madoguchi notices", "紙の通知: 一人にも、全員にも"),
    ("madoguchi notices list", "通知の一覧(名前を1行に一つ)"),
    (
        "madoguchi notices run",
        "だれに送り、だれに送らないかを、理由ごとに数える",
    ),
    ("madoguchi notices run KIND", "通知の名前(notices list で一覧)"),
    ("madoguchi notices run --dry-run", "数えるだけ。記録も印刷もしない"),
    ("madoguchi notices run --json", "1行の JSON で"),
    ("madoguchi notices render", "住民一人の通知を PDF に書く"),
    ("madoguchi notices render KIND", "通知の名前(notices list で一覧)"),
    ("madoguchi notices render --resident", "住民の宛名番号"),
    ("madoguchi notices render --out", "書く PDF ファイル"),
    (
        "madoguchi notices render --language",
        "文の言葉: ja、plain(やさしい日本語)、en",
    ),
    ("madoguchi notices render --large", "大きな文字で"),
    (
        "madoguchi notices render --fact",
        "その発送で一度だけ決める事項: 名前=値",
    ),
    ("madoguchi notices import", "通知のためのデータのファイルを取り込む"),
    ("madoguchi notices import KIND", "通知の名前(notices list で一覧)"),
    ("madoguchi notices import FILE", "ファイル(CSV、UTF-8 か CP932)"),
    (
        "madoguchi notices import --dry-run",
        "取り込まずに、どうなるかだけを見る",
    ),
    (
        "madoguchi notices import --yes",
        "同じファイルでも、人数が前回よりずっと少なくても、取り込めない行が多くても取り込む",
    ),
    ("madoguchi notices import --json", "最後に1行の JSON"),
    (
        "madoguchi notices import --reject-file",
        "取り込めない行を、行番号・列・理由で書くファイル(既定: 元の名前に .rejects.csv)",
    ),
    (
        "madoguchi notices wish",
        "通知についての住民の申出(送付不要、別の送付先)を台帳に書く",
    ),
    ("madoguchi notices wish RESIDENT", "住民の宛名番号"),
    ("madoguchi notices wish --no-paper", "紙の通知を送らない(送付不要申出)"),
    ("madoguchi notices wish --paper", "紙の通知をまた送る"),
    (
        "madoguchi notices wish --send-to",
        "この名前の人に送る(--postal-code と --address の所へ)",
    ),
    ("madoguchi notices wish --send-home", "また本人の住所に送る"),
    ("madoguchi notices wish --postal-code", "送る先の郵便番号"),
    ("madoguchi notices wish --address", "送る先の住所(1行ずつ)"),
    ("madoguchi notices wish --kind", "この通知だけについて(既定: すべて)"),
];

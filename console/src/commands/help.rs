//! The command line's help in Japanese. English stands beside each command and option as its doc comment; here is
//! the Japanese for every one of them, and a test that none is missing.

mod notices;
mod records;

use std::process::ExitCode;

use clap::{Command, CommandFactory, error::ErrorKind};

use super::output::notice;
use super::{Arguments, words::Lang};

/// Path of the command or option → Japanese.
const JAPANESE: &[(&str, &str)] = &[
    ("madoguchi", "市役所の窓口の画面"),
    ("madoguchi --lang", "表示の言葉: ja か en(環境変数 MADOGUCHI_LANG でも)"),
    (
        "madoguchi --config",
        "設定ファイル。一式もその隣のものになる(既定: MADOGUCHI_HOME、./var、/etc/madoguchi の順に madoguchi.toml)",
    ),
    ("madoguchi --plain", "窓口の画面を描かず、読み上げの順に文字で表示する"),
    ("madoguchi --mouse", "窓口の画面で、マウスも使う"),
    ("madoguchi console", "窓口の画面を開く(何も書かないときもこれ)"),
    (
        "madoguchi console --plain",
        "画面を描かず、読み上げの順に文字で表示する",
    ),
    ("madoguchi console --mouse", "マウスも使う"),
    (
        "madoguchi setup",
        "まだ無いものを作る: データベース・鍵・認証局。--demo なら架空の市と仮想カードも",
    ),
    ("madoguchi setup --demo", "実演用: 架空の市、実演の職員、仮想カードの盆"),
    (
        "madoguchi setup --relay",
        "中継も: 前段、目隠し側、マイページ、カードの橋を、この機械で",
    ),
    ("madoguchi setup --rows", "架空の市の人数"),
    ("madoguchi setup --seed", "架空の市の種(同じ数なら同じ市)"),
    (
        "madoguchi up",
        "データベース、カードの仲介(pcscd)、実演なら仮想カードの盆を動かす",
    ),
    (
        "madoguchi supervise",
        "実演のプログラムを見張り、落ちたら起こし直す(up が裏で始める)",
    ),
    (
        "madoguchi run-database",
        "データベースを前面で動かす(systemd のため。scripts/systemd)",
    ),
    ("madoguchi down", "up や setup が動かしたものを止める"),
    ("madoguchi status", "何が動いているかを言う"),
    ("madoguchi status --json", "1行の JSON で"),
    (
        "madoguchi reconcile",
        "申込をすべて数え、そのカードを探す。どこにもないか二か所にあれば 1 で終わる",
    ),
    (
        "madoguchi reconcile --by",
        "合計を分けて: day は日、channel は窓口と郵送、desk は受け付けた窓口",
    ),
    ("madoguchi reconcile --json", "最後に1行の JSON"),
    (
        "madoguchi backup",
        "すべての控えを、封をした一つのファイルに取り、読み返して確かめる: データベース、鍵、印刷物、監査記録",
    ),
    ("madoguchi backup --into", "置くフォルダ(既定: [backup] folder)"),
    (
        "madoguchi backup --to",
        "この公開鍵(age1…)で開くように封をする。いくつでも(既定: [backup] recipients)",
    ),
    (
        "madoguchi backup --passphrase-file",
        "鍵の代わりの合言葉のファイル(1行目)",
    ),
    ("madoguchi backup --json", "1行の JSON で"),
    (
        "madoguchi backup check",
        "控えを終わりまで読む: 欠けも壊れもなく、この鍵で開くか",
    ),
    ("madoguchi backup check FILE", "控えのファイル"),
    (
        "madoguchi backup check --key-file",
        "秘密鍵(AGE-SECRET-KEY-1…)のファイル",
    ),
    (
        "madoguchi backup check --passphrase-file",
        "合言葉のファイル(1行目)。無ければ尋ねる",
    ),
    (
        "madoguchi backup new-key",
        "鍵の組を作る: 秘密鍵はファイルに(この機械から離して納める)、公開鍵は画面に",
    ),
    ("madoguchi backup new-key FILE", "秘密鍵を書くファイル(まだ無いもの)"),
    ("madoguchi backup list", "ここで取った控えを新しい順に"),
    ("madoguchi backup list --json", "1行の JSON で"),
    (
        "madoguchi restore",
        "控えから一式を作る。何も無い場所に。中継とは、よいと言われるまで連絡しない",
    ),
    ("madoguchi restore FILE", "`madoguchi backup` が取った控え"),
    ("madoguchi restore --key-file", "秘密鍵(AGE-SECRET-KEY-1…)のファイル"),
    (
        "madoguchi restore --passphrase-file",
        "合言葉のファイル(1行目)。無ければ尋ねる",
    ),
    (
        "madoguchi rejoin-relay",
        "控えから戻した一式が、また中継と連絡してよいことにする",
    ),
    ("madoguchi rejoin-relay --force", "尋ねずに"),
    (
        "madoguchi upgrade-records",
        "記録を、ここにある最も新しい PostgreSQL に移す: 前と後を比べ、戻る道を残す",
    ),
    (
        "madoguchi upgrade-records --programs",
        "移す先の PostgreSQL のプログラムのフォルダ(既定: ここにある最も新しいもの)",
    ),
    (
        "madoguchi upgrade-records --back",
        "移す前のデータに戻る。移したあとの記録は見えなくなる",
    ),
    (
        "madoguchi upgrade-records --forget-previous",
        "移す前のデータを消す。もう戻れない",
    ),
    ("madoguchi upgrade-records --force", "尋ねずに"),
    ("madoguchi clean-data", "この一式のデータをすべて消す(尋ねてから)"),
    ("madoguchi clean-data --force", "尋ねずに消す"),
    ("madoguchi import", "データを取り込む"),
    (
        "madoguchi import roster",
        "住民名簿(CSV、UTF-8 か CP932)を取り込む。読める行は一度にすべて入れ、読めない行は外して知らせる",
    ),
    ("madoguchi import roster FILE", "名簿のファイル"),
    (
        "madoguchi import roster --dry-run",
        "取り込まずに、今との違いだけを見る",
    ),
    ("madoguchi import roster --json", "最後に1行の JSON"),
    (
        "madoguchi import roster --reject-file",
        "取り込めなかった行を、行番号・列・理由とともに書くファイル(既定: 名簿の名前に .rejects.csv)",
    ),
    (
        "madoguchi import roster --yes-gone",
        "記録からいなくなる人がこの数で正しい(--whole のとき。数は取り込みが知らせる)",
    ),
    (
        "madoguchi import roster --yes-new",
        "記録の人と似ていても別の人である行がこの数(数は取り込みが知らせる)",
    ),
    (
        "madoguchi import roster --rows",
        "届いたはずの行数。ファイルの行数が違えば取り込まない",
    ),
    (
        "madoguchi import roster --note-file",
        "取り込んだ行で気づいたこと(外字、読みなしなど)を、行番号・項目とともに書くファイル(既定: 名簿の名前に .notes.csv)",
    ),
    ("madoguchi import runs", "これまでの取り込みを新しい順に"),
    ("madoguchi import runs --json", "1行の JSON で"),
    (
        "madoguchi import undo",
        "一回の取り込みが変えたものを、そのまま元に戻す",
    ),
    (
        "madoguchi import undo RUN",
        "取り込み番号(取り込みのときに表示。import runs で一覧)",
    ),
    ("madoguchi import undo --json", "最後に1行の JSON"),
    (
        "madoguchi import roster --whole",
        "名簿が全員分であるとして、無い人をいない人とする",
    ),
    ("madoguchi demo-city", "架空の市の名簿を CSV で書く"),
    ("madoguchi demo-city --rows", "人数"),
    ("madoguchi demo-city --seed", "種(同じ数なら同じ市)"),
    ("madoguchi demo-city --out", "書くファイル(無ければ標準出力)"),
    ("madoguchi demo-city --encoding", "文字コード: utf-8 か cp932"),
    ("madoguchi doctor", "この窓口を診る: 何がいけないか、どうすればよいか"),
    ("madoguchi doctor --json", "1行の JSON で"),
    (
        "madoguchi link-records",
        "提供者の人の一覧を名簿と合わせ、提供者での名前を中継に作ってもらう",
    ),
    ("madoguchi link-records --provider", "提供者の、中継での名前"),
    ("madoguchi link-records --list", "提供者が書いた一覧"),
    ("madoguchi link-records --answer", "提供者に渡す答えを書くファイル"),
    (
        "madoguchi dispatch",
        "送信箱を中継に届ける: 交付、一時停止、失効したカード",
    ),
    (
        "madoguchi dispatch --once",
        "いま待っているものを送って終わる(残れば終了コード 1)",
    ),
    (
        "madoguchi relay",
        "中継の運用者(市ではない)の仕事: 連携先と中継のようす。自分のカードで",
    ),
    (
        "madoguchi relay --password-file",
        "職員カードのパスワードのファイル(1行目)。無ければ尋ねる",
    ),
    (
        "madoguchi relay partners",
        "連携先の一覧: どうなっているか、メタデータの期限、次にすること",
    ),
    ("madoguchi relay partners --json", "1行の JSON で"),
    (
        "madoguchi relay register",
        "サービスを迎え入れる: 足りないものを言い、尋ね、済ませて先へ進む。二人が順に打つ",
    ),
    ("madoguchi relay register FILE", "サービスから受け取ったメタデータ"),
    (
        "madoguchi relay register --entity",
        "ファイルに実体がいくつもあるとき、どれか(entityID)",
    ),
    (
        "madoguchi relay trial-cards",
        "試験用のカードを並べる。断られた画面に出る番号で加えもする",
    ),
    (
        "madoguchi relay trial-cards --name",
        "この番号のカードを、30日のあいだ試験用にする",
    ),
    (
        "madoguchi relay trial-cards --withdraw",
        "この番号のカードを試験用でなくする",
    ),
    (
        "madoguchi relay propose",
        "連携先のメタデータを提案する。承認はもう一人の運用者",
    ),
    ("madoguchi relay propose FILE", "連携先から受け取ったメタデータ"),
    (
        "madoguchi relay propose --entity",
        "ファイルに実体がいくつもあるとき、どの entityID か",
    ),
    (
        "madoguchi relay propose --provider",
        "サービスではなく、ログインを引き継ぐ先の認証の提供者",
    ),
    (
        "madoguchi relay approve",
        "もう一人が提案したメタデータを、指紋を確かめて承認する",
    ),
    ("madoguchi relay approve ENTITY", "連携先の entityID"),
    (
        "madoguchi relay approve --fingerprint",
        "メタデータの SHA-256。ファイルとは別の経路で連携先から受け取ったもの",
    ),
    (
        "madoguchi relay trial",
        "連携先を試行に戻す: 試行用のカードだけがログインできる",
    ),
    ("madoguchi relay trial ENTITY", "連携先の entityID"),
    (
        "madoguchi relay tried",
        "試行の2度のログインで、サービスに出たものを記録する",
    ),
    ("madoguchi relay tried ENTITY", "連携先の entityID"),
    (
        "madoguchi relay tried --shown",
        "2度とも同じ仮名が出たか(same-name)、来るたびに別か(other-name、transient を求めるサービス)、空だったか(empty-name)",
    ),
    ("madoguchi relay on", "連携先を稼働させる。試行の結果が要る"),
    ("madoguchi relay on ENTITY", "連携先の entityID"),
    ("madoguchi relay off", "連携先をただちに止める"),
    ("madoguchi relay off ENTITY", "連携先の entityID"),
    ("madoguchi relay off --reason", "理由(監査記録に残る)"),
    (
        "madoguchi relay without-logout",
        "単一ログアウト無しで続けると決める(記録に残る決定)",
    ),
    ("madoguchi relay without-logout ENTITY", "連携先の entityID"),
    ("madoguchi relay without-logout --reason", "理由(監査記録に残る)"),
    (
        "madoguchi relay --plain",
        "画面を描かず、上から順に1行ずつ書く(読み上げ用)",
    ),
    ("madoguchi relay --mouse", "マウスも使う"),
    (
        "madoguchi relay lifetimes",
        "連携先の有効時間を変える(書かないものはそのまま)",
    ),
    ("madoguchi relay lifetimes ENTITY", "連携先の entityID"),
    ("madoguchi relay lifetimes --assertion", "Assertion の秒数(30〜600)"),
    ("madoguchi relay lifetimes --session", "サービスの時間の秒数(60〜43200)"),
    ("madoguchi relay lifetimes --skew", "時計のずれの秒数(0〜300)"),
    (
        "madoguchi relay exceptions",
        "実装規約を外れて受け取るものを決める(--take が無ければ、何も受け取らない)",
    ),
    ("madoguchi relay exceptions ENTITY", "連携先の entityID"),
    (
        "madoguchi relay exceptions --take",
        "例外の名(実装規約の7)。何度書いてもよい",
    ),
    ("madoguchi relay exceptions --reason", "理由(監査記録に残る)"),
    ("madoguchi relay state", "中継のようす: 目隠し側、送信元の役所、時計"),
    ("madoguchi relay state --json", "1行の JSON で"),
    (
        "madoguchi relay untold",
        "ログアウトの知らせが届いていないサービス: 件数、いつから、次に知らせる時",
    ),
    ("madoguchi relay untold --json", "1行の JSON で"),
    ("madoguchi relay audit", "中継で起きたこと(新しい順)"),
    ("madoguchi relay audit --minutes", "何分前から"),
    ("madoguchi relay audit --json", "1件1行の JSON で"),
    (
        "madoguchi relay refusals",
        "前段が断ったメッセージの数(1時間ごと、新しい順)",
    ),
    ("madoguchi relay refusals --hours", "何時間前から"),
    ("madoguchi relay refusals --json", "1件1行の JSON で"),
    ("madoguchi staff", "職員"),
    (
        "madoguchi staff add",
        "職員を加え、職員カードを作る(職員用読取機に白カード)",
    ),
    ("madoguchi staff add NUMBER", "職員番号"),
    ("madoguchi staff add NAME", "氏名"),
    (
        "madoguchi staff add --roles",
        "役割(カンマ区切り): reception, verification, issuing, handover, protected_address, administration",
    ),
    (
        "madoguchi staff add --password-file",
        "職員カードの最初のパスワード(1行目)。無ければ尋ねる",
    ),
    (
        "madoguchi staff replace-card",
        "職員カードを作り直す(紛失、破損、パスワードのロックや忘れ)。前のカードは使えなくなる",
    ),
    ("madoguchi staff replace-card NUMBER", "職員番号"),
    (
        "madoguchi staff replace-card --password-file",
        "職員カードの最初のパスワード(1行目)。無ければ尋ねる",
    ),
    ("madoguchi staff list", "職員の一覧"),
    ("madoguchi staff list --json", "1行の JSON で"),
    ("madoguchi staff roles", "職員の役割を変える。自分の役割は変えられない"),
    ("madoguchi staff roles NUMBER", "職員番号"),
    (
        "madoguchi staff roles --roles",
        "これからの役割をすべて(コンマ区切り)。書かなかったものは外れる",
    ),
    ("madoguchi staff disable", "職員を使えなくし、職員カードを失効させる"),
    ("madoguchi staff disable NUMBER", "職員番号"),
    (
        "madoguchi staff disable --reason",
        "理由: left(退職・異動)、lost_card(紛失)、suspended(停止)",
    ),
    ("madoguchi card", "読取機のカード"),
    ("madoguchi card show", "カードから読めるものを1バイトも残さず見せる"),
    ("madoguchi card show --reader", "読取機の名前(既定: 住民用の読取機)"),
    ("madoguchi card show --json", "1行の JSON で"),
    ("madoguchi authority", "認証局"),
    ("madoguchi authority status", "認証局の証明書と有効期限"),
    ("madoguchi authority status --json", "1行の JSON で"),
    (
        "madoguchi authority crl",
        "住民用・職員用の失効一覧を記録から作って署名し、公開するファイルに書く",
    ),
    (
        "madoguchi authority crl --into",
        "resident.crl と staff.crl を書くフォルダー(既定: [authority] lists)",
    ),
    ("madoguchi authority crl --days", "次の一覧までの日数"),
    (
        "madoguchi authority crl --if-due",
        "次の一覧が要るものだけ(期限の半分が過ぎたか、失効が増えたとき)",
    ),
    ("madoguchi authority crl --keep", "止められるまで、要るときに書き続ける"),
    ("madoguchi authority crl --json", "1行の JSON で"),
    (
        "madoguchi authority root-list",
        "親の認証局の次の失効一覧に署名する(年に一度、金庫の合言葉で)",
    ),
    (
        "madoguchi authority root-list --passphrase-file",
        "親の認証局の合言葉のファイル",
    ),
    (
        "madoguchi authority lint",
        "証明書を、規則に一つずつ照らす(もとの標準とともに)",
    ),
    ("madoguchi authority lint CERTIFICATE", "証明書のファイル(DER か PEM)"),
    ("madoguchi authority lint --json", "1行の JSON で"),
    ("madoguchi link-records", "提供者の名簿の人に、提供者での名を付けて返す"),
    ("madoguchi link-records --provider", "提供者の entity id"),
    ("madoguchi link-records --list", "提供者の名簿(row、kana、born)"),
    (
        "madoguchi link-records --answer",
        "返す一覧のファイル(row、result、name)",
    ),
    ("madoguchi paper", "印刷物"),
    (
        "madoguchi paper clean",
        "保存期間([paper] keep_days)を過ぎた印刷物の控えを消す(画面を開くときにも消える)",
    ),
    ("madoguchi audit", "監査記録"),
    ("madoguchi audit acts", "記録される行為の一覧(意味、できる人、二人目)"),
    (
        "madoguchi audit consistency",
        "NEW 件の記録が OLD 件の記録から始まることを証明する(RFC 6962)",
    ),
    ("madoguchi audit consistency OLD", "古いほうの件数"),
    ("madoguchi audit consistency NEW", "新しいほうの件数"),
    (
        "madoguchi audit export",
        "記録のすべてをファイルに書く(audit verify --export で、どの機械でも確かめられる)",
    ),
    ("madoguchi audit export --out", "書くファイル(まだ無いもの)"),
    (
        "madoguchi audit head",
        "一番新しい署名した先端(紙に残し、よそに預けるもの)",
    ),
    (
        "madoguchi audit prove",
        "その番号の記録があることを、一番新しい先端で証明する(RFC 6962)",
    ),
    ("madoguchi audit prove SEQ", "記録の番号"),
    (
        "madoguchi audit sheet",
        "いちばん新しい先端を紙(PDF)に。データベースに触れられる人とは別の人がとじる",
    ),
    ("madoguchi audit sheet --into", "フォルダー(既定: [paper] folder)"),
    (
        "madoguchi audit verify",
        "監査記録が書き換えられず、欠けていないことを、外に置いた先端と比べて確かめる",
    ),
    ("madoguchi audit verify --json", "1行の JSON で"),
    (
        "madoguchi audit verify --export",
        "データベースの代わりに、audit export の書いたファイル",
    ),
    (
        "madoguchi audit verify --heads",
        "よそに置いた先端のファイル(省略すると [trail] のもの。何度でも書ける)",
    ),
    (
        "madoguchi audit verify --public-key",
        "先端の公開鍵(省略すると [trail] のもの)",
    ),
];

/// The command line with its help in `lang`.
pub(super) fn in_language(lang: Lang) -> Command {
    let command = Arguments::command();
    match lang {
        Lang::En => command,
        Lang::Ja => japanese(command, ""),
    }
}

fn japanese(command: Command, above: &str) -> Command {
    let path = path_of(&command, above);
    let mut command = command
        .help_template("{about}\n\n使い方: {usage}\n\n{all-args}")
        .subcommand_help_heading("命令")
        .next_help_heading("選べること");
    if let Some(text) = text(&path) {
        command = command.about(text);
    }
    command = command.mut_args(|argument| {
        let text = text(&format!("{path} {}", name_of(&argument)));
        let argument = match text {
            // The values are named in the text; clap's own list of them would be headed in English.
            Some(text) if argument.get_action().takes_values() => argument.help(text).hide_possible_values(true),
            Some(text) => argument.help(text),
            None => argument,
        };
        if argument.is_positional() {
            argument.help_heading("引数")
        } else {
            argument.help_heading("選べること")
        }
    });
    let names: Vec<String> = command.get_subcommands().map(|sub| sub.get_name().to_owned()).collect();
    for name in names {
        command = command.mut_subcommand(name, |sub| japanese(sub, &path));
    }
    let command = command
        .disable_help_flag(true)
        .arg(flag("help").short('h').help("この説明").action(clap::ArgAction::Help));
    if above.is_empty() {
        command
            .disable_version_flag(true)
            .arg(flag("version").short('V').help("版").action(clap::ArgAction::Version))
    } else {
        command
    }
}

fn flag(name: &'static str) -> clap::Arg {
    clap::Arg::new(name).long(name).help_heading("選べること")
}

fn path_of(command: &Command, above: &str) -> String {
    format!("{above} {}", command.get_name()).trim().to_owned()
}

fn name_of(argument: &clap::Arg) -> String {
    match argument.get_long() {
        Some(long) => format!("--{long}"),
        None => argument.get_id().as_str().to_uppercase(),
    }
}

/// Every command and option with its Japanese.
fn explained() -> impl Iterator<Item = &'static (&'static str, &'static str)> {
    JAPANESE.iter().chain(notices::JAPANESE).chain(records::JAPANESE)
}

fn text(path: &str) -> Option<&'static str> {
    explained().find(|(named, _)| *named == path).map(|(_, text)| *text)
}

/// Prints the help asked for, or what is wrong with the command line: exit code 0 or 2.
pub(super) fn tell(refused: &clap::Error, lang: Lang) -> ExitCode {
    match (refused.kind(), lang) {
        (ErrorKind::DisplayHelp | ErrorKind::DisplayVersion, _) => {
            let _ = refused.print();
            return ExitCode::SUCCESS;
        }
        (ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand, _) | (_, Lang::En) => {
            let _ = refused.print();
        }
        (kind, Lang::Ja) => notice!("{}", japanese_refusal(kind, refused)),
    }
    ExitCode::from(2)
}

fn japanese_refusal(kind: ErrorKind, refused: &clap::Error) -> String {
    use clap::error::ContextKind;
    let said = |kind| refused.get(kind).map(ToString::to_string).unwrap_or_default();
    let (argument, value) = (said(ContextKind::InvalidArg), said(ContextKind::InvalidValue));
    let mut sentence = match kind {
        ErrorKind::InvalidSubcommand => format!("「{}」という命令はありません。", said(ContextKind::InvalidSubcommand)),
        ErrorKind::UnknownArgument => format!("「{argument}」という指定はありません。"),
        ErrorKind::MissingRequiredArgument => format!("「{argument}」が足りません。"),
        ErrorKind::InvalidValue if value.is_empty() => format!("「{argument}」の値が足りません。"),
        ErrorKind::InvalidValue | ErrorKind::ValueValidation => format!("「{argument}」に「{value}」は使えません。"),
        ErrorKind::ArgumentConflict => format!("「{argument}」は他の指定と一緒に使えません。"),
        _ => format!("命令を読めませんでした。{refused}"),
    };
    for near in [
        ContextKind::SuggestedSubcommand,
        ContextKind::SuggestedArg,
        ContextKind::ValidValue,
    ] {
        let near = said(near);
        if !near.is_empty() {
            sentence.push_str(&format!("使えるもの: {near}。"));
        }
    }
    sentence.push_str("\n説明は madoguchi --help にあります。");
    sentence
}

#[cfg(test)]
mod tests;

//! The configuration as first written: complete and running for a demonstration, to be filled in for an office.

use std::net::TcpListener;

use relay_core::chance::{OsChance, draw};

use crate::commands::{Setting, services::printer};

/// A demonstration's configuration: the made-up city 汐見市 (its code is in no list of municipalities).
pub(super) fn demo(setting: &Setting) -> String {
    let socket = super::database::socket_folder(setting).display().to_string();
    // What stands in certificates must be there to be fetched; an office has a name for it, a demonstration a free port.
    let [port, printer] = free_ports([18_080, 18_631]);
    let printer = printer::address(printer);
    format!(
        r#"# 窓口の設定(実演)。項目の説明は manuals/administrator にあります。
# 相対パスは、このファイルのあるフォルダから数えます。

[city]
name = "汐見市"
code = "429996"
office_name = "市民課 カード窓口"
address = "汐見市港町一丁目1番1号"
postal_code = "859-0001"
phone = "0950-00-0000"

[database]
host = {socket:?}
name = "madoguchi"
user = "madoguchi_office"
password_file = "secrets/database"

[seal]
keys_file = "secrets/seal.toml"

[authority]
folder = "authority"
passphrase_file = "secrets/authority"
base_url = "http://127.0.0.1:{port}"

[card]
master_file = "secrets/card-master"
staff_reader = "Virtual PCD 00 00"
resident_reader = "Virtual PCD 00 01"

[desk]
name = "窓口3"
idle_lock_minutes = 15

[rules]
making_by_two = false
handover_sights = "one_clerk_twice"
duplicate_window_days = 90

[paper]
folder = "paper"
printer = {printer:?}   # 実演の印刷機。印刷したものは printer/ に残る

[log]
file = "log/madoguchi.log"
level = "info"

[trail]                   # 監査記録の署名した先端。heads は、この機械の管理者が書き換えられない場所にも置く
key_file = "secrets/trail"
public_key_file = "trail/public-key"
heads = ["trail/heads"]

[demo]
tray_socket = "run/tray.socket"
endpoints_file = "endpoints.json"
"#
    )
}

/// Two ports that nobody has now.
fn free_ports(otherwise: [u16; 2]) -> [u16; 2] {
    // Below those that the system gives to connections (32768 and above), or one of them has it when the program comes. Both
    // are held until both are known, or they might be one.
    let draws = || 20_000 + u16::from_be_bytes(draw(&mut OsChance)) % 12_000;
    let free = || (0..100).find_map(|_| TcpListener::bind(("127.0.0.1", draws())).ok());
    let held = otherwise.map(|port| (free(), port));
    held.each_ref().map(|(free, otherwise)| {
        let address = free.as_ref().and_then(|free| free.local_addr().ok());
        address.map_or(*otherwise, |address| address.port())
    })
}

/// An office's configuration, with what only the office knows left empty: until it is filled in, each empty line is
/// told with its number.
pub(super) fn office(setting: &Setting) -> String {
    let socket = super::database::socket_folder(setting).display().to_string();
    format!(
        r#"# 窓口の設定。項目の説明は manuals/administrator の 5 にあります。
# 相対パスは、このファイルのあるフォルダから数えます。空の項目を埋めてから `madoguchi setup` を続けてください。

[city]
name = ""                 # 市区町村名
code = ""                 # 全国地方公共団体コード(検査数字まで6桁)
office_name = ""          # 担当課。通知書の差出人
address = ""
postal_code = ""          # 123-4567
phone = ""
# hours = ["月曜日から金曜日 午前8時30分から午後5時15分まで"]
# card_name = "市民カード"

[database]
host = {socket:?}  # Unix ソケットのフォルダ
name = "madoguchi"
user = "madoguchi_office"
password_file = "secrets/database"

[seal]
keys_file = "secrets/seal.toml"

[authority]
folder = "authority"
passphrase_file = "secrets/authority"
oid_arc = ""              # 役所のオブジェクト識別子(IANA の企業番号など)。開設の前に決める
base_url = ""             # 失効一覧と認証局の証明書を公開する場所(http://…)。開設の前に決める
# token_module = "/usr/lib/softhsm/libsofthsm2.so"   # 発行する認証局の鍵をトークン(HSM)の中に作るとき。passphrase_file はその PIN
# token_label = "madoguchi"
# lists = "authority/lists"   # そこで公開するフォルダー
# responder = "authority/responder"   # 失効の照会(OCSP)に答える係が、自分の証明書を求めるフォルダー

[card]
master_file = "secrets/card-master"
staff_reader = ""         # `madoguchi doctor` が読取機の名前を並べます
resident_reader = ""

[desk]
name = "窓口1"
idle_lock_minutes = 15

[rules]
making_by_two = true      # カードを作るのに二人要るか
handover_sights = "two_clerks"   # または "one_clerk_twice"
duplicate_window_days = 90

[paper]
folder = "paper"
# printer = "ipp://printer.example/ipp/print"   # 通知の発送を印刷する、庁内の網の印刷機

[log]
file = "log/madoguchi.log"
level = "info"
megabytes = 10
keep = 30

[trail]                   # 監査記録の署名した先端。heads は、この機械の管理者が書き換えられない場所にも置く
key_file = "secrets/trail"
public_key_file = "trail/public-key"
heads = ["trail/heads"]

# 取り込む名簿の見出しが違うとき: "こちらの見出し" = "相手の見出し"
# [roster.headers]
# "宛名番号" = "住民番号"
"#
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        commands::{home::Home, words::Lang},
        config::{Config, Fault},
    };
    use std::path::Path;

    fn setting() -> Setting {
        let home = Home::at(Path::new("/srv/madoguchi")).unwrap();
        Setting {
            lang: Lang::Ja,
            config_file: home.config_file(),
            home,
        }
    }

    #[test]
    fn a_demonstrations_configuration_has_no_mistakes() {
        let setting = setting();
        let config = Config::parse(&demo(&setting), &setting.config_file).unwrap();
        assert!(config.demo.is_some() && printer::port(&config).is_some());
    }

    #[test]
    fn an_offices_configuration_tells_each_line_that_is_still_empty() {
        let mistakes = Config::parse(&office(&setting()), Path::new("madoguchi.toml")).unwrap_err();
        assert!(
            mistakes.iter().all(|mistake| mistake.fault == Fault::Empty),
            "{mistakes:?}"
        );
        assert_eq!(mistakes.len(), 10);
    }
}

//! `endpoints.json`: what runs where, and who the demonstration's staff are (manuals/administrator, 4).

use serde_json::json;

use super::{Outcome, Setting, Steps, staff::DemoStaff, tray};
use crate::{
    commands::{output::answer, services, words::Lang},
    config::{Config, Demo, secrets},
};

/// Grows when the file's form changes.
const VERSION: u32 = 1;

/// Writes the file, readable by its owner alone.
pub(super) fn write(
    setting: &Setting,
    config: &Config,
    demo: &Demo,
    staff: &[DemoStaff],
    blanks: &[String],
    relay: Option<&serde_json::Value>,
    steps: &Steps,
) -> anyhow::Result<()> {
    let lang = setting.lang;
    let folder = &config.authority.folder;
    let certificate = |name: &str| folder.join(name).join("certificate.pem");
    let base = &config.authority.base_url;
    let list = |name: &str| format!("{base}/{name}.crl");
    let people: Vec<_> = staff
        .iter()
        .map(|person| {
            json!({
                "number": person.number,
                "name": person.name,
                "roles": person.roles.iter().map(|role| role.as_str()).collect::<Vec<_>>(),
                "card": person.card,
                "password": person.password_text().as_str(),
            })
        })
        .collect();
    let content = json!({
        "version": VERSION,
        "home": setting.home.folder(),
        "config": config.file,
        "database": {
            "socket_folder": config.database.host,
            "port": config.database.port,
            "name": config.database.name,
            "user": config.database.user,
            "password_file": config.database.password_file,
        },
        "readers": { "staff": config.card.staff_reader, "resident": config.card.resident_reader },
        "tray": {
            "socket": demo.tray_socket,
            "slots": { "staff": tray::STAFF_SLOT, "resident": tray::RESIDENT_SLOT },
            "cards": setting.home.tray(),
        },
        "printer": {
            "address": config.paper.printer,
            "folder": services::printer::port(config).map(|_| services::printer::folder(setting)),
        },
        "authority": {
            "folder": folder,
            "root": certificate("root"),
            "resident": certificate("resident"),
            "staff": certificate("staff"),
            "ocsp": format!("{base}/ocsp"),
            "crl": { "root": list("root"), "resident": list("resident"), "staff": list("staff") },
        },
        "relay": relay,
        "back_offices": relay.and_then(|relay| relay.get("back_offices")),
        "clinic": relay.and_then(|relay| relay.get("clinic")),
        "staff": people,
        "blanks": blanks,
    });
    steps.step(
        lang.pick("何がどこにあるかを書く", "write down what is where"),
        |_| {
            let text = serde_json::to_string_pretty(&content)? + "\n";
            if std::fs::read_to_string(&demo.endpoints_file).is_ok_and(|there| there == text) {
                return anyhow::Ok(Outcome::Already);
            }
            secrets::replace(&demo.endpoints_file, text.as_bytes())?;
            Ok(Outcome::Done)
        },
    )
}

/// Tells the person at the shell who they can log in as.
pub(super) fn tell(demo: &Demo, staff: &[DemoStaff], relay: Option<&serde_json::Value>, lang: Lang) {
    answer!();
    if let Some(address) = relay.and_then(|relay| relay["my_page"].as_str()) {
        answer!("{}: {address}", lang.pick("マイページ", "My Page"));
    }
    answer!(
        "{}",
        lang.pick(
            "実演の職員(F12 でカードを差し、パスワードを打ちます):",
            "Demo staff (put a card in with F12, then type its password):"
        )
    );
    for person in staff {
        let roles: Vec<&str> = person.roles.iter().map(|role| role.as_str()).collect();
        answer!(
            "  {}  {}  {}  {}",
            person.card,
            person.password_text().as_str(),
            person.name,
            roles.join(", ")
        );
    }
    answer!("  ({})", demo.endpoints_file.display());
}

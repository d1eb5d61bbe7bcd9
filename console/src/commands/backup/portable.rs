//! A configuration that stands anywhere: as it goes into a copy, and as it comes out of one.
//!
//! On its way in, every file that it names outside the set-up's folder gets a place inside, and every absolute path into the
//! folder becomes a relative one. On its way out it is pointed at the new database, and what would speak to a relay is put
//! on hold: on one machine the old set-up may still be at work.

use std::{
    ffi::OsStr,
    path::{Component, Path, PathBuf},
};

use anyhow::Context;
use toml_edit::{DocumentMut, Item, Value, value};

/// Where files from elsewhere go.
pub(in crate::commands) const ELSEWHERE: &str = "elsewhere";
/// Sections that speak to a relay, and the key that keeps them from it.
const SPEAKERS: [&str; 2] = ["relay", "relay_operator"];
pub(in crate::commands) const ON_HOLD: &str = "on_hold";

/// What a configuration looks like in a copy.
pub(super) struct Portable {
    pub text: String,
    /// Files and folders from elsewhere: where they are, and their place in the set-up.
    pub elsewhere: Vec<(PathBuf, PathBuf)>,
}

/// Makes `text`, the configuration in `file` of the set-up in `home`, stand anywhere.
pub(super) fn portable(text: &str, file: &Path, home: &Path) -> anyhow::Result<Portable> {
    let mut document: DocumentMut = text.parse().with_context(|| file.display().to_string())?;
    let beside = file.parent().unwrap_or(Path::new("/"));
    let mut elsewhere = Vec::new();
    for (section, item) in document.iter_mut() {
        let section = section.to_owned();
        let Some(table) = item.as_table_like_mut() else {
            continue;
        };
        for (key, item) in table.iter_mut() {
            if names_a_path(&section, &key) {
                let mut moved = |text: &str| moved(&section, &key, &beside.join(text), home, &mut elsewhere);
                replace(item, &mut moved);
            }
        }
    }
    Ok(Portable {
        text: document.to_string(),
        elsewhere,
    })
}

fn names_a_path(section: &str, key: &str) -> bool {
    key.ends_with("_file")
        || matches!(
            (section, key),
            ("authority" | "paper" | "backup", "folder")
                | ("log", "file")
                | ("trail", "heads")
                | ("demo", "tray_socket")
        )
}

/// Where the path leads in a copy; nothing where it may stay as it is.
fn moved(
    section: &str,
    key: &str,
    path: &Path,
    home: &Path,
    elsewhere: &mut Vec<(PathBuf, PathBuf)>,
) -> Option<String> {
    let path = straight(path);
    if let Ok(inside) = path.strip_prefix(home) {
        return Some(inside.display().to_string());
    }
    match (section, key) {
        // The next copies may go where the last ones went.
        ("backup", "folder") => return None,
        ("log", "file") => return Some("log/madoguchi.log".to_owned()),
        _ => {}
    }
    let name = path.file_name().unwrap_or(OsStr::new("file"));
    let place = Path::new(ELSEWHERE).join(elsewhere.len().to_string()).join(name);
    let text = place.display().to_string();
    elsewhere.push((path, place));
    Some(text)
}

/// Without `.` and `..`; links are not followed.
fn straight(path: &Path) -> PathBuf {
    let mut straight = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => {
                straight.pop();
            }
            part => straight.push(part),
        }
    }
    straight
}

fn replace(item: &mut Item, moved: &mut dyn FnMut(&str) -> Option<String>) {
    let change = |old: &mut Value, moved: &mut dyn FnMut(&str) -> Option<String>| {
        if let Some(new) = old.as_str().and_then(moved) {
            let decor = old.decor().clone();
            *old = Value::from(new);
            *old.decor_mut() = decor;
        }
    };
    match item.as_value_mut() {
        Some(Value::Array(list)) => list.iter_mut().for_each(|entry| change(entry, moved)),
        Some(single) => change(single, moved),
        None => {}
    }
}

/// The office's configuration as it comes out of a copy: at the database of `socket`, silent towards every relay.
pub(in crate::commands) fn arrived(text: &str, socket: &Path) -> anyhow::Result<String> {
    let mut document: DocumentMut = text.parse()?;
    if let Some(database) = document.get_mut("database").and_then(Item::as_table_like_mut) {
        database.insert("host", value(socket.display().to_string()));
        database.remove("port");
    }
    hold(&mut document);
    Ok(document.to_string())
}

/// An operator's file, which speaks to the relay's front as well.
pub(in crate::commands) fn held(text: &str) -> anyhow::Result<String> {
    let mut document: DocumentMut = text.parse()?;
    hold(&mut document);
    Ok(document.to_string())
}

fn hold(document: &mut DocumentMut) {
    for name in SPEAKERS {
        if let Some(section) = document.get_mut(name).and_then(Item::as_table_like_mut) {
            section.insert(ON_HOLD, value(true));
        }
    }
}

/// The same with the hold taken away.
pub(in crate::commands) fn released(text: &str) -> anyhow::Result<String> {
    let mut document: DocumentMut = text.parse()?;
    for name in SPEAKERS {
        if let Some(section) = document.get_mut(name).and_then(Item::as_table_like_mut) {
            section.remove(ON_HOLD);
        }
    }
    Ok(document.to_string())
}

/// A program's file (the demonstration's relay) with its database at `new` where it was at `old`; nothing where it was not.
pub(in crate::commands) fn with_database(text: &str, old: &Path, new: &Path) -> anyhow::Result<Option<String>> {
    let mut document: DocumentMut = text.parse()?;
    let Some(database) = document.get_mut("database").and_then(Item::as_table_like_mut) else {
        return Ok(None);
    };
    if database.get("host").and_then(Item::as_str) != Some(&old.display().to_string()) {
        return Ok(None);
    }
    database.insert("host", value(new.display().to_string()));
    Ok(Some(document.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const OFFICE: &str = r#"
[database]
host = "/srv/old/postgres/socket"  # the folder of the socket
port = 5432
password_file = "/etc/madoguchi/database"
[authority]
folder = "/srv/old/authority"
passphrase_file = "secrets/authority"
[paper]
folder = "paper"
font_folders = ["/usr/share/fonts"]
[trail]
heads = ["trail/heads", "/mnt/second/heads"]   # two of them
[log]
file = "/var/log/madoguchi.log"
[backup]
folder = "/mnt/backup"
[relay]
key_file = "../old/relay/office/tls.key"
"#;

    #[test]
    fn every_path_of_a_copied_configuration_leads_inside_and_nowhere_to_what_is_live() {
        let Portable { text, elsewhere } =
            portable(OFFICE, Path::new("/srv/old/madoguchi.toml"), Path::new("/srv/old")).unwrap();
        for kept in [
            "password_file = \"elsewhere/0/database\"",
            "folder = \"authority\"",
            "passphrase_file = \"secrets/authority\"",
            "font_folders = [\"/usr/share/fonts\"]",
            "heads = [\"trail/heads\", \"elsewhere/1/heads\"]   # two of them",
            "file = \"log/madoguchi.log\"",
            "folder = \"/mnt/backup\"",
            "key_file = \"relay/office/tls.key\"",
        ] {
            assert!(text.contains(kept), "{kept}\n{text}");
        }
        assert_eq!(
            elsewhere,
            [
                ("/etc/madoguchi/database".into(), "elsewhere/0/database".into()),
                ("/mnt/second/heads".into(), "elsewhere/1/heads".into()),
            ]
        );

        let arrived = arrived(&text, Path::new("/srv/new/postgres/socket")).unwrap();
        assert!(arrived.contains("host = \"/srv/new/postgres/socket\""), "{arrived}");
        assert!(
            !arrived.contains("/srv/old") && !arrived.contains("port ="),
            "{arrived}"
        );
        assert!(arrived.contains("on_hold = true"), "{arrived}");
        assert!(!released(&arrived).unwrap().contains("on_hold"));
    }

    #[test]
    fn a_relays_own_section_of_another_shape_is_left_alone() {
        let front = "[relay]\nentity_id = \"x\"\n[database]\nhost = \"/srv/old/postgres/socket\"\n";
        let (old, new) = (
            Path::new("/srv/old/postgres/socket"),
            Path::new("/srv/new/postgres/socket"),
        );
        let text = with_database(front, old, new).unwrap().unwrap();
        assert!(text.contains("/srv/new/postgres/socket") && !text.contains(ON_HOLD));
        assert_eq!(with_database(front, new, old).unwrap(), None);
    }
}

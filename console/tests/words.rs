//! What is said to people stands in the language they chose: no English inside the Japanese, nothing Japanese inside the
//! English. Said of every file of words there is, and of what the commands say.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// Latin words that stand in Japanese as they are: keys, names of standards and their nouns, file names that must be typed so.
const LATIN: &str = "Enter Esc Space Ctrl Alt Tab English QR ID DB SHA ISO RFC AES CBC ECP SOAP URL CSV HbA NGSP JDS BMI HDL LDL AST ALT GT USB IC PIN SAML Cookie \
    entityID NameID EncryptedID Assertion LogoutRequest Destination mustUnderstand pcscd \
    EF.DIR EF.OD EF.TokenInfo EF.AOD EF.PrKD EF.PuKD EF.CD admin_url roots_file relay.toml operators \
    JavaScript Windows Linux Mac iPhone iPad Android SNS transient BMI HDL LDL AST ALT GT";

fn files(folder: &Path, end: &str, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if path.is_dir() {
            if !["target", "node_modules"].contains(&name.as_str()) && !name.starts_with('.') {
                files(&path, end, found);
            }
        } else if name.ends_with(end) {
            found.push(path);
        }
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

fn is_japanese(letter: char) -> bool {
    matches!(letter, '\u{3041}'..='\u{30FA}' | '\u{30FC}'..='\u{30FF}' | '\u{4E00}'..='\u{9FFF}' | '\u{FF66}'..='\u{FF9F}')
}

/// What a line of words says, without its key, its facts and its selectors.
fn said(line: &str) -> String {
    let value = match line.split_once(" =") {
        Some((key, value))
            if !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') =>
        {
            value
        }
        _ => line,
    };
    let value = match (
        value.trim_start().trim_start_matches('*').strip_prefix('['),
        value.split_once(']'),
    ) {
        (Some(_), Some((_, variant))) => variant,
        _ => value,
    };
    // What stands between backticks is typed as it stands.
    let spoken: String = value.split('`').step_by(2).collect();
    let (mut out, mut depth) = (String::new(), 0_u32);
    for letter in spoken.chars() {
        match letter {
            '{' => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            letter if depth == 0 => out.push(letter),
            _ => {}
        }
    }
    out
}

/// The Latin words of a text that are no single letter.
fn latin(text: &str) -> Vec<String> {
    text.split(|letter: char| !(letter.is_ascii_alphabetic() || matches!(letter, '_' | '.')))
        .map(|word| word.trim_matches('.').to_owned())
        .filter(|word| word.len() > 1)
        .collect()
}

#[test]
fn no_file_of_words_speaks_the_other_language() {
    let mut found = Vec::new();
    files(&root(), ".ftl", &mut found);
    assert!(found.len() > 40, "{} files of words", found.len());
    let allowed: Vec<&str> = LATIN.split_whitespace().collect();
    let mut foreign = Vec::new();
    for path in found {
        let is_english = path.ends_with("en.ftl");
        for line in fs::read_to_string(&path)
            .unwrap()
            .lines()
            .filter(|line| !line.starts_with('#'))
        {
            // The key that switches names the other language in its own words.
            if line.starts_with("key-language =") || line.starts_with("language") {
                continue;
            }
            let said = said(line);
            let is_foreign = match is_english {
                true => said.contains(is_japanese),
                false => latin(&said).iter().any(|word| !allowed.contains(&word.as_str())),
            };
            if is_foreign {
                foreign.push(format!("{}: {line}", path.display()));
            }
        }
    }
    assert!(foreign.is_empty(), "{}", foreign.join("\n"));
}

/// The two literals of each `pick("…", "…")` in a source.
fn picks(source: &str) -> Vec<(String, String)> {
    let literal = |text: &str| -> Option<(String, usize)> {
        let inner = text.trim_start().strip_prefix('"')?;
        let (mut out, mut escaped) = (String::new(), false);
        for (at, letter) in inner.char_indices() {
            match letter {
                '"' if !escaped => return Some((out, text.len() - inner.len() + at + 1)),
                _ => out.push(letter),
            }
            escaped = letter == '\\' && !escaped;
        }
        None
    };
    let mut found = Vec::new();
    for (at, opening) in source.match_indices("pick(") {
        let rest = &source[at + opening.len()..];
        if let Some((japanese, end)) = literal(rest)
            && let Some(rest) = rest[end..].trim_start().strip_prefix(',')
            && let Some((english, _)) = literal(rest)
        {
            found.push((japanese, english));
        }
    }
    found
}

#[test]
fn what_a_command_says_is_in_the_language_asked_for() {
    let mut sources = Vec::new();
    files(&root().join("console/src"), ".rs", &mut sources);
    let picked: Vec<_> = sources
        .iter()
        .flat_map(|path| picks(&fs::read_to_string(path).unwrap()))
        .collect();
    assert!(picked.len() > 100, "{} pairs", picked.len());
    for (japanese, english) in picked {
        assert!(!english.contains(is_japanese), "{english}");
        assert!(
            japanese.contains(is_japanese) || latin(&japanese).is_empty(),
            "{japanese}"
        );
    }
}

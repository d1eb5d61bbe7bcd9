//! Lays the words of every screen's folder together with those that all share: one file a language.

use std::{
    env, fs, io,
    path::{Path, PathBuf},
};

fn main() -> io::Result<()> {
    let out = PathBuf::from(env::var_os("OUT_DIR").ok_or(io::ErrorKind::NotFound)?);
    for language in ["ja", "en"] {
        let mut words = fs::read_to_string(format!("words/{language}.ftl"))?;
        gather(Path::new("src"), &format!("{language}.ftl"), &mut words)?;
        fs::write(out.join(format!("{language}.ftl")), words)?;
    }
    println!("cargo:rerun-if-changed=words");
    println!("cargo:rerun-if-changed=src");
    Ok(())
}

/// Adds what stands in each folder's file of this name, folders by their names.
fn gather(folder: &Path, name: &str, words: &mut String) -> io::Result<()> {
    let mut entries: Vec<PathBuf> = fs::read_dir(folder)?
        .map(|entry| Ok(entry?.path()))
        .collect::<io::Result<_>>()?;
    entries.sort();
    for path in entries {
        if path.is_dir() {
            gather(&path, name, words)?;
        } else if path.file_name().is_some_and(|own| own == name) {
            words.push('\n');
            words.push_str(&fs::read_to_string(&path)?);
        }
    }
    Ok(())
}

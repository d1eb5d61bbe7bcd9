//! The folder where one set-up keeps everything: configuration, secrets, cluster, cards, papers, log.

use std::{
    io,
    path::{Path, PathBuf},
};

use crate::config;

/// The folder of a set-up, as an absolute path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Home(PathBuf);

impl Home {
    /// `MADOGUCHI_HOME`, or `var` in the working folder.
    ///
    /// # Errors
    /// When the working folder is gone.
    pub fn find() -> io::Result<Self> {
        let named = std::env::var_os("MADOGUCHI_HOME").filter(|named| !named.is_empty());
        Self::at(&named.map_or_else(|| PathBuf::from("var"), PathBuf::from))
    }

    /// The set-up that the configuration file `named` on the command line belongs to, which is the one beside it; without
    /// one, as [`Home::find`].
    ///
    /// # Errors
    /// When the working folder is gone.
    pub fn of(named: Option<&Path>) -> io::Result<Self> {
        match named {
            Some(file) => {
                let file = std::path::absolute(file)?;
                Self::at(file.parent().unwrap_or(Path::new("/")))
            }
            None => Self::find(),
        }
    }

    /// The set-up at `folder`.
    ///
    /// # Errors
    /// When `folder` is relative and the working folder is gone.
    pub fn at(folder: &Path) -> io::Result<Self> {
        std::path::absolute(folder).map(Self)
    }

    /// The folder itself.
    pub fn folder(&self) -> &Path {
        &self.0
    }

    /// The configuration.
    pub fn config_file(&self) -> PathBuf {
        self.0.join(config::FILE_NAME)
    }

    /// A secret's file.
    pub fn secret(&self, name: &str) -> PathBuf {
        self.0.join("secrets").join(name)
    }

    /// The private PostgreSQL cluster.
    pub fn cluster(&self) -> PathBuf {
        self.0.join("postgres")
    }

    /// The authorities' certificates and sealed keys.
    pub fn authority(&self) -> PathBuf {
        self.0.join("authority")
    }

    /// The tray of virtual cards: a file each.
    pub fn tray(&self) -> PathBuf {
        self.0.join("tray")
    }

    /// The tray's control socket.
    pub fn tray_socket(&self) -> PathBuf {
        self.run("tray.socket")
    }

    /// What runs now: process records and sockets.
    pub fn run(&self, name: &str) -> PathBuf {
        self.0.join("run").join(name)
    }

    /// A log.
    pub fn log(&self, name: &str) -> PathBuf {
        self.0.join("log").join(name)
    }

    /// What runs where, and the demo staff's passwords.
    pub fn endpoints(&self) -> PathBuf {
        self.0.join("endpoints.json")
    }
}

/// The configuration to use: the one named, the home's, or the machine's; the home's when none is there yet.
pub fn config_file(named: Option<&Path>, home: &Home) -> PathBuf {
    if let Some(named) = named {
        return named.to_owned();
    }
    let ours = home.config_file();
    let machines = Path::new("/etc/madoguchi").join(config::FILE_NAME);
    if !ours.exists() && machines.exists() {
        machines
    } else {
        ours
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_configuration_named_on_the_command_line_brings_its_own_set_up() {
        let home = Home::of(Some(Path::new("/srv/counter/madoguchi.toml"))).unwrap();
        assert_eq!(home.folder(), Path::new("/srv/counter"));
        assert_eq!(home.cluster(), Path::new("/srv/counter/postgres"));
        let beside = Home::of(Some(Path::new("madoguchi.toml"))).unwrap();
        assert_eq!(beside.folder(), std::env::current_dir().unwrap());
    }
}

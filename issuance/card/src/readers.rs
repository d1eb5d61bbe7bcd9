//! Readers behind PC/SC: listing them, connecting to the card in one, watching all of them.

mod connection;
mod monitor;

use std::{
    env,
    ffi::{CString, OsString},
    io,
    os::unix::net::UnixStream,
    path::Path,
    sync::mpsc,
    thread,
    time::Duration,
};

pub use connection::{PcscTransport, Sharing};
pub use monitor::{Monitor, ReaderChange, ReaderEvent, StopMonitor};

/// Why the readers could not be listed or watched.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReaderError {
    /// The smart card service (pcscd) does not answer.
    #[error("the smart card service is not running")]
    ServiceGone,
    /// The service runs and does not answer: it hangs, or somebody stopped it.
    #[error("the smart card service does not answer")]
    ServiceSilent,
    /// There is no reader of that name.
    #[error("no reader named {0} is connected")]
    NoSuchReader(String),
    /// Anything else, in the service's words.
    #[error("the smart card service reports: {0}")]
    Other(String),
}

/// The readers of this machine, by one connection to the smart card service. Made anew after the service restarted.
pub struct Readers(pcsc::Context);

impl Readers {
    /// Connects to the smart card service; with systemd this starts it.
    ///
    /// # Errors
    /// [`ReaderError::ServiceGone`] when none runs.
    pub fn connect() -> Result<Self, ReaderError> {
        pcsc::Context::establish(pcsc::Scope::User)
            .map(Self)
            .map_err(service_error)
    }

    /// The names of all readers, asked for by a connection of its own and waited for at most `limit`: a service that hangs
    /// keeps whoever asks it for ever.
    ///
    /// # Errors
    /// [`ReaderError`]
    pub fn list_within(limit: Duration) -> Result<Vec<String>, ReaderError> {
        let (tell, told) = mpsc::channel();
        // Where the service never answers, the thread ends with the program.
        thread::spawn(move || drop(tell.send(Self::connect().and_then(|readers| readers.list()))));
        told.recv_timeout(limit).unwrap_or(Err(ReaderError::ServiceSilent))
    }

    /// The names of all readers, in the service's order.
    ///
    /// # Errors
    /// [`ReaderError`].
    pub fn list(&self) -> Result<Vec<String>, ReaderError> {
        list(&self.0)
    }

    /// Connects to the card in `reader`.
    ///
    /// # Errors
    /// [`crate::TransportError::Removed`] when no card is in it, [`crate::TransportError::InUse`] when another
    /// program holds it and did not let go within a second.
    pub fn card(&self, reader: &str, sharing: Sharing) -> Result<PcscTransport, crate::TransportError> {
        PcscTransport::connect(&self.0, reader, sharing)
    }

    /// Has `look` at the card in `reader` although another program has it open for longer (a browser's PKCS #11
    /// module): in one transaction, so that nobody's commands come between. Waits for another's transaction to end. The
    /// card is reset afterwards and the other told so: a PIN that it had verified is to be entered again.
    ///
    /// # Errors
    /// As [`Self::card`]; `InUse` where the other holds the card for itself alone.
    pub fn glance<R>(
        &self,
        reader: &str,
        look: impl FnOnce(&mut dyn crate::Transport) -> R,
    ) -> Result<R, crate::TransportError> {
        connection::glance(&self.0, reader, look)
    }
}

fn list(context: &pcsc::Context) -> Result<Vec<String>, ReaderError> {
    match context.list_readers_owned() {
        Ok(names) => Ok(names.iter().map(|name| name.to_string_lossy().into_owned()).collect()),
        Err(pcsc::Error::NoReadersAvailable) => Ok(Vec::new()),
        Err(error) => Err(service_error(error)),
    }
}

fn service_error(error: pcsc::Error) -> ReaderError {
    // A socket that nobody listens at any more (systemd's unit stopped, a pcscd that was killed) is told by pcsc-lite as
    // access denied, as if a rule had refused us.
    if service_gone(error) || (error == pcsc::Error::SecurityViolation && nobody_listens(Path::new(&socket()))) {
        ReaderError::ServiceGone
    } else {
        ReaderError::Other(error.to_string())
    }
}

/// What pcsc-lite answers while pcscd is not there, was stopped, or was started anew since the context was made.
fn service_gone(error: pcsc::Error) -> bool {
    matches!(
        error,
        pcsc::Error::NoService
            | pcsc::Error::ServiceStopped
            | pcsc::Error::ServerTooBusy
            | pcsc::Error::CommError
            | pcsc::Error::InvalidHandle
            | pcsc::Error::InternalError
    )
}

/// Where pcscd listens, as pcsc-lite finds it.
fn socket() -> OsString {
    env::var_os("PCSCLITE_CSOCK_NAME").unwrap_or_else(|| "/run/pcscd/pcscd.comm".into())
}

fn nobody_listens(socket: &Path) -> bool {
    UnixStream::connect(socket)
        .is_err_and(|error| matches!(error.kind(), io::ErrorKind::ConnectionRefused | io::ErrorKind::NotFound))
}

fn c_name(reader: &str) -> CString {
    // A name with a zero byte names no reader; what is before it does not either, most likely.
    let end = reader.find('\0').unwrap_or(reader.len());
    CString::new(&reader[..end]).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::UnixListener;

    use super::*;

    #[test]
    fn a_socket_left_behind_by_a_service_that_ended_is_no_refusal() {
        let folder = env::temp_dir().join(format!("pcscd-left-behind-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let socket = folder.join("pcscd.comm");
        assert!(nobody_listens(&socket));
        let listener = UnixListener::bind(&socket).unwrap();
        assert!(!nobody_listens(&socket));
        drop(listener);
        assert!(socket.exists() && nobody_listens(&socket));
        std::fs::remove_dir_all(&folder).unwrap();
    }
}

//! The tray's socket: requests in, answers out.

use std::{
    fs,
    io::{self, BufRead, BufReader, Read, Write},
    os::unix::{
        fs::PermissionsExt,
        net::{UnixListener, UnixStream},
    },
    path::{Path, PathBuf},
    process,
    sync::Arc,
    thread,
};

use super::{Reply, Tray};

/// The longest request line.
const LONGEST_LINE: u64 = 1024;

/// Serves `tray` at `socket` until somebody asks it to `stop`. `ready` is called once requests are taken.
///
/// # Errors
/// When the socket cannot be made, among others because another tray answers at it.
pub fn serve(tray: Tray, socket: &Path, ready: impl FnOnce()) -> io::Result<()> {
    if UnixStream::connect(socket).is_ok() {
        return Err(io::Error::new(
            io::ErrorKind::AddrInUse,
            format!("another tray answers at {}", socket.display()),
        ));
    }
    // What a killed tray left behind. Made under a name of its own and moved into place: whoever finds the socket
    // finds it with its permissions set.
    let mut beside = socket.as_os_str().to_owned();
    beside.push(format!(".{}", process::id()));
    let beside = PathBuf::from(beside);
    let listener = UnixListener::bind(&beside)?;
    fs::set_permissions(&beside, fs::Permissions::from_mode(0o600))?;
    fs::rename(&beside, socket)?;
    ready();

    let tray = Arc::new(tray);
    let (stop, stopped) = std::sync::mpsc::channel();
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let (tray, stop) = (Arc::clone(&tray), stop.clone());
            thread::spawn(move || {
                match converse(&tray, stream) {
                    // The receiver is gone when another conversation said stop first.
                    Ok(true) => drop(stop.send(())),
                    Ok(false) => {}
                    Err(error) => tracing::debug!(%error, "a conversation ended"),
                }
            });
        }
    });
    // Ends with the first "stop"; the process, and with it every connection to a reader, ends next.
    let _stop_or_no_listener = stopped.recv();
    fs::remove_file(socket)
}

/// Answers one connection's requests; whether it asked for the end.
fn converse(tray: &Tray, stream: UnixStream) -> io::Result<bool> {
    let mut writer = stream.try_clone()?;
    let mut reader = BufReader::new(stream);
    loop {
        let mut line = String::new();
        if reader.by_ref().take(LONGEST_LINE).read_line(&mut line)? == 0 {
            return Ok(false);
        }
        if line.trim() == "stop" {
            writer.write_all(b"OK the tray ends\n\n")?;
            return Ok(true);
        }
        let mut text = match tray.request(&line) {
            Ok(Reply { words, rows }) => {
                let rows: String = rows.iter().map(|row| row.join("\t") + "\n").collect();
                format!("OK {words}\n{rows}")
            }
            // A file system's words may have any shape; the protocol's first line is one line.
            Err(error) => format!("ERR {}\n", error.to_string().replace(['\n', '\r'], " ")),
        };
        text.push('\n');
        writer.write_all(text.as_bytes())?;
    }
}

/// Asks the tray at `socket` one thing.
///
/// # Errors
/// When no tray answers there. A refusal by the tray is the inner error, in its words.
pub fn ask(socket: &Path, request: &str) -> io::Result<Result<Reply, String>> {
    let mut stream = UnixStream::connect(socket)?;
    stream.write_all(format!("{}\n", request.replace(['\n', '\r'], " ")).as_bytes())?;
    let mut lines = BufReader::new(stream).lines();
    let first = lines
        .next()
        .unwrap_or_else(|| Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the tray hung up")))?;
    let mut rows = Vec::new();
    for line in lines {
        let line = line?;
        if line.is_empty() {
            break;
        }
        rows.push(line.split('\t').map(str::to_owned).collect());
    }
    Ok(match first.split_once(' ').unwrap_or((&first, "")) {
        ("OK", words) => Ok(Reply {
            words: words.to_owned(),
            rows,
        }),
        (_, words) => Err(words.to_owned()),
    })
}

#[cfg(test)]
mod tests {
    use card::IssuerMaster;
    use relay_core::chance::SeededChance;

    use super::*;

    #[test]
    fn a_conversation_over_the_socket_and_its_end() {
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("tray.sock");
        let tray = Tray::open(
            folder.path(),
            IssuerMaster::new([1; 32]),
            SeededChance::new(1),
            &["127.0.0.1:9".to_owned()],
        )
        .unwrap();
        let (ready, is_ready) = std::sync::mpsc::channel();
        let server = thread::spawn({
            let socket = socket.clone();
            move || serve(tray, &socket, || ready.send(()).unwrap())
        });
        is_ready.recv().unwrap();
        let mode = fs::metadata(&socket).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);

        // By hand, as the console's demo overlay speaks: two requests on one connection.
        let mut stream = UnixStream::connect(&socket).unwrap();
        stream.write_all(b"new\nfly\n").unwrap();
        stream.shutdown(std::net::Shutdown::Write).unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).unwrap();
        let (made, refused) = text.split_once("\n\n").unwrap();
        assert!(made.starts_with("OK blank-1 is in the tray\nblank-1\t"), "{made}");
        assert!(made.ends_with("\tblank\t-"), "{made}");
        assert!(refused.starts_with("ERR not a request: fly"), "{refused}");

        let list = ask(&socket, "list").unwrap().unwrap();
        assert_eq!(list.rows.len(), 1);
        assert!(ask(&socket, "insert 7 blank-1").unwrap().is_err());
        ask(&socket, "stop").unwrap().unwrap();
        server.join().unwrap().unwrap();
        assert!(!socket.exists());
        assert!(ask(&socket, "list").is_err());
    }
}

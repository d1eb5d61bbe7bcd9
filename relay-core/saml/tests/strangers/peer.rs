//! A stranger's software in a process of its own, spoken to a line of JSON at a time.

use std::{
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
};

use serde_json::{Value, json};

pub struct Peer {
    child: Child,
    orders: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Peer {
    /// Debian's python, where its packages are: another one may stand first in the path.
    pub fn start(script: &str) -> Self {
        let path = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("tests/strangers")
            .join(script);
        let mut child = Command::new("/usr/bin/python3")
            .arg(path)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("python3 runs (scripts/packages test)");
        Self {
            orders: child.stdin.take().unwrap(),
            answers: BufReader::new(child.stdout.take().unwrap()),
            child,
        }
    }

    /// What it answers; an error is an answer too.
    pub fn try_ask(&mut self, what: &str, mut order: Value) -> Value {
        order["do"] = json!(what);
        writeln!(self.orders, "{order}").unwrap();
        let mut line = String::new();
        self.answers.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap_or_else(|_| panic!("{what}: the peer stopped"))
    }

    /// What it answers, when it took it.
    pub fn ask(&mut self, what: &str, order: Value) -> Value {
        let answer = self.try_ask(what, order);
        assert_eq!(answer.get("error"), None, "{what}");
        answer
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

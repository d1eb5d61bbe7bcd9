//! A shell with a home of its own, inside a card service of its own.

use std::{
    fs,
    io::{Read, Write},
    path::{Path, PathBuf},
    process::{Child, ChildStdin, Command, Output, Stdio},
    sync::{Arc, Mutex},
    thread,
    time::{Duration, Instant},
};

use serde_json::Value;

const MADOGUCHI: &str = env!("CARGO_BIN_EXE_madoguchi");
/// Longest any step may take on a busy machine with two cores.
pub const PATIENCE: Duration = Duration::from_secs(120);

/// Runs `day` with readers that only it sees. The test runs itself again under `scripts/with-pcscd`; `name` is its own.
pub fn with_a_card_service(name: &str, day: impl FnOnce(&Shell)) {
    with_a_card_service_and(name, &[], day);
}

/// The same with everything the set-up keeps on a disk of its own of so many megabytes.
pub fn with_a_card_service_and_a_small_disk(name: &str, megabytes: u32, day: impl FnOnce(&Shell)) {
    with_a_card_service_and(name, &[("WITH_SMALL_DISK", &format!("{megabytes}M"))], day);
}

/// The same beside the relay's programs, which cargo builds for their own tests only.
pub fn with_a_card_service_and_a_relay(name: &str, day: impl FnOnce(&Shell)) {
    let asks = ["WITH_PCSCD", "MADOGUCHI_PROGRAMS_BUILT"].map(std::env::var_os);
    if asks.iter().all(Option::is_none) {
        let programs = ["demo-relay", "relay", "blind", "my-page", "card-bridge"];
        let mut cargo = Command::new(env!("CARGO"));
        cargo.args(["build", "--quiet", "--locked"]);
        cargo.args(programs.iter().flat_map(|name| ["--package", name]));
        assert!(cargo.status().unwrap().success());
    }
    with_a_card_service(name, day);
}

fn with_a_card_service_and(name: &str, wishes: &[(&str, &str)], day: impl FnOnce(&Shell)) {
    if std::env::var_os("WITH_PCSCD").is_some() {
        let shell = Shell::new();
        day(&shell);
        return;
    }
    build_what_a_demonstration_starts();
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../scripts/with-pcscd");
    let ended = Command::new(script)
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", name, "--nocapture"])
        .envs(wishes.iter().copied())
        .output()
        .unwrap();
    let said = [ended.stdout.as_slice(), &ended.stderr].concat();
    let said = String::from_utf8_lossy(&said);
    assert!(ended.status.success(), "{said}");
    // A name that matches no test would pass by doing nothing.
    assert!(said.contains("1 passed"), "{said}");
}

/// The tray and the publisher are other packages' programs: cargo builds them for their own tests only.
fn build_what_a_demonstration_starts() {
    static BUILT: Mutex<bool> = Mutex::new(false);
    let mut built = BUILT.lock().unwrap_or_else(|held| held.into_inner());
    let away = |name: &&str| !Path::new(MADOGUCHI).with_file_name(name).exists();
    if !*built && ["virtual-card", "madoguchi-publisher"].iter().any(away) {
        let mut cargo = Command::new(env!("CARGO"));
        cargo.args([
            "build",
            "--quiet",
            "--locked",
            "--package",
            "virtual-card",
            "--package",
            "publisher",
        ]);
        assert!(cargo.status().unwrap().success());
    }
    *built = true;
}

/// A shell whose `MADOGUCHI_HOME` is a fresh folder; everything it started is stopped and removed when it is dropped.
pub struct Shell {
    home: PathBuf,
    folder: tempfile::TempDir,
}

/// What a command answered.
pub struct Answer {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Shell {
    fn new() -> Self {
        let folder = match std::env::var_os("WITH_PCSCD_DISK") {
            Some(disk) => tempfile::tempdir_in(disk).unwrap(),
            None => tempfile::tempdir().unwrap(),
        };
        Self {
            home: folder.path().join("var"),
            folder,
        }
    }

    pub fn home(&self) -> &Path {
        &self.home
    }

    /// The command `words`, with `more` as they are.
    pub fn run(&self, words: &str, more: &[&str]) -> Answer {
        self.command(words, more).stdin(Stdio::null()).output().unwrap().into()
    }

    /// The same with `lines` on its standard input.
    pub fn run_answering(&self, words: &str, more: &[&str], lines: &str) -> Answer {
        use std::io::Write as _;
        let mut command = self.command(words, more);
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        // One that ends before it has asked for all of them has broken the pipe.
        let _ = child.stdin.take().unwrap().write_all(lines.as_bytes());
        child.wait_with_output().unwrap().into()
    }

    /// The command in another place than this shell's: `name` beside it.
    pub fn run_beside(&self, name: &str, words: &str, more: &[&str]) -> Answer {
        let mut command = self.command(words, more);
        command.env("MADOGUCHI_HOME", self.beside(name)).stdin(Stdio::null());
        command.output().unwrap().into()
    }

    /// The same where nothing may go wrong.
    pub fn must_beside(&self, name: &str, words: &str) -> Answer {
        let answer = self.run_beside(name, words, &[]);
        assert_eq!(answer.code, 0, "{words}: {}{}", answer.stdout, answer.stderr);
        answer
    }

    /// Another place than this shell's.
    pub fn beside(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Begins a command in another place.
    pub fn talk_beside(&self, name: &str, words: &str, more: &[&str]) -> Talk {
        let mut command = self.command(words, more);
        command.env("MADOGUCHI_HOME", self.beside(name));
        Talk::with(command)
    }

    /// The command with the programs of `folder` found first.
    pub fn run_with_path(&self, folder: &Path, words: &str, more: &[&str]) -> Answer {
        let path = std::env::var("PATH").unwrap_or_default();
        let mut command = self.command(words, more);
        command
            .env("PATH", format!("{}:{path}", folder.display()))
            .stdin(Stdio::null());
        command.output().unwrap().into()
    }

    /// The command by a clock that is `off` from everybody else's (`+3h`, `-2d`).
    pub fn run_at_another_time(&self, off: &str, words: &str) -> Answer {
        let command = self.command(words, &[]);
        let mut late = Command::new("faketime");
        late.args(["-m", "--exclude-monotonic", "-f", off])
            .arg(command.get_program())
            .args(command.get_args());
        late.current_dir(self.folder.path());
        for (name, value) in command.get_envs() {
            match value {
                Some(value) => late.env(name, value),
                None => late.env_remove(name),
            };
        }
        late.stdin(Stdio::null()).output().unwrap().into()
    }

    /// The same, and it must succeed.
    pub fn must(&self, words: &str, more: &[&str]) -> Answer {
        let answer = self.run(words, more);
        assert_eq!(answer.code, 0, "{words}:\n{}{}", answer.stdout, answer.stderr);
        answer
    }

    /// Kills the command with no warning as soon as it has begun the step after the line that names `step`, or let it
    /// end when it gets there no more.
    pub fn cut_off_after(&self, words: &str, more: &[&str], step: &str) {
        let mut talk = self.talk(words, more);
        while !talk.heard().contains(step) {
            if talk.child.try_wait().unwrap().is_some() {
                return;
            }
            thread::sleep(Duration::from_millis(1));
        }
        talk.child.kill().unwrap();
        talk.child.wait().unwrap();
    }

    /// Begins a command that will ask for things.
    pub fn talk(&self, words: &str, more: &[&str]) -> Talk {
        Talk::with(self.command(words, more))
    }

    /// Waits until the card that `hold` was said of stands still before its instruction.
    pub fn waits_for_stall(&self) {
        let began = Instant::now();
        while !self.tray("status").contains("stalled") {
            assert!(began.elapsed() < PATIENCE, "the card does not come to the instruction");
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// What a hand does with the tray, and what the tray says.
    pub fn tray(&self, what: &str) -> String {
        let ended = Command::new(Path::new(MADOGUCHI).with_file_name("virtual-card"))
            .arg("--socket")
            .arg(self.home.join("run/tray.socket"))
            .args(what.split(' '))
            .output()
            .unwrap();
        assert!(
            ended.status.success(),
            "{what}: {}",
            String::from_utf8_lossy(&ended.stderr)
        );
        String::from_utf8_lossy(&ended.stdout).into_owned()
    }

    /// Waits until the card that was just put into the staff reader answers.
    pub fn wait_for_card(&self) {
        let began = Instant::now();
        while self.run("card show --json --reader", &["Virtual PCD 00 00"]).code != 0 {
            assert!(began.elapsed() < PATIENCE, "no card in the staff reader");
        }
    }

    pub fn endpoints(&self) -> Value {
        serde_json::from_slice(&fs::read(self.home.join("endpoints.json")).unwrap()).unwrap()
    }

    /// Changes a line of the configuration before the console is opened.
    pub fn configure(&self, from: &str, to: &str) {
        let file = self.home.join("madoguchi.toml");
        let text = fs::read_to_string(&file).unwrap();
        assert!(text.contains(from), "{text}");
        fs::write(&file, text.replace(from, to)).unwrap();
    }

    /// A demo staff member's password.
    pub fn password(&self, number: &str) -> String {
        let endpoints = self.endpoints();
        let staff = endpoints["staff"].as_array().unwrap();
        let person = staff.iter().find(|person| person["number"] == number).unwrap();
        person["password"].as_str().unwrap().to_owned()
    }

    fn command(&self, words: &str, more: &[&str]) -> Command {
        let mut command = Command::new(MADOGUCHI);
        command
            .args(words.split(' '))
            .args(more)
            .current_dir(self.folder.path())
            .env("MADOGUCHI_HOME", &self.home)
            .env("LANG", "C.UTF-8")
            .env_remove("MADOGUCHI_LANG")
            .env_remove("MADOGUCHI_LOG");
        command
    }
}

impl Drop for Shell {
    fn drop(&mut self) {
        let cleaned = self.run("clean-data --force", &[]);
        if cleaned.code != 0 && !thread::panicking() {
            panic!("clean-data: {}", cleaned.stderr);
        }
    }
}

impl From<Output> for Answer {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}

impl Answer {
    /// The last line of what was answered, as JSON.
    pub fn json(&self) -> Value {
        let last = self.stdout.lines().last().unwrap_or_default();
        serde_json::from_str(last).unwrap_or_else(|_| panic!("not JSON: {}\n{}", self.stdout, self.stderr))
    }
}

/// A command under way.
pub struct Talk {
    child: Child,
    input: ChildStdin,
    heard: Arc<Mutex<Vec<u8>>>,
}

impl Talk {
    /// Begins `command`, whatever program it is.
    pub fn with(mut command: Command) -> Self {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let heard = Arc::new(Mutex::new(Vec::new()));
        let (mut stderr, keep) = (child.stderr.take().unwrap(), Arc::clone(&heard));
        thread::spawn(move || {
            let mut bytes = [0; 1024];
            while let Ok(read @ 1..) = stderr.read(&mut bytes) {
                keep.lock().unwrap().extend(&bytes[..read]);
            }
        });
        Self {
            input: child.stdin.take().unwrap(),
            child,
            heard,
        }
    }

    /// Asks it to stop, as Ctrl-C does.
    pub fn interrupt(&self) {
        let pid = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
    }

    /// Ends it with no warning.
    pub fn cut_off(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Waits until it says `what`.
    pub fn waits_for(&mut self, what: &str) {
        let began = Instant::now();
        while !self.heard().contains(what) {
            let ended = self.child.try_wait().unwrap().is_some() && !self.heard().contains(what);
            assert!(
                !ended && began.elapsed() < PATIENCE,
                "it never said {what}:\n{}",
                self.heard()
            );
            thread::sleep(Duration::from_millis(5));
        }
    }

    /// Types a line.
    pub fn answer(&mut self, line: &str) {
        writeln!(self.input, "{line}").unwrap();
    }

    /// Waits until it says `what`, then types a line.
    pub fn after(&mut self, what: &str, line: &str) {
        self.waits_for(what);
        self.answer(line);
    }

    /// Its exit code.
    pub fn ends(&mut self) -> i32 {
        let code = self.child.wait().unwrap().code().unwrap_or(-1);
        eprintln!("{}", self.heard());
        code
    }

    fn heard(&self) -> String {
        String::from_utf8_lossy(&self.heard.lock().unwrap()).into_owned()
    }
}

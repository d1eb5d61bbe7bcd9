//! The start of a test with a browser and readers: itself again, where Chromium finds a managed policy of ours and an own
//! pcscd with virtual readers runs. Nothing here names a portal: a clinic's desk is tried in one too.

use std::{
    env,
    os::unix::fs::MetadataExt,
    path::Path,
    process::{Command, ExitCode},
};

use crate::chromium::POLICY;

/// Where Chromium's managed policies would be, a folder of ours is mounted; the machine's own is neither seen nor
/// changed. Then `scripts/with-pcscd` takes over.
const INSIDE: &str = r#"
mount -t tmpfs -o mode=755 policy /etc/chromium
mkdir -p /etc/chromium/policies/managed
printf '%s' "$1" >/etc/chromium/policies/managed/madoguchi.json
chmod -R a+rX /etc/chromium
shift
exec "$@"
"#;

/// Starts this program again there; it ends as that one does.
pub fn start_again(arguments: &[String]) -> ExitCode {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    // Fetched before the network is shut off.
    let axe = Command::new(root.join("scripts/axe-core"))
        .output()
        .expect("scripts/axe-core runs");
    assert!(axe.status.success(), "{}", String::from_utf8_lossy(&axe.stderr));
    let axe = String::from_utf8(axe.stdout).expect("a path of ours is UTF-8");

    let me = std::fs::metadata("/proc/self").expect("Linux").uid();
    let mut command = Command::new("unshare");
    let mut back_to_me = Vec::new();
    if me != 0 {
        // An ordinary user may mount in a namespace of their own, and is themselves again in one inside that.
        command.args(["--user", "--map-root-user"]);
        back_to_me = vec![
            "unshare".to_owned(),
            "--user".to_owned(),
            format!("--map-user={me}"),
            "--".to_owned(),
        ];
    }
    let ended = command
        .args([
            "--mount",
            "--propagation",
            "private",
            "--",
            "bash",
            "-euc",
            INSIDE,
            "in_browser",
            POLICY,
        ])
        .args(back_to_me)
        .arg(root.join("scripts/with-pcscd"))
        .arg(env::current_exe().expect("a running program has a path"))
        .args(arguments)
        .env("MADOGUCHI_AXE", axe.trim())
        .status()
        .expect("unshare runs");
    if ended.success() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

//! The counter's day, played on the real console in a pseudo-terminal: real keys, a real PostgreSQL, a real pcscd with
//! cards on a tray. Stories wait for what stands on the screen, as people do.

mod agents;
mod by_post;
#[path = "../../../portals/my-page/tests/in_browser/chromium.rs"]
#[allow(dead_code, reason = "shared with My Page's own tests, which use more of it")]
mod chromium;
mod clerk;
#[path = "../../screens/src/tests/english.rs"]
mod english;
mod faults;
mod logs;
mod machine;
mod my_page;
mod notices;
mod people;
mod refusals;
mod refused;
mod revoked;
mod screen;
#[path = "../set_up/shell.rs"]
#[allow(dead_code, reason = "shared with the tests of the set-up, which use more of it")]
mod shell;
mod standing;
mod stranger;
mod two;
mod visit;
mod waits;
mod ways_out;
mod whole_visit;

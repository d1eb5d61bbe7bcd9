//! Writes down when the program was built: a clock that stands before that moment is wrong (`madoguchi doctor`).

use std::time::{SystemTime, UNIX_EPOCH};

#[expect(
    clippy::disallowed_methods,
    reason = "the moment of the build is what is written down"
)]
fn main() {
    println!("cargo:rerun-if-env-changed=SOURCE_DATE_EPOCH");
    let now = || {
        SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .map_or(0, |since| since.as_secs())
    };
    // Reproducible builds say their own date (reproducible-builds.org, SOURCE_DATE_EPOCH).
    let built = std::env::var("SOURCE_DATE_EPOCH")
        .ok()
        .and_then(|seconds| seconds.parse().ok())
        .unwrap_or_else(now);
    println!("cargo:rustc-env=MADOGUCHI_BUILT_AT={built}");
}

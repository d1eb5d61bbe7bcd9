//! How many certificates an authority issues a second, beside how often its key signs: checking the request, building,
//! signing, and reading the result back against its profile. A plain program that prints a table; exit code 1 when a promise
//! is broken.

use std::{
    process::ExitCode,
    time::{Duration, Instant},
};

use aws_lc_rs::{
    encoding::AsDer as _,
    rsa::KeySize,
    signature::{KeyPair as _, RSA_PKCS1_SHA256, RsaKeyPair},
};
use issuance::{
    authority::{
        Authorities, CeremonyPlan, Challenge, ObjectArc, Passphrase, Profile, Proof, Request, ReservedSerial, Settings,
        Subject, hold_ceremony,
    },
    records::{CertificateSerial, Reservation},
};
use relay_core::{
    chance::OsChance,
    clock::{Clock as _, SystemClock},
};

/// Certificates issued for the measure.
const CERTIFICATES: usize = 300;

fn main() -> ExitCode {
    // `cargo test` runs benches too; it only looks whether they start.
    if !std::env::args().any(|argument| argument == "--bench") {
        return ExitCode::SUCCESS;
    }
    match measured() {
        Ok(kept) if kept => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn measured() -> Result<bool, Box<dyn std::error::Error>> {
    let folder = tempfile::tempdir()?;
    let passphrase = Passphrase::make(&folder.path().join("passphrase"), &mut OsChance)?;
    let plan = CeremonyPlan {
        folder: &folder.path().join("authority"),
        settings: Settings {
            organisation: "汐見市".into(),
            oid_arc: ObjectArc::example(),
            base_url: "http://pki.shiomi.example".into(),
        },
        present: vec![],
        root_passphrase: &passphrase,
        issuing_passphrase: &passphrase,
        token: None,
    };
    hold_ceremony(&plan, &SystemClock, &mut OsChance)?;
    let authority = Authorities::open(plan.folder, &passphrase)?.resident;
    // One card's key stands for all: what the card does is the card's time.
    let card = RsaKeyPair::generate(KeySize::Rsa2048)?;
    let spki = card.public_key().as_der()?.as_ref().to_vec();
    let requests: Result<Vec<_>, aws_lc_rs::error::Unspecified> = (0..CERTIFICATES)
        .map(|_| {
            let challenge = Challenge::new(Profile::ResidentAuthentication, &spki, &mut OsChance);
            let digest = aws_lc_rs::digest::Digest::import_less_safe(&challenge.digest(), &aws_lc_rs::digest::SHA256)?;
            let mut signature = vec![0; 256];
            card.sign_digest(&RSA_PKCS1_SHA256, &digest, &mut signature)?;
            Ok(Proof { challenge, signature })
        })
        .collect();
    let requests = requests?;

    // The authority's own key, as raw as the port gives it: a register of nothing is a line of text, signed.
    let began = Instant::now();
    for _ in 0..CERTIFICATES {
        std::hint::black_box(authority.register(Vec::new(), SystemClock.now())?);
    }
    let raw = began.elapsed();
    let began = Instant::now();
    for proof in requests {
        let serial = CertificateSerial::new(&mut OsChance);
        let reservation = Reservation::new(serial, SystemClock.now());
        let prepared = authority.prepare(Request {
            profile: Profile::ResidentAuthentication,
            subject: Subject::holder(serial),
            public_key: &spki,
            proof,
            serial: ReservedSerial::record(reservation, Ok::<_, std::convert::Infallible>)?,
        })?;
        std::hint::black_box(authority.issue(prepared)?);
    }
    let issued = began.elapsed();
    let rate = |took: Duration| CERTIFICATES as f64 / took.as_secs_f64();
    let ratio = raw.as_secs_f64() / issued.as_secs_f64();
    let kept = ratio >= 0.8;
    println!(
        "{} certificates checked, signed and read back (RSA-3072 authority, RSA-2048 card), a core: {:.0}/s beside {:.0} raw signatures/s = {:.0} %  (promise: ≥ 80 %)",
        if kept { "✓" } else { "✗" },
        rate(issued),
        rate(raw),
        ratio * 100.0
    );
    Ok(kept)
}

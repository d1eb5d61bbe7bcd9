//! What pseudonyms cost, per core: a sign-in through both halves, and a key rotation of a whole city's people.
//!
//! Times are CPU time of this thread, so that a busy machine does not change them much. Ends with code 1 when a promise
//! is broken. `PERSONS=1300000` rotates as many as the largest city has; without it a part is taken, in the same
//! batches: the work for one row does not depend on how many there are, and the bench says so with a ratio.

use std::{hint::black_box, process::ExitCode, time::Duration};

use relay_core::{
    chance::OsChance,
    clock::SystemClock,
    envelope::{
        Kind, Letter, Party, SigningKey, TrustedKeys,
        orders::{Finish, Finished, Rotate, ServiceName},
    },
    pseudonym::{
        BlindHalf, BlindRotation, Ceremony, Domain, FrontHalf, FrontRotation, PolymorphicPseudonym, Registrar,
        RegistrarSecret, Service,
    },
};
use rustix::time::{ClockId, clock_gettime};
use uuid::Uuid;

/// Turns, and seconds of CPU time a measure takes in each; the best turn counts.
const TURNS: usize = 3;
const SECONDS: f64 = 0.7;
const LARGEST_CITY: f64 = 1_300_000.0;

fn main() -> ExitCode {
    let chance = &mut OsChance;
    let made = Ceremony::run(chance);
    let registrar = Registrar::new(RegistrarSecret::new(chance), made.global);
    let front = FrontHalf::new(&made.front);
    let mut blind = BlindHalf::new(made.blind.clone());
    let domain = Domain::new("429996").expect("a code");
    let service = Service::new(&domain, "https://clinic.example/sp").expect("a name");
    blind
        .accept_share(service.clone(), front.service_share(&service))
        .expect("the first share");
    let stored = registrar.register(Uuid::from_u128(1), 0, chance);
    let half = front.half(&stored, &service, chance).expect("a ciphertext");
    let post = Post::new();

    let sign_in = || {
        let half = front.half(&stored, &service, &mut OsChance).expect("a ciphertext");
        blind
            .finish(&half, &service, &mut OsChance)
            .expect("a half")
            .expect("a share")
    };
    let mut rows = Vec::new();
    let mut measure = |what: &'static str, work: &dyn Fn()| {
        let best = (0..TURNS).map(|_| rate(work)).fold(0.0, f64::max);
        rows.push((what, best));
        best
    };
    measure("registrar: origin and encryption", &|| {
        black_box(registrar.register(Uuid::from_u128(1), 0, &mut OsChance));
    });
    measure("front: half-way to a service", &|| {
        black_box(front.half(&stored, &service, &mut OsChance)).expect("a ciphertext");
    });
    measure("blind half: finish for a service", &|| {
        drop(black_box(blind.finish(&half, &service, &mut OsChance)).expect("a half"));
    });
    let both = measure("a sign-in through both halves", &|| drop(black_box(sign_in())));
    let with_envelopes = measure("the same with its two envelopes, signed and opened", &|| {
        post.there(
            &front.half(&stored, &service, &mut OsChance).expect("a ciphertext"),
            &service,
        );
        drop(black_box(blind.finish(&half, &service, &mut OsChance)).expect("a half"));
        post.back();
    });
    println!("{:<66} {:>9}", "per second of one core", "rate");
    for (what, rate) in rows {
        println!("{what:<66} {rate:>9.0}");
    }

    let persons = std::env::var("PERSONS")
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(24_000);
    let rotation = rotate(&made, &registrar, persons);
    println!("{:<66} {:>9.0}", "key rotation, the front's step", rotation.front);
    println!("{:<66} {:>9.0}", "key rotation, the blind half's step", rotation.blind);
    println!(
        "{:<66} {:>7.1} s",
        "so many seconds for 1.3 million, each half on a core of its own",
        LARGEST_CITY / rotation.front.min(rotation.blind)
    );

    println!(
        "\n{:<66} {:>9} {:>9} {:>7}",
        "promise (at least)", "measured", "promised", "ratio"
    );
    let mut kept = true;
    for (what, measured, promised) in [
        (
            "sign-ins through both halves, per second of CPU (1 ms each)",
            both,
            1_000.0,
        ),
        ("the same with envelopes", with_envelopes, 1_000.0),
        ("rotation, rows a second and core: the front", rotation.front, 5_000.0),
        (
            "rotation, rows a second and core: the blind half",
            rotation.blind,
            5_000.0,
        ),
        ("rotation, last quarter's rate to the first's", rotation.flat, 1.0 / 1.2),
    ] {
        let ratio = measured / promised;
        println!("{what:<66} {measured:>9.2} {promised:>9.2} {ratio:>7.2}");
        kept &= ratio >= 1.0;
    }
    if kept { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

struct Rotated {
    front: f64,
    blind: f64,
    flat: f64,
}

/// Everybody's ciphertext through both halves, in batches, both halves started again from their files half-way.
fn rotate(made: &Ceremony, registrar: &Registrar, persons: usize) -> Rotated {
    let chance = &mut OsChance;
    let few: Vec<_> = (0..Rotate::LARGEST)
        .map(|person| registrar.register(Uuid::from_u128(person as u128), 0, chance))
        .collect();
    let mut front = FrontRotation::begin(&made.front, chance);
    let mut blind = BlindRotation::begin(&made.blind, front.middle(), chance).expect("the same edition");
    let batches = persons.div_ceil(Rotate::LARGEST).max(8);
    let mut took = Vec::new();
    for batch in 0..batches {
        if batch == batches / 2 {
            front = FrontRotation::from_text(&front.to_text()).expect("as filed");
            blind = BlindRotation::from_text(&blind.to_text()).expect("as filed");
        }
        let began = cpu();
        let middle: Vec<_> = few
            .iter()
            .map(|one| front.step(one, chance).expect("a ciphertext"))
            .collect();
        let between = cpu();
        let rotated: Vec<PolymorphicPseudonym> = middle
            .iter()
            .map(|one| blind.step(one, chance).expect("a ciphertext"))
            .collect();
        let ended = cpu();
        black_box(rotated);
        took.push((between - began, ended - between));
        if batch % 50 == 49 {
            eprintln!("rotated {} of {persons}", (batch + 1) * Rotate::LARGEST);
        }
    }
    let rows = (batches * Rotate::LARGEST) as f64;
    let total = |part: &[(f64, f64)]| part.iter().map(|(front, blind)| front + blind).sum::<f64>();
    let quarter = batches / 4;
    Rotated {
        front: rows / took.iter().map(|(front, _)| front).sum::<f64>(),
        blind: rows / took.iter().map(|(_, blind)| blind).sum::<f64>(),
        flat: total(&took[..quarter]) / total(&took[batches - quarter..]),
    }
}

/// The envelopes of one sign-in.
struct Post {
    front: SigningKey,
    blind: SigningKey,
    keys: TrustedKeys,
}

impl Post {
    fn new() -> Self {
        let [front, blind] =
            ["relay-front", "relay-blind"].map(|name| SigningKey::generate(Party::new(name).expect("a name")).0);
        Self {
            keys: TrustedKeys::new([front.trusted(), blind.trusted()]),
            front,
            blind,
        }
    }

    fn there(&self, half: &relay_core::pseudonym::HalfWay, service: &Service) {
        let order = Finish {
            service: ServiceName::from(service),
            edition: relay_core::pseudonym::KeyEdition(1),
            half: *half,
            request: "ab".repeat(32),
        };
        let letter = Letter::new(self.blind.party(), Kind::Finish, &order);
        let sealed = self.front.seal(&letter, &SystemClock, &mut OsChance);
        black_box(
            self.keys
                .open::<Finish>(&sealed.text, Kind::Finish, self.blind.party(), &SystemClock),
        )
        .expect("opens");
    }

    fn back(&self) {
        let answer = Finished {
            answers: Uuid::from_u128(1),
            // As long as an EncryptedID is.
            encrypted_id: "x".repeat(1_700),
            blob_sha256: "ab".repeat(32),
        };
        let letter = Letter::new(self.front.party(), Kind::Finished, &answer);
        let sealed = self.blind.seal(&letter, &SystemClock, &mut OsChance);
        let reader = self.front.party();
        black_box(
            self.keys
                .open::<Finished>(&sealed.text, Kind::Finished, reader, &SystemClock),
        )
        .expect("opens");
    }
}

fn rate(work: &dyn Fn()) -> f64 {
    let began = cpu();
    let mut count = 0;
    loop {
        for _ in 0..20 {
            work();
        }
        count += 20;
        let spent = cpu() - began;
        if spent > SECONDS {
            return f64::from(count) / spent;
        }
    }
}

/// CPU time of this thread, in seconds.
fn cpu() -> f64 {
    let now = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(now.tv_sec as u64, now.tv_nsec as u32).as_secs_f64()
}

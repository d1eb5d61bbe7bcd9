//! How fast tagged letters are set, how large they are and how much memory ninety thousand take: 医療費通知 with twelve visits
//! each, bundles of a thousand as for the printer, and once all in one file. `cargo bench -p issuance --bench letters` prints a
//! line a promise with its ratio, measured / promised; exit code 1 when one is broken by more than the machine's noise.

use std::{
    fs::{self, File},
    io::BufWriter,
    process::ExitCode,
    time::Instant,
};

use issuance::{
    demo_city,
    notice::{
        Addressee, FontFolders, Letter, Office, Press, Style,
        handed_in::{Facts, Said},
        proof::Making,
        recipients::{self, Candidate},
        template::{Kinds, Language, Value, builtin},
    },
};
use relay_core::{chance::SeededChance, id::Id};
use time::{Date, macros::date};

/// Letters of the large run, and of the small one that it is held against.
const LARGE: usize = 90_000;
const SMALL: usize = 9_000;
/// Promised: letters per CPU-second, at least.
const SPEED: f64 = 3_000.0;
/// Bytes a letter, at most.
const SIZE: f64 = 5_500.0;
/// Memory at ninety thousand letters, in MB, at most.
const MEMORY: f64 = 150.0;
/// Time a letter of the large run / of the small one, at most.
const LINEAR: f64 = 1.1;
/// Seconds to decide who of ninety thousand gets a letter, at most.
const RECIPIENTS: f64 = 2.0;
/// The day of the letters.
const DAY: Date = date!(2026 - 11 - 02);
/// What the machine itself may take away.
const NOISE: f64 = 1.15;

fn main() -> ExitCode {
    let press = Press::open(&FontFolders::default()).expect("the fonts are installed");
    let kinds = builtin().expect("the program's own notices are good");
    let folder = tempfile::tempdir().expect("a folder");
    // The first file pays for what is looked up once.
    write(&press, &kinds, &folder.path().join("warm.pdf"), 0, 200);
    let small = run(&press, &kinds, folder.path(), SMALL);
    let large = run(&press, &kinds, folder.path(), LARGE);
    let memory = peak_memory();
    let whole = folder.path().join("whole.pdf");
    let began = cpu_seconds();
    write(&press, &kinds, &whole, 0, LARGE);
    let in_one = (
        cpu_seconds() - began,
        fs::metadata(&whole).map_or(0, |about| about.len()),
    );
    println!(
        "{{\"in_one_file\":{{\"letters\":{LARGE},\"cpu_seconds\":{:.1},\"bytes_a_letter\":{},\"memory_mb\":{:.0}}}}}",
        in_one.0,
        in_one.1 / LARGE as u64,
        peak_memory()
    );
    let per_letter = |(seconds, _): (f64, u64), letters: usize| seconds / letters as f64;
    // Last: a whole city in memory is no part of what is promised of letters.
    let (decided, laid_out) = count(&press, &kinds);
    println!("{{\"laid_out_while_counting\":{{\"residents\":{LARGE},\"seconds\":{laid_out:.1}}}}}");
    let rows = [
        ("recipients of 90,000, seconds", decided, RECIPIENTS, false),
        ("tagged letters per CPU-second", LARGE as f64 / large.0, SPEED, true),
        ("bytes a letter", large.1 as f64 / LARGE as f64, SIZE, false),
        ("memory at 90,000 letters, MB", memory, MEMORY, false),
        (
            "time a letter, 90,000 : 9,000",
            per_letter(large, LARGE) / per_letter(small, SMALL),
            LINEAR,
            false,
        ),
    ];
    let mut kept = true;
    for (what, measured, promised, is_at_least) in rows {
        let ratio = if is_at_least {
            promised / measured
        } else {
            measured / promised
        };
        kept &= ratio <= NOISE;
        println!("{what:<34} {measured:>10.2}  promised {promised:>8.1}  ratio {ratio:.2}");
    }
    if kept { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Writes bundles of a thousand; gives CPU seconds and bytes.
fn run(press: &Press, kinds: &Kinds, folder: &std::path::Path, letters: usize) -> (f64, u64) {
    const BUNDLE: usize = 1_000;
    let (began, mut bytes) = (cpu_seconds(), 0);
    for first in (0..letters).step_by(BUNDLE) {
        bytes += write(press, kinds, &folder.join("bundle.pdf"), first, BUNDLE);
    }
    (cpu_seconds() - began, bytes)
}

/// Seconds to decide who of a city gets a letter, and to lay all of them out.
fn count(press: &Press, kinds: &Kinds) -> (f64, f64) {
    let mut chance = SeededChance::new(1);
    let people: Vec<Candidate> = demo_city::residents(1, LARGE, DAY)
        .enumerate()
        .map(|(number, resident)| Candidate {
            id: Id::new(&mut chance),
            resident,
            gone: false,
            no_paper: number.is_multiple_of(31),
            send_to: None,
            returned: false,
            facts: Some(Facts {
                facts: Vec::new(),
                rows: letter(number).rows.drain(..4).collect(),
            }),
        })
        .collect();
    let (office, said) = (office(), Said::new());
    let making = Making {
        template: kinds.find("medical-expenses").expect("it comes with the program"),
        office: &office,
        issued_on: DAY,
        style: Style {
            language: Language::Japanese,
            large: false,
        },
        said: &said,
    };
    let began = Instant::now();
    let mut plan = recipients::plan(making.template, &people, DAY);
    let decided = began.elapsed().as_secs_f64();
    let began = Instant::now();
    let proofed = press.proof(&making, &people, &mut plan).expect("the notice is good");
    assert!(proofed.unset.is_empty() && proofed.hashes.len() == plan.letters.len());
    (decided, began.elapsed().as_secs_f64())
}

fn office() -> Office {
    Office {
        city: "汐見市".into(),
        section: "保険年金課".into(),
        postal_code: "859-9001".into(),
        address: "汐見市港町1丁目1番地".into(),
        phone: "0950-00-1234".into(),
        hours: vec!["月曜日から金曜日 午前9時から午後5時まで".into()],
        card_name: "市民カード".into(),
    }
}

fn write(press: &Press, kinds: &Kinds, file: &std::path::Path, first: usize, letters: usize) -> u64 {
    let office = office();
    let template = kinds.find("medical-expenses").expect("it comes with the program");
    let style = Style {
        language: Language::Japanese,
        large: false,
    };
    let out = BufWriter::with_capacity(1 << 18, File::create(file).expect("a file"));
    let mut run = press.run(out, template, (&office, DAY), style).expect("begins");
    for number in first..first + letters {
        run.add_as(&letter(number), &format!("1-{number}")).expect("is printed");
    }
    run.finish().expect("ends").1
}

/// Names, addresses, amounts that differ from letter to letter.
fn letter(number: usize) -> Letter {
    const NAMES: [&str; 8] = ["山口", "井上", "渡邉", "髙﨑", "葛城", "大野", "佐々木", "吉田"];
    const GIVEN: [&str; 8] = ["さくら", "恵", "健一", "美惠", "湊", "澪", "太郎", "花子"];
    const PROVIDERS: [&str; 4] = ["汐見市立中央病院", "港町内科クリニック", "なぎさ薬局", "さくら眼科医院"];
    let name = format!("{} {}", NAMES[number % 8], GIVEN[number / 8 % 8]);
    let visit = |n: usize| {
        let amount = 1_500 + (number * 7 + n * 137) as i64 % 18_000;
        vec![
            Value::Month(2026, 1 + (n % 12) as u8),
            Value::Name(name.clone()),
            Value::Text(PROVIDERS[(number + n) % 4].into()),
            Value::Text("外来".into()),
            Value::Count(1 + (n % 3) as i64),
            Value::Yen(amount),
            Value::Yen(0),
            Value::Yen(amount * 3 / 10),
        ]
    };
    Letter {
        to: Addressee {
            postal_code: format!("859-{:04}", 9000 + number % 100),
            address_lines: vec![
                format!(
                    "汐見市港町{}丁目{}番{}号",
                    1 + number % 9,
                    1 + number % 30,
                    1 + number % 20
                ),
                format!("コーポ汐見 {}号", 101 + number % 800),
            ],
            name: name.clone(),
        },
        guardian: false,
        person: name.clone(),
        facts: Vec::new(),
        rows: (0..12).map(visit).collect(),
    }
}

/// User and system time of this process (proc(5)).
fn cpu_seconds() -> f64 {
    let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let after = stat.rsplit(')').next().unwrap_or_default();
    let ticks: u64 = after
        .split_whitespace()
        .skip(11)
        .take(2)
        .filter_map(|field| field.parse::<u64>().ok())
        .sum();
    // The kernel counts in hundredths wherever it shows them.
    ticks as f64 / 100.0
}

/// The most memory this process ever held, in MB (proc(5), `VmHWM`).
fn peak_memory() -> f64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes = line.and_then(|line| line.trim().trim_end_matches("kB").trim().parse::<f64>().ok());
    kilobytes.unwrap_or(f64::INFINITY) / 1024.0
}

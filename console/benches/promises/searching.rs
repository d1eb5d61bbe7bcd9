//! Searching 90,000 as one types, and the console's memory meanwhile: the release binary in a pseudo-terminal, from
//! the byte of a key until the end of the frame that shows its hits. Pseudo-terminal, event loop, search, the question
//! for open cases to PostgreSQL and painting are all in it.

use std::{thread, time::Duration};

use crate::{
    ROWS,
    office_home::OfficeHome,
    table::{Table, milliseconds, percentile},
    terminal::Console,
};

const PROMISED: Duration = Duration::from_millis(30);
const FRAME_PROMISED: Duration = Duration::from_millis(16);
const MEMORY_PROMISED: u64 = 80_000_000;

/// What clerks type: readings, names, birthdays in their forms, addresses, numbers, a foreign name in Latin letters.
/// An `m` is held back for a moment, as it may begin a notice's code from a scanner: that wait is measured too.
const TYPED: [&str; 15] = [
    "やまぐち さくら",
    "さとう けんじ",
    "ナカムラ",
    "佐藤 恵",
    "渡辺",
    "nguyen",
    "maria",
    "昭和45年3月1日",
    "S45.3.1",
    "19700301",
    "本町1-2-3",
    "港町",
    "0000012345",
    "たなか 昭和50年",
    "すずき 本町",
];
/// Each is typed so often.
const TIMES: usize = 3;
/// Between two keys: a fast typist's pace.
const PACE: Duration = Duration::from_millis(70);

const ESC: &str = "\u{1b}";
const CLEAR: &str = "\u{15}";

/// Measures searching and memory.
///
/// # Errors
/// When the console does not do what it should.
pub fn measure(home: &OfficeHome, table: &mut Table) -> anyhow::Result<()> {
    let console = Console::open(home, 120, 40)?;
    console.sees("DB ●")?;
    home.tray(&["insert", "0", "staff-0001"])?;
    console.sees("試行残り")?;
    console.send(&format!("{}\r", home.password("0001")?))?;
    console.sees("本人確認を待つ")?;
    console.send("/")?;
    // The number of the first person: found once the whole roster is loaded.
    console.sees("フリガナ、氏名")?;
    console.send("0000000001")?;
    console.sees("1 人中 1 人")?;
    console.types(CLEAR, 1)?;

    let (mut echoed, mut found) = (Vec::new(), Vec::new());
    for text in std::iter::repeat_n(TYPED, TIMES).flatten() {
        for key in text.chars() {
            thread::sleep(PACE);
            // One frame with the key, one with its hits.
            let followed = console.types(key.encode_utf8(&mut [0; 4]), 2)?;
            echoed.push(followed.first);
            found.push(followed.last);
        }
        thread::sleep(PACE);
        console.types(CLEAR, 1)?;
    }
    let beside = format!(
        "{} keys over {ROWS}; p50 {:.1} ms, slowest {:.1} ms",
        found.len(),
        milliseconds(percentile(&mut found, 50)),
        milliseconds(percentile(&mut found, 100))
    );
    table.time(
        "search as typed, p95, key to its hits painted",
        percentile(&mut found, 95),
        PROMISED,
        beside,
    );
    let beside = format!(
        "the same keys until they stand in the field; p50 {:.2} ms",
        milliseconds(percentile(&mut echoed, 50))
    );
    table.time(
        "key to frame, p99, real console",
        percentile(&mut echoed, 99),
        FRAME_PROMISED,
        beside,
    );

    let beside = format!(
        "of it {:.1} MB are pages of files, the program itself most of all",
        console.memory("RssFile")? as f64 / 1e6
    );
    table.memory(
        "console memory with 90,000 loaded",
        console.memory("VmRSS")?,
        MEMORY_PROMISED,
        beside,
    );
    let beside = "the most it ever took: keys opened, roster loaded, searched".to_owned();
    table.memory(
        "console memory, peak",
        console.memory("VmHWM")?,
        MEMORY_PROMISED,
        beside,
    );
    console.send(ESC)?;
    drop(console);
    home.tray(&["remove", "0"])
}

//! The made-up city of a demonstration, taken in the way every roster is.

use issuance::demo_city;
use office::roster::Missing;
use relay_core::clock::Clock;

use super::{Options, Outcome, Setting, Steps, clock};
use crate::{
    commands::{database::Records, import},
    config::Config,
};

/// Takes the city in where no roster was taken in yet.
pub(super) fn take_in(setting: &Setting, config: &Config, options: &Options, steps: &Steps) -> anyhow::Result<()> {
    let lang = setting.lang;
    let records = Records::open_as(config, office::IMPORT)?;
    if records.runtime.block_on(records.office.last_import())? > 0 {
        return steps.step(
            lang.pick("架空の市の住民名簿", "the made-up city's roster"),
            |_| Ok(Outcome::Already),
        );
    }
    let mut residents = Vec::with_capacity(options.rows);
    let name = lang.pick("架空の市をつくる", "make up a city");
    steps.step(name, |step| {
        let today = clock().now_in_japan().date();
        // As if each stood on the line after the header's.
        for (line, resident) in (2..).zip(demo_city::residents(options.seed, options.rows, today)) {
            residents.push((line, resident));
            if line % 1_000 == 0 {
                step.progress(line, options.rows as u64);
            }
        }
        anyhow::Ok(Outcome::Done)
    })?;
    import::write(lang, &records, residents, Missing::Keep, steps)?;
    Ok(())
}

//! Whether somebody answers for the authorities (OCSP) where every certificate says so, and how old what is answered is.

use certificate_status::{Probe, Status};
use issuance::{
    authority::{AuthorityName, Trust},
    records::CertificateSerial,
};
use relay_core::{
    chance::OsChance,
    clock::{Clock, SystemClock},
};
use time::{Duration, OffsetDateTime};

use super::{Finding, lists::client};
use crate::{
    commands::{
        authority::{self, lists::Answering},
        database::runtime,
        words::Lang,
    },
    config::Config,
};

/// A register is signed every ten minutes: one of twice that age is not looked after.
const LATE: Duration = Duration::minutes(30);
/// A responder's certificate is renewed at the half of its 30 days.
const SOON: Duration = Duration::days(7);

/// Each issuing authority's register and responder, and a real question at the address in the certificates.
pub(super) fn examine(config: &Config, lang: Lang) -> Vec<Finding> {
    // A ceremony that is not there is told of elsewhere.
    let (Ok(trust), Ok(standing)) = (
        Trust::open(&config.authority.folder),
        authority::lists::answering(config),
    ) else {
        return Vec::new();
    };
    let now = SystemClock.now();
    let mut findings: Vec<_> = standing.iter().map(|one| age(one, now, lang)).collect();
    for one in &standing {
        let Some(url) = trust.settings().pointers(one.authority).responder else {
            continue;
        };
        let name = authority::name(one.authority, lang);
        findings.push(match asked(&url, one.authority, &trust) {
            Ok(()) => Finding::good("ocsp", format!("{url}: {name}: {}", lang.pick("答えます", "answers"))),
            Err(why) => Finding::warning(
                "ocsp",
                format!("{url}: {name}: {why:#}"),
                lang.pick(
                    "証明書に書かれた場所です。答えが無い間、相手は失効一覧を取って確かめます。madoguchi-publisher を --responder を付けて動かし、`madoguchi authority crl --if-due` が答える係を認めたかを見てください",
                    "the certificates say so; readers fall back to the list. Run madoguchi-publisher with --responder, and see that `madoguchi authority crl --if-due` certified it",
                ),
            ),
        });
    }
    findings
}

fn age(standing: &Answering, now: OffsetDateTime, lang: Lang) -> Finding {
    let title = authority::name(standing.authority, lang);
    let found = format!("{title}: {}", standing.words(now, lang));
    let sign = lang.pick(
        "`madoguchi authority crl --if-due` で署名してください。係(`madoguchi up`、または madoguchi-lists.service)が動いているかも見てください",
        "sign it with `madoguchi authority crl --if-due`, and see that what keeps it runs (`madoguchi up`, or madoguchi-lists.service)",
    );
    match (&standing.register, standing.responder_until) {
        (Err(why), _) => Finding::warning("ocsp", format!("{title}: {why}"), sign),
        (Ok(register), _) if now - register.as_of > LATE => Finding::warning("ocsp", found, sign),
        (_, None) => Finding::warning(
            "ocsp",
            found,
            lang.pick(
                "照会に答える係がいません。madoguchi-publisher を --responder を付けて動かし、[authority] responder にそのフォルダーを書いてください",
                "nobody is certified to answer: run madoguchi-publisher with --responder, and name its folder in [authority] responder",
            ),
        ),
        (_, Some(until)) if until - now < SOON => Finding::warning("ocsp", found, sign),
        _ => Finding::good("ocsp", found),
    }
}

/// Asks about a serial that nobody drew: whoever calls it good would call every stranger's good.
fn asked(url: &str, authority: AuthorityName, trust: &Trust) -> anyhow::Result<()> {
    let stranger = CertificateSerial::new(&mut OsChance);
    let probe = Probe::new(trust.certificate(authority), &stranger.0)?;
    let body = probe.request()?;
    let answer = runtime()?.block_on(async {
        let client = client()?;
        let asked = client
            .post(url)
            .header("content-type", "application/ocsp-request")
            .body(body);
        anyhow::Ok(asked.send().await?.error_for_status()?.bytes().await?)
    })?;
    let said = probe.read(&answer, SystemClock.now())?;
    anyhow::ensure!(
        said == Status::Unknown,
        "a serial that was never issued is called {said:?}"
    );
    Ok(())
}

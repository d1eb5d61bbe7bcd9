//! The revocation lists: how old they are here, and whether what stands in the certificates can be fetched.

use std::{sync::Arc, time::Duration};

use issuance::authority::{AuthorityName, PublishedList, Trust};
use relay_core::clock::{Clock, SystemClock};
use rustls::{ClientConfig, RootCertStore};
use time::OffsetDateTime;

use super::Finding;
use crate::{
    commands::{
        authority::{self, lists},
        database::runtime,
        words::Lang,
    },
    config::Config,
};

/// For one list. Whoever checks a certificate waits no longer either.
const PATIENCE: Duration = Duration::from_secs(3);
/// The root's key comes out of the safe: that takes arranging.
const ROOT_SOON: time::Duration = time::Duration::days(30);

/// Each authority's list, and the address that every certificate names.
pub(super) fn examine(config: &Config, lang: Lang) -> Vec<Finding> {
    // A ceremony that is not there is told of elsewhere.
    let Ok(trust) = Trust::open(&config.authority.folder) else {
        return Vec::new();
    };
    let Ok(standing) = lists::standing(config) else {
        return Vec::new();
    };
    let now = SystemClock.now();
    let mut findings: Vec<Finding> = standing
        .iter()
        .map(|(name, list)| age(*name, list.as_ref().map_err(String::as_str), now, lang))
        .collect();
    let base = &trust.settings().base_url;
    let newest = standing.into_iter().filter_map(|(name, list)| Some((name, list.ok()?)));
    findings.push(match fetched(base, newest, &trust) {
        Ok(()) => Finding::good("lists", format!("{base}: {}", lang.pick("公開されています", "published"))),
        Err(why) => Finding::warning(
            "lists",
            format!("{base}: {why}"),
            lang.pick(
                "証明書に書かれた場所です。ここから取れないと、失効したカードを相手が見分けられません。madoguchi-publisher か市のウェブサーバーを確かめてください",
                "the certificates say so: who cannot fetch it there cannot tell a revoked card. Look after madoguchi-publisher, or the city's web server",
            ),
        ),
    });
    findings
}

fn age(name: AuthorityName, list: Result<&PublishedList, &str>, now: OffsetDateTime, lang: Lang) -> Finding {
    let title = authority::name(name, lang);
    let sign_anew = match name {
        AuthorityName::Root => lang.pick(
            "`madoguchi authority root-list` で、親の認証局の合言葉を金庫から出して署名してください",
            "sign the next one with `madoguchi authority root-list` and the root's passphrase out of the safe",
        ),
        _ => lang.pick(
            "`madoguchi authority crl` で署名してください。係(`madoguchi up`、または madoguchi-lists.service)が動いているかも見てください",
            "sign it with `madoguchi authority crl`, and see that what keeps it runs (`madoguchi up`, or madoguchi-lists.service)",
        ),
    };
    let list = match list {
        Ok(list) => list,
        Err(why) => return Finding::bad("lists", format!("{title}: {why}"), sign_anew),
    };
    let found = format!("{title}: {}", lists::age(list, now, lang));
    let late = match name {
        AuthorityName::Root => ROOT_SOON,
        // A new one is signed at the half: one that is past three quarters is not looked after.
        _ => (list.until - list.signed_at) / 4,
    };
    if list.signed_at > now + time::Duration::MINUTE {
        let advice = lang.pick(
            "一覧は、いまの時計より後に署名されています。先に時計を合わせてください",
            "it was signed later than this clock says: set the clock first",
        );
        Finding::bad("lists", found, advice)
    } else if list.until <= now {
        Finding::bad("lists", found, sign_anew)
    } else if list.until - now <= late {
        Finding::warning("lists", found, sign_anew)
    } else {
        Finding::good("lists", found)
    }
}

/// A client of a reader of certificates: plain HTTP, no proxy, short patience.
pub(super) fn client() -> anyhow::Result<reqwest::Client> {
    let roots = RootCertStore::empty();
    // The address is plain HTTP; the client asks for a library of ciphers all the same.
    let tls = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(reqwest::Client::builder()
        .use_preconfigured_tls(tls)
        .no_proxy()
        .connect_timeout(PATIENCE)
        .timeout(PATIENCE)
        .build()?)
}

/// Whether each list at `base` is no older than the one here, which `known` holds.
fn fetched(
    base: &str,
    known: impl Iterator<Item = (AuthorityName, PublishedList)>,
    trust: &Trust,
) -> anyhow::Result<()> {
    let client = client()?;
    runtime()?.block_on(async {
        for (name, here) in known {
            let answer = client
                .get(format!("{base}/{name}.crl"))
                .send()
                .await?
                .error_for_status()?;
            let list = PublishedList::read(&answer.bytes().await?, trust.certificate(name))
                .map_err(|why| anyhow::anyhow!("{name}.crl: {why}"))?;
            anyhow::ensure!(
                list.number >= here.number,
                "{name}.crl: no. {} is published, no. {} is here",
                list.number,
                here.number
            );
        }
        Ok(())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::doctor::Condition;
    use time::macros::datetime;

    #[test]
    fn a_list_that_nobody_renews_is_told_of_before_readers_refuse_it() {
        let signed_at = datetime!(2026-11-22 0:00 UTC);
        let list = PublishedList {
            number: 3,
            signed_at,
            until: signed_at + time::Duration::days(8),
            revoked: std::collections::BTreeMap::new(),
        };
        let told = |name, days| age(name, Ok(&list), signed_at + time::Duration::days(days), Lang::En).condition;
        let staff = AuthorityName::Staff;
        assert_eq!(told(staff, 0), Condition::Good);
        assert_eq!(told(staff, 5), Condition::Good, "its follower may be a day late");
        assert_eq!(told(staff, 7), Condition::Warning);
        assert_eq!(told(staff, 8), Condition::Bad);
        assert_eq!(
            told(AuthorityName::Root, 1),
            Condition::Warning,
            "the safe is opened by appointment"
        );
        let back = age(staff, Ok(&list), signed_at - time::Duration::days(1), Lang::En);
        assert_eq!(back.condition, Condition::Bad);
        assert!(back.advice.unwrap().contains("clock"));
        assert_eq!(
            age(staff, Err("no such file"), signed_at, Lang::En).condition,
            Condition::Bad
        );
    }
}

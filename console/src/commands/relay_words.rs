//! What `madoguchi relay` says, in both languages.

use card::CardError;
use relay_core::{audit::AuditEvent, clock::JST};
use serde_json::{Map, Value};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use super::words::Lang;
use crate::{
    desk::relay_front::{FrontTrouble, Refusals},
    tui::facts::relay::{
        Edition, FrontState, Kind, LogoutHeard, LogoutTrial, Next, Partner, SOON, SignInTrial, Standing, Untold,
    },
};

/// A partner in a few lines: its name, how it stands, its metadata, what comes next.
pub(super) fn partner(partner: &Partner, now: OffsetDateTime, lang: Lang) -> String {
    let mut lines = vec![format!(
        "{} {}  {}",
        sign(partner.state),
        partner.entity_id,
        standing(partner, lang)
    )];
    if partner.kind == Kind::Service {
        lines.push(format!(
            "    {}: {}  {}: {}",
            lang.pick("試しのログイン", "trial sign-in"),
            sign_in(partner.sign_in, lang),
            lang.pick("試しのログアウト", "trial sign-out"),
            logout(partner.logout, lang)
        ));
    }
    if let Some(warning) = partner.logout_heard.and_then(|heard| logout_heard(heard, lang)) {
        lines.push(format!("    ⚠ {warning}"));
    }
    if let Some(current) = &partner.current {
        lines.push(format!("    {}", edition(current, partner.days_left(now), lang)));
    }
    if let Some(waiting) = &partner.waiting {
        lines.push(format!("    {}", edition(waiting, None, lang)));
    }
    let (assertion, session, skew) = (partner.assertion_seconds, partner.session_seconds, partner.skew_seconds);
    lines.push(lang.pick(
        format!("    有効時間: Assertion {assertion}秒  サービス {session}秒  時計のずれ {skew}秒"),
        format!("    lifetimes: assertion {assertion} s  service {session} s  skew {skew} s"),
    ));
    if !partner.exceptions.is_empty() {
        let label = lang.pick("例外", "exceptions");
        lines.push(format!("    ⚠ {label}: {}", partner.exceptions.join(", ")));
    }
    if let Some(reason) = &partner.reason {
        lines.push(format!("    {}: {reason}", lang.pick("理由", "reason")));
    }
    let next = partner.next(now);
    if next != Next::InService {
        lines.push(format!("    → {}", next_words(next, lang)));
    }
    lines.join("\n")
}

const fn sign(state: Standing) -> &'static str {
    match state {
        Standing::On => "●",
        Standing::Off => "✗",
        Standing::Proposed | Standing::Trial => "○",
    }
}

fn standing(partner: &Partner, lang: Lang) -> &'static str {
    let provider = partner.kind == Kind::Provider;
    match (partner.state, provider) {
        (Standing::Proposed, false) => lang.pick("提案中", "proposed"),
        (Standing::Trial, false) => lang.pick("試行中", "on trial"),
        (Standing::On, false) => lang.pick("稼働中", "on"),
        (Standing::Off, false) => lang.pick("停止中", "off"),
        (Standing::Proposed, true) => lang.pick("提案中(認証の提供者)", "proposed (identity provider)"),
        (Standing::Trial, true) => lang.pick("試行中(認証の提供者)", "on trial (identity provider)"),
        (Standing::On, true) => lang.pick("稼働中(認証の提供者)", "on (identity provider)"),
        (Standing::Off, true) => lang.pick("停止中(認証の提供者)", "off (identity provider)"),
    }
}

fn sign_in(trial: SignInTrial, lang: Lang) -> &'static str {
    match trial {
        SignInTrial::Untried => lang.pick("まだ", "not yet"),
        SignInTrial::Named => lang.pick("同じ仮名が2度", "the same name twice"),
        SignInTrial::Unnamed => lang.pick("仮名が空", "an empty name"),
        SignInTrial::Passing => lang.pick(
            "来るたびに別の仮名(transient)",
            "another name at each visit (transient)",
        ),
    }
}

fn logout(trial: LogoutTrial, lang: Lang) -> &'static str {
    match trial {
        LogoutTrial::Untried => lang.pick("まだ", "not yet"),
        LogoutTrial::Sealed => lang.pick("仮名は暗号化", "the name was encrypted"),
        LogoutTrial::InClear => lang.pick("仮名が平文", "the name came in clear"),
        LogoutTrial::Without => lang.pick("しない(決定による)", "none, by decision"),
    }
}

fn edition(edition: &Edition, days: Option<i64>, lang: Lang) -> String {
    let number = edition.edition;
    let by = match &edition.approved_by {
        Some(approved) => lang.pick(
            format!("提案 {}・承認 {approved}", edition.proposed_by),
            format!("proposed by {}, approved by {approved}", edition.proposed_by),
        ),
        None => lang.pick(
            format!("提案 {}・承認待ち", edition.proposed_by),
            format!("proposed by {}, waiting for approval", edition.proposed_by),
        ),
    };
    let until = match (edition.valid_until, days) {
        (None, _) => lang.pick("期限なし".to_owned(), "no expiry".to_owned()),
        (Some(until), None) => lang.pick(format!("期限 {}", until.date()), format!("until {}", until.date())),
        (Some(until), Some(days)) => {
            let warning = if days < SOON { "⚠ " } else { "" };
            match days {
                ..0 => lang.pick(
                    format!("{warning}期限切れ {}", until.date()),
                    format!("{warning}expired {}", until.date()),
                ),
                days => lang.pick(
                    format!("{warning}期限 {}(あと{days}日)", until.date()),
                    format!("{warning}until {} ({days} days left)", until.date()),
                ),
            }
        }
    };
    lang.pick(
        format!("メタデータ第{number}版  {until}  {by}  SHA-256 {}", edition.sha256),
        format!("metadata edition {number}  {until}  {by}  SHA-256 {}", edition.sha256),
    )
}

/// What an operator must know before switching a service on, where a pulled card does not end its sessions.
pub(super) fn logout_heard(heard: LogoutHeard, lang: Lang) -> Option<&'static str> {
    match heard {
        LogoutHeard::FromTheRelay => None,
        LogoutHeard::FromTheBrowser => Some(lang.pick(
            "このサービスはブラウザー経由のログアウトしか受け付けない。カードを抜いても止めても、サービスのログインは残る(SOAP の SingleLogoutService があれば終わる)",
            "this service hears of logouts by the browser only: a pulled or stopped card leaves its session open (a SingleLogoutService by SOAP would end it)",
        )),
        LogoutHeard::Nothing => Some(lang.pick(
            "このサービスには SingleLogoutService がない。中継から何をしても、サービスのログインは残る",
            "this service has no SingleLogoutService: nothing the relay does ends its session",
        )),
    }
}

/// What is to be done next.
pub(super) fn next_words(next: Next, lang: Lang) -> &'static str {
    match next {
        Next::Approve => lang.pick(
            "もう一人の運用者が、連携先に確かめた指紋で承認する(relay approve)",
            "another operator approves it by the fingerprint the partner confirms (relay approve)",
        ),
        Next::TrySignIn => lang.pick(
            "試行用のカードで2度ログインし、サービスに出た仮名を見て記録する(relay tried)",
            "sign in twice with a card for trials, look at the name the service shows, record it (relay tried)",
        ),
        Next::NotNamed => lang.pick(
            "サービスは空の NameID を受け取った。EncryptedID を読めるよう直るまで、止めたまま",
            "the service got an empty NameID: it stays off until it reads EncryptedID",
        ),
        Next::TryLogout => lang.pick(
            "サービスの側からログアウトする。LogoutRequest は中継が見て記録する",
            "sign out at the service; the front looks at its LogoutRequest by itself",
        ),
        Next::InClear => lang.pick(
            "LogoutRequest の仮名が平文。直るまで止めたままか、単一ログアウト無しで続けると決める(relay without-logout)",
            "its LogoutRequest names the person in clear: it stays off until mended, or goes on without single logout by decision (relay without-logout)",
        ),
        Next::SwitchOn => lang.pick("稼働させられる(relay on)", "it may be switched on (relay on)"),
        Next::Expired => lang.pick(
            "メタデータの期限切れ。新しいものを提案する(relay propose)",
            "its metadata have expired: propose new ones (relay propose)",
        ),
        Next::InService => lang.pick("稼働中", "in service"),
        Next::Off => lang.pick(
            "再開するには、試行に戻す(relay trial)",
            "to go on, put it on trial again (relay trial)",
        ),
    }
}

/// How the front stands.
pub(super) fn state(state: &FrontState, lang: Lang) -> String {
    let up = |up: bool| match up {
        true => lang.pick("● 動いています", "● answers"),
        false => lang.pick("✗ 答えません", "✗ does not answer"),
    };
    let mut lines = vec![
        format!("{}  {}", lang.pick("中継", "front"), state.entity_id),
        format!("{}  {}", lang.pick("目隠し側", "blind half"), up(state.blind_half)),
        match state.database_clock_ahead_ms {
            Some(ahead) => format!(
                "{}  {}  {}",
                lang.pick("データベース", "database"),
                up(true),
                lang.pick(format!("時計の差 {ahead} ミリ秒"), format!("clock ahead by {ahead} ms"))
            ),
            None => format!("{}  {}", lang.pick("データベース", "database"), up(false)),
        },
        format!("{}  {}", lang.pick("鍵の版", "key edition"), state.key_edition),
    ];
    if let Some(untold) = state.untold.filter(|untold| untold.services > 0) {
        let (services, waiting) = (untold.services, untold.waiting);
        lines.push(lang.pick(
            format!("⚠ ログアウトの知らせが届いていないサービス  {services} 件(セッション {waiting} 件、relay untold)"),
            format!("⚠ services that do not know of a logout yet  {services} ({waiting} sessions; relay untold)"),
        ));
    }
    for office in &state.offices {
        lines.push(lang.pick(
            format!(
                "送信元  {}  第{}通まで受領(不受理 {})  最後に届いたのは {} 秒前",
                office.name, office.applied, office.refused, office.heard_seconds_ago
            ),
            format!(
                "office  {}  taken up to {} ({} refused)  last heard {} seconds ago",
                office.name, office.applied, office.refused, office.heard_seconds_ago
            ),
        ));
    }
    lines.join("\n")
}

/// A service that does not know yet that sessions are over.
pub(super) fn untold(untold: &Untold, lang: Lang) -> String {
    let at = |at: Option<OffsetDateTime>| at.map_or_else(|| "-".to_owned(), moment);
    let (waiting, given_up, tries) = (untold.waiting, untold.given_up, untold.tries);
    let mut lines = vec![untold.entity_id.clone()];
    if waiting > 0 {
        let (since, next) = (at(untold.since), at(untold.next));
        lines.push(lang.pick(
            format!("    ⚠ 未通知 {waiting} 件  最も古いもの {since} からの1時間に終わる  {tries} 回知らせた  次は {next} まで"),
            format!("    ⚠ {waiting} to be told  oldest ended in the hour from {since}  told {tries} times  again by {next}"),
        ));
    }
    if given_up > 0 {
        lines.push(lang.pick(
            format!("    ✗ 打ち切り {given_up} 件(そのサービスでの期限まで残る)"),
            format!("    ✗ {given_up} given up (they last at the service until they expire there)"),
        ));
    }
    lines.join("\n")
}

/// One event of the front's trail on a line: the codes are the auditor's own.
pub(super) fn event(event: &AuditEvent) -> String {
    let things = |things: &Map<String, Value>| {
        let things: Vec<_> = things
            .iter()
            .map(|(name, value)| match value.as_str() {
                Some(text) => format!("{name}={text}"),
                None => format!("{name}={value}"),
            })
            .collect();
        things.join(" ")
    };
    format!(
        "{}  {:<8}  {:<20}  {:<7}  {}  {}",
        moment(event.at),
        event.actor,
        event.act,
        event.outcome.as_str(),
        things(&event.subjects),
        things(&event.details)
    )
    .trim_end()
    .to_owned()
}

/// Refused messages of an hour on a line: the codes are the auditor's own.
pub(super) fn refusals(refusals: &Refusals) -> String {
    format!(
        "{}  {:>7}  {:<24}  {}",
        moment(refusals.hour),
        refusals.count,
        refusals.rule,
        refusals.partner
    )
}

/// A moment in Japan's time, to the second, as RFC 3339 writes it.
pub(super) fn moment(at: OffsetDateTime) -> String {
    let at = at.to_offset(JST);
    at.replace_nanosecond(0)
        .unwrap_or(at)
        .format(&Rfc3339)
        .unwrap_or_default()
}

/// Why the front did not do it, and what to do.
pub(super) fn trouble(trouble: &FrontTrouble, lang: Lang) -> String {
    if lang == Lang::En {
        return match trouble {
            FrontTrouble::NotAdmitted { fingerprint } => format!(
                "the front does not know this card. Its keeper enters you in [operators] of relay.toml: \"NAME {fingerprint}\""
            ),
            FrontTrouble::Refused { trace, .. } if !trace.is_empty() => format!("{trouble}  trace {trace}"),
            other => other.to_string(),
        };
    }
    match trouble {
        FrontTrouble::Away(why) => format!(
            "中継が答えません。[relay_operator] の admin_url と roots_file、ネットワークを確かめてください。({why})"
        ),
        FrontTrouble::NotAdmitted { fingerprint } => format!(
            "中継がこのカードを知りません。中継の管理者が relay.toml の [operators] に加えます: \"名前 {fingerprint}\""
        ),
        FrontTrouble::NoAnswer(status) => {
            format!("答えたのは中継の管理口ではありません({status})。admin_url を確かめてください。")
        }
        FrontTrouble::Card(error) => card(error, lang),
        FrontTrouble::Refused { code, title, trace } => {
            let words = match code.as_str() {
                "partner.not_found" => "その連携先、またはその版はありません。".to_owned(),
                "partner.same_person" => "提案した人は承認できません。もう一人の運用者が承認します。".to_owned(),
                "partner.not_now" => format!("今はできません。{}", not_now(title)),
                "partner.metadata" => format!("メタデータを受け取れません: {title}"),
                "partner.role" => {
                    "メタデータに、登録しようとする役割(サービス、または認証の提供者)がありません。".to_owned()
                }
                "partner.exception" => {
                    "その例外はありません。あるのは cipher-block-chaining、ecp-headers、destination-missing です。"
                        .to_owned()
                }
                "partner.out_of_range" => "値が決まりの幅を外れています。".to_owned(),
                "partner.sha256" => "指紋は SHA-256 の16進64文字です。".to_owned(),
                "operator.revoked" => "この職員カードは失効しています。中継の管理者に知らせてください。".to_owned(),
                "operator.no_list" => {
                    "中継に、カードの失効リストの新しいものがありません。中継の管理者が置き換えるまで、だれも入れません。"
                        .to_owned()
                }
                "records.away" => "中継のデータベースが答えません。しばらくして、もう一度試してください。".to_owned(),
                _ => title.clone(),
            };
            match trace.is_empty() {
                true => words,
                false => format!("{words}({code} {trace})"),
            }
        }
    }
}

/// Why the operator's card did not do it.
pub(super) fn card(error: &CardError, lang: Lang) -> String {
    match error {
        CardError::WrongPin { tries_left } => lang.pick(
            format!("パスワードが違います。あと {tries_left} 回で閉塞します。"),
            format!("the password is wrong; {tries_left} tries left"),
        ),
        CardError::PinBlocked => lang
            .pick(
                "職員カードが閉塞しています。発行した所で戻してもらってください。",
                "the staff card is blocked: let its issuer reset it",
            )
            .to_owned(),
        other => super::card::words(other, lang),
    }
}

/// The front's rules, as its administration words them.
fn not_now(title: &str) -> &str {
    const RULES: [(&str, &str); 8] = [
        ("another kind of partner", "別の種類の連携先として登録されています。"),
        ("sign-in was not tried", "試しのログインがまだです。"),
        (
            "empty NameID",
            "サービスが空の NameID を受け取りました(EncryptedID を読めません)。直るまで止めたままです。",
        ),
        (
            "given lasting names",
            "前段がこのサービスに渡したのは transient の仮名ではありません(または、まだ渡していません)。来るたびに別の仮名が出るなら、EncryptedID を読めていません。",
        ),
        ("logout was not tried", "試しのログアウトがまだです。"),
        (
            "in clear",
            "LogoutRequest の仮名が平文です。直すか、単一ログアウト無しで続けると決めてください。",
        ),
        ("no edition", "承認されたメタデータがありません。"),
        ("its trial did not show", "試行の結果が足りません。"),
    ];
    RULES
        .iter()
        .find(|(english, _)| title.contains(english))
        .map_or(title, |(_, japanese)| japanese)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_of_the_front_is_said_in_japanese() {
        for title in [
            "the partner is trial: its sign-in was not tried",
            "the partner is trial: it does not read EncryptedID: it saw an empty NameID",
            "the partner is trial: it was given lasting names, or none yet: another one at each visit means that it does not read EncryptedID",
            "the partner is trial: its logout was not tried",
            "the partner is trial: its LogoutRequest names the person in clear: mend it, or decide to go without single logout",
            "the partner is proposed: no edition of its metadata is approved",
            "the partner is trial: its trial did not show what it must",
            "the partner is registered: it is registered as another kind of partner",
        ] {
            assert!(!not_now(title).is_ascii(), "{title}");
        }
        assert_eq!(not_now("a rule to come"), "a rule to come");
    }

    #[test]
    fn a_card_the_front_does_not_know_is_told_how_it_becomes_known() {
        let trouble_of = FrontTrouble::NotAdmitted {
            fingerprint: "0a".repeat(32),
        };
        for lang in [Lang::Ja, Lang::En] {
            let words = trouble(&trouble_of, lang);
            assert!(
                words.contains("[operators]") && words.contains(&"0a".repeat(32)),
                "{words}"
            );
        }
    }
}

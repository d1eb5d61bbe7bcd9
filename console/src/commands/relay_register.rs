//! `relay register`: one command that two operators run in turn until a service is in service. It looks how the service
//! stands, says what is missing and why, asks for it, does it, and goes on; whoever runs it again goes on from there.

use std::io::{IsTerminal as _, stdin};

use anyhow::bail;
use relay_core::clock::{Clock as _, SystemClock};

use super::{
    output::{answer, notice},
    relay_words as words,
    words::Lang,
};
use crate::{
    desk::relay_front::{Front, FrontTrouble},
    tui::facts::relay::{Next, Partner, ShownName},
};

/// Bringing one service in.
pub(super) struct Registration<'a> {
    pub front: &'a Front,
    pub lang: Lang,
    /// The service's entity id.
    pub entity: String,
    /// Its metadata, and their SHA-256 in hex.
    pub metadata: String,
    pub sha256: String,
}

/// Whether there is more to be done here and now.
enum Then {
    GoOn,
    Stop,
}

impl Registration<'_> {
    /// Goes as far as it can with what is answered.
    ///
    /// # Errors
    /// What the front refused, with its reason.
    pub async fn run(&self) -> anyhow::Result<()> {
        loop {
            let partner = self.partner().await?;
            let then = match &partner {
                None => self.propose().await?,
                Some(partner) => match &partner.waiting {
                    Some(waiting) if waiting.sha256 == self.sha256 => {
                        self.approve(partner, waiting.edition, &waiting.proposed_by).await?
                    }
                    _ if partner
                        .current
                        .as_ref()
                        .is_none_or(|current| current.sha256 != self.sha256) =>
                    {
                        self.propose().await?
                    }
                    _ => self.bring_on(partner).await?,
                },
            };
            if matches!(then, Then::Stop) {
                if let Some(partner) = self.partner().await? {
                    answer!("{}", words::partner(&partner, SystemClock.now(), self.lang));
                }
                return Ok(());
            }
        }
    }

    async fn propose(&self) -> anyhow::Result<Then> {
        let proposed = self.front.propose(&self.entity, false, self.metadata.clone()).await?;
        self.say(
            format!("メタデータを提案しました。指紋は {} です。", proposed.sha256),
            format!(
                "The metadata are put forward. Their fingerprint is {}.",
                proposed.sha256
            ),
        );
        if let Some(warning) = proposed
            .logout_heard
            .and_then(|heard| words::logout_heard(heard, self.lang))
        {
            notice!("⚠ {warning}");
        }
        Ok(Then::GoOn)
    }

    async fn approve(&self, partner: &Partner, edition: i32, proposed_by: &str) -> anyhow::Result<Then> {
        if self.front.state().await?.operator == proposed_by {
            self.say(
                "次は、もう一人の運用者が同じ命令を打ちます。連携先に、ファイルとは別の経路(電話、書面)で指紋を確かめてもらってください。",
                "Next, another operator runs this same command, with the fingerprint got from the partner by another way than the file.",
            );
            return Ok(Then::Stop);
        }
        let told = self.ask(
            "連携先から別の経路で聞いた指紋(SHA-256): ",
            "the fingerprint as the partner told it by another way (SHA-256): ",
        )?;
        if super::relay::compact(&told) != self.sha256 {
            bail!(self.lang.pick(
                "指紋が違います。何も承認していません。連携先に確かめてください。",
                "the fingerprint is another: nothing was approved; ask the partner",
            ));
        }
        self.front.approve(&partner.entity_id, edition, &self.sha256).await?;
        Ok(Then::GoOn)
    }

    async fn bring_on(&self, partner: &Partner) -> anyhow::Result<Then> {
        match partner.next(SystemClock.now()) {
            Next::TrySignIn => self.try_sign_in().await,
            Next::TryLogout => {
                self.say(
                    "サービスの画面でログアウトしてください。中継が LogoutRequest を見て、仮名が暗号化されているかを記録します。",
                    "Sign out on the service's page. The front looks at its LogoutRequest and records whether the name is encrypted.",
                );
                self.ask("済んだら Enter: ", "press Enter when it is done: ")?;
                match self.partner().await? {
                    Some(partner) if partner.next(SystemClock.now()) == Next::TryLogout => {
                        self.say("LogoutRequest がまだ届いていません。", "No LogoutRequest has come yet.");
                        self.decide(&partner).await
                    }
                    _ => Ok(Then::GoOn),
                }
            }
            Next::InClear => {
                notice!("{}", words::next_words(Next::InClear, self.lang));
                self.decide(partner).await
            }
            Next::SwitchOn => {
                if let Some(warning) = partner
                    .logout_heard
                    .and_then(|heard| words::logout_heard(heard, self.lang))
                {
                    notice!("⚠ {warning}");
                }
                if !self.yes("稼働させますか [y/N]: ", "switch it on? [y/N]: ")? {
                    return Ok(Then::Stop);
                }
                self.front.on(&self.entity).await?;
                Ok(Then::GoOn)
            }
            next => {
                notice!("{}", words::next_words(next, self.lang));
                Ok(Then::Stop)
            }
        }
    }

    /// Whether the service goes on without single logout: a decision with its reason, after what it means was said.
    async fn decide(&self, partner: &Partner) -> anyhow::Result<Then> {
        if let Some(warning) = partner
            .logout_heard
            .and_then(|heard| words::logout_heard(heard, self.lang))
        {
            notice!("⚠ {warning}");
        }
        let reason = self.ask(
            "先方に直してもらうなら Enter。単一ログアウト無しで続けると決めるなら、そのわけ(あなたの名とともに監査記録に残ります): ",
            "Enter when the service will mend it; or why it is to go on without single logout (kept in the trail with your name): ",
        )?;
        if reason.is_empty() {
            return Ok(Then::Stop);
        }
        self.front.without_logout(&self.entity, &reason).await?;
        Ok(Then::GoOn)
    }

    async fn try_sign_in(&self) -> anyhow::Result<Then> {
        let cards = self.front.trial_cards().await?;
        for card in &cards {
            self.say(
                format!("試験用のカード: {}({}まで)", card.sha256, words::moment(card.until)),
                format!("card for trials: {} (until {})", card.sha256, words::moment(card.until)),
            );
        }
        if cards.is_empty() {
            self.say(
                "試験用のカードがまだありません。手もとのカードでサービスにログインしてみてください。断る画面に、カードの番号が出ます。",
                "There is no card for trials yet. Try to sign in at the service with a card of yours: the page that refuses it shows its number.",
            );
            let number = self.ask("その番号(なければ Enter): ", "that number (Enter for none): ")?;
            if number.is_empty() {
                return Ok(Then::Stop);
            }
            self.front.name_trial_card(&number).await?;
        }
        self.say(
            "サービスに2度ログインして、サービスに出る仮名を見てください。",
            "Sign in at the service twice, and look at the name it shows.",
        );
        let seen = self.ask(
            "出た仮名は [y 2度とも同じ / t 来るたびに別(transient を求めるサービス) / n 空、あとでなら Enter]: ",
            "what name did it show? [y the same both times / t another each time, asked for as transient / n none; Enter for later]: ",
        )?;
        match seen.as_str() {
            "y" => self.front.sign_in_tried(&self.entity, ShownName::Same).await?,
            "t" => self.front.sign_in_tried(&self.entity, ShownName::Another).await?,
            "n" => self.front.sign_in_tried(&self.entity, ShownName::Empty).await?,
            _ => return Ok(Then::Stop),
        }
        Ok(Then::GoOn)
    }

    async fn partner(&self) -> Result<Option<Partner>, FrontTrouble> {
        let partners = self.front.partners().await?;
        Ok(partners.into_iter().find(|partner| partner.entity_id == self.entity))
    }

    fn say(&self, japanese: impl Into<String>, english: impl Into<String>) {
        notice!("{}", self.lang.pick(japanese.into(), english.into()));
    }

    fn yes(&self, japanese: &str, english: &str) -> anyhow::Result<bool> {
        Ok(self.ask(japanese, english)? == "y")
    }

    /// A line of the operator's; none when nobody is there to answer.
    fn ask(&self, japanese: &str, english: &str) -> anyhow::Result<String> {
        eprint!("{}", self.lang.pick(japanese, english));
        let mut line = String::new();
        stdin().read_line(&mut line)?;
        if !stdin().is_terminal() {
            eprintln!();
        }
        Ok(line.trim().to_owned())
    }
}

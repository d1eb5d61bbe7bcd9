//! What an import asks before anything is written: with names, and how to say yes.

use std::collections::HashMap;

use issuance::{case::ResidentId, roster::GoneLimit};
use office::roster::{Alike, AlikeBy, Answers, ImportPlan, Missing, PersonNamed, Question};
use serde_json::{Value, json};

use super::super::{database::Records, output::answer, words::Lang};

/// People named with a question: the rest are counted.
const NAMED: u32 = 20;

/// What must be said yes to.
#[derive(Debug, Default)]
pub(super) struct Asked {
    questions: Vec<Question>,
    /// The first of those who would be marked as gone.
    gone: Vec<PersonNamed>,
    /// The first new rows that look like someone known, and whom they look like.
    alike: Vec<(Alike, PersonNamed)>,
}

impl Asked {
    /// What `plan` asks; `None` when it may be taken over.
    pub(super) fn of(
        records: &Records,
        plan: &ImportPlan,
        missing: Missing,
        limit: GoneLimit,
        said: Answers,
    ) -> anyhow::Result<Option<Self>> {
        let questions = plan.questions(missing, limit, said);
        if questions.is_empty() {
            return Ok(None);
        }
        let named = |people: &[ResidentId]| {
            let named = records.office.people_named(people, NAMED);
            records.runtime.block_on(named)
        };
        let about_gone = |question: &Question| !matches!(question, Question::LooksKnown { .. });
        let gone = match questions.iter().any(about_gone) {
            true => named(plan.missing())?,
            false => Vec::new(),
        };
        let first: Vec<Alike> = plan.alike().iter().take(NAMED as usize).copied().collect();
        let first = if questions.iter().all(about_gone) {
            Vec::new()
        } else {
            first
        };
        let known: Vec<ResidentId> = first.iter().map(|alike| alike.known).collect();
        let known: HashMap<_, _> = named(&known)?.into_iter().map(|one| (one.id, one)).collect();
        let alike = first
            .into_iter()
            .filter_map(|alike| Some((alike, known.get(&alike.known)?.clone())))
            .collect();
        Ok(Some(Self { questions, gone, alike }))
    }

    /// For a program: each question with its count, its names and the word that says yes.
    pub(super) fn as_json(&self) -> Value {
        let gone: Vec<_> = self.gone.iter().map(person_json).collect();
        let alike: Vec<_> = self
            .alike
            .iter()
            .map(|(alike, known)| json!({ "line": alike.line, "by": by_word(alike.by), "known": person_json(known) }))
            .collect();
        let questions = self.questions.iter().map(|question| match question {
            Question::ManyGone { count, of } => {
                json!({ "kind": "many_gone", "count": count, "of": of, "first": gone, "yes": format!("--yes-gone {count}") })
            }
            Question::GoneWhileUnread { count, unread } => {
                json!({ "kind": "gone_while_unread", "count": count, "unread": unread, "first": gone,
                    "yes": format!("--yes-gone {count}") })
            }
            Question::LooksKnown { count } => {
                json!({ "kind": "looks_known", "count": count, "first": alike, "yes": format!("--yes-new {count}") })
            }
        });
        questions.collect()
    }

    /// For the person at the terminal.
    pub(super) fn tell(&self, lang: Lang) {
        for question in &self.questions {
            answer!();
            answer!("{}", ask(question, lang));
            match question {
                Question::LooksKnown { .. } => {
                    for (alike, known) in &self.alike {
                        answer!("    {}", alike_line(alike, known, lang));
                    }
                }
                _ => {
                    for person in &self.gone {
                        let card = match person.has_card {
                            true => lang.pick("  カードあり", "  has a card"),
                            false => "",
                        };
                        answer!("    {}  {}{card}", person.number, person.name);
                    }
                }
            }
            answer!("{}", yes(question, lang));
        }
    }
}

fn ask(question: &Question, lang: Lang) -> String {
    match question {
        Question::ManyGone { count, of } => lang.pick(
            format!(
                "記録にいる {of} 人のうち {count} 人がこの名簿にいません。名簿が途中で切れているおそれがあるので、何も変えずに止めました。"
            ),
            format!(
                "{count} of the {of} people in the records are not in this file. It may be cut short, so nothing was changed."
            ),
        ),
        Question::GoneWhileUnread { count, unread } => lang.pick(
            format!(
                "{count} 人がこの名簿にいませんが、だれの行か読めない行が {unread} 行あります。その人の行かもしれないので、何も変えずに止めました。"
            ),
            format!(
                "{count} people are not in this file, and {unread} rows can't be told whose they are: they may be theirs. Nothing was changed."
            ),
        ),
        Question::LooksKnown { count } => lang.pick(
            format!(
                "新しい番号の {count} 行が、記録にいる人とよく似ています。表計算で先頭のゼロが落ちた、番号が変わったなどで二重に入らないよう、何も変えずに止めました。"
            ),
            format!(
                "{count} rows with new numbers look like people in the records. A spreadsheet may have taken zeros off; so that nobody is taken in twice, nothing was changed."
            ),
        ),
    }
}

fn yes(question: &Question, lang: Lang) -> String {
    match question {
        Question::ManyGone { count, .. } | Question::GoneWhileUnread { count, .. } => lang.pick(
            format!("    これで正しければ、--yes-gone {count} を付けてもう一度実行してください。"),
            format!("    If that is right, run it again with --yes-gone {count}."),
        ),
        Question::LooksKnown { count } => lang.pick(
            format!("    どれも別の人なら、--yes-new {count} を付けてもう一度実行してください。"),
            format!("    If all of them are other people, run it again with --yes-new {count}."),
        ),
    }
}

fn alike_line(alike: &Alike, known: &PersonNamed, lang: Lang) -> String {
    let Alike { line, by, .. } = alike;
    let PersonNamed { number, name, .. } = known;
    match by {
        AlikeBy::NumberButForZeros => lang.pick(
            format!("{line}行目 → {number}  {name}(番号が先頭のゼロのほか同じ)"),
            format!("line {line} → {number}  {name} (the same number but for zeros in front)"),
        ),
        AlikeBy::ReadingAndBirthday => lang.pick(
            format!("{line}行目 → {number}  {name}(読みと生年月日が同じ)"),
            format!("line {line} → {number}  {name} (the same reading and birthday)"),
        ),
    }
}

const fn by_word(by: AlikeBy) -> &'static str {
    match by {
        AlikeBy::NumberButForZeros => "number_but_for_zeros",
        AlikeBy::ReadingAndBirthday => "reading_and_birthday",
    }
}

fn person_json(person: &PersonNamed) -> Value {
    json!({ "number": person.number, "name": person.name, "has_card": person.has_card })
}

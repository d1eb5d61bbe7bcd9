//! Letters laid out before any is made: one that can't be set is found while it can still be left out with its reason.

use std::thread;

use time::Date;

use super::{
    ContentHash, Letter, Office, PaperError, Press, Style,
    compose::Composer,
    glyphs::Setter,
    handed_in::Said,
    recipients::{Candidate, Plan, letter},
    template::Template,
};

/// As long as a number at the foot gets.
const LONGEST_NUMBER: &str = "999999-999999-99";

/// What letters are made of, but for the people.
pub struct Making<'a> {
    pub template: &'a Template,
    pub office: &'a Office,
    pub issued_on: Date,
    pub style: Style,
    pub said: &'a Said,
}

/// What laying out showed.
#[derive(Debug, Default)]
pub struct Proofed {
    /// The hash over what each letter that is left says, in their order.
    pub hashes: Vec<ContentHash>,
    /// The first whom each letter is about that can't be set, and why.
    pub unset: Vec<(usize, PaperError)>,
}

impl Press {
    /// Lays the letters of `plan` out, on every core there is; what can't be set is taken out of it.
    ///
    /// # Errors
    /// What is wrong with the fonts, or with the notice itself where not one letter can be set.
    pub fn proof(&self, making: &Making<'_>, people: &[Candidate], plan: &mut Plan) -> Result<Proofed, PaperError> {
        let cores = thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let share = plan.letters.len().div_ceil(cores).max(1);
        let laid_out = thread::scope(|scope| {
            let threads: Vec<_> = plan
                .letters
                .chunks(share)
                .map(|letters| {
                    scope.spawn(move || {
                        let setter = Setter::new(&self.library);
                        let mut composer = making.composer();
                        let set = |planned| {
                            let letter = letter(making.template, people, planned, making.said);
                            lay_out(&mut composer, &setter, &letter)
                        };
                        letters.iter().map(set).collect::<Vec<_>>()
                    })
                })
                .collect();
            let mut all = Vec::with_capacity(plan.letters.len());
            for thread in threads {
                let share = thread.join();
                all.extend(share.map_err(|_| PaperError::NotBound("a letter could not be laid out".to_owned()))?);
            }
            Ok::<_, PaperError>(all)
        })?;
        let mut proofed = Proofed::default();
        for (planned, set) in plan.letters.iter().zip(laid_out) {
            match set {
                Ok(hash) => proofed.hashes.push(hash),
                Err(why @ (PaperError::Glyph(_) | PaperError::DoesNotFit { .. })) => {
                    proofed
                        .unset
                        .push((planned.about.first().copied().unwrap_or(planned.to), why));
                }
                Err(other) => return Err(other),
            }
        }
        // What no letter survives is the notice's own fault, or the office's address.
        if proofed.hashes.is_empty() && !proofed.unset.is_empty() {
            return Err(proofed.unset.swap_remove(0).1);
        }
        let unset: std::collections::HashSet<usize> = proofed.unset.iter().map(|(at, _)| *at).collect();
        plan.leave_out(|at| unset.contains(&at));
        Ok(proofed)
    }
}

impl<'a> Making<'a> {
    fn composer(&self) -> Composer<'a> {
        Composer::new(self.template, self.office, self.issued_on, self.style)
    }

    /// The hash over what each letter of `plan` says, in their order.
    ///
    /// # Errors
    /// [`PaperError::NotBound`]
    pub fn hashes(&self, people: &[Candidate], plan: &Plan) -> Result<Vec<ContentHash>, PaperError> {
        let composer = self.composer();
        let letters = plan.letters.iter();
        letters
            .map(|planned| composer.hash(&letter(self.template, people, planned, self.said)))
            .collect()
    }
}

fn lay_out(composer: &mut Composer<'_>, setter: &Setter<'_>, letter: &Letter) -> Result<ContentHash, PaperError> {
    let hash = composer.hash(letter)?;
    composer.letter(setter, letter, (&hash, LONGEST_NUMBER))?;
    Ok(hash)
}

#[cfg(test)]
mod tests {
    use relay_core::{chance::SeededChance, id::Id};
    use time::macros::date;

    use super::*;
    use crate::{
        demo_city,
        notice::{
            handed_in::Facts,
            recipients::{Excluded, plan},
            template::{Language, builtin},
            tests::{press, samples},
        },
    };

    const TODAY: Date = date!(2026 - 11 - 22);

    #[test]
    fn a_letter_that_can_not_be_set_is_left_out_by_name_and_the_others_are_made_as_ever() {
        let mut chance = SeededChance::new(7);
        let mut people: Vec<Candidate> = demo_city::residents(1, 60, TODAY)
            .map(|resident| Candidate {
                id: Id::new(&mut chance),
                resident,
                gone: false,
                no_paper: false,
                send_to: None,
                returned: false,
                facts: Some(Facts::default()),
            })
            .collect();
        let kinds = builtin().unwrap();
        let (template, office, said) = (kinds.find("medical-expenses").unwrap(), samples::office(), Said::new());
        let making = Making {
            template,
            office: &office,
            issued_on: TODAY,
            style: Style {
                language: Language::Japanese,
                large: false,
            },
            said: &said,
        };
        let clean = plan(template, &people, TODAY);
        let (odd, long) = (clean.letters[0].to, clean.letters[1].to);
        people[odd].resident.name.push('🎌');
        people[long].resident.address = "とても長い住所".repeat(40);
        let mut with = plan(template, &people, TODAY);
        let before: Vec<_> = with.letters[..2]
            .iter()
            .flat_map(|letter| letter.about.clone())
            .collect();
        let proofed = press().proof(&making, &people, &mut with).unwrap();
        assert_eq!(with.letters, clean.letters[2..]);
        let left_out: Vec<_> = with.excluded.iter().map(|(at, why)| (*at, *why)).collect();
        let expected: Vec<_> = before.into_iter().map(|at| (at, Excluded::Unprintable)).collect();
        assert_eq!(left_out, expected, "everyone of the household, and nobody else");
        assert!(matches!(&proofed.unset[0].1, PaperError::Glyph(missing) if missing.code_points == "U+1F38C"));
        assert!(matches!(&proofed.unset[1].1, PaperError::DoesNotFit { field } if field == "宛先の住所"));
        assert_eq!(making.hashes(&people, &with).unwrap(), proofed.hashes);
        // Where nothing can be set it is not the people's fault.
        let office = Office {
            section: "市民課🎌".into(),
            ..samples::office()
        };
        let making = Making {
            office: &office,
            ..making
        };
        let refused = press()
            .proof(&making, &people, &mut plan(template, &people, TODAY))
            .unwrap_err();
        assert!(matches!(refused, PaperError::Glyph(_)), "{refused}");
    }
}

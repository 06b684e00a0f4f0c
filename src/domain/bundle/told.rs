//! What is kept about a bundle in a sentence for people, taken apart again so that it can be said in another language.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::domain::assessment::words;

words! {
    /// What is said of a check in one line; `#` stands for a number.
    SummaryForm {
        /// The bundle is sound.
        Sound = "sound",
        /// The bundle is sound and has so many rules.
        Rules = "sound, # rules",
        /// So many faults must be mended.
        Mend = "# to be mended",
        /// So many cases ran, and so many failed.
        Cases = "# cases, # failed",
        /// There are cases, and they cannot be read.
        CasesUnreadable = "the cases cannot be read: the check says why",
        /// So many claims were to be proved.
        Claims = "# claims, # do not hold, # not proved",
        /// It ships with the program.
        OwnTests = "part of the program's own tests",
        /// Nobody ran it.
        NotRun = "not run: it was recorded as the first bundle of the database",
    }
}

/// What is said of a check in one line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    form: SummaryForm,
    numbers: Vec<usize>,
}

impl Summary {
    /// A sentence of this form with its numbers.
    pub fn new(form: SummaryForm, numbers: &[usize]) -> Self {
        Self { form, numbers: numbers.to_vec() }
    }

    /// A kept sentence; none where it has no form that is known.
    pub fn parse(text: &str) -> Option<Self> {
        let numbers = text.split(|letter: char| !letter.is_ascii_digit()).filter(|part| !part.is_empty());
        let numbers: Vec<usize> = numbers.map(str::parse).collect::<Result<_, _>>().ok()?;
        let of = |form: &SummaryForm| Self::new(*form, &numbers);
        SummaryForm::ALL.iter().map(of).find(|summary| summary.to_string() == text)
    }

    /// Its form.
    pub fn form(&self) -> SummaryForm {
        self.form
    }

    /// Its numbers, in their order.
    pub fn numbers(&self) -> &[usize] {
        &self.numbers
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut numbers = self.numbers.iter();
        for (at, piece) in self.form.as_str().split('#').enumerate() {
            if at > 0 {
                write!(f, "{}", numbers.next().copied().unwrap_or_default())?;
            }
            f.write_str(piece)?;
        }
        Ok(())
    }
}

words! {
    /// What a bundle can take away from those that judge it.
    Safeguard {
        /// What proofs hold.
        Invariant = "invariant",
        /// What proofs rest on.
        Assumption = "assumption",
        /// A rule about the rights of staff.
        StaffRule = "staff rule",
    }
}

words! {
    /// How a safeguard differs.
    Alteration {
        /// It is new.
        Added = "added",
        /// It is gone.
        Removed = "removed",
        /// It says something else.
        Changed = "changed",
    }
}

/// One safeguard that a bundle adds, removes or changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Weakened {
    /// What it is.
    pub safeguard: Safeguard,
    /// Its id.
    pub id: String,
    /// How it differs.
    pub alteration: Alteration,
}

impl Weakened {
    /// A kept sentence; none where it says something else.
    pub fn parse(text: &str) -> Option<Self> {
        let (safeguard, rest) = text.strip_prefix("the ")?.split_once(" `")?;
        let (id, alteration) = rest.rsplit_once("` is ")?;
        Some(Self {
            safeguard: Safeguard::parse(safeguard)?,
            id: id.to_owned(),
            alteration: Alteration::parse(alteration)?,
        })
    }
}

impl fmt::Display for Weakened {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the {} `{}` is {}", self.safeguard.as_str(), self.id, self.alteration.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_are_read_again_with_their_numbers() {
        let proof = Summary::new(SummaryForm::Claims, &[212, 1, 0]);
        assert_eq!(proof.to_string(), "212 claims, 1 do not hold, 0 not proved");
        let all = [(SummaryForm::Sound, &[][..]), (SummaryForm::Rules, &[65]), (SummaryForm::Cases, &[143, 0])];
        for summary in all.map(|(form, numbers)| Summary::new(form, numbers)).into_iter().chain([proof]) {
            assert_eq!(Summary::parse(&summary.to_string()), Some(summary));
        }
        for text in ["", "143 cases", "sound, many rules", "143 cases, 0 failed, 3 left"] {
            assert_eq!(Summary::parse(text), None, "{text}");
        }
    }

    #[test]
    fn what_a_bundle_takes_away_is_read_again() {
        for (safeguard, alteration) in [
            (Safeguard::Invariant, Alteration::Removed),
            (Safeguard::Assumption, Alteration::Added),
            (Safeguard::StaffRule, Alteration::Changed),
        ] {
            let weakened = Weakened { safeguard, id: "one".to_owned(), alteration };
            assert_eq!(Weakened::parse(&weakened.to_string()), Some(weakened));
        }
        for text in ["", "the invariant `one` is gone", "the rule `one` is removed", "something else"] {
            assert_eq!(Weakened::parse(text), None, "{text}");
        }
    }
}

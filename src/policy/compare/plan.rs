//! The queries of a comparison: first whole questions, then their types of request where the answers differ.

use super::{Compared, Side, differs};
use crate::domain::consent::DataClass;
use crate::policy::bundle::Bundle;
use crate::policy::decide::methods_of;
use crate::policy::prove::{Asker, Options, Row};
use crate::policy::question::Question;
use crate::policy::reference::{Recipient, Reference};

/// One row of the comparison: a question, and what narrows it to a type of request, as Cedar.
#[derive(Clone, Debug)]
struct Narrow {
    question: Question,
    about: String,
    only: Option<String>,
}

pub(super) const WHOLE: [Question; 4] = [Question::Approve, Question::Challenge, Question::Offer, Question::Share];

/// Asks everything; the reason why nothing could be asked is the second.
pub(super) async fn run(old: &Bundle, new: &Bundle, options: &Options) -> (Vec<Compared>, Option<String>) {
    let whole = WHOLE.map(|question| Narrow { question, about: question.as_str().to_owned(), only: None });
    let asker = match Asker::start(new, options).await {
        Ok(asker) => asker,
        Err(why) => return (whole.into_iter().map(|row| undecided(row, &why)).collect(), Some(why)),
    };
    let first = ask(old, new, &asker, whole.to_vec()).await;
    let (open, mut rows): (Vec<_>, Vec<_>) = first
        .into_iter()
        .partition(|row| matches!(row.question, Question::Offer | Question::Share) && row.word() != "equivalent");
    for row in open {
        let narrow = narrow(old, new, row.question);
        // What the whole question showed stands where narrower ones leave something out: a recipient that is another entity
        // now, or new, or gone.
        if narrow.is_empty() || (row.question == Question::Share && registers_differ(old, new)) {
            rows.push(row);
        }
        rows.extend(ask(old, new, &asker, narrow).await);
    }
    (rows, None)
}

async fn ask(old: &Bundle, new: &Bundle, asker: &Asker, rows: Vec<Narrow>) -> Vec<Compared> {
    let mut queries = Vec::new();
    for row in &rows {
        for (allows, denies) in [(old, new), (new, old)] {
            queries.push(Row { allows, denies, question: row.question, only: row.only.clone() });
        }
    }
    let mut sides = asker.differ(old, new, queries, &differs).await.into_iter();
    let compared = rows.into_iter().map(|row| {
        let mut side = || sides.next().unwrap_or_else(|| Side::Undecided("it was not asked".to_owned()));
        let (stricter, looser) = (side(), side());
        Compared { question: row.question, about: row.about, stricter, looser }
    });
    compared.collect()
}

/// Whether recipients or data classes are not to both bundles the same.
fn registers_differ(old: &Bundle, new: &Bundle) -> bool {
    let (old, new) = (old.reference(), new.reference());
    let class =
        |reference: &Reference, class: DataClass| reference.data_class(class).is_none_or(|class| class.sensitive);
    !old.recipients().eq(new.recipients()) || DataClass::ALL.iter().any(|one| class(old, *one) != class(new, *one))
}

fn undecided(row: Narrow, why: &str) -> Compared {
    let side = || Side::Undecided(why.lines().next().unwrap_or_default().to_owned());
    Compared { question: row.question, about: row.about, stricter: side(), looser: side() }
}

/// The types of request of a question: a row for each method, or each data class to each recipient that both know.
fn narrow(old: &Bundle, new: &Bundle, question: Question) -> Vec<Narrow> {
    if question == Question::Offer {
        let row = |method: crate::domain::facts::Method| {
            let word = method.as_str();
            Narrow { question, about: format!("offer {word}"), only: Some(format!("resource == Method::\"{word}\"")) }
        };
        return methods_of(new).map(row).collect();
    }
    let both = new
        .reference()
        .recipients()
        .filter(|recipient| old.reference().recipient(&recipient.id).is_some_and(|before| same(before, recipient)));
    let pairs = both.flat_map(|recipient| DataClass::ALL.iter().map(move |class| (recipient, *class)));
    pairs.map(|(recipient, class)| sharing(new, recipient, class)).collect()
}

/// Whether a recipient is to both bundles the same entity: other terms make other requests.
fn same(before: &Recipient, now: &Recipient) -> bool {
    (before.basis, before.reuse, before.retention_days, &before.country)
        == (now.basis, now.reuse, now.retention_days, &now.country)
}

fn sharing(new: &Bundle, recipient: &Recipient, class: DataClass) -> Narrow {
    let sensitive = new.reference().data_class(class).is_none_or(|class| class.sensitive);
    let only = format!(
        "resource == Recipient::{:?} && resource in Country::{:?} && resource.basis == {:?} && resource.reuse == {} && \
         resource.retention_days == {} && context.data_class == {:?} && context.mode == {:?} && context.sensitive == {sensitive}",
        recipient.id,
        recipient.country,
        recipient.basis.as_str(),
        recipient.reuse,
        recipient.retention_days,
        class.as_str(),
        recipient.mode(class).as_str(),
    );
    let about = format!("share {} with {}", class.as_str(), recipient.id);
    Narrow { question: Question::Share, about, only: Some(only) }
}

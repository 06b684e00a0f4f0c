//! The plain words of the support view, in Japanese and English. They name no rule, no limit and no score.

use super::LockState;
use crate::domain::assessment::{Assessment, NoAnswer, NotAsked};
use crate::domain::authentication::{Authentication, Ending, Status};
use crate::domain::card::CardStatus;
use crate::domain::facts::{Facts, RecognisedBy};

/// The same in both languages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Words {
    /// Japanese.
    pub ja: String,
    /// English.
    pub en: String,
}

fn words(ja: &str, en: &str) -> Words {
    Words { ja: ja.to_owned(), en: en.to_owned() }
}

/// What stands for a reason that the live bundle does not hold any more.
pub(super) fn retired_reason() -> Words {
    words("現在は使われていない理由です", "A reason that is no longer in use")
}

/// Where an authentication stands, and how it came there.
pub fn status(status: Status, ending: Ending) -> Words {
    match (status, ending) {
        (Status::Approved, Ending::Decided) => words("確認なしで承認", "Passed without a proof"),
        (Status::Approved, _) => words("本人認証に成功し承認", "Passed with a proof"),
        (Status::ChallengeRequired, _) => words("本人認証の入力待ち", "Waiting for the proof"),
        (Status::Rejected, Ending::Decided) => words("判定により不承認", "Turned back by the decision"),
        (Status::Rejected, Ending::Challenge) => words("本人認証に失敗", "Turned back: the proof was wrong"),
        (Status::Rejected, Ending::Cancelled) => words("お客様が中止", "The buyer gave up"),
        (Status::Rejected, Ending::MerchantCancelled) => words("加盟店が中止", "The merchant gave up"),
        (Status::Rejected, Ending::TimedOut) => words("時間切れ", "The time ran out"),
        (Status::Rejected, Ending::Undeliverable) => words("認証コードを届けられず", "No code could be delivered"),
        (Status::NotEnrolled, _) => words("認証方法の登録なし", "A proof was wanted; none is registered"),
        (Status::NotEligible, _) => words("本人認証の対象外", "The card takes no part"),
        (Status::Unavailable, Ending::Undeliverable) => {
            words("認証コードを届けられず", "No code could be delivered, and there was no other way")
        }
        (Status::Unavailable, _) => words("認証方法を利用できず", "A proof was wanted; none could be used"),
    }
}

/// Whether the analysis company was asked.
pub(super) fn analysis(facts: Option<&Facts>) -> Words {
    let Some(facts) = facts else {
        return words("外部分析の前に判定されました", "It was decided before an analysis");
    };
    match &facts.assessment {
        Assessment::Answered(_) => words("外部分析が行われました", "The analysis company was asked and answered"),
        Assessment::NotAsked { reason } => match reason {
            NotAsked::OptedOut => words(
                "お客様の申出により外部分析は行っていません",
                "Not asked: the cardholder does not want her data given away",
            ),
            NotAsked::Pending => words(
                "提供停止の申出を確認中のため外部分析は行っていません",
                "Not asked: the cardholder's objection is being checked",
            ),
            NotAsked::NoBasis => words("外部分析は利用していません", "Not asked: no analysis company is in use"),
            NotAsked::ConsentUnknown => words(
                "提供の可否を確認できないため外部分析は行っていません",
                "Not asked: it is not known that her data may be given away",
            ),
            NotAsked::ByPolicy => words("規則により外部分析は行っていません", "Not asked: the rules let no data go"),
        },
        Assessment::NoAnswer { reason: NoAnswer::Interrupted } => {
            words("処理が中断し外部分析の結果がありません", "No answer: the work was interrupted")
        }
        Assessment::NoAnswer { .. } => {
            words("外部分析から結果を得られませんでした", "Asked, but there was no usable answer")
        }
    }
}

/// Whether the device was known.
pub(super) fn device(facts: Option<&Facts>) -> Words {
    match facts.map(|facts| &facts.device) {
        None => words("端末は確認していません", "The device was not looked at"),
        Some(device) if device.known_to_card => {
            words("このカードで認証済みの端末です", "A device that this card has passed with before")
        }
        Some(device) if device.recognised_by == RecognisedBy::Nothing => {
            words("端末を識別できませんでした", "The device could not be recognised")
        }
        Some(_) => {
            words("このカードで認証したことのない端末です", "A device that this card has not passed with before")
        }
    }
}

/// What the cardholder can do next, the most useful first.
pub(super) fn advice(
    authentication: &Authentication,
    card: Option<(CardStatus, bool)>,
    locks: &[LockState],
    vouch_would_help: bool,
) -> Vec<Words> {
    let mut advice: Vec<Words> = card.and_then(|(status, blocked)| about_card(status, blocked)).into_iter().collect();
    if authentication.status != Status::Approved && advice.is_empty() {
        advice.extend(about_locks(locks));
        if vouch_would_help {
            advice.push(words(
                "本人確認のうえ「お客様に確認済み」を記録すると、再度お買い物いただけます",
                "After a check of the caller, record that it was confirmed with her; then she can buy again",
            ));
        }
    }
    advice.extend(about_status(authentication, vouch_would_help || !advice.is_empty()));
    advice
}

fn about_card(status: CardStatus, blocked: bool) -> Option<Words> {
    match status {
        CardStatus::Active => blocked.then(|| {
            words(
                "お客様が利用を止めたカードです。本人確認のうえ、理由を記録して再開できます",
                "Its holder blocked the card: after a check of the caller it can be opened again, with a reason",
            )
        }),
        CardStatus::Lost | CardStatus::Stolen => Some(words(
            "紛失・盗難の届出があるカードです。新しいカードの発行をご案内ください",
            "The card was reported lost or stolen: offer a new one",
        )),
        CardStatus::Closed | CardStatus::Expired => Some(words(
            "ご利用いただけないカードです。有効なカードをご案内ください",
            "The card cannot be used any more: ask for the valid one, or offer a new one",
        )),
    }
}

fn about_locks(locks: &[LockState]) -> Option<Words> {
    if locks.iter().any(|lock| lock.closed) {
        return Some(words(
            "認証方法がロックされています。会員サイトで再設定が必要です",
            "The proof is locked until the member has chosen a new one",
        ));
    }
    locks.iter().any(|lock| lock.locked).then(|| {
        words(
            "本人確認のうえロックを解除するか、時間をおいてお試しください",
            "After a check of the caller, unlock the proof; or she tries again later",
        )
    })
}

/// The advice that goes with a status; `more` says that something better was said before.
fn about_status(authentication: &Authentication, more: bool) -> Option<Words> {
    match (authentication.status, authentication.ending) {
        (Status::Approved, _) => Some(words(
            "本人認証は完了しています。注文は加盟店にご確認ください",
            "It passed: ask the merchant about the order",
        )),
        (Status::ChallengeRequired, _) => {
            Some(words("画面で本人認証を続けてください", "She can go on with the proof on her screen"))
        }
        (Status::Rejected, Ending::Challenge) => Some(words(
            "再度お買い物いただけます。暗証の再設定は会員サイトで行えます",
            "She can buy again; a new password can be chosen on the member site",
        )),
        (Status::Rejected, Ending::Cancelled | Ending::MerchantCancelled | Ending::TimedOut) => {
            Some(words("再度お買い物いただけます", "She can buy again"))
        }
        (Status::Unavailable | Status::Rejected, Ending::Undeliverable) => Some(words(
            "認証コードの受取先が使えるか、会員サイトで確かめるようご案内ください",
            "She can see on the member site whether her contact for codes still works",
        )),
        (Status::NotEnrolled, _) => Some(words(
            "会員サイトでカードを登録すると本人認証をご利用いただけます",
            "She can register the card on the member site, then buy again",
        )),
        (Status::NotEligible, _) => Some(words(
            "カード番号を確認し、本人認証に対応するカードをご案内ください",
            "Check the number with her, or offer a card that takes part",
        )),
        (Status::Unavailable, _) | (Status::Rejected, Ending::Decided) if more => None,
        (Status::Unavailable, _) => Some(words("時間をおいてお試しください", "She can try again later")),
        (Status::Rejected, Ending::Decided) => Some(words(
            "このお取引は承認できません。別のお支払方法をご案内ください",
            "This purchase cannot pass: suggest another way to pay",
        )),
    }
}

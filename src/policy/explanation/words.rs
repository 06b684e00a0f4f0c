//! A condition in plain words, Japanese and English: the usual shapes. For others the Cedar text stands alone.

use cedar_policy::pst::{BinaryOp, Expr, Literal, UnaryOp};
use serde::Serialize;

use super::names::{Name, Unit, name, type_name, who};
use super::weigh::path_of;
use crate::policy::question::Question;

/// The same in both languages.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Words {
    /// Japanese.
    pub ja: String,
    /// English.
    pub en: String,
}

impl Words {
    pub(super) fn new(ja: impl Into<String>, en: impl Into<String>) -> Self {
        Self { ja: ja.into(), en: en.into() }
    }

    /// What has no words of its own: the same text in both.
    pub(super) fn both(text: &str) -> Self {
        Self::new(text, text)
    }

    /// In Japanese where `ja` is asked for, else in English.
    pub fn of(&self, language: &str) -> &str {
        if language == "ja" { &self.ja } else { &self.en }
    }
}

/// The name of a fact in plain words; none for what is no fact.
pub(super) fn name_of(path: &str, question: Question) -> Option<Words> {
    noun(path, question).map(|noun| Words::new(noun.ja, noun.en))
}

/// The sentence of a condition; none for a shape that has none.
pub(super) fn sentence(expr: &Expr, question: Question) -> Option<Words> {
    Speaker { question }.say(expr)
}

fn noun(path: &str, question: Question) -> Option<Name> {
    name(path).or_else(|| who(path, question))
}

struct Speaker {
    question: Question,
}

impl Speaker {
    fn say(&self, expr: &Expr) -> Option<Words> {
        if let Some(noun) = path_of(expr).and_then(|path| noun(&path, self.question)) {
            return (noun.unit == Unit::Flag).then(|| flag(noun, true));
        }
        match expr {
            Expr::Literal(Literal::Bool(true)) => Some(Words::new("常に成り立つ", "always")),
            Expr::Literal(Literal::Bool(false)) => Some(Words::new("決して成り立たない", "never")),
            Expr::UnaryOp { op: UnaryOp::Not, expr } => self.not(expr),
            Expr::UnaryOp { op: UnaryOp::IsEmpty, expr } => {
                let noun = self.noun(expr)?;
                Some(Words::new(format!("{}：なし", noun.ja), format!("{}: none", noun.en)))
            }
            Expr::HasAttr { expr, attrs } => {
                let attrs: Vec<&str> = attrs.iter().map(AsRef::as_ref).collect();
                let noun = noun(&format!("{}.{}", path_of(expr)?, attrs.join(".")), self.question)?;
                Some(Words::new(format!("{}が示されている", noun.ja), format!("{} is stated", noun.en)))
            }
            Expr::IfThenElse { cond, then_expr, else_expr } => {
                let (cond, then, other) = (self.say(cond)?, self.say(then_expr)?, self.say(else_expr)?);
                let ja = format!("{}なら「{}」、そうでなければ「{}」", cond.ja, then.ja, other.ja);
                Some(Words::new(ja, format!("if {}, then {}; otherwise {}", cond.en, then.en, other.en)))
            }
            Expr::BinaryOp { op, left, right } => self.binary(*op, left, right),
            _ => None,
        }
    }

    fn noun(&self, expr: &Expr) -> Option<Name> {
        noun(&path_of(expr)?, self.question)
    }

    fn not(&self, expr: &Expr) -> Option<Words> {
        if let Some(noun) = self.noun(expr).filter(|noun| noun.unit == Unit::Flag) {
            return Some(flag(noun, false));
        }
        let inner = self.say(expr)?;
        Some(Words::new(format!("「{}」ではない", inner.ja), format!("not ({})", inner.en)))
    }

    fn binary(&self, op: BinaryOp, left: &Expr, right: &Expr) -> Option<Words> {
        match op {
            BinaryOp::And => Some(joined(&self.part(left)?, &self.part(right)?, "、かつ", " and ")),
            BinaryOp::Or => Some(joined(&self.part(left)?, &self.part(right)?, "、または", " or ")),
            BinaryOp::In => self.member(left, right),
            BinaryOp::Contains => match left {
                Expr::Set(words) => self.one_of(right, words.iter().map(AsRef::as_ref)),
                _ => self.includes(left, right, "", ""),
            },
            BinaryOp::ContainsAny => self.includes(left, right, "のいずれか", "one of "),
            BinaryOp::ContainsAll => self.includes(left, right, "のすべて", "all of "),
            _ => self.compare(op, left, right),
        }
    }

    /// A part of a longer sentence, in brackets where it is joined itself.
    fn part(&self, expr: &Expr) -> Option<Words> {
        let said = self.say(expr)?;
        match expr {
            Expr::BinaryOp { op: BinaryOp::And | BinaryOp::Or, .. } => {
                Some(Words::new(format!("（{}）", said.ja), format!("({})", said.en)))
            }
            _ => Some(said),
        }
    }

    fn compare(&self, op: BinaryOp, left: &Expr, right: &Expr) -> Option<Words> {
        let (ja, en) = match op {
            BinaryOp::Eq => ("である", "is"),
            BinaryOp::NotEq => ("ではない", "is not"),
            BinaryOp::Less => ("未満", "is below"),
            BinaryOp::LessEq => ("以下", "is at most"),
            BinaryOp::Greater => ("を超える", "is above"),
            BinaryOp::GreaterEq => ("以上", "is at least"),
            _ => return None,
        };
        let noun = self.noun(left)?;
        let value = match right {
            Expr::Literal(Literal::EntityUID(uid)) => Words::both(uid.eid.as_str()),
            _ => self.value(right, noun.unit)?,
        };
        Some(Words::new(format!("{}が{}{ja}", noun.ja, value.ja), format!("{} {en} {}", noun.en, value.en)))
    }

    /// A literal, or a fact that another is compared with.
    fn value(&self, expr: &Expr, unit: Unit) -> Option<Words> {
        match expr {
            Expr::Literal(Literal::Long(number)) => Some(unit.amount(*number)),
            Expr::Literal(Literal::String(word)) => Some(Words::new(format!("「{word}」"), format!("\"{word}\""))),
            Expr::Literal(Literal::Bool(flag)) => {
                Some(if *flag { Words::new("「はい」", "yes") } else { Words::new("「いいえ」", "no") })
            }
            _ => self.noun(expr).map(|noun| Words::new(noun.ja, noun.en)),
        }
    }

    fn one_of<'a>(&self, fact: &Expr, words: impl Iterator<Item = &'a Expr>) -> Option<Words> {
        let noun = self.noun(fact)?;
        let words = self.list(words, noun.unit)?;
        let ja = format!("{}が{}のいずれかである", noun.ja, words.ja);
        Some(Words::new(ja, format!("{} is one of {}", noun.en, words.en)))
    }

    fn includes(&self, set: &Expr, wanted: &Expr, ja: &str, en: &str) -> Option<Words> {
        let noun = self.noun(set)?;
        let wanted = match wanted {
            Expr::Set(words) => self.list(words.iter().map(AsRef::as_ref), noun.unit)?,
            word => self.value(word, noun.unit)?,
        };
        let said = format!("{}に{}{ja}が含まれる", noun.ja, wanted.ja);
        Some(Words::new(said, format!("{} include {en}{}", noun.en, wanted.en)))
    }

    fn list<'a>(&self, words: impl Iterator<Item = &'a Expr>, unit: Unit) -> Option<Words> {
        let words: Vec<Words> = words.map(|word| self.value(word, unit)).collect::<Option<_>>()?;
        let of = |pick: fn(&Words) -> &str, sign: &str| words.iter().map(pick).collect::<Vec<_>>().join(sign);
        Some(Words::new(of(|word| &word.ja, "、"), of(|word| &word.en, ", ")))
    }

    fn member(&self, who: &Expr, group: &Expr) -> Option<Words> {
        let who = self.noun(who)?;
        let Expr::Literal(Literal::EntityUID(uid)) = group else { return None };
        let kind = type_name(&uid.ty.to_string())?;
        let ja = format!("{}が{}「{}」に属する", who.ja, kind.ja, uid.eid);
        Some(Words::new(ja, format!("{} belongs to {} \"{}\"", who.en, kind.en, uid.eid)))
    }
}

fn flag(noun: Name, yes: bool) -> Words {
    let (ja, en) = if yes { ("はい", "yes") } else { ("いいえ", "no") };
    Words::new(format!("{}：{ja}", noun.ja), format!("{}: {en}", noun.en))
}

fn joined(left: &Words, right: &Words, ja: &str, en: &str) -> Words {
    Words::new(format!("{}{ja}{}", left.ja, right.ja), format!("{}{en}{}", left.en, right.en))
}

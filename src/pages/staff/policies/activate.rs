//! A bundle is put into use: live, on a share of the cards, or beside the live one.

use axum::extract::Path;

use super::bundle::{look, short_facts};
use super::findings::weakens;
use super::words::{self, subject};
use super::{Places, bundle_path, uses};
use crate::domain::bundle::{Band, BundleActivation, BundleHead, BundleMode, SHARE_WHOLE};
use crate::domain::staff::Act;
use crate::flow::policies::PoliciesError;
use crate::flow::policies::activate::{Wanted, activate};
use crate::pages::pieces::{Field, FieldKind, Tone};
use crate::pages::staff::answer::{Answer, Refusal};
use crate::pages::staff::console::Console;
use crate::pages::staff::failure::Failure;
use crate::pages::staff::form::StaffForm;
use crate::pages::staff::sheet::{ActForm, Sheet};
use crate::pages::staff::signed::Signed;
use crate::pages::staff::typed::{Mistakes, Typed, mistake};
use crate::texts::moment;

/// The bounds of a band: field, and what stands there before somebody types.
const BOUNDS: [(&str, &str); 4] =
    [("challenge_least", "0"), ("challenge_most", "30"), ("reject_least", "0"), ("reject_most", "5")];

/// `GET /staff/policies/bundles/{digest}/activate/{mode}`
pub(super) async fn open(signed: Signed, Path((digest, mode)): Path<(String, String)>) -> Answer {
    let mode = BundleMode::parse(&mode).ok_or_else(|| signed.refuse(Failure::NotFound))?;
    let head = look(&signed, &digest).await?;
    signed.require(Act::PolicyActivate, &subject(&head)).await?;
    let now = now(&signed, mode).await?;
    let raised = now.as_ref().filter(|now| now.digest == head.digest);
    let typed = raised.map_or_else(|| defaults(mode), as_it_is);
    page(
        &signed,
        &head,
        &Shown { mode, typed: &typed, mistakes: Mistakes::new(), notice: None, seen: id_of(now.as_ref()) },
    )
    .await
}

/// What stands in the form of a bundle that is not in this use.
fn defaults(mode: BundleMode) -> Typed {
    let typed = BOUNDS.iter().fold(Typed::default(), |typed, (name, value)| typed.preset(name, *value));
    let share = if mode == BundleMode::Canary { "5" } else { "100" };
    typed.preset("share", share).preset("decisions_min", "200").preset("with_band", "yes")
}

/// What stands in the form of a bundle whose trial is changed: its share, its band and its end.
fn as_it_is(used: &BundleActivation) -> Typed {
    let mut typed = Typed::default().preset("share", percentage(used.share));
    if let Some(until) = used.until {
        typed = typed.preset("until", moment::field(until));
    }
    if let Some(band) = used.band {
        let bounds = [band.challenge.0, band.challenge.1, band.reject.0, band.reject.1];
        let filled = BOUNDS.iter().zip(bounds);
        typed = filled.fold(typed, |typed, ((name, _), bound)| typed.preset(name, percentage(bound)));
        return typed.preset("decisions_min", band.decisions_min.to_string()).preset("with_band", "yes");
    }
    BOUNDS.iter().fold(typed, |typed, (name, value)| typed.preset(name, *value)).preset("decisions_min", "200")
}

/// What is in this use now.
async fn now(signed: &Signed, mode: BundleMode) -> Result<Option<BundleActivation>, Refusal> {
    let current = signed.app().store.current_bundles().await.map_err(|error| signed.refuse(error))?;
    Ok(current.into_iter().find(|used| used.mode == mode))
}

fn id_of(used: Option<&BundleActivation>) -> String {
    used.map(|used| used.id.to_string()).unwrap_or_default()
}

/// The form as it is shown.
struct Shown<'a> {
    mode: BundleMode,
    typed: &'a Typed,
    mistakes: Mistakes,
    notice: Option<String>,
    /// What she saw in this use: when it is another one by then, somebody was faster.
    seen: String,
}

/// `POST /staff/policies/bundles/{digest}/activate/{mode}`
pub(super) async fn begin(Path((digest, mode)): Path<(String, String)>, form: StaffForm<Typed>) -> Answer {
    let StaffForm { signed, fields } = form;
    let mode = BundleMode::parse(&mode).ok_or_else(|| signed.refuse(Failure::NotFound))?;
    let head = look(&signed, &digest).await?;
    signed.require(Act::PolicyActivate, &subject(&head)).await?;
    let wanted = match wanted(&signed.console("policies-activate"), &head, mode, &fields) {
        Ok(wanted) => wanted,
        Err(mistakes) => {
            let seen = fields.get("instead_of").to_owned();
            return page(&signed, &head, &Shown { mode, typed: &fields, mistakes, notice: None, seen }).await;
        }
    };
    match activate(signed.app(), signed.who(), wanted).await {
        Ok(_) => Ok(signed.go(&format!("{}?done=activated", bundle_path(&head.digest)))),
        Err(error) => {
            // Only who is told that somebody was faster has seen the new one; any other form keeps what it saw.
            let seen = match &error {
                PoliciesError::Overtaken(_) => id_of(now(&signed, mode).await?.as_ref()),
                _ => fields.get("instead_of").to_owned(),
            };
            let names = signed.names().await?;
            let notice = Some(words::told(&signed, &signed.console("policies-activate"), &names, error)?);
            page(&signed, &head, &Shown { mode, typed: &fields, mistakes: Mistakes::new(), notice, seen }).await
        }
    }
}

/// What is wanted, or what is wrong with the fields.
fn wanted(console: &Console<'_>, head: &BundleHead, mode: BundleMode, typed: &Typed) -> Result<Wanted, Mistakes> {
    let mut mistakes = Mistakes::new();
    let mut share_of = |name: &'static str| {
        basis_points(typed.get(name)).unwrap_or_else(|| {
            mistakes.push((name, console.text("policies-wrong-share")));
            0
        })
    };
    let share = if mode == BundleMode::Live { SHARE_WHOLE } else { share_of("share") };
    let has_band = mode == BundleMode::Canary && typed.is_ticked("with_band");
    let bounds = has_band.then(|| BOUNDS.map(|(name, _)| share_of(name)));
    let band = match (bounds, typed.get("decisions_min").parse()) {
        (Some([challenge_least, challenge_most, reject_least, reject_most]), Ok(decisions_min)) => Some(Band {
            challenge: (challenge_least, challenge_most),
            reject: (reject_least, reject_most),
            decisions_min,
        }),
        (Some(_), Err(_)) => {
            mistakes.push(("decisions_min", console.text("policies-wrong-number")));
            None
        }
        (None, _) => None,
    };
    let until = super::decisions::local_time(typed.get("until"));
    let until = until.unwrap_or_else(|()| {
        mistakes.push(("until", console.text("policies-wrong-time")));
        None
    });
    if !mistakes.is_empty() {
        return Err(mistakes);
    }
    let instead_of = typed.get("instead_of").parse().ok();
    Ok(Wanted { digest: head.digest.clone(), mode, share, band, until, instead_of })
}

/// A percentage with at most two decimals, in basis points.
fn basis_points(text: &str) -> Option<u16> {
    let text = text.trim().trim_end_matches(['%', '％']).trim_end();
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || whole.len() > 3 || part.len() > 2 || !digits(whole) || !digits(part) {
        return None;
    }
    let points = whole.parse::<u16>().ok()? * 100 + format!("{part:0<2}").parse::<u16>().ok()?;
    (points <= SHARE_WHOLE).then_some(points)
}

/// A share as it is typed: 1250 basis points as `12.5`.
fn percentage(basis_points: u16) -> String {
    let text = format!("{}.{:02}", basis_points / 100, basis_points % 100);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

async fn page(signed: &Signed, head: &BundleHead, shown: &Shown<'_>) -> Answer {
    let Shown { mode, typed, mistakes, notice, seen } = shown;
    let names = signed.names().await?;
    let current = signed.app().store.current_bundles().await.map_err(|error| signed.refuse(error))?;
    let lead = format!("policies-activate-{}-lead", mode.as_str());
    let title = uses::activation_title(*mode, &head.digest, &current);
    let mut console = signed.console(&title);
    console.error = !mistakes.is_empty();
    let (places, weakens) = (Places::at(&console, ""), weakens(&console, head));
    let facts = short_facts(&console, &names, head);
    let action = format!("{}/activate/{}", bundle_path(&head.digest), mode.as_str());
    let mut form = ActForm::new(&console, action, &title).hidden("instead_of", seen);
    form.fields = fields(&console, *mode, typed, mistakes);
    let now = uses::now(&console, &names, &[*mode], &current);
    let lead = console.text(&lead);
    let mut sheet = Sheet::new(console).among(&places).lead(lead);
    if let Some(notice) = notice {
        sheet = sheet.told(Tone::Bad, notice.clone());
    }
    if let Some(weakens) = weakens {
        sheet = sheet.add(&weakens);
    }
    Ok(signed.page(&sheet.add(&facts).add(&now).add(&form)))
}

fn fields(console: &Console<'_>, mode: BundleMode, typed: &Typed, mistakes: &Mistakes) -> Vec<Field> {
    let field = |name: &'static str, kind| {
        let label = console.text(&format!("policies-field-{}", name.replace('_', "-")));
        Field::new(name, label, kind).value(typed.get(name)).error(mistake(mistakes, name))
    };
    let mut fields = Vec::new();
    if mode == BundleMode::Live {
        return fields;
    }
    let share = field("share", FieldKind::Text);
    fields.push(Field { label: console.text(&format!("policies-field-share-{}", mode.as_str())), ..share });
    fields.push(field("until", FieldKind::Moment).optional());
    if mode == BundleMode::Canary {
        fields.push(field("with_band", FieldKind::Check).optional());
        fields.extend(BOUNDS.map(|(name, _)| field(name, FieldKind::Text).optional()));
        fields.push(field("decisions_min", FieldKind::Digits).optional());
    }
    fields
}

#[cfg(test)]
mod tests {
    use super::{basis_points, percentage};

    #[test]
    fn shares_are_written_as_they_are_typed() {
        for points in [0, 1, 50, 500, 1_250, 10_000] {
            assert_eq!(basis_points(&percentage(points)), Some(points));
        }
        assert_eq!([1_000, 1_250, 10_000].map(percentage), ["10", "12.5", "100"]);
    }

    #[test]
    fn percentages_are_read_exactly_or_not_at_all() {
        for (text, points) in [("5", 500), ("5%", 500), ("12.5 %", 1_250), ("0.01", 1), ("100", 10_000), ("7.", 700)] {
            assert_eq!(basis_points(text), Some(points), "{text}");
        }
        for text in ["", "%", "-1", "100.01", "1e2", "5.001", "５", "1,5", "9999"] {
            assert_eq!(basis_points(text), None, "{text}");
        }
    }
}

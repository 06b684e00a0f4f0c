//! A bundle is put into use: live, on a share of the cards, or beside the live one.

use axum::extract::Path;

use super::bundle::{look, short_facts, weakens};
use super::words::{self, subject};
use super::{Places, bundle_path};
use crate::domain::bundle::{Band, BundleHead, BundleMode, SHARE_WHOLE};
use crate::domain::staff::Act;
use crate::flow::policies::activate::{Wanted, activate};
use crate::pages::pieces::{Field, FieldKind, Tone};
use crate::pages::staff::answer::Answer;
use crate::pages::staff::console::Console;
use crate::pages::staff::failure::Failure;
use crate::pages::staff::form::StaffForm;
use crate::pages::staff::sheet::{ActForm, Sheet};
use crate::pages::staff::signed::Signed;
use crate::pages::staff::typed::{Mistakes, Typed, mistake};

/// The bounds of a band: field, and what stands there before somebody types.
const BOUNDS: [(&str, &str); 4] =
    [("challenge_least", "0"), ("challenge_most", "30"), ("reject_least", "0"), ("reject_most", "5")];

/// `GET /staff/policies/bundles/{digest}/activate/{mode}`
pub(super) async fn open(signed: Signed, Path((digest, mode)): Path<(String, String)>) -> Answer {
    let mode = BundleMode::parse(&mode).ok_or_else(|| signed.refuse(Failure::NotFound))?;
    let head = look(&signed, &digest).await?;
    signed.require(Act::PolicyActivate, &subject(&head)).await?;
    let typed = BOUNDS.iter().fold(Typed::default(), |typed, (name, value)| typed.preset(name, *value));
    let share = if mode == BundleMode::Canary { "5" } else { "100" };
    let typed = typed.preset("share", share).preset("decisions_min", "200").preset("with_band", "yes");
    page(&signed, &head, mode, &typed, &Mistakes::new(), None).await
}

/// `POST /staff/policies/bundles/{digest}/activate/{mode}`
pub(super) async fn begin(Path((digest, mode)): Path<(String, String)>, form: StaffForm<Typed>) -> Answer {
    let StaffForm { signed, fields } = form;
    let mode = BundleMode::parse(&mode).ok_or_else(|| signed.refuse(Failure::NotFound))?;
    let head = look(&signed, &digest).await?;
    signed.require(Act::PolicyActivate, &subject(&head)).await?;
    let wanted = match wanted(&signed.console("policies-activate"), &head, mode, &fields) {
        Ok(wanted) => wanted,
        Err(mistakes) => return page(&signed, &head, mode, &fields, &mistakes, None).await,
    };
    match activate(signed.app(), signed.who(), wanted).await {
        Ok(_) => Ok(signed.go(&format!("{}?done=activated", bundle_path(&head.digest)))),
        Err(error) => {
            let names = signed.names().await?;
            let notice = words::told(&signed, &signed.console("policies-activate"), &names, error)?;
            page(&signed, &head, mode, &fields, &Mistakes::new(), Some(notice)).await
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

async fn page(
    signed: &Signed,
    head: &BundleHead,
    mode: BundleMode,
    typed: &Typed,
    mistakes: &Mistakes,
    notice: Option<String>,
) -> Answer {
    let names = signed.names().await?;
    let current = signed.app().store.current_bundles().await.map_err(|error| signed.refuse(error))?;
    let now = current.iter().find(|used| used.mode == mode);
    let title = format!("policies-activate-{}", mode.as_str());
    let mut console = signed.console(&title);
    console.error = !mistakes.is_empty();
    let (places, weakens) = (Places::at(&console, ""), weakens(&console, head));
    let facts = short_facts(&console, &names, head);
    let action = format!("{}/activate/{}", bundle_path(&head.digest), mode.as_str());
    // What she saw in this use: when it is another one by then, somebody was faster. A form with mistakes keeps it.
    let seen = if mistakes.is_empty() {
        now.map(|used| used.id.to_string()).unwrap_or_default()
    } else {
        typed.get("instead_of").to_owned()
    };
    let mut form = ActForm::new(&console, action, &title).hidden("instead_of", seen);
    form.fields = fields(&console, mode, typed, mistakes);
    let lead = console.text(&format!("{title}-lead"));
    let mut sheet = Sheet::new(console).among(&places).lead(lead);
    if let Some(notice) = notice {
        sheet = sheet.told(Tone::Bad, notice);
    }
    if let Some(weakens) = weakens {
        sheet = sheet.add(&weakens);
    }
    Ok(signed.page(&sheet.add(&facts).add(&form)))
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
    use super::basis_points;

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

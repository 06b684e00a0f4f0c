//! The page that asks for the proof: one field for the present way, and buttons for the others.

use askama::Template;
use axum::response::Response;

use super::{Page, Purchase};
use crate::domain::facts::Method;
use crate::domain::member::ContactChannel;
use crate::flow::challenge::{Asking, AskingForms, CodeState, Notice, Way};
use crate::flow::sent_code::Delivery;
use crate::pages::assets;
use crate::pages::failure::rendered;
use crate::pages::frame::Frame;
use crate::pages::personal_message::shown;
use crate::texts::moment::time_of_day;

#[derive(Template)]
#[template(path = "challenge_asking.html")]
struct AskingPage<'a> {
    frame: Frame<'a>,
    title: String,
    lead: String,
    action: String,
    forms: AskingForms,
    purchase: Purchase,
    message: Option<String>,
    notice: Option<String>,
    field: Option<Field>,
    passkey_script: String,
    sending: Option<Sending>,
    others: Vec<Choice>,
    tries: String,
    finish_by: String,
    seconds_left: i64,
    cancel: String,
}

/// The one field.
enum Field {
    Password,
    /// A one-time password or a sent code; the text keys begin with this.
    Code(&'static str),
    /// A passkey: what the browser is asked.
    Passkey(String),
}

/// Where a code stands, and the button for the next one.
struct Sending {
    /// How the form names the contact.
    way: String,
    /// Where the code goes, and whether it has arrived.
    status: String,
    /// The button; none when no more codes are sent.
    button: Option<String>,
    /// How many more may follow; none before the first.
    left: Option<String>,
    /// Whether one has to be sent before anything can be typed.
    first: bool,
}

/// Another way.
struct Choice {
    way: String,
    text: String,
}

impl AskingPage<'_> {
    fn field_hint(&self, key: &str) -> String {
        self.frame.text(&format!("{key}-hint"))
    }
}

impl Page<'_> {
    /// The page that asks.
    pub(super) fn asking(mut self, asking: Asking) -> Response {
        self.frame.error = asking.notice.is_some();
        let notice = asking.notice.map(|notice| self.notice(notice, &asking.ways.present, asking.tries_left));
        let cancel = if self.challenge.authentication.return_url.is_some() { "cancel" } else { "cancel-close" };
        let finish_by = time_of_day(self.challenge.expires_at, self.challenge.merchant.time_base, self.frame.wording);
        let (present, code) = (&asking.ways.present, asking.ways.code);
        let sending = code.and_then(|code| self.sending(present, code));
        let field = match present.method() {
            Method::Password => Some(Field::Password),
            Method::Totp => Some(Field::Code("totp")),
            Method::Code => sending.as_ref().filter(|sending| !sending.first).map(|_| Field::Code("sent-code")),
            Method::Passkey => asking.ways.passkey.clone().filter(|_| !self.is_framed).map(Field::Passkey),
        };
        if matches!(field, Some(Field::Passkey(_))) {
            self.permissions.files.scripts.push(assets::passkey_source(self.public_url));
        }
        let others = asking.ways.others.iter().filter(|way| !self.is_framed || **way != Way::Passkey);
        let page = AskingPage {
            title: self.frame.text("ask-title"),
            lead: self.frame.text(&format!("ask-lead-{}", present.method().as_str())),
            purchase: self.purchase(),
            message: asking.message.map(|message| shown(&message)),
            notice,
            passkey_script: assets::passkey_script(),
            field,
            sending,
            others: others.map(|way| self.choice(way)).collect(),
            tries: self.frame.wording.with("tries-left", "count", asking.tries_left),
            finish_by: self.frame.wording.with("finish-by", "time", finish_by),
            seconds_left: asking.seconds_left,
            cancel: self.frame.text(cancel),
            action: self.action,
            forms: asking.forms,
            frame: self.frame,
        };
        rendered(&page, &self.permissions)
    }

    fn sending(&self, way: &Way, code: CodeState) -> Option<Sending> {
        let Way::Code { masked, .. } = way else { return None };
        let key = match (code.delivery, code.is_live) {
            (None, _) => "code-not-sent",
            (Some(Delivery::Failed), _) => "code-failed",
            (Some(_), false) => "code-expired",
            (Some(Delivery::OnItsWay), true) => "code-on-its-way",
            (Some(Delivery::HandedOver), true) => "code-handed-over",
        };
        let wording = self.frame.wording;
        let first = code.delivery.is_none() || code.delivery == Some(Delivery::Failed) || !code.is_live;
        let button = if code.delivery.is_none() { "code-send" } else { "code-send-again" };
        Some(Sending {
            way: way.name(),
            status: wording.with(key, "contact", masked.as_str()),
            button: (code.sends_left > 0).then(|| wording.text(button)),
            left: code.delivery.map(|_| wording.with("code-sends-left", "count", code.sends_left)),
            first,
        })
    }

    fn choice(&self, way: &Way) -> Choice {
        let wording = self.frame.wording;
        let text = match way {
            Way::Password => wording.text("way-password"),
            Way::Totp => wording.text("way-totp"),
            Way::Passkey => wording.text("way-passkey"),
            Way::Code { channel: ContactChannel::Email, masked, .. } => {
                wording.with("way-email", "contact", masked.as_str())
            }
            Way::Code { channel: ContactChannel::Sms, masked, .. } => {
                wording.with("way-sms", "contact", masked.as_str())
            }
        };
        Choice { way: way.name(), text }
    }

    fn notice(&self, notice: Notice, present: &Way, tries_left: i64) -> String {
        let wrong = match present {
            Way::Password => "notice-wrong",
            Way::Passkey => "notice-wrong-passkey",
            Way::Totp | Way::Code { .. } => "notice-wrong-code",
        };
        match notice {
            Notice::Wrong => self.frame.wording.with(wrong, "count", tries_left),
            Notice::UsedBefore => self.frame.wording.with("notice-used-before", "count", tries_left),
            Notice::Empty => self.frame.text("notice-empty"),
            Notice::TooLong => self.frame.text("notice-too-long"),
            Notice::StaleForm => self.frame.text("notice-stale"),
            Notice::EmptyCode => self.frame.text("notice-empty-code"),
            Notice::NotSixDigits => self.frame.text("notice-not-six-digits"),
            Notice::OtherField => self.frame.text("notice-other-field"),
            Notice::NoCode => self.frame.text("notice-no-code"),
            Notice::TooManyCodes => self.frame.text("notice-too-many-codes"),
            Notice::NoPasskey => self.frame.text("notice-no-passkey"),
            Notice::WayGone => self.frame.text("notice-way-gone"),
        }
    }
}

//! What stands around every page of the members: the issuer's name, where one can go, the language, whom to call.

use super::routes::NAVIGATION;
use super::signed::Signed;
use crate::config::IssuerSettings;
use crate::domain::challenge::{Language, TimeBase};
use crate::domain::clock::Micros;
use crate::flow::member::session;
use crate::pages::Pages;
use crate::pages::pieces::act_form::Around;
use crate::pages::texts::Wording;
use crate::texts::moment;

/// The style sheet of the members' pages, inline: one request, nothing to be kept.
pub(super) const STYLE: &str = concat!(
    include_str!("../templates/colours.css"),
    include_str!("../templates/staff.css"),
    include_str!("../templates/member.css")
);

/// The frame of one page.
pub(in crate::pages) struct MemberFrame<'a> {
    /// The words of its language.
    pub(in crate::pages) wording: Wording<'a>,
    /// Its style sheet.
    pub(in crate::pages) style: &'static str,
    /// Its title, as it is shown.
    pub(in crate::pages) title: String,
    /// Whether its title says that something went wrong.
    pub(in crate::pages) error: bool,
    issuer: &'a IssuerSettings,
    inside: Option<Inside>,
    /// Where the language is switched, for those who are not signed in.
    switch: String,
}

/// What only those who are signed in see.
struct Inside {
    member_id: String,
    token: String,
    here: String,
    places: Vec<Place>,
}

/// A place to go to.
pub(in crate::pages) struct Place {
    pub(in crate::pages) path: &'static str,
    pub(in crate::pages) title: String,
    pub(in crate::pages) is_here: bool,
}

impl<'a> MemberFrame<'a> {
    /// Around a page of somebody who is signed in. Until her registration is complete there is nowhere else to go.
    pub(super) fn inside(signed: &'a Signed, title: &str) -> Self {
        let pages = signed.pages();
        let wording = pages.texts.in_language(signed.language());
        let here = signed.path().as_str().to_owned();
        let path = here.split('?').next().unwrap_or_default();
        let places = NAVIGATION.iter().filter(|_| signed.session.is_complete);
        let places = places.map(|place| Place {
            path: place.path,
            title: wording.text(place.title),
            is_here: path == place.path,
        });
        let inside = Inside {
            member_id: signed.session.member_id.clone(),
            token: session::form_token(&pages.app, &signed.session.digest),
            places: places.collect(),
            here: here.clone(),
        };
        Self { inside: Some(inside), ..Self::outside(pages, signed.language(), title, String::new()) }
    }

    /// Around a page of somebody who is not; `switch` leads to the same page in the other language.
    pub(super) fn outside(pages: &'a Pages, language: Language, title: &str, switch: String) -> Self {
        let wording = pages.texts.in_language(language);
        let issuer = &pages.app.config.issuer;
        Self { wording, style: STYLE, title: wording.text(title), error: false, issuer, inside: None, switch }
    }

    pub(in crate::pages) fn text(&self, key: &str) -> String {
        self.wording.text(key)
    }

    pub(in crate::pages) fn language(&self) -> &'static str {
        self.wording.language().as_str()
    }

    pub(in crate::pages) fn other_language(&self) -> &'static str {
        match self.wording.language() {
            Language::Ja => Language::En.as_str(),
            Language::En => Language::Ja.as_str(),
        }
    }

    fn choose(&self, ja: &'a str, en: &'a str) -> &'a str {
        match self.wording.language() {
            Language::Ja => ja,
            Language::En => en,
        }
    }

    pub(in crate::pages) fn issuer(&self) -> &str {
        self.choose(&self.issuer.name_ja, &self.issuer.name_en)
    }

    pub(in crate::pages) fn phone(&self) -> &str {
        &self.issuer.phone
    }

    /// When the telephone is answered.
    pub(in crate::pages) fn hours(&self) -> &str {
        self.choose(&self.issuer.hours_ja, &self.issuer.hours_en)
    }

    pub(in crate::pages) fn switch(&self) -> &str {
        &self.switch
    }

    pub(in crate::pages) fn is_inside(&self) -> bool {
        self.inside.is_some()
    }

    pub(in crate::pages) fn member_id(&self) -> &str {
        self.inside.as_ref().map_or("", |inside| &inside.member_id)
    }

    pub(in crate::pages) fn here(&self) -> &str {
        self.inside.as_ref().map_or("/my", |inside| &inside.here)
    }

    pub(in crate::pages) fn places(&self) -> &[Place] {
        self.inside.as_ref().map_or(&[], |inside| &inside.places)
    }

    /// The hidden field that every form carries.
    pub(in crate::pages) fn token_field(&self) -> String {
        // Hexadecimal digits need no escaping.
        let token = self.inside.as_ref().map_or("", |inside| &inside.token);
        format!("<input type=\"hidden\" name=\"form_token\" value=\"{token}\">")
    }

    /// Date and time of day, in the issuer's time.
    pub(in crate::pages) fn moment(&self, at: Micros) -> String {
        moment::date_and_time(at, TimeBase::Japan, self.wording)
    }
}

impl Around for MemberFrame<'_> {
    fn text(&self, key: &str) -> String {
        self.wording.text(key)
    }

    fn token_field(&self) -> String {
        MemberFrame::token_field(self)
    }
}

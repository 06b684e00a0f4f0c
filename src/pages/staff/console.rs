//! What stands around every page of the staff: who is signed in, where one can go, the language.

use super::routes::NAVIGATION;
use super::signed::Signed;
use crate::domain::challenge::{Language, TimeBase};
use crate::domain::clock::Micros;
use crate::flow::staff::{rights, session};
use crate::pages::Pages;
use crate::pages::pieces::act_form::Around;
use crate::pages::texts::Wording;
use crate::texts::moment;

/// The style sheet of the staff's pages, inline: one request, nothing to be kept.
pub(super) const STYLE: &str = concat!(
    include_str!("../templates/colours.css"),
    include_str!("../templates/staff.css"),
    include_str!("../templates/policies.css"),
    include_str!("../../charts/charts.css"),
);

/// The frame of one page.
pub(in crate::pages) struct Console<'a> {
    /// The words of its language.
    pub(in crate::pages) wording: Wording<'a>,
    /// Its style sheet.
    pub(in crate::pages) style: &'static str,
    /// Its title, as it is shown.
    pub(in crate::pages) title: String,
    /// Whether its title says that something went wrong.
    pub(in crate::pages) error: bool,
    issuer: String,
    inside: Option<Inside>,
    /// Where the language is switched, for those who are not signed in.
    switch: String,
}

/// What only those who are signed in see.
struct Inside {
    display_name: String,
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

impl<'a> Console<'a> {
    /// Around a page of somebody who is signed in.
    pub(super) fn inside(signed: &'a Signed, title: &str) -> Self {
        let pages = signed.pages();
        let wording = pages.texts.in_language(signed.language());
        let here = signed.path().as_str().to_owned();
        let shown = |act| rights::offers(&pages.app, &signed.session.who, act);
        let places = NAVIGATION.iter().filter(|place| place.act.is_none_or(shown));
        let places = places.map(|place| Place {
            path: place.path,
            title: wording.text(place.title),
            is_here: is_at(&here, place.path),
        });
        let inside = Inside {
            display_name: signed.session.who.display_name.clone(),
            token: session::form_token(&pages.app, &signed.session.digest),
            places: places.collect(),
            here,
        };
        Self { inside: Some(inside), ..Self::outside(pages, signed.language(), title, String::new()) }
    }

    /// Around a page of somebody who is not; `switch` leads to the same page in the other language.
    pub(super) fn outside(pages: &'a Pages, language: Language, title: &str, switch: String) -> Self {
        let (wording, issuer) = (pages.texts.in_language(language), &pages.app.config.issuer);
        let name = if language == Language::Ja { &issuer.name_ja } else { &issuer.name_en };
        let (title, issuer) = (wording.text(title), name.clone());
        Self { wording, style: STYLE, title, error: false, issuer, inside: None, switch }
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

    pub(in crate::pages) fn issuer(&self) -> &str {
        &self.issuer
    }

    pub(in crate::pages) fn switch(&self) -> &str {
        &self.switch
    }

    pub(in crate::pages) fn is_inside(&self) -> bool {
        self.inside.is_some()
    }

    pub(in crate::pages) fn display_name(&self) -> &str {
        self.inside.as_ref().map_or("", |inside| &inside.display_name)
    }

    pub(in crate::pages) fn here(&self) -> &str {
        self.inside.as_ref().map_or("/staff", |inside| &inside.here)
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

/// Whether an address is a place's own page or, but for home, lies below it.
fn is_at(here: &str, place: &str) -> bool {
    let path = here.split('?').next().unwrap_or_default();
    let below = path.strip_prefix(place);
    below.is_some_and(|rest| rest.is_empty() || (place != "/staff" && rest.starts_with('/')))
}

impl Around for Console<'_> {
    fn text(&self, key: &str) -> String {
        self.wording.text(key)
    }

    fn token_field(&self) -> String {
        Console::token_field(self)
    }
}

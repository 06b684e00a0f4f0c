//! The words of the pages, in the languages that there are.

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource, FluentValue};
use unic_langid::LanguageIdentifier;

use crate::domain::challenge::Language;

const JA: &[&str] = &[include_str!("translations/ja.ftl"), include_str!("translations/staff.ja.ftl")];
const EN: &[&str] = &[include_str!("translations/en.ftl"), include_str!("translations/staff.en.ftl")];

/// All words, read once.
pub(super) struct Texts {
    ja: FluentBundle<FluentResource>,
    en: FluentBundle<FluentResource>,
}

/// The words of one language.
#[derive(Clone, Copy)]
pub(super) struct Wording<'a> {
    bundle: &'a FluentBundle<FluentResource>,
    language: Language,
}

impl Texts {
    pub(super) fn new() -> Self {
        Self { ja: bundle(Language::Ja, JA), en: bundle(Language::En, EN) }
    }

    pub(super) fn in_language(&self, language: Language) -> Wording<'_> {
        let bundle = match language {
            Language::Ja => &self.ja,
            Language::En => &self.en,
        };
        Wording { bundle, language }
    }
}

/// A part that cannot be read is left out: the tests hold that there is none.
fn bundle(language: Language, sources: &[&str]) -> FluentBundle<FluentResource> {
    let language: LanguageIdentifier = language.as_str().parse().unwrap_or_default();
    let mut bundle = FluentBundle::new_concurrent(vec![language]);
    // Isolation would put direction marks around every argument, into copied texts and titles too.
    bundle.set_use_isolating(false);
    for source in sources {
        let resource = FluentResource::try_new((*source).to_owned()).unwrap_or_else(|(resource, _)| resource);
        bundle.add_resource_overriding(resource);
    }
    bundle
}

impl Wording<'_> {
    pub(super) fn language(&self) -> Language {
        self.language
    }

    /// The text with this key; the key itself if there is none.
    pub(super) fn text(&self, key: &str) -> String {
        self.format(key, None)
    }

    /// The text with this key and one argument.
    pub(super) fn with<'v>(&self, key: &str, name: &'static str, value: impl Into<FluentValue<'v>>) -> String {
        let mut arguments = FluentArgs::new();
        arguments.set(name, value);
        self.format(key, Some(&arguments))
    }

    fn format(&self, key: &str, arguments: Option<&FluentArgs<'_>>) -> String {
        let Some(pattern) = self.bundle.get_message(key).and_then(|message| message.value()) else {
            return key.to_owned();
        };
        self.bundle.format_pattern(pattern, arguments, &mut Vec::new()).into_owned()
    }
}

/// The first language of an `Accept-Language` header that we have; its weights are taken to be in order.
pub(super) fn accepted(header: &str) -> Option<Language> {
    header.split(',').find_map(|range| {
        let tag = range.split(';').next()?.trim();
        Language::parse(&tag.split('-').next()?.to_ascii_lowercase())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(sources: &[&str]) -> Vec<String> {
        let resource = FluentResource::try_new(sources.concat()).map_err(|(_, errors)| errors).unwrap();
        let mut keys: Vec<String> = resource
            .source()
            .lines()
            .filter(|line| !line.starts_with(' ') && !line.starts_with('}'))
            .filter_map(|line| Some(line.split_once(" =")?.0.to_owned()))
            .collect();
        keys.sort();
        let once = keys.len();
        keys.dedup();
        assert_eq!(keys.len(), once, "a key stands there twice");
        keys
    }

    #[test]
    fn every_text_is_in_both_languages_and_can_be_read() {
        assert_eq!(keys(JA), keys(EN));
        let texts = Texts::new();
        for key in keys(JA) {
            for language in [Language::Ja, Language::En] {
                assert_ne!(texts.in_language(language).text(&key), key);
            }
        }
    }

    #[test]
    fn counted_texts_follow_the_number() {
        let texts = Texts::new();
        let english = texts.in_language(Language::En);
        assert_eq!(english.with("tries-left", "count", 1), "You have 1 try.");
        assert_eq!(english.with("tries-left", "count", 3), "You have 3 tries.");
    }

    #[test]
    fn the_first_language_that_we_have_is_taken() {
        let cases = [
            ("ja-JP,ja;q=0.9,en;q=0.8", Some(Language::Ja)),
            ("en-GB, ja", Some(Language::En)),
            ("fr, de;q=0.5, EN;q=0.1", Some(Language::En)),
            ("fr", None),
            ("", None),
        ];
        for (header, expected) in cases {
            assert_eq!(accepted(header), expected, "{header}");
        }
    }
}

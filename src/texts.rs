//! Words for people, in the languages that there are: looked up by key, with arguments filled in.
//!
//! Knows how texts are kept and chosen; the texts themselves stand beside who shows them.

pub mod foreign;
pub mod moment;

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource, FluentValue};
use unic_langid::LanguageIdentifier;

use crate::domain::challenge::Language;

/// All words of one place, read once.
pub struct Texts {
    ja: FluentBundle<FluentResource>,
    en: FluentBundle<FluentResource>,
}

/// The words of one language.
#[derive(Clone, Copy)]
pub struct Wording<'a> {
    bundle: &'a FluentBundle<FluentResource>,
    language: Language,
}

impl Texts {
    /// The words in these files, in Japanese and in English.
    pub fn new(ja: &[&str], en: &[&str]) -> Self {
        Self { ja: bundle(Language::Ja, ja), en: bundle(Language::En, en) }
    }

    /// The words of one language.
    pub fn in_language(&self, language: Language) -> Wording<'_> {
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
    /// The language.
    pub fn language(&self) -> Language {
        self.language
    }

    /// The text with this key; the key itself if there is none.
    pub fn text(&self, key: &str) -> String {
        self.format(key, None)
    }

    /// The text with this key and one argument.
    pub fn with<'v>(&self, key: &str, name: &'static str, value: impl Into<FluentValue<'v>>) -> String {
        let mut arguments = FluentArgs::new();
        arguments.set(name, value);
        self.format(key, Some(&arguments))
    }

    /// The text with this key and several arguments.
    pub fn with_all(&self, key: &str, values: &[(&'static str, &str)]) -> String {
        let mut arguments = FluentArgs::new();
        for (name, value) in values {
            arguments.set(*name, *value);
        }
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
pub fn accepted(header: &str) -> Option<Language> {
    header.split(',').find_map(|range| {
        let tag = range.split(';').next()?.trim();
        Language::parse(&tag.split('-').next()?.to_ascii_lowercase())
    })
}

/// Holds that every text is in both languages and can be read.
#[cfg(test)]
pub(crate) fn hold_complete(ja: &[&str], en: &[&str]) {
    let keys = |sources: &[&str]| {
        let resource = FluentResource::try_new(sources.concat()).map_err(|(_, errors)| errors).unwrap();
        let is_first = |line: &&str| !line.starts_with(' ') && !line.starts_with('}');
        let lines = resource.source().lines().filter(is_first);
        let mut keys: Vec<String> = lines.filter_map(|line| Some(line.split_once(" =")?.0.to_owned())).collect();
        keys.sort();
        let count = keys.len();
        keys.dedup();
        assert_eq!(keys.len(), count, "a key stands there twice");
        keys
    };
    assert_eq!(keys(ja), keys(en));
    let texts = Texts::new(ja, en);
    for key in keys(ja) {
        for language in [Language::Ja, Language::En] {
            assert_ne!(texts.in_language(language).text(&key), key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counted_texts_follow_the_number() {
        let source = "tries = { $count ->\n    [one] one try\n   *[other] { $count } tries\n}\n";
        let texts = Texts::new(&[], &[source]);
        let english = texts.in_language(Language::En);
        assert_eq!(english.with("tries", "count", 1), "one try");
        assert_eq!(english.with("tries", "count", 3), "3 tries");
        assert_eq!(english.text("nothing"), "nothing");
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

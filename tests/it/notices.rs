//! What cardholders are told: the versions that ship, a folder of one's own, and everything that can be wrong with it.

use std::path::Path;

use sekisho::domain::challenge::Language;
use sekisho::domain::clock::Micros;
use sekisho::notices::{Block, Document, Notices, Placeholders};
use tempfile::TempDir;

fn placeholders(language: Language) -> Placeholders {
    Placeholders {
        issuer: if language == Language::Ja { "関所カード" } else { "Sekisho Card" }.to_owned(),
        phone: "0120-000-000".to_owned(),
        ..Placeholders::default()
    }
}

fn load(folder: Option<&Path>) -> Result<Notices, String> {
    Notices::load(folder, placeholders).map_err(|error| error.to_string())
}

fn at(time: &str) -> Micros {
    Micros::from(time.parse::<jiff::Timestamp>().unwrap())
}

/// A folder with these versions, each valid from the given day.
fn folder(versions: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (version, from) in versions {
        let head = format!("version = \"{version}\"\nvalid_from = \"{from}T00:00:00+09:00\"\nbasis = \"notice\"\n");
        write(&folder, &format!("{version}/notice.toml"), &head);
        for file in ["notice.ja.md", "notice.en.md", "script.ja.md", "script.en.md"] {
            write(&folder, &format!("{version}/{file}"), &format!("# {file} of {version}\n\nCall {{phone}}.\n"));
        }
    }
    folder
}

fn write(folder: &TempDir, path: &str, text: &str) {
    let path = folder.path().join(path);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
}

/// All its text in one line.
fn text(document: &Document) -> String {
    let blocks = document.lead.iter().chain(document.sections.iter().flat_map(|section| &section.blocks));
    let texts = blocks.flat_map(|block| match block {
        Block::Paragraph(text) => vec![text.clone()],
        Block::List(items) => items.clone(),
    });
    texts.collect::<Vec<_>>().join(" ")
}

#[test]
fn the_notices_that_ship_are_whole_in_both_languages() {
    let notices = load(None).unwrap();
    for notice in notices.all() {
        for (language, issuer) in [(Language::Ja, "関所カード"), (Language::En, "Sekisho Card")] {
            for document in [notice.notice(language), notice.script(language)] {
                assert!(text(document).contains(issuer) && document.sections.len() >= 4, "{document:?}");
            }
            assert!(text(notice.notice(language)).contains("0120-000-000"));
        }
    }
    let now = at("2026-11-22T00:00:00Z");
    let current = notices.current(now);
    assert_eq!((current.version.as_str(), current.valid_from <= now), ("2026-04", true));
    assert_eq!(notices.by_version("2026-04").unwrap().version, "2026-04");
    assert!(notices.by_version("1999").is_none());
}

#[test]
fn an_agent_reads_the_script_in_under_a_minute() {
    let notices = load(None).unwrap();
    let current = notices.current(at("2026-11-22T00:00:00Z"));
    // What is read aloud are the paragraphs; lists are for the agent. Announcers read 350 letters of Japanese or 160
    // words of English in a minute.
    let aloud = |language| {
        let sections = &current.script(language).sections;
        let blocks = sections.iter().flat_map(|section| &section.blocks);
        let paragraphs = blocks.filter_map(|block| match block {
            Block::Paragraph(text) => Some(text.as_str()),
            Block::List(_) => None,
        });
        paragraphs.collect::<Vec<_>>().join(" ")
    };
    let (ja, en) = (aloud(Language::Ja).chars().count(), aloud(Language::En).split_whitespace().count());
    assert!(ja <= 350, "{ja} letters");
    assert!(en <= 160, "{en} words");
}

#[test]
fn the_last_version_that_is_valid_is_shown_and_older_ones_stay_known() {
    let folder = folder(&[("v2", "2026-06-01"), ("v1", "2026-01-01"), ("v3", "2027-01-01")]);
    let notices = load(Some(folder.path())).unwrap();
    let shown = |time| notices.current(at(time)).version.clone();
    assert_eq!(shown("2026-11-22T00:00:00Z"), "v2");
    assert_eq!(shown("2026-05-31T14:59:59Z"), "v1");
    assert_eq!(shown("2026-05-31T15:00:00Z"), "v2");
    assert_eq!(shown("2030-01-01T00:00:00Z"), "v3");
    assert_eq!(shown("2020-01-01T00:00:00Z"), "v1", "before any is valid, the first one");
    assert_eq!(notices.all().map(|notice| notice.version.as_str()).collect::<Vec<_>>(), ["v1", "v2", "v3"]);
    assert_eq!(text(notices.by_version("v1").unwrap().notice(Language::En)), "Call 0120-000-000.");
}

#[test]
fn everything_that_is_wrong_with_a_folder_is_told_at_once() {
    let good = folder(&[("v1", "2026-01-01")]);
    std::fs::remove_file(good.path().join("v1/script.en.md")).unwrap();
    write(&good, "v1/notice.ja.md", "# 題\n\n<script>x</script>\n{name}\n");
    write(&good, "v1/notice.fr.md", "# Titre\n");
    let error = load(Some(good.path())).unwrap_err();
    for part in [
        "v1/script.en.md: missing",
        "v1/notice.fr.md: no such file",
        "v1/notice.ja.md:3: neither HTML",
        "v1/notice.ja.md:4: `{name}` is no placeholder",
        "hint:",
    ] {
        assert!(error.contains(part), "`{part}` is not in: {error}");
    }
}

#[test]
fn versions_and_dates_are_unique_and_a_head_is_complete() {
    let twice = folder(&[("v1", "2026-01-01"), ("v2", "2026-02-01")]);
    let head = "version = \"v1\"\nvalid_from = \"2026-01-01T00:00:00+09:00\"\nbasis = \"notice\"\n";
    write(&twice, "v2/notice.toml", head);
    let error = load(Some(twice.path())).unwrap_err();
    assert!(error.contains("`v1` stands twice") && error.contains("same moment"), "{error}");
    for (head, part) in [
        ("version = \"v1\"\n", "valid_from"),
        ("version = \"v1\"\nvalid_from = \"soon\"\nbasis = \"notice\"\n", "notice.toml"),
        ("version = \"v 1\"\nvalid_from = \"2026-01-01T00:00:00Z\"\nbasis = \"notice\"\n", "`version`"),
        ("version = \"v1\"\nvalid_from = \"2026-01-01T00:00:00Z\"\nbasis = \"wish\"\n", "notice.toml"),
        ("colour = 1\nversion = \"v1\"\nvalid_from = \"2026-01-01T00:00:00Z\"\nbasis = \"notice\"\n", "colour"),
    ] {
        let folder = folder(&[("v1", "2026-01-01")]);
        write(&folder, "v1/notice.toml", head);
        let error = load(Some(folder.path())).expect_err(head);
        assert!(error.contains(part), "`{part}` is not in: {error}");
    }
    assert!(load(Some(tempfile::tempdir().unwrap().path())).unwrap_err().contains("no version"));
    assert!(load(Some(Path::new("/nowhere/at/all"))).unwrap_err().contains("cannot be read"));
}

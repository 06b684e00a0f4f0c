//! Bundle folders as somebody may have left them: links, pipes, huge, broken and half-written files.

use std::os::unix::fs::symlink;
use std::path::Path;

use sekisho::policy::{Bundle, BundleSource, case};

fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (path, text) in BundleSource::shipped().files() {
        let path = folder.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    folder
}

fn refused(folder: &Path) -> String {
    BundleSource::read(folder).unwrap_err().to_string()
}

#[test]
fn a_link_out_of_the_folder_is_refused() {
    let (folder, outside) = (folder(), tempfile::tempdir().unwrap());
    let secret = outside.path().join("secret");
    std::fs::write(&secret, "a secret").unwrap();
    symlink(&secret, folder.path().join("approve/x.cedar")).unwrap();
    let said = refused(folder.path());
    assert_eq!(
        said,
        "approve/x.cedar: the link leads out of the bundle's folder\n  hint: put the file itself in its place"
    );
    std::fs::remove_file(folder.path().join("approve/x.cedar")).unwrap();
    symlink(outside.path(), folder.path().join("cases/more")).unwrap();
    assert!(refused(folder.path()).starts_with("cases/more: the link leads out of the bundle's folder"));
    std::fs::remove_file(folder.path().join("cases/more")).unwrap();
    symlink(folder.path().join("nowhere"), folder.path().join("cases/gone.yaml")).unwrap();
    assert!(refused(folder.path()).starts_with("cases/gone.yaml: cannot be read: "));
}

#[test]
fn a_link_to_a_file_in_the_folder_is_followed_and_one_to_a_folder_is_not() {
    let folder = folder();
    let hidden = folder.path().join(".version");
    std::fs::create_dir(&hidden).unwrap();
    std::fs::rename(folder.path().join("bundle.toml"), hidden.join("bundle.toml")).unwrap();
    symlink(".version/bundle.toml", folder.path().join("bundle.toml")).unwrap();
    assert_eq!(BundleSource::read(folder.path()).unwrap().digest(), BundleSource::shipped().digest());
    symlink("..", folder.path().join("approve/again")).unwrap();
    assert!(refused(folder.path()).starts_with("approve/again: is no ordinary file\n  hint: "));
}

#[test]
fn a_pipe_does_not_hang_it() {
    let folder = folder();
    let pipe = folder.path().join("approve/pipe.cedar");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    assert!(refused(folder.path()).starts_with("approve/pipe.cedar: is no ordinary file\n  hint: "));
    std::fs::remove_file(&pipe).unwrap();
    let _listener = std::os::unix::net::UnixListener::bind(folder.path().join("approve/s.cedar")).unwrap();
    assert!(refused(folder.path()).starts_with("approve/s.cedar: "));
}

#[test]
fn a_file_of_fifty_megabytes_is_refused_without_being_read() {
    let folder = folder();
    let file = std::fs::File::create(folder.path().join("cases/huge.yaml")).unwrap();
    file.set_len(50 * 1024 * 1024).unwrap();
    assert!(refused(folder.path()).contains("cases/huge.yaml: a bundle holds at most 16 MiB in all\n  hint: "));
}

#[test]
fn too_many_files_and_too_deep_folders_are_refused() {
    let many = folder();
    for number in 0..4_096 {
        std::fs::write(many.path().join(format!("cases/{number}.yaml")), "").unwrap();
    }
    assert!(refused(many.path()).contains("a bundle holds at most 4096 files"));
    let deep = folder();
    std::fs::create_dir_all(deep.path().join("a/b/c/d/e/f/g/h/i/j")).unwrap();
    assert!(refused(deep.path()).contains("folders stand more than 8 deep in each other"));
}

#[test]
fn a_file_that_is_not_utf_8_is_named_with_the_line() {
    let folder = folder();
    std::fs::write(folder.path().join("approve/x.cedar"), b"// one\n// \x93\xfa\x96\x7b\n").unwrap();
    let said = refused(folder.path());
    assert_eq!(
        said,
        "approve/x.cedar:2: the file is not UTF-8 text\n  hint: save it as UTF-8; other encodings of Japanese are not read"
    );
}

/// Cut off anywhere, a bundle is refused with the file's name, or what is left of it is whole in itself; it never panics.
#[test]
fn a_half_written_file_is_refused_by_its_name_or_whole() {
    let shipped = BundleSource::shipped();
    for file in [
        "approve/new-address.cedar",
        "bundle.toml",
        "reasons.toml",
        "reference/recipients.toml",
        "schema.cedarschema",
        "invariants/ladder.cedar",
    ] {
        let text = shipped.text(file).unwrap();
        for cut in [1, 3, 5, 7].map(|eighths| text.len() * eighths / 8) {
            let cut = (0..=cut).rev().find(|at| text.is_char_boundary(*at)).unwrap();
            let half = &text[..cut];
            match Bundle::build(shipped.clone().with(file, half)) {
                Err(errors) => {
                    // What is gone may be missed where it is used.
                    let missed = ["unknown reason", "unknown annotation"];
                    assert!(
                        errors
                            .0
                            .iter()
                            .any(|fault| fault.file == file || missed.iter().any(|what| fault.message.contains(what))),
                        "{file} {cut}: {errors}"
                    );
                }
                // Nothing but a comment or the end of a list is lost.
                Ok(_) => assert!(is_whole(file, half), "{file} {cut}:\n{half}"),
            }
        }
    }
    let fixtures = shipped.text("cases/fixtures.yaml").unwrap();
    let half = Bundle::build(shipped.clone().with("cases/fixtures.yaml", &fixtures[..600])).unwrap();
    let said = case::run(&half).unwrap_err().to_string();
    assert!(said.starts_with("cases/fixtures.yaml"), "{said}");
}

/// Whether what is left of a file can be read in itself.
fn is_whole(file: &str, text: &str) -> bool {
    let comment = |line: &str| line.trim().is_empty() || line.starts_with("//");
    if Path::new(file).extension().is_some_and(|extension| extension == "toml") {
        return toml::from_str::<toml::Table>(text).is_ok();
    }
    text.trim().ends_with(';') || text.lines().all(comment)
}

#[test]
fn the_place_of_a_fault_is_known_to_the_byte() {
    let rule = "@id(\"x\")\n@title(\"t\")\n@reason(\"amount_large\")\n@owner(\"tests\")\nforbid (principal, action == \
                Action::\"approve\", resource)\nwhen { context.card.colour == \"red\" };\n";
    let errors = Bundle::build(BundleSource::shipped().with("approve/x.cedar", rule)).unwrap_err();
    let fault = &errors.0[0];
    let span = fault.span.unwrap();
    assert_eq!(fault.line, Some(6));
    assert!(rule[span.start..span.start + span.length].contains("context.card.colour"), "{span:?}");
}

//! Staff people on the command line: the first one, signing in, and what needs a session.

use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Output, Stdio};

use crate::support::process::{Deployment, word};
use crate::support::staff::PASSWORD;

/// Runs the program beside the deployment's own commands: with a home of its own, and answers on standard input.
fn run(deployment: &Deployment, arguments: &[&str], answer: impl FnOnce(&mut std::process::Child)) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_sekisho"))
        .env_clear()
        .env("XDG_STATE_HOME", deployment.path("state"))
        .arg("--data")
        .arg(deployment.path("data"))
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    answer(&mut child);
    child.wait_with_output().unwrap()
}

fn said(output: &Output) -> (i32, String, String) {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    (output.status.code().unwrap(), text(&output.stdout), text(&output.stderr))
}

fn plain(deployment: &Deployment, arguments: &[&str]) -> (i32, String, String) {
    said(&run(deployment, arguments, |_| {}))
}

/// Sets a person up in the terminal and answers one of her recovery codes.
fn set_up(deployment: &Deployment, code: &str) -> String {
    let output = run(deployment, &["staff", "setup"], |child| {
        let mut answers = child.stdin.take().unwrap();
        write!(answers, "{code}\n{PASSWORD}\n{PASSWORD}\n").unwrap();
        // The secret is read before the one-time password can be given.
        let mut out = std::io::BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        while !line.starts_with("otpauth://") {
            line.clear();
            std::io::BufRead::read_line(&mut out, &mut line).unwrap();
        }
        let totp = totp_rs::Totp::from_url(line.trim()).unwrap();
        writeln!(answers, "{}", totp.generate_current()).unwrap();
        drop(answers);
        let mut rest = String::new();
        std::io::Read::read_to_string(&mut out, &mut rest).unwrap();
        std::fs::write(deployment.path("said"), rest).unwrap();
    });
    assert!(output.status.success(), "{output:?}");
    let rest = std::fs::read_to_string(deployment.path("said")).unwrap();
    rest.lines().find(|line| line.starts_with("  ") && line.contains('-')).unwrap().trim().to_owned()
}

fn login(deployment: &Deployment, name: &str, code: &str) -> (i32, String, String) {
    deployment.write("password", format!("{PASSWORD}\n"));
    let file = deployment.path("password");
    plain(deployment, &["login", "--name", name, "--password-file", file.to_str().unwrap(), "--code", code])
}

#[test]
fn the_first_person_is_added_without_a_login_and_everything_else_needs_one() {
    let deployment = Deployment::migrated();
    let create = ["staff", "create", "--name", "Kanri", "--display-name", "管理 花子", "--role"];
    let with = |role| [create.as_slice(), &[role]].concat();
    let (code, _, err) = plain(&deployment, &["login", "--name", "kanri"]);
    assert!(code == 1 && err.contains("there are no staff people yet\nhint: run `sekisho staff create"), "{err}");
    let (code, _, err) = plain(&deployment, &with("agent"));
    assert!(code == 1 && err.contains("the first staff person must be an administrator\nhint: "), "{err}");
    let (code, out, err) = plain(&deployment, &with("administrator"));
    assert_eq!((code, err.as_str()), (0, ""));
    let setup_code = out.lines().find_map(|line| line.strip_prefix("setup code  ")).unwrap().to_owned();
    assert!(out.contains("/staff/setup"), "{out}");
    for arguments in [
        with("agent").as_slice(),
        &["staff", "list"],
        &["merchant", "create", "--name", "A", "--category-code", "5411"],
        &["issuer", "key", "create"],
        &["consent", "object", "--cardholder", "x", "--channel", "phone"],
    ] {
        let (code, out, err) = plain(&deployment, arguments);
        let expected = "error: nobody is signed in, or the session is over\nhint: run `sekisho login`\n";
        assert_eq!((code, out.as_str(), err.as_str()), (1, "", expected), "{arguments:?}");
    }
    let recovery_code = set_up(&deployment, &setup_code);
    let (code, out, err) = login(&deployment, "KANRI", &recovery_code);
    assert_eq!(code, 0, "{err}");
    let file = deployment.path("state/sekisho/session");
    assert!(out.contains("signed in as kanri") && out.contains(file.to_str().unwrap()), "{out}");
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    assert!(!out.contains(std::fs::read_to_string(&file).unwrap().trim()), "the token is not shown");

    let merchant = ["merchant", "create", "--name", "A", "--category-code", "5411"];
    let (code, out, err) = plain(&deployment, &merchant);
    assert_eq!(code, 0, "{err}");
    word(&out, "mer_");
    let actors = "SELECT COUNT(*) FROM audit_entries WHERE action = 'merchant.register' AND actor LIKE 'staff:staff\\_%' \
                  ESCAPE '\\'";
    assert_eq!(deployment.count(actors), 1);
    let (code, _, err) = plain(&deployment, &with("agent"));
    assert!(code == 1 && err.contains("hint: run `sekisho login` again"), "a recovery code is not enough: {err}");
    let object = ["consent", "object", "--cardholder", "x", "--channel", "phone"];
    let (code, _, err) = plain(&deployment, &object);
    assert!(code == 1 && err.contains("you may not do this (`consent_object`)\nhint: "), "{err}");
    assert_eq!(deployment.count("SELECT COUNT(*) FROM audit_entries WHERE action = 'staff.denied'"), 1);

    assert_eq!(plain(&deployment, &["logout"]), (0, "signed out\n".to_owned(), String::new()));
    assert!(!file.exists());
    assert_eq!(plain(&deployment, &merchant).0, 1);
}

#[test]
fn a_wrong_login_tells_what_to_do_and_not_what_was_wrong() {
    let deployment = Deployment::migrated();
    deployment.merchant();
    let unknown = login(&deployment, "nobody", "123456");
    let known = login(&deployment, "operator", "123456");
    assert_eq!(unknown, known);
    assert!(known.0 == 1 && known.2.starts_with("error: name, password or code is not right\nhint: "), "{}", known.2);
}

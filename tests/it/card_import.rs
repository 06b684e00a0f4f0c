//! `sekisho card import`, run as a person runs it.

use std::time::Duration;

use super::support::card_file::{Row, file, number, row};
use super::support::process::{Deployment, Ended, now};

fn import(deployment: &Deployment, content: impl AsRef<[u8]>) -> Ended {
    let path = deployment.write("cards.csv", content);
    deployment.run(&["card", "import", path.to_str().unwrap()])
}

/// What is said of a file with these rows that must be refused, with nothing imported.
fn refused(deployment: &Deployment, content: impl AsRef<[u8]>) -> String {
    let before = deployment.count("SELECT COUNT(*) FROM cards");
    let ended = import(deployment, content);
    assert_eq!((ended.code, ended.out.as_str()), (1, ""), "{ended:?}");
    assert_eq!(deployment.count("SELECT COUNT(*) FROM cards"), before);
    ended.err
}

fn state(deployment: &Deployment, reference: &str) -> i64 {
    let opted_out = "(SELECT COUNT(*) FROM consent_states s JOIN cardholders c ON c.id = s.cardholder_id";
    deployment.count(&format!("SELECT {opted_out} WHERE c.reference = '{reference}' AND s.state = 'opted_out')"))
}

fn agreed(row: Row) -> Row {
    row.with("sharing_basis", "consent").with("notice_version", "2026-04").with("informed_at", "2026-04-01T00:00:00Z")
}

#[test]
fn a_good_file_is_imported_and_a_repetition_changes_nothing() {
    let deployment = Deployment::migrated();
    let rows = [row(1), row(2), row(3).with("cardholder_reference", "holder-1")];
    for _ in 0..2 {
        let ended = import(&deployment, file(&rows));
        assert_eq!((ended.code, ended.out.as_str()), (0, "imported 3 cards of 2 cardholders\n"), "{ended:?}");
        assert_eq!(deployment.count("SELECT COUNT(*) FROM cards"), 3);
        assert_eq!(deployment.count("SELECT COUNT(*) FROM card_numbers"), 3);
        assert_eq!(deployment.count("SELECT COUNT(*) FROM cardholders"), 2);
    }
    assert_eq!(deployment.count("SELECT COUNT(*) FROM audit_entries WHERE action = 'card.import'"), 2);
}

#[test]
fn a_later_file_updates_what_the_core_system_may_change() {
    let deployment = Deployment::migrated();
    assert_eq!(import(&deployment, file(&[row(1)])).code, 0);
    let changed = row(1).with("status", "lost").with("programme", "gold").with("email", "other@mail.example");
    assert_eq!(import(&deployment, file(&[changed])).code, 0);
    let updated = "SELECT COUNT(*) FROM cards WHERE status = 'lost' AND programme = 'gold'";
    assert_eq!(deployment.count(updated), 1);
}

#[test]
fn a_file_that_a_spreadsheet_wrote_is_read() {
    let deployment = Deployment::migrated();
    let spreadsheet = format!("\u{feff}{}", file(&[row(1), row(2)])).replace('\n', "\r\n");
    let ended = import(&deployment, spreadsheet);
    assert_eq!(ended.out, "imported 2 cards of 2 cardholders\n", "{ended:?}");
}

#[test]
fn every_wrong_row_is_told_by_its_line_and_nothing_is_imported() {
    let deployment = Deployment::migrated();
    let rows = [
        row(1),
        row(2).with("number", "3528000000000001"),
        row(3).with("number", "3528 0000 0000 0007"),
        row(4).with("expiry", "2031-13"),
        row(5).with("programme", "platinum"),
        row(6).with("card_reference", "card-1"),
        row(7).with("number", number(1)),
        row(8).with("status", "asleep"),
        row(9).with("issued_on", "01.11.2024"),
        row(10).with("country", "JP"),
        row(11).with("email", "nowhere"),
        row(12).with("phone", "12"),
        row(13).with("birth_date", "17 April"),
        row(14).with("sharing_basis", "hearsay"),
        agreed(row(15)).with("informed_at", "2999-01-01T00:00:00Z"),
        row(16).with("card_reference", ""),
    ];
    insta::assert_snapshot!(refused(&deployment, file(&rows)), @"
    error: nothing was imported: 15 rows are wrong
      line 3: `number`: the card number's check digit is wrong
      line 4: `number`: a card number has digits 0-9 only, without spaces, hyphens or full-width digits
      line 5: `expiry` must be a month `YYYY-MM`
      line 6: `programme` must be a programme of the bundle
      line 7: `card_reference` is the same as in line 2
      line 8: `number` is the same as in line 2
      line 9: `status` must be active, lost, stolen, closed or expired
      line 10: `issued_on` must be a date `YYYY-MM-DD`
      line 11: an address has `country`, `postal_code` and `line1`, or none of them
      line 12: `email` must be an e-mail address
      line 13: `phone` must be a telephone number of the address's country
      line 14: `birth_date` must be a date `YYYY-MM-DD`
      line 15: `sharing_basis` must be notice or consent
      line 16: `informed_at` must not lie in the future
      line 17: `card_reference` must have 1 to 64 characters
    hint: correct these lines and import the whole file again
    ");
    let good: Vec<Row> = rows.into_iter().take(1).collect();
    assert_eq!(import(&deployment, file(&good)).out, "imported 1 cards of 1 cardholders\n");
}

#[test]
fn a_row_that_cannot_be_read_is_told_by_its_line() {
    let deployment = Deployment::migrated();
    let text = file(&[row(1), row(2), row(3)]);
    let mut lines: Vec<Vec<u8>> = text.lines().map(|line| line.as_bytes().to_vec()).collect();
    lines[1].extend(b",surplus");
    let place = lines[2].iter().position(|byte| !byte.is_ascii()).unwrap();
    lines[2][place] = 0xff;
    lines.insert(3, Vec::new());
    lines.push(b"too,short".to_vec());
    insta::assert_snapshot!(refused(&deployment, lines.join(&b'\n')), @"
    error: nothing was imported: 3 rows are wrong
      line 2: 23 fields instead of 22
      line 3: not UTF-8
      line 6: 2 fields instead of 22
    hint: correct these lines and import the whole file again
    ");
}

#[test]
fn a_long_list_of_mistakes_is_cut() {
    let deployment = Deployment::migrated();
    let rows: Vec<Row> = (0..30).map(|index| row(index).with("expiry", "soon")).collect();
    let said = refused(&deployment, file(&rows));
    assert!(said.starts_with("error: nothing was imported: 30 rows are wrong\n  line 2: "), "{said}");
    assert_eq!(said.matches("line ").count(), 20, "{said}");
    assert!(said.contains("\n  and 10 more\n"), "{said}");
}

#[test]
fn a_heading_row_must_have_every_column_once_and_no_other() {
    let deployment = Deployment::migrated();
    let good = file(&[row(1)]);
    let cases = [
        (good.replacen("expiry,programme", "valid,programme", 1), "the heading row lacks expiry"),
        (good.replacen("name_kana,", "name_kana,name_kana,", 1), "the heading row has name_kana more than once"),
        (good.replacen("issued_on\n", "issued_on,colour\n", 1), "column 23 of the heading row is none that is known"),
        (good.lines().nth(1).unwrap().to_owned(), "the heading row lacks cardholder_reference, "),
        (String::new(), "the heading row lacks cardholder_reference, "),
    ];
    for (content, mistake) in cases {
        let said = refused(&deployment, content);
        assert!(said.contains(mistake) && said.contains("\nhint: "), "{mistake}: {said}");
    }
}

#[test]
fn a_file_that_is_not_there_is_told() {
    let deployment = Deployment::migrated();
    let ended = deployment.run(&["card", "import", "nowhere.csv"]);
    assert_eq!(ended.code, 1);
    assert!(ended.err.starts_with("error: cannot read `nowhere.csv`: "), "{}", ended.err);
}

#[test]
fn values_of_the_file_never_stand_in_an_error() {
    let deployment = Deployment::migrated();
    let secret = "4980110000000008";
    for column in ["number", "expiry", "programme", "status", "issued_on", "birth_date", "email", "phone", "country"] {
        let said = refused(&deployment, file(&[row(1).with(column, secret)]));
        assert!(said.contains(&format!("line 2: `{column}`")) || column == "country" || column == "number", "{said}");
        assert!(!said.contains(secret), "{column}: {said}");
    }
    for column in ["sharing_basis", "informed_at", "notice_version"] {
        let said = refused(&deployment, file(&[agreed(row(1)).with(column, secret.repeat(5))]));
        assert!(!said.contains(secret), "{column}: {said}");
    }
    let shifted = file(&[row(1)]).replacen("holder-1", &format!("{secret},holder-1"), 1);
    assert!(!refused(&deployment, shifted).contains(secret));
    let without_heading = format!("{secret},{}", file(&[row(1)]));
    assert!(!refused(&deployment, without_heading).contains(secret));
}

#[test]
fn what_is_registered_is_not_turned_upside_down() {
    let deployment = Deployment::migrated();
    let rows = [row(1), row(2), row(3).with("status", "closed")];
    assert_eq!(import(&deployment, file(&rows)).code, 0);
    let cases = [
        (row(1).with("cardholder_reference", "holder-2"), "the card belongs to another cardholder"),
        (row(1).with("number", number(9)), "the card is registered with another number or expiry; renew it"),
        (row(1).with("expiry", "2033-01"), "the card is registered with another number or expiry; renew it"),
        (row(9).with("number", number(1)), "`number` is registered already, under another card reference"),
        (row(3), "the card is closed for good"),
    ];
    for (changed, mistake) in cases {
        let said = refused(&deployment, file(&[row(8), changed]));
        assert!(said.contains(&format!("a row is wrong\n  line 3: {mistake}")), "{mistake}: {said}");
    }
}

#[test]
fn an_import_never_overwrites_an_objection() {
    let deployment = Deployment::migrated();
    let content = file(&[agreed(row(1))]);
    assert_eq!(import(&deployment, &content).code, 0);
    assert_eq!(state(&deployment, "holder-1"), 0);
    deployment.fine(&["consent", "object", "--cardholder", "holder-1", "--channel", "phone"]);
    assert_eq!(state(&deployment, "holder-1"), 1);
    assert_eq!(import(&deployment, &content).code, 0);
    assert_eq!(state(&deployment, "holder-1"), 1);
    assert_eq!(deployment.count("SELECT COUNT(*) FROM consent_events"), 2);
}

#[test]
fn an_objection_before_any_basis_stands_too() {
    let deployment = Deployment::migrated();
    assert_eq!(import(&deployment, file(&[row(1)])).code, 0);
    deployment.fine(&["consent", "object", "--cardholder", "holder-1", "--channel", "letter"]);
    assert_eq!(import(&deployment, file(&[agreed(row(1))])).code, 0);
    assert_eq!(state(&deployment, "holder-1"), 1);
}

#[test]
fn five_thousand_rows_are_imported_within_half_a_minute() {
    for deployment in Deployment::on_every_database() {
        let rows: Vec<Row> = (0..5_000).map(row).collect();
        let began = now();
        let ended = import(&deployment, file(&rows));
        assert_eq!(ended.out, "imported 5000 cards of 5000 cardholders\n", "{ended:?}");
        assert!(began.elapsed() < Duration::from_secs(30), "{:?}", began.elapsed());
    }
}

#[test]
fn lines_of_one_cardholder_that_name_different_bases_of_sharing_are_refused() {
    let deployment = Deployment::migrated();
    let second = row(2).with("cardholder_reference", "holder-1");
    for (first, second) in [(agreed(row(1)), second.clone()), (row(1), agreed(second.clone()))] {
        let said = refused(&deployment, file(&[first, second, row(3)]));
        assert!(
            said.contains("line 3: `sharing_basis`, `notice_version` and `informed_at` differ from line 2"),
            "{said}"
        );
    }
    let ended = import(&deployment, file(&[agreed(row(1)), agreed(second)]));
    assert_eq!(ended.code, 0, "{ended:?}");
}

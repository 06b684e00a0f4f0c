//! `sekisho label import`: what purchases turned out to be, all of a file or nothing.

use crate::support::process::{Deployment, Ended};

fn import(deployment: &Deployment, content: &str) -> Ended {
    let path = deployment.write("labels.csv", content);
    deployment.run(&["label", "import", path.to_str().unwrap()])
}

/// A sandbox without labels, and the ids of its first decisions.
fn sandbox(deployment: &Deployment) -> Vec<String> {
    deployment.fine(&[
        "sandbox",
        "generate",
        "--cards",
        "30",
        "--days",
        "1",
        "--until",
        "2026-11-20",
        "--share-labelled",
        "0%",
    ]);
    assert_eq!(deployment.count("SELECT COUNT(*) FROM labels"), 0);
    deployment.ids("authentications").into_iter().map(|id| format!("auth_{}", id.simple())).collect()
}

#[test]
fn a_later_word_replaces_an_earlier_one_and_each_import_is_audited() {
    for deployment in Deployment::on_every_database() {
        let ids = sandbox(&deployment);
        let file = format!("source,label,authentication_id\nchargeback,fraud,{}\ncall,genuine,{}\n", ids[0], ids[1]);
        let ended = import(&deployment, &file);
        assert_eq!(
            (ended.code, ended.out.as_str()),
            (0, "labelled 1 decisions as fraud and 1 as genuine\n"),
            "{ended:?}"
        );
        let ended = import(&deployment, &format!("authentication_id,label,source\n{},genuine,call\n", ids[0]));
        assert_eq!(ended.code, 0, "{ended:?}");
        assert_eq!(deployment.count("SELECT COUNT(*) FROM labels WHERE label = 'genuine' AND source = 'call'"), 2);
        assert_eq!(deployment.count("SELECT COUNT(*) FROM labels WHERE imported_by LIKE 'staff:%'"), 2);
        assert_eq!(deployment.count("SELECT COUNT(*) FROM audit_entries WHERE action = 'label.import'"), 2);
    }
}

#[test]
fn every_wrong_row_is_told_by_its_line_and_nothing_is_imported() {
    let deployment = Deployment::migrated();
    let ids = sandbox(&deployment);
    let (known, long) = (&ids[0], "x".repeat(65));
    let unknown = "auth_00000000000000000000000000000007";
    let rows = format!(
        "{known},fraud,chargeback\n{unknown},fraud,chargeback\n{known},genuine,call\n{},maybe,call\nauth_7,fraud,call\n{},fraud,{long}\n{},fraud,\n{},fraud\n",
        ids[1], ids[2], ids[3], ids[4]
    );
    let ended = import(&deployment, &format!("authentication_id,label,source\n{rows}"));
    assert_eq!((ended.code, ended.out.as_str()), (1, ""), "{ended:?}");
    insta::assert_snapshot!(ended.err, @"
    error: nothing was imported: 7 rows are wrong
      line 3: `authentication_id` is none that is recorded
      line 4: `authentication_id` is the same as in line 2
      line 5: `label` must be fraud or genuine
      line 6: `authentication_id`: expected an id of the form `auth_` and 32 hexadecimal digits
      line 7: `source` must have 1 to 64 characters
      line 8: `source` must have 1 to 64 characters
      line 9: 2 fields instead of 3
    hint: correct these lines and import the whole file again
    ");
    assert_eq!(deployment.count("SELECT COUNT(*) FROM labels"), 0);
    let ended = import(&deployment, "authentication_id,label\n");
    assert!(ended.code == 1 && ended.err.contains("the heading row lacks source"), "{ended:?}");
}

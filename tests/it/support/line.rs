//! A person's line as it must be: consent events and disclosures in one sequence with a hash chain, recomputed from the
//! rows alone.

use sea_orm::QueryResult;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::deployment::Deployment;

/// One row of a person's line, with its hash as it must be.
struct Link {
    sequence: i64,
    previous: Vec<u8>,
    hash: Vec<u8>,
    expected: Vec<u8>,
}

/// Every person's line: sequences without gaps, each row's hash over the row before and its own fields, and the last
/// one standing in the person's row.
pub(crate) async fn all_lines_are_whole(deployment: &Deployment) {
    let heads = "SELECT cardholder_id, sequence, last_hash FROM consent_states";
    for head in deployment.tables.rows(heads, Vec::new()).await {
        let person: Uuid = head.try_get_by("cardholder_id").unwrap();
        let mut line = events(deployment, person).await;
        line.extend(disclosures(deployment, person).await);
        line.sort_by_key(|link| link.sequence);
        let mut previous = vec![0; 32];
        for (sequence, link) in (1..).zip(&line) {
            assert_eq!((link.sequence, &link.previous, &link.hash), (sequence, &previous, &link.expected));
            previous.clone_from(&link.hash);
        }
        let last: (i64, Vec<u8>) = (head.try_get_by("sequence").unwrap(), head.try_get_by("last_hash").unwrap());
        assert_eq!(last, (i64::try_from(line.len()).unwrap(), previous));
    }
}

fn link(row: &QueryResult, fields: &[String]) -> Link {
    let (sequence, previous): (i64, Vec<u8>) =
        (row.try_get_by("sequence").unwrap(), row.try_get_by("previous_hash").unwrap());
    let mut hasher = Sha256::new().chain_update(&previous).chain_update(sequence.to_be_bytes());
    for field in fields {
        hasher = hasher.chain_update((field.len() as u64).to_be_bytes()).chain_update(field.as_bytes());
    }
    Link { sequence, previous, hash: row.try_get_by("hash").unwrap(), expected: hasher.finalize().to_vec() }
}

fn id(row: &QueryResult, prefix: &str, column: &str) -> String {
    format!("{prefix}_{}", row.try_get_by::<Uuid, _>(column).unwrap().simple())
}

fn optional_id(row: &QueryResult, prefix: &str, column: &str) -> String {
    let id: Option<Uuid> = row.try_get_by(column).unwrap();
    id.map(|id| format!("{prefix}_{}", id.simple())).unwrap_or_default()
}

fn flag(row: &QueryResult, column: &str, word: &str) -> String {
    if row.try_get_by::<bool, _>(column).unwrap() { word.to_owned() } else { String::new() }
}

fn text(row: &QueryResult, column: &str) -> String {
    row.try_get_by::<Option<String>, _>(column).unwrap().unwrap_or_default()
}

fn number(row: &QueryResult, column: &str) -> String {
    row.try_get_by::<Option<i64>, _>(column).unwrap().map(|number| number.to_string()).unwrap_or_default()
}

async fn events(deployment: &Deployment, person: Uuid) -> Vec<Link> {
    let sql = "SELECT * FROM consent_events WHERE cardholder_id = $1";
    let rows = deployment.tables.rows(sql, vec![person.into()]).await;
    let fields = |row: &QueryResult| {
        let mut fields = vec!["event 2".to_owned(), id(row, "consent", "id"), id(row, "holder", "cardholder_id")];
        fields.extend(
            ["action", "state", "channel", "actor", "reference", "basis", "notice_version"].map(|c| text(row, c)),
        );
        fields.extend(["informed_at", "recorded_at"].map(|column| number(row, column)));
        fields.extend(["cards", "purpose", "recipient"].map(|column| text(row, column)));
        fields.push(flag(row, "pending", "pending"));
        fields.extend(["identity_method", "identity_outcome", "script_version", "language"].map(|c| text(row, c)));
        fields.push(number(row, "effective_from"));
        fields.push(optional_id(row, "consent", "corrects"));
        fields.push(optional_id(row, "rcpt", "receipt_id"));
        let evidence: Option<Vec<u8>> = row.try_get_by("evidence_digest").unwrap();
        fields.push(evidence.map(hex::encode).unwrap_or_default());
        fields.push(optional_id(row, "appr", "approval_id"));
        fields
    };
    rows.iter().map(|row| link(row, &fields(row))).collect()
}

async fn disclosures(deployment: &Deployment, person: Uuid) -> Vec<Link> {
    let sql = "SELECT * FROM disclosures WHERE cardholder_id = $1";
    let rows = deployment.tables.rows(sql, vec![person.into()]).await;
    let fields = |row: &QueryResult| {
        let mut fields = vec!["disclosure 2".to_owned(), id(row, "disc", "id"), id(row, "holder", "cardholder_id")];
        fields.push(id(row, "auth", "authentication_id"));
        fields.extend(["recipient", "purpose", "state", "basis"].map(|column| text(row, column)));
        fields.push(id(row, "consent", "consent_event_id"));
        fields.extend(["items", "policies", "bundle_digest", "transform_version", "key_id"].map(|c| text(row, c)));
        fields.push(hex::encode(row.try_get_by::<Vec<u8>, _>("body_digest").unwrap()));
        fields.extend(["limit_ms", "recorded_at"].map(|column| number(row, column)));
        fields.push(optional_id(row, "card", "card_id"));
        fields.push(flag(row, "recipient_reuses", "reuses"));
        fields
    };
    rows.iter().map(|row| link(row, &fields(row))).collect()
}

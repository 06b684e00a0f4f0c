//! The audit log as files: the entries that fit a filter, the newest first, in batches as the client takes them.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::Query;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use futures_util::stream::{self, Stream, StreamExt};

use super::Asked;
use crate::app::App;
use crate::domain::id::AuditId;
use crate::domain::spreadsheet::harmless;
use crate::domain::staff::{Act, ActSubject};
use crate::pages::headers::Permissions;
use crate::pages::staff::answer::Answer;
use crate::pages::staff::failure::Failure;
use crate::pages::staff::signed::Signed;
use crate::store::StoreError;
use crate::store::audit::log::{LogFilter, LogRow};

/// So many entries are read at a time.
const BATCH: i64 = 500;

/// `GET /staff/audit/entries.csv`
pub(in crate::pages::staff) async fn csv(signed: Signed, Query(asked): Query<Asked>) -> Answer {
    let entries = entries(&signed, &asked).await?;
    let head = stream::once(async { Ok("id,recorded_at,actor,action,subject,result,hash\r\n".to_owned()) });
    let body = head.chain(entries.map(|batch| batch.map(|rows| rows.iter().map(csv_line).collect::<String>())));
    Ok(file(Body::from_stream(body), "text/csv; charset=utf-8", "audit.csv"))
}

/// `GET /staff/audit/entries.json`: one entry a line (JSON Lines).
pub(in crate::pages::staff) async fn json(signed: Signed, Query(asked): Query<Asked>) -> Answer {
    let entries = entries(&signed, &asked).await?;
    let line = |row: &LogRow| format!("{}\n", serde_json::json!(row));
    let body = entries.map(move |batch| batch.map(|rows| rows.iter().map(line).collect::<String>()));
    Ok(file(Body::from_stream(body), "application/jsonl; charset=utf-8", "audit.jsonl"))
}

/// The entries in batches. An error ends the file in the middle, which the client sees as a broken transfer.
async fn entries(
    signed: &Signed,
    asked: &Asked,
) -> Result<impl Stream<Item = Result<Vec<LogRow>, StoreError>> + use<>, crate::pages::staff::answer::Refusal> {
    signed.require(Act::AuditLook, &ActSubject::none()).await?;
    signed.require(Act::SharingExport, &ActSubject::none()).await?;
    let filter = asked.filter().map_err(|_| signed.refuse(Failure::Malformed))?;
    Ok(batches(Arc::clone(signed.app()), filter))
}

fn batches(app: Arc<App>, filter: LogFilter) -> impl Stream<Item = Result<Vec<LogRow>, StoreError>> {
    let begin: Option<Option<AuditId>> = Some(None);
    stream::unfold((app, filter, begin), |(app, filter, place)| async move {
        let before = place?;
        let batch = app.store.audit_log(&filter, before, BATCH).await;
        let next = match &batch {
            Ok(rows) => rows.last().map(|row| Some(row.id)),
            Err(_) => None,
        };
        Some((batch, (app, filter, next)))
    })
}

fn csv_line(row: &LogRow) -> String {
    let time = row.recorded_at.rfc3339();
    let id = row.id.to_string();
    let cells = [&id, &time, &row.actor, &row.action, &row.subject, &row.result, &row.hash];
    let cells: Vec<String> = cells.into_iter().map(|cell| csv_cell(cell)).collect();
    format!("{}\r\n", cells.join(","))
}

/// A cell in quotes (RFC 4180). One that a spreadsheet would take for a formula gets an apostrophe before it.
fn csv_cell(text: &str) -> String {
    format!("\"{}\"", harmless(text).replace('"', "\"\""))
}

fn file(body: Body, content_type: &'static str, name: &str) -> Response {
    let mut headers: HeaderMap = Permissions::default().headers();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    if let Ok(disposition) = HeaderValue::try_from(format!("attachment; filename=\"{name}\"")) {
        headers.insert(header::CONTENT_DISPOSITION, disposition);
    }
    (headers, body).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_is_never_a_formula_and_never_two() {
        for (text, cell) in [
            ("plain", "\"plain\""),
            ("=1+1", "\"'=1+1\""),
            ("+81", "\"'+81\""),
            ("-1", "\"-1\""),
            ("-A1", "\"'-A1\""),
            ("＝1+1", "\"'＝1+1\""),
            ("@SUM(A1)", "\"'@SUM(A1)\""),
            ("\t=1", "\"'\t=1\""),
            ("\r=1", "\"'\r=1\""),
            ("a\",\"b", "\"a\"\",\"\"b\""),
        ] {
            assert_eq!(csv_cell(text), cell);
        }
    }
}

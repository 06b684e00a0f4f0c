//! The member's home: her registered cards.

use super::answer::Answer;
use super::sheet::Sheet;
use super::signed::Signed;
use crate::flow::member;
use crate::pages::pieces::{Cell, Table};

/// `GET /my`
pub(super) async fn open(signed: Signed) -> Answer {
    let cards = member::own_enrolments(signed.app(), signed.member()).await.map_err(|error| signed.refuse(error))?;
    let frame = signed.frame("member-home");
    let row = |card: &crate::store::member::OwnEnrolment| {
        vec![
            Cell::Link { path: format!("/my/cards/{}", card.id), text: format!("•••• {}", card.last_four) },
            Cell::Text(card.member_id.clone()),
            Cell::Figure(frame.moment(card.created_at)),
        ]
    };
    let table = Table {
        caption: frame.text("member-cards"),
        headings: ["number", "id", "since"].map(|name| frame.text(&format!("member-card-{name}"))).to_vec(),
        rows: cards.iter().map(row).collect(),
        empty: String::new(),
    };
    Ok(signed.page(&Sheet::new(frame).add(&table)))
}

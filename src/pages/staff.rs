//! The pages of the issuer's staff: signing in, one's own account, and the frame of the console.
//!
//! How to add a page:
//!
//! 1. Write a module here with a handler. `GET` takes [`signed::Signed`], `POST` takes [`form::StaffForm`], which has
//!    checked session, origin and form token; both answer [`answer::Answer`], so that `?` ends in a page.
//! 2. Begin it with `signed.require(Act::…, &ActSubject::…).await?`. Ask for the same act on the page that shows a
//!    form for it: then a one-time password is asked for before something is typed, not after.
//! 3. Write a template that extends `staff_layout.html`, with `console: Console<'_>` in its struct, made by
//!    `signed.console("title-key")`; answer it with `signed.page(&template)`, or `signed.go("/staff/…")` after a
//!    change. Every form holds `{{ console.token_field()|safe }}`. Fields, tables, lists of facts and notices come from
//!    [`pieces`] (`{{ field|safe }}`), so that all pages look alike.
//! 4. Put its path into [`routes`], and a row into the table of the navigation there if it is a place to go to.
//! 5. Put its texts into `translations/staff.ja.ftl` and `translations/staff.en.ftl`, or into files of your own named
//!    in `texts.rs`.

pub(super) mod account;
pub(super) mod activity;
pub(super) mod answer;
pub(super) mod audit;
pub(super) mod cardholder;
mod check_list;
pub(super) mod consent_event;
pub(super) mod console;
pub(super) mod correction;
pub(super) mod export;
pub(super) mod failure;
pub(super) mod form;
pub(super) mod home;
pub(super) mod objection;
pub(super) mod outbox;
pub(super) mod people;
pub(super) mod policies;
pub(super) mod proof;
pub(super) mod queue;
pub(super) mod reauthenticate;
pub(super) mod resumption;
pub(super) mod routes;
mod script;
pub(super) mod search;
pub(super) mod setup;
pub(super) mod sheet;
pub(super) mod sign_in;
pub(super) mod signed;
mod statement;
pub(super) mod support;
mod typed;
pub(super) mod typed_note;
pub(super) mod unmatched;
mod words;

use super::pieces;

//! The pages of members: signing in, their registered cards, and what they keep of them.
//!
//! How to add a page:
//!
//! 1. Write a module here with a handler. `GET` takes [`signed::Signed`], `POST` takes [`form::MemberForm`], which has
//!    checked session, origin and form token; both answer [`answer::Answer`], so that `?` ends in a page.
//! 2. What concerns one card begins with `card::find(&signed, id).await?`, which finds only cards of her login group.
//! 3. Sensitive acts begin with `signed.require_proof()?`, on the page that shows the form too: then the password is
//!    asked for before something is typed, not after.
//! 4. Answer with a [`sheet::Sheet`] of pieces, or a template that extends `member_layout.html` with
//!    `frame: MemberFrame<'_>` in its struct, made by `signed.frame("title-key")`; after a change go on by
//!    `signed.go("/my/…")`. Every form holds `{{ frame.token_field()|safe }}`.
//! 5. Put its path into [`routes`], and a row into the table of the navigation there if it is a place to go to.
//! 6. Put its texts into `translations/member.ja.ftl` and `translations/member.en.ftl`, or into files of your own named
//!    in `texts.rs`.

pub(super) mod account;
pub(super) mod answer;
pub(super) mod card;
pub(super) mod failure;
pub(super) mod first_contact;
pub(super) mod forgotten;
pub(super) mod form;
pub(super) mod frame;
pub(super) mod home;
pub(super) mod link;
mod new_password;
pub(super) mod prove;
pub(super) mod register;
pub(super) mod routes;
pub(super) mod sharing;
pub(super) mod sheet;
pub(super) mod sign_in;
pub(super) mod sign_ins;
pub(super) mod signed;
pub(super) mod terms;

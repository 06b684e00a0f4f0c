//! Further methods of the member on the challenge's bench: one-time passwords, and contacts for codes.

use sea_orm::{ConnectionTrait, Statement};
use sekisho::credential::one_time;
use sekisho::domain::clock::Micros;
use sekisho::domain::contact::ContactAddress;
use sekisho::domain::facts::Method;
use sekisho::domain::id::{ContactId, CredentialId, EnrolmentId};
use sekisho::domain::member::ContactChannel;
use sekisho::domain::outbox::OutboxKind;
use sekisho::flow::{contact, outbox};
use sekisho::keys::WrappedKey;
use sekisho::store::contacts;

use super::challenge_fixture::{Bench, Opened, Page};

impl Bench {
    /// The id of the one row of a table.
    pub(crate) async fn only(&self, sql: &'static str) -> uuid::Uuid {
        let work = self.app.store.write(move |transaction| {
            Box::pin(async move {
                let statement = Statement::from_string(transaction.get_database_backend(), sql);
                let row = transaction.query_one_raw(statement).await.unwrap().unwrap();
                Ok(row.try_get_by_index::<uuid::Uuid>(0).unwrap())
            })
        });
        work.await.unwrap()
    }

    /// The member's registration.
    pub(crate) async fn enrolment(&self) -> EnrolmentId {
        EnrolmentId::from_uuid(self.only("SELECT id FROM enrolments").await)
    }

    /// Switches one-time passwords on; their secret.
    pub(crate) async fn with_totp(&self) -> Vec<u8> {
        let enrolment = self.enrolment().await;
        let (app, now) = (&self.app, self.app.now());
        let holder = app.store.cardholder_of_enrolment(enrolment).await.unwrap().unwrap();
        let (key_id, bytes) = app.store.person_key(holder).await.unwrap().unwrap();
        let key = app.keys.unwrap_person_key(holder, &WrappedKey { key_id, bytes }).unwrap();
        let credential = CredentialId::new(now, &*app.randomness);
        let secret = one_time::secret(&*app.randomness);
        let sealed = key.seal("credentials", "secret", credential.uuid(), &secret, &*app.randomness).unwrap();
        self.run(
            "INSERT INTO credentials (id, enrolment_id, kind, secret, created_at, changed_at) \
             VALUES ($1, $2, $3, $4, $5, $5)",
            vec![
                credential.uuid().into(),
                enrolment.uuid().into(),
                Method::Totp.as_str().into(),
                hex::encode(sealed).into(),
                now.0.into(),
            ],
        )
        .await;
        secret.to_vec()
    }

    /// Adds a verified contact that can be used at once.
    pub(crate) async fn with_contact(&self, channel: ContactChannel, text: &str) -> ContactId {
        let enrolment = self.enrolment().await;
        let (app, now) = (&self.app, self.app.now());
        let holder = app.store.cardholder_of_enrolment(enrolment).await.unwrap().unwrap();
        let address = ContactAddress::parse(channel, text).unwrap();
        let new = contact::seal(app, holder, enrolment, &address).await.unwrap();
        let (id, credential) = (new.id, CredentialId::new(now, &*app.randomness));
        let work = app.store.write(move |transaction| {
            Box::pin(async move {
                contacts::add(transaction, &new, now).await?;
                contacts::verify(transaction, id, now, credential, now).await
            })
        });
        assert!(work.await.unwrap());
        id
    }

    /// Opens a challenge for these methods.
    pub(crate) async fn challenge_by(&self, methods: &str) -> Opened {
        let challenge = self.challenge().await;
        let values = vec![challenge.challenge_id.uuid().into(), methods.to_owned().into()];
        self.run("UPDATE challenges SET methods = $2 WHERE id = $1", values).await;
        challenge
    }

    /// Posts the form of this page that chooses a way (`choose`) or sends a code (`send`).
    pub(crate) async fn wish(&self, challenge: &Opened, page: &Page, step: &str, way: &str) -> Page {
        // Both kinds of button stand in forms with the same kind of token.
        let shown = ["choose", "send"].into_iter().find(|step| page.body.contains(&format!("value=\"{step}\"")));
        let form = page.form(shown.unwrap_or(step));
        let fields = [("step", step), ("form", form.as_str()), ("language", "ja"), ("way", way)];
        self.post(&challenge.path, &fields).await
    }

    /// Answers with six digits by the form of this page.
    pub(crate) async fn answer_code(&self, challenge: &Opened, page: &Page, code: &str) -> Page {
        let form = page.form("answer");
        self.post(&challenge.path, &[("step", "answer"), ("form", form.as_str()), ("code", code)]).await
    }

    /// Tries whatever is due, as the service does; answers how many messages that were.
    pub(crate) async fn deliver(&self, kind: OutboxKind) -> usize {
        let taken = outbox::take(&self.app, kind, 20).await.unwrap();
        for claimed in &taken {
            outbox::send(&self.app, claimed).await.unwrap();
        }
        taken.len()
    }

    /// The one-time password so many steps after the present one.
    pub(crate) fn password_of(&self, secret: &[u8], steps: i64) -> String {
        let at = Micros(self.app.now().0 + steps * 30 * Micros::SECOND);
        one_time::password_at(secret, at).unwrap()
    }

    /// How often a credential's proofs were counted since the last right one.
    pub(crate) async fn failures(&self, method: &'static str) -> i64 {
        self.number("SELECT failures FROM credentials WHERE kind = $1", vec![method.into()]).await
    }
}

/// Another six digits.
pub(crate) fn another(code: &str, by: u32) -> String {
    format!("{:06}", (code.parse::<u32>().unwrap() + by) % 1_000_000)
}

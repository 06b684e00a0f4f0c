//! Signatures over bundles: with keys in the settings nothing unsigned, wrongly signed or signed by somebody else gets through.

use ed25519_dalek::SigningKey;
use ed25519_dalek::pkcs8::EncodePublicKey;
use sekisho::app::bundles::refresh;
use sekisho::credential::bundle_signature::{SignatureError, SigningKeys, generate, sign};
use sekisho::domain::bundle::{BundleMode, FindingState, SHARE_WHOLE};
use sekisho::flow::policies::PoliciesError;
use sekisho::flow::policies::activate::activate;
use sekisho::flow::policies::approve::{Word, decide};
use sekisho::flow::policies::submit::{Submission, submit};
use sekisho::policy::BundleSource;
use sekisho::policy::prove::Options;

use crate::support::bundles::reworded;
use crate::support::deployment::{Deployment, Wanted, on_every_database};
use crate::support::randomness::SeededRandomness;

/// A key and its public half.
fn key(seed: u64) -> (String, String) {
    let (secret, public) = generate(&*SeededRandomness::new(seed));
    (secret.to_string(), public)
}

fn keys(public: &str) -> SigningKeys {
    SigningKeys::parse([("release", public)]).unwrap()
}

#[test]
fn a_signature_is_good_for_one_digest_and_one_key() {
    let ((secret, public), (_, other)) = (key(1), key(2));
    let digest = BundleSource::shipped().digest();
    let signature = sign(&secret, &digest).unwrap();
    let made = keys(&public).verify(&digest, &signature).unwrap();
    assert_eq!((made.key.as_str(), made.bytes.len()), ("release", 64));
    assert_eq!(keys(&public).check(&digest, Some(&made)), Ok(()));
    let another = reworded("another").digest();
    assert_eq!(keys(&public).verify(&another, &signature), Err(SignatureError::Wrong(another.clone())));
    assert_eq!(keys(&public).check(&another, Some(&made)), Err(SignatureError::Wrong(another)));
    assert_eq!(keys(&other).verify(&digest, &signature), Err(SignatureError::Wrong(digest.clone())));
    assert_eq!(keys(&public).check(&digest, None), Err(SignatureError::Missing(digest.clone())));
    for torn in ["", "AAAA", "not base64", &signature[..40]] {
        assert_eq!(keys(&public).verify(&digest, torn), Err(SignatureError::Unreadable), "{torn}");
    }
    assert_eq!(SigningKeys::default().check(&digest, None), Ok(()), "without keys nothing is asked for");
    assert_eq!(SigningKeys::default().verify(&digest, &signature), Err(SignatureError::NoKeys));
}

#[test]
fn a_signature_over_the_digest_alone_is_none_over_a_bundle() {
    use ed25519_dalek::Signer;
    let (secret, public) = key(1);
    let bytes = base64::Engine::decode(&base64::engine::general_purpose::STANDARD, secret).unwrap();
    let digest = BundleSource::shipped().digest();
    let bare = SigningKey::from_bytes(&bytes.try_into().unwrap()).sign(digest.as_bytes()).to_bytes();
    let bare = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, bare);
    assert_eq!(keys(&public).verify(&digest, &bare), Err(SignatureError::Wrong(digest)));
}

#[test]
fn public_keys_are_read_as_base64_and_as_pem() {
    let (secret, public) = key(3);
    let bytes = base64::Engine::decode(&base64::engine::general_purpose::STANDARD, secret).unwrap();
    let der = SigningKey::from_bytes(&bytes.try_into().unwrap()).verifying_key().to_public_key_der().unwrap();
    let body = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, der.as_bytes());
    let pem = format!("-----BEGIN PUBLIC KEY-----\n{body}\n-----END PUBLIC KEY-----\n");
    let digest = "d".repeat(64);
    let signature = sign(&key(3).0, &digest).unwrap();
    for text in [public.as_str(), &pem] {
        assert!(keys(text).verify(&digest, &signature).is_ok(), "{text}");
    }
    for wrong in ["", "AAAA", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----"] {
        assert_eq!(SigningKeys::parse([("bad", wrong)]).err(), Some(SignatureError::PublicKey("bad".to_owned())));
    }
}

fn with_keys(public: &str) -> Wanted {
    let file = format!("[policies]\nsigning_keys = [{{ name = \"release\", public_key = \"{public}\" }}]\n");
    Wanted { file, ..Wanted::default() }
}

async fn submitted(
    deployment: &Deployment,
    source: BundleSource,
    signature: Option<String>,
) -> Result<String, PoliciesError> {
    let people = crate::support::staff::signed_in(
        &deployment.app,
        &format!("author-{}", deployment.next()),
        &[sekisho::domain::staff::Role::Compliance],
    )
    .await;
    let proofs = Options { solver: "/nonexistent/cvc5".into(), ..Options::default() };
    let submission = Submission { source, message: "signed".to_owned(), signature, proofs };
    submit(&deployment.app, &people.who, submission).await.map(|done| done.head.digest)
}

#[tokio::test(flavor = "multi_thread")]
async fn with_keys_an_unsigned_or_wrongly_signed_bundle_is_refused_at_every_step() {
    let ((secret, public), (stranger, _)) = (key(1), key(2));
    on_every_database(with_keys(&public), async |deployment| {
        assert_eq!(deployment.live_digest().await, BundleSource::shipped().digest(), "the shipped one needs none");
        let source = reworded("signed");
        let wrong = [
            None,
            Some(sign(&stranger, &source.digest()).unwrap()),
            Some(sign(&secret, &reworded("another").digest()).unwrap()),
        ];
        for signature in wrong {
            let refused = submitted(deployment, source.clone(), signature).await.unwrap_err();
            assert!(matches!(refused, PoliciesError::Unusable(_)), "{refused}");
        }
        let good = sign(&secret, &source.digest()).unwrap();
        let digest = submitted(deployment, source, Some(good)).await.unwrap();
        let kept = deployment.app.store.bundle(&digest).await.unwrap().unwrap().head;
        assert_eq!(kept.signature.unwrap().key, "release");

        // One that got into the database without a signature.
        let people = deployment.people().await;
        let (app, who) = (&deployment.app, &people.second.who);
        let unsigned =
            deployment.keep(&reworded("unsigned"), &people.author.who.actor(), FindingState::Passed, &[]).await;
        let word = Word::Approve { note: String::new() };
        let refused = decide(app, who, &unsigned, word).await.unwrap_err();
        assert!(refused.to_string().contains("is not signed"), "{refused}");
        let sql = "INSERT INTO bundle_approvals (digest, judgement, person, roles, decision, emergency, note, decided_at) \
                   VALUES ($1, 1, $2, 'compliance', 'approved', 0, '', 0)";
        deployment.tables.run(sql, vec![unsigned.clone().into(), who.actor().into()]).await.unwrap();
        let wanted = deployment.wanted(&unsigned, BundleMode::Live, SHARE_WHOLE).await;
        let refused = activate(app, who, wanted).await.unwrap_err();
        assert!(refused.to_string().contains("is not signed"), "{refused}");
        // And whoever changes what is in use past the program does not get it decided by.
        let over = "UPDATE bundle_activations SET ended_at = started_at + 1 WHERE ended_at IS NULL";
        deployment.tables.run(over, Vec::new()).await.unwrap();
        let sql = "INSERT INTO bundle_activations (id, digest, judgement, mode, share, started_by, started_at) \
                   VALUES ($1, $2, 1, 'live', 10000, 'stranger', $3)";
        let values = vec![uuid::Uuid::from_u128(7).into(), unsigned.into(), (deployment.clock_now() + 1).into()];
        deployment.tables.run(sql, values).await.unwrap();
        let shipped = BundleSource::shipped().digest();
        let (twin, _) = deployment.twin(31).await;
        refresh(&twin).await.unwrap();
        assert_eq!(twin.bundle.snapshot().live.digest(), shipped);
        assert!(twin.bundle.degraded().unwrap().error.contains("is not signed"));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bundle_whose_digest_stands_in_the_settings_needs_no_signature() {
    let (_, public) = key(1);
    let shipped_before = reworded("shipped with an earlier release");
    let mut wanted = with_keys(&public);
    wanted.file = format!("{}unsigned_digests = [\"{}\"]\n", wanted.file, shipped_before.digest());
    on_every_database(wanted, async |deployment| {
        let people = deployment.people().await;
        let digest = deployment.approved(&people, &shipped_before).await;
        deployment.use_bundle(&people.second.who, &digest, BundleMode::Live, SHARE_WHOLE).await;
        let (twin, _) = deployment.twin(32).await;
        assert_eq!((twin.bundle.snapshot().live.digest(), twin.bundle.degraded()), (digest.as_str(), None));
        let refused = submitted(deployment, reworded("another"), None).await.unwrap_err();
        assert!(refused.to_string().contains("is not signed"), "{refused}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signature_that_comes_late_is_kept_with_another_judgement() {
    let (secret, public) = key(1);
    on_every_database(with_keys(&public), async |deployment| {
        let people = deployment.people().await;
        let source = reworded("signed later");
        let unsigned = deployment.keep(&source, &people.author.who.actor(), FindingState::Passed, &[]).await;
        let good = sign(&secret, &unsigned).unwrap();
        submitted(deployment, source.clone(), Some(good)).await.unwrap();
        let kept = deployment.app.store.bundle_head(&unsigned).await.unwrap().unwrap();
        assert_eq!((kept.signature.unwrap().key.as_str(), kept.judgement), ("release", 2));
        // Whoever submits it once more needs not bring it along.
        submitted(deployment, source, None).await.unwrap();
        let kept = deployment.app.store.bundle_head(&unsigned).await.unwrap().unwrap();
        assert!(kept.signature.is_some());
    })
    .await;
}

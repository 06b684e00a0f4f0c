//! Bundles, their use and their figures in a test's database, as they come to be by submitting, activating and deciding.

use sekisho::domain::bundle::BundleMode;
use sekisho::domain::bundle::{Finding, FindingState, Findings};
use sekisho::domain::clock::Micros;
use sekisho::domain::id::{AuthenticationId, BundleActivationId};
use sekisho::domain::policy_figure::{FigureKind, FigureSpan, PolicyFigure};
use sekisho::domain::verdict::Outcome;
use sekisho::policy::BundleSource;
use sekisho::store::shadow_differences::ShadowDifference;
use serde_json::json;

use super::deployment::Deployment;

/// The shipped bundle with a lower limit, a rule more and a rule less.
pub(crate) fn changed_bundle() -> BundleSource {
    let shipped = BundleSource::shipped();
    let text = shipped.text("approve/large-amount.cedar").unwrap();
    let text = text.replace("300000", "200000").replace("300,000", "200,000");
    let new = "@id(\"evening\")\n@title(\"In the evening with a proof\")\n@reason(\"amount_large\")\n@owner(\"compliance\")\n\
               forbid (principal, action == Action::\"approve\", resource)\nwhen { context.local_hour == 23 };\n";
    shipped.without("approve/night.cedar").with("approve/large-amount.cedar", &text).with("approve/evening.cedar", new)
}

/// Findings of a bundle whose proof came out so.
pub(crate) fn findings(proof: FindingState) -> Findings {
    let finding = |state, summary: &str| Finding {
        state,
        summary: summary.to_owned(),
        details: if state == FindingState::Passed {
            Vec::new()
        } else {
            vec!["approve-below-ceiling: <b>refuted</b>".to_owned()]
        },
    };
    Findings {
        program: "sekisho 0.1.0".to_owned(),
        check: finding(FindingState::Passed, "sound, 65 rules"),
        test: finding(FindingState::Passed, "143 cases, 0 failed"),
        proof: finding(proof, "212 claims, 1 do not hold, 0 not proved"),
    }
}

impl Deployment {
    /// Keeps a bundle as somebody submitted it; its digest.
    pub(crate) async fn stored_bundle(
        &self,
        source: &BundleSource,
        author: &str,
        message: &str,
        findings: &Findings,
        weakens: &[&str],
    ) -> String {
        let files: serde_json::Map<String, serde_json::Value> =
            source.files().map(|(path, text)| (path.to_owned(), json!(text))).collect();
        let digest = source.digest();
        let sql = "INSERT INTO bundles (digest, facts_version, content, author, message, submitted_at) \
                   VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING";
        let values = vec![
            digest.clone().into(),
            2_i64.into(),
            json!(files).to_string().into(),
            author.into(),
            message.into(),
            self.clock_now().into(),
        ];
        self.tables.run(sql, values).await.unwrap();
        self.judged(&digest, 1, author, &json!(findings).to_string(), weakens).await;
        digest
    }

    /// Puts a bundle into use, unless another one is in this use.
    pub(crate) async fn in_use(&self, digest: &str, mode: &str, share: i64, band: Option<&str>) {
        let sql = "INSERT INTO bundle_activations (id, digest, judgement, mode, share, band, started_by, started_at) \
                   VALUES ($1, $2, 1, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING";
        let id = BundleActivationId::new(self.app.now(), &*self.app.randomness);
        let values = vec![
            id.uuid().into(),
            digest.into(),
            mode.into(),
            share.into(),
            band.map(str::to_owned).into(),
            "system".into(),
            (self.clock_now() - 3 * Micros::HOUR).into(),
        ];
        self.tables.run(sql, values).await.unwrap();
    }

    /// Has the canary end by itself, because its share of challenges left the band.
    pub(crate) async fn canary_left_its_band(&self) {
        let sql = "UPDATE bundle_activations SET ended_by = 'system', ended_at = started_at + 3600000000, \
                   end_reason = 'left_band challenge 3105 500 1800' WHERE mode = 'canary'";
        self.tables.run(sql, vec![]).await.unwrap();
    }

    /// What a day and a month of decisions leave behind, by the hour of the day; canary and shadow since three hours.
    pub(crate) async fn counted(&self, live: &str, tried: &str) {
        let now = self.app.now();
        let began = Micros(now.0 - 3 * Micros::HOUR);
        let mut figures = Vec::new();
        for hour in 0..(30 * 24) {
            let at = Micros(now.0 - hour * Micros::HOUR);
            for (kind, word, count) in an_hour(at) {
                figures.push(figure(FigureSpan::Hour, at, live, BundleMode::Live, kind, word, count));
                if hour < 24 && kind == FigureKind::Outcome {
                    figures.push(figure(FigureSpan::Minute, at, live, BundleMode::Live, kind, word, count / 2));
                    let half = Micros(at.0 - Micros::HOUR / 2);
                    figures.push(figure(FigureSpan::Minute, half, live, BundleMode::Live, kind, word, count / 3));
                }
                if hour == 0 {
                    let part = 3 * count / 20 + i64::from(word == "challenge");
                    figures.push(figure(FigureSpan::Activation, began, tried, BundleMode::Canary, kind, word, part));
                }
            }
        }
        let words =
            [("same", 928), ("approve_to_approve", 12), ("approve_to_challenge", 41), ("challenge_to_reject", 7)];
        for (word, count) in words.into_iter().chain([("dropped", 2)]) {
            let shadow = (BundleMode::Shadow, FigureKind::Shadow);
            figures.push(figure(FigureSpan::Activation, began, tried, shadow.0, shadow.1, word, count));
        }
        figures.push(figure(FigureSpan::Hour, now, live, BundleMode::Live, FigureKind::Error, "night", 3));
        figures.sort_by_key(|figure| (figure.span, figure.bucket, figure.mode, figure.kind, figure.word.clone()));
        figures.dedup_by_key(|figure| (figure.span, figure.bucket, figure.mode, figure.kind, figure.word.clone()));
        self.app.store.add_policy_figures(figures).await.unwrap();
    }

    /// A decision that a shadow would have made otherwise.
    pub(crate) async fn differs(&self, digest: &str, id: AuthenticationId) {
        let difference = ShadowDifference {
            digest: digest.to_owned(),
            authentication_id: id,
            live_outcome: Outcome::Approve,
            shadow_outcome: Outcome::Challenge,
            live_policies: vec!["everyday-purchase".to_owned()],
            shadow_policies: vec!["large-amount".to_owned()],
            recorded_at: self.app.now(),
        };
        self.app.store.add_shadow_differences(vec![difference]).await.unwrap();
    }
}

fn figure(
    span: FigureSpan,
    at: Micros,
    digest: &str,
    mode: BundleMode,
    kind: FigureKind,
    word: &str,
    count: i64,
) -> PolicyFigure {
    let (digest, word) = (digest.to_owned(), word.to_owned());
    PolicyFigure { span, bucket: span.begin(at), digest, mode, kind, word, count }
}

/// What an hour brings: little at night, most in the evening.
fn an_hour(at: Micros) -> Vec<(FigureKind, &'static str, i64)> {
    let hour = (at.0 / Micros::HOUR + 9) % 24;
    let busy = [2, 1, 1, 1, 1, 2, 4, 8, 12, 16, 18, 22, 28, 24, 20, 20, 22, 26, 34, 42, 46, 40, 26, 10]
        [usize::try_from(hour).unwrap()];
    let day = at.0 / Micros::DAY % 7;
    let all = busy * (90 + 7 * day);
    vec![
        (FigureKind::Outcome, "approve", all * 82 / 100),
        (FigureKind::Outcome, "challenge", all * 14 / 100),
        (FigureKind::Outcome, "reject", all * 4 / 100),
        (FigureKind::Challenge, "passed", all * 11 / 100),
        (FigureKind::Challenge, "failed", all / 100),
        (FigureKind::Challenge, "timed_out", all / 100),
        (FigureKind::Challenge, "cancelled", all / 200),
        (FigureKind::Rule, "low-risk", all * 60 / 100),
        (FigureKind::Rule, "everyday-purchase", all * 30 / 100),
        (FigureKind::Rule, "known-device", all * 22 / 100),
        (FigureKind::Rule, "any-card", all * 14 / 100),
        (FigureKind::Rule, "large-amount", all * 6 / 100),
        (FigureKind::Rule, "unknown-device", all * 5 / 100),
        (FigureKind::Rule, "very-high-risk", all * 2 / 100),
        (FigureKind::Rule, "stolen-card", all / 100),
        (FigureKind::Rule, "night", all / 200),
        (FigureKind::Provider, "answered", all * 88 / 100),
        (FigureKind::Provider, "opted_out", all * 8 / 100),
        (FigureKind::Provider, "timeout", all * 3 / 100),
        (FigureKind::Provider, "by_policy", all / 100),
    ]
}

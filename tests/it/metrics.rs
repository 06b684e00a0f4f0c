//! The figures as Prometheus reads them.

use std::time::Duration;

use prometheus_client::registry::Registry;
use sekisho::metrics::bundles::BundleFigure;
use sekisho::metrics::{Metrics, ProviderFigures};

#[test]
fn every_figure_is_counted_under_its_labels() {
    let mut registry = Registry::with_prefix("sekisho");
    let metrics = Metrics::new(&mut registry);
    metrics.request("/v1/authentications", 201, Duration::from_millis(4));
    metrics.decision("approve");
    metrics.evaluation_error("forbid-stolen");
    metrics.provider_result("timeout");
    metrics.set_passwords_in_flight(2);
    metrics.database_error();
    let used = |digest, mode, share| BundleFigure { digest, mode, share };
    metrics.bundles.set(&[used("old", "live", 10_000)], 1, true);
    metrics.bundles.set(&[used("new", "live", 10_000), used("next", "canary", 500)], 9, false);
    metrics.bundles.shadowed("different");
    metrics.bundles.canary_aborted();
    let text = Metrics::encode(&registry).unwrap();
    for line in [
        r#"sekisho_http_requests_total{route="/v1/authentications",status="201"} 1"#,
        r#"sekisho_http_request_duration_seconds_bucket{le="0.005",route="/v1/authentications"} 1"#,
        r#"sekisho_http_request_duration_seconds_bucket{le="0.0025",route="/v1/authentications"} 0"#,
        r#"sekisho_decisions_total{outcome="approve"} 1"#,
        r#"sekisho_evaluation_errors_total{policy="forbid-stolen"} 1"#,
        r#"sekisho_provider_results_total{reason="timeout"} 1"#,
        "sekisho_passwords_in_flight 2",
        "sekisho_database_errors_total 1",
        r#"sekisho_bundle_info{digest="new",mode="live"} 1"#,
        r#"sekisho_bundle_info{digest="next",mode="canary"} 1"#,
        "sekisho_bundle_canary_share 500",
        "sekisho_bundle_degraded 0",
        r#"sekisho_shadow_decisions_total{result="different"} 1"#,
        "sekisho_canary_aborts_total 1",
        "sekisho_bundle_age_seconds 9",
    ] {
        assert!(text.lines().any(|found| found == line), "`{line}` is not in:\n{text}");
    }
    assert!(!text.contains("digest=\"old\""), "only the bundles in use are told");
}

#[test]
fn the_provider_s_figures_are_told_and_what_nobody_told_is_absent() {
    let mut registry = Registry::with_prefix("sekisho");
    let metrics = Metrics::new(&mut registry);
    let mut figures = ProviderFigures {
        breaker_open: true,
        in_flight: 3,
        unknown_keys: 2,
        warnings: 1,
        unreadable: vec![("phone", 4)],
        ..ProviderFigures::default()
    };
    metrics.set_provider(&figures);
    let text = Metrics::encode(&registry).unwrap();
    assert!(text.lines().all(|line| line.starts_with('#') || !line.contains("remaining")), "{text}");
    (figures.funds_remaining_cents, figures.queries_remaining) = (Some(2_500), Some(0));
    metrics.set_provider(&figures);
    let text = Metrics::encode(&registry).unwrap();
    for line in [
        "sekisho_provider_breaker_open 1",
        "sekisho_provider_calls_in_flight 3",
        "sekisho_provider_unknown_keys 2",
        "sekisho_provider_warnings 1",
        r#"sekisho_provider_data_unreadable{datum="phone"} 4"#,
        "sekisho_provider_funds_remaining_cents{} 2500",
        "sekisho_provider_queries_remaining{} 0",
    ] {
        assert!(text.lines().any(|found| found == line), "`{line}` is not in:\n{text}");
    }
}

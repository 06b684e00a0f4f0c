//! A deployment on a port of its own, in front of a browser; and what a test does there as a staff person.

use std::net::TcpListener;
use std::sync::Arc;

use super::browser::{Browser, Setup, in_browser};
use super::deployment::{Deployment, Wanted, on_every_database};
use super::staff::{PASSWORD, TestStaff};

/// Runs a test against a service on a port of its own that knows its address; on each database with a new browser.
pub(crate) async fn served(setup: Setup, wanted: Wanted, test: impl AsyncFn(&Deployment, &str, Browser)) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let url: &'static str = Box::leak(format!("http://{}", listener.local_addr().unwrap()).into_boxed_str());
    let wanted = wanted.with("SEKISHO__SERVER__PUBLIC_URL", url);
    on_every_database(wanted, async |deployment: &Deployment| {
        let socket = tokio::net::TcpListener::from_std(listener.try_clone().unwrap()).unwrap();
        let service =
            tokio::spawn(sekisho::service::serve(Arc::clone(&deployment.app), socket, std::future::pending::<()>()));
        in_browser(setup, |browser| test(deployment, url, browser)).await;
        service.abort();
    })
    .await;
}

impl Browser {
    /// Signs in as this staff person, a minute later: her last one-time password cannot be used again.
    pub(crate) async fn becomes(&self, deployment: &Deployment, url: &str, staff: &TestStaff) {
        deployment.clock.advance(60);
        self.client.goto(&format!("{url}/staff/sign-in")).await.unwrap();
        for (css, text) in [("#name", staff.name.as_str()), ("#password", PASSWORD), ("#code", &staff.code_in(0))] {
            self.wait(css).await.send_keys(text).await.unwrap();
        }
        self.click("main form button").await;
        self.wait(".places").await;
    }

    /// Looks at a page by the rules of WCAG, and keeps a picture of it by this name.
    pub(crate) async fn looks_at(&self, page: &str, name: &str) {
        self.client.goto(page).await.unwrap();
        self.wait("main").await;
        self.shows(name).await;
    }

    /// The page in view: by the rules of WCAG, and a picture of it by this name.
    pub(crate) async fn shows(&self, name: &str) {
        self.is_accessible().await;
        self.no_policy_was_violated().await;
        self.picture(name).await;
    }
}

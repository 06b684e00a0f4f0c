//! A deployment on a port of its own, in front of a browser; and staff people whose browser is signed in already.

use std::net::TcpListener;
use std::sync::Arc;

use fantoccini::cookies::Cookie;

use super::browser::{Browser, Setup, in_browser};
use super::deployment::{Deployment, Wanted, on_every_database};
use super::staff::TestStaff;

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
    /// Goes on as this staff person, without the page for signing in.
    pub(crate) async fn becomes(&self, url: &str, staff: &TestStaff) {
        self.client.goto(&format!("{url}/staff/sign-in")).await.unwrap();
        let mut cookie = Cookie::new("__Host-staff", staff.token.clone());
        cookie.set_path("/");
        cookie.set_secure(true);
        cookie.set_http_only(true);
        self.client.add_cookie(cookie.into_owned()).await.unwrap();
    }

    /// Looks at a page in both languages and by the rules of WCAG: a picture of each, by this name.
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

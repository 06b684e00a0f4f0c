//! A deployment on a port of its own, in front of a browser; and what a test does there as a staff person.

use std::net::TcpListener;
use std::sync::Arc;

use super::browser::{Browser, SIZES, Setup, Sight, in_browser};
use super::deployment::{Deployment, PASSWORD as MEMBER_PASSWORD, Wanted, on_every_database, on_sqlite};
use super::member::TestMember;
use super::staff::{PASSWORD, TestStaff};

/// Runs a test against a service on a port of its own that knows its address; on each database with a new browser.
pub(crate) async fn served(setup: Setup, wanted: Wanted, test: impl AsyncFn(&Deployment, &str, Browser)) {
    let port = Port::open();
    let wanted = wanted.with("SEKISHO__SERVER__PUBLIC_URL", port.url);
    on_every_database(wanted, async |deployment: &Deployment| {
        let service = port.serve(deployment);
        in_browser(setup, |browser| test(deployment, port.url, browser)).await;
        service.abort();
    })
    .await;
}

/// The same on SQLite alone and without upkeep and courier, for tests of what pages look like: that does not depend on
/// the database, and nothing changes beside what the test does.
pub(crate) async fn served_once(setup: Setup, wanted: Wanted, test: impl AsyncFn(&Deployment, &str, Browser)) {
    let port = Port::open();
    let wanted = wanted.with("SEKISHO__SERVER__PUBLIC_URL", port.url);
    on_sqlite(wanted, async |deployment: &Deployment| {
        let router = deployment.router.clone();
        let socket = port.socket();
        let service = tokio::spawn(async move { axum::serve(socket, router).await });
        in_browser(setup, |browser| test(deployment, port.url, browser)).await;
        service.abort();
    })
    .await;
}

/// The same at `localhost`, a name: there browsers make passkeys.
pub(crate) async fn served_by_name(setup: Setup, test: impl AsyncFn(&Deployment, &str, Browser)) {
    let port = Port::open();
    let url: &'static str = Box::leak(port.url.replace("127.0.0.1", "localhost").into_boxed_str());
    let wanted = Wanted::default().with("SEKISHO__SERVER__PUBLIC_URL", url);
    on_every_database(wanted, async |deployment: &Deployment| {
        let service = port.serve(deployment);
        in_browser(setup, |browser| test(deployment, url, browser)).await;
        service.abort();
    })
    .await;
}

/// A port whose address the service is told before it starts.
struct Port {
    listener: TcpListener,
    url: &'static str,
}

impl Port {
    fn open() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let url = Box::leak(format!("http://{}", listener.local_addr().unwrap()).into_boxed_str());
        Self { listener, url }
    }

    fn serve(&self, deployment: &Deployment) -> tokio::task::JoinHandle<std::io::Result<()>> {
        let stop = std::future::pending::<()>();
        tokio::spawn(sekisho::service::serve(Arc::clone(&deployment.app), self.socket(), stop))
    }

    fn socket(&self) -> tokio::net::TcpListener {
        tokio::net::TcpListener::from_std(self.listener.try_clone().unwrap()).unwrap()
    }
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

    /// Signs in as this member, in English.
    pub(crate) async fn signs_in_as(&self, url: &str, member: &TestMember) {
        self.client.goto(&format!("{url}/my/sign-in?language=en")).await.unwrap();
        let typed = [("#member_id", member.member_id.as_str()), ("#password", MEMBER_PASSWORD)];
        for (css, text) in typed {
            self.wait(css).await.send_keys(text).await.unwrap();
        }
        self.click("main form button").await;
        self.wait("form[action='/my/sign-out']").await;
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

    /// The page in view, everywhere: nothing stands out to the side, what is needed is within reach, in every window,
    /// light, dark and enlarged; by the rules of WCAG; and pictures by this name.
    pub(crate) async fn is_right(&self, name: &str, needed: &[&str]) {
        let wide = SIZES[4];
        let sizes = SIZES.map(Sight::of);
        let others = [Sight::of(SIZES[1]).dark().still(), Sight::of(wide).enlarged(), Sight::of(wide).dark()];
        for sight in sizes.into_iter().chain(others) {
            self.sees(sight).await;
            self.fits().await;
            for css in needed {
                self.is_within_reach(css).await;
            }
            self.whole_picture(&format!("{name}-{}", sight.name())).await;
            if sight.window == SIZES[0] || sight.dark {
                self.is_accessible().await;
            }
        }
        self.no_policy_was_violated().await;
    }
}

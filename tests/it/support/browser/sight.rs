//! How a person sees a page: in which size, light or dark, enlarged, without motion; and whether all of it is within reach.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::{Browser, keep};

/// The sizes of challenge windows (EMV 3-D Secure, challenge window size) and a whole window of a desktop, CSS pixels.
pub(crate) const SIZES: [(u32, u32); 5] = [(250, 400), (390, 400), (500, 600), (600, 400), (1280, 900)];

/// How a page is seen.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sight {
    /// The window, pixels.
    pub(crate) window: (u32, u32),
    /// Whether dark colours are preferred.
    pub(crate) dark: bool,
    /// Whether nothing may move.
    pub(crate) still: bool,
    /// Whether pages are enlarged to 200 %: half as many CSS pixels each way, as the browser's own zoom does it.
    pub(crate) enlarged: bool,
}

impl Sight {
    /// Light, in a window of this size.
    pub(crate) fn of(window: (u32, u32)) -> Self {
        Self { window, dark: false, still: false, enlarged: false }
    }

    pub(crate) fn dark(self) -> Self {
        Self { dark: true, ..self }
    }

    pub(crate) fn still(self) -> Self {
        Self { still: true, ..self }
    }

    pub(crate) fn enlarged(self) -> Self {
        Self { enlarged: true, ..self }
    }

    /// A part of a picture's name: `390x400-dark`.
    pub(crate) fn name(self) -> String {
        let (width, height) = self.window;
        let marks = [(self.dark, "-dark"), (self.still, "-still"), (self.enlarged, "-enlarged")];
        let marks: String = marks.into_iter().filter(|(is_so, _)| *is_so).map(|(_, mark)| mark).collect();
        format!("{width}x{height}{marks}")
    }
}

/// Answers what stands out of the window to the right, as text; nothing where all fits.
const OVERFLOW: &str = "
    const root = document.scrollingElement, width = document.documentElement.clientWidth;
    const clipped = (node) => {
        for (let up = node; up && up !== document.body; up = up.parentElement) {
            const style = getComputedStyle(up);
            if (style.overflowX !== 'visible' || style.position === 'absolute' && style.clipPath !== 'none') return true;
        }
        return false;
    };
    const out = [...document.body.querySelectorAll('*')].filter((node) => {
        const box = node.getBoundingClientRect();
        return box.width > 0 && (box.right > width + 1 || box.left < -1) && !clipped(node);
    });
    const told = out.map((node) => node.outerHTML.slice(0, 120));
    if (root.scrollWidth > width) told.push(`the page is ${root.scrollWidth} wide in ${width}`);
    return told;
";

/// Answers why an element cannot be reached by scrolling; nothing where it can.
const OUT_OF_REACH: &str = "
    const node = document.querySelector(arguments[0]);
    if (!node) return 'there is none';
    node.scrollIntoView({ block: 'nearest' });
    const box = node.getBoundingClientRect(), root = document.documentElement;
    if (box.width < 1 || box.height < 1) return 'it takes no room';
    const [x, y] = [box.left + box.width / 2, box.top + Math.min(box.height / 2, root.clientHeight / 2)];
    const top = document.elementFromPoint(x, y);
    if (!top) return `it stays outside, at ${x} ${y}`;
    return node === top || node.contains(top) || top.contains(node) ? null : `something lies over it: ${top.outerHTML.slice(0, 120)}`;
";

/// Answers whether an element stands in the window as it was opened, unscrolled.
const AT_ONCE: &str = "
    scrollTo(0, 0);
    const box = document.querySelector(arguments[0]).getBoundingClientRect();
    return box.top >= 0 && box.bottom <= document.documentElement.clientHeight;
";

impl Browser {
    /// Lays pages out for a window of this size, which may be smaller than a real one can be.
    pub(crate) async fn pretend_window(&self, width: u32, height: u32) {
        self.lay_out(width, height, 1).await;
    }

    async fn lay_out(&self, width: u32, height: u32, scale: u32) {
        let size = json!({ "width": width, "height": height, "deviceScaleFactor": scale, "mobile": false });
        self.devtools("Emulation.setDeviceMetricsOverride", size).await;
    }

    /// Shows this and all later pages so.
    pub(crate) async fn sees(&self, sight: Sight) {
        let (width, height) = sight.window;
        let scale = if sight.enlarged { 2 } else { 1 };
        self.lay_out(width / scale, height / scale, scale).await;
        let features = json!([
            { "name": "prefers-color-scheme", "value": if sight.dark { "dark" } else { "light" } },
            { "name": "prefers-reduced-motion", "value": if sight.still { "reduce" } else { "no-preference" } },
        ]);
        self.devtools("Emulation.setEmulatedMedia", json!({ "features": features })).await;
    }

    /// Has pages run scripts from the next one on, or not. The test's own still run.
    pub(crate) async fn runs_scripts(&self, runs: bool) {
        self.devtools("Emulation.setScriptExecutionDisabled", json!({ "value": !runs })).await;
    }

    /// Asks for pages in this language from now on.
    pub(crate) async fn speaks(&self, language: &str) {
        self.devtools("Network.enable", json!({})).await;
        let headers = json!({ "Accept-Language": language });
        self.devtools("Network.setExtraHTTPHeaders", json!({ "headers": headers })).await;
    }

    /// Fails when something of the page in view stands out to the side.
    pub(crate) async fn fits(&self) {
        let out = self.client.execute(OVERFLOW, Vec::new()).await.unwrap();
        let url = self.client.current_url().await.unwrap();
        assert!(out.as_array().is_some_and(Vec::is_empty), "{url} does not fit: {out:#}");
    }

    /// Fails when an element cannot be scrolled to, or lies under another.
    pub(crate) async fn is_within_reach(&self, css: &str) {
        let why = self.client.execute(OUT_OF_REACH, vec![json!(css)]).await.unwrap();
        assert_eq!(why, Value::Null, "`{css}` is out of reach on {:?}", self.client.current_url().await);
    }

    /// Whether an element is seen without scrolling.
    pub(crate) async fn shows_at_once(&self, css: &str) -> bool {
        self.client.execute(AT_ONCE, vec![json!(css)]).await.unwrap() == json!(true)
    }

    /// Keeps a picture of the whole page in `build-output/`, with what one would scroll to.
    pub(crate) async fn whole_picture(&self, name: &str) {
        let size = self.devtools("Page.getLayoutMetrics", json!({})).await["cssContentSize"].clone();
        let clip = json!({ "x": 0, "y": 0, "width": size["width"], "height": size["height"], "scale": 1 });
        let wanted = json!({ "captureBeyondViewport": true, "clip": clip });
        let taken = self.devtools("Page.captureScreenshot", wanted).await;
        keep(name, &STANDARD.decode(taken["data"].as_str().unwrap()).unwrap());
    }
}

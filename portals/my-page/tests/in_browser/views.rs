//! A page as different people see it: at a desk, on a telephone, with large text; judged by axe-core each time.

use axum::http::Method;
use fantoccini::wd::WebDriverCompatibleCommand;
use serde_json::{Value, json};
use url::Url;

use crate::chromium::Chromium;

/// A command of Chromium's own protocol, as its driver passes it on.
#[derive(Debug)]
struct Order {
    command: &'static str,
    parameters: Value,
}

impl WebDriverCompatibleCommand for Order {
    fn endpoint(&self, base: &Url, session: Option<&str>) -> Result<Url, url::ParseError> {
        base.join(&format!("session/{}/goog/cdp/execute", session.unwrap_or_default()))
    }

    fn method_and_body(&self, _: &Url) -> (Method, Option<String>) {
        let body = json!({ "cmd": self.command, "params": self.parameters });
        (Method::POST, Some(body.to_string()))
    }
}

/// How one page is looked at: the name of its picture, the width, the browser's own text size.
const VIEWS: [(&str, u32, u32); 3] = [("1280", 1280, 16), ("375", 375, 16), ("large", 1280, 32)];

async fn order(browser: &Chromium, command: &'static str, parameters: Value) {
    let order = Order { command, parameters };
    browser.client.issue_cmd(order).await.unwrap();
}

/// From now on the browser says that it is `agent`.
pub async fn call_itself(browser: &Chromium, agent: &str) {
    order(browser, "Network.setUserAgentOverride", json!({ "userAgent": agent })).await;
}

/// The page that is there now, whose `name` ends with its language, in every view: nothing stands beyond its edge, axe-core finds nothing, and what every
/// page has stands in its place. It is not asked for again: what a failure showed once is what is looked at.
pub async fn seen(browser: &Chromium, name: &str) {
    for (view, width, text) in VIEWS {
        let metrics = json!({ "width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 500 });
        order(browser, "Emulation.setDeviceMetricsOverride", metrics).await;
        let sizes = json!({ "fontSizes": { "standard": text, "fixed": text } });
        order(browser, "Page.setFontSizes", sizes).await;
        let what = format!("{name} {view}");
        let root = "return getComputedStyle(document.documentElement).fontSize";
        assert_eq!(
            browser.evaluate(root).await,
            json!(format!("{}px", text * 9 / 8)),
            "{what}"
        );
        fits(browser, &what).await;
        legible(browser, &what, text).await;
        in_plain_words(browser, &what).await;
        judged(browser, &what).await;
        whole_picture(browser, &format!("{name}-{view}"), width).await;
    }
    order(browser, "Emulation.clearDeviceMetricsOverride", json!({})).await;
    let usual = json!({ "fontSizes": { "standard": 16, "fixed": 16 } });
    order(browser, "Page.setFontSizes", usual).await;
}

/// Keeps a picture of the page that is there from its top to its foot, where somebody wants pictures.
pub async fn whole_picture(browser: &Chromium, name: &str, width: u32) {
    let height = browser.evaluate("return document.documentElement.scrollHeight").await;
    let whole = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 500 });
    order(browser, "Emulation.setDeviceMetricsOverride", whole).await;
    browser.picture(name).await;
    // The next page is as high as it is, not as high as this one was.
    let usual = json!({ "width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 500 });
    order(browser, "Emulation.setDeviceMetricsOverride", usual).await;
}

/// One heading, a title that begins with it, a foot that names the counter's telephone; no word of the machine's own, and
/// nothing called bad that is only not known.
async fn in_plain_words(browser: &Chromium, what: &str) {
    let page = browser
        .evaluate(
            "const text = e => { const c = e.cloneNode(true); c.querySelectorAll('rt, rp').forEach(r => r.remove()); return c.textContent };
             return [[...document.querySelectorAll('h1')].map(text), document.title,
                 text(document.querySelector('footer')), text(document.querySelector('main')),
                 document.documentElement.lang, document.querySelector('footer ruby') !== null]",
        )
        .await;
    let language = match what.split(' ').next().and_then(|name| name.rsplit('-').next()) {
        Some("ja") => ("ja", false),
        Some("easy") => ("ja", true),
        Some("en") => ("en", false),
        other => panic!("{what} is in no language: {other:?}"),
    };
    assert_eq!((&page[4], &page[5]), (&json!(language.0), &json!(language.1)), "{what}");
    let [headings, title, foot, main] = [0, 1, 2, 3].map(|part| page[part].clone());
    let heading = headings[0].as_str().unwrap_or_default();
    assert_eq!(headings.as_array().unwrap().len(), 1, "{what}: {headings}");
    assert!(
        title.as_str().unwrap().starts_with(heading),
        "{what}: {title} heads {heading}"
    );
    assert!(foot.as_str().unwrap().contains("0950-00-0000"), "{what}: {foot}");
    let main = main.as_str().unwrap().to_lowercase();
    for word in ["無効", "invalid", "error", "エラー", "saml", "pkcs", "_", "中継"] {
        assert!(!main.contains(word), "{what} says {word}: {main}");
    }
}

/// The checker: where `MADOGUCHI_AXE` says, else fetched by its script.
fn axe_core() -> String {
    let file = std::env::var("MADOGUCHI_AXE").unwrap_or_else(|_| {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../../scripts/axe-core");
        let told = std::process::Command::new(script)
            .output()
            .expect("scripts/axe-core runs");
        assert!(told.status.success(), "{}", String::from_utf8_lossy(&told.stderr));
        String::from_utf8(told.stdout)
            .expect("a path of ours is UTF-8")
            .trim()
            .to_owned()
    });
    std::fs::read_to_string(file).unwrap()
}

/// What axe-core finds on the page: rules of WCAG 2.0 to 2.2 A and AA, and its best practices.
pub async fn judged(browser: &Chromium, what: &str) {
    browser.evaluate(&axe_core()).await;
    let found = browser
        .client
        .execute_async(
            "const done = arguments[arguments.length - 1];
             axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] })
                .then(r => done({ rules: r.passes.length, violations: r.violations.map(v =>
                    [v.impact, v.id, v.nodes.map(n => n.html + ' ' + (n.any[0] || {}).message).join(' | ')]) }));",
            Vec::new(),
        )
        .await
        .unwrap();
    assert!(
        found["rules"].as_u64().unwrap() > 15,
        "{what}: axe-core looked at the page: {found}"
    );
    assert_eq!(found["violations"], Value::Array(Vec::new()), "{what}");
}

/// Nothing that is to be read is smaller than the browser's own text, but readings over kanji.
async fn legible(browser: &Chromium, what: &str, text: u32) {
    let small = browser
        .evaluate(
            "const small = [], walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
             while (walker.nextNode()) {
                 const node = walker.currentNode, size = parseFloat(getComputedStyle(node.parentElement).fontSize);
                 if (node.data.trim() && !node.parentElement.closest('rt, rp, script, noscript'))
                     small.push([size, node.data.trim()]);
             }
             return small.sort((one, other) => one[0] - other[0])[0]",
        )
        .await;
    let size = small[0].as_f64().unwrap();
    assert!(size >= f64::from(text), "{what}: {small}");
}

/// Nothing stands beyond the right edge.
pub async fn fits(browser: &Chromium, what: &str) {
    let wide = browser
        .evaluate("return document.documentElement.scrollWidth - window.innerWidth")
        .await;
    assert!(wide.as_i64().unwrap() <= 0, "{what} is {wide} pixels too wide");
}

//! Which SVG may be shown as a logo: shapes and colours, and nothing that acts, loads or hides.
//!
//! Not a reader of XML: whatever is not plainly harmless is refused, with its reason.

/// Why an SVG is refused.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
pub(super) enum SvgError {
    #[error("its first element is not `svg` with the namespace `{SVG_NAMESPACE}`")]
    NotSvg,
    #[error("`{0}` is not read to its end")]
    Unfinished(String),
    #[error("it holds `{0}`: only plain elements, comments and a leading `<?xml` are accepted")]
    Markup(String),
    #[error("the element `{0}` is not accepted")]
    Element(String),
    #[error("the attribute `{0}` is not accepted")]
    Attribute(String),
    #[error("the value of `{0}` leads elsewhere, or is written in a way that hides what it is")]
    Value(String),
}

const SVG_NAMESPACE: &str = "http://www.w3.org/2000/svg";
const XLINK_NAMESPACE: &str = "http://www.w3.org/1999/xlink";

/// Shapes, their order and their colours. No `script`, `foreignObject`, `image`, `a`, `animate`, and no `style`.
const ELEMENTS: [&str; 22] = [
    "svg",
    "g",
    "defs",
    "symbol",
    "use",
    "title",
    "desc",
    "metadata",
    "path",
    "rect",
    "circle",
    "ellipse",
    "line",
    "polyline",
    "polygon",
    "linearGradient",
    "radialGradient",
    "stop",
    "clipPath",
    "mask",
    "text",
    "tspan",
];

/// Checks the whole of it.
pub(super) fn check(text: &str) -> Result<(), SvgError> {
    let mut rest = text.trim_start_matches('\u{feff}');
    if let Some(after) = rest.strip_prefix("<?xml ") {
        rest = after.split_once("?>").ok_or_else(|| SvgError::Unfinished("<?xml".to_owned()))?.1;
    }
    let mut is_first = true;
    while let Some((between, after)) = rest.split_once('<') {
        only_text(between)?;
        if let Some(comment) = after.strip_prefix("!--") {
            rest = comment.split_once("-->").ok_or_else(|| SvgError::Unfinished("<!--".to_owned()))?.1;
            continue;
        }
        let end = tag_end(after).ok_or_else(|| SvgError::Unfinished(beginning(after)))?;
        let (tag, after) = after.split_at(end);
        let attributes = element(tag)?;
        if is_first && !(name_of(tag) == "svg" && attributes.iter().any(|(n, v)| *n == "xmlns" && *v == SVG_NAMESPACE))
        {
            return Err(SvgError::NotSvg);
        }
        is_first = false;
        rest = after.get(1..).unwrap_or_default();
    }
    only_text(rest)?;
    if is_first { Err(SvgError::NotSvg) } else { Ok(()) }
}

/// Text between elements: entities of our own making would need a declaration, which is refused; `&` for others stays.
fn only_text(text: &str) -> Result<(), SvgError> {
    if text.contains(']') && text.contains("]]>") { Err(SvgError::Markup("]]>".to_owned())) } else { Ok(()) }
}

/// Where the tag ends: at the first `>` outside of quotes.
fn tag_end(text: &str) -> Option<usize> {
    let mut quote = None;
    text.char_indices().find_map(|(at, c)| {
        match (quote, c) {
            (None, '>') => return Some(at),
            (None, '"' | '\'') => quote = Some(c),
            (Some(open), c) if open == c => quote = None,
            _ => {}
        }
        None
    })
}

/// The attributes of a tag whose name and attributes are all accepted.
fn element(tag: &str) -> Result<Vec<(&str, &str)>, SvgError> {
    let name = name_of(tag);
    if tag.starts_with(['!', '?']) {
        return Err(SvgError::Markup(format!("<{}", beginning(tag))));
    }
    if !ELEMENTS.contains(&name) {
        return Err(SvgError::Element(beginning(name)));
    }
    if tag.starts_with('/') {
        return Ok(Vec::new());
    }
    let mut rest = tag.get(name.len()..).unwrap_or_default().trim_end().trim_end_matches('/');
    let mut attributes = Vec::new();
    while let Some((name, value, after)) = attribute(rest)? {
        accept(name, value)?;
        attributes.push((name, value));
        rest = after;
    }
    Ok(attributes)
}

fn name_of(tag: &str) -> &str {
    let tag = tag.strip_prefix('/').unwrap_or(tag);
    tag.split(|c: char| c.is_ascii_whitespace() || c == '/').next().unwrap_or_default()
}

/// The next attribute, and what comes after it.
fn attribute(text: &str) -> Result<Option<(&str, &str, &str)>, SvgError> {
    let text = text.trim_start();
    if text.is_empty() {
        return Ok(None);
    }
    let broken = || SvgError::Attribute(beginning(text));
    let (name, rest) = text.split_once('=').ok_or_else(broken)?;
    let rest = rest.trim_start();
    let quote = rest.chars().next().filter(|c| matches!(c, '"' | '\'')).ok_or_else(broken)?;
    let (value, after) = rest.get(1..).and_then(|rest| rest.split_once(quote)).ok_or_else(broken)?;
    Ok(Some((name.trim_end(), value, after)))
}

/// A reference leads only to a place of the same file. Entities and escapes are refused: they could spell one.
fn accept(name: &str, value: &str) -> Result<(), SvgError> {
    let plain = name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b':' | b'_'));
    let lower = name.to_ascii_lowercase();
    let namespace = matches!((name, value), ("xmlns", SVG_NAMESPACE) | ("xmlns:xlink", XLINK_NAMESPACE));
    let prefixed = name.contains(':') && !matches!(name, "xlink:href" | "xml:space" | "xmlns:xlink");
    if !plain || prefixed || lower.starts_with("on") || matches!(lower.as_str(), "src" | "base") {
        return Err(SvgError::Attribute(beginning(name)));
    }
    let folded: String = value.to_ascii_lowercase().split_whitespace().collect();
    let hidden = value.contains(['&', '\\', '<', '@']) || folded.contains("/*");
    let local = folded.match_indices("url(").all(|(at, _)| {
        let target = folded.get(at + 4..).unwrap_or_default();
        target.trim_start_matches(['"', '\'']).starts_with('#')
    });
    let is_reference = matches!(name, "href" | "xlink:href");
    let leads_away = (is_reference && !value.starts_with('#'))
        || (name.starts_with("xmlns") && !namespace)
        || ["javascript:", "data:", "expression("].iter().any(|scheme| folded.contains(scheme));
    if hidden || !local || leads_away { Err(SvgError::Value(beginning(name))) } else { Ok(()) }
}

/// As much of a text as an error shows.
fn beginning(text: &str) -> String {
    text.chars().take(40).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(inside: &str) -> Result<(), SvgError> {
        check(&format!("<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 24 24\">{inside}</svg>"))
    }

    #[test]
    fn shapes_and_colours_are_accepted() {
        let logo = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<!-- drawn by hand: <script> -->\n\
             <svg xmlns='http://www.w3.org/2000/svg' xmlns:xlink='http://www.w3.org/1999/xlink' viewBox='0 0 24 24'>\n\
             <title>A &amp; B</title><defs><linearGradient id='a'><stop offset='0' stop-color=\"#c00\"/></linearGradient></defs>\
             <path fill='url(#a)' style='stroke: red' d='M2 4h20v3H2z' /><use xlink:href='#a'/></svg>\n";
        assert_eq!(check(logo), Ok(()));
    }

    #[test]
    fn what_acts_loads_or_hides_is_refused() {
        for inside in [
            "<script>alert(1)</script>",
            "<SCRIPT/>",
            "<svg:script xmlns:svg='http://www.w3.org/2000/svg'/>",
            "<foreignObject><p>Enter your password</p></foreignObject>",
            "<image href='https://evil.example/a.png'/>",
            "<a href='https://evil.example'><path d='M0 0'/></a>",
            "<animate attributeName='href' to='x'/>",
            "<style>@import 'https://evil.example/a.css';</style>",
            "<path onload='alert(1)' d='M0 0'/>",
            "<path ONCLICK='alert(1)'/>",
            "<use href='https://evil.example/a.svg#b'/>",
            "<use xlink:href='data:image/svg+xml;base64,AAAA'/>",
            "<use href='&#104;ttps://evil.example'/>",
            "<path fill='url(https://evil.example/a)'/>",
            "<path style='fill: URL( \"//evil.example\" )'/>",
            "<path style='fill:u\\72l(https://evil.example)'/>",
            "<path fill='&#117;rl(https://evil.example)'/>",
            "<path xml:base='https://evil.example'/>",
            "<g xmlns='http://www.w3.org/1999/xhtml'/>",
            "<!DOCTYPE svg [<!ENTITY x 'y'>]>",
            "<?xml-stylesheet href='https://evil.example/a.css'?>",
            "<![CDATA[<script>]]>",
            "<path d='M0 0",
            "<path d=M0/>",
            "<!-- never closed",
        ] {
            assert!(of(inside).is_err(), "{inside}");
        }
        for text in ["", "<p/>", "<html><svg xmlns='http://www.w3.org/2000/svg'/></html>", "<svg viewBox='0 0 1 1'/>"] {
            assert!(check(text).is_err(), "{text}");
        }
        assert!(check("<!DOCTYPE svg SYSTEM 'file:///etc/passwd'><svg xmlns='http://www.w3.org/2000/svg'/>").is_err());
    }
}

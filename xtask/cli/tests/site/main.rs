//! `gapis site`: the folder that it writes. What a browser makes of it is in `tests/site`.

mod links;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Result;
use clap::Parser;
use gapis_cli::{Gapis, Terminal};
use links::{attribute, broken, files, tags, unpacked};
use serde_json::{Value, json};
use tempfile::TempDir;

const DOCUMENTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../discovery");

/// A folder with documents, and another one for a site.
struct Place(TempDir);

impl Place {
    /// With documents of this repository.
    fn with(apis: &[&str]) -> Self {
        let place = Place::empty();
        for api in apis {
            let file = format!("{api}.json");
            fs::copy(Path::new(DOCUMENTS).join(&file), place.0.path().join("documents").join(file))
                .expect("a copy");
        }
        place
    }

    fn empty() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        fs::create_dir(folder.path().join("documents")).expect("a folder");
        Place(folder)
    }

    fn add(&self, api: &str, document: &Value) {
        let path = self.0.path().join("documents").join(format!("{api}.json"));
        fs::write(path, document.to_string()).expect("written");
    }

    fn out(&self) -> PathBuf {
        self.0.path().join("out/site")
    }

    fn run(&self, more: &[&str]) -> Result<(u8, String)> {
        let [documents, out] = [self.0.path().join("documents"), self.out()];
        let [documents, out] = [&documents, &out].map(|path| path.to_str().expect("a path"));
        let arguments = [&["gapis", "site", "--documents", documents, "--out", out], more].concat();
        let mut out = Vec::new();
        let mut terminal = Terminal { out: &mut out, progress: false };
        let code = Gapis::try_parse_from(arguments)?.run(self.0.path(), &mut terminal)?;
        Ok((code, String::from_utf8(out)?))
    }

    fn made(&self) -> BTreeMap<PathBuf, String> {
        let (code, out) = self.run(&[]).expect("a site");
        assert_eq!(code, 0, "{out}");
        files(&self.out())
    }
}

fn page<'f>(files: &'f BTreeMap<PathBuf, String>, path: &str) -> &'f str {
    files.get(Path::new(path)).unwrap_or_else(|| panic!("no {path}"))
}

/// A document with one method, which has the members of `method` and an object `Fish` for its body.
fn pond(prose: &str, more: &Value) -> Value {
    let mut document = json!({
        "name": "pond", "version": "v1", "title": prose, "description": prose, "rootUrl": "https://pond.example.com/",
        "batchPath": "batch", "documentationLink": "javascript:alert(1)",
        "auth": { "oauth2": { "scopes": { "https://www.example.com/auth/pond": { "description": prose } } } },
        "resources": { "fish": { "methods": { "get": {
            "id": "pond.fish.get", "httpMethod": "GET", "path": "fish/{fishId}", "description": prose,
            "parameters": {
                "fishId": { "type": "string", "location": "path", "required": true, "description": prose, "pattern": prose },
                "kind": { "type": "string", "location": "query", "description": prose, "default": prose,
                    "enum": ["<b>", "\"x\" onclick=\"y", "\u{202e}z"], "enumDescriptions": [prose, prose, prose] },
            },
            "parameterOrder": ["fishId"], "request": { "$ref": "Fish" }, "response": { "$ref": "Fish" },
            "scopes": ["https://www.example.com/auth/pond"],
        } } } },
        "schemas": { "Fish": { "id": "Fish", "type": "object", "description": prose, "properties": {
            "name": { "type": "string", "description": prose },
            "</script><b>": { "type": "string", "description": prose, "enum": ["</script>"], "enumDescriptions": [prose] },
        } } },
    });
    for (pointer, value) in more.as_object().into_iter().flatten() {
        *document.pointer_mut(pointer).expect("a member") = value.clone();
    }
    document
}

#[test]
fn every_link_leads_to_something() {
    let files = Place::with(&["farm.v2", "drive.v3", "docs.v1", "compute.v1"]).made();
    assert!(files.contains_key(Path::new("apis/compute.v1/instances.html")), "a large API has several pages");
    assert_eq!(broken(&files), [""; 0]);
    // Nothing comes from elsewhere, and pages from a folder cannot request or import anything.
    for (path, text) in &files {
        let elsewhere = tags(text).filter(|tag| {
            let loads =
                ["src", "href"].iter().any(|name| attribute(tag, name).is_some_and(|url| url.contains("//")));
            loads && !tag.starts_with("a ")
        });
        assert_eq!(elsewhere.collect::<Vec<_>>(), [""; 0], "{}", path.display());
    }
    let script = page(&files, "site.js");
    assert!(!script.contains("fetch(") && !script.contains("import "));
}

#[test]
fn what_a_page_says_of_a_method() {
    let place = Place::with(&["farm.v2"]);
    let files = place.made();
    let text = page(&files, "apis/farm.v2/methods.html");
    let (_, section) = text.split_once("<h2 id=animals.list>animals.list</h2>").expect("the method");
    let (section, _) = section.split_once("</section>").expect("its end");
    for part in [
        "<b>GET</b> <code>/farm/v2/animals</code>",
        "<p>Default <code>50</code>, at least <code>1</code>, at most <code>1000</code>.",
        "<li><code>WEIGHT</code> Heaviest first.",
        "<code>schemas::AnimalList</code>, in pages",
        "<dt>Batch<dd>1000 calls, /batch/farm/v2",
        "<pre data-ways=items>farm.animals().list()</pre>",
    ] {
        assert!(section.contains(part), "{part}: {section}");
    }
    let search = page(&files, "search.js");
    assert!(search.contains("\\nAfarm.v2\\t"), "{search}");
    assert!(search.contains("\\nManimals.list\\n"), "{search}");
    assert!(page(&files, "guide/batching.html").contains("href=jobs.html"));
}

#[test]
fn text_of_a_document_is_only_text() {
    let prose = "<script>alert(1)</script> </script> \u{202e}abc\u{0} [a](javascript:alert(1)) <img src=x onerror=y> `</code>` \
        ![i](https://e.example.com/i.png) \u{2028}";
    let place = Place::empty();
    place.add("pond.v1", &pond(prose, &json!({})));
    let files = place.made();
    assert_eq!(broken(&files), [""; 0]);
    for (path, text) in &files {
        let unfit =
            text.chars().filter(|c| (c.is_control() && *c != '\n') || ('\u{2028}'..='\u{202e}').contains(c));
        assert_eq!(unfit.count(), 0, "{}", path.display());
        if path.extension().is_some_and(|is| is == "html") {
            assert_eq!(tags(text).filter(|tag| tag.starts_with("script")).count(), 1, "{}", path.display());
            assert!(tags(text).all(|tag| !tag.starts_with("img")), "{}", path.display());
            let handlers = tags(text).filter(|tag| tag.contains(" on") && !tag.contains("=\""));
            assert_eq!(handlers.collect::<Vec<_>>(), [""; 0], "{}", path.display());
            assert!(
                !text.contains("href=\"javascript") && !text.contains("href=javascript"),
                "{}",
                path.display()
            );
        }
    }
    let lines = page(&files, "search.js");
    let lines =
        lines.strip_prefix("gapisSearch(").and_then(|text| text.strip_suffix(");\n")).expect("a call");
    serde_json::from_str::<String>(lines).expect("one text");
    let types = unpacked(page(&files, "apis/pond.v1/all-types.js"));
    let docs = types["docs"][0].as_str().expect("docs");
    assert!(docs.contains("&lt;script&gt;") && !docs.contains("<script"), "{docs}");
}

#[test]
fn odd_names_have_pages_too() {
    let place = Place::empty();
    let method = |id: &str| json!({ "id": id, "httpMethod": "GET", "path": "x" });
    let mut resources = json!({});
    for name in ["type", "Type", "index", "all-types", "a b", "../../etc", "ünï", "con", "\u{202e}x"] {
        resources[name] = json!({ "methods": { "get": method(name), "a/b <c>": method("x") } });
    }
    let many: serde_json::Map<String, Value> = (0..150).map(|n| (format!("get{n}"), method("y"))).collect();
    resources["many"] = json!({ "methods": many });
    place.add("pond.v1", &pond("Text.", &json!({ "/resources": resources })));
    let files = place.made();
    assert_eq!(broken(&files), [""; 0]);
    assert!(files.keys().all(|path| path.to_str().expect("a path").is_ascii()), "{:?}", files.keys());
}

#[test]
fn a_huge_description_is_cut() {
    let place = Place::empty();
    place.add("pond.v1", &pond(&"word ".repeat(100_000), &json!({ "/title": "Pond" })));
    let bytes: usize = place.made().values().map(String::len).sum();
    assert!(bytes < 1_000_000, "{bytes} bytes");
}

#[test]
fn two_runs_write_the_same_bytes() {
    let [one, other] = [Place::with(&["farm.v2", "docs.v1"]), Place::with(&["farm.v2", "docs.v1"])];
    assert!(one.made() == other.made());
}

#[test]
fn a_site_is_replaced_as_a_whole_and_nothing_else_is() {
    let place = Place::with(&["farm.v2", "docs.v1"]);
    place.made();
    let (code, out) = place.run(&["farm"]).expect("a site");
    assert_eq!(code, 0);
    assert!(out.contains(" pages, 0."), "{out}");
    let left = files(&place.out());
    assert!(left.keys().all(|path| !path.display().to_string().contains("docs.v1")), "what is gone is gone");
    // A folder of something else.
    fs::remove_dir_all(place.out()).expect("removed");
    fs::create_dir(place.out()).expect("a folder");
    place.run(&[]).expect("an empty folder will do");
    fs::remove_file(place.out().join("site.js")).expect("removed");
    let before = files(&place.out());
    let error = place.run(&[]).expect_err("no site").to_string();
    assert!(error.ends_with("site was not made by the generator and is not changed"), "{error}");
    assert!(files(&place.out()) == before);
}

#[test]
fn which_apis() {
    let place = Place::with(&["farm.v2", "docs.v1"]);
    let error = place.run(&["fram"]).expect_err("no such API").to_string();
    assert!(error.starts_with("no API `fram` among the documents"), "{error}");
    let error = place.run(&["fram:v2"]).expect_err("no such API").to_string();
    assert_eq!(error, "no API `fram:v2` among the documents; did you mean `farm:v2`?");
    assert!(!place.out().exists());
    for (pattern, expected) in [("f*", "farm"), ("*:v1", "docs"), ("d*:v*", "docs"), ("farm.v2", "farm")] {
        place.run(&[pattern]).expect(pattern);
        let names = files(&place.out());
        assert!(
            names.contains_key(&PathBuf::from(format!(
                "apis/{expected}.{}.html",
                if expected == "farm" { "v2" } else { "v1" }
            ))),
            "{pattern}"
        );
        assert_eq!(
            names.keys().filter(|path| path.parent() == Some(Path::new("apis"))).count(),
            1,
            "{pattern}"
        );
    }
}

#[test]
fn a_document_that_is_none_is_named_and_the_others_have_pages() {
    let place = Place::with(&["farm.v2"]);
    place.add("broken.v1", &json!({ "resources": 1 }));
    let (code, out) = place.run(&[]).expect("a site");
    assert_eq!(code, 1);
    assert!(out.starts_with("error: broken:v1: "), "{out}");
    assert!(files(&place.out()).contains_key(Path::new("apis/farm.v2.html")));
}

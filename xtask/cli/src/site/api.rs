//! The pages of an API: one about it with all its methods, one for each chapter of methods, and one for its types.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use gapis_codegen::Inventory;
use gapis_codegen::inventory::Method;
use maud::{Markup, html};

use super::chapter::{Chapter, divide};
use super::markdown::{first_sentence, prose};
use super::method::{Methods, anchor};
use super::page::Page;
use super::parameter::Parameters;
use super::{search, types};
use crate::api::ApiId;
use crate::documents::Document;
use crate::lines;
use crate::sync::Files;

/// The pages of an API, and what the others say of it.
pub(super) struct ApiPages {
    pub(super) id: ApiId,
    pub(super) title: String,
    pub(super) methods: usize,
    pub(super) files: Files,
    /// Its lines in the data of the search.
    pub(super) search: String,
}

/// Makes the pages of a document's API.
///
/// # Errors
/// If the document cannot be read, or its file does not name its API.
pub(super) fn pages(document: &Document) -> Result<ApiPages> {
    let inventory = document.documented()?;
    let id = document.id().context("its file is not called as its API, `drive.v3.json`")?;
    let title = match inventory.service.title.as_str() {
        "" => inventory.service.name.clone(),
        title => title.to_owned(),
    };
    let api = Api { id, title, document, chapters: divide(&inventory), inventory: &inventory };
    let folder = PathBuf::from("apis").join(id.stem());
    let mut files = Files::new();
    files.insert(PathBuf::from("apis").join(format!("{}.html", id.stem())), api.front());
    api.chapters(&folder, &mut files);
    let resolve = |url: &str| resolve(url, "");
    files.insert(folder.join(types::FILE), types::page(&api.name(), &api.above()));
    files.insert(
        folder.join(types::DATA),
        types::data(&inventory, &resolve).context("cannot list the types")?,
    );
    let search = search::of_api(id, &api.title, &inventory, &api.chapters);
    Ok(ApiPages { id: id.clone(), title: api.title.clone(), methods: inventory.methods.len(), files, search })
}

struct Api<'a> {
    id: &'a ApiId,
    title: String,
    document: &'a Document,
    inventory: &'a Inventory,
    chapters: Vec<Chapter<'a>>,
}

impl Api<'_> {
    /// `Google Drive API v3`.
    fn name(&self) -> String {
        format!("{} {}", self.title, self.id.version)
    }

    /// The pages above those in the API's folder.
    fn above(&self) -> Vec<(String, String)> {
        vec![
            ("APIs".to_owned(), "../../index.html#apis".to_owned()),
            (self.name(), format!("../{}.html", self.id.stem())),
        ]
    }

    /// The page about the API.
    fn front(&self) -> String {
        let Api { id, inventory, .. } = self;
        let service = &inventory.service;
        let folder = format!("{}/", id.stem());
        let facts = self.document.batch_facts(inventory);
        let main = html! {
            h1 { (self.title) " " small { (id.version) } }
            @if !service.docs.is_empty() { div.prose.lead { (prose(&service.docs, &|url| resolve(url, &folder))) } }
            pre { "gapis add " (id) }
            dl.facts {
                dt { "Crate" } dd { code { (inventory.crate_name) } }
                dt { "Server" } dd { code { (service.root_url) } }
                dt { "Batch" } dd { (facts) }
                @if !inventory.revision.is_empty() { dt { "Revision" } dd { (inventory.revision) } }
                dt { "Types" } dd { a href={ (folder) (types::FILE) } { (inventory.structs.len() + inventory.aliases.len()) " schemas, " (inventory.enums.len()) " enums" } }
                @if service.documentation.starts_with("https://") {
                    dt { "More" } dd { a href=(service.documentation) { (service.documentation) } }
                }
            }
            @if !service.endpoints.is_empty() {
                details {
                    summary { "Regional endpoints" }
                    ul.plain { @for (location, url) in &service.endpoints { li { (location) " " code { (url) } } } }
                }
            }
            @if !inventory.scopes.is_empty() {
                details {
                    summary { "Scopes" }
                    dl {
                        @for scope in &inventory.scopes {
                            dt { code { (scope.url) } " " code { (scope.path) } }
                            dd { (prose(&scope.docs, &|url| resolve(url, &folder))) }
                        }
                    }
                }
            }
            @for chapter in &self.chapters {
                h2 id=(heading(chapter)) { a href={ (folder) (chapter.file) ".html" } { (resource(chapter)) } }
                ul.methods {
                    @for method in &chapter.methods { (self.row(chapter, method)) }
                }
            }
        };
        let name = format!("{} · gapis", self.name());
        let above = [("APIs".to_owned(), "../index.html#apis".to_owned())];
        Page { title: &name, root: "../", above: &above, main }.html()
    }

    fn row(&self, chapter: &Chapter<'_>, method: &Method) -> Markup {
        let (stem, file) = (self.id.stem(), &chapter.file);
        let within = method.wire.strip_prefix(chapter.resource.as_str()).unwrap_or(&method.wire);
        html! {
            li {
                a href={ (stem) "/" (file) ".html#" (anchor(self.inventory, method)) } { (within.trim_start_matches('.')) }
                @if !method.docs.is_empty() { " " (first_sentence(&method.docs)) }
            }
        }
    }

    /// The pages of the methods.
    fn chapters(&self, folder: &Path, files: &mut Files) {
        let resolve = |url: &str| resolve(url, "");
        let quota = |method: &Method| self.document.quota_facts(method);
        let calls = self.document.calls();
        let path = &self.inventory.service.batch_path;
        let mut methods = Methods {
            inventory: self.inventory,
            batch: if calls == 0 { "none".to_owned() } else { format!("{calls} calls, /{path}") },
            quota: &quota,
            resolve: &resolve,
            parameters: Parameters::of(self.inventory, &resolve),
        };
        for chapter in &self.chapters {
            let file = format!("{}.html", chapter.file);
            let main = html! {
                h1 { @if chapter.resource.is_empty() { (self.name()) ": methods" } @else { (chapter.resource) } }
                div.methods-of data-library=(lines::library(self.inventory)) data-service=(self.inventory.service.path) {
                    @for method in &chapter.methods { (methods.section(method, &file)) }
                }
            };
            let title = format!("{} · {} · gapis", resource(chapter), self.name());
            let page = Page { title: &title, root: "../../", above: &self.above(), main };
            files.insert(folder.join(file), page.html());
        }
    }
}

/// What a chapter is called.
fn resource(chapter: &Chapter<'_>) -> String {
    if chapter.resource.is_empty() { "Methods".to_owned() } else { chapter.resource.clone() }
}

/// The anchor of a chapter on the page about its API.
fn heading<'c>(chapter: &'c Chapter<'_>) -> &'c str {
    &chapter.file
}

/// Where a link in a description leads: to a type, or to an address. `folder` leads to the folder of the API.
fn resolve(url: &str, folder: &str) -> Option<String> {
    let path = url.strip_prefix("type@").unwrap_or(url);
    if path.starts_with("schemas::") {
        return Some(format!("{folder}{}#{}", types::FILE, types::anchor(path)));
    }
    (url.starts_with("https://") || url.starts_with("http://")).then(|| url.to_owned())
}

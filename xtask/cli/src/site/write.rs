//! From documents to the folder of a site.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use serde_json::json;

use super::api::{self, ApiPages};
use super::{guide, home, search};
use crate::documents::{Document, Documents};
use crate::files::documents_in;
use crate::lines::{SETUP, WAYS};
use crate::near::did_you_mean;
use crate::progress::{Progress, for_each};
use crate::sync::{self, Files, Mode};
use crate::workspace::{Terminal, Workspace};

/// Writes a site of the APIs that are named, from the documents of a folder or of a repository.
pub(super) fn run(
    apis: &[String],
    out: Option<&Path>,
    documents: Option<&Path>,
    workspace: impl FnOnce() -> Result<Workspace>,
    terminal: &mut Terminal<'_>,
) -> Result<bool> {
    let (documents, usual) = match documents {
        Some(folder) => (Documents::of_files(&documents_in(folder)?)?, PathBuf::from("target/site")),
        None => {
            let workspace = workspace()?;
            (Documents::of(&workspace)?, workspace.root.join("target/site"))
        }
    };
    let out = std::path::absolute(out.unwrap_or(&usual))?;
    // Before the work, and again when it is done.
    sync::check_site(&out)?;
    let chosen = choose(apis, &documents)?;
    let progress = Progress::new(chosen.len(), terminal);
    let made = for_each(&chosen, &progress, |document| document.name(), |document| api::pages(document));
    drop(progress);
    let mut apis = Vec::new();
    let mut well = true;
    for (document, made) in chosen.iter().zip(made) {
        match made {
            Ok(pages) => apis.push(pages),
            Err(error) => {
                well = false;
                writeln!(terminal.out, "error: {}: {error:#}", document.name())?;
            }
        }
    }
    let files = files(apis).context("cannot make the site")?;
    let (pages, bytes) = (count_pages(&files), files.values().map(String::len).sum::<usize>());
    write(&out, &files)?;
    let megabytes = format!("{}.{}", bytes / 1_000_000, bytes / 100_000 % 10);
    writeln!(terminal.out, "{pages} pages, {megabytes} MB: {}", out.join("index.html").display())?;
    Ok(well)
}

/// The documents of the APIs that are named.
fn choose<'d>(apis: &[String], documents: &'d Documents) -> Result<Vec<&'d Document>> {
    let all: Vec<&Document> = documents.iter().collect();
    for pattern in apis {
        if !all.iter().any(|document| document.is_named(pattern)) {
            let names: Vec<String> = all.iter().map(|document| document.name()).collect();
            let close = did_you_mean(pattern, names.iter().map(String::as_str));
            bail!("no API `{}` among the documents{close}", pattern.escape_debug());
        }
    }
    let is_chosen =
        |document: &&Document| apis.is_empty() || apis.iter().any(|pattern| document.is_named(pattern));
    Ok(all.into_iter().filter(is_chosen).collect())
}

/// All files of the site.
fn files(mut apis: Vec<ApiPages>) -> Result<Files> {
    apis.sort_by(|a, b| a.id.cmp(&b.id));
    let guide = guide::pages();
    let mut files = Files::new();
    let mut lines = search::of_guide(&guide);
    apis.iter().for_each(|api| lines.push_str(&api.search));
    files.insert(PathBuf::from(search::FILE), search::script(&lines)?);
    files.insert(PathBuf::from("index.html"), home::page(&guide, &apis));
    files.insert(PathBuf::from(sync::SITE), script()?);
    files.insert(PathBuf::from("site.css"), include_str!("site.css").to_owned());
    files.insert(Path::new("guide").join("index.html"), guide::index(&guide));
    for page in guide {
        files.insert(Path::new("guide").join(page.file), page.html);
    }
    for api in apis {
        files.extend(api.files);
    }
    Ok(files)
}

/// The script of all pages, with the ways to call a method that it fills in.
fn script() -> Result<String> {
    let ways: Vec<_> =
        WAYS.iter().map(|way| json!({ "key": way.key, "title": way.title, "lines": way.lines })).collect();
    let data = json!({ "setup": SETUP, "ways": ways });
    Ok(include_str!("site.js").replace("\"WAYS\"", &serde_json::to_string(&data)?))
}

fn count_pages(files: &Files) -> usize {
    files.keys().filter(|path| path.extension().is_some_and(|is| is == "html")).count()
}

/// Exchanges the folder as a whole.
fn write(out: &Path, files: &Files) -> Result<()> {
    let (Some(parent), Some(name)) = (out.parent(), out.file_name().map(OsString::from)) else {
        bail!("{} cannot be a site's folder", out.display());
    };
    std::fs::create_dir_all(parent).with_context(|| format!("cannot make {}", parent.display()))?;
    let name = name.to_str().with_context(|| format!("{} is not a name in Unicode", out.display()))?;
    sync::sync(parent, name, files, Mode::Write)?;
    Ok(())
}

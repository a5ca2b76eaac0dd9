//! `gapis.toml`, the file of a user's repository: the folder for generated files, the location of the runtime, and the
//! APIs.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use gapis_codegen::Revision;
use serde::Deserialize;

use crate::workspace::{Kind, RuntimePlace, Workspace};

/// The name of the file.
pub(crate) const FILE: &str = "gapis.toml";

/// The folder for documents and crates, if the file does not set one.
const FOLDER: &str = "apis";

/// The content of the file, without the APIs.
#[derive(Debug, Deserialize)]
struct Config {
    folder: Option<PathBuf>,
    runtime: Option<RuntimeEntry>,
}

/// The location of the runtime, in the form of a dependency in `Cargo.toml`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct RuntimeEntry {
    path: Option<PathBuf>,
    git: Option<String>,
    branch: Option<String>,
    tag: Option<String>,
    rev: Option<String>,
}

/// Finds the repository that contains a folder, by `gapis.toml` in it or in one of its parents.
///
/// # Errors
/// If there is no such file, or it cannot be read.
pub(crate) fn find(start: &Path) -> Result<Workspace> {
    let start = std::path::absolute(start)?;
    match start.ancestors().find(|folder| folder.join(FILE).is_file()) {
        Some(root) => read(root),
        None => {
            bail!("no {FILE} in this folder or its parents; for example, `gapis add drive:v3` creates one")
        }
    }
}

/// Like [`find`], but returns `None` if there is no such file.
pub(crate) fn find_if_any(start: &Path) -> Result<Option<Workspace>> {
    let start = std::path::absolute(start)?;
    start.ancestors().find(|folder| folder.join(FILE).is_file()).map(read).transpose()
}

/// Reads the file in a folder.
fn read(root: &Path) -> Result<Workspace> {
    let path = root.join(FILE);
    let text = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    parse(root, &text).with_context(|| path.display().to_string())
}

fn parse(root: &Path, text: &str) -> Result<Workspace> {
    let config: Config = toml_edit::de::from_str(text)?;
    let folder = config.folder.unwrap_or_else(|| FOLDER.into());
    if folder.is_absolute() || folder.components().any(|part| part.as_os_str() == "..") {
        bail!("`folder` must be in the repository, not {}", folder.display());
    }
    let folder = root.join(folder);
    let runtime = match config.runtime {
        None => RuntimePlace::Registry,
        Some(entry) => place(root, entry)?,
    };
    Ok(Workspace {
        root: root.to_owned(),
        discovery: folder.clone(),
        generated: folder,
        runtime,
        kind: Kind::User,
    })
}

fn place(root: &Path, entry: RuntimeEntry) -> Result<RuntimePlace> {
    let RuntimeEntry { path, git, branch, tag, rev } = entry;
    let revisions = [branch.map(Revision::Branch), tag.map(Revision::Tag), rev.map(Revision::Rev)];
    let mut revisions = revisions.into_iter().flatten();
    let (revision, more) = (revisions.next(), revisions.next());
    match (path, git) {
        (Some(path), None) if revision.is_none() => Ok(RuntimePlace::Folder(root.join(path))),
        (None, Some(url)) if more.is_none() => Ok(RuntimePlace::Git(url, revision)),
        _ => bail!("`runtime` must have `path`, or `git` with at most one of `branch`, `tag` and `rev`"),
    }
}

/// The text of a new file. The runtime is a path or the URL of a Git repository.
pub(crate) fn new_file(folder: Option<&str>, runtime: Option<&str>) -> String {
    let runtime = runtime.unwrap_or(env!("CARGO_PKG_REPOSITORY"));
    let is_address = runtime.contains("://") || runtime.starts_with("git@");
    let key = if is_address { "git" } else { "path" };
    let string = |text: &str| toml_edit::value(text).to_string().trim().to_owned();
    format!(
        "# The Google APIs of this repository, for the command `gapis`: {}\n\n\
         # Where their documents are, and what is generated from them.\n\
         folder = {}\n\n\
         # Where the generated code finds gapis-runtime, which is not on crates.io yet: `path`, or `git` with `branch`,\n\
         # `tag` or `rev`.\n\
         runtime = {{ {key} = {} }}\n",
        env!("CARGO_PKG_REPOSITORY"),
        string(folder.unwrap_or(FOLDER)),
        string(runtime),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn runtime(text: &str) -> Result<RuntimePlace> {
        parse(Path::new("/r"), text).map(|workspace| workspace.runtime)
    }

    #[test]
    fn the_runtime_in_all_its_places() {
        assert_eq!(runtime("").expect("none"), RuntimePlace::Registry);
        let folder = RuntimePlace::Folder(Path::new("/r/../gapis/runtime").into());
        assert_eq!(runtime("runtime = { path = \"../gapis/runtime\" }").expect("a path"), folder);
        let git = |revision| RuntimePlace::Git("https://a.example/g".to_owned(), revision);
        assert_eq!(runtime("runtime = { git = \"https://a.example/g\" }").expect("git"), git(None));
        let tag = runtime("runtime = { git = \"https://a.example/g\", tag = \"v1\" }").expect("git");
        assert_eq!(tag, git(Some(Revision::Tag("v1".to_owned()))));
        for bad in [
            "{}",
            "{ path = \"a\", git = \"b\" }",
            "{ path = \"a\", tag = \"b\" }",
            "{ git = \"a\", tag = \"b\", rev = \"c\" }",
            "{ url = \"a\" }",
            "\"a\"",
        ] {
            runtime(&format!("runtime = {bad}")).expect_err(bad);
        }
    }

    #[test]
    fn the_folder_is_in_the_repository() {
        let folder = |text: &str| parse(Path::new("/r"), text).map(|workspace| workspace.generated);
        assert_eq!(folder("").expect("the usual"), Path::new("/r/apis"));
        assert_eq!(folder("folder = \"src/google\"").expect("another"), Path::new("/r/src/google"));
        folder("folder = \"../x\"").expect_err("outside");
        folder("folder = \"/x\"").expect_err("outside");
    }

    #[test]
    fn a_new_file_reads_as_it_was_meant() {
        let place = |given: Option<&str>| runtime(&new_file(None, given)).expect("a file");
        assert_eq!(place(None), RuntimePlace::Git(env!("CARGO_PKG_REPOSITORY").to_owned(), None));
        assert_eq!(place(Some("../a \"b\"")), RuntimePlace::Folder("/r/../a \"b\"".into()));
        let local = "file:///g/gapis";
        assert_eq!(place(Some(local)), RuntimePlace::Git(local.to_owned(), None));
    }
}

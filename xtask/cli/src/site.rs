//! `gapis site` and `cargo xtask site`: a static site with the guide and a page for each resource of each API.
//!
//! The site is plain files that a browser opens from a folder: no server, no request, nothing from elsewhere. It depends on
//! the documents only, so that two runs write the same bytes.

#[cfg(feature = "site")]
mod api;
#[cfg(feature = "site")]
mod chapter;
#[cfg(feature = "site")]
mod guide;
#[cfg(feature = "site")]
mod home;
#[cfg(feature = "site")]
mod markdown;
#[cfg(feature = "site")]
mod method;
#[cfg(feature = "site")]
mod page;
#[cfg(feature = "site")]
mod parameter;
#[cfg(feature = "site")]
mod search;
#[cfg(feature = "site")]
mod types;
#[cfg(feature = "site")]
mod write;

use std::path::PathBuf;

use anyhow::Result;
use clap::Args;

use crate::workspace::{Terminal, Workspace};

/// What to write a site of, and where to.
#[derive(Args, Clone, Debug, Default)]
pub struct Site {
    /// The APIs, such as drive:v3, drive, or 'compute:*' [default: all]
    #[arg(value_name = "API")]
    pub apis: Vec<String>,
    /// The site's folder [default: target/site]
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Every document of this folder, such as drive.v3.json, in place of those of the list of APIs
    #[arg(long, value_name = "DIR")]
    pub documents: Option<PathBuf>,
}

impl Site {
    /// Writes the site. Returns whether every document has its pages; those that cannot be read are printed, and left out.
    ///
    /// # Errors
    /// If there is no such API, if the folder is there and is no site, or if it cannot be written. Then nothing has changed.
    pub fn run(
        &self,
        workspace: impl FnOnce() -> Result<Workspace>,
        terminal: &mut Terminal<'_>,
    ) -> Result<bool> {
        #[cfg(feature = "site")]
        return {
            let (out, documents) = (self.out.as_deref(), self.documents.as_deref());
            write::run(&self.apis, out, documents, workspace, terminal)
        };
        #[cfg(not(feature = "site"))]
        {
            let _ = (workspace, terminal);
            anyhow::bail!("this build has no templates for a site; they come with `--features site`")
        }
    }
}

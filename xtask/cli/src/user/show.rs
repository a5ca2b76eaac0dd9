//! `gapis list`: lists the APIs of the repository, or all APIs that can be added.

use std::path::Path;

use anyhow::Result;
use clap::Args;

use crate::api::Apis;
use crate::config;
use crate::fetch::Origin;
use crate::list::list;
use crate::workspace::{Kind, Terminal, Workspace};

/// The APIs to list.
#[derive(Args, Clone, Debug, Default)]
#[command(after_help = "Examples:
  gapis list
  gapis list --all
  gapis list --all calendar")]
pub(crate) struct Show {
    /// Also list the APIs that can be added
    #[arg(long)]
    pub(crate) all: bool,
    /// Only list APIs whose names contain this
    #[arg(value_name = "WORD", requires = "all")]
    pub(crate) word: Option<String>,
    /// A folder of NAME.VERSION.json files, or the URL of a directory of APIs [default: Google's]
    #[arg(long, value_name = "DIR_OR_URL", requires = "all")]
    pub(crate) from: Option<String>,
}

impl Show {
    /// Prints the table. Returns whether every document could be read.
    ///
    /// # Errors
    /// If the list or the directory of APIs cannot be read.
    pub(crate) fn run(&self, folder: &Path, terminal: &mut Terminal<'_>) -> Result<bool> {
        if !self.all {
            return list(&config::find(folder)?, terminal);
        }
        let found = config::find_if_any(folder)?;
        let here = found.as_ref().map(Apis::of).transpose()?;
        let workspace = found.unwrap_or_else(|| Workspace { kind: Kind::User, ..Workspace::at(folder) });
        let word = self.word.as_deref().unwrap_or_default().to_ascii_lowercase();
        for id in Origin::of(self.from.as_deref(), &workspace)?.apis()? {
            if !id.to_string().to_ascii_lowercase().contains(&word) {
                continue;
            }
            let mark = if here.as_ref().is_some_and(|apis| apis.get(&id).is_some()) { "  here" } else { "" };
            writeln!(terminal.out, "{id}{mark}")?;
        }
        Ok(true)
    }
}

//! `gapis describe`: shows the parameters and the response of a method, and the Rust code that calls it, alone and in a
//! batch.

mod prose;

use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use clap::Args;
use gapis_codegen::Inventory;
use gapis_codegen::inventory::{Location, Method};
use serde_json::{Map, Value, json};

use self::prose::Prose;
use crate::documents::{Document, Documents};
use crate::lines::{self, Expression};
use crate::near::did_you_mean;
use crate::workspace::{Terminal, Workspace};

/// The method to describe.
#[derive(Args, Clone, Debug, Default)]
#[command(after_help = "Examples:
  gapis describe drive.files.get
  gapis describe drive:v3
  gapis describe drive.permissions
  gapis describe farm.animals.get --document farm.v2.json --json")]
pub(crate) struct Describe {
    /// A method's id, an API, or a resource, whose methods are listed
    #[arg(value_name = "WHAT")]
    pub(crate) what: String,
    /// A document to search instead of those of gapis.toml
    #[arg(long, value_name = "FILE")]
    pub(crate) document: Vec<PathBuf>,
    /// Print a method as one JSON object
    #[arg(long)]
    pub(crate) json: bool,
}

impl Describe {
    /// Describes a method, or lists the methods of an API or a resource.
    ///
    /// # Errors
    /// If there is no such method. The message names similar methods.
    pub(crate) fn run(
        &self,
        workspace: impl FnOnce() -> Result<Workspace>,
        terminal: &mut Terminal<'_>,
    ) -> Result<bool> {
        let documents = match self.document.as_slice() {
            [] => Documents::of(&workspace()?)?,
            files => Documents::of_files(files)?,
        };
        let what = self.what.as_str();
        if let Some(document) = documents.iter().find(|document| document.is_called(what)) {
            let read = document.read()?;
            return list(&read.inventory, "", terminal);
        }
        let mut known = Vec::new();
        // The document of the API whose name begins the id comes first. Usually no other document is read.
        for (_, document) in documents.by_method(what) {
            let read = document.read()?;
            if let Some(method) = read.inventory.methods.iter().find(|method| method.id == what) {
                return self.method(document, &read.inventory, method, &read.bytes, terminal);
            }
            let prefix = format!("{what}.");
            if read.inventory.methods.iter().any(|method| method.id.starts_with(&prefix)) {
                return list(&read.inventory, &prefix, terminal);
            }
            known.extend(read.inventory.methods.into_iter().map(|method| method.id));
        }
        let close = did_you_mean(what, known.iter().map(String::as_str));
        if close.is_empty() && self.document.is_empty() {
            let name = what.split(['.', ':']).next().unwrap_or(what).escape_debug().to_string();
            bail!(
                "no method `{}` in the APIs here; `gapis list --all {name}` shows what can be added, and `gapis add` adds it",
                what.escape_debug()
            );
        }
        bail!("no method `{}`{close}", what.escape_debug())
    }

    fn method(
        &self,
        document: &Document,
        inventory: &Inventory,
        method: &Method,
        bytes: &[u8],
        terminal: &mut Terminal<'_>,
    ) -> Result<bool> {
        let prose = Prose::of(bytes, &method.id);
        let expression = Expression::of(inventory, method);
        let facts = Facts { document, inventory, method, prose: &prose, expression: &expression };
        if self.json {
            serde_json::to_writer_pretty(&mut *terminal.out, &facts.json()).context("cannot print")?;
            writeln!(terminal.out)?;
        } else {
            terminal.out.write_all(facts.text().as_bytes())?;
        }
        Ok(true)
    }
}

/// Lists the methods whose ids have this prefix.
fn list(inventory: &Inventory, prefix: &str, terminal: &mut Terminal<'_>) -> Result<bool> {
    let methods: Vec<&Method> =
        inventory.methods.iter().filter(|method| method.id.starts_with(prefix)).collect();
    let width = methods.iter().map(|method| method.id.len()).max().unwrap_or_default();
    for method in methods {
        writeln!(terminal.out, "{:width$}  {:6}  {}", method.id, method.verb, method.template)?;
    }
    Ok(true)
}

/// Everything that is shown of a method.
struct Facts<'a> {
    document: &'a Document,
    inventory: &'a Inventory,
    method: &'a Method,
    prose: &'a Prose,
    expression: &'a Expression,
}

/// One parameter as a row of a table.
struct Row<'a> {
    wire: &'a str,
    place: &'static str,
    ty: &'a str,
}

impl Facts<'_> {
    fn required(&self) -> Vec<Row<'_>> {
        let rows = self.method.arguments.iter().filter_map(|argument| {
            let place = match argument.location {
                Location::Path => "path",
                Location::Query => "query",
                Location::Body => return None,
            };
            Some(Row { wire: &argument.wire, place, ty: &argument.ty })
        });
        rows.collect()
    }

    fn optional(&self) -> Vec<Row<'_>> {
        let setters = self.method.setters.iter();
        setters.map(|setter| Row { wire: &setter.wire, place: "query", ty: &setter.ty }).collect()
    }

    fn body(&self) -> Option<&str> {
        let argument = self.method.arguments.iter().find(|argument| argument.location == Location::Body);
        let update = self.method.update.as_ref().map(|update| update.body.as_str());
        argument.map(|argument| argument.ty.as_str()).or(update)
    }

    /// The URLs of the scopes. One of them suffices.
    fn scopes(&self) -> Vec<&str> {
        let url = |name: &String| {
            let path = format!("scopes::{name}");
            self.inventory.scopes.iter().find(|scope| scope.path == path).map(|scope| scope.url.as_str())
        };
        self.method.scopes.iter().filter_map(url).collect()
    }

    fn text(&self) -> String {
        let (method, service) = (self.method, &self.inventory.service);
        let mut text =
            format!("{}\n{} /{}{}\n", method.id, method.verb, service.service_path, method.template);
        if method.deprecated {
            text.push_str("Deprecated.\n");
        }
        if let Some(prose) = &self.prose.method {
            text.push_str(&format!("{prose}\n"));
        }
        self.table("Required parameters", &self.required(), &mut text);
        self.table("Optional parameters", &self.optional(), &mut text);
        text.push('\n');
        if let Some(body) = self.body() {
            text.push_str(&format!("Body       {body}\n"));
        }
        let pages = if method.paging.is_some() { ", in pages" } else { "" };
        text.push_str(&format!("Response   {}{pages}\n", method.output));
        let media = match (method.uploads, method.downloads) {
            (true, true) => "uploads and downloads",
            (true, false) => "uploads",
            (false, true) => "downloads",
            (false, false) => "",
        };
        if !media.is_empty() {
            text.push_str(&format!("Media      {media}, not in a batch\n"));
        }
        text.push_str(&format!("Batch      {}\n", self.document.batch_facts(self.inventory)));
        if let Some(quota) = self.document.quota_facts(self.method) {
            text.push_str(&format!("Quota      {quota}\n"));
        }
        for (index, scope) in self.scopes().into_iter().enumerate() {
            text.push_str(if index == 0 { "Scopes     " } else { "        or " });
            text.push_str(&format!("{scope}\n"));
        }
        let ways = lines::ways(method).into_iter();
        let rust = ways.map(|way| (way.title, self.expression.lines(self.inventory, way)));
        let json = ("A line for `gapis batch`", vec![lines::line(method)]);
        for (title, lines) in rust.chain([json]) {
            text.push_str(&format!("\n{title}\n"));
            for line in lines {
                text.push_str(&format!("    {line}\n"));
            }
        }
        text
    }

    fn table(&self, title: &str, rows: &[Row<'_>], text: &mut String) {
        if rows.is_empty() {
            return;
        }
        text.push_str(&format!("\n{title}\n"));
        let width = rows.iter().map(|row| row.wire.len()).max().unwrap_or_default();
        let types = rows.iter().map(|row| row.ty.len()).max().unwrap_or_default();
        for Row { wire, place, ty } in rows {
            let prose = self.prose.parameter(wire);
            let line = format!("    {wire:width$}  {place:5}  {ty:types$}  {prose}");
            text.push_str(line.trim_end());
            text.push('\n');
        }
    }

    fn json(&self) -> Value {
        let rows = |rows: Vec<Row<'_>>| -> Vec<Value> {
            let row = |Row { wire, place, ty }: Row<'_>| json!({ "name": wire, "in": place, "type": ty, "description": self.prose.parameter(wire) });
            rows.into_iter().map(row).collect()
        };
        let (method, service) = (self.method, &self.inventory.service);
        let ways = lines::ways(method).into_iter();
        let rust: Map<String, Value> =
            ways.map(|way| (way.key.to_owned(), json!(self.expression.lines(self.inventory, way)))).collect();
        json!({
            "id": method.id,
            "api": self.inventory.api,
            "verb": method.verb,
            "path": format!("{}{}", service.service_path, method.template),
            "description": self.prose.method,
            "deprecated": method.deprecated,
            "required": rows(self.required()),
            "optional": rows(self.optional()),
            "body": self.body(),
            "response": method.output,
            "pages": method.paging.is_some(),
            "uploads": method.uploads,
            "downloads": method.downloads,
            "scopes": self.scopes(),
            "batch": { "path": service.batch_path, "calls": self.document.calls(), "source": self.document.limits_source() },
            "quota": {
                "units": self.document.quota().units_of(&method.id),
                "project_per_minute": self.document.quota().project_per_minute,
                "user_per_minute": self.document.quota().user_per_minute,
                "source": self.document.quota_source(),
            },
            "rust": rust,
        })
    }
}

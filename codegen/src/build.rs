//! For build scripts: writes a module for a document into the folder for generated code.
//!
//! **Architecture invariant:** this is the only file of the crate that uses the disk, and nothing else in the crate
//! uses it.

use std::fmt;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

use crate::error::Error;
use crate::generate::{Crate, generate};
use crate::naming;
use crate::options::{Limits, Options};

/// Generates an API's module in a build script.
///
/// This is a complete `build.rs`, with `gapis-codegen` among the build dependencies and the document next to
/// `Cargo.toml`:
///
/// ```no_run
/// fn main() -> Result<(), gapis_codegen::BuildError> {
///     gapis_codegen::Build::new("gmail.v1.json").only(["users.messages.*"]).write()
/// }
/// ```
///
/// In the program, which depends on `gapis-runtime`:
///
/// ```ignore
/// include!(concat!(env!("OUT_DIR"), "/gmail_v1.rs"));
///
/// use gmail_v1::Gmail;
/// ```
///
/// Cargo runs the script again if the document changes. Warnings about the document become warnings of cargo.
#[derive(Clone, Debug)]
#[must_use = "nothing is generated until `write`"]
pub struct Build {
    document: PathBuf,
    module: Option<String>,
    out: Option<PathBuf>,
    options: Options,
}

impl Build {
    /// For a document, by its path relative to the folder of the package.
    pub fn new(document: impl Into<PathBuf>) -> Self {
        let document = document.into();
        let name = document.display().to_string();
        let command = Some("cargo build".to_owned());
        let options = Options { name, as_module: true, command, ..Options::default() };
        Build { document, module: None, out: None, options }
    }

    /// Generates only these methods and the schemas that they use: `files.list`, `permissions.*`. By default, all.
    pub fn only<S: Into<String>>(mut self, methods: impl IntoIterator<Item = S>) -> Self {
        self.options.only.extend(methods.into_iter().map(Into::into));
        self
    }

    /// Sets the module's name. By default, the API's name and version: `gmail_v1`.
    pub fn module(mut self, name: &str) -> Self {
        self.module = Some(name.to_owned());
        self
    }

    /// Sets the limits of the API's servers, which documents do not contain. For example, Drive accepts batches of 100
    /// calls.
    ///
    /// ```no_run
    /// use gapis_codegen::{Build, Limits};
    ///
    /// let limits = Limits { calls: Some(100), ..Limits::default() };
    /// let build = Build::new("drive.v3.json").limits(limits);
    /// # let _ = build;
    /// ```
    pub fn limits(mut self, limits: Limits) -> Self {
        self.options.limits = limits;
        self
    }

    /// Sets all options. This replaces earlier calls of `name`, `only` and `limits`. The files are always those of a
    /// module.
    pub fn options(mut self, options: Options) -> Self {
        self.options = Options { as_module: true, ..options };
        self
    }

    /// Sets the output folder. By default, `OUT_DIR`, which cargo sets.
    pub fn out_dir(mut self, folder: impl Into<PathBuf>) -> Self {
        self.out = Some(folder.into());
        self
    }

    /// Writes the module, and the file to include, `gmail_v1.rs`, next to it.
    ///
    /// # Errors
    /// If the document cannot be read, no module can be generated for it, the module's name is not an identifier, or
    /// the files cannot be written.
    pub fn write(self) -> Result<(), BuildError> {
        tell(&format!("rerun-if-changed={}", self.document.display()));
        let document = fs::read(&self.document)
            .map_err(|error| BuildError::io("cannot read the document", &self.document, error))?;
        let made = generate(&document, &self.options).map_err(BuildError::Document)?;
        for warning in &made.warnings {
            tell(&format!("warning={warning}"));
        }
        let module = match &self.module {
            Some(name) if !naming::is_identifier(name) => return Err(BuildError::Module(name.clone())),
            Some(name) => name.clone(),
            None => made.name.trim_start_matches("gapis-").replace('-', "_"),
        };
        let out = match self.out {
            Some(folder) => folder,
            None => env::var_os("OUT_DIR").map(PathBuf::from).ok_or(BuildError::NoOutDir)?,
        };
        write(&made, &module, &out)
    }
}

/// Writes the files of the module, and the file that includes it.
fn write(made: &Crate, module: &str, out: &Path) -> Result<(), BuildError> {
    let folder = out.join(module);
    // Files for an earlier version of the document must be removed.
    if folder.exists() {
        fs::remove_dir_all(&folder)
            .map_err(|error| BuildError::io("cannot remove the old module", &folder, error))?;
    }
    let mut files: Vec<(PathBuf, String)> = Vec::new();
    for (path, text) in &made.files {
        files.push((folder.join(path.strip_prefix("src").unwrap_or(path)), text.clone()));
    }
    // A `#[path]` must be a literal, so the line with it is generated too. It exempts generated code from the lints of
    // the program.
    let root = std::path::absolute(folder.join("lib.rs"))
        .map_err(|error| BuildError::io("cannot find", &folder, error))?;
    let line = format!("#[allow(missing_docs, unreachable_pub)]\n#[path = {root:?}]\npub mod {module};\n");
    files.push((out.join(format!("{module}.rs")), line));
    for (path, text) in files {
        let parent = path.parent().unwrap_or(out);
        fs::create_dir_all(parent)
            .and_then(|()| fs::write(&path, text))
            .map_err(|error| BuildError::io("cannot write", &path, error))?;
    }
    Ok(())
}

/// Prints an instruction for cargo, which reads the standard output of build scripts.
#[allow(clippy::print_stdout)]
fn tell(instruction: &str) {
    println!("cargo::{instruction}");
}

/// Why a build script wrote no module.
///
/// The `Debug` output is only the message, because cargo prints it if `main` returns the error.
#[non_exhaustive]
pub enum BuildError {
    /// No module can be generated for the document.
    Document(Error),
    /// A file cannot be read or written.
    Io {
        /// The operation that failed.
        tried: &'static str,
        /// The file.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// This is not the name of a module.
    Module(String),
    /// `OUT_DIR` is not set, because this is not a build script.
    NoOutDir,
}

impl BuildError {
    fn io(tried: &'static str, path: &Path, source: io::Error) -> Self {
        BuildError::Io { tried, path: path.to_owned(), source }
    }
}

impl fmt::Display for BuildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            BuildError::Document(error) => write!(f, "{error}"),
            BuildError::Io { tried, path, source } => write!(f, "{tried} {}: {source}", path.display()),
            BuildError::Module(name) => write!(f, "`{}` is not the name of a module", name.escape_debug()),
            BuildError::NoOutDir => {
                f.write_str("OUT_DIR is not set: call this in a build script, or set out_dir")
            }
        }
    }
}

impl fmt::Debug for BuildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for BuildError {}

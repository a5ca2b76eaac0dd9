//! The text of a file. Code consists of tokens and is formatted by `prettyplease`. Data (docs, fields, variants,
//! tables for macros) is written line by line, because most of a crate is data.

use std::fmt::{self, Write};

use proc_macro2::TokenStream;

use crate::visible;

/// A file that is being written.
pub(crate) struct Source {
    text: String,
    depth: usize,
    error: Option<syn::Error>,
}

impl Source {
    /// A file with that first line.
    pub(crate) fn new(header: &str) -> Self {
        Source { text: header.to_owned(), depth: 0, error: None }
    }

    /// Separates items with a blank line.
    pub(crate) fn blank(&mut self) {
        if !self.text.ends_with("{\n") && !self.text.ends_with("\n\n") {
            self.text.push('\n');
        }
    }

    /// One line: `source.line(format_args!("pub mod {name};"))`.
    pub(crate) fn line(&mut self, line: fmt::Arguments<'_>) {
        self.indent();
        // Writing to a string cannot fail.
        let _ = self.text.write_fmt(line);
        self.text.push('\n');
    }

    /// Writes a line and increases the indentation.
    pub(crate) fn open(&mut self, line: fmt::Arguments<'_>) {
        self.line(line);
        self.depth += 1;
    }

    /// Decreases the indentation and writes a line.
    pub(crate) fn close(&mut self, line: &str) {
        self.depth = self.depth.saturating_sub(1);
        self.line(format_args!("{line}"));
    }

    /// Writes doc comments for the next item.
    pub(crate) fn docs(&mut self, lines: &[String]) {
        self.comment("///", lines);
    }

    /// Writes doc comments for the module itself.
    pub(crate) fn module_docs(&mut self, lines: &[String]) {
        self.comment("//!", lines);
    }

    fn comment(&mut self, mark: &str, lines: &[String]) {
        for line in lines {
            self.indent();
            self.text.push_str(mark);
            if !line.is_empty() {
                self.text.push(' ');
                self.text.push_str(line);
            }
            self.text.push('\n');
        }
    }

    /// Writes formatted items.
    pub(crate) fn code(&mut self, tokens: TokenStream) {
        let formatted = match syn::parse2(tokens) {
            Ok(file) => prettyplease::unparse(&file),
            Err(error) => {
                self.error.get_or_insert(error);
                return;
            }
        };
        for line in formatted.lines() {
            if !line.is_empty() {
                self.indent();
                self.text.push_str(line);
            }
            self.text.push('\n');
        }
    }

    /// Returns the text.
    ///
    /// # Errors
    /// If some tokens were not items.
    pub(crate) fn finish(self) -> Result<String, syn::Error> {
        match self.error {
            Some(error) => Err(error),
            None => Ok(self.text),
        }
    }

    fn indent(&mut self) {
        for _ in 0..self.depth {
            self.text.push_str("    ");
        }
    }
}

/// A string literal. Characters that would change how it is displayed are escaped.
pub(crate) fn literal(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            '\n' => quoted.push_str("\\n"),
            c => visible::push(c, &mut quoted),
        }
    }
    quoted.push('"');
    quoted
}

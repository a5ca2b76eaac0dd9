//! The text of a file. Code consists of tokens and is formatted by `prettyplease`, except for functions whose parts fit
//! on a line each, which need no layout. Data (docs, fields, variants, tables for macros) is written line by line, because
//! most of a crate is data.

use std::fmt::{self, Write};

use proc_macro2::TokenStream;
use quote::quote;

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

    /// Writes a function.
    ///
    /// Most functions fit on a line for the signature and one for each statement. Parsing and formatting would not change
    /// those, but take several times as long as everything else in the generator.
    pub(crate) fn function(&mut self, function: &Function) {
        let before = self.text.len();
        self.unformatted(function);
        let limit = WIDTH + 4 * self.depth;
        let written = self.text.get(before..).unwrap_or_default();
        if written.lines().any(|line| line.len() > limit) {
            self.text.truncate(before);
            self.formatted(function);
        }
    }

    /// Writes a function with one line for its signature and one for each statement.
    fn unformatted(&mut self, function: &Function) {
        let Function { name, generics, arguments, output, statements, value } = function;
        let arguments = arguments.iter().fold("&self".to_owned(), |all, next| all + ", " + next);
        self.open(format_args!("pub fn {name}{generics}({arguments}) -> {output} {{"));
        statements.iter().chain([value]).for_each(|line| self.line(format_args!("{line}")));
        self.close("}");
    }

    /// Writes a function in the formatter's layout.
    fn formatted(&mut self, function: &Function) {
        let Function { name, generics, arguments, output, statements, value } = function;
        let [name, generics, output, value] = [name, *generics, output, value].map(tokens);
        let arguments = arguments.iter().map(|text| tokens(text));
        let statements = statements.iter().map(|text| tokens(text));
        self.code(quote! {
            pub fn #name #generics (&self #(, #arguments)*) -> #output { #(#statements)* #value }
        });
    }

    /// Writes formatted items.
    fn code(&mut self, tokens: TokenStream) {
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
    pub(crate) fn finish(mut self) -> Result<String, syn::Error> {
        match self.error {
            Some(error) => Err(error),
            None => {
                // Half of the space may be unused, which is much in a crate of many small files.
                self.text.shrink_to_fit();
                Ok(self.text)
            }
        }
    }

    fn indent(&mut self) {
        for _ in 0..self.depth {
            self.text.push_str("    ");
        }
    }
}

/// The formatter breaks longer lines.
const WIDTH: usize = 89;

/// A public function that borrows `self`. All of its parts are text of the generator, in the formatter's layout.
#[derive(Default)]
pub(crate) struct Function {
    pub(crate) name: String,
    /// With its brackets, `<'cb>`.
    pub(crate) generics: &'static str,
    pub(crate) arguments: Vec<String>,
    pub(crate) output: String,
    pub(crate) statements: Vec<String>,
    /// The last expression.
    pub(crate) value: String,
}

/// Text that is not code leads to an error when the file is finished.
fn tokens(text: &str) -> TokenStream {
    text.parse().unwrap_or_else(|_| quote!(!))
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

#[cfg(test)]
mod tests {
    use super::{Function, Source};

    fn text(write: impl FnOnce(&mut Source)) -> String {
        let mut source = Source::new("");
        source.open(format_args!("impl X {{"));
        write(&mut source);
        source.finish().expect("code")
    }

    /// Functions whose longest line is around the formatter's limit.
    fn functions() -> Vec<Function> {
        let mut functions = Vec::new();
        for length in 1..100 {
            let name = "n".repeat(length);
            let call = |value: String| Function {
                name: name.clone(),
                output: "Call<Get>".to_owned(),
                value,
                ..Function::default()
            };
            functions.push(call(format!("modules::{name}(self.0)")));
            functions.push(call(format!(
                r#"Call::new(self.0, &[&a, &b], Some(&c)).with_param("{name}", &d).with_param("e", &e)"#
            )));
            functions.push(Function {
                arguments: vec![format!("r#{name}: impl ::std::convert::Into<runtime::Open<enums::Kind>>")],
                statements: vec![format!("let r#{name}: runtime::Open<enums::Kind> = r#{name}.into();")],
                ..call(format!("Call::new(self.0, &[&r#{name}], None)"))
            });
            functions.push(Function {
                generics: "<'cb>",
                arguments: vec!["id: &str".to_owned(), "kinds: &[enums::Kind]".to_owned()],
                ..call("Update::new(&self.0, &[&id]).with_param(\"kinds\", &kinds)".to_owned())
            });
        }
        functions
    }

    #[test]
    fn what_is_not_formatted_needs_no_format() {
        let functions = functions();
        let mut fitted = 0;
        for function in &functions {
            let formatted = text(|source| source.formatted(function));
            assert_eq!(text(|source| source.function(function)), formatted);
            fitted += usize::from(text(|source| source.unformatted(function)) == formatted);
        }
        assert!(fitted > 50 && functions.len() - fitted > 50, "{fitted} of {}", functions.len());
    }

    #[test]
    fn what_is_no_code_is_an_error() {
        let mut source = Source::new("");
        source.function(&Function { output: "(".repeat(100), ..Function::default() });
        source.finish().expect_err("no code");
    }
}

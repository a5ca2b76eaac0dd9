//! Which file imports what from which other.

use std::collections::{BTreeMap, BTreeSet};

use proc_macro2::{TokenStream, TokenTree};
use quote::ToTokens;

use crate::names::{Found, Modules, Path};

/// One file's use of an item in another.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Import {
    pub(crate) from: String,
    pub(crate) line: usize,
    /// As it is written.
    pub(crate) path: String,
    pub(crate) to: String,
}

/// All imports within one crate, or two that share a folder.
pub(crate) struct Graph {
    pub(crate) imports: BTreeSet<Import>,
    files: BTreeSet<String>,
}

impl Graph {
    /// Reads the crates whose roots are `lib.rs` and `main.rs`.
    pub(crate) fn of(sources: &BTreeMap<String, String>) -> Self {
        let mut graph = Graph { imports: BTreeSet::new(), files: BTreeSet::new() };
        for root in ["lib.rs", "main.rs"].into_iter().filter(|root| sources.contains_key(*root)) {
            let modules = Modules::of(root, sources);
            for (place, module) in modules.all.iter().enumerate() {
                graph.files.insert(module.file.clone());
                for item in &module.code {
                    let mut paths = Vec::new();
                    collect(item.to_token_stream(), &mut paths);
                    for (line, path) in paths {
                        if let Some(Found::Item(to)) = modules.find(place, &path)
                            && to != module.file
                        {
                            let (from, path) = (module.file.clone(), path.join("::"));
                            graph.imports.insert(Import { from, line, path, to });
                        }
                    }
                }
            }
        }
        graph
    }

    pub(crate) fn files(&self) -> impl Iterator<Item = &str> {
        self.files.iter().map(String::as_str)
    }

    /// The imports of each group of files that all lead to each other; of those between two files the first.
    pub(crate) fn circles(&self) -> Vec<Vec<&Import>> {
        let reached: BTreeMap<&str, BTreeSet<&str>> =
            self.files().map(|file| (file, self.reached_from(file))).collect();
        let leads = |from: &str, to: &str| reached.get(from).is_some_and(|files| files.contains(to));
        let mut groups: BTreeMap<BTreeSet<&str>, Vec<&Import>> = BTreeMap::new();
        let mut seen = BTreeSet::new();
        for import in self.imports.iter().filter(|import| leads(&import.to, &import.from)) {
            if !seen.insert((&import.from, &import.to)) {
                continue;
            }
            let group = self.files().filter(|file| leads(&import.from, file) && leads(file, &import.from));
            groups.entry(group.collect()).or_default().push(import);
        }
        groups.into_values().collect()
    }

    fn reached_from<'g>(&'g self, file: &'g str) -> BTreeSet<&'g str> {
        let (mut reached, mut open) = (BTreeSet::new(), vec![file]);
        while let Some(file) = open.pop() {
            for import in self.imports.iter().filter(|import| import.from == file) {
                if reached.insert(import.to.as_str()) {
                    open.push(&import.to);
                }
            }
        }
        reached
    }
}

/// Every path of two names and more in some code, in macros too, with its line. A group such as `a::{b, c}` is several.
fn collect(code: TokenStream, paths: &mut Vec<(usize, Path)>) {
    let tokens: Vec<TokenTree> = code.into_iter().collect();
    let mut at = 0;
    while let Some(token) = tokens.get(at) {
        at = match token {
            TokenTree::Group(group) => {
                collect(group.stream(), paths);
                at + 1
            }
            // `a.b::<T>()` is a method of a value, and `<T>::b` is looked up in a type.
            TokenTree::Ident(_) if is_dot(&tokens[..at]) || is_colons(&tokens, at.wrapping_sub(2)) => at + 1,
            TokenTree::Ident(_) => {
                let mut found = Vec::new();
                let end = tree(&tokens, at, &Path::new(), &mut found);
                paths.extend(found.into_iter().filter(|(_, path)| path.len() > 1));
                end
            }
            _ => at + 1,
        };
    }
}

fn is_dot(before: &[TokenTree]) -> bool {
    matches!(before.last(), Some(TokenTree::Punct(punct)) if punct.as_char() == '.')
}

/// Reads the paths that begin at a token with `before` in front of them. Returns where they end.
fn tree(tokens: &[TokenTree], at: usize, before: &Path, found: &mut Vec<(usize, Path)>) -> usize {
    match tokens.get(at) {
        Some(TokenTree::Ident(name)) => {
            let path = [before.as_slice(), &[name.to_string()]].concat();
            let goes_on = matches!(tokens.get(at + 3), Some(TokenTree::Ident(_) | TokenTree::Group(_)));
            if is_colons(tokens, at + 1) && goes_on {
                return tree(tokens, at + 3, &path, found);
            }
            found.push((name.span().start().line, path));
            at + 1
        }
        Some(TokenTree::Group(group)) => {
            let tokens: Vec<TokenTree> = group.stream().into_iter().collect();
            let mut inner = 0;
            while inner < tokens.len() {
                inner = match &tokens[inner] {
                    TokenTree::Ident(word) if word == "as" => inner + 2,
                    TokenTree::Ident(_) => tree(&tokens, inner, before, found),
                    _ => inner + 1,
                };
            }
            at + 1
        }
        _ => at + 1,
    }
}

fn is_colons(tokens: &[TokenTree], at: usize) -> bool {
    let is_colon =
        |token: Option<&TokenTree>| matches!(token, Some(TokenTree::Punct(punct)) if punct.as_char() == ':');
    is_colon(tokens.get(at)) && is_colon(tokens.get(at + 1))
}

//! The derive macros of `gapis-runtime`.
//!
//! ```ignore
//! #[derive(Object)]
//! pub struct File {
//!     /// The ID of the file.
//!     pub id: Option<String>,
//!     pub mime_type: Option<String>,
//!     #[wire("etag_v2")]
//!     pub etag: Option<String>,
//!     pub extra: Extra,
//! }
//! ```
//!
//! The macros read tokens and write text. They do not use a parser for Rust, because every generated crate would have
//! to wait until that parser is compiled.

#![warn(clippy::indexing_slicing, clippy::unwrap_used)]

mod input;
mod object;
mod open_enum;
mod wire_name;

use proc_macro::TokenStream;

/// Implements `Default`, `Clone`, `PartialEq`, `Debug`, serde's traits and `Object` for a struct of `Option` fields.
///
/// A field's wire name is its name in lower camel case (`mime_type` becomes `mimeType`), or the argument of
/// `#[wire("…")]`. The field `extra` holds the members that the struct does not define.
#[proc_macro_derive(Object, attributes(wire))]
pub fn object(input: TokenStream) -> TokenStream {
    expand(input, "struct", object::implement)
}

/// Implements `Clone`, `Copy`, `Eq`, `Ord`, `Hash`, `Debug` and `Enum` for an enum without fields.
///
/// A variant's wire name is its name in upper case with `_` between words (`InUse` becomes `IN_USE`), or the argument
/// of `#[wire("…")]`.
#[proc_macro_derive(OpenEnum, attributes(wire))]
pub fn open_enum(input: TokenStream) -> TokenStream {
    expand(input, "enum", open_enum::implement)
}

fn expand(
    input: TokenStream,
    keyword: &str,
    implement: fn(&input::Input) -> Result<String, input::Error>,
) -> TokenStream {
    let code = input::read(input, keyword).and_then(|input| implement(&input));
    match code {
        // The generated code is valid for any names, so parsing it does not fail.
        Ok(code) => code.parse().unwrap_or_default(),
        Err(error) => error.into_tokens(),
    }
}

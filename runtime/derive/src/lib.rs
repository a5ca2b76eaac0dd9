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
//! The macros read tokens and write text. They do without a parser of Rust, because every generated crate would wait for
//! that parser to be compiled.

mod input;
mod object;
mod open_enum;
mod wire_name;

use proc_macro::TokenStream;

/// Implements `Default`, `Clone`, `PartialEq`, `Debug`, serde's traits and `Object` for a struct of `Option` fields.
///
/// A field's wire name is its name in lower camel case (`mime_type` is `mimeType`), or what `#[wire("…")]` says. The field
/// `extra` keeps the members that the struct does not name.
#[proc_macro_derive(Object, attributes(wire))]
pub fn object(input: TokenStream) -> TokenStream {
    expand(input, "struct", object::implement)
}

/// Implements `Clone`, `Copy`, `Eq`, `Ord`, `Hash`, `Debug` and `Enum` for an enum without fields.
///
/// A variant's wire name is its name in upper case with `_` between words (`InUse` is `IN_USE`), or what `#[wire("…")]`
/// says.
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
        // What is written here is valid whatever the names are, so that parsing it does not fail.
        Ok(code) => code.parse().unwrap_or_default(),
        Err(error) => error.into_tokens(),
    }
}

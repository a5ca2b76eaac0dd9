//! From tokens to formatted text, one piece at a time: so memory stays small, and pieces are parted by blank lines.

use std::fmt::Write;

use crate::emit::Block;

/// The text of a file.
pub(crate) fn file(header: &str, blocks: &[Block]) -> Result<String, syn::Error> {
    let mut text = String::from(header);
    for block in blocks {
        text.push('\n');
        push(&mut text, block)?;
    }
    Ok(text)
}

fn push(text: &mut String, block: &Block) -> Result<(), syn::Error> {
    match block {
        Block::Items(tokens) => {
            let parsed: syn::File = syn::parse2(tokens.clone())?;
            text.push_str(&prettyplease::unparse(&parsed));
        }
        Block::Module { attributes, name, blocks } => {
            // Formatted with an empty body, which is then opened.
            let name = name.ident();
            let parsed: syn::File = syn::parse2(quote::quote!(#attributes pub mod #name {}))?;
            let head = prettyplease::unparse(&parsed);
            text.push_str(head.trim_end().trim_end_matches('}'));
            let mut inner = String::new();
            for (index, block) in blocks.iter().enumerate() {
                if index > 0 {
                    inner.push('\n');
                }
                push(&mut inner, block)?;
            }
            text.push('\n');
            for line in inner.lines() {
                // Writing to a string cannot fail.
                let _ = if line.is_empty() { writeln!(text) } else { writeln!(text, "    {line}") };
            }
            text.push_str("}\n");
        }
    }
    Ok(())
}

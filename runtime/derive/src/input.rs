//! Parses the item to which a derive macro is applied.

use std::iter::Peekable;

use proc_macro::{
    Delimiter, Group, Ident, Literal, Punct, Spacing, Span, TokenStream, TokenTree, token_stream,
};

/// A struct with its fields, or an enum with its variants.
pub(crate) struct Input {
    pub(crate) name: String,
    pub(crate) span: Span,
    pub(crate) members: Vec<Member>,
}

/// A field or a variant.
pub(crate) struct Member {
    /// The name as written, with `r#` if it is raw.
    pub(crate) name: String,
    /// The argument of `#[wire("…")]`: a string literal as written.
    pub(crate) wire: Option<String>,
}

/// Why the macro cannot be applied to an item, and where.
pub(crate) struct Error {
    span: Span,
    message: &'static str,
}

impl Error {
    pub(crate) fn new(span: Span, message: &'static str) -> Self {
        Error { span, message }
    }

    /// `compile_error!("…");` at the position of the error.
    pub(crate) fn into_tokens(self) -> TokenStream {
        let mut message = Literal::string(self.message);
        message.set_span(self.span);
        let arguments = TokenStream::from(TokenTree::Literal(message));
        let tokens = [
            TokenTree::Ident(Ident::new("compile_error", self.span)),
            TokenTree::Punct(Punct::new('!', Spacing::Alone)),
            TokenTree::Group(Group::new(Delimiter::Parenthesis, arguments)),
            TokenTree::Punct(Punct::new(';', Spacing::Alone)),
        ];
        tokens
            .into_iter()
            .map(|mut token| {
                token.set_span(self.span);
                token
            })
            .collect()
    }
}

type Tokens = Peekable<token_stream::IntoIter>;

/// Parses an item that begins with that keyword.
pub(crate) fn read(input: TokenStream, keyword: &str) -> Result<Input, Error> {
    let mut tokens = input.into_iter().peekable();
    // Attributes and visibility come before the keyword.
    let found = tokens.any(|token| matches!(&token, TokenTree::Ident(ident) if ident.to_string() == keyword));
    let wrong = "this macro can only be derived for structs with named fields (`Object`) and enums without fields (`OpenEnum`)";
    let name = match tokens.next() {
        Some(TokenTree::Ident(name)) if found => name,
        _ => return Err(Error::new(Span::call_site(), wrong)),
    };
    match tokens.next() {
        Some(TokenTree::Group(body)) if body.delimiter() == Delimiter::Brace => {
            let members = members(body.stream(), keyword == "struct")?;
            Ok(Input { name: name.to_string(), span: name.span(), members })
        }
        Some(TokenTree::Punct(punct)) if punct.as_char() == '<' => {
            Err(Error::new(punct.span(), "generic parameters are not supported"))
        }
        _ => Err(Error::new(name.span(), wrong)),
    }
}

fn members(body: TokenStream, has_types: bool) -> Result<Vec<Member>, Error> {
    let mut tokens = body.into_iter().peekable();
    let mut members = Vec::new();
    while tokens.peek().is_some() {
        let wire = attributes(&mut tokens)?;
        visibility(&mut tokens);
        let Some(token) = tokens.next() else { break };
        let TokenTree::Ident(name) = &token else {
            return Err(Error::new(token.span(), "expected a name"));
        };
        if has_types {
            skip_type(&mut tokens);
        } else if let Some(token) = tokens.next()
            && !matches!(&token, TokenTree::Punct(punct) if punct.as_char() == ',')
        {
            return Err(Error::new(token.span(), "a variant must not have fields or a discriminant"));
        }
        members.push(Member { name: name.to_string(), wire });
    }
    Ok(members)
}

/// Skips attributes, and returns the argument of `#[wire("…")]`.
fn attributes(tokens: &mut Tokens) -> Result<Option<String>, Error> {
    let mut wire = None;
    while tokens.next_if(|token| matches!(token, TokenTree::Punct(punct) if punct.as_char() == '#')).is_some()
    {
        let Some(TokenTree::Group(attribute)) = tokens.next() else { continue };
        let mut inside = attribute.stream().into_iter();
        match inside.next() {
            Some(TokenTree::Ident(name)) if name.to_string() == "wire" => {}
            _ => continue,
        }
        let text = match inside.next() {
            Some(TokenTree::Group(group)) => group.stream().to_string(),
            _ => String::new(),
        };
        if !text.starts_with('"') {
            return Err(Error::new(attribute.span(), "expected `#[wire(\"name\")]`"));
        }
        wire = Some(text);
    }
    Ok(wire)
}

/// Skips `pub` and `pub(…)`.
fn visibility(tokens: &mut Tokens) {
    let is_pub = |token: &TokenTree| matches!(token, TokenTree::Ident(ident) if ident.to_string() == "pub");
    if tokens.next_if(is_pub).is_some() {
        tokens.next_if(|token| matches!(token, TokenTree::Group(_)));
    }
}

/// Skips a type, up to the comma that ends the field, which is outside of angle brackets.
fn skip_type(tokens: &mut Tokens) {
    let mut depth = 0_usize;
    for token in tokens.by_ref() {
        let TokenTree::Punct(punct) = token else { continue };
        match punct.as_char() {
            '<' => depth += 1,
            '>' => depth = depth.saturating_sub(1),
            ',' if depth == 0 => break,
            _ => {}
        }
    }
}

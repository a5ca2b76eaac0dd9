//! `src/scopes.rs`: a constant for each OAuth 2 scope.

use super::docs;
use crate::model::Api;
use crate::prose::NO_SCHEMAS;
use crate::source::{Source, literal};

pub(crate) fn write(api: &Api, source: &mut Source) {
    source.blank();
    source.module_docs(&["The OAuth 2 scopes of the API.".to_owned()]);
    for scope in &api.scopes {
        source.blank();
        source.docs(&docs::prose(scope.prose.as_deref(), NO_SCHEMAS));
        source.line(format_args!("pub const {}: &str = {};", scope.name, literal(&scope.url)));
    }
    source.blank();
    source.docs(&["All scopes.".to_owned()]);
    if api.scopes.is_empty() {
        return source.line(format_args!("pub const ALL: &[&str] = &[];"));
    }
    source.open(format_args!("pub const ALL: &[&str] = &["));
    for scope in &api.scopes {
        source.line(format_args!("{},", scope.name));
    }
    source.close("];");
}

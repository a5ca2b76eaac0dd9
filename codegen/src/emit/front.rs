//! The front page of a crate: its documentation, and its README.

use crate::features::FEATURES;
use crate::model::{Api, Example};
use crate::options::Quota;
use crate::prose::{self, NO_SCHEMAS, Schemas, code};

/// The documentation of the crate, or of a module that is generated for an API.
pub(crate) fn page(api: &Api, as_module: bool, schemas: Schemas<'_>) -> Vec<String> {
    let mut lines = introduction(api, schemas);
    if let Some(example) = &api.example {
        lines.push(String::new());
        lines.extend(example_lines(api, example, true));
    }
    if !as_module {
        lines.extend(features(api));
    }
    lines.extend(
        [
            "",
            "# Where to start",
            "",
            "The functions of the service return resources, whose functions return calls. [`Call`] has the functions of",
            "every call, and the setters of each method's optional parameters. Requests and responses are in [`schemas`],",
            "the values of their enums in [`enums`], and the OAuth 2 scopes in [`scopes`]. The [guide](runtime::guide) has a",
            "page for each topic: credentials, batches, pages, media, retries, errors.",
        ]
        .map(str::to_owned),
    );
    lines
}

/// `README.md`.
pub(crate) fn readme(api: &Api, header: &str) -> String {
    let mut lines = vec![
        format!("<!-- {} -->", header.trim_start_matches("//").trim()),
        String::new(),
        format!("# {}", api.crate_name),
        String::new(),
    ];
    lines.extend(introduction(api, NO_SCHEMAS));
    if let Some(example) = &api.example {
        lines.push(String::new());
        lines.extend(example_lines(api, example, false));
    }
    lines.extend([
        String::new(),
        "This is one of the [gapis](https://github.com/gapis-rs/gapis) crates, with the same license: Apache-2.0 or MIT, at"
            .to_owned(),
        "your option. It is not an official Google product.".to_owned(),
    ]);
    lines.join("\n") + "\n"
}

fn introduction(api: &Api, schemas: Schemas<'_>) -> Vec<String> {
    let mut lines = prose::lines(&format!("{} {}.", api.title.replace('\n', " "), api.version), NO_SCHEMAS);
    if let Some(prose) = &api.description {
        lines.push(String::new());
        lines.extend(prose::lines(prose, schemas));
    }
    if let Some(link) = &api.documentation {
        lines.push(String::new());
        lines.extend(prose::lines(
            &format!("Google's documentation: {}", link.replace('\n', " ")),
            NO_SCHEMAS,
        ));
    }
    let calls = api.limits.calls.unwrap_or(1000);
    let path = code(&format!("/{}", api.batch_path));
    lines.push(String::new());
    lines.push(match calls {
        0 => {
            "The servers of this API accept no batches: the calls of a batch are sent one by one.".to_owned()
        }
        calls => format!("One request to {path} can contain a batch of up to {calls} calls."),
    });
    lines.extend(quota(&api.quota));
    lines
}

/// How fast calls may come, if that is known.
fn quota(quota: &Quota) -> Option<String> {
    let text = match (quota.project_per_minute, quota.user_per_minute) {
        (Some(project), Some(user)) => {
            format!("{project} units a minute for a project, and {user} for each user")
        }
        (Some(project), None) => format!("{project} units a minute for a project"),
        (None, Some(user)) => format!("{user} units a minute for each user of a project"),
        (None, None) => return None,
    };
    Some(format!("The usual quota is {text}; a call costs one unit where its method does not say otherwise."))
}

fn example_lines(api: &Api, example: &Example, hidden: bool) -> Vec<String> {
    let library = api.crate_name.replace('-', "_");
    let service = &api.service;
    let mut call = String::from("service");
    for accessor in &example.accessors {
        call.push_str(&format!(".{accessor}()"));
    }
    call.push_str(&format!(".{}({})", example.function, example.arguments.join(", ")));
    let mut lines = Vec::new();
    lines.push(if hidden { "```no_run" } else { "```rust" }.to_owned());
    if hidden {
        lines.push(format!("# async fn run() -> {library}::Result<()> {{"));
    }
    lines.extend([
        format!("use {library}::{service};"),
        String::new(),
        format!("let service = {service}::builder().anonymous().build()?;"),
        "let mut batch = service.batch();".to_owned(),
        format!("let call = {call};"),
        "call.queue(&mut batch, |reply| println!(\"{:?}\", reply.result.is_ok()))?;".to_owned(),
        "let report = batch.execute().await;".to_owned(),
    ]);
    if hidden {
        lines.extend(["# Ok(())".to_owned(), "# }".to_owned()]);
    }
    lines.push("```".to_owned());
    lines
}

/// The table of features.
fn features(api: &Api) -> Vec<String> {
    let mut lines = vec![
        String::new(),
        "# Features".to_owned(),
        String::new(),
        "| feature | default | enables |".to_owned(),
        "|---|---|---|".to_owned(),
    ];
    for feature in FEATURES {
        let default = if feature.is_default { "yes" } else { "" };
        lines.push(format!("| `{}` | {default} | {} |", feature.name, feature.does));
    }
    for (feature, resource) in api.gates.features.iter().zip(&api.root.resources) {
        lines.push(format!("| `{feature}` | yes | the resource {} and its schemas |", code(&resource.wire)));
    }
    if !api.gates.features.is_empty() {
        lines.extend([
            String::new(),
            "A program that disables the default features and enables only the resources that it needs compiles faster."
                .to_owned(),
        ]);
    }
    lines
}

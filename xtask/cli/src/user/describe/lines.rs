//! The lines of Rust that call a method, and the line of JSON that `gapis batch` takes for it.

use gapis_codegen::Inventory;
use gapis_codegen::inventory::{Argument, Location, Method};
use serde_json::{Map, Value, json};

/// Lines for each way to call a method.
pub(super) struct Lines {
    pub(super) call: Vec<String>,
    pub(super) batch: Vec<String>,
    pub(super) json: Vec<String>,
}

impl Lines {
    pub(super) fn of(inventory: &Inventory, method: &Method) -> Self {
        let service = inventory.service.path.as_str();
        let library = inventory.crate_name.replace('-', "_");
        let name = service.to_ascii_lowercase();
        let arguments: Vec<String> = method.arguments.iter().map(literal).collect();
        let call = format!("{name}.{}({})", method.call, arguments.join(", "));
        let uses = |text: &str| {
            let mut lines = vec![format!("use {library}::{service};")];
            for module in ["enums", "schemas"] {
                if text.contains(&format!("{module}::")) {
                    lines.push(format!("use {library}::{module};"));
                }
            }
            lines.push(format!("let {name} = {service}::builder().credentials(credentials).build()?;"));
            lines
        };
        let mut alone = uses(&call);
        let mut batch = uses(&call);
        batch.push(format!("let mut batch = {name}.batch();"));
        if method.update.is_some() {
            let update = format!("let mut update = {call};");
            alone.extend([update.clone(), "// update.push(…) for each request".to_owned()]);
            alone.push("let response = update.await?;".to_owned());
            batch.extend([update, "// update.push(…) for each request".to_owned()]);
            batch.push("update.queue(&mut batch, |reply| println!(\"{:?}\", reply.result))?;".to_owned());
        } else {
            alone.push(format!("let response = {call}.await?;"));
            batch.push(format!("{call}.queue(&mut batch, |reply| println!(\"{{:?}}\", reply.result))?;"));
        }
        batch.push("let report = batch.execute().await;".to_owned());
        Lines { call: alone, batch, json: vec![line(method).to_string()] }
    }
}

/// An argument's value as a program might write it.
fn literal(argument: &Argument) -> String {
    let place = || format!("{:?}", argument.wire.to_ascii_uppercase());
    match argument.ty.as_str() {
        "&str" => place(),
        "bool" => "true".to_owned(),
        "i32" | "u32" | "i64" | "u64" => "1".to_owned(),
        "f32" | "f64" => "1.0".to_owned(),
        ty if ty.starts_with("schemas::") => format!("{ty}::default()"),
        ty if ty.starts_with("&[&str") => format!("&[{}]", place()),
        // Dates, enums and the like: what their names are says the most.
        _ => argument.name.clone(),
    }
}

/// The call as a line of JSON.
fn line(method: &Method) -> Value {
    let mut params = Map::new();
    for argument in method.arguments.iter().filter(|argument| argument.location != Location::Body) {
        let value = match argument.ty.as_str() {
            "bool" => json!(true),
            "i32" | "u32" | "i64" | "u64" => json!(1),
            "f32" | "f64" => json!(1.0),
            ty if ty.starts_with("&[") => json!([argument.wire.to_ascii_uppercase()]),
            _ => json!(argument.wire.to_ascii_uppercase()),
        };
        params.insert(argument.wire.clone(), value);
    }
    let mut line = Map::new();
    line.insert("method".to_owned(), json!(method.id));
    line.insert("params".to_owned(), Value::Object(params));
    let has_body = method.arguments.iter().any(|argument| argument.location == Location::Body);
    if has_body || method.update.is_some() {
        line.insert("body".to_owned(), json!({}));
    }
    Value::Object(line)
}

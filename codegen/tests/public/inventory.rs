//! The inventory: what is in it, that it survives JSON, and that it agrees with the code that is printed.

use std::collections::BTreeSet;
use std::path::Path;

use expect_test::expect;
use gapis_codegen::inventory::{Inventory, ItemKind};
use gapis_codegen::{FeaturePolicy, Options, generate, inventory};

fn of(document: &[u8]) -> Inventory {
    inventory(document, &Options { name: "a test".into(), ..Options::default() }).expect("an inventory")
}

const POND: &str = r#"{
    "name": "pond", "version": "v1", "rootUrl": "https://pond.example.com/", "revision": "1",
    "auth": { "oauth2": { "scopes": { "https://www.googleapis.com/auth/pond": {} } } },
    "resources": { "fish": {
        "methods": { "list": {
            "id": "pond.fish.list", "httpMethod": "POST", "path": "ponds/{pondId}/fish", "deprecated": true,
            "scopes": ["https://www.googleapis.com/auth/pond"],
            "parameters": {
                "pondId": { "type": "string", "format": "int64", "location": "path", "required": true },
                "kind": { "type": "string", "enum": ["BIG", "SMALL"], "location": "query", "required": true, "repeated": true },
                "pageToken": { "type": "string", "location": "query" },
                "since": { "type": "string", "format": "google-datetime", "location": "query" }
            },
            "request": { "$ref": "Fish" }, "response": { "$ref": "FishList" }
        } },
        "resources": { "fins": { "methods": { "type": { "id": "pond.fish.fins.type", "path": "fins" } } } }
    } },
    "schemas": {
        "Fish": { "type": "object", "properties": {
            "type": { "type": "string", "enum": ["BIG", "SMALL"] }, "prey": { "$ref": "Fish" },
            "fins": { "type": "array", "items": { "type": "object", "properties": { "length": { "type": "number" } } } }
        } },
        "FishList": { "type": "object", "properties": {
            "nextPageToken": { "type": "string" }, "fish": { "type": "array", "items": { "$ref": "Fish" } }
        } },
        "Names": { "type": "object", "additionalProperties": { "type": "string" } }
    }
}"#;

#[test]
fn every_name_is_there_with_its_type() {
    let items = of(POND.as_bytes()).items();
    let lines: String = items
        .iter()
        .map(|item| format!("{:9} {} | {} | {}\n", item.kind.word(), item.path, item.wire, item.signature))
        .collect();
    expect![[r#"
        service   Pond |  | struct Pond
        module    fish | fish | mod fish
        resource  fish::Fish | fish | struct Fish<'a>
        accessor  Pond::fish | fish | fn fish(&self) -> fish::Fish<'_>
        module    fish::fins | fish.fins | mod fins
        resource  fish::fins::Fins | fish.fins | struct Fins<'a>
        accessor  fish::Fish::fins | fish.fins | fn fins(&self) -> fish::fins::Fins<'_>
        method    fish::Fish::list | fish.list | fn list(&self, pond_id: i64, kind: &[enums::FishListKind], fish: schemas::Fish) -> Call<fish::List>
        marker    fish::List | fish.list | enum List => schemas::FishList, pages of schemas::Fish
        setter    Call<fish::List>::page_token | fish.list?pageToken | fn page_token(self, value: &str) -> Self
        setter    Call<fish::List>::since | fish.list?since | fn since(self, value: &runtime::DateTime) -> Self
        method    fish::fins::Fins::r#type | fish.fins.type | fn r#type(&self) -> Call<fish::fins::Type>
        marker    fish::fins::Type | fish.fins.type | enum Type => ()
        struct    schemas::Fish | Fish | struct Fish
        field     schemas::Fish::fins | Fish.fins | fins: Option<Vec<schemas::inline::FishFins>>
        field     schemas::Fish::prey | Fish.prey | prey: Option<Box<schemas::Fish>>
        field     schemas::Fish::r#type | Fish.type | r#type: Option<runtime::Open<enums::FishType>>
        struct    schemas::FishList | FishList | struct FishList
        field     schemas::FishList::fish | FishList.fish | fish: Option<Vec<schemas::Fish>>
        field     schemas::FishList::next_page_token | FishList.nextPageToken | next_page_token: Option<String>
        struct    schemas::inline::FishFins | inline.FishFins | struct FishFins
        field     schemas::inline::FishFins::length | inline.FishFins.length | length: Option<f64>
        alias     schemas::Names | Names | type Names = BTreeMap<String, String>
        enum      enums::FishListKind | FishListKind | enum FishListKind
        variant   enums::FishListKind::Big | FishListKind.BIG | Big
        variant   enums::FishListKind::Small | FishListKind.SMALL | Small
        enum      enums::FishType | FishType | enum FishType
        variant   enums::FishType::Big | FishType.BIG | Big
        variant   enums::FishType::Small | FishType.SMALL | Small
        scope     scopes::POND | https://www.googleapis.com/auth/pond | const POND: &str
    "#]].assert_eq(&lines);
}

#[test]
fn the_wire_is_told() {
    let inventory = of(POND.as_bytes());
    let method = serde_json::to_string_pretty(&inventory.methods[0]).expect("JSON");
    expect![[r#"
        {
          "path": "fish::Fish::list",
          "call": "fish().list",
          "marker": "fish::List",
          "wire": "fish.list",
          "id": "pond.fish.list",
          "verb": "POST",
          "template": "ponds/{pondId}/fish",
          "api_version": null,
          "arguments": [
            {
              "name": "pond_id",
              "wire": "pondId",
              "location": "path",
              "type": "i64"
            },
            {
              "name": "kind",
              "wire": "kind",
              "location": "query",
              "type": "&[enums::FishListKind]"
            },
            {
              "name": "fish",
              "wire": "",
              "location": "body",
              "type": "schemas::Fish"
            }
          ],
          "setters": [
            {
              "name": "page_token",
              "wire": "pageToken",
              "type": "&str",
              "deprecated": false
            },
            {
              "name": "since",
              "wire": "since",
              "type": "&runtime::DateTime",
              "deprecated": false
            }
          ],
          "output": "schemas::FishList",
          "paging": {
            "token": "pageToken",
            "in_body": false,
            "next": "nextPageToken",
            "items": "fish",
            "item": "schemas::Fish"
          },
          "waits": false,
          "uploads": false,
          "downloads": false,
          "scopes": [
            "POND"
          ],
          "deprecated": true,
          "feature": null,
          "signature": "fn list(&self, pond_id: i64, kind: &[enums::FishListKind], fish: schemas::Fish) -> Call<fish::List>"
        }"#]].assert_eq(&method);
}

#[test]
fn json_gives_it_back() {
    let inventory = of(include_bytes!("../../../discovery/farm.v2.json"));
    let text = serde_json::to_string(&inventory).expect("JSON");
    assert_eq!(serde_json::from_str::<Inventory>(&text).expect("read"), inventory);
}

#[test]
fn only_what_is_chosen_is_listed() {
    let options = Options { only: vec!["fish.fins.*".into()], ..Options::default() };
    let inventory = inventory(POND.as_bytes(), &options).expect("an inventory");
    assert_eq!(inventory.methods.len(), 1);
    assert_eq!((inventory.structs.len(), inventory.enums.len()), (0, 0));
}

#[test]
fn features_are_told() {
    let options = Options { features: FeaturePolicy::Always, ..Options::default() };
    let inventory = inventory(POND.as_bytes(), &options).expect("an inventory");
    assert_eq!(inventory.features, ["fish"]);
    assert_eq!(inventory.methods[0].feature.as_deref(), Some("fish"));
}

/// What is listed is declared in the code, in the file where its path says, and nothing else is.
#[test]
fn it_agrees_with_the_code() {
    let discovery = Path::new(env!("CARGO_MANIFEST_DIR")).join("../discovery");
    for name in ["farm.v2", "drive.v3", "storage.v1", "translate.v2"] {
        let document = std::fs::read(discovery.join(format!("{name}.json"))).expect("a document");
        let options = Options { name: name.into(), ..Options::default() };
        let made = generate(&document, &options).expect("a crate");
        let inventory = inventory(&document, &options).expect("an inventory");
        let listed: BTreeSet<String> =
            inventory
                .items()
                .into_iter()
                // A feature is in the manifest, and an alias is listed with what it stands for.
                .filter(|item| !matches!(item.kind, ItemKind::Feature | ItemKind::Field | ItemKind::Variant))
                .map(|item| item.path)
                .chain(inventory.structs.iter().filter(|item| item.same_as.is_none()).flat_map(|item| {
                    item.fields.iter().map(|field| format!("{}::{}", item.path, field.name))
                }))
                .chain(inventory.enums.iter().filter(|item| item.same_as.is_none()).flat_map(|item| {
                    item.variants.iter().map(|variant| format!("{}::{}", item.path, variant.name))
                }))
                .collect();
        let mut declared = BTreeSet::new();
        for (path, text) in &made.files {
            // `src/animals/photo.rs` holds the module `animals::photo`.
            let Ok(path) = path.with_extension("").strip_prefix("src").map(Path::to_owned) else { continue };
            let steps: String = path.iter().map(|step| format!("{}::", step.to_string_lossy())).collect();
            let module = if steps == "lib::" { "" } else { steps.as_str() };
            declare(&syn::parse_file(text).expect("Rust").items, module, &mut declared);
        }
        for ours in ["enums", "schemas", "scopes", "schemas::inline", "scopes::ALL", "methods"] {
            declared.remove(ours);
        }
        let missing: Vec<_> = declared.difference(&listed).collect();
        let invented: Vec<_> = listed.difference(&declared).collect();
        assert!(
            missing.is_empty() && invented.is_empty(),
            "{name}: not listed: {missing:?}, not declared: {invented:?}"
        );
    }
}

/// The paths of what a file declares.
fn declare(items: &[syn::Item], module: &str, declared: &mut BTreeSet<String>) {
    let is_public = |visibility: &syn::Visibility| matches!(visibility, syn::Visibility::Public(_));
    for item in items {
        match item {
            syn::Item::Mod(item) => {
                let path = format!("{module}{}", item.ident);
                if let Some((_, inner)) = &item.content {
                    declare(inner, &format!("{path}::"), declared);
                }
                declared.insert(path);
            }
            syn::Item::Struct(item) => {
                let path = format!("{module}{}", item.ident);
                for field in item.fields.iter().filter(|field| is_public(&field.vis)) {
                    if let Some(name) = field.ident.as_ref().filter(|name| *name != "extra") {
                        declared.insert(format!("{path}::{name}"));
                    }
                }
                declared.insert(path);
            }
            syn::Item::Enum(item) => {
                let path = format!("{module}{}", item.ident);
                declared.extend(item.variants.iter().map(|variant| format!("{path}::{}", variant.ident)));
                declared.insert(path);
            }
            syn::Item::Type(item) => {
                declared.insert(format!("{module}{}", item.ident));
            }
            syn::Item::Const(item) if is_public(&item.vis) => {
                declared.insert(format!("{module}{}", item.ident));
            }
            syn::Item::Impl(item) if item.trait_.is_none() => {
                let syn::Type::Path(owner) = item.self_ty.as_ref() else { continue };
                let Some(last) = owner.path.segments.last() else { continue };
                let owner = match &last.arguments {
                    syn::PathArguments::AngleBracketed(arguments) if last.ident == "Call" => {
                        let Some(syn::GenericArgument::Type(syn::Type::Path(marker))) =
                            arguments.args.first()
                        else {
                            continue;
                        };
                        format!(
                            "Call<{module}{}>",
                            marker
                                .path
                                .segments
                                .last()
                                .map(|last| last.ident.to_string())
                                .unwrap_or_default()
                        )
                    }
                    _ => format!("{module}{}", last.ident),
                };
                for function in &item.items {
                    if let syn::ImplItem::Fn(function) = function {
                        declared.insert(format!("{owner}::{}", function.sig.ident));
                    }
                }
            }
            _ => {}
        }
    }
}

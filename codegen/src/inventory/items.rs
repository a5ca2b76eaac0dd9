//! The inventory as one flat list: every name that a program can use, with everything that its use depends on.

use super::data::{Inventory, Method};

/// A public item.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Item {
    /// The kind of item.
    pub kind: ItemKind,
    /// The path: `files::Files::list`, `schemas::File::name`, `Call<files::List>::page_size`.
    pub path: String,
    /// The item in the document, `files.list?pageSize` or `File.name`. It identifies an item whose name in Rust has
    /// changed, and is unique among the items of its kind.
    pub wire: String,
    /// Everything on which a program's use of the item depends. If it is the same in two revisions, they are the same
    /// to the compiler.
    pub signature: String,
    /// The features that enable it, of which one is sufficient; empty if it always exists.
    pub features: Vec<String>,
    /// Whether the document deprecates it.
    pub deprecated: bool,
}

/// The kind of an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "lowercase"))]
#[non_exhaustive]
pub enum ItemKind {
    /// The crate as a whole. Only changes have this kind.
    Crate,
    /// A feature in `Cargo.toml`.
    Feature,
    /// The service type.
    Service,
    /// The module of a resource.
    Module,
    /// The struct of a resource.
    Resource,
    /// The function that returns a resource.
    Accessor,
    /// The function that creates a call.
    Method,
    /// The type of a method, with what its calls can do and their response.
    Marker,
    /// A setter of a call or an update.
    Setter,
    /// A request of an update, with the type of its reply.
    Request,
    /// A struct.
    Struct,
    /// A member of a struct.
    Field,
    /// An alias.
    Alias,
    /// An enum.
    Enum,
    /// A value of an enum.
    Variant,
    /// The constant of a scope.
    Scope,
}

impl ItemKind {
    /// The word for it, such as `struct`.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            ItemKind::Crate => "crate",
            ItemKind::Feature => "feature",
            ItemKind::Service => "service",
            ItemKind::Module => "module",
            ItemKind::Resource => "resource",
            ItemKind::Accessor => "accessor",
            ItemKind::Method => "method",
            ItemKind::Marker => "marker",
            ItemKind::Setter => "setter",
            ItemKind::Request => "request",
            ItemKind::Struct => "struct",
            ItemKind::Field => "field",
            ItemKind::Alias => "alias",
            ItemKind::Enum => "enum",
            ItemKind::Variant => "variant",
            ItemKind::Scope => "scope",
        }
    }
}

impl Inventory {
    /// Every public item. A name that is an alias of a type with the same definition is listed like a type of its own,
    /// because it is one to a program.
    #[must_use]
    pub fn items(&self) -> Vec<Item> {
        let mut items = Items(Vec::new());
        for feature in &self.features {
            items.add(ItemKind::Feature, feature, feature, feature.clone());
        }
        let service = &self.service.path;
        items.add(ItemKind::Service, service, "", format!("struct {service}"));
        for resource in &self.resources {
            let gate = resource.feature.as_slice();
            let wire = &resource.wire;
            items.add(ItemKind::Module, &resource.module, wire, format!("mod {}", last(&resource.module)));
            items.gated(gate);
            items.add(
                ItemKind::Resource,
                &resource.path,
                wire,
                format!("struct {}<'a>", last(&resource.path)),
            );
            items.gated(gate);
            let signature = format!("fn {}(&self) -> {}<'_>", last(&resource.accessor), resource.path);
            items.add(ItemKind::Accessor, &resource.accessor, wire, signature);
            items.gated(gate);
        }
        self.methods.iter().for_each(|method| items.method(method));
        items.types(self);
        for scope in &self.scopes {
            let signature = format!("const {}: &str", last(&scope.path));
            items.add(ItemKind::Scope, &scope.path, &scope.url, signature);
        }
        items.0
    }
}

struct Items(Vec<Item>);

impl Items {
    fn add(&mut self, kind: ItemKind, path: &str, wire: &str, signature: String) {
        let (path, wire) = (path.to_owned(), wire.to_owned());
        self.0.push(Item { kind, path, wire, signature, features: Vec::new(), deprecated: false });
    }

    /// Sets the features of the last item.
    fn gated(&mut self, features: &[String]) {
        if let Some(last) = self.0.last_mut() {
            last.features = features.to_vec();
        }
    }

    fn deprecated(&mut self, deprecated: bool) {
        if let Some(last) = self.0.last_mut() {
            last.deprecated = deprecated;
        }
    }

    fn method(&mut self, method: &Method) {
        let gate = method.feature.as_slice();
        self.add(ItemKind::Method, &method.path, &method.wire, method.signature.clone());
        self.gated(gate);
        self.deprecated(method.deprecated);
        self.add(ItemKind::Marker, &method.marker, &method.wire, marker(method));
        self.gated(gate);
        let (owner, members) = match &method.update {
            Some(update) => ("Update", update.setters.as_slice()),
            None => ("Call", [].as_slice()),
        };
        let setters = method.setters.iter().map(|setter| ('?', setter));
        for (mark, setter) in setters.chain(members.iter().map(|member| ('.', member))) {
            let path = format!("{owner}<{}>::{}", method.marker, setter.name);
            let signature = format!("fn {}(self, value: {}) -> Self", setter.name, setter.ty);
            let wire = format!("{}{mark}{}", method.wire, setter.wire);
            self.add(ItemKind::Setter, &path, &wire, signature);
            self.gated(gate);
            self.deprecated(setter.deprecated);
        }
        for request in method.update.iter().flat_map(|update| &update.requests) {
            let path = format!("Update<{}>::{}", method.marker, request.wire);
            let signature = format!("request: {} -> {}", request.ty, request.reply);
            self.add(ItemKind::Request, &path, &format!("{}.{}", method.wire, request.wire), signature);
            self.gated(gate);
        }
    }

    fn types(&mut self, inventory: &Inventory) {
        for item in &inventory.structs {
            // An inline object and a schema may have the same name in the document.
            let is_inline = item.path.starts_with("schemas::inline::");
            let wire = format!("{}{}", if is_inline { "inline." } else { "" }, item.wire);
            self.add(ItemKind::Struct, &item.path, &wire, format!("struct {}", last(&item.path)));
            self.gated(&item.features);
            self.deprecated(item.deprecated);
            for field in &item.fields {
                let path = format!("{}::{}", item.path, field.name);
                let wire = format!("{wire}.{}", field.wire);
                self.add(ItemKind::Field, &path, &wire, format!("{}: {}", field.name, field.ty));
                self.gated(&item.features);
                self.deprecated(field.deprecated);
            }
        }
        for alias in &inventory.aliases {
            let signature = format!("type {} = {}", last(&alias.path), alias.ty);
            self.add(ItemKind::Alias, &alias.path, &alias.wire, signature);
            self.gated(&alias.features);
            self.deprecated(alias.deprecated);
        }
        for item in &inventory.enums {
            self.add(ItemKind::Enum, &item.path, &item.wire, format!("enum {}", last(&item.path)));
            self.gated(&item.features);
            for variant in &item.variants {
                let path = format!("{}::{}", item.path, variant.name);
                let wire = format!("{}.{}", item.wire, variant.wire);
                self.add(ItemKind::Variant, &path, &wire, variant.name.clone());
                self.gated(&item.features);
                self.deprecated(variant.deprecated);
            }
        }
    }
}

/// The type of a method, with what its calls can do: `enum List => schemas::FileList, pages of schemas::File, takes
/// media`.
fn marker(method: &Method) -> String {
    let mut signature = format!("enum {} => {}", last(&method.marker), method.output);
    if let Some(paging) = &method.paging {
        signature.push_str(&format!(", pages of {}", paging.item));
    }
    if method.waits {
        signature.push_str(", can be waited for");
    }
    if method.uploads {
        signature.push_str(", takes media");
    }
    if method.downloads {
        signature.push_str(", serves media");
    }
    signature
}

/// The last segment of a path.
fn last(path: &str) -> &str {
    path.rsplit("::").next().unwrap_or(path)
}

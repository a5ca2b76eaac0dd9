//! Methods that are cut out of a document: the same as when all of it is read.

use std::fs;
use std::path::Path;

use gapis_codegen::inventory::{Inventory, Location, Method, Service};
use gapis_codegen::{Methods, Options, inventory};

/// What a call needs of a method. Types of bodies are JSON values in one of them, and Rust names depend on the other
/// methods of the document.
fn facts(method: &Method) -> impl PartialEq + std::fmt::Debug + use<> {
    let arguments: Vec<_> = method
        .arguments
        .iter()
        .filter(|argument| argument.location != Location::Body)
        .map(|argument| (argument.wire.clone(), argument.location, argument.ty.starts_with("&[")))
        .collect();
    let setters: Vec<_> =
        method.setters.iter().map(|setter| (setter.wire.clone(), setter.ty.starts_with("&["))).collect();
    let path = (method.verb.clone(), method.template.clone(), method.wire.clone());
    let more = (method.api_version.clone(), method.request_id.clone(), method.uploads, method.downloads);
    (path, arguments, setters, more, method.scopes.clone(), method.deprecated)
}

fn takes_body(method: &Method) -> bool {
    method.update.is_some() || method.arguments.iter().any(|argument| argument.location == Location::Body)
}

fn service(inventory: &Inventory) -> Service {
    // The name of the type depends on those of the resources.
    let mut service = inventory.service.clone();
    service.path.clear();
    service
}

fn compare(name: &str, document: &[u8], step: usize) {
    let options = Options { name: name.to_owned(), ..Options::default() };
    let whole = inventory(document, &options).expect(name);
    let methods = Methods::of(document, &options).expect(name);
    let mut ids: Vec<&str> = whole.methods.iter().map(|method| method.id.as_str()).collect();
    ids.sort_unstable();
    assert_eq!(methods.ids().collect::<Vec<_>>(), ids, "{name}");
    assert_eq!(service(&methods.read("").expect(name)), service(&whole), "{name}");
    for method in whole.methods.iter().step_by(step) {
        let read = methods.read(&method.id).expect(name);
        assert_eq!(service(&read), service(&whole), "{}", method.id);
        let found = read.methods.iter().find(|found| found.id == method.id).expect(&method.id);
        assert_eq!(facts(found), facts(method), "{}", method.id);
        assert_eq!(takes_body(found), takes_body(method), "{}", method.id);
    }
}

#[test]
fn a_method_alone_is_what_it_is_in_its_document() {
    let all = std::env::var_os("GAPIS_ALL").is_some();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../discovery");
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.extension().is_some_and(|ending| ending == "json") {
            let document = fs::read(&path).expect("a document");
            let step = if all { 1 } else { 1 + document.len() / 50_000 };
            compare(&path.display().to_string(), &document, step);
        }
    }
}

#[test]
fn methods_of_the_root_and_of_resources_with_odd_names() {
    let method = |id: &str| format!(r#"{{"id":"{id}","path":"{id}","scopes":["https://x/{id}"]}}"#);
    let document = format!(
        r#"{{"schemas":{{}},"name":"pond","version":"v1","rootUrl":"https://pond.example.com/","methods":{{"a\"b":{}}},
            "resources":{{"scopes":{{"methods":{{"m0":{}}}}},"fish":{{"resources":{{"fins":{{"methods":{{"get":{}}}}}}}}}}}}}"#,
        method("one"),
        method("two"),
        method("three")
    );
    compare("pond", document.as_bytes(), 1);
}

/// Such a document is read as a whole.
#[test]
fn an_unusual_form_is_read_too() {
    for methods in [
        r#"{"get":{"path":"x"}}"#,
        r#"{"get":{"id":"pond.get","path":"x"},"read":{"id":"pond.get","path":"y"}}"#,
        r#"{"get":{"id":"pond.get","path":"x","scopes":null}}"#,
    ] {
        let document = format!(
            r#"{{"name":"pond","version":"v1","rootUrl":"https://pond.example.com/","methods":{methods},"resources":null}}"#
        );
        let methods = Methods::of(document.as_bytes(), &Options::default()).expect("methods");
        let whole = inventory(document.as_bytes(), &Options::default()).expect("an inventory");
        let ids: Vec<&str> = whole.methods.iter().map(|method| method.id.as_str()).collect();
        assert_eq!(methods.ids().collect::<Vec<_>>(), ids);
        let first = ids.first().expect("a method");
        assert!(methods.read(first).expect("read").methods.iter().any(|method| method.id == *first));
    }
    assert!(Methods::of(b"{", &Options::default()).is_err());
    let unnamed = Methods::of(b"{\"version\":\"v1\"}", &Options::default()).expect("an object");
    assert!(unnamed.read("").is_err());
}

#[test]
#[ignore = "needs the documents of google-api-python-client"]
fn a_method_of_any_document_alone_is_what_it_is_in_its_document() {
    for (name, document) in crate::directory::documents_of_this_turn() {
        compare(&name, &document, 7);
    }
}

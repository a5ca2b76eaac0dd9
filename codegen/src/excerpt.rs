//! Cuts methods out of the text of a document, so that the rest of it need not be read.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::discovery::Key;
use crate::error::Error;
use crate::generate::methods;
use crate::inventory::Inventory;
use crate::options::Options;

/// The methods of a document, for programs that call them by their ids: each is read when it is needed. In a large
/// document that takes a small part of the time in which all of it is read.
///
/// ```
/// # fn main() -> Result<(), gapis_codegen::Error> {
/// let document = br#"{"name": "farm", "version": "v2", "rootUrl": "https://farm.example.com/", "resources":
///     {"animals": {"methods": {"list": {"id": "farm.animals.list", "path": "animals"}}}}}"#;
/// let methods = gapis_codegen::Methods::of(document, &gapis_codegen::Options::default())?;
/// assert_eq!(methods.ids().collect::<Vec<_>>(), ["farm.animals.list"]);
/// let inventory = methods.read("farm.animals.list")?;
/// assert_eq!(inventory.methods[0].template, "animals");
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Methods<'d> {
    form: Form<'d>,
    options: Options,
}

#[derive(Debug)]
enum Form<'d> {
    Text(Text<'d>),
    /// A document of an unusual form, which was read as a whole.
    Whole(Box<Inventory>),
}

/// The text of a document, in pieces.
#[derive(Debug)]
struct Text<'d> {
    /// The members of the document that belong to no method and no schema, each followed by a comma.
    head: String,
    methods: BTreeMap<Key<'d>, Method<'d>>,
    /// A method for each set of scopes that a method has, because a client's default scopes cover all methods.
    scopes: String,
}

#[derive(Debug)]
struct Method<'d> {
    /// The names of the resources that contain it, outermost first.
    resources: Vec<String>,
    name: String,
    text: &'d str,
}

/// The members of an object, each as its text.
type Texts<'d> = BTreeMap<Key<'d>, &'d RawValue>;

impl<'d> Methods<'d> {
    /// The methods of a document.
    ///
    /// # Errors
    /// If the document is not a JSON object. If it is not a discovery document, [`read`](Self::read) may be the one to
    /// return the error.
    pub fn of(document: &'d [u8], options: &Options) -> Result<Self, Error> {
        let form = match Text::of(document) {
            Some(text) => Form::Text(text),
            None => Form::Whole(Box::new(methods(document, options)?)),
        };
        Ok(Methods { form, options: options.clone() })
    }

    /// The ids of all methods, `drive.files.get`.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        let (text, whole) = match &self.form {
            Form::Text(text) => (Some(text.methods.keys().map(|Key(id)| &**id)), None),
            Form::Whole(inventory) => (None, Some(inventory.methods.iter().map(|method| method.id.as_str()))),
        };
        text.into_iter().flatten().chain(whole.into_iter().flatten())
    }

    /// Reads what a call needs at run time: the service, and the method with that id, if the document has it. Types of
    /// bodies and responses are JSON values, and nothing is paged, waits or is an update. There may be other methods in it.
    ///
    /// # Errors
    /// If the document is not a discovery document, or the method cannot be called.
    pub fn read(&self, id: &str) -> Result<Cow<'_, Inventory>, Error> {
        match &self.form {
            Form::Text(text) => {
                methods(text.document(text.methods.get(id)).as_bytes(), &self.options).map(Cow::Owned)
            }
            Form::Whole(inventory) => Ok(Cow::Borrowed(inventory)),
        }
    }
}

impl<'d> Text<'d> {
    /// `None` if the document has another form, or two methods have the same id.
    fn of(document: &'d [u8]) -> Option<Self> {
        let mut root = serde_json::from_slice::<Texts<'d>>(document).ok()?;
        root.remove("schemas");
        let mut text = Text { head: String::new(), methods: BTreeMap::new(), scopes: String::new() };
        let mut scopes = BTreeSet::new();
        text.add(&mut root, &[], &mut scopes)?;
        for (Key(name), value) in root {
            text.head += &format!("{}:{},", quoted(&name), value.get());
        }
        let stand_in = |(number, scopes): (usize, &BTreeSet<Key<'_>>)| {
            let scopes: Vec<String> = scopes.iter().map(|Key(scope)| quoted(scope)).collect();
            let scopes = scopes.join(",");
            format!("\"m{number}\":{{\"id\":\"m{number}\",\"path\":\"m{number}\",\"scopes\":[{scopes}]}}")
        };
        text.scopes = scopes.iter().enumerate().map(stand_in).collect::<Vec<_>>().join(",");
        Some(text)
    }

    /// Takes the methods and the nested resources out of a resource, whose path that is.
    fn add(
        &mut self,
        resource: &mut Texts<'d>,
        path: &[String],
        scopes: &mut BTreeSet<BTreeSet<Key<'d>>>,
    ) -> Option<()> {
        for (Key(name), text) in take::<Texts<'d>>(resource, "methods").ok()?.unwrap_or_default() {
            let mut method = serde_json::from_str::<Texts<'d>>(text.get()).ok()?;
            let id = take::<Key<'d>>(&mut method, "id").ok()??;
            scopes.insert(take(&mut method, "scopes").ok()?.unwrap_or_default());
            let method = Method { resources: path.to_vec(), name: name.into_owned(), text: text.get() };
            if self.methods.insert(id, method).is_some() {
                return None;
            }
        }
        for (Key(name), text) in take::<Texts<'d>>(resource, "resources").ok()?.unwrap_or_default() {
            let mut below = serde_json::from_str(text.get()).ok()?;
            self.add(&mut below, &[path, &[name.into_owned()]].concat(), scopes)?;
        }
        Some(())
    }

    /// A document with that method only.
    fn document(&self, method: Option<&Method<'_>>) -> String {
        let mut of_root = String::new();
        let mut resources = String::new();
        // A name that the method's own resource does not have.
        let mut stand_ins = "scopes".to_owned();
        if let Some(Method { resources: path, name, text }) = method {
            let own = format!("\"methods\":{{{}:{text}}}", quoted(name));
            let nested = path
                .iter()
                .rev()
                .fold(own, |below, name| format!("\"resources\":{{{}:{{{below}}}}}", quoted(name)));
            match path.first() {
                None => of_root = nested + ",",
                Some(first) => {
                    let inside =
                        nested.strip_prefix("\"resources\":{").and_then(|rest| rest.strip_suffix('}'));
                    resources = format!("{},", inside.unwrap_or_default());
                    if *first == stand_ins {
                        stand_ins += "2";
                    }
                }
            }
        }
        let Text { head, scopes, .. } = self;
        format!(
            "{{{head}{of_root}\"resources\":{{{resources}\"{stand_ins}\":{{\"methods\":{{{scopes}}}}}}}}}"
        )
    }
}

/// Takes a member out of an object.
fn take<'d, T: Deserialize<'d>>(object: &mut Texts<'d>, name: &str) -> serde_json::Result<Option<T>> {
    object.remove(name).map(|text| serde_json::from_str(text.get())).transpose()
}

/// A text as JSON.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

//! The discovery document as it is written: names and types of its members, with nothing resolved.
//!
//! Other members are ignored. The listed members have their types; where the document has another type, [`mend`] has
//! converted it. Maps are ordered by key, so that the order in a document has no effect on the output. The format:
//! <https://developers.google.com/discovery/v1/reference/apis>.

mod members;
mod mend;

use std::fmt;

use serde::de::value::MapAccessDeserializer;
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

use crate::error::Error;
use crate::log::Log;

pub(crate) use self::members::Members;

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default, remote = "Self")]
pub(crate) struct Document {
    pub(crate) id: Option<String>,
    pub(crate) name: Option<String>,
    pub(crate) version: Option<String>,
    pub(crate) revision: Option<String>,
    pub(crate) canonical_name: Option<String>,
    pub(crate) title: Option<String>,
    pub(crate) description: Option<String>,
    pub(crate) documentation_link: Option<String>,
    pub(crate) root_url: Option<String>,
    /// The form in older documents, instead of `rootUrl` and `servicePath`.
    pub(crate) base_url: Option<String>,
    pub(crate) mtls_root_url: Option<String>,
    pub(crate) service_path: Option<String>,
    pub(crate) batch_path: Option<String>,
    pub(crate) features: Vec<String>,
    pub(crate) endpoints: Vec<Endpoint>,
    pub(crate) auth: Auth,
    pub(crate) schemas: Members<Schema>,
    pub(crate) methods: Members<Method>,
    pub(crate) resources: Members<Resource>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default, remote = "Self")]
pub(crate) struct Endpoint {
    pub(crate) endpoint_url: Option<String>,
    pub(crate) location: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, remote = "Self")]
pub(crate) struct Auth {
    pub(crate) oauth2: OAuth2,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, remote = "Self")]
pub(crate) struct OAuth2 {
    pub(crate) scopes: Members<Scope>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, remote = "Self")]
pub(crate) struct Scope {
    pub(crate) description: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, remote = "Self")]
pub(crate) struct Resource {
    pub(crate) methods: Members<Method>,
    pub(crate) resources: Members<Resource>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default, remote = "Self")]
pub(crate) struct Method {
    pub(crate) id: Option<String>,
    pub(crate) path: Option<String>,
    pub(crate) http_method: Option<String>,
    pub(crate) api_version: Option<String>,
    pub(crate) description: Option<String>,
    pub(crate) deprecated: bool,
    pub(crate) parameters: Members<Schema>,
    pub(crate) parameter_order: Vec<String>,
    // Boxed, because a schema is large, and many methods have none.
    pub(crate) request: Option<Box<Schema>>,
    pub(crate) response: Option<Box<Schema>>,
    pub(crate) scopes: Vec<String>,
    pub(crate) supports_media_download: bool,
    pub(crate) use_media_download_service: bool,
    pub(crate) supports_media_upload: bool,
    pub(crate) media_upload: Option<Box<MediaUpload>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default, remote = "Self")]
pub(crate) struct MediaUpload {
    pub(crate) accept: Vec<String>,
    pub(crate) max_size: Option<String>,
    pub(crate) protocols: Protocols,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, remote = "Self")]
pub(crate) struct Protocols {
    pub(crate) simple: Protocol,
    pub(crate) resumable: Protocol,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, remote = "Self")]
pub(crate) struct Protocol {
    pub(crate) path: Option<String>,
}

/// A schema, a member of a schema, or a parameter, which have the same form in the format.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default, remote = "Self")]
pub(crate) struct Schema {
    #[serde(rename = "$ref")]
    pub(crate) reference: Option<String>,
    #[serde(rename = "type")]
    pub(crate) kind: Option<String>,
    pub(crate) format: Option<String>,
    pub(crate) description: Option<String>,
    pub(crate) default: Option<String>,
    pub(crate) minimum: Option<String>,
    pub(crate) maximum: Option<String>,
    pub(crate) pattern: Option<String>,
    pub(crate) required: bool,
    pub(crate) repeated: bool,
    pub(crate) read_only: bool,
    pub(crate) deprecated: bool,
    pub(crate) location: Option<String>,
    #[serde(rename = "enum")]
    pub(crate) values: Option<Vec<String>>,
    pub(crate) enum_descriptions: Vec<String>,
    pub(crate) enum_deprecated: Vec<bool>,
    pub(crate) properties: Option<Members<Schema>>,
    pub(crate) additional_properties: Option<Box<Schema>>,
    pub(crate) items: Option<Box<Schema>>,
    pub(crate) annotations: Annotations,
    pub(crate) variant: Option<serde::de::IgnoredAny>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, remote = "Self")]
pub(crate) struct Annotations {
    /// The methods that require the member.
    pub(crate) required: Vec<String>,
}

impl Document {
    /// Counts methods and enums.
    pub(crate) fn count(&self, methods: &mut usize, enums: &mut usize) {
        self.schemas.values().for_each(|schema| schema.count(enums));
        self.methods.values().for_each(|method| method.count(methods, enums));
        self.resources.values().for_each(|resource| resource.count(methods, enums));
    }
}

impl Resource {
    fn count(&self, methods: &mut usize, enums: &mut usize) {
        self.methods.values().for_each(|method| method.count(methods, enums));
        self.resources.values().for_each(|resource| resource.count(methods, enums));
    }
}

impl Method {
    fn count(&self, methods: &mut usize, enums: &mut usize) {
        *methods += 1;
        self.parameters.values().for_each(|parameter| parameter.count(enums));
    }
}

impl Schema {
    fn count(&self, enums: &mut usize) {
        *enums += usize::from(self.values.is_some());
        self.properties.iter().flat_map(Members::values).for_each(|member| member.count(enums));
        self.items.iter().chain(&self.additional_properties).for_each(|inner| inner.count(enums));
    }
}

/// A derived `Deserialize` also reads an array as an object, by the positions of its members. These types accept only
/// objects.
macro_rules! objects {
    ($($name:ident)*) => {$(
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Object;
                impl<'de> Visitor<'de> for Object {
                    type Value = $name;

                    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                        f.write_str("an object")
                    }

                    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<$name, A::Error> {
                        // This is the derived function.
                        $name::deserialize(MapAccessDeserializer::new(map))
                    }
                }
                deserializer.deserialize_map(Object)
            }
        }
    )*};
}

objects! { Document Endpoint Auth OAuth2 Scope Resource Method MediaUpload Protocols Protocol Schema Annotations }

/// Parses a document. The parser limits the depth to 128 levels, so that no document exhausts the stack.
///
/// A member with another type than in the format is converted or left out if possible, with a warning.
pub(crate) fn parse(document: &[u8], log: &mut Log<'_>) -> Result<Document, Error> {
    if let Ok(parsed) = serde_json::from_slice(document) {
        return Ok(parsed);
    }
    // Only an unusual document is parsed to a JSON value first.
    let mut value: serde_json::Value =
        serde_json::from_slice(document).map_err(|error| log.error_of_all(error.to_string()))?;
    mend::mend(&mut value, log)?;
    serde_json::from_value(value).map_err(|error| log.error_of_all(error.to_string()))
}

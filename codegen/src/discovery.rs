//! The discovery document as it is written: names and types of its members, with nothing resolved.
//!
//! Other members are ignored. The listed members have their types; where the document has another type, [`mend`] has
//! converted it. Maps are ordered by key, so that the order in a document has no effect on the output. The format:
//! <https://developers.google.com/discovery/v1/reference/apis>.

mod members;
mod mend;

use std::borrow::{Borrow, Cow};
use std::fmt;

use serde::de::{IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

use crate::error::Error;
use crate::log::Log;

pub(crate) use self::members::Members;

/// Defines the objects of the format: `member: type = "name in the format"`.
///
/// They are read by hand instead of by a derived function, because a derived one also reads an array as an object, by the
/// positions of its members, and because a build script that generates code compiles faster without the derive.
macro_rules! objects {
    ($($(#[$docs:meta])* $name:ident {
        $($(#[$member_docs:meta])* $member:ident: $type:ty = $wire:literal,)*
    })*) => {$(
        $(#[$docs])*
        #[derive(Debug, Default)]
        pub(crate) struct $name {
            $($(#[$member_docs])* pub(crate) $member: $type,)*
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Object;
                impl<'de> Visitor<'de> for Object {
                    type Value = $name;

                    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                        f.write_str("an object")
                    }

                    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<$name, A::Error> {
                        let mut object = $name::default();
                        while let Some(Key(key)) = map.next_key()? {
                            match &*key {
                                $($wire => object.$member = map.next_value()?,)*
                                _ => {
                                    map.next_value::<IgnoredAny>()?;
                                }
                            }
                        }
                        Ok(object)
                    }
                }
                deserializer.deserialize_map(Object)
            }
        }
    )*};
}

objects! {
    Document {
        id: Option<String> = "id",
        name: Option<String> = "name",
        version: Option<String> = "version",
        revision: Option<String> = "revision",
        canonical_name: Option<String> = "canonicalName",
        title: Option<String> = "title",
        description: Option<String> = "description",
        documentation_link: Option<String> = "documentationLink",
        root_url: Option<String> = "rootUrl",
        /// The form in older documents, instead of `rootUrl` and `servicePath`.
        base_url: Option<String> = "baseUrl",
        mtls_root_url: Option<String> = "mtlsRootUrl",
        service_path: Option<String> = "servicePath",
        batch_path: Option<String> = "batchPath",
        features: Vec<String> = "features",
        endpoints: Vec<Endpoint> = "endpoints",
        auth: Auth = "auth",
        schemas: Members<Schema> = "schemas",
        methods: Members<Method> = "methods",
        resources: Members<Resource> = "resources",
    }

    Endpoint {
        endpoint_url: Option<String> = "endpointUrl",
        location: Option<String> = "location",
    }

    Auth {
        oauth2: OAuth2 = "oauth2",
    }

    OAuth2 {
        scopes: Members<Scope> = "scopes",
    }

    Scope {
        description: Option<String> = "description",
    }

    Resource {
        methods: Members<Method> = "methods",
        resources: Members<Resource> = "resources",
    }

    Method {
        id: Option<String> = "id",
        path: Option<String> = "path",
        http_method: Option<String> = "httpMethod",
        api_version: Option<String> = "apiVersion",
        description: Option<String> = "description",
        deprecated: bool = "deprecated",
        parameters: Members<Schema> = "parameters",
        parameter_order: Vec<String> = "parameterOrder",
        // Boxed, because a schema is large, and many methods have none.
        request: Option<Box<Schema>> = "request",
        response: Option<Box<Schema>> = "response",
        scopes: Vec<String> = "scopes",
        supports_media_download: bool = "supportsMediaDownload",
        use_media_download_service: bool = "useMediaDownloadService",
        supports_media_upload: bool = "supportsMediaUpload",
        media_upload: Option<Box<MediaUpload>> = "mediaUpload",
    }

    MediaUpload {
        accept: Vec<String> = "accept",
        max_size: Option<String> = "maxSize",
        protocols: Protocols = "protocols",
    }

    Protocols {
        simple: Protocol = "simple",
        resumable: Protocol = "resumable",
    }

    Protocol {
        path: Option<String> = "path",
    }

    /// A schema, a member of a schema, or a parameter, which have the same form in the format.
    Schema {
        reference: Option<String> = "$ref",
        kind: Option<String> = "type",
        format: Option<String> = "format",
        description: Option<String> = "description",
        default: Option<String> = "default",
        minimum: Option<String> = "minimum",
        maximum: Option<String> = "maximum",
        pattern: Option<String> = "pattern",
        required: bool = "required",
        repeated: bool = "repeated",
        read_only: bool = "readOnly",
        deprecated: bool = "deprecated",
        location: Option<String> = "location",
        values: Option<Vec<String>> = "enum",
        enum_descriptions: Vec<String> = "enumDescriptions",
        enum_deprecated: Vec<bool> = "enumDeprecated",
        properties: Option<Members<Schema>> = "properties",
        additional_properties: Option<Box<Schema>> = "additionalProperties",
        items: Option<Box<Schema>> = "items",
        annotations: Annotations = "annotations",
        variant: Option<IgnoredAny> = "variant",
    }

    Annotations {
        /// The methods that require the member.
        required: Vec<String> = "required",
    }
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

/// A name, which is borrowed from the document unless it has escapes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Key<'de>(pub(crate) Cow<'de, str>);

impl Borrow<str> for Key<'_> {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl<'de> Deserialize<'de> for Key<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;
        impl<'de> Visitor<'de> for Text {
            type Value = Key<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a name")
            }

            fn visit_borrowed_str<E>(self, name: &'de str) -> Result<Key<'de>, E> {
                Ok(Key(Cow::Borrowed(name)))
            }

            fn visit_str<E>(self, name: &str) -> Result<Key<'de>, E> {
                Ok(Key(Cow::Owned(name.to_owned())))
            }
        }
        deserializer.deserialize_str(Text)
    }
}

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

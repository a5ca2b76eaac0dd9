//! Schemas, inline objects and enums: the types, and the type of each member.

use std::collections::{BTreeMap, BTreeSet};

use super::{depth, facts, recursion, same};
use crate::discovery::{Document, Members, Schema};
use crate::log::{Log, Place};
use crate::model::{Docs, Enum, Field, Object, ParameterType, Shape, Type, Types, Value};
use crate::naming::{self, Kind};
use crate::table::Table;
use crate::wire::{self, Scalar};

/// Collects types. Inline objects and enums get their names at the end, when all of them are known.
pub(crate) struct Builder<'d> {
    schemas: &'d Members<Schema>,
    ids: BTreeMap<&'d str, usize>,
    objects: Table<Object>,
    enums: Table<Enum>,
}

impl<'d> Builder<'d> {
    pub(crate) fn new(document: &'d Document) -> Self {
        let names = naming::assign(Kind::Schema, document.schemas.keys().map(String::as_str), &[]);
        let ids = document.schemas.keys().enumerate().map(|(index, wire)| (wire.as_str(), index)).collect();
        let objects = document.schemas.iter().zip(names).map(|((wire, schema), name)| Object {
            name,
            inline: false,
            wire: wire.clone(),
            shape: Shape::Struct(Vec::new()),
            docs: facts::docs(schema),
        });
        Builder { schemas: &document.schemas, ids, objects: objects.collect(), enums: Table::new() }
    }

    pub(crate) fn add_schemas(&mut self, log: &mut Log<'_>) {
        let top = Place::top("schemas");
        for (index, (wire, schema)) in self.schemas.iter().enumerate() {
            let place = top.below(wire);
            let stem = self.objects[index].name.bare().to_owned();
            let shape = if is_struct(schema) {
                Shape::Struct(self.fields(schema, &place, &stem, log))
            } else {
                Shape::Alias(self.convert(schema, &place, &naming::join(&stem, "item"), log))
            };
            self.objects[index].shape = shape;
        }
        recursion::end_aliases(&mut self.objects, log);
    }

    /// The type of a reference.
    pub(crate) fn reference(&self, wire: &str) -> Option<usize> {
        self.ids.get(wire).copied()
    }

    /// The objects so far.
    pub(crate) fn objects(&self) -> &Table<Object> {
        &self.objects
    }

    /// Whether a type is `google.api.HttpBody`, which is recognized by its members.
    pub(crate) fn is_http_body(&self, index: usize) -> bool {
        matches!(&self.objects[index].shape, Shape::Struct(fields)
            if fields.len() == wire::HTTP_BODY.len()
                && fields.iter().zip(wire::HTTP_BODY).all(|(field, name)| field.wire == *name))
    }

    /// The type of a member or payload. `stem` is the start of the name for an inline type.
    pub(crate) fn convert(
        &mut self,
        schema: &Schema,
        place: &Place<'_>,
        stem: &str,
        log: &mut Log<'_>,
    ) -> Type {
        if schema.variant.is_some() {
            log.warn(place, "`variant` is not supported: the members of all variants are unknown members");
        }
        if let Some(reference) = &schema.reference {
            return match self.reference(reference) {
                Some(index) => Type::Object(index),
                None => {
                    log.warn(place, format!("`$ref` to `{reference}`, which does not exist: any JSON value"));
                    Type::Json
                }
            };
        }
        match schema.kind.as_deref() {
            Some("array") => match &schema.items {
                Some(items) => {
                    let inner = self.convert(items, &place.below("items"), stem, log);
                    Type::List(Box::new(shallow(inner, place, log)))
                }
                None => {
                    log.warn(place, "an array without `items`: a list of any JSON values");
                    Type::List(Box::new(Type::Json))
                }
            },
            Some("any") => Type::Json,
            kind if kind == Some("object") || schema.properties.is_some() => {
                self.object_type(schema, place, stem, log)
            }
            Some(kind) => self.scalar(kind, schema, place, stem, log).unwrap_or_else(|| {
                log.warn(place, format!("unknown type `{kind}`: any JSON value"));
                Type::Json
            }),
            None => {
                log.warn(place, "neither `type` nor `$ref`: any JSON value");
                Type::Json
            }
        }
    }

    fn object_type(&mut self, schema: &Schema, place: &Place<'_>, stem: &str, log: &mut Log<'_>) -> Type {
        let has_members = schema.properties.as_ref().is_some_and(|members| !members.is_empty());
        match &schema.additional_properties {
            _ if has_members => {
                let fields = self.fields(schema, place, stem, log);
                Type::Object(self.objects.push(Object {
                    name: naming::single(Kind::Type, stem),
                    inline: true,
                    wire: stem.to_owned(),
                    shape: Shape::Struct(fields),
                    docs: facts::docs(schema),
                }))
            }
            Some(values) => {
                let inner = self.convert(values, &place.below("additionalProperties"), stem, log);
                Type::Map(Box::new(shallow(inner, place, log)))
            }
            None => Type::Map(Box::new(Type::Json)),
        }
    }

    fn scalar(
        &mut self,
        kind: &str,
        schema: &Schema,
        place: &Place<'_>,
        stem: &str,
        log: &mut Log<'_>,
    ) -> Option<Type> {
        let (scalar, known) = wire::scalar(kind, schema.format.as_deref())?;
        if !known {
            let format = schema.format.as_deref().unwrap_or_default();
            log.warn(place, format!("unknown format `{format}` of `{kind}` is ignored"));
        }
        match &schema.values {
            Some(values) if scalar == Scalar::Text && !values.is_empty() => {
                Some(Type::Enum(self.add_enum(schema, values, place, stem, log)))
            }
            Some(_) => {
                log.warn(place, "an `enum` that is empty or not of strings is ignored");
                Some(Type::Scalar(scalar))
            }
            None => Some(Type::Scalar(scalar)),
        }
    }

    fn add_enum(
        &mut self,
        schema: &Schema,
        values: &[String],
        place: &Place<'_>,
        stem: &str,
        log: &mut Log<'_>,
    ) -> usize {
        let descriptions = schema.enum_descriptions.len();
        if descriptions != 0 && descriptions < values.len() {
            log.warn(place, "`enumDescriptions` is shorter than `enum`");
        }
        let mut seen = BTreeSet::new();
        let kept: Vec<(usize, &String)> =
            values.iter().enumerate().filter(|(_, value)| seen.insert(*value)).collect();
        if kept.len() < values.len() {
            log.warn(place, "a value is repeated in `enum`");
        }
        let names = naming::assign(Kind::Variant, kept.iter().map(|(_, value)| value.as_str()), &[]);
        let values = kept.into_iter().zip(names).map(|((index, value), name)| Value {
            name,
            wire: value.clone(),
            docs: Docs {
                prose: schema.enum_descriptions.get(index).filter(|prose| !prose.trim().is_empty()).cloned(),
                facts: Vec::new(),
                deprecated: schema.enum_deprecated.get(index).copied().unwrap_or_default(),
            },
        });
        self.enums.push(Enum {
            name: naming::single(Kind::Type, stem),
            wire: stem.to_owned(),
            values: values.collect(),
        })
    }

    fn fields(&mut self, schema: &Schema, place: &Place<'_>, stem: &str, log: &mut Log<'_>) -> Vec<Field> {
        let Some(members) = &schema.properties else { return Vec::new() };
        if schema.additional_properties.is_some() && !members.is_empty() {
            log.warn(place, "`additionalProperties` beside `properties`: such members are found in `extra`");
        }
        let names = naming::assign(Kind::Field, members.keys().map(String::as_str), &[]);
        let place = place.below("properties");
        let fields = members.iter().zip(names).map(|((wire, member), name)| Field {
            name,
            wire: wire.clone(),
            ty: self.convert(member, &place.below(wire), &naming::join(stem, wire), log),
            docs: facts::docs(member),
        });
        fields.collect()
    }

    /// The type of a parameter. A parameter that is not a scalar is sent as text.
    pub(crate) fn parameter(
        &mut self,
        schema: &Schema,
        place: &Place<'_>,
        stem: &str,
        log: &mut Log<'_>,
    ) -> ParameterType {
        let kind = schema.kind.as_deref().unwrap_or("string");
        match self.scalar(kind, schema, place, stem, log) {
            Some(Type::Enum(index)) => ParameterType::Enum(index),
            Some(Type::Scalar(scalar)) => ParameterType::Scalar(scalar),
            _ => {
                log.warn(place, format!("a parameter of type `{kind}` is sent as the text that is given"));
                ParameterType::Scalar(Scalar::Text)
            }
        }
    }

    /// Assigns the remaining names, and boxes recursive members.
    pub(crate) fn finish(mut self, log: &mut Log<'_>) -> Types {
        let inline: Vec<usize> = self.objects.indices().filter(|&index| self.objects[index].inline).collect();
        let stems = inline.iter().map(|&index| self.objects[index].wire.as_str());
        let names = naming::assign(Kind::Type, stems, &[]);
        for (index, name) in inline.into_iter().zip(names) {
            self.objects[index].name = name;
        }
        let stems: Vec<String> = self.enums.iter().map(|item| item.wire.clone()).collect();
        for (item, name) in
            self.enums.iter_mut().zip(naming::assign(Kind::Type, stems.iter().map(String::as_str), &[]))
        {
            item.name = name;
        }
        recursion::box_cycles(&mut self.objects);
        let longest_chain = depth::cut(&mut self.objects, log);
        let names = self.objects.iter().map(|object| &object.name);
        let shadowed = names.filter(|name| naming::is_imported(name)).map(|name| name.as_str().to_owned());
        let shadowed = shadowed.collect();
        let same = same::find(&self.objects, &self.enums);
        Types { objects: self.objects, enums: self.enums, same, shadowed, longest_chain }
    }
}

/// Whether a top-level schema becomes a struct, as empty objects do.
fn is_struct(schema: &Schema) -> bool {
    let has_members = schema.properties.as_ref().is_some_and(|members| !members.is_empty());
    let is_object = schema.kind.as_deref() == Some("object");
    schema.reference.is_none()
        && match &schema.kind {
            Some(_) if !is_object => false,
            _ => has_members || (is_object && schema.additional_properties.is_none()),
        }
}

/// What is in a list or map; any JSON value where too many of them are in each other.
fn shallow(inner: Type, place: &Place<'_>, log: &mut Log<'_>) -> Type {
    if !depth::is_nested_too_deep(&inner) {
        return inner;
    }
    log.warn(place, "too many lists and maps in each other: any JSON value");
    Type::Json
}

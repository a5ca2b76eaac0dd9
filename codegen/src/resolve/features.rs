//! Features of large APIs: one for each top-level resource, and the features that each type needs.

use crate::model::{Gate, Gates, Method, ParameterType, Payload, Resource, Shape, Type, Types};
use crate::naming;
use crate::options::FeaturePolicy;
use crate::steps::step;
use crate::table::Table;

/// An API with at least this many methods has features.
const LARGE: usize = 200;

/// A type that more features need always exists: compiling the condition would cost more than compiling the type.
const MANY: usize = 6;

/// Finds the features that need each type. With `only`, types that no method needs are left out.
pub(crate) fn gates(types: &Types, root: &Resource, policy: FeaturePolicy, only: bool) -> Gates {
    let with_features = match policy {
        FeaturePolicy::Auto => root.resources.len() > 1 && root.all_methods().nth(LARGE).is_some(),
        FeaturePolicy::Always => !root.resources.is_empty(),
        FeaturePolicy::Never => false,
    };
    if !with_features && !only {
        let always = |count| Table::filled(Some(Gate::new()), count);
        let (objects, enums) = (always(types.objects.len()), always(types.enums.len()));
        return Gates { features: Vec::new(), objects, enums };
    }
    let modules = root.resources.iter().map(|resource| &resource.module);
    let features = if with_features { naming::features(modules) } else { Vec::new() };
    let mut needs = Needs::none(types);
    needs.methods(ALWAYS, root.methods.iter());
    for (number, resource) in root.resources.iter().enumerate() {
        needs.methods(number, resource.all_methods());
    }
    if !only {
        // Types that no method needs are kept, with the types that they use.
        for index in types.objects.indices() {
            if needs.objects[index].is_empty() {
                needs.ty(ALWAYS, &Type::Object(index));
            }
        }
    }
    let gate = |needed: &Vec<usize>| -> Option<Gate> {
        if only && needed.is_empty() {
            return None;
        }
        let is_everywhere = is_always(needed) || needed.len() == root.resources.len();
        Some(if is_everywhere || features.is_empty() { Vec::new() } else { needed.clone() })
    };
    let objects = needs.objects.iter().map(gate).collect();
    let enums = needs.enums.iter().map(gate).collect();
    Gates { features, objects, enums }
}

/// Instead of a resource's number: a type is needed whatever features are enabled.
const ALWAYS: usize = usize::MAX;

/// Whether a type always exists: because it is always needed, or because too many resources need it.
fn is_always(needed: &[usize]) -> bool {
    needed.contains(&ALWAYS) || needed.len() > MANY
}

/// The resources that need each type, by their numbers.
///
/// A type that always exists is not visited again, because all types that it uses always exist too. So each type is
/// visited only a few times, even if many resources need it.
struct Needs<'t> {
    types: &'t Types,
    objects: Table<Vec<usize>>,
    enums: Table<Vec<usize>>,
}

impl<'t> Needs<'t> {
    fn none(types: &'t Types) -> Self {
        let none = |count| Table::filled(Vec::new(), count);
        Needs { types, objects: none(types.objects.len()), enums: none(types.enums.len()) }
    }

    fn methods<'m>(&mut self, resource: usize, methods: impl Iterator<Item = &'m Method>) {
        for method in methods {
            for parameter in method.arguments.iter().chain(&method.setters) {
                if let ParameterType::Enum(index) = parameter.ty {
                    self.note_enum(resource, index);
                }
            }
            let body = method.body.iter().map(|(_, payload)| payload);
            for payload in body.chain([&method.output]) {
                if let Payload::Value(ty) = payload {
                    self.ty(resource, ty);
                }
            }
        }
    }

    fn ty(&mut self, resource: usize, ty: &Type) {
        let types = self.types;
        let mut work = Vec::new();
        self.note(resource, ty, &mut work);
        while let Some(index) = work.pop() {
            // An alias needs its target.
            if let Some(&first) = types.same.objects.get(&index) {
                self.note(resource, &Type::Object(first), &mut work);
            }
            match &types.objects[index].shape {
                Shape::Struct(fields) => {
                    fields.iter().for_each(|field| self.note(resource, &field.ty, &mut work))
                }
                Shape::Alias(ty) => self.note(resource, ty, &mut work),
            }
        }
    }

    fn note_enum(&mut self, resource: usize, index: usize) {
        add(&mut self.enums[index], resource);
        // An alias needs its target.
        if let Some(&first) = self.types.same.enums.get(&index) {
            add(&mut self.enums[first], resource);
        }
    }

    fn note(&mut self, resource: usize, ty: &Type, work: &mut Vec<usize>) {
        match ty {
            Type::Enum(index) => self.note_enum(resource, *index),
            Type::Object(index) | Type::Boxed(index) | Type::Deep(index) => {
                if add(&mut self.objects[*index], resource) {
                    work.push(*index);
                }
            }
            Type::List(inner) | Type::Map(inner) => self.note(resource, inner, work),
            Type::Scalar(_) | Type::Json => {}
        }
    }
}

/// Notes that a resource needs a type. Returns whether that was not known.
fn add(needed: &mut Vec<usize>, resource: usize) -> bool {
    step();
    // All types of one resource are noted before those of the next.
    if is_always(needed) || needed.last() == Some(&resource) {
        return false;
    }
    needed.push(resource);
    true
}

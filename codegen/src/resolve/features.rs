//! Features of large APIs: one for each top-level resource, and the features that each type needs.

use crate::model::{Gate, Gates, Method, ParameterType, Payload, Resource, Shape, Type, Types};
use crate::naming;
use crate::options::FeaturePolicy;
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
    let mut always = Reach::of(types, root.methods.iter());
    let each: Table<Reach> =
        root.resources.iter().map(|resource| Reach::of(types, resource.all_methods())).collect();
    if !only {
        // Types that no method needs are kept, with the types that they use.
        for index in types.objects.indices() {
            if !always.objects[index] && !each.iter().any(|reach| reach.objects[index]) {
                always.ty(types, &Type::Object(index));
            }
        }
    }
    let gate = |in_all: bool, is_in: &dyn Fn(&Reach) -> bool, left_out: bool| -> Option<Gate> {
        let needs: Gate = each.indices().filter(|&index| is_in(&each[index])).collect();
        if left_out && !in_all && needs.is_empty() {
            return None;
        }
        let is_everywhere = in_all || needs.len() > MANY || needs.len() == each.len();
        Some(if is_everywhere || features.is_empty() { Vec::new() } else { needs })
    };
    let objects = types.objects.indices();
    let objects = objects.map(|index| gate(always.objects[index], &|reach| reach.objects[index], only));
    let enums = types.enums.indices();
    let enums = enums.map(|index| gate(always.enums[index], &|reach| reach.enums[index], only));
    Gates { objects: objects.collect(), enums: enums.collect(), features }
}

/// The types that some methods need.
struct Reach {
    objects: Table<bool>,
    enums: Table<bool>,
}

impl Reach {
    fn of<'m>(types: &Types, methods: impl Iterator<Item = &'m Method>) -> Self {
        let mut reach = Reach {
            objects: Table::filled(false, types.objects.len()),
            enums: Table::filled(false, types.enums.len()),
        };
        for method in methods {
            for parameter in method.arguments.iter().chain(&method.setters) {
                if let ParameterType::Enum(index) = parameter.ty {
                    reach.note_enum(types, index);
                }
            }
            let body = method.body.iter().map(|(_, payload)| payload);
            for payload in body.chain([&method.output]) {
                if let Payload::Value(ty) = payload {
                    reach.ty(types, ty);
                }
            }
        }
        reach
    }

    fn ty(&mut self, types: &Types, ty: &Type) {
        let mut work = Vec::new();
        self.note(types, ty, &mut work);
        while let Some(index) = work.pop() {
            // An alias needs its target.
            if let Some(&first) = types.same.objects.get(&index) {
                self.note(types, &Type::Object(first), &mut work);
            }
            match &types.objects[index].shape {
                Shape::Struct(fields) => {
                    fields.iter().for_each(|field| self.note(types, &field.ty, &mut work))
                }
                Shape::Alias(ty) => self.note(types, ty, &mut work),
            }
        }
    }

    fn note_enum(&mut self, types: &Types, index: usize) {
        self.enums[index] = true;
        // An alias needs its target.
        if let Some(&first) = types.same.enums.get(&index) {
            self.enums[first] = true;
        }
    }

    fn note(&mut self, types: &Types, ty: &Type, work: &mut Vec<usize>) {
        match ty {
            Type::Enum(index) => self.note_enum(types, *index),
            Type::Object(index) | Type::Boxed(index) => {
                if !std::mem::replace(&mut self.objects[*index], true) {
                    work.push(*index);
                }
            }
            Type::List(inner) | Type::Map(inner) => self.note(types, inner, work),
            Type::Scalar(_) | Type::Json => {}
        }
    }
}

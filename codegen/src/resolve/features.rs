//! Features of large APIs: one for each top-level resource, and which types are needed by which.

use crate::FeaturePolicy;
use crate::model::{Api, Gate, Method, ParameterType, Payload, Resource, Shape, Type, Types};
use crate::naming;

/// From how many methods on an API has features.
const LARGE: usize = 200;

/// A type that more features need is always there: writing the condition would cost more than compiling the type.
const MANY: usize = 6;

/// Finds the features that need each type; with `only`, leaves out what no method reaches.
pub(crate) fn gate(api: &mut Api, policy: FeaturePolicy, only: bool) {
    let methods = count(&api.methods, &api.resources);
    let with_features = match policy {
        FeaturePolicy::Auto => methods > LARGE && api.resources.len() > 1,
        FeaturePolicy::Always => !api.resources.is_empty(),
        FeaturePolicy::Never => false,
    };
    if with_features {
        api.features = api.resources.iter().map(|resource| naming::feature(&resource.module)).collect();
    }
    if with_features || only {
        reach(api, with_features, only);
    }
}

fn count(methods: &[Method], resources: &[Resource]) -> usize {
    methods.len()
        + resources.iter().map(|resource| count(&resource.methods, &resource.resources)).sum::<usize>()
}

fn reach(api: &mut Api, with_features: bool, only: bool) {
    let mut always = Reach::new(&api.types);
    always.methods(&api.types, &api.methods, &[]);
    let each: Vec<Reach> = api
        .resources
        .iter()
        .map(|resource| {
            let mut reach = Reach::new(&api.types);
            reach.methods(&api.types, &resource.methods, &resource.resources);
            reach
        })
        .collect();
    // What no method reaches stays available, with all that it names.
    let reached = |index: usize| always.objects[index] || each.iter().any(|reach| reach.objects[index]);
    let unreached: Vec<usize> = (0..api.types.objects.len()).filter(|&index| !reached(index)).collect();
    if only {
        for index in unreached {
            api.types.objects[index].kept = false;
        }
        for index in 0..api.types.enums.len() {
            api.types.enums[index].kept = always.enums[index] || each.iter().any(|reach| reach.enums[index]);
        }
    } else {
        for index in unreached {
            always.ty(&api.types, &Type::Object(index));
        }
    }
    if !with_features {
        return;
    }
    let gate = |is_always: bool, needs: &dyn Fn(&Reach) -> bool| -> Gate {
        if is_always {
            return Vec::new();
        }
        let gate: Gate = (0..each.len()).filter(|&index| needs(&each[index])).collect();
        if gate.len() > MANY || gate.len() == each.len() { Vec::new() } else { gate }
    };
    for (index, object) in api.types.objects.iter_mut().enumerate() {
        object.gate = gate(always.objects[index], &|reach| reach.objects[index]);
    }
    for (index, item) in api.types.enums.iter_mut().enumerate() {
        item.gate = gate(always.enums[index], &|reach| reach.enums[index]);
    }
}

/// The types that some methods need.
struct Reach {
    objects: Vec<bool>,
    enums: Vec<bool>,
}

impl Reach {
    fn new(types: &Types) -> Self {
        Reach { objects: vec![false; types.objects.len()], enums: vec![false; types.enums.len()] }
    }

    fn methods(&mut self, types: &Types, methods: &[Method], resources: &[Resource]) {
        for method in methods {
            for parameter in method.arguments.iter().chain(&method.setters) {
                if let ParameterType::Enum(index) = parameter.ty {
                    self.note_enum(types, index);
                }
            }
            let body = method.body.iter().map(|(_, payload)| payload);
            for payload in body.chain([&method.output]) {
                if let Payload::Value(ty) = payload {
                    self.ty(types, ty);
                }
            }
        }
        for resource in resources {
            self.methods(types, &resource.methods, &resource.resources);
        }
    }

    fn ty(&mut self, types: &Types, ty: &Type) {
        let mut work = Vec::new();
        self.note(types, ty, &mut work);
        while let Some(index) = work.pop() {
            // An alias needs what it stands for.
            if let Some(first) = types.objects[index].same_as {
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
        // An alias needs what it stands for.
        if let Some(first) = types.enums[index].same_as {
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

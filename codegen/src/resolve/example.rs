//! Chooses the method for the example in a crate's documentation.

use crate::model::{Example, Method, Parameter, ParameterType, Resource};
use crate::naming::Name;
use crate::wire::Scalar;

/// The method with the shortest example: a GET with few simple arguments, near the root.
pub(crate) fn find(root: &Resource) -> Option<Example> {
    let mut best = None;
    visit(root, &mut Vec::new(), &mut best);
    best.map(|(_, example)| example)
}

/// The rank of a method as an example. The lowest is the best.
type Rank<'a> = (bool, usize, usize, &'a str);

fn visit<'a>(resource: &'a Resource, path: &mut Vec<&'a Name>, best: &mut Option<(Rank<'a>, Example)>) {
    for method in &resource.methods {
        let Some((rank, arguments)) = rank(method, path.len()) else { continue };
        if best.as_ref().is_none_or(|(other, _)| rank < *other) {
            let accessors = path.iter().map(|name| (*name).clone()).collect();
            *best = Some((rank, Example { accessors, function: method.function.clone(), arguments }));
        }
    }
    for nested in &resource.resources {
        path.push(&nested.accessor);
        visit(nested, path, best);
        path.pop();
    }
}

fn rank(method: &Method, depth: usize) -> Option<(Rank<'_>, Vec<String>)> {
    if method.body.is_some() || method.docs.deprecated {
        return None;
    }
    let arguments = method.arguments.iter().map(literal).collect::<Option<Vec<String>>>()?;
    let rank = (method.verb != "GET", depth + arguments.len(), arguments.len(), method.id.as_str());
    Some((rank, arguments))
}

fn literal(parameter: &Parameter) -> Option<String> {
    match parameter.ty {
        _ if parameter.repeated => None,
        ParameterType::Scalar(Scalar::Text) => {
            Some(format!("{:?}", parameter.name.bare().to_ascii_uppercase()))
        }
        ParameterType::Scalar(Scalar::I32 | Scalar::U32 | Scalar::I64 | Scalar::U64) => Some("1".to_owned()),
        ParameterType::Scalar(Scalar::Bool) => Some("true".to_owned()),
        _ => None,
    }
}

//! `src/enums.rs`: the values of members and parameters that the document defines.

use super::{docs, gate};
use crate::model::{Api, Enum, Value};
use crate::naming;
use crate::prose::{Schemas, code};
use crate::source::{Source, literal};

pub(crate) fn write(api: &Api, schemas: Schemas<'_>, source: &mut Source) {
    source.blank();
    source.module_docs(&[
        "The values of members and parameters that the document defines. Members have the type".to_owned(),
        "[`Open`](super::runtime::Open), which can also hold values that are added later.".to_owned(),
    ]);
    let mut kept: Vec<usize> =
        api.types.enums.indices().filter(|&index| api.gates.enums[index].is_some()).collect();
    kept.sort_by_key(|&index| &api.types.enums[index].name);
    if kept.is_empty() {
        return;
    }
    source.blank();
    source.line(format_args!("use super::runtime::private::derive::OpenEnum;"));
    for index in kept {
        source.blank();
        if let Some(needs) = &api.gates.enums[index] {
            gate::gate(api, needs, source);
        }
        let item = &api.types.enums[index];
        match api.types.same.enums.get(&index) {
            Some(&first) => {
                source.line(format_args!("pub type {} = {};", item.name, api.types.enums[first].name));
            }
            None => write_enum(item, schemas, source),
        }
    }
}

fn write_enum(item: &Enum, schemas: Schemas<'_>, source: &mut Source) {
    source.line(format_args!("#[derive(OpenEnum)]"));
    source.line(format_args!("#[non_exhaustive]"));
    source.open(format_args!("pub enum {} {{", item.name));
    for Value { name, wire, docs: value_docs } in &item.values {
        let follows = naming::variant_says(name, wire);
        let mut lines = docs::lines(value_docs, schemas);
        if lines.is_empty() && !follows {
            lines.push(format!("{}.", code(wire)));
        }
        source.docs(&lines);
        gate::deprecated(value_docs.deprecated, source);
        if !follows {
            source.line(format_args!("#[wire({})]", literal(wire)));
        }
        source.line(format_args!("{name},"));
    }
    source.close("}");
}

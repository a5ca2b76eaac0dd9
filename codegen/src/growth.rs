//! Tests that no document makes a stage slow: four times the document takes about four times the steps.

use gapis_documents::growing::{FAMILIES, Family};

use crate::steps;
use crate::{Options, generate};

/// Checks that the steps for documents of three sizes, each four times the one before, grow by little more than that. The
/// largest is left out if all tests are to take seconds.
fn check(family: &Family) {
    let name = family.name;
    let sizes = if gapis_documents::step(2) == 1 { &[100, 400, 1600][..] } else { &[100, 400] };
    let steps = sizes.iter().map(|&size| {
        let text = family.document(size).to_string();
        let options = Options { name: name.to_owned(), ..Options::default() };
        let steps = steps::of(|| drop(generate(text.as_bytes(), &options).expect("a crate")));
        (text.len(), steps)
    });
    let steps: Vec<_> = steps.collect();
    for pair in steps.windows(2) {
        let [(small, few), (large, many)] = [pair[0], pair[1]];
        assert!(few > 0, "{name}: nothing is counted");
        // In hundredths.
        let (growth, steps) = (large * 100 / small, many * 100 / few);
        assert!(steps <= growth as u64 * 3 / 2, "{name}: {small} to {large} bytes, {few} to {many} steps");
    }
}

#[test]
fn steps_grow_as_the_document_does() {
    FAMILIES.iter().for_each(check);
}

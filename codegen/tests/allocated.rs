//! Tests that no document makes the generator allocate without measure: four times the document takes about four times
//! the memory, counted over everything that is ever allocated.
//!
//! The steps that the library counts for its own tests are those of loops that somebody thought of. A loop over all
//! members of a response for each method is found here, as soon as it collects them.

use std::alloc::System;

use gapis_codegen::{Options, generate};
use gapis_documents::growing::{FAMILIES, Family};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// The bytes of a document, and what is allocated while its crate is generated.
fn allocated(family: &Family, size: usize) -> (usize, usize) {
    let text = family.document(size).to_string();
    let options = Options { name: family.name.to_owned(), ..Options::default() };
    let region = Region::new(ALLOCATOR);
    let made = generate(text.as_bytes(), &options).expect("a crate");
    let allocated = region.change().bytes_allocated;
    drop(made);
    (text.len(), allocated)
}

// One test, because the allocator counts for the whole process.
#[test]
fn allocations_grow_as_the_document_does() {
    for family in FAMILIES {
        let (small, little) = allocated(family, 200);
        let (large, much) = allocated(family, 800);
        // In hundredths.
        let (growth, more) = (large * 100 / small, much * 100 / little);
        let name = family.name;
        assert!(
            more <= growth * 3 / 2,
            "{name}: {small} to {large} bytes, {little} to {much} bytes allocated"
        );
    }
}

//! Generates the part of an API that the program uses, as a module.

fn main() -> Result<(), gapis_codegen::BuildError> {
    gapis_codegen::Build::new("../../discovery/farm.v2.json")
        .only(["animals.get", "animals.vaccinations.*"])
        .write()
}

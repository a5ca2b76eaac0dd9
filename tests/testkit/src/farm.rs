//! A small API in the form of a generated crate, which examples in the documentation and tests use.

use gapis_runtime as runtime;

/// The service.
#[derive(Clone, Debug)]
pub struct Farm(runtime::Client);
runtime::api! { Farm { name: "farm", version: "v2", root_url: "https://farm.example.com/", service_path: "farm/v2/",
batch_path: "batch/farm/v2" } }

impl Farm {
    /// The animals.
    pub fn animals(&self) -> animals::Animals<'_> {
        animals::Animals(&self.0)
    }
    /// The barns, which take a long time to build.
    pub fn barns(&self) -> barns::Barns<'_> {
        barns::Barns(&self.0)
    }
}

/// Schemas.
pub mod schemas {
    use gapis_runtime as runtime;
    use gapis_runtime::private::derive::Object;

    /// An animal.
    #[derive(Object)]
    pub struct Animal {
        /// Its name.
        pub name: Option<String>,
        /// Members that the document does not define, and explicit nulls.
        pub extra: runtime::Extra,
    }

    /// A long-running operation.
    #[derive(Object)]
    pub struct Operation {
        /// Whether it is done.
        pub done: Option<bool>,
        /// Why it failed.
        pub error: Option<runtime::Json>,
        /// The progress.
        pub metadata: Option<runtime::Json>,
        /// Its name.
        pub name: Option<String>,
        /// The result.
        pub response: Option<runtime::Json>,
        /// Members that the document does not define, and explicit nulls.
        pub extra: runtime::Extra,
    }
    runtime::operation! { Operation: super::Farm, done; "farm.operations.get" "{+name}" }

    /// A barn.
    #[derive(Object)]
    pub struct Barn {
        /// The number of doors.
        pub doors: Option<i32>,
        /// Members that the document does not define, and explicit nulls.
        pub extra: runtime::Extra,
    }
}

/// The methods of the resource `barns`.
pub mod barns {
    use super::*;

    /// The resource.
    #[derive(Clone, Copy, Debug)]
    pub struct Barns<'a>(pub(crate) &'a runtime::Client);
    impl Barns<'_> {
        /// Builds one.
        pub fn build(&self, barn: schemas::Barn) -> Call<Build> {
            Call::new(self.0, &[], Some(&barn))
        }
    }

    /// `barns.build`
    pub enum Build {}
    runtime::method! { Build: Farm => schemas::Operation; "farm.barns.build" POST "barns" }
}

/// The methods of the resource `animals`.
pub mod animals {
    use super::*;

    /// The resource.
    #[derive(Clone, Copy, Debug)]
    pub struct Animals<'a>(pub(crate) &'a runtime::Client);
    impl Animals<'_> {
        /// One animal.
        pub fn get(&self, animal_id: &str) -> Call<Get> {
            Call::new(self.0, &[&animal_id], None)
        }
        /// Adds one.
        pub fn insert(&self, animal: schemas::Animal) -> Call<Insert> {
            Call::new(self.0, &[], Some(&animal))
        }
        /// Removes one.
        pub fn delete(&self, animal_id: &str) -> Call<Delete> {
            Call::new(self.0, &[&animal_id], None)
        }
    }

    /// `animals.get`
    pub enum Get {}
    runtime::method! { Get: Farm => schemas::Animal; "farm.animals.get" GET "animals/{animalId}" }
    /// `animals.insert`
    pub enum Insert {}
    runtime::method! { Insert: Farm => schemas::Animal; "farm.animals.insert" POST "animals" }
    /// `animals.delete`
    pub enum Delete {}
    runtime::method! { Delete: Farm => (); "farm.animals.delete" DELETE "animals/{animalId}" }
}

//! APIs with one feature each: scopes, responses inside `data`, ids of requests, no batch endpoint.

use gapis_runtime::Client;

/// An API with two scopes.
#[derive(Clone, Debug)]
pub struct Barn(Client);
gapis_runtime::api! { Barn { name: "barn", version: "v1", root_url: "https://barn.test/", service_path: "",
batch_path: "batch/barn/v1", scopes: &["https://barn.test/auth/read", "https://barn.test/auth/write"] } }

/// An API with another scope.
pub mod mill {
    use gapis_runtime::Client;

    #[derive(Clone, Debug)]
    pub struct Mill(Client);
    gapis_runtime::api! { Mill { name: "mill", version: "v1", root_url: "https://mill.test/", service_path: "",
    scopes: &["https://mill.test/auth"] } }
}

/// An API that wraps its responses in `data`.
pub mod wrapped {
    use gapis_runtime::{Client, Json};

    #[derive(Clone, Debug)]
    pub struct Words(Client);
    gapis_runtime::api! { Words { name: "words", version: "v2", root_url: "https://words.test/", service_path: "words/v2/", data_wrapper: true } }

    pub enum Get {}
    gapis_runtime::method! { Get: Words => Json; "words.get" GET "word" }

    impl Words {
        pub fn get(&self) -> Call<Get> {
            Call::new(&self.0, &[], None)
        }
    }
}

/// An API with a method whose parameter `requestId` makes the server execute a repeated call once.
pub mod repeatable {
    use gapis_runtime::{Client, Json};

    #[derive(Clone, Debug)]
    pub struct Lab(Client);
    gapis_runtime::api! { Lab { name: "lab", version: "v1", root_url: "https://lab.test/", service_path: "lab/",
    batch_path: "batch/lab" } }

    pub enum Start {}
    gapis_runtime::method! { Start: Lab => Json; "lab.start" POST "runs" { request_id: Some("requestId") } }

    pub enum Edit {}
    gapis_runtime::method! { Edit: Lab => Json; "lab.edit" PATCH "runs" }

    impl Lab {
        pub fn start(&self) -> Call<Start> {
            Call::new(&self.0, &[], Some(&Json::from(1)))
        }
        pub fn edit(&self) -> Call<Edit> {
            Call::new(&self.0, &[], None)
        }
    }
}

/// An API without a batch endpoint.
pub mod unbatched {
    use gapis_runtime::private::spec::Limits;
    use gapis_runtime::{Client, Json};

    #[derive(Clone, Debug)]
    pub struct Cage(Client);
    gapis_runtime::api! { Cage { name: "cage", version: "v1", root_url: "https://cage.test/", service_path: "cage/v1/",
    batch_path: "batch", limits: Limits { calls: 0, ..Limits::DEFAULT } } }

    pub enum Get {}
    gapis_runtime::method! { Get: Cage => Json; "cage.get" GET "cage" }

    impl Cage {
        pub fn get(&self) -> Call<Get> {
            Call::new(&self.0, &[], None)
        }
    }
}

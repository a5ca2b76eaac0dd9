//! APIs with one feature each: scopes, and responses inside `data`.

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

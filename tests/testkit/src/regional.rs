//! An API with regional endpoints and an endpoint for mutual TLS, with requests of all kinds.

use gapis_runtime::private::spec::{DownloadSpec, UploadSpec};
use gapis_runtime::{AcceptsMedia, Client, Json, ServesMedia};

#[derive(Clone, Debug)]
pub struct Zoo(Client);
gapis_runtime::api! { Zoo { name: "zoo", version: "v1", root_url: "https://zoo.googleapis.com/", service_path: "zoo/v1/",
batch_path: "batch/zoo/v1", mtls_root_url: "https://zoo.mtls.googleapis.com/", endpoints: &[
    ("north", "https://zoo.north.rep.googleapis.com/"), ("south", "https://zoo.south.rep.googleapis.com/")] } }

pub enum Get {}
gapis_runtime::method! { Get: Zoo => Json; "zoo.get" GET "things/{id}" {
download: Some(DownloadSpec { media_service: true }) } }
impl ServesMedia for Get {}

pub enum Insert {}
gapis_runtime::method! { Insert: Zoo => Json; "zoo.insert" POST "things" { upload: Some(&UploadSpec {
simple_path: "upload/zoo/v1/things", resumable_path: "upload/zoo/v1/things", max_size: None, accept: &[] }) } }
impl AcceptsMedia for Insert {}

impl Zoo {
    pub fn get(&self) -> Call<Get> {
        Call::new(&self.0, &[&"a"], None)
    }
    pub fn insert(&self) -> Call<Insert> {
        Call::new(&self.0, &[], None)
    }
}

/// Another API, without regions.
pub mod park {
    use gapis_runtime::Client;

    #[derive(Clone, Debug)]
    pub struct Park(Client);
    gapis_runtime::api! { Park { name: "park", version: "v2", root_url: "https://park.googleapis.com/",
    service_path: "v2/", batch_path: "batch" } }
}

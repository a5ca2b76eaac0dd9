//! An API with media in the form of a generated crate, which examples in the documentation and tests use.

use gapis_runtime::private::spec::{DownloadSpec, UploadSpec};
use gapis_runtime::{AcceptsMedia, Client, Json, ServesMedia};

/// The service.
#[derive(Clone, Debug)]
pub struct Photos(Client);
gapis_runtime::api! { Photos { name: "photos", version: "v1", root_url: "https://photos.test/", service_path: "photos/v1/", batch_path: "batch/photos/v1" } }

/// `photos.insert`
pub enum Insert {}
gapis_runtime::method! { Insert: Photos => Json; "photos.insert" POST "photos" { upload: Some(&UploadSpec {
simple_path: "upload/photos/v1/photos", resumable_path: "resumable/upload/photos/v1/photos", max_size: None, accept: &["*/*"] }) } }
impl AcceptsMedia for Insert {}

/// `photos.update`
pub enum Update {}
gapis_runtime::method! { Update: Photos => Json; "photos.update" PUT "photos/{id}" { upload: Some(&UploadSpec {
simple_path: "upload/photos/v1/photos/{id}", resumable_path: "resumable/upload/photos/v1/photos/{id}", max_size: None, accept: &["*/*"] }) } }
impl AcceptsMedia for Update {}

/// `photos.get`
pub enum Get {}
gapis_runtime::method! { Get: Photos => Json; "photos.get" GET "photos/{id}" { download: Some(DownloadSpec { media_service: false }) } }
impl ServesMedia for Get {}

impl Photos {
    /// Adds a photo with metadata.
    pub fn insert(&self, body: Json) -> Call<Insert> {
        Call::new(&self.0, &[], Some(&body))
    }
    /// Adds a photo without metadata.
    pub fn bare(&self) -> Call<Insert> {
        Call::new(&self.0, &[], None)
    }
    /// Replaces a photo.
    pub fn update(&self, id: &str, body: Json) -> Call<Update> {
        Call::new(&self.0, &[&id], Some(&body))
    }
    /// Returns a photo.
    pub fn get(&self, id: &str) -> Call<Get> {
        Call::new(&self.0, &[&id], None)
    }
}

//! The older version of the API, for its ETags: a write whose ETag does not match is refused.

use gapis_drive_v3::Drive;
use gapis_runtime::private::spec::UploadSpec;
use gapis_runtime::{AcceptsMedia, BearerToken, Client, Error, Json, RetryPolicy, Source};

use super::status;
use crate::check::{Checked, Expectations, passed};

/// As much of it as is needed here, in the form of a generated crate.
#[derive(Clone, Debug)]
struct DriveV2(Client);
gapis_runtime::api! { DriveV2 { name: "drive", version: "v2", root_url: "https://www.googleapis.com/", service_path: "drive/v2/" } }

enum Get {}
gapis_runtime::method! { Get: DriveV2 => Json; "drive.files.get" GET "files/{fileId}" }
enum Insert {}
gapis_runtime::method! { Insert: DriveV2 => Json; "drive.files.insert" POST "files" { upload: Some(&UploadSpec {
simple_path: "upload/drive/v2/files", resumable_path: "resumable/upload/drive/v2/files", max_size: None, accept: &["*/*"] }) } }
impl AcceptsMedia for Insert {}
enum Update {}
gapis_runtime::method! { Update: DriveV2 => Json; "drive.files.update" PUT "files/{fileId}" }
enum Delete {}
gapis_runtime::method! { Delete: DriveV2 => (); "drive.files.delete" DELETE "files/{fileId}" }
enum Touch {}
gapis_runtime::method! { Touch: DriveV2 => Json; "drive.files.touch" POST "files/{fileId}/touch" }

impl DriveV2 {
    fn get(&self, id: &str) -> Call<Get> {
        Call::new(&self.0, &[&id], None)
    }
    fn insert(&self, body: Json) -> Call<Insert> {
        Call::new(&self.0, &[], Some(&body))
    }
    fn insert_media(&self) -> Call<Insert> {
        Call::new(&self.0, &[], None)
    }
    fn update(&self, id: &str, body: Json) -> Call<Update> {
        Call::new(&self.0, &[&id], Some(&body))
    }
    fn delete(&self, id: &str) -> Call<Delete> {
        Call::new(&self.0, &[&id], None)
    }
    fn touch(&self, id: &str) -> Call<Touch> {
        Call::new(&self.0, &[&id], None)
    }
}

fn text(json: &Json, member: &str) -> String {
    json[member].as_str().unwrap_or_default().to_owned()
}

fn title(title: &str) -> Json {
    serde_json::json!({ "title": title })
}

pub(super) async fn run(endpoint: &str, v3: &Drive, all: &mut Expectations) -> Checked {
    let builder = DriveV2::builder().credentials(BearerToken::new("valid-token")).endpoint(endpoint);
    let drive = builder.retry(RetryPolicy::none()).build()?;

    let made = drive.insert(title("Otter")).await?;
    let (id, etag) = (text(&made, "id"), text(&made, "etag"));
    all.holds("an ETag", !etag.is_empty())?;
    all.equal("a file by its id", text(&drive.get(&id).await?, "title"), "Otter".to_owned())?;
    let renamed = drive.update(&id, title("Beaver")).if_match(&etag).await?;
    all.equal("a write whose ETag matches", text(&renamed, "title"), "Beaver".to_owned())?;
    let late = drive.update(&id, title("Late")).if_match(&etag).await;
    all.holds("a write that comes late", late.as_ref().is_err_and(Error::is_precondition_failed))?;
    let kept = drive.get(&id).await?;
    all.equal("it changed nothing", text(&kept, "title"), "Beaver".to_owned())?;
    let refused = drive.delete(&id).if_match("\"wrong-etag\"").await;
    all.holds("a delete with another ETag", refused.as_ref().is_err_and(Error::is_precondition_failed))?;
    all.holds("one with its own", drive.delete(&id).if_match(&text(&kept, "etag")).await.is_ok())?;
    all.equal("it is gone", status(&drive.get(&id).await), Some(404))?;

    let html = Source::from("<p>reed</p>".to_owned()).with_content_type("text/html");
    let made = drive.insert_media().upload(html).simple().await?;
    all.equal("the type of an upload", text(&made, "mimeType"), "text/html".to_owned())?;
    all.holds("its size", made["fileSize"] == "11" || made["fileSize"] == 11)?;
    let info = v3.files().get(&text(&made, "id")).fields("size,md5Checksum").await?;
    all.equal("its size in v3", info.size, Some(11))?;
    all.equal("its checksum in both", info.md5_checksum, Some(text(&made, "md5Checksum")))?;
    let empty =
        drive.insert_media().upload(Source::from("").with_content_type("text/plain")).simple().await?;
    let checksum = "d41d8cd98f00b204e9800998ecf8427e".to_owned();
    all.equal("the checksum of nothing", text(&empty, "md5Checksum"), checksum)?;
    // A POST without a body.
    all.holds("touched", drive.touch(&text(&empty, "id")).await.is_ok())?;
    passed("google-drive-mock: ETags of v2");
    Ok(())
}

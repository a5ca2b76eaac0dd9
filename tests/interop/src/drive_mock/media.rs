//! Uploads and downloads.

use gapis_drive_v3::Drive;
use gapis_drive_v3::schemas::File;
use gapis_runtime::Source;

use super::{id, is_not_found, named, typed};
use crate::check::{Checked, Expectations, passed};

pub(super) async fn run(drive: &Drive, home: &str, all: &mut Expectations) -> Checked {
    let files = drive.files();
    let text = |content: &str| Source::from(content.to_owned()).with_content_type("text/plain");

    // Members in the order in which they came, white space and all.
    let json = "{\n  \"b\": 1,\n  \"a\": 2\n}";
    let file = typed("application/json", named("Order", home));
    let content = Source::from(json.to_owned()).with_content_type("application/json");
    let made = files.create(file).fields("id,name").upload(content).multipart().await?;
    let of_json = id(made)?;
    let read = files.get(&of_json).fields("name,parents").await?;
    all.equal("the metadata of an upload", read.name.as_deref(), Some("Order"))?;
    all.equal("its parent", read.parents, Some(vec![home.to_owned()]))?;
    let back = files.get(&of_json).supports_all_drives(true).download().bytes().await?;
    all.equal("JSON as it was sent", &*back, json.as_bytes())?;
    let info = files.get(&of_json).fields("size,md5Checksum").await?;
    all.equal("its size", info.size, Some(json.len() as i64))?;
    all.holds("its checksum", info.md5_checksum.is_some())?;

    // The metadata first and the content later, as one request by itself.
    let file = id(files.create(typed("text/plain", named("Later", home))).await?)?;
    files.update(&file, File::default()).upload(text("first")).simple().await?;
    all.equal("content that came later", &*files.get(&file).download().bytes().await?, b"first")?;
    let renamed = File { name: Some("Both".to_owned()), ..Default::default() };
    let both = files.update(&file, renamed).upload(text("second")).multipart().await?;
    all.equal("a new name with new content", both.name.as_deref(), Some("Both"))?;
    all.equal("the new content", &*files.get(&file).download().bytes().await?, b"second")?;

    let nobody = files.update("nobody", File::default()).upload(text("x")).multipart().await;
    all.holds("an upload to nobody", is_not_found(&nobody))?;
    all.holds("a download of nobody", is_not_found(&files.get("nobody").download().bytes().await))?;

    let [one, two] = [
        files.create(named("Same", home)).upload(text("1")).multipart().await?,
        files.create(named("Same", home)).upload(text("2")).multipart().await?,
    ];
    all.holds("two uploads of one name", one.id != two.id && one.name == two.name)?;
    passed("google-drive-mock: uploads and downloads");
    Ok(())
}

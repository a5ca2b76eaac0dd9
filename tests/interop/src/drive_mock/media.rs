//! Uploads and downloads.

use gapis_drive_v3::Drive;
use gapis_drive_v3::schemas::File;
use gapis_runtime::Source;

use super::{id, named, status, typed};
use crate::check::{Checked, Expectations, ensure, note, passed};

pub(super) async fn run(drive: &Drive, home: &str, all: &mut Expectations) -> Checked {
    let files = drive.files();
    let text = |content: &str| Source::from(content.to_owned()).with_content_type("text/plain");

    // Members in the order in which they came, white space and all.
    let json = "{\n  \"b\": 1,\n  \"a\": 2\n}";
    let content = || Source::from(json.to_owned()).with_content_type("application/json");
    let file = || typed("application/json", named("Order", home));
    let of_json = id(files.create(file()).await?)?;
    files.update(&of_json, File::default()).upload(content()).simple().await?;
    let back = files.get(&of_json).supports_all_drives(true).download().bytes().await?;
    all.equal("JSON as it was sent", &*back, json.as_bytes())?;
    let info = files.get(&of_json).fields("size,md5Checksum").await?;
    all.equal("its size", info.size, Some(json.len() as i64))?;
    all.holds("its checksum", info.md5_checksum.is_some())?;
    // In a body with metadata this server writes JSON anew, without white space, and our client says so.
    match files.create(file()).upload(content()).multipart().await {
        Err(error) => ensure!(error.to_string().contains("has stored 13 of 22 bytes"), "{error}"),
        Ok(_) => note("google-drive-mock keeps JSON as it is"),
    }

    let made = files.create(named("Notes", home)).fields("id,name").upload(text("reed")).multipart().await?;
    let notes = id(made)?;
    let read = files.get(&notes).fields("name,parents").await?;
    all.equal("the metadata of an upload", read.name.as_deref(), Some("Notes"))?;
    all.equal("its parent", read.parents, Some(vec![home.to_owned()]))?;
    all.equal("its content", &*files.get(&notes).download().bytes().await?, b"reed")?;

    // The metadata first and the content later, as one request by itself.
    let file = id(files.create(typed("text/plain", named("Later", home))).await?)?;
    files.update(&file, File::default()).upload(text("first")).simple().await?;
    all.equal("content that came later", &*files.get(&file).download().bytes().await?, b"first")?;
    let renamed = File { name: Some("Both".to_owned()), ..Default::default() };
    let both = files.update(&file, renamed).upload(text("second")).multipart().await?;
    all.equal("a new name with new content", both.name.as_deref(), Some("Both"))?;
    all.equal("the new content", &*files.get(&file).download().bytes().await?, b"second")?;

    let nobody = files.update("nobody", File::default()).upload(text("x")).multipart().await;
    all.equal("an upload to nobody", status(&nobody), Some(404))?;
    all.equal("a download of nobody", status(&files.get("nobody").download().bytes().await), Some(404))?;

    let [one, two] = [
        files.create(named("Same", home)).upload(text("1")).multipart().await?,
        files.create(named("Same", home)).upload(text("2")).multipart().await?,
    ];
    all.holds("two uploads of one name", one.id != two.id && one.name == two.name)?;
    passed("google-drive-mock: uploads and downloads");
    Ok(())
}

//! A local server that stands for Drive: every file is there, except `gone`.

use gapis_drive_v3::schemas::File;
use gapis_drive_v3::{Result, files};
use gapis_mock::{MockError, MockServer};

pub(crate) fn start() -> Result<MockServer> {
    let mock = MockServer::start()?;
    mock.on::<files::Get>(|call| match call.var("fileId")? {
        "gone" => Err(MockError::not_found("file gone")),
        "secret" => Err(MockError::new(403, "forbidden", "robot@example.com may not read this file")),
        id => Ok(File { name: Some(format!("{id}.mp4")), size: Some(7), ..Default::default() }),
    });
    Ok(mock)
}

//! Runs each program on its server and looks at what it printed, what it left behind and what went over the wire.

// Each program as it is; what it needs beside the tested function to be one goes unused here.
#[allow(dead_code)]
#[path = "../../examples/calendar.rs"]
mod calendar;
#[allow(dead_code)]
#[path = "../../examples/classroom.rs"]
mod classroom;
#[allow(dead_code)]
#[path = "../../examples/compute.rs"]
mod compute;
#[allow(dead_code)]
#[path = "../../examples/displayvideo.rs"]
mod displayvideo;
#[allow(dead_code)]
#[path = "../../examples/docs.rs"]
mod docs;
#[allow(dead_code)]
#[path = "../../examples/domain.rs"]
mod domain;
#[allow(dead_code)]
#[path = "../../examples/download.rs"]
mod download;
#[allow(dead_code)]
#[path = "../../examples/label.rs"]
mod label;
#[allow(dead_code)]
#[path = "../../examples/lists.rs"]
mod lists;
#[allow(dead_code)]
#[path = "../../examples/object.rs"]
mod object;
#[allow(dead_code)]
#[path = "../../examples/share.rs"]
mod share;
#[allow(dead_code)]
#[path = "../../examples/sheet.rs"]
mod sheet;
#[allow(dead_code)]
#[path = "../../examples/sheets.rs"]
mod sheets;
#[allow(dead_code)]
#[path = "../../examples/storage.rs"]
mod storage;
#[allow(dead_code)]
#[path = "../../examples/sync.rs"]
mod sync;
#[allow(dead_code)]
#[path = "../../examples/upload.rs"]
mod upload;

mod first;
mod guides;
mod index;
mod many;
mod media;

use gapis_drive_v3::runtime::{Builder, FromClient};
use gapis_mock::MockServer;

/// The service over a server.
fn service<T: FromClient>(mock: &MockServer) -> T {
    Builder::new().anonymous().endpoint(&mock.uri()).build().unwrap()
}

/// The service over the same handlers without a socket, for tests on a paused clock.
fn in_process<T: FromClient>(mock: &MockServer) -> T {
    Builder::new().anonymous().transport(mock.handlers().clone()).build().unwrap()
}

/// What was printed.
fn text(buffer: &std::sync::Mutex<Vec<u8>>) -> String {
    String::from_utf8(buffer.lock().unwrap().clone()).unwrap()
}

//! Batch endpoints take no media.

use gapis_drive_v3::{Drive, Result};

fn queue(drive: &Drive) -> Result<()> {
    let mut batch = drive.batch();
    drive.files().create(Default::default()).upload("hello").queue(&mut batch, |_| {})
}

fn main() {}

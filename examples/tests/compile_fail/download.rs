//! Batch endpoints serve no media.

use gapis_drive_v3::{Drive, Result};

fn queue(drive: &Drive) -> Result<()> {
    let mut batch = drive.batch();
    drive.files().get("FILE").download().queue(&mut batch, |_| {})
}

fn main() {}

//! A batch goes to the endpoint of one API, so it takes no calls of another.

use gapis_drive_v3::Drive;
use gapis_farm_v2::{Farm, Result};

fn queue(drive: &Drive, farm: &Farm) -> Result<()> {
    let mut batch = drive.batch();
    batch.queue(farm.animals().list(), |_| {})
}

fn main() {}

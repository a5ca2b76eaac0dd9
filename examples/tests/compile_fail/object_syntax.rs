//! A member without a value, and one without a colon.

use gapis_drive_v3::runtime::object;
use gapis_drive_v3::schemas::File;

fn main() {
    drop(object!(File { name }));
    drop(object!(File { name = "May" }));
}

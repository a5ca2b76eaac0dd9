//! A member that the schema does not have.

use gapis_drive_v3::runtime::object;
use gapis_drive_v3::schemas::File;

fn main() {
    drop(object!(File { title: "May", starred: true }));
}

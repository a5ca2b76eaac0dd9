//! A value of another type than the member's, and a list where the member is a schema.

use gapis_drive_v3::runtime::object;
use gapis_drive_v3::schemas::File;

fn main() {
    drop(object!(File { starred: "yes" }));
    drop(object!(File { owners: { display_name: "Ann" } }));
}

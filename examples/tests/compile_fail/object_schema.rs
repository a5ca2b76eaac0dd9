//! A type that is no schema.

use gapis_drive_v3::runtime::object;

fn main() {
    drop(object!(String { len: 1 }));
}

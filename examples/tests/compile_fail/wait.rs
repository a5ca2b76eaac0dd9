//! An animal is no operation.

use gapis_farm_v2::Farm;

fn wait(farm: &Farm) {
    drop(farm.animals().get(1).wait());
}

fn main() {}

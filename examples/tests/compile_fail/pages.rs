//! One animal is no list.

use gapis_farm_v2::Farm;

fn pages(farm: &Farm) {
    drop(farm.animals().get(1).pages());
}

fn main() {}

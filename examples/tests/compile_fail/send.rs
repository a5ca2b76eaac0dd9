//! A callback goes with its batch from thread to thread, so what it holds must be `Send`.

use std::cell::RefCell;
use std::rc::Rc;

use gapis_farm_v2::{Farm, Result};

fn queue(farm: &Farm) -> Result<()> {
    let names = Rc::new(RefCell::new(Vec::new()));
    let mut batch = farm.batch();
    farm.animals().get(1).queue(&mut batch, move |reply| names.borrow_mut().push(reply.id))
}

fn main() {}

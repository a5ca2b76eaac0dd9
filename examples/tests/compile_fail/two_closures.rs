//! Two callbacks cannot both borrow one collection mutably while the batch holds them: add the calls and redeem their
//! tickets afterwards, or queue them with one closure by `queue_all`.

use gapis_farm_v2::{Farm, Result};

async fn queue(farm: &Farm) -> Result<()> {
    let mut names = Vec::new();
    let mut batch = farm.batch();
    farm.animals().get(1).queue(&mut batch, |reply| names.push(reply.id))?;
    farm.animals().get(2).queue(&mut batch, |reply| names.push(reply.id))?;
    batch.execute().await;
    Ok(())
}

fn main() {}

//! Many tasks at once on the dispatcher, against a server that spoils a share of their calls: each gets its own answer.

use std::collections::BTreeMap;
use std::time::Instant;

use gapis_farm_v2::schemas::Animal;
use tokio::task::JoinSet;

use crate::check::{Checked, ensure, memory, passed};
use crate::load::{farm, kind};
use crate::load_server::Server;

pub(crate) async fn run(tasks: usize) -> Checked {
    let server = Server::start(0.05)?;
    let farm = farm(&server)?;
    let (batcher, driver) = farm.batcher();
    let driver = tokio::spawn(driver);
    let start = Instant::now();
    let mut waiting = JoinSet::new();
    for at in 0..tasks {
        let (farm, batcher) = (farm.clone(), batcher.clone());
        waiting.spawn(async move {
            let name = at.to_string();
            if at % 2 == 0 {
                let animal = Animal { name: Some(name.clone()), ..Default::default() };
                let made = batcher.send(farm.animals().insert(animal)).await;
                made.map(|animal| animal.name == Some(name))
            } else {
                let read = batcher.send(farm.animals().get(at as i64)).await;
                read.map(|animal| animal.id == Some(at as i64))
            }
        });
    }
    drop(batcher);
    let mut ends = BTreeMap::<String, usize>::new();
    while let Some(done) = waiting.join_next().await {
        let end = match done? {
            Ok(own) => {
                ensure!(own, "a task got the value of another's call");
                "value".to_owned()
            }
            Err(error) => kind(&error),
        };
        *ends.entry(end).or_default() += 1;
    }
    let elapsed = start.elapsed();
    // All handles are gone, so the driver has ended or is about to.
    driver.await?;
    let (handled, twice) = server.end()?;
    println!("      ends: {ends:?}; {handled} calls handled, peak memory {} KiB", memory("VmHWM"));
    ensure!(ends.values().sum::<usize>() == tasks, "{ends:?} of {tasks}");
    ensure!(twice == 0, "{twice} inserts were executed more than once");
    ensure!(ends.get("value").is_some_and(|values| values * 2 > tasks), "{ends:?}");
    passed(format!("{tasks} tasks on the dispatcher, each with its own answer, in {elapsed:.2?}"));
    Ok(())
}

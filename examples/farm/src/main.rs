//! Batches on the farm, as in the guide to the Python client, and a little more.
//!
//! `cargo xtask demo` generates the farm's crate and runs this.

use std::collections::HashMap;

use gapis_example_farm::{Output, Stage, server};
use gapis_farm_v2::schemas::{Animal, AnimalList};
use gapis_farm_v2::{Farm, Result};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let stage = Stage::new(|| Ok(server::start()?.0))?;
    run(&stage.service()?, &Output::stdout()).await
}

/// The program itself, which a test runs too.
pub(crate) async fn run(farm: &Farm, out: &Output) -> Result<()> {
    let named = |name: &str| Animal { name: Some(name.to_owned()), ..Default::default() };

    out.line("== Two types of reply in one batch, and an error of one call");
    let mut batch = farm.batch();
    farm.animals().list().queue(&mut batch, |reply| match reply.result {
        Ok(list) => out.line(format_args!("animals: {}", names(&list))),
        Err(error) => out.line(format_args!("no animals: {error}")),
    })?;
    farm.farmers().list().queue(&mut batch, |reply| {
        let farmers = reply.result.unwrap_or_default().farmers.unwrap_or_default();
        out.line(format_args!("farmers: {}", farmers.len()));
    })?;
    farm.animals().get(404).with_id("ghost").queue(&mut batch, |reply| match reply.result {
        Ok(animal) => out.line(format_args!("found {animal:?}")),
        Err(error) => out.line(format_args!("{} failed: {error}", reply.id)),
    })?;
    let report = batch.execute().await;
    let (calls, failures, requests) = (report.calls(), report.failures(), report.requests());
    out.line(format_args!("{calls} calls in {requests} HTTP request, {failures} of them failed"));

    out.line("== One closure for many calls, which keeps what it learns");
    let mut ids = HashMap::new();
    let mut batch = farm.batch();
    batch.on_reply(|outcome| {
        out.line(format_args!("call {} ({}) is answered", outcome.index, outcome.method))
    });
    let inserts = ["sheep", "pig", "llama"].map(|name| farm.animals().insert(named(name)).with_id(name));
    batch.queue_all(inserts, |reply| {
        if let Ok(animal) = reply.result {
            ids.insert(reply.id.to_string(), animal.id.unwrap_or_default());
        }
    })?;
    // A call may have its own callback. The batch's callback runs after it.
    farm.animals().insert(named("")).with_id("nameless").queue(&mut batch, |reply| {
        let answer = reply.result.map_or_else(|error| error.to_string(), |_| "welcome".to_owned());
        out.line(format_args!("{}: {answer}", reply.id));
    })?;
    // Ids are chosen by the program, and each can be used once.
    if let Err(error) = farm.animals().list().with_id("llama").queue(&mut batch, |_| {}) {
        out.line(format_args!("refused: {error}"));
    }
    let report = batch.execute().await;
    let [Some(&sheep), Some(&pig), Some(&llama)] = ["sheep", "pig", "llama"].map(|name| ids.get(name)) else {
        return report.error_for_failures();
    };
    out.line(format_args!("the sheep is number {sheep}, the pig {pig}, the llama {llama}"));

    out.line("== Changes made offline, sent at once, and then a look at the result");
    let mut batch = farm.batch();
    let heavier = Animal { weight: Some(92.5), ..Default::default() };
    let weighed = batch.add(farm.animals().patch(sheep, heavier).update_mask("weight"))?;
    batch.add(farm.animals().delete(pig))?;
    batch.add(farm.animals().patch(llama, named("Dolly")))?;
    // A server may execute a batch in any order, so the list waits for the other calls.
    batch.barrier();
    let list = batch.add(farm.animals().list())?;
    let report = batch.execute().await;
    report.error_for_failures()?;
    out.line(format_args!("the sheep weighs {} kg", report.redeem(weighed)?.weight.unwrap_or_default()));
    out.line(format_args!("animals: {}", names(&report.redeem(list)?)));
    Ok(())
}

fn names(list: &AnimalList) -> String {
    let names = list.animals.iter().flatten().filter_map(|animal| animal.name.as_deref());
    names.collect::<Vec<_>>().join(", ")
}

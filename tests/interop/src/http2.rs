//! The feature `http2` against Node's HTTP/2 server: `node/http2_server.js`.

use std::future::IntoFuture as _;
use std::time::Duration;

use gapis_farm_v2::schemas::Animal;
use gapis_farm_v2::{BearerToken, Farm, Result, RetryPolicy};
use serde::Deserialize;
use tokio::task::JoinSet;

use crate::check::{Checked, ensure, passed};

const CA: &[u8] = include_bytes!("../../../runtime/tests/connecting/ca.pem");

/// What the server has counted.
#[derive(Debug, Deserialize)]
struct Stats {
    connections: u64,
    http1: u64,
    requests: u64,
    refused: u64,
}

async fn stats(farm: &Farm) -> Checked<Stats> {
    Ok(serde_json::from_value(farm.call(http::Method::GET, "stats", None).await?)?)
}

async fn insert(farm: &Farm, name: &str, spoil: &str) -> Result<Animal> {
    let animal = Animal { name: Some(name.to_owned()), ..Default::default() };
    farm.animals().insert(animal).with_header("x-spoil", spoil).await
}

/// Reads animals at the same time, one of them so that the server does that to the connection.
async fn read_all(farm: &Farm, ids: &[i64], spoil: &str) -> Checked {
    let mut reads = JoinSet::new();
    for (at, id) in ids.iter().enumerate() {
        let call = farm.animals().get(*id);
        let call = if at == ids.len() / 2 { call.with_header("x-spoil", spoil) } else { call };
        reads.spawn(call.into_future());
    }
    let mut read = Vec::new();
    while let Some(animal) = reads.join_next().await {
        read.push(animal??.id.ok_or("an id")?);
    }
    read.sort_unstable();
    ensure!(read == ids, "{read:?}");
    Ok(())
}

pub(crate) async fn run(endpoint: &str) -> Checked {
    let retry = RetryPolicy::default().with_backoff(Duration::from_millis(1), Duration::from_millis(20));
    let builder =
        Farm::builder().credentials(BearerToken::new("token")).endpoint(endpoint).root_certificates(CA);
    // Without ids of requests, by which the server would know an insert again: none may be sent twice.
    let farm = builder.retry(retry).request_ids(false).build()?;

    let mut batch = farm.batch();
    for at in 0..100 {
        let animal = Animal { name: Some(at.to_string()), ..Default::default() };
        farm.animals().insert(animal).queue(&mut batch, |_| {})?;
    }
    let report = batch.execute().await;
    ensure!(report.failures() == 0, "{report:?}");
    let ids: Vec<i64> = (1..=100).collect();
    read_all(&farm, &ids, "").await?;
    let seen = stats(&farm).await?;
    ensure!(seen.connections == 1 && seen.http1 == 0 && seen.requests < 110, "{seen:?}");
    passed("http2: a batch and 100 single calls at the same time share one connection");

    insert(&farm, "refused", "refuse").await?;
    let refused = stats(&farm).await?;
    ensure!(refused.refused == 1 && refused.requests == seen.requests + 2, "{refused:?}");
    passed("http2: an insert whose stream was refused is sent again");

    read_all(&farm, &ids, "goaway").await?;
    insert(&farm, "after", "").await?;
    let moved = stats(&farm).await?;
    ensure!(moved.connections > refused.connections, "{moved:?}");
    passed("http2: when the server ends a connection in order, calls go over the next");

    // As many as the budget for retries allows by default: each of them is lost.
    read_all(&farm, &ids[..50], "destroy").await?;
    passed("http2: reads whose connection is lost are sent again");

    let lost = insert(&farm, "lost", "destroy").await;
    ensure!(lost.as_ref().is_err_and(|error| error.is_unknown_outcome()), "{lost:?}");
    passed("http2: an insert whose connection is lost is not sent again, and has an unknown outcome");
    Ok(())
}

//! How calls travel: each API has a dispatcher, which puts calls into batches. Nothing else of the command knows it.

use std::collections::HashMap;
use std::future::Future;
use std::pin::Pin;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use gapis_runtime::private::{RawBatcher, Request};
use gapis_runtime::{BatcherOptions, Client, RawResponse, Result};

use super::record::Reply;
use super::table::Api;

/// The calls that are on their way.
pub(super) struct Flights {
    options: BatcherOptions,
    room: usize,
    dispatchers: HashMap<usize, RawBatcher>,
    flying: FuturesUnordered<Pin<Box<dyn Future<Output = Flight>>>>,
}

/// A call that was answered, with its line.
pub(super) struct Flight {
    pub(super) number: u64,
    pub(super) text: String,
    pub(super) result: Result<Reply>,
}

impl Flights {
    pub(super) fn new(concurrency: u32, batch_size: Option<u32>, in_flight: u32) -> Self {
        let mut options =
            BatcherOptions::default().with_concurrency(concurrency as usize).with_backlog(in_flight as usize);
        if let Some(calls) = batch_size {
            options = options.with_max_calls(calls as usize);
        }
        Flights {
            options,
            room: in_flight as usize,
            dispatchers: HashMap::new(),
            flying: FuturesUnordered::new(),
        }
    }

    pub(super) fn has_room(&self) -> bool {
        self.flying.len() < self.room
    }

    pub(super) fn is_empty(&self) -> bool {
        self.flying.is_empty()
    }

    /// Sends a call.
    pub(super) fn start(
        &mut self,
        client: &Client,
        api: &'static Api,
        request: Request,
        number: u64,
        text: &str,
    ) {
        let dispatcher = self.dispatchers.entry(api.number).or_insert_with(|| {
            let (dispatcher, driver) = RawBatcher::new(client, api.spec, self.options.clone());
            // It ends when the dispatcher is dropped and all of its calls are answered.
            drop(tokio::spawn(driver));
            dispatcher
        });
        let answer = dispatcher.send(request);
        let text = text.to_owned();
        self.flying.push(Box::pin(async move {
            let result = answer.await.map(|response: RawResponse| Reply::of(api.spec, &response));
            Flight { number, text, result }
        }));
    }

    /// The next answer, in the order in which they come.
    pub(super) async fn next(&mut self) -> Option<Flight> {
        self.flying.next().await
    }
}

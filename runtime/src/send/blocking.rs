//! Waiting on a thread for what is asynchronous: for plain `main`s and scripts.
//!
//! A thread of an async runtime may not wait. Its threads for blocking work (`spawn_blocking`) may, but Tokio has no
//! stable way to tell the two apart, and to enter a runtime on the wrong one is a panic. So all are refused, with
//! words that say what to write instead.

use std::future::Future;
use std::sync::OnceLock;

use tokio::runtime::{Builder, Handle, Runtime};

use crate::{Error, Result};

/// One background runtime for all blocking calls of the process. It outlives each call, so that pooled connections do.
fn runtime() -> Result<&'static Runtime> {
    static RUNTIME: OnceLock<std::io::Result<Runtime>> = OnceLock::new();
    let made = RUNTIME.get_or_init(|| {
        Builder::new_multi_thread().worker_threads(1).thread_name("gapis-blocking").enable_all().build()
    });
    made.as_ref().map_err(|e| Error::input(format!("cannot start a runtime for blocking calls: {e}")))
}

/// Says why a blocking call cannot be made here, if it cannot.
pub(crate) fn check() -> Result<()> {
    if Handle::try_current().is_ok() {
        return Err(Error::input(
            "a blocking call inside an async runtime would stop its other tasks: use `.await`, or inside \
             `spawn_blocking` give the call's future to `Handle::current().block_on(…)`",
        ));
    }
    runtime().map(|_| ())
}

/// Runs a future to its end on this thread.
pub(crate) fn block_on<T>(future: impl Future<Output = T>) -> Result<T> {
    check()?;
    Ok(runtime()?.block_on(future))
}

/// The same, where [`check`] has passed.
pub(crate) fn run<T>(future: impl Future<Output = T>) -> T {
    match runtime() {
        Ok(runtime) => runtime.block_on(future),
        // `check` made the runtime, and it is never taken down.
        Err(error) => unreachable!("{error}"),
    }
}

//! Blocking waits for asynchronous operations, for plain `main` functions and scripts.
//!
//! A worker thread of an async runtime must not block. A thread of `spawn_blocking` may, but Tokio has no stable way
//! to tell the two apart, and entering a runtime on a worker thread panics. So blocking is refused on both, with an
//! error that says what to write instead.

use std::future::Future;
use std::sync::OnceLock;

use tokio::runtime::{Builder, Handle, Runtime};

use crate::{Error, Result};

/// The background runtime for all blocking calls of the process. It is never dropped, so pooled connections stay open.
fn runtime() -> Result<&'static Runtime> {
    static RUNTIME: OnceLock<std::io::Result<Runtime>> = OnceLock::new();
    let made = RUNTIME.get_or_init(|| {
        Builder::new_multi_thread().worker_threads(1).thread_name("gapis-blocking").enable_all().build()
    });
    made.as_ref().map_err(|e| Error::input(format!("cannot start the runtime for blocking calls: {e}")))
}

/// Returns an error if a blocking call cannot be made on this thread.
pub(crate) fn check() -> Result<()> {
    if Handle::try_current().is_ok() {
        return Err(Error::input(
            "a blocking call inside an async runtime would block its other tasks: use `.await`, or in \
             `spawn_blocking` pass the call's future to `Handle::current().block_on(…)`",
        ));
    }
    runtime().map(|_| ())
}

/// Runs a future to completion on this thread.
pub(crate) fn block_on<T>(future: impl Future<Output = T>) -> Result<T> {
    check()?;
    Ok(runtime()?.block_on(future))
}

/// Runs a future to completion on this thread, after [`check`] has succeeded.
pub(crate) fn run<T>(future: impl Future<Output = T>) -> T {
    match runtime() {
        Ok(runtime) => runtime.block_on(future),
        // `check` started the runtime, and it is never shut down.
        Err(error) => unreachable!("{error}"),
    }
}

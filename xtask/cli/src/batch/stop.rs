//! Stops a job when the user or the system wants the program to end: SIGINT (Ctrl+C) and SIGTERM.

use std::io;
use std::sync::{Mutex, PoisonError, mpsc};
use std::thread;

use anyhow::{Context, Result};
use tokio::sync::watch;

/// The signal that came, for the jobs of this process.
static SENT: Mutex<Option<watch::Sender<Option<Signal>>>> = Mutex::new(None);

/// A request to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Signal {
    /// Ctrl+C.
    Interrupt,
    /// What `kill` and service managers send.
    #[cfg(unix)]
    Terminate,
}

impl Signal {
    /// The exit status of a program that ends because of the signal, as shells have it: 128 and the signal's number.
    pub(super) fn status(self) -> u8 {
        match self {
            Signal::Interrupt => 130,
            #[cfg(unix)]
            Signal::Terminate => 143,
        }
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Signal::Interrupt => "SIGINT",
            #[cfg(unix)]
            Signal::Terminate => "SIGTERM",
        }
    }
}

/// The signals of this process, for one job.
pub(super) struct Signals(watch::Receiver<Option<Signal>>);

impl Signals {
    /// Begins to watch for signals. From then on, a signal ends the process only if no job is there to be stopped, or if
    /// another signal came before. That is done by a thread, since a job cannot look while a pipe takes no output.
    ///
    /// # Errors
    /// If the system does not allow it.
    pub(super) fn watch() -> Result<Self> {
        let mut sent = SENT.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(sender) = &*sent {
            return Ok(Signals(sender.subscribe()));
        }
        let (sender, receiver) = watch::channel(None);
        let (ready, readiness) = mpsc::channel();
        let watcher = sender.clone();
        // Jobs run in a runtime of their own, from which no other can be entered.
        let watching = move || {
            let incoming =
                tokio::runtime::Builder::new_current_thread().enable_io().build().and_then(|runtime| {
                    let incoming = runtime.block_on(async { Incoming::new() })?;
                    Ok((runtime, incoming))
                });
            match incoming {
                Ok((runtime, incoming)) => {
                    // If nobody waits for it, the job has ended.
                    let _ = ready.send(Ok(()));
                    runtime.block_on(pass_on(incoming, &watcher));
                }
                Err(error) => drop(ready.send(Err(error))),
            }
        };
        thread::Builder::new().name("signals".to_owned()).spawn(watching).context("no thread")?;
        readiness.recv().context("no thread")?.context("cannot watch for signals")?;
        *sent = Some(sender);
        Ok(Signals(receiver))
    }

    /// Waits for the first signal.
    pub(super) async fn next(&mut self) -> Signal {
        match self.0.wait_for(Option::is_some).await.map(|signal| *signal) {
            Ok(Some(signal)) => signal,
            // The sender lives as long as the process.
            _ => std::future::pending().await,
        }
    }
}

/// Passes the first signal on to the jobs. Ends the process at the second, or if there is no job.
async fn pass_on(mut incoming: Incoming, jobs: &watch::Sender<Option<Signal>>) {
    loop {
        let signal = incoming.next().await;
        if jobs.receiver_count() == 0 || jobs.borrow().is_some() {
            std::process::exit(signal.status().into());
        }
        jobs.send_replace(Some(signal));
    }
}

/// The signals as they come.
#[cfg(unix)]
struct Incoming {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Incoming {
    fn new() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Incoming {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    async fn next(&mut self) -> Signal {
        tokio::select! {
            _ = self.interrupt.recv() => Signal::Interrupt,
            _ = self.terminate.recv() => Signal::Terminate,
        }
    }
}

#[cfg(windows)]
struct Incoming(tokio::signal::windows::CtrlC);

#[cfg(windows)]
impl Incoming {
    fn new() -> io::Result<Self> {
        tokio::signal::windows::ctrl_c().map(Incoming)
    }

    async fn next(&mut self) -> Signal {
        self.0.recv().await;
        Signal::Interrupt
    }
}

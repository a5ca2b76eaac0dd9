//! A lock on a folder of crates, so that only one generator at a time writes to it. Two generators would replace each
//! other's folders.

use std::io;
use std::path::Path;

use anyhow::{Context, Result};

use crate::workspace::Terminal;

/// The exclusive right to write to a folder, until it is dropped or the process ends.
///
/// It is a lock of the operating system (`flock`) on the folder itself, so no file is left behind. Other systems than
/// Unix do not have this lock, so generators do not wait for each other there.
#[derive(Debug)]
pub(crate) struct Lock {
    #[cfg(unix)]
    _folder: std::fs::File,
}

impl Lock {
    /// Waits until no other generator writes to the folder. Creates the folder if it does not exist.
    pub(crate) fn wait(folder: &Path, terminal: &mut Terminal<'_>) -> Result<Self> {
        std::fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
        let mut lock = || -> Result<Self> {
            if let Some(lock) = Lock::take(folder, false)? {
                return Ok(lock);
            }
            writeln!(terminal.out, "waiting for another generator that writes to {}", folder.display())?;
            Lock::take(folder, true)?.context("it is still locked")
        };
        lock().with_context(|| format!("cannot lock {}", folder.display()))
    }

    /// Takes the lock. Returns `None` if another generator has the lock and `waits` is false.
    #[cfg(unix)]
    fn take(folder: &Path, waits: bool) -> io::Result<Option<Self>> {
        use rustix::fs::{FlockOperation, flock};

        let file = std::fs::File::open(folder)?;
        let operation = match waits {
            true => FlockOperation::LockExclusive,
            false => FlockOperation::NonBlockingLockExclusive,
        };
        loop {
            match flock(&file, operation) {
                Ok(()) => return Ok(Some(Lock { _folder: file })),
                Err(rustix::io::Errno::WOULDBLOCK) => return Ok(None),
                Err(rustix::io::Errno::INTR) => {}
                // Some network file systems do not support locks. Generation works without one.
                Err(rustix::io::Errno::NOTSUP | rustix::io::Errno::NOLCK) => {
                    return Ok(Some(Lock { _folder: file }));
                }
                Err(error) => return Err(error.into()),
            }
        }
    }

    #[cfg(not(unix))]
    #[allow(clippy::unnecessary_wraps)]
    fn take(_folder: &Path, _waits: bool) -> io::Result<Option<Self>> {
        Ok(Some(Lock {}))
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::Lock;

    #[test]
    fn one_has_the_lock_until_it_is_dropped() {
        let folder = tempfile::tempdir().expect("a folder");
        let first = Lock::take(folder.path(), false).expect("a lock");
        assert!(first.is_some());
        assert!(Lock::take(folder.path(), false).expect("no error").is_none(), "another has it");
        drop(first);
        assert!(Lock::take(folder.path(), false).expect("a lock").is_some());
        assert_eq!(std::fs::read_dir(folder.path()).expect("listed").count(), 0, "nothing is left behind");
    }
}

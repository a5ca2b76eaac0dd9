//! Where the bytes of a journal are: a file, or what a test puts in its place.

use std::io;

/// The bytes of a journal, which only grow, apart from an end that was written by half.
pub trait Store: Send {
    /// Reads bytes at that place into `into`, and returns how many, 0 at the end.
    ///
    /// # Errors
    /// If they cannot be read.
    fn read(&mut self, at: u64, into: &mut [u8]) -> io::Result<usize>;

    /// Writes all of `bytes` at that place.
    ///
    /// # Errors
    /// If they cannot be written. Some of them may be.
    fn write(&mut self, at: u64, bytes: &[u8]) -> io::Result<()>;

    /// Waits until what was written survives a loss of power.
    ///
    /// # Errors
    /// If that fails.
    fn sync(&mut self) -> io::Result<()>;

    /// Removes what is behind that place.
    ///
    /// # Errors
    /// If that fails.
    fn truncate(&mut self, length: u64) -> io::Result<()>;
}

/// A file that no other process may open for the same purpose.
#[cfg(all(feature = "fs", not(target_family = "wasm")))]
#[derive(Debug)]
pub(crate) struct Locked(std::fs::File);

#[cfg(all(feature = "fs", not(target_family = "wasm")))]
impl Locked {
    /// Opens or creates the file.
    ///
    /// # Errors
    /// If that fails, or if another run has it open.
    pub(crate) fn open(path: &std::path::Path) -> io::Result<Self> {
        let file =
            std::fs::OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path)?;
        file.try_lock().map_err(|error| match error {
            std::fs::TryLockError::WouldBlock => {
                io::Error::new(io::ErrorKind::WouldBlock, "another run is writing it")
            }
            std::fs::TryLockError::Error(error) => error,
        })?;
        // A loss of power must not take the file's name with it.
        if let Some(folder) = path.parent().filter(|_| cfg!(unix)) {
            let folder = if folder.as_os_str().is_empty() { std::path::Path::new(".") } else { folder };
            std::fs::File::open(folder)?.sync_all()?;
        }
        Ok(Locked(file))
    }
}

#[cfg(all(feature = "fs", not(target_family = "wasm")))]
impl Store for Locked {
    fn read(&mut self, at: u64, into: &mut [u8]) -> io::Result<usize> {
        use std::io::{Read as _, Seek as _};
        self.0.seek(io::SeekFrom::Start(at))?;
        loop {
            match self.0.read(into) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                read => return read,
            }
        }
    }

    fn write(&mut self, at: u64, bytes: &[u8]) -> io::Result<()> {
        use std::io::{Seek as _, Write as _};
        self.0.seek(io::SeekFrom::Start(at))?;
        self.0.write_all(bytes)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.0.sync_data()
    }

    fn truncate(&mut self, length: u64) -> io::Result<()> {
        self.0.set_len(length)
    }
}

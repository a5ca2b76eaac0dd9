//! The storage for a journal: a file, or a replacement in tests.

use std::io;

/// The bytes of a journal. They are only appended to, except that an incomplete end is removed.
pub trait Store: Send {
    /// Reads bytes from offset `at` into `into`. Returns the number of bytes read, 0 at the end.
    ///
    /// # Errors
    /// If reading fails.
    fn read(&mut self, at: u64, into: &mut [u8]) -> io::Result<usize>;

    /// Writes all of `bytes` at offset `at`.
    ///
    /// # Errors
    /// If writing fails. Some of the bytes may be written then.
    fn write(&mut self, at: u64, bytes: &[u8]) -> io::Result<()>;

    /// Waits until everything written would survive a power failure.
    ///
    /// # Errors
    /// If it fails.
    fn sync(&mut self) -> io::Result<()>;

    /// Removes all bytes from offset `length` on.
    ///
    /// # Errors
    /// If it fails.
    fn truncate(&mut self, length: u64) -> io::Result<()>;
}

/// A file that is locked against other runs.
#[cfg(all(feature = "fs", not(target_family = "wasm")))]
#[derive(Debug)]
pub(crate) struct Locked(std::fs::File);

#[cfg(all(feature = "fs", not(target_family = "wasm")))]
impl Locked {
    /// Opens or creates the file.
    ///
    /// # Errors
    /// If that fails, or if another run has locked the file.
    pub(crate) fn open(path: &std::path::Path) -> io::Result<Self> {
        let file =
            std::fs::OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path)?;
        file.try_lock().map_err(|error| match error {
            std::fs::TryLockError::WouldBlock => {
                io::Error::new(io::ErrorKind::WouldBlock, "another run is using it")
            }
            std::fs::TryLockError::Error(error) => error,
        })?;
        // Makes sure that a new file survives a power failure.
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

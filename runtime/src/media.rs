//! Media: uploads and downloads. Such calls are sent alone; a batch cannot contain them.
//!
//! At most one chunk of the media is held in memory. The protocols are those of Google's guides to uploads
//! (<https://developers.google.com/drive/api/guides/manage-uploads>) and, for ranges, RFC 9110, section 14. Retries,
//! credentials and errors are those of all calls.

mod download;
mod hash;
mod progress;
mod reader;
mod related;
mod session;
mod silence;
mod source;
mod state;
mod stored;
mod transfer;
mod upload;
mod window;

pub use download::{Download, MediaStream};
pub use progress::Progress;
pub use session::Session;
pub use source::Source;
pub use upload::Upload;

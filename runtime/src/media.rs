//! Media: what is uploaded with a call, or downloaded by one. Such calls travel alone: a batch carries none.
//!
//! Nothing here holds more of the media in memory than one chunk. The protocols are those of Google's guides to uploads
//! (<https://developers.google.com/drive/api/guides/manage-uploads>) and RFC 9110, section 14, for ranges. Retries,
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

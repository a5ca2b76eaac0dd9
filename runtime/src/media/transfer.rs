//! A resumable upload: a session is opened, the media goes there chunk by chunk, and what the server says that it has is
//! where the next one begins, whatever was sent before.

use bytes::Bytes;

use super::session::{Answer, Session};
use super::window::Window;
use super::{OnProgress, OnSession, Progress};
use crate::client::Tries;
use crate::request::Request;
use crate::{Error, RawResponse, Result};

/// How often an upload begins anew whose session the server has forgotten.
const RESTARTS: usize = 3;

pub(super) struct Transfer {
    pub(super) request: Request,
    pub(super) window: Window,
    pub(super) content_type: String,
    pub(super) chunk: usize,
    pub(super) max_size: Option<u64>,
    pub(super) session: Option<Session>,
    pub(super) on_session: Option<OnSession>,
    pub(super) on_progress: Option<OnProgress>,
}

impl Transfer {
    pub(super) async fn run(mut self) -> Result<RawResponse> {
        self.window.rewind().await?;
        // What the server has of a session that is resumed is asked first, and after each failure.
        let (mut session, mut asking) = match self.session.take() {
            Some(session) => {
                session.check(&self.request, self.window.total())?;
                (session, true)
            }
            None => (self.open().await?, false),
        };
        let mut tries = Tries::new(&self.request);
        let (mut most, mut restarts) = (0, 0);
        loop {
            let auth = tries.authorise().await?;
            let (range, piece) = self.piece(asking).await?;
            let before = self.window.start();
            match session.put(&self.request, &auth, &range, piece).await {
                Ok(Answer::Done(response)) => {
                    self.request.client().budget().refund();
                    self.tell(self.window.total().unwrap_or(self.window.end()));
                    return Ok(response);
                }
                Ok(Answer::Kept(kept)) => {
                    self.go_on(kept, asking).await?;
                    if kept > most {
                        most = kept;
                        tries.progressed();
                        self.tell(kept);
                    } else if !asking && kept <= before {
                        tries.again(stuck(kept), None).await?;
                    }
                    asking = false;
                }
                Err(error) if matches!(error.status(), Some(404 | 410)) => {
                    restarts += 1;
                    if restarts > RESTARTS || self.window.move_to(0).await.is_err() {
                        return Err(error);
                    }
                    tries.again(error, None).await?;
                    session = self.open().await?;
                    (most, asking) = (0, false);
                }
                Err(error) => {
                    tries.failed(error, auth, true).await?;
                    asking = true;
                }
            }
        }
    }

    /// Opens a session. Nothing comes of one that is not used, so that this may be done twice.
    async fn open(&mut self) -> Result<Session> {
        let metadata = self.request.metadata().map(|bytes| ("application/json".to_owned(), bytes));
        let mut request = self.request.clone().for_upload("resumable").with_body(metadata);
        request.set_header("x-upload-content-type", &self.content_type);
        let length = self.window.total();
        if let Some(length) = length {
            request.set_header("x-upload-content-length", &length.to_string());
        }
        request.options_mut().idempotent = Some(true);
        let response = request.client().clone().send(request.clone()).await?;
        let session = Session::opened(&request, &response, length)?;
        if let Some(tell) = &mut self.on_session {
            tell(&session);
        }
        Ok(session)
    }

    /// The next chunk and its range, or the range that asks what the server has.
    async fn piece(&mut self, asking: bool) -> Result<(String, Bytes)> {
        if asking {
            let total = self.window.total().map_or_else(|| "*".to_owned(), |total| total.to_string());
            return Ok((format!("bytes */{total}"), Bytes::new()));
        }
        self.window.fill(self.chunk).await?;
        match self.max_size {
            Some(max) if self.window.end() > max => Err(too_large(self.request.id(), max)),
            _ => Ok((self.window.content_range(), self.window.chunk())),
        }
    }

    /// Goes on where the server says, which cannot be after what it was sent.
    async fn go_on(&mut self, kept: u64, asking: bool) -> Result<()> {
        let most = if asking { self.window.total().unwrap_or(u64::MAX) } else { self.window.end() };
        if kept > most {
            let id = self.request.id();
            return Err(Error::protocol(format!(
                "{id}: the server says that it has {kept} bytes of an upload of which only {most} were sent"
            )));
        }
        self.window.move_to(kept).await
    }

    fn tell(&mut self, bytes: u64) {
        let total = self.window.total();
        if let Some(tell) = &mut self.on_progress {
            tell(Progress { bytes, total });
        }
    }
}

fn stuck(kept: u64) -> Error {
    Error::protocol(format!(
        "the server keeps {kept} bytes of the upload, and nothing of what is sent after them"
    ))
}

pub(super) fn too_large(id: &str, max: u64) -> Error {
    Error::input(format!("{id}: the media is larger than the {max} bytes that the method takes"))
}

//! A resumable upload: a session is opened, the media goes there chunk by chunk, and what the server says that it has is
//! where the next one begins, whatever was sent before.

use bytes::Bytes;

use super::OnSession;
use super::progress::Teller;
use super::session::{Answer, Piece, Session};
use super::window::Window;
use crate::call::request::Request;
use crate::send::client::Tries;
use crate::send::observe::AttemptKind;
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
    pub(super) on_progress: Teller,
    /// The place after the last byte that was sent in this session by this run.
    pub(super) sent: u64,
}

impl Transfer {
    pub(super) async fn run(mut self) -> Result<RawResponse> {
        self.window.rewind().await?;
        // What the server has of a session that is resumed is asked first, and after each failure.
        let mut resumed = self.session.is_some();
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
            self.fill(asking).await?;
            let before = self.window.start();
            let piece = self.piece(asking);
            let watch = tries.watch(&self.request, AttemptKind::MediaUpload, Some(piece.bytes.len() as u64));
            match session.put(&self.request, &auth, piece, watch).await {
                Ok(Answer::Done(response)) => {
                    self.check_done(resumed && asking)?;
                    self.request.client().budget().refund();
                    self.tell(self.window.total().unwrap_or(self.window.end()));
                    return Ok(response);
                }
                Ok(Answer::Kept(kept)) => {
                    self.go_on(kept, resumed && asking).await?;
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
                    (most, asking, resumed, self.sent) = (0, false, false, 0);
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
        let length = self.window.total();
        let mut request = opening(self.request.clone(), &self.content_type, length);
        request.options_mut().idempotent = Some(true);
        let response = request.client().clone().send(request.clone()).await?;
        let session = Session::opened(&request, &response, length)?;
        if let Some(tell) = &mut self.on_session {
            tell(&session);
        }
        Ok(session)
    }

    /// Reads the next chunk, unless the server is only asked what it has.
    async fn fill(&mut self, asking: bool) -> Result<()> {
        if asking {
            return Ok(());
        }
        self.window.fill(self.chunk).await?;
        self.sent = self.sent.max(self.window.end());
        match self.max_size {
            Some(max) if self.window.end() > max => Err(Error::bad_source(too_large(self.request.id(), max))),
            _ => Ok(()),
        }
    }

    /// What is sent now: the chunk, or the question.
    fn piece(&self, asking: bool) -> Piece<'_> {
        if asking {
            let total = self.window.total().map_or_else(|| "*".to_owned(), |total| total.to_string());
            return Piece { range: format!("bytes */{total}"), content_type: None, bytes: Bytes::new() };
        }
        let (range, bytes) = (self.window.content_range(), self.window.chunk());
        Piece { range, content_type: Some(&self.content_type), bytes }
    }

    /// Goes on where the server says, which cannot be after what it was sent: what lies between would be missing.
    async fn go_on(&mut self, kept: u64, by_others: bool) -> Result<()> {
        let most = if by_others { self.window.total().unwrap_or(u64::MAX) } else { self.sent };
        if kept > most {
            let id = self.request.id();
            return Err(Error::protocol(format!(
                "{id}: the server says that it has {kept} bytes of an upload of which only {most} were sent"
            )));
        }
        self.window.move_to(kept).await
    }

    /// A server that has not been sent everything cannot have it, whatever it says: some take the question what they
    /// have for the end of the upload. Of what another run has sent before, nothing is known here.
    fn check_done(&self, by_others: bool) -> Result<()> {
        if by_others || self.window.total().is_some_and(|total| self.sent >= total) {
            return Ok(());
        }
        let (id, sent) = (self.request.id(), self.sent);
        Err(Error::protocol(format!(
            "{id}: the server says that the upload is complete, but only {sent} bytes of it were sent"
        )))
    }

    fn tell(&mut self, bytes: u64) {
        self.on_progress.tell(bytes, self.window.total());
    }
}

/// The request that opens a session.
pub(super) fn opening(request: Request, content_type: &str, length: Option<u64>) -> Request {
    let metadata = request.metadata().map(|bytes| ("application/json".into(), bytes));
    let mut request = request.for_upload("resumable").with_body(metadata);
    request.set_header("x-upload-content-type", content_type);
    if let Some(length) = length {
        request.set_header("x-upload-content-length", &length.to_string());
    }
    request
}

fn stuck(kept: u64) -> Error {
    Error::protocol(format!(
        "the server keeps {kept} bytes of the upload, and nothing of what is sent after them"
    ))
}

/// What is said of media that the method does not take.
pub(super) fn too_large(id: &str, max: u64) -> String {
    format!("{id}: the media is larger than the {max} bytes that the method takes")
}

//! A resumable upload. It opens a session and sends the media in chunks. Each chunk begins at the end of what the
//! server reports to have, whatever was sent before.

use bytes::Bytes;
use http::StatusCode;

use super::progress::Teller;
use super::session::{OnSession, Piece, PieceOutcome, Session};
use super::stored::Sums;
use super::window::{Window, too_large};
use crate::call::request::Request;
use crate::call::sending;
use crate::send::attempts::{Attempt, Attempts, Exchange, Step};
use crate::send::observe::AttemptKind;
use crate::wire::body::Encoded;
use crate::{Error, RawResponse, Result};

/// How often an upload starts again after the server has lost its session.
const RESTARTS: usize = 3;

/// The media and the state of the upload.
pub(super) struct Transfer {
    pub(super) request: Request,
    pub(super) window: Window,
    pub(super) content_type: String,
    pub(super) chunk: usize,
    pub(super) max_size: Option<u64>,
    pub(super) on_session: Option<OnSession>,
    pub(super) on_progress: Teller,
    /// The offset after the last byte that this run sent in this session.
    sent: u64,
    /// The checksums of what this run sent in this session.
    sums: Sums,
    /// The largest number of bytes that the server reported in this session.
    most: u64,
    /// How often the session was lost.
    restarts: usize,
    state: State,
}

/// The next step.
enum State {
    /// Open a session.
    Opening,
    /// Ask the server how much it has: when a session is resumed, and after each failure.
    Asking(Open),
    /// Send a chunk.
    Sending(Open),
}

/// An open session.
struct Open {
    session: Session,
    /// Whether an earlier run of the program opened it. What that run sent is unknown.
    resumed: bool,
}

impl Transfer {
    pub(super) fn new(request: Request, window: Window, content_type: String, chunk: usize) -> Self {
        let max_size = request.spec().upload.and_then(|upload| upload.max_size);
        let sums = Sums::new(&request);
        Transfer {
            request,
            window,
            content_type,
            chunk,
            max_size,
            on_session: None,
            on_progress: Teller::default(),
            sent: 0,
            sums,
            most: 0,
            restarts: 0,
            state: State::Opening,
        }
    }

    /// Continues a session that an earlier run opened.
    ///
    /// # Errors
    /// If the session belongs to another method, host or source.
    pub(super) fn resume(&mut self, session: Session) -> Result<()> {
        session.check(&self.request, self.window.total())?;
        self.state = State::Asking(Open { session, resumed: true });
        Ok(())
    }

    pub(super) async fn run(mut self) -> Result<RawResponse> {
        self.window.rewind().await?;
        let mut subject = self.request.subject();
        // Before anything is sent again, the server is asked how much it has.
        subject.idempotent = true;
        Attempts::new(subject).run(&mut self).await
    }

    /// Handles the server's report of how many bytes it has.
    async fn kept(&mut self, kept: u64, asked: bool, resumed: bool) -> Result<Step<RawResponse>> {
        let before = self.window.start();
        self.go_on(kept, resumed && asked).await?;
        if kept > self.most {
            self.most = kept;
            self.tell(kept);
            Ok(Step::Progress)
        } else if !asked && kept <= before {
            Ok(Step::Again(stuck(kept)))
        } else {
            Ok(Step::Next)
        }
    }

    /// Handles a lost session: starts again, if the source can be read again.
    async fn lost(&mut self, error: Error) -> Result<Step<RawResponse>> {
        self.restarts += 1;
        if self.restarts > RESTARTS || self.window.move_to(0).await.is_err() {
            return Err(error);
        }
        (self.most, self.sent, self.state) = (0, 0, State::Opening);
        self.sums = Sums::new(&self.request);
        Ok(Step::Again(error))
    }

    /// Opens a session. An unused session has no effect, so the request may be sent twice.
    async fn open(&mut self) -> Result<Open> {
        let length = self.window.total();
        let mut request = opening(self.request.clone(), &self.content_type, length);
        request.options_mut().idempotent = Some(true);
        let response = sending::send(request.clone()).await?;
        let session = Session::opened(&request, &response, length)?;
        if let Some(tell) = &mut self.on_session {
            tell(&session);
        }
        Ok(Open { session, resumed: false })
    }

    /// Reads the next chunk.
    async fn fill(&mut self) -> Result<()> {
        self.window.fill(self.chunk).await?;
        self.sent = self.sent.max(self.window.end());
        self.sums.add(self.window.start(), &self.window.chunk());
        match self.max_size {
            Some(max) if self.window.end() > max => Err(Error::bad_source(too_large(self.request.id(), max))),
            _ => Ok(()),
        }
    }

    /// The next piece to send: the chunk, or the question how much the server has.
    fn piece(&self, asking: bool) -> Piece<'_> {
        if asking {
            let total = self.window.total().map_or_else(|| "*".to_owned(), |total| total.to_string());
            return Piece { range: format!("bytes */{total}"), content_type: None, bytes: Bytes::new() };
        }
        let (range, bytes) = (self.window.content_range(), self.window.chunk());
        Piece { range, content_type: Some(&self.content_type), bytes }
    }

    /// Continues at the offset that the server reports. It cannot be beyond what was sent, because the bytes between
    /// would be missing.
    async fn go_on(&mut self, kept: u64, by_others: bool) -> Result<()> {
        let most = if by_others { self.window.total().unwrap_or(u64::MAX) } else { self.sent };
        if kept > most {
            let id = self.request.id();
            return Err(Error::protocol(format!(
                "{id}: the server reports {kept} bytes of an upload of which only {most} were sent"
            )));
        }
        self.window.move_to(kept).await
    }

    /// Checks that everything was sent before the server says that the upload is complete. Some servers treat the
    /// question how much they have as the end of the upload. What an earlier run sent is unknown.
    fn check_done(&self, by_others: bool) -> Result<()> {
        if by_others || self.window.total().is_some_and(|total| self.sent >= total) {
            return Ok(());
        }
        let (id, sent) = (self.request.id(), self.sent);
        Err(Error::protocol(format!(
            "{id}: the server reports a complete upload, but only {sent} bytes of it were sent"
        )))
    }

    fn tell(&mut self, bytes: u64) {
        self.on_progress.tell(bytes, self.window.total());
    }
}

impl Exchange for Transfer {
    type Value = RawResponse;
    const KIND: AttemptKind = AttemptKind::MediaUpload;

    async fn prepare(&mut self) -> Result<()> {
        if matches!(self.state, State::Opening) {
            self.state = State::Sending(self.open().await?);
        }
        match self.state {
            State::Sending(_) => self.fill().await,
            _ => Ok(()),
        }
    }

    fn length(&self) -> Option<u64> {
        Some(self.piece(matches!(self.state, State::Asking(_))).bytes.len() as u64)
    }

    async fn attempt(&mut self, attempt: &mut Attempt<'_>) -> Result<Step<RawResponse>> {
        let (open, asking) = match std::mem::replace(&mut self.state, State::Opening) {
            State::Asking(open) => (open, true),
            State::Sending(open) => (open, false),
            State::Opening => return Ok(Step::Next),
        };
        let resumed = open.resumed;
        match open.session.put(&self.request, attempt, self.piece(asking)).await {
            Ok(PieceOutcome::Done(response)) => {
                self.check_done(resumed && asking)?;
                if let Some(total) = self.window.total() {
                    self.sums.check(&self.request, total, &response)?;
                }
                self.tell(self.window.total().unwrap_or(self.window.end()));
                Ok(Step::Done(response))
            }
            Ok(PieceOutcome::Kept(kept)) => {
                self.state = State::Sending(open);
                self.kept(kept, asking, resumed).await
            }
            Err(error) if matches!(error.status(), Some(StatusCode::NOT_FOUND | StatusCode::GONE)) => {
                self.lost(error).await
            }
            Err(error) => {
                self.state = State::Asking(open);
                Ok(Step::Failed(error))
            }
        }
    }
}

/// The request that opens a session.
pub(super) fn opening(request: Request, content_type: &str, length: Option<u64>) -> Request {
    let metadata = request.metadata().map(Encoded::json);
    let mut request = request.for_upload("resumable").with_body(metadata);
    request.set_header("x-upload-content-type", content_type);
    if let Some(length) = length {
        request.set_header("x-upload-content-length", &length.to_string());
    }
    request
}

fn stuck(kept: u64) -> Error {
    Error::protocol(format!(
        "the server reports {kept} bytes of the upload, and stores nothing that is sent after them"
    ))
}

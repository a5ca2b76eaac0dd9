//! A resumable upload: a session is opened, the media goes there chunk by chunk, and what the server says that it has is
//! where the next one begins, whatever was sent before.

use bytes::Bytes;
use http::StatusCode;

use super::progress::Teller;
use super::session::{Answer, OnSession, Piece, Session};
use super::stored::Sums;
use super::window::{Window, too_large};
use crate::call::request::Request;
use crate::call::sending;
use crate::send::attempts::{Attempt, Attempts, Exchange, Step};
use crate::send::observe::AttemptKind;
use crate::wire::body::Encoded;
use crate::{Error, RawResponse, Result};

/// How often an upload begins anew whose session the server has forgotten.
const RESTARTS: usize = 3;

/// What is uploaded, and how far that is.
pub(super) struct Transfer {
    pub(super) request: Request,
    pub(super) window: Window,
    pub(super) content_type: String,
    pub(super) chunk: usize,
    pub(super) max_size: Option<u64>,
    pub(super) on_session: Option<OnSession>,
    pub(super) on_progress: Teller,
    /// The place after the last byte that was sent in this session by this run.
    sent: u64,
    /// Of what was sent in this session by this run.
    sums: Sums,
    /// The most that the server said it has in this session.
    most: u64,
    /// How often the session was lost.
    restarts: usize,
    state: State,
}

/// What comes next.
enum State {
    /// A session is opened.
    Opening,
    /// The server is asked what it has: at first of a session that is resumed, and after each failure.
    Asking(Open),
    /// A chunk is sent.
    Sending(Open),
}

/// A session that is open.
struct Open {
    session: Session,
    /// Another run of the program opened it, and what that one has sent is not known here.
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

    /// Goes on in a session that another run has opened.
    ///
    /// # Errors
    /// If it is of another method, host or source.
    pub(super) fn resume(&mut self, session: Session) -> Result<()> {
        session.check(&self.request, self.window.total())?;
        self.state = State::Asking(Open { session, resumed: true });
        Ok(())
    }

    pub(super) async fn run(mut self) -> Result<RawResponse> {
        self.window.rewind().await?;
        let mut subject = self.request.subject();
        // What the server has is asked before anything is sent again.
        subject.idempotent = true;
        Attempts::new(subject).run(&mut self).await
    }

    /// The server has that many bytes.
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

    /// The server has forgotten the session: begins anew, if the source can.
    async fn lost(&mut self, error: Error) -> Result<Step<RawResponse>> {
        self.restarts += 1;
        if self.restarts > RESTARTS || self.window.move_to(0).await.is_err() {
            return Err(error);
        }
        (self.most, self.sent, self.state) = (0, 0, State::Opening);
        self.sums = Sums::new(&self.request);
        Ok(Step::Again(error))
    }

    /// Opens a session. Nothing comes of one that is not used, so that this may be done twice.
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
            Ok(Answer::Done(response)) => {
                self.check_done(resumed && asking)?;
                if let Some(total) = self.window.total() {
                    self.sums.check(&self.request, total, &response)?;
                }
                self.tell(self.window.total().unwrap_or(self.window.end()));
                Ok(Step::Done(response))
            }
            Ok(Answer::Kept(kept)) => {
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
        "the server keeps {kept} bytes of the upload, and nothing of what is sent after them"
    ))
}

//! The call that uploads media.

use std::future::IntoFuture;
use std::marker::PhantomData;

use http::header::CONTENT_TYPE;

use super::progress::{Progress, Teller};
use super::related;
use super::session::{OnSession, Session};
use super::source::Source;
use super::transfer::{Transfer, opening};
use super::window::{Window, too_large};
use crate::call::reading::{AsDocumented, Reader, ReplyAs};
use crate::call::request::Request;
use crate::send::trace::Span;
use crate::{AcceptsMedia, Batch, DryRun, Error, IntoCall, RawResponse, Reply, Result, Sending};

/// Chunks are multiples of this size, except the last one.
const UNIT: usize = 256 * 1024;

/// The maximum size of a chunk.
const LARGEST: usize = 1 << 30;

/// The default size of a chunk of a resumable upload.
const CHUNK: usize = 8 * 1024 * 1024;

/// Larger media is uploaded by the resumable protocol, if the method supports it.
const SMALL: u64 = 5 * 1024 * 1024;

/// A call that uploads media, returned by `.upload(…)`. `.await` sends it, as `.send()` does.
///
/// The protocol is chosen automatically: media of up to 5 MiB is uploaded in one request, alone or with the call's
/// body as metadata. Media that is larger or of unknown length is uploaded in chunks by the resumable protocol, if the
/// method supports it.
///
/// Headers of the call are sent with each request of the upload, except conditions such as `If-Match`, which are sent
/// with the first one only.
///
/// The timeout limits how long no media is taken and no response arrives, for an upload in one request and for each chunk
/// of another. But chunks, and bytes in memory without a progress closure, of up to 1 MiB are sent in one piece, and the
/// timeout applies to the whole request.
///
/// Dropping the future stops the upload. The server keeps its session until it is [cancelled](Session::cancel),
/// resumed or expired.
#[must_use = "an upload does nothing until it is sent"]
pub struct Upload<M, R = AsDocumented> {
    request: Request,
    source: Source,
    way: Way,
    chunk: usize,
    session: Option<Session>,
    on_session: Option<OnSession>,
    on_progress: Teller,
    method: PhantomData<fn() -> (M, R)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Any,
    Simple,
    Multipart,
    Resumable,
}

impl<M: AcceptsMedia, R: ReplyAs<M>> Upload<M, R> {
    #[doc(hidden)]
    pub fn new(request: Request, source: Source) -> Self {
        Upload {
            request,
            source,
            way: Way::Any,
            chunk: CHUNK,
            session: None,
            on_session: None,
            on_progress: Teller::default(),
            method: PhantomData,
        }
    }

    /// Sends the media alone, in one request. If the call has metadata, this is an error, because it would be lost.
    pub fn simple(mut self) -> Self {
        self.way = Way::Simple;
        self
    }

    /// Sends metadata and media in one request.
    pub fn multipart(mut self) -> Self {
        self.way = Way::Multipart;
        self
    }

    /// Sends the media in chunks, so that a failure costs at most one chunk.
    pub fn resumable(mut self) -> Self {
        self.way = Way::Resumable;
        self
    }

    /// Sets the size of a chunk, which is made a multiple of 256 KiB, up to 1 GiB. Default: 8 MiB. One chunk is held
    /// in memory.
    pub fn with_chunk_size(mut self, bytes: usize) -> Self {
        self.chunk = (bytes / UNIT).max(1).saturating_mul(UNIT).min(LARGEST);
        self
    }

    /// Calls a closure with the progress of the upload: after each chunk that the server has, or while media is sent
    /// in one request.
    pub fn on_progress(mut self, tell: impl FnMut(Progress) + Send + 'static) -> Self {
        self.on_progress = Teller::new(tell);
        self
    }

    /// Calls a closure with the session of a resumable upload when it is opened, and again if the upload has to start
    /// again. The session can be saved, so that another run of the program can [resume](Self::resume) it, or be
    /// cancelled.
    pub fn on_session(mut self, tell: impl FnMut(&Session) + Send + 'static) -> Self {
        self.on_session = Some(Box::new(tell));
        self
    }

    /// Continues an upload that an earlier run started. The source must be the same, and it must be readable from
    /// where the server continues: bytes, a file, or [`Source::seekable`]. If the server has lost the session, the
    /// upload starts again.
    pub fn resume(mut self, session: Session) -> Self {
        self.session = Some(session);
        self.resumable()
    }

    /// Uploads the media.
    ///
    /// # Errors
    /// - The errors of any call
    /// - An input error, before anything is sent, if the media is larger than the method accepts or of a type that it
    ///   does not accept, or if the method does not support the chosen protocol
    /// - [`Error::is_io`] if the source fails, has a different length than declared, or is larger than the method
    ///   accepts
    pub fn send(self) -> Sending<'static, R::Value> {
        let of = self.request.facts();
        Sending::new(of, Reader::of::<M, R>(), Box::pin(self.run()))
    }

    /// Returns the first request without sending it, to inspect it or print it as a `curl` command. It does not
    /// contain the media. Secrets are masked. An upload that is [resumed](Self::resume) is shown as if it started
    /// again.
    ///
    /// # Errors
    /// If the call is not valid, or if the method does not accept the media.
    pub fn dry_run(self) -> Result<DryRun> {
        self.request.check()?;
        let (way, source) = (self.choose()?, self.source);
        if way == Way::Resumable {
            return DryRun::new(opening(self.request, &source.content_type, source.length));
        }
        DryRun::of_media(related::without_media(self.request, source))
    }

    async fn run(self) -> Result<RawResponse> {
        self.request.check()?;
        let way = self.choose()?;
        let span = Span::call(self.request.id(), self.request.verb().as_str());
        match way {
            Way::Resumable => {
                let content_type = self.source.content_type.clone();
                let window = Window::new(self.source);
                let mut transfer = Transfer::new(self.request, window, content_type, self.chunk);
                (transfer.on_session, transfer.on_progress) = (self.on_session, self.on_progress);
                if let Some(session) = self.session {
                    transfer.resume(session)?;
                }
                span.around(transfer.run()).await
            }
            _ => span.around(related::send(self.request, self.source, self.on_progress)).await,
        }
    }

    /// The protocol to use, if the method accepts the media.
    fn choose(&self) -> Result<Way> {
        let id = self.request.id();
        let Some(spec) = self.request.spec().upload else {
            return Err(Error::input(format!("{id}: the method accepts no media")));
        };
        if self.request.headers().has(&CONTENT_TYPE) {
            return Err(Error::input(format!(
                "{id}: set the media type with `Source::with_content_type` instead of a header"
            )));
        }
        let content_type = &self.source.content_type;
        if http::HeaderValue::from_str(content_type).is_err() || !content_type.contains('/') {
            return Err(Error::input(format!("{id}: invalid media type {content_type:?}")));
        }
        if !spec.accept.is_empty() && !spec.accept.iter().any(|range| fits(content_type, range)) {
            let accepted = spec.accept.join(", ");
            return Err(Error::input(format!(
                "{id}: the method accepts {accepted}, but the media is {content_type}: see `Source::with_content_type`"
            )));
        }
        if let (Some(length), Some(max)) = (self.source.length, spec.max_size)
            && length > max
        {
            return Err(Error::input(too_large(id, max)));
        }
        let metadata = self.request.metadata().is_some();
        let can_resume = !spec.resumable_path.is_empty();
        match self.way {
            Way::Any if can_resume && self.source.length.is_none_or(|length| length > SMALL) => {
                Ok(Way::Resumable)
            }
            Way::Any => Ok(Way::Multipart),
            Way::Resumable if !can_resume => {
                Err(Error::input(format!("{id}: the method does not support resumable uploads")))
            }
            Way::Simple if metadata => Err(Error::input(format!(
                "{id}: a simple upload has no metadata, but the call has a body: use `.multipart()`"
            ))),
            way => Ok(way),
        }
    }

    /// Not for use. It makes the compiler say why an upload cannot be queued.
    #[doc(hidden)]
    pub fn queue<'cb>(
        self,
        _batch: &mut Batch<'cb, M::Api>,
        _callback: impl FnOnce(Reply<R::Value>) + Send + 'cb,
    ) -> Result<()>
    where
        Self: IntoCall<'cb, M::Api>,
    {
        Err(Error::input("an upload cannot be queued"))
    }
}

/// Whether a media type is in a range: `image/png` in `image/*` and in `*/*`.
fn fits(content_type: &str, range: &str) -> bool {
    let plain = content_type.split(';').next().unwrap_or_default().trim();
    match (range.trim().split_once('/'), plain.split_once('/')) {
        (Some((main, sub)), Some((own_main, own_sub))) => {
            (main == "*" || main.eq_ignore_ascii_case(own_main))
                && (sub == "*" || sub.eq_ignore_ascii_case(own_sub))
        }
        _ => false,
    }
}

impl<M: AcceptsMedia, R: ReplyAs<M>> IntoFuture for Upload<M, R> {
    type Output = Result<R::Value>;
    type IntoFuture = Sending<'static, R::Value>;

    fn into_future(self) -> Self::IntoFuture {
        self.send()
    }
}

impl<M, R> std::fmt::Debug for Upload<M, R> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Upload")
            .field("request", &self.request)
            .field("source", &self.source)
            .field("way", &self.way)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::fits;

    #[test]
    fn media_types_fit_ranges() {
        for (content_type, range) in
            [("image/png", "*/*"), ("image/PNG", "image/*"), ("text/plain; charset=utf-8", "text/plain")]
        {
            assert!(fits(content_type, range), "{content_type} {range}");
        }
        for (content_type, range) in [("image/png", "image/jpeg"), ("x", "*/*"), ("imagex/png", "image/*")] {
            assert!(!fits(content_type, range), "{content_type} {range}");
        }
    }
}

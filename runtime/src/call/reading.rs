//! How the reply to a call becomes a value: what the document says, or a type of the caller's own.

use std::any::Any;
use std::marker::PhantomData;
use std::panic::resume_unwind;

use serde::de::DeserializeOwned;

use crate::call::request::Request;
use crate::wire::spec::{ApiSpec, MethodSpec};
use crate::{Error, Json, Method, RawResponse, Response, Result};

/// A call or an update of the API `A`: what a batch and a dispatcher take.
///
/// Every generated crate's `Call` and `Update` implement it, and nothing else can. For code that takes calls of any
/// method, or of any API:
///
/// ```
/// # use gapis_testkit::farm::Farm;
/// use gapis_runtime::{Api, Batch, IntoCall, Result, Ticket};
///
/// fn add_twice<'cb, A, C>(batch: &mut Batch<'cb, A>, call: C) -> Result<[Ticket<C::Value>; 2]>
/// where
///     A: Api,
///     C: IntoCall<'cb, A> + Clone,
/// {
///     Ok([batch.add(call.clone())?, batch.add(call)?])
/// }
///
/// # fn main() -> Result<()> {
/// let farm = Farm::builder().anonymous().build()?;
/// let mut batch = farm.batch();
/// add_twice(&mut batch, farm.animals().get("1"))?;
/// assert_eq!(batch.len(), 2);
/// # Ok(())
/// # }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be queued on a batch of `{A}`",
    label = "this is no call of `{A}` that a batch can carry",
    note = "a batch carries calls and updates of its own API only",
    note = "batch endpoints take no media: send an upload or a download by itself, with `.await`, or queue the call \
            without `.upload(…)` or `.download()`, for its metadata alone"
)]
pub trait IntoCall<'cb, A> {
    /// What the call yields.
    type Value: Send + 'static;
    /// The call without its type, and what reads its reply.
    #[doc(hidden)]
    fn into_parts(self) -> Parts<'cb, Self::Value>;
}

/// What a call yields: [`AsDocumented`] or [`As<T>`](As).
pub trait ReplyAs<M>: 'static {
    /// The type of the value.
    type Value: Send + 'static;
    /// Reads it.
    #[doc(hidden)]
    const DECODE: Decode<Self::Value>;
}

/// The call yields what the discovery document says.
#[derive(Debug)]
pub enum AsDocumented {}

impl<M: Method> ReplyAs<M> for AsDocumented {
    type Value = M::Output;
    const DECODE: Decode<M::Output> = value::<M::Output>;
}

/// The call yields a type of the caller's own: what `call.reply_as::<T>()` makes of it.
#[derive(Debug)]
pub struct As<T>(PhantomData<fn() -> T>);

impl<M: Method, T: DeserializeOwned + Send + 'static> ReplyAs<M> for As<T> {
    type Value = T;
    const DECODE: Decode<T> = own_value::<T>;
}

/// How a response becomes a value.
pub type Decode<T> = fn(&ApiSpec, &MethodSpec, &RawResponse) -> Result<T>;

/// A panic of the caller's code, kept until everyone has been told.
pub(crate) type Panic = Box<dyn Any + Send>;

/// Hands out parts of a value, and says what a callback for one of them panicked with.
pub(crate) type Settle<'cb, T> =
    Box<dyn FnOnce(Result<T>, Option<&RawResponse>) -> (Result<T>, Option<Panic>) + Send + 'cb>;

/// What a reply is read by.
pub(crate) type Facts = (&'static ApiSpec, &'static MethodSpec);

/// What reads a reply.
pub(crate) struct Reader<'cb, T> {
    decode: Decode<T>,
    settle: Option<Settle<'cb, T>>,
}

/// What became of a reply.
pub(crate) struct Reading<T> {
    pub(crate) result: Result<T>,
    /// The response that the value, or the error in its place, was made of.
    pub(crate) response: Option<RawResponse>,
    pub(crate) panic: Option<Panic>,
}

impl<T> Reader<'_, T> {
    /// Of a plain call.
    pub(crate) fn of<M, R: ReplyAs<M, Value = T>>() -> Self {
        Reader { decode: R::DECODE, settle: None }
    }

    pub(crate) fn read(self, (api, spec): Facts, answer: Result<RawResponse>) -> Reading<T> {
        let (result, response) = match answer {
            Ok(response) => ((self.decode)(api, spec, &response), Some(response)),
            Err(error) => {
                let response = error.response().cloned();
                (Err(error), response)
            }
        };
        let (result, panic) = match self.settle {
            Some(settle) => settle(result, response.as_ref()),
            None => (result, None),
        };
        Reading { result, response, panic }
    }
}

impl<T> Reading<T> {
    /// The value. A panic of a callback goes on here.
    pub(crate) fn into_result(self) -> Result<T> {
        match self.panic {
            Some(panic) => resume_unwind(panic),
            None => self.result,
        }
    }
}

/// A call without its type, and what reads its reply.
pub struct Parts<'cb, T> {
    pub(crate) request: Request,
    pub(crate) reader: Reader<'cb, T>,
}

impl<'cb, T: Send + 'static> Parts<'cb, T> {
    /// Of a plain call.
    pub fn new<M, R: ReplyAs<M, Value = T>>(request: Request) -> Self {
        Parts { request, reader: Reader::of::<M, R>() }
    }

    /// The same, whose value is handed out in parts before anyone gets the whole.
    pub(crate) fn with_settle(mut self, settle: Settle<'cb, T>) -> Self {
        self.reader.settle = Some(settle);
        self
    }
}

impl Request {
    /// Asks only for what a type reads, unless the caller said what to ask for.
    #[must_use]
    pub fn reply_as<T: DeserializeOwned + 'static>(mut self) -> Self {
        if !self.parameters().has("fields") {
            let fields = crate::value::probe::fields::<T>();
            if !fields.is_empty() {
                let wrapped = self.api().data_wrapper.then(|| format!("data({fields})"));
                self.set_param("fields", &wrapped.as_deref().unwrap_or(&fields));
            }
        }
        self
    }
}

/// The value that the document says. Its error keeps the response, for who wants to see what came.
pub(crate) fn value<T: Response>(api: &ApiSpec, spec: &MethodSpec, response: &RawResponse) -> Result<T> {
    T::decode(api, spec, response).map_err(|error| error.with_response(response))
}

fn own_value<T: DeserializeOwned>(api: &ApiSpec, _spec: &MethodSpec, response: &RawResponse) -> Result<T> {
    from_json(api, response).map_err(|error| error.with_response(response))
}

/// Decodes a body into the caller's own type, below `data` where the API wraps it.
pub(crate) fn from_json<T: DeserializeOwned>(api: &ApiSpec, response: &RawResponse) -> Result<T> {
    let body: &[u8] = if response.body.is_empty() { b"null" } else { &response.body };
    let decoded = if api.data_wrapper {
        let whole: Json = serde_json::from_slice(body).map_err(|error| Error::decode("", error, body))?;
        serde_path_to_error::deserialize(whole.get("data").unwrap_or(&Json::Null))
    } else {
        serde_path_to_error::deserialize(&mut serde_json::Deserializer::from_slice(body))
    };
    decoded.map_err(|error| {
        let path = error.path().to_string();
        let path = match (path.as_str(), api.data_wrapper) {
            (".", false) => String::new(),
            (".", true) => "data".to_owned(),
            (_, false) => path,
            (_, true) => format!("data.{path}"),
        };
        Error::decode(path, error.into_inner(), body)
    })
}

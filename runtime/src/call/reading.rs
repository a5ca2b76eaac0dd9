//! How the response to a call becomes a value: of the documented type, or of a type of the caller's own.

use std::any::Any;
use std::marker::PhantomData;
use std::panic::resume_unwind;

use serde::de::DeserializeOwned;

use crate::call::request::Request;
use crate::wire::spec::{ApiSpec, MethodSpec};
use crate::{Error, Json, Method, RawResponse, Response, Result};

/// A call or an update of the API `A`, for a batch or a dispatcher.
///
/// It is implemented for the `Call` and `Update` of every generated crate, and cannot be implemented for other types.
/// Use it for code that accepts calls of any method or of any API:
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
    label = "this is not a call of `{A}` that a batch can contain",
    note = "a batch can contain only calls and updates of its own API",
    note = "batch endpoints do not support media: send an upload or a download alone, with `.await`, or queue the call \
            without `.upload(…)` or `.download()`, for its metadata only"
)]
pub trait IntoCall<'cb, A> {
    /// The type that the call returns.
    type Value: Send + 'static;
    /// The call without its type, and the reader of its response.
    #[doc(hidden)]
    fn into_parts(self) -> Parts<'cb, Self::Value>;
}

/// What a call returns: [`AsDocumented`] or [`As<T>`](As).
pub trait ReplyAs<M>: 'static {
    /// The type of the value.
    type Value: Send + 'static;
    /// Decodes the value.
    #[doc(hidden)]
    const DECODE: Decode<Self::Value>;
}

/// The call returns the documented type.
#[derive(Debug)]
pub enum AsDocumented {}

impl<M: Method> ReplyAs<M> for AsDocumented {
    type Value = M::Output;
    const DECODE: Decode<M::Output> = value::<M::Output>;
}

/// The call returns a type of the caller's own, as set by `call.reply_as::<T>()`.
#[derive(Debug)]
pub struct As<T>(PhantomData<fn() -> T>);

impl<M: Method, T: DeserializeOwned + Send + 'static> ReplyAs<M> for As<T> {
    type Value = T;
    const DECODE: Decode<T> = own_value::<T>;
}

/// Decodes a response.
pub type Decode<T> = fn(&ApiSpec, &MethodSpec, &RawResponse) -> Result<T>;

/// A panic of the caller's code, kept until every callback has run.
pub(crate) type Panic = Box<dyn Any + Send>;

/// Passes parts of a value to their callbacks, and returns the panic of a callback, if there was one.
pub(crate) type Settle<'cb, T> =
    Box<dyn FnOnce(Result<T>, Option<&RawResponse>) -> (Result<T>, Option<Panic>) + Send + 'cb>;

/// The descriptions that decoding needs.
pub(crate) type Facts = (&'static ApiSpec, &'static MethodSpec);

/// Reads a response.
pub(crate) struct Reader<'cb, T> {
    decode: Decode<T>,
    settle: Option<Settle<'cb, T>>,
}

/// The result of reading a response.
pub(crate) struct Reading<T> {
    pub(crate) result: Result<T>,
    /// The response from which the value, or the error instead of it, was made.
    pub(crate) response: Option<RawResponse>,
    pub(crate) panic: Option<Panic>,
}

impl<T> Reader<'_, T> {
    /// The reader of an ordinary call.
    pub(crate) fn of<M, R: ReplyAs<M, Value = T>>() -> Self {
        Reader { decode: R::DECODE, settle: None }
    }

    /// Another one that reads the same, unless it hands out parts.
    pub(crate) fn again(&self) -> Option<Reader<'static, T>> {
        self.settle.is_none().then_some(Reader { decode: self.decode, settle: None })
    }

    pub(crate) fn read(self, (api, spec): Facts, answer: Result<RawResponse>) -> Reading<T> {
        // Values are large, so they are moved as rarely as possible.
        let reading = match answer {
            Ok(response) => {
                let result = (self.decode)(api, spec, &response);
                Reading { result, response: Some(response), panic: None }
            }
            Err(error) => {
                let response = error.response().cloned();
                Reading { result: Err(error), response, panic: None }
            }
        };
        match self.settle {
            None => reading,
            Some(settle) => {
                let (result, panic) = settle(reading.result, reading.response.as_ref());
                Reading { result, response: reading.response, panic }
            }
        }
    }
}

impl<T> Reading<T> {
    /// The value. Resumes the panic of a callback, if there was one.
    pub(crate) fn into_result(self) -> Result<T> {
        match self.panic {
            Some(panic) => resume_unwind(panic),
            None => self.result,
        }
    }
}

/// A call without its type, and the reader of its response.
pub struct Parts<'cb, T> {
    pub(crate) request: Request,
    pub(crate) reader: Reader<'cb, T>,
}

impl<'cb, T: Send + 'static> Parts<'cb, T> {
    /// The parts of an ordinary call.
    pub fn new<M, R: ReplyAs<M, Value = T>>(request: Request) -> Self {
        Parts { request, reader: Reader::of::<M, R>() }
    }

    /// Adds a function that passes on parts of the value before the caller gets it.
    pub(crate) fn with_settle(mut self, settle: Settle<'cb, T>) -> Self {
        self.reader.settle = Some(settle);
        self
    }
}

impl Parts<'static, RawResponse> {
    /// The parts of a call whose response is not decoded.
    pub(crate) fn untyped(request: Request) -> Self {
        Parts { request, reader: Reader { decode: |_, _, response| Ok(response.clone()), settle: None } }
    }
}

impl Request {
    /// Decodes the response as `T`, and requests only the members that `T` reads, unless the caller set `fields`.
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

/// Decodes the documented type. The error contains the response, so that the caller can look at it.
pub(crate) fn value<T: Response>(api: &ApiSpec, spec: &MethodSpec, response: &RawResponse) -> Result<T> {
    T::decode(api, spec, response).map_err(|error| error.with_response(response))
}

fn own_value<T: DeserializeOwned>(api: &ApiSpec, _spec: &MethodSpec, response: &RawResponse) -> Result<T> {
    from_json(api, response).map_err(|error| error.with_response(response))
}

/// Decodes a body as a type of the caller's own, from the member `data` if the API wraps its responses.
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

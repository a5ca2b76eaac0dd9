//! The source of a run's calls.

use std::pin::Pin;
use std::task::{Context, Poll};

use futures_core::Stream;
use futures_util::TryStreamExt as _;

use crate::call::reading::Parts;
use crate::{IntoCall, Reply, Result};

/// `Send`, except on `wasm32`, which has only one thread.
#[cfg(not(target_family = "wasm"))]
pub trait MaybeSend: Send {}
#[cfg(not(target_family = "wasm"))]
impl<T: Send + ?Sized> MaybeSend for T {}

/// `Send`, except on `wasm32`, which has only one thread.
#[cfg(target_family = "wasm")]
pub trait MaybeSend {}
#[cfg(target_family = "wasm")]
impl<T: ?Sized> MaybeSend for T {}

#[cfg(not(target_family = "wasm"))]
type Items<'cb, T> = Box<dyn Iterator<Item = Parts<'cb, T>> + Send + 'cb>;
#[cfg(target_family = "wasm")]
type Items<'cb, T> = Box<dyn Iterator<Item = Parts<'cb, T>> + 'cb>;

#[cfg(not(target_family = "wasm"))]
type Flow<'cb, T> = Pin<Box<dyn Stream<Item = Result<Parts<'cb, T>>> + Send + 'cb>>;
#[cfg(target_family = "wasm")]
type Flow<'cb, T> = Pin<Box<dyn Stream<Item = Result<Parts<'cb, T>>> + 'cb>>;

/// Makes calls from a reply.
#[cfg(not(target_family = "wasm"))]
pub(super) type Follow<'cb, T> = Box<dyn FnMut(&Reply<T>, &mut Vec<Parts<'cb, T>>) + Send + 'cb>;
#[cfg(target_family = "wasm")]
pub(super) type Follow<'cb, T> = Box<dyn FnMut(&Reply<T>, &mut Vec<Parts<'cb, T>>) + 'cb>;

pub(super) fn follow<'cb, T>(
    then: impl FnMut(&Reply<T>, &mut Vec<Parts<'cb, T>>) + MaybeSend + 'cb,
) -> Follow<'cb, T> {
    Box::new(then)
}

/// A source of calls.
pub(super) enum Calls<'cb, T> {
    Iterator(Items<'cb, T>),
    Stream(Flow<'cb, T>),
    /// There are no more.
    Ended,
}

impl<'cb, T: 'cb> Calls<'cb, T> {
    pub(super) fn iterator(calls: impl Iterator<Item = Parts<'cb, T>> + MaybeSend + 'cb) -> Self {
        Calls::Iterator(Box::new(calls))
    }

    pub(super) fn stream<A: 'cb, C: IntoCall<'cb, A, Value = T> + 'cb>(
        calls: impl Stream<Item = Result<C>> + MaybeSend + 'cb,
    ) -> Self {
        Calls::Stream(Box::pin(calls.map_ok(IntoCall::into_parts)))
    }

    /// Returns the next call, an error of the source, or `None` at the end. After an error, the source has ended.
    pub(super) fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Parts<'cb, T>>>> {
        let next = match self {
            Calls::Iterator(calls) => calls.next().map(Ok),
            Calls::Stream(calls) => std::task::ready!(calls.as_mut().poll_next(cx)),
            Calls::Ended => None,
        };
        if !matches!(next, Some(Ok(_))) {
            *self = Calls::Ended;
        }
        Poll::Ready(next)
    }

    pub(super) fn is_ended(&self) -> bool {
        matches!(self, Calls::Ended)
    }

    /// The number of remaining calls, if the source knows it.
    pub(super) fn left(&self) -> Option<usize> {
        match self {
            Calls::Iterator(calls) => match calls.size_hint() {
                (least, Some(most)) if least == most => Some(least),
                _ => None,
            },
            Calls::Stream(_) => None,
            Calls::Ended => Some(0),
        }
    }
}

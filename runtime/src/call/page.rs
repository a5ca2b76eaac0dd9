//! Lists that come in pages: page by page, or item by item.

use std::any::Any;
use std::collections::{BTreeMap, VecDeque};
use std::future::poll_fn;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_core::Stream;

use crate::call::request::Request;
use crate::call::sending;
use crate::value::{Field, Object, View};
use crate::wire::spec::Paging;
use crate::{BoxFuture, Error, Paged, PagedItems, RawResponse, Result};

/// What a page is made of: the items of a list, or the entries of a map as `(key, item)`.
pub trait PageItem: Sized + Send + 'static {
    /// Takes the items out of a member of the response.
    #[doc(hidden)]
    fn take(member: &mut dyn Field) -> Vec<Self>;
}

impl<T: Field> PageItem for T {
    fn take(member: &mut dyn Field) -> Vec<Self> {
        let member: &mut dyn Any = member;
        member.downcast_mut::<Option<Vec<T>>>().and_then(Option::take).unwrap_or_default()
    }
}

impl<T: Field> PageItem for (String, T) {
    fn take(member: &mut dyn Field) -> Vec<Self> {
        let member: &mut dyn Any = member;
        let map = member.downcast_mut::<Option<BTreeMap<String, T>>>().and_then(Option::take);
        map.unwrap_or_default().into_iter().collect()
    }
}

/// The pages of a list: a stream, and [`next`](Pages::next) for those who have no use for streams.
///
/// A page without items is not the end. A page token that comes twice is an error, and the end.
#[must_use = "nothing is sent until a page is asked for"]
pub struct Pages<M> {
    raw: RawPages,
    method: PhantomData<fn() -> M>,
}

/// The pages without their type.
struct RawPages {
    /// The call for the next page, `None` at the end.
    next: Option<Request>,
    paging: &'static Paging,
    tokens: Vec<String>,
    flight: Option<BoxFuture<'static, Result<RawResponse>>>,
}

impl<M: Paged> Pages<M> {
    #[doc(hidden)]
    pub fn new(mut request: Request) -> Self {
        request.keep_field(M::PAGING.next_token.split('.').next().unwrap_or_default());
        let raw = RawPages { next: Some(request), paging: M::PAGING, tokens: Vec::new(), flight: None };
        Pages { raw, method: PhantomData }
    }

    /// The next page, `None` after the last. After an error there is no other page.
    pub async fn next(&mut self) -> Option<Result<M::Output>> {
        poll_fn(|cx| self.poll_page(cx)).await
    }

    /// The next page, waiting on this thread.
    #[cfg(all(feature = "blocking", not(target_family = "wasm")))]
    pub fn next_blocking(&mut self) -> Option<Result<M::Output>> {
        match crate::send::blocking::block_on(self.next()) {
            Ok(page) => page,
            Err(error) => {
                self.raw.next = None;
                Some(Err(error))
            }
        }
    }

    fn poll_page(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<M::Output>>> {
        let Some(request) = &self.raw.next else { return Poll::Ready(None) };
        let (api, spec) = (request.api(), request.spec());
        let answer = ready!(self.raw.poll(cx));
        let page = answer.and_then(|response| sending::value::<M::Output>(api, spec, &response));
        let page = page.and_then(|page| self.raw.advance(&page).map(|()| page));
        if page.is_err() {
            self.raw.next = None;
        }
        Poll::Ready(Some(page))
    }
}

impl RawPages {
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<RawResponse>> {
        let Some(request) = &self.next else { return Poll::Pending };
        let flight = self.flight.get_or_insert_with(|| Box::pin(sending::send(request.clone())));
        let answer = ready!(flight.as_mut().poll(cx));
        self.flight = None;
        Poll::Ready(answer)
    }

    /// Makes the call for the page after this one.
    fn advance(&mut self, page: &dyn Object) -> Result<()> {
        let Some(token) = member(page, self.paging.next_token).filter(|token| !token.is_empty()) else {
            self.next = None;
            return Ok(());
        };
        let Some(request) = &mut self.next else { return Ok(()) };
        if self.tokens.contains(&token) {
            return Err(Error::protocol(format!(
                "{}: the server gave the same page token twice",
                request.id()
            )));
        }
        if self.paging.token_in_body {
            request.set_body_member(self.paging.token, &token)?;
        } else {
            request.set_param(self.paging.token, &token.as_str());
        }
        // One token back is not enough: a server may also go round in a circle.
        self.tokens.push(token);
        Ok(())
    }
}

/// The text of a member, or by a dotted name of a member's member, if it is set.
pub(crate) fn member(object: &dyn Object, name: &str) -> Option<String> {
    let (name, rest) = name.split_once('.').map_or((name, None), |(name, rest)| (name, Some(rest)));
    let index = object.names().binary_search(&name).ok()?;
    match (object.get(index).view(), rest) {
        (View::Text(text), None) => Some(text.to_owned()),
        (View::Object(inner), Some(rest)) => member(inner, rest),
        _ => None,
    }
}

impl<M: Paged> Stream for Pages<M> {
    type Item = Result<M::Output>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.poll_page(cx)
    }
}

/// The items of a list, page after page: a stream, and [`next`](Items::next) for those who have no use for streams.
#[must_use = "nothing is sent until an item is asked for"]
pub struct Items<M: PagedItems> {
    pages: Pages<M>,
    ready: VecDeque<M::Item>,
}

impl<M: PagedItems> Items<M> {
    #[doc(hidden)]
    pub fn new(mut request: Request) -> Self {
        request.keep_field(M::PAGING.items);
        Items { pages: Pages::new(request), ready: VecDeque::new() }
    }

    /// The next item, `None` after the last. After an error there is no other item.
    pub async fn next(&mut self) -> Option<Result<M::Item>> {
        poll_fn(|cx| self.poll_item(cx)).await
    }

    /// The next item, waiting on this thread where a page has to be asked for.
    #[cfg(all(feature = "blocking", not(target_family = "wasm")))]
    pub fn next_blocking(&mut self) -> Option<Result<M::Item>> {
        loop {
            if let Some(item) = self.ready.pop_front() {
                return Some(Ok(item));
            }
            match self.pages.next_blocking()? {
                Ok(page) => self.unpack(page),
                Err(error) => return Some(Err(error)),
            }
        }
    }

    fn unpack(&mut self, mut page: M::Output) {
        if let Ok(index) = page.names().binary_search(&M::PAGING.items) {
            self.ready.extend(M::Item::take(page.get_mut(index)));
        }
    }

    fn poll_item(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<M::Item>>> {
        loop {
            if let Some(item) = self.ready.pop_front() {
                return Poll::Ready(Some(Ok(item)));
            }
            match ready!(self.pages.poll_page(cx)) {
                Some(Ok(page)) => self.unpack(page),
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                None => return Poll::Ready(None),
            }
        }
    }
}

impl<M: PagedItems> Unpin for Items<M> {}

impl<M: PagedItems> Stream for Items<M> {
    type Item = Result<M::Item>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.poll_item(cx)
    }
}

impl<M> std::fmt::Debug for Pages<M> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Pages").field("next", &self.raw.next).finish_non_exhaustive()
    }
}

impl<M: PagedItems> std::fmt::Debug for Items<M> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Items").field("ready", &self.ready.len()).finish_non_exhaustive()
    }
}

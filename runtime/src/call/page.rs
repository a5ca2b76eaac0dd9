//! Lists that are returned in pages: page by page, or item by item.

use std::any::Any;
use std::collections::{BTreeMap, VecDeque};
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_core::Stream;
use serde::Deserialize as _;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, Visitor};

use crate::call::next::Next;
use crate::call::reading::{AsDocumented, ReplyAs};
use crate::call::request::Request;
use crate::call::sending;
use crate::value::{Field, Object};
use crate::wire::spec::{ApiSpec, Paging};
use crate::{BoxFuture, Error, Json, PageItem, Paged, PagedItems, RawResponse, Result};

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

/// The pages of a list: a stream, with a method [`next`](Pages::next) for use without stream traits.
///
/// A page without items does not end the list. A page token that occurs twice is an error and ends it.
#[must_use = "nothing is sent until a page is requested"]
pub struct Pages<M, R = AsDocumented> {
    raw: RawPages,
    method: PhantomData<fn() -> (M, R)>,
}

/// The pages without their type.
struct RawPages {
    /// The call for the next page, `None` at the end.
    next: Option<Request>,
    paging: &'static Paging,
    tokens: Vec<String>,
    flight: Option<BoxFuture<'static, Result<RawResponse>>>,
}

impl<M: Paged, R: ReplyAs<M>> Pages<M, R> {
    #[doc(hidden)]
    pub fn new(mut request: Request) -> Self {
        ask_for_token(&mut request, M::PAGING);
        let raw = RawPages { next: Some(request), paging: M::PAGING, tokens: Vec::new(), flight: None };
        Pages { raw, method: PhantomData }
    }

    /// The next page, or `None` after the last. After an error there are no more pages.
    #[allow(clippy::should_implement_trait)]
    pub fn next(&mut self) -> Next<'_, Self> {
        Next::new(self)
    }

    fn poll_page(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<R::Value>>> {
        let Some(request) = &self.raw.next else { return Poll::Ready(None) };
        let (api, spec) = request.facts();
        let answer = ready!(self.raw.poll(cx));
        let page = answer.and_then(|response| {
            let page = R::DECODE(api, spec, &response)?;
            self.raw.advance(&response)?;
            Ok(page)
        });
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
    fn advance(&mut self, page: &RawResponse) -> Result<()> {
        let Some(request) = &mut self.next else { return Ok(()) };
        if !turn(request, self.paging, &mut self.tokens, page)? {
            self.next = None;
        }
        Ok(())
    }
}

/// Asks for the token of the next page, where the call says which members it wants.
pub(crate) fn ask_for_token(request: &mut Request, paging: &Paging) {
    request.keep_field(paging.next_token.split('.').next().unwrap_or_default());
}

/// Makes the call for a page that for the page after it. False if there is none. `tokens` are those of the pages so far.
///
/// # Errors
/// If the server gives a token again.
pub(crate) fn turn(
    request: &mut Request,
    paging: &Paging,
    tokens: &mut Vec<String>,
    page: &RawResponse,
) -> Result<bool> {
    // The token is read from the response, because a page in the caller's own type need not have it.
    let token = text_at(request.api(), paging.next_token, page).filter(|token| !token.is_empty());
    let Some(token) = token else { return Ok(false) };
    if tokens.contains(&token) {
        let id = request.id();
        return Err(Error::protocol(format!("{id}: the server returned the same page token twice")));
    }
    if paging.token_in_body {
        request.set_body_member(paging.token, &token)?;
    } else {
        request.set_param(paging.token, &token.as_str());
    }
    // All tokens are kept, because a server may also return to an earlier token.
    tokens.push(token);
    Ok(true)
}

/// The text at a path of members, separated by dots, in a response's body.
fn text_at(api: &ApiSpec, name: &str, response: &RawResponse) -> Option<String> {
    let envelope = if api.data_wrapper { Some("data") } else { None };
    let path: Vec<&str> = envelope.into_iter().chain(name.split('.')).collect();
    let mut json = serde_json::Deserializer::from_slice(&response.body);
    TextAt(&path).deserialize(&mut json).ok().flatten()
}

/// Reads the text at a path of members, and skips everything else.
struct TextAt<'p>(&'p [&'p str]);

impl<'de> DeserializeSeed<'de> for TextAt<'_> {
    type Value = Option<String>;

    fn deserialize<D: Deserializer<'de>>(
        self,
        deserializer: D,
    ) -> std::result::Result<Self::Value, D::Error> {
        match self.0.is_empty() {
            true => Ok(match Json::deserialize(deserializer)? {
                Json::String(text) => Some(text),
                Json::Number(number) => Some(number.to_string()),
                _ => None,
            }),
            false => deserializer.deserialize_map(self),
        }
    }
}

impl<'de> Visitor<'de> for TextAt<'_> {
    type Value = Option<String>;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> std::result::Result<Self::Value, A::Error> {
        let mut found = None;
        while let Some(name) = members.next_key::<String>()? {
            match self.0.split_first() {
                Some((first, rest)) if *first == name => found = members.next_value_seed(TextAt(rest))?,
                _ => drop(members.next_value::<IgnoredAny>()?),
            }
        }
        Ok(found)
    }
}

impl<M: Paged, R: ReplyAs<M>> Stream for Pages<M, R> {
    type Item = Result<R::Value>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.poll_page(cx)
    }
}

/// The items of all pages of a list: a stream, with a method [`next`](Items::next) for use without stream traits.
#[must_use = "nothing is sent until an item is requested"]
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

    /// The next item, or `None` after the last. After an error there are no more items.
    #[allow(clippy::should_implement_trait)]
    pub fn next(&mut self) -> Next<'_, Self> {
        Next::new(self)
    }

    /// Takes the items from a page.
    ///
    /// # Errors
    /// If the member is not a list of such items. Without this error, the page would look empty.
    fn unpack(&mut self, mut page: M::Output) -> Result<()> {
        let name = M::PAGING.items;
        let object: &dyn Object = &page;
        if let Some(other) = object.extra().get(name) {
            self.pages.raw.next = None;
            let expected = "expected items of the type in the document";
            return Err(Error::decode(name, expected, other.to_string().as_bytes()));
        }
        if let Ok(index) = page.names().binary_search(&name) {
            self.ready.extend(M::Item::take(page.get_mut(index)));
        }
        Ok(())
    }

    fn poll_item(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<M::Item>>> {
        loop {
            if let Some(item) = self.ready.pop_front() {
                return Poll::Ready(Some(Ok(item)));
            }
            match ready!(self.pages.poll_page(cx)) {
                Some(Ok(page)) => {
                    if let Err(error) = self.unpack(page) {
                        return Poll::Ready(Some(Err(error)));
                    }
                }
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

impl<M, R> std::fmt::Debug for Pages<M, R> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Pages").field("next", &self.raw.next).finish_non_exhaustive()
    }
}

impl<M: PagedItems> std::fmt::Debug for Items<M> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Items").field("ready", &self.ready.len()).finish_non_exhaustive()
    }
}

//! The macros that generated crates call, and `object!`, which users call. The items that users of such a crate see (structs, enums, functions) are
//! written there as plain Rust; code that is the same for each of them is written here once.

mod object;
mod update;

/// Implements [`Method`](crate::Method) for the type of a method.
///
/// `method! { Get: Drive => File; "drive.files.get" GET "files/{fileId}" }`, followed in braces by the members of
/// [`MethodSpec`](crate::wire::spec::MethodSpec) that differ from the default.
#[doc(hidden)]
#[macro_export]
macro_rules! method {
    ($marker:ident: $api:ty => $output:ty; $id:literal $verb:ident $path:literal $({ $($member:ident: $value:expr),* $(,)? })?) => {
        impl $crate::Method for $marker {
            type Api = $api;
            type Output = $output;
            const SPEC: &'static $crate::private::spec::MethodSpec = &$crate::private::spec::MethodSpec {
                id: $id,
                verb: ::std::stringify!($verb),
                path: $path,
                $($($member: $value,)*)?
                ..$crate::private::spec::MethodSpec::DEFAULT
            };
        }
    };
}

/// Implements [`Paged`](crate::Paged): `paged! { List => File; "pageToken" "nextPageToken" "files" }`. `body` before
/// the first name means that the request's token is a member of the body; a name with a dot is a token in a member's
/// member. The last name is empty if it is not clear which member has the items.
#[doc(hidden)]
#[macro_export]
macro_rules! paged {
    ($marker:ident => $item:ty; body $token:literal $next:literal $items:tt) => {
        $crate::paged! { @ $marker, $item, true, $token, $next, $items }
    };
    ($marker:ident => $item:ty; $token:literal $next:literal $items:tt) => {
        $crate::paged! { @ $marker, $item, false, $token, $next, $items }
    };
    (@ $marker:ident, $item:ty, $body:literal, $token:literal, $next:literal, "") => {
        $crate::paged! { @@ $marker, $body, $token, $next, "" }
    };
    (@ $marker:ident, $item:ty, $body:literal, $token:literal, $next:literal, $items:tt) => {
        $crate::paged! { @@ $marker, $body, $token, $next, $items }
        impl $crate::PagedItems for $marker {
            type Item = $item;
        }
    };
    (@@ $marker:ident, $body:literal, $token:literal, $next:literal, $items:tt) => {
        impl $crate::Paged for $marker {
            const PAGING: &'static $crate::private::spec::Paging = &$crate::private::spec::Paging {
                token: $token,
                token_in_body: $body,
                next_token: $next,
                items: $items,
            };
        }
    };
}

/// Implements [`Operation`](crate::Operation) for a schema and, if its member `done` says that it is done,
/// [`LongRunning`](crate::LongRunning): `operation! { Operation: super::Drive, done; "drive.operations.get"
/// "operations/{name}" }`. `status` instead of `done` means that the member `status` says so. Then follow the id and
/// the path of each method that returns an operation, optionally with `in` and the version of that method.
#[doc(hidden)]
#[macro_export]
macro_rules! operation {
    ($name:ident: $api:ty, done $(; $id:literal $path:literal $(in $version:literal)?)*) => {
        $crate::operation! { @ $name, $api, false $(; $id $path $(in $version)?)* }
        impl $crate::LongRunning for $name {}
    };
    ($name:ident: $api:ty, status $(; $id:literal $path:literal $(in $version:literal)?)*) => {
        $crate::operation! { @ $name, $api, true $(; $id $path $(in $version)?)* }
    };
    (@ $name:ident, $api:ty, $by_status:literal $(; $id:literal $path:literal $(in $version:literal)?)*) => {
        impl $crate::Operation for $name {
            type Api = $api;
            const POLLING: &'static $crate::private::spec::Polling = &$crate::private::spec::Polling {
                by_status: $by_status,
                polls: &[$($crate::private::spec::MethodSpec {
                    id: $id,
                    path: $path,
                    $(api_version: ::std::option::Option::Some($version),)?
                    ..$crate::private::spec::MethodSpec::DEFAULT
                }),*],
            };
        }
    };
}

/// Implements the traits of a service, and defines the crate's own `Call<M>`. The setters of each method can then be
/// inherent functions of `Call<Marker>`, and each verb exists once in the crate.
///
/// `api! { Drive { name: "drive", version: "v3", … } }`, with the members of [`ApiSpec`](crate::wire::spec::ApiSpec)
/// that differ from the default. The struct `Drive(Client)` is defined next to it.
#[doc(hidden)]
#[macro_export]
macro_rules! api {
    ($api:ident { $($member:ident: $value:expr),* $(,)? }) => {
        impl $crate::Api for $api {
            const SPEC: &'static $crate::private::spec::ApiSpec = &$crate::private::spec::ApiSpec {
                $($member: $value,)*
                ..$crate::private::spec::ApiSpec::DEFAULT
            };
            fn new(client: &$crate::Client) -> Self {
                $api(::std::clone::Clone::clone(client))
            }
            fn client(&self) -> &$crate::Client {
                &self.0
            }
        }

        impl $api {
            /// Returns a builder for the service with its own client.
            pub fn builder() -> $crate::Builder<$api> {
                $crate::Builder::new()
            }
            /// Returns the service with a client, which may be used for other APIs too.
            pub fn new(client: &$crate::Client) -> Self {
                <$api as $crate::Api>::new(client)
            }
            /// The client of the service.
            pub fn client(&self) -> &$crate::Client {
                &self.0
            }
            /// Returns a new, empty batch for calls of this API.
            pub fn batch<'cb>(&self) -> $crate::Batch<'cb, $api> {
                $crate::Batch::new(self)
            }
            /// Returns a dispatcher that combines calls of many tasks into batches, and its driver, which must be
            /// spawned.
            pub fn batcher(&self) -> ($crate::Batcher<$api>, $crate::Driver) {
                $crate::Batcher::new(self)
            }
            /// Sends many calls of one type in batches, as fast as quotas allow, and gives a stream of their replies. The
            /// calls are taken from the iterator when there is room for them.
            pub fn run<'cb, C, I>(&self, calls: I) -> $crate::Run<'cb, $api, C::Value>
            where
                C: $crate::IntoCall<'cb, $api> + 'cb,
                I: ::std::iter::IntoIterator<Item = C, IntoIter: $crate::private::MaybeSend + 'cb>,
            {
                $crate::Run::new(self, calls)
            }
            /// The same for calls that come from a stream, which may fail.
            pub fn run_stream<'cb, C, S>(&self, calls: S) -> $crate::Run<'cb, $api, C::Value>
            where
                C: $crate::IntoCall<'cb, $api> + 'cb,
                S: $crate::private::Stream<Item = $crate::Result<C>> + $crate::private::MaybeSend + 'cb,
            {
                $crate::Run::stream(self, calls)
            }
            /// Walks many lists at once: the next page of each goes with the next batch when a page has come. A reply is a
            /// page; its id and its index are those of its list.
            pub fn run_pages<'cb, M, R, I>(&self, lists: I) -> $crate::Run<'cb, $api, R::Value>
            where
                M: $crate::Paged<Api = $api>,
                R: $crate::ReplyAs<M>,
                I: ::std::iter::IntoIterator<
                        Item = Call<M, R>,
                        IntoIter: $crate::private::MaybeSend + 'cb,
                    >,
            {
                $crate::Run::new(self, lists).paged(M::PAGING)
            }
            /// Waits until an operation that a call returned is done.
            pub fn wait_for<O>(&self, operation: &O) -> $crate::Wait<'static, O>
            where
                O: $crate::Operation<Api = $api>,
            {
                $crate::Wait::known(&self.0, operation)
            }
            /// Downloads from a URL in a response, such as Drive's `exportLinks` and `downloadUri`, with the
            /// credentials of this client.
            ///
            /// The credentials are sent to the API's own endpoint, or with `https` to hosts of its universe that serve
            /// media; redirects between these are followed. Any other URL is an input error.
            pub fn download_from(&self, url: &str) -> $crate::Download<$crate::Raw<$api>> {
                $crate::Download::new($crate::private::Request::linked::<$api>(&self.0, url))
            }
            /// Returns a call by HTTP method and path, for what the generated methods do not cover. The path is
            /// relative to the service path, or to the root if it begins with `/`, and is sent unchanged. The response
            /// is any JSON value.
            pub fn call(
                &self,
                verb: $crate::http::Method,
                path: &str,
                body: ::std::option::Option<$crate::Json>,
            ) -> Call<$crate::Raw<$api>> {
                Call::of($crate::private::Request::raw::<$api>(&self.0, &verb, path, body))
            }
        }

        /// A call that has not been sent: `.await` sends it, and `.queue` adds it to a batch.
        ///
        /// It returns the type in the discovery document, unless [`reply_as`](Self::reply_as) selects a type of the
        /// caller's own.
        #[must_use = "a call does nothing until it is sent or queued"]
        pub struct Call<M, R = $crate::AsDocumented>($crate::private::Request, ::std::marker::PhantomData<fn() -> (M, R)>);

        impl<M, R> ::std::clone::Clone for Call<M, R> {
            fn clone(&self) -> Self {
                Call::of(::std::clone::Clone::clone(&self.0))
            }
        }

        impl<M, R> ::std::fmt::Debug for Call<M, R> {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                ::std::fmt::Debug::fmt(&self.0, f)
            }
        }

        impl<'cb, M, R> $crate::IntoCall<'cb, $api> for Call<M, R>
        where
            M: $crate::Method<Api = $api>,
            R: $crate::ReplyAs<M>,
        {
            type Value = R::Value;
            fn into_parts(self) -> $crate::private::Parts<'cb, R::Value> {
                $crate::private::Parts::new::<M, R>(self.0)
            }
        }

        impl<M: $crate::Method<Api = $api>, R: $crate::ReplyAs<M>> ::std::future::IntoFuture for Call<M, R> {
            type Output = $crate::Result<R::Value>;
            type IntoFuture = $crate::Sending<'static, R::Value>;
            fn into_future(self) -> Self::IntoFuture {
                self.send()
            }
        }

        impl<M, R> Call<M, R> {
            fn of(request: $crate::private::Request) -> Self {
                Call(request, ::std::marker::PhantomData)
            }

            #[allow(dead_code)]
            fn with_param(mut self, name: &str, value: &dyn $crate::Param) -> Self {
                self.0.set_param(name, value);
                self
            }
        }

        /// The options and verbs of every call.
        impl<M: $crate::Method<Api = $api>, R: $crate::ReplyAs<M>> Call<M, R> {
            /// Requests only some members of the response, in the syntax of partial responses: `id,owners(name)`.
            pub fn fields(self, fields: &str) -> Self {
                self.with_param("fields", &fields)
            }

            /// Counts the call against the quota of this user: any text of up to 40 characters that identifies a user.
            pub fn quota_user(self, user: &str) -> Self {
                self.with_param("quotaUser", &user)
            }

            /// Requests a response with or without indentation.
            pub fn pretty_print(self, pretty: bool) -> Self {
                self.with_param("prettyPrint", &pretty)
            }

            /// Sets the id of the call in a batch, from any value that can be displayed. Its reply and its record have
            /// this id. Without one, the batch makes an id.
            pub fn with_id(self, id: impl ::std::fmt::Display) -> Self {
                Call::of(self.0.with_id(&id))
            }

            /// Calls with the same key go one after the other, in the order in which they were queued, and others beside
            /// them: changes of one file, which servers refuse or lose when they come at once.
            pub fn with_key(self, key: impl ::std::fmt::Display) -> Self {
                Call::of(self.0.with_key(&key))
            }

            /// Sets a header of this call. In a batch, it is sent in the part of this call.
            pub fn with_header(self, name: &str, value: &str) -> Self {
                Call::of(self.0.header(name, value))
            }

            /// Adds a query parameter that the discovery document does not define.
            pub fn with_query(self, name: &str, value: &str) -> Self {
                Call::of(self.0.query(name, value))
            }

            /// Sets the timeout for each attempt of this call when it is sent alone.
            pub fn with_timeout(self, after: ::std::time::Duration) -> Self {
                Call::of(self.0.timeout(after))
            }

            /// Sets the retry policy of this call, instead of its client's.
            pub fn with_retry(self, policy: $crate::RetryPolicy) -> Self {
                Call::of(self.0.retry(policy))
            }

            /// Sets whether this call may be executed twice. By default its HTTP method decides.
            pub fn with_idempotent(self, idempotent: bool) -> Self {
                Call::of(self.0.idempotent(idempotent))
            }

            /// Makes the call succeed only if the resource still has this ETag. Otherwise
            /// [`is_precondition_failed`](crate::Error::is_precondition_failed) holds for the error.
            pub fn if_match(self, etag: &str) -> Self {
                self.with_header("if-match", etag)
            }

            /// Makes the call succeed only if the resource no longer has this ETag. Otherwise
            /// [`is_not_modified`](crate::Error::is_not_modified) holds for the error.
            pub fn if_none_match(self, etag: &str) -> Self {
                self.with_header("if-none-match", etag)
            }

            /// Decodes the response as a type of the caller's own, however the call is sent: alone, in a batch, by a
            /// dispatcher or page by page. Unless [`fields`](Self::fields) was called, only the members that the type
            /// reads are requested. Call the setters of the method before this.
            pub fn reply_as<T>(self) -> Call<M, $crate::As<T>>
            where
                T: $crate::private::serde::de::DeserializeOwned + ::std::marker::Send + 'static,
            {
                Call::of(self.0.reply_as::<T>())
            }

            /// Sends the call. `.await` on the call itself does the same; `.send().block()` blocks the current thread.
            pub fn send(self) -> $crate::Sending<'static, R::Value> {
                $crate::private::Parts::new::<M, R>(self.0).send()
            }

            /// Sends the call and returns the whole HTTP response together with the value.
            pub fn send_with_response(self) -> $crate::Sending<'static, (R::Value, $crate::RawResponse)> {
                $crate::private::Parts::new::<M, R>(self.0).send_with_response()
            }

            /// Returns the pages of the list. Each page is one call.
            pub fn pages(self) -> $crate::Pages<M, R>
            where
                M: $crate::Paged,
            {
                $crate::Pages::new(self.0)
            }

            /// Adds media to upload. The result cannot be queued.
            pub fn upload(self, source: impl ::std::convert::Into<$crate::Source>) -> $crate::Upload<M, R>
            where
                M: $crate::AcceptsMedia,
            {
                $crate::Upload::new(self.0, source.into())
            }

            /// Returns the request without sending it, to inspect it or print it as a `curl` command. Secrets are
            /// masked.
            ///
            /// # Errors
            /// If the call is not valid.
            pub fn dry_run(self) -> $crate::Result<$crate::DryRun> {
                $crate::DryRun::new(self.0)
            }

            /// Adds the call to a batch. `callback` runs exactly once when the batch is executed to its end.
            /// [`Batch::add`](crate::Batch::add) returns a ticket instead.
            ///
            /// # Errors
            /// If the call is not valid, has another endpoint than the batch, or has an id that already occurs in
            /// the batch. Then nothing is queued and `callback` never runs.
            pub fn queue<'cb>(
                self,
                batch: &mut $crate::Batch<'cb, $api>,
                callback: impl ::std::ops::FnOnce($crate::Reply<R::Value>) + ::std::marker::Send + 'cb,
            ) -> $crate::Result<()> {
                batch.queue(self, callback)
            }
        }

        /// Verbs of calls that return the documented type.
        impl<M: $crate::Method<Api = $api>> Call<M> {
            #[allow(dead_code)]
            fn new(
                client: &$crate::Client,
                path: &[&dyn $crate::Param],
                body: ::std::option::Option<&dyn $crate::Body>,
            ) -> Self {
                Call::of($crate::private::Request::new::<M>(client, path, body))
            }

            /// Returns the items of all pages of the list.
            pub fn items(self) -> $crate::Items<M>
            where
                M: $crate::PagedItems,
            {
                $crate::Items::new(self.0)
            }

            /// Sends the call and waits until the operation that it starts is done. Returns the finished operation or,
            /// with `reply_as` of the wait, its result.
            pub fn wait(self) -> $crate::Wait<'static, M::Output>
            where
                M::Output: $crate::Operation,
            {
                $crate::Wait::new(self.0)
            }

            /// Requests the media instead of the metadata. The result cannot be queued.
            pub fn download(self) -> $crate::Download<M>
            where
                M: $crate::ServesMedia,
            {
                $crate::Download::new(self.0)
            }
        }
    };
}

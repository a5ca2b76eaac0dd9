//! The macros that generated crates call. What a user of such a crate sees (structs, enums, functions) is written out
//! there as plain Rust; what is the same for each is written here once.

mod update;

/// Writes the marker's impl of [`Method`](crate::Method).
///
/// `method! { Get: Drive => File; "drive.files.get" GET "files/{fileId}" }`, then, in braces, members of
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

/// Writes the marker's impl of [`Paged`](crate::Paged): `paged! { List => File; "pageToken" "nextPageToken" "files" }`,
/// with `body` before the first name where the request's token is a member of the body, a dotted name for a token in a
/// member's member, and an empty last name where it is not plain which member holds the items.
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

/// Writes an operation's impls of [`Operation`](crate::Operation) and, where its member `done` tells that it is done,
/// [`LongRunning`](crate::LongRunning): `operation! { Operation: super::Drive, done; "drive.operations.get"
/// "operations/{name}" }`, with `status` where that tells it, and the id and path of each method that asks for one, after
/// `in` the version that the method is asked for by.
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

/// Writes a service's impls and the crate's own `Call<M>`, so that the setters of each method can be inherent impls of
/// `Call<Marker>` and every verb stands once per crate.
///
/// `api! { Drive { name: "drive", version: "v3", … } }`, the members of [`ApiSpec`](crate::wire::spec::ApiSpec) that differ
/// from the default; the struct `Drive(Client)` stands beside it.
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
            /// A builder for the service with a client of its own.
            pub fn builder() -> $crate::Builder<$api> {
                $crate::Builder::new()
            }
            /// The service over a client that may serve other APIs too.
            pub fn new(client: &$crate::Client) -> Self {
                <$api as $crate::Api>::new(client)
            }
            /// The client this service sends with.
            pub fn client(&self) -> &$crate::Client {
                &self.0
            }
            /// A new, empty batch for calls of this API.
            pub fn batch<'cb>(&self) -> $crate::Batch<'cb, $api> {
                $crate::Batch::new(self)
            }
            /// A dispatcher that puts the calls of many tasks into common batches; the driver must be spawned.
            pub fn batcher(&self) -> ($crate::Batcher<$api>, $crate::Driver) {
                $crate::Batcher::new(self)
            }
            /// Waits until an operation that some call answered is done.
            pub fn wait_for<O>(&self, operation: &O) -> $crate::Wait<'static, O>
            where
                O: $crate::Operation<Api = $api>,
            {
                $crate::Wait::known(&self.0, operation)
            }
            /// Downloads from an address that an answer named, as Drive's `exportLinks` and `downloadUri` are, with this
            /// client's credentials. They go to the API's own endpoint, or by `https` to hosts of its universe that serve
            /// media; redirects are followed between these. Any other address is an input error.
            pub fn download_from(&self, url: &str) -> $crate::Download<$crate::Raw<$api>> {
                $crate::Download::new($crate::private::Request::linked::<$api>(&self.0, url))
            }
            /// A call by verb and path (below the service path, or below the root with a leading `/`), for what the
            /// generated methods do not cover. The path is sent as it is; the response is any JSON value.
            pub fn call(
                &self,
                verb: $crate::http::Method,
                path: &str,
                body: ::std::option::Option<$crate::Json>,
            ) -> Call<$crate::Raw<$api>> {
                Call::of($crate::private::Request::raw::<$api>(&self.0, &verb, path, body))
            }
        }

        /// A call under construction: `.await` sends it, `.queue` puts it on a batch.
        ///
        /// What a call yields is what the discovery document says, unless
        /// [`reply_as`](Self::reply_as) asks for a type of the caller's own.
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

        /// What every call has.
        impl<M: $crate::Method<Api = $api>, R: $crate::ReplyAs<M>> Call<M, R> {
            /// Asks for some members of the response only, in the syntax of partial responses: `id,owners(name)`.
            pub fn fields(self, fields: &str) -> Self {
                self.with_param("fields", &fields)
            }

            /// Counts the call against that user's quota: any text of up to 40 characters that tells users apart.
            pub fn quota_user(self, user: &str) -> Self {
                self.with_param("quotaUser", &user)
            }

            /// Asks for a response with or without indentation.
            pub fn pretty_print(self, pretty: bool) -> Self {
                self.with_param("prettyPrint", &pretty)
            }

            /// Names the call in a batch: its reply and its record there have this id, anything that displays. Without
            /// one, an id is made.
            pub fn with_id(self, id: impl ::std::fmt::Display) -> Self {
                Call::of(self.0.with_id(&id))
            }

            /// Sets a header of this call. On a batch it travels with this call alone.
            pub fn with_header(self, name: &str, value: &str) -> Self {
                Call::of(self.0.header(name, value))
            }

            /// Adds a query parameter that the discovery document does not know.
            pub fn with_query(self, name: &str, value: &str) -> Self {
                Call::of(self.0.query(name, value))
            }

            /// Gives each attempt of this call, sent by itself, that long.
            pub fn with_timeout(self, after: ::std::time::Duration) -> Self {
                Call::of(self.0.timeout(after))
            }

            /// Sends this call again by another policy than its client's.
            pub fn with_retry(self, policy: $crate::RetryPolicy) -> Self {
                Call::of(self.0.retry(policy))
            }

            /// Says that this call may, or may not, be executed twice; by default its verb says so.
            pub fn with_idempotent(self, idempotent: bool) -> Self {
                Call::of(self.0.idempotent(idempotent))
            }

            /// Only if the resource still has this ETag; otherwise the error
            /// [is a failed precondition](crate::Error::is_precondition_failed).
            pub fn if_match(self, etag: &str) -> Self {
                self.with_header("if-match", etag)
            }

            /// Only if the resource no longer has this ETag; otherwise the error
            /// [says that it is not modified](crate::Error::is_not_modified).
            pub fn if_none_match(self, etag: &str) -> Self {
                self.with_header("if-none-match", etag)
            }

            /// Decodes the reply into the caller's own type, whichever way the call is sent: alone, on a batch, by a
            /// dispatcher or page by page. Unless [`fields`](Self::fields) was called, only the members that the type
            /// reads are asked for. The setters of a method come before this one.
            pub fn reply_as<T>(self) -> Call<M, $crate::As<T>>
            where
                T: $crate::private::serde::de::DeserializeOwned + ::std::marker::Send + 'static,
            {
                Call::of(self.0.reply_as::<T>())
            }

            /// Sends the call; `.await` on the call itself does the same. `.send().block()` waits on this thread.
            pub fn send(self) -> $crate::Sending<'static, R::Value> {
                $crate::private::Parts::new::<M, R>(self.0).send()
            }

            /// Sends the call and gives the whole HTTP response beside the value.
            pub fn send_with_response(self) -> $crate::Sending<'static, (R::Value, $crate::RawResponse)> {
                $crate::private::Parts::new::<M, R>(self.0).send_with_response()
            }

            /// The pages of the list, one call each.
            pub fn pages(self) -> $crate::Pages<M, R>
            where
                M: $crate::Paged,
            {
                $crate::Pages::new(self.0)
            }

            /// The call with media to be uploaded, which cannot be queued.
            pub fn upload(self, source: impl ::std::convert::Into<$crate::Source>) -> $crate::Upload<M, R>
            where
                M: $crate::AcceptsMedia,
            {
                $crate::Upload::new(self.0, source.into())
            }

            /// What would be sent, to be looked at or printed as a `curl` command. Secrets are masked.
            ///
            /// # Errors
            /// If the call is not valid.
            pub fn dry_run(self) -> $crate::Result<$crate::DryRun> {
                $crate::DryRun::new(self.0)
            }

            /// Puts the call on a batch. `callback` runs exactly once when the batch is executed to its end.
            /// [`Batch::add`](crate::Batch::add) gives a ticket instead.
            ///
            /// # Errors
            /// If the call is not valid, goes to another endpoint than the batch, or has an id that the batch has
            /// already; then nothing is queued and `callback` never runs.
            pub fn queue<'cb>(
                self,
                batch: &mut $crate::Batch<'cb, $api>,
                callback: impl ::std::ops::FnOnce($crate::Reply<R::Value>) + ::std::marker::Send + 'cb,
            ) -> $crate::Result<()> {
                batch.queue(self, callback)
            }
        }

        /// What calls have that yield what the document says.
        impl<M: $crate::Method<Api = $api>> Call<M> {
            #[allow(dead_code)]
            fn new(
                client: &$crate::Client,
                path: &[&dyn $crate::Param],
                body: ::std::option::Option<&dyn $crate::Body>,
            ) -> Self {
                Call::of($crate::private::Request::new::<M>(client, path, body))
            }

            /// The items of the list, over all pages.
            pub fn items(self) -> $crate::Items<M>
            where
                M: $crate::PagedItems,
            {
                $crate::Items::new(self.0)
            }

            /// Sends the call and waits until the operation that it starts is done; gives the finished operation, or
            /// with its `reply_as` what came of it.
            pub fn wait(self) -> $crate::Wait<'static, M::Output>
            where
                M::Output: $crate::Operation,
            {
                $crate::Wait::new(self.0)
            }

            /// The call for the media in place of the metadata, which cannot be queued.
            pub fn download(self) -> $crate::Download<M>
            where
                M: $crate::ServesMedia,
            {
                $crate::Download::new(self.0)
            }
        }
    };
}

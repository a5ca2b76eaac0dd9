//! The macros of crates that have typed updates (`batchUpdate`).

/// Implements `From` for each member of a union of requests. A type that occurs twice gets constructors with names
/// instead.
///
/// `union! { Request { insert_text: InsertTextRequest, delete_text: DeleteTextRequest } named { move_up: MoveRequest }
/// }`
#[doc(hidden)]
#[macro_export]
macro_rules! union {
    ($union:ident { $($field:ident: $ty:ty),* $(,)? } $(named { $($named:ident: $twice:ty),* $(,)? })?) => {
        $(
            impl ::std::convert::From<$ty> for $union {
                fn from(value: $ty) -> Self {
                    $union {
                        $field: ::std::option::Option::Some(::std::convert::Into::into(value)),
                        ..::std::default::Default::default()
                    }
                }
            }
        )*
        $(
            impl $union {
                $(
                    /// Sets the member of that name and no other.
                    pub fn $named(value: impl ::std::convert::Into<$twice>) -> Self {
                        let value: $twice = ::std::convert::Into::into(value);
                        $union {
                            $named: ::std::option::Option::Some(::std::convert::Into::into(value)),
                            ..::std::default::Default::default()
                        }
                    }
                )*
            }
        )?
    };
}

/// Implements [`UpdateMethod`](crate::UpdateMethod) for the type of a method and [`SubRequest`](crate::SubRequest) for
/// its requests.
///
/// `updates! { BatchUpdate: schemas::BatchUpdateDocumentRequest => requests "requests" schemas::Request, replies
/// "replies" schemas::Response, "writeControl.requiredRevisionId"; schemas::InsertTextRequest "insertText"
/// schemas::AddTabRequest "addTab" => schemas::AddTabResponse }`
#[doc(hidden)]
#[macro_export]
macro_rules! updates {
    (
        $marker:ident: $body:ty => $requests:ident $requests_wire:literal $request:ty,
        $replies:ident $replies_wire:literal $reply:ty, $revision:literal;
        $($member:ty: $wire:literal $(=> $answer:ty)?),* $(,)?
    ) => {
        impl $crate::UpdateMethod for $marker {
            type Body = $body;
            type Request = $request;
            type Reply = $reply;
            const UPDATE: &'static $crate::private::spec::UpdateSpec = &$crate::private::spec::UpdateSpec {
                requests: $requests_wire,
                replies: $replies_wire,
                revision: $revision,
            };
            fn requests(body: &mut $body) -> &mut ::std::option::Option<::std::vec::Vec<$request>> {
                &mut body.$requests
            }
            fn replies(
                output: &mut <$marker as $crate::Method>::Output,
            ) -> &mut ::std::option::Option<::std::vec::Vec<$reply>> {
                &mut output.$replies
            }
        }
        impl $crate::SubRequest<$marker> for $request {
            type Reply = $reply;
            const MEMBER: $crate::private::Member = $crate::private::Member("");
        }
        $(
            impl $crate::SubRequest<$marker> for $member {
                type Reply = $crate::sub_reply!($($answer)?);
                const MEMBER: $crate::private::Member = $crate::private::Member($wire);
            }
        )*
    };
}

/// The type of a reply, `()` if there is none.
#[doc(hidden)]
#[macro_export]
macro_rules! sub_reply {
    () => {
        ()
    };
    ($reply:ty) => {
        $reply
    };
}

/// Defines the crate's own `Update<'cb, M>`. The setters of each method can then be inherent functions, as for
/// `Call<M>`.
#[doc(hidden)]
#[macro_export]
macro_rules! update {
    ($api:ident) => {
        /// An update that has not been sent: requests that the server applies in order, all of them or none.
        ///
        /// `.push` adds a request, and `.push_with` adds one whose reply is passed to a callback. `.await` sends all
        /// requests in one call, and `.queue` adds that call to a batch. An update is never split. Requests of a type
        /// that the method does not accept do not compile.
        #[must_use = "an update does nothing until it is sent or queued"]
        pub struct Update<'cb, M: $crate::UpdateMethod>($crate::private::RawUpdate<'cb, M>);

        impl<M: $crate::UpdateMethod> ::std::fmt::Debug for Update<'_, M> {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                ::std::fmt::Debug::fmt(&self.0, f)
            }
        }

        impl<'cb, M: $crate::UpdateMethod<Api = $api>> ::std::future::IntoFuture for Update<'cb, M> {
            type Output = $crate::Result<M::Output>;
            type IntoFuture = $crate::Sending<'cb, M::Output>;
            fn into_future(self) -> Self::IntoFuture {
                self.send()
            }
        }

        impl<'cb, M: $crate::UpdateMethod<Api = $api>> $crate::IntoCall<'cb, $api> for Update<'cb, M> {
            type Value = M::Output;
            fn into_parts(self) -> $crate::private::Parts<'cb, M::Output> {
                self.0.into_parts()
            }
        }

        impl<'cb, M: $crate::UpdateMethod<Api = $api>> Update<'cb, M> {
            #[allow(dead_code)]
            fn new(client: &$crate::Client, path: &[&dyn $crate::Param]) -> Self {
                Update($crate::private::RawUpdate::new(client, path))
            }

            #[allow(dead_code)]
            fn with_param(mut self, name: &str, value: &dyn $crate::Param) -> Self {
                self.0.set_param(name, value);
                self
            }

            #[allow(dead_code)]
            fn with_member(mut self, wire: &str, value: &dyn $crate::private::Field) -> Self {
                self.0.set_member(wire, value);
                self
            }

            /// Adds a request.
            pub fn push<R: $crate::SubRequest<M>>(mut self, request: R) -> Self {
                self.0.push(request);
                self
            }

            /// Adds several requests of one type.
            pub fn push_all<R: $crate::SubRequest<M>>(
                mut self,
                requests: impl ::std::iter::IntoIterator<Item = R>,
            ) -> Self {
                for request in requests {
                    self.0.push(request);
                }
                self
            }

            /// Adds a request with a callback for its reply. The reply is `()` if the API returns nothing for such a
            /// request. The callback runs exactly once when the response has arrived. If the server refuses a request,
            /// nothing is applied: the callback of that request gets the server's error, and the others get an error
            /// for which [`is_cancelled`](crate::Error::is_cancelled) holds.
            pub fn push_with<R: $crate::SubRequest<M>>(
                mut self,
                request: R,
                callback: impl ::std::ops::FnOnce($crate::Result<R::Reply>) + ::std::marker::Send + 'cb,
            ) -> Self {
                self.0.push_with(request, callback);
                self
            }

            /// Adds a request and returns a ticket for its reply, to be redeemed after the response has arrived.
            pub fn push_ticket<R: $crate::SubRequest<M>>(
                &mut self,
                request: R,
            ) -> $crate::UpdateTicket<R::Reply> {
                self.0.push_ticket(request)
            }

            /// Uses this body. Its requests follow those already pushed, and members that it does not set keep their
            /// values.
            pub fn with_body(mut self, body: M::Body) -> Self {
                self.0.set_body(body);
                self
            }

            /// The number of requests.
            pub fn len(&self) -> usize {
                self.0.len()
            }

            /// Whether there are no requests.
            pub fn is_empty(&self) -> bool {
                self.0.is_empty()
            }

            /// Requests only some members of the response. The replies are always included.
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

            /// Makes the call succeed only if the resource still has this ETag. Otherwise
            /// [`is_precondition_failed`](crate::Error::is_precondition_failed) holds for the error.
            pub fn if_match(self, etag: &str) -> Self {
                self.with_header("if-match", etag)
            }

            /// Sets the id of the update in a batch, from any value that can be displayed. Its reply and its record
            /// have this id.
            pub fn with_id(self, id: impl ::std::fmt::Display) -> Self {
                Update(self.0.change(|request| request.with_id(&id)))
            }

            /// Updates and calls with the same key go one after the other, in the order in which they were queued.
            pub fn with_key(self, key: impl ::std::fmt::Display) -> Self {
                Update(self.0.change(|request| request.with_key(&key)))
            }

            /// Sets a header of this call. In a batch, it is sent in the part of this call.
            pub fn with_header(self, name: &str, value: &str) -> Self {
                Update(self.0.change(|request| request.header(name, value)))
            }

            /// Adds a query parameter that the discovery document does not define.
            pub fn with_query(self, name: &str, value: &str) -> Self {
                Update(self.0.change(|request| request.query(name, value)))
            }

            /// Sets the timeout for each attempt of this call when it is sent alone.
            pub fn with_timeout(self, after: ::std::time::Duration) -> Self {
                Update(self.0.change(|request| request.timeout(after)))
            }

            /// Sets the retry policy of this call, instead of its client's.
            pub fn with_retry(self, policy: $crate::RetryPolicy) -> Self {
                Update(self.0.change(|request| request.retry(policy)))
            }

            /// Sets whether this call may be executed twice. By default it may if it requires a revision.
            pub fn with_idempotent(self, idempotent: bool) -> Self {
                Update(self.0.change(|request| request.idempotent(idempotent)))
            }

            /// Sends all requests in one call. `.await` on the update itself does the same. Callbacks run before the
            /// response is returned.
            ///
            /// # Errors
            /// The errors of any call. Before anything is sent: if there is no request, a request without exactly one
            /// member, or more requests than the API accepts. If the number of replies differs from the number of
            /// requests, the update was applied, and the error has the [response](crate::Error::response).
            ///
            /// # Panics
            /// If a callback panicked. The other callbacks run first, then the panic is resumed.
            pub fn send(self) -> $crate::Sending<'cb, M::Output> {
                self.0.into_parts().send()
            }

            /// Sends all requests in one call and returns the whole HTTP response together with the value.
            ///
            /// # Errors
            /// The errors of [`send`](Self::send).
            pub fn send_with_response(self) -> $crate::Sending<'cb, (M::Output, $crate::RawResponse)> {
                self.0.into_parts().send_with_response()
            }

            /// Returns the request without sending it, to inspect it or print it as a `curl` command. Secrets are
            /// masked.
            ///
            /// # Errors
            /// If the call is not valid.
            pub fn dry_run(self) -> $crate::Result<$crate::DryRun> {
                self.0.dry_run()
            }

            /// Adds the update to a batch, where it counts as one call. `callback` gets the response after the
            /// requests' own callbacks have run. [`Batch::add`](crate::Batch::add) returns a ticket instead.
            ///
            /// # Errors
            /// If the update is not valid, has another endpoint than the batch, or has an id that already occurs
            /// in the batch. Then nothing is queued and no callback ever runs.
            pub fn queue(
                self,
                batch: &mut $crate::Batch<'cb, $api>,
                callback: impl ::std::ops::FnOnce($crate::Reply<M::Output>) + ::std::marker::Send + 'cb,
            ) -> $crate::Result<()> {
                batch.queue(self, callback)
            }
        }
    };
}

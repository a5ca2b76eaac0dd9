//! The macros of crates that have typed updates (`batchUpdate`).

/// Writes how a union of requests is made: `From` for each of its members, and for a type that occurs twice a
/// constructor by name.
///
/// `union! { Request { insert_text: InsertTextRequest, delete_text: DeleteTextRequest } named { move_up: MoveRequest } }`
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
                    /// The request of that name, whose type alone does not tell which one is meant.
                    pub fn $named(value: $twice) -> Self {
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

/// Writes the marker's impl of [`UpdateMethod`](crate::UpdateMethod) and those of [`SubRequest`](crate::SubRequest).
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

/// The type of a reply, `()` where there is none.
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

/// Writes the crate's own `Update<'cb, M>`, so that the setters of each method can be inherent impls, as they are for
/// `Call<M>`.
#[doc(hidden)]
#[macro_export]
macro_rules! update {
    ($api:ident) => {
        /// An update under construction: requests that the server applies in their order, all of them or none.
        ///
        /// `.push` adds a request, `.push_with` one whose reply goes to a callback, `.await` sends them in one call, and
        /// `.queue` puts that call on a batch. It is never split. Requests of another type than the method takes do not
        /// compile.
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

            /// Adds requests of one type.
            pub fn push_all<R: $crate::SubRequest<M>>(
                mut self,
                requests: impl ::std::iter::IntoIterator<Item = R>,
            ) -> Self {
                for request in requests {
                    self.0.push(request);
                }
                self
            }

            /// Adds a request with a callback for its reply, which is `()` where the API answers such a request with
            /// nothing. It runs exactly once when the call is answered. If the server refuses one of the requests,
            /// nothing is applied: that one's callback gets the server's error, the others one that
            /// [says so](crate::Error::is_cancelled).
            pub fn push_with<R: $crate::SubRequest<M>>(
                mut self,
                request: R,
                callback: impl ::std::ops::FnOnce($crate::Result<R::Reply>) + ::std::marker::Send + 'cb,
            ) -> Self {
                self.0.push_with(request, callback);
                self
            }

            /// Adds a request and gives a ticket for its reply, to be redeemed when the call was answered.
            pub fn push_ticket<R: $crate::SubRequest<M>>(
                &mut self,
                request: R,
            ) -> $crate::UpdateTicket<R::Reply> {
                self.0.push_ticket(request)
            }

            /// Takes a whole body: its requests come after those that were pushed, and what it does not say stays as it
            /// was set before.
            pub fn with_body(mut self, body: M::Body) -> Self {
                self.0.set_body(body);
                self
            }

            /// How many requests there are.
            pub fn len(&self) -> usize {
                self.0.len()
            }

            /// Whether there is none.
            pub fn is_empty(&self) -> bool {
                self.0.is_empty()
            }

            /// Asks for some members of the response only; the replies stay among them.
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

            /// Only if the resource still has this ETag; otherwise the error
            /// [is a failed precondition](crate::Error::is_precondition_failed).
            pub fn if_match(self, etag: &str) -> Self {
                self.with_header("if-match", etag)
            }

            /// Names the update in a batch: its reply and its record there have this id, anything that displays.
            pub fn with_id(self, id: impl ::std::fmt::Display) -> Self {
                Update(self.0.change(|request| request.with_id(&id)))
            }

            /// Sets a header of this call. On a batch it travels with this call alone.
            pub fn with_header(self, name: &str, value: &str) -> Self {
                Update(self.0.change(|request| request.header(name, value)))
            }

            /// Adds a query parameter that the discovery document does not know.
            pub fn with_query(self, name: &str, value: &str) -> Self {
                Update(self.0.change(|request| request.query(name, value)))
            }

            /// Gives each attempt of this call, sent by itself, that long.
            pub fn with_timeout(self, after: ::std::time::Duration) -> Self {
                Update(self.0.change(|request| request.timeout(after)))
            }

            /// Sends this call again by another policy than its client's.
            pub fn with_retry(self, policy: $crate::RetryPolicy) -> Self {
                Update(self.0.change(|request| request.retry(policy)))
            }

            /// Says that this call may, or may not, be executed twice; by default it may if it requires a revision.
            pub fn with_idempotent(self, idempotent: bool) -> Self {
                Update(self.0.change(|request| request.idempotent(idempotent)))
            }

            /// Sends all requests in one call; `.await` on the update itself does the same. Callbacks run before the
            /// response is given.
            ///
            /// # Errors
            /// Those of any call. Before anything is sent: if there is no request, one that has not exactly one member
            /// set, or more than the API takes. If the response has another number of replies than there are requests,
            /// the update was applied, and the error has the [response](crate::Error::response).
            ///
            /// # Panics
            /// If a callback panicked: the others run first, then the panic goes on.
            pub fn send(self) -> $crate::Sending<'cb, M::Output> {
                self.0.into_parts().send()
            }

            /// Sends all requests in one call and gives the whole HTTP response beside the value.
            ///
            /// # Errors
            /// As [`send`](Self::send).
            pub fn send_with_response(self) -> $crate::Sending<'cb, (M::Output, $crate::RawResponse)> {
                self.0.into_parts().send_with_response()
            }

            /// What would be sent, to be looked at or printed as a `curl` command. Secrets are masked.
            ///
            /// # Errors
            /// If the call is not valid.
            pub fn dry_run(self) -> $crate::Result<$crate::DryRun> {
                self.0.dry_run()
            }

            /// Puts the update on a batch, where it counts as one call. `callback` gets the response when the requests'
            /// own callbacks have run. [`Batch::add`](crate::Batch::add) gives a ticket instead.
            ///
            /// # Errors
            /// If the update is not valid, goes to another endpoint than the batch, or has an id that the batch has
            /// already; then nothing is queued and no callback ever runs.
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

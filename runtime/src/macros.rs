//! The macros that generated crates call. What a user of such a crate sees (structs, enums, functions) is written out
//! there as plain Rust; what is the same for each is written here once.

/// Writes what every schema has in common: `Default`, `Clone`, `PartialEq`, `Debug`, serde and [`Object`](crate::schema::Object).
///
/// Members are given in the order of their wire names, numbered from 0.
#[doc(hidden)]
#[macro_export]
macro_rules! object {
    ($name:ident { $($index:literal $field:ident $wire:literal)* }) => {
            impl ::std::default::Default for $name {
                fn default() -> Self {
                    $name { $($field: ::std::option::Option::None,)* extra: $crate::schema::Extra::NEW }
                }
            }
            impl ::std::clone::Clone for $name {
                fn clone(&self) -> Self {
                    $crate::schema::clone(self)
                }
            }
            impl ::std::cmp::PartialEq for $name {
                fn eq(&self, other: &Self) -> bool {
                    $crate::schema::eq(self, other)
                }
            }
            impl ::std::fmt::Debug for $name {
                fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                    $crate::schema::debug(::std::stringify!($name), self, f)
                }
            }
            impl $crate::serde::Serialize for $name {
                fn serialize<S: $crate::serde::Serializer>(&self, serializer: S) -> ::std::result::Result<S::Ok, S::Error> {
                    $crate::schema::serialize(self, serializer)
                }
            }
            impl<'de> $crate::serde::Deserialize<'de> for $name {
                fn deserialize<D: $crate::serde::Deserializer<'de>>(deserializer: D) -> ::std::result::Result<Self, D::Error> {
                    $crate::schema::deserialize(deserializer)
                }
            }
            impl $crate::schema::Object for $name {
                fn names(&self) -> &'static [&'static str] {
                    &[$($wire),*]
                }
                fn get(&self, index: usize) -> &dyn $crate::schema::Field {
                    match index {
                        $($index => &self.$field,)*
                        _ => $crate::schema::no_member(index),
                    }
                }
                fn get_mut(&mut self, index: usize) -> &mut dyn $crate::schema::Field {
                    match index {
                        $($index => &mut self.$field,)*
                        _ => $crate::schema::no_member_mut(index),
                    }
                }
                fn extra(&self) -> &$crate::schema::Extra {
                    &self.extra
                }
                fn extra_mut(&mut self) -> &mut $crate::schema::Extra {
                    &mut self.extra
                }
            }
    };
}

/// Writes what every open enum has in common. Values are given in the order of the variants.
#[doc(hidden)]
#[macro_export]
macro_rules! open_enum {
    ($name:ident { $($variant:ident $wire:literal)* }) => {
            impl ::std::clone::Clone for $name {
                fn clone(&self) -> Self {
                    *self
                }
            }
            impl ::std::marker::Copy for $name {}
            impl ::std::cmp::PartialEq for $name {
                fn eq(&self, other: &Self) -> bool {
                    *self as usize == *other as usize
                }
            }
            impl ::std::cmp::Eq for $name {}
            impl ::std::fmt::Debug for $name {
                fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                    f.write_str($crate::schema::Enum::as_str(*self))
                }
            }
            impl $crate::schema::Enum for $name {
                const NAMES: &'static [&'static str] = &[$($wire),*];
                const VALUES: &'static [Self] = &[$($name::$variant),*];
                fn index(self) -> usize {
                    self as usize
                }
            }
    };
}

/// Writes the marker's impl of [`Method`](crate::Method).
///
/// `method! { Get: Drive => File; "drive.files.get" GET "files/{fileId}" }`, then, in braces, members of
/// [`MethodSpec`](crate::spec::MethodSpec) that differ from the default.
#[doc(hidden)]
#[macro_export]
macro_rules! method {
    ($marker:ident: $api:ty => $output:ty; $id:literal $verb:ident $path:literal $({ $($member:ident: $value:expr),* $(,)? })?) => {
        impl $crate::Method for $marker {
            type Api = $api;
            type Output = $output;
            const SPEC: &'static $crate::spec::MethodSpec = &$crate::spec::MethodSpec {
                id: $id,
                verb: ::std::stringify!($verb),
                path: $path,
                $($($member: $value,)*)?
                ..$crate::spec::MethodSpec::DEFAULT
            };
        }
    };
}

/// Writes the marker's impl of [`Paged`](crate::Paged): `paged! { List => File; "pageToken" "nextPageToken" "files" }`,
/// with `body` before the first name where the request's token is a member of the body.
#[doc(hidden)]
#[macro_export]
macro_rules! paged {
    ($marker:ident => $item:ty; $token:literal $next:literal $items:literal) => {
        $crate::paged! { @ $marker, $item, false, $token, $next, $items }
    };
    ($marker:ident => $item:ty; body $token:literal $next:literal $items:literal) => {
        $crate::paged! { @ $marker, $item, true, $token, $next, $items }
    };
    (@ $marker:ident, $item:ty, $body:literal, $token:literal, $next:literal, $items:literal) => {
        impl $crate::Paged for $marker {
            type Item = $item;
            const PAGING: &'static $crate::spec::Paging = &$crate::spec::Paging {
                token: $token,
                token_in_body: $body,
                next_token: $next,
                items: $items,
            };
        }
    };
}

/// Writes a service's impls and the crate's own `Call<M>`, so that the setters of each method can be inherent impls of
/// `Call<Marker>` and every verb stands once per crate.
///
/// `api! { Drive { name: "drive", version: "v3", … } }`, the members of [`ApiSpec`](crate::spec::ApiSpec) that differ
/// from the default; the struct `Drive(Client)` stands beside it.
#[doc(hidden)]
#[macro_export]
macro_rules! api {
    ($api:ident { $($member:ident: $value:expr),* $(,)? }) => {
        impl $crate::Api for $api {
            const SPEC: &'static $crate::spec::ApiSpec = &$crate::spec::ApiSpec {
                $($member: $value,)*
                ..$crate::spec::ApiSpec::DEFAULT
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
            /// A call by verb and path (below the service path, or below the root with a leading `/`), for what the
            /// generated methods do not cover. The path is sent as it is; the response is any JSON value.
            pub fn call(
                &self,
                verb: &str,
                path: &str,
                body: ::std::option::Option<$crate::Json>,
            ) -> Call<$crate::Raw<$api>> {
                Call($crate::Request::raw::<$api>(&self.0, verb, path, body), ::std::marker::PhantomData)
            }
        }

        /// A call under construction: `.await` sends it, `.queue` puts it on a batch, `.send_with` lets it travel with
        /// the calls of other tasks.
        #[must_use = "a call does nothing until it is sent or queued"]
        pub struct Call<M>($crate::Request, ::std::marker::PhantomData<fn() -> M>);
    };
}

//! Handlers of methods that accept or serve media.

use std::sync::Arc;

use gapis_runtime::{AcceptsMedia, Api, ServesMedia};

use crate::call::MockCall;
use crate::media::{MockMedia, serve};
use crate::reply::{MockResponse, MockResult};
use crate::route::{Route, Template};
use crate::table::Handlers;
use crate::uploads::Uploaded;

impl Handlers {
    /// Handles uploads of the method `M` by any protocol: alone, with metadata, or in chunks. The handler is called
    /// when the upload is complete. The body of its call is the metadata, or `{}` if there is none.
    ///
    /// ```
    /// # use gapis_testkit::photos::{Get, Insert, Photos};
    /// # use gapis_runtime::Json;
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), gapis_runtime::Error> {
    /// use gapis_mock::Handlers;
    ///
    /// let handlers = Handlers::new();
    /// handlers.on_upload::<Insert>(|call, media| {
    ///     let mut photo: Json = call.body()?;
    ///     photo["size"] = media.bytes().len().into();
    ///     Ok(photo)
    /// });
    /// let photos = Photos::builder().anonymous().transport(handlers).build()?;
    /// let photo = photos.insert(serde_json::json!({"title": "me"})).upload("not a picture").await?;
    /// assert_eq!(photo, serde_json::json!({"title": "me", "size": 13}));
    /// # Ok(())
    /// # }
    /// ```
    pub fn on_upload<M: AcceptsMedia>(
        &self,
        handler: impl Fn(&MockCall, MockMedia) -> MockResult<M::Output> + Send + Sync + 'static,
    ) -> &Self {
        let api = <M::Api as Api>::SPEC;
        let Some(spec) = M::SPEC.upload else { return self };
        let template = || Template::parse(spec.path());
        for verb in ["PUT", "DELETE"] {
            // Another method may have registered the same path for requests to sessions.
            if verb != M::SPEC.verb && !self.has(verb, template().text()) {
                let (uploads, verb) = (self.uploads().clone(), verb.to_owned());
                let handler = Box::new(move |call: &MockCall| uploads.of_session(call));
                self.add(Route { verb, template: template(), api, method: None, media: false, handler });
            }
        }
        let uploads = self.uploads().clone();
        let handler: Arc<Uploaded> = Arc::new(move |call, media| match handler(call, media) {
            Ok(value) => MockResponse::value::<M>(&value),
            Err(error) => error.into(),
        });
        let handler = Box::new(move |call: &MockCall| uploads.answer(call, &handler));
        let (verb, method) = (M::SPEC.verb.to_owned(), Some(M::SPEC));
        self.add(Route { verb, template: template(), api, method, media: false, handler })
    }

    /// Handles downloads of the method `M`, in addition to a handler for its metadata: below `/download/` if the API
    /// has that path, and at the method's own path with `alt=media`. Ranges, `If-Match` and checksums refer to the
    /// returned media.
    ///
    /// ```
    /// # use gapis_testkit::photos::{Get, Insert, Photos};
    /// # use gapis_runtime::Json;
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), gapis_runtime::Error> {
    /// use gapis_mock::{Handlers, MockMedia};
    ///
    /// let handlers = Handlers::new();
    /// handlers.on_download::<Get>(|call| Ok(MockMedia::new("text/plain", format!("photo {}", call.var("id")?))));
    /// let photos = Photos::builder().anonymous().transport(handlers).build()?;
    /// assert_eq!(photos.get("7").download().bytes().await?, "photo 7");
    /// assert_eq!(photos.get("7").download().with_range(..5).bytes().await?, "photo");
    /// # Ok(())
    /// # }
    /// ```
    pub fn on_download<M: ServesMedia>(
        &self,
        handler: impl Fn(&MockCall) -> MockResult<MockMedia> + Send + Sync + 'static,
    ) -> &Self {
        let api = <M::Api as Api>::SPEC;
        let handler = Arc::new(handler);
        // Some clients request media at a separate path, others at the path of its metadata.
        for folder in ["", "download/"] {
            if !folder.is_empty() && !M::SPEC.download.is_some_and(|spec| spec.media_service) {
                continue;
            }
            let handler = handler.clone();
            self.add(Route {
                verb: M::SPEC.verb.to_owned(),
                template: Template::parse(&format!("{folder}{}{}", api.service_path, M::SPEC.path)),
                api,
                method: Some(M::SPEC),
                media: true,
                handler: Box::new(move |call| match handler(call) {
                    Ok(media) => serve(call, &media),
                    Err(error) => error.into(),
                }),
            });
        }
        self
    }
}

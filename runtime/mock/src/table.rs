//! The table of handlers: a function from a request to a response.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use bytes::Bytes;
use gapis_runtime::private::spec::ApiSpec;
use gapis_runtime::{Api, Method};

use crate::call::MockCall;
use crate::fault::Fault;
use crate::moment::Moment;
use crate::record::{MockRequest, Record};
use crate::render::Answer;
use crate::reply::{MockResponse, MockResult};
use crate::route::{Route, Template};
use crate::rules::BatchRules;
use crate::script::Faults;
use crate::uploads::Uploads;

/// The mock without a server: handlers, faults and the record of requests. Clones share one table.
///
/// If several handlers match a call, the one whose path template has more literal text is used: `animals/count` takes
/// precedence over `animals/{id}`, whichever was added first. Of two with the same amount, the later one is used.
///
/// ```
/// use gapis_mock::{Handlers, MockResponse};
///
/// let handlers = Handlers::new();
/// handlers.route("DELETE", "/farm/v2/animals/{id}", |_| MockResponse::new(204));
/// let request = http::Request::delete("/farm/v2/animals/7").body(bytes::Bytes::new()).unwrap();
/// assert_eq!(handlers.handle(request).status(), 204);
/// assert_eq!(handlers.calls()[0].path(), "/farm/v2/animals/7");
/// ```
#[derive(Clone, Default)]
pub struct Handlers(Arc<Table>);

#[derive(Default)]
struct Table {
    routes: RwLock<Arc<Vec<Arc<Route>>>>,
    batches: RwLock<HashMap<String, usize>>,
    rules: RwLock<BatchRules>,
    bearer: RwLock<Option<String>>,
    faults: Faults,
    uploads: Arc<Uploads>,
    record: Mutex<Record>,
    requests: AtomicUsize,
}

impl Handlers {
    /// An empty table. The response to every call is a 404 in Google's format.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Handles calls of the method `M`, and enables the batch endpoint of its API.
    ///
    /// ```
    /// # use gapis_testkit::farm::{Farm, animals, schemas};
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), gapis_runtime::Error> {
    /// use gapis_mock::{Handlers, MockError};
    /// use schemas::Animal;
    ///
    /// let handlers = Handlers::new();
    /// handlers.on::<animals::Get>(|call| match call.var("animalId")? {
    ///     "pony" => Ok(Animal { name: Some("pony".to_owned()), ..Default::default() }),
    ///     other => Err(MockError::not_found(other)),
    /// });
    /// let farm = Farm::builder().anonymous().transport(handlers.clone()).build()?;
    /// assert_eq!(farm.animals().get("pony").await?.name.as_deref(), Some("pony"));
    /// assert!(farm.animals().get("unicorn").await.unwrap_err().is_not_found());
    /// assert_eq!(handlers.calls_of::<animals::Get>().len(), 2);
    /// # Ok(())
    /// # }
    /// ```
    pub fn on<M: Method>(
        &self,
        handler: impl Fn(&MockCall) -> MockResult<M::Output> + Send + Sync + 'static,
    ) -> &Self {
        self.on_raw::<M>(move |call| match handler(call) {
            Ok(value) => MockResponse::value::<M>(&value),
            Err(error) => error.into(),
        })
    }

    /// Handles calls of the method `M` with any HTTP response. [`MockResponse::value`] creates the usual one, to which
    /// headers can be added.
    pub fn on_raw<M: Method>(
        &self,
        handler: impl Fn(&MockCall) -> MockResponse + Send + Sync + 'static,
    ) -> &Self {
        let api = <M::Api as Api>::SPEC;
        if !api.batch_path.is_empty() {
            write(&self.0.batches).insert(path_key(api.batch_path), api.limits.calls);
        }
        self.add(Route {
            verb: M::SPEC.verb.to_owned(),
            template: Template::parse(&format!("{}{}", api.service_path, M::SPEC.path)),
            api,
            method: Some(M::SPEC),
            media: false,
            handler: Box::new(handler),
        })
    }

    /// Handles calls by HTTP method and path template, with `{x}` for one segment and `{+x}` for several.
    pub fn route(
        &self,
        verb: &str,
        template: &str,
        handler: impl Fn(&MockCall) -> MockResponse + Send + Sync + 'static,
    ) -> &Self {
        self.add(Route {
            verb: verb.to_owned(),
            template: Template::parse(template),
            api: &ApiSpec::DEFAULT,
            method: None,
            media: false,
            handler: Box::new(handler),
        })
    }

    /// Enables a batch endpoint at that path. `batch` and those of typed handlers are always enabled.
    pub fn batch_path(&self, path: &str) -> &Self {
        write(&self.0.batches).entry(path_key(path)).or_insert(ApiSpec::DEFAULT.limits.calls);
        self
    }

    /// Sets the rules of the batch endpoints.
    pub fn batch_rules(&self, rules: BatchRules) -> &Self {
        *write(&self.0.rules) = rules;
        self
    }

    /// Responds with 401 to calls without that bearer token. In a batch each call is checked, with the header that it
    /// inherits; a wrong token in the outer request is a 401 for the whole batch. Another call of this function
    /// replaces the token.
    ///
    /// ```
    /// use gapis_mock::Handlers;
    ///
    /// let handlers = Handlers::new();
    /// handlers.require_bearer("secret");
    /// let answer = handlers.handle(http::Request::get("/x").body(bytes::Bytes::new()).unwrap());
    /// assert_eq!(answer.status(), 401);
    /// assert!(answer.headers().contains_key("www-authenticate"));
    /// ```
    pub fn require_bearer(&self, token: &str) -> &Self {
        *write(&self.0.bearer) = Some(format!("Bearer {token}"));
        self
    }

    /// Adds a fault.
    pub fn fault(&self, fault: Fault) -> &Self {
        self.0.faults.add(fault);
        self
    }

    /// Removes all faults.
    pub fn clear_faults(&self) -> &Self {
        self.0.faults.clear();
        self
    }

    /// Sets how many of the last HTTP requests and calls are kept for [`requests`](Self::requests) and
    /// [`calls`](Self::calls). Default: 1,000 and 10,000.
    pub fn keep(&self, requests: usize, calls: usize) -> &Self {
        self.record().keep(requests, calls);
        self
    }

    /// The last HTTP requests, oldest first.
    #[must_use]
    pub fn requests(&self) -> Vec<MockRequest> {
        self.record().requests()
    }

    /// The last calls, sent alone or in batches, oldest first.
    #[must_use]
    pub fn calls(&self) -> Vec<MockCall> {
        self.record().calls()
    }

    /// The last calls of the method `M`, oldest first.
    #[must_use]
    pub fn calls_of<M: Method>(&self) -> Vec<MockCall> {
        let mut calls = self.calls();
        calls.retain(|call| call.method_id() == Some(M::SPEC.id));
        calls
    }

    /// The total number of HTTP requests.
    #[must_use]
    pub fn request_count(&self) -> usize {
        self.0.requests.load(Ordering::Relaxed)
    }

    /// The total number of calls.
    #[must_use]
    pub fn call_count(&self) -> usize {
        self.record().seen_calls
    }

    /// Deletes the recorded requests and calls. The totals and the numbering continue.
    pub fn forget(&self) -> &Self {
        self.record().clear();
        self
    }

    /// Handles a request without a server. Of the faults of a connection, delays have no effect, a cut body is short,
    /// and a closed connection is a 502 without a body.
    #[must_use]
    pub fn handle(&self, request: http::Request<Bytes>) -> http::Response<Bytes> {
        let mut answer = self.answer(request);
        if answer.way.close {
            return MockResponse::new(502).into_http();
        }
        if let Some(cut) = answer.way.cut {
            answer.response.body.truncate(cut);
        }
        answer.response.into_http()
    }

    /// The response and how it is sent.
    pub(crate) fn answer(&self, request: http::Request<Bytes>) -> Answer {
        let number = self.0.requests.fetch_add(1, Ordering::Relaxed);
        let (parts, body) = request.into_parts();
        let target = parts.uri.path_and_query().map_or("/", |target| target.as_str());
        let mut call = MockCall::new(number, parts.method.as_str(), target, parts.headers, body);
        self.record().request(MockRequest {
            number,
            verb: call.verb.clone(),
            path: call.path.clone(),
            query: call.query.clone(),
            headers: call.headers.clone(),
            body: call.body.clone(),
        });
        call.undo_override();
        let moment = self.moment();
        let batch = if call.verb == "POST" { self.batch_limit(&call.path) } else { None };
        let route = if batch.is_none() { moment.find(&mut call) } else { None };
        let mut effects = moment.script.of_response(&call, batch.is_some());
        let mut answer = match (effects.answer.take(), batch) {
            (Some(response), _) => Answer::new(response),
            (None, Some(limit)) => match moment.batch(call, limit, &effects) {
                Ok((answer, calls)) => {
                    self.record().calls_seen(calls);
                    answer
                }
                Err(error) => Answer::new(error.into()),
            },
            (None, None) => {
                let (answer, call) = moment.single(call, route.as_deref());
                self.record().calls_seen([call]);
                answer
            }
        };
        answer.spoil(effects);
        answer
    }

    pub(crate) fn add(&self, route: Route) -> &Self {
        let mut routes = write(&self.0.routes);
        let routes = Arc::make_mut(&mut *routes);
        let key = |route: &Route| (route.verb.clone(), route.template.text().to_owned(), route.media);
        let (own, rank) = (key(&route), |route: &Route| (route.template.weight(), route.media));
        routes.retain(|old| key(old) != own);
        let at = routes.iter().position(|old| rank(old) <= rank(&route)).unwrap_or(routes.len());
        routes.insert(at, Arc::new(route));
        self
    }

    pub(crate) fn has(&self, verb: &str, template: &str) -> bool {
        let routes = self.0.routes.read().unwrap_or_else(PoisonError::into_inner);
        routes.iter().any(|route| route.verb == verb && route.template.text() == template)
    }

    pub(crate) fn uploads(&self) -> &Arc<Uploads> {
        &self.0.uploads
    }

    fn batch_limit(&self, path: &str) -> Option<usize> {
        let key = path.trim_matches('/');
        let known = self.0.batches.read().unwrap_or_else(PoisonError::into_inner).get(key).copied();
        known.or_else(|| (key == "batch").then_some(ApiSpec::DEFAULT.limits.calls))
    }

    fn moment(&self) -> Moment {
        fn copy<T: Clone>(lock: &RwLock<T>) -> T {
            lock.read().unwrap_or_else(PoisonError::into_inner).clone()
        }
        Moment {
            routes: copy(&self.0.routes),
            script: self.0.faults.now(),
            rules: copy(&self.0.rules),
            bearer: copy(&self.0.bearer),
        }
    }

    fn record(&self) -> MutexGuard<'_, Record> {
        self.0.record.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::fmt::Debug for Handlers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Handlers").field("requests", &self.request_count()).finish_non_exhaustive()
    }
}

fn write<T>(lock: &RwLock<T>) -> std::sync::RwLockWriteGuard<'_, T> {
    lock.write().unwrap_or_else(PoisonError::into_inner)
}

fn path_key(path: &str) -> String {
    path.trim_matches('/').to_owned()
}

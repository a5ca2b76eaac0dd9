//! The state of the table when a request arrives, and the response to a call in that state.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use http::HeaderMap;

use crate::call::{MockCall, Outer};
use crate::effect::ResponseEffects;
use crate::multipart;
use crate::render::{self, Answer, Answered};
use crate::reply::{MockError, MockResponse, MockResult};
use crate::route::Route;
use crate::rules::{BatchRules, ContentIds};
use crate::script::Script;

/// What a request needs from the table. No lock is held while handlers run, so they may use the table.
pub(crate) struct Moment {
    pub(crate) routes: Arc<Vec<Arc<Route>>>,
    pub(crate) script: Script,
    pub(crate) rules: BatchRules,
    pub(crate) bearer: Option<String>,
}

impl Moment {
    /// Finds the handler for the call, and sets the call's path variables.
    pub(crate) fn find(&self, call: &mut MockCall) -> Option<Arc<Route>> {
        let path = call.path.strip_prefix('/').unwrap_or(&call.path);
        let media = call.query("alt").as_deref() == Some("media");
        let matching = |route: &Arc<Route>| Some((route.clone(), route.template.matches(path)?));
        let mut routes =
            self.routes.iter().filter(|route| route.verb == call.verb && (media || !route.media));
        let (route, vars) = routes.find_map(matching)?;
        call.vars = vars;
        call.api = route.api;
        call.method = route.method;
        route.template.text().clone_into(&mut call.template);
        Some(route)
    }

    /// The response to a call that was sent alone.
    pub(crate) fn single(&self, mut call: MockCall, route: Option<&Route>) -> (Answer, MockCall) {
        let effects = self.script.of_call(&call, false);
        let mut response = self.dispatch(&mut call, route, effects.answer.as_ref());
        if effects.garbled_json {
            response.body = render::garbled(&response.body);
        }
        let mut answer = Answer::new(response);
        answer.way.close = effects.dropped;
        (answer, call)
    }

    /// The response to a batch, and its calls. The error is for the batch as a whole.
    pub(crate) fn batch(
        &self,
        request: MockCall,
        limit: usize,
        effects: &ResponseEffects,
    ) -> MockResult<(Answer, Vec<MockCall>)> {
        let bearer = request.header("authorization");
        if bearer.is_some() && self.bearer.is_some() && bearer != self.bearer.as_deref() {
            return Err(MockError::unauthenticated());
        }
        let parts = self.parts(&request, limit, effects)?;
        let outer = Arc::new(Outer { headers: request.headers, query: request.query });
        let parts = parts.into_iter().enumerate();
        let (calls, answered) =
            parts.map(|(index, part)| self.part(request.request, index, part, &outer)).unzip();
        Ok((render::batch(answered, request.request as u64, &effects.form), calls))
    }

    fn parts(
        &self,
        request: &MockCall,
        limit: usize,
        effects: &ResponseEffects,
    ) -> MockResult<Vec<multipart::Part>> {
        let refuse = |error: String| {
            MockError::new(400, "badRequest", format!("Failed to parse batch request, error: {error}"))
        };
        let kind = request.header("content-type").unwrap_or_default();
        let boundary = multipart::boundary(kind, "multipart/mixed").map_err(refuse)?;
        let parts = multipart::split(&boundary, &request.body, self.rules.strict).map_err(refuse)?;
        if parts.is_empty() {
            return Err(refuse("0 items".to_owned()));
        }
        let limit = self.rules.max_calls.unwrap_or(limit).min(effects.limit.unwrap_or(usize::MAX));
        if parts.len() > limit {
            return Err(MockError::too_many_calls(parts.len(), limit));
        }
        check_ids(parts, self.rules.content_ids)
    }

    /// Takes the call from one part of a batch, and creates the part of the response.
    fn part(
        &self,
        request: usize,
        index: usize,
        part: multipart::Part,
        outer: &Arc<Outer>,
    ) -> (MockCall, Answered) {
        let inner = multipart::inner(&part.content, self.rules.strict);
        let mut call = match &inner {
            Ok(inner) => {
                MockCall::new(request, &inner.verb, &inner.target, inner.headers.clone(), inner.body.clone())
            }
            Err(_) => MockCall::new(request, "", "", HeaderMap::new(), part.content.clone()),
        };
        call.index = Some(index);
        call.content_id.clone_from(&part.content_id);
        call.outer = Some(outer.clone());
        call.undo_override();
        let route = self.find(&mut call);
        let effects = self.script.of_call(&call, true);
        let response = match inner.and_then(|_| no_media(&call)) {
            Ok(()) => self.dispatch(&mut call, route.as_deref(), effects.answer.as_ref()),
            Err(error) => error.into(),
        };
        call.status = Some(response.status());
        (call, Answered { content_id: part.content_id, response, effects })
    }

    /// The response of the handler, unless a fault or the token requires another.
    fn dispatch(
        &self,
        call: &mut MockCall,
        route: Option<&Route>,
        scripted: Option<&MockResponse>,
    ) -> MockResponse {
        let response = match (scripted, route) {
            (Some(answer), _) => answer.clone(),
            _ if self.bearer.is_some() && call.header("authorization") != self.bearer.as_deref() => {
                MockError::unauthenticated().into()
            }
            (None, Some(route)) => run(route, call),
            (None, None) => {
                let message = format!("Not Found: the mock has no handler for {} {}", call.verb, call.path);
                MockError::new(404, "notFound", message).into()
            }
        };
        call.status = Some(response.status());
        response
    }
}

fn check_ids(mut parts: Vec<multipart::Part>, rule: ContentIds) -> MockResult<Vec<multipart::Part>> {
    match rule {
        ContentIds::Any => {}
        ContentIds::Required => parts.retain(|part| part.content_id.is_some()),
        ContentIds::Unique => {
            let mut seen = std::collections::HashSet::new();
            if !parts.iter().all(|part| seen.insert(part.content_id.as_deref())) {
                return Err(MockError::new(400, "badRequest", "Duplicate Request ID in Batch Request"));
            }
        }
    }
    Ok(parts)
}

/// Refuses media, which batches do not support.
fn no_media(call: &MockCall) -> MockResult<()> {
    let media = ["/upload/", "/resumable/upload/", "/download/"];
    if media.iter().any(|start| call.path.starts_with(start)) || call.query("alt").as_deref() == Some("media")
    {
        return Err(MockError::new(
            400,
            "badRequest",
            "Media upload and download are not supported in a batch",
        ));
    }
    Ok(())
}

/// Runs a handler. A panic, such as a failed assertion, becomes a 500 with the panic's message.
fn run(route: &Route, call: &MockCall) -> MockResponse {
    catch_unwind(AssertUnwindSafe(|| (route.handler)(call))).unwrap_or_else(|panic| {
        let text = panic
            .downcast_ref::<&str>()
            .copied()
            .or_else(|| panic.downcast_ref::<String>().map(String::as_str));
        let message = format!("the mock handler panicked: {}", text.unwrap_or("no message"));
        MockError::new(500, "backendError", message).into()
    })
}

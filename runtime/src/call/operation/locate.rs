//! Finds the method that returns an operation, and the values for the variables in its path.
//!
//! The values come from the operation's name, its link, its members, and the path of the call that started it. Text
//! from a server is only used as a value in the path of a known method, at the client's own endpoint, so a server
//! cannot choose another host or another method.

use super::state::State;
use super::template::{in_order, matched_encoded, matched_tail, variables};
use crate::call::request::Request;
use crate::wire::spec::{ApiSpec, MethodSpec, Polling};
use crate::{Client, Error, Param, Result};

/// What is known about all operations of a schema.
pub(super) struct Locator {
    pub(super) api: &'static ApiSpec,
    pub(super) polling: &'static Polling,
    pub(super) members: &'static [&'static str],
}

impl Locator {
    /// The call that requests the operation again.
    ///
    /// # Errors
    /// If what is known does not fit the path of any poll, or if a value is not allowed in a path.
    pub(super) fn poll(&self, client: &Client, state: &State, call: Option<&Request>) -> Result<Request> {
        // A call that only requested the operation is repeated.
        let asks = |call: &&Request| {
            call.verb() == "GET" && self.polling.polls.iter().any(|poll| poll.path == call.spec().path)
        };
        if let Some(call) = call.filter(asks) {
            return Ok(call.clone());
        }
        let found = self.by_name(state).or_else(|| self.by_link(client, state));
        let Some((spec, values)) = found.or_else(|| self.by_members(state, call)) else {
            let paths: Vec<&str> = self.polling.polls.iter().map(|poll| poll.path).collect();
            return Err(Error::protocol(format!(
                "{}: the operation `{}` is not done, and its name and members do not fit the path of a method that \
                 returns it: {}",
                call.map_or(self.api.name, Request::id),
                state.name(),
                paths.join(", "),
            )));
        };
        let values: Vec<&dyn Param> = values.iter().map(|value| value as &dyn Param).collect();
        let poll = match call {
            Some(call) => call.follow_up(spec, &values),
            None => Request::from_spec(client, self.api, spec, &values, None),
        };
        poll.check().map_err(|error| match call {
            // The call was executed, and the text that does not fit in a path is the server's.
            Some(call) => {
                let (id, name) = (call.id(), state.name());
                Error::protocol(format!("{id}: the operation `{name}` cannot be requested: {error}"))
            }
            None => error,
        })?;
        Ok(poll)
    }

    /// Finds the method by the name alone, as in google.longrunning: the name is the end of the path, or the path's
    /// only variable. Names as in Compute Engine are unique only within a project or zone, so they are not sufficient.
    fn by_name(&self, state: &State) -> Option<(&'static MethodSpec, Vec<String>)> {
        if self.polling.by_status {
            return None;
        }
        let name = state.text("name")?;
        self.polling.polls.iter().find_map(|spec| Some((spec, values_of_name(spec.path, name)?)))
    }

    fn by_link(&self, client: &Client, state: &State) -> Option<(&'static MethodSpec, Vec<String>)> {
        let link = state.text("selfLink")?;
        let link = link.split(['?', '#']).next().unwrap_or_default();
        let root = client.root(self.api).ok()?;
        let path = link.strip_prefix(&*root).or_else(|| {
            let (_, rest) = link.split_once("://")?;
            rest.split_once('/').map(|(_, path)| path)
        });
        let path = path.unwrap_or(link).strip_prefix(self.api.service_path)?;
        self.polling
            .polls
            .iter()
            .find_map(|spec| Some((spec, in_order(spec.path, matched_encoded(spec.path, path)?)?)))
    }

    /// Finds the method by members with the names of the variables, and by the path of the call. If the operation
    /// itself names a region, the regional method is used, even if the call was about something in a zone.
    fn by_members(
        &self,
        state: &State,
        call: Option<&Request>,
    ) -> Option<(&'static MethodSpec, Vec<String>)> {
        let from_call = call.and_then(|call| {
            let path = call.path().strip_prefix(self.api.service_path)?;
            matched_encoded(call.spec().path, path)
        });
        let from_call = from_call.unwrap_or_default();
        let name = state.text("name")?;
        let gather = |spec: &MethodSpec, is_strict: bool| -> Option<Vec<String>> {
            let variables: Vec<(&str, bool)> = variables(spec.path).collect();
            let (&(_, is_path), others) = variables.split_last()?;
            let mut values = Vec::new();
            let mut names_place = !is_strict;
            for (variable, _) in others {
                let from_operation = state.text(variable).map(|text| last_segment(text).to_owned());
                names_place |= from_operation.is_some();
                let may_be_of_call = !is_strict || !self.members.contains(variable);
                values.push(
                    from_operation.or_else(|| from_call.get(variable).filter(|_| may_be_of_call).cloned())?,
                );
            }
            if !names_place {
                return None;
            }
            let value =
                if is_path { Some(name).filter(|name| name.contains('/')) } else { Some(last_segment(name)) };
            values.push(value?.to_owned());
            Some(values)
        };
        let polls = self.polling.polls;
        [true, false]
            .into_iter()
            .find_map(|is_strict| polls.iter().find_map(|spec| Some((spec, gather(spec, is_strict)?))))
    }
}

/// The values of a path's variables, if the path ends with the name. A sole variable accepts any name.
fn values_of_name(template: &str, name: &str) -> Option<Vec<String>> {
    let whole = || (variables(template).count() == 1).then(|| vec![name.to_owned()]);
    matched_tail(template, name).and_then(|values| in_order(template, values)).or_else(whole)
}

/// The last segment, such as `us-central1-a` in `https://…/zones/us-central1-a`.
fn last_segment(text: &str) -> &str {
    text.rsplit('/').next().unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_the_ends_of_paths() {
        let values = |template, name| values_of_name(template, name).map(|values| values.join(" "));
        for (template, name, expected) in [
            ("v1/{+name}", "projects/p/operations/o", Some("projects/p/operations/o")),
            ("v1/{+name}", "operations/o%2F", Some("operations/o%2F")),
            ("v1/apps/{appsId}/operations/{operationsId}", "apps/a/operations/o", Some("a o")),
            ("v1/apps/{appsId}/operations/{operationsId}", "projects/a/operations/o", None),
            // Speech names its operations by a number, Drive does not tell.
            ("v1/operations/{+name}", "123", Some("123")),
            ("v1/operations/{+name}", "operations/123", Some("123")),
            ("operations/{name}", "operations/o", Some("o")),
            ("operations/{name}", "o", Some("o")),
            ("operations/{name}", "a/b", Some("a/b")),
            // Cloud Storage's names are those of another path.
            ("b/{bucket}/operations/{operationId}", "projects/_/buckets/b/operations/o", None),
        ] {
            assert_eq!(values(template, name).as_deref(), expected, "{template} {name}");
        }
    }
}

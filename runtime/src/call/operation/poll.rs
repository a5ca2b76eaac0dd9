//! Polls an operation. A poll is sent only after the response to the previous one, and none is sent after the
//! operation is done.

use super::locate;
use super::policy::PollPolicy;
use super::state::State;
use crate::call::request::Request;
use crate::call::sending;
use crate::send::retry::RetryPolicy;
use crate::send::rt;
use crate::wire::spec::{ApiSpec, MethodSpec, Polling};
use crate::{Client, Error, RawResponse, Result};

/// How the wait begins.
pub(super) enum Start {
    /// With a call that returns the operation.
    Call(Request),
    /// With an operation that an earlier call returned.
    Known { client: Client, answer: Result<RawResponse> },
}

/// The function that receives each response.
pub(super) type Tell<'a> = &'a mut (dyn FnMut(&'static MethodSpec, &RawResponse) -> Result<()> + Send);

/// A response, and the method that returned it.
type Polled = (&'static MethodSpec, RawResponse);

/// Waits for operations of a schema. It does not know the schema's type, so that it is compiled once.
pub(super) struct Poller {
    pub(super) api: &'static ApiSpec,
    pub(super) polling: &'static Polling,
    /// The wire names of the operation's members.
    pub(super) members: &'static [&'static str],
}

impl Poller {
    /// Waits until the operation is done, and returns the last response.
    pub(super) async fn finish(&self, start: Start, policy: &PollPolicy, tell: Tell<'_>) -> Result<Polled> {
        let (client, spec, answer, call) = match start {
            Start::Call(mut request) => {
                self.keep_fields(&mut request);
                let answer = sending::send(request.clone()).await?;
                (request.client().clone(), request.spec(), answer, Some(request))
            }
            Start::Known { client, answer } => (client, first(self.polling), answer?, None),
        };
        let state = self.look((spec, &answer), tell)?;
        if let Some(end) = state.end(self.polling, spec.id, &answer) {
            return end.map(|()| (spec, answer));
        }
        let locator = locate::Locator { api: self.api, polling: self.polling, members: self.members };
        let poll = locator.poll(&client, &state, call.as_ref())?;
        match rt::timeout(policy.total_time, self.until_done(&poll, policy, tell)).await {
            Some(end) => end,
            None => {
                let what = format!("{}: waiting for the operation `{}`", spec.id, state.name());
                Err(Error::timeout(&what, policy.total_time.unwrap_or_default()))
            }
        }
    }

    async fn until_done(&self, poll: &Request, policy: &PollPolicy, tell: Tell<'_>) -> Result<Polled> {
        let first = policy.initial_interval.min(policy.max_interval);
        let waits = RetryPolicy::default().with_backoff(first, policy.max_interval);
        let mut rng = fastrand::Rng::new();
        let mut polls = 0;
        loop {
            polls += 1;
            rt::sleep(waits.backoff(polls, &mut rng)).await;
            let answer = sending::send(poll.clone()).await?;
            let state = self.look((poll.spec(), &answer), tell)?;
            if let Some(end) = state.end(self.polling, poll.id(), &answer) {
                return end.map(|()| (poll.spec(), answer));
            }
        }
    }

    fn look(&self, (spec, answer): (&'static MethodSpec, &RawResponse), tell: Tell<'_>) -> Result<State> {
        let state = State::read(self.api, answer)?;
        tell(spec, answer)?;
        Ok(state)
    }

    /// Adds the members that waiting needs to the caller's `fields`.
    fn keep_fields(&self, request: &mut Request) {
        for member in state_members(self.members) {
            request.keep_field(member);
        }
    }
}

/// The method that is assumed for a response of unknown origin: the first of the polls.
fn first(polling: &'static Polling) -> &'static MethodSpec {
    polling.polls.first().unwrap_or(&MethodSpec::DEFAULT)
}

/// The members that waiting reads and the operation has.
fn state_members(members: &'static [&'static str]) -> impl Iterator<Item = &'static str> {
    const READ: &[&str] = &[
        "name",
        "done",
        "status",
        "error",
        "response",
        "selfLink",
        "zone",
        "region",
        "httpErrorStatusCode",
        "httpErrorMessage",
    ];
    members.iter().copied().filter(|member| READ.contains(member))
}

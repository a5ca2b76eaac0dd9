//! The polls of one operation: none is sent before the one before it was answered, nor after the operation is done.

use super::locate;
use super::policy::PollPolicy;
use super::state::State;
use crate::call::request::Request;
use crate::call::sending;
use crate::send::retry::RetryPolicy;
use crate::send::rt;
use crate::wire::spec::{ApiSpec, MethodSpec, Polling};
use crate::{Client, Error, RawResponse, Result};

/// What there is at first.
pub(super) enum Start {
    /// A call that answers the operation.
    Call(Request),
    /// The operation as some call answered it.
    Known { client: Client, answer: Result<RawResponse> },
}

/// What is told each answer.
pub(super) type Tell<'a> = &'a mut (dyn FnMut(&'static MethodSpec, &RawResponse) -> Result<()> + Send);

/// An answer, and the method that gave it.
type Answer = (&'static MethodSpec, RawResponse);

/// What knows how to wait for operations of one schema. It does not know the schema's type, so that it stands once.
pub(super) struct Poller {
    pub(super) api: &'static ApiSpec,
    pub(super) polling: &'static Polling,
    /// The wire names of the operation's members.
    pub(super) members: &'static [&'static str],
}

impl Poller {
    /// The answer with the finished operation.
    pub(super) async fn finish(&self, start: Start, policy: &PollPolicy, tell: Tell<'_>) -> Result<Answer> {
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
        let place = locate::Place { api: self.api, polling: self.polling, members: self.members };
        let poll = place.poll(&client, &state, call.as_ref())?;
        match rt::timeout(policy.total_time, self.until_done(&poll, policy, tell)).await {
            Some(end) => end,
            None => {
                let what = format!("{}: waiting for the operation `{}`", spec.id, state.name());
                Err(Error::timeout(&what, policy.total_time.unwrap_or_default()))
            }
        }
    }

    async fn until_done(&self, poll: &Request, policy: &PollPolicy, tell: Tell<'_>) -> Result<Answer> {
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

    /// A caller's `fields` must not leave out what waiting needs.
    fn keep_fields(&self, request: &mut Request) {
        for member in state_members(self.members) {
            request.keep_field(member);
        }
    }
}

/// Where an answer came from nobody knows, decoding is told that it was the first of the polls.
fn first(polling: &'static Polling) -> &'static MethodSpec {
    polling.polls.first().unwrap_or(&MethodSpec::DEFAULT)
}

/// The members that waiting reads, of those that the operation has.
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

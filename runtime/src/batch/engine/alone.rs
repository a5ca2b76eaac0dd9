//! Sends the calls of a batch one by one, if the server does not accept batches. Limits, retries and replies are the
//! same as for any other batch.

use std::collections::VecDeque;

use super::super::exchange::Exchange;
use super::super::job::Job;
use super::super::plan::Auths;
use super::super::queue::Entry;
use super::Engine;
use crate::send::credentials::AuthHeaders;
use crate::send::transport::HttpRequest;
use crate::{Error, Result};

impl<'cb> Engine<'cb> {
    /// Whether an error of a batch means that the server does not accept batches. Then none of its calls was executed.
    pub(super) fn has_no_endpoint(&self, error: &Error) -> bool {
        error.is_batch_refused()
            && matches!(error.answered(), Some(404 | 405 | 501))
            && !self.was_answered
            && self.client.may_send_alone()
    }

    /// Sends every call by itself from now on.
    pub(super) fn send_alone(&mut self) {
        self.client.learn_no_batches(self.api);
        self.alone = true;
        self.size = 1;
    }

    /// Starts the HTTP request of the first call. Returns `None` if there is nothing to send.
    pub(super) fn open_alone(
        &mut self,
        job: &mut dyn Job<'cb>,
        calls: &mut VecDeque<Entry<'cb>>,
        auths: Auths,
    ) -> Option<Exchange<'cb>> {
        // The calls of clients without credentials have been answered, so the first call may belong to another client.
        let client = calls.front()?.request.client();
        let (client, auth) = auths.into_iter().find(|(known, _)| known.is_same(client))?;
        let entry = calls.pop_front()?;
        match self.request_alone(&entry, &auth) {
            Ok(request) => {
                let manifest = self.record_sending(job, vec![Some(entry)])?;
                Exchange::alone(manifest, vec![(client, auth)], request)
            }
            Err(error) => {
                self.answer(job, entry, Err(error));
                None
            }
        }
    }

    /// The HTTP request for a call, with the headers and query parameters of the batch.
    fn request_alone(&self, entry: &Entry<'_>, auth: &AuthHeaders) -> Result<HttpRequest> {
        let request = &entry.request;
        let mut http = if self.options.query.is_empty() {
            request.to_http(auth)?
        } else {
            request.clone().with_inherited_query(&self.options.query).to_http(auth)?
        };
        for (name, value) in &self.options.headers {
            if !request.headers().has(name) {
                http.headers.insert(name, value.clone());
            }
        }
        Ok(http)
    }
}

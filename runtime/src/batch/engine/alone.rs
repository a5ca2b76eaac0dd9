//! Calls of a batch one by one, where the server takes no batches. Stages, retries, limits and answers are the engine's, as
//! for any other batch.

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
    /// Whether that error of a batch of so many calls says that the server takes none. Its calls were not looked at then.
    pub(super) fn has_no_endpoint(&self, error: &Error) -> bool {
        error.is_batch_refused()
            && matches!(error.answered(), Some(404 | 405 | 501))
            && !self.was_answered
            && self.client.may_send_alone()
    }

    /// From now on every call is sent by itself.
    pub(super) fn send_alone(&mut self) {
        self.client.learn_no_batches(self.api);
        self.alone = true;
        self.size = 1;
    }

    /// Begins the HTTP request of the first of `calls`. Nothing if there was nothing to send after all.
    pub(super) fn open_alone(
        &mut self,
        job: &mut dyn Job<'cb>,
        calls: &mut VecDeque<Entry<'cb>>,
        auths: Auths,
    ) -> Option<Exchange<'cb>> {
        // Calls of a client without credentials were answered, and the next one may be another client's.
        let client = calls.front()?.request.client();
        let (client, auth) = auths.into_iter().find(|(known, _)| known.is_same(client))?;
        let entry = calls.pop_front()?;
        match self.request_alone(&entry, &auth) {
            Ok(request) => {
                let manifest = self.sign(job, vec![Some(entry)])?;
                Exchange::alone(manifest, vec![(client, auth)], request)
            }
            Err(error) => {
                self.answer(job, entry, Err(error));
                None
            }
        }
    }

    /// The HTTP request for a call, with what was said of the batch as a whole.
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

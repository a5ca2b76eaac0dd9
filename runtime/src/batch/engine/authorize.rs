//! The headers that authorize the calls of a batch, of the batch's own client and of others, and their renewal after a 401.

use std::collections::VecDeque;

use super::super::Entry;
use super::super::plan::Auths;
use super::Engine;
use crate::Client;
use crate::send::credentials::AuthHeaders;

impl<'cb> Engine<'cb> {
    /// The headers for a client's calls. Where there are none, or the rejected ones again, its waiting calls are answered
    /// with the reason.
    pub(super) async fn authorize(
        &mut self,
        client: &Client,
        pending: &mut VecDeque<Entry<'cb>>,
    ) -> Option<AuthHeaders> {
        let rejected =
            self.rejected.iter().find(|(other, _)| other.is_same(client)).map(|(_, headers)| headers.clone());
        let result = client.authorize(self.api, rejected.as_ref()).await;
        if let Ok(headers) = &result
            && rejected.as_ref() != Some(headers)
        {
            return result.ok();
        }
        let stays = |entry: &Entry<'_>| match &result {
            Ok(_) => !(entry.request.client().is_same(client) && entry.ledger.renewed),
            Err(_) => !entry.request.client().is_same(client),
        };
        if !pending.iter().all(stays) {
            let (kept, failed) = std::mem::take(pending).into_iter().partition(stays);
            *pending = kept;
            for entry in failed {
                let error = result.as_ref().err().cloned();
                match error {
                    Some(error) => self.answer(entry, Err(error)),
                    None => self.give_up(entry),
                }
            }
        }
        match result {
            Ok(headers) => Some(headers),
            // Calls of other clients bring their own; the outer request then goes without.
            Err(_) if !pending.is_empty() => Some(AuthHeaders::none()),
            Err(_) => None,
        }
    }

    /// The headers of the other clients whose calls are among the next ones.
    pub(super) async fn authorize_foreign(
        &mut self,
        pending: &mut VecDeque<Entry<'cb>>,
        calls: usize,
    ) -> Auths {
        let mut foreign = Auths::new();
        let others: Vec<Client> = pending
            .iter()
            .take(calls)
            .map(|entry| entry.request.client())
            .filter(|client| !client.is_same(&self.client))
            .cloned()
            .collect();
        for client in others {
            if foreign.iter().any(|(known, _)| known.is_same(&client)) {
                continue;
            }
            if let Some(headers) = self.authorize(&client, pending).await {
                foreign.push((client, headers));
            }
        }
        foreign
    }

    /// Remembers what a client's calls were rejected with.
    pub(super) fn reject(&mut self, client: &Client, auth: &Auths) {
        self.rejected.retain(|(other, _)| !other.is_same(client));
        self.rejected.extend(auth.iter().find(|(other, _)| other.is_same(client)).cloned());
    }
}

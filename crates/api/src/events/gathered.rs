//! Calls that wait to be written, without memory of their own for each: their texts stand one behind another in a buffer that is used again.
//! Memory that one thread takes and another gives back, a dozen pieces a call, costs more than everything else about the record.

use std::borrow::Cow;

use domain::{ApiKeyId, OrganizationId, Timestamp};
use store::NewRequestEvent;

/// Bytes of texts, and a hundredth of it in calls, for which room is kept: more than gathers while the database is there.
const KEPT_ROOM: usize = 4 << 20;

/// Calls, oldest first.
#[derive(Debug, Default)]
pub(super) struct Gathered {
    calls: Vec<Call>,
    texts: String,
    /// Calls at the beginning that are forgotten.
    forgotten: usize,
}

/// A call without its texts.
#[derive(Clone, Copy, Debug)]
struct Call {
    occurred_at: Timestamp,
    organization_id: Option<OrganizationId>,
    api_key_id: Option<ApiKeyId>,
    route: &'static str,
    status: u16,
    code: Option<&'static str>,
    duration_us: u64,
    is_write: bool,
    /// Where its texts begin.
    texts_at: usize,
    /// How long each is, in the order in which they are pushed.
    lengths: [Option<u32>; 9],
}

impl Gathered {
    pub(super) fn len(&self) -> usize {
        self.calls.len() - self.forgotten
    }

    pub(super) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub(super) fn push(&mut self, event: &NewRequestEvent<'_>) {
        let texts_at = self.texts.len();
        let texts = [
            Some(&event.request_id),
            event.api_key_name.as_ref(),
            Some(&event.method),
            Some(&event.path),
            event.client_address.as_ref(),
            event.user_agent.as_ref(),
            event.idempotency_key.as_ref(),
            event.resources.as_ref(),
            event.replay_of.as_ref(),
        ];
        let lengths = texts.map(|text| {
            self.texts.push_str(text?);
            u32::try_from(text?.len()).ok()
        });
        self.calls.push(Call {
            occurred_at: event.occurred_at,
            organization_id: event.organization_id,
            api_key_id: event.api_key_id,
            route: event.route,
            status: event.status,
            code: event.code,
            duration_us: event.duration_us,
            is_write: event.is_write,
            texts_at,
            lengths,
        });
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = NewRequestEvent<'_>> + Clone + Send {
        self.calls.iter().skip(self.forgotten).map(|call| self.event_of(call))
    }

    fn event_of(&self, call: &Call) -> NewRequestEvent<'_> {
        let mut rest = self.texts.get(call.texts_at..).unwrap_or_default();
        let texts = call.lengths.map(|length| {
            let (text, behind) = rest.split_at(usize::try_from(length?).ok()?);
            rest = behind;
            Some(Cow::Borrowed(text))
        });
        let [request_id, api_key_name, method, path, client_address, user_agent, idempotency_key, resources, replay_of] =
            texts;
        NewRequestEvent {
            request_id: request_id.unwrap_or_default(),
            occurred_at: call.occurred_at,
            organization_id: call.organization_id,
            api_key_id: call.api_key_id,
            api_key_name,
            method: method.unwrap_or_default(),
            route: call.route,
            path: path.unwrap_or_default(),
            status: call.status,
            code: call.code,
            duration_us: call.duration_us,
            client_address,
            user_agent,
            idempotency_key,
            resources,
            replay_of,
            is_write: call.is_write,
        }
    }

    /// Takes all the calls of another one, which gets room that was used before where there is some.
    pub(super) fn take_all(&mut self, other: &mut Self) {
        if self.is_empty() {
            std::mem::swap(self, other);
        } else {
            self.close_up();
            let moved = self.texts.len();
            self.texts.push_str(&other.texts);
            self.calls.extend(other.calls.iter().map(|call| Call { texts_at: call.texts_at + moved, ..*call }));
        }
        other.forget(other.len());
    }

    /// Forgets the oldest calls.
    pub(super) fn forget(&mut self, count: usize) {
        self.forgotten += count.min(self.len());
        if self.is_empty() {
            self.calls.clear();
            self.texts.clear();
            self.calls.shrink_to(KEPT_ROOM / 100);
            self.texts.shrink_to(KEPT_ROOM);
            self.forgotten = 0;
        }
    }

    /// Gives up the room of what is forgotten.
    fn close_up(&mut self) {
        let gone = self.calls.get(self.forgotten).map_or(0, |call| call.texts_at);
        self.texts.drain(..gone);
        self.calls.drain(..self.forgotten);
        for call in &mut self.calls {
            call.texts_at -= gone;
        }
        self.forgotten = 0;
    }
}

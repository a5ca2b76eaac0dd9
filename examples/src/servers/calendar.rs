//! A calendar service with two calendars, whose events can be added and listed.

use gapis_calendar_v3::runtime::Result;
use gapis_calendar_v3::schemas::{CalendarList, CalendarListEntry, Event, EventDateTime, Events};
use gapis_calendar_v3::{calendar_list, events};
use gapis_mock::{MockError, MockResult, MockServer};

use crate::Shared;

/// The ids of the calendars, and the events with the ids of their calendars.
#[derive(Debug, Default)]
pub struct Calendars {
    /// The ids of the calendars.
    pub calendars: Vec<String>,
    /// The events, in the order in which they were added.
    pub events: Vec<(String, Event)>,
}

impl Calendars {
    fn insert(&mut self, calendar: &str, event: Event) -> MockResult<Event> {
        self.check(calendar)?;
        has_zone("start", event.start.as_ref())?;
        has_zone("end", event.end.as_ref())?;
        let id = Some(format!("event{}", self.events.len() + 1));
        let event = Event { id, status: Some("confirmed".to_owned()), ..event };
        self.events.push((calendar.to_owned(), event.clone()));
        Ok(event)
    }

    fn list(&self, calendar: &str) -> MockResult<Events> {
        self.check(calendar)?;
        let items = self.events.iter().filter(|(id, _)| id == calendar);
        Ok(Events { items: Some(items.map(|(_, event)| event.clone()).collect()), ..Default::default() })
    }

    fn event(&mut self, id: &str) -> MockResult<&mut Event> {
        let event = self.events.iter_mut().find(|(_, event)| event.id.as_deref() == Some(id));
        event.map(|(_, event)| event).ok_or_else(|| MockError::not_found(id))
    }

    /// Sets the summary, if the event still has that ETag.
    fn patch(&mut self, id: &str, etag: Option<&str>, change: Event) -> MockResult<Event> {
        let event = self.event(id)?;
        if etag.is_some() && etag != event.etag.as_deref() {
            return Err(MockError::new(412, "conditionNotMet", "Precondition Failed"));
        }
        event.summary = change.summary;
        event.etag = event.etag.take().map(|etag| etag + "'");
        Ok(event.clone())
    }

    fn check(&self, calendar: &str) -> MockResult<()> {
        let known = self.calendars.iter().any(|id| id == calendar);
        known.then_some(()).ok_or_else(|| MockError::not_found(calendar))
    }
}

/// A time of day without an offset has no meaning without a time zone.
fn has_zone(what: &str, time: Option<&EventDateTime>) -> MockResult<()> {
    let Some(time) = time else {
        return Err(MockError::new(400, "required", format!("Missing {what} time.")));
    };
    let fixed = time.date_time.as_ref().is_none_or(|time| time.to_std().is_ok());
    (fixed || time.time_zone.is_some()).then_some(()).ok_or_else(|| {
        MockError::new(400, "required", format!("Missing time zone definition for {what} time."))
    })
}

/// Starts the service with the calendars `primary` and `birthdays`.
///
/// # Errors
/// If no port is free.
pub fn start() -> Result<(MockServer, Shared<Calendars>)> {
    let mock = MockServer::start()?;
    let calendars = ["primary", "birthdays"].map(str::to_owned).into();
    let calendars = Shared::new(Calendars { calendars, events: Vec::new() });

    let state = calendars.clone();
    mock.on::<calendar_list::List>(move |_| {
        let entry = |id: &String| CalendarListEntry {
            id: Some(id.clone()),
            summary: Some(format!("My {id}")),
            ..Default::default()
        };
        let items = state.lock().calendars.iter().map(entry).collect();
        Ok(CalendarList { items: Some(items), ..Default::default() })
    });
    let state = calendars.clone();
    mock.on::<events::Insert>(move |call| state.lock().insert(call.var("calendarId")?, call.body()?));
    let state = calendars.clone();
    mock.on::<events::List>(move |call| state.lock().list(call.var("calendarId")?));
    let state = calendars.clone();
    mock.on::<events::Get>(move |call| state.lock().event(call.var("eventId")?).cloned());
    let state = calendars.clone();
    mock.on::<events::Patch>(move |call| {
        state.lock().patch(call.var("eventId")?, call.header("if-match"), call.body()?)
    });
    Ok((mock, calendars))
}

/// Starts the service with the events `a` and `b`. Somebody else renames `b` after each time that it is listed.
///
/// # Errors
/// If no port is free.
pub fn start_with_others() -> Result<(MockServer, Shared<Calendars>)> {
    let (mock, calendars) = start()?;
    let event = |id: &str, summary: &str| {
        let text = |text: &str| Some(text.to_owned());
        let event = Event { id: text(id), summary: text(summary), etag: text("1"), ..Default::default() };
        ("primary".to_owned(), event)
    };
    calendars.lock().events.extend([event("a", "Swim"), event("b", "Dance")]);
    let state = calendars.clone();
    mock.on::<events::List>(move |call| {
        let mut state = state.lock();
        let listed = state.list(call.var("calendarId")?)?;
        state.patch("b", None, Event { summary: Some("Sing".to_owned()), ..Default::default() })?;
        Ok(listed)
    });
    Ok((mock, calendars))
}

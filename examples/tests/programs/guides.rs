//! The programs after the samples in Google's batch guides.

use gapis_examples::{Output, servers};

use crate::{calendar, classroom, displayvideo, docs, service, sheets, text};

#[tokio::test]
async fn the_calendar() {
    let (mock, state) = servers::calendar::start().unwrap();
    let (out, printed) = Output::buffer();
    calendar::run(&service(&mock), "primary", &out).await.unwrap();

    let printed = text(&printed);
    let lines: Vec<&str> = printed.lines().collect();
    let [first, second, inserted, message, refused, error, total] = lines[..] else { panic!("{printed}") };
    assert_eq!([first, second], ["0: My primary", "0: My birthdays"]);
    assert_eq!(inserted, "1: event1 is in the calendar");
    assert!(message.starts_with("   200 OK, application/json; charset=UTF-8: {"), "{message}");
    assert!(message.contains(r#""start":{"dateTime":"2014-01-01T10:00:00","timeZone":"Europe/Zurich"}"#));
    assert_eq!(refused, "2: 400 Bad Request: Missing time zone definition for start time. (required)");
    assert!(error.starts_with("   400 Bad Request, ") && error.contains(r#""status":"INVALID_ARGUMENT""#));
    assert_eq!(total, "3 calls, 1 failed");

    let state = state.lock();
    let [(calendar, event)] = &state.events[..] else { panic!("{:?}", state.events) };
    assert_eq!((calendar.as_str(), event.summary.as_deref()), ("primary", Some("Learn to batch")));
    let start = event.start.as_ref().and_then(|start| start.date_time.as_ref()).unwrap();
    assert_eq!((start.as_str(), start.to_std().ok()), ("2014-01-01T10:00:00", None), "as it was given");
    assert_eq!(mock.requests()[0].path, "/batch/calendar/v3");
}

#[tokio::test]
async fn the_classroom() {
    let (mock, state) = servers::classroom::start().unwrap();
    let (out, printed) = Output::buffer();
    let (courses, teachers) = (["1", "2"].map(str::to_owned), ["ada", "grace"].map(str::to_owned));
    classroom::run(&service(&mock), &courses, &teachers, &out).await.unwrap();

    let printed = text(&printed);
    assert!(
        printed.starts_with("course \"Course 1\", section \"\"\ncourse \"New\", section \"Section 2\"\n")
    );
    assert_eq!(printed.matches(" is enrolled\n").count(), 58);
    let nobody =
        "nobody@elsewhere.example.com: 404 Not Found: Not Found: nobody@elsewhere.example.com (notFound)";
    let twice = "student.1@School.example.com: 409 Conflict: Requested entity already exists (alreadyExists)";
    assert!(printed.contains(nobody) && printed.contains(twice), "{printed}");
    assert!(printed.ends_with("60 calls in 2 HTTP requests, 2 failed\n"));

    // One request for the courses, two for the students.
    assert_eq!(
        mock.requests().iter().map(|request| request.path.as_str()).collect::<Vec<_>>(),
        ["/batch"; 3]
    );
    let patches = mock.calls_of::<gapis_classroom_v1::courses::Patch>();
    let sent = patches.iter().map(|call| {
        (
            call.path(),
            call.query("updateMask").unwrap(),
            call.own_headers()["authorization"].to_str().unwrap(),
        )
    });
    let expected = [
        ("/v1/courses/1", "name".to_owned(), "Bearer ada"),
        ("/v1/courses/2", "section".to_owned(), "Bearer grace"),
    ];
    assert_eq!(sent.collect::<Vec<_>>(), expected);
    assert_eq!(state.lock().students.len(), 58);
    assert_eq!(state.lock().courses["1"].0.name.as_deref(), Some("Course 1"));
}

#[tokio::test]
async fn display_and_video() {
    let (mock, state) = servers::displayvideo::start().unwrap();
    let (out, printed) = Output::buffer();
    displayvideo::run(&service(&mock), 7, &[1, 2, 5, 404], &out).await.unwrap();
    assert_eq!(
        text(&printed),
        "\
the advertiser is Some(\"Spring\")
the line item is Some(\"Spring\")
== One pair of functions, for success and for failure, shared by all calls
line item 1 is ENTITY_STATUS_ACTIVE
line item 2 is ENTITY_STATUS_ACTIVE
failed: 400 Bad Request: Line item 5 is archived. (invalid)
failed: 404 Not Found: Not Found: 404 (notFound)
== One callback of the batch, which knows each call by a number of ours
1: line item 1 is ENTITY_STATUS_ACTIVE
2: line item 2 is ENTITY_STATUS_ACTIVE
5: 400 Bad Request: Line item 5 is archived. (invalid)
404: 404 Not Found: Not Found: 404 (notFound)
== A report of all replies, looked up by id afterwards
1: line item 1 is ENTITY_STATUS_ACTIVE
2: line item 2 is ENTITY_STATUS_ACTIVE
5: 400 Bad Request: Line item 5 is archived. (invalid)
404: 404 Not Found: Not Found: 404 (notFound)
"
    );
    assert_eq!(state.lock().display_name.as_deref(), Some("Spring"));
    let status = |id| state.lock().line_items[&id].entity_status.as_ref().map(ToString::to_string).unwrap();
    assert_eq!([status(1), status(3)], ["ENTITY_STATUS_ACTIVE", "ENTITY_STATUS_DRAFT"]);
    let first = &mock.calls()[0];
    assert_eq!(first.path(), "/v4/advertisers/7");
    assert_eq!(first.query("fields").as_deref(), Some("advertiserId,displayName"));
}

#[tokio::test]
async fn the_document() {
    let (mock, state) = servers::docs::start().unwrap();
    let (out, printed) = Output::buffer();
    docs::run(&service(&mock), "hello", &out).await.unwrap();
    assert_eq!(
        text(&printed),
        "\
2 replies, the next revision is revision-1
400 Bad Request: The required revision ID does not match the latest revision. (invalid)
the greeting is named range-1
"
    );
    let state = state.lock();
    assert_eq!(
        (state.text.as_str(), state.revision, &state.names[..]),
        ("Hello World", 2, &["greeting".to_owned()][..]),
        "the second list left nothing behind"
    );
    let [(mask, style)] = &state.styles[..] else { panic!("{:?}", state.styles) };
    assert_eq!(mask, "bold,foreground_color", "a mask is sent as it was given");
    assert_eq!(style.text_style.as_ref().and_then(|style| style.bold), Some(true));
    let update = mock.calls_of::<gapis_docs_v1::documents::BatchUpdate>().remove(0);
    assert_eq!((update.verb(), update.path()), ("POST", "/v1/documents/hello:batchUpdate"));
    assert_eq!(update.index(), None, "one call, not a batch of calls");
}

#[tokio::test]
async fn the_spreadsheet() {
    let (mock, state) = servers::sheets::start().unwrap();
    let (out, printed) = Output::buffer();
    sheets::run(&service(&mock), "book", &out).await.unwrap();
    assert_eq!(
        text(&printed),
        "\
the sheet of May is Some(1)
4 replies
the sheet of June is Some(2)
2 cells changed
July: sheets.spreadsheets.batchUpdate: nothing was applied, because `requests[1]` was refused
June: 400 Bad Request: Invalid requests[1].addSheet: A sheet with the name \"June\" already exists. (invalid)
refused: true
"
    );
    let state = state.lock();
    let sheets = [(1, "May".to_owned()), (2, "June".to_owned())];
    assert_eq!(state.sheets, sheets, "neither July nor a second June was added");
    assert_eq!(state.cells, ["copy of May", "copy of June", "final"]);
    assert_eq!(mock.call_count(), 2, "each list of requests is one call");
}

//! The client with the mock, with a server and with the table only: every fault, and its effect on a program.
#![allow(missing_docs, unreachable_pub)]

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use gapis_mock::{BatchRules, ContentIds, Fault, Handlers, MockCall, MockError, MockResponse, MockServer};
use gapis_runtime::{BearerToken, Error, Report};
use gapis_testkit::quick;
use gapis_testkit::zoo::{Animal, Get, Insert, Zoo};

/// A table that returns what it gets, and counts how often each insert was executed.
fn table() -> (Handlers, Arc<Mutex<BTreeMap<String, usize>>>) {
    let handlers = Handlers::new();
    let done = Arc::new(Mutex::new(BTreeMap::new()));
    handlers.on::<Get>(|call| match call.var("id")? {
        "none" => Err(MockError::not_found("none")),
        id => Ok(Animal::new(id)),
    });
    let state = done.clone();
    handlers.on::<Insert>(move |call| {
        let animal: Animal = call.body()?;
        *state.lock().unwrap().entry(animal.id().to_owned()).or_default() += 1;
        Ok(animal)
    });
    handlers.batch_rules(BatchRules::new().strict(true).content_ids(ContentIds::Unique));
    (handlers, done)
}

/// The service with a server, and with the table only.
fn services(handlers: &Handlers) -> (MockServer, [Zoo; 2]) {
    let server = MockServer::serve(handlers.clone(), ([127, 0, 0, 1], 0).into()).unwrap();
    let socket = Zoo::builder().anonymous().endpoint(&server.uri()).retry(quick()).build().unwrap();
    let table = Zoo::builder().anonymous().transport(handlers.clone()).retry(quick()).build().unwrap();
    (server, [socket, table])
}

type Results = Vec<Option<Result<String, Error>>>;

/// Ten reads and two inserts in one batch. Each callback runs once.
async fn batch(zoo: &Zoo) -> (Results, Report) {
    let seen: Arc<Mutex<Results>> = Arc::new(Mutex::new((0..12).map(|_| None).collect()));
    let mut batch = zoo.batch();
    for at in 0..12 {
        let seen = seen.clone();
        let keep = move |result: Result<Animal, Error>| {
            let text = result.map(|animal| animal.id().to_owned());
            assert!(seen.lock().unwrap()[at].replace(text).is_none(), "{at} twice");
        };
        let id = at.to_string();
        if at < 10 {
            zoo.get(&id).queue(&mut batch, move |reply| keep(reply.result)).unwrap();
        } else {
            zoo.insert(&id).queue(&mut batch, move |reply| keep(reply.result)).unwrap();
        }
    }
    let report = batch.execute().await;
    let seen = std::mem::take(&mut *seen.lock().unwrap());
    assert!(seen.iter().all(Option::is_some), "a callback did not run");
    (seen, report)
}

fn good(result: &Option<Result<String, Error>>, at: usize) -> bool {
    matches!(result, Some(Ok(id)) if *id == at.to_string())
}

/// The calls that did not return their value.
fn bad(results: &Results) -> Vec<usize> {
    (0..results.len()).filter(|at| !good(&results[*at], *at)).collect()
}

#[tokio::test]
async fn odd_forms_change_nothing() {
    let odd: [fn() -> Fault; 20] = [
        Fault::lf,
        Fault::reverse,
        || Fault::shuffle(3),
        Fault::no_content_ids,
        Fault::plain_content_ids,
        Fault::quoted_boundary,
        Fault::preamble_and_epilogue,
        Fault::no_final_line_break,
        Fault::gzip,
        || Fault::pieces(1),
        || Fault::pieces(13),
        || Fault::delay(Duration::from_millis(5)),
        || Fault::delay_parts(Duration::from_millis(2)),
        Fault::duplicate_part,
        || Fault::no_blank_line().always(),
        || Fault::no_reason_phrase().always(),
        || Fault::header_without_colon().always(),
        || Fault::unfinished_head().always(),
        || Fault::wrong_content_length(400).always(),
        || Fault::wrong_content_length(-3).always(),
    ];
    for make in odd {
        let (handlers, done) = table();
        let (_server, services) = services(&handlers);
        for zoo in services {
            handlers.clear_faults().fault(make());
            let (results, report) = batch(&zoo).await;
            assert_eq!((bad(&results), report.requests()), (vec![], 1), "{:?}", make());
        }
        assert_eq!(done.lock().unwrap()["10"], 2, "{:?}", make());
    }
}

#[tokio::test]
async fn what_may_be_sent_again_is() {
    let again: [fn() -> Fault; 11] = [
        || Fault::error(MockError::too_many_requests(None)).times(3),
        || Fault::error(MockError::unavailable(None)).times(3),
        || Fault::error(MockError::rate_limit_exceeded()).times(3),
        || Fault::error(MockError::inner_batch_soft_limit()).times(3),
        || Fault::error(MockError::new(500, "backendError", "Backend Error")).for_method::<Get>(),
        || Fault::respond(MockError::too_many_requests(None)),
        || Fault::respond(MockError::unavailable(None)),
        || Fault::limit(5),
        || Fault::drop_part().on_call(3),
        || Fault::raw_part("").on_call(4),
        || Fault::drop_part().for_method::<Get>().times(4),
    ];
    for make in again {
        let (handlers, done) = table();
        let (_server, services) = services(&handlers);
        for zoo in services {
            handlers.clear_faults().fault(make());
            let (results, report) = batch(&zoo).await;
            assert_eq!(bad(&results), Vec::<usize>::new(), "{:?}: {results:?}", make());
            assert!(report.requests() > 1, "{:?}", make());
        }
        assert_eq!(
            *done.lock().unwrap(),
            BTreeMap::from([("10".to_owned(), 2), ("11".to_owned(), 2)]),
            "{:?}",
            make()
        );
    }
}

#[tokio::test]
async fn what_may_not_be_sent_again_is_reported() {
    let (handlers, done) = table();
    let (_server, services) = services(&handlers);
    for zoo in services {
        for fault in
            [Fault::drop_part().for_method::<Insert>(), Fault::cut(900), Fault::end_at(900), Fault::close()]
        {
            let text = format!("{fault:?}");
            handlers.clear_faults().fault(fault);
            done.lock().unwrap().clear();
            let (results, _) = batch(&zoo).await;
            let lost = bad(&results);
            assert!(!lost.is_empty() && lost.iter().all(|at| *at >= 10), "{text}: {results:?}");
            for at in lost {
                let error = results[at].as_ref().unwrap().as_ref().unwrap_err();
                assert!(error.is_unknown_outcome() || error.is_connection(), "{text}: {error:?}");
            }
            assert!(done.lock().unwrap().values().all(|times| *times == 1), "{text}");
        }
    }
}

#[tokio::test]
async fn what_will_not_get_better_is_an_error_of_each_call() {
    let (handlers, _) = table();
    let (_server, services) = services(&handlers);
    for zoo in services {
        handlers.fault(Fault::respond(MockResponse::html(413, "Too Large")).always());
        let (results, report) = batch(&zoo).await;
        assert_eq!((bad(&results).len(), report.failures()), (12, 12));
        assert!(results.iter().flatten().all(|result| result.as_ref().unwrap_err().is_batch_refused()));
        handlers
            .clear_faults()
            .fault(Fault::garble_json().on_call(2))
            .fault(Fault::garble_status_line().on_call(3))
            .fault(Fault::garble_status_line().on_call(11));
        let (results, report) = batch(&zoo).await;
        assert_eq!((bad(&results), report.failures()), (vec![2, 11], 2), "the read 3 was sent again");
        assert_eq!((report.requests(), report.retries()), (2, 1));
        assert!(results[2].as_ref().unwrap().as_ref().unwrap_err().is_decode());
        let unreadable = results[11].as_ref().unwrap().as_ref().unwrap_err();
        assert!(unreadable.is_protocol() && unreadable.is_unknown_outcome());
    }
}

#[tokio::test]
async fn single_calls_meet_the_same_handlers_and_faults() {
    let (handlers, _) = table();
    let (_server, services) = services(&handlers);
    for zoo in services {
        assert_eq!(zoo.get("7").await.unwrap().id(), "7");
        assert!(zoo.get("none").await.unwrap_err().is_not_found());
        handlers.fault(Fault::error(MockError::too_many_requests(None)).times(2));
        assert_eq!(zoo.get("8").await.unwrap().id(), "8");
        handlers.fault(Fault::drop_part());
        assert_eq!(zoo.get("9").await.unwrap().id(), "9", "a read is sent again");
        handlers.fault(Fault::drop_part());
        assert!(zoo.insert("x").await.is_err(), "an insert is not");
        handlers.fault(Fault::gzip());
        assert_eq!(zoo.get("10").await.unwrap().id(), "10");
    }
}

#[tokio::test]
async fn a_token_is_asked_for() {
    let (handlers, _) = table();
    handlers.require_bearer("good");
    for (token, fine) in [("good", true), ("bad", false)] {
        let zoo = Zoo::builder()
            .credentials(BearerToken::new(token))
            .transport(handlers.clone())
            .retry(quick())
            .build()
            .unwrap();
        let (results, _) = batch(&zoo).await;
        assert_eq!(bad(&results).is_empty(), fine);
        assert_eq!(zoo.get("1").await.is_ok(), fine);
    }
}

#[test]
fn blocking_programs_are_served_too() {
    let (handlers, _) = table();
    let (_server, [socket, _]) = services(&handlers);
    assert_eq!(socket.get("7").send().block().unwrap().id(), "7");
    let mut batch = socket.batch();
    let ticket = batch.add(socket.get("8")).unwrap();
    assert_eq!(batch.execute().block().redeem(ticket).unwrap().id(), "8");
}

#[test]
fn tables_servers_calls_and_faults_can_be_shared_by_threads() {
    fn shared<T: Send + Sync + 'static>() {}
    shared::<Handlers>();
    shared::<MockServer>();
    shared::<MockCall>();
    shared::<Fault>();
}

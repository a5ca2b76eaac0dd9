//! Use from a plain `main` function, and the error inside an async runtime.
#![cfg(feature = "blocking")]

use gapis_testkit::zoo::*;

#[test]
fn a_plain_main_sends_and_executes() {
    let (zoo, peer) =
        zoo(|sent| if sent.parts.is_empty() { Answer::json(200, r#"{"id":"one"}"#) } else { sent.echo() });
    assert_eq!(zoo.get("one").send().block().unwrap().id(), "one");
    let mut names = Vec::new();
    let mut batch = zoo.batch();
    batch
        .queue_all(["a", "b"].map(|id| zoo.get(id)), |reply| names.push(reply.result.unwrap().id.unwrap()))
        .unwrap();
    let ticket = batch.add(zoo.get("c")).unwrap();
    let report = batch.execute().block();
    assert_eq!(report.redeem(ticket).unwrap().id(), "c");
    assert_eq!((names, peer.sizes()), (vec!["a".to_owned(), "b".to_owned()], vec![0, 3]));
}

#[test]
fn several_threads_may_wait_at_once() {
    let (zoo, _) = zoo(Sent::echo);
    std::thread::scope(|scope| {
        for at in 0..8 {
            let zoo = &zoo;
            scope.spawn(move || {
                let id = at.to_string();
                let mut batch = zoo.batch();
                let ticket = batch.add(zoo.get(&id)).unwrap();
                assert_eq!(batch.execute().block().redeem(ticket).unwrap().id(), id);
            });
        }
    });
}

#[test]
fn a_panicking_callback_panics_on_the_caller_s_thread() {
    let (zoo, _) = zoo(Sent::echo);
    let log = Log::default();
    let mut batch = zoo.batch();
    zoo.get("a").queue(&mut batch, |_| panic!("mine")).unwrap();
    zoo.get("b").queue(&mut batch, |_| log.add("other")).unwrap();
    let panic = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| drop(batch.execute().block())));
    assert_eq!(panic.unwrap_err().downcast_ref::<&str>(), Some(&"mine"));
    assert_eq!(log.take(), ["other"]);
    assert!(zoo.get("a").send().block().is_err_and(|error| !error.is_input()), "the runtime lives on");
}

#[tokio::test]
async fn inside_a_runtime_it_is_a_clear_error_for_every_call() {
    let (zoo, peer) = zoo(Sent::echo);
    let error = zoo.get("a").send().block().unwrap_err();
    assert!(error.is_input() && error.to_string().contains("async runtime"), "{error}");
    let mut seen = 0;
    let mut batch = zoo.batch();
    batch.on_reply(|reply| assert!(reply.error.unwrap().is_input()));
    batch
        .queue_all(["a", "b"].map(|id| zoo.get(id)), |reply| {
            assert!(reply.result.unwrap_err().is_input());
            seen += 1;
        })
        .unwrap();
    let ticket = batch.add(zoo.get("c")).unwrap();
    let report = batch.execute().block();
    assert!(report.redeem(ticket).unwrap_err().is_input());
    assert_eq!((report.calls(), report.failures(), peer.sent().len()), (3, 3, 0));
    drop(report);
    assert_eq!(seen, 2);
}

/// Tokio does not tell which of its threads may block, so the error explains what to do.
#[tokio::test]
async fn on_a_thread_for_blocking_work_the_runtime_s_own_handle_waits() {
    let (zoo, _) =
        zoo(|sent| if sent.parts.is_empty() { Answer::json(200, r#"{"id":"a"}"#) } else { sent.echo() });
    let work = move || {
        let error = zoo.get("a").send().block().unwrap_err();
        let words = "in `spawn_blocking` pass the call's future to `Handle::current().block_on(…)`";
        assert!(error.is_input() && error.to_string().ends_with(words), "{error}");
        let handle = tokio::runtime::Handle::current();
        assert_eq!(handle.block_on(zoo.get("a").send()).unwrap().id(), "a");
        let mut batch = zoo.batch();
        let ticket = batch.add(zoo.get("b")).unwrap();
        assert_eq!(handle.block_on(batch.execute()).redeem(ticket).unwrap().id(), "b");
    };
    tokio::task::spawn_blocking(work).await.unwrap();
}

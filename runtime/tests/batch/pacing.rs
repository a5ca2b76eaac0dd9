//! A rate limit in calls per second, for jobs under a quota.

use tokio::time::Instant;

use gapis_testkit::zoo::*;

async fn paced(
    calls: usize,
    change: impl FnOnce(gapis_runtime::Batch<'_, Zoo>) -> gapis_runtime::Batch<'_, Zoo>,
) -> Vec<(u64, usize)> {
    let (zoo, peer) = zoo(Sent::echo);
    let start = Instant::now();
    let mut batch = change(zoo.batch());
    (0..calls).for_each(|_| {
        let _ = batch.add(zoo.get("a")).unwrap();
    });
    let report = batch.execute().await;
    assert!(report.error_for_failures().is_ok());
    peer.sent().iter().map(|sent| ((sent.at - start).as_millis() as u64, sent.parts.len())).collect()
}

#[tokio::test(start_paused = true)]
async fn no_more_calls_a_second_than_that() {
    let sent = paced(35, |batch| batch.with_rate(10.0)).await;
    assert_eq!(sent.iter().map(|(_, size)| *size).collect::<Vec<_>>(), [10, 10, 10, 5]);
    for (at, (time, _)) in sent.iter().enumerate() {
        assert!((1000 * at as u64..1000 * at as u64 + 10).contains(time), "{sent:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn less_than_one_a_second() {
    let sent = paced(3, |batch| batch.with_rate(0.5)).await;
    assert_eq!(
        sent.iter().map(|(time, size)| (time / 100, *size)).collect::<Vec<_>>(),
        [(0, 1), (20, 1), (40, 1)]
    );
}

#[tokio::test(start_paused = true)]
async fn a_rate_beyond_the_limit_of_a_batch() {
    let sent = paced(300, |batch| batch.with_rate(200.0)).await;
    assert_eq!(
        sent.iter().map(|(time, size)| (time / 100, *size)).collect::<Vec<_>>(),
        [(0, 100), (5, 100), (10, 100)]
    );
}

#[tokio::test(start_paused = true)]
async fn odd_rates_are_no_rate_and_no_panic() {
    for rate in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        assert_eq!(paced(200, |batch| batch.with_rate(rate)).await.len(), 2);
    }
    assert_eq!(paced(1, |batch| batch.with_rate(1e-300)).await, [(0, 1)]);
    assert_eq!(paced(200, |batch| batch.with_rate(1e300)).await.len(), 2);
}

#[tokio::test(start_paused = true)]
async fn calls_sent_again_count_and_responses_are_read_meanwhile() {
    let (zoo, peer) = zoo(|sent| {
        let first = sent.number < 2;
        sent.answer(|part| Some(if first { failed(503, "x") } else { animal(&part.animal()) }))
            .after(millis(100))
    });
    let log = Log::default();
    let start = Instant::now();
    let mut batch = zoo.batch().with_rate(2.0).with_retry(policy(3));
    batch.on_reply(|_| log.add(format!("{}", start.elapsed().as_secs())));
    (0..6).for_each(|_| {
        let _ = batch.add(zoo.get("a")).unwrap();
    });
    let report = batch.execute().await;
    assert!(report.error_for_failures().is_ok());
    let times: Vec<_> = peer.sent().iter().map(|sent| (sent.at - start).as_millis() / 100).collect();
    let sizes = peer.sizes();
    let paced = times.windows(2).zip(&sizes).all(|(pair, size)| pair[1] - pair[0] >= 5 * *size as u128);
    assert!(paced, "{times:?} {sizes:?}");
    assert_eq!(sizes.iter().sum::<usize>(), 6 + report.retries());
    let first: u128 = log.take()[0].parse().unwrap();
    assert!(first * 10 < *times.last().unwrap(), "replies do not wait for the next request");
}

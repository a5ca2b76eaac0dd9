//! The documented quota of an API, and methods that cost more than one unit of it.

use gapis_runtime::private::spec::{Limits, Quota};
use gapis_runtime::{Client, Governor, Json};
use tokio::time::Instant;

use gapis_testkit::zoo::{Peer, Sent};

/// 600 units a minute for each user, and so 10 a second and 300 at once.
#[derive(Clone, Debug)]
pub struct Mail(Client);
gapis_runtime::api! { Mail { name: "mail", version: "v1", root_url: "https://zoo.test/", service_path: "zoo/v1/",
batch_path: "batch/zoo/v1", limits: Limits { calls: 100, ..Limits::DEFAULT },
quota: Quota { user_per_minute: 600, ..Quota::DEFAULT } } }

pub enum Get {}
gapis_runtime::method! { Get: Mail => Json; "mail.get" GET "animals/{id}" { units: 5 } }
pub enum Peek {}
gapis_runtime::method! { Peek: Mail => Json; "mail.peek" GET "animals/{id}" }

/// When requests left, in seconds, and how many calls were in each.
async fn sent(governor: Governor, dear: usize, cheap: usize) -> Vec<(f64, usize)> {
    let peer = Peer::new(Sent::echo);
    let mail = Mail::builder().anonymous().transport(peer.clone()).governor(governor).build().unwrap();
    let start = Instant::now();
    let mut batch = mail.batch();
    (0..dear).for_each(|_| {
        let _ = batch.add(Call::<Get>::new(&mail.0, &[&"a"], None)).unwrap();
    });
    (0..cheap).for_each(|_| {
        let _ = batch.add(Call::<Peek>::new(&mail.0, &[&"a"], None)).unwrap();
    });
    let report = batch.execute().await;
    assert!(report.error_for_failures().is_ok());
    peer.sent().iter().map(|sent| ((sent.at - start).as_secs_f64(), sent.parts.len())).collect()
}

#[tokio::test(start_paused = true)]
async fn a_call_takes_the_units_of_its_method() {
    let sent = sent(Governor::new(), 100, 0).await;
    assert_eq!(sent.iter().map(|(_, calls)| calls).sum::<usize>(), 100);
    // 300 units are there at once; the other 200 come at 10 a second.
    assert_eq!(sent[0], (0.0, 60));
    let (last, _) = sent[sent.len() - 1];
    assert!((19.9..20.5).contains(&last), "{sent:?}");
    let mut units = 0;
    for (at, calls) in &sent {
        units += 5 * calls;
        assert!(units as f64 <= 300.0 + 10.0 * at + 5.0, "{sent:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_method_without_a_cost_takes_one() {
    let sent = sent(Governor::new(), 0, 310).await;
    assert_eq!(sent[..3].iter().map(|(_, calls)| calls).sum::<usize>(), 300);
    let (last, _) = sent[sent.len() - 1];
    assert!((0.9..1.5).contains(&last), "{sent:?}");
}

#[tokio::test(start_paused = true)]
async fn a_project_with_another_quota_says_so() {
    let sent = sent(Governor::new().undocumented(), 500, 0).await;
    assert!(sent.iter().all(|(at, _)| *at < 0.1), "{sent:?}");
}

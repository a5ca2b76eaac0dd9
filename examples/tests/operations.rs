//! Waiting for real APIs' operations, as a small model of their servers has them.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use gapis_compute_v1::runtime::Open;
use gapis_compute_v1::schemas::{Instance, Operation};
use gapis_compute_v1::{Compute, PollPolicy, enums, global_operations, instances, zone_operations};
use gapis_mock::{MockError, MockServer};

/// Operations by the path of their link, and how far each is.
type Running = Arc<Mutex<BTreeMap<String, i32>>>;

/// An operation as Compute Engine describes it, a third further than the last time.
fn operation(running: &Running, path: &str, zone: Option<&str>) -> Result<Operation, MockError> {
    let mut running = running.lock().unwrap();
    let progress = running.get_mut(path).ok_or_else(|| MockError::not_found(path))?;
    let current = *progress;
    *progress += 34;
    let status = if current < 100 { enums::OperationStatus::Running } else { enums::OperationStatus::Done };
    let base = "https://www.googleapis.com/compute/v1/projects/p";
    Ok(Operation {
        name: path.rsplit('/').next().map(str::to_owned),
        progress: Some(current.min(100)),
        self_link: Some(format!("{base}/{path}")),
        status: Some(Open::Known(status)),
        target_link: Some(format!("{base}/zones/z/instances/i")),
        zone: zone.map(|zone| format!("{base}/zones/{zone}")),
        ..Default::default()
    })
}

fn start() -> (MockServer, Compute) {
    let running = Running::default();
    let mock = MockServer::start().unwrap();
    let state = running.clone();
    mock.on::<instances::Insert>(move |call| {
        // The project's first instance makes something of the project, not of the zone.
        let is_global = call.var("zone")? == "first";
        let path = if is_global { "global/operations/operation-1" } else { "zones/z/operations/operation-1" };
        state.lock().unwrap().insert(path.to_owned(), 0);
        operation(&state, path, if is_global { None } else { Some("z") })
    });
    let state = running.clone();
    mock.on::<zone_operations::Get>(move |call| {
        let path = format!("zones/{}/operations/{}", call.var("zone")?, call.var("operation")?);
        operation(&state, &path, Some("z"))
    });
    mock.on::<global_operations::Get>(move |call| {
        operation(&running, &format!("global/operations/{}", call.var("operation")?), None)
    });
    let compute = Compute::builder().anonymous().endpoint(&mock.uri()).build().unwrap();
    (mock, compute)
}

fn quick() -> PollPolicy {
    PollPolicy::default().with_interval(Duration::from_millis(1), Duration::from_millis(2))
}

#[tokio::test]
async fn an_instance_s_operation_is_in_its_zone() {
    let (mock, compute) = start();
    let mut progress = Vec::new();
    let wait = compute.instances().insert("p", "z", Instance::default()).wait().with_policy(quick());
    let done = wait.on_progress(|operation| progress.extend(operation.progress)).await.unwrap();
    assert_eq!(progress, [0, 34, 68, 100]);
    assert_eq!(
        done.target_link.as_deref(),
        Some("https://www.googleapis.com/compute/v1/projects/p/zones/z/instances/i")
    );
    let polls = mock.calls_of::<zone_operations::Get>();
    assert_eq!(polls.len(), 3);
    assert_eq!(polls[0].path(), "/compute/v1/projects/p/zones/z/operations/operation-1");
    assert_eq!(
        polls[0].header("x-goog-api-version"),
        mock.calls_of::<instances::Insert>()[0].header("x-goog-api-version")
    );
}

#[tokio::test]
async fn an_operation_says_itself_where_it_is() {
    let (mock, compute) = start();
    let begun = compute.instances().insert("p", "first", Instance::default()).await.unwrap();
    let done = compute.wait_for(&begun).with_policy(quick()).await.unwrap();
    assert_eq!(done.progress, Some(100));
    assert_eq!(mock.calls_of::<global_operations::Get>().len(), 3);
    // By its name, it is asked for where the caller says.
    let again = compute.global_operations().get("p", "operation-1").wait().await.unwrap();
    assert_eq!(again.progress, Some(100));
    assert!(compute.zone_operations().get("p", "z", "operation-1").wait().await.unwrap_err().is_not_found());
}

//! A Compute Engine that creates instances. An operation is half done when it is first asked for, and then done.

use std::collections::BTreeMap;

use gapis_compute_v1::enums::OperationStatus;
use gapis_compute_v1::runtime::{Open, Result};
use gapis_compute_v1::schemas::{Instance, Operation, inline};
use gapis_compute_v1::{instances, zone_operations};
use gapis_mock::{MockError, MockResult, MockServer};

use crate::Shared;

/// How many instances the project may have.
const QUOTA: usize = 3;

/// The instances, and the operations that create them.
#[derive(Debug, Default)]
pub struct Zone {
    /// The names of the instances, in the order in which they were requested.
    pub instances: Vec<String>,
    operations: BTreeMap<String, Operation>,
}

impl Zone {
    fn insert(&mut self, zone: &str, instance: Instance) -> MockResult<Operation> {
        let instance = instance.name.ok_or_else(|| MockError::new(400, "required", "Required: name"))?;
        if self.instances.contains(&instance) {
            return Err(MockError::new(
                409,
                "alreadyExists",
                format!("The resource '{instance}' already exists"),
            ));
        }
        self.instances.push(instance.clone());
        let name = format!("operation-{}", self.instances.len());
        let base = "https://www.googleapis.com/compute/v1/projects/PROJECT/zones";
        let operation = Operation {
            name: Some(name.clone()),
            progress: Some(0),
            self_link: Some(format!("{base}/{zone}/operations/{name}")),
            status: Some(Open::Known(OperationStatus::Running)),
            target_link: Some(format!("{base}/{zone}/instances/{instance}")),
            zone: Some(format!("{base}/{zone}")),
            ..Default::default()
        };
        self.operations.insert(name, operation.clone());
        Ok(operation)
    }

    /// The operation, after it went on.
    fn poll(&mut self, name: &str) -> MockResult<Operation> {
        let fails = name.rsplit('-').next().and_then(|number| number.parse().ok()) > Some(QUOTA);
        let operation = self.operations.get_mut(name).ok_or_else(|| MockError::not_found(name))?;
        operation.progress = operation.progress.map(|progress| (progress + 50).min(100));
        if operation.progress == Some(100) {
            operation.status = Some(Open::Known(OperationStatus::Done));
            operation.error = fails.then(exceeded);
            operation.http_error_status_code = fails.then_some(403);
            operation.http_error_message = fails.then(|| "FORBIDDEN".to_owned());
        }
        Ok(operation.clone())
    }
}

fn exceeded() -> inline::OperationError {
    let error = inline::OperationErrorErrors {
        code: Some("QUOTA_EXCEEDED".to_owned()),
        message: Some(format!("Quota 'INSTANCES' exceeded. Limit: {QUOTA}")),
        ..Default::default()
    };
    inline::OperationError { errors: Some(vec![error]), ..Default::default() }
}

/// Starts the service without instances. It creates three; the operations of others fail.
///
/// # Errors
/// If no port is free.
pub fn start() -> Result<(MockServer, Shared<Zone>)> {
    let mock = MockServer::start()?;
    let zone = Shared::new(Zone::default());

    let state = zone.clone();
    mock.on::<instances::Insert>(move |call| state.lock().insert(call.var("zone")?, call.body()?));
    let state = zone.clone();
    mock.on::<zone_operations::Get>(move |call| state.lock().poll(call.var("operation")?));
    Ok((mock, zone))
}

//! Creates machines in one batch, waits until all of them are there, and shows how far each is.
//!
//! `cargo run -p gapis-examples --example compute` asks a local server, which allows three machines.
//! `cargo run -p gapis-examples --example compute -- --token-env TOKEN PROJECT ZONE` asks Google; machines cost money.

use futures_util::future::join_all;
use gapis_compute_v1::schemas::{
    AttachedDisk, AttachedDiskInitializeParams, Instance, NetworkInterface, Operation,
};
use gapis_compute_v1::{Compute, Result};
use gapis_examples::{Output, Stage, servers};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let stage = Stage::new(|| Ok(servers::compute::start()?.0))?;
    let [project, zone] = stage.arguments_or(["my-project", "europe-west3-a"]);
    let names = ["ant", "bee", "cow", "doe"];
    run(&stage.service()?, &project, &zone, &names, &Output::stdout()).await
}

/// The program itself, which a test runs too.
pub(crate) async fn run(
    compute: &Compute,
    project: &str,
    zone: &str,
    names: &[&str],
    out: &Output,
) -> Result<()> {
    // Each call gets a `requestId`, so that one whose response was lost can be sent again and creates one machine only.
    let mut batch = compute.batch();
    for name in names {
        batch.add(compute.instances().insert(project, zone, machine(zone, name)).with_id(name))?;
    }
    let report = batch.execute().await;

    // The responses are operations. All are waited for at the same time; to wait for one call alone, `.wait()` is enough.
    join_all(names.iter().map(async |name| {
        let operation = match report.take::<Operation>(name) {
            Ok(operation) => operation,
            Err(error) => return out.line(format_args!("{name} was refused: {error}")),
        };
        let wait = compute.wait_for(&operation).on_progress(|operation| {
            out.line(format_args!("{name}: {} %", operation.progress.unwrap_or_default()));
        });
        match wait.await {
            Ok(done) => out.line(format_args!("{name} is {}", done.target_link.unwrap_or_default())),
            Err(error) => out.line(format_args!("{name} failed: {error}")),
        }
    }))
    .await;
    Ok(())
}

/// A small machine with a disk of its own, which is deleted with it.
fn machine(zone: &str, name: &str) -> Instance {
    let image = "projects/debian-cloud/global/images/family/debian-12".to_owned();
    let disk = AttachedDisk {
        auto_delete: Some(true),
        boot: Some(true),
        initialize_params: Some(AttachedDiskInitializeParams {
            source_image: Some(image),
            ..Default::default()
        }),
        ..Default::default()
    };
    let network = Some("global/networks/default".to_owned());
    Instance {
        name: Some(name.to_owned()),
        machine_type: Some(format!("zones/{zone}/machineTypes/e2-micro")),
        disks: Some(vec![disk]),
        network_interfaces: Some(vec![NetworkInterface { network, ..Default::default() }]),
        ..Default::default()
    }
}

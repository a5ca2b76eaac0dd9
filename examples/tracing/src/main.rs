//! Sends the spans of a program, and those of its batches beneath, to an OpenTelemetry collector.
//!
//! `cargo run -p gapis-example-tracing` asks a local server, and prints the spans that arrive at a local collector.
//! `cargo run -p gapis-example-tracing -- --token-env TOKEN` asks Google. `OTEL_EXPORTER_OTLP_ENDPOINT` names another
//! collector, such as `http://localhost:4318`.

mod local;

use gapis_drive_v3::Drive;
use gapis_example_farm::{Output, Stage};
use opentelemetry::trace::TracerProvider as _;
use opentelemetry_otlp::{Protocol, SpanExporter, WithExportConfig as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::SdkTracerProvider;
use tracing::level_filters::LevelFilter;
use tracing::{Instrument as _, info_span};
use tracing_subscriber::filter::Targets;
use tracing_subscriber::prelude::*;

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let stage = Stage::new(local::drive)?;
    let collector = std::env::var_os("OTEL_EXPORTER_OTLP_ENDPOINT").is_none().then(local::Collector::start);
    let collector = collector.transpose()?;

    let provider = provider(collector.as_ref().map(local::Collector::url))?;
    // The spans of this program, and those of the library. The HTTP library has its own, which may show URLs.
    let shown = Targets::new()
        .with_target("gapis_runtime", LevelFilter::DEBUG)
        .with_target(env!("CARGO_CRATE_NAME"), LevelFilter::INFO);
    let layer = tracing_opentelemetry::layer().with_tracer(provider.tracer("report"));
    tracing_subscriber::registry().with(layer.with_filter(shown)).init();

    report(&stage.service()?).instrument(info_span!("report", files = 3)).await?;

    // Spans are sent in the background. This sends the rest.
    provider.shutdown()?;
    if let Some(collector) = collector {
        collector.print(&Output::stdout());
    }
    Ok(())
}

/// Sends spans to the collector at that URL, or to the one that the environment names.
fn provider(url: Option<&str>) -> Result<SdkTracerProvider> {
    // Without this, the exporter has no cryptography for `https`. Another part of the program may have chosen before.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut exporter = SpanExporter::builder().with_http().with_protocol(Protocol::HttpJson);
    if let Some(url) = url {
        exporter = exporter.with_endpoint(format!("{url}/v1/traces"));
    }
    let resource = Resource::builder().with_service_name("drive-report").build();
    Ok(SdkTracerProvider::builder().with_resource(resource).with_batch_exporter(exporter.build()?).build())
}

/// The traced program: a batch of three calls.
async fn report(drive: &Drive) -> gapis_drive_v3::Result<()> {
    let mut batch = drive.batch();
    let calls = ["a", "b", "c"].map(|id| drive.files().get(id).fields("name"));
    batch.queue_all(calls, |reply| {
        let found = reply.result.is_ok();
        tracing::info!(index = reply.index, found, "a file");
    })?;
    let _report = batch.execute().await;
    Ok(())
}

//! The program as it is, with a collector of its own.

use std::process::Command;

#[test]
fn the_spans_of_a_batch_arrive_at_a_collector() {
    let program = env!("CARGO_BIN_EXE_gapis-example-tracing");
    let run = Command::new(program).env_remove("OTEL_EXPORTER_OTLP_ENDPOINT").output().unwrap();
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    // Three events are the program's own; the library's says that the response has arrived.
    assert_eq!(
        String::from_utf8(run.stdout).unwrap(),
        "\
report files=3 (0 events)
  gapis.batch api=drive calls=3 version=v3 (4 events)
    gapis.batch.request attempt=1 calls=3 status=200 (0 events)
"
    );
}

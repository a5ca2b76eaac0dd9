//! The programs that read lists, and that change many things of Cloud Storage and Compute Engine.

use gapis_compute_v1::{instances, zone_operations};
use gapis_examples::{Output, servers};
use gapis_mock::{Fault, MockError};
use gapis_storage_v1::objects;

use crate::{compute, in_process, lists, service, storage, text};

#[tokio::test]
async fn lists_are_read_by_items_by_pages_and_many_at_once() {
    let (mock, _) = servers::drive::start().unwrap();
    let (out, printed) = Output::buffer();
    let folders = ["photos", "reports"].map(str::to_owned);
    lists::run(&service(&mock), &folders, &out).await.unwrap();
    let printed = text(&printed);
    let (head, rest) = printed.split_at(printed.find("photos: ").unwrap());
    assert_eq!(
        head,
        "\
all files have 3155562 bytes
a page of 100 files, incomplete: false
a page of 100 files, incomplete: false
a page of 100 files, incomplete: false
a page of 1 files, incomplete: false
"
    );
    let mut pages: Vec<_> = rest.lines().collect();
    assert_eq!(pages.pop(), Some("4 lists in 2 requests"));
    pages.sort_unstable();
    assert_eq!(pages, ["photos: 100 files", "photos: 50 files", "reports: 100 files", "reports: 50 files"]);
    assert_eq!(mock.request_count(), 4 + 4 + 2);
}

#[tokio::test]
async fn objects_are_moved_and_those_that_are_not_copied_stay() {
    let (mock, state) = servers::storage::start().unwrap();
    let (out, printed) = Output::buffer();
    // Somebody writes to an object after it was copied.
    let changed = MockError::new(412, "conditionNotMet", "Precondition Failed");
    let second = |call: &gapis_mock::MockCall| call.var("object").is_ok_and(|name| name == "logs/002.txt");
    mock.fault(Fault::error(changed).for_method::<objects::Delete>().when(second));
    storage::run(&service(&mock), "bucket", "logs/", &out).await.unwrap();
    assert_eq!(
        text(&printed),
        "\
logs/007.txt is not copied: 412 Precondition Failed: archive/logs/007.txt has the generation 121 (conditionNotMet)
logs/002.txt is not deleted: 412 Precondition Failed: Precondition Failed (conditionNotMet)
118 of 120 objects are moved
"
    );
    let state = state.lock();
    let left: Vec<_> = state.objects.keys().filter(|name| !name.starts_with("archive/")).collect();
    assert_eq!(left, ["logs/002.txt", "logs/007.txt"]);
    assert_eq!(state.objects["archive/logs/001.txt"].1.bytes(), "This is logs/001.txt.");
    // One for the list; 120 copies and 119 deletions, 100 in each request.
    assert_eq!(mock.request_count(), 1 + 2 + 2);
    assert_eq!(mock.requests()[1].path, "/batch/storage/v1");
    // Requests that are on their way together are answered in any order.
    let copies = mock.calls_of::<objects::Copy>();
    let copy =
        copies.iter().find(|call| call.query("ifSourceGenerationMatch").as_deref() == Some("1")).unwrap();
    assert_eq!(
        copy.path(),
        "/storage/v1/b/bucket/o/logs%2F001.txt/copyTo/b/bucket/o/archive%2Flogs%2F001.txt"
    );
    assert_eq!(copy.raw_query(), "ifSourceGenerationMatch=1&ifGenerationMatch=0&fields=name&alt=json");
}

#[tokio::test(start_paused = true)]
async fn machines_are_created_in_one_batch_and_waited_for_together() {
    let (mock, state) = servers::compute::start().unwrap();
    let (out, printed) = Output::buffer();
    let names = ["ant", "bee", "cow", "doe", "ant"];
    compute::run(&in_process(&mock), "p", "z", &names[..4], &out).await.unwrap();
    let printed = text(&printed);
    let of = |name: &str| {
        let lines = printed.lines().filter_map(|line| line.strip_prefix(name));
        lines.map(str::to_owned).collect::<Vec<_>>()
    };
    let there = " is https://www.googleapis.com/compute/v1/projects/PROJECT/zones/z/instances/bee";
    assert_eq!(of("bee"), [": 0 %", ": 50 %", ": 100 %", there]);
    let exceeded = " failed: compute.zoneOperations.get: the operation `operation-4` failed: 403 Forbidden: Quota 'INSTANCES' exceeded. Limit: 3 (QUOTA_EXCEEDED)";
    assert_eq!(of("doe"), [": 0 %", ": 50 %", ": 100 %", exceeded]);
    let insertions = mock.calls_of::<instances::Insert>();
    assert_eq!(insertions.len(), 4);
    assert_eq!(insertions[0].request(), insertions[3].request());
    assert!(insertions.iter().all(|call| call.query("requestId").is_some()));
    assert_eq!(state.lock().instances, &names[..4]);
    assert_eq!(mock.calls_of::<zone_operations::Get>().len(), 8);
}

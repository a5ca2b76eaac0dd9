//! Long chains of schemas, in a crate of its own: of the types of another crate, the compiler has to find out again whether
//! they can be sent to other threads.

use gapis_golden::chains::schemas::{Circle0, Entry0, Item0, Item1, Member0, Member199};
use gapis_runtime::private::{from_slice, to_vec};

fn can_be_sent<T: Send + Sync + 'static>() {}

#[test]
fn types_of_long_chains_can_be_sent_to_other_threads() {
    can_be_sent::<Member0>();
    can_be_sent::<Item0>();
    can_be_sent::<Entry0>();
    can_be_sent::<Circle0>();
    can_be_sent::<Vec<Option<(Item0, Circle0)>>>();
}

#[test]
fn values_of_long_chains_are_read_and_written() {
    let text = format!("{}{}", r#"{"next":["#.repeat(30), "]}".repeat(30));
    let mut item = Item0::default();
    from_slice(text.as_bytes(), &mut item).expect("a value");
    assert_eq!(String::from_utf8(to_vec(&item).expect("JSON")).expect("text"), text);
    let copy = item.clone();
    assert_eq!(copy, item);
    let first: &Item1 = &item.next.expect("a list")[0];
    assert!(first.next.is_some());
    assert_eq!(Member199::default(), Member199::default());
}

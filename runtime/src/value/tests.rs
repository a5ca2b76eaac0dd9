//! Small structs as a generated crate has them, read and written.

use std::collections::BTreeMap;
use std::time::SystemTime;

use proptest::prelude::*;

use super::*;
use crate::Json;

#[derive(crate::private::derive::OpenEnum)]
enum Role {
    #[wire("owner")]
    Owner,
    #[wire("reader")]
    Reader,
}

#[derive(crate::private::derive::Object)]
struct Item {
    big: Option<i64>,
    bigger: Option<u64>,
    child: Option<Box<Item>>,
    count: Option<i32>,
    fields: Option<FieldMask>,
    flag: Option<bool>,
    items: Option<Vec<Item>>,
    json: Option<Json>,
    labels: Option<BTreeMap<String, String>>,
    name: Option<String>,
    nested: Option<BTreeMap<String, Vec<i64>>>,
    positive: Option<u32>,
    raw: Option<Base64>,
    role: Option<Open<Role>>,
    score: Option<f64>,
    small: Option<f32>,
    time: Option<DateTime>,
    extra: Extra,
}

fn read(text: &str) -> Result<Item, DecodeError> {
    let mut item = Item::default();
    from_slice(text.as_bytes(), &mut item).map(|()| item)
}

fn write(item: &Item) -> String {
    String::from_utf8(to_vec(item).unwrap()).unwrap()
}

fn failed(text: &str) -> String {
    read(text).unwrap_err().to_string()
}

#[test]
fn numbers_come_back_to_the_last_digit() {
    for number in ["1274.0109373898595", "0.48048184985207204", "961.4780196497471"] {
        let text = format!(r#"{{"json":{number},"score":{number},"unknown":{number}}}"#);
        assert_eq!(write(&read(&text).unwrap()), text);
    }
}

#[test]
fn writes_exact_bytes() {
    let item = Item {
        big: Some(i64::MIN),
        bigger: Some(u64::MAX),
        child: Some(Box::new(Item { flag: Some(true), ..Item::default() })),
        count: Some(-3),
        fields: Some("a,b_c".into()),
        items: Some(vec![Item::default()]),
        labels: Some([("k".to_owned(), "v\"\n".to_owned())].into()),
        nested: Some([("n".to_owned(), vec![1])].into()),
        raw: Some(vec![251].into()),
        role: Some(Role::Owner.into()),
        score: Some(f64::NEG_INFINITY),
        small: Some(0.1),
        extra: Extra::NEW.null("name").with("flag", 3).with("zz", 1).with("big", 0),
        ..Item::default()
    };
    let expected = concat!(
        r#"{"big":"-9223372036854775808","bigger":"18446744073709551615","child":{"flag":true},"count":-3,"#,
        r#""fields":"a,b_c","items":[{}],"labels":{"k":"v\"\n"},"nested":{"n":["1"]},"raw":"-w==","role":"owner","#,
        r#""score":"-Infinity","small":0.1,"flag":3,"name":null,"zz":1}"#
    );
    assert_eq!(write(&item), expected);
    assert_eq!(serde_json::to_string(&item).unwrap(), expected);
}

#[test]
fn a_patch_has_three_states() {
    assert_eq!(write(&Item::default()), "{}");
    assert_eq!(write(&Item { name: Some("x".into()), ..Item::default() }), r#"{"name":"x"}"#);
    let cleared = Item { extra: Extra::NEW.null("name"), ..Item::default() };
    assert_eq!(write(&cleared), r#"{"name":null}"#);
    let set = Item { name: Some("x".into()), ..cleared };
    assert_eq!(write(&set), r#"{"name":"x"}"#);
}

#[test]
fn tolerates_what_servers_send() {
    let item = read(
        r#" {"big": 7, "bigger": 18446744073709551615, "count": 1.0, "flag": "true", "positive": "12", "score": "2.5",
            "small": "NaN", "role": "commenter", "name": null, "raw": "+/8", "time": "2014-01-01T10:00:00"} "#,
    )
    .unwrap();
    assert_eq!((item.big, item.bigger, item.count), (Some(7), Some(u64::MAX), Some(1)));
    assert_eq!((item.flag, item.positive, item.score), (Some(true), Some(12), Some(2.5)));
    assert!(item.small.unwrap().is_nan());
    assert_eq!(item.role.as_ref().unwrap(), &"commenter");
    assert_eq!(item.name, None);
    assert_eq!(item.raw.unwrap().decode().unwrap(), [0xfb, 0xff]);
    assert_eq!(item.time.unwrap().offset(), None);
    assert_eq!(read(r#"{"role": 3}"#).unwrap().role.unwrap().as_str(), "3");
}

#[test]
fn keeps_what_the_document_does_not_name() {
    let text = r#"{"count":1,"json":{"a":[null,1.5]},"x\u0041":{"b":[1,null]},"y":null}"#;
    let item = read(text).unwrap();
    assert_eq!(item.extra.get("xA"), Some(&serde_json::json!({"b": [1, null]})));
    assert_eq!(item.extra.get("y"), Some(&Json::Null));
    assert_eq!(write(&item), text.replace("\\u0041", "A"));
    let again: Item = serde_json::from_str(text).unwrap();
    assert_eq!(item, again);
    assert_eq!(item.clone(), item);
    assert_ne!(item, Item::default());
}

#[test]
fn the_last_of_two_members_wins() {
    let item = read(
        r#"{"name":"a","child":{"count":1},"name":"b","child":{"flag":true},"labels":{"k":"1","k":"2"}}"#,
    )
    .unwrap();
    assert_eq!(write(&item), r#"{"child":{"flag":true},"labels":{"k":"2"},"name":"b"}"#);
    assert_eq!(read(r#"{"name":"a","name":null}"#).unwrap().name, None);
}

#[test]
fn errors_name_the_place() {
    let strict = |text: &str| serde_json::from_str::<Item>(text).unwrap_err().to_string();
    assert!(
        strict(r#"{"items": [{}, {"child": {"flag": 3}}]}"#)
            .starts_with("items[1].child.flag: expected a boolean, found 3")
    );
    assert!(
        strict(r#"{"labels": {"a b": []}}"#).starts_with(r#"labels["a b"]: expected a string, found a list"#)
    );
    assert!(
        strict(r#"{"nested": {"n": [1, "x"]}}"#)
            .starts_with(r#"nested.n[1]: expected a 64-bit integer, found the string "x""#)
    );
    assert!(strict(r#"{"count": 1.5}"#).contains("found 1.5"));
    assert!(
        strict(r#"{"count": 3000000000}"#).starts_with("count: expected a 32-bit integer, found 3000000000")
    );
    assert!(failed("[]").starts_with("$: expected an object, found a list"));
    assert!(failed(r#"{"new": {"a": }}"#).starts_with("new: "));
    let broken = read("{\n\"name\": \"a\",\n\"flag\": x}").unwrap_err();
    assert_eq!((broken.path(), broken.offset()), ("flag", 24));
}

/// Every kind of scalar with every kind of value that does not fit it: alone, in a list, in a map, and deeper.
#[test]
fn what_does_not_fit_is_kept_and_spoils_nothing_else() {
    let numbers = ["3000000000", "-2147483649", "1.5", "true", "\"x\"", "[1]", "{\"a\":1}", "\"\""];
    let beyond = ["18446744073709551616", "-9223372036854775809", "123456789012345678901"];
    let misfits: [(&str, &[&str]); 10] = [
        ("count", &numbers),
        ("positive", &["-1", "4294967296", "1.5", "true", "\"x\"", "[1]"]),
        ("big", &["1.5", "true", "\"x\"", "\"123456789012345678901\"", "[1]", "{}"]),
        ("bigger", &["-1", "1.5", "\"-1\"", "[1]"]),
        ("flag", &["0", "1", "\"yes\"", "[true]", "{}"]),
        ("score", &["true", "\"x\"", "[1]"]),
        ("name", &["[1]", "{}"]),
        ("time", &["[1]", "{}"]),
        ("raw", &["[1]", "{}"]),
        ("child", &["7", "\"x\"", "[1]", "true"]),
    ];
    for (member, values) in misfits {
        for value in values {
            let text = format!(r#"{{"{member}":{value},"items":[{{"{member}":{value},"role":"owner"}}]}}"#);
            let item = read(&text).unwrap_or_else(|error| panic!("{text}: {error}"));
            let raw: Json = serde_json::from_str(value).unwrap();
            assert_eq!(item.extra.get(member), Some(&raw), "{text}");
            let inner = &item.items.as_ref().unwrap()[0];
            assert!(inner.extra.get(member) == Some(&raw) && inner.role.is_some(), "{text}");
            let written: Json = serde_json::from_str(&write(&item)).unwrap();
            assert_eq!(written, serde_json::from_str::<Json>(&text).unwrap(), "it goes back as it came");
        }
    }
    for digits in beyond {
        for member in ["count", "positive", "big", "bigger"] {
            let item = read(&format!(r#"{{"{member}":{digits},"name":"n"}}"#)).unwrap();
            assert_eq!(item.extra.get(member), Some(&digits.into()), "every digit, as text");
            assert_eq!(item.name.as_deref(), Some("n"));
        }
    }
}

#[test]
fn a_list_or_a_map_with_one_misfit_is_kept_whole() {
    let item =
        read(r#"{"nested":{"a":[1],"b":[2,"x"]},"labels":{"a":"b","c":[]},"items":[{},3],"name":"n"}"#);
    let item = item.unwrap();
    assert_eq!((item.nested, item.labels, item.name.as_deref()), (None, None, Some("n")));
    assert!(item.items.is_none());
    assert_eq!(item.extra.get("nested"), Some(&serde_json::json!({"a": [1], "b": [2, "x"]})));
    assert_eq!(item.extra.get("labels"), Some(&serde_json::json!({"a": "b", "c": []})));
    assert_eq!(item.extra.get("items"), Some(&serde_json::json!([{}, 3])));
    let mut list: Vec<String> = Vec::empty();
    assert!(from_slice(br#"["a", []]"#, &mut list).is_err(), "nothing is around it that could keep it");
}

#[test]
fn scalars_are_text_where_text_is_declared() {
    for (value, text) in [
        ("7", "7"),
        ("-7", "-7"),
        ("18446744073709551615", "18446744073709551615"),
        ("123456789012345678901", "123456789012345678901"),
        ("-123456789012345678901", "-123456789012345678901"),
        ("1.5", "1.5"),
        ("true", "true"),
    ] {
        let text_of = |json: String| read(&json).unwrap();
        assert_eq!(text_of(format!(r#"{{"name":{value}}}"#)).name.as_deref(), Some(text));
        let labels = text_of(format!(r#"{{"labels":{{"k":{value}}}}}"#)).labels.unwrap();
        assert_eq!(labels["k"], text);
    }
    assert_eq!(read(r#"{"name":1e300}"#).unwrap().extra.get("name"), Some(&1e300.into()));
}

#[test]
fn halves_of_surrogate_pairs_are_replaced() {
    for (escaped, text) in [
        (r"\ud800", "\u{fffd}"),
        (r"a\udc00b", "a\u{fffd}b"),
        (r"\ud83d\ud83d\ude00", "\u{fffd}😀"),
        (r"\ud83d\\ude00", "\u{fffd}\\ude00"),
        (r"\uD800\n\\", "\u{fffd}\n\\"),
    ] {
        let item =
            read(&format!(r#"{{"name":"{escaped}","labels":{{"{escaped}":"\\\"12"}},"count":1}}"#)).unwrap();
        assert_eq!(item.name.as_deref(), Some(text), "{escaped}");
        assert_eq!(item.labels.unwrap()[text], "\\\"12");
        assert_eq!(item.count, Some(1));
    }
}

#[test]
fn a_value_that_is_not_wrapped_says_what_it_is_instead() {
    let wrapped = |text: &str| {
        let mut item = Item::default();
        from_enveloped_slice(text.as_bytes(), &mut item)
            .map(|()| item.name)
            .map_err(|error| error.to_string())
    };
    assert_eq!(wrapped(r#"{"kind":1,"data":{"name":"a"}}"#), Ok(Some("a".to_owned())));
    assert_eq!(wrapped("{}"), Ok(None));
    for (text, found) in [
        ("true", "true"),
        ("-1", "-1"),
        ("1", "1"),
        ("1.5", "1.5"),
        (r#""a""#, r#"the string "a""#),
        ("null", "null"),
        ("[{}]", "a list"),
    ] {
        let error = wrapped(text).unwrap_err();
        let expected = format!("expected an object with the member `data`, found {found}");
        assert!(error.contains(&expected), "{text}: {error}");
    }
}

#[test]
fn what_stands_after_the_value_is_not_looked_at() {
    for after in ["\0", "\0\0\n", " x", "{}", "</html>", ")]}'"] {
        assert_eq!(read(&format!(r#"{{"name":"a"}}{after}"#)).unwrap().name.as_deref(), Some("a"), "{after}");
        assert_eq!(read(&format!(r#"{{"count":"x"}}{after}"#)).unwrap().extra.len(), 1, "{after}");
    }
    assert!(read("").is_err() && read("\0{}").is_err() && read("{").is_err());
}

#[test]
fn depth_is_bounded() {
    let deep = |levels: usize| format!("{}{}{}", r#"{"child":"#.repeat(levels), "{}", "}".repeat(levels));
    assert!(read(&deep(100)).is_ok());
    assert!(failed(&deep(100_000)).contains("recursion limit"));
    assert!(failed(&format!("{{\"new\":{}", "[".repeat(100_000))).contains("recursion limit"));
}

#[test]
fn prints_what_is_set() {
    let item = Item {
        count: Some(1),
        child: Some(Box::new(Item { role: Some("new".into()), ..Item::default() })),
        extra: Extra::NEW.with("z", true),
        ..Item::default()
    };
    assert_eq!(
        format!("{item:?}"),
        r#"Item { child: Item { role: "new" }, count: 1, extra: {"z": Bool(true)} }"#
    );
    assert_eq!(format!("{:?}", Item::default()), "Item");
}

#[test]
fn open_enums_compare_by_name() {
    let known: Open<Role> = Role::Reader.into();
    assert_eq!(known, Open::from("reader"));
    assert_eq!(known, Role::Reader);
    assert_eq!(known, Open::Unknown("reader".into()));
    assert_eq!(
        (known.known(), known.to_string(), format!("{known:?}")),
        (Some(Role::Reader), "reader".into(), "reader".into())
    );
    assert_eq!(serde_json::from_str::<Open<Role>>("\"x\"").unwrap().as_str(), "x");
}

#[test]
fn times_keep_their_text() {
    let zoned: DateTime = "2024-02-29T10:00:00.123456789+05:30".parse().unwrap();
    assert_eq!(zoned.offset().unwrap().seconds(), 19_800);
    assert_eq!(zoned.timestamp().unwrap().to_string(), "2024-02-29T04:30:00.123456789Z");
    assert_eq!(zoned.civil().unwrap().hour(), 10);
    assert_eq!(zoned.to_string(), "2024-02-29T10:00:00.123456789+05:30");
    assert_eq!(DateTime::from(zoned.timestamp().unwrap()).offset(), Some(jiff::tz::Offset::UTC));
    assert_eq!(
        DateTime::from(jiff::civil::datetime(2014, 1, 1, 10, 0, 0, 0)).as_str(),
        "2014-01-01T10:00:00"
    );
    for bad in
        ["", "2024-13-01T00:00:00Z", "2024-01-01", "x", "2024-01-01T00:00:00+x", "2024-01-01T00:00:00Z[UTC]"]
    {
        assert!(bad.parse::<DateTime>().is_err(), "{bad}");
    }
    for (text, part) in [("2024-01-01T00:00:00", "offset"), ("2024-13-01T00:00:00Z", "2006-01-02T15:04:05Z")]
    {
        let failed =
            serde_json::from_value::<DateTime>(text.into()).unwrap().to_std().unwrap_err().to_string();
        assert!(failed.contains(text) && failed.contains(part), "{failed}");
    }
    assert!("2024-02-30".parse::<Date>().is_err());
    assert_eq!("2024-02-29".parse::<Date>().unwrap().civil().unwrap().day(), 29);
}

#[test]
fn durations_convert() {
    for (text, seconds, nanos) in
        [("3.5s", 3, 500_000_000), ("0s", 0, 0), ("-1.25s", -1, -250_000_000), ("-0.000000001s", 0, -1)]
    {
        let duration: Duration = text.parse().unwrap();
        assert_eq!(duration.to_jiff().unwrap(), jiff::SignedDuration::new(seconds, nanos));
        assert_eq!(Duration::from(duration.to_jiff().unwrap()).as_str(), text);
    }
    for bad in ["", "s", "3", ".5s", "3.s", "+3s", "1.0000000001s", "99999999999999999999s"] {
        assert!(bad.parse::<Duration>().is_err(), "{bad}");
    }
    assert!("-1s".parse::<Duration>().unwrap().to_std().is_err());
}

proptest! {
    /// Of the years 1 to 9998, so that every offset leaves four digits.
    #[test]
    fn times_are_those_of_jiff(seconds in -62_135_596_800..=253_370_764_799_i64, nanos in 0..1_000_000_000_i32, offset in -1439..=1439) {
        let instant = jiff::Timestamp::new(seconds, if seconds < 0 { 0 } else { nanos }).unwrap();
        let expected = SystemTime::try_from(instant).unwrap();
        let time: DateTime = instant.to_string().parse().unwrap();
        prop_assert_eq!(time.to_std().unwrap(), expected);
        prop_assert_eq!(&DateTime::try_from(expected).unwrap(), &time);
        let offset = jiff::tz::Offset::from_seconds(offset * 60).unwrap();
        let local: DateTime = instant.display_with_offset(offset).to_string().parse().unwrap();
        prop_assert_eq!(local.to_std().unwrap(), expected);
        prop_assert_eq!(local.timestamp().unwrap(), instant);
        prop_assert_eq!(local.offset().unwrap().seconds(), offset.seconds());
    }

    #[test]
    fn times_before_1970_have_decimals_too(seconds in 0..62_000_000_000_u64, nanos in 0..1_000_000_000_u32) {
        let time = SystemTime::UNIX_EPOCH - std::time::Duration::new(seconds, nanos);
        let text = DateTime::try_from(time).unwrap();
        prop_assert_eq!(text.as_str(), &jiff::Timestamp::try_from(time).unwrap().to_string());
        prop_assert_eq!(text.to_std().unwrap(), time);
    }

    #[test]
    fn numbers_of_64_bits_come_back(big in any::<i64>(), bigger in any::<u64>()) {
        let item = Item { big: Some(big), bigger: Some(bigger), ..Item::default() };
        let text = write(&item);
        prop_assert_eq!(&text, &format!(r#"{{"big":"{big}","bigger":"{bigger}"}}"#));
        prop_assert_eq!(&read(&text).unwrap(), &item);
        prop_assert_eq!(&read(&text.replace(['"'], "").replace("big:", "\"big\":").replace("bigger:", "\"bigger\":")).unwrap(), &item);
    }

    #[test]
    fn bytes_come_back(bytes in any::<Vec<u8>>()) {
        prop_assert_eq!(Base64::from(bytes.as_slice()).decode().unwrap(), bytes);
    }

    #[test]
    fn no_input_panics(text in "[\\[\\]{}\",:a-z0-9. ]{0,40}", bytes in any::<Vec<u8>>()) {
        let _ = read(&text);
        let mut item = Item::default();
        let _ = from_slice(&bytes, &mut item);
        let _ = (text.parse::<DateTime>(), text.parse::<Duration>(), text.parse::<Date>());
    }
}

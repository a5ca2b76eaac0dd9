use std::collections::BTreeMap;

use fastrand::Rng;
use gapis_mock::Handlers;
use gapis_runtime::Extra;
use gapis_runtime::diff;
use serde::Deserialize;
use serde_json::{Value, json};

use gapis_testkit::small::wrapped;
use gapis_testkit::zoo::{Animal, Get, Keeper, List, Patch, on_table, sent};

fn echo(answer: Value) -> Handlers {
    let handlers = Handlers::new();
    let response = gapis_mock::MockResponse::json(200, &answer);
    let list = response.clone();
    handlers.on_raw::<Get>(move |_| response.clone()).on_raw::<List>(move |_| list.clone());
    handlers
}

#[derive(Deserialize, Debug, PartialEq)]
struct Short {
    name: String,
    keeper: Option<Mail>,
}

#[derive(Deserialize, Debug, PartialEq)]
struct Mail {
    mail: String,
}

#[tokio::test]
async fn fields_go_as_they_are() {
    let handlers = echo(json!({"name": "Dolly"}));
    let animal = on_table(&handlers).get("1").fields("name,keeper(mail,name),labels/*").await.unwrap();
    assert_eq!(animal.name.as_deref(), Some("Dolly"));
    assert_eq!(sent(&handlers), ["GET animals/1?fields=name%2Ckeeper%28mail%2Cname%29%2Clabels%2F%2A"]);
}

#[tokio::test]
async fn a_type_of_the_caller_s_asks_for_its_members_only() {
    let handlers = echo(json!({"name": "Dolly", "keeper": {"mail": "eve@example.com"}, "weight": "77"}));
    let zoo = on_table(&handlers);
    let short: Short = zoo.get("1").reply_as().await.unwrap();
    assert_eq!(short, Short { name: "Dolly".into(), keeper: Some(Mail { mail: "eve@example.com".into() }) });
    assert_eq!(sent(&handlers), ["GET animals/1?fields=name%2Ckeeper%28mail%29"]);
    // `fields` of the caller takes precedence, and a type that reads anything requests everything.
    handlers.forget();
    let _: Short = zoo.get("1").fields("name").reply_as().await.unwrap();
    let any: Value = zoo.get("1").reply_as().await.unwrap();
    assert_eq!(any["weight"], "77");
    assert_eq!(sent(&handlers), ["GET animals/1?fields=name", "GET animals/1"]);
}

#[tokio::test]
async fn lists_of_the_caller_s_types_too() {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Names {
        animals: Vec<Short>,
        next_page_token: Option<String>,
    }
    let handlers = echo(json!({"animals": [{"name": "a"}, {"name": "b"}], "nextPageToken": "t"}));
    let names: Names = on_table(&handlers).list().reply_as().await.unwrap();
    assert_eq!((names.animals.len(), names.next_page_token.as_deref()), (2, Some("t")));
    let fields = handlers.calls()[0].query("fields");
    assert_eq!(fields.as_deref(), Some("animals(name,keeper(mail)),nextPageToken"));
}

#[tokio::test]
async fn what_does_not_fit_the_caller_s_type_names_the_place() {
    let handlers = echo(json!({"name": "Dolly", "keeper": {"mail": 7}}));
    let error = on_table(&handlers).get("1").reply_as::<Short>().await.unwrap_err();
    assert!(error.is_decode(), "{error}");
    assert!(error.to_string().contains("`keeper.mail`") && error.to_string().contains("Dolly"), "{error}");
}

#[tokio::test]
async fn unset_null_and_value_are_three_things() {
    let handlers = Handlers::new();
    handlers.on::<Patch>(|call| call.body::<Animal>());
    let zoo = on_table(&handlers);
    let change = Animal {
        legs: Some(0),
        keeper: Some(Keeper { extra: Extra::default().null("mail"), ..Default::default() }),
        extra: Extra::default().null("name").null("tags").with("unknown", json!([1])),
        ..Default::default()
    };
    zoo.patch("1", change).await.unwrap();
    assert_eq!(
        handlers.requests()[0].body,
        r#"{"keeper":{"mail":null},"legs":0,"name":null,"tags":null,"unknown":[1]}"#
    );
    // A value takes precedence over a null of the same name.
    let change =
        Animal { name: Some("Ann".into()), extra: Extra::default().null("name"), ..Default::default() };
    assert_eq!(serde_json::to_string(&change).unwrap(), r#"{"name":"Ann"}"#);
}

fn animal(rng: &mut Rng) -> Animal {
    let text = |rng: &mut Rng| ["", "a", "b", "ä\"\\"][rng.usize(..4)].to_owned();
    let keeper = rng.bool().then(|| Keeper {
        mail: rng.bool().then(|| text(rng)),
        name: rng.bool().then(|| text(rng)),
        extra: if rng.bool() { Extra::default().with("more", rng.u8(..2)) } else { Extra::default() },
    });
    let labels = (0..2).map(|_| (text(rng), text(rng))).collect::<BTreeMap<_, _>>();
    let tags = (0..rng.usize(..3)).map(|_| text(rng)).collect();
    Animal {
        id: None,
        keeper,
        labels: rng.bool().then_some(labels),
        legs: rng.bool().then(|| rng.i32(0..3)),
        name: rng.bool().then(|| text(rng)),
        tags: rng.bool().then_some(tags),
        weight: rng.bool().then(|| rng.i64(..) / 2),
        extra: if rng.bool() {
            Extra::default().with("new", json!({"a": rng.u8(..2)}))
        } else {
            Extra::default()
        },
    }
}

/// A server's handling of a patch with its mask: each path is replaced or removed.
fn apply(to: &mut Value, body: &Value, path: &str) {
    match path.split_once('.') {
        Some((name, rest)) => apply(&mut to[name], &body[name], rest),
        None if body[path].is_null() => {
            to.as_object_mut().unwrap().remove(path);
        }
        None => to[path] = body[path].clone(),
    }
}

#[test]
fn a_patch_makes_of_one_value_the_other_and_says_nothing_else() {
    let mut rng = Rng::with_seed(11);
    for _ in 0..2000 {
        let (before, after) = (animal(&mut rng), animal(&mut rng));
        let patch = diff(&before, &after);
        let [mut server, wanted, body] =
            [&before, &after, &patch.body].map(|value| serde_json::to_value(value).unwrap());
        let paths: Vec<_> = patch.update_mask().split(',').filter(|path| !path.is_empty()).collect();
        paths.iter().for_each(|path| apply(&mut server, &body, path));
        assert_eq!(server, wanted, "{before:?} {after:?} {patch:?}");
        assert_eq!(patch.is_empty(), before == after);
        // Each path differs.
        for path in paths {
            let pointer = format!("/{}", path.replace('.', "/"));
            let of = |value| serde_json::to_value(value).unwrap().pointer(&pointer).cloned();
            assert_ne!(of(&before), of(&after), "{path}");
        }
    }
}

#[tokio::test]
async fn what_is_wrapped_is_asked_for_and_read_below_the_wrapper() {
    let handlers = Handlers::new();
    handlers.on::<wrapped::Get>(|_| Ok(json!({"name": "cow", "more": 1})));
    let words = wrapped::Words::builder().anonymous().transport(handlers.clone()).build().unwrap();
    let short: Short = words.get().reply_as().await.unwrap();
    assert_eq!(short, Short { name: "cow".into(), keeper: None });
    assert_eq!(handlers.calls()[0].query("fields").as_deref(), Some("data(name,keeper(mail))"));
    assert_eq!(words.get().await.unwrap()["more"], 1);
    handlers.on_raw::<wrapped::Get>(|_| gapis_mock::MockResponse::json(200, &json!({"data": {"name": 7}})));
    let error = words.get().reply_as::<Short>().await.unwrap_err();
    assert!(error.is_decode() && error.to_string().contains("`data.name`"), "{error}");
}

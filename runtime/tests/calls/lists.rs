use futures_util::{StreamExt as _, TryStreamExt as _};
use gapis_mock::{Fault, Handlers, MockError, MockResponse};
use serde_json::{Value, json};

use gapis_testkit::zoo::{Aggregated, List, Search, on_table, sent};

/// Serves these pages in order. Each page must be requested with the token of the one before.
fn pages(pages: Vec<Value>) -> Handlers {
    let handlers = Handlers::new();
    let answer = |pages: &[Value], token: Option<&str>| {
        let at = token.map_or(0, |token| token.trim_start_matches('t').parse::<usize>().unwrap());
        MockResponse::json(200, &pages[at])
    };
    let all = pages.clone();
    handlers.on_raw::<List>(move |call| answer(&all, call.query("pageToken").as_deref()));
    let all = pages.clone();
    handlers.on_raw::<Aggregated>(move |call| answer(&all, call.query("continue").as_deref()));
    handlers.on_raw::<Search>(move |call| {
        let body: Value = serde_json::from_slice(call.raw_body()).unwrap();
        answer(&pages, body["pageToken"].as_str())
    });
    handlers
}

fn named(names: &[&str]) -> Value {
    names.iter().map(|name| json!({ "name": name })).collect()
}

/// Three pages, the middle one without animals.
fn three() -> Vec<Value> {
    vec![
        json!({"animals": named(&["a", "b"]), "nextPageToken": "t1"}),
        json!({"nextPageToken": "t2"}),
        json!({"animals": named(&["c"]), "nextPageToken": ""}),
    ]
}

#[tokio::test]
async fn a_token_in_the_query_an_empty_page_is_not_the_end() {
    let handlers = pages(three());
    let zoo = on_table(&handlers);
    let mut names = Vec::new();
    let mut items = zoo.list().items();
    while let Some(animal) = items.next().await {
        names.extend(animal.unwrap().name);
    }
    assert_eq!(names, ["a", "b", "c"]);
    assert_eq!(sent(&handlers), ["GET animals", "GET animals?pageToken=t1", "GET animals?pageToken=t2"]);
    assert!(items.next().await.is_none(), "the end stays the end");
    assert_eq!(handlers.request_count(), 3);

    let mut sizes = Vec::new();
    let mut pages = zoo.list().pages();
    while let Some(page) = pages.next().await {
        sizes.push(page.unwrap().animals.map_or(0, |animals| animals.len()));
    }
    assert_eq!(sizes, [2, 0, 1]);
}

#[tokio::test]
async fn both_are_streams() {
    let zoo = on_table(&pages(three()));
    let names: Vec<_> = zoo.list().items().map_ok(|animal| animal.name.unwrap()).try_collect().await.unwrap();
    assert_eq!(names, ["a", "b", "c"]);
    assert_eq!(zoo.list().pages().count().await, 3);
}

#[tokio::test]
async fn a_token_in_the_body_leaves_the_rest_of_it() {
    let handlers = pages(three());
    let mut items = on_table(&handlers).search(json!({"legs": 4, "pageSize": 2})).items();
    let mut names = Vec::new();
    while let Some(animal) = items.next().await {
        names.extend(animal.unwrap().name);
    }
    assert_eq!(names, ["a", "b", "c"]);
    let bodies: Vec<_> = handlers.requests().iter().map(|request| request.body.clone()).collect();
    assert_eq!(
        bodies,
        [
            r#"{"legs":4,"pageSize":2}"#,
            r#"{"legs":4,"pageSize":2,"pageToken":"t1"}"#,
            r#"{"legs":4,"pageSize":2,"pageToken":"t2"}"#
        ]
    );
}

#[tokio::test]
async fn entries_of_a_map_come_with_their_keys_and_tokens_by_any_name() {
    let handlers = pages(vec![
        json!({"houses": {"east": {"name": "Eve"}, "west": {"name": "Wim"}}, "response": {"continue": "t1"}}),
        json!({"houses": {"north": {}}, "response": {}}),
    ]);
    let mut items = on_table(&handlers).aggregated().fields("houses(name)").items();
    let mut found = Vec::new();
    while let Some(entry) = items.next().await {
        let (house, keeper) = entry.unwrap();
        found.push((house, keeper.name.unwrap_or_default()));
    }
    assert_eq!(found, [("east", "Eve"), ("west", "Wim"), ("north", "")].map(|(a, b)| (a.into(), b.into())));
    let fields = "fields=houses%28name%29%2Cresponse";
    assert_eq!(sent(&handlers), [format!("GET houses?{fields}"), format!("GET houses?{fields}&continue=t1")]);
}

#[tokio::test]
async fn fields_of_the_caller_keep_the_token_and_the_items() {
    for (own, items, expected) in [
        ("animals(name)", true, "animals(name),nextPageToken"),
        ("animals/name", true, "animals/name,nextPageToken"),
        ("nextPageToken,animals", true, "nextPageToken,animals"),
        ("*", true, "*"),
        ("kind", true, "kind,animals,nextPageToken"),
        ("kind", false, "kind,nextPageToken"),
        // The same name in a nested member is something else.
        ("other(nextPageToken,animals)", true, "other(nextPageToken,animals),animals,nextPageToken"),
    ] {
        let handlers = pages(three());
        let call = on_table(&handlers).list().fields(own);
        if items {
            assert!(call.items().next().await.unwrap().is_ok());
        } else {
            assert!(call.pages().next().await.unwrap().is_ok());
        }
        assert_eq!(handlers.calls()[0].query("fields").as_deref(), Some(expected));
    }
}

#[tokio::test]
async fn a_list_begins_where_the_caller_says() {
    let handlers = pages(three());
    let animal = on_table(&handlers).list().with_query("pageToken", "t2").items().next().await;
    assert_eq!(animal.unwrap().unwrap().name.as_deref(), Some("c"));
}

#[tokio::test]
async fn a_token_that_comes_again_is_an_error_and_the_end() {
    for tokens in [vec!["t1", "t1"], vec!["t1", "t2", "t1"]] {
        let page = |token: &&str| json!({"animals": named(&["x"]), "nextPageToken": token});
        let handlers = pages(tokens.iter().map(page).collect());
        let mut items = on_table(&handlers).list().items();
        for _ in 1..tokens.len() {
            assert!(items.next().await.unwrap().is_ok());
        }
        let error = items.next().await.unwrap().unwrap_err();
        assert!(error.is_protocol(), "{error}");
        assert_eq!(error.to_string(), "zoo.animals.list: the server returned the same page token twice");
        assert!(items.next().await.is_none());
    }
}

#[tokio::test]
async fn a_page_that_fails_is_asked_for_again_or_is_the_end() {
    let handlers = pages(three());
    let zoo = on_table(&handlers);
    handlers.fault(Fault::error(MockError::unavailable(Some(0))).on_request(1));
    assert_eq!(zoo.list().items().count().await, 3);
    assert_eq!(handlers.request_count(), 4);

    handlers.fault(Fault::error(MockError::not_found("page")).on_request(5));
    let mut items = zoo.list().items();
    assert!(items.next().await.unwrap().is_ok() && items.next().await.unwrap().is_ok());
    assert!(items.next().await.unwrap().unwrap_err().is_not_found());
    assert!(items.next().await.is_none());

    let undecodable = pages(vec![json!({"animals": [{"legs": 4}, "x"]})]);
    let error = on_table(&undecodable).list().items().next().await.unwrap().unwrap_err();
    assert!(error.is_decode() && error.to_string().contains("`animals`"), "{error}");
}

#[cfg(feature = "blocking")]
#[test]
fn lists_are_walked_without_an_async_runtime() {
    let zoo = on_table(&pages(three()));
    let mut items = zoo.list().items();
    let mut names = Vec::new();
    while let Some(animal) = items.next().block() {
        names.extend(animal.unwrap().name);
    }
    assert_eq!(names, ["a", "b", "c"]);
    let mut pages = zoo.list().pages();
    let count = std::iter::from_fn(|| pages.next().block()).filter(Result::is_ok).count();
    assert_eq!(count, 3);
}

#[tokio::test]
async fn pages_of_the_caller_s_own_type_need_no_token() {
    #[derive(serde::Deserialize)]
    struct Names {
        #[serde(default)]
        animals: Vec<Name>,
    }
    #[derive(serde::Deserialize)]
    struct Name {
        name: String,
    }
    let handlers = pages(three());
    let mut pages = on_table(&handlers).list().reply_as::<Names>().pages();
    let mut names = Vec::new();
    while let Some(page) = pages.next().await {
        names.push(page.unwrap().animals.into_iter().map(|animal| animal.name).collect::<String>());
    }
    assert_eq!(names, ["ab", "", "c"]);
    let asked: Vec<_> = handlers.calls().iter().map(|call| call.query("fields").unwrap()).collect();
    assert_eq!(asked, ["animals(name),nextPageToken"; 3]);
}

//! Programs with media and the mock: handlers for methods, for all upload protocols.

use std::io::Cursor;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use gapis_mock::{Fault, Handlers, MockError, MockMedia, MockServer};
use gapis_runtime::{Json, RetryPolicy, Session, Source};
use serde_json::json;

use gapis_testkit::photos::{Get, Insert, Photos, Update};

/// A shop of photos, whose uploads can be downloaded.
fn table() -> Handlers {
    let album: Arc<Mutex<Vec<MockMedia>>> = Arc::default();
    let handlers = Handlers::new();
    let add = album.clone();
    handlers.on_upload::<Insert>(move |call, media| {
        let mut album = add.lock().unwrap();
        let mut photo: Json = call.body()?;
        photo["id"] = album.len().to_string().into();
        photo["type"] = media.content_type().into();
        album.push(media);
        Ok(photo)
    });
    let replace = album.clone();
    handlers.on_upload::<Update>(move |call, media| {
        let id: usize = call.var_as("id")?;
        *replace.lock().unwrap().get_mut(id).ok_or_else(|| MockError::not_found(id))? = media;
        call.body()
    });
    handlers.on::<Get>(|call| Ok(json!({"id": call.var("id")?})));
    handlers.on_download::<Get>(move |call| {
        let id: usize = call.var_as("id")?;
        album.lock().unwrap().get(id).cloned().ok_or_else(|| MockError::not_found(id))
    });
    handlers
}

fn services() -> (MockServer, Handlers, [Photos; 2]) {
    let handlers = table();
    let server = MockServer::serve(handlers.clone(), ([127, 0, 0, 1], 0).into()).unwrap();
    let quick = RetryPolicy::default().with_backoff(Duration::from_millis(1), Duration::from_millis(1));
    let build = || Photos::builder().anonymous().retry(quick.clone());
    let socket = build().endpoint(&server.uri()).build().unwrap();
    let alone = build().transport(handlers.clone()).build().unwrap();
    (server, handlers, [socket, alone])
}

fn picture(size: usize) -> Vec<u8> {
    let mut all = vec![0; size];
    fastrand::Rng::with_seed(5).fill(&mut all);
    all
}

#[tokio::test]
async fn media_comes_back_whichever_way_it_went() {
    for photos in services().2 {
        for (size, metadata) in
            [(0, json!({})), (1, json!({"a": "ä"})), (700_000, json!({"a": 1})), (700_000, json!({}))]
        {
            let picture = picture(size);
            let source = || Source::from(picture.clone()).with_content_type("image/png");
            let insert = || photos.insert(metadata.clone());
            let mut made = vec![
                insert().upload(source()).multipart().await.unwrap(),
                insert().upload(source()).resumable().with_chunk_size(1).await.unwrap(),
                insert()
                    .upload(Source::reader(Cursor::new(picture.clone())).with_content_type("image/png"))
                    .await
                    .unwrap(),
            ];
            if metadata == json!({}) {
                made.push(insert().upload(source()).simple().await.unwrap());
            }
            for photo in made {
                assert_eq!((&photo["type"], &photo["a"]), (&json!("image/png"), &metadata["a"]));
                let id = photo["id"].as_str().unwrap();
                assert!(photos.get(id).download().bytes().await.unwrap() == picture);
                // The metadata at the same path has another handler.
                assert_eq!(photos.get(id).await.unwrap(), json!({ "id": id }));
                if size > 1 {
                    let part = photos.get(id).download().with_range(5..1000).bytes().await.unwrap();
                    assert!(part == picture[5..1000]);
                    let error =
                        photos.get(id).download().with_range(size as u64..).bytes().await.unwrap_err();
                    assert_eq!(error.status().map(u16::from), Some(416));
                }
            }
        }
        assert!(photos.get("99").download().bytes().await.unwrap_err().is_not_found());
        let error = photos.update("99", json!({})).upload("x").await.unwrap_err();
        assert!(error.is_not_found());
        assert_eq!(
            photos.update("0", json!({"a": 2})).upload("x").resumable().await.unwrap(),
            json!({"a": 2})
        );
        assert_eq!(photos.get("0").download().bytes().await.unwrap(), "x");
    }
}

#[tokio::test]
async fn faults_strike_media_too() {
    let (_server, handlers, services) = services();
    let picture = picture(900_000);
    for photos in services {
        handlers.forget();
        let before = handlers.request_count();
        // The response to the first chunk is lost, so the server is asked how much it has.
        handlers.fault(Fault::close().on_request(before + 1));
        let insert = photos.insert(json!({"a": 1}));
        let photo = insert.upload(picture.clone()).resumable().with_chunk_size(1).await.unwrap();
        let ranges: Vec<_> = handlers
            .requests()
            .iter()
            .map(|request| request.headers.get("content-range").map_or("-", |range| range.to_str().unwrap()))
            .map(str::to_owned)
            .collect();
        let all = [
            "-",
            "bytes 0-262143/900000",
            "bytes */900000",
            "bytes 262144-524287/900000",
            "bytes 524288-786431/900000",
            "bytes 786432-899999/900000",
        ];
        assert_eq!(ranges, all);
        assert_eq!(handlers.calls_of::<Insert>().len(), 1);

        let id = photo["id"].as_str().unwrap();
        handlers.fault(Fault::cut(400_000).on_request(handlers.request_count()));
        assert!(photos.get(id).download().bytes().await.unwrap() == picture);
    }
}

#[tokio::test]
async fn sessions_are_kept_forgotten_and_cancelled() {
    let (_server, handlers, services) = services();
    for photos in services {
        let saved = Arc::new(Mutex::new(None));
        let keep = saved.clone();
        handlers
            .fault(Fault::error(MockError::new(400, "no", "no")).on_request(handlers.request_count() + 1));
        let upload = photos.insert(json!({})).upload(picture(300_000)).resumable();
        let upload = upload.on_session(move |session| *keep.lock().unwrap() = Some(session.save()));
        assert_eq!(upload.await.unwrap_err().status().map(u16::from), Some(400));
        let session = Session::load(saved.lock().unwrap().as_ref().unwrap()).unwrap();
        let again = photos.insert(json!({})).upload(picture(300_000)).resume(session.clone());
        assert!(again.await.is_ok());
        // A query after the end gets the same response again, and a cancelled session no longer exists.
        let again = photos.insert(json!({})).upload(picture(300_000)).resume(session.clone());
        assert!(again.await.is_ok());
        session.clone().cancel(&photos).await.unwrap();
        let before = handlers.request_count();
        let again = photos.insert(json!({})).upload(picture(300_000)).resume(session);
        assert!(again.await.is_ok());
        assert_eq!(handlers.request_count() - before, 3, "asked, opened anew, sent");
    }
}

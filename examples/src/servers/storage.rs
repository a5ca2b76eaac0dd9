//! A Cloud Storage with one bucket, whose objects can be uploaded, listed, copied, deleted and downloaded.

use std::collections::BTreeMap;

use gapis_mock::{MockCall, MockError, MockMedia, MockResult, MockServer};
use gapis_storage_v1::objects;
use gapis_storage_v1::runtime::Result;
use gapis_storage_v1::schemas::{Object, Objects};

use crate::Shared;

/// The objects of the bucket, by their names.
#[derive(Debug, Default)]
pub struct Bucket {
    last_generation: i64,
    /// The metadata and the content of each object.
    pub objects: BTreeMap<String, (Object, MockMedia)>,
}

impl Bucket {
    /// Adds an object, if the call's `ifGenerationMatch` allows that.
    fn insert(&mut self, call: &MockCall, name: &str, media: MockMedia) -> MockResult<Object> {
        self.check(name, call.query_as("ifGenerationMatch")?)?;
        Ok(self.put(name, media))
    }

    fn put(&mut self, name: &str, media: MockMedia) -> Object {
        self.last_generation += 1;
        let object = Object {
            content_type: Some(media.content_type().to_owned()),
            generation: Some(self.last_generation),
            name: Some(name.to_owned()),
            size: Some(media.bytes().len() as u64),
            ..Default::default()
        };
        self.objects.insert(name.to_owned(), (object.clone(), media));
        object
    }

    /// A generation of 0 means that the object must not exist.
    fn check(&self, name: &str, generation: Option<i64>) -> MockResult<()> {
        let current = self.objects.get(name).and_then(|(object, _)| object.generation).unwrap_or(0);
        match generation {
            Some(generation) if generation != current => {
                Err(MockError::new(412, "conditionNotMet", format!("{name} has the generation {current}")))
            }
            _ => Ok(()),
        }
    }

    fn get(&self, name: &str) -> MockResult<&(Object, MockMedia)> {
        self.objects.get(name).ok_or_else(|| MockError::not_found(name))
    }

    fn list(&self, call: &MockCall) -> MockResult<Objects> {
        let prefix = call.query("prefix").unwrap_or_default();
        let most = call.query_as("maxResults")?.unwrap_or(1000);
        let from = call.query("pageToken").unwrap_or_default();
        let mut rest = self.objects.range(from..).filter(|(name, _)| name.starts_with(&prefix));
        let items = rest.by_ref().take(most).map(|(_, (object, _))| object.clone()).collect();
        let next_page_token = rest.next().map(|(name, _)| name.clone());
        Ok(Objects { items: Some(items), next_page_token, ..Default::default() })
    }

    fn copy(&mut self, call: &MockCall) -> MockResult<Object> {
        let media = self.get(call.var("sourceObject")?)?.1.clone();
        self.insert(call, call.var("destinationObject")?, media)
    }

    fn delete(&mut self, call: &MockCall) -> MockResult<()> {
        let name = call.var("object")?;
        self.get(name)?;
        self.check(name, call.query_as("ifGenerationMatch")?)?;
        self.objects.remove(name);
        Ok(())
    }
}

/// Starts the service with 120 objects below `logs/`, and one that is archived already.
///
/// # Errors
/// If no port is free.
pub fn start() -> Result<(MockServer, Shared<Bucket>)> {
    let mock = MockServer::start()?;
    let mut bucket = Bucket::default();
    let names = (1..=120).map(|day| format!("logs/{day:03}.txt"));
    for name in names.chain(["archive/logs/007.txt".to_owned()]) {
        bucket.put(&name, MockMedia::new("text/plain", format!("This is {name}.")));
    }
    let bucket = Shared::new(bucket);

    let state = bucket.clone();
    mock.on::<objects::List>(move |call| state.lock().list(call));
    let state = bucket.clone();
    mock.on::<objects::Get>(move |call| Ok(state.lock().get(call.var("object")?)?.0.clone()));
    let state = bucket.clone();
    mock.on::<objects::Copy>(move |call| state.lock().copy(call));
    let state = bucket.clone();
    mock.on::<objects::Delete>(move |call| state.lock().delete(call));
    let state = bucket.clone();
    mock.on_download::<objects::Get>(move |call| Ok(state.lock().get(call.var("object")?)?.1.clone()));
    let state = bucket.clone();
    mock.on_upload::<objects::Insert>(move |call, media| {
        let name = call.query("name").or(call.body::<Object>()?.name);
        let name = name.ok_or_else(|| MockError::new(400, "required", "Required: name"))?;
        state.lock().insert(call, &name, media)
    });
    Ok((mock, bucket))
}

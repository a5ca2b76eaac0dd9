//! drongo: operations that are waited for, in both places where an operation may be asked for, and the storage crate.

use gapis_runtime::{BearerToken, Builder, Error, FromClient, RetryPolicy};
use gapis_storage_v1::Storage;
use gapis_storage_v1::schemas::{Bucket, Object};
use serde_json::json;

use crate::check::{Checked, ensure, note, passed};

/// As much of Memorystore as is needed here, in the form of a generated crate.
mod redis {
    use std::collections::BTreeMap;

    use gapis_runtime::private::derive::Object;
    use gapis_runtime::{Client, Extra, Json};

    #[derive(Clone, Debug)]
    pub(super) struct Redis(Client);
    gapis_runtime::api! { Redis { name: "redis", version: "v1", root_url: "https://redis.googleapis.com/" } }

    #[derive(Object)]
    pub(super) struct Operation {
        pub done: Option<bool>,
        pub error: Option<Json>,
        pub metadata: Option<BTreeMap<String, Json>>,
        pub name: Option<String>,
        pub response: Option<BTreeMap<String, Json>>,
        pub extra: Extra,
    }
    gapis_runtime::operation! { Operation: Redis, done; "redis.projects.locations.operations.get" "v1/{+name}" }

    pub(super) enum Create {}
    gapis_runtime::method! { Create: Redis => Operation; "redis.projects.locations.instances.create" POST "v1/{+parent}/instances" }
    pub(super) enum Get {}
    gapis_runtime::method! { Get: Redis => Json; "redis.projects.locations.instances.get" GET "v1/{+name}" }
    pub(super) enum Delete {}
    gapis_runtime::method! { Delete: Redis => Operation; "redis.projects.locations.instances.delete" DELETE "v1/{+name}" }

    impl Redis {
        pub(super) fn create(&self, parent: &str, id: &str, instance: Json) -> Call<Create> {
            Call::new(&self.0, &[&parent], Some(&instance)).with_query("instanceId", id)
        }
        pub(super) fn get(&self, name: &str) -> Call<Get> {
            Call::new(&self.0, &[&name], None)
        }
        pub(super) fn delete(&self, name: &str) -> Call<Delete> {
            Call::new(&self.0, &[&name], None)
        }
    }
}

/// As much of Resource Manager: its operations have a name without a project.
mod projects {
    use std::collections::BTreeMap;

    use gapis_runtime::private::derive::Object;
    use gapis_runtime::{Client, Extra, Json};

    #[derive(Clone, Debug)]
    pub(super) struct Projects(Client);
    gapis_runtime::api! { Projects { name: "cloudresourcemanager", version: "v3",
    root_url: "https://cloudresourcemanager.googleapis.com/" } }

    #[derive(Object)]
    pub(super) struct Operation {
        pub done: Option<bool>,
        pub error: Option<Json>,
        pub metadata: Option<BTreeMap<String, Json>>,
        pub name: Option<String>,
        pub response: Option<BTreeMap<String, Json>>,
        pub extra: Extra,
    }
    gapis_runtime::operation! { Operation: Projects, done; "cloudresourcemanager.operations.get" "v3/{+name}" }

    pub(super) enum Create {}
    gapis_runtime::method! { Create: Projects => Operation; "cloudresourcemanager.projects.create" POST "v3/projects" }
    pub(super) enum GetOperation {}
    gapis_runtime::method! { GetOperation: Projects => Operation; "cloudresourcemanager.operations.get" GET "v3/{+name}" }

    impl Projects {
        pub(super) fn create(&self, project: Json) -> Call<Create> {
            Call::new(&self.0, &[], Some(&project))
        }
        pub(super) fn operation(&self, name: &str) -> Call<GetOperation> {
            Call::new(&self.0, &[&name], None)
        }
    }
}

fn service<T: FromClient>(endpoint: &str) -> Result<T, Error> {
    let builder = Builder::<T>::new().credentials(BearerToken::new("token")).endpoint(endpoint);
    builder.retry(RetryPolicy::none()).build()
}

pub(crate) async fn run(endpoint: &str) -> Checked {
    operations(endpoint).await?;
    storage(&service(endpoint)?).await
}

async fn operations(endpoint: &str) -> Checked {
    let redis: redis::Redis = service(endpoint)?;
    let parent = "projects/farm/locations/meadow";
    let instance = json!({ "tier": "BASIC", "memorySizeGb": 2 });
    let made = redis.create(parent, "pond", instance.clone()).wait().await?;
    ensure!(made.done == Some(true), "{made:?}");
    let response = made.response.unwrap_or_default();
    ensure!(response.get("memorySizeGb") == Some(&json!(2)), "{response:?}");
    let name = format!("{parent}/instances/pond");
    let read = redis.get(&name).await?;
    ensure!(read["name"] == name.as_str(), "{read:?}");
    let again = redis.create(parent, "pond", instance).wait().await.err();
    ensure!(again.as_ref().is_some_and(Error::is_conflict), "made twice: {again:?}");
    redis.delete(&name).wait().await?;
    ensure!(redis.get(&name).await.is_err_and(|error| error.is_not_found()), "it is still there");
    passed("drongo: instances of Memorystore made and deleted, each waited for");

    let projects: projects::Projects = service(endpoint)?;
    let started = projects.create(json!({ "projectId": "farm-7", "displayName": "Farm" })).await?;
    let name = started.name.clone().ok_or("an operation without a name")?;
    let done = projects.operation(&name).wait().await?;
    ensure!(done.response.is_some_and(|project| project["projectId"] == "farm-7"), "{name}");
    passed("drongo: a project, by the name of its operation");
    Ok(())
}

async fn storage(storage: &Storage) -> Checked {
    let bucket = Bucket { name: Some("drongo-reeds".to_owned()), ..Default::default() };
    let made = storage.buckets().insert("farm", bucket).await?;
    ensure!(made.metageneration == Some(1), "a 64-bit number that is text: {made:?}");
    let insert = || {
        let object = Object { name: Some("otter/ä b.txt".to_owned()), ..Default::default() };
        storage.objects().insert("drongo-reeds", object)
    };
    let first = insert().if_generation_match(0).upload("hello").multipart().await?;
    ensure!(first.size == Some(5), "{first:?}");
    match insert().if_generation_match(0).upload("hello").multipart().await {
        Err(error) => ensure!(error.is_precondition_failed(), "made twice: {error}"),
        Ok(_) => note("drongo does not look at ifGenerationMatch: 200"),
    }
    let back = storage.objects().get("drongo-reeds", "otter/ä b.txt").download().bytes().await?;
    ensure!(back == b"hello"[..], "{back:?}");
    storage.objects().delete("drongo-reeds", "otter/ä b.txt").await?;
    let gone: Result<_, Error> = storage.objects().get("drongo-reeds", "otter/ä b.txt").await;
    ensure!(gone.as_ref().is_err_and(Error::is_not_found), "{gone:?}");
    storage.buckets().delete("drongo-reeds").await?;
    passed("drongo: a bucket and an object");
    Ok(())
}

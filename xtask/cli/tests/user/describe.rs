use crate::User;

#[test]
fn a_method_and_the_lines_that_call_it() {
    let user = User::new();
    user.add("pond:v1", &[]);
    assert_eq!(
        user.run_well(&["describe", "pond.fish.get"]),
        "\
pond.fish.get
GET /fish/{fishId}
Gets a fish.

Required parameters
    fishId  path   &str  Which fish.

Optional parameters
    view  query  &str

Response   schemas::Fish
Batch      up to 1000 calls in one request to /batch, the usual limit
Scopes     https://www.example.com/auth/pond

A call
    use gapis_pond_v1::Pond;
    let pond = Pond::builder().credentials(credentials).build()?;
    let response = pond.fish().get(\"FISHID\").await?;

In a batch
    use gapis_pond_v1::Pond;
    let pond = Pond::builder().credentials(credentials).build()?;
    let mut batch = pond.batch();
    pond.fish().get(\"FISHID\").queue(&mut batch, |reply| println!(\"{:?}\", reply.result))?;
    let report = batch.execute().await;

A line for `gapis batch`
    {\"method\":\"pond.fish.get\",\"params\":{\"fishId\":\"FISHID\"}}
"
    );
    let facts: serde_json::Value =
        serde_json::from_str(&user.run_well(&["describe", "pond.fish.get", "--json"])).expect("JSON");
    assert_eq!(facts["required"][0]["name"], "fishId");
    assert_eq!(facts["batch"]["calls"], 1000);
}

#[test]
fn what_is_known_of_an_api_s_batches_has_its_source() {
    let user = User::new();
    user.add("farm:v2", &[]);
    let out = user.run_well(&["describe", "farm.animals.get"]);
    let batch = "Batch      up to 1000 calls in one request to /batch/farm/v2 (the guide of the Python client, which the farm is from)\n";
    assert!(out.contains(batch), "{out}");
}

#[test]
fn what_a_call_costs_has_its_source() {
    let user = User::new();
    user.add("pond:v1", &[]);
    let list = user.read("gapis.toml");
    let quota = "[apis.\"pond:v1\".quota]\nuser_per_minute = 300\nunits = { \"pond.fish.get\" = 5 }\n";
    user.write("gapis.toml", &format!("{list}\n{quota}"));
    let out = user.run_well(&["describe", "pond.fish.get"]);
    assert!(out.contains("\nQuota      5 units of 300 a minute for each user (gapis.toml)\n"), "{out}");
    let facts: serde_json::Value =
        serde_json::from_str(&user.run_well(&["describe", "pond.fish.get", "--json"])).expect("JSON");
    let expected = serde_json::json!({
        "units": 5, "project_per_minute": null, "user_per_minute": 300, "source": null,
    });
    assert_eq!(facts["quota"], expected);
}

#[test]
fn an_api_and_a_resource_list_their_methods() {
    let user = User::new();
    user.add("pond:v1", &[]);
    for what in ["pond:v1", "pond", "pond.fish"] {
        assert_eq!(user.run_well(&["describe", what]), "pond.fish.get  GET     fish/{fishId}\n", "{what}");
    }
}

#[test]
fn what_may_have_been_meant_is_named() {
    let user = User::new();
    user.add("pond:v1", &[]);
    let error = user.error(&["describe", "pond.fihs.get"]);
    assert_eq!(error, "no method `pond.fihs.get`; did you mean `pond.fish.get`?");
    let error = user.error(&["describe", "drive.files.get"]);
    assert_eq!(
        error,
        "no method `drive.files.get` in the APIs here; `gapis list --all drive` shows what can be added, and `gapis add` \
         adds it"
    );
}

#[test]
fn completions_name_the_commands() {
    let user = User::new();
    for shell in ["bash", "fish", "zsh"] {
        assert!(user.run_well(&["completions", shell]).contains("describe"), "{shell}");
    }
}

//! Service accounts that act for the users of a domain.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use gapis_auth::ServiceAccount;
use gapis_mock::{Handlers, MockServer};
use gapis_runtime::{BearerToken, Client, Credentials, Json};
use serde_json::json;

use crate::support::*;

fn account(server: &Server) -> ServiceAccount {
    ServiceAccount::from_json(&service_account().to_string()).unwrap().token_client(&server.client())
}

/// A token server that checks what Google's does, and returns a token for the subject.
fn checking(sent: &Sent) -> Answer {
    assert_eq!(sent.url, "https://token.test/token");
    assert_eq!(sent.form("grant_type").unwrap(), "urn:ietf:params:oauth:grant-type:jwt-bearer");
    let (head, claims) = verified(&sent.form("assertion").unwrap());
    assert_eq!((&head["alg"], &head["kid"], &head["typ"]), (&json!("RS256"), &json!("key-1"), &json!("JWT")));
    assert_eq!(claims["iss"], "farmer@example.com");
    assert_eq!(claims["aud"], "https://token.test/token");
    assert_eq!(claims["scope"], SCOPES.join(" "));
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let (issued, ends) = (claims["iat"].as_u64().unwrap(), claims["exp"].as_u64().unwrap());
    assert!(issued <= now && ends > now && ends - issued <= 3600, "{claims}");
    token(&format!("for {}", claims["sub"].as_str().unwrap_or("itself")))
}

#[tokio::test(start_paused = true)]
async fn an_account_acts_for_each_user() {
    let server = Server::new(checking);
    let accounts = account(&server);
    for user in ["ann@example.com", "ben@example.com", "ann@example.com"] {
        let user_s = accounts.for_subject(user);
        assert_eq!(bearer(&user_s).await, format!("Bearer for {user}"));
    }
    assert_eq!(server.count(), 2, "the third was kept");
    assert_eq!(bearer(&accounts.subject("cat@example.com")).await, "Bearer for cat@example.com");
}

#[tokio::test(start_paused = true)]
async fn a_subject_in_the_key_s_file_counts_and_the_program_s_goes_before_it() {
    let server = Server::new(checking);
    let mut json = service_account();
    json["subject"] = "ann@example.com".into();
    let account = ServiceAccount::from_json(&json.to_string()).unwrap().token_client(&server.client());
    assert_eq!(bearer(&account).await, "Bearer for ann@example.com");
    assert_eq!(bearer(&account.for_subject("ben@example.com")).await, "Bearer for ben@example.com");
    let adc = gapis_auth::ApplicationDefault::from_json(&json.to_string()).unwrap();
    assert_eq!(bearer(&adc.token_client(&server.client())).await, "Bearer for ann@example.com");
}

#[tokio::test(start_paused = true)]
async fn without_a_user_tokens_are_signed_or_exchanged_as_the_program_chooses() {
    let server = Server::new(checking);
    let signed = bearer(&account(&server)).await;
    let (_, claims) = verified(signed.strip_prefix("Bearer ").unwrap());
    assert_eq!((&claims["aud"], &claims["sub"]), (&Json::Null, &json!("farmer@example.com")));
    assert_eq!(claims["scope"], SCOPES.join(" "));
    assert_eq!(server.count(), 0);
    assert_eq!(bearer(&account(&server).exchange()).await, "Bearer for itself");
}

#[tokio::test(start_paused = true)]
async fn another_universe_has_self_signed_tokens_and_no_delegation() {
    let server = Server::new(|_| panic!("nobody is asked"));
    let mut json = service_account();
    json["universe_domain"] = "example.com".into();
    json["quota_project_id"] = "of-the-file".into();
    let account =
        ServiceAccount::from_json(&json.to_string()).unwrap().token_client(&server.client()).exchange();
    let headers = account.headers(&SCOPES, None).await.unwrap();
    assert_eq!(headers.universe_domain(), Some("example.com"));
    assert_eq!(header(&headers, "x-goog-user-project"), "of-the-file");
    let refused = error(&account.for_subject("ann@example.com")).await;
    assert!(refused.to_string().contains("universe example.com"), "{refused}");
}

/// IAM and the token server, for accounts without a key.
fn iam(sent: &Sent) -> Answer {
    if sent.url == "https://oauth2.googleapis.com/token" {
        let assertion = sent.form("assertion").unwrap();
        let claims: Json = serde_json::from_str(assertion.strip_prefix("signed:").unwrap()).unwrap();
        assert_eq!((&claims["iss"], &claims["aud"]), (&json!("robot@example.com"), &json!(sent.url)));
        return token(&format!("for {}", claims["sub"].as_str().unwrap()));
    }
    assert_eq!(sent.bearer(), "Bearer source");
    let verb = sent
        .url
        .strip_prefix(
            "https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/robot@example.com:",
        )
        .unwrap();
    let body = sent.json();
    Answer::Json(
        200,
        match verb {
            "signJwt" => {
                json!({ "keyId": "k", "signedJwt": format!("signed:{}", body["payload"].as_str().unwrap()) })
            }
            "generateAccessToken" => {
                assert_eq!(body["scope"], json!(SCOPES));
                json!({ "accessToken": "robot", "expireTime": "2099-01-01T00:00:00Z" })
            }
            other => panic!("{other}"),
        },
    )
}

fn keyless(server: &Server) -> ServiceAccount {
    ServiceAccount::keyless(BearerToken::new("source"), "robot@example.com").token_client(&server.client())
}

#[tokio::test(start_paused = true)]
async fn an_account_without_a_key_is_signed_for_by_iam() {
    let server = Server::new(iam);
    let account = keyless(&server);
    assert_eq!(bearer(&account).await, "Bearer robot");
    assert_eq!(bearer(&account.for_subject("ann@example.com")).await, "Bearer for ann@example.com");
    assert_eq!(server.count(), 3);
}

/// 200 tasks act for random users. None gets another user's token, and each token is requested only once at a time.
#[tokio::test(start_paused = true)]
async fn seventeen_thousand_users_are_never_mixed_up() {
    const USERS: usize = 17_000;
    let flying: Arc<Mutex<HashSet<String>>> = Arc::default();
    let asked: Arc<Mutex<HashMap<String, usize>>> = Arc::default();
    let (flying_here, asked_here) = (flying.clone(), asked.clone());
    let server = Server::new(move |sent| match iam(sent) {
        Answer::Json(status, mut json) => {
            if let Some(name) = json["access_token"].as_str() {
                let name = name.to_owned();
                assert!(flying_here.lock().unwrap().remove(&name), "{name} was not begun");
                // As large as real tokens can be.
                json["access_token"] = format!("{name} {}", "x".repeat(1000)).into();
                return Answer::After(Duration::from_millis(20), status, json);
            }
            let payload: Json = serde_json::from_str(sent.json()["payload"].as_str().unwrap()).unwrap();
            let name = format!("for {}", payload["sub"].as_str().unwrap());
            *asked_here.lock().unwrap().entry(name.clone()).or_default() += 1;
            assert!(flying_here.lock().unwrap().insert(name.clone()), "{name} is asked for twice at once");
            Answer::After(Duration::from_millis(50), status, json)
        }
        other => other,
    })
    .forgetful();
    let accounts = keyless(&server);
    let tasks: Vec<_> = (0..200)
        .map(|task: usize| {
            let accounts = accounts.clone();
            tokio::spawn(async move {
                for turn in 0..500 {
                    // Some users have many tasks, and all have at least one.
                    let number = if (task + turn).is_multiple_of(7) {
                        (turn * 7 + task / 50) % 97
                    } else {
                        (task * 500 + turn).wrapping_mul(7919) % USERS
                    };
                    let user = format!("user{number}@example.com");
                    let header = bearer(&accounts.for_subject(&user)).await;
                    assert_eq!(header.split(' ').nth(2), Some(&*user));
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    let asked = asked.lock().unwrap();
    assert!(asked.len() == USERS, "{}", asked.len());
    assert!(asked.values().all(|times| *times == 1), "all are kept");
}

/// One batch has calls of 300 users, each with its own token, and they share a client.
#[tokio::test]
async fn one_batch_carries_the_calls_of_many_users() {
    let server = Server::new(iam).forgetful();
    let accounts = keyless(&server);
    let handlers = Handlers::new();
    handlers.on::<Get>(|call| {
        let user = call.var("id")?.to_owned();
        let own = call.header("authorization").unwrap_or_default().to_owned();
        Ok(Animal::new(if own == format!("Bearer for {user}") { "right" } else { "wrong" }))
    });
    let api = MockServer::serve(handlers, ([127, 0, 0, 1], 0).into()).unwrap();
    let client = Client::builder().credentials(accounts.clone()).scopes(&SCOPES);
    let client = client.endpoint(&api.uri()).build().unwrap();
    let zoo = Zoo::new(&client);
    let mut batch = zoo.batch();
    let right = Arc::new(Mutex::new(0));
    for number in 0..300 {
        let user = format!("user{number}@example.com");
        let theirs = Zoo::new(&client.with_credentials(accounts.for_subject(&user)));
        let right = right.clone();
        theirs
            .get(&user)
            .queue(&mut batch, move |reply| {
                *right.lock().unwrap() += usize::from(reply.result.unwrap().id() == "right");
            })
            .unwrap();
    }
    let report = batch.execute().await;
    assert_eq!(report.requests(), 3);
    assert_eq!(*right.lock().unwrap(), 300);
}

#[tokio::test(start_paused = true)]
async fn a_refusal_says_what_to_do() {
    let refusals = [
        ("unauthorized_client", "domain-wide delegation is not granted"),
        ("unauthorized_client", "1234567890"),
        ("unauthorized_client", "https://farm.test/read,https://farm.test/write"),
        ("unauthorized_client", "https://admin.google.com/ac/owl/domainwidedelegation"),
        ("invalid_grant", "no user ann@example.com in the domain"),
        ("invalid_grant", "clock"),
        ("invalid_scope", "https://farm.test/read"),
    ];
    for (code, words) in refusals {
        let server = Server::new(move |sent| {
            let assertion = sent.form("assertion").unwrap();
            Answer::Json(
                400,
                json!({ "error": code, "error_description": format!("you sent {assertion} s") }),
            )
        });
        let refused = error(&account(&server).for_subject("ann@example.com")).await;
        let text = refused.to_string();
        assert!(text.contains(code) && text.contains(words) && text.contains("you sent …"), "{text}");
        assert!(!text.contains("eyJ"), "{text}");
    }
    let server = Server::new(|_| {
        let error = json!({ "code": 403, "status": "PERMISSION_DENIED", "message": "Permission denied" });
        Answer::Json(403, json!({ "error": error }))
    });
    let text = error(&keyless(&server)).await.to_string();
    assert!(text.contains("Service Account Token Creator on robot@example.com"), "{text}");
}

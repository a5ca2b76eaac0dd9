//! Workloads that prove elsewhere who they are: where their own token comes from, and what it is exchanged for.

use std::path::{Path, PathBuf};

use gapis_auth::ApplicationDefault;
use gapis_runtime::Json;
use gapis_testkit::socket::{Request, Socket};
use serde_json::json;

use crate::environment::{fails_in_environment, in_environment, times_out_in_environment};
use crate::support::*;

const AUDIENCE: &str = "//iam.example.com/pools/farm";

/// Google's token service, which checks the workload's own token.
fn exchange(own: impl Fn(&str) + Send + Sync + 'static) -> Loopback {
    Loopback::start(move |request, _| {
        let body = request.split_once("\r\n\r\n").unwrap().1;
        let form: Vec<(String, String)> = url::form_urlencoded::parse(body.as_bytes()).into_owned().collect();
        let member = |name: &str| &*form.iter().find(|(key, _)| key == name).unwrap().1;
        assert_eq!(member("audience"), AUDIENCE);
        own(member("subject_token"));
        (200, json!({ "access_token": "exchanged", "token_type": "Bearer", "expires_in": 3600 }))
    })
}

fn workload(service: &Loopback, kind: &str, source: &Json) -> Json {
    json!({
        "type": "external_account", "audience": AUDIENCE, "token_url": service.url("/v1/token"),
        "subject_token_type": kind, "credential_source": source,
    })
}

/// The file that names a workload's credentials.
fn credentials_file(name: &str, json: &Json) -> PathBuf {
    file(&format!("{name}.json"), &json.to_string())
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

#[tokio::test]
async fn a_url_gives_the_workload_s_token_in_text_and_in_json() {
    let own = Socket::answering(|request: &Request| {
        assert_eq!(request.header("x-pod").unwrap(), "farm");
        let body =
            if request.line().contains("json") { "{\"value\": \"s3cret-own\"}" } else { "s3cret-own\n" };
        format!("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}", body.len())
    });
    for (path, format) in [
        ("text", json!({ "type": "text" })),
        ("json", json!({ "type": "json", "subject_token_field_name": "value" })),
    ] {
        let service = exchange(|own| assert_eq!(own, "s3cret-own"));
        let source = json!({
            "url": format!("{}/{path}", own.url()), "headers": { "X-Pod": "farm" }, "format": format,
        });
        let json = workload(&service, "urn:ietf:params:oauth:token-type:jwt", &source);
        let credentials = ApplicationDefault::from_json(&json.to_string()).unwrap();
        assert_eq!(bearer(&credentials).await, "Bearer exchanged");
    }
}

#[cfg(unix)]
mod programs {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    const JWT: &str = "urn:ietf:params:oauth:token-type:jwt";

    /// A program of the shell, and the environment that names it. `cache` is where it may leave its output.
    fn program(
        name: &str,
        service: &Loopback,
        script: &str,
        cache: Option<&Path>,
    ) -> Vec<(&'static str, String)> {
        let path = file(&format!("{name}.sh"), &format!("#!/bin/sh\n{script}\n"));
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o700)).unwrap();
        let source = json!({ "executable": {
            "command": format!("{} --for farm", path.display()), "timeout_millis": 5000, "output_file": cache,
        } });
        let file = credentials_file(name, &workload(service, JWT, &source));
        vec![
            ("GOOGLE_APPLICATION_CREDENTIALS", file.to_str().unwrap().to_owned()),
            ("GOOGLE_EXTERNAL_ACCOUNT_ALLOW_EXECUTABLES", "1".to_owned()),
        ]
    }

    fn borrowed<'a>(variables: &'a [(&'static str, String)]) -> Vec<(&'static str, &'a str)> {
        variables.iter().map(|(name, value)| (*name, &**value)).collect()
    }

    fn printing(json: &Json) -> String {
        format!("printf '%s' '{json}'")
    }

    #[test]
    fn a_program_prints_the_workload_s_token_and_is_told_what_for() {
        let service = exchange(|own| assert_eq!(own, "s3cret-own"));
        let checks = format!(
            "test \"$*\" = '--for farm' && test \"$GOOGLE_EXTERNAL_ACCOUNT_AUDIENCE\" = {AUDIENCE} \
             && test \"$GOOGLE_EXTERNAL_ACCOUNT_TOKEN_TYPE\" = {JWT} \
             && test \"$GOOGLE_EXTERNAL_ACCOUNT_INTERACTIVE\" = 0 || exit 1\n"
        );
        let prints = printing(&json!({
            "version": 1, "success": true, "token_type": JWT, "id_token": "s3cret-own", "expiration_time": 99_999_999_999_u64,
        }));
        let variables = program("prints", &service, &format!("{checks}{prints}"), None);
        in_environment("exchanged", &borrowed(&variables));
        // Not without being allowed to.
        fails_in_environment("GOOGLE_EXTERNAL_ACCOUNT_ALLOW_EXECUTABLES=1", &borrowed(&variables[..1]));
    }

    #[test]
    fn what_a_program_left_is_used_until_it_ends() {
        let service = exchange(|own| assert_eq!(own, "s3cret-left"));
        let left = |end: u64| {
            json!({
                "version": 1, "success": true, "token_type": JWT, "id_token": "s3cret-left", "expiration_time": end,
            })
        };
        let kept = file("program-left", &left(99_999_999_999).to_string());
        let variables = program("not-run", &service, "exit 1", Some(&kept));
        in_environment("exchanged", &borrowed(&variables));

        let renewed = printing(&left(99_999_999_999));
        for (name, old) in [("ended", left(1).to_string()), ("broken", "s3cret {".to_owned())] {
            let kept = file(&format!("program-{name}"), &old);
            let variables = program(name, &service, &renewed, Some(&kept));
            in_environment("exchanged", &borrowed(&variables));
        }
    }

    #[test]
    fn a_program_that_fails_says_so_and_shows_nothing() {
        let service = exchange(|_| panic!("there is nothing to exchange"));
        for (name, script, words) in [
            ("status", "echo s3cret; exit 3", "ended with exit status: 3"),
            ("nothing", "true", "is not valid JSON"),
            (
                "refuses",
                "echo '{\"success\": false, \"message\": \"s3cret\"}'",
                "reported that it has no token",
            ),
            (
                "ended",
                "echo '{\"success\": true, \"id_token\": \"s3cret\", \"expiration_time\": 1}'",
                "returned an expired token",
            ),
        ] {
            fails_in_environment(
                words,
                &borrowed(&program(&format!("fails-{name}"), &service, script, None)),
            );
        }
        let hangs = program("hangs", &service, "sleep 1000", None);
        times_out_in_environment("did not end within 5s", &borrowed(&hangs));
    }
}

/// A signed request, as AWS would read it.
fn assert_signed(own: &str, id: &str, region: &str, session: Option<&str>) {
    let decoded = url::form_urlencoded::parse(own.as_bytes()).next().unwrap().0.into_owned();
    assert!(!decoded.contains("s3cret-key"), "the key itself goes nowhere");
    let request: Json = serde_json::from_str(&decoded).unwrap();
    let url = format!("https://sts.{region}.amazonaws.com?Action=GetCallerIdentity&Version=2011-06-15");
    assert_eq!((&request["method"], &request["url"]), (&json!("POST"), &json!(url)));
    let headers = request["headers"].as_array().unwrap();
    let header = |name: &str| {
        let found = headers.iter().find(|header| header["key"] == name);
        found.map(|header| header["value"].as_str().unwrap().to_owned())
    };
    assert_eq!(header("host").unwrap(), format!("sts.{region}.amazonaws.com"));
    assert_eq!(header("x-goog-cloud-target-resource").unwrap(), AUDIENCE);
    assert_eq!(header("x-amz-security-token").as_deref(), session);
    let authorization = header("authorization").unwrap();
    let date = &header("x-amz-date").unwrap()[..8];
    let credential = format!("Credential={id}/{date}/{region}/sts/aws4_request, ");
    assert!(authorization.contains(&credential), "{authorization}");
}

fn aws(service: &Loopback, machine: &str) -> Json {
    let source = json!({
        "environment_id": "aws1",
        "region_url": format!("{machine}/latest/meta-data/placement/availability-zone"),
        "url": format!("{machine}/latest/meta-data/iam/security-credentials"),
        "imdsv2_session_token_url": format!("{machine}/latest/api/token"),
        "regional_cred_verification_url":
            "https://sts.{region}.amazonaws.com?Action=GetCallerIdentity&Version=2011-06-15",
    });
    workload(service, "urn:ietf:params:aws:token-type:aws4_request", &source)
}

#[test]
fn a_workload_on_aws_signs_with_the_keys_of_its_environment() {
    let service = exchange(|own| assert_signed(own, "AKIDENV", "eu-west-1", Some("session")));
    // Nobody is asked: there is no server.
    let file = credentials_file("aws-environment", &aws(&service, "http://127.0.0.1:9"));
    in_environment(
        "exchanged",
        &[
            ("GOOGLE_APPLICATION_CREDENTIALS", text(&file)),
            ("AWS_REGION", "eu-west-1"),
            ("AWS_DEFAULT_REGION", "elsewhere"),
            ("AWS_ACCESS_KEY_ID", "AKIDENV"),
            ("AWS_SECRET_ACCESS_KEY", "s3cret-key"),
            ("AWS_SESSION_TOKEN", "session"),
        ],
    );
}

#[test]
fn a_workload_on_aws_signs_with_the_keys_of_its_machine() {
    let machine = Socket::answering(|request: &Request| {
        let (status, body) = match request.line() {
            "PUT /latest/api/token HTTP/1.1" => {
                assert_eq!(request.header("x-aws-ec2-metadata-token-ttl-seconds").unwrap(), "300");
                (200, "s3cret-session".to_owned())
            }
            line if request.header("x-aws-ec2-metadata-token").as_deref() != Some("s3cret-session") => {
                (401, line.to_owned())
            }
            "GET /latest/meta-data/placement/availability-zone HTTP/1.1" => (200, "us-east-2b".to_owned()),
            "GET /latest/meta-data/iam/security-credentials HTTP/1.1" => (200, "farmer".to_owned()),
            "GET /latest/meta-data/iam/security-credentials/farmer HTTP/1.1" => {
                let keys = json!({ "AccessKeyId": "AKIDROLE", "SecretAccessKey": "s3cret-key", "Token": "of-the-role" });
                (200, keys.to_string())
            }
            line => (404, line.to_owned()),
        };
        format!("HTTP/1.1 {status} X\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}", body.len())
    });
    let service = exchange(|own| assert_signed(own, "AKIDROLE", "us-east-2", Some("of-the-role")));
    let file = credentials_file("aws-machine", &aws(&service, &machine.url()));
    in_environment("exchanged", &[("GOOGLE_APPLICATION_CREDENTIALS", text(&file))]);
    assert_eq!(machine.requests().len(), 4);
}

/// Neither the exchange nor the machine's own service sends anybody elsewhere.
#[test]
fn nothing_follows_a_redirect_for_a_workload_on_aws() {
    let keys = [
        ("AWS_REGION", "eu-west-1"),
        ("AWS_ACCESS_KEY_ID", "AKIDENV"),
        ("AWS_SECRET_ACCESS_KEY", "s3cret-key"),
    ];
    let elsewhere = Loopback::start(|_, _| (308, json!({})));
    let file = credentials_file("aws-redirect", &aws(&elsewhere, &elsewhere.url("")));
    let named = ("GOOGLE_APPLICATION_CREDENTIALS", text(&file));
    fails_in_environment("a redirect", &[&keys[..], &[named]].concat());
    fails_in_environment("a redirect", &[named]);
    assert_eq!(elsewhere.seen().len(), 2);
}

#[test]
fn a_machine_that_is_not_one_of_aws_is_told_so() {
    let service = exchange(|_| panic!("there is nothing to exchange"));
    let file = credentials_file("aws-nowhere", &aws(&service, "http://127.0.0.1:9"));
    let named = [("GOOGLE_APPLICATION_CREDENTIALS", text(&file))];
    fails_in_environment("there is no metadata service of AWS", &named);
    fails_in_environment("AWS_ACCESS_KEY_ID", &named);

    let mut json = aws(&service, "");
    for member in ["region_url", "url", "imdsv2_session_token_url"] {
        json["credential_source"].as_object_mut().unwrap().remove(member);
    }
    let file = credentials_file("aws-no-url", &json);
    let named = [("GOOGLE_APPLICATION_CREDENTIALS", text(&file))];
    fails_in_environment("no `region_url`, and the environment has no AWS_REGION", &named);
}

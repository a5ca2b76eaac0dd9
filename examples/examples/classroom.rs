//! Calls with their own credentials, and more calls than a request may contain, as in the Classroom guide.
//!
//! `cargo run -p gapis-examples --example classroom` asks a local server.
//! `cargo run -p gapis-examples --example classroom -- --token-env TOKEN COURSE_ID COURSE_ID` asks Google.

use gapis_classroom_v1::schemas::{Course, Student};
use gapis_classroom_v1::{Classroom, Result};
use gapis_examples::{Output, Stage, servers};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let stage = Stage::new(|| Ok(servers::classroom::start()?.0))?;
    let teachers = [stage.token_or("ada"), stage.token_or("grace")];
    let courses = stage.arguments_or(["1", "2"]);
    run(&stage.service()?, &courses, &teachers, &Output::stdout()).await
}

/// The program itself, which a test runs too.
pub(crate) async fn run(
    classroom: &Classroom,
    [first, second]: &[String; 2],
    [ada, grace]: &[String; 2],
    out: &Output,
) -> Result<()> {
    let courses = classroom.courses();
    let patch = |id: &str, mask: &str, change: Course, token: &str| {
        let token = format!("Bearer {token}");
        courses.patch(id, change).update_mask(mask).with_header("Authorization", &token)
    };

    // Headers of the batch apply to every call that does not set its own. These two do.
    let mut batch = classroom.batch();
    let name = Course { name: Some("Course 1".to_owned()), ..Default::default() };
    let section = Course { section: Some("Section 2".to_owned()), ..Default::default() };
    let patches = [patch(first, "name", name, ada), patch(second, "section", section, grace)];
    batch.queue_all(patches, |reply| match reply.result {
        Ok(course) => {
            let (name, section) = (course.name.unwrap_or_default(), course.section.unwrap_or_default());
            out.line(format_args!("course {name:?}, section {section:?}"));
        }
        Err(error) => out.line(format_args!("{error}")),
    })?;
    let _report = batch.execute().await;

    // Classroom accepts 50 calls in one request, so a larger batch is split. The requests are sent one after another,
    // so that the later of two spellings of an address is refused.
    let mut batch = classroom.batch().with_concurrency(1);
    let mails = (1..=58).map(|number| format!("student.{number}@school.example.com"));
    let others = ["nobody@elsewhere.example.com", "student.1@School.example.com"].map(str::to_owned);
    let calls = mails.chain(others).map(|mail| {
        let student = Student { user_id: Some(mail.clone()), ..Default::default() };
        courses.students().create(first, student).with_id(mail)
    });
    batch.queue_all(calls, |reply| match reply.result {
        Ok(student) => {
            let name = student.profile.and_then(|profile| profile.name?.full_name);
            out.line(format_args!("{} is enrolled", name.unwrap_or_default()));
        }
        Err(error) => out.line(format_args!("{}: {error}", reply.id)),
    })?;
    let report = batch.execute().await;
    let (calls, failures, requests) = (report.calls(), report.failures(), report.requests());
    out.line(format_args!("{calls} calls in {requests} HTTP requests, {failures} failed"));
    Ok(())
}

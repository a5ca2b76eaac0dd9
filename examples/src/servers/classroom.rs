//! A school with two courses, each of which only its own teacher can change, and a directory of pupils.

use std::collections::BTreeMap;

use gapis_classroom_v1::courses::{Patch, students};
use gapis_classroom_v1::runtime::Result;
use gapis_classroom_v1::schemas::{Course, Name, Student, UserProfile};
use gapis_mock::{MockCall, MockError, MockResult, MockServer};

use crate::Shared;

/// The school.
#[derive(Debug, Default)]
pub struct School {
    /// The courses by id, each with its teacher's token.
    pub courses: BTreeMap<String, (Course, String)>,
    /// The addresses of each course's students.
    pub students: Vec<(String, String)>,
}

impl School {
    fn patch(&mut self, call: &MockCall) -> MockResult<Course> {
        let id = call.var("id")?;
        let (course, teacher) = self.courses.get_mut(id).ok_or_else(|| MockError::not_found(id))?;
        if call.header("authorization") != Some(&format!("Bearer {teacher}")) {
            return Err(MockError::new(403, "forbidden", "The caller does not have permission"));
        }
        let change: Course = call.body()?;
        for member in call.query("updateMask").unwrap_or_default().split(',') {
            match member {
                "name" => course.name = change.name.clone(),
                "section" => course.section = change.section.clone(),
                other => return Err(MockError::invalid(format!("Invalid updateMask: {other:?}"))),
            }
        }
        Ok(course.clone())
    }

    fn enrol(&mut self, course: &str, student: Student) -> MockResult<Student> {
        if !self.courses.contains_key(course) {
            return Err(MockError::not_found(course));
        }
        let mail = student.user_id.unwrap_or_default().to_lowercase();
        // The directory contains nobody else.
        let Some(name) = mail.strip_suffix("@school.example.com") else {
            return Err(MockError::not_found(mail));
        };
        let place = (course.to_owned(), mail.clone());
        if self.students.contains(&place) {
            return Err(MockError::new(409, "alreadyExists", "Requested entity already exists"));
        }
        self.students.push(place);
        let name = Name { full_name: Some(name.replace('.', " ")), ..Default::default() };
        let profile =
            UserProfile { name: Some(name), email_address: Some(mail.clone()), ..Default::default() };
        Ok(Student { user_id: Some(mail), profile: Some(profile), ..Default::default() })
    }
}

/// Starts a school with the courses 1 and 2, whose teachers have the tokens `ada` and `grace`.
///
/// # Errors
/// If no port is free.
pub fn start() -> Result<(MockServer, Shared<School>)> {
    let mock = MockServer::start()?;
    let course = |id: &str, teacher: &str| {
        let course = Course { id: Some(id.to_owned()), name: Some("New".to_owned()), ..Default::default() };
        (id.to_owned(), (course, teacher.to_owned()))
    };
    let courses = [course("1", "ada"), course("2", "grace")].into();
    let school = Shared::new(School { courses, students: Vec::new() });

    let state = school.clone();
    mock.on::<Patch>(move |call| state.lock().patch(call));
    let state = school.clone();
    mock.on::<students::Create>(move |call| state.lock().enrol(call.var("courseId")?, call.body()?));
    Ok((mock, school))
}

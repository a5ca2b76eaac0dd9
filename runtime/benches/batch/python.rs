//! The same batches with google-api-python-client.

use std::io::{Error, Result};
use std::process::{Command, Stdio};

use crate::zoo::Answer;

/// Microseconds of processor time for a call, for each size of a batch and each response.
pub(crate) fn measure(interpreter: &str, sizes: &[usize]) -> Result<Vec<(usize, Answer, f64)>> {
    let mut found = Vec::new();
    for answer in Answer::ALL {
        let of_answer = run(interpreter, sizes, answer)?;
        found.extend(of_answer.into_iter().map(|(size, microseconds)| (size, answer, microseconds)));
    }
    Ok(found)
}

fn run(interpreter: &str, sizes: &[usize], answer: Answer) -> Result<Vec<(usize, f64)>> {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/batch/python_client.py");
    let output = Command::new(interpreter)
        .args([script, answer.members()])
        .args(sizes.iter().map(usize::to_string))
        .stderr(Stdio::inherit())
        .output()?;
    if !output.status.success() {
        return Err(Error::other(format!("{interpreter} failed")));
    }
    let found: serde_json::Value = serde_json::from_slice(&output.stdout)?;
    let of = |size: usize| found.get(size.to_string()).and_then(serde_json::Value::as_f64);
    let missing = || Error::other("a size is missing");
    sizes.iter().map(|size| Ok((*size, of(*size).ok_or_else(missing)?))).collect()
}

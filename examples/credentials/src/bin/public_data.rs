//! A program that reads public data with an API key: a file that anyone may read.
//!
//! `public_data FILE_ID`, with the key in `API_KEY`; without arguments it runs against local servers.
#![allow(clippy::print_stdout)]

use gapis_drive_v3::{ApiKey, Drive, Error, Result};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let Some(file) = std::env::args().nth(1) else { return gapis_example_credentials::run_here() };
    // Other users of the machine can see arguments, so that no key should be among them.
    let key = std::env::var("API_KEY").map_err(|_| Error::input("there is no key in `API_KEY`"))?;
    let builder = Drive::builder().credentials(ApiKey::new(&key));
    let drive = gapis_example_credentials::to_endpoint(builder).build()?;

    let file = drive.files().get(&file).fields("name,size").await?;
    println!("{} has {} bytes", file.name.unwrap_or_default(), file.size.unwrap_or_default());
    Ok(())
}

//! Batches.

use gapis_drive_v3::Drive;
use gapis_drive_v3::schemas::File;

use super::{id, named, status, typed};
use crate::check::{Checked, Expectations, passed};

pub(super) async fn run(drive: &Drive, home: &str, all: &mut Expectations) -> Checked {
    let files = drive.files();
    let mut batch = drive.batch();
    let list = batch.add(files.list().page_size(1))?;
    let about = batch.add(drive.about().get().fields("user"))?;
    let report = batch.execute().await;
    all.equal("two calls are one request", report.requests(), 1)?;
    all.holds("a list in a batch", report.redeem(list)?.files.is_some())?;
    all.holds("the user in a batch", report.redeem(about)?.user.is_some())?;

    // Made, found by what only they have, changed, read and deleted, by batches alone.
    let mut batch = drive.batch();
    let mut tickets = Vec::new();
    for number in 0..20 {
        tickets.push(
            batch.add(files.create(typed("application/json", named(&format!("bulk-{number}"), home))))?,
        );
    }
    let report = batch.execute().await;
    let mut made = Vec::new();
    for (number, ticket) in tickets.into_iter().enumerate() {
        let file = report.redeem(ticket)?;
        all.equal("the name of one of many", file.name.as_deref(), Some(&*format!("bulk-{number}")))?;
        made.push(id(file)?);
    }
    let found = files.list().q(&format!("name contains 'bulk-' and '{home}' in parents")).await?;
    all.equal("all of them are there", found.files.map(|files| files.len()), Some(20))?;

    let mut batch = drive.batch();
    let mut tickets = Vec::new();
    for (number, file) in made.iter().enumerate() {
        let name = File { name: Some(format!("changed-{number}")), ..Default::default() };
        let call = files.update(file, name).supports_all_drives(true).fields("id,name,mimeType,parents");
        tickets.push(batch.add(call)?);
    }
    let nobody = batch.add(files.update("nobody", File::default()))?;
    let report = batch.execute().await;
    for (number, ticket) in tickets.into_iter().enumerate() {
        let name = report.redeem(ticket)?.name;
        all.equal("a changed name of many", name.as_deref(), Some(&*format!("changed-{number}")))?;
    }
    all.equal("one of them is nobody", status(&report.redeem(nobody)), Some(404))?;

    let mut batch = drive.batch();
    let mut tickets = Vec::new();
    for file in &made {
        tickets.push((batch.add(files.get(file))?, batch.add(files.delete(file))?));
    }
    let report = batch.execute().await;
    for ((read, gone), file) in tickets.into_iter().zip(&made) {
        all.equal("read before it is deleted", report.redeem(read)?.id.as_deref(), Some(&**file))?;
        all.holds("deleted: 204 without a body", report.redeem(gone).is_ok())?;
    }
    for file in &made {
        all.equal("gone for good", status(&files.get(file).await), Some(404))?;
    }
    passed("google-drive-mock: batches that make, change, read and delete");
    Ok(())
}

//! The drive crate against google-drive-mock, whose authors compare their own tests with the real Drive. What those tests
//! expect of a server is asked here through our client, in our own words and values.

mod batches;
mod media;
mod v2;

use gapis_drive_v3::Drive;
use gapis_drive_v3::schemas::File;
use gapis_runtime::{BearerToken, Error, RetryPolicy};

use crate::check::{Checked, Expectations, ensure, passed};

const FOLDER: &str = "application/vnd.google-apps.folder";

pub(crate) fn named(name: &str, parent: &str) -> File {
    File { name: Some(name.to_owned()), parents: Some(vec![parent.to_owned()]), ..Default::default() }
}

pub(crate) fn typed(mime_type: &str, file: File) -> File {
    File { mime_type: Some(mime_type.to_owned()), ..file }
}

/// The id of what was created.
pub(crate) fn id(file: File) -> Checked<String> {
    file.id.ok_or_else(|| "a file without an id".into())
}

pub(crate) fn status<T>(result: &Result<T, Error>) -> Option<u16> {
    result.as_ref().err()?.status().map(|status| status.as_u16())
}

pub(crate) async fn run(endpoint: &str) -> Checked {
    // What a server gets wrong must show at once and not vanish in a second attempt.
    let builder = || Drive::builder().endpoint(endpoint).retry(RetryPolicy::none());
    let drive = builder().credentials(BearerToken::new("valid-token")).build()?;
    let mut all = Expectations::default();
    let home = id(drive.files().create(typed(FOLDER, File::default())).await?)?;
    credentials(&drive, &builder().credentials(BearerToken::new("invalid")).build()?, &mut all).await?;
    lifecycle(&drive, &home, &mut all).await?;
    search(&drive, &home, &mut all).await?;
    order_and_pages(&drive, &home, &mut all).await?;
    changes(&drive, &home, &mut all).await?;
    fields(&drive, &home, &mut all).await?;
    media::run(&drive, &home, &mut all).await?;
    batches::run(&drive, &home, &mut all).await?;
    v2::run(endpoint, &drive, &mut all).await?;
    ensure!(all.count() >= 60, "only {} expectations", all.count());
    passed(format!("{} expectations that google-drive-mock's own tests have of Drive", all.count()));
    Ok(())
}

async fn credentials(drive: &Drive, invalid: &Drive, all: &mut Expectations) -> Checked {
    let about = drive.about().get().fields("kind,user").await?;
    all.equal("about", about.kind.as_deref(), Some("drive#about"))?;
    all.holds("about: a user", about.user.is_some())?;
    let refused = invalid.about().get().fields("user").await;
    all.holds("an unknown token", status(&refused) == Some(401))
}

async fn lifecycle(drive: &Drive, home: &str, all: &mut Expectations) -> Checked {
    let files = drive.files();
    let made = files.create(typed("text/plain", named("Wetland plan", home))).await?;
    all.equal("the name of a file", made.name.as_deref(), Some("Wetland plan"))?;
    let file = id(made)?;
    let read = files.get(&file).await?;
    all.equal("a file by its id", read.id.as_deref(), Some(&*file))?;
    all.equal("its name", read.name.as_deref(), Some("Wetland plan"))?;
    all.equal("its type", read.mime_type.as_deref(), Some("text/plain"))?;
    let rename = File { name: Some("Meadow plan".to_owned()), ..Default::default() };
    let renamed = files.update(&file, rename).await?;
    all.equal("a changed name", renamed.name.as_deref(), Some("Meadow plan"))?;
    all.equal("and it stays", files.get(&file).await?.name.as_deref(), Some("Meadow plan"))?;
    all.holds("a file deleted", files.delete(&file).await.is_ok())?;
    all.equal("it is gone", status(&files.get(&file).await), Some(404))?;
    all.equal("nothing to delete", status(&files.delete(&file).await), Some(404))?;
    all.equal(
        "nothing to change",
        status(&files.update(&file, File { name: Some("x".to_owned()), ..Default::default() }).await),
        Some(404),
    )?;
    all.holds("a file without a name", files.create(typed("text/plain", File::default())).await.is_ok())?;

    let folder = files.create(typed(FOLDER, named("Ponds", home))).await?;
    all.equal("the type of a folder", folder.mime_type.as_deref(), Some(FOLDER))?;
    let folder = id(folder)?;
    let inner = id(files.create(typed(FOLDER, named("Frogs", &folder))).await?)?;
    let parents = files.get(&inner).fields("parents").await?.parents.unwrap_or_default();
    all.equal("the parent of a folder in it", parents, vec![folder.clone()])?;
    for folder in [inner, folder] {
        files.delete(&folder).await?;
        all.equal("a folder is gone", status(&files.get(&folder).await), Some(404))?;
    }
    // Two of a name are two files.
    let [one, two] = [files.create(named("Twin", home)).await?, files.create(named("Twin", home)).await?];
    all.holds("two files of one name", one.id != two.id && one.name == two.name)?;

    // A header that the API does not look at: the last write wins.
    let rename = File { name: Some("Twin no more".to_owned()), ..Default::default() };
    let renamed = files.update(&id(one)?, rename).if_match("\"other\"").await?;
    all.equal("If-Match of a PATCH", renamed.name.as_deref(), Some("Twin no more"))?;
    passed("google-drive-mock: files and folders made, read, changed and deleted");
    Ok(())
}

async fn ids(drive: &Drive, query: &str) -> Checked<Vec<String>> {
    let list = drive.files().list().q(query).await?;
    Ok(list.files.into_iter().flatten().filter_map(|file| file.id).collect())
}

async fn search(drive: &Drive, home: &str, all: &mut Expectations) -> Checked {
    let files = drive.files();
    let found = id(files.create(typed(FOLDER, named("Searched for", home))).await?)?;
    let by_name = "name = 'Searched for' and trashed = false";
    all.equal("a folder by its name", ids(drive, by_name).await?, vec![found.clone()])?;
    let contained = ids(drive, "name contains 'earched'").await?;
    all.equal("a folder by a part of its name", contained, vec![found.clone()])?;

    let trash = File { trashed: Some(true), ..Default::default() };
    let trashed = files.update(&found, trash).fields("trashed").await?;
    all.equal("a folder in the trash", trashed.trashed, Some(true))?;
    all.equal("it can be read", files.get(&found).fields("trashed").await?.trashed, Some(true))?;
    all.equal("but is not found", ids(drive, by_name).await?, vec![])?;
    let in_trash = ids(drive, "name = 'Searched for' and trashed = true").await?;
    all.equal("unless looked for there", in_trash, vec![found])?;

    let nested = id(files.create(typed(FOLDER, named("Nested", home))).await?)?;
    let mut expected = Vec::new();
    // Quotes, braces, letters of more than one byte and of more than one code point.
    for name in ["plain.json", "oTßu👵.json", "}{v😃Ä.json", "ÖdI's 💩.json", "a+b&c=d%2F.json"] {
        expected.push(id(files.create(typed("application/json", named(name, &nested))).await?)?);
        let quoted = name.replace('\'', "\\'");
        let query = format!("name = '{quoted}' and '{nested}' in parents and trashed = false");
        all.equal(&query, ids(drive, &query).await?, expected[expected.len() - 1..].to_vec())?;
    }
    let mut children = ids(drive, &format!("'{nested}' in parents")).await?;
    children.sort();
    expected.sort();
    all.equal("all in a folder", children, expected)?;
    let either = format!("(name = 'plain.json' or name = 'nobody') and '{nested}' in parents");
    all.equal("one of two names", ids(drive, &either).await?.len(), 1)?;
    // Longer than a URL may be: it goes as a POST that says so, which this server does not know.
    passed("google-drive-mock: queries with names of every kind");
    Ok(())
}

async fn order_and_pages(drive: &Drive, home: &str, all: &mut Expectations) -> Checked {
    let files = drive.files();
    let folder = id(files.create(typed(FOLDER, named("Ordered", home))).await?)?;
    let mut names = Vec::new();
    for number in 0..5 {
        let name = format!("leaf-{number}");
        files.create(named(&name, &folder)).await?;
        names.push(name);
    }
    let query = format!("'{folder}' in parents and trashed = false");
    let list = files.list().q(&query).order_by("name desc").await?;
    let found: Vec<String> = list.files.into_iter().flatten().filter_map(|file| file.name).collect();
    all.equal("by name, descending", found, names.iter().rev().cloned().collect())?;

    let mut pages = files.list().q(&query).order_by("name").page_size(2).pages();
    let (mut found, mut sizes) = (Vec::new(), Vec::new());
    while let Some(page) = pages.next().await {
        let page: Vec<File> = page?.files.unwrap_or_default();
        sizes.push(page.len());
        found.extend(page.into_iter().filter_map(|file| file.name));
    }
    all.equal("pages of two", sizes, vec![2, 2, 1])?;
    all.equal("what is on them", found, names.clone())?;
    let mut items = files.list().q(&query).page_size(3).fields("files(name)").items();
    let mut found = Vec::new();
    while let Some(file) = items.next().await {
        found.extend(file?.name);
    }
    found.sort();
    all.equal("item by item", found, names)?;
    passed("google-drive-mock: order and pages");
    Ok(())
}

async fn changes(drive: &Drive, home: &str, all: &mut Expectations) -> Checked {
    let start = drive.changes().get_start_page_token().await?.start_page_token.unwrap_or_default();
    all.holds("a token to start from", !start.is_empty())?;
    let file = id(drive.files().create(named("Changed", home)).await?)?;
    drive.files().delete(&file).await?;
    let list = drive.changes().list(&start).await?;
    let of_file: Vec<_> = list
        .changes
        .into_iter()
        .flatten()
        .filter(|change| change.file_id.as_deref() == Some(&*file))
        .collect();
    all.holds("a change", !of_file.is_empty())?;
    all.equal("it is removed", of_file.last().and_then(|change| change.removed), Some(true))
}

/// What is asked for comes, and nothing else; what no file has is refused.
async fn fields(drive: &Drive, home: &str, all: &mut Expectations) -> Checked {
    let files = drive.files();
    let file = id(files.create(typed("text/plain", named("Fields", home))).await?)?;
    let refused = files.get(&file).fields("etag,name").await;
    all.equal("the etag of v2", status(&refused), Some(400))?;
    let refused = files.list().fields("files(id,etag)").await;
    all.equal("the etag of v2 in a list", status(&refused), Some(400))?;
    let some = files.get(&file).fields("id,name").await?;
    all.holds("what was asked for", some.id.is_some() && some.name.is_some())?;
    all.holds("and no more", some.created_time.is_none() && some.parents.is_none())
}

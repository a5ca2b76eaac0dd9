//! Upload and download of media: paths and maximum sizes.

use crate::discovery::{Method, Protocol};
use crate::log::{Log, Place};
use crate::model::{Download, Upload};
use crate::wire;

/// The upload of a method whose path has these variables. The client fills in an upload's path by their names.
pub(crate) fn upload(
    method: &Method,
    variables: &[String],
    place: &Place<'_>,
    log: &mut Log<'_>,
) -> Option<Upload> {
    let media = method.media_upload.as_ref()?;
    let place = place.below("mediaUpload");
    let mut path = |protocol: &Protocol, name: &str| {
        let Some(written) = protocol.path.as_deref() else { return String::new() };
        let problem = match wire::template(written) {
            Ok(template) => match template.variables.iter().find(|name| !variables.contains(name)) {
                None => return template.path,
                Some(unknown) => format!("the method's own path has no variable `{unknown}`"),
            },
            Err(message) => message.to_owned(),
        };
        log.warn(&place.below(name), format!("the protocol is left out: {problem}"));
        String::new()
    };
    let simple_path = path(&media.protocols.simple, "protocols.simple.path");
    let resumable_path = path(&media.protocols.resumable, "protocols.resumable.path");
    if simple_path.is_empty() && resumable_path.is_empty() {
        log.warn(&place, "neither a simple nor a resumable upload has a path: no upload");
        return None;
    }
    let max_size = media.max_size.as_deref().and_then(|written| {
        let size = wire::size(written);
        if size.is_none() {
            log.warn(&place.below("maxSize"), "not a size: the limit is ignored");
        }
        size
    });
    Some(Upload { simple_path, resumable_path, max_size, accept: media.accept.clone() })
}

pub(crate) fn download(method: &Method) -> Option<Download> {
    method.supports_media_download.then_some(Download { media_service: method.use_media_download_service })
}

//! A table of the cases in the tests and the documented responses of other clients and servers, with our own values.
//! Each row names its source, what is unusual about it, what the source expects, and the replies to three calls here.

use crate::reading::{Want, Want::*, all, part, row};
use gapis_testkit::zoo::*;

/// How a part of the response is made from its call.
type Make = fn(&Part) -> String;

struct Vector {
    of: &'static str,
    odd: &'static str,
    /// The expectation of the source.
    theirs: &'static str,
    make: Make,
    ours: [Want; 3],
}

fn id(part: &Part) -> String {
    format!("Content-ID: <response-{}>\r\n", part.id)
}

/// A part whose inner response is made from the animal's.
fn inner(call: &Part, change: impl Fn(String) -> String) -> String {
    part(&id(call), "\r\n", &change(animal(&call.animal())))
}

/// The same, but only the call `b` has an unusual one.
fn only_b(call: &Part, odd: &str) -> String {
    inner(call, |usual| if call.is("b") { odd.to_owned() } else { usual })
}

const VECTORS: [Vector; 22] = [
    Vector {
        of: "Python",
        odd: "the inner Content-Length is 14 for 11 bytes",
        theirs: "the body up to the delimiter",
        make: |call| inner(call, |usual| usual.replace("Length: 10", "Length: 14")),
        ours: [Own, Own, Own],
    },
    Vector {
        of: "Python",
        odd: "an id folded behind a line of its own",
        theirs: "the id without the fold",
        make: |call| {
            part(&format!("Content-ID:\r\n <response-{}>\r\n", call.id), "\r\n", &animal(&call.animal()))
        },
        ours: [Own, Own, Own],
    },
    Vector {
        of: "Python",
        odd: "an id with blanks around the plus sign",
        theirs: "the id behind the last of them",
        make: |call| {
            let id = call.id.replace('+', " + ");
            part(&format!("Content-ID: <response-{id}>\r\n"), "\r\n", &animal(&call.animal()))
        },
        ours: [Own, Own, Own],
    },
    Vector {
        of: "Python",
        odd: "401 of one call",
        theirs: "refreshed once, that call sent again",
        make: |call| only_b(call, &failed(401, "authError")),
        ours: [Own, Status(401), Own],
    },
    Vector {
        of: "Python",
        odd: "a part is missing",
        theirs: "an exception, and no callback runs",
        make: |call| if call.is("b") { String::new() } else { inner(call, |usual| usual) },
        ours: [Own, Unknown, Own],
    },
    Vector {
        of: "Python",
        odd: "403 in one part",
        theirs: "that callback gets the error",
        make: |call| only_b(call, &failed(403, "accessNotConfigured")),
        ours: [Own, Status(403), Own],
    },
    Vector {
        of: "Java",
        odd: "an id without brackets and without `response-`",
        theirs: "parts by their order",
        make: |call| part(&format!("Content-ID: {}\r\n", call.id), "\r\n", &animal(&call.animal())),
        ours: [Own, Own, Own],
    },
    Vector {
        of: "Java",
        odd: "line feeds alone within a part",
        theirs: "read as any",
        make: |call| inner(call, |usual| usual.replace("\r\n", "\n")),
        ours: [Own, Own, Own],
    },
    Vector {
        of: "Java",
        odd: "404 with an error of the API",
        theirs: "onFailure with its code and reason",
        make: |call| only_b(call, &failed(404, "notFound")),
        ours: [Own, Status(404), Own],
    },
    Vector {
        of: "Java",
        odd: "403 without a body",
        theirs: "onFailure with the status alone",
        make: |call| only_b(call, "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n"),
        ours: [Own, Status(403), Own],
    },
    Vector {
        of: ".NET",
        odd: "inner Content-Length 505, far beyond the body",
        theirs: "the body up to the delimiter",
        make: |call| inner(call, |usual| usual.replace("Length: 10", "Length: 505")),
        ours: [Own, Own, Own],
    },
    Vector {
        of: ".NET",
        odd: "inner Content-Length 2, shorter than the body",
        theirs: "the body up to the delimiter",
        make: |call| inner(call, |usual| usual.replace("Length: 10", "Length: 2")),
        ours: [Own, Own, Own],
    },
    Vector {
        of: ".NET",
        odd: "the JSON follows the headers without a blank line",
        theirs: "read as the body",
        make: |call| inner(call, |usual| usual.replace("\r\n\r\n", "\r\n")),
        ours: [Own, Own, Own],
    },
    Vector {
        of: ".NET",
        odd: "an inner answer that is no HTTP",
        theirs: "an exception for the whole batch",
        make: |call| only_b(call, "nothing of the kind"),
        ours: [Own, Protocol, Own],
    },
    Vector {
        of: "PHP",
        odd: "Vary three times",
        theirs: "all of them kept",
        make: |call| {
            inner(call, |usual| usual.replace("\r\n\r\n", "\r\nVary: a\r\nVary: b\r\nVary: c\r\n\r\n"))
        },
        ours: [Own, Own, Own],
    },
    Vector {
        of: "PHP",
        odd: "a 204 that ends behind its status line",
        theirs: "an empty response",
        make: |call| only_b(call, "HTTP/1.1 204 No Content"),
        ours: [Own, Empty, Own],
    },
    Vector {
        of: "Ruby",
        odd: "an id in lower case letters of the header's name",
        theirs: "matched by id",
        make: |call| part(&id(call).to_lowercase(), "\r\n", &animal(&call.animal())),
        ours: [Own, Own, Own],
    },
    Vector {
        of: "Ruby",
        odd: "no reason phrase",
        theirs: "read as any",
        make: |call| inner(call, |usual| usual.replace("200 OK", "200")),
        ours: [Own, Own, Own],
    },
    Vector {
        of: "Ruby",
        odd: "an error of one call in HTML",
        theirs: "that block gets the error",
        make: |call| {
            only_b(call, "HTTP/1.1 400 Bad Request\r\nContent-Type: text/html\r\n\r\n<title>no</title>")
        },
        ours: [Own, Status(400), Own],
    },
    Vector {
        of: "fake-gcs-server",
        odd: "`Content-Id`, with `response-` and no brackets",
        theirs: "as it was sent",
        make: |call| part(&format!("Content-Id: response-{}\r\n", call.id), "\r\n", &animal(&call.animal())),
        ours: [Own, Own, Own],
    },
    Vector {
        of: "gcp-storage-emulator",
        odd: "no id, and no blank line before the status line",
        theirs: "parts by their order",
        make: |call| part("", "", &animal(&call.animal())),
        ours: [Own, Own, Own],
    },
    Vector {
        of: "the Classroom guide",
        odd: "a header line without a colon",
        theirs: "printed so",
        make: |call| inner(call, |usual| usual.replace("\r\n\r\n", "\r\nETag \"x\"\r\n\r\n")),
        ours: [Own, Own, Own],
    },
];

#[tokio::test(start_paused = true)]
async fn the_vectors_of_others() {
    for Vector { of, odd, theirs, make, ours } in VECTORS {
        let name = format!("{of}: {odd} ({theirs})");
        row(&name, move |parts| Answer::multipart(all(parts, make)), ours).await;
    }
}

/// Ruby and PHP: parts in another order than the calls.
#[tokio::test]
async fn the_order_of_others() {
    for of in ["Ruby: matched by id", "PHP: given to the wrong call"] {
        let reversed = |parts: &[Part]| {
            let parts: Vec<Part> = parts.iter().rev().cloned().collect();
            Answer::multipart(all(&parts, |call| inner(call, |usual| usual)))
        };
        row(of, reversed, [Own, Own, Own]).await;
    }
}

"""A crate of the lines of Rust that the site shows, so that the compiler reads them."""

import json

APIS = {
    "docs.v1": "",
    "drive.v3": "",
    "farm.v2": "",
    "compute.v1": ', default-features = false, features = ["instances", "rustls"]',
}

PAGES = ["docs.v1/methods", "drive.v3/methods", "farm.v2/methods", "compute.v1/instances"]


def write(root, folder, lines):
    """Writes the crate: `lines` has, for each API, the lines of all its methods in all ways."""
    (folder / "src").mkdir(parents=True, exist_ok=True)
    name = lambda api: "gapis-" + api.replace(".", "-")
    dependencies = [
        f"{name(api)} = {{ path = {json.dumps(str(root / 'generated' / name(api)))}{features} }}\n"
        for api, features in APIS.items()
    ]
    (folder / "Cargo.toml").write_text(
        '[package]\nname = "lines"\nversion = "0.0.0"\nedition = "2024"\n\n[workspace]\n\n[dependencies]\n' + "".join(dependencies)
    )
    functions = [
        f"pub async fn {api.replace('.', '_')}_{number}(credentials: {name(api).replace('-', '_')}::ApiKey)\n"
        f"-> Result<(), Box<dyn std::error::Error>> {{\n{text}\nOk(())\n}}\n"
        for api, texts in lines.items()
        for number, text in enumerate(texts)
    ]
    # What a reader of the lines does with their results is not in them.
    (folder / "src/lib.rs").write_text("#![allow(unused_variables, deprecated)]\n" + "\n".join(functions))
    return len(functions)

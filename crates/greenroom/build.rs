//! Builds anew when a file of the page changes: the compiler does not see what is embedded.
#![expect(
    clippy::print_stdout,
    reason = "this is how a build script speaks to cargo"
)]

fn main() {
    for part in [
        "index.html",
        "page.js",
        "style.css",
        "icon.svg",
        "lib",
        "page",
    ] {
        println!("cargo::rerun-if-changed=../../web/{part}");
    }
}

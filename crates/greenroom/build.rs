//! Builds anew when a file of the page changes: the compiler does not see what is embedded.

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

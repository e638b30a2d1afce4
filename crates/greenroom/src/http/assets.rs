//! The page and its modules, embedded in the binary.

use axum::extract::Path;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use rust_embed::RustEmbed;

#[derive(RustEmbed)]
#[folder = "../../web"]
#[include = "index.html"]
#[include = "page.js"]
#[include = "style.css"]
#[include = "icon.svg"]
#[include = "lib/*"]
#[include = "page/*"]
struct Web;

pub(super) async fn index() -> Response {
    asset("index.html")
}

pub(super) async fn file(Path(path): Path<String>) -> Response {
    asset(&path)
}

fn asset(path: &str) -> Response {
    let Some(file) = Web::get(path) else {
        return (StatusCode::NOT_FOUND, "There is no such file.").into_response();
    };
    let kind = file.metadata.mimetype().to_owned();
    // The files change with the binary only, and are small: asked for anew each time, they
    // never disagree with the server.
    let headers = [
        (header::CONTENT_TYPE, kind),
        (header::CACHE_CONTROL, "no-cache".to_owned()),
    ];
    (headers, file.data).into_response()
}

//! The one style sheet and the one script, as they were compiled in.

use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;

pub(super) const STYLE: &str = include_str!("assets/console.css");

pub(super) async fn style() -> impl IntoResponse {
    ([(CONTENT_TYPE, "text/css; charset=utf-8")], STYLE)
}

pub(super) async fn script() -> impl IntoResponse {
    ([(CONTENT_TYPE, "text/javascript; charset=utf-8")], include_str!("assets/console.js"))
}

//! What lies behind a WebSocket API: each connection is told its context, then everything that it says.

use axum::body::Body;
use axum::extract::FromRequestParts;
use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::http::request::Parts;
use axum::http::{Response, StatusCode};
use serde_json::{Value, json};

use super::backend::json_answer;

/// Upgrades a connection that was allowed; anything but an upgrade is told so.
pub(super) async fn upgrade(mut parts: Parts, authorizer: Value) -> Response<Body> {
    match WebSocketUpgrade::from_request_parts(&mut parts, &()).await {
        Ok(upgrade) => upgrade.on_upgrade(move |socket| echo(socket, authorizer)),
        Err(_) => json_answer(StatusCode::UPGRADE_REQUIRED, &json!({"message": "expected a WebSocket upgrade"})),
    }
}

/// A connection that ends or breaks is simply over.
async fn echo(mut socket: WebSocket, authorizer: Value) {
    let context = authorizer["context"].to_string();
    if socket.send(Message::Text(context.into())).await.is_err() {
        return;
    }
    while let Some(Ok(message)) = socket.recv().await {
        let answer = match message {
            Message::Text(_) | Message::Binary(_) => socket.send(message).await,
            Message::Ping(_) | Message::Pong(_) => Ok(()),
            Message::Close(_) => return,
        };
        if answer.is_err() {
            return;
        }
    }
}

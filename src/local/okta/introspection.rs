//! What the server says of its tokens (RFC 7662), those that it revoked (RFC 7009), and opaque ones, which nobody else can read.

use axum::http::HeaderMap;
use serde_json::{Map, Value, json};

use super::StandInOkta;
use super::form::Form;
use super::jwt::{Jwt, PublicKey};
use super::keys::random_name;
use super::refusal::TokenRefusal;

impl StandInOkta {
    /// A token that is a name and nothing else, for a client.
    #[must_use]
    pub fn issue_opaque(&self, client_id: &str, scopes: &[&str]) -> String {
        let token = random_name::<40>();
        let claims = self.claims(client_id, scopes);
        self.memory().opaque.insert(token.clone(), claims);
        token
    }

    /// Calls a token inactive from now on. A JWT is not changed by that.
    pub fn revoke(&self, token: &str) {
        self.memory().revoked.insert(token.to_owned());
    }

    /// The answer to an introspection request. Who asks has to be a client.
    pub(super) fn introspect(&self, headers: &HeaderMap, body: &[u8]) -> Result<Value, TokenRefusal> {
        let form = Form::parse(headers, body)?;
        self.authenticate(headers, &form)?;
        let known = form.parameter("token").and_then(|token| self.active_claims(token));
        Ok(known.map_or_else(|| json!({"active": false}), described))
    }

    /// The answer to a revocation request: the same whether the token is known or not.
    pub(super) fn revoke_as_asked(&self, headers: &HeaderMap, body: &[u8]) -> Result<(), TokenRefusal> {
        let form = Form::parse(headers, body)?;
        self.authenticate(headers, &form)?;
        if let Some(token) = form.parameter("token") {
            self.revoke(token);
        }
        Ok(())
    }

    fn active_claims(&self, token: &str) -> Option<Value> {
        let (is_revoked, opaque) = {
            let memory = self.memory();
            (memory.revoked.contains(token), memory.opaque.get(token).cloned())
        };
        let claims = opaque.or_else(|| self.signed_claims(token)).filter(|_| !is_revoked)?;
        let is_alive = claims["exp"].as_u64().is_some_and(|end| end > (self.clock)());
        is_alive.then_some(claims)
    }

    fn signed_claims(&self, token: &str) -> Option<Value> {
        let jwt = Jwt::parse(token)?;
        let keys = self.key_set();
        let mut keys = keys["keys"].as_array()?.iter().filter_map(PublicKey::from_jwk);
        keys.any(|key| jwt.is_signed_by(&key)).then(|| jwt.claims())
    }
}

/// The claims under the names of RFC 7662 section 2.2.
fn described(claims: Value) -> Value {
    let Value::Object(claims) = claims else { return json!({"active": false}) };
    let mut answer = Map::from_iter([("active".to_owned(), json!(true)), ("token_type".to_owned(), json!("Bearer"))]);
    for (name, value) in claims {
        match (&*name, &value) {
            ("cid", _) => {
                answer.insert("client_id".to_owned(), value);
            }
            ("scp", Value::Array(scopes)) => {
                let scopes: Vec<&str> = scopes.iter().filter_map(Value::as_str).collect();
                answer.insert("scope".to_owned(), json!(scopes.join(" ")));
            }
            ("ver", _) => {}
            _ => {
                answer.insert(name, value);
            }
        }
    }
    Value::Object(answer)
}

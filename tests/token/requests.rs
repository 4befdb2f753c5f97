//! Requests that are refused before Okta is asked, and what reaches Okta of the others (threats 65 to 67 and 71).

use serde_json::json;

use crate::http::{GRANT, good_request, request, send, upstream_calls};
use crate::support::{CLIENT_ID, CLIENT_SECRET, Scenario, basic, form_encoded};

fn authorization() -> String {
    format!("Basic {}", basic(CLIENT_ID, CLIENT_SECRET))
}

/// Threat 65.
#[tokio::test]
async fn a_malformed_request_is_refused_and_okta_is_not_asked() {
    let scenario = Scenario::new().await;
    let function = scenario.token_function(&[]);
    let authorization = authorization();
    for (form, error) in [
        (String::new(), "invalid_request"),
        ("scope=CustomScope".to_owned(), "invalid_request"),
        ("grant_type=".to_owned(), "invalid_request"),
        ("grant_type=password".to_owned(), "unsupported_grant_type"),
        ("grant_type=Client_Credentials".to_owned(), "unsupported_grant_type"),
        (format!("{GRANT}&{GRANT}"), "invalid_request"),
        (format!("{GRANT}&scope=CustomScope&sc%6fpe=CustomScope"), "invalid_request"),
        (format!("{GRANT}&scope=CustomScope%20%20OtherScope"), "invalid_scope"),
        (format!("{GRANT}&scope=%22"), "invalid_scope"),
        (format!("{GRANT}&padding={}", "x".repeat(8 * 1024)), "invalid_request"),
    ] {
        let answer = send(&function, &request(&form, Some(&authorization))).await;
        let shown = &form[..form.len().min(80)];
        assert_eq!((answer.status, answer.error()), (400, error), "{shown}: {answer:?}");
    }
    for content_type in ["application/json", "text/plain", "application/x-www-form-urlencoded-not", ""] {
        let mut event = good_request();
        event["headers"]["content-type"] = json!(content_type);
        let answer = send(&function, &event).await;
        assert_eq!((answer.status, answer.error()), (400, "invalid_request"), "{content_type}");
    }
    let mut event = good_request();
    event["headers"].as_object_mut().expect("headers").remove("content-type");
    assert_eq!(send(&function, &event).await.status, 400);
    assert_eq!(upstream_calls(&scenario), 0);

    let mut event = good_request();
    event["headers"]["content-type"] = json!("Application/X-WWW-Form-UrlEncoded ; charset=UTF-8");
    assert_eq!(send(&function, &event).await.status, 200);
    assert_eq!(upstream_calls(&scenario), 1);
}

/// Threat 66.
#[tokio::test]
async fn credentials_in_two_places_or_in_none_are_refused_and_okta_is_not_asked() {
    let scenario = Scenario::new().await;
    let function = scenario.token_function(&[]);
    let authorization = authorization();
    let secret = form_encoded(CLIENT_SECRET);
    let in_body = format!("{GRANT}&client_id={CLIENT_ID}&client_secret={secret}");
    let two = format!("{authorization},{authorization}");
    for (form, authorization, status, error) in [
        (&*in_body, Some(&*authorization), 400, "invalid_request"),
        (&format!("{GRANT}&client_secret={secret}"), Some(&authorization), 400, "invalid_request"),
        (GRANT, None, 401, "invalid_client"),
        (GRANT, Some(""), 401, "invalid_client"),
        (GRANT, Some("Basic"), 401, "invalid_client"),
        (GRANT, Some("Basic !!!"), 401, "invalid_client"),
        (GRANT, Some("Bearer a.b.c"), 401, "invalid_client"),
        (GRANT, Some(&two), 400, "invalid_request"),
        (&format!("{GRANT}&client_id={CLIENT_ID}"), None, 401, "invalid_client"),
        (&format!("{in_body}&client_secret={secret}"), None, 400, "invalid_request"),
        (&format!("{GRANT}&client_assertion=a.b.c"), None, 401, "invalid_client"),
    ] {
        let answer = send(&function, &request(form, authorization)).await;
        assert_eq!((answer.status, answer.error()), (status, error), "{answer:?}");
        let challenged = answer.header("www-authenticate").is_some_and(|scheme| scheme.starts_with("Basic "));
        assert!(challenged || status != 401 || authorization.is_none(), "{answer:?}");
    }
    assert_eq!(upstream_calls(&scenario), 0);
}

/// Threat 66.
#[tokio::test]
async fn a_wrong_secret_is_refused_although_the_right_one_just_had_a_token() {
    let scenario = Scenario::new().await;
    let function = scenario.token_function(&[]);
    assert_eq!(send(&function, &good_request()).await.status, 200);
    for (client_id, secret) in [(CLIENT_ID, "wrong"), (CLIENT_ID, ""), ("0oa1unknown", CLIENT_SECRET)] {
        let event = request(GRANT, Some(&format!("Basic {}", basic(client_id, secret))));
        let answer = send(&function, &event).await;
        assert_eq!((answer.status, answer.error()), (401, "invalid_client"), "{client_id}: {answer:?}");
        assert!(answer.header("www-authenticate").is_some_and(|scheme| scheme.starts_with("Basic ")), "{answer:?}");
        assert!(answer.body.get("access_token").is_none());
    }
    let in_body = format!("{GRANT}&client_id={CLIENT_ID}&client_secret=wrong");
    let answer = send(&function, &request(&in_body, None)).await;
    assert_eq!((answer.status, answer.error()), (401, "invalid_client"), "{answer:?}");
    assert_eq!(send(&function, &good_request()).await.status, 200);
}

/// Threat 67.
#[tokio::test]
async fn a_scope_outside_the_profile_is_refused_and_a_grantable_one_is_asked_for() {
    let scenario = Scenario::new().await;
    let mut document = scenario.profile();
    document["grantableScopes"] = json!(["CustomScope", "OtherScope"]);
    scenario.put("orders", &document.to_string()).await;
    let function = scenario.token_function(&[]);
    let authorization = authorization();
    for scope in ["AdminScope", "customscope", "CustomScope+AdminScope"] {
        let answer = send(&function, &request(&format!("{GRANT}&scope={scope}"), Some(&authorization))).await;
        assert_eq!((answer.status, answer.error()), (400, "invalid_scope"), "{scope}: {answer:?}");
    }
    assert_eq!(upstream_calls(&scenario), 0);

    for (form, asked_for) in [
        (GRANT.to_owned(), "CustomScope"),
        (format!("{GRANT}&scope="), "CustomScope"),
        (format!("{GRANT}&scope=OtherScope"), "OtherScope"),
        (format!("{GRANT}&scope=OtherScope+CustomScope"), "CustomScope OtherScope"),
    ] {
        let answer = send(&function, &request(&form, Some(&authorization))).await;
        assert_eq!((answer.status, &answer.body["scope"]), (200, &json!(asked_for)), "{form}: {answer:?}");
        let asked = scenario.okta.last_token_request().expect("a request").parameter("scope");
        assert_eq!(asked.as_deref(), Some(asked_for), "{form}");
    }
}

/// Threat 71.
#[tokio::test]
async fn a_client_id_with_form_characters_reaches_okta_as_one_value() {
    let scenario = Scenario::new().await;
    let function = scenario.token_function(&[]);
    let odd = "0oa1&scope=AdminScope&grant_type=password+%3D";
    let answer = send(&function, &request(GRANT, Some(&format!("Basic {}", basic(odd, "s&client_id=x"))))).await;
    assert_eq!(answer.status, 401, "{answer:?}");
    let sent = scenario.okta.last_token_request().expect("a request");
    assert_eq!(sent.headers["authorization"], format!("Basic {}", basic(odd, "s&client_id=x")));
    assert_eq!(sent.parameter("scope").as_deref(), Some("CustomScope"));
    assert_eq!(sent.parameter("client_id"), None);

    let form = format!("{GRANT}&client_id={}&client_secret={}", form_encoded(odd), form_encoded("s&scope=x"));
    assert_eq!(send(&function, &request(&form, None)).await.status, 401);
    let sent = scenario.okta.last_token_request().expect("a request");
    assert_eq!(sent.parameter("client_id").as_deref(), Some(odd));
    assert_eq!(sent.parameter("client_secret").as_deref(), Some("s&scope=x"));
    assert_eq!(sent.parameter("grant_type").as_deref(), Some("client_credentials"));
    assert_eq!(sent.body.matches("scope=").count(), 1, "{}", sent.body);
}

/// Threat 71.
#[tokio::test]
async fn a_client_id_or_secret_with_a_line_break_is_refused_and_okta_is_not_asked() {
    let scenario = Scenario::new().await;
    let function = scenario.token_function(&[]);
    for odd in ["0oa1\r\nX-Injected: yes", "0oa1\n", "0oa1\0", "0oa1é"] {
        for (client_id, secret) in [(odd, CLIENT_SECRET), (CLIENT_ID, odd)] {
            let answer = send(&function, &request(GRANT, Some(&format!("Basic {}", basic(client_id, secret))))).await;
            assert_eq!(answer.status, 400, "{odd:?}: {answer:?}");
            let form = format!("{GRANT}&client_id={}&client_secret={}", form_encoded(client_id), form_encoded(secret));
            assert_eq!(send(&function, &request(&form, None)).await.status, 400, "{odd:?}");
        }
    }
    assert_eq!(upstream_calls(&scenario), 0);
}

#[tokio::test]
async fn another_path_or_method_is_refused_and_okta_is_not_asked() {
    let scenario = Scenario::new().await;
    let function = scenario.token_function(&[]);
    for (path, status) in [
        ("/oauth2/orders/v1/authorize", 404),
        ("/oauth2/orders", 404),
        ("/oauth2/nonesuch/v1/token", 404),
        ("/oauth2/deny/v1/token", 404),
        ("/oauth2/..%2Forders/v1/token", 404),
        ("/oauth2/orders%2Fkeys/v1/token", 404),
        ("/", 404),
    ] {
        let mut event = good_request();
        event["rawPath"] = json!(path);
        event["requestContext"]["http"]["path"] = json!(path);
        let answer = send(&function, &event).await;
        assert_eq!(answer.status, status, "{path}: {answer:?}");
        assert!(!answer.text().contains("nonesuch"), "the path is not echoed: {answer:?}");
    }
    for method in ["GET", "PUT", "DELETE", "HEAD", "OPTIONS"] {
        let mut event = good_request();
        event["requestContext"]["http"]["method"] = json!(method);
        let answer = send(&function, &event).await;
        assert_eq!((answer.status, answer.header("allow")), (405, Some("POST")), "{method}");
    }
    assert_eq!(upstream_calls(&scenario), 0);
}

//! What is particular to SSM: which calls are made, what they decrypt, and what a refusal says (threats 58 and 59).

use std::collections::BTreeSet;

use okta_security_profiles::ports::key_set_store::KeySetStore as _;
use okta_security_profiles::ports::profile_store::{LoadRequest, ProfileSelection, ProfileStore, ProfileStoreError};
use serde_json::json;

use crate::bench::{Bench, Ssm, name, named};
use crate::support::{PATIENCE, SsmAnswers};

fn everything(selection: &ProfileSelection) -> LoadRequest<'_> {
    LoadRequest::everything(selection, PATIENCE)
}

#[tokio::test]
async fn twelve_named_profiles_cost_three_calls_of_ten_names_each_and_nothing_is_decrypted() {
    let bench = Ssm::empty().await;
    let profiles: Vec<String> = (1..=12).map(|number| format!("profile-{number}")).collect();
    for profile in &profiles {
        bench.put_document(profile, "{}").await;
        bench.put_client(profile, "{}").await;
    }
    let loaded =
        bench.store().load(everything(&named(profiles.iter().map(String::as_str)))).await.expect("a readable store");
    assert_eq!(loaded.found.len(), 12);

    let calls = bench.front.calls();
    assert_eq!(calls.len(), 3);
    let mut asked_for = BTreeSet::new();
    for call in &calls {
        assert_eq!((&*call.operation, &call.input["WithDecryption"]), ("GetParameters", &json!(false)));
        let names = call.input["Names"].as_array().expect("names");
        assert!(names.len() <= 10, "SSM takes ten: {names:?}");
        asked_for.extend(names.iter().map(|name| name.as_str().expect("a name").to_owned()));
    }
    let of_profiles =
        profiles.iter().flat_map(|profile| ["", "/keys"].map(|part| format!("{}/{profile}{part}", bench.root)));
    assert_eq!(asked_for, of_profiles.chain([format!("{}/deny", bench.root)]).collect());
}

#[tokio::test]
async fn stored_key_sets_that_are_not_needed_are_read_only_where_that_costs_no_further_call() {
    for (profiles, calls, key_sets_read) in [(4, 1, true), (5, 1, false), (9, 1, false), (12, 2, false)] {
        let bench = Ssm::empty().await;
        let names: Vec<String> = (1..=profiles).map(|number| format!("profile-{number}")).collect();
        for name in &names {
            bench.put_document(name, "{}").await;
            bench.put_keys(name, "keys").await;
        }
        let selection = named(names.iter().map(String::as_str));
        let request = LoadRequest { key_sets_needed: false, ..everything(&selection) };
        let loaded = bench.store().load(request).await.expect("a readable store");
        assert_eq!((bench.front.calls().len(), loaded.key_sets_read), (calls, key_sets_read), "{profiles} profiles");
        assert_eq!(loaded.found.iter().all(|stored| stored.key_set.is_some()), key_sets_read);
    }
}

#[tokio::test]
async fn a_key_set_that_may_not_be_written_names_the_call_the_parameter_and_the_code() {
    let bench = Ssm::empty().await;
    bench.front.answer_with(SsmAnswers::Error(400, "AccessDeniedException"));
    let error = bench.store().store_key_set(&name("orders"), "{}").await.expect_err("refused");
    assert_eq!(error.what, format!("ssm:PutParameter on `{}/orders/keys`, AccessDeniedException", bench.root));
}

/// Threat 56.
#[tokio::test]
async fn what_came_before_a_first_load_failed_is_not_asked_for_again() {
    let bench = Ssm::empty().await;
    let names: Vec<String> = (0..12).map(|number| format!("p{number}")).collect();
    for name in &names {
        bench.put_document(name, "{}").await;
    }
    let selection = named(names.iter().map(String::as_str));
    let store = bench.store();
    bench.front.answer_with(SsmAnswers::RefuseNaming("/p11/keys"));
    store.load(everything(&selection)).await.expect_err("one of three calls is refused");
    assert_eq!(bench.front.calls().len(), 3);
    bench.front.answer_with(SsmAnswers::True);
    assert_eq!(store.load(everything(&selection)).await.expect("the missing call").found.len(), 12);
    assert_eq!(bench.front.calls().len(), 4, "the two that came are not made again");
    store.load(everything(&selection)).await.expect("a refresh");
    assert_eq!(bench.front.calls().len(), 7, "a refresh reads everything anew");
}

/// Threat 56.
#[tokio::test]
async fn an_answer_that_says_nothing_of_a_parameter_is_no_proof_that_it_does_not_exist() {
    let bench = Ssm::empty().await;
    bench.front.answer_with(SsmAnswers::Nothing);
    let error = bench.store().load(everything(&named(["orders"]))).await.expect_err("an incomplete answer");
    let ProfileStoreError::Unavailable { what, source } = &error else { panic!("{error}") };
    assert_eq!(*what, format!("ssm:GetParameters on `{}`", bench.root));
    assert_eq!(source.to_string(), format!("the answer says nothing of `{}/orders`", bench.root));
}

/// Threat 56.
#[tokio::test]
async fn a_load_gives_up_when_it_is_told_to() {
    let silent = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let bench = Ssm::empty().await;
    let endpoint = format!("http://{}", silent.local_addr().expect("an address"));
    let selection = named(["orders"]);
    let within = std::time::Duration::from_millis(300);
    let error =
        bench.store_at(&endpoint).load(LoadRequest::everything(&selection, within)).await.expect_err("no answer");
    let ProfileStoreError::Unavailable { what, .. } = &error else { panic!("{error}") };
    assert_eq!(*what, format!("ssm under `{}`, no answer within 300 ms", bench.root));
}

#[tokio::test]
async fn all_profiles_cost_one_call_for_each_page_and_for_each_ten_key_sets_and_nothing_is_decrypted() {
    let bench = Ssm::empty().await;
    for number in 1..=12 {
        bench.put_document(&format!("profile-{number}"), "{}").await;
    }
    let loaded = bench.store().load(everything(&ProfileSelection::All)).await.expect("a readable store");
    assert_eq!(loaded.found.len(), 12);
    let mut operations = Vec::new();
    for call in bench.front.calls() {
        assert!(call.input.get("WithDecryption").is_none_or(|decrypt| decrypt == false), "{call:?}");
        if call.operation == "GetParametersByPath" {
            assert_eq!((&call.input["Path"], &call.input["Recursive"]), (&json!(bench.root), &json!(false)));
        }
        operations.push(call.operation);
    }
    assert_eq!(operations, ["GetParametersByPath", "GetParametersByPath", "GetParameters", "GetParameters"]);
}

#[tokio::test]
async fn a_client_costs_one_call_and_only_that_one_decrypts() {
    let bench = Ssm::empty().await;
    bench.put_client("orders", r#"{"clientId": "0oa1", "clientSecret": "secret"}"#).await;
    bench.store().client(&name("orders")).await.expect("a readable store").expect("a client");
    let calls: Vec<_> = bench.front.calls().into_iter().map(|call| (call.operation, call.input)).collect();
    let input = json!({"Name": format!("{}/orders/client", bench.root), "WithDecryption": true});
    assert_eq!(calls, [("GetParameter".to_owned(), input)]);
}

/// Threat 59.
#[tokio::test]
async fn a_page_token_that_never_ends_is_followed_twenty_times_and_no_further() {
    let bench = Ssm::empty().await;
    bench.front.answer_with(SsmAnswers::EndlessPages);
    let error = bench.store().load(everything(&ProfileSelection::All)).await.expect_err("too many pages");
    let ProfileStoreError::TooManyPages { root, pages } = &error else { panic!("{error}") };
    assert_eq!((root, *pages), (&bench.root, 20));
    assert!(error.to_string().contains("`PROFILES`"), "the remedy: {error}");
    assert_eq!(bench.front.calls().len(), 20);
}

/// Threat 58.
#[tokio::test]
async fn a_refused_decryption_names_the_call_the_parameter_and_the_code() {
    let bench = Ssm::empty().await;
    bench.put_client("orders", r#"{"clientId": "0oa1", "clientSecret": "secret"}"#).await;
    for code in ["AccessDeniedException", "InvalidKeyId"] {
        bench.front.answer_with(SsmAnswers::Error(400, code));
        let error = bench.store().client(&name("orders")).await.expect_err("refused");
        let ProfileStoreError::Unavailable { what, .. } = &error else { panic!("{error}") };
        assert_eq!(*what, format!("ssm:GetParameter on `{}/orders/client`, {code}", bench.root));
    }
}

#[tokio::test]
async fn a_refused_load_names_the_call_the_root_and_the_code() {
    let bench = Ssm::empty().await;
    bench.front.answer_with(SsmAnswers::Error(400, "AccessDeniedException"));
    for (selection, operation) in [(ProfileSelection::All, "GetParametersByPath"), (named(["orders"]), "GetParameters")]
    {
        let error = bench.store().load(everything(&selection)).await.expect_err("refused");
        let ProfileStoreError::Unavailable { what, .. } = &error else { panic!("{error}") };
        assert_eq!(*what, format!("ssm:{operation} on `{}`, AccessDeniedException", bench.root));
    }
}

/// Threat 56.
#[tokio::test]
async fn a_throttled_load_is_tried_again_and_then_unavailable() {
    let bench = Ssm::empty().await;
    bench.front.answer_with(SsmAnswers::Error(400, "ThrottlingException"));
    let error = bench.store().load(everything(&named(["orders"]))).await.expect_err("throttled");
    let ProfileStoreError::Unavailable { what, .. } = &error else { panic!("{error}") };
    assert!(what.ends_with(", ThrottlingException"), "{what}");
    assert!(bench.front.calls().len() > 1, "a throttle passes: one more attempt is worth it");
}

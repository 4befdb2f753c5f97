//! Every event in `events/keys/` is answered as its file says: whatever an event holds, it means that now is the time.

use crate::support::{EventFile, Scenario, TIMEOUT, client_placeholders};

#[tokio::test]
async fn every_documented_event_is_answered_as_documented() {
    let files = EventFile::read_all("keys");
    assert!(files.len() >= 2, "a scheduled event and the empty one");
    for file in files {
        let scenario = Scenario::new().await;
        let keys = scenario.keys_function(&[("PROFILES", "orders")]);
        let placeholders = client_placeholders(scenario.okta.issuer());
        let answer = keys.invoke(&file.filled("event", &placeholders).to_string(), TIMEOUT).await.response();
        let mut expected = file.filled("expect", &placeholders);
        expected["profiles"][0]["keys"] = answer["profiles"][0]["keys"].clone();
        assert_eq!(answer, expected, "{}", file.name);
        assert_eq!(answer["profiles"][0]["keys"][0], scenario.okta.current_kid());
    }
}

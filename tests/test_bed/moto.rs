//! Tests of SSM on loopback, through the SDK.

use crate::connection::Connection;
use crate::support::{Moto, ParameterType};

/// The value and type of a parameter, or `None` if there is none.
async fn read(moto: &Moto, name: &str, decrypt: bool) -> Option<(String, ParameterType)> {
    let answer = moto.client().get_parameters().names(name).with_decryption(decrypt).send().await;
    let parameter = answer.expect("an answer from moto").parameters?.pop()?;
    Some((parameter.value?, parameter.r#type?))
}

#[tokio::test]
async fn a_parameter_that_was_put_is_read_replaced_and_deleted() {
    let moto = Moto::shared().await;
    let name = format!("{}/orders", moto.fresh_root());
    assert_eq!(read(moto, &name, false).await, None);

    moto.put_parameter(&name, "one", ParameterType::String).await;
    assert_eq!(read(moto, &name, false).await, Some(("one".to_owned(), ParameterType::String)));
    moto.put_parameter(&name, "two", ParameterType::String).await;
    assert_eq!(read(moto, &name, false).await, Some(("two".to_owned(), ParameterType::String)));

    moto.delete_parameter(&name).await;
    assert_eq!(read(moto, &name, false).await, None);
}

#[tokio::test]
async fn a_secret_is_readable_only_with_decryption() {
    let moto = Moto::shared().await;
    let name = format!("{}/orders/client", moto.fresh_root());
    moto.put_parameter(&name, "secret", ParameterType::SecureString).await;

    let (sealed, kind) = read(moto, &name, false).await.expect("the parameter");
    assert_eq!(kind, ParameterType::SecureString);
    assert_ne!(sealed, "secret");
    assert_eq!(read(moto, &name, true).await, Some(("secret".to_owned(), ParameterType::SecureString)));
}

#[tokio::test]
async fn roots_keep_tests_apart() {
    let moto = Moto::shared().await;
    let (mine, yours) = (moto.fresh_root(), moto.fresh_root());
    moto.put_parameter(&format!("{mine}/orders"), "mine", ParameterType::String).await;
    let found = moto.client().get_parameters_by_path().path(yours).send().await.expect("an answer from moto");
    assert_eq!(found.parameters(), []);
}

#[tokio::test]
async fn a_dropped_server_is_gone() {
    let moto = Moto::start().await;
    let mut connection = Connection::open(moto.address());
    drop(moto);
    assert!(connection.is_closed(), "a process that has ended holds no connection");
}

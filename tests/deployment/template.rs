//! A template as it is written and as the SAM transform leaves it, both as JSON.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{LazyLock, Mutex, PoisonError};

use serde_json::{Map, Value};

use crate::rendering::Rendering;
use crate::support::python;

/// The main template.
pub(crate) const MAIN: &str = "template.yaml";

/// A template in both forms.
#[derive(Clone)]
pub(crate) struct Template {
    /// As it is written, with the short forms of intrinsic functions written out.
    pub(crate) source: Value,
    /// As CloudFormation gets it.
    pub(crate) transformed: Value,
}

impl Template {
    /// The main template.
    pub(crate) fn main() -> Self {
        Self::read(MAIN)
    }

    /// A template by its path from the package's root. Each is transformed once for all tests.
    pub(crate) fn read(path: &str) -> Self {
        static READ: LazyLock<Mutex<HashMap<String, Template>>> = LazyLock::new(Mutex::default);
        let mut read = READ.lock().unwrap_or_else(PoisonError::into_inner);
        read.entry(path.to_owned()).or_insert_with(|| Self::transform(path, &[])).clone()
    }

    /// The templates of all examples, by path.
    pub(crate) fn examples() -> Vec<String> {
        let entries = std::fs::read_dir(root().join("examples")).expect("a folder of examples");
        let names = entries.map(|entry| entry.expect("an entry").file_name().into_string().expect("a name"));
        let paths = names.map(|name| format!("examples/{name}/template.yaml"));
        let mut paths: Vec<String> = paths.filter(|path| root().join(path).is_file()).collect();
        paths.sort();
        assert!(paths.len() >= 7, "{paths:?}");
        paths
    }

    /// The resources that a deployment with these parameters makes, with everything resolved.
    pub(crate) fn rendered(&self, parameters: &[(&str, &str)]) -> Rendering {
        Rendering::of(&self.transformed, parameters)
    }

    /// The same transformed for these parameters: SAM itself resolves a few properties, and all others are left as they are.
    pub(crate) fn main_for(parameters: &[(&str, &str)]) -> Self {
        Self::transform(MAIN, parameters)
    }

    fn transform(path: &str, parameters: &[(&str, &str)]) -> Self {
        let parameters: Map<String, Value> =
            parameters.iter().map(|(name, value)| ((*name).to_owned(), (*value).into())).collect();
        let run = Command::new(python())
            .arg(root().join("tests/deployment/transform.py"))
            .arg(root().join(path))
            .arg(Value::Object(parameters).to_string())
            .env_clear()
            .env("AWS_DEFAULT_REGION", "eu-west-1")
            .output()
            .expect("the Python of the tests starts");
        assert!(run.status.success(), "{path} is not transformed:\n{}", String::from_utf8_lossy(&run.stderr));
        let mut both: Value = serde_json::from_slice(&run.stdout).expect("JSON");
        Self { source: both["source"].take(), transformed: both["transformed"].take() }
    }
}

/// The package's root.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_owned()
}

/// A text file by its path from the package's root.
pub(crate) fn text(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("`{path}` cannot be read: {error}"))
}

//! Groups are projects under another name: what is annotated for projects is written out once more for groups, word by word, so that the two
//! cannot come apart.

use serde::Serialize;
use serde::de::DeserializeOwned;
use utoipa::openapi::OpenApi;

const PATHS: &str = "/v2/projects";
const SCHEMA: &str = "Project";

/// Adds the paths and schemas of groups.
pub(super) fn add(document: &mut OpenApi) {
    let paths = document.paths.paths.iter().filter(|(path, _)| path.starts_with(PATHS));
    let twins: Vec<_> = paths.filter_map(|(path, item)| Some((renamed(path), twin(item)?))).collect();
    document.paths.paths.extend(twins);
    if let Some(components) = &mut document.components {
        let named = components.schemas.iter().filter(|(name, _)| name.split('_').any(|part| part == SCHEMA));
        let twins: Vec<_> = named.filter_map(|(name, schema)| Some((renamed(name), twin(schema)?))).collect();
        components.schemas.extend(twins);
    }
}

fn renamed(text: &str) -> String {
    text.replace("project", "group").replace("Project", "Group")
}

/// The same with every word for a project replaced. A test of the whole document misses what cannot be read back.
fn twin<T: Serialize + DeserializeOwned>(of: &T) -> Option<T> {
    serde_json::from_str(&renamed(&serde_json::to_string(of).ok()?)).ok()
}

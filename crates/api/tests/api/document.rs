//! What the published document says, for tests that hold every operation to a rule: a new operation is held to it without being named.

use serde_json::Value;

use crate::harness::Api;

/// An operation of the document.
pub struct Operation {
    /// `POST`, ….
    pub method: String,
    /// The path with its parameters in braces.
    pub route: String,
    /// What the document says of it.
    pub said: Value,
}

impl Operation {
    /// `POST /v2/accounts`.
    pub fn name(&self) -> String {
        format!("{} {}", self.method, self.route)
    }

    /// Names of its parameters that stand in `place`: `query`, `header` or `path`.
    pub fn parameters(&self, place: &str) -> Vec<&str> {
        let all = self.said["parameters"].as_array().map(Vec::as_slice).unwrap_or_default();
        all.iter().filter(|one| one["in"] == place).filter_map(|one| one["name"].as_str()).collect()
    }
}

pub fn document() -> Value {
    serde_json::from_str(&api::openapi_json()).unwrap()
}

/// Every operation.
pub fn operations() -> Vec<Operation> {
    let document = document();
    let mut found = Vec::new();
    for (route, item) in document["paths"].as_object().unwrap() {
        for (method, said) in item.as_object().unwrap() {
            let mut said = said.clone();
            for parameter in said["parameters"].as_array_mut().into_iter().flatten() {
                *parameter = resolved(&document, parameter).clone();
            }
            found.push(Operation { method: method.to_uppercase(), route: route.clone(), said });
        }
    }
    found
}

/// The operations that answer with pages.
pub fn lists() -> Vec<Operation> {
    let is_list = |one: &Operation| one.method == "GET" && one.parameters("query").contains(&"cursor");
    operations().into_iter().filter(is_list).collect()
}

/// Ids that stand for the parameters of paths.
pub struct Ids(Vec<(&'static str, String)>);

impl Ids {
    /// Ids that have the right form and name nothing.
    pub fn of_nothing() -> Self {
        Self(Vec::new())
    }

    /// Ids of an account, a video and a creator of the organization.
    pub async fn of_resources(api: &Api) -> Self {
        let mut ids = Vec::new();
        for (name, path, body) in [
            ("account_id", "/v2/accounts", serde_json::json!({"platform": "tiktok", "username": "of.the.ids"})),
            ("video_id", "/v2/videos", serde_json::json!({"platform": "instagram", "identifier": "DdG4RIxIPyf"})),
            ("creator_id", "/v2/creators", serde_json::json!({"name": "Of the ids"})),
        ] {
            ids.push((name, api.post(path, &body).await.expect(201).id()));
        }
        Self(ids)
    }

    /// Whether every parameter of the route has an id.
    pub fn cover(&self, route: &str) -> bool {
        !self.fill(route, "{}").contains("{}")
    }

    /// The route with an id for each parameter.
    pub fn path(&self, route: &str) -> String {
        self.fill(route, "0197a6f0-0000-7000-8000-000000000001")
    }

    fn fill(&self, route: &str, unknown: &str) -> String {
        let mut path = String::new();
        for part in route.split('/').skip(1) {
            path.push('/');
            let name = part.strip_prefix('{').and_then(|part| part.strip_suffix('}'));
            path.push_str(match name {
                Some(name) => self.0.iter().find(|(known, _)| *known == name).map_or(unknown, |(_, id)| id),
                None => part,
            });
        }
        path
    }
}

/// The schema itself, where it is only named.
pub fn resolved<'a>(document: &'a Value, schema: &'a Value) -> &'a Value {
    match schema["$ref"].as_str() {
        Some(target) => resolved(document, document.pointer(target.trim_start_matches('#')).unwrap()),
        None => schema,
    }
}

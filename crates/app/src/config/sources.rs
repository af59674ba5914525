//! Where settings come from: gathers them, remembers the origin of each, and refuses keys that do not exist and values of the wrong kind.
//!
//! [`super::keys`] knows which keys there are and of what kind. Kinds are looked at before deserialization, which would take `true` for 1 and
//! could not say whose fault it was.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use config::{Environment, File, FileFormat, Map};

use super::keys::{self, Value};
use super::{Config, checks};

const PREFIX: &str = "CREATOR_AUDIT";
const FILE_VARIABLE: &str = "CREATOR_AUDIT_CONFIG";

/// What a value came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Compiled in.
    Default,
    /// A file.
    File(PathBuf),
    /// The environment variable of this name.
    Environment(String),
}

impl std::fmt::Display for Origin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File(path) => write!(f, "file {}", path.display()),
            Self::Environment(name) => write!(f, "environment variable {name}"),
        }
    }
}

/// The origin of each value, by dotted key.
pub(super) type Origins = BTreeMap<String, Origin>;

/// What is wrong with one key. It never holds the value, which may be secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The dotted key.
    pub key: String,
    /// Where its value came from, when it has one.
    pub origin: Option<Origin>,
    /// What it should be.
    pub message: String,
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.key, self.message)?;
        self.origin.as_ref().map_or(Ok(()), |origin| write!(f, " ({origin})"))
    }
}

/// Why the settings were refused.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// A file cannot be read.
    #[error("the configuration file {} cannot be read", path.display())]
    Read {
        /// Which one.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// A file is no TOML. The message holds the place and none of the text, which may be secret.
    #[error("the configuration file {} is not TOML: {message}", path.display())]
    Syntax {
        /// Which one.
        path: PathBuf,
        /// Where and what.
        message: String,
    },
    /// Keys that do not exist, values of the wrong kind or out of range, contradictions: all of them.
    #[error("the configuration is refused:\n  {}", .0.iter().map(Problem::to_string).collect::<Vec<_>>().join("\n  "))]
    Refused(Vec<Problem>),
    /// The settings could not be put together.
    #[error("the configuration cannot be put together")]
    Gather(#[source] config::ConfigError),
}

/// The environment of this process, as far as it is Unicode.
pub(super) fn process_environment() -> Map<String, String> {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect()
}

/// Gathers the settings; see [`Config::load`].
pub(super) fn load(file: Option<&Path>, environment: Map<String, String>) -> Result<Config, ConfigError> {
    let from_environment = environment.get(FILE_VARIABLE).filter(|path| !path.is_empty()).map(Path::new);
    let file = file.or(from_environment).map(Path::to_path_buf);
    let names = variable_names(&environment);
    let mut layers = vec![(parse(keys::DEFAULTS).map_err(ConfigError::Gather)?, Layer::Default)];
    if let Some(path) = file {
        layers.push((read(&path)?, Layer::File(path)));
    }
    let variables = Environment::with_prefix(PREFIX)
        .prefix_separator("__")
        .separator("__")
        .ignore_empty(true)
        .source(Some(environment));
    let variables = config::Config::builder().add_source(variables).build().map_err(ConfigError::Gather)?;
    layers.push((variables, Layer::Environment(names)));
    merge(layers)
}

/// Where the values of one layer come from.
enum Layer {
    Default,
    File(PathBuf),
    Environment(BTreeMap<String, String>),
}

impl Layer {
    fn origin(&self, key: &str) -> Origin {
        match self {
            Self::Default => Origin::Default,
            Self::File(path) => Origin::File(path.clone()),
            Self::Environment(names) => {
                Origin::Environment(names.get(key).cloned().unwrap_or_else(|| format!("{PREFIX}__…")))
            }
        }
    }
}

fn merge(layers: Vec<(config::Config, Layer)>) -> Result<Config, ConfigError> {
    let kinds = keys::documented().map_err(ConfigError::Gather)?;
    let (mut origins, mut problems) = (Origins::new(), Vec::new());
    let mut merged = config::Config::builder();
    for (layer, whence) in layers {
        for (key, value) in keys::flatten(&layer.cache) {
            let origin = whence.origin(&key);
            match (keys::misfit(&key, &value, &kinds), value) {
                (Some(message), _) => problems.push(Problem { key, origin: Some(origin), message }),
                (None, Value::EmptySection) => {}
                (None, Value::Flag | Value::Number(_) | Value::Text(_) | Value::List(_) | Value::Other) => {
                    origins.insert(key, origin);
                }
            }
        }
        merged = merged.add_source(layer);
    }
    if !problems.is_empty() {
        return Err(ConfigError::Refused(problems));
    }
    let values = merged.build().map_err(ConfigError::Gather)?;
    let mut config: Config = values.try_deserialize().map_err(|error| named_by_key(error, &origins))?;
    config.origins = origins;
    checks::for_all(&config)?;
    Ok(config)
}

/// What is left to deserialization: the address, and words out of a list. Neither is secret.
fn named_by_key(error: config::ConfigError, origins: &Origins) -> ConfigError {
    if let config::ConfigError::At { error, key: Some(key), .. } = error {
        let origin = origins.get(&key).cloned();
        return ConfigError::Refused(vec![Problem { key, origin, message: error.to_string() }]);
    }
    ConfigError::Gather(error)
}

fn read(path: &Path) -> Result<config::Config, ConfigError> {
    let text = std::fs::read_to_string(path).map_err(|source| ConfigError::Read { path: path.to_owned(), source })?;
    parse(&text).map_err(|error| {
        // The parser quotes the line that it stumbles over; quoted lines have a bar.
        let message = error.to_string();
        let lines: Vec<_> = message.lines().filter(|line| !line.contains('|')).map(str::trim).collect();
        ConfigError::Syntax { path: path.to_owned(), message: lines.join(" ") }
    })
}

/// Reads TOML.
pub(super) fn parse(toml: &str) -> Result<config::Config, config::ConfigError> {
    config::Config::builder().add_source(File::from_str(toml, FileFormat::Toml)).build()
}

/// The names of the variables that hold settings, by the dotted key that each sets.
fn variable_names(environment: &Map<String, String>) -> BTreeMap<String, String> {
    let prefix = format!("{}__", PREFIX.to_lowercase());
    let key_of = |name: &str| name.to_lowercase().strip_prefix(&prefix).map(|key| key.replace("__", "."));
    environment.keys().filter_map(|name| Some((key_of(name)?, name.clone()))).collect()
}

/// Writes `settings`, an object of objects, as TOML. JSON's texts, numbers, words and lists are TOML's too.
pub(super) fn to_toml(settings: &serde_json::Value) -> Result<String, serde_json::Error> {
    let mut toml = String::new();
    let mut waiting = vec![(String::new(), settings)];
    while let Some((section, value)) = waiting.pop() {
        let Some(table) = value.as_object() else { continue };
        let (sections, keys): (Vec<_>, Vec<_>) = table.iter().partition(|(_, value)| value.is_object());
        if !keys.is_empty() {
            toml.extend(["\n[", &section, "]\n"]);
        }
        for (key, value) in keys.into_iter().filter(|(_, value)| !value.is_null()) {
            toml.extend([key, " = ", &serde_json::to_string(value)?, "\n"]);
        }
        let dotted = |name: &String| if section.is_empty() { name.clone() } else { format!("{section}.{name}") };
        waiting.extend(sections.into_iter().rev().map(|(name, value)| (dotted(name), value)));
    }
    Ok(toml.trim_start().to_owned())
}

//! The profiles that a batch asks for.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use domain::{Platform, TargetKind};
use sea_orm::{FromQueryResult, Value};

use super::{ROWS_AT_ONCE, listed};
use crate::changes::NewAccount;
use crate::schedule::{self, Target};
use crate::sql::{places, rows, values};
use crate::{StoreError, TenantTx};

/// What a client calls a profile.
pub(super) type Name<'a> = (Platform, &'a str);

/// Profiles by the names that a batch has for them.
pub(super) struct Profiles<'a> {
    pub(super) ids: HashMap<Name<'a>, i64>,
    /// Those that this transaction made, which nobody else knows of.
    pub(super) made: HashSet<i64>,
}

/// The profile that an account is to track.
pub(super) fn name_of(new: &NewAccount) -> Name<'_> {
    (new.platform, new.handle.as_str())
}

impl TenantTx {
    /// The shared profiles of these names, made where they are new, with the locks of their schedule rows; `None` when one was cleared away just when
    /// it was found.
    pub(super) async fn held_profiles<'a>(
        &self,
        names: BTreeSet<Name<'a>>,
    ) -> Result<Option<Profiles<'a>>, StoreError> {
        let wanted = names.len();
        let profiles = self.profiles(names).await?;
        let target = |((platform, _), id): (&Name<'a>, &i64)| {
            (*id, Target { kind: TargetKind::Profile, id: *id, platform: *platform })
        };
        let targets: BTreeMap<i64, Target> = profiles.ids.iter().map(target).collect();
        let (ids, targets): (Vec<i64>, Vec<Target>) = targets.into_iter().unzip();
        schedule::rest_batch(&self.tx, &targets).await?;
        let are_held = profiles.ids.len() == wanted && schedule::hold_list(&self.tx, &ids).await?;
        Ok(are_held.then_some(profiles))
    }

    /// The shared profiles of these names, made where they are new. One that somebody else made and that is gone again is left out.
    async fn profiles<'a>(&self, names: BTreeSet<Name<'a>>) -> Result<Profiles<'a>, StoreError> {
        #[derive(FromQueryResult)]
        struct Made {
            id: i64,
            platform: String,
            username: String,
        }
        let names: Vec<Name<'a>> = names.into_iter().collect();
        let mut ids = self.known_profiles(&names).await?;
        let missing: Vec<Name<'a>> = names.into_iter().filter(|name| !ids.contains_key(name)).collect();
        let mut made = HashSet::new();
        for some in missing.chunks(ROWS_AT_ONCE) {
            let (list, values) = listed(
                "(?, ?)",
                Vec::new(),
                some.iter().map(|(platform, username)| values![platform.as_str(), *username]),
            );
            let sql = format!(
                "INSERT INTO profiles (platform, username) VALUES {list} \
                 ON CONFLICT (platform, username) DO NOTHING RETURNING id, platform, username"
            );
            let new: HashMap<_, _> = rows::<Made>(&self.tx, &sql, values)
                .await?
                .into_iter()
                .map(|Made { id, platform, username }| ((platform, username), id))
                .collect();
            made.extend(new.values().copied());
            for name in some {
                if let Some(id) = new.get(&(name.0.as_str().to_owned(), name.1.to_owned())) {
                    ids.insert(*name, *id);
                }
            }
        }
        let late: Vec<Name<'a>> = missing.into_iter().filter(|name| !ids.contains_key(name)).collect();
        // Somebody else made these a moment ago.
        ids.extend(self.known_profiles(&late).await?);
        Ok(Profiles { ids, made })
    }

    async fn known_profiles<'a>(&self, names: &[Name<'a>]) -> Result<HashMap<Name<'a>, i64>, StoreError> {
        #[derive(FromQueryResult)]
        struct Known {
            id: i64,
            username: Option<String>,
            platform_id: Option<String>,
        }
        let mut ids = HashMap::new();
        for of_one in names.chunk_by(|one, other| one.0 == other.0) {
            for some in of_one.chunks(ROWS_AT_ONCE) {
                let Some((platform, _)) = some.first() else { continue };
                let list = places(2, some.len());
                // A YouTube channel may be named by its id, under which it may be known already.
                let has_name = match platform {
                    Platform::Youtube => format!("(username IN ({list}) OR platform_id IN ({list}))"),
                    Platform::Instagram | Platform::Tiktok | Platform::Pinterest => format!("username IN ({list})"),
                };
                let sql = format!("SELECT id, username, platform_id FROM profiles WHERE platform = $1 AND {has_name}");
                let values = std::iter::once(platform.as_str()).chain(some.iter().map(|name| name.1));
                let found = rows::<Known>(&self.tx, &sql, values.map(Value::from).collect()).await?;
                let by_name = |of: fn(&Known) -> Option<&str>| -> HashMap<&str, i64> {
                    found.iter().filter_map(|known| Some((of(known)?, known.id))).collect()
                };
                let by_username = by_name(|known| known.username.as_deref());
                let by_id = match platform {
                    Platform::Youtube => by_name(|known| known.platform_id.as_deref()),
                    Platform::Instagram | Platform::Tiktok | Platform::Pinterest => HashMap::new(),
                };
                let id_of = |name: &Name<'a>| by_id.get(name.1).or_else(|| by_username.get(name.1)).copied();
                ids.extend(some.iter().filter_map(|name| Some((*name, id_of(name)?))));
            }
        }
        Ok(ids)
    }
}

//! Adding many videos.

use std::collections::{BTreeMap, HashMap, HashSet};

use domain::{Platform, PostRef, TargetKind, VideoId, fold};
use sea_orm::{FromQueryResult, Value};
use uuid::Uuid;

use super::{ROWS_AT_ONCE, listed};
use crate::changes::{NewVideo, Refusal};
use crate::lasting::kept;
use crate::organizations::default_interval;
use crate::schedule::{self, Asker, Target};
use crate::sql::{Number, places, rows, values};
use crate::{StoreError, TenantTx, tracked_posts};

/// What a platform calls a post.
type Name<'a> = (Platform, &'a str);

/// The first item of a batch that asks for a post.
struct Asked<'a> {
    id: VideoId,
    index: usize,
    new: &'a NewVideo,
}

#[derive(FromQueryResult)]
struct Known {
    id: i64,
    external_id: String,
}

fn name_of(post: &PostRef) -> Name<'_> {
    (post.platform, &post.external_id)
}

impl TenantTx {
    /// Begins to track many posts, each as [`TenantTx::create_video`] would; those that are active are due at once. One result for each of
    /// `new`, in their order; the second of two that are the same post is a duplicate of the first.
    pub async fn create_videos(&mut self, new: &[NewVideo]) -> Result<Vec<Result<VideoId, Refusal>>, StoreError> {
        let posts = self.posts(new).await?;
        let post_of = |new: &NewVideo| posts.get(&name_of(&new.post)).copied();
        let mut asked: BTreeMap<i64, Asked<'_>> = BTreeMap::new();
        for (index, new) in new.iter().enumerate() {
            if let Some(post) = post_of(new) {
                asked.entry(post).or_insert(Asked { id: VideoId::new(), index, new });
            }
        }
        let there = self.track_posts(&asked).await?;
        let is_due = |(post, asked): &(&i64, &Asked<'_>)| !there.contains_key(post) && asked.new.is_active;
        let due: Vec<(Target, Uuid)> =
            asked.iter().filter(is_due).map(|(post, asked)| (target(*post, asked.new), asked.id.0)).collect();
        let on_behalf = Asker { organization: self.organization, request_id: &self.request_id, target_type: "video" };
        let wakes = schedule::arm_batch(&self.tx, &due, on_behalf, self.now).await?;
        self.wakes.extend(wakes);
        let result = |(index, new)| {
            let found = post_of(new).and_then(|post| Some((post, asked.get(&post)?)));
            let (post, first) = found.ok_or(StoreError::Unreadable { table: "posts", column: "id" })?;
            match there.get(&post) {
                Some(existing_id) => Err(Refusal::Duplicate { existing_id: *existing_id }),
                None if first.index == index => Ok(first.id),
                None => Err(Refusal::Duplicate { existing_id: first.id.0 }),
            }
        };
        Ok(new.iter().enumerate().map(result).collect())
    }

    /// The shared posts of these references, made where they are new.
    async fn posts<'a>(&self, new: &'a [NewVideo]) -> Result<HashMap<Name<'a>, i64>, StoreError> {
        // By their names, which is the order in which everybody makes posts.
        let wanted: BTreeMap<Name<'a>, &'a PostRef> =
            new.iter().rev().map(|new| (name_of(&new.post), &new.post)).collect();
        let names: Vec<Name<'a>> = wanted.keys().copied().collect();
        let mut known = self.known_posts(&names).await?;
        loop {
            let missing: Vec<Name<'a>> = names.iter().copied().filter(|name| !known.contains_key(name)).collect();
            if missing.is_empty() {
                return Ok(known);
            }
            known.extend(self.make_posts(&missing, &wanted).await?);
            let late: Vec<Name<'a>> = missing.into_iter().filter(|name| !known.contains_key(name)).collect();
            // Somebody else made these a moment ago, unless they are gone again.
            known.extend(self.known_posts(&late).await?);
        }
    }

    /// Makes those of `missing` that nobody else made; these.
    async fn make_posts<'a>(
        &self,
        missing: &[Name<'a>],
        wanted: &BTreeMap<Name<'a>, &'a PostRef>,
    ) -> Result<HashMap<Name<'a>, i64>, StoreError> {
        let mut made = HashMap::new();
        for of_one in missing.chunk_by(|one, other| one.0 == other.0) {
            for some in of_one.chunks(ROWS_AT_ONCE) {
                let Some((platform, _)) = some.first() else { continue };
                let (list, values) = listed(
                    "($1, ?, ?, ?, ?)",
                    values![platform.as_str()],
                    some.iter().filter_map(|name| wanted.get(name)).map(|post| {
                        let author = post.handle.as_ref().map(|handle| handle.as_str().to_owned());
                        let folded = author.as_deref().map(fold);
                        values![post.external_id.clone(), post.shortcode(), author, folded]
                    }),
                );
                let sql = format!(
                    "INSERT INTO posts (platform, external_id, shortcode, author_username, author_folded) VALUES {list} \
                     ON CONFLICT (platform, external_id) DO NOTHING RETURNING id, external_id"
                );
                made.extend(named(some, rows::<Known>(&self.tx, &sql, values).await?));
            }
        }
        Ok(made)
    }

    async fn known_posts<'a>(&self, names: &[Name<'a>]) -> Result<HashMap<Name<'a>, i64>, StoreError> {
        let mut known = HashMap::new();
        for of_one in names.chunk_by(|one, other| one.0 == other.0) {
            for some in of_one.chunks(ROWS_AT_ONCE) {
                let Some((platform, _)) = some.first() else { continue };
                let sql = format!(
                    "SELECT id, external_id FROM posts WHERE platform = $1 AND external_id IN ({}) {}",
                    places(2, some.len()),
                    kept(&self.tx)
                );
                let values = std::iter::once(platform.as_str()).chain(some.iter().map(|name| name.1));
                known.extend(named(some, rows::<Known>(&self.tx, &sql, values.map(Value::from).collect()).await?));
            }
        }
        Ok(known)
    }

    /// Makes the tracking records; the ids of those that are there already, by post.
    async fn track_posts(&self, asked: &BTreeMap<i64, Asked<'_>>) -> Result<HashMap<i64, Uuid>, StoreError> {
        let targets: Vec<Target> = asked.iter().map(|(post, asked)| target(*post, asked.new)).collect();
        schedule::rest_batch(&self.tx, &targets).await?;
        let ids: Vec<i64> = asked.keys().copied().collect();
        schedule::lock_list(&self.tx, TargetKind::Post, &ids).await?;
        let made = self.insert_videos(asked).await?;
        let mut new: Vec<i64> = made.iter().copied().collect();
        new.sort_unstable();
        tracked_posts::keep(&self.tx, &new, self.now).await?;
        let old: Vec<i64> = ids.into_iter().filter(|id| !made.contains(id)).collect();
        self.videos_of(&old).await
    }

    /// Makes those videos that are not there yet; the posts of those that it made.
    async fn insert_videos(&self, asked: &BTreeMap<i64, Asked<'_>>) -> Result<HashSet<i64>, StoreError> {
        let mut made = HashSet::new();
        let all: Vec<_> = asked.iter().collect();
        for some in all.chunks(ROWS_AT_ONCE) {
            let (list, values) = listed(
                &format!("(?, $1, ?, ?, ?, ?, COALESCE(?, {}), $2, $2)", default_interval("$1")),
                values![self.organization.0, self.now.as_millis()],
                some.iter().map(|(post, Asked { id, index: _, new })| {
                    values![
                        id.0,
                        **post,
                        new.post.platform.as_str(),
                        new.metadata.to_stored(),
                        new.is_active,
                        new.scrape_interval_hours,
                    ]
                }),
            );
            let sql = format!(
                "INSERT INTO videos (id, organization_id, post_id, platform, metadata, is_active, scrape_interval_hours, added_at, \
                 updated_at) VALUES {list} ON CONFLICT (organization_id, post_id) DO NOTHING RETURNING post_id AS value"
            );
            made.extend(rows::<Number>(&self.tx, &sql, values).await?.into_iter().map(|made| made.value));
        }
        Ok(made)
    }

    /// The organization's videos of these posts, by post.
    async fn videos_of(&self, posts: &[i64]) -> Result<HashMap<i64, Uuid>, StoreError> {
        #[derive(FromQueryResult)]
        struct There {
            id: Uuid,
            post_id: i64,
        }
        let mut there = HashMap::new();
        for some in posts.chunks(ROWS_AT_ONCE) {
            let sql = format!(
                "SELECT id, post_id FROM videos WHERE organization_id = $1 AND post_id IN ({})",
                places(2, some.len())
            );
            let ids = some.iter().map(|id| Value::from(*id));
            let values = std::iter::once(self.organization.0.into()).chain(ids).collect();
            let found = rows::<There>(&self.tx, &sql, values).await?;
            there.extend(found.into_iter().map(|row| (row.post_id, row.id)));
        }
        Ok(there)
    }
}

/// Of `names`, which are of one platform, those that were found.
fn named<'a>(names: &[Name<'a>], found: Vec<Known>) -> Vec<(Name<'a>, i64)> {
    let ids: HashMap<String, i64> = found.into_iter().map(|known| (known.external_id, known.id)).collect();
    names.iter().filter_map(|name| Some((*name, *ids.get(name.1)?))).collect()
}

const fn target(post: i64, new: &NewVideo) -> Target {
    Target { kind: TargetKind::Post, id: post, platform: new.post.platform }
}

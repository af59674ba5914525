//! Every path of the API, its methods, what each needs, and the handler behind it.

pub(crate) mod account_videos;
pub(crate) mod accounts;
pub(crate) mod api_keys;
pub(crate) mod collection_members;
pub(crate) mod collections;
pub(crate) mod creators;
pub(crate) mod docs;
pub(crate) mod exports;
pub(crate) mod history;
pub(crate) mod meta;
pub(crate) mod refresh;
pub(crate) mod reports;
pub(crate) mod reports_v1;
pub(crate) mod requests;
pub(crate) mod rollups;
pub(crate) mod runs;
pub(crate) mod search;
pub(crate) mod sources;
pub(crate) mod videos;

pub(crate) mod bulk;
pub(crate) mod organization;

use std::rc::Rc;

use actix_web::guard::{Any, Get, Head};
use actix_web::http::Method;
use actix_web::middleware::from_fn;
use actix_web::web::{self, ServiceConfig};
use actix_web::{FromRequest, Handler, HttpResponse, Resource, Responder};
use domain::{CollectionKind, Scope};

use crate::call::Call;
use crate::gate::{Access, Rules, gate};

const OPEN: Access = Access::Open;
const ANY_KEY: Access = Access::AnyKey;
const READ: Access = Access::Scope(Scope::Read);
const READ_SOCIAL: Access = Access::Scope(Scope::ReadSocial);
const READ_SUPPORT: Access = Access::Scope(Scope::ReadSupport);
const READ_MEMBER: Access = Access::Scope(Scope::ReadMember);
const ADMIN: Access = Access::Scope(Scope::Admin);
const WRITE: Access = Access::Scope(Scope::Write);
const WRITE_TRACKING: Access = Access::Scope(Scope::WriteTracking);

/// Lays out the paths.
pub(crate) fn configure(config: &mut ServiceConfig) {
    for endpoint in endpoints() {
        endpoint.add(config);
    }
    // Everything else: nothing is there, and the gate says so.
    let nowhere = Rc::new(Rules { route: "", operations: Vec::new(), is_document: false });
    let rest = web::resource("/{path:.*}").default_service(web::to(HttpResponse::NotFound));
    config.service(rest.wrap(from_fn(move |request, next| gate(Rc::clone(&nowhere), request, next))));
}

/// Every path, in the order in which they are tried.
pub(crate) fn endpoints() -> Vec<Endpoint> {
    let mut endpoints = vec![
        Endpoint::at("/v2/accounts/bulk").post(WRITE_TRACKING, bulk::accounts),
        Endpoint::at("/v2/videos/bulk").post(WRITE_TRACKING, bulk::videos),
        Endpoint::at("/v2/organization")
            .get(READ, organization::read)
            .patch(Access::Scope(Scope::Admin), organization::update),
        Endpoint::at("/v2/usage").get(Access::Scope(Scope::ReadUsage), organization::usage),
        Endpoint::at("/v2/accounts/{account_id}")
            .get(READ_SOCIAL, accounts::read)
            .patch(WRITE_TRACKING, accounts::update)
            .delete(WRITE_TRACKING, accounts::delete),
        Endpoint::at("/v2/accounts").get(READ_SOCIAL, accounts::list).post(WRITE_TRACKING, accounts::create),
        Endpoint::at("/v2/videos/{video_id}")
            .get(READ_SOCIAL, videos::read)
            .patch(WRITE_TRACKING, videos::update)
            .delete(WRITE_TRACKING, videos::delete),
        Endpoint::at("/v2/videos").get(READ_SOCIAL, videos::list).post(WRITE_TRACKING, videos::create),
        Endpoint::at("/v2/account-videos/{account_video_id}").get(READ_SOCIAL, account_videos::read),
        Endpoint::at("/v2/account-videos").get(READ_SOCIAL, account_videos::list),
        Endpoint::at("/v2/creators/top").get(READ_SOCIAL, rollups::top_creators),
        Endpoint::at("/v2/creators/{creator_id}/timeseries").get(READ_SOCIAL, rollups::creator_timeseries),
        Endpoint::at("/v2/creators/{creator_id}/analytics").get(READ_SOCIAL, rollups::creator_analytics),
        Endpoint::at("/v2/timeseries").get(READ_SOCIAL, rollups::organization_timeseries),
        Endpoint::at("/v2/overview").get(READ_SOCIAL, rollups::overview),
        Endpoint::at("/v2/creators/{creator_id}/accounts/{account_id}")
            .put(WRITE_TRACKING, creators::link)
            .delete(WRITE_TRACKING, creators::unlink),
        Endpoint::at("/v2/creators/{creator_id}")
            .get(READ_MEMBER, creators::read)
            .patch(WRITE_TRACKING, creators::update)
            .delete(WRITE_TRACKING, creators::delete),
        Endpoint::at("/v2/creators").get(READ_MEMBER, creators::list).post(WRITE_TRACKING, creators::create),
        Endpoint::at("/v2/api-keys/{api_key_id}/rotate").post(ADMIN, api_keys::rotate),
        Endpoint::at("/v2/api-keys/{api_key_id}")
            .get(ADMIN, api_keys::read)
            .patch(ADMIN, api_keys::update)
            .delete(ADMIN, api_keys::revoke),
        Endpoint::at("/v2/api-keys").get(ADMIN, api_keys::list).post(ADMIN, api_keys::create),
        Endpoint::at("/v2/requests/{request_id}").get(READ_SUPPORT, requests::read),
        Endpoint::at("/v2/sources").get(READ, sources::list),
        Endpoint::at("/v2/runs/{run_id}").get(READ, runs::read),
        Endpoint::at("/v2/runs").get(READ, runs::list),
        Endpoint::at("/v2/accounts/{account_id}/runs").get(READ, runs::of_account),
        Endpoint::at("/v2/videos/{video_id}/runs").get(READ, runs::of_video),
        Endpoint::at("/v2/account-videos/{account_video_id}/runs").get(READ, runs::of_account_video),
        Endpoint::at("/v2/accounts/{account_id}/refresh").post(WRITE_TRACKING, refresh::account),
        Endpoint::at("/v2/videos/{video_id}/refresh").post(WRITE_TRACKING, refresh::video),
        Endpoint::at("/v2/posts").get(READ_SOCIAL, reports::posts),
        Endpoint::at("/v2/members").get(READ_MEMBER, reports::members),
        Endpoint::at("/v1/posts").get(READ_SOCIAL, reports_v1::posts),
        Endpoint::at("/v1/members").get(READ_MEMBER, reports_v1::members),
        Endpoint::at("/v2/exports/{export_id}/download").document().get(OPEN, exports::download),
        Endpoint::at("/v2/exports/{export_id}").get(READ_SOCIAL, exports::read).delete(WRITE, exports::delete),
        Endpoint::at("/v2/exports").get(READ_SOCIAL, exports::list).post(WRITE, exports::create),
        Endpoint::at("/v2/search").get(READ_SOCIAL, search::search),
        Endpoint::at("/v2/health").get(OPEN, meta::health),
        Endpoint::at("/v2/health/ready").get(OPEN, meta::ready),
        Endpoint::at("/v2/meta").get(OPEN, meta::meta),
        Endpoint::at("/v2/whoami").get(ANY_KEY, meta::whoami),
        Endpoint::at("/v2/openapi.json").get(OPEN, docs::openapi_document),
        Endpoint::at("/v2/docs").document().get(OPEN, docs::front),
        Endpoint::at("/v2/docs/{file:.*}").document().get(OPEN, docs::file),
    ];
    endpoints.extend(of_history());
    // An id in the path would take their names for itself.
    endpoints.splice(0..0, asking_many());
    let projects = [
        "/v2/projects",
        "/v2/projects/{project_id}",
        "/v2/projects/{project_id}/members",
        "/v2/projects/{project_id}/creators/{creator_id}",
        "/v2/projects/{project_id}/accounts/{account_id}",
        "/v2/projects/{project_id}/videos/{video_id}",
        "/v2/projects/{project_id}/account-videos/{account_video_id}",
    ];
    let groups = [
        "/v2/groups",
        "/v2/groups/{group_id}",
        "/v2/groups/{group_id}/members",
        "/v2/groups/{group_id}/creators/{creator_id}",
        "/v2/groups/{group_id}/accounts/{account_id}",
        "/v2/groups/{group_id}/videos/{video_id}",
        "/v2/groups/{group_id}/account-videos/{account_video_id}",
    ];
    endpoints.extend(of_collections(CollectionKind::Project, projects));
    endpoints.extend(of_collections(CollectionKind::Group, groups));
    endpoints
}

/// Questions about many records at once, which write nothing.
fn asking_many() -> [Endpoint; 6] {
    [
        Endpoint::at("/v2/accounts/metrics").post(READ_SOCIAL, history::account_metrics),
        Endpoint::at("/v2/accounts/deltas").post(READ_SOCIAL, history::account_deltas),
        Endpoint::at("/v2/videos/metrics").post(READ_SOCIAL, history::video_metrics),
        Endpoint::at("/v2/videos/deltas").post(READ_SOCIAL, history::video_deltas),
        Endpoint::at("/v2/account-videos/metrics").post(READ_SOCIAL, history::account_video_metrics),
        Endpoint::at("/v2/account-videos/deltas").post(READ_SOCIAL, history::account_video_deltas),
    ]
}

/// What stands at the paths of a record's history.
fn of_history() -> [Endpoint; 9] {
    [
        Endpoint::at("/v2/accounts/{account_id}/timeseries").get(READ_SOCIAL, history::account_timeseries),
        Endpoint::at("/v2/accounts/{account_id}/analytics").get(READ_SOCIAL, history::account_analytics),
        Endpoint::at("/v2/accounts/{account_id}/snapshots").get(READ_SOCIAL, history::account_snapshots),
        Endpoint::at("/v2/videos/{video_id}/timeseries").get(READ_SOCIAL, history::video_timeseries),
        Endpoint::at("/v2/videos/{video_id}/analytics").get(READ_SOCIAL, history::video_analytics),
        Endpoint::at("/v2/videos/{video_id}/snapshots").get(READ_SOCIAL, history::video_snapshots),
        Endpoint::at("/v2/account-videos/{account_video_id}/timeseries")
            .get(READ_SOCIAL, history::account_video_timeseries),
        Endpoint::at("/v2/account-videos/{account_video_id}/analytics")
            .get(READ_SOCIAL, history::account_video_analytics),
        Endpoint::at("/v2/account-videos/{account_video_id}/snapshots")
            .get(READ_SOCIAL, history::account_video_snapshots),
    ]
}

/// What stands at the paths of collections of one kind.
fn of_collections(
    kind: CollectionKind,
    [all, one, members, creator, account, video, account_video]: [&'static str; 7],
) -> [Endpoint; 7] {
    [
        Endpoint::at(all)
            .get(READ_MEMBER, move |call: Call| collections::list(kind, call))
            .post(WRITE_TRACKING, move |call: Call| collections::create(kind, call)),
        Endpoint::at(one)
            .get(READ_MEMBER, move |call: Call| collections::read(kind, call))
            .patch(WRITE_TRACKING, move |call: Call| collections::update(kind, call))
            .delete(WRITE_TRACKING, move |call: Call| collections::delete(kind, call)),
        Endpoint::at(members).get(READ_MEMBER, move |call: Call| collection_members::list(kind, call)),
        Endpoint::at(creator)
            .put(WRITE_TRACKING, move |call: Call| collection_members::put_creator(kind, call))
            .delete(WRITE_TRACKING, move |call: Call| collection_members::remove_creator(kind, call)),
        Endpoint::at(account)
            .put(WRITE_TRACKING, move |call: Call| collection_members::put_account(kind, call))
            .delete(WRITE_TRACKING, move |call: Call| collection_members::remove_account(kind, call)),
        Endpoint::at(video)
            .put(WRITE_TRACKING, move |call: Call| collection_members::put_video(kind, call))
            .delete(WRITE_TRACKING, move |call: Call| collection_members::remove_video(kind, call)),
        Endpoint::at(account_video)
            .put(WRITE_TRACKING, move |call: Call| collection_members::put_account_video(kind, call))
            .delete(WRITE_TRACKING, move |call: Call| collection_members::remove_account_video(kind, call)),
    ]
}

/// A path in the making.
pub(crate) struct Endpoint {
    resource: Resource,
    rules: Rules,
}

impl Endpoint {
    fn at(route: &'static str) -> Self {
        Self { resource: web::resource(route), rules: Rules { route, operations: Vec::new(), is_document: false } }
    }

    /// Answers with something else than JSON, whatever `Accept` says.
    fn document(mut self) -> Self {
        self.rules.is_document = true;
        self
    }

    /// GET, and HEAD with it.
    fn get<F, Args>(mut self, access: Access, handler: F) -> Self
    where
        F: Handler<Args>,
        Args: FromRequest + 'static,
        F::Output: Responder + 'static,
    {
        self.rules.operations.push((Method::GET, access));
        self.resource = self.resource.route(web::route().guard(Any(Get()).or(Head())).to(handler));
        self
    }

    fn post<F, Args>(self, access: Access, handler: F) -> Self
    where
        F: Handler<Args>,
        Args: FromRequest + 'static,
        F::Output: Responder + 'static,
    {
        self.method(Method::POST, access, handler)
    }

    fn put<F, Args>(self, access: Access, handler: F) -> Self
    where
        F: Handler<Args>,
        Args: FromRequest + 'static,
        F::Output: Responder + 'static,
    {
        self.method(Method::PUT, access, handler)
    }

    fn patch<F, Args>(self, access: Access, handler: F) -> Self
    where
        F: Handler<Args>,
        Args: FromRequest + 'static,
        F::Output: Responder + 'static,
    {
        self.method(Method::PATCH, access, handler)
    }

    fn delete<F, Args>(self, access: Access, handler: F) -> Self
    where
        F: Handler<Args>,
        Args: FromRequest + 'static,
        F::Output: Responder + 'static,
    {
        self.method(Method::DELETE, access, handler)
    }

    fn method<F, Args>(mut self, method: Method, access: Access, handler: F) -> Self
    where
        F: Handler<Args>,
        Args: FromRequest + 'static,
        F::Output: Responder + 'static,
    {
        self.rules.operations.push((method.clone(), access));
        self.resource = self.resource.route(web::method(method).to(handler));
        self
    }

    /// What it answers to.
    pub(crate) fn rules(&self) -> &Rules {
        &self.rules
    }

    fn add(self, config: &mut ServiceConfig) {
        let rules = Rc::new(self.rules);
        // The gate refuses every other method, so this default is never reached.
        let resource = self.resource.default_service(web::to(HttpResponse::MethodNotAllowed));
        config.service(resource.wrap(from_fn(move |request, next| gate(Rc::clone(&rules), request, next))));
    }
}

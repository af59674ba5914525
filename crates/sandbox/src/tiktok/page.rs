//! What all of TikTok's pages share: the frame around the universal data block, the firewall's page and the login page.

use domain::{ProfileFacts, Reading};
use serde_json::{Value, json};

use crate::noise::{Noise, in_html, in_script};
use crate::rounding;

/// The firewall's challenge: a small page without data, HTTP 200.
pub(super) const CHALLENGE: &str = r#"<!DOCTYPE html>
<html lang="en">
<head><meta charset="utf-8"><script id="slardar-config" type="application/json">{"bid":"sandbox","slardarClient":"SlardarWAF"}</script></head>
<body>Please wait...
<p id="wci" class="_wafchallengeid"></p>
<p id="cs" class=""></p>
</body>
</html>
"#;

pub(super) fn count(reading: Reading) -> i64 {
    reading.value().unwrap_or(0)
}

pub(super) fn rounded(reading: Reading) -> i64 {
    rounding::tiktok(count(reading))
}

pub(super) fn text(field: Option<&String>) -> &str {
    field.map_or("", String::as_str)
}

pub(super) fn sec_uid(profile: &ProfileFacts) -> &str {
    profile.platform_data.get("sec_uid").and_then(Value::as_str).unwrap_or("")
}

/// A page around the universal data block. `scope` is the one key of the default scope that the page is about.
pub(super) fn universal(noise: &Noise, title: &str, head: &str, scope: &str, data: &Value) -> String {
    let title = in_html(title);
    let data = in_script(data);
    let translations = &noise.translations;
    format!(
        r#"<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title data-rh="true">{title}</title>
<script type="application/json" id="api-domains">{{"rootApi":"www.sandbox.invalid","captcha":"captcha.sandbox.invalid"}}</script>
<script id="slardar-config" type="application/json">{{"bid":"tiktok_webapp","slardarClient":"SlardarWeb"}}</script>
{head}<link rel="stylesheet" href="//static.sandbox.invalid/webapp-desktop/assets/index.css"></head>
<body><div id="app"></div>
<script id="__UNIVERSAL_DATA_FOR_REHYDRATION__" type="application/json">{{"__DEFAULT_SCOPE__":{{"webapp.app-context":{{"language":"en","region":"GB","appId":1988,"user":null,"isMobile":false,"csrfToken":""}},"webapp.biz-context":{{"os":"mac","videoCoverSettings":{{"format":1}}}},"webapp.i18n-translation":{translations},"seo.abtest":{{"canonical":""}},"{scope}":{data},"webapp.a-b":{{}}}}}}</script>
<script data-chunk="webapp-desktop" async="async" src="//static.sandbox.invalid/webapp-desktop/webapp-desktop.js"></script>
<script data-chunk="user" async="async" src="//static.sandbox.invalid/webapp-desktop/user.js"></script>
</body></html>
"#
    )
}

/// The login page.
pub(super) fn login(noise: &Noise) -> String {
    universal(noise, "Log in | TikTok", "", "webapp.login", &json!({ "loginMethods": ["qr", "phone"] }))
}

//! Bodies that are made to be slow to read: what a reader looks for, repeated up to a length. The property tests hold their cost to a line;
//! the benchmark tells the worst of them.

/// A name, and the body of about that many bytes.
pub type Adversary = (&'static str, fn(usize) -> String);

/// All of them.
pub const ALL: &[Adversary] = &[
    ("divs", |n| repeated("<div>", n)),
    ("scripts", |n| repeated("<script>", n)),
    ("closed scripts", |n| repeated("<script></script>", n)),
    ("scripts with an id", |n| repeated("<script id=SIGI_STATE>{", n)),
    ("scripts with all ids", |n| repeated("<script id=\"__UNIVERSAL_DATA_FOR_REHYDRATION_\">{}</script>", n)),
    ("relay scripts", |n| repeated("<script data-relay-response=\"true\" type=\"application/json\">{}</script>", n)),
    ("relay scripts of nests", |n| {
        repeated("<script data-relay-response=\"true\" type=\"application/json\">{\"a\":{\"a\":{\"a\":[</script>", n)
    }),
    ("ld+json scripts", |n| repeated("<script type=\"application/ld+json\">{\"@type\":\"x\"}</script>", n)),
    ("xig scripts", |n| repeated("<script>{\"xig_user_by_username\":{\"a\":1}}</script>", n)),
    ("xig", |n| format!("<script>{}", repeated("\"xig_", n))),
    ("xig objects", |n| format!("<script>[{}", repeated("{\"xig_user_by_username\":{}},", n))),
    ("web_info scripts", |n| repeated("<script>{\"xdt_api__v1__media__shortcode__web_info\":{}}</script>", n)),
    ("shared data", |n| repeated("<script>window._sharedData = {", n)),
    ("additional data", |n| repeated("<script>window.__additionalDataLoaded('x',{\"a\":", n)),
    ("additional data in one script", |n| format!("<script>{}", repeated("window.__additionalDataLoaded('x',{}", n))),
    ("player responses", |n| format!("<script>{}", repeated("var ytInitialPlayerResponse = {", n))),
    ("initial data", |n| repeated("<script>var ytInitialData = {\"a\":</script>", n)),
    ("initial data in one script", |n| format!("<script>{}", repeated("ytInitialData = {\"a\":[1,2,", n))),
    ("pws data", |n| repeated("<script id=\"__PWS_DATA__\">{\"a\":</script>", n)),
    ("metas", |n| repeated("<meta ", n)),
    ("described metas", |n| repeated("<meta property=\"og:description\" content=\"1 ", n)),
    ("whole metas", |n| repeated("<meta property=\"og:description\" content=\"1 follower\">", n)),
    ("one long meta", |n| format!("<meta property=\"og:description\" content=\"{}", repeated("1,", n))),
    ("attributes", |n| format!("<script {}", repeated("a=\"b\" ", n))),
    ("nests", |n| repeated("{\"a\":", n)),
    ("lists", |n| repeated("[", n)),
    ("nests in a universal block", |n| {
        format!("<script id=\"__UNIVERSAL_DATA_FOR_REHYDRATION__\">{}", repeated("{\"a\":", n))
    }),
    ("nests in a xig script", |n| format!("<script>{{\"xig_polaris_media\":{}", repeated("{\"a\":", n))),
    ("short nests", |n| repeated("{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":1}}}}},", n)),
    ("small objects", |n| format!("{{\"items\":[{}{{}}]}}", repeated("{\"pk\":1},", n))),
    ("numbered nodes", numbered_nodes),
    ("item list", |n| format!("{{\"itemList\":[{}{{}}]}}", repeated("{\"id\":\"7571863205253778710\"},", n))),
    ("entries", |n| repeated("<entry>", n)),
    ("whole entries", |n| {
        let feed = "<?xml version=\"1.0\"?><feed xmlns:yt=\"http://www.youtube.com/xml/schemas/2015\">";
        format!("{feed}{}", repeated("<entry><yt:videoId>Elewn679CZI</yt:videoId></entry>", n))
    }),
    ("items", |n| format!("<?xml version=\"1.0\"?><rss>{}", repeated("<item><link>", n))),
    ("xml declarations", |n| repeated("<?xml <feed <yt:videoId>", n)),
    ("cdata", |n| format!("<?xml version=\"1.0\"?><rss>{}", repeated("<![CDATA[", n))),
    ("ampersands", |n| repeated("&", n)),
    ("ampersands in a meta", |n| format!("<meta property=\"og:description\" content=\"{}\">", repeated("&", n))),
    ("entities", |n| repeated("&#x", n)),
    ("angles", |n| repeated("<", n)),
    ("quotes", |n| repeated("\"", n)),
    ("apostrophes", |n| format!("<script a='{}", repeated("'", n))),
    ("backslashes", |n| format!("<script>{{\"xig_user_by_username\":\"{}", repeated("\\", n))),
    ("control characters", |n| format!("{{\"a\":\"{}\"}}", repeated("\u{1}", n))),
    ("surrogates", |n| format!("{{\"a\":\"{}\"}}", repeated("\\ud83d", n))),
    ("profile ids", |n| repeated("\"profile_id\"", n)),
    ("embeds", |n| repeated("class=\"Embed ", n)),
    ("formatted embed", |n| format!("<div class=\"Embed \">{}", repeated("<b id=x><p>", n))),
    ("captchas", |n| repeated("captcha_verify_img_slide", n)),
    ("contexts", |n| repeated("\"contextJSON\":", n)),
    ("context strings", |n| repeated("\"contextJSON\":\"{\\\"a\\\":", n)),
    ("one context", |n| format!("<script>x({{\"contextJSON\":\"{}", repeated("{\\\"a\\\":", n))),
    ("routes", |n| repeated("\"canonicalRouteName\"", n)),
    ("titles", |n| repeated("<title>", n)),
    ("spaces", |n| repeated(" ", n)),
    ("spaces in a tag", |n| format!("<script id{}", repeated(" ", n))),
    ("no text", |n| "\u{fffd}".repeat(n / 3)),
    ("digits", |n| format!("{{\"a\":{}", repeated("9", n))),
    ("dashes", |n| format!("<meta name=\"description\" content=\"{}\">", repeated(" - ", n))),
];

fn repeated(part: &str, bytes: usize) -> String {
    part.repeat(bytes / part.len())
}

fn numbered_nodes(bytes: usize) -> String {
    use std::fmt::Write;
    let mut nodes = String::with_capacity(bytes + 64);
    for id in 1..bytes / 24 {
        // Writing to a string cannot fail.
        let _ = write!(nodes, "{{\"node\":{{\"id\":{id}}}}},");
    }
    format!("{{\"data\":{{\"user\":{{\"id\":1,\"edge_owner_to_timeline_media\":{{\"edges\":[{nodes}{{}}]}}}}}}}}")
}

//! What is looked at in the blocks of a page, of which it is a few hundredths. Labels and buttons are looked for wherever they stand, since what is
//! around them shifts; what the block has at its top stands there in all eras.

use crate::tree::Part::{Nothing, Of, Whole};
use crate::tree::Wanted;

/// Of the player response.
pub(super) static PLAYER: Wanted = Wanted {
    members: &[("playabilityStatus", Whole), ("videoDetails", Whole), ("microformat", Of(&MICROFORMAT))],
    others: None,
};

static MICROFORMAT: Wanted = Wanted { members: &[("playerMicroformatRenderer", Of(&FORMAT))], others: None };

static FORMAT: Wanted = Wanted {
    members: &[
        ("externalChannelId", Whole),
        ("ownerProfileUrl", Whole),
        ("title", Whole),
        ("publishDate", Whole),
        ("uploadDate", Whole),
        ("thumbnail", Whole),
        ("viewCount", Whole),
        ("likeCount", Whole),
        ("category", Whole),
        ("liveBroadcastDetails", Whole),
        ("isUnlisted", Whole),
        ("isShortsEligible", Whole),
    ],
    others: None,
};

/// Of a channel's block.
pub(super) static CHANNEL: Wanted = Wanted {
    members: &[("header", Whole), ("metadata", Whole), ("microformat", Whole), ("alerts", Whole)],
    others: None,
};

/// Of a watch page's other block.
pub(super) static WATCH: Wanted = Wanted {
    members: &[
        ("currentVideoEndpoint", Whole),
        ("engagementPanels", Of(&PANELS)),
        ("frameworkUpdates", Nothing),
        ("responseContext", Nothing),
        ("topbar", Nothing),
    ],
    others: Some(&ANYWHERE),
};

static ANYWHERE: Wanted = Wanted {
    members: &[
        ("videoOwnerRenderer", Of(&OWNER)),
        ("videoPrimaryInfoRenderer", Of(&LIKES)),
        ("reelPlayerOverlayRenderer", Of(&LIKES)),
        ("commentsEntryPointHeaderRenderer", Of(&COMMENTS)),
        // Other videos, with owners of their own.
        ("secondaryResults", Nothing),
    ],
    others: Some(&ANYWHERE),
};

static PANELS: Wanted = Wanted {
    members: &[
        ("videoOwnerRenderer", Of(&OWNER)),
        ("commentsEntryPointHeaderRenderer", Of(&COMMENTS)),
        ("panelIdentifier", Whole),
        ("targetId", Whole),
        ("engagementPanelTitleHeaderRenderer", Of(&TITLE)),
    ],
    others: Some(&PANELS),
};

static OWNER: Wanted =
    Wanted { members: &[("navigationEndpoint", Whole), ("subscriberCountText", Whole)], others: None };

static COMMENTS: Wanted = Wanted { members: &[("commentCount", Whole)], others: None };

static TITLE: Wanted = Wanted { members: &[("contextualInfo", Whole)], others: None };

/// The button in its three eras.
static LIKES: Wanted = Wanted {
    members: &[
        ("likeButtonViewModel", Of(&BUTTON)),
        ("toggleButtonRenderer", Of(&TOGGLE)),
        ("likeButtonRenderer", Of(&SHORTS_BUTTON)),
    ],
    others: Some(&LIKES),
};

static BUTTON: Wanted = Wanted { members: &[("defaultButtonViewModel", Of(&MODEL))], others: Some(&BUTTON) };

static MODEL: Wanted = Wanted { members: &[("buttonViewModel", Of(&MODEL_LABELS))], others: None };

static MODEL_LABELS: Wanted = Wanted { members: &[("accessibilityText", Whole), ("title", Whole)], others: None };

static TOGGLE: Wanted = Wanted { members: &[("defaultIcon", Whole), ("defaultText", Whole)], others: None };

static SHORTS_BUTTON: Wanted = Wanted { members: &[("likeCount", Whole)], others: None };
